#include "daemon/api/routes.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <nlohmann/json.hpp>

#include "daemon/api/handlers.hpp"

namespace halfmast::api {

namespace {

constexpr std::array table{
    route{"GET", "/status", access::reader, handlers::status},
    route{"GET", "/livez", access::reader, handlers::livez},
    route{"GET", "/readyz", access::reader, handlers::readyz},
    route{"GET", "/doctor", access::reader, handlers::doctor},
    route{"GET", "/audit", access::reader, handlers::audit},
    route{"GET", "/plan", access::reader, handlers::plan},
    route{"POST", "/crises", access::person, handlers::raise},
    route{"POST", "/crises/preview", access::person, handlers::preview},
    route{"GET", "/crises/{crisis}", access::reader, handlers::show_crisis},
    route{"POST", "/crises/{crisis}/lower", access::person, handlers::lower},
    route{"POST", "/crises/{crisis}/approve", access::person, handlers::approve},
    route{"GET", "/pages", access::reader, handlers::list_pages},
    route{"POST", "/pages/acknowledge", access::person, handlers::acknowledge_page},
    route{"POST", "/pages/test", access::person, handlers::test_pages},
    route{"GET", "/posts", access::reader, handlers::list},
    route{"GET", "/posts/{account}/{post}", access::reader, handlers::show_post},
    route{"GET", "/posts/{account}/{post}/why", access::reader, handlers::why},
    route{"POST", "/posts/{account}/{post}/hold", access::person, handlers::hold},
    route{"POST", "/posts/{account}/{post}/release", access::person, handlers::release},
    route{"POST", "/posts/{account}/{post}/keep", access::person, handlers::keep},
};

std::string_view next_part(std::string_view& path)
{
    if (!path.empty() && path.front() == '/')
        path.remove_prefix(1);
    auto end = path.find('/');
    auto part = path.substr(0, end);
    path.remove_prefix(end == std::string_view::npos ? path.size() : end);
    return part;
}

// The decoded parts in braces, or nullopt when the path is another one.
std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view path)
{
    std::vector<std::string> parts;
    while (!pattern.empty() && !path.empty()) {
        auto wanted = next_part(pattern);
        auto given = next_part(path);
        if (wanted.starts_with('{')) {
            auto decoded = net::percent_decode(given);
            if (!decoded || decoded->empty())
                return std::nullopt;
            parts.push_back(std::move(*decoded));
        } else if (wanted != given) {
            return std::nullopt;
        }
    }
    if (!pattern.empty() || !path.empty())
        return std::nullopt;
    return parts;
}

// Below the prefix; the two probes also without it.
std::optional<std::string_view> below_prefix(std::string_view path)
{
    constexpr std::string_view prefix = "/api/v1";
    if (path == "/livez" || path == "/readyz")
        return path;
    if (!path.starts_with(prefix))
        return std::nullopt;
    path.remove_prefix(prefix.size());
    return path;
}

// A page in a browser can make its own host name point at 127.0.0.1; what it cannot do is send another Host than that name.
bool is_loopback_host(std::string_view host)
{
    for (std::string_view name : {"localhost", "127.0.0.1", "[::1]"}) {
        if (!host.starts_with(name))
            continue;
        auto port = host.substr(name.size());
        return port.empty() || (port.front() == ':' && port.find_first_not_of("0123456789", 1) == std::string_view::npos);
    }
    return false;
}

// A body that a browser's form could send without asking anybody is refused.
bool is_json(const net::server_request& request)
{
    auto type = find_header(request.headers, "Content-Type");
    return request.body.empty() || type.empty() || type.starts_with("application/json");
}

std::optional<trouble> refuse_peer(const net::server_request& request, const route& found)
{
    if (request.from)
        return std::nullopt;  // the socket's permissions have let them in
    if (found.who == access::person)
        return not_allowed("over TCP this can only be read; use the halfmast command or the control socket, which tell who you are");
    return std::nullopt;
}

}  // namespace

std::span<const route> routes() { return table; }

net::request_handler api::handler()
{
    return [this](net::server_request request) { return answer(std::move(request)); };
}

asio::awaitable<net::server_response> api::answer(net::server_request request)
{
    if (!request.from) {
        auto host = find_header(request.headers, "Host");
        if (!is_loopback_host(host))
            co_return to_response(not_allowed("the Host header must be localhost, 127.0.0.1 or [::1]"));
    }
    auto path = below_prefix(request.path);
    const route* found = nullptr;
    std::string allowed;
    call asked{daemon_, request, actor_id{request.from ? request.from->user : "loopback"}, {}};
    for (const auto& candidate : table) {
        auto parts = path ? match(candidate.pattern, *path) : std::nullopt;
        if (!parts)
            continue;
        if (candidate.method == request.method) {
            found = &candidate;
            asked.parts = std::move(*parts);
            break;
        }
        allowed += (allowed.empty() ? "" : ", ") + std::string{candidate.method};
    }
    if (found == nullptr && !allowed.empty()) {
        trouble wrong{405, 1, "method", "That method is not served here", request.method + " is not served here; " + allowed + " is"};
        auto response = to_response(wrong);
        response.headers.emplace_back("Allow", allowed);
        co_return response;
    }
    if (found == nullptr)
        co_return to_response(trouble{404, 1, "route", "There is no such page", "nothing is served at " + request.path});
    if (auto refused = refuse_peer(request, *found))
        co_return to_response(*refused);
    if (!is_json(request)) {
        trouble wrong{415, 2, "media-type", "That kind of body is not read here", "the body must be application/json"};
        co_return to_response(wrong);
    }
    // The room's door: nothing thrown in here reaches the server.
    std::string thrown;
    try {
        co_return co_await found->run(asked);
    } catch (const std::exception& error) {
        thrown = error.what();
    }
    trouble internal{500, 1, "internal", "The daemon made a mistake", "answering " + request.method + " " + request.path + ": " + thrown};
    co_return to_response(internal);
}

}  // namespace halfmast::api
