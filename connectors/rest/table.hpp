// One table of a description as it is read: a fault for every value that is wrong and for every key that nobody asked for.
// Internal to this room.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/rest/description.hpp"

namespace halfmast::rest {

struct named_value {
    std::string_view name;
    int value;
};

class table {
public:
    // `where` names it in texts: "[read]", "[[hold]] number 2". The node is a table.
    table(const document_node& node, std::string where, const fault_sink& sink, int& faults);

    const document_node* find(std::string_view key);

    // Each gives nothing when the key is not there, or when a fault says what is wrong with it.
    std::optional<std::string> text(std::string_view key);
    std::optional<std::string> required_text(std::string_view key);
    std::optional<bool> flag(std::string_view key);
    std::optional<int> whole(std::string_view key, int least, int most);
    std::optional<seconds> duration(std::string_view key);
    std::optional<pointer> at(std::string_view key);
    std::vector<pointer> ats(std::string_view key);  // one, or a list
    std::vector<std::string> texts(std::string_view key);
    std::optional<table> inner(std::string_view key);
    std::vector<table> each(std::string_view key);  // [[key]]
    std::optional<int> one_of(std::string_view key, std::initializer_list<named_value> known);

    void fault(const document_node* node, std::string text);  // at the table itself when null
    void fault_at(document_place place, std::string text);
    void wrong_type(std::string_view key, const document_node& node, std::string_view wanted);
    void missing(std::string_view key, std::string_view why);
    void finish();

    [[nodiscard]] const document_node::table& entries() const { return *entries_; }
    [[nodiscard]] const document_node& node() const { return *node_; }
    [[nodiscard]] const std::string& where() const { return where_; }
    [[nodiscard]] const fault_sink& sink() const { return *sink_; }
    void know(std::string_view key) { asked_.emplace_back(key); }

private:
    const document_node* node_;
    const document_node::table* entries_;
    std::string where_;
    const fault_sink* sink_;
    int* faults_;
    std::vector<std::string> asked_;
};

}  // namespace halfmast::rest
