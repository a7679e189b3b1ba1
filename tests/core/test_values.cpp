// The small pure parts: ladder, classify, time, words.
#include <set>
#include <string>

#include <rapidcheck.h>

#include "daemon/core/explain.hpp"
#include "daemon/core/ladder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/desk.hpp"

using namespace halfmast;
using namespace halfmast::test;
using namespace std::chrono_literals;

namespace {

std::int64_t day_of(time_point when) { return std::chrono::floor<std::chrono::days>(when).time_since_epoch().count(); }

scheduled_post saying(const std::string& words)
{
    scheduled_post post;
    post.text = post.folded = words;
    return post;
}

judgement words(std::vector<word_rule> rules) { return judgement{{}, std::move(rules)}; }

}  // namespace

TEST_CASE("the gentlest rung that can still work", "[ladder]")
{
    auto blog = make_account("blog", {{rung::native, 10min}, {rung::postpone, 5min, 2, 300}, {rung::takeout}});
    auto choose = [&](std::string_view due, std::set<rung> spent = {}, std::map<std::int64_t, int> parked = {},
                      std::size_t queued = 1) { return choose_rung(blog, spent, at(due), at("14:00"), 24h * 330, parked, queued); };
    CHECK(choose("14:10").by == rung::native);
    CHECK(choose("14:09:59").by == rung::postpone);
    CHECK(choose("14:04:59").by == rung::takeout);
    CHECK(choose("13:00").by == rung::takeout);
    CHECK(choose("15:00", {rung::native}).by == rung::postpone);
    CHECK(choose("15:00", {rung::native}, {}, 300).by == rung::takeout);
    CHECK(choose("15:00", {rung::native, rung::postpone, rung::takeout}).by == rung::manual);
    auto day = day_of(at("14:00") + 24h * 330);
    CHECK(day_of(choose("15:00", {rung::native}, {{day, 1}}).until) == day);
    CHECK(day_of(choose("15:00", {rung::native}, {{day, 2}, {day + 1, 5}}).until) == day + 2);
    std::map<std::int64_t, int> full;
    for (int i = 0; i < 400; ++i)
        full[day + i] = 2;
    CHECK(choose("15:00", {rung::native}, full).by == rung::takeout);
}

TEST_CASE("labels beat words, and a mark that holds beats one that does not", "[classify]")
{
    std::map<post_class, mark_rules> marks;
    marks[post_class::promotional].tags = {"promo", "campaign:*"};
    marks[post_class::essential].categories = {"safety"};
    judgement rules{marks, {{"sale", post_class::promotional, 1.0, "words.en.promotional"}}};
    auto post = saying("a big sale");
    post.categories = {"Safety"};
    CHECK(rules.judge(post).kind == post_class::essential);
    CHECK(rules.judge(post).why == std::vector<reason>{{"judgement.essential.categories", "Safety"}});
    post.tags = {"Campaign:Spring"};
    CHECK(rules.judge(post).kind == post_class::promotional);
    post.tags = {"promotion"};
    CHECK(rules.judge(post).kind == post_class::essential);
    post.tags = {"campaign:"};
    CHECK(rules.judge(post).kind == post_class::promotional);
}

