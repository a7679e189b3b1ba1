// What is asked. What an answer means is in wire_answers.cpp.
#include "connectors/ghost/wire.hpp"

#include <algorithm>
#include <charconv>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "connectors/ghost/wire_json.hpp"
#include "daemon/net/base64.hpp"
#include "daemon/net/http_server.hpp"
#include "daemon/text/article.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::ghost::wire {

namespace {

constexpr std::size_t most_list = 64u << 20;  // a hundred long articles
constexpr seconds token_life{240};            // Ghost allows five minutes
constexpr std::string_view standing_query = "include=newsletter,email&formats=plaintext";
constexpr std::string_view every_status = "status:[draft,scheduled,published,sent]";
constexpr std::string_view content_query = "&formats=html&include=tags,authors,newsletter,email";

// Of percent_encode(); what is no such thing stays as it is.
std::string decoded(std::string_view text)
{
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        unsigned value = 0;
        auto pair = text.substr(at, 3);
        bool hex = text[at] == '%' && pair.size() == 3
                   && std::from_chars(pair.data() + 1, pair.data() + 3, value, 16).ptr == pair.data() + 3;
        out.push_back(hex ? static_cast<char>(value) : text[at]);
        at += hex ? 2 : 0;
    }
    return out;
}

http_request ask(const settings& own, const std::string& route, const std::string& query)
{
    http_request request("GET", own.url + "/ghost/api/admin/" + route + "/" + (query.empty() ? "" : "?") + query);
    request.headers.emplace_back("Accept", "application/json");
    // What is asked here is alike in 5 and 6; a newer Ghost serves an older version, and never the other way.
    request.headers.emplace_back("Accept-Version", "v5.0");
    return request;
}

http_request tell(const settings& own, std::string_view method, const std::string& route, const std::string& query,
                  std::string_view resource, const json& post)
{
    auto request = ask(own, route, query);
    request.method = method;
    request.headers.emplace_back("Content-Type", "application/json");
    json body;
    body[std::string{resource}] = json::array({post});
    request.body = dump(body);
    return request;
}

// Ids come from Ghost or from the ledger; what is none must not become a part of a path. Ghost answers 404 to this one.
std::string id_of(const post_id& id) { return is_id(id.value) ? id.value : std::string(24, '0'); }

std::string route_of(std::string_view resource, const post_id& id) { return std::string{resource} + "/" + id_of(id); }

std::string ids_of(const std::vector<post_id>& ids)
{
    std::string list;
    for (const auto& id : ids)
        list += (list.empty() ? "'" : ",'") + id_of(id) + "'";
    return "id:[" + list + "]";
}

// A page has no mail, and Ghost refuses to be asked for it.
std::string standing_query_of(std::string_view resource)
{
    return std::string{resource == "posts" ? standing_query : standing_query.substr(standing_query.find('&') + 1)};
}

// What they say is wanted too.
std::string whole_query_of(std::string_view resource, std::string_view forms)
{
    auto query = standing_query_of(resource);
    auto form = query.find("plaintext");
    return query.replace(form, std::string_view{"plaintext"}.size(), forms);
}

std::string content_query_of(std::string_view resource)
{
    return std::string{resource == "posts" ? content_query : "&formats=html&include=tags,authors"};
}

}  // namespace

std::string kind_of(const place& where)
{
    if (where.newsletter.empty())
        return where.resource;
    auto kind = where.resource + "?newsletter=" + net::percent_encode(where.newsletter);
    return where.segment.empty() ? kind : kind + "&email_segment=" + net::percent_encode(where.segment);
}

place place_in(std::string_view kind)
{
    place where;
    auto question = std::min(kind.find('?'), kind.size());
    if (auto name = kind.substr(0, question); name == "pages")
        where.resource = name;
    auto rest = kind.substr(std::min(question + 1, kind.size()));
    while (!rest.empty()) {
        auto pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
        auto equals = std::min(pair.find('='), pair.size());
        auto value = decoded(pair.substr(std::min(equals + 1, pair.size())));
        if (pair.substr(0, equals) == "newsletter")
            where.newsletter = std::move(value);
        else if (pair.substr(0, equals) == "email_segment")
            where.segment = std::move(value);
    }
    return where;
}

std::string token(const settings& own, time_point now)
{
    auto second = std::chrono::floor<seconds>(now).time_since_epoch().count();
    json head{{"alg", "HS256"}, {"typ", "JWT"}, {"kid", own.key_id}};
    json claims{{"iat", second}, {"exp", second + token_life.count()}, {"aud", "/admin/"}};
    auto text = net::base64url(head.dump()) + "." + net::base64url(claims.dump());
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    HMAC(EVP_sha256(), own.secret.data(), static_cast<int>(own.secret.size()), reinterpret_cast<const unsigned char*>(text.data()),
         text.size(), mac, &size);
    return text + "." + net::base64url({reinterpret_cast<const char*>(mac), size});
}

void sign(const settings& own, http_request& request, time_point now)
{
    std::erase_if(request.headers, [](const auto& header) { return header.first == "Authorization"; });
    request.headers.emplace_back("Authorization", "Ghost " + token(own, now));
}

http_request site_request(const settings& own)
{
    auto request = ask(own, "site", "");
    request.looks = true;
    return request;
}

http_request me_request(const settings& own)
{
    auto request = ask(own, "users/me", "include=roles");
    request.looks = true;
    return request;
}

