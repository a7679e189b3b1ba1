#include "daemon/app/recover.hpp"

namespace halfmast::app {

judged_queues read_mirror(const policy& rules, store::mirror& mirror)
{
    judged_queues queues;
    auto read = mirror.load();
    if (!read)
        return queues;
    for (auto& [id, posts] : *read) {
        if (!rules.accounts.contains(id))
            continue;
        auto& queue = queues[id];
        queue.reserve(posts.size());
        for (auto& post : posts) {
            auto judged = rules.rules ? rules.rules->judge(*post) : verdict{};
            auto post_id = post->id;
            queue.emplace(std::move(post_id), seen_post{std::move(post), std::move(judged)});
        }
    }
    return queues;
}

void put_mirror(state& known, judged_queues queues)
{
    for (auto& [id, queue] : queues) {
        auto& where = known.accounts[id];
        where.queue = std::move(queue);
        for (auto& [remote, seen] : where.queue)
            seen.judged = as_judged(where, remote, std::move(seen.judged));
    }
}

}  // namespace halfmast::app
