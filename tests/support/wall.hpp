// The public side of one platform in memory, as the dispatcher asks it: posts by key, edits, threads, and pins of which the one
// pinned last comes first. Remembers when something of ours became public or changed.
#pragma once

#include <algorithm>
#include <ranges>
#include <string>
#include <vector>

#include "tests/support/desk.hpp"

namespace halfmast::test {

struct wall {
    struct shown {
        post_id id;
        std::string text;
        std::string key;
        post_id answers;
        std::string made_for{};  // "c-1/2/" for an edition, "c-1/0/r-1" for a reply; of posts that a call made
    };

    std::vector<shown> posts;
    std::vector<post_id> pinned;
    std::size_t most_pins = 0;     // 0: no limit
    std::vector<time_point> acts;  // when something of ours became public, or changed
    int made = 0;

    [[nodiscard]] const shown* find(const post_id& id) const
    {
        auto found = std::ranges::find(posts, id, &shown::id);
        return found == posts.end() ? nullptr : &*found;
    }
    [[nodiscard]] long copies(const std::string& key) const { return std::ranges::count(posts, key, &shown::key); }
    // Whatever keys the calls had: how often one edition, or one reply, became a post.
    [[nodiscard]] long posts_for(const std::string& what) const { return std::ranges::count(posts, what, &shown::made_for); }

    outcome carry(const act& what, time_point now)
    {
        return std::visit([&](const auto& call) { return do_it(call, now); }, what);
    }

private:
    template <class Call>
    outcome do_it(const Call&, time_point)
    {
        return trouble(failure::unsupported);
    }
    outcome do_it(const publish_summary& call, time_point now)
    {
        auto found = std::ranges::find(posts, call.key, &shown::key);
        if (call.look_first && found != posts.end())
            return receipt(*found);
        if (call.look_only)
            return trouble(failure::not_found);
        if (!call.in_reply_to.empty() && call.reply.empty() && find(call.in_reply_to) == nullptr)
            return trouble(failure::not_found);
        auto made_for = call.crisis.value + "/" + std::to_string(call.edition) + "/" + call.reply;
        posts.push_back({post_id{"p" + std::to_string(++made)}, call.words.text, call.key, call.in_reply_to, made_for});
        acts.push_back(now);
        return receipt(posts.back());
    }
    outcome do_it(const edit_summary& call, time_point now)
    {
        auto found = std::ranges::find(posts, call.remote, &shown::id);
        if (found == posts.end())
            return trouble(failure::not_found);
        if (found->text != call.words.text)
            acts.push_back(now);
        found->text = call.words.text;
        return receipt(*found);
    }
    outcome do_it(const read_pins&, time_point) { return now_pinned(); }
    outcome do_it(const pin_summary& call, time_point)
    {
        for (const auto& id : call.displaced)
            std::erase(pinned, id);
        if (!put_up(call.remote))
            return trouble(failure::rejected);
        return now_pinned();
    }
    outcome do_it(const unpin_summary& call, time_point)
    {
        std::erase(pinned, call.remote);
        for (const auto& id : call.also_down)
            std::erase(pinned, id);
        if (call.anew)
            for (const auto& id : call.restore)
                std::erase(pinned, id);
        for (const auto& id : std::views::reverse(call.restore))
            if (!put_up(id))
                return trouble(failure::rejected);
        return now_pinned();
    }
    bool put_up(const post_id& id)
    {
        if (std::ranges::find(pinned, id) != pinned.end())
            return true;
        if (most_pins > 0 && pinned.size() >= most_pins)
            return false;
        pinned.insert(pinned.begin(), id);
        return true;
    }
    static outcome receipt(const shown& one)
    {
        outcome done;
        done.remote = one.id;
        done.url = "https://blog.example/" + one.id.value;
        return done;
    }
    outcome now_pinned()
    {
        outcome done;
        done.pins = pinned;
        return done;
    }
};

// What people say at the desk, in words a story reads by.
struct sayer {
    desk& here;

    void say(edition_kind kind, const std::string& text, bool at_once = true, const std::string& by = "ann",
             milliseconds ahead = std::chrono::minutes{45})
    {
        statement_asked what;
        what.crisis = crisis_id{"c-1"};
        what.by = actor_id{by};
        what.kind = kind;
        what.about = text;
        if (kind != edition_kind::all_clear)
            what.next_update_by = here.now + ahead;
        what.now = at_once;
        for (const auto& [id, declared] : here.rules.accounts)
            what.words[id] = {"en", text, static_cast<std::uint32_t>(text.size())};
        here.happen(what);
    }
    void update(const std::string& text, bool at_once = true) { say(edition_kind::update, text, at_once); }
    void correct(const std::string& text, bool at_once = true) { say(edition_kind::correction, text, at_once); }
    void undo(const std::string& by = "ann") { here.happen(statement_undone{crisis_id{"c-1"}, actor_id{by}, "a slip"}); }
    void approve(const std::string& by) { here.happen(summary_approved{crisis_id{"c-1"}, actor_id{by}}); }

    // Answers every open call by the wall, and offers more, until nothing is left to do.
    void settle(wall& there, const std::string& id = "blog")
    {
        for (int turn = 0; turn < 50; ++turn) {
            here.offer(10, id);
            if (here.open.empty())
                return;
            while (!here.open.empty())
                answer_first(there);
        }
    }

    // Answers the open call that was asked first by the wall.
    void answer_first(wall& there)
    {
        auto done = here.open.front();
        here.open.pop_front();
        here.happen(action_finished{done.id, done.account, done.what, there.carry(done.what, here.now)});
    }

    // Minute by minute, with a look at the queue and an answer to every call in each.
    void pass(wall& there, milliseconds length)
    {
        for (auto end = here.now + length; here.now < end;) {
            here.later(std::chrono::minutes{1});
            here.happen(clock_ticked{});
            here.sees({});
            settle(there);
        }
    }
};

}  // namespace halfmast::test
