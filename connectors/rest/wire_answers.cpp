// What an answer means, by the description. Absent and wrong members become empty values, and what a result cannot do without
// makes it a bad_reply.
#include <algorithm>

#include "connectors/rest/wire.hpp"
#include "daemon/net/header_value.hpp"
#include "daemon/net/http_date.hpp"
#include "daemon/net/json_read.hpp"
#include "daemon/text/article.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::rest::wire {

namespace {

using nlohmann::json;

constexpr auto longest_wait = std::chrono::hours{24};
constexpr std::string_view blot = "[secret]";

problem not_promised(const settings& own, std::string_view doing, std::string_view what)
{
    return trouble(own, failure::bad_reply, doing, "the answer is not what the description says: " + std::string{what});
}

// Parses into `value`; the problem when that is not possible. (A result<json> cannot be: json takes anything for a value.)
std::optional<problem> no_json(const settings& own, std::string_view doing, const http_response& reply, json& value)
{
    if (auto read = parse_json(reply.body)) {
        value = std::move(*read);
        return std::nullopt;
    }
    if (reply.body.starts_with('<'))
        return not_promised(own, doing, "HTML instead of JSON. A page to sign in, or a firewall's?");
    return not_promised(own, doing, reply.body.empty() ? "empty" : "no whole JSON");
}

std::string text_of(const std::optional<pointer>& at, const json& in)
{
    const auto* found = at ? at->first(in) : nullptr;
    return found != nullptr ? as_text(*found).value_or("") : std::string{};
}

std::string text_of(const pointer& at, const json& in)
{
    const auto* found = at.first(in);
    return found != nullptr ? as_text(*found).value_or("") : std::string{};
}

std::vector<std::string> texts_of(const std::vector<pointer>& from, const json& in)
{
    std::vector<std::string> all;
    for (const auto& at : from)
        for (const auto* found : at.all(in))
            if (auto text = as_text(*found); text && !text->empty() && std::ranges::find(all, *text) == all.end())
                all.push_back(std::move(*text));
    return all;
}

// Empty lists, nothing, 0 and false are no media.
bool is_there(const json* value)
{
    if (value == nullptr || value->is_null() || value->empty())
        return false;
    if (value->is_boolean())
        return value->get<bool>();
    if (value->is_string())
        return !value->get<std::string>().empty();
    return !value->is_number() || *value != 0;
}

struct seen_words {
    std::string text;
    std::vector<std::string> links;
};

seen_words words_of(const post_fields& fields, const json& item)
{
    seen_words seen;
    for (const auto& at : fields.text) {
        for (const auto* found : at.all(item)) {
            auto raw = as_text(*found).value_or("");
            auto plain = fields.html ? text::from_html(raw) : raw;
            if (fields.html)
                std::ranges::move(text::links_in_html(raw), std::back_inserter(seen.links));
            if (!plain.empty())
                seen.text += (seen.text.empty() ? "" : "\n") + plain;
        }
    }
    for (auto& link : text::links_in(seen.text))
        if (std::ranges::find(seen.links, link) == seen.links.end())
            seen.links.push_back(std::move(link));
    std::vector<std::string> once;
    for (auto& link : seen.links)
        if (std::ranges::find(once, link) == once.end())
            once.push_back(std::move(link));
    seen.links = std::move(once);
    return seen;
}

std::string page_of(const settings& own, const std::string& kind, const json& item, const post_id& id, const std::string& link)
{
    if (!own.what->fields.page)
        return link;
    auto with = fill_common(own, kind);
    with.texts["url"] = own.url;
    with.texts["id"] = id.value;
    with.post = &item;
    auto page = own.what->fields.page->text(with);
    return page ? *page : link;
}

// The next page by RFC 8288: <https://...>; rel="next".
std::string next_link(const http_headers& headers)
{
    for (const auto& [name, value] : headers) {
        if (text::fold(name) != "link")
            continue;
        for (std::size_t at = value.find('<'); at != std::string::npos; at = value.find('<', at + 1)) {
            auto end = value.find('>', at);
            if (end == std::string::npos)
                break;
            auto rest = value.substr(end + 1, value.find(",", end + 1) - end - 1);
            if (rest.find("rel=\"next\"") != std::string::npos || rest.find("rel=next") != std::string::npos)
                return value.substr(at + 1, end - at - 1);
        }
    }
    return {};
}

std::optional<milliseconds> wait_of(const settings& own, const http_response& reply)
{
    auto now = net::parse_http_date(find_header(reply.headers, "Date"));
    for (std::string_view name :
         {std::string_view{own.what->wait_header}, std::string_view{"Retry-After"}, std::string_view{"X-RateLimit-Reset"},
          std::string_view{"RateLimit-Reset"}, std::string_view{"X-Rate-Limit-Reset"}})
        if (auto given = name.empty() ? std::string_view{} : find_header(reply.headers, name); !given.empty())
            if (auto wait = net::wait_of(given, now, longest_wait))
                return wait;
    return std::nullopt;
}

// What the platform says about its refusal, cut and without markup: "401 invalid_key: The key is ...".
std::string said(const settings& own, const http_response& reply, const json& body)
{
    auto words = std::to_string(reply.status);
    if (auto code = text_of(own.what->code, body); !code.empty())
        words += " " + text::from_html(code.substr(0, 60));
    for (const auto& at : own.what->message)
        if (auto message = text::from_html(text_of(at, body).substr(0, 200)); !message.empty()) {
            words += ": " + message;
            break;
        }
    std::ranges::replace_if(
        words, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
    if (!own.secret.empty())
        for (auto at = words.find(own.secret); at != std::string::npos; at = words.find(own.secret, at + blot.size()))
            words.replace(at, own.secret.size(), blot);
    return words;
}

const error_rule* rule_for(const settings& own, const http_response& reply, const json& body)
{
    for (const auto& rule : own.what->errors) {
        if (rule.status && *rule.status != reply.status)
            continue;
        if (!rule.status && !rule.at)
            continue;
        if (rule.at) {
            const auto* found = rule.at->first(body);
            if (found == nullptr || found->is_null() || (!rule.is.empty() && as_text(*found) != rule.is))
                continue;
        }
        return &rule;
    }
    return nullptr;
}

failure kind_of_status(int status)
{
    switch (status) {
    case 401: return failure::auth_expired;
    case 403: return failure::forbidden;
    case 404:
    case 410: return failure::not_found;
    case 409:
    case 412: return failure::conflict;
    case 408: return failure::unknown_outcome;
    case 429: return failure::rate_limited;
    default: return status >= 500 ? failure::unknown_outcome : failure::rejected;
    }
}

std::string_view advice_for(failure kind)
{
    switch (kind) {
    case failure::auth_expired: return "the credential is refused; renew it";
    case failure::forbidden: return "not allowed; the credential lacks a right";
    case failure::not_found: return "there is none";
    case failure::conflict: return "somebody else changed it";
    case failure::rate_limited: return "too many calls";
    case failure::unknown_outcome: return "the platform failed";
    case failure::unsupported: return "the platform has no such call";
    default: return "refused";
    }
}

}  // namespace

std::optional<problem> refusal(const settings& own, std::string_view doing, const http_response& reply)
{
    json body;
    auto read = parse_json(reply.body);
    if (read)
        body = *read;
    const auto* rule = rule_for(own, reply, body);
    bool fine = reply.status >= 200 && reply.status < 300;
    if (fine && rule == nullptr)
        return std::nullopt;
    if (!fine && reply.status < 400) {
        auto to = find_header(reply.headers, "Location");
        to = to.substr(0, std::min(to.find_first_of("?#"), std::size_t{200}));
        std::string shown{to};
        std::ranges::replace_if(
            shown, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
        return trouble(own, failure::rejected, doing,
                       "it is elsewhere (" + std::to_string(reply.status) + " to " + shown + "); set url to the real address");
    }
    auto kind = rule != nullptr ? rule->kind : kind_of_status(reply.status);
    // A web server that knows no such address says nothing about the post: taken for "gone", a live post would be forgotten.
    if (kind == failure::not_found && rule == nullptr && !read)
        return trouble(own, failure::bad_reply, doing,
                       "there is no such call (" + std::to_string(reply.status) + ", and no JSON); are url and description right?");
    auto why = std::string{advice_for(kind)} + " (" + said(own, reply, body) + ")";
    if (rule != nullptr && !rule->say.empty())
        why += "; " + rule->say;
    auto made = trouble(own, kind, doing, why);
    if (kind == failure::rate_limited)
        made.retry_after = wait_of(own, reply);
    return made;
}

result<page> read_page(const settings& own, const listing& from, std::string_view doing, const http_response& reply)
{
    json value;
    if (auto fault = no_json(own, doing, reply, value))
        return *fault;
    const auto* items = from.ask.item.first(value);
    if (items == nullptr || !items->is_array())
        return not_promised(own, doing, "no list where it should be");
    page read;
    read.served = net::parse_http_date(find_header(reply.headers, "Date"));
    auto header = [&](const std::string& name) {
        return name.empty() ? std::nullopt : net::whole_number(find_header(reply.headers, name));
    };
    auto& facts = read.facts;
    facts.total = header(from.pages.total_header);
    if (from.pages.total)
        facts.total = net::whole_number(text_of(from.pages.total, value));
    facts.pages = header(from.pages.pages_header);
    if (from.pages.pages)
        facts.pages = net::whole_number(text_of(from.pages.pages, value));
    facts.cursor = text_of(from.pages.next, value);
    if (from.pages.more)
        facts.more = is_there(from.pages.more->first(value));
    if (from.pages.by == paging_kind::link)
        facts.next = next_link(reply.headers);
    for (const auto& item : *items) {
        auto id = text_of(from.id.value_or(own.what->fields.id), item);
        if (id.empty() && from.id)
            continue;  // of a list of which nothing is held: what has no id cannot be told from what was seen
        if (id.empty())
            return not_promised(own, doing, "something without an id in the list");
        facts.ids.push_back(std::move(id));
        read.items.push_back(item);
    }
    return read;
}

result<standing> read_standing(const settings& own, const std::string& kind, const json& item, std::string_view doing)
{
    const auto& fields = own.what->fields;
    standing now;
    now.id = post_id{text_of(fields.id, item)};
    now.state = text_of(fields.state, item);
    if (now.id.empty() || now.state.empty())
        return not_promised(own, doing, "a post without id or state");
    auto known = own.what->states.find(now.state);
    if (known == own.what->states.end() && !own.what->other_states)
        return not_promised(own, doing,
                            "the state '" + text::from_html(now.state.substr(0, 40)) + "', which [states] does not name");
    now.where = known != own.what->states.end() ? known->second : *own.what->other_states;
    if (const auto* due = fields.due.first(item))
        now.due = read_time(*due, own.what->read).value_or(time_point{});
    now.version = text_of(fields.changed, item);
    now.link = text_of(fields.link, item);
    now.page = page_of(own, kind, item, now.id, now.link);
    now.whole = std::make_shared<const json>(item);
    if (std::ranges::any_of(fields.text, [&](const auto& at) { return at.first(item) != nullptr; }))
        now.text = words_of(fields, item).text;
    return now;
}

result<standing> read_standing(const settings& own, const std::string& kind, const call& ask, std::string_view doing,
                               const http_response& reply)
{
    json value;
    if (auto fault = no_json(own, doing, reply, value))
        return *fault;
    const auto* item = ask.item.first(value);
    if (item == nullptr || !item->is_object())
        return not_promised(own, doing, "no post where it should be");
    auto now = read_standing(own, kind, *item, doing);
    if (now)
        now->served = net::parse_http_date(find_header(reply.headers, "Date"));
    return now;
}

result<std::vector<standing>> read_standings(const settings& own, const std::string& kind, const call& ask, std::string_view doing,
                                             const http_response& reply)
{
    json value;
    if (auto fault = no_json(own, doing, reply, value))
        return *fault;
    const auto* items = ask.item.first(value);
    if (items == nullptr || !items->is_array())
        return not_promised(own, doing, "no list where it should be");
    std::vector<standing> all;
    for (const auto& item : *items) {
        auto now = read_standing(own, kind, item, doing);
        if (!now)
            return now.error();
        all.push_back(std::move(*now));
    }
    return all;
}

result<std::optional<scheduled_post>> read_post(const settings& own, const std::string& kind, const json& item)
{
    constexpr std::string_view doing = "list the scheduled posts";
    auto now = read_standing(own, kind, item, doing);
    if (!now)
        return now.error();
    if (now->where != whereabouts::queued)
        return std::optional<scheduled_post>{};
    const auto& fields = own.what->fields;
    const auto* due = fields.due.first(item);
    auto at = due != nullptr ? read_time(*due, own.what->read) : std::nullopt;
    if (!at)
        return not_promised(own, doing, "post " + now->id.value.substr(0, 80) + " has no due time of the form that [times] names");
    auto seen = words_of(fields, item);
    scheduled_post post;
    post.id = now->id;
    post.due = *at;
    post.text = std::move(seen.text);
    post.links = std::move(seen.links);
    post.language = text_of(fields.language, item);
    post.tags = texts_of(fields.tags, item);
    post.categories = texts_of(fields.categories, item);
    post.labels = texts_of(fields.labels, item);
    for (auto& tag : text::hashtags_in(post.text))
        if (std::ranges::find(post.tags, tag) == post.tags.end())
            post.tags.push_back(std::move(tag));
    post.url = now->page;
    post.kind = kind;
    post.author = text_of(fields.author, item);
    post.version = now->version;
    post.has_media = fields.media && is_there(fields.media->first(item));
    post.raw = std::make_shared<const std::string>(net::dump(item));
    return std::optional{std::move(post)};
}

result<std::optional<publication>> read_publication(const settings& own, const listing& from, const json& item)
{
    constexpr std::string_view doing = "read the public posts";
    const auto& fields = own.what->fields;
    if (auto state = text_of(fields.state, item); !state.empty()) {
        auto known = own.what->states.find(state);
        if (known != own.what->states.end() && known->second != whereabouts::published)
            return std::optional<publication>{};
    }
    publication post;
    post.id = post_id{text_of(fields.id, item)};
    const auto& when = from.at ? *from.at : fields.published ? *fields.published : fields.due;
    const auto* found = when.first(item);
    auto at = found != nullptr ? read_time(*found, own.what->read) : std::nullopt;
    if (post.id.empty() || !at)
        return not_promised(own, doing, "a post without id or time");
    auto seen = words_of(fields, item);
    post.at = *at;
    post.text = std::move(seen.text);
    post.links = std::move(seen.links);
    post.url = text_of(fields.link, item);
    return std::optional{std::move(post)};
}

result<std::vector<post_id>> read_ids(const settings&, const page& from)
{
    std::vector<post_id> all;
    for (const auto& id : from.facts.ids)
        all.push_back(post_id{id});
    return all;
}

std::optional<problem> read_check(const settings& own, const check_call& check, const http_response& reply)
{
    json value;
    if (auto fault = no_json(own, "check " + check.what, reply, value))
        return *fault;
    if (!check.at)
        return {};
    const auto* found = check.at->first(value);
    bool right = found != nullptr && (check.is.is_null() ? is_there(found) : *found == check.is);
    if (right)
        return {};
    return problem{failure::rejected, check.say.empty() ? own.what->name + " says otherwise" : check.say, {}};
}

bool says(const settings& own, const json& item, std::string_view text)
{
    const auto& fields = own.what->fields;
    std::string together;
    for (const auto& at : fields.text)
        for (const auto* found : at.all(item)) {
            auto raw = as_text(*found).value_or("");
            auto plain = fields.html ? text::from_html(raw.substr(0, raw.find("<hr"))) : raw;
            if (text::same_letters(plain, text))
                return true;
            together += plain;
        }
    return text::same_letters(together, text);
}

}  // namespace halfmast::rest::wire
