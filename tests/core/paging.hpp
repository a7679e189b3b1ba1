// A core that pages, with receivers that can be down: for the tests of pages.
#pragma once

#include "tests/support/catch.hpp"
#include "tests/support/desk.hpp"

namespace halfmast::test {

using namespace std::chrono_literals;

inline page_route make_route(std::vector<page_step> steps)
{
    page_route made;
    made.steps = std::move(steps);
    return made;
}

inline policy paging_policy(std::vector<account> accounts = {make_account("blog")})
{
    auto rules = make_policy(std::move(accounts));
    for (const auto* name : {"duty", "boss", "mail"})
        rules.pages.receivers[name] = page_receiver{};
    rules.pages.routes = {make_route({{0ms, {"duty"}}, {10min, {"boss"}}, {30min, {"mail"}}})};
    return rules;
}

class paging_desk : public desk {
public:
    explicit paging_desk(policy rules_ = paging_policy()) : desk(std::move(rules_)) {}

    // Time goes by in steps of some seconds; what leaves is answered by `receive` at once, or stays open.
    void pass(milliseconds length, milliseconds by = 5s)
    {
        for (auto end = now + length; now < end;) {
            later(std::min<milliseconds>(by, end - now));
            happen(clock_ticked{});
            answer_all();
        }
    }

    void answer_all()
    {
        while (!letters.empty()) {
            auto one = letters.front();
            letters.pop_front();
            if (lost.contains(one.receiver)) {
                unanswered.push_back(one);
                continue;
            }
            auto down = trouble_of.find(one.receiver);
            if (down == trouble_of.end())
                told.push_back({one.receiver, one.verb, one.group, now, one});
            else
                ++refused_letters;
            happen(page_answered{one.group, one.receiver, one.id,
                                 down == trouble_of.end() ? std::nullopt : std::optional{down->second}, "202"});
        }
    }

    [[nodiscard]] std::vector<std::string> heard(const std::string& receiver) const
    {
        std::vector<std::string> all;
        for (const auto& one : told)
            if (one.receiver == receiver)
                all.push_back(std::string{to_string(one.verb)} + " " + one.group);
        return all;
    }
    [[nodiscard]] long heard_of(const std::string& receiver, const std::string& group) const
    {
        return std::ranges::count_if(told, [&](const auto& one) { return one.receiver == receiver && one.group == group; });
    }
    [[nodiscard]] const page_letter& last_letter(const std::string& group) const
    {
        auto found = std::find_if(told.rbegin(), told.rend(), [&](const auto& one) { return one.group == group; });
        if (found == told.rend())
            throw std::out_of_range("nobody heard of " + group);
        return found->letter;
    }
    void acknowledge(const std::string& key, const std::string& by = "ann")
    {
        happen(page_acknowledged{key, actor_id{by}, "on it"});
    }
    [[nodiscard]] bool is_open(const std::string& key) const { return known.pages.open.contains(key); }
    [[nodiscard]] bool has_group(const std::string& name) const { return known.pages.groups.contains(name); }

    struct heard_letter {
        std::string receiver;
        page_verb verb;
        std::string group;
        time_point at;
        page_letter letter;
    };
    std::vector<heard_letter> told;
    std::map<std::string, problem> trouble_of;  // receivers that do not take letters now
    std::set<std::string> lost;                 // receivers whose answers never come
    std::vector<page_letter> unanswered;
    int refused_letters = 0;
};

inline problem down() { return {failure::unreachable, "connection refused", {}}; }

}  // namespace halfmast::test
