#include "connectors/rest/calls.hpp"

#include <algorithm>

namespace halfmast::rest {

namespace {

using nlohmann::json;

std::optional<text_template> compile(table& from, const document_node& node, const std::string& text, std::string_view key,
                                     const call_rules& rules)
{
    std::string why;
    auto made = text_template::parse(text, rules.words, *rules.write, why);
    if (!made)
        from.fault(&node, std::string{key} + ": " + why);
    return made;
}

// Texts, numbers and truth values; what a query or a form can hold.
std::vector<std::pair<std::string, text_template>> pairs_of(table& from, std::string_view key, const call_rules& rules)
{
    std::vector<std::pair<std::string, text_template>> all;
    auto inner = from.inner(key);
    if (!inner)
        return all;
    for (const auto& [name, at, node] : inner->entries()) {
        inner->know(name);
        std::string text;
        if (const auto* given = node.as<std::string>())
            text = *given;
        else if (const auto* count = node.as<std::int64_t>())
            text = std::to_string(*count);
        else if (const auto* flag = node.as<bool>())
            text = *flag ? "true" : "false";
        else {
            inner->wrong_type(name, node, "text, a number, true or false");
            continue;
        }
        if (auto made = compile(*inner, node, text, name, rules))
            all.emplace_back(name, std::move(*made));
    }
    return all;
}

json_template json_of(table& from, const document_node& node, const std::string& key, const call_rules& rules)
{
    if (const auto* text = node.as<std::string>()) {
        auto made = compile(from, node, *text, key, rules);
        return made ? json_template{std::move(*made)} : json_template{json(nullptr)};
    }
    if (const auto* count = node.as<std::int64_t>())
        return {json(*count)};
    if (const auto* number = node.as<double>())
        return {json(*number)};
    if (const auto* flag = node.as<bool>())
        return {json(*flag)};
    if (const auto* items = node.as<document_node::list>()) {
        json_template::list made;
        for (const auto& item : *items)
            made.push_back(json_of(from, item, key, rules));
        return {std::move(made)};
    }
    if (const auto* members = node.as<document_node::table>()) {
        json_template::object made;
        for (const auto& [name, at, value] : *members)
            made.push_back({name, json_of(from, value, key + "." + name, rules)});
        return {std::move(made)};
    }
    from.fault(&node, key + ": a date of TOML's own has no place in JSON; write it as text");
    return {json(nullptr)};
}

void read_path(table& from, call& made, const call_rules& rules)
{
    const auto* node = from.find("url");
    auto text = from.required_text("url");
    if (!text)
        return;
    auto path = compile(from, *node, *text, "url", rules);
    if (!path)
        return;
    auto fixed = path->literals();
    if (text->front() != '/')
        from.fault(node, "url begins with '/': it lies below the account's own url, so that the credential goes nowhere else");
    else if (fixed.find_first_of("?#") != std::string::npos)
        from.fault(node, "url has a query; write it as query = { ... }, where every value is encoded");
    else if (fixed.find("..") != std::string::npos || fixed.starts_with("//")
             || std::ranges::any_of(fixed, [](unsigned char c) { return c <= 0x20 || c == 0x7F; }))
        from.fault(node, "url has '..', '//' at its beginning, or a blank");
    made.path = std::move(*path);
}

bool uses(const call& made, std::string_view name)
{
    auto pair_uses = [&](const auto& one) { return one.second.uses(name); };
    return made.path.uses(name) || std::ranges::any_of(made.query, pair_uses) || std::ranges::any_of(made.form, pair_uses)
           || (made.body && made.body->uses(name));
}

// "id|ids": one of them.
void check_needs(table& from, const call& made, const call_rules& rules)
{
    for (const auto& need : rules.needs) {
        bool found = false;
        std::string names;
        for (std::size_t at = 0; at <= need.size();) {
            auto end = std::min(need.find('|', at), need.size());
            auto name = need.substr(at, end - at);
            found = found || uses(made, name);
            names += (names.empty() ? "{" : " or {") + name + "}";
            at = end + 1;
        }
        if (!found)
            from.fault(nullptr, "nothing in this call says " + names);
    }
}

void read_paging(table& from, listing& made)
{
    auto inner = from.inner("paging");
    if (!inner)
        return;
    auto by = inner->one_of("by", {{"page", static_cast<int>(paging_kind::page)},
                                   {"offset", static_cast<int>(paging_kind::offset)},
                                   {"cursor", static_cast<int>(paging_kind::cursor)},
                                   {"link", static_cast<int>(paging_kind::link)}});
    if (!by && inner->find("by") == nullptr)
        inner->missing("by", "page, offset, cursor or link");
    auto& pages = made.pages;
    pages.by = static_cast<paging_kind>(by.value_or(0));
    bool counted = pages.by == paging_kind::page || pages.by == paging_kind::offset;
    pages.parameter = inner->text("parameter").value_or("");
    pages.first = inner->whole("first", 0, 1).value_or(1);
    pages.size = inner->whole("size", 1, 100'000).value_or(0);
    pages.next = inner->at("next");
    pages.more = inner->at("more");
    pages.total_header = inner->text("total_header").value_or("");
    pages.total = inner->at("total");
    pages.pages_header = inner->text("pages_header").value_or("");
    pages.pages = inner->at("pages");
    if (counted && pages.size == 0)
        inner->missing("size", "how many a whole page has; the query has to ask for as many");
    if (pages.by == paging_kind::cursor && !pages.next && inner->find("next") == nullptr)
        inner->missing("next", "where the cursor of the next page stands in the answer");
    const std::string word = pages.by == paging_kind::cursor ? "cursor" : pages.by == paging_kind::offset ? "offset" : "page";
    if (by && pages.by != paging_kind::link && pages.parameter.empty() && !uses(made.ask, word))
        inner->missing("parameter", "of the query, unless {" + word + "} stands in the call");
    if (!pages.parameter.empty()
        && std::ranges::find(made.ask.query, pages.parameter, [](const auto& one) { return one.first; }) != made.ask.query.end())
        inner->fault(inner->find("parameter"), "parameter: '" + pages.parameter + "' stands in the query already");
    inner->finish();
}

}  // namespace

std::optional<text_template> read_template(table& from, std::string_view key, const call_rules& rules)
{
    const auto* node = from.find(key);
    auto text = from.text(key);
    return text ? compile(from, *node, *text, key, rules) : std::nullopt;
}

call read_call(table& from, const call_rules& rules)
{
    enum { get, post, put, patch };
    call made;
    // There is no DELETE: halfmast deletes nothing, and no description can make it.
    auto method = from.one_of("method", {{"GET", get}, {"POST", post}, {"PUT", put}, {"PATCH", patch}});
    constexpr const char* names[] = {"GET", "POST", "PUT", "PATCH"};
    made.method = names[method.value_or(rules.changes ? post : get)];
    if (rules.changes && method == get)
        from.fault(from.find("method"), "method: GET changes nothing; caches and firewalls repeat it as they like");
    read_path(from, made, rules);
    made.query = pairs_of(from, "query", rules);
    made.form = pairs_of(from, "form", rules);
    if (const auto* body = from.find("body")) {
        if (body->as<document_node::table>() == nullptr && body->as<document_node::list>() == nullptr)
            from.wrong_type("body", *body, "a table, which is sent as JSON, as in { status = \"draft\" }");
        else
            made.body = json_of(from, *body, "body", rules);
    }
    if (made.body && !made.form.empty())
        from.fault(nullptr, "body and form are both there; a call sends one of them");
    if (made.method == "GET" && (made.body || !made.form.empty()))
        from.fault(nullptr, "a GET has no body");
    made.item = from.at(rules.list ? "items" : "item").value_or(pointer{});
    if (rules.changes) {
        enum { a_post, nothing };
        made.answers_post = from.one_of("answers", {{"post", a_post}, {"nothing", nothing}}).value_or(a_post) == a_post;
    }
    check_needs(from, made, rules);
    return made;
}

listing read_listing(table& from, call_rules rules, bool feed)
{
    rules.list = true;
    rules.words.texts.insert({"page", "offset", "cursor"});
    rules.words.times.insert({"from", "to"});
    if (feed)
        rules.words.times.insert("since");
    listing made;
    made.kind = from.text("kind").value_or("");
    made.ask = read_call(from, rules);
    read_paging(from, made);
    auto back = from.duration("back");
    auto ahead = from.duration("ahead");
    if (uses(made.ask, "from") && !back && from.find("back") == nullptr)
        from.missing("back", "how far before now {from} lies");
    if (uses(made.ask, "to") && !ahead && from.find("ahead") == nullptr)
        from.missing("ahead", "how far ahead {to} lies; what is due later is not seen");
    made.back = back.value_or(seconds{0});
    made.ahead = ahead.value_or(seconds{0});
    if (feed) {
        made.early = from.duration("early").value_or(seconds{0});
        made.at = from.at("at");
    }
    return made;
}

}  // namespace halfmast::rest
