// The lines that go to the program and come from it. Pure: no process, no clock. Every read_ function takes any bytes and never
// throws. The protocol is in README.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "connectors/exec/settings.hpp"
#include "daemon/core/action.hpp"
#include "daemon/core/post.hpp"
#include "daemon/ports/platform.hpp"
#include "daemon/ports/result.hpp"

namespace halfmast::exec::wire {

inline constexpr std::size_t most_line = 4u << 20;  // bytes

// One line of the program: an answer to the request of that number.
struct answer {
    std::uint64_t id = 0;
    nlohmann::json given;            // "result"
    std::optional<problem> trouble;  // "problem"

    answer() {}
};

template <class T>
struct page {
    std::vector<T> items;
    std::string next;  // cursor; empty: the last one

    page() {}
};

// What the program says it can do.
struct offer {
    int protocol = 0;
    std::string name;
    std::vector<rung> rungs;
    bool publishes = false;
    bool edits = false;
    bool replies = false;
    bool pins = false;
    bool feed = false;
    bool mentions = false;
    bool release_text = false;

    offer() {}
};

// What is asked. Each gives the members beside "id" and "verb" -------------------------------------------------------------

nlohmann::json hello(const settings&);
nlohmann::json from_cursor(const std::string& cursor);
nlohmann::json since(time_point from, const std::string& cursor);
nlohmann::json hold(const hold_post&);
nlohmann::json read(const read_posts&);
nlohmann::json release(const release_post&, time_point now);
nlohmann::json publish(const publish_summary&);
nlohmann::json edit(const edit_summary&);
nlohmann::json about(const post_id&);

// One line with its end.
std::string line_of(std::uint64_t id, std::string_view verb, nlohmann::json members);

// What an answer means -----------------------------------------------------------------------------------------------------

// Nothing when it is no answer at all: whoever says such a thing is not to be trusted with the next one.
std::optional<answer> read_line(const settings&, std::string_view line);

result<offer> read_offer(const settings&, const nlohmann::json&);
result<page<scheduled_post>> read_list(const settings&, const nlohmann::json&);
result<std::vector<post_reading>> read_readings(const settings&, const read_posts& asked, const nlohmann::json&);
// The text of the one post that was asked about; nothing when the program does not say it.
std::optional<std::string> read_text(const post_id& asked, const nlohmann::json&);
result<receipt> read_receipt(const settings&, std::string_view doing, const nlohmann::json&);
result<std::vector<post_id>> read_pins(const settings&, const nlohmann::json&);
result<page<publication>> read_feed(const settings&, const nlohmann::json&);
result<mention_look> read_mentions(const settings&, const nlohmann::json&);
std::vector<check_line> read_checks(const nlohmann::json&);

// Empty when the program offers what the settings promise.
std::string missing_in(const offer&, const settings&);

// Text of the program for people: without the secret, control characters and overlong parts.
std::string shown(const settings&, std::string_view text, std::size_t most = 400);

problem trouble(const settings&, failure kind, std::string_view doing, std::string_view why);

}  // namespace halfmast::exec::wire
