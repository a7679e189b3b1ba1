// The one table of Mastodon routes: method and path to the function that answers. Built once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "daemon/sandbox/call.hpp"

namespace halfmast::sandbox {

enum class needs { nobody, user };

struct route {
    std::string method;
    std::string pattern;  // "/api/v1/statuses/:id/pin"
    needs who = needs::user;
    reply (*run)(call&) = nullptr;
};

// One for each file of routes.
void add_scheduled_routes(std::vector<route>& table);
void add_status_routes(std::vector<route>& table);
void add_media_routes(std::vector<route>& table);
void add_account_routes(std::vector<route>& table);
void add_instance_routes(std::vector<route>& table);
void add_oauth_routes(std::vector<route>& table);

struct matched_route {
    const route* found = nullptr;
    std::vector<std::string> parts;
};

class router {
public:
    router();
    [[nodiscard]] matched_route match(std::string_view method, std::string_view path) const;

private:
    struct compiled {
        route what;
        std::vector<std::string> segments;
    };
    std::unordered_map<std::size_t, std::vector<compiled>> by_length_;
};

}  // namespace halfmast::sandbox
