// Files, mentions and links: what is heard of them, and when it is over.
#include <fstream>

#include <sys/stat.h>

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "daemon/signals/flag_files.hpp"
#include "daemon/signals/links.hpp"
#include "daemon/signals/mentions.hpp"
#include "tests/signals/deliveries.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

mention_watch watch_rules()
{
    mention_watch made;
    made.on = true;
    made.playbook = "outage";
    made.by = "brand";
    made.complaints = std::make_shared<const judgement>(
        std::map<post_class, mark_rules>{},
        std::vector<word_rule>{{"not working", post_class::promotional, 1.0, "complaints.en.broken", false},
                               {"refund", post_class::promotional, 1.0, "complaints.en.harm", true}},
        false);
    return made;
}

account listened()
{
    account one;
    one.id = account_id{"acme-blog"};
    one.labels = {{"brand", "acme"}};
    return one;
}

mention said(const std::string& text, time_point at, int number = 0)
{
    mention made;
    made.id = post_id{std::to_string(number)};
    made.at = at;
    made.text = text;
    made.by = "@bo";
    made.url = "https://social.example/1";
    return made;
}

std::string as_it_is(std::string_view text) { return std::string{text}; }

// A day and some hours on which somebody writes every ten minutes.
time_point learn_a_day(signals::listener& ears, const mention_watch& rules, time_point from)
{
    auto now = from;
    for (int minute = 0; minute < 26 * 60; ++minute, now += 1min) {
        std::vector<mention> posts;
        if (minute % 10 == 0)
            posts.push_back(said("hello there", now));
        ears.take(rules, posts, now, 0s, as_it_is);
        REQUIRE_FALSE(ears.judge(rules, now));
    }
    return now;
}

// A mentions port that gives what it is told to give.
struct fake_mentions final : mentions_port {
    asio::awaitable<result<mention_look>> since(std::string cursor) override
    {
        asked.push_back(cursor);
        if (trouble)
            co_return *trouble;
        mention_look look;
        look.cursor = "c" + std::to_string(asked.size());
        if (!batches.empty()) {
            look.posts = std::move(batches.front());
            batches.erase(batches.begin());
            look.more = !batches.empty();
        }
        co_return look;
    }
    std::vector<std::string> asked;
    std::vector<std::vector<mention>> batches;
    std::optional<problem> trouble;
};

}  // namespace

TEST_CASE("a burst of complaints is a signal with counts, words and examples; a quiet half hour later it is over", "[mentions]")
{
    auto rules = watch_rules();
    signals::listener ears{listened()};
    auto now = learn_a_day(ears, rules, noon());
    std::optional<heard_signal> found;
    auto began = now;
    for (int minute = 0; minute < 10 && !found; ++minute, now += 1min) {
        std::vector<mention> posts;
        for (int i = 0; i < 12; ++i)
            posts.push_back(said(i % 2 == 0 ? "it is not working, refund please" : "hello", now, i));
        ears.take(rules, posts, now, 0s, as_it_is);
        found = ears.judge(rules, now);
    }
    REQUIRE(found);
    CHECK(now - began <= 5min);
    CHECK(found->source == "spike/acme-blog");
    CHECK(found->over == scope{{"brand", "acme"}});
    CHECK(found->wish == signal_wish::propose);
    CHECK_FALSE(found->ended);
    REQUIRE(found->evidence.size() >= 3);
    CHECK(found->evidence[0].find("mentions in 5 minutes") != std::string::npos);
    CHECK(found->evidence[1].starts_with("complaints say: "));
    CHECK(found->evidence[1].find("refund") != std::string::npos);
    CHECK(found->evidence[2] == "@bo: it is not working, refund please https://social.example/1");
    // It goes on in silence: said as long as the window shows it, and over after half an hour without.
    std::optional<heard_signal> over;
    auto silent = now;
    for (; now < silent + 90min && !over; now += 1min) {
        ears.take(rules, {}, now, 0s, as_it_is);
        auto what = ears.judge(rules, now);
        if (what && what->ended)
            over = what;
    }
    REQUIRE(over);
    CHECK(now - silent >= 30min);
    ears.take(rules, {}, now, 0s, as_it_is);
    CHECK_FALSE(ears.judge(rules, now));
}

