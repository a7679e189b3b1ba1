// Enough of OAuth for a client to log in: register, authorise by choosing an account, trade the code for its token.
// Anybody who can reach the sandbox may be anybody in it; it holds nothing worth guarding.
#include <nlohmann/json.hpp>

#include "daemon/sandbox/routes.hpp"
#include "daemon/sandbox/values.hpp"

namespace halfmast::sandbox {

namespace {

using nlohmann::json;

constexpr auto out_of_band = "urn:ietf:wg:oauth:2.0:oob";

reply page_reply(const std::string& html, int status = 200)
{
    auto made = reply{status, "<!doctype html><meta charset=\"utf-8\"><title>halfmast practice platform</title>" + html};
    made.content_type = "text/html; charset=utf-8";
    return made;
}

reply register_app(call& from)
{
    const auto name = from.params.text("client_name").value_or("");
    auto uris = from.params.list("redirect_uris");
    if (name.empty() || uris.empty())
        return invalid({name.empty() ? "Application name can't be blank" : "Redirect URI can't be blank"});
    return answer({{"id", "1"},
                   {"name", name},
                   {"website", from.params.has("website") ? json(*from.params.text("website")) : json(nullptr)},
                   {"scopes", {"read", "write", "follow", "push"}},
                   {"redirect_uri", uris.front()},
                   {"redirect_uris", uris},
                   {"client_id", "sandbox-client"},
                   {"client_secret", "sandbox-secret"},
                   {"client_secret_expires_at", 0},
                   {"vapid_key", "BCkMmVdKDnKYwzVCDC99Iuc9GvId-x7-kKtuHnLgfF98ENiZp_aj-UNthbCdI70DqN1zUVis-x0Wrot2sBagkMc="}});
}

reply verify_app(call&)
{
    return answer({{"id", "1"},
                   {"name", "halfmast-sandbox"},
                   {"website", nullptr},
                   {"scopes", {"read", "write", "follow", "push"}},
                   {"redirect_uris", {out_of_band}},
                   {"redirect_uri", out_of_band},
                   {"vapid_key", ""}});
}

reply choose_account(call& from)
{
    auto list = std::string{"<h1>Log in as</h1><ul>"};
    auto kept = std::string{};
    for (const auto* name : {"redirect_uri", "state"})
        if (const auto value = from.params.text(name))
            kept += "&amp;" + std::string{name} + "=" + net::percent_encode(*value);
    auto shown = 0;
    for (const auto key : from.state.everybody()) {
        const auto& who = from.state.owner_of(key);
        if (!who.local || ++shown > 100)
            continue;
        list += "<li><a href=\"/oauth/authorize/accept?account=" + net::percent_encode(who.name) + kept + "\">"
                + escape_html(who.name) + "</a></li>";
    }
    return page_reply(list + "</ul>");
}

// The code is the account's name: all that has to be remembered.
reply accept(call& from)
{
    const auto name = from.params.text("account").value_or("");
    const auto target = from.params.text("redirect_uri").value_or(out_of_band);
    if (from.state.by_name(name) == nullptr)
        return page_reply("<p>There is no such account here.</p>", 404);
    if (target == out_of_band)
        return page_reply("<p>Code: <code>" + escape_html(name) + "</code></p>");
    auto made = page_reply("", 302);
    auto address = target + (target.find('?') == std::string::npos ? "?" : "&") + "code=" + net::percent_encode(name);
    if (const auto state = from.params.text("state"))
        address += "&state=" + net::percent_encode(*state);
    made.headers.emplace_back("Location", address);
    return made;
}

reply give_token(call& from)
{
    const auto kind = from.params.text("grant_type").value_or("");
    auto token = std::string{"sandbox-app-token"};
    if (kind == "authorization_code" || kind == "password") {
        const auto* who = from.state.by_name(from.params.text(kind == "password" ? "username" : "code").value_or(""));
        if (who == nullptr || !who->local || who->revoked)
            return answer({{"error", "invalid_grant"},
                           {"error_description", "The provided authorization grant is invalid, expired, or revoked."}},
                          400);
        token = who->token;
    } else if (kind != "client_credentials") {
        return answer({{"error", "unsupported_grant_type"},
                       {"error_description", "The authorization grant type is not supported by the authorization server."}},
                      400);
    }
    return answer({{"access_token", token},
                   {"token_type", "Bearer"},
                   {"scope", from.params.text("scope").value_or("read write follow push")},
                   {"created_at", from.now.time_since_epoch().count() / 1000}});
}

reply revoke(call& from)
{
    if (auto* who = from.state.by_token(from.params.text("token").value_or("")))
        who->revoked = true;
    return answer(json::object());
}

reply server_metadata(call& from)
{
    return answer({{"issuer", from.base + "/"},
                   {"authorization_endpoint", from.base + "/oauth/authorize"},
                   {"token_endpoint", from.base + "/oauth/token"},
                   {"revocation_endpoint", from.base + "/oauth/revoke"},
                   {"app_registration_endpoint", from.base + "/api/v1/apps"},
                   {"scopes_supported", {"read", "write", "follow", "push", "profile"}},
                   {"response_types_supported", {"code"}},
                   {"response_modes_supported", {"query"}},
                   {"grant_types_supported", {"authorization_code", "password", "client_credentials"}},
                   {"token_endpoint_auth_methods_supported", {"client_secret_basic", "client_secret_post"}}});
}

}  // namespace

void add_oauth_routes(std::vector<route>& table)
{
    table.push_back({"POST", "/api/v1/apps", needs::nobody, register_app});
    table.push_back({"GET", "/api/v1/apps/verify_credentials", needs::nobody, verify_app});
    table.push_back({"GET", "/oauth/authorize", needs::nobody, choose_account});
    table.push_back({"GET", "/oauth/authorize/accept", needs::nobody, accept});
    table.push_back({"POST", "/oauth/token", needs::nobody, give_token});
    table.push_back({"POST", "/oauth/revoke", needs::nobody, revoke});
    table.push_back({"GET", "/.well-known/oauth-authorization-server", needs::nobody, server_metadata});
}

}  // namespace halfmast::sandbox
