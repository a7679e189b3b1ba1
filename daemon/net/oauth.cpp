#include "daemon/net/oauth.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include "daemon/net/base64.hpp"
#include "daemon/net/http_date.hpp"
#include "daemon/net/http_server.hpp"
#include "daemon/net/request_name.hpp"

namespace halfmast::net {

namespace {

using nlohmann::json;

constexpr std::size_t most_token_answer = 64u << 10;
constexpr std::size_t most_token = 16u << 10;
constexpr std::size_t most_said = 200;
constexpr std::int64_t most_lifetime = 10LL * 366 * 86'400;
constexpr auto longest_refusal = std::chrono::hours{24};
constexpr std::string_view secret_mark = "[secret]";

void add_field(std::string& form, std::string_view name, std::string_view value)
{
    form += (form.empty() ? "" : "&") + percent_encode(name) + "=" + percent_encode(value);
}

std::string joined(const std::vector<std::string>& words)
{
    std::string all;
    for (const auto& word : words)
        all += (all.empty() ? "" : " ") + word;
    return all;
}

std::vector<std::string> split_words(std::string_view text)
{
    std::vector<std::string> words;
    while (!text.empty()) {
        auto end = std::min(text.find_first_of(" ,\t"), text.size());  // some servers write commas
        if (end > 0)
            words.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

// Takes the text out, so that no copy of it stays behind in the document.
std::string take_text(json& object, const char* name)
{
    auto found = object.is_object() ? object.find(name) : object.end();
    if (found == object.end() || !found->is_string())
        return {};
    return std::move(found->get_ref<std::string&>());
}

void blot_out(std::string& words, const std::string& what)
{
    if (what.size() < 4)
        return;
    for (auto at = words.find(what); at != std::string::npos; at = words.find(what, at + secret_mark.size()))
        words.replace(at, what.size(), secret_mark);
}

// The server's own words, cut, on one line, and without what is secret: "invalid_grant: Token is expired".
std::string what_it_said(const oauth_account& own, const secret& shown, int status, json& body)
{
    auto words = take_text(body, "error");
    if (auto more = take_text(body, "error_description"); !more.empty())
        words += (words.empty() ? "" : ": ") + more;
    if (words.empty())
        words = take_text(body, "message");
    for (const auto* known : {&shown, &own.client_secret, &own.seed})
        blot_out(words, known->text());
    if (words.size() > most_said) {
        auto end = most_said;
        while (end > 0 && (static_cast<unsigned char>(words[end]) & 0xC0) == 0x80)
            --end;
        words.resize(end);
        words += "...";
    }
    std::ranges::replace_if(
        words, [](unsigned char c) { return c < 0x20 || c == 0x7F || c == '<' || c == '>'; }, ' ');
    return std::to_string(status) + (words.empty() ? "" : " " + words);
}

problem about(const oauth_account& own, failure kind, const std::string& why)
{
    return {kind, own.name + ": no access token from " + name_of(http_request{"POST", own.token_url}) + ": " + why, {}};
}

std::optional<milliseconds> wait_after(const http_response& reply, time_point came)
{
    auto given = find_header(reply.headers, "Retry-After");
    std::int64_t count = 0;
    auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), count);
    if (error == std::errc{} && end == given.data() + given.size() && count >= 0)
        return std::min<milliseconds>(seconds{std::min<std::int64_t>(count, 86'400)}, longest_refusal);
    if (auto until = parse_http_date(given))
        return std::clamp<milliseconds>(*until - came, milliseconds{0}, longest_refusal);
    return std::nullopt;
}

problem refusal_of(const oauth_account& own, const secret& shown, const http_response& reply, json& body, time_point came)
{
    std::string code;
    if (auto found = body.is_object() ? body.find("error") : body.end(); found != body.end() && found->is_string())
        code = found->get<std::string>();
    auto said = what_it_said(own, shown, reply.status, body);
    if (reply.status == 429 || code == "slow_down") {
        auto made = about(own, failure::rate_limited, "too many calls (" + said + ")");
        made.retry_after = wait_after(reply, came);
        return made;
    }
    if (reply.status >= 500 || reply.status == 408 || code == "temporarily_unavailable" || code == "server_error")
        return about(own, failure::unknown_outcome, "the server failed (" + said + ")");
    if (code == "invalid_grant")
        return about(own, failure::auth_expired,
                     "the refresh token is not taken any more (" + said
                         + "): it ran out, was taken back, or another program used it. Authorize the application anew, and put the new refresh"
                           " token where 'refresh_token' of the account points");
    if (code == "invalid_scope")
        return about(own, failure::auth_expired,
                     "the scopes are not granted (" + said + "); give the application " + joined(own.scopes));
    if (code == "unauthorized_client" || code == "unsupported_grant_type" || code == "invalid_request")
        return about(
            own, failure::auth_expired,
            "this grant is not allowed to the application (" + said + "); allow it there, or correct [auth] of the description");
    if (code == "invalid_client" || reply.status == 401 || reply.status == 403)
        return about(own, failure::auth_expired,
                     "the application is refused (" + said + "); correct 'client_id' and 'client_secret' of the account");
    if (reply.status == 400)
        return about(own, failure::auth_expired,
                     "refused (" + said + "); is token_url right, and does the application still exist?");
    return about(own, failure::rejected, "there is no such call (" + said + "); correct token_url of the description");
}

// Seconds from now, as a number or as a text of digits. Nothing for anything else, and for 0, which some write for "never".
std::optional<time_point> end_of(const json& body, std::initializer_list<const char*> names, time_point came)
{
    for (const auto* name : names) {
        auto found = body.find(name);
        if (found == body.end())
            continue;
        double count = 0;
        if (found->is_number()) {
            count = found->get<double>();
        } else if (found->is_string()) {
            const auto& text = found->get_ref<const std::string&>();
            std::int64_t whole = 0;
            auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
            if (error == std::errc{} && end == text.data() + text.size())
                count = static_cast<double>(whole);
        }
        if (std::isfinite(count) && count >= 1 && count <= static_cast<double>(most_lifetime))
            return came + seconds{static_cast<std::int64_t>(count)};
    }
    return std::nullopt;
}

bool is_bearer(std::string_view text)
{
    return !text.empty() && text.size() <= most_token
           && std::ranges::all_of(text, [](unsigned char c) { return c > 0x20 && c < 0x7F; });
}

std::optional<std::vector<std::string>> scopes_in(const json& body)
{
    auto found = body.find("scope");
    if (found == body.end())
        return std::nullopt;
    if (found->is_string())
        return split_words(found->get_ref<const std::string&>());
    if (!found->is_array())
        return std::nullopt;
    std::vector<std::string> all;
    for (const auto& one : *found)
        if (one.is_string())
            all.push_back(one.get<std::string>());
    return all;
}

bool equals_without_case(std::string_view one, std::string_view other)
{
    auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::ranges::equal(one, other, {}, lower, lower);
}

void put_time(json& into, const char* name, const std::optional<time_point>& at)
{
    if (at)
        into[name] = format_utc(*at);
}

}  // namespace

http_request token_request(const oauth_account& own, const secret& refresh)
{
    http_request request("POST", own.token_url);
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
    if (own.grant == oauth_grant::refresh_token) {
        add_field(request.body, "grant_type", "refresh_token");
        add_field(request.body, "refresh_token", refresh.text());
    } else {
        add_field(request.body, "grant_type", "client_credentials");
        if (!own.scopes.empty())
            add_field(request.body, "scope", joined(own.scopes));
    }
    if (own.proof == oauth_proof::basic && !own.client_secret.empty()) {
        auto pair = percent_encode(own.client_id) + ":" + percent_encode(own.client_secret.text());
        request.headers.emplace_back("Authorization", "Basic " + base64(pair));
        secret::wipe(pair);
    } else {
        add_field(request.body, "client_id", own.client_id);
        if (!own.client_secret.empty())
            add_field(request.body, "client_secret", own.client_secret.text());
    }
    // A token that is spent by its use must not be shown twice behind our back: a fresh connection, never resent by the library.
    request.publishes = true;
    request.most_body = most_token_answer;
    request.timeout = milliseconds{15'000};
    return request;
}

result<oauth_tokens> read_tokens(const oauth_account& own, const secret& shown, http_response& reply, time_point came)
{
    auto body = json::parse(reply.body, nullptr, false);
    secret::wipe(reply.body);
    if (reply.status < 200 || reply.status >= 300)
        return refusal_of(own, shown, reply, body, came);
    if (!body.is_object())
        return about(own, failure::bad_reply, "its answer is no JSON object");
    oauth_tokens made;
    made.access = secret{take_text(body, "access_token")};
    if (!is_bearer(made.access.text())) {
        // Some servers refuse with 200.
        if (body.contains("error"))
            return refusal_of(own, shown, reply, body, came);
        return about(own, failure::bad_reply, "its answer has no access_token");
    }
    if (auto type = take_text(body, "token_type"); !type.empty() && !equals_without_case(type, "bearer"))
        return about(own, failure::bad_reply, "it gives tokens of another type than Bearer, which halfmast cannot use");
    if (auto next = body.find("refresh_token"); next != body.end() && !next->is_null()) {
        made.refresh = secret{take_text(body, "refresh_token")};
        if (!is_bearer(made.refresh.text()))
            return about(own, failure::bad_reply, "its answer has a refresh_token that is none");
    }
    made.access_ends = end_of(body, {"expires_in"}, came);
    made.refresh_ends = end_of(body, {"refresh_expires_in", "refresh_token_expires_in"}, came);
    made.scopes = scopes_in(body);
    return made;
}

std::vector<std::string> missing_scopes(const std::vector<std::string>& wanted, const std::vector<std::string>& granted)
{
    std::vector<std::string> missing;
    auto has = [&](std::string_view scope) { return std::ranges::find(granted, scope) != granted.end(); };
    for (const auto& scope : wanted) {
        auto wide = scope.substr(0, scope.find(':'));
        if (!has(scope) && !has(wide))
            missing.push_back(scope);
    }
    return missing;
}

bool refused_for_token(const http_response& reply)
{
    if (reply.status != 401)
        return false;
    for (const auto& [name, value] : reply.headers)
        if (equals_without_case(name, "www-authenticate") && value.find("invalid_token") != std::string::npos)
            return true;
    auto body = reply.body.size() <= most_token_answer ? json::parse(reply.body, nullptr, false) : json{};
    auto found = body.is_object() ? body.find("error") : body.end();
    return found != body.end() && found->is_string() && *found == "invalid_token";
}

std::string print_of_secret(const secret& text)
{
    std::array<unsigned char, 32> print{};
    if (EVP_Digest(text.text().data(), text.text().size(), print.data(), nullptr, EVP_sha256(), nullptr) != 1)
        return {};
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    for (auto byte : print) {
        hex += digits[byte >> 4];
        hex += digits[byte & 15];
    }
    return hex;
}

secret dump_kept(const oauth_kept& what)
{
    json made{{"access", what.tokens.access.text()}, {"refresh", what.tokens.refresh.text()}, {"seed", what.seed_print}};
    put_time(made, "access_ends", what.tokens.access_ends);
    put_time(made, "refresh_ends", what.tokens.refresh_ends);
    if (what.tokens.scopes)
        made["scopes"] = *what.tokens.scopes;
    if (what.end_moves)
        made["end_moves"] = *what.end_moves;
    secret text{made.dump(-1, ' ', false, json::error_handler_t::replace)};
    for (const auto* name : {"access", "refresh"})
        secret::wipe(made[name].get_ref<std::string&>());
    return text;
}

std::optional<oauth_kept> parse_kept(const secret& text)
{
    auto body = json::parse(text.text(), nullptr, false);
    if (!body.is_object())
        return std::nullopt;
    oauth_kept made;
    made.seed_print = take_text(body, "seed");
    made.tokens.access = secret{take_text(body, "access")};
    made.tokens.refresh = secret{take_text(body, "refresh")};
    made.tokens.access_ends = parse_rfc3339(take_text(body, "access_ends"));
    made.tokens.refresh_ends = parse_rfc3339(take_text(body, "refresh_ends"));
    if (auto scopes = body.find("scopes"); scopes != body.end() && scopes->is_array()) {
        made.tokens.scopes.emplace();
        for (const auto& one : *scopes)
            if (one.is_string())
                made.tokens.scopes->push_back(one.get<std::string>());
    }
    if (auto moves = body.find("end_moves"); moves != body.end() && moves->is_boolean())
        made.end_moves = moves->get<bool>();
    if (made.seed_print.empty() || !is_bearer(made.tokens.refresh.text()))
        return std::nullopt;
    return made;
}

}  // namespace halfmast::net
