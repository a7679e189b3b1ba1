#include "connectors/rest/table.hpp"

#include <algorithm>

#include "daemon/text/closest.hpp"

namespace halfmast::rest {

namespace {

std::string_view in_words(const document_node& node)
{
    switch (node.value.index()) {
    case 0: return "a date or time";
    case 1: return "true or false";
    case 2:
    case 3: return "a number";
    case 4: return "text";
    case 5: return "a list";
    default: return "a table";
    }
}

}  // namespace

table::table(const document_node& node, std::string where, const fault_sink& sink, int& faults)
    : node_(&node),
      entries_(node.as<document_node::table>()),
      where_(std::move(where)),
      sink_(&sink),
      faults_(&faults)
{
}

const document_node* table::find(std::string_view key)
{
    know(key);
    auto found = std::ranges::find(*entries_, key, &document_entry::key);
    return found == entries_->end() ? nullptr : &found->value;
}

std::optional<std::string> table::text(std::string_view key)
{
    const auto* node = find(key);
    if (node == nullptr)
        return std::nullopt;
    const auto* value = node->as<std::string>();
    if (value == nullptr) {
        wrong_type(key, *node, "text");
        return std::nullopt;
    }
    if (value->empty()) {
        fault(node, std::string{key} + " is empty");
        return std::nullopt;
    }
    return *value;
}

std::optional<std::string> table::required_text(std::string_view key)
{
    if (find(key) == nullptr)
        missing(key, "");
    return text(key);
}

std::optional<bool> table::flag(std::string_view key)
{
    const auto* node = find(key);
    if (node == nullptr)
        return std::nullopt;
    if (const auto* value = node->as<bool>())
        return *value;
    wrong_type(key, *node, "true or false");
    return std::nullopt;
}

std::optional<int> table::whole(std::string_view key, int least, int most)
{
    const auto* node = find(key);
    if (node == nullptr)
        return std::nullopt;
    const auto* value = node->as<std::int64_t>();
    if (value == nullptr) {
        wrong_type(key, *node, "a whole number");
        return std::nullopt;
    }
    if (*value < least || *value > most) {
        fault(node, std::string{key} + " must lie between " + std::to_string(least) + " and " + std::to_string(most));
        return std::nullopt;
    }
    return static_cast<int>(*value);
}

std::optional<seconds> table::duration(std::string_view key)
{
    const auto* node = find(key);
    auto given = text(key);
    if (!given)
        return std::nullopt;
    auto length = parse_duration(*given);
    if (!length || *length > std::chrono::hours{24 * 3660}) {
        fault(node, std::string{key} + ": '" + *given + "' is not a duration; write it as 90s, 45m or 1h30m");
        return std::nullopt;
    }
    return std::chrono::ceil<seconds>(*length);
}

std::optional<pointer> table::at(std::string_view key)
{
    auto found = ats(key);
    if (found.size() > 1)
        fault(find(key), std::string{key} + " is one JSON pointer, not a list of them");
    return found.size() == 1 ? std::optional{found.front()} : std::nullopt;
}

std::vector<pointer> table::ats(std::string_view key)
{
    std::vector<pointer> all;
    const auto* node = find(key);
    if (node == nullptr)
        return all;
    auto one = [&](const document_node& at) {
        const auto* text = at.as<std::string>();
        auto parsed = text != nullptr ? pointer::parse(*text) : std::nullopt;
        if (text == nullptr)
            wrong_type(key, at, "a JSON pointer such as \"/data/id\"");
        else if (!parsed)
            fault(&at, std::string{key} + ": '" + *text + "' is no JSON pointer; it begins with '/', as in /data/id");
        else
            all.push_back(std::move(*parsed));
    };
    const auto* list = node->as<document_node::list>();
    if (list == nullptr)
        one(*node);
    else
        std::ranges::for_each(*list, one);
    return all;
}

std::vector<std::string> table::texts(std::string_view key)
{
    std::vector<std::string> all;
    const auto* node = find(key);
    if (node == nullptr)
        return all;
    const auto* list = node->as<document_node::list>();
    if (list == nullptr) {
        wrong_type(key, *node, "a list of texts");
        return all;
    }
    for (const auto& item : *list) {
        const auto* text = item.as<std::string>();
        if (text == nullptr || text->empty())
            wrong_type("each of " + std::string{key}, item, "text that is not empty");
        else
            all.push_back(*text);
    }
    return all;
}

std::optional<table> table::inner(std::string_view key)
{
    const auto* node = find(key);
    if (node == nullptr)
        return std::nullopt;
    if (node->as<document_node::table>() == nullptr) {
        wrong_type(key, *node, "a table");
        return std::nullopt;
    }
    auto name = where_.empty() ? "[" + std::string{key} + "]" : where_ + " " + std::string{key};
    return table{*node, std::move(name), *sink_, *faults_};
}

std::vector<table> table::each(std::string_view key)
{
    std::vector<table> all;
    const auto* node = find(key);
    if (node == nullptr)
        return all;
    const auto* list = node->as<document_node::list>();
    if (list == nullptr) {
        fault(node, std::string{key} + " may stand there several times: write [[" + std::string{key} + "]]");
        return all;
    }
    for (const auto& item : *list) {
        if (item.as<document_node::table>() == nullptr) {
            wrong_type("each of " + std::string{key}, item, "a table");
            continue;
        }
        auto number = list->size() > 1 ? " number " + std::to_string(all.size() + 1) : std::string{};
        all.push_back({item, (where_.empty() ? "" : where_ + " ") + "[[" + std::string{key} + "]]" + number, *sink_, *faults_});
    }
    return all;
}

std::optional<int> table::one_of(std::string_view key, std::initializer_list<named_value> known)
{
    const auto* node = find(key);
    auto given = text(key);
    if (!given)
        return std::nullopt;
    text::nearest search{*given};
    std::string all;
    for (const auto& one : known) {
        if (one.name == *given)
            return one.value;
        search.offer(one.name);
        all += (all.empty() ? "" : ", ") + std::string{one.name};
    }
    fault(node, std::string{key} + ": there is no '" + *given + "'." + search.question() + " Known: " + all);
    return std::nullopt;
}

void table::fault(const document_node* node, std::string text) { fault_at((node == nullptr ? node_ : node)->at, std::move(text)); }

void table::fault_at(document_place place, std::string text)
{
    ++*faults_;
    (*sink_)(place, where_.empty() ? std::move(text) : where_ + ": " + text);
}

void table::wrong_type(std::string_view key, const document_node& node, std::string_view wanted)
{
    fault(&node, std::string{key} + " must be " + std::string{wanted} + ", not " + std::string{in_words(node)});
}

void table::missing(std::string_view key, std::string_view why)
{
    know(key);
    fault(nullptr, std::string{key} + " is missing" + (why.empty() ? "" : ": ") + std::string{why});
}

void table::finish()
{
    for (const auto& entry : *entries_) {
        if (std::ranges::find(asked_, entry.key) != asked_.end())
            continue;
        text::nearest search{entry.key};
        std::vector<std::string> known = asked_;
        std::ranges::sort(known);
        known.erase(std::unique(known.begin(), known.end()), known.end());
        std::string all;
        for (const auto& one : known) {
            search.offer(one);
            all += (all.empty() ? "" : ", ") + one;
        }
        auto hint = search.question();
        fault_at(entry.at, "unknown key '" + entry.key + "'." + (hint.empty() ? " Known here: " + all + "." : hint));
    }
}

}  // namespace halfmast::rest
