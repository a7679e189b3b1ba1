// The stream of events, and the description of this API.
#include <charconv>

#include <nlohmann/json.hpp>

#include "daemon/api/events.hpp"
#include "daemon/api/handlers.hpp"
#include "daemon/api/openapi.hpp"

namespace halfmast::api::handlers {

response events(const call& asked)
{
    if (auto wrong = unknown_member(asked, {"after"}))
        co_return to_response(*wrong);
    auto* hub = asked.daemon.events();
    if (hub == nullptr)
        co_return to_response(from_problem({failure::local, "this daemon tells no events", {}}));
    auto text = std::string{find_header(asked.request.headers, "Last-Event-ID")};
    if (text.empty())
        text = query(asked, "after");
    std::int64_t after = -1;
    if (!text.empty()) {
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), after);
        if (error != std::errc{} || end != text.data() + text.size() || after < 0)
            co_return to_response(bad_request("after (or Last-Event-ID) must be the number of a record; '" + text + "' is not"));
    }
    net::server_response made;
    made.content_type = "text/event-stream";
    made.headers.emplace_back("Cache-Control", "no-store");
    made.headers.emplace_back("X-Accel-Buffering", "no");  // a proxy that gathers would make it late
    // Whoever may not read any more does not read on.
    auto* daemon = &asked.daemon;
    std::function<bool()> still = [door = &asked.door, who = asked.who] { return door->still_stands(who); };
    made.stream = [hub, daemon, after, still](net::response_stream& to) { return hub->serve(to, *daemon, after, still); };
    co_return made;
}

response openapi(const call&)
{
    net::server_response made{200, std::string{openapi_document()}};
    co_return made;
}

}  // namespace halfmast::api::handlers
