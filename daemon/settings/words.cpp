#include "daemon/settings/words.hpp"

#include <cassert>

#include "daemon/text/text.hpp"

namespace halfmast::settings {

namespace {

constexpr double most_weight = 10;

// People and programs write don't with either apostrophe; a phrase means both.
void add_rule(std::vector<word_rule>& rules, word_rule rule)
{
    auto curly = rule;
    for (auto at = curly.phrase.find('\''); at != std::string::npos; at = curly.phrase.find('\'', at))
        curly.phrase.replace(at, 1, "\u2019");
    if (curly.phrase != rule.phrase)
        rules.push_back(std::move(curly));
    rules.push_back(std::move(rule));
}

void read_group(table_reader group, const std::string& prefix, post_class kind, std::vector<word_rule>& rules)
{
    auto weight = group.number("weight").value_or(1.0);
    if (!(weight > 0 && weight <= most_weight)) {
        group.fault(group.find("weight"), "weight must be more than 0 and at most 10");
        weight = 1.0;
    }
    auto name = prefix;
    if (auto own = group.text("name"))
        name += "." + *own;
    if (group.find("phrases") == nullptr)
        group.fault(nullptr, "phrases is missing");
    for (const auto& [phrase, node] : group.texts("phrases")) {
        word_rule rule{text::fold(phrase), kind, weight, name, false};
        if (rule.phrase.ends_with('*')) {
            rule.stem = true;
            rule.phrase.pop_back();
        }
        if (rule.phrase.empty() || rule.phrase.find('*') != std::string::npos)
            group.fault(node, "phrases: '" + phrase + "': one '*' may stand at the end, behind the beginning of a word");
        else
            add_rule(rules, std::move(rule));
    }
    group.finish();
}

std::string language_of(table_reader& file)
{
    auto tag = file.required_text("language");
    if (!tag)
        return "any";
    if (auto known = text::language_tag(*tag))
        return *known;
    file.fault(file.find("language"), "language: '" + *tag + "' is not a language tag; write it as en, hu or zh-Hans");
    return "any";
}

// What is in the binary has no faults.
std::vector<word_rule> read_shipped(std::span<const shipped_file> files, void (*read)(table_reader, std::vector<word_rule>&))
{
    std::vector<word_rule> all;
    fault_list faults;
    for (const auto& [name, text] : files) {
        const std::string file{name};
        auto parsed = toml::parse(text, std::string_view{file});
        assert(parsed && "a shipped file of words does not parse");
        if (parsed)
            read({parsed.table(), file, "", faults}, all);
    }
    assert(faults.errors() == 0 && "a shipped file of words has faults");
    return all;
}

}  // namespace

void read_words(table_reader file, std::vector<word_rule>& rules)
{
    auto language = language_of(file);
    for (auto kind : {post_class::promotional, post_class::essential, post_class::neutral}) {
        const std::string name{to_string(kind)};
        for (const auto* table : file.tables(name))
            read_group(file.inside(*table, name), "words." + language + "." + name, kind, rules);
    }
    file.finish();
}

void read_complaints(table_reader file, std::vector<word_rule>& rules)
{
    auto language = language_of(file);
    for (const auto* table : file.tables("complaint"))
        read_group(file.inside(*table, "complaint"), "complaints." + language, post_class::promotional, rules);
    file.finish();
}

const std::vector<word_rule>& shipped_rules()
{
    static const auto rules = read_shipped(shipped_words(), read_words);
    return rules;
}

const std::vector<word_rule>& shipped_complaint_rules()
{
    static const auto rules = read_shipped(shipped_complaints(), read_complaints);
    return rules;
}

}  // namespace halfmast::settings
