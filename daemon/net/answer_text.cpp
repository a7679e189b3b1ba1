#include "daemon/net/answer_text.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "daemon/net/http_date.hpp"

namespace halfmast::net {

namespace {

std::string_view reason_of(int status)
{
    switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 412: return "Precondition Failed";
    case 413: return "Payload Too Large";
    case 415: return "Unsupported Media Type";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Entity";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Unknown";
    }
}

bool is_ours(std::string_view name)
{
    constexpr std::array<std::string_view, 4> ours{"content-length", "connection", "transfer-encoding", "keep-alive"};
    std::string lower{name};
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return std::ranges::find(ours, lower) != ours.end();
}

bool breaks_line(std::string_view text) { return text.find_first_of(std::string_view{"\r\n\0", 3}) != std::string_view::npos; }

void add(std::string& text, std::string_view name, std::string_view value)
{
    text += name;
    text += ": ";
    text += value;
    text += "\r\n";
}

std::optional<std::string> decode_query_part(std::string_view part)
{
    std::string spaced{part};
    std::ranges::replace(spaced, '+', ' ');
    return percent_decode(spaced);
}

}  // namespace

bool may_have_body(int status) { return status >= 200 && status != 204 && status != 304; }

std::string head_text(const server_response& given, unsigned version, bool keep_open)
{
    std::string text = version >= 11 ? "HTTP/1.1 " : "HTTP/1.0 ";
    text += std::to_string(given.status) + ' ';
    text += reason_of(given.status);
    text += "\r\n";
    if (find_header(given.headers, "Date").empty())
        add(text, "Date", format_http_date(std::chrono::floor<milliseconds>(std::chrono::system_clock::now())));
    bool typed = !find_header(given.headers, "Content-Type").empty();
    if (!typed && may_have_body(given.status) && !given.content_type.empty() && !breaks_line(given.content_type))
        add(text, "Content-Type", given.content_type);
    for (const auto& [name, value] : given.headers)
        if (!is_ours(name) && !breaks_line(name) && !breaks_line(value))
            add(text, name, value);
    if (given.stream && may_have_body(given.status)) {
        if (version >= 11)
            add(text, "Transfer-Encoding", "chunked");  // its end can then be told from a cut
    } else if (may_have_body(given.status)) {
        add(text, "Content-Length", std::to_string(given.body.size()));
    }
    if (!keep_open)
        add(text, "Connection", "close");
    else if (version < 11)
        add(text, "Connection", "keep-alive");
    text += "\r\n";
    return text;
}

std::string problem_text(int status, const std::string& detail)
{
    nlohmann::json body{{"type", "about:blank"}, {"title", std::string{reason_of(status)}}, {"status", status}, {"detail", detail}};
    return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool split_target(std::string_view target, std::string& path, std::map<std::string, std::string>& query)
{
    // A proxy's form: "http://host/path".
    if (auto scheme = target.find("://"); !target.starts_with('/') && scheme != std::string_view::npos) {
        auto slash = target.find('/', scheme + 3);
        target = slash == std::string_view::npos ? std::string_view{"/"} : target.substr(slash);
    }
    target = target.substr(0, target.find('#'));
    auto mark = target.find('?');
    path = std::string{target.substr(0, mark)};
    if (mark == std::string_view::npos)
        return true;
    auto rest = target.substr(mark + 1);
    while (!rest.empty()) {
        auto end = rest.find('&');
        auto part = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
        if (part.empty())
            continue;
        auto equals = part.find('=');
        auto name = decode_query_part(part.substr(0, equals));
        auto value = decode_query_part(equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1));
        if (!name || !value)
            return false;
        query.emplace(std::move(*name), std::move(*value));
    }
    return true;
}

}  // namespace halfmast::net
