// The texts of a [[playbook]]: how they are read, and what is wrong with them by themselves or for the accounts there are.
// Internal to this room.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "daemon/settings/settings.hpp"
#include "daemon/settings/table.hpp"

namespace halfmast::settings {

// Where the texts of one playbook stand, for what is found later.
struct wording_places {
    std::string file;
    toml::source_position book;
    std::map<edition_kind, toml::source_position> kinds;
    std::map<std::pair<edition_kind, std::string>, toml::source_position> texts;  // of a language; of the last form it has
};

inline constexpr edition_kind all_edition_kinds[] = {edition_kind::summary, edition_kind::update, edition_kind::correction,
                                                     edition_kind::all_clear};

// `summary.en = "..."` or `summary.en = { long = "...", short = "..." }`, and the same for the other kinds.
void read_wordings(table_reader& book, playbook& made, wording_places& places);

// `languages` and `contact.en`; after the texts.
void read_languages(table_reader& book, playbook& made);
void read_contact(table_reader& book, playbook& made);

// What one text needs of the others and of the playbook.
void check_wordings(table_reader& book, const playbook& made, const wording_places& places);

// What could not be said to the accounts there are.
void check_accounts(const std::map<std::string, playbook>& books, const std::map<std::string, wording_places>& places,
                    const std::vector<account_entry>& accounts, fault_list& faults);

}  // namespace halfmast::settings
