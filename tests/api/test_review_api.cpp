// Review over the API: marks and who was first, requests that come twice, two people, many posts at once, the filters of a console, and
// events that nothing is lost of.
#include <deque>

#include <boost/asio/steady_timer.hpp>

#include "daemon/api/events.hpp"
#include "tests/api/window.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

const std::string post_a = "/api/v1/posts/acme-blog/a";

// a, b, c ... held, due at 15:00, 15:05, ...; the flag is down.
void after_the_crisis(window& here, int posts, std::optional<severity> two_person = {})
{
    auto& desk = here.daemon.here;
    for (auto& [name, book] : desk.rules.playbooks)
        book.two_person = two_person;
    desk.rules.review = {15min, 4};
    std::vector<post_ptr> queue;
    for (int i = 0; i < posts; ++i)
        queue.push_back(
            promo(std::string(1, static_cast<char>('a' + i)), at("15:00") + i * 5min, "offer number " + std::to_string(i)));
    desk.sees(std::move(queue), "acme-blog");
    desk.raise();
    desk.hold_all("acme-blog");
    desk.later(1s);
    if (!two_person)
        desk.lower();
}

std::string etag_of(window& here, const std::string& id = "a")
{
    return here.get("/posts/acme-blog/" + id + "?brief=1").at("post").at("etag");
}

}  // namespace

TEST_CASE("what a person saw is what is changed: an older mark is refused and says who was first", "[api][review]")
{
    window here;
    after_the_crisis(here, 1);
    auto shown = here.ask("GET", post_a + "?brief=1");
    auto mark = std::string{find_header(shown.headers, "ETag")};
    CHECK(mark == '"' + etag_of(here) + '"');
    CHECK(here.ask("POST", post_a + "/note", R"({"text":"ask legal first"})").status == 202);
    here.daemon.entries.clear();
    here.more_headers = {{"If-Match", mark}};
    auto refused = here.ask("POST", post_a + "/keep");
    check_problem(refused, 412, 9, "acme-blog/a");
    CHECK(json::parse(refused.body).at("current").at("etag") == etag_of(here));
    CHECK(here.daemon.here.of("a", "acme-blog").state == hold_state::held);
    here.more_headers = {{"If-Match", "\"other\", \"" + etag_of(here) + '"'}};
    auto kept = here.ask("POST", post_a + "/keep");
    CHECK(kept.status == 202);
    CHECK(find_header(kept.headers, "ETag") == '"' + etag_of(here) + '"');
    here.more_headers = {{"If-Match", "*"}};
    CHECK(here.ask("POST", post_a + "/note", R"({"text":"kept"})").status == 202);
    here.more_headers = {{"If-Match", "\"c-0\""}};
    check_problem(here.ask("POST", "/api/v1/crises/c-1/owner", R"({"owner":"jon"})"), 412, 9, "c-1");
}

TEST_CASE("a request that comes twice under one key is done once", "[api][review]")
{
    window here;
    after_the_crisis(here, 2);
    here.more_headers = {{"Idempotency-Key", "k1"}};
    auto first = here.ask("POST", post_a + "/note", R"({"text":"once"})");
    auto changes = here.daemon.changes;
    auto again = here.ask("POST", post_a + "/note", R"({"text":"once"})");
    CHECK(here.daemon.changes == changes);
    CHECK(again.status == first.status);
    CHECK(again.body == first.body);
    CHECK(find_header(again.headers, "Idempotency-Replayed") == "true");
    check_problem(here.ask("POST", post_a + "/note", R"({"text":"another"})"), 422, 2, "k1");
    check_problem(here.ask("POST", "/api/v1/posts/acme-blog/b/note", R"({"text":"once"})"), 422, 2, "k1");
    here.user = "jon";  // a key is its person's own
    CHECK(here.ask("POST", post_a + "/note", R"({"text":"another"})").status == 202);
    here.user = "maria";
    here.daemon.here.later(25h);
    CHECK(here.ask("POST", post_a + "/note", R"({"text":"another"})").status == 202);
    here.more_headers = {{"Idempotency-Key", "k2"}};
    here.daemon.ledger_error = "disk full";  // what did not happen may be tried again
    CHECK(here.ask("POST", post_a + "/note", R"({"text":"late"})").status == 503);
    here.daemon.ledger_error.clear();
    CHECK(here.ask("POST", post_a + "/note", R"({"text":"late"})").status == 202);
    here.more_headers = {{"Idempotency-Key", std::string(300, 'x')}};
    check_problem(here.ask("POST", post_a + "/note", R"({"text":"x"})"), 400, 2, "Idempotency-Key");
}