TEST_CASE("a burst is heard at once also when the clock was set back, and nothing from before is one", "[mentions]")
{
    auto rules = watch_rules();
    signals::listener ears{listened()};
    auto now = learn_a_day(ears, rules, noon());
    auto burst = [&](time_point at) {
        std::vector<mention> posts;
        for (int i = 0; i < 40; ++i)
            posts.push_back(said("it is not working, refund please", at, i));
        return posts;
    };
    bool before = GENERATE(false, true);  // a burst that was heard when the clock is set back
    if (before) {
        ears.take(rules, burst(now), now, 0s, as_it_is);
        now += 2min;
        ears.take(rules, {}, now, 0s, as_it_is);
        REQUIRE(ears.judge(rules, now));
    }
    now -= 6h;
    ears.follow(now);
    ears.take(rules, {}, now, 0s, as_it_is);
    CHECK_FALSE(ears.judge(rules, now));
    auto began = now;
    std::optional<heard_signal> found;
    for (; now < began + 10min && !found; now += 1min) {
        ears.follow(now);
        ears.take(rules, burst(now), now, 0s, as_it_is);
        found = ears.judge(rules, now);
    }
    REQUIRE(found);
    CHECK_FALSE(found->ended);
    CHECK(now - began <= 5min);
}

TEST_CASE("what was learned outlives a restart, and damaged text is no learning", "[mentions]")
{
    auto rules = watch_rules();
    signals::listener ears{listened()};
    auto now = learn_a_day(ears, rules, noon());
    ears.cursor = "c7";
    auto kept = ears.text();
    signals::listener again{listened()};
    REQUIRE(again.read(kept));
    CHECK(again.text() == kept);
    CHECK(again.cursor == "c7");
    CHECK(again.usual().hours_learned == ears.usual().hours_learned);
    CHECK(kept.find("hello") == std::string::npos);  // no word of what anybody wrote
    // Both go on alike.
    for (int minute = 0; minute < 6; ++minute, now += 1min) {
        std::vector<mention> posts(30, said("refund", now));
        for (auto* one : {&ears, &again})
            one->take(rules, posts, now, 0s, as_it_is);
    }
    CHECK(ears.judge(rules, now).has_value());
    CHECK(again.judge(rules, now).has_value());
    signals::listener fresh{listened()};
    CHECK_FALSE(fresh.read(""));
    CHECK_FALSE(fresh.read("{}"));
    CHECK_FALSE(fresh.read(kept.substr(0, kept.size() / 2)));
    auto wild = kept;
    wild.replace(wild.find("\"hour_minutes\":") + 15, 1, "9999");
    CHECK_FALSE(fresh.read(wild));
    CHECK(fresh.text() == signals::listener{listened()}.text());
}

TEST_CASE("after a long gap only what is heard for sure counts, and late ones count when they are heard", "[mentions]")
{
    auto rules = watch_rules();
    signals::listener ears{listened()};
    auto now = noon();
    ears.take(rules, {}, now, 0s, as_it_is);
    now += 30h;
    ears.take(rules, {said("old", now - 20h), said("late", now - 30min)}, now, 0s, as_it_is);
    CHECK(ears.usual().hours_learned <= 1);  // not thirty silent ones
    int heard = 0;
    for (const auto& minute : ears.usual().recent)
        heard += minute.said;
    now += 2min;
    ears.take(rules, {}, now, 0s, as_it_is);
    for (const auto& minute : ears.usual().recent)
        heard += minute.at >= now - 3min ? minute.said : 0;
    CHECK(heard >= 1);
}

