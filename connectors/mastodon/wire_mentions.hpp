// Mentions as values: what is asked, what is answered, and the mark between two looks. Pure. Part of wire.hpp's promises.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/mastodon/wire.hpp"

namespace halfmast::mastodon::wire {

// One notification. What is no public mention by somebody else has an id and nothing said.
struct notice {
    std::string id;
    std::optional<mention> said;
};

// Where the last look ended: ids of the newest notifications, oldest first; the first is where the next one begins. A server gives ids
// in one order and shows them in another when two come at once, so the newest are looked at again and known by name.
struct mention_mark {
    static constexpr std::size_t looked_at_again = 10;

    std::vector<std::string> ids;

    [[nodiscard]] bool knows(std::string_view id) const;
    // Of a page, oldest first.
    void take(const std::vector<notice>& page);
    void forget();  // all but the newest
    [[nodiscard]] std::string text() const;
};

// As text() wrote it; nothing when it is no such text.
std::optional<mention_mark> read_mark(std::string_view written);

// The newest ones; with an id, the ones just above it.
http_request mentions_page(const settings& own, std::string_view above);

// Oldest first. `account`: our own id there, for what it says itself is no mention.
result<std::vector<notice>> read_mentions(const settings& own, std::string_view account, const http_response& reply,
                                          time_point now);

}  // namespace halfmast::mastodon::wire
