#include "daemon/console/console.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace halfmast::console {

namespace {

// The first part of a page's path. Everything else below / is the API's, so that a page of its own (/login/..., /auth/...) is never hidden.
constexpr std::array<std::string_view, 11> pages{"",      "accounts", "audit",   "calendar",   "checks", "pages",
                                                 "queue", "sessions", "sign-in", "statements", "tasks"};

// Nothing may be loaded, run, framed or sent anywhere but here, and no script or style may stand in the page itself.
constexpr std::string_view content_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; manifest-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

// Calls `each` for every part between commas until it gives true; whether one did.
template <class Each>
bool any_part(std::string_view list, Each each)
{
    while (!list.empty()) {
        auto comma = list.find(',');
        if (each(trimmed(list.substr(0, comma))))
            return true;
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
    return false;
}

// "gzip;q=0" is a no, "gzip;q=0.5" a yes. "*" is not taken for one: what sends only that is no browser.
bool takes_gzip(std::string_view accepted)
{
    return any_part(accepted, [](std::string_view part) {
        auto semicolon = part.find(';');
        if (trimmed(part.substr(0, semicolon)) != "gzip")
            return false;
        auto quality = semicolon == std::string_view::npos ? std::string_view{} : trimmed(part.substr(semicolon + 1));
        return !quality.starts_with("q=0") || quality.find_first_of("123456789") != std::string_view::npos;
    });
}

// As RFC 9110 compares for If-None-Match: a weak mark counts as the tag it stands before.
bool is_known(std::string_view known, const std::string& tag)
{
    return any_part(known, [&](std::string_view part) {
        if (part.starts_with("W/"))
            part.remove_prefix(2);
        return part == "*" || part == tag;
    });
}

void add_security(http_headers& headers)
{
    headers.emplace_back("Content-Security-Policy", content_policy);
    headers.emplace_back("X-Content-Type-Options", "nosniff");
    headers.emplace_back("X-Frame-Options", "DENY");
    headers.emplace_back("Referrer-Policy", "no-referrer");
    headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
    headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
    headers.emplace_back("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
}

net::server_response serve(const asset& found, const net::server_request& request)
{
    bool packed = !found.gzip.empty() && takes_gzip(find_header(request.headers, "Accept-Encoding"));
    std::string tag = "\"" + std::string{found.etag} + (packed ? "-gzip\"" : "\"");
    net::server_response response;
    response.content_type = found.type;
    response.headers.emplace_back("ETag", tag);
    response.headers.emplace_back("Cache-Control", found.hashed ? "public, max-age=31536000, immutable" : "no-cache");
    response.headers.emplace_back("Vary", "Accept-Encoding");
    add_security(response.headers);
    if (is_known(find_header(request.headers, "If-None-Match"), tag)) {
        response.status = 304;
        return response;
    }
    if (packed)
        response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = packed ? found.gzip : found.plain;
    return response;
}

net::server_response refuse_method(const net::server_request& request)
{
    net::server_response response{405, request.method + " is not served at " + request.path + "; GET and HEAD are\n"};
    response.content_type = "text/plain; charset=utf-8";
    response.headers.emplace_back("Allow", "GET, HEAD");
    add_security(response.headers);
    return response;
}

asio::awaitable<net::server_response> answer(const net::request_handler& others, net::server_request request)
{
    auto found = find_asset(request.path);
    if (!found) {
        auto work = others(std::move(request));
        co_return co_await std::move(work);
    }
    if (request.method != "GET" && request.method != "HEAD")
        co_return refuse_method(request);
    co_return serve(*found, request);
}

}  // namespace

std::optional<asset> find_asset(std::string_view path)
{
    auto table = assets();
    auto by_path = [&](std::string_view wanted) -> std::optional<asset> {
        auto found = std::ranges::find(table, wanted, &asset::path);
        return found == table.end() ? std::nullopt : std::optional{*found};
    };
    if (auto found = by_path(path))
        return found;
    if (!path.starts_with('/'))
        return std::nullopt;
    auto first = path.substr(1, path.find('/', 1) - 1);
    return std::ranges::find(pages, first) == pages.end() ? std::nullopt : by_path("/index.html");
}

net::request_handler in_front_of(net::request_handler others)
{
    if (assets().empty())
        return others;
    return [others = std::move(others)](net::server_request request) { return answer(others, std::move(request)); };
}

}  // namespace halfmast::console
