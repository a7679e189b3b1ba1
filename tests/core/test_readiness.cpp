// Whether an account could do in a crisis what it declares: what checks say, what stays on record, who is told, what is planned.
#include "daemon/core/explain.hpp"
#include "daemon/core/ladder.hpp"
#include "tests/core/readiness.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

// "hold by draft: lost", of every ability, in order.
std::vector<std::string> standings(const readiness& ready)
{
    std::vector<std::string> all;
    for (const auto& one : ready.abilities)
        all.push_back(std::string{to_string(one.of)} + (one.by ? " by " + std::string{to_string(*one.by)} : "") + ": "
                      + std::string{to_string(one.now)});
    return all;
}

}  // namespace

TEST_CASE("every ability that an account declares has a line", "[readiness]")
{
    auto blog = make_account("blog", {{rung::postpone}, {rung::takeout}});
    auto word_of = [](const check_line& line) {
        return line.by_person ? "person" : line.ok ? "ok" : is_unanswered(line) ? "unknown" : "no";
    };
    auto words = [&](std::vector<check_line> lines) {
        std::map<std::string, std::string> found;
        for (const auto& line : complete(blog, std::move(lines)))
            found[std::string{to_string(line.of)} + (line.by ? " " + std::string{to_string(*line.by)} : "")] = word_of(line);
        return found;
    };
    using table = std::map<std::string, std::string>;

    SECTION("what has no line of its own follows from another")
    {
        CHECK(words({well(ability::credential), well(ability::list), well(ability::read_feed)})
              == table{{"credential", "ok"},
                       {"list", "ok"},
                       {"hold postpone", "ok"},
                       {"hold takeout", "ok"},
                       {"publish", "ok"},
                       {"pin", "ok"},
                       {"read_feed", "ok"}});
        auto lines = complete(blog, {well(ability::credential), well(ability::list), well(ability::read_feed)});
        auto hold = std::ranges::find(lines, ability::hold, &check_line::of);
        REQUIRE(hold != lines.end());
        CHECK(hold->what == "hold by postpone (follows from: list)");
    }
    SECTION("a refused credential is the end of all")
    {
        CHECK(words({no(ability::credential, "401")})
              == table{{"credential", "no"},
                       {"list", "no"},
                       {"hold postpone", "no"},
                       {"hold takeout", "no"},
                       {"publish", "no"},
                       {"pin", "no"},
                       {"read_feed", "no"}});
    }
    SECTION("a platform that does not answer says nothing about anything")
    {
        CHECK(words({silent(ability::credential)})
              == table{{"credential", "unknown"},
                       {"list", "unknown"},
                       {"hold postpone", "unknown"},
                       {"hold takeout", "unknown"},
                       {"publish", "unknown"},
                       {"pin", "unknown"},
                       {"read_feed", "unknown"}});
    }
    SECTION("a queue that nobody read is not known to be readable")
    {
        auto found = words({well(ability::credential)});
        CHECK(found["list"] == "unknown");
        CHECK(found["read_feed"] == "unknown");
        CHECK(found["publish"] == "ok");
    }
    SECTION("a queue that cannot be read cannot be held either")
    {
        auto found = words({well(ability::credential), no(ability::list, "403"), well(ability::read_feed)});
        CHECK(found["hold takeout"] == "no");
        CHECK(found["publish"] == "ok");
    }
    SECTION("a line about one rung says nothing of the other")
    {
        auto found = words({well(ability::credential), well(ability::list),
                            check_line{rung::takeout, "the application has write:media", false, "it lacks write:media"}});
        CHECK(found["hold takeout"] == "no");
        CHECK(found["hold postpone"] == "ok");
    }
    SECTION("what only a person can do is no fault")
    {
        blog.can_pin = false;
        CHECK(words({well(ability::credential), well(ability::list)})["pin"] == "person");
        blog.can_publish = false;
        CHECK(words({well(ability::credential), well(ability::list)})["publish"] == "person");
        blog.rungs.clear();
        CHECK(words({well(ability::credential), well(ability::list)})["hold manual"] == "person");
    }
    SECTION("where there is no queue, nothing is asked of it")
    {
        blog.has_queue = false;
        auto found = words({well(ability::credential), well(ability::read_feed)});
        CHECK_FALSE(found.contains("list"));
        CHECK_FALSE(found.contains("hold postpone"));
    }
    SECTION("an advice decides nothing")
    {
        auto late = no(ability::list, "posts are past due");
        late.advice = true;
        CHECK(words({well(ability::credential), well(ability::list), late})["hold takeout"] == "ok");
    }
}

