// One request on its way through the Mastodon API: what a route gets, and the answers it gives. Routes know the world and
// the rules; they know nothing of faults, limits, latency or sockets.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "daemon/net/http_server.hpp"
#include "daemon/sandbox/entities.hpp"
#include "daemon/sandbox/forms.hpp"
#include "daemon/sandbox/world.hpp"

namespace halfmast::sandbox {

using reply = net::server_response;

struct call {
    world& state;
    const rules& set;
    const net::server_request& request;
    parameters params;
    std::vector<std::string> parts;  // what stood at the ':' places of the route
    person* who = nullptr;           // never null on a route that needs a user
    time_point now;
    std::string base;

    [[nodiscard]] entity_view view() const { return {state, set, base, who, now}; }
    [[nodiscard]] id key(std::size_t part = 0) const;  // 0, which nothing has, when it is no number
};

reply answer(const nlohmann::json& body, int status = 200);
reply refuse(int status, const std::string& error);
reply not_found();
reply invalid(const std::vector<std::string>& faults);  // 422, "Validation failed: a, b"

// A page of keys as the platform pages: newest first; min_id gives the ones just above. `kept` may drop keys.
struct page {
    std::vector<id> keys;
    bool more = false;
};
page page_of(const call& from, const std::set<id>& keys, int usual, int most, const std::function<bool(id)>& kept = {});

// The Link header of a page; `keep` are the parameters that stay in it.
void add_links(reply& to, const call& from, const page& shown, const std::vector<std::string>& keep);

}  // namespace halfmast::sandbox
