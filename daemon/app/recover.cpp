#include "daemon/app/recover.hpp"

namespace halfmast::app {

void restore_mirror(state& known, const policy& rules, store::mirror& mirror)
{
    auto queues = mirror.load();
    if (!queues)
        return;
    for (auto& [id, posts] : *queues) {
        if (!rules.accounts.contains(id))
            continue;
        auto& where = known.accounts[id];
        for (auto& post : posts) {
            where.queue.emplace(post->id, seen_post{post, rules.rules ? rules.rules->judge(*post) : verdict{}});
        }
    }
}

}  // namespace halfmast::app
