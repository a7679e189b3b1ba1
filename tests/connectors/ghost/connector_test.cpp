// What only a Ghost has: the mail that goes with a post, pages, collisions of two editors, a token refused for its clock. Against
// the fake of the contract suite.
#include <algorithm>

#include "connectors/ghost/connector.hpp"
#include "connectors/ghost/settings.hpp"
#include "tests/contract/ghost_fake.hpp"
#include "tests/contract/stage.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::contract;
using namespace std::chrono_literals;

namespace {

struct news : stage {
    news() : stage({"ghost", make_ghost}), site(static_cast<ghost_site&>(*platform)) {}

    post_ptr mailed(const std::string& segment, bool alone = false)
    {
        auto id = site.schedule_mail(promo(*this, "Spring sale", 2h), segment, alone, now);
        return listed(id);
    }
    result<receipt> stop(const post_ptr& post) { return hold(post, rung::draft); }
    result<receipt> let_go(const post_ptr& post, time_point at) { return release(post, post->id, rung::draft, {}, at); }

    ghost_site& site;
};

// The same post as another process would know it: from the ledger.
post_ptr remembered(const post_ptr& post)
{
    auto copy = std::make_shared<scheduled_post>(*post);
    copy->raw = nullptr;
    return copy;
}

// The keys of an account, and the faults that were noted.
class given_values final : public account_values {
public:
    explicit given_values(std::string key, std::string url = "https://news.acme.example")
        : key_(std::move(key)),
          url_(std::move(url))
    {
    }

    std::string text(std::string_view) override { return {}; }
    std::optional<std::string> optional_text(std::string_view) override { return std::nullopt; }
    std::optional<bool> flag(std::string_view) override { return shows; }
    std::optional<std::int64_t> whole(std::string_view) override { return std::nullopt; }
    std::string base_url(std::string_view) override { return url_; }
    std::string secret(std::string_view) override { return key_; }
    using account_values::fault;
    void fault(std::string_view key, std::string text) override { faults.push_back(std::string{key} + " " + text); }

    std::optional<bool> shows;
    std::vector<std::string> faults;

private:
    std::string key_;
    std::string url_;
};

}  // namespace

TEST_CASE("a held mailing is released with its newsletter and its recipients, also after a restart", "[ghost]")
{
    news on;
    auto alone = GENERATE(false, true);
    CAPTURE(alone);
    auto post = on.mailed("status:-free", alone);
    REQUIRE(post != nullptr);
    auto before = on.site.whole(post->id);
    REQUIRE(on.stop(post).has_value());
    CHECK(on.site.whole(post->id) != before);  // Ghost forgot the mail
    bool restarted = GENERATE(false, true);
    CAPTURE(restarted);
    if (restarted) {
        on.to = connection{};
        given_values values{on.platform->settings().at("admin_api_key")};
        on.to = ghost::room().connect(ghost::room().parse(values), on.net, on.vault);
    }
    on.pass(5min);
    auto back = on.let_go(remembered(post), post->due);
    INFO((back ? "" : back.error().detail));
    REQUIRE(back.has_value());
    CHECK(on.site.whole(post->id) == before);
    CHECK(on.site.mails().empty());
    on.pass(3h);
    CHECK(on.site.mails() == std::vector<std::string>{"weekly status:-free: Spring sale"});
    CHECK(on.read_one(post, post->id, rung::draft).where == whereabouts::published);
}

TEST_CASE("a held mailing is not mailed, and a post without mail gets none", "[ghost]")
{
    news on;
    auto post = on.mailed("all");
    auto plain = on.listed(on.platform->schedule(promo(on, "Only here", 2h), on.now));
    REQUIRE(on.stop(post).has_value());
    REQUIRE(on.stop(plain).has_value());
    REQUIRE(on.let_go(plain, plain->due).has_value());
    on.pass(3h);
    CHECK(on.site.mails().empty());
    CHECK(on.platform->published().size() == 1);
}

