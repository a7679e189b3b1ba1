// What a Ghost in memory understands of a request: its token, its route, its filter. Only for ghost_fake.
#pragma once

#include <nlohmann/json.hpp>

#include "tests/contract/platform.hpp"

namespace halfmast::contract {

inline constexpr std::string_view ghost_base = "https://news.acme.example";
inline constexpr std::string_view ghost_key =
    "6b064a562b76505e65064756:c8b5b1ad516f95cadd531d5bc9c88b9bbc9db4e952144447fad22a6fa3aa2d46";

struct ghost_call {
    std::string method;
    std::vector<std::string> route;  // "posts", "ID"
    std::map<std::string, std::string> query;
    nlohmann::json post = nlohmann::json::object();  // of the body
    bool api = false;                                // the route ends with a slash, as Ghost wants it

    [[nodiscard]] std::string value(const std::string& key) const
    {
        auto found = query.find(key);
        return found == query.end() ? std::string{} : found->second;
    }
};

// Ghost's filter language, as far as it is needed: terms joined by '+', each key:value, key:[a,b], key:>'x' or key:>='x'.
struct ghost_term {
    std::string key;
    std::string relation;  // "=", ">", ">="
    std::vector<std::string> values;
};

std::vector<ghost_term> ghost_terms(const std::string& filter);
ghost_call understand_ghost(const http_request& request);
// Nothing when the token is good by the site's clock.
std::optional<http_response> ghost_stranger(const http_request& request, time_point site_now);

http_response ghost_answer(int status, const nlohmann::json& body);
http_response ghost_fault(int status, const std::string& type, const std::string& message, const nlohmann::json& context = nullptr,
                          const nlohmann::json& code = nullptr);
// What Ghost's editor and its pages make of each other; paragraphs of plain words alone.
std::string ghost_lexical(const std::string& html);
std::string ghost_html(const std::string& lexical);
std::string ghost_time(time_point at);
std::vector<std::string> cut_ghost(const std::string& text, char at);

}  // namespace halfmast::contract
