#include "daemon/app/recover.hpp"

#include "daemon/store/codec.hpp"

namespace halfmast::app {

result<state> recover(store::sqlite_ledger& ledger)
{
    state known;
    auto read = ledger.replay([&](const store::stored_entry& entry) -> result<void> {
        auto record = store::decode(entry.payload);
        if (!record) {
            problem trouble = record.error();
            trouble.detail = "ledger record " + std::to_string(entry.seq) + " cannot be read: " + trouble.detail;
            return trouble;
        }
        apply(known, *record);
        return {};
    });
    if (!read)
        return read.error();
    return known;
}

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