TEST_CASE("a release that is too near says when it may be, and takes that time when asked to", "[api][review]")
{
    window here;
    after_the_crisis(here, 2);
    CHECK(here.ask("POST", post_a + "/release").status == 202);
    auto near = here.ask("POST", "/api/v1/posts/acme-blog/b/release");
    check_problem(near, 409, 1, "15:15:00Z");
    CHECK(json::parse(near.body).at("type") == "urn:halfmast:problem:too-near");
    CHECK(json::parse(near.body).at("free_at") == "2026-03-01T15:15:00Z");
    auto taken = here.ask("POST", "/api/v1/posts/acme-blog/b/release", R"({"shift":true})");
    CHECK(taken.status == 202);
    CHECK(json::parse(taken.body).at("post").at("order").at("at") == "2026-03-01T15:15:00Z");
}

TEST_CASE("a post that changed at its source is shown as it was and as it is, and let go by who has seen that", "[api][review]")
{
    window here;
    after_the_crisis(here, 1);
    post_reading seen;
    seen.post = post_id{"a"};
    seen.where = whereabouts::parked;
    seen.text = "offer number 0, and a lottery";
    here.daemon.at_source = {seen};
    auto refused = here.ask("POST", post_a + "/release");
    check_problem(refused, 409, 9, "changed at its source");
    CHECK(here.daemon.looks == 1);
    auto body = json::parse(refused.body);
    CHECK(body.at("type") == "urn:halfmast:problem:changed-at-source");
    CHECK(body.at("difference").at("before") == "offer number 0");
    CHECK(body.at("difference").at("after") == "offer number 0, and a lottery");
    CHECK(body.at("etag") == etag_of(here));
    CHECK(here.get("/posts/acme-blog/a?brief=1").at("post").at("source_change").at("after") == "offer number 0, and a lottery");
    here.daemon.at_source.front().text = "offer number 0, and two lotteries";  // meanwhile
    check_problem(here.ask("POST", post_a + "/release", json{{"seen", body.at("etag")}}.dump()), 409, 9, "changed");
    CHECK(here.ask("POST", post_a + "/release", json{{"seen", etag_of(here)}}.dump()).status == 202);
}

TEST_CASE("where two people are needed, the second one's word or the same request does it", "[api][review]")
{
    window here;
    after_the_crisis(here, 3, severity::major);
    auto body = R"({"during_crisis":true,"reason":"checked"})";
    auto first = here.ask("POST", post_a + "/release", body);
    CHECK(first.status == 202);
    CHECK(json::parse(first.body).at("waits_for_second") == true);
    CHECK(json::parse(first.body).at("ask") == "a-1");
    CHECK(json::parse(first.body).at("post").at("state") == "held");
    CHECK(json::parse(first.body).at("post").at("waits_for_second").at("by") == "maria");
    CHECK(here.get("/asks").at("asks").size() == 1);
    check_problem(here.ask("POST", "/api/v1/asks/a-1/second"), 403, 4, "somebody else");
    here.user = "jon";
    auto agreed = here.ask("POST", "/api/v1/asks/a-1/second", R"({"reason":"read it"})");
    CHECK(agreed.status == 202);
    CHECK(json::parse(agreed.body).at("post").at("state") == "releasing");
    CHECK(json::parse(agreed.body).at("post").at("order").at("second") == "jon");
    CHECK(here.get("/asks").at("asks").empty());
    check_problem(here.ask("POST", "/api/v1/asks/a-1/second"), 404, 1, "a-1");

    auto lowered = here.ask("POST", "/api/v1/crises/c-1/lower", R"({"reason":"over"})");
    CHECK(lowered.status == 202);
    CHECK(json::parse(lowered.body).at("waits_for_second") == true);
    CHECK(json::parse(lowered.body).at("crisis").at("phase") == "raised");
    here.user = "maria";
    CHECK(json::parse(here.ask("POST", "/api/v1/crises/c-1/lower", R"({"reason":"yes, over"})").body).at("crisis").at("phase")
          == "lowered");

    auto alone = here.ask("POST", "/api/v1/posts/acme-blog/b/release", R"({"break_glass":"nobody else is awake","shift":true})");
    CHECK(alone.status == 202);
    CHECK_FALSE(json::parse(alone.body).contains("waits_for_second"));
    CHECK(here.daemon.here.known.pages.open.contains("glass-broken/c-1"));
}