TEST_CASE("which troubles are an answer, and which say nothing", "[readiness]")
{
    using enum failure;
    for (auto kind : {unreachable, unknown_outcome, rate_limited, conflict, bad_reply, local})
        CHECK(is_unanswered(silent(ability::list, kind)));
    for (auto kind : {auth_expired, forbidden, not_found, rejected, unsupported})
        CHECK_FALSE(is_unanswered(silent(ability::list, kind)));
    CHECK_FALSE(is_unanswered(no(ability::list, "the role is Author")));
    CHECK_FALSE(is_unanswered(well(ability::list)));
}

TEST_CASE("a loss is on record once, is paged, and is over when the same check works again", "[readiness]")
{
    room here;
    here.checks(all_well());
    CHECK(here.total(record_kind::readiness_lost) == 0);
    CHECK(standings(here.ready())
          == std::vector<std::string>{"credential: ready", "list: ready", "hold by draft: ready", "publish: ready", "pin: ready",
                                      "read_feed: ready"});
    CHECK(here.ready().checked_at == here.now);
    auto sound_since = here.now;

    here.later(24h);
    auto lost_at = here.now;
    here.checks(all_but(no(ability::hold, "halfmast is an Author: give it the role Editor")));
    REQUIRE(here.total(record_kind::readiness_lost) == 1);
    const auto record = *std::ranges::find(here.ledger, record_kind::readiness_lost, &audit_record::kind);
    CHECK(record.account == blog_id);
    CHECK(record.of == ability::hold);
    CHECK(record.by == rung::draft);
    CHECK(record.why.find("Editor") != std::string::npos);
    CHECK(is_lost(here.ready(), ability::hold, rung::draft));
    CHECK(find_ability(here.ready(), ability::publish)->since == sound_since);
    REQUIRE(here.pages("readiness"));
    CHECK(here.page_of("readiness").what.find("hold by draft") != std::string::npos);
    CHECK(here.page_of("readiness").todo.find("Editor") != std::string::npos);
    CHECK(here.page_of("readiness").level == severity::major);

    here.later(15min);
    here.checks(all_but(no(ability::hold, "halfmast is an Author: give it the role Editor")));
    CHECK(here.total(record_kind::readiness_lost) == 1);
    CHECK(find_ability(here.ready(), ability::hold, rung::draft)->since == lost_at);

    here.later(15min);
    here.checks(all_well());
    REQUIRE(here.total(record_kind::readiness_back) == 1);
    const auto back = *std::ranges::find(here.ledger, record_kind::readiness_back, &audit_record::kind);
    CHECK(back.why.find(format_utc(lost_at)) != std::string::npos);
    CHECK_FALSE(here.pages("readiness"));
    CHECK_FALSE(has_lost_any(here.ready()));
}

TEST_CASE("a refused credential loses every ability, and one page says it", "[readiness]")
{
    room here;
    here.checks({no(ability::credential, "token refused (401)")});
    CHECK(here.total(record_kind::readiness_lost) == 6);
    REQUIRE(here.pages("readiness"));
    CHECK(here.page_of("readiness").count == 6);
    CHECK(here.page_of("readiness").todo.starts_with("token refused (401)"));

    SECTION("a poll that is refused too says it first: then that page is enough")
    {
        room polled;
        polled.happen(account_unread{blog_id, problem{failure::auth_expired, "401", {}}});
        REQUIRE(polled.pages("account-refused"));
        polled.checks({no(ability::credential, "401")});
        CHECK(polled.total(record_kind::readiness_lost) == 6);
        CHECK_FALSE(polled.pages("readiness"));
    }
}

TEST_CASE("an account that does not answer has lost nothing", "[readiness]")
{
    room here;
    here.checks(all_well());
    for (int i = 0; i < 3; ++i) {
        here.later(10min);
        here.checks({silent(ability::credential)});
    }
    CHECK(here.total(record_kind::readiness_lost) == 0);
    CHECK(here.total(record_kind::readiness_unanswered) == 0);
    CHECK_FALSE(here.pages("readiness"));
    CHECK(here.ready().trouble->detail.find("no route") != std::string::npos);
    CHECK(find_ability(here.ready(), ability::hold, rung::draft)->now == standing::ready);  // as far as is known

    here.later(10min);
    here.checks({silent(ability::credential)});
    CHECK(here.total(record_kind::readiness_unanswered) == 1);
    REQUIRE(here.pages("readiness"));
    CHECK(here.page_of("readiness").level == severity::minor);
    here.later(15min);
    here.checks({silent(ability::credential)});
    CHECK(here.total(record_kind::readiness_unanswered) == 1);

    here.later(15min);
    here.checks(all_well());
    CHECK(here.total(record_kind::readiness_answered) == 1);
    CHECK_FALSE(here.pages("readiness"));
}