TEST_CASE("links with campaign parameters, words by their starts, and scripts without blanks", "[classify]")
{
    auto rules = words({{"sale", post_class::promotional, 1.0, "w"},
                        {"akci", post_class::promotional, 1.0, "w", true},
                        {"出售", post_class::promotional, 1.0, "w"},
                        {"recall", post_class::essential, 1.0, "w"}});
    auto kind = [&](const std::string& text) { return rules.judge(saying(text)).kind; };
    CHECK(kind("summer sale now") == post_class::promotional);
    CHECK(kind("wholesale prices") == post_class::unknown);
    CHECK(kind("sales figures") == post_class::unknown);
    CHECK(kind("sale!") == post_class::promotional);
    CHECK(kind("nagy akció") == post_class::promotional);
    CHECK(kind("reakció") == post_class::unknown);
    CHECK(kind("新房出售中") == post_class::promotional);
    CHECK(kind("product recall") == post_class::essential);
    CHECK(kind("recall sale") == post_class::promotional);
    CHECK(kind("") == post_class::unknown);
    auto post = saying("read more");
    post.links = {"https://a.example/?x=1&UTM_Campaign=spring#top"};
    CHECK(rules.judge(post).kind == post_class::promotional);
    CHECK(rules.judge(post).why == std::vector<reason>{{"link.campaign", "UTM_Campaign=spring"}});
    post.links = {"https://a.example/utm_campaign/?q=utm_campaign"};
    CHECK(rules.judge(post).kind == post_class::unknown);
    CHECK(explain(rules.judge(saying("sale"))) == "promotional, because 'sale' matches w");
    CHECK(explain(rules.judge(saying("hello"))) == "unknown: no rule speaks for or against it");
}

TEST_CASE("evidence for a promotion is never outvoted into letting the post go", "[classify]")
{
    CHECK(rc::check("with promotional evidence the class is promotional or unknown", [] {
        auto weight = *rc::gen::inRange(1, 100);
        auto other = *rc::gen::inRange(1, 100);
        auto rules =
            words({{"sale", post_class::promotional, weight / 10.0, "w"}, {"recall", post_class::essential, other / 10.0, "w"}});
        auto kind = rules.judge(saying("recall sale")).kind;
        RC_ASSERT(kind == post_class::promotional || kind == post_class::unknown);
    }));
}

TEST_CASE("any bytes are judged without trouble", "[classify]")
{
    auto rules = words({{"sale", post_class::promotional, 1.0, "w"},
                        {"распродажа", post_class::promotional, 1.0, "w", true},
                        {"促销", post_class::promotional, 1.0, "w"}});
    CHECK(rc::check("any bytes", [&] {
        auto judged = rules.judge(saying(*rc::gen::arbitrary<std::string>()));
        RC_ASSERT(!judged.why.empty());
    }));
    CHECK(rc::check("a phrase between blanks is found, wherever it stands", [&] {
        auto text = *rc::gen::arbitrary<std::string>() + " sale " + *rc::gen::arbitrary<std::string>();
        RC_ASSERT(rules.judge(saying(text)).kind == post_class::promotional);
    }));
}

TEST_CASE("RFC 3339: what is read and what is refused", "[time]")
{
    CHECK(parse_rfc3339("2026-03-01T14:30:00Z") == at("14:30"));
    CHECK(parse_rfc3339("2026-03-01t15:30:00.250+01:00") == at("14:30") + 250ms);
    CHECK(parse_rfc3339("2026-03-01 09:00:00-0530") == at("14:30"));
    CHECK(parse_rfc3339("2026-03-01T14:29:60Z") == at("14:30"));
    for (auto text :
         {"", "2026-03-01", "2026-03-01T14:30:00", "2026-02-30T14:30:00Z", "2026-03-01T24:00:00Z", "2026-03-01T14:30:00.Z",
          "2026-03-01T14:30:00Zx", "2026-13-01T14:30:00Z", "2026-03-01T14:30:00+24:00", "2026-03-01T14:30Z"}) {
        INFO(text);
        CHECK_FALSE(parse_rfc3339(text));
    }
    CHECK(format_utc(at("14:30")) == "2026-03-01T14:30:00Z");
    CHECK(format_utc(at("14:30") + 5ms) == "2026-03-01T14:30:00.005Z");
    CHECK(rc::check("every moment comes back", [] {
        auto moment = time_point{milliseconds{*rc::gen::inRange<std::int64_t>(-2'000'000'000'000, 200'000'000'000'000)}};
        RC_ASSERT(parse_rfc3339(format_utc(moment)) == moment);
    }));
    CHECK(rc::check("any text is read or refused", [] { (void)parse_rfc3339(*rc::gen::arbitrary<std::string>()); }));
}

