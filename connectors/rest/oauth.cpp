#include "connectors/rest/oauth.hpp"

#include <algorithm>
#include <array>

#include "daemon/net/oauth_http.hpp"

namespace halfmast::rest {

namespace {

// "https://host/path", or http on this machine; no user, no fragment. Empty when it is one, else what is wrong.
std::string wrong_in_token_url(std::string_view url)
{
    if (std::ranges::any_of(url, [](unsigned char c) { return c <= 0x20 || c >= 0x7F; }))
        return "has a blank or a character that no URL has";
    if (url.find('#') != std::string_view::npos)
        return "has a fragment";
    if (url.starts_with('/'))
        return url.starts_with("//") || url.find("..") != std::string_view::npos ? "has '..', or '//' at its beginning" : "";
    bool safe = url.starts_with("https://");
    if (!safe && !url.starts_with("http://"))
        return "is neither a path below the account's url, as in \"/oauth/token\", nor an https URL";
    auto host = url.substr(safe ? 8 : 7);
    host = host.substr(0, host.find_first_of("/?"));
    if (host.empty() || host.find('@') != std::string_view::npos)
        return "names no server, or a user";
    if (auto colon = host.rfind(':'); colon != std::string_view::npos && !host.ends_with(']'))
        host = host.substr(0, colon);
    constexpr std::array<std::string_view, 3> here{"localhost", "127.0.0.1", "[::1]"};
    return safe || std::ranges::find(here, host) != here.end() ? ""
                                                               : "is not an https URL; the credential would go there in the open";
}

std::string list_of(const std::vector<std::string>& words)
{
    std::string all;
    for (const auto& word : words)
        all += (all.empty() ? "" : " ") + word;
    return all;
}

}  // namespace

void read_oauth(table& auth, oauth_terms& into)
{
    into.token_url = auth.required_text("token_url").value_or("");
    if (auto wrong = into.token_url.empty() ? std::string{} : wrong_in_token_url(into.token_url); !wrong.empty())
        auth.fault(auth.find("token_url"), "token_url " + wrong);
    auto grant = auth.one_of("grant", {{"refresh_token", static_cast<int>(net::oauth_grant::refresh_token)},
                                       {"client_credentials", static_cast<int>(net::oauth_grant::client_credentials)}});
    into.grant = static_cast<net::oauth_grant>(grant.value_or(static_cast<int>(net::oauth_grant::refresh_token)));
    auto proof = auth.one_of(
        "client", {{"basic", static_cast<int>(net::oauth_proof::basic)}, {"body", static_cast<int>(net::oauth_proof::body)}});
    into.proof = static_cast<net::oauth_proof>(proof.value_or(static_cast<int>(net::oauth_proof::basic)));
    into.scopes = auth.texts("scopes");
    for (const auto& scope : into.scopes)
        if (std::ranges::any_of(scope, [](unsigned char c) { return c <= 0x20 || c >= 0x7F || c == '"' || c == '\\'; }))
            auth.fault(auth.find("scopes"), "scopes: '" + scope + "' is not one scope; write each as a text of its own");
}

net::oauth_account oauth_of(const settings& own)
{
    const auto& terms = own.what->oauth;
    net::oauth_account made;
    made.name = own.what->name + " (rest)";
    made.token_url = terms.token_url.starts_with('/') ? own.url + terms.token_url : terms.token_url;
    made.grant = terms.grant;
    made.proof = terms.proof;
    made.client_id = own.client_id;
    made.client_secret = own.client_secret;
    made.scopes = terms.scopes;
    made.seed = own.refresh_token;
    return made;
}

asio::awaitable<std::vector<check_line>> check_oauth(std::shared_ptr<const settings> own, std::shared_ptr<net::oauth_http> by)
{
    std::vector<check_line> lines;
    auto report = co_await by->look();
    check_line credential{ability::credential, "credential", report.trouble};
    credential.ends = report.ends;
    lines.push_back(std::move(credential));
    if (!report.trouble && !own->what->oauth.scopes.empty()) {
        auto missing = list_of(report.missing);
        lines.emplace_back(ability::credential, "scopes", missing.empty(),
                           missing.empty()
                               ? ""
                               : own->what->name + " (rest): the token lacks " + missing
                                     + "; give the application these, authorize it anew, and replace the account's refresh_token");
    }
    if (report.not_kept) {
        check_line kept{ability::credential, "the renewed token is kept", *report.not_kept};
        kept.advice = true;
        kept.detail +=
            "; until it is, a restart of the daemon would lose the token, and the application would have to be authorized anew";
        lines.push_back(std::move(kept));
    }
    co_return lines;
}

}  // namespace halfmast::rest