TEST_CASE("two unanswered checks that lie an hour apart are enough to say so", "[readiness]")
{
    room here;
    here.checks({silent(ability::credential)});
    here.later(59min);
    here.checks({silent(ability::credential)});
    CHECK(here.total(record_kind::readiness_unanswered) == 0);
    here.later(1min);
    here.checks({silent(ability::credential)});
    CHECK(here.total(record_kind::readiness_unanswered) == 1);
}

TEST_CASE("one question without an answer leaves that ability as it was, and the others are judged", "[readiness]")
{
    room here;
    here.checks(all_but(no(ability::pin, "403")));
    here.checks(all_but(silent(ability::pin)));
    CHECK(is_lost(here.ready(), ability::pin));
    CHECK(here.total(record_kind::readiness_back) == 0);
    CHECK(here.ready().failures == 1);
    CHECK(here.ready().checked_at == here.now);
    CHECK(here.page_of("readiness").level == severity::minor);  // without a pin the summary is still read
}

TEST_CASE("a credential that ends is said at fourteen days, three days and one day before", "[readiness]")
{
    room here;
    auto end = here.now + 20 * 24h;
    here.checks(credential_until(end));
    CHECK(here.total(record_kind::credential_ends) == 0);
    CHECK(here.ready().ends == end);

    struct row {
        int days_left;
        long said;
        severity level;
    };
    for (const auto& [days, said, level] : {row{13, 1, severity::minor}, row{12, 1, severity::minor}, row{3, 2, severity::major},
                                            row{2, 2, severity::major}, row{1, 3, severity::major}, row{0, 3, severity::major}}) {
        here.now = end - days * 24h;
        here.checks(credential_until(end - (days % 2) * 30s));  // told as so many seconds from now
        INFO(days << " days left");
        CHECK(here.total(record_kind::credential_ends) == said);
        REQUIRE(here.pages("credential-ends"));
        CHECK(here.page_of("credential-ends").level == level);
    }
    CHECK(here.total(record_kind::readiness_lost) == 0);

    SECTION("a new one ends the page")
    {
        here.checks(credential_until(end + 90 * 24h));
        CHECK(here.total(record_kind::credential_renewed) == 1);
        CHECK_FALSE(here.pages("credential-ends"));
    }
    SECTION("one that ends soon too is another one")
    {
        here.checks(credential_until(end + 10 * 24h));
        CHECK(here.total(record_kind::credential_ends) == 4);
        CHECK(here.page_of("credential-ends").what.find(format_utc(end + 10 * 24h)) != std::string::npos);
    }
    SECTION("once it is refused, what was said of its end stands")
    {
        here.checks({no(ability::credential, "401")});
        CHECK(here.total(record_kind::credential_renewed) == 0);
        CHECK(here.pages("credential-ends"));
    }
    SECTION("it is not said again after a restart")
    {
        here.restart();
        here.checks(credential_until(end));
        CHECK(here.total(record_kind::credential_ends) == 3);
    }
}

TEST_CASE("an account may want to know of its credential's end earlier", "[readiness]")
{
    auto blog = make_account("blog");
    blog.warn_before = 60 * 24h;
    room here{blog};
    here.checks(credential_until(here.now + 50 * 24h));
    REQUIRE(here.total(record_kind::credential_ends) == 1);
    CHECK_FALSE(is_wholly_ready(here.ready(), 60 * 24h, here.now));
    CHECK(is_wholly_ready(here.ready(), 14 * 24h, here.now));
}