TEST_CASE("durations", "[time]")
{
    CHECK(parse_duration("90s") == 90s);
    CHECK(parse_duration("1h30m") == 90min);
    CHECK(parse_duration("20min") == 20min);
    CHECK(parse_duration("500ms") == 500ms);
    CHECK(parse_duration("2d") == 48h);
    for (auto text : {"", "5", "m", "-5m", "5 m", "1.5h", "99999999999999999999s", "40000d", "5mm"}) {
        INFO(text);
        CHECK_FALSE(parse_duration(text));
    }
    CHECK(format_duration(0ms) == "0s");
    CHECK(format_duration(90min) == "1h30m");
    CHECK(rc::check("every length comes back", [] {
        auto length = milliseconds{*rc::gen::inRange<std::int64_t>(0, 3'000'000'000'000)};
        RC_ASSERT(parse_duration(format_duration(length)) == length);
    }));
}

TEST_CASE("every word of an enumeration is read back as itself", "[words]")
{
    for (int i = 0; i <= static_cast<int>(record_kind::request_refused); ++i)
        CHECK(parse_record_kind(to_string(static_cast<record_kind>(i))) == static_cast<record_kind>(i));
    for (int i = 0; i <= static_cast<int>(hold_state::kept); ++i)
        CHECK(parse_hold_state(to_string(static_cast<hold_state>(i))) == static_cast<hold_state>(i));
    for (int i = 0; i <= static_cast<int>(summary_state::withdrawn); ++i)
        CHECK(parse_summary_state(to_string(static_cast<summary_state>(i))) == static_cast<summary_state>(i));
    for (int i = 0; i <= static_cast<int>(rung::manual); ++i)
        CHECK(parse_rung(to_string(static_cast<rung>(i))) == static_cast<rung>(i));
    CHECK_FALSE(parse_hold_state("hold"));
    CHECK(to_string(scope{{"region", "eu"}, {"brand", "acme"}}) == "brand=acme,region=eu");
}

TEST_CASE("plan shows what a raise would do, earliest due first, and changes nothing", "[explain]")
{
    desk here{make_policy({make_account("blog", {{rung::postpone, 5min, 1, 0}, {rung::takeout}})})};
    here.sees({promo("b", at("15:00")), promo("a", at("14:03")), notice("n", at("14:30")), promo("c", at("16:00"))});
    auto acts = plan(here.rules, here.known, here.rules.playbooks.at("outage"), {}, false, here.now);
    REQUIRE(acts.size() == 4);
    CHECK(acts[0].post == post_id{"a"});
    CHECK(acts[0].by == rung::takeout);
    CHECK_FALSE(acts[1].would_hold);
    CHECK(acts[2].by == rung::postpone);
    CHECK(acts[3].by == rung::postpone);
    CHECK(here.ledger.size() == 1);  // that the account can be read
}

TEST_CASE("all phrases are found at once as one by one", "[classify]")
{
    // Few letters, so that phrases begin, end and lie in each other.
    auto phrase = rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::element('a', 'b', 'c')));
    CHECK(rc::check("the same phrases", [&] {
        auto phrases = *rc::gen::container<std::vector<std::string>>(phrase);
        auto text = *rc::gen::container<std::string>(rc::gen::element('a', 'b', 'c', ' '));
        std::vector<word_rule> rules;
        for (const auto& one : phrases) {
            word_rule rule{one, post_class::promotional, 1.0, "r" + std::to_string(rules.size())};
            rule.stem = true;  // it need not end with the word
            rules.push_back(rule);
        }
        std::set<std::string> wanted;
        for (const auto& rule : rules)
            for (auto at = text.find(rule.phrase); at != std::string::npos; at = text.find(rule.phrase, at + 1))
                if (at == 0 || text[at - 1] == ' ')
                    wanted.insert(rule.rule);
        std::set<std::string> found;
        for (const auto& why : words(rules).judge(saying(text)).why)
            if (why.rule != "no rule")
                found.insert(why.rule);
        RC_ASSERT(found == wanted);
    }));
}
