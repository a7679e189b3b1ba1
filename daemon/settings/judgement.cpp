#include "daemon/settings/judgement.hpp"

#include <algorithm>
#include <utility>

#include "daemon/text/text.hpp"

namespace halfmast::settings {

namespace {

// Which class a mark was given to first: the same mark in two classes is decided by the order of the classes.
using first_given = std::map<std::pair<std::string, std::string>, post_class>;

std::vector<std::string> read_patterns(table_reader& rules, const char* key, post_class kind, first_given& given)
{
    std::vector<std::string> patterns;
    for (const auto& [text, node] : rules.texts(key)) {
        auto pattern = text::fold(text.starts_with('#') ? text.substr(1) : text);
        if (pattern.empty() || std::ranges::count(pattern, '*') > 1) {
            rules.fault(node, std::string{key} + ": '" + text + "': a mark with at most one '*' is needed, such as \"campaign:*\"");
            continue;
        }
        auto [first, is_new] = given.emplace(std::pair{std::string{key}, pattern}, kind);
        if (!is_new && first->second != kind)
            rules.fault(
                node, std::string{key} + ": '" + text + "' is " + std::string{to_string(first->second)} + " already, and that wins",
                weight::warning);
        patterns.push_back(std::move(pattern));
    }
    return patterns;
}

}  // namespace

void read_marks(table_reader& judgement, settings& made)
{
    first_given given;
    for (auto kind : {post_class::promotional, post_class::essential, post_class::neutral}) {
        const std::string name{to_string(kind)};
        const auto* table = judgement.table(name);
        if (table == nullptr)
            continue;
        auto rules = judgement.inside(*table, name);
        auto& marks = made.marks[kind];
        marks.tags = read_patterns(rules, "tags", kind, given);
        marks.categories = read_patterns(rules, "categories", kind, given);
        marks.labels = read_patterns(rules, "labels", kind, given);
        rules.finish();
    }
    made.campaign_links = judgement.flag("campaign_links").value_or(made.campaign_links);
}

}  // namespace halfmast::settings
