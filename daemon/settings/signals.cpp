#include "daemon/settings/signals.hpp"

#include <algorithm>

#include "daemon/settings/paths.hpp"
#include "daemon/settings/secrets.hpp"
#include "daemon/settings/urls.hpp"
#include "daemon/settings/words.hpp"
#include "daemon/text/closest.hpp"

namespace halfmast::settings {

namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr bounds expire_bounds{minutes{5}, hours{24 * 30}};
constexpr bounds hush_bounds{milliseconds{0}, hours{24 * 7}};
constexpr bounds listen_bounds{seconds{5}, hours{1}};
constexpr bounds follow_bounds{seconds{5}, hours{24}};
constexpr bounds ahead_of_links{minutes{1}, hours{24 * 30}};
constexpr std::size_t least_hook_secret = 16;
constexpr std::int64_t most_hook_rate = 100'000;
constexpr std::int64_t most_hook_body = 1 << 20;

const std::vector<std::string>& hook_kinds()
{
    static const std::vector<std::string> all{"standard-webhooks", "pagerduty", "github", "slack", "alertmanager", "grafana"};
    return all;
}

bool is_hook_name(const std::string& text)
{
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

void unknown_word(table_reader& from, const char* key, const std::string& word, const std::vector<std::string>& known)
{
    text::nearest search{word};
    for (const auto& one : known)
        search.offer(one);
    from.fault(from.find(key), std::string{key} + ": '" + word + "' is none of " + in_words(known) + "." + search.question());
}

std::optional<severity> read_severity(table_reader& from, const char* key)
{
    auto word = from.text(key);
    if (!word)
        return std::nullopt;
    auto level = parse_severity(*word);
    if (!level)
        unknown_word(from, key, *word, {"minor", "major", "critical"});
    return level;
}

}  // namespace

void signal_list::read_rules(table_reader signals)
{
    if (signals.text("raise_at_most") == "never")
        rules_.raise_at_most.reset();
    else
        rules_.raise_at_most = read_severity(signals, "raise_at_most");
    if (auto length = signals.duration("expire", expire_bounds))
        rules_.expire = *length;
    if (auto length = signals.duration("hush", hush_bounds))
        rules_.hush = *length;
    if (auto url = signals.text("public_url")) {
        auto checked = check_base_url(*url, signals.flag("allow_http").value_or(false));
        if (checked)
            made_.public_url = *checked;
        else
            signals.fault(signals.find("public_url"), "public_url " + checked.error().detail);
    }
    signals.finish();
}

void signal_list::read_secrets(table_reader& hook, hook_settings& made)
{
    auto take = [&](const toml::node& node) {
        auto text = read_secret(hook, "secret", node, secrets_);
        if (text.empty())
            return;
        if (text.size() < least_hook_secret)
            hook.fault(&node, "secret is shorter than " + std::to_string(least_hook_secret)
                                  + " characters; make one with 'openssl rand -hex 32'");
        else if (made.kind == hook_kind::standard && !text.starts_with("whsec_"))
            hook.fault(
                &node,
                "secret is none of Standard Webhooks: 'whsec_' and base64. Make one with 'echo whsec_$(openssl rand -base64 32)'");
        else
            made.secrets.push_back(std::move(text));
    };
    const auto* node = hook.find("secret");
    if (node == nullptr)
        return hook.fault(nullptr, "secret is missing: whoever knows the address could raise a flag");
    if (const auto* list = node->as_array()) {  // while one is replaced by the next
        if (list->empty())
            hook.fault(node, "secret is an empty list");
        for (const auto& one : *list)
            take(one);
    } else {
        take(*node);
    }
}

void signal_list::read_hook(table_reader hook, std::size_t number)
{
    hook.rename("hook #" + std::to_string(number));
    hook_settings made;
    auto name = hook.required_text("name");
    if (name) {
        hook.rename("hook " + *name);
        if (!is_hook_name(*name) || *name == "acknowledge")
            hook.fault(hook.find("name"),
                       "name: '" + *name + "' is no name of a hook; small letters, digits, '-' and '_', and not 'acknowledge'");
        else if (!hooks_.insert(*name).second)
            hook.fault(hook.find("name"), "there is a hook of that name already");
        made.name = *name;
    }
    auto kind = hook.required_text("kind");
    if (kind) {
        auto known = std::ranges::find(hook_kinds(), *kind);
        if (known == hook_kinds().end())
            unknown_word(hook, "kind", *kind, hook_kinds());
        else
            made.kind = static_cast<hook_kind>(known - hook_kinds().begin());
    }
    read_secrets(hook, made);
    auto whole = [&](const char* key, std::int64_t most, auto& into) {
        auto value = hook.whole(key);
        if (value && (*value < 1 || *value > most))
            hook.fault(hook.find(key), std::string{key} + " is from 1 to " + std::to_string(most));
        else if (value)
            into = static_cast<std::remove_reference_t<decltype(into)>>(*value);
    };
    whole("most_a_minute", most_hook_rate, made.most_a_minute);
    whole("most_body", most_hook_body, made.most_body);
    made.acknowledges = hook.flag("acknowledges").value_or(false);
    if (made.acknowledges && made.kind != hook_kind::pagerduty && made.kind != hook_kind::slack)
        hook.fault(hook.find("acknowledges"), "acknowledges: only pagerduty and slack say that somebody has a page in hand");
    hook.finish();
    made_.hooks.push_back(std::move(made));
}

void signal_list::read_target(table_reader& from, std::string& playbook, std::optional<severity>& level, signal_wish* wish)
{
    if (auto name = from.required_text("playbook")) {
        playbook = *name;
        playbooks_.push_back({from, from.find("playbook"), *name});
    }
    level = read_severity(from, "severity");
    if (wish == nullptr)
        return;
    if (auto word = from.text("do")) {
        if (auto known = parse_signal_wish(*word))
            *wish = *known;
        else
            unknown_word(from, "do", *word, {"propose", "raise"});
    }
}

bool signal_list::check_texts(table_reader& rule, const char* key, const toml::node* node, const std::string& text)
{
    if (pointers_in(text))
        return true;
    rule.fault(node, std::string{key} + ": '" + text + "': a field of the payload stands in braces, such as {/data/title}");
    return false;
}

void signal_list::read_scope_texts(table_reader& rule, std::map<std::string, std::string>& over, bool fields)
{
    const auto* table = rule.table("scope");
    if (table == nullptr)
        return;
    for (const auto& [key, node] : *table) {
        const std::string label{key.str()};
        const auto* value = node.as_string();
        if (value == nullptr || value->get().empty())
            rule.wrong_type("scope." + label, node, "text");
        else if (!fields || check_texts(rule, "scope", &node, value->get()))
            over[label] = value->get();
    }
}

std::vector<field_match> signal_list::read_matches(table_reader& rule, const char* key)
{
    std::vector<field_match> all;
    const auto* table = rule.table(key);
    if (table == nullptr)
        return all;
    for (const auto& [pointer, node] : *table) {
        field_match one;
        one.pointer = std::string{pointer.str()};
        if (one.pointer.empty() || !is_json_pointer(one.pointer)) {
            rule.fault_at(pointer.source().begin,
                          std::string{key} + ": '" + one.pointer + "' is no JSON pointer, such as \"/data/severity\"");
            continue;
        }
        if (const auto* text = node.as_string())
            one.any_of.push_back(text->get());
        else if (const auto* list = node.as_array())
            for (const auto& item : *list) {
                if (const auto* text_of_item = item.as_string())
                    one.any_of.push_back(text_of_item->get());
                else
                    rule.wrong_type(std::string{key} + "." + one.pointer, item, "text");
            }
        else
            rule.wrong_type(std::string{key} + "." + one.pointer, node, "text, or a list of texts");
        all.push_back(std::move(one));
    }
    return all;
}

void signal_list::read_rule(table_reader rule, std::size_t number)
{
    rule.rename("signal #" + std::to_string(number));
    hook_rule made;
    if (auto name = rule.required_text("hook")) {
        made.hook = *name;
        if (!hooks_.contains(*name)) {
            text::nearest search{*name};
            for (const auto& one : hooks_)
                search.offer(one);
            rule.fault(rule.find("hook"), "hook: there is no hook '" + *name + "'." + search.question());
        }
    }
    read_target(rule, made.playbook, made.level, &made.wish);
    made.match = read_matches(rule, "match");
    made.ended = read_matches(rule, "ended");
    read_scope_texts(rule, made.over, true);
    auto text_of = [&](const char* key, std::string& into) {
        if (auto text = rule.text(key); text && check_texts(rule, key, rule.find(key), *text))
            into = *text;
    };
    text_of("what", made.what);
    text_of("key", made.key);
    text_of("link", made.link);
    for (const auto& [text, node] : rule.texts("evidence"))
        if (check_texts(rule, "evidence", node, text))
            made.evidence.push_back(text);
    rule.finish();
    made_.rules.push_back(std::move(made));
}

void signal_list::read_file(table_reader file, std::size_t number)
{
    file.rename("flag_file #" + std::to_string(number));
    flag_file made;
    if (auto path = file.required_text("path"))
        made.path = beside(file.file(), *path);
    read_target(file, made.playbook, made.level, &made.wish);
    read_scope_texts(file, made.over, false);
    file.finish();
    if (std::ranges::find(made_.files, made.path, &flag_file::path) != made_.files.end())
        file.fault(file.find("path"), "path: " + made.path + " is named twice");
    made_.files.push_back(std::move(made));
}

void signal_list::read_mentions(table_reader mentions)
{
    auto& made = made_.mentions;
    made.on = true;
    read_target(mentions, made.playbook, made.level, &made.wish);
    if (auto label = mentions.text("by"))
        made.by = *label;
    if (auto every = mentions.duration("every", listen_bounds))
        made.every = *every;
    auto number = [&](const char* key, double least, double most, double& into) {
        auto value = mentions.number(key);
        if (value && !(*value >= least && *value <= most))
            mentions.fault(mentions.find(key), std::string{key} + " is from " + std::to_string(static_cast<int>(least)) + " to "
                                                   + std::to_string(static_cast<int>(most)));
        else if (value)
            into = *value;
    };
    double least = made.rules.least;
    number("least", 1, 1e6, least);
    made.rules.least = static_cast<int>(least);
    number("times", 1, 1000, made.rules.times);
    number("sure", 0, 100, made.rules.sure);
    number("complaint_weight", 0, 100, made.rules.complaint_weight);
    mentions.finish();
}

void signal_list::add_complaints(std::vector<word_rule> words)
{
    complaints_.insert(complaints_.end(), std::make_move_iterator(words.begin()), std::make_move_iterator(words.end()));
}

void signal_list::read_dead_links(table_reader links)
{
    auto& made = made_.links;
    made.on = true;
    read_target(links, made.playbook, made.level, nullptr);
    if (auto every = links.duration("every", follow_bounds))
        made.every = *every;
    if (auto ahead = links.duration("ahead", ahead_of_links))
        made.ahead = *ahead;
    if (auto share = links.whole("share")) {
        if (*share < 1 || *share > 1000)
            links.fault(links.find("share"), "share is from 1 to 1000");
        else
            made.share = static_cast<int>(*share);
    }
    links.finish();
}

void signal_list::finish(settings& made)
{
    for (auto& one : playbooks_) {
        if (made.playbooks.contains(one.name))
            continue;
        text::nearest search{one.name};
        for (const auto& [name, book] : made.playbooks)
            search.offer(name);
        one.where.fault(one.node, "playbook: there is no playbook '" + one.name + "'." + search.question());
    }
    if (made_.mentions.on)
        made_.mentions.complaints = std::make_shared<const judgement>(
            std::map<post_class, mark_rules>{}, complaints_.empty() ? shipped_complaint_rules() : std::move(complaints_), false);
    made.signals = std::move(made_);
    made.proposals = rules_;
}

}  // namespace halfmast::settings