TEST_CASE("a look that fails keeps the place, and one that the platform does not know begins anew", "[mentions]")
{
    folder kept;
    asio::io_context context;
    auto now = noon();
    std::vector<heard_signal> heard;
    signals::mentions::needs needs;
    needs.clock = [&] { return now; };
    needs.hear = [&](heard_signal one) { heard.push_back(std::move(one)); };
    needs.fold = as_it_is;
    needs.offset = [](time_point, const std::string&) { return std::optional<seconds>{0s}; };
    needs.folder = kept.path();
    auto port = std::make_shared<fake_mentions>();
    auto look = [&](signals::mentions& watch) {
        bool answered = false;
        auto work = watch.look(account_id{"acme-blog"});
        asio::co_spawn(context, std::move(work), [&](std::exception_ptr error, bool well) {
            if (error)
                std::rethrow_exception(error);
            answered = well;
        });
        context.restart();
        context.run();
        return answered;
    };
    {
        signals::mentions watch{context.get_executor(), watch_rules(), needs};
        watch.add(listened(), port);
        CHECK(look(watch));
        port->batches = {{said("a", now, 1)}, {said("b", now, 2)}};
        CHECK(look(watch));
        CHECK(port->asked == std::vector<std::string>{"", "c1", "c2"});
        port->trouble = problem{failure::unreachable, "away", {}};
        CHECK_FALSE(look(watch));
        port->trouble.reset();
        CHECK(look(watch));
        CHECK(port->asked[3] == "c3");
        CHECK(port->asked[4] == "c3");
        watch.stop();
    }
    signals::mentions after{context.get_executor(), watch_rules(), needs};
    after.add(listened(), port);
    CHECK(look(after));
    CHECK(port->asked.back() == "c5");  // as it was kept
    port->trouble = problem{failure::rejected, "no such cursor", {}};
    CHECK_FALSE(look(after));
    port->trouble.reset();
    CHECK(look(after));
    CHECK(port->asked.back().empty());
}

TEST_CASE("a flag file is a signal while it is there, with what it says, and its end when it is gone", "[flag-files]")
{
    folder here;
    asio::io_context context;
    auto now = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());  // files have the machine's time
    std::vector<heard_signal> heard;
    flag_file one;
    one.path = here / "outage";
    one.playbook = "outage";
    one.over = {{"brand", "acme"}};
    signals::flag_files files{
        context.get_executor(), {one}, [&] { return now; }, [&](heard_signal said) { heard.push_back(std::move(said)); }};
    files.look();
    CHECK(heard.empty());
    std::ofstream(one.path) << "checkout is failing\nsaid by cron on web-1\x1b[2J\n";
    files.look();
    files.look();
    REQUIRE(heard.size() == 1);
    CHECK(heard[0].source == "flag-file/outage");
    CHECK(heard[0].what == "checkout is failing");
    CHECK(heard[0].wish == signal_wish::raise);
    CHECK(heard[0].evidence == std::vector<std::string>{one.path, "checkout is failing", "said by cron on web-1[2J"});
    now += 11min;
    files.look();
    REQUIRE(heard.size() == 2);  // so that its proposal does not expire
    CHECK(heard[1].wish == signal_wish::propose);
    now -= 24h;
    files.look();
    REQUIRE(heard.size() == 3);  // also when the clock was set back
    CHECK(heard[2].wish == signal_wish::propose);
    heard.pop_back();
    now += 24h;
    std::filesystem::remove(one.path);
    files.look();
    files.look();
    REQUIRE(heard.size() == 3);
    CHECK(heard[2].ended);
    CHECK(heard[2].over == one.over);
    // An empty one does, and nothing is read through a link.
    std::ofstream(here / "secret") << "hunter2\n";
    std::filesystem::create_symlink(here / "secret", one.path);
    files.look();
    REQUIRE(heard.size() == 4);
    CHECK(heard[3].what == "the file " + one.path + " is there");
    CHECK(heard[3].evidence.size() == 1);
    // One that was there long before anybody looked raises nothing by itself.
    signals::flag_files later{context.get_executor(),
                              {one},
                              [] { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()) + 1h; },
                              [&](heard_signal said) { heard.push_back(std::move(said)); }};
    later.look();
    REQUIRE(heard.size() == 5);
    CHECK(heard[4].wish == signal_wish::propose);
    // Nor does one of tomorrow, which would be new at every start.
    signals::flag_files before{context.get_executor(),
                               {one},
                               [] { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()) - 24h; },
                               [&](heard_signal said) { heard.push_back(std::move(said)); }};
    before.look();
    REQUIRE(heard.size() == 6);
    CHECK(heard[5].wish == signal_wish::propose);
    // A pipe and a folder are there, and nothing in them is waited for or read.
    for (int kind = 0; kind < 2; ++kind) {
        std::filesystem::remove(one.path);
        files.look();
        heard.clear();
        if (kind == 0)
            REQUIRE(::mkfifo(one.path.c_str(), 0600) == 0);
        else
            std::filesystem::create_directory(one.path);
        files.look();
        REQUIRE(heard.size() == 1);
        CHECK(heard[0].what == "the file " + one.path + " is there");
        CHECK(heard[0].evidence == std::vector<std::string>{one.path});
    }
}

