// Records that say anything a record can say.
#include "tests/store/support.hpp"

#include <array>

#include "daemon/audit/chain.hpp"

namespace halfmast::test {

time_point record_maker::time()
{
    auto sometimes_whole = maybe() ? milliseconds{0} : milliseconds{below(1000)};
    return time_point{seconds{1'700'000'000 + below(200'000'000)}} + sometimes_whole;
}

std::string record_maker::text()
{
    static const std::array<std::string, 12> parts{
        "20% off", " ", "\"", "\\", "\n", "árvíztűrő", "скидка", "大减价", "🎉", std::string(1, '\0'), "\x7f", "</script>"};
    std::string made;
    for (unsigned i = below(6); i > 0; --i)
        made += parts[below(parts.size())];
    return made;
}

std::vector<std::string> record_maker::texts()
{
    std::vector<std::string> made;
    for (unsigned i = below(4); i > 0; --i)
        made.push_back(text());
    return made;
}

std::vector<post_id> record_maker::ids()
{
    std::vector<post_id> made;
    for (unsigned i = below(4); i > 0; --i)
        made.push_back(post_id{"pin-" + std::to_string(below(9))});
    return made;
}

halfmast::by_language record_maker::by_language()
{
    halfmast::by_language made;
    for (const auto* tag : {"en", "zh-Hans", "und"})
        if (below(3) == 0)
            made[tag] = text();
    return made;
}

edition record_maker::said(std::uint32_t number)
{
    edition made;
    made.number = number;
    made.kind = static_cast<edition_kind>(below(4));
    made.by = actor_id{text()};
    made.at = time();
    made.undo_until = time();
    if (maybe())
        made.next_update_by = time();
    made.approved = maybe();
    made.approved_by = actor_id{maybe() ? "béla" : ""};
    made.undone = maybe();
    made.about = text();
    made.about_in = by_language();
    made.reason = text();
    made.reason_in = by_language();
    for (unsigned i = below(3); i > 0; --i)
        made.words[account_id{"acme-" + std::to_string(i)}] = {"hu", text(), below(2) * below(500), maybe() ? "reason" : ""};
    return made;
}

reply record_maker::answer()
{
    reply made;
    made.id = "r-" + std::to_string(1 + below(4));
    made.crisis = crisis_id{"c-" + std::to_string(below(4))};
    made.account = account_id{"acme-" + std::to_string(below(3))};
    made.to = post_id{text()};
    made.to_url = text();
    made.by = actor_id{text()};
    made.at = time();
    made.wait_until = time();
    made.words = {"zh-Hans", "a" + text(), below(300)};
    made.approved = maybe();
    return made;
}

task record_maker::to_do()
{
    task made;
    made.id = "t-" + std::to_string(1 + below(9));
    made.kind = static_cast<task_kind>(below(6));
    made.crisis = crisis_id{"c-" + std::to_string(below(4))};
    made.account = account_id{"acme-" + std::to_string(below(3))};
    made.post = post_id{text()};
    made.edition = below(4);
    made.reply = maybe() ? "r-1" : "";
    made.what = text();
    made.text = text();
    made.link = text();
    made.owner = actor_id{text()};
    made.due = time();
    made.opened_at = time();
    return made;
}

crisis record_maker::flag(const crisis_id& id)
{
    crisis made;
    made.id = id;
    made.playbook = text();
    made.level = static_cast<severity>(below(3));
    made.drill = maybe();
    made.over = {{"brand", text()}, {"region", "eu"}};
    for (unsigned i = 0; i < 4; ++i)
        if (maybe())
            made.hold.insert(static_cast<post_class>(i));
    made.why = text();
    made.why_in = by_language();
    made.raised_by = actor_id{"anna"};
    made.owner = actor_id{text()};
    made.raised_at = time();
    made.next_update_by = time();
    made.publish = maybe() ? publish_mode::at_once : publish_mode::after_approval;
    made.now = maybe() ? phase::raised : phase::lowered;
    if (maybe()) {
        made.lowered_at = time();
        made.lowered_by = actor_id{"béla"};
    }
    for (std::uint32_t number = 1, all = below(3); number <= all; ++number)
        made.editions.push_back(said(number));
    return made;
}

post_ptr record_maker::snapshot(const post_id& id)
{
    scheduled_post made;
    made.id = id;
    made.due = time();
    made.text = text();
    made.folded = maybe() ? made.text : text();
    made.language = maybe() ? "en" : "";
    made.tags = texts();
    made.categories = texts();
    made.labels = texts();
    made.links = texts();
    made.url = text();
    made.kind = maybe() ? "page" : "";
    made.author = text();
    made.version = text();
    made.has_media = maybe();
    if (maybe())
        made.raw = std::make_shared<const std::string>(text() + "\xff\xfe raw");
    return std::make_shared<const scheduled_post>(std::move(made));
}

page_note record_maker::paged(record_kind kind)
{
    page_note made;
    made.group = "hold-manual/c-" + std::to_string(below(2));
    if (kind == record_kind::page_opened || kind == record_kind::page_resolved)
        made.key = "hold-manual/acme-" + std::to_string(below(4));
    if (kind == record_kind::page_opened) {
        made.route = maybe() ? "night" : "";
        made.level = static_cast<page_level>(below(3));
        made.what = "posts " + text();
        made.todo = text();
        made.link = text();
        made.count = 1 + below(9);
        made.wait = milliseconds{below(2) * 60'000};
        made.ends_with_word = maybe();
    }
    if (kind == record_kind::page_sent || kind == record_kind::page_delivered || kind == record_kind::page_failed
        || below(4) == 0) {
        made.receiver = maybe() ? "duty" : "boss";
        if (kind != record_kind::page_opened)
            made.verb = static_cast<page_verb>(below(3));
    }
    made.number = below(4);
    made.version = below(4);
    return made;
}

proposal record_maker::proposed(record_kind kind)
{
    proposal made;
    made.id = "p-" + std::to_string(1 + below(5));
    if (kind != record_kind::proposal_made && kind != record_kind::proposal_grown)
        return made;
    made.key = "outage/" + text();
    made.what = text();
    made.playbook = text();
    made.level = static_cast<severity>(below(3));
    if (maybe())
        made.over = {{"brand", text()}};
    for (auto& one : texts())
        made.sources.insert(one);
    made.evidence = texts();
    made.link = text();
    made.count = 1 + below(9);
    return made;
}

ask record_maker::asked(const audit_record& about)
{
    ask made;
    made.id = "a-" + std::to_string(1 + below(5));
    made.kind = maybe() ? ask_kind::release : ask_kind::lower;
    if (about.kind != record_kind::second_asked)
        return made;
    made.crisis = about.crisis;
    made.account = about.account;
    made.post = about.post;
    made.by = actor_id{"maria"};
    made.at = time();
    made.why = text();
    if (maybe())
        made.wanted = time();
    if (maybe())
        made.due = time();
    if (maybe())
        made.saw_text = text();
    if (maybe())
        made.text = text();
    made.shift = maybe();
    made.during_crisis = maybe();
    made.now = maybe();
    if (maybe())
        made.words[account_id{"acme-1"}] = statement{"ru", text(), 0, maybe() ? "about" : ""};
    made.about = text();
    made.about_in = by_language();
    return made;
}

audit_record record_maker::next()
{
    audit_record made{static_cast<record_kind>(below(static_cast<unsigned>(record_kind::request_refused) + 1)), time()};
    if (maybe())
        made.actor = actor_id{text()};
    made.crisis = crisis_id{"c-" + std::to_string(below(4))};
    if (below(8) != 0)
        made.account = account_id{"acme-" + std::to_string(below(3))};
    if (below(4) != 0)
        made.post = post_id{std::to_string(below(12))};
    if (maybe())
        made.remote = post_id{std::to_string(below(20))};
    constexpr std::array outcomes{"", "intent", "done", "unknown", "not_found", "not_sent", "rate_limited"};
    made.outcome = outcomes[below(outcomes.size())];
    made.why = text();
    if (maybe())
        made.by = static_cast<rung>(below(6));
    if (maybe())
        made.due = time();
    if (maybe())
        made.until = time();
    if (maybe())
        made.judged = static_cast<post_class>(below(4));
    for (unsigned i = below(3); i > 0; --i)
        made.reasons.push_back({"words.en.promotional", text()});
    for (unsigned i = below(3); i > 0; --i)
        made.saved.push_back({"media/" + std::to_string(i), audit::to_hex(audit::sha256(text()))});
    made.pins = ids();
    made.displaced = ids();
    if (made.kind == record_kind::hold_planned || below(10) == 0)
        made.snapshot = snapshot(made.post);
    if (made.kind == record_kind::crisis_raised)
        made.flag = flag(made.crisis);
    if (made.kind == record_kind::summary_planned || below(10) == 0)
        made.words = statement{"ru", text(), below(2) * below(500)};
    made.number = below(2) * below(4);
    made.owner = actor_id{maybe() ? text() : ""};
    if (made.kind == record_kind::statement_asked || made.kind == record_kind::crisis_lowered || below(20) == 0)
        made.edition = said(1 + below(3));
    if ((made.kind >= record_kind::reply_asked && made.kind <= record_kind::reply_dropped) || below(20) == 0)
        made.reply = answer();
    if ((made.kind >= record_kind::task_opened && made.kind <= record_kind::task_dropped) || below(20) == 0)
        made.task = to_do();
    if (made.kind == record_kind::readiness_lost || made.kind == record_kind::readiness_back)
        made.of = static_cast<ability>(below(6));
    if (made.kind >= record_kind::page_opened && made.kind <= record_kind::page_closed)
        made.paged = paged(made.kind);
    if (made.kind >= record_kind::proposal_made && made.kind <= record_kind::proposal_expired)
        made.proposed = proposed(made.kind);
    if (made.kind == record_kind::second_asked || made.kind == record_kind::second_given || made.kind == record_kind::ask_dropped)
        made.asked = asked(made);
    if (made.kind == record_kind::release_asked || made.kind == record_kind::post_noted || made.kind == record_kind::source_changed)
        made.text = text();
    if (below(6) == 0)
        made.second = actor_id{"jon"};
    made.flagged = maybe();
    made.url = text();
    made.late = below(5) == 0;
    return made;
}

}  // namespace halfmast::test
