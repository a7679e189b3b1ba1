// What an answer means. Absent and wrong members become empty values, and what a result cannot do without makes it a bad_reply.
#include <algorithm>
#include <array>

#include "connectors/ghost/wire_json.hpp"
#include "daemon/net/header_value.hpp"
#include "daemon/net/http_date.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::ghost::wire {

namespace {

constexpr std::chrono::hours longest_wait{24};

problem bad_reply(const settings& own, std::string_view doing, std::string_view what)
{
    return trouble(own, failure::bad_reply, doing, "the answer is not what Ghost promises: " + std::string{what});
}

// Parses into `value`; the problem when that is not possible. (A result<json> cannot be: json takes anything for a value.)
std::optional<problem> unreadable(const settings& own, std::string_view doing, const http_response& reply, json& value)
{
    if (auto read = parse(reply.body)) {
        value = std::move(*read);
        return std::nullopt;
    }
    if (reply.body.starts_with('<'))
        return bad_reply(own, doing, "HTML instead of JSON. A firewall's page, or another server at this address?");
    return bad_reply(own, doing, reply.body.empty() ? "empty" : "no whole JSON");
}

// The array under the resource's name.
std::optional<problem> no_list(const settings& own, std::string_view resource, std::string_view doing, const http_response& reply,
                               json& value)
{
    if (auto fault = unreadable(own, doing, reply, value))
        return fault;
    const auto* list = member(value, resource);
    return list != nullptr && list->is_array() ? std::nullopt
                                               : std::optional{bad_reply(own, doing, "no list of " + std::string{resource})};
}

template <class T>
void read_head(page<T>& into, const json& value, const http_response& reply)
{
    const auto* meta = member(value, "meta");
    const auto* paging = meta != nullptr ? member(*meta, "pagination") : nullptr;
    if (paging != nullptr)
        into.pages = std::max<std::int64_t>(1, number_at(*paging, "pages"));
    into.served = net::parse_http_date(find_header(reply.headers, "Date"));
}

struct words {
    std::string text;
    std::vector<std::string> links;
    bool media = false;
};

// What a reader sees: the title, the summary under it where one was written, and the article.
words read_words(const json& post)
{
    words read;
    auto html = text_at(post, "html");
    for (const auto& part : {text_at(post, "title"), text_at(post, "custom_excerpt"), text::from_html(html)})
        if (!part.empty())
            read.text += (read.text.empty() ? "" : "\n") + part;
    read.links = text::links_in_html(html);
    for (auto& link : text::links_in(read.text))
        if (std::ranges::find(read.links, link) == read.links.end())
            read.links.push_back(std::move(link));
    static constexpr auto marks = std::to_array<std::string_view>({"<img", "<video", "<audio", "<iframe", "kg-file-card"});
    read.media = !text_at(post, "feature_image").empty()
                 || std::ranges::any_of(marks, [&](auto mark) { return html.find(mark) != std::string::npos; });
    return read;
}

// Slug and name of each; an internal tag "#promo" (slug "hash-promo") counts as "promo" too.
std::vector<std::string> read_tags(const json& post)
{
    std::vector<std::string> tags;
    const auto* list = member(post, "tags");
    if (list == nullptr || !list->is_array())
        return tags;
    for (const auto& item : *list) {
        auto slug = text_at(item, "slug");
        auto name = text_at(item, "name");
        if (name.starts_with('#'))
            name.erase(0, 1);
        if (!slug.empty())
            tags.push_back(slug);
        if (!name.empty() && name != slug)
            tags.push_back(std::move(name));
    }
    return tags;
}

std::string read_author(const json& post)
{
    const auto* list = member(post, "authors");
    return list != nullptr && list->is_array() && !list->empty() ? text_at(list->front(), "name") : std::string{};
}

void read_mail(const json& post, std::string& newsletter, std::string& segment, bool& mailed)
{
    if (const auto* own = member(post, "newsletter"))
        newsletter = text_at(*own, "slug");
    segment = newsletter.empty() ? std::string{} : text_at(post, "email_segment");
    const auto* email = member(post, "email");
    mailed = email != nullptr && email->is_object();
}

std::optional<standing> standing_of(const settings& own, std::string_view resource, const json& post)
{
    standing now;
    now.id = post_id{text_at(post, "id")};
    now.status = text_at(post, "status");
    now.version = text_at(post, "updated_at");
    if (!is_id(now.id.value) || now.status.empty())
        return std::nullopt;
    now.due = time_at(post, "published_at").value_or(time_point{});  // a draft that never had a date has none
    auto place = place_of(now.status);
    now.url = place == whereabouts::published ? text_at(post, "url") : edit_link(own, resource, now.id);
    now.featured = flag_at(post, "featured");
    if (member(post, "html") != nullptr)
        now.text = read_words(post).text;
    read_mail(post, now.newsletter, now.segment, now.mailed);
    return now;
}

// The post as Ghost gave it, without what is not its own: the authors' addresses and last visits, the newsletter's colours.
std::string raw_of(const json& item)
{
    auto kept = item;
    for (const auto* relation : {"authors", "tags", "newsletter", "email", "primary_author", "primary_tag"}) {
        if (!kept.contains(relation))
            continue;
        auto reduce = [](const json& whole) {
            json part = json::object();
            for (const auto* key : {"id", "slug", "name", "status"})
                if (const auto* value = member(whole, key))
                    part[key] = *value;
            return part;
        };
        auto& value = kept[relation];
        if (value.is_object())
            value = reduce(value);
        else if (value.is_array())
            std::ranges::transform(value, value.begin(), reduce);
    }
    return dump(kept);
}

std::optional<scheduled_post> scheduled_of(const settings& own, std::string_view resource, const json& item)
{
    auto due = time_at(item, "published_at");
    scheduled_post post;
    post.id = post_id{text_at(item, "id")};
    if (!is_id(post.id.value) || !due)
        return std::nullopt;
    auto seen = read_words(item);
    post.due = *due;
    post.text = std::move(seen.text);
    post.links = std::move(seen.links);
    post.has_media = seen.media;
    post.tags = read_tags(item);
    post.author = read_author(item);
    post.url = edit_link(own, resource, post.id);
    post.version = text_at(item, "updated_at");
    place where;
    where.resource = resource;
    bool mailed = false;
    read_mail(item, where.newsletter, where.segment, mailed);
    if (mailed)
        where.newsletter.clear();
    post.kind = kind_of(where);
    post.raw = std::make_shared<const std::string>(raw_of(item));
    return post;
}

// Ghost's first error, whatever it holds.
json first_error(const json& body)
{
    const auto* list = member(body, "errors");
    return list != nullptr && list->is_array() && !list->empty() ? list->front() : json::object();
}

// "422 ValidationError: Validation failed. Date must be ...", cut and on one line.
std::string refusal_words(int status, const json& error)
{
    auto words = std::to_string(status);
    for (const auto* key : {"type", "code"})
        if (auto word = text_at(error, key); !word.empty())
            words += " " + word.substr(0, 60);
    std::string said;
    for (const auto* key : {"message", "context"})
        if (auto text = text::from_html(text_at(error, key).substr(0, 200)); !text.empty())
            said += (said.empty() ? ": " : " ") + text;
    std::ranges::replace_if(
        said, [](unsigned char c) { return c < 0x20; }, ' ');
    return words + said;
}

std::string key_advice(const http_response& reply, const json& error, const std::string& said)
{
    auto code = text_at(error, "code");
    if (code == "INVALID_JWT") {
        bool late = said.find("expired") != std::string::npos || said.find("maxAge") != std::string::npos;
        auto date = find_header(reply.headers, "Date");
        return late ? "token refused as out of date (" + said + "), the site's clock says " + std::string{date} + "; set the clocks"
                    : "token refused (" + said + "); is the secret, the part behind the colon, the whole one of this key?";
    }
    if (code == "INVALID_API_KEY_TYPE")
        return "that key is no Admin API key (" + said + "); take the other one of the integration";
    return "key refused (" + said + "); make an integration anew under Settings > Integrations, and give its Admin API key";
}

std::string permission_advice(const json& error, const std::string& said)
{
    // Ghost does not know us at all: the header with the token did not arrive.
    bool stripped = text_at(error, "context").find("Unable to determine the authenticated") != std::string::npos;
    return stripped ? "the token did not arrive (" + said + "); let the web server pass the Authorization header on"
                    : "not allowed (" + said + "); take an integration's Admin API key, or a staff token of an Editor or higher";
}

problem json_refusal(const settings& own, std::string_view doing, const http_response& reply, const json& body)
{
    auto error = first_error(body);
    auto said = refusal_words(reply.status, error);
    auto code = text_at(error, "code");
    bool about_key = code == "INVALID_JWT" || code == "MISSING_ADMIN_API_KID";
    auto status = reply.status == 400 && about_key ? 401 : reply.status;
    switch (status) {
    case 401: return trouble(own, failure::auth_expired, doing, key_advice(reply, error, said));
    case 403: return trouble(own, failure::forbidden, doing, permission_advice(error, said));
    case 404:
    case 410: return trouble(own, failure::not_found, doing, "there is none (" + said + ")");
    case 406:
        return trouble(own, failure::rejected, doing, "this Ghost does not speak version 5 of the API (" + said + "); update it");
    case 409:
    case 412: return trouble(own, failure::conflict, doing, "somebody else changed it (" + said + ")");
    case 501: return trouble(own, failure::unsupported, doing, "closed to API keys (" + said + ")");
    default: break;
    }
    if (status >= 500)
        return trouble(own, failure::unknown_outcome, doing, "the site failed or is being updated (" + said + "); see Ghost's log");
    return trouble(own, failure::rejected, doing, "refused (" + said + ")");
}

problem foreign_refusal(const settings& own, std::string_view doing, const http_response& reply)
{
    auto said = "(" + std::to_string(reply.status) + ", no answer of Ghost)";
    switch (reply.status) {
    case 401: return trouble(own, failure::auth_expired, doing, "the web server wants a password of its own " + said);
    case 403: return trouble(own, failure::forbidden, doing, "a firewall refused " + said + "; let this host use the Admin API");
    case 404:
    case 410:
        // It says nothing about the post: the whole API is not there.
        return trouble(own, failure::bad_reply, doing,
                       "the web server found no Admin API there " + said + "; is url the address of the site, or of its admin?");
    case 409:
    case 412: return trouble(own, failure::conflict, doing, "somebody else changed it " + said);
    default: break;
    }
    if (reply.status >= 500)
        return trouble(own, failure::unknown_outcome, doing, "the site failed or is being updated " + said);
    return trouble(own, failure::rejected, doing, "refused " + said);
}

}  // namespace