namespace {

signals::asked_link answer(const std::string& url, bool ok, const std::string& said = "HEAD: 404 Not Found")
{
    signals::asked_link made;
    made.url = url;
    made.ok = ok;
    made.answered = ok || said.starts_with("HEAD: 4");
    made.said = ok ? "HEAD: 200 OK" : said;
    return made;
}

post_ptr leading(const std::string& id, time_point due, std::vector<std::string> links)
{
    auto post = std::make_shared<scheduled_post>();
    post->id = post_id{id};
    post->due = due;
    post->links = std::move(links);
    return post;
}

}  // namespace

TEST_CASE("posts to follow: promotional, due soon, going out as things stand", "[links]")
{
    state known;
    auto& where = known.accounts[account_id{"blog"}];
    auto put = [&](post_ptr post, post_class kind) { where.queue[post->id] = {post, {kind, {}}}; };
    put(leading("soon", noon() + 1h, {"https://shop.example/a"}), post_class::promotional);
    put(leading("later", noon() + 30h, {"https://shop.example/a"}), post_class::promotional);
    put(leading("past", noon() - 1h, {"https://shop.example/a"}), post_class::promotional);
    put(leading("neutral", noon() + 1h, {"https://shop.example/a"}), post_class::neutral);
    put(leading("plain", noon() + 1h, {}), post_class::promotional);
    put(leading("held", noon() + 1h, {"https://shop.example/a"}), post_class::promotional);
    where.holds[post_id{"held"}].id = post_id{"held"};
    auto posts = signals::posts_to_follow(known, noon(), noon() + 24h);
    REQUIRE(posts.size() == 1);
    CHECK(posts[0].post == post_id{"soon"});
}

TEST_CASE("a link that is dead twice holds just its posts, and many of one host are a signal until they answer again", "[links]")
{
    link_watch rules;
    rules.on = true;
    rules.playbook = "outage";
    rules.share = 3;
    signals::dead_links found;
    std::vector<signals::leading_post> posts{
        {account_id{"blog"}, post_id{"1"}, {"https://shop.example/a", "https://else.example/x"}},
        {account_id{"blog"}, post_id{"2"}, {"https://else.example/x"}}};
    std::vector<signals::asked_link> round{answer("https://shop.example/a", false), answer("https://else.example/x", true)};
    found.take(round);
    CHECK(found.holds(posts).empty());
    CHECK(found.has_doubts());
    found.take(round);
    auto holds = found.holds(posts);
    REQUIRE(holds.size() == 1);
    CHECK(holds[0].post == post_id{"1"});
    CHECK(holds[0].by == actor_id{"dead-link"});
    CHECK(holds[0].why == "its link https://shop.example/a is dead (HEAD: 404 Not Found)");
    CHECK(found.signals(rules).empty());
    // Of what was not asked nothing is learned, either way.
    auto late = answer("https://slow.example/", false, "no answer in time");
    late.asked = false;
    round.front().asked = false;
    round.push_back(late);
    for (int i = 0; i < 3; ++i)
        found.take(round);
    CHECK(found.is_dead("https://shop.example/a"));
    CHECK_FALSE(found.is_dead("https://slow.example/"));
    round.pop_back();
    round.front().asked = true;
    for (const auto* path : {"b", "c"})
        round.push_back(answer("https://SHOP.example:443/" + std::string{path}, false, "no such host"));
    found.take(round);
    CHECK(found.signals(rules).empty());
    found.take(round);
    auto said = found.signals(rules);
    REQUIRE(said.size() == 1);
    CHECK(said[0].what == "3 links to shop.example are dead");
    CHECK(said[0].key == "dead-links/shop.example");
    CHECK(said[0].wish == signal_wish::propose);
    CHECK(said[0].evidence.size() == 3);
    // One answer in between, and it begins anew.
    for (auto& one : round)
        one.ok = true;
    found.take(round);
    said = found.signals(rules);
    REQUIRE(said.size() == 1);
    CHECK(said[0].ended);
    CHECK(found.holds(posts).empty());
    CHECK(found.signals(rules).empty());
}

