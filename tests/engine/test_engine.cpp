#include "tests/engine/stage.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

TEST_CASE("a raise holds what is promotional, leaves the rest, and pins one summary", "[engine]")
{
    stage here;
    here.schedule("sale", 30min, "promo");
    here.schedule("notice", 40min, "service");
    here.schedule("riddle", 50min, "whatever");
    here.start();
    here.observe();
    auto given = here.raise();
    here.observe();
    REQUIRE(given.crisis == crisis_id{"c-1"});
    REQUIRE(here.run_until([&] { return is_settled(here.rules, here.loop->known(), here.loop->known().crises.at(given.crisis)); }));
    CHECK(here.platform->posts.at("sale").state == "draft");
    CHECK(here.platform->posts.at("riddle").state == "draft");
    CHECK(here.platform->posts.at("notice").state == "future");
    CHECK(here.state_of("sale") == hold_state::held);
    CHECK(here.platform->published == 1);
    CHECK(here.platform->pinned == std::vector{post_id{"summary"}});
}

TEST_CASE("no call leaves before its intent is in the ledger", "[engine]")
{
    stage here;
    for (int i = 0; i < 40; ++i)
        here.schedule("p" + std::to_string(i), 30min + i * 1min, "promo");
    here.start();
    here.observe();
    here.raise();
    REQUIRE(here.run_until([&] {
        return here.ledger.count("pin_confirmed ") == 1
               && count_holds(here.loop->known(), crisis_id{"c-1"})[static_cast<std::size_t>(hold_state::held)] == 40;
    }));
    CHECK(here.platform->unrecorded.empty());
    here.ask(crisis_lowered{crisis_id{"c-1"}, actor_id{"ops"}, ""});
    here.ask(release_requested{account_id{"blog"}, post_id{"p9"}, actor_id{"maria"}, here.now + 2h, "", false});
    REQUIRE(here.run_until([&] { return here.state_of("p9") == hold_state::rescheduled; }));
    CHECK(here.platform->unrecorded.empty());
}

TEST_CASE("holds leave in order of due time", "[engine]")
{
    stage here;
    here.rules.accounts.at(account_id{"blog"}).most_in_flight = 1;
    here.schedule("last", 300min, "promo");
    here.schedule("first", 20min, "promo");
    here.schedule("middle", 100min, "promo");
    here.start();
    here.observe();
    here.raise();
    REQUIRE(here.run_until(
        [&] { return count_holds(here.loop->known(), crisis_id{"c-1"})[static_cast<std::size_t>(hold_state::held)] == 3; }));
    std::vector<std::string> holds;
    for (const auto& call : here.platform->calls)
        if (call.starts_with("hold "))
            holds.push_back(call);
    CHECK(holds == std::vector<std::string>{"hold first", "hold middle", "hold last"});
}

TEST_CASE("when the ledger refuses, holds go on and nothing becomes public", "[engine]")
{
    stage here;
    here.schedule("sale", 30min, "promo");
    here.start();
    here.observe();
    REQUIRE(here.run_until([&] { return here.ledger.has("account_reachable "); }));
    here.ledger.refuses = true;
    auto given = here.raise();
    CHECK_FALSE(given.durable);
    CHECK(given.ledger_error == "disk full");
    here.observe();
    REQUIRE(here.run_until([&] { return here.state_of("sale") == hold_state::held; }));
    CHECK(here.platform->published == 0);
    CHECK(here.platform->pinned.empty());

    here.ledger.refuses = false;  // the disk has room again: what was done is written, marked late, and the summary goes out
    REQUIRE(here.run_until([&] { return here.platform->published == 1; }));
    CHECK(here.ledger.has("crisis_raised "));
    CHECK(here.ledger.has("hold_confirmed sale"));
    CHECK(here.refusals.back().empty());
}