TEST_CASE("many posts at once: first what would come of it, then each with an answer of its own", "[api][review]")
{
    window here;
    after_the_crisis(here, 3);
    json asked{{"act", "release"},
               {"reason", "checked"},
               {"preview", true},
               {"ids",
                {{{"account", "acme-blog"}, {"post", "a"}},
                 {{"account", "acme-blog"}, {"post", "b"}},
                 {{"account", "acme-blog"}, {"post", "c"}, {"etag", "p-0"}},
                 {{"account", "acme-blog"}, {"post", "zz"}}}}};
    auto changes = here.daemon.changes;
    auto foreseen = json::parse(here.ask("POST", "/api/v1/posts/bulk", asked.dump()).body);
    CHECK(here.daemon.changes == changes);
    CHECK(foreseen.at("schema") == "halfmast.bulk/1");
    CHECK(foreseen.at("done") == 1);
    CHECK(foreseen.at("refused") == 3);
    CHECK(foreseen.at("results")[1].at("type") == "urn:halfmast:problem:too-near");
    CHECK(foreseen.at("results")[1].at("free_at") == "2026-03-01T15:15:00Z");
    CHECK(foreseen.at("results")[2].at("type") == "urn:halfmast:problem:stale");
    CHECK(foreseen.at("results")[3].at("type") == "urn:halfmast:problem:unknown-target");
    asked["shift"] = true;
    foreseen = json::parse(here.ask("POST", "/api/v1/posts/bulk", asked.dump()).body);
    CHECK(foreseen.at("results")[1].at("at") == "2026-03-01T15:15:00Z");
    asked["preview"] = false;
    auto done = json::parse(here.ask("POST", "/api/v1/posts/bulk", asked.dump()).body);
    CHECK(done.at("done") == 2);
    for (int i : {0, 1})
        CHECK(done.at("results")[static_cast<std::size_t>(i)].at("at")
              == foreseen.at("results")[static_cast<std::size_t>(i)].at("at"));
    json keep{{"act", "keep"},
              {"as", "draft"},
              {"ids", {{{"account", "acme-blog"}, {"post", "a"}}, {{"account", "acme-blog"}, {"post", "c"}}}}};
    auto kept = json::parse(here.ask("POST", "/api/v1/posts/bulk", keep.dump()).body);
    CHECK(kept.at("done") == 1);
    CHECK(kept.at("results")[0].at("type") == "urn:halfmast:problem:wrong-state");
    check_problem(here.ask("POST", "/api/v1/posts/bulk", R"({"act":"delete","ids":[{"account":"a","post":"b"}]})"), 400, 2, "act");
    check_problem(here.ask("POST", "/api/v1/posts/bulk", R"({"act":"keep","ids":[]})"), 400, 2, "ids");
    check_problem(here.ask("POST", "/api/v1/posts/bulk", R"({"act":"keep","ids":[{"post":"b"}]})"), 400, 2, "ids");
}

TEST_CASE("a console's filters: words, times, rung, order, and how far the review has come", "[api][review]")
{
    window here;
    after_the_crisis(here, 6);
    here.daemon.here.later(1s);
    CHECK(here.ask("POST", post_a + "/keep").status == 202);
    here.daemon.here.later(1s);
    CHECK(here.ask("POST", "/api/v1/posts/acme-blog/f/release").status == 202);
    auto ids = [&](const std::string& query) {
        std::string found;
        const auto answer = here.get("/posts?" + query);
        for (const auto& post : answer.at("posts"))
            found += post.at("id").get<std::string>().substr(10);
        return found;
    };
    CHECK(ids("crisis=c-1") == "abcdef");
    CHECK(ids("crisis=c-1&sort=-due") == "fedcba");
    CHECK(ids("crisis=c-1&sort=-changed&limit=2") == "fa");
    CHECK(ids("crisis=c-1&q=NUMBER%203") == "d");
    CHECK(ids("crisis=c-1&q=offer%20nothing").empty());
    CHECK(ids("crisis=c-1&due_from=2026-03-01T15:05:00Z&due_until=2026-03-01T15:15:00Z") == "bc");
    CHECK(ids("crisis=c-1&rung=takeout").empty());
    CHECK(ids("crisis=c-1&rung=draft&state=held") == "bcde");
    auto page = here.get("/posts?crisis=c-1&state=held&counts=1&limit=1");
    CHECK(page.at("total") == 4);
    CHECK(page.at("counts").at("reviewed") == 2);
    CHECK(page.at("counts").at("of") == 6);
    CHECK(page.at("posts").size() == 1);
    std::string all;
    for (std::string cursor; cursor != "end";) {
        auto next =
            here.get("/posts?crisis=c-1&sort=-due&limit=2" + (cursor.empty() ? "" : "&cursor=" + net::percent_encode(cursor)));
        for (const auto& post : next.at("posts"))
            all += post.at("id").get<std::string>().substr(10);
        cursor = next.at("next").is_null() ? "end" : next.at("next").get<std::string>();
    }
    CHECK(all == "fedcba");
    for (auto wrong : {"rung=paper", "due_from=today", "sort=colour"})
        CHECK(here.ask("GET", std::string{"/api/v1/posts?"} + wrong).status == 400);
}

