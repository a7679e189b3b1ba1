#include "connectors/rest/wire.hpp"

#include <algorithm>

#include "daemon/net/base64.hpp"
#include "daemon/net/http_server.hpp"
#include "daemon/net/json_read.hpp"
#include "daemon/text/article.hpp"
#include "daemon/text/respell.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::rest::wire {

namespace {

using nlohmann::json;

constexpr std::size_t most_answer = 64u << 20;  // a page of long articles

void add_parameter(std::string& query, std::string_view name, std::string_view value)
{
    query += (query.empty() ? "" : "&") + net::percent_encode(name) + "=" + net::percent_encode(value);
}

// Headers that a value from outside could break in two.
bool is_header_value(std::string_view value)
{
    return std::ranges::none_of(value, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

void authorize(const settings& own, http_request& request, std::string& query)
{
    const auto& what = *own.what;
    switch (what.auth) {
    case auth_kind::none:
    case auth_kind::oauth2: break;  // put on by net::oauth_http, behind the connector's back
    case auth_kind::bearer: request.headers.emplace_back("Authorization", "Bearer " + own.secret); break;
    case auth_kind::basic:
        request.headers.emplace_back("Authorization", "Basic " + net::base64(own.username + ":" + own.secret));
        break;
    case auth_kind::header: request.headers.emplace_back(what.auth_name, what.auth_prefix + own.secret); break;
    case auth_kind::query: add_parameter(query, what.auth_name, own.secret); break;
    }
}

std::optional<problem> add_headers(const settings& own, http_request& request, const filling& with, std::string_view doing)
{
    bool accepts = false;
    for (const auto& [name, value] : own.what->headers) {
        auto text = value.text(with);
        if (!text)
            return trouble(own, failure::rejected, doing, text.error().detail);
        if (!is_header_value(*text))
            return trouble(own, failure::rejected, doing, "the header " + name + " would hold a control character");
        accepts = accepts || text::fold(name) == "accept";
        request.headers.emplace_back(name, std::move(*text));
    }
    if (!accepts)
        request.headers.emplace_back("Accept", "application/json");
    return std::nullopt;
}

std::optional<problem> add_body(const settings& own, http_request& request, const call& ask, const filling& with,
                                std::string_view doing)
{
    if (ask.body) {
        auto body = ask.body->fill(with);
        if (!body)
            return trouble(own, failure::rejected, doing,
                           "a part of the body has nothing to stand for; does the post look as the description says?");
        request.headers.emplace_back("Content-Type", "application/json");
        request.body = net::dump(*body);
    } else if (!ask.form.empty()) {
        request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
        for (const auto& [name, value] : ask.form) {
            auto text = value.text(with);
            if (!text)
                return trouble(own, failure::rejected, doing, text.error().detail);
            add_parameter(request.body, name, *text);
        }
    }
    return std::nullopt;
}

// "https://host:port" of a URL.
std::string_view origin_of(std::string_view url)
{
    auto begin = url.find("://");
    return begin == std::string_view::npos ? std::string_view{} : url.substr(0, url.find_first_of("/?#", begin + 3));
}

}  // namespace

filling fill_common(const settings& own, const std::string& kind)
{
    filling with;
    with.texts.insert(own.own.begin(), own.own.end());
    with.texts["kind"] = kind;
    return with;
}

void fill_words(filling& into, const statement& words)
{
    into.texts["text"] = words.text;
    into.texts["html"] = html_of(words.text);
    into.texts["title"] = text::title_of(words.text);
    into.texts["language"] = words.language;
}

std::optional<problem> fill_new_words(const settings& own, filling& into, const standing& before, const std::string& wanted,
                                      std::string_view doing)
{
    const auto& fields = own.what->fields;
    std::vector<text::passage> parts;
    for (const auto& at : fields.text) {
        const auto* found = before.whole ? at.first(*before.whole) : nullptr;
        if (found == nullptr && (fields.html || fields.text.size() > 1))
            return trouble(own, failure::rejected, doing,
                           "the platform does not show what it says now, and without that a new text could lose its formatting");
        parts.push_back({found != nullptr ? as_text(*found).value_or("") : std::string{}, fields.html});
    }
    auto made = text::respell(parts, wanted);
    if (!made.done())
        return trouble(own, failure::rejected, doing,
                       made.why_not + "; change it at its source, " + before.page + ", then release it as it is");
    if (made.passages.empty())
        return trouble(own, failure::rejected, doing, "its description has no text in [fields]");
    // Alone it is what a person wrote, blank lines and all.
    auto last = fields.html || made.passages.size() > 1 ? made.passages.back() : wanted;
    into.texts["text"] = last;
    into.texts["html"] = last;
    into.texts["title"] = made.passages.size() > 1 ? made.passages.front() : std::string{};
    return std::nullopt;
}

void fill_summary(filling& into, const publish_summary& summary)
{
    fill_words(into, summary.words);
    into.texts["key"] = summary.key;
    into.texts["slug"] = text::slug_of(summary.key);
    into.texts["in_reply_to"] = summary.in_reply_to.value;
}

result<http_request> request_of(const settings& own, const call& ask, const filling& with, std::string_view doing)
{
    auto path = ask.path.in_path(with);
    if (!path)
        return trouble(own, failure::rejected, doing, path.error().detail);
    http_request request(ask.method, own.url + *path);
    std::string query;
    for (const auto& [name, value] : ask.query) {
        auto text = value.text(with);
        if (!text)
            return trouble(own, failure::rejected, doing, text.error().detail);
        add_parameter(query, name, *text);
    }
    authorize(own, request, query);
    if (auto wrong = add_headers(own, request, with, doing))
        return *wrong;
    if (auto wrong = add_body(own, request, ask, with, doing))
        return *wrong;
    if (!query.empty())
        request.url += "?" + query;
    request.most_body = most_answer;
    return request;
}

result<http_request> page_request(const settings& own, const listing& from, const pager& at, filling with, std::string_view doing)
{
    for (const auto* name : {"page", "offset", "cursor"})
        with.texts[name] = at.position();
    auto request = request_of(own, from.ask, with, doing);
    if (!request)
        return request;
    if (!at.url().empty()) {
        auto next = at.url().front() == '/' ? std::string{origin_of(own.url)} + at.url() : at.url();
        if (origin_of(next) != origin_of(own.url))
            return trouble(
                own, failure::bad_reply, doing,
                "the next page lies at another server, " + std::string{origin_of(next)} + "; the credential is not sent there");
        request->url = std::move(next);
        if (own.what->auth == auth_kind::query && request->url.find(net::percent_encode(own.secret)) == std::string::npos)
            request->url += (request->url.find('?') == std::string::npos ? "?" : "&") + net::percent_encode(own.what->auth_name)
                            + "=" + net::percent_encode(own.secret);
    } else if (!from.pages.parameter.empty() && !at.position().empty()) {
        std::string parameter;
        add_parameter(parameter, from.pages.parameter, at.position());
        request->url += (request->url.find('?') == std::string::npos ? "?" : "&") + parameter;
    }
    return request;
}

std::string html_of(const std::string& text)
{
    std::string html;
    for (const auto& paragraph : text::html_paragraphs(text))
        html += (html.empty() ? "<p>" : "\n<p>") + paragraph + "</p>";
    return html;
}

problem trouble(const settings& own, failure kind, std::string_view doing, std::string_view why)
{
    return {kind, own.what->name + " (rest): cannot " + std::string{doing} + " at " + own.url + ": " + std::string{why}, {}};
}

}  // namespace halfmast::rest::wire