TEST_CASE("while the ledger refuses nothing is taken out, for its copy could be lost; the gentler holds go on", "[engine]")
{
    stage here;
    here.rules.accounts.at(account_id{"blog"}).rungs = {{rung::draft, 10min}, {rung::takeout, 0s}};
    here.schedule("near", 5min, "promo");
    here.schedule("far", 30min, "promo");
    here.start();
    here.observe();
    REQUIRE(here.run_until([&] { return here.ledger.has("account_reachable "); }));
    here.ledger.refuses = true;
    here.raise();
    here.observe();
    REQUIRE(here.run_until([&] { return here.state_of("far") == hold_state::held && here.refusals.size() > 5; }));
    CHECK(here.platform->posts.contains("near"));

    here.ledger.refuses = false;
    REQUIRE(here.run_until([&] { return here.state_of("near") == hold_state::held; }));
    CHECK_FALSE(here.platform->posts.contains("near"));
    CHECK(here.ledger.has("hold_saved near"));
    CHECK(std::ranges::count(here.platform->unrecorded, "hold near") == 0);
}

TEST_CASE("a release is not carried out while the ledger refuses", "[engine]")
{
    stage here;
    here.schedule("sale", 30min, "promo");
    here.start();
    here.observe();
    here.raise();
    REQUIRE(here.run_until([&] { return here.state_of("sale") == hold_state::held; }));
    here.ask(crisis_lowered{crisis_id{"c-1"}, actor_id{"ops"}, ""});
    here.ledger.refuses = true;
    auto given = here.ask(release_requested{account_id{"blog"}, post_id{"sale"}, actor_id{"maria"}, here.now + 2h, "", false});
    CHECK_FALSE(given.durable);
    auto began = here.now;
    REQUIRE(here.run_until([&] { return here.now > began + 1min; }));
    CHECK(here.platform->posts.at("sale").state == "draft");
    CHECK(here.state_of("sale") == hold_state::held);
}

TEST_CASE("what is answered with \"not done\" while the ledger refuses does not take effect when it works again", "[engine]")
{
    stage here;
    here.schedule("sale", 30min, "promo");
    here.start();
    here.observe();
    here.ledger.refuses = true;
    here.raise();
    REQUIRE(here.run_until([&] { return here.state_of("sale") == hold_state::held; }));
    auto lowered = here.ask(crisis_lowered{crisis_id{"c-1"}, actor_id{"ops"}, ""});
    CHECK_FALSE(lowered.durable);
    CHECK(lowered.ledger_error == "disk full");
    CHECK(here.loop->known().crises.at(crisis_id{"c-1"}).now == phase::raised);
    auto seen = here.ask(page_acknowledged{"crisis/c-1", actor_id{"ann"}, ""});  // what only quietens is decided
    CHECK_FALSE(seen.refused);

    here.ledger.refuses = false;
    REQUIRE(here.run_until([&] { return here.ledger.has("crisis_raised "); }));
    here.observe();
    CHECK_FALSE(here.ledger.has("crisis_lowered "));
    CHECK(here.ask(crisis_lowered{crisis_id{"c-1"}, actor_id{"ops"}, ""}).durable);
    CHECK(here.ledger.has("crisis_lowered "));
}

namespace {

void rest(stage& here)
{
    int turns = 200;
    here.run_until([&] { return --turns == 0; });
}

// Asks while the ledger refuses and nobody knows it yet, and lets time go on after it works again: it must be as if nobody had asked.
void is_not_done(stage& here, const event& what, const std::string& record)
{
    INFO(record);
    auto before = here.ledger.count(record);
    here.ledger.refuses = true;
    auto given = here.ask(what);
    CHECK_FALSE(given.refused);
    CHECK_FALSE(given.durable);
    CHECK(given.ledger_error == "disk full");
    here.ledger.refuses = false;
    here.observe();
    rest(here);
    CHECK(here.ledger.count(record) == before);
}

bool is_held(const stage& here, const std::string& id)
{
    const auto& holds = here.loop->known().accounts.at(account_id{"blog"}).holds;
    return holds.contains(post_id{id}) && here.state_of(id) == hold_state::held;
}

}  // namespace