TEST_CASE("what a person says of a post is shown with it", "[api][review]")
{
    window here;
    after_the_crisis(here, 1);
    auto judged = here.ask("POST", post_a + "/judge", R"({"class":"neutral","reason":"the address of the shop"})");
    CHECK(judged.status == 202);
    auto post = json::parse(judged.body).at("post");
    CHECK(post.at("class") == "neutral");
    CHECK(post.at("judged").at("by") == "maria");
    CHECK(post.at("why")[0].at("rule") == "by-hand");
    check_problem(here.ask("POST", post_a + "/judge", R"({"class":"unknown"})"), 400, 2, "class");
    check_problem(here.ask("POST", post_a + "/note", R"({"text":" "})"), 400, 2, "text");
    check_problem(here.ask("POST", post_a + "/release", R"({"at":"2026-03-01T16:00:00Z","text":"new"})"), 422, 3, "draft");
}

namespace {

// A reader in memory: keeps what comes until it is told to go.
class fake_stream final : public net::response_stream {
public:
    asio::awaitable<bool> send(std::string bytes) override
    {
        got += bytes;
        if (on_bytes)
            on_bytes();
        co_return !over;
    }
    [[nodiscard]] bool is_over() const override { return over; }
    void when_over(std::function<void()> then) override { then_ = std::move(then); }
    void go()
    {
        over = true;
        if (then_)
            then_();
    }

    std::string got;
    bool over = false;
    std::function<void()> on_bytes;

private:
    std::function<void()> then_;
};

std::vector<std::string> lines_of(const std::string& text, const std::string& front)
{
    std::vector<std::string> found;
    std::size_t from = 0;
    for (auto end = text.find('\n'); end != std::string::npos; from = end + 1, end = text.find('\n', from))
        if (auto line = text.substr(from, end - from); line.starts_with(front))
            found.push_back(line.substr(front.size()));
    return found;
}

}  // namespace

TEST_CASE("events: what was missed comes from the ledger, what happens comes at once, and no record twice", "[api][events]")
{
    fake_backend daemon;
    for (std::int64_t i = 1; i <= 1'200; ++i)
        daemon.entries.push_back({i, "2026-03-01T14:00:00Z", R"({"actor":"jon","kind":"post_kept","snapshot":{"text":"long"}})"});
    asio::io_context context;
    api::event_hub hub{context.get_executor()};
    fake_stream reader;
    reader.on_bytes = [&] {
        if (reader.got.ends_with("\n\n") && reader.got.find("event: ping") != std::string::npos && daemon.entries.size() == 1'200) {
            daemon.entries.push_back({1'201, "2026-03-01T14:00:01Z", R"({"actor":"maria","kind":"post_noted"})"});
            hub.record(1'201, "2026-03-01T14:00:01Z", daemon.entries.back().payload);
            hub.looked(account_id{"acme-blog"});
            hub.looked(account_id{"acme-blog"});
        } else if (reader.got.find("event: looked") != std::string::npos) {
            reader.go();
        }
    };
    hub.record(1'200, "2026-03-01T14:00:00Z", "{}");  // nobody listens yet
    auto serving = hub.serve(reader, daemon, 3);
    auto done = asio::co_spawn(context, std::move(serving), asio::use_future);
    context.run();
    done.get();
    auto ids = lines_of(reader.got, "id: ");
    REQUIRE(ids.size() == 1'198);
    CHECK(ids.front() == "4");
    CHECK(ids.back() == "1201");
    CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == ids.size());
    CHECK(lines_of(reader.got, "event: looked").size() == 1);
    CHECK(reader.got.find("snapshot") == std::string::npos);
    auto data = json::parse(lines_of(reader.got, "data: ").front());
    CHECK(data.at("seq") == 4);
    CHECK(data.at("kind") == "post_kept");
    CHECK_FALSE(hub.is_heard());
}

TEST_CASE("a reader without a place begins with what happens from now on", "[api][events]")
{
    fake_backend daemon;
    daemon.entries.push_back({7, "2026-03-01T14:00:00Z", R"({"actor":"jon","kind":"post_kept"})"});
    asio::io_context context;
    api::event_hub hub{context.get_executor()};
    hub.record(7, "2026-03-01T14:00:00Z", daemon.entries.back().payload);
    fake_stream reader;
    reader.on_bytes = [&] { reader.go(); };
    auto serving = hub.serve(reader, daemon, -1);
    auto done = asio::co_spawn(context, std::move(serving), asio::use_future);
    context.run();
    done.get();
    CHECK(lines_of(reader.got, "id: ").empty());
    CHECK(lines_of(reader.got, "event: ping").size() == 1);
    window here;
    check_problem(here.ask("GET", "/api/v1/events?after=x"), 400, 2, "after");
    auto given = here.ask("GET", "/api/v1/events?after=7");
    CHECK(given.status == 200);
    CHECK(given.content_type == "text/event-stream");
    CHECK(given.stream);
}
