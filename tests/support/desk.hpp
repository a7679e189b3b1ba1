// What tests of the core are written with: a policy, posts, and a desk on which one event after the other is decided, so that
// a test reads like the runbook.
#pragma once

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "daemon/core/decide.hpp"

namespace halfmast::test {

// "14:30" or "14:30:15" of 1 March 2026, UTC; "+1 09:00" is the day after.
inline time_point at(std::string_view clock)
{
    auto day = std::chrono::sys_days{std::chrono::year{2026} / 3 / 1};
    if (clock.starts_with('+')) {
        day += std::chrono::days{clock[1] - '0'};
        clock.remove_prefix(3);
    }
    std::string text{clock};
    if (text.size() == 5)
        text += ":00";
    auto parsed = parse_rfc3339("2026-03-01T" + text + "Z");
    if (!parsed)
        throw std::invalid_argument("not a time: " + text);
    return *parsed + (day - std::chrono::sys_days{std::chrono::year{2026} / 3 / 1});
}

inline post_ptr make_post(const std::string& id, time_point due, const std::string& tag, const std::string& text = {})
{
    auto post = std::make_shared<scheduled_post>();
    post->id = post_id{id};
    post->due = due;
    post->text = post->folded = text.empty() ? "post " + id : text;
    post->tags = {tag};
    post->version = "1";
    return post;
}

inline post_ptr promo(const std::string& id, time_point due, const std::string& text = {})
{
    return make_post(id, due, "promo", text);
}
inline post_ptr notice(const std::string& id, time_point due) { return make_post(id, due, "service"); }

inline account make_account(const std::string& id, std::vector<rung_offer> rungs = {{rung::draft}})
{
    account one;
    one.id = account_id{id};
    one.connector = "wordpress";
    one.labels = {{"brand", "acme"}};
    one.rungs = std::move(rungs);
    one.can_publish = one.can_pin = true;
    return one;
}

inline policy make_policy(std::vector<account> accounts = {make_account("blog")})
{
    policy rules;
    for (auto& one : accounts)
        rules.accounts[one.id] = std::move(one);
    playbook outage;
    outage.name = "outage";
    outage.undo = milliseconds{0};
    rules.playbooks["outage"] = outage;
    auto recall = outage;
    recall.name = "recall";
    rules.playbooks["recall"] = recall;
    rules.review = {milliseconds{0}, 0};  // tests of it set their own
    std::map<post_class, mark_rules> marks;
    marks[post_class::promotional].tags = {"promo"};
    marks[post_class::essential].tags = {"service"};
    marks[post_class::neutral].tags = {"team"};
    rules.rules = std::make_shared<judgement>(std::move(marks), std::vector<word_rule>{});
    return rules;
}

inline outcome trouble(failure kind, std::optional<milliseconds> retry_after = {})
{
    outcome result;
    result.trouble = problem{kind, std::string{to_string(kind)}, retry_after};
    return result;
}

class desk {
public:
    explicit desk(policy rules_ = make_policy(), time_point start = at("14:00")) : rules(std::move(rules_)), now(start) {}

    // Decides one event; what it asked for joins `open`.
    void happen(const event& what)
    {
        auto made = decide(rules, std::move(known), what, now);
        known = std::move(made.next);
        last = made.records;
        asked = made.actions;
        refused = made.refused;
        crisis = made.crisis;
        repeated = made.repeated;
        this->made = made.made;
        waits = made.waits;
        ledger.insert(ledger.end(), made.records.begin(), made.records.end());
        open.insert(open.end(), made.actions.begin(), made.actions.end());
        letters.insert(letters.end(), made.letters.begin(), made.letters.end());
    }

    void later(milliseconds step) { now += step; }

    void sees(std::vector<post_ptr> posts, const std::string& id = "blog")
    {
        happen(queue_observed{account_id{id}, now, std::move(posts)});
    }
    void reads_feed(std::vector<publication> posts, const std::string& id = "blog")
    {
        happen(feed_observed{account_id{id}, now, now - std::chrono::hours{1}, std::move(posts)});
    }
    void raise(const std::string& playbook = "outage", scope over = {}, bool with_summary = false)
    {
        crisis_raised flag;
        flag.by = actor_id{"ops"};
        flag.playbook = playbook;
        flag.over = std::move(over);
        flag.why = "checkout is failing";
        if (with_summary)
            for (const auto& [id, declared] : rules.accounts)
                flag.statements[id] = {"en", "We are on it."};
        happen(flag);
    }
    void lower(const std::string& id = "c-1") { happen(crisis_lowered{crisis_id{id}, actor_id{"ops"}, "it is over"}); }
    void offer(int calls = 100, const std::string& id = "blog") { happen(capacity_offered{account_id{id}, calls}); }