TEST_CASE("the first request that meets a full disk is not done either, then or later", "[engine]")
{
    stage here;
    here.schedule("sale", 30min, "promo");
    here.start();
    here.observe();
    here.raise();
    auto flag = [&] { return here.loop->known().crises.at(crisis_id{"c-1"}); };
    REQUIRE(here.run_until([&] { return here.state_of("sale") == hold_state::held && here.platform->published == 1; }));

    is_not_done(here, crisis_lowered{crisis_id{"c-1"}, actor_id{"ops"}, ""}, "crisis_lowered ");
    CHECK(flag().now == phase::raised);
    here.schedule("late", 40min, "promo");  // the flag is up: what comes is held
    here.observe();
    REQUIRE(here.run_until([&] { return is_held(here, "late"); }));

    statement_asked said;
    said.crisis = flag().id;
    said.by = actor_id{"maria"};
    said.about = "Half of it works.";
    said.next_update_by = here.now + 1h;
    said.now = true;
    said.words[account_id{"blog"}] = {"en", "Half of it works."};
    is_not_done(here, said, "statement_asked ");
    CHECK(flag().editions.size() == 1);
    CHECK(here.platform->published == 1);

    CHECK(here.ask(crisis_lowered{crisis_id{"c-1"}, actor_id{"ops"}, ""}).durable);
    release_requested order{account_id{"blog"}, post_id{"sale"}, actor_id{"maria"}, here.now + 2h, "", false};
    is_not_done(here, order, "release_asked sale");
    CHECK(here.state_of("sale") == hold_state::held);
    CHECK(here.platform->posts.at("sale").state == "draft");
    CHECK(here.ask(order).durable);
    REQUIRE(here.run_until([&] { return here.platform->posts.at("sale").state == "future"; }));
    CHECK(here.platform->unrecorded.empty());
}

TEST_CASE("what came with a request that the ledger refuses is kept, and the next request finds the ledger working", "[engine]")
{
    stage here;
    here.schedule("sale", 30min, "promo");
    here.start();
    here.observe();
    here.raise();
    REQUIRE(here.run_until([&] { return here.state_of("sale") == hold_state::held && here.platform->published == 1; }));
    rest(here);
    event down = crisis_lowered{crisis_id{"c-1"}, actor_id{"ops"}, ""};
    std::optional<engine::reply> no;
    auto asking = [&]() -> asio::awaitable<void> {
        auto what = down;
        auto answer = co_await here.loop->ask(std::move(what));
        no = std::move(answer);
    };
    here.ledger.refuses = true;
    auto work = asking();
    asio::co_spawn(here.context, std::move(work), asio::detached);
    here.schedule("before", 40min, "promo");
    here.observe();  // the loop takes both at once
    REQUIRE(here.run_until([&] { return no.has_value(); }));
    CHECK_FALSE(no->durable);
    here.schedule("after", 50min, "promo");
    here.observe();
    REQUIRE(here.run_until([&] { return is_held(here, "before") && is_held(here, "after"); }));
    here.ledger.refuses = false;
    REQUIRE(here.run_until([&] { return here.ledger.has("hold_confirmed after"); }));
    CHECK(here.refusals.back().empty());
    CHECK_FALSE(here.ledger.has("crisis_lowered "));

    rest(here);
    here.ledger.refuses = true;
    CHECK_FALSE(here.ask(down).durable);
    here.ledger.refuses = false;
    CHECK(here.ask(down).durable);  // nothing waited to be written
    CHECK(here.ledger.count("crisis_lowered ") == 1);
    CHECK(here.refusals.back().empty());
}

TEST_CASE("an exception in a connector is an unknown outcome, not the end of the daemon", "[engine]")
{
    stage here;
    here.schedule("sale", 30min, "promo");
    int thrown = 0;
    here.platform->fault = [&](const std::string& call) -> std::optional<problem> {
        if (call.starts_with("hold ") && thrown++ == 0)
            throw std::runtime_error("broken");
        return std::nullopt;
    };
    here.start();
    here.observe();
    here.raise();
    REQUIRE(here.run_until([&] { return here.state_of("sale") == hold_state::held; }));
    CHECK(thrown == 2);
}

TEST_CASE("what the ledger refused at first is written later, in order, and marked late", "[engine]")
{
    stage here;
    here.schedule("sale", 30min, "promo");
    here.start();
    here.observe();
    REQUIRE(here.run_until([&] { return here.ledger.has("account_reachable "); }));
    here.ledger.refuses = true;
    here.raise();
    REQUIRE(here.run_until([&] { return here.state_of("sale") == hold_state::held; }));
    auto before = here.recorded.size();
    here.ledger.refuses = false;
    REQUIRE(here.run_until([&] { return here.recorded.size() > before; }));
    CHECK(here.recorded[before].kind == record_kind::crisis_raised);
    CHECK(here.recorded[before].late);
    auto confirmed = std::ranges::find(here.recorded, record_kind::hold_confirmed, &audit_record::kind);
    REQUIRE(confirmed != here.recorded.end());
    CHECK(confirmed->late);
    // The ledger alone gives the same state: nothing was lost, nothing is there twice.
    state replayed;
    for (const auto& record : here.recorded)
        apply(replayed, record);
    CHECK(replayed.accounts.at(account_id{"blog"}).holds.at(post_id{"sale"}).state == hold_state::held);
    CHECK(here.ledger.count("hold_confirmed sale") == 1);
}

