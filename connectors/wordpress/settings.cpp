#include "connectors/wordpress/settings.hpp"

#include <algorithm>

namespace halfmast::wordpress {

std::shared_ptr<const connector_settings> parse(account_values& values)
{
    auto mine = std::make_shared<settings>();
    bool sound = true;
    auto fault = [&](std::string_view key, std::string text) {
        values.fault(key, std::move(text));
        sound = false;
    };

    mine->url = values.base_url("url");
    mine->username = values.text("username");
    mine->password = values.secret("password");
    // Each of these noted its own fault when it came back empty.
    sound = !mine->url.empty() && !mine->username.empty() && !mine->password.empty();

    for (std::string_view inner : {"/wp-json", "/wp-admin", "/wp-login.php"})
        if (mine->url.ends_with(inner))
            fault("url", "is an inner page of WordPress; give the address of the site itself, without " + std::string{inner});
    if (mine->url.find_first_of("?#") != std::string::npos)
        fault("url", "holds a query or a fragment; give the address of the site itself");
    if (mine->username.find(':') != std::string::npos)
        fault("username", "holds a colon, which HTTP Basic cannot send");

    // WordPress shows an application password in groups of four and ignores the blanks.
    bool given = !mine->password.empty();
    std::erase_if(mine->password, [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; });
    if (given && mine->password.empty())
        fault("password", "holds nothing but blanks");
    if (!sound)
        return nullptr;
    return mine;
}

}  // namespace halfmast::wordpress
