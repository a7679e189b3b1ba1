// What is asked. What an answer means is in wire_answers.cpp.
#include "connectors/wordpress/wire.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "daemon/net/base64.hpp"
#include "daemon/net/json_read.hpp"
#include "daemon/text/article.hpp"
#include "daemon/text/respell.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::wordpress::wire {

namespace {

using nlohmann::json;

constexpr std::size_t most_list = 64u << 20;     // a hundred long articles
constexpr std::chrono::hours ambiguous_hour{1};  // `after` is compared in the site's zone, where one hour comes twice a year
constexpr std::string_view standing_fields = "_fields=id,status,date_gmt,modified_gmt,link";
constexpr std::string_view words_fields = ",title.raw,content.raw";
constexpr std::string_view line_mark = "<hr";
constexpr std::string_view line_between =
    "\n\n<!-- wp:separator -->\n<hr class=\"wp-block-separator has-alpha-channel-opacity\"/>\n<!-- /wp:separator -->\n\n";

}  // namespace

http_request ask(const site& where, const std::string& route, const std::string& query)
{
    bool pretty = where.by == addressing::pretty;
    auto url = where.own->url + (pretty ? "/wp-json" : "/?rest_route=") + route;
    if (!query.empty())
        url += (pretty ? '?' : '&') + query;
    http_request request("GET", std::move(url));
    request.headers.emplace_back("Accept", "application/json");
    request.headers.emplace_back("Authorization", "Basic " + net::base64(where.own->username + ":" + where.own->password));
    return request;
}

namespace {

http_request tell(const site& where, const std::string& route, const json& body, std::string_view more_fields = {})
{
    auto request = ask(where, route, "context=edit&" + std::string{standing_fields} + std::string{more_fields});
    request.method = "POST";
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = net::dump(body);
    return request;
}

std::string route_of(const std::string& kind) { return (kind.find('/') == std::string::npos ? "/wp/v2/" : "/") + kind; }

// Ids come from WordPress or from the ledger; what is not a number must not become a part of the path.
std::string number_of(const post_id& id)
{
    bool number =
        !id.value.empty() && id.value.size() <= 19 && std::ranges::all_of(id.value, [](char c) { return c >= '0' && c <= '9'; });
    return number ? id.value : "0";
}

template <class Range, class Text>
std::string joined(const Range& ids, Text text)
{
    std::string list;
    for (const auto& id : ids)
        list += (list.empty() ? "" : ",") + text(id);
    return list;
}

std::string ids_of(const std::vector<post_id>& ids) { return joined(ids, number_of); }
std::string ids_of(const std::vector<wp_id>& ids)
{
    return joined(ids, [](wp_id id) { return std::to_string(id); });
}

// UTC without a zone, as date_gmt is written; whole seconds.
std::string gmt(time_point at)
{
    auto text = format_utc(std::chrono::floor<seconds>(at));
    text.pop_back();
    return text;
}

}  // namespace

slices::answer slices::take(const std::vector<wp_id>& ids, std::optional<std::int64_t> total, std::vector<std::size_t>& fresh)
{
    fresh.clear();
    bool steady = total && total_ == total;
    bool overlaps = last_ && std::ranges::any_of(ids, [&](wp_id id) { return id <= *last_; });
    total_ = total;
    if (offset_ > 0 && !steady && !overlaps) {
        if (++rewinds_ > most_rewinds)
            return answer::stuck;
        offset_ = std::max<std::int64_t>(0, offset_ - (size - overlap));
        return answer::more;
    }
    auto newest = last_;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (last_ && ids[i] <= *last_)
            continue;
        fresh.push_back(i);
        newest = std::max(newest.value_or(ids[i]), ids[i]);
    }
    bool full = ids.size() >= size;
    if (total ? offset_ + size >= *total : !full)
        return answer::done;
    if (full && fresh.empty() && ++rewinds_ > most_rewinds)
        return answer::stuck;  // a site that ignores `offset`
    last_ = newest;
    offset_ += size - overlap;
    return answer::more;
}

http_request index_request(const site& where) { return ask(where, "/", "_fields=name,namespaces,authentication"); }

http_request types_request(const site& where) { return ask(where, "/wp/v2/types", "context=edit"); }

http_request taxonomies_request(const site& where) { return ask(where, "/wp/v2/taxonomies", ""); }

http_request list_request(const site& where, const post_type& type, const std::vector<taxonomy>& taxonomies, std::int64_t offset)
{
    // Without what is rendered: it may change with every call, and costs the site most of the work. Without the post's password.
    std::string fields =
        "id,date,date_gmt,modified_gmt,slug,status,type,link,title.raw,content.raw,excerpt.raw,author,featured_media,sticky,format";
    for (const auto& one : taxonomies)
        if (std::ranges::find(one.types, type.name) != one.types.end())
            fields += "," + one.field;
    auto request = ask(where, route_of(type.kind),
                       "status=future&context=edit&orderby=id&order=asc&per_page=" + std::to_string(slices::size)
                           + (offset > 0 ? "&offset=" + std::to_string(offset) : "") + "&_fields=" + fields);
    request.most_body = most_list;
    return request;
}