TEST_CASE("while the ledger refuses it is asked on a rhythm, not with every event", "[engine]")
{
    stage here;
    for (int i = 0; i < 200; ++i)
        here.schedule("p" + std::to_string(i), 30min + i * 1min, "promo");
    here.start();
    here.observe();
    REQUIRE(here.run_until([&] { return here.ledger.has("account_reachable "); }));
    here.ledger.refuses = true;
    auto appends = here.ledger.appends;
    auto began = here.now;
    here.raise();
    auto held = [&] {
        return count_holds(here.loop->known(), crisis_id{"c-1"})[static_cast<std::size_t>(hold_state::held)] == 200;
    };
    REQUIRE(here.run_until(held));
    CHECK(here.ledger.appends - appends <= 2 + (here.now - began) / milliseconds{500});
}

TEST_CASE("an update is put into the public post, after its intent is in the ledger, and not while that refuses", "[engine]")
{
    stage here;
    here.rules.accounts.at(account_id{"blog"}).can_edit = true;
    here.rules.playbooks.at("outage").undo = 20s;
    here.start();
    here.observe();
    here.raise();
    REQUIRE(here.run_until([&] { return here.ledger.count("pin_confirmed ") == 1; }));
    statement_asked more;
    more.crisis = crisis_id{"c-1"};
    more.by = actor_id{"ann"};
    more.about = "half of it works";
    more.next_update_by = here.now + 45min;
    more.words[account_id{"blog"}] = {"en", "Half of it works."};
    auto given = here.ask(more);
    CHECK(given.durable);
    CHECK(given.made == "2");
    REQUIRE(here.run_until([&] { return here.ledger.count("summary_edited ") == 1; }));
    CHECK(here.platform->shown == "Half of it works.");
    CHECK(here.platform->published == 1);
    CHECK(here.platform->unrecorded.empty());
    more.words[account_id{"blog"}].text = "All of it works.";
    CHECK(here.ask(more).durable);
    here.ledger.refuses = true;  // before it may leave
    auto began = here.now;
    REQUIRE(here.run_until([&] { return here.now > began + 1min; }));
    CHECK(here.platform->shown == "Half of it works.");
    here.ledger.refuses = false;
    REQUIRE(here.run_until([&] { return here.platform->shown == "All of it works."; }));
    CHECK(here.platform->unrecorded.empty());
}

TEST_CASE("release, publish and pin stop when the ledger refuses in the middle", "[engine]")
{
    stage here;
    here.start();
    here.observe();
    here.platform->fault = [&](const std::string& call) -> std::optional<problem> {
        if (call == "publish")
            here.ledger.refuses = true;
        return std::nullopt;
    };
    here.raise();
    REQUIRE(here.run_until([&] { return here.platform->published == 1; }));
    here.platform->fault = [](const std::string&) { return std::nullopt; };
    auto began = here.now;
    REQUIRE(here.run_until([&] { return here.now > began + 1min; }));
    CHECK(here.platform->pinned.empty());
    here.ledger.refuses = false;
    REQUIRE(here.run_until([&] { return here.platform->pinned == std::vector{post_id{"summary"}}; }));
    here.ledger.refuses = true;
    here.ask(crisis_lowered{crisis_id{"c-1"}, actor_id{"ops"}, ""});
    began = here.now;
    REQUIRE(here.run_until([&] { return here.now > began + 1min; }));
    CHECK(here.platform->pinned == std::vector{post_id{"summary"}});
}