    // Offers capacity and gives the one call of a kind that came of it.
    template <class Call>
    std::optional<Call> next(const std::string& id = "blog", int calls = 100)
    {
        offer(calls, id);
        for (const auto& one : asked)
            if (const auto* call = std::get_if<Call>(&one.what))
                return *call;
        return std::nullopt;
    }

    // The outcome of the oldest open call of a kind.
    template <class Call>
    bool answer(const outcome& result)
    {
        auto found = std::ranges::find_if(open, [](const action& one) { return std::holds_alternative<Call>(one.what); });
        if (found == open.end())
            return false;
        auto done = *found;
        open.erase(found);
        happen(action_finished{done.id, done.account, done.what, result});
        return true;
    }
    template <class Call>
    bool answer(failure kind)
    {
        return answer<Call>(trouble(kind));
    }

    // Answers the oldest open read-back: the same for every post in it.
    bool answer_read(whereabouts where, time_point due = {}, std::optional<std::string> text = {})
    {
        auto found = std::ranges::find_if(open, [](const action& one) { return std::holds_alternative<read_posts>(one.what); });
        if (found == open.end())
            return false;
        outcome result;
        for (const auto& wanted : std::get<read_posts>(found->what).wanted)
            result.readings.push_back({wanted.post, where, due, "", "https://blog.example/" + wanted.post.value, {}, text});
        return answer<read_posts>(result);
    }

    // From wherever it stands to held: hold, answered, read back.
    void hold_all(const std::string& id = "blog")
    {
        for (int turn = 0; turn < 1000; ++turn) {
            offer(100, id);
            bool worked = false;
            while (answer<hold_post>(outcome{}))
                worked = true;
            offer(100, id);
            while (answer_read(whereabouts::parked))
                worked = true;
            if (!worked)
                return;
        }
    }

    // As after kill -9: what the ledger says, and nothing else.
    void restart()
    {
        known = state{};
        for (const auto& record : ledger)
            apply(known, record);
        open.clear();
        letters.clear();
        happen(daemon_started{"test"});
    }

    [[nodiscard]] const hold& of(const std::string& post, const std::string& id = "blog") const
    {
        const auto* one = find_hold(known.accounts.at(account_id{id}), post_id{post});
        if (one == nullptr)
            throw std::out_of_range("no hold " + post);
        return *one;
    }
    [[nodiscard]] bool has_hold(const std::string& post, const std::string& id = "blog") const
    {
        auto where = known.accounts.find(account_id{id});
        return where != known.accounts.end() && find_hold(where->second, post_id{post}) != nullptr;
    }
    [[nodiscard]] const summary& summary_of(const std::string& flag = "c-1", const std::string& id = "blog") const
    {
        return known.accounts.at(account_id{id}).summaries.at(crisis_id{flag});
    }
    [[nodiscard]] std::uint32_t count(hold_state wanted, const std::string& flag = "c-1") const
    {
        return count_holds(known, crisis_id{flag})[static_cast<std::size_t>(wanted)];
    }
    [[nodiscard]] bool noted(record_kind kind, const std::string& post = {}) const
    {
        return std::ranges::any_of(last,
                                   [&](const auto& one) { return one.kind == kind && (post.empty() || one.post.value == post); });
    }
    [[nodiscard]] long total(record_kind kind) const { return std::ranges::count(ledger, kind, &audit_record::kind); }

    policy rules;
    state known;
    time_point now;
    std::vector<audit_record> ledger;
    std::vector<audit_record> last;   // of the last event
    std::vector<action> asked;        // of the last event
    std::deque<action> open;          // asked for, not answered
    std::deque<page_letter> letters;  // to receivers of pages, not answered
    std::optional<refusal> refused;
    crisis_id crisis;
    bool repeated = false;
    std::string waits;  // for a second person
    std::string made;   // the id of what is new by the last event
};

}  // namespace halfmast::test