std::optional<problem> refusal(const settings& own, std::string_view doing, const http_response& reply)
{
    if (reply.status >= 200 && reply.status < 300)
        return std::nullopt;
    auto said = std::to_string(reply.status);
    if (reply.status == 429) {
        auto limited = trouble(own, failure::rate_limited, doing, "too many calls (429); Ghost or the host limits them");
        auto now = net::parse_http_date(find_header(reply.headers, "Date"));
        auto wait = net::wait_of(find_header(reply.headers, "Retry-After"), now, longest_wait);
        if (wait && *wait > milliseconds{0})
            limited.retry_after = *wait;
        return limited;
    }
    if (reply.status >= 300 && reply.status < 400) {
        auto to = find_header(reply.headers, "Location");
        to = to.substr(0, std::min(to.find_first_of("?#"), std::size_t{200}));
        return trouble(own, failure::rejected, doing,
                       "the Admin API is elsewhere (" + said + " to " + std::string{to} + "); set url to its real address");
    }
    if (auto body = parse(reply.body); body && body->is_object())
        return json_refusal(own, doing, reply, *body);
    return foreign_refusal(own, doing, reply);
}

bool is_stale_token(const http_response& reply)
{
    if (reply.status != 401)
        return false;
    auto body = parse(reply.body);
    return body && text_at(first_error(*body), "code") == "INVALID_JWT";
}

