// The calls of a description as they are read: URL, query, body, paging. Internal to this room.
#pragma once

#include <string>
#include <vector>

#include "connectors/rest/table.hpp"

namespace halfmast::rest {

// What a call must do with a placeholder: "an answer for the wrong post" is found at load, not in a crisis.
struct call_rules {
    vocabulary words;
    const time_form* write;
    std::vector<std::string> needs;  // each entry: names of which one has to be used, joined by '|'
    bool changes = false;            // POST unless said otherwise, and never GET
    bool list = false;               // has `items` instead of `item`
};

// Reads the keys of a call out of `from` (method, url, query, body, form, items or item, answers).
call read_call(table& from, const call_rules& rules);

// The same, with paging. `feed` knows {since}.
listing read_listing(table& from, call_rules rules, bool feed);

// A text with placeholders at `key`.
std::optional<text_template> read_template(table& from, std::string_view key, const call_rules& rules);

}  // namespace halfmast::rest