TEST_CASE("a post that was mailed before is never mailed again", "[ghost]")
{
    news on;
    auto id = on.site.schedule_mail(promo(on, "Spring sale", 10min), "all", false, on.now);
    on.pass(20min);
    REQUIRE(on.site.mails().size() == 1);
    on.site.edit(id, "draft", on.now);  // somebody took it down, and scheduled it anew
    on.site.edit(id, "scheduled", on.now);
    auto post = on.listed(id);
    REQUIRE(post != nullptr);
    REQUIRE(on.stop(post).has_value());
    REQUIRE(on.let_go(post, on.now + 1h).has_value());
    CHECK(on.net.sent.back().find("newsletter=") == std::string::npos);
    on.pass(3h);
    CHECK(on.site.mails().size() == 1);
}

TEST_CASE("a newsletter that is no more is a refusal with its reason, and nothing is scheduled", "[ghost]")
{
    news on;
    auto post = on.mailed("all");
    REQUIRE(on.stop(post).has_value());
    on.site.archive_newsletter();
    auto back = on.let_go(post, post->due);
    REQUIRE_FALSE(back.has_value());
    CHECK(back.error().kind == failure::rejected);
    CHECK(back.error().detail.find("active newsletter") != std::string::npos);
    CHECK(on.platform->queued() == 0);
}

TEST_CASE("what a colleague chose between the poll and the hold is what comes back", "[ghost]")
{
    news on;
    auto post = on.mailed("status:free");
    auto older = std::make_shared<scheduled_post>(*post);
    older->kind = "posts?newsletter=weekly&email_segment=all";
    REQUIRE(on.stop(older).has_value());
    REQUIRE(on.let_go(older, post->due).has_value());
    on.pass(3h);
    CHECK(on.site.mails() == std::vector<std::string>{"weekly status:free: Spring sale"});
}

TEST_CASE("a page is listed, held, read back and released like a post", "[ghost]")
{
    news on;
    auto id = on.site.schedule_page(promo(on, "Terms of the sale", 2h), on.now);
    auto page = on.listed(id);
    REQUIRE(page != nullptr);
    CHECK(page->kind == "pages");
    CHECK(page->url.find("/editor/page/") != std::string::npos);
    REQUIRE(on.stop(page).has_value());
    CHECK(on.read_one(page, id, rung::draft).where == whereabouts::parked);
    REQUIRE(on.let_go(page, page->due).has_value());
    CHECK(on.read_one(page, id, rung::draft).where == whereabouts::queued);
    on.pass(3h);
    auto feed = on.run(on.to.feed->since(on.now - 4h));
    REQUIRE(feed.has_value());
    CHECK(feed->size() == 1);
}

TEST_CASE("a colleague who saves in the same moment does not save the post from the hold, and loses nothing", "[ghost]")
{
    news on;
    auto post = on.listed(on.platform->schedule(promo(on, "Big sale", 2h), on.now));
    on.site.after_look([&] { on.site.edit(post->id, "", on.now); });
    auto done = on.stop(post);
    INFO((done ? "" : done.error().detail));
    REQUIRE(done.has_value());
    auto seen = on.platform->look(post->id);
    CHECK(seen.where == whereabouts::parked);
    CHECK(seen.text.find("(edited)") != std::string::npos);
}

TEST_CASE("a post that goes out between the look and the hold stays public", "[ghost]")
{
    news on;
    auto post = on.listed(on.platform->schedule(promo(on, "Big sale", 2h), on.now));
    on.site.after_look([&] { on.site.edit(post->id, "published", on.now); });
    auto done = on.stop(post);
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().kind == failure::not_found);
    CHECK(on.platform->look(post->id).where == whereabouts::published);
}

TEST_CASE("a release that collides with an editor is given back to a person", "[ghost]")
{
    news on;
    auto post = on.listed(on.platform->schedule(promo(on, "Big sale", 2h), on.now));
    REQUIRE(on.stop(post).has_value());
    on.site.after_look([&] { on.site.edit(post->id, "", on.now); });
    auto back = on.let_go(post, post->due);
    REQUIRE_FALSE(back.has_value());
    CHECK(back.error().kind == failure::conflict);
    CHECK(on.platform->look(post->id).where == whereabouts::parked);
    auto unseen = on.let_go(post, post->due);  // nobody has seen what the editor wrote
    REQUIRE_FALSE(unseen.has_value());
    CHECK(unseen.error().kind == failure::rejected);
    auto seen = std::make_shared<scheduled_post>(*post);
    seen->text = on.platform->look(post->id).text;
    CHECK(on.let_go(seen, post->due).has_value());
}