TEST_CASE("when nobody answers at all, it is our own line: nothing is dead, and nothing held", "[links]")
{
    state known;
    auto& where = known.accounts[account_id{"blog"}];
    std::vector<signals::asked_link> silent{answer("https://shop.example/a", false, "HEAD: the name shop.example has no address"),
                                            answer("https://else.example/", false, "HEAD: it cannot be reached")};
    where.reachable = false;
    CHECK(signals::is_cut_off(silent, known));
    where.reachable = true;  // the platform answers, so it is theirs
    CHECK_FALSE(signals::is_cut_off(silent, known));
    where.reachable = false;
    silent.push_back(answer("https://third.example/", false, "HEAD: 404 Not Found"));
    CHECK_FALSE(signals::is_cut_off(silent, known));
}

TEST_CASE("hosts of links", "[links]")
{
    CHECK(signals::host_of_link("https://Shop.example:8443/a?b#c") == "shop.example");
    CHECK(signals::host_of_link("http://me:x@shop.example") == "shop.example");
    CHECK(signals::host_of_link("https://[2001:db8::1]:443/x") == "[2001:db8::1]");
    for (const auto* nothing : {"", "mailto:a@b.example", "ftp://x", "shop.example"})
        CHECK(signals::host_of_link(nothing).empty());
}

TEST_CASE("a round asks each link once, partners too, and hands on what follows", "[links]")
{
    asio::io_context context;
    state known;
    known.accounts[account_id{"blog"}].reachable = true;
    known.accounts[account_id{"blog"}].queue[post_id{"1"}] = {leading("1", noon() + 1h, {"https://shop.example/a"}),
                                                              {post_class::promotional, {}}};
    known.accounts[account_id{"blog"}].queue[post_id{"2"}] = {leading("2", noon() + 2h, {"https://shop.example/a"}),
                                                              {post_class::promotional, {}}};
    // One of a practice account: neither asked nor held.
    known.accounts[account_id{"sand"}].queue[post_id{"1"}] = {leading("1", noon() + 1h, {"https://practice.example/a"}),
                                                              {post_class::promotional, {}}};
    std::vector<std::vector<std::string>> asked;
    std::vector<event> told;
    signals::link_follower::needs needs;
    needs.practice = {account_id{"sand"}};
    needs.clock = [] { return noon(); };
    needs.known = [&]() -> const state& { return known; };
    needs.ask = [&](std::vector<std::string> urls) -> asio::awaitable<std::vector<signals::asked_link>> {
        std::vector<signals::asked_link> answers;
        for (const auto& url : urls)
            answers.push_back(answer(url, false));
        asked.push_back(std::move(urls));
        co_return answers;
    };
    needs.tell = [&](event what) { told.push_back(std::move(what)); };
    needs.hear = [](heard_signal) {};
    needs.partners = {"https://partner.example/"};
    link_watch rules;
    rules.on = true;
    signals::link_follower follower{context.get_executor(), rules, std::move(needs)};
    for (int round = 0; round < 2; ++round) {
        auto work = follower.round();
        asio::co_spawn(context, std::move(work), asio::detached);
        context.restart();
        context.run();
    }
    REQUIRE(asked.size() == 2);
    CHECK(asked[0] == std::vector<std::string>{"https://partner.example/", "https://shop.example/a"});
    REQUIRE(told.size() == 2);
    CHECK(std::get<hold_requested>(told[0]).account == account_id{"blog"});
}
