// Files of word rules: config/words/*.toml and what a house writes beside them. Internal to this room.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "daemon/settings/table.hpp"

namespace halfmast::settings {

// Adds the rules of one parsed file, folded.
void read_words(table_reader file, std::vector<word_rule>& rules);

// The same of complaint words: what people write when something is wrong. They judge no post.
void read_complaints(table_reader file, std::vector<word_rule>& rules);

// The files of config/words as they were when this was built, so that a bare binary judges well.
struct shipped_file {
    std::string_view name;
    std::string_view text;
};
std::span<const shipped_file> shipped_words();

// And those of config/complaints.
std::span<const shipped_file> shipped_complaints();

// Their rules, parsed once.
const std::vector<word_rule>& shipped_rules();
const std::vector<word_rule>& shipped_complaint_rules();

}  // namespace halfmast::settings