TEST_CASE("after a kill, what was under way is looked at before anything is done again", "[engine]")
{
    stage here;
    here.schedule("sale", 30min, "promo");
    here.start();
    here.observe();
    REQUIRE(here.run_until([&] { return here.ledger.has("account_reachable "); }));
    // The platform does what it is told, and the daemon dies before it hears of it.
    std::vector<audit_record> durable;
    here.platform->fault = [&](const std::string& call) -> std::optional<problem> {
        if (call == "hold sale" && durable.empty())
            durable = here.recorded;
        return std::nullopt;
    };
    here.raise();
    REQUIRE(here.run_until([&] { return !durable.empty(); }));
    here.platform->posts.at("sale").state = "draft";

    stage again;
    again.platform->posts = here.platform->posts;
    for (const auto& record : durable)
        again.ledger.entries.push_back(std::string{to_string(record.kind)} + " " + record.post.value);
    state replayed;
    for (const auto& record : durable)
        apply(replayed, record);
    again.start(std::move(replayed));
    REQUIRE(again.run_until([&] { return again.state_of("sale") == hold_state::held; }));
    CHECK(std::ranges::find(again.platform->calls, "hold sale") == again.platform->calls.end());
    CHECK(again.ledger.has("hold_answered sale"));
    REQUIRE(again.run_until([&] { return !again.platform->pinned.empty(); }));
    CHECK(again.platform->published == 1);
    CHECK(again.platform->unrecorded.empty());
}

TEST_CASE("two requests at once are both answered, and the second sees the first", "[engine]")
{
    stage here;
    here.start();
    std::vector<engine::reply> given;
    crisis_raised flag;
    flag.by = actor_id{"ops"};
    flag.playbook = "outage";
    auto asking = [&]() -> asio::awaitable<void> {
        event what = flag;
        auto work = here.loop->ask(std::move(what));
        auto answer = co_await std::move(work);
        given.push_back(answer);
    };
    for (int i = 0; i < 2; ++i) {
        auto work = asking();
        asio::co_spawn(here.context, std::move(work), asio::detached);
    }
    REQUIRE(here.run_until([&] { return given.size() == 2; }));
    CHECK(given[0].crisis == given[1].crisis);
    CHECK(given[0].repeated != given[1].repeated);
    CHECK(here.ledger.count("crisis_raised ") == 1);
}

TEST_CASE("stop ends the loop after what is in the mailbox, and later requests are answered at once", "[engine]")
{
    stage here;
    here.start();
    here.raise();
    here.loop->stop();
    REQUIRE(here.run_until([&] { return here.ended; }));
    CHECK(here.ledger.has("daemon_stopping "));
    auto late = here.ask(crisis_lowered{crisis_id{"c-1"}, actor_id{"ops"}, ""});
    CHECK_FALSE(late.durable);
    CHECK(late.ledger_error == "the daemon is stopping");
}

TEST_CASE("the poller folds text, sees what is scheduled during the crisis, and outlives a connector's exception",
          "[engine][poller]")
{
    stage here;
    int looks = 0;
    here.platform->fault = [&](const std::string& call) -> std::optional<problem> {
        if (call == "list" && looks++ == 1)
            throw std::runtime_error("broken");
        return std::nullopt;
    };
    here.start();
    int seen = 0;
    engine::poller looking{here.context.get_executor(),
                           *here.loop,
                           here.calls,
                           here.clock(),
                           [](std::string_view text) { return "folded " + std::string{text}; },
                           [&](const account_id&, const std::vector<post_ptr>& posts) { seen = static_cast<int>(posts.size()); }};
    looking.add(account_id{"blog"}, {milliseconds{2}, milliseconds{1}});
    here.raise();
    REQUIRE(here.run_until([&] { return looks >= 1; }));
    here.schedule("late", 30min, "promo");
    auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!here.ledger.has("hold_confirmed late") && std::chrono::steady_clock::now() < deadline) {
        looking.look_now(account_id{"blog"});
        here.run_until([turns = 0]() mutable { return ++turns > 50; });
    }
    CHECK(here.ledger.has("hold_confirmed late"));
    CHECK(looks >= 3);
    CHECK(here.loop->known().accounts.at(account_id{"blog"}).holds.at(post_id{"late"}).post->folded == "folded post late");
    looking.stop();
    here.loop->stop();
    CHECK(here.run_until([&] { return here.ended; }));
}

