#include "connectors/rest/settings.hpp"

#include <algorithm>

namespace halfmast::rest {

std::shared_ptr<const connector_settings> parse(account_values& values)
{
    auto mine = std::make_shared<settings>();
    mine->url = values.base_url("url");
    auto zone = values.optional_text("time_zone").value_or("UTC");
    if (auto from = values.file("description"))
        mine->what = read_description(*from, zone, [&](document_place at, std::string text) { values.fault(*from, at, std::move(text)); });
    if (!mine->what) {
        // Which of these it needs, nobody can tell; that they are unknown would be wrong to say.
        for (const auto* key : {"token", "username", "password"})
            values.has(key);
        return nullptr;
    }
    bool sound = !mine->url.empty();
    if (mine->url.find_first_of("?#") != std::string::npos) {
        values.fault("url", "holds a query or a fragment; give the address below which the API lies");
        sound = false;
    }
    if (mine->what->auth == auth_kind::basic) {
        mine->username = values.text("username");
        mine->secret = values.secret("password");
        sound = sound && !mine->username.empty() && !mine->secret.empty();
        if (mine->username.find(':') != std::string::npos) {
            values.fault("username", "holds a colon, which HTTP Basic cannot send");
            sound = false;
        }
    } else if (mine->what->auth != auth_kind::none) {
        mine->secret = values.secret("token");
        sound = sound && !mine->secret.empty();
    }
    for (const auto& key : mine->what->keys) {
        auto value = values.text(key);
        sound = sound && !value.empty();
        mine->own[key] = std::move(value);
    }
    if (!sound)
        return nullptr;
    return mine;
}

}  // namespace halfmast::rest
