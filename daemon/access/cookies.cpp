#include "daemon/access/cookies.hpp"

namespace halfmast::access {

std::string cookie_name(std::string_view name, bool secure) { return (secure ? "__Host-" : "") + std::string{name}; }

std::string cookie_value(std::string_view header, std::string_view name)
{
    while (!header.empty()) {
        auto end = header.find(';');
        auto pair = header.substr(0, end);
        header.remove_prefix(end == std::string_view::npos ? header.size() : end + 1);
        while (pair.starts_with(' '))
            pair.remove_prefix(1);
        auto equals = pair.find('=');
        if (equals != std::string_view::npos && pair.substr(0, equals) == name)
            return std::string{pair.substr(equals + 1)};
    }
    return {};
}

std::string set_cookie(std::string_view name, std::string_view value, bool secure, same_site site, milliseconds lasts)
{
    auto text = cookie_name(name, secure) + "=" + std::string{value} + "; Path=/; HttpOnly; SameSite=";
    text += site == same_site::strict ? "Strict" : "Lax";
    text += "; Max-Age=" + std::to_string(lasts.count() / 1000);
    return text + (secure ? "; Secure" : "");
}

}  // namespace halfmast::access