http_request terms_request(const site& where, const taxonomy& one, const std::vector<wp_id>& ids)
{
    return ask(where, route_of(one.kind), "include=" + ids_of(ids) + "&per_page=100&_fields=id,name,slug");
}

http_request authors_request(const site& where, const std::vector<wp_id>& ids)
{
    return ask(where, "/wp/v2/users", "include=" + ids_of(ids) + "&per_page=100&_fields=id,name");
}

http_request look_request(const site& where, const std::string& kind, const post_id& id)
{
    return ask(where, route_of(kind) + "/" + number_of(id), "context=edit&" + std::string{standing_fields});
}

http_request look_request(const site& where, const std::string& kind, const std::vector<post_id>& ids, bool whole)
{
    // `any` leaves the trash out and takes in what editorial plugins added.
    return ask(where, route_of(kind),
               "status=any&context=edit&per_page=100&include=" + ids_of(ids) + "&" + std::string{standing_fields}
                   + (whole ? std::string{words_fields} : ""));
}

http_request draft_request(const site& where, const std::string& kind, const post_id& id)
{
    // The status and nothing else: any other edit of a post in its last minute publishes it.
    return tell(where, route_of(kind) + "/" + number_of(id), json{{"status", "draft"}});
}

http_request schedule_request(const site& where, const std::string& kind, const post_id& id, time_point at, const new_words* words)
{
    json body{{"status", "future"}, {"date_gmt", gmt(at)}};
    if (words != nullptr) {
        body["title"] = words->title;
        body["content"] = words->content;
    }
    return tell(where, route_of(kind) + "/" + number_of(id), body, words != nullptr ? words_fields : std::string_view{});
}

http_request find_request(const site& where, const std::string& slug)
{
    return ask(where, "/wp/v2/posts", "status=any&context=edit&slug=" + slug + "&" + std::string{standing_fields});
}

http_request publish_request(const site& where, const statement& words, const std::string& slug)
{
    auto request = tell(where, "/wp/v2/posts",
                        json{{"status", "publish"},
                             {"sticky", false},
                             {"slug", slug},
                             {"title", text::title_of(words.text)},
                             {"content", html_of(words.text)}});
    request.publishes = true;
    return request;
}

http_request words_request(const site& where, const std::string& kind, const post_id& id)
{
    return ask(where, route_of(kind) + "/" + number_of(id),
               "context=edit&" + std::string{standing_fields} + std::string{words_fields});
}

http_request edit_request(const site& where, const post_id& id, const statement& words, const std::string& content)
{
    return tell(where, "/wp/v2/posts/" + number_of(id),
                json{{"title", text::title_of(words.text)},
                     {"content", html_of(words.text) + (content.empty() ? "" : std::string{line_between} + content)}});
}

http_request sticky_list_request(const site& where, std::int64_t page)
{
    return ask(where, "/wp/v2/posts", "sticky=true&status=publish&per_page=100&page=" + std::to_string(page) + "&_fields=id");
}

http_request stick_request(const site& where, const post_id& id, bool sticky)
{
    return tell(where, "/wp/v2/posts/" + number_of(id), json{{"sticky", sticky}});
}

http_request feed_request(const site& where, const post_type& type, time_point since, std::int64_t page)
{
    auto request = ask(where, route_of(type.kind),
                       "status=publish&context=edit&orderby=date&order=desc&per_page=100&page=" + std::to_string(page)
                           + "&after=" + gmt(since - ambiguous_hour) + "Z&_fields=id,date_gmt,status,link,title.raw,content.raw");
    request.most_body = most_list;
    return request;
}

http_request feed_request(const site& where, const std::string& kind, const std::vector<post_id>& ids)
{
    auto request = ask(where, route_of(kind),
                       "status=publish&context=edit&per_page=100&include=" + ids_of(ids)
                           + "&_fields=id,date_gmt,status,link,title.raw,content.raw");
    request.most_body = most_list;
    return request;
}

http_request me_request(const site& where) { return ask(where, "/wp/v2/users/me", "context=edit&_fields=id,name,capabilities"); }

std::string html_of(const std::string& text)
{
    std::string html;
    for (const auto& paragraph : text::html_paragraphs(text))
        html += (html.empty() ? "" : "\n\n") + ("<!-- wp:paragraph -->\n<p>" + paragraph) + "</p>\n<!-- /wp:paragraph -->";
    return html;
}

bool says_first(const std::string& content, std::string_view text)
{
    return text::same_letters(text::from_html(content.substr(0, content.find(line_mark))), text);
}

std::string edit_link(const settings& own, const post_id& id)
{
    return own.url + "/wp-admin/post.php?post=" + id.value + "&action=edit";
}

problem trouble(const settings& own, failure kind, std::string_view doing, std::string_view why)
{
    return {
        kind, "wordpress: cannot " + std::string{doing} + " for " + own.username + " at " + own.url + ": " + std::string{why}, {}};
}

}  // namespace halfmast::wordpress::wire
