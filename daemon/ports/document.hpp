// A TOML file that a connector reads beside the settings: plain values, each with its place, so that a connector can name every
// fault by line and column without knowing the parser. Made by room settings.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace halfmast {

struct document_place {
    unsigned line = 0;
    unsigned column = 0;
};

struct document_entry;

struct document_node {
    using list = std::vector<document_node>;
    using table = std::vector<document_entry>;  // sorted by key
    struct moment {};                           // a date or time of TOML's own; nobody needs its value

    std::variant<moment, bool, std::int64_t, double, std::string, list, table> value;
    document_place at;

    template <class T>
    [[nodiscard]] const T* as() const
    {
        return std::get_if<T>(&value);
    }
};

struct document_entry {
    std::string key;
    document_place at;
    document_node value;
};

struct document {
    std::string file;  // as faults name it
    document_node root;
};

}  // namespace halfmast
