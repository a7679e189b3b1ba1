// What an answer means. Absent and wrong members become empty values, and what a result cannot do without makes it a bad_reply.
#include <algorithm>
#include <array>

#include "connectors/wordpress/wire_json.hpp"
#include "daemon/net/header_value.hpp"
#include "daemon/net/http_date.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::wordpress::wire {

namespace {

constexpr std::chrono::hours longest_wait{24};

// A word that may stand in a path: routes come from the site.
bool is_route(std::string_view text)
{
    return !text.empty() && text.size() <= 100 && text.front() != '/' && text.find("..") == std::string_view::npos
           && std::ranges::all_of(text, [](char c) {
                  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-'
                         || c == '.' || c == '/';
              });
}

std::string kind_at(const json& type)
{
    auto base = text_at(type, "rest_base");
    auto space = text_at(type, "rest_namespace");
    if (base.empty())
        base = text_at(type, "slug");  // WordPress' own rule for types that name no rest_base
    if (space.empty())
        space = "wp/v2";
    auto kind = space == "wp/v2" && base.find('/') == std::string::npos ? base : space + "/" + base;
    return is_route(kind) ? kind : std::string{};
}

problem bad_reply(const settings& own, std::string_view doing, std::string_view what)
{
    return trouble(own, failure::bad_reply, doing, "the answer is not what WordPress promises: " + std::string{what});
}

// Parses into `value`; the problem when that is not possible. (A result<json> cannot be: json takes anything for a value.)
std::optional<problem> unreadable(const settings& own, std::string_view doing, const http_response& reply, json& value)
{
    if (auto read = parse(reply.body)) {
        value = std::move(*read);
        return std::nullopt;
    }
    if (reply.body.starts_with('<'))
        return bad_reply(own, doing, "HTML instead of JSON. A firewall's page, or PHP warnings before the JSON (display_errors)?");
    return bad_reply(own, doing, reply.body.empty() ? "empty" : "no whole JSON");
}

std::optional<problem> no_list(const settings& own, std::string_view doing, const http_response& reply, json& value)
{
    auto fault = unreadable(own, doing, reply, value);
    return fault || value.is_array() ? fault : bad_reply(own, doing, "no list");
}

template <class T>
void read_head(page<T>& into, const http_response& reply)
{
    into.total = count_in(reply.headers, "X-WP-Total");
    into.pages = count_in(reply.headers, "X-WP-TotalPages").value_or(1);
    into.served = net::parse_http_date(find_header(reply.headers, "Date"));
}

struct words {
    std::string text;
    std::vector<std::string> links;
    bool media = false;
};

// Block comments, tags and entities are for machines: what is left is what a reader sees.
words read_words(const json& post)
{
    words read;
    auto title = text::from_html(written_at(post, "title"));
    auto html = written_at(post, "content");
    auto body = text::from_html(html);
    read.text = title + (title.empty() || body.empty() ? "" : "\n") + body;
    read.links = text::links_in_html(html);
    for (auto& link : text::links_in(read.text))  // an embed is a bare address
        if (std::ranges::find(read.links, link) == read.links.end())
            read.links.push_back(std::move(link));
    static constexpr auto marks =
        std::to_array<std::string_view>({"<img", "<video", "<audio", "<iframe", "[gallery", "[video", "[audio"});
    read.media = number_at(post, "featured_media") > 0
                 || std::ranges::any_of(marks, [&](auto mark) { return html.find(mark) != std::string::npos; });
    return read;
}

std::optional<standing> standing_of(const json& post)
{
    auto id = number_at(post, "id");
    auto status = text_at(post, "status");
    if (id <= 0 || status.empty())
        return std::nullopt;
    standing now;
    now.id = post_id{std::to_string(id)};
    now.status = std::move(status);
    now.due = gmt_at(post, "date_gmt").value_or(time_point{});  // a draft that never had a date has none
    now.version = text_at(post, "modified_gmt");
    now.link = text_at(post, "link");
    if (member(post, "title") != nullptr && member(post, "content") != nullptr)
        now.text = read_words(post).text;
    return now;
}

std::optional<listed_post> listed_of(const settings& own, const json& item, const post_type& type,
                                     const std::vector<taxonomy>& taxonomies)
{
    auto id = number_at(item, "id");
    auto due = gmt_at(item, "date_gmt");
    if (id <= 0 || !due)
        return std::nullopt;
    listed_post listed;
    auto seen = read_words(item);
    auto& post = listed.post;
    post.id = post_id{std::to_string(id)};
    post.due = *due;
    post.text = std::move(seen.text);
    post.links = std::move(seen.links);
    post.has_media = seen.media;
    post.url = edit_link(own, post.id);
    post.kind = type.kind;
    post.version = text_at(item, "modified_gmt");
    post.raw = std::make_shared<const std::string>(dump(item));
    listed.author = number_at(item, "author");
    for (const auto& one : taxonomies) {
        const auto* ids = member(item, one.field);
        if (ids == nullptr || !ids->is_array())
            continue;
        for (const auto& number : *ids)
            if (number.is_number_integer())
                listed.terms[one.field].push_back(number.get<wp_id>());
    }
    return listed;
}

// What WordPress says about its refusal: "401 incorrect_password: The password is ...", cut and without markup.
std::string refusal_words(int status, const json& error)
{
    auto words = std::to_string(status);
    if (auto code = text_at(error, "code"); !code.empty())
        words += " " + code.substr(0, 60);
    if (auto message = text::from_html(text_at(error, "message").substr(0, 200)); !message.empty())
        words += ": " + message;
    return words;
}

// WordPress answers a visitor who asks for drafts or scheduled posts with 400; only the details name the cause.
std::optional<int> hidden_status(const json& error)
{
    const auto* data = member(error, "data");
    const auto* params = data != nullptr ? member(*data, "params") : nullptr;
    if (text_at(error, "code") != "rest_invalid_param" || params == nullptr || member(*params, "status") == nullptr)
        return std::nullopt;
    const auto* details = member(*data, "details");
    const auto* about = details != nullptr ? member(*details, "status") : nullptr;
    if (about == nullptr)
        return 401;  // WordPress before 5.8 gives no details
    if (text_at(*about, "code") != "rest_forbidden_status")
        return std::nullopt;
    const auto* inner = member(*about, "data");
    return inner != nullptr && number_at(*inner, "status") == 403 ? 403 : 401;
}

std::string credential_advice(const std::string& said, const std::string& code)
{
    bool unseen = code == "rest_not_logged_in" || code.starts_with("rest_cannot") || code.starts_with("rest_forbidden")
                  || code == "rest_invalid_param";
    return "password refused (" + said + "); make a new application password under Users > Profile"
           + (unseen ? ", and see that application passwords are on and that the web server passes the Authorization header on"
                     : "");
}

problem json_refusal(const settings& own, std::string_view doing, const http_response& reply, const json& error)
{
    auto code = text_at(error, "code");
    auto said = refusal_words(reply.status, error);
    auto status = reply.status == 400 ? hidden_status(error).value_or(400) : reply.status;
    if (status == 401)
        return trouble(own, failure::auth_expired, doing, credential_advice(said, code));
    if (status == 403)
        return trouble(own, failure::forbidden, doing, "not allowed (" + said + "); give the user the role Editor");
    if (code == "rest_no_route")
        return trouble(own, failure::unsupported, doing, "the site has no such call (" + said + "); is a plugin switched off?");
    if (status == 404 || status == 410)
        return trouble(own, failure::not_found, doing, "there is none (" + said + ")");
    if (status == 409 || status == 412)
        return trouble(own, failure::conflict, doing, "somebody else changed it (" + said + ")");
    if (status >= 500)
        return trouble(own, failure::unknown_outcome, doing, "the site failed (" + said + "); see its PHP error log");
    return trouble(own, failure::rejected, doing, "refused (" + said + ")");
}

problem foreign_refusal(const settings& own, std::string_view doing, const http_response& reply)
{
    auto said = "(" + std::to_string(reply.status) + ", no answer of WordPress)";
    switch (reply.status) {
    case 401: return trouble(own, failure::auth_expired, doing, "the web server wants a password of its own " + said);
    case 403:
        return trouble(own, failure::forbidden, doing,
                       "a firewall or security plugin refused " + said + "; let this host use the REST API");
    case 404:
    case 410:
        // It says nothing about the post: the whole API is not where it was.
        return trouble(own, failure::bad_reply, doing,
                       "the web server found no API there " + said + "; is url the site's own address?");
    case 409:
    case 412: return trouble(own, failure::conflict, doing, "somebody else changed it " + said);
    default: break;
    }
    if (reply.status >= 500)
        return trouble(own, failure::unknown_outcome, doing, "the site failed or is being updated " + said);
    return trouble(own, failure::rejected, doing, "refused " + said);
}

}  // namespace

