#include "daemon/access/cookies.hpp"

#include <algorithm>

namespace halfmast::access {

std::string cookie_name(std::string_view name, bool secure, std::string_view host)
{
    auto made = (secure ? "__Host-" : "") + std::string{name};
    auto port = host.substr(std::min(host.rfind(':'), host.size()));
    if (port.size() > 1 && port.find_first_not_of("0123456789", 1) == std::string_view::npos)
        made += "-" + std::string{port.substr(1)};
    return made;
}

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
    auto text = std::string{name} + "=" + std::string{value} + "; Path=/; HttpOnly; SameSite=";
    text += site == same_site::strict ? "Strict" : "Lax";
    text += "; Max-Age=" + std::to_string(lasts.count() / 1000);
    return text + (secure ? "; Secure" : "");
}

}  // namespace halfmast::access