TEST_CASE("when an account is tried again", "[readiness]")
{
    auto rules = make_policy();
    const auto& blog = rules.accounts.at(blog_id);
    auto now = at("14:00");
    auto wait = [&](readiness ready) { return until_next_check(rules, blog, ready, now); };
    readiness sound;
    CHECK(wait(sound) == 24h);

    auto failing = sound;
    failing.failures = 1;
    CHECK(wait(failing) == 15min);

    auto lost = sound;
    lost.abilities = {{ability::hold, rung::draft, standing::lost, now, "no"}};
    for (const auto& [in_vain, expected] :
         std::vector<std::pair<int, milliseconds>>{{1, 15min}, {4, 15min}, {5, 30min}, {6, 1h}, {9, 6h}, {1000, 6h}}) {
        lost.in_vain = in_vain;
        CHECK(wait(lost) == expected);
    }

    // The steps to the end of a credential are met when they come.
    auto ends = sound;
    ends.ends = now + 14 * 24h + 5h;
    CHECK(wait(ends) == 5h);
    ends.ends = now + 25h;
    CHECK(wait(ends) == 1h);
    ends.ends = now + 23h;
    CHECK(wait(ends) == 24h);
}

TEST_CASE("what was lost is known after a restart, and what the settings do not ask for any more need not come back", "[readiness]")
{
    room here;
    here.checks(all_but(no(ability::publish, "the role is Author")));
    here.restart();
    CHECK(is_lost(here.ready(), ability::publish));
    CHECK(here.pages("readiness"));

    SECTION("the ability")
    {
        here.rules.accounts.at(blog_id).can_publish = false;
        here.checks(all_well());
        CHECK(here.total(record_kind::readiness_back) == 1);
        CHECK_FALSE(here.pages("readiness"));
    }
    SECTION("the account")
    {
        here.rules.accounts.clear();
        here.restart();
        CHECK(here.total(record_kind::readiness_back) == 1);
        CHECK_FALSE(here.pages("readiness"));
        here.restart();
        CHECK(here.total(record_kind::readiness_back) == 1);
    }
}

TEST_CASE("a rung that is known to be lost is not planned silently: the next one is, and the last one is tried", "[readiness]")
{
    auto blog = make_account("blog", {{rung::draft}, {rung::takeout}});
    room here{blog};
    here.sees({promo("p1", at("16:00"))});
    auto lose = [&](std::initializer_list<rung> lost) {
        std::vector<check_line> lines{well(ability::credential), well(ability::list)};
        for (auto by : lost)
            lines.push_back({by, "may edit others' posts", false, "the role is Author"});
        here.checks(lines);
    };
    auto planned = [&] { return plan(here.rules, here.known, here.rules.playbooks.at("outage"), {}, false, here.now).front(); };
    CHECK(planned().by == rung::draft);
    CHECK(planned().doubt.empty());

    lose({rung::draft});
    CHECK(planned().by == rung::takeout);
    CHECK(planned().why.starts_with("draft: not ready since"));
    CHECK(planned().doubt.empty());

    lose({rung::draft, rung::takeout});
    CHECK(planned().by == rung::draft);
    CHECK(planned().doubt == "the role is Author");
    here.raise();
    here.offer();
    REQUIRE(here.asked.size() == 1);  // safety has a direction: it is tried
    CHECK(std::get<hold_post>(here.asked.front().what).by == rung::draft);

    // A rung that did not work is not tried again because it is in doubt.
    std::set<rung> spent{rung::draft, rung::takeout};
    CHECK(choose_rung(blog, spent, at("16:00"), here.now, 24h, {}, 1, here.ready()).by == rung::manual);
}

TEST_CASE("what an account can do is tried soon when a call was refused, and when it can be read again", "[readiness]")
{
    room here;
    auto soon = [&](const event& what) {
        auto made = decide(here.rules, std::move(here.known), what, here.now);
        here.known = std::move(made.next);
        return made.check;
    };
    auto refused = problem{failure::auth_expired, "401", {}};
    CHECK_FALSE(soon(queue_observed{blog_id, here.now, {}}));
    CHECK_FALSE(soon(account_unread{blog_id, problem{failure::unreachable, "no route", {}}}));
    CHECK(soon(account_unread{blog_id, refused}));
    soon(readiness_checked{blog_id, {no(ability::credential, "401")}});
    CHECK_FALSE(soon(account_unread{blog_id, refused}));  // known: it is tried on its rhythm
    CHECK(soon(queue_observed{blog_id, here.now, {}}));
    soon(readiness_checked{blog_id, all_well()});

    here.sees({promo("p1", at("16:00"))});
    here.raise();
    here.offer();
    auto call = here.open.front();
    CHECK(soon(action_finished{call.id, call.account, call.what, trouble(failure::forbidden)}));
}
