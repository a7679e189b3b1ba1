// A platform in memory that answers the core's calls at once: posts are queued, parked, published or absent.
#pragma once

#include <map>
#include <string>

#include "tests/support/desk.hpp"

namespace halfmast::test {

struct site {
    struct entry {
        post_ptr post;
        whereabouts where = whereabouts::queued;
    };

    std::map<std::string, entry> posts;
    std::vector<post_id> pinned;
    std::vector<publication> feed;
    int summaries = 0;  // published
    int made = 0;

    void schedule(const post_ptr& post) { posts[post->id.value] = {post, whereabouts::queued}; }

    void move(const std::string& id, time_point due)
    {
        auto post = std::make_shared<scheduled_post>(*posts.at(id).post);
        post->due = due;
        posts.at(id) = {post, whereabouts::queued};
    }

    [[nodiscard]] std::vector<post_ptr> queue() const
    {
        std::vector<post_ptr> all;
        for (const auto& [id, one] : posts)
            if (one.where == whereabouts::queued)
                all.push_back(one.post);
        return all;
    }

    // What is due goes out.
    void pass(time_point now)
    {
        for (auto& [id, one] : posts)
            if (one.where == whereabouts::queued && one.post->due <= now) {
                one.where = whereabouts::published;
                feed.push_back({post_id{id}, one.post->due, one.post->text, one.post->folded, {}, ""});
            }
    }

    outcome carry(const act& what)
    {
        return std::visit([&](const auto& call) { return do_it(call); }, what);
    }

private:
    outcome do_it(const save_post&)
    {
        outcome done;
        done.saved.push_back({"post.json", "aa", nullptr});
        return done;
    }
    outcome do_it(const hold_post& call)
    {
        auto found = posts.find(call.remote.value);
        if (found == posts.end() || found->second.where == whereabouts::published || found->second.where == whereabouts::absent)
            return trouble(failure::not_found);
        if (call.by == rung::postpone)
            move(call.remote.value, call.until);
        else
            found->second.where = call.by == rung::takeout ? whereabouts::absent : whereabouts::parked;
        outcome done;
        done.remote = call.by == rung::takeout ? post_id{} : call.remote;
        return done;
    }
    outcome do_it(const read_posts& call)
    {
        outcome done;
        for (const auto& wanted : call.wanted) {
            auto found = posts.find(wanted.remote.value);
            post_reading seen;
            seen.post = wanted.post;
            if (found != posts.end()) {
                seen.where = found->second.where;
                seen.due = found->second.post->due;
            }
            done.readings.push_back(seen);
        }
        return done;
    }
    outcome do_it(const release_post& call)
    {
        outcome done;
        done.remote = call.remote.empty() ? post_id{"made" + std::to_string(++made)} : call.remote;
        if (call.remote.empty()) {
            auto post = std::make_shared<scheduled_post>(*call.snapshot);
            post->id = done.remote;
            posts[done.remote.value] = {post, whereabouts::queued};
        } else if (!posts.contains(call.remote.value)) {
            return trouble(failure::not_found);
        }
        move(done.remote.value, call.at);
        return done;
    }
    outcome do_it(const publish_summary& call)
    {
        outcome done;
        done.remote = post_id{"summary-" + call.crisis.value};
        if (call.look_only && summaries == 0)
            return trouble(failure::not_found);
        ++summaries;
        return done;
    }
    outcome do_it(const edit_summary& call)
    {
        outcome done;
        done.remote = call.remote;
        return done;
    }
    outcome do_it(const read_pins&) { return now_pinned(); }
    outcome do_it(const pin_summary& call)
    {
        for (const auto& id : call.displaced)
            std::erase(pinned, id);
        if (std::ranges::find(pinned, call.remote) == pinned.end())
            pinned.insert(pinned.begin(), call.remote);
        return now_pinned();
    }
    outcome do_it(const unpin_summary& call)
    {
        std::erase(pinned, call.remote);
        for (const auto& id : call.restore)
            if (std::ranges::find(pinned, id) == pinned.end())
                pinned.push_back(id);
        return now_pinned();
    }
    outcome now_pinned()
    {
        outcome done;
        done.pins = pinned;
        return done;
    }
};

}  // namespace halfmast::test