TEST_CASE("a queue that did not change is observed without being read, and now and then it is read all the same",
          "[engine][poller]")
{
    // Says "unchanged" to whoever knows its mark, and never looks whether that is true.
    struct sure final : queue_port {
        int whole = 0, unchanged = 0;
        asio::awaitable<result<std::vector<scheduled_post>>> list() override { co_return std::vector<scheduled_post>{}; }
        asio::awaitable<result<queue_look>> observe(std::vector<page_mark> known) override
        {
            queue_look seen;
            seen.unchanged = !known.empty();
            (seen.unchanged ? unchanged : whole) += 1;
            seen.mark.emplace_back().etag = "W/\"1\"";
            if (!seen.unchanged)
                seen.posts.emplace_back().id = post_id{"p"};
            co_return seen;
        }
        asio::awaitable<result<kept_bytes>> save(save_post) override { co_return kept_bytes{}; }
        asio::awaitable<result<receipt>> hold(hold_post) override { co_return receipt{}; }
        asio::awaitable<result<std::vector<post_reading>>> read(read_posts) override { co_return std::vector<post_reading>{}; }
        asio::awaitable<result<receipt>> release(release_post, kept_bytes, time_point) override { co_return receipt{}; }
    };
    stage here;
    auto queue = std::make_shared<sure>();
    connection to;
    to.queue = queue;
    here.calls.connect(account_id{"blog"}, to);
    here.start();
    int folded = 0, pictures = 0;
    static int* folds;
    folds = &folded;
    engine::poller looking{here.context.get_executor(),
                           *here.loop,
                           here.calls,
                           here.clock(),
                           [](std::string_view text) {
                               ++*folds;
                               return std::string{text};
                           },
                           [&](const account_id&, const std::vector<post_ptr>&) { ++pictures; }};
    looking.add(account_id{"blog"}, {milliseconds{1}, milliseconds{1}});
    auto deadline = std::chrono::steady_clock::now() + 20s;
    while (queue->whole < 3 && std::chrono::steady_clock::now() < deadline) {
        looking.look_now(account_id{"blog"});
        here.run_until([turns = 0]() mutable { return ++turns > 20; });
    }
    REQUIRE(queue->whole >= 3);
    CHECK(queue->unchanged >= 20 * (queue->whole - 1));
    CHECK(folded == queue->whole);
    CHECK(pictures == queue->whole);
    const auto& known = here.loop->known().accounts.at(account_id{"blog"});
    CHECK(known.queue.contains(post_id{"p"}));  // also after a look that brought no posts
    CHECK(known.polled);
    looking.stop();
    here.loop->stop();
    CHECK(here.run_until([&] { return here.ended; }));
}

TEST_CASE("the turnstile lets so many in, in the order they came, and the slow hold nobody up", "[engine][poller]")
{
    std::vector<engine::turnstile::visitor> all(6);
    std::vector<long> came;
    engine::turnstile gate{2, milliseconds{30}, [&](engine::turnstile::visitor& who) { came.push_back(&who - all.data()); }};
    engine::turnstile::moment now{};
    for (auto& one : all)
        gate.enter(one, now += milliseconds{1});  // at 1 to 6
    CHECK(came == std::vector<long>{0, 1});
    gate.leave(all[1], now);
    CHECK(came == std::vector<long>{0, 1, 2});
    CHECK(all[3].waits);

    // Nobody leaves: 0 is slow at 31, 2 at 36.
    REQUIRE(gate.next_look());
    CHECK(*gate.next_look() == engine::turnstile::moment{milliseconds{31}});
    gate.look(engine::turnstile::moment{milliseconds{30}});
    CHECK(came.size() == 3);
    gate.look(engine::turnstile::moment{milliseconds{31}});
    CHECK(came == std::vector<long>{0, 1, 2, 3});
    gate.look(engine::turnstile::moment{milliseconds{36}});
    CHECK(came == std::vector<long>{0, 1, 2, 3, 4});
    gate.leave(all[0], now);  // was not counted any more, so it makes no room
    CHECK(came.size() == 5);
    gate.leave(all[3], now);
    CHECK(came == std::vector<long>{0, 1, 2, 3, 4, 5});
    CHECK_FALSE(gate.next_look());  // nobody waits

    for (auto& one : all)
        gate.leave(one, now);
    came.clear();
    for (auto& one : all)
        gate.enter(one, now);
    CHECK(came == std::vector<long>{0, 1});  // two places as before, whoever left late
}
