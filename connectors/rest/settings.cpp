#include "connectors/rest/settings.hpp"

#include <algorithm>

namespace halfmast::rest {

namespace {

// False when something is missing; it is noted.
bool parse_oauth(account_values& values, settings& mine)
{
    bool renews = mine.what->oauth.grant == net::oauth_grant::refresh_token;
    mine.client_id = values.text("client_id");
    bool secretive = values.has("client_secret");
    if (secretive)
        mine.client_secret = secret{values.secret("client_secret")};
    else if (!renews)
        values.fault("client_secret", "is missing: with client_credentials it is all that proves who asks");
    if (renews) {
        mine.refresh_token = secret{values.secret("refresh_token")};
        values.needs_vault("its platform may give a new refresh token with each use, which has to be kept");
    }
    return !mine.client_id.empty() && (renews ? !mine.refresh_token.empty() : secretive)
           && (!secretive || !mine.client_secret.empty());
}

}  // namespace

std::shared_ptr<const connector_settings> parse(account_values& values)
{
    auto mine = std::make_shared<settings>();
    mine->url = values.base_url("url");
    auto zone = values.optional_text("time_zone").value_or("UTC");
    if (auto from = values.file("description"))
        mine->what =
            read_description(*from, zone, [&](document_place at, std::string text) { values.fault(*from, at, std::move(text)); });
    if (!mine->what) {
        // Which of these it needs, nobody can tell; that they are unknown would be wrong to say.
        for (const auto* key : {"token", "username", "password", "client_id", "client_secret", "refresh_token"})
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
    } else if (mine->what->auth == auth_kind::oauth2) {
        sound = parse_oauth(values, *mine) && sound;
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
