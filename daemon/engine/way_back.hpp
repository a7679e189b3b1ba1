// The state as it was before some requests were decided, to go back to when the ledger refuses them. A hundred thousand posts are not
// copied for one that is let go: only what such requests can change. It decides nothing.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "daemon/core/event.hpp"
#include "daemon/core/state.hpp"

namespace halfmast::engine {

class way_back {
public:
    // `asked` are about to be decided on `known`, one after the other, and nothing else. Leaves it as it is.
    way_back(state& known, const std::vector<const event*>& asked);

    // Takes back all that they changed. Once.
    void go(state& known) &&;

private:
    template <class Map>
    using entries_of = std::map<post_id, std::optional<typename Map::mapped_type>>;

    struct part {                 // of one account
        account_state small;      // without what has an entry for each post
        std::set<post_id> names;  // the posts that they reach: people's names of them, and the platform's
        entries_of<decltype(account_state::queue)> queue;
        entries_of<decltype(account_state::holds)> holds;
        entries_of<decltype(account_state::came_from)> came_from;
        std::array<std::vector<by_due>, 9> work;
        std::array<std::vector<post_id>, 3> seen;
    };

    static void keep(part& kept, account_state& where);
    static void put_back(account_state& where, part& kept);

    state kept_;                        // whole, or without its accounts
    bool whole_ = false;                // they reach every post
    std::map<account_id, part> parts_;  // else the accounts that they reach
    std::vector<account_id> unknown_;   // of those: not there before
};

}  // namespace halfmast::engine
