// One TOML table as the loader reads it: each read names a key, notes what is wrong with its value, and makes the key known.
// What was never asked for is an unknown key. Internal to this room.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/time.hpp"
#include "daemon/settings/faults.hpp"

namespace halfmast::settings {

struct bounds {
    milliseconds least;
    milliseconds most;
};

class table_reader {
public:
    // `where` stands before every text: "account acme-blog". `table` and `file` outlive the reader.
    table_reader(const toml::table& table, const std::string& file, std::string where, fault_list& faults);

    // Makes the key known; null when it is not there.
    const toml::node* find(std::string_view key);

    // Each gives nothing when the key is not there, or when its value is wrong and a fault says so.
    std::optional<std::string> text(std::string_view key);           // not empty
    std::optional<std::string> required_text(std::string_view key);  // its absence is a fault too
    std::optional<bool> flag(std::string_view key);
    std::optional<std::int64_t> whole(std::string_view key);
    std::optional<double> number(std::string_view key);
    std::optional<milliseconds> duration(std::string_view key, bounds allowed);
    const toml::table* table(std::string_view key);
    const toml::array* list(std::string_view key, std::string_view of_what);

    // The texts of a list, each with its node for faults of its own.
    struct item {
        std::string text;
        const toml::node* node;
    };
    std::vector<item> texts(std::string_view key);

    // The tables of [[key]].
    std::vector<const toml::table*> tables(std::string_view key);

    // At the value, or at the table's own place when `node` is null.
    void fault(const toml::node* node, std::string text, weight how = weight::error);
    void fault_at(toml::source_position at, std::string text, weight how = weight::error);

    // "must be text, not a list"
    void wrong_type(std::string_view key, const toml::node& node, std::string_view wanted);

    // Every key that nobody asked for is a fault.
    void finish();

    // A reader of a table in this one; its texts name both.
    [[nodiscard]] table_reader inside(const toml::table& inner, const std::string& key) const;

    void rename(std::string where) { where_ = std::move(where); }
    [[nodiscard]] const std::string& file() const { return *file_; }
    [[nodiscard]] fault_list& faults() const { return *faults_; }
    [[nodiscard]] const toml::table& raw() const { return *table_; }

private:
    const toml::table* table_;
    const std::string* file_;
    std::string where_;
    fault_list* faults_;
    std::vector<std::string> asked_;
};

// "a list", "text": for messages.
std::string_view type_in_words(const toml::node& node);

// "a, b, c"
std::string in_words(const std::vector<std::string>& names);

}  // namespace halfmast::settings