bool is_foreign(const http_response& reply)
{
    auto value = parse(reply.body);
    return !value || (reply.status >= 300 && text_at(*value, "code").empty());
}

std::optional<problem> refusal(const settings& own, std::string_view doing, const http_response& reply)
{
    if (reply.status >= 200 && reply.status < 300)
        return std::nullopt;
    auto said = std::to_string(reply.status);
    if (reply.status == 429) {  // WordPress itself has no limit: a host or a plugin
        auto limited =
            trouble(own, failure::rate_limited, doing, "too many calls (429); the host or a security plugin limits them");
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
                       "the site is elsewhere (" + said + " to " + std::string{to} + "); set url to its real address");
    }
    if (is_foreign(reply))
        return foreign_refusal(own, doing, reply);
    return json_refusal(own, doing, reply, *parse(reply.body));
}

result<site_index> read_index(const settings& own, const http_response& reply)
{
    json value;
    if (auto fault = unreadable(own, "read the API's index", reply, value))
        return *fault;
    const auto* namespaces = member(value, "namespaces");
    if (namespaces == nullptr || !namespaces->is_array())
        return bad_reply(own, "read the API's index", "it lists no namespaces");
    site_index index;
    index.name = text::from_html(text_at(value, "name"));
    index.has_posts =
        std::ranges::any_of(*namespaces, [](const json& one) { return one.is_string() && one.get<std::string>() == "wp/v2"; });
    const auto* ways = member(value, "authentication");  // [] when there is none
    index.application_passwords = ways != nullptr && member(*ways, "application-passwords") != nullptr;
    return index;
}

