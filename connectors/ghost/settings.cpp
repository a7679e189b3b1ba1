#include "connectors/ghost/settings.hpp"

#include <algorithm>
#include <optional>

namespace halfmast::ghost {

namespace {

int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::optional<std::string> bytes_of(std::string_view hex)
{
    if (hex.empty() || hex.size() % 2 != 0)
        return std::nullopt;
    std::string bytes;
    for (std::size_t at = 0; at < hex.size(); at += 2) {
        int high = hex_digit(hex[at]);
        int low = hex_digit(hex[at + 1]);
        if (high < 0 || low < 0)
            return std::nullopt;
        bytes.push_back(static_cast<char>(high * 16 + low));
    }
    return bytes;
}

bool is_hex(std::string_view text)
{
    return !text.empty() && std::ranges::all_of(text, [](char c) { return hex_digit(c) >= 0; });
}

// What is wrong with the key, or nothing; the key itself is never named.
std::string_view take_key(std::string_view key, settings& into)
{
    auto colon = key.find(':');
    if (colon == std::string_view::npos)
        return is_hex(key) ? "holds no colon: a Content API key can only read. Take the Admin API key, whose form is id:secret"
                           : "holds no colon; take the Admin API key, whose form is id:secret, from Settings > Integrations";
    auto secret = bytes_of(key.substr(colon + 1));
    if (!is_hex(key.substr(0, colon)) || !secret)
        return "is no Admin API key: both parts of id:secret are hexadecimal";
    into.key_id = key.substr(0, colon);
    into.secret = std::move(*secret);
    return {};
}

}  // namespace

std::shared_ptr<const connector_settings> parse(account_values& values)
{
    auto mine = std::make_shared<settings>();
    mine->url = values.base_url("url");
    auto key = values.secret("admin_api_key");
    mine->featured_shows = values.flag("featured_shows").value_or(false);
    bool sound = !mine->url.empty();
    auto fault = [&](std::string_view name, std::string text) {
        values.fault(name, std::move(text));
        sound = false;
    };

    if (mine->url.find("/ghost/") != std::string::npos || mine->url.ends_with("/ghost"))
        fault("url", "is an inner page of Ghost; give the address of the site itself, without /ghost and what follows");
    if (mine->url.find_first_of("?#") != std::string::npos)
        fault("url", "holds a query or a fragment; give the address of the site itself");
    // An empty key may be one that must not be read here (check-config); a missing one is noted already.
    if (!key.empty())
        if (auto wrong = take_key(key, *mine); !wrong.empty())
            fault("admin_api_key", std::string{wrong});
    if (!sound)
        return nullptr;
    return mine;
}

}  // namespace halfmast::ghost
