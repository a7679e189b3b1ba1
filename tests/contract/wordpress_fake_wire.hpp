// What a WordPress in memory understands of a request, and the forms of its answers. Only for wordpress_fake.
#pragma once

#include <nlohmann/json.hpp>

#include "tests/contract/platform.hpp"

namespace halfmast::contract::wordpress_wire {

inline constexpr std::string_view base = "https://blog.acme.example";

struct call {
    std::string method;
    std::string route;
    std::map<std::string, std::string> query;
    nlohmann::json body;
    bool api = false;  // false: the web server's business, not WordPress'

    [[nodiscard]] std::string value(const std::string& key, std::string otherwise = {}) const
    {
        auto found = query.find(key);
        return found == query.end() ? std::move(otherwise) : found->second;
    }
    [[nodiscard]] std::int64_t number(const std::string& key, std::int64_t otherwise) const
    {
        return query.contains(key) ? std::stoll(query.at(key)) : otherwise;
    }
};

std::string gmt(time_point at);
std::string escaped(const std::string& plain);
std::vector<std::string> split(const std::string& text, char at);
// `pretty`: the site has pretty permalinks; without them only ?rest_route= reaches WordPress.
call understand(const http_request& request, bool pretty);

http_response answer(int status, const nlohmann::json& body);
http_response refuse(int status, const std::string& code, const std::string& message);
http_response status_is_forbidden(int inner);

}  // namespace halfmast::contract::wordpress_wire