result<std::vector<post_type>> read_types(const settings& own, const http_response& reply)
{
    json value;
    if (auto fault = unreadable(own, "list the types of posts", reply, value))
        return *fault;
    if (!value.is_object())
        return bad_reply(own, "list the types of posts", "no types");
    std::vector<post_type> types;
    for (const auto& [name, item] : value.items()) {
        // Only what visitors can see goes out at a time; media, blocks, menus and templates do not.
        bool inner = name == "attachment" || name == "nav_menu_item" || name.starts_with("wp_");
        auto kind = kind_at(item);
        if (inner || !flag_at(item, "viewable") || kind.empty())
            continue;
        const auto* needs = member(item, "capabilities");
        post_type type{name, kind, text::from_html(text_at(item, "name")), {}, {}};
        type.edit_others = needs != nullptr ? text_at(*needs, "edit_others_posts") : std::string{};
        type.publish = needs != nullptr ? text_at(*needs, "publish_posts") : std::string{};
        types.push_back(std::move(type));
    }
    return types;
}

result<std::vector<taxonomy>> read_taxonomies(const settings& own, const http_response& reply)
{
    json value;
    if (auto fault = unreadable(own, "list the taxonomies", reply, value))
        return *fault;
    std::vector<taxonomy> found;
    if (!value.is_object())
        return found;  // [] when there is none
    for (const auto& [name, item] : value.items()) {
        taxonomy one;
        one.field = text_at(item, "rest_base").empty() ? name : text_at(item, "rest_base");
        one.kind = kind_at(item);
        one.hierarchical = flag_at(item, "hierarchical");
        if (const auto* types = member(item, "types"); types != nullptr && types->is_array())
            for (const auto& type : *types)
                if (type.is_string())
                    one.types.push_back(type.get<std::string>());
        if (!one.kind.empty() && is_route(one.field) && one.field.find('.') == std::string::npos)
            found.push_back(std::move(one));
    }
    return found;
}

result<page<listed_post>> read_list(const settings& own, const post_type& type, const std::vector<taxonomy>& taxonomies,
                                    const http_response& reply)
{
    constexpr std::string_view doing = "list the scheduled posts";
    json value;
    if (auto fault = no_list(own, doing, reply, value))
        return *fault;
    page<listed_post> read;
    read_head(read, reply);
    for (const auto& item : value) {
        if (auto status = text_at(item, "status"); !status.empty() && status != "future")
            continue;  // asked for scheduled ones; a plugin may add others
        auto listed = listed_of(own, item, type, taxonomies);
        if (!listed)
            return bad_reply(own, doing, "a post without id or date");
        read.items.push_back(std::move(*listed));
    }
    return read;
}