http_request list_request(const settings& own, std::string_view resource, const post_id& after)
{
    auto filter = "status:scheduled" + (after.empty() ? "" : "+id:>'" + id_of(after) + "'");
    auto request = ask(own, std::string{resource},
                       "filter=" + net::percent_encode(filter) + "&order=id%20asc&limit=" + std::to_string(list_size)
                           + content_query_of(resource));
    request.most_body = most_list;
    request.looks = true;
    return request;
}

http_request look_request(const settings& own, std::string_view resource, const post_id& id)
{
    return ask(own, route_of(resource, id), standing_query_of(resource));
}

http_request look_request(const settings& own, std::string_view resource, const std::vector<post_id>& ids, bool whole)
{
    auto filter = ids_of(ids) + "+" + std::string{every_status};
    auto query = whole ? whole_query_of(resource, "html") : standing_query_of(resource);
    return ask(own, std::string{resource},
               "filter=" + net::percent_encode(filter) + "&limit=" + std::to_string(list_size) + "&" + query);
}

http_request draft_request(const settings& own, std::string_view resource, const standing& seen)
{
    // The status and nothing else: whatever is named is replaced.
    return tell(own, "PUT", route_of(resource, seen.id), standing_query_of(resource), resource,
                json{{"status", "draft"}, {"updated_at", seen.version}});
}

http_request schedule_request(const settings& own, std::string_view resource, const standing& seen, time_point at,
                              const place* mail, const respelt_article* words)
{
    auto query = words != nullptr ? whole_query_of(resource, "html") : standing_query_of(resource);
    if (mail != nullptr)
        query += "&newsletter=" + net::percent_encode(mail->newsletter)
                 + "&email_segment=" + net::percent_encode(mail->segment.empty() ? "all" : mail->segment);
    json post{{"status", "scheduled"}, {"published_at", format_utc(std::chrono::floor<seconds>(at))}, {"updated_at", seen.version}};
    if (words != nullptr) {
        post["title"] = words->title;
        post["lexical"] = words->lexical;
        if (!words->excerpt.empty())
            post["custom_excerpt"] = words->excerpt;
    }
    return tell(own, "PUT", route_of(resource, seen.id), query, resource, post);
}

http_request find_request(const settings& own, const std::string& slug)
{
    auto filter = "slug:'" + slug + "'+" + std::string{every_status};
    return ask(own, "posts", "filter=" + net::percent_encode(filter) + "&" + standing_query_of("posts"));
}

http_request publish_request(const settings& own, const statement& words, const std::string& slug)
{
    // Without a newsletter no mail goes out; a site's own default may be for members only.
    auto request = tell(own, "POST", "posts", "source=html&" + standing_query_of("posts"), "posts",
                        json{{"status", "published"},
                             {"visibility", "public"},
                             {"featured", false},
                             {"slug", slug},
                             {"title", text::title_of(words.text)},
                             {"html", html_of(words.text)}});
    request.publishes = true;
    return request;
}

http_request words_request(const settings& own, std::string_view resource, const post_id& id)
{
    return ask(own, route_of(resource, id), whole_query_of(resource, "html,lexical"));
}

http_request edit_request(const settings& own, const written& before, const statement& words)
{
    auto html = html_of(words.text) + (before.html.empty() ? "" : "<hr>" + before.html);
    return tell(own, "PUT", route_of("posts", before.now.id), "source=html&" + standing_query_of("posts"), "posts",
                json{{"title", text::title_of(words.text)}, {"html", html}, {"updated_at", before.now.version}});
}

http_request featured_list_request(const settings& own, std::int64_t page)
{
    return ask(own, "posts",
               "filter=" + net::percent_encode("featured:true+status:published")
                   + "&order=published_at%20desc&fields=id&limit=" + std::to_string(list_size) + "&page=" + std::to_string(page));
}

http_request feature_request(const settings& own, const standing& seen, bool featured)
{
    return tell(own, "PUT", route_of("posts", seen.id), standing_query_of("posts"), "posts",
                json{{"featured", featured}, {"updated_at", seen.version}});
}

http_request feed_request(const settings& own, std::string_view resource, time_point since, std::int64_t page)
{
    auto filter = "status:[published,sent]+published_at:>='" + format_utc(std::chrono::floor<seconds>(since)) + "'";
    auto request = ask(own, std::string{resource},
                       "filter=" + net::percent_encode(filter) + "&order=published_at%20desc&limit=" + std::to_string(list_size)
                           + "&page=" + std::to_string(page) + content_query_of(resource));
    request.most_body = most_list;
    request.looks = true;
    return request;
}

http_request feed_request(const settings& own, std::string_view resource, const std::vector<post_id>& ids)
{
    auto filter = ids_of(ids) + "+status:[published,sent]";
    auto request = ask(own, std::string{resource},
                       "filter=" + net::percent_encode(filter) + "&order=published_at%20desc&limit=" + std::to_string(list_size)
                           + content_query_of(resource));
    request.most_body = most_list;
    request.looks = true;
    return request;
}

std::string html_of(const std::string& text)
{
    std::string html;
    for (const auto& paragraph : text::html_paragraphs(text))
        html += "<p>" + paragraph + "</p>";
    return html;
}

bool says_first(const std::string& html, std::string_view text)
{
    return text::same_letters(text::from_html(html.substr(0, html.find("<hr"))), text);
}

std::string edit_link(const settings& own, std::string_view resource, const post_id& id)
{
    return own.url + "/ghost/#/editor/" + (resource == "pages" ? "page/" : "post/") + id.value;
}

problem trouble(const settings& own, failure kind, std::string_view doing, std::string_view why)
{
    return {kind, "ghost: cannot " + std::string{doing} + " at " + own.url + ": " + std::string{why}, {}};
}

}  // namespace halfmast::ghost::wire