result<std::string> read_version(const settings& own, const http_response& reply)
{
    constexpr std::string_view doing = "ask what runs";
    json value;
    if (auto fault = unreadable(own, doing, reply, value))
        return *fault;
    const auto* site = member(value, "site");
    auto version = site != nullptr ? text_at(*site, "version") : std::string{};
    if (version.empty())
        return bad_reply(own, doing, "no version");
    return version;
}

result<std::string> read_role(const settings& own, const http_response& reply)
{
    constexpr std::string_view doing = "ask who we are";
    json value;
    if (auto fault = no_list(own, "users", doing, reply, value))
        return *fault;
    const auto& users = *member(value, "users");
    const auto* roles = users.empty() ? nullptr : member(users.front(), "roles");
    if (roles == nullptr || !roles->is_array())
        return bad_reply(own, doing, "no roles");
    std::string held;
    for (const auto& role : *roles) {
        auto name = text_at(role, "name");
        if (name == "Owner" || name == "Administrator" || name == "Editor" || name == "Super Editor")
            return std::string{};
        held += (held.empty() ? "" : ", ") + name;
    }
    return "the staff token belongs to " + (held.empty() ? "nobody with a role" : "one with the role " + held)
           + ", who may hold its own posts at most; take an integration's Admin API key, or the token of an Editor or higher";
}