result<std::map<wp_id, term>> read_terms(const settings& own, const http_response& reply)
{
    json value;
    if (auto fault = no_list(own, "read categories and tags", reply, value))
        return *fault;
    std::map<wp_id, term> terms;
    for (const auto& item : value)
        if (auto id = number_at(item, "id"); id > 0)
            terms[id] = {text_at(item, "slug"), text::from_html(text_at(item, "name"))};
    return terms;
}

result<std::map<wp_id, std::string>> read_authors(const settings& own, const http_response& reply)
{
    json value;
    if (auto fault = no_list(own, "read the authors' names", reply, value))
        return *fault;
    std::map<wp_id, std::string> names;
    for (const auto& item : value)
        if (auto id = number_at(item, "id"); id > 0)
            names[id] = text_at(item, "name");
    return names;
}

result<standing> read_standing(const settings& own, std::string_view doing, const http_response& reply)
{
    json value;
    if (auto fault = unreadable(own, doing, reply, value))
        return *fault;
    auto now = standing_of(value);
    if (!now)
        return bad_reply(own, doing, "a post without id or status");
    now->served = net::parse_http_date(find_header(reply.headers, "Date"));
    return std::move(*now);
}

result<written> read_written(const settings& own, std::string_view doing, const http_response& reply)
{
    json value;
    if (auto fault = unreadable(own, doing, reply, value))
        return *fault;
    auto now = standing_of(value);
    if (!now)
        return bad_reply(own, doing, "a post without id or status");
    const auto* content = member(value, "content");
    written read;
    read.now = std::move(*now);
    read.now.served = net::parse_http_date(find_header(reply.headers, "Date"));
    read.title = written_at(value, "title");
    read.content = written_at(value, "content");
    read.has_content = content != nullptr && content->is_object();
    return read;
}

result<std::vector<standing>> read_standings(const settings& own, std::string_view doing, const http_response& reply)
{
    json value;
    if (auto fault = no_list(own, doing, reply, value))
        return *fault;
    std::vector<standing> found;
    for (const auto& item : value) {
        auto now = standing_of(item);
        if (!now)
            return bad_reply(own, doing, "a post without id or status");
        found.push_back(std::move(*now));
    }
    return found;
}

result<page<post_id>> read_ids(const settings& own, std::string_view doing, const http_response& reply)
{
    json value;
    if (auto fault = no_list(own, doing, reply, value))
        return *fault;
    page<post_id> read;
    read_head(read, reply);
    for (const auto& item : value) {
        auto id = number_at(item, "id");
        if (id <= 0)
            return bad_reply(own, doing, "a post without id");
        read.items.push_back(post_id{std::to_string(id)});
    }
    return read;
}

result<page<publication>> read_feed(const settings& own, const http_response& reply)
{
    constexpr std::string_view doing = "read the public posts";
    json value;
    if (auto fault = no_list(own, doing, reply, value))
        return *fault;
    page<publication> read;
    read_head(read, reply);
    for (const auto& item : value) {
        auto id = number_at(item, "id");
        auto at = gmt_at(item, "date_gmt");
        if (id <= 0 || !at)
            return bad_reply(own, doing, "a post without id or date");
        if (auto status = text_at(item, "status"); !status.empty() && status != "publish")
            continue;
        auto seen = read_words(item);
        publication post;
        post.id = post_id{std::to_string(id)};
        post.at = *at;
        post.text = std::move(seen.text);
        post.links = std::move(seen.links);
        post.url = text_at(item, "link");
        read.items.push_back(std::move(post));
    }
    return read;
}

result<user> read_me(const settings& own, const http_response& reply)
{
    json value;
    if (auto fault = unreadable(own, "ask who we are", reply, value))
        return *fault;
    const auto* capabilities = member(value, "capabilities");
    if (capabilities == nullptr || !capabilities->is_object())
        return bad_reply(own, "ask who we are", "no capabilities");
    user me;
    me.id = number_at(value, "id");
    me.name = text_at(value, "name");
    for (const auto& [name, has] : capabilities->items())
        if (has.is_boolean() && has.get<bool>())
            me.capabilities.insert(name);
    return me;
}

whereabouts place_of(std::string_view status)
{
    if (status == "future")
        return whereabouts::queued;
    if (status == "publish")
        return whereabouts::published;
    if (status == "trash")
        return whereabouts::absent;
    return whereabouts::parked;  // draft, pending, private, auto-draft, an editorial plugin's own
}

}  // namespace halfmast::wordpress::wire