TEST_CASE("two summaries' worth of editors do not lose a pin", "[ghost]")
{
    news on;
    auto out = on.platform->publish("A statement", false, on.now);
    on.site.after_look([&] { on.site.edit(out, "", on.now); });
    REQUIRE(on.run(on.to.pins->pin(out)).has_value());
    CHECK(on.platform->pinned() == std::vector<post_id>{out});
    CHECK(on.platform->look(out).text.find("(edited)") != std::string::npos);
}

TEST_CASE("a site whose clock differs is understood, and asked once more", "[ghost]")
{
    news on;
    // The site's clock is the test's, and the connector's is this machine's: whatever they are, both ways are tried.
    auto our_clock = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
    auto ahead = GENERATE(milliseconds{-20min}, milliseconds{0}, milliseconds{20min}, milliseconds{400 * 24h});
    on.site.set_clock(our_clock + ahead - on.now);
    on.platform->schedule(promo(on, "Big sale", 2h), on.now);
    auto all = on.run(on.to.queue->list());
    INFO((all ? "" : all.error().detail));
    REQUIRE(all.has_value());
    CHECK(all->size() == 1);
    // posts and pages, and one token that was refused for being out of date
    CHECK(on.net.total() == (ahead > 1min ? 3 : 2));
    on.net.forget_counts();
    REQUIRE(on.run(on.to.queue->list()).has_value());
    CHECK(on.net.total() == 2);
    // The site's clock moves back: as soon as a token is refused, it is made anew.
    on.site.set_clock(our_clock + 1000 * 24h - on.now);
    REQUIRE(on.run(on.to.queue->list()).has_value());
}

TEST_CASE("a release is measured against the site's clock too", "[ghost]")
{
    news on;
    auto post = on.listed(on.platform->schedule(promo(on, "Big sale", 2h), on.now));
    REQUIRE(on.stop(post).has_value());
    on.site.set_clock(1h);
    auto back = on.let_go(post, on.now + 30min);
    REQUIRE_FALSE(back.has_value());
    CHECK(back.error().kind == failure::rejected);
    CHECK(back.error().detail.find("set the clocks") != std::string::npos);
    CHECK(on.platform->queued() == 0);
}

TEST_CASE("a theme that does not show featured posts leaves pinning to a person", "[ghost]")
{
    stage plain{{"ghost", make_plain_ghost}};
    CHECK(plain.declared.can_publish);
    CHECK_FALSE(plain.declared.can_pin);
    stage shows{{"ghost", make_ghost}};
    CHECK(shows.declared.can_pin);
}

TEST_CASE("the settings name what is wrong with a key, and never the key", "[ghost]")
{
    auto faults_of = [](const std::string& key, const std::string& url = "https://news.acme.example") {
        given_values values{key, url};
        auto made = ghost::parse(values);
        CHECK((made == nullptr) == !values.faults.empty());
        for (const auto& fault : values.faults)
            CHECK(fault.find(key) == std::string::npos);
        return values.faults.empty() ? std::string{} : values.faults.front();
    };
    const std::string sound = "6b064a562b76505e65064756:c8b5b1ad516f95ca";
    CHECK(faults_of(sound).empty());
    CHECK(faults_of("9d54874edd7589199e613eb391").find("Content API key") != std::string::npos);
    CHECK(faults_of("not a key").find("id:secret") != std::string::npos);
    CHECK(faults_of("6b064a562b76505e65064756:c8b").find("hexadecimal") != std::string::npos);
    CHECK(faults_of("6b064a562b76505e65064756:zz").find("hexadecimal") != std::string::npos);
    CHECK(faults_of("6b 06:c8b5").find("hexadecimal") != std::string::npos);
    CHECK(faults_of(sound, "https://news.acme.example/ghost").find("inner page") != std::string::npos);
    CHECK(faults_of(sound, "https://news.acme.example/ghost/#/posts").find("inner page") != std::string::npos);
    given_values unread{""};
    CHECK(ghost::parse(unread) != nullptr);
}