result<page<scheduled_post>> read_list(const settings& own, std::string_view resource, const http_response& reply)
{
    auto doing = "list the scheduled " + std::string{resource};
    json value;
    if (auto fault = no_list(own, resource, doing, reply, value))
        return *fault;
    page<scheduled_post> read;
    read_head(read, value, reply);
    for (const auto& item : *member(value, resource)) {
        ++read.seen;
        read.last = post_id{text_at(item, "id")};
        if (auto status = text_at(item, "status"); !status.empty() && status != "scheduled")
            continue;  // published between the question and the answer
        auto post = scheduled_of(own, resource, item);
        if (!post)
            return bad_reply(own, doing, "a post without id or date");
        read.items.push_back(std::move(*post));
    }
    return read;
}

result<standing> read_standing(const settings& own, std::string_view resource, std::string_view doing, const http_response& reply)
{
    json value;
    if (auto fault = no_list(own, resource, doing, reply, value))
        return *fault;
    const auto& list = *member(value, resource);
    auto now = list.empty() ? std::nullopt : standing_of(own, resource, list.front());
    if (!now)
        return bad_reply(own, doing, "a post without id or status");
    now->served = net::parse_http_date(find_header(reply.headers, "Date"));
    return std::move(*now);
}

result<written> read_written(const settings& own, std::string_view resource, std::string_view doing, const http_response& reply)
{
    json value;
    if (auto fault = no_list(own, resource, doing, reply, value))
        return *fault;
    const auto& list = *member(value, resource);
    auto now = list.empty() ? std::nullopt : standing_of(own, resource, list.front());
    if (!now)
        return bad_reply(own, doing, "a post without id or status");
    written read;
    read.now = std::move(*now);
    read.now.served = net::parse_http_date(find_header(reply.headers, "Date"));
    const auto* html = member(list.front(), "html");
    read.has_article = html != nullptr && (html->is_string() || html->is_null());  // null: nothing is written there
    read.title = text_at(list.front(), "title");
    read.excerpt = text_at(list.front(), "custom_excerpt");
    read.html = text_at(list.front(), "html");
    read.lexical = text_at(list.front(), "lexical");
    return read;
}

result<std::vector<standing>> read_standings(const settings& own, std::string_view resource, std::string_view doing,
                                             const http_response& reply)
{
    json value;
    if (auto fault = no_list(own, resource, doing, reply, value))
        return *fault;
    std::vector<standing> found;
    for (const auto& item : *member(value, resource)) {
        auto now = standing_of(own, resource, item);
        if (!now)
            return bad_reply(own, doing, "a post without id or status");
        found.push_back(std::move(*now));
    }
    return found;
}

result<page<post_id>> read_ids(const settings& own, std::string_view doing, const http_response& reply)
{
    json value;
    if (auto fault = no_list(own, "posts", doing, reply, value))
        return *fault;
    page<post_id> read;
    read_head(read, value, reply);
    for (const auto& item : *member(value, "posts")) {
        ++read.seen;
        read.last = post_id{text_at(item, "id")};
        if (!is_id(read.last.value))
            return bad_reply(own, doing, "a post without id");
        read.items.push_back(read.last);
    }
    return read;
}

result<page<publication>> read_feed(const settings& own, std::string_view resource, const http_response& reply)
{
    auto doing = "read the public " + std::string{resource};
    json value;
    if (auto fault = no_list(own, resource, doing, reply, value))
        return *fault;
    page<publication> read;
    read_head(read, value, reply);
    for (const auto& item : *member(value, resource)) {
        ++read.seen;
        read.last = post_id{text_at(item, "id")};
        auto at = time_at(item, "published_at");
        if (!is_id(read.last.value) || !at)
            return bad_reply(own, doing, "a post without id or date");
        if (auto status = text_at(item, "status"); !status.empty() && place_of(status) != whereabouts::published)
            continue;
        auto seen = read_words(item);
        publication post;
        post.id = read.last;
        post.at = *at;
        post.text = std::move(seen.text);
        post.links = std::move(seen.links);
        post.url = text_at(item, "url");
        read.items.push_back(std::move(post));
    }
    return read;
}

whereabouts place_of(std::string_view status)
{
    if (status == "scheduled")
        return whereabouts::queued;
    if (status == "published" || status == "sent")  // sent: by mail alone
        return whereabouts::published;
    return whereabouts::parked;
}

}  // namespace halfmast::ghost::wire
