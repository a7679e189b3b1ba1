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

}  // namespace

void read_words(table_reader file, std::vector<word_rule>& rules)
{
    std::string language = "any";
    if (auto tag = file.required_text("language")) {
        if (auto known = text::language_tag(*tag))
            language = *known;
        else
            file.fault(file.find("language"), "language: '" + *tag + "' is not a language tag; write it as en, hu or zh-Hans");
    }
    for (auto kind : {post_class::promotional, post_class::essential, post_class::neutral}) {
        const std::string name{to_string(kind)};
        for (const auto* table : file.tables(name))
            read_group(file.inside(*table, name), "words." + language + "." + name, kind, rules);
    }
    file.finish();
}

const std::vector<word_rule>& shipped_rules()
{
    static const std::vector<word_rule> rules = [] {
        std::vector<word_rule> all;
        fault_list faults;
        for (const auto& [name, text] : shipped_words()) {
            const std::string file{name};
            auto parsed = toml::parse(text, std::string_view{file});
            assert(parsed && "a shipped file of words does not parse");
            if (parsed)
                read_words({parsed.table(), file, "", faults}, all);
        }
        assert(faults.errors() == 0 && "a shipped file of words has faults");
        return all;
    }();
    return rules;
}

}  // namespace halfmast::settings
