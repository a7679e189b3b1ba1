#include "tests/contract/ghost_fake_wire.hpp"

#include <algorithm>
#include <utility>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "daemon/net/http_server.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::contract {

using nlohmann::json;

namespace {

constexpr std::string_view ghost_api = "/ghost/api/admin/";
constexpr auto key_id = ghost_key.substr(0, ghost_key.find(':'));
constexpr auto secret_hex = ghost_key.substr(ghost_key.find(':') + 1);

std::string from_base64_url(std::string text)
{
    std::ranges::replace(text, '-', '+');
    std::ranges::replace(text, '_', '/');
    auto size = text.size() * 3 / 4;
    text.resize((text.size() + 3) / 4 * 4, '=');
    std::string bytes(text.size(), '\0');
    auto read = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), reinterpret_cast<const unsigned char*>(text.data()),
                                static_cast<int>(text.size()));
    bytes.resize(read < 0 ? 0 : size);
    return bytes;
}

std::string hmac_of(const std::string& text)
{
    std::string secret;
    for (std::size_t at = 0; at < secret_hex.size(); at += 2)
        secret.push_back(static_cast<char>(std::stoi(std::string{secret_hex.substr(at, 2)}, nullptr, 16)));
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), reinterpret_cast<const unsigned char*>(text.data()),
         text.size(), mac, &size);
    return {reinterpret_cast<const char*>(mac), size};
}

}  // namespace

std::vector<std::string> cut_ghost(const std::string& text, char at)
{
    std::vector<std::string> parts;
    for (std::size_t begin = 0; begin <= text.size() && !text.empty();) {
        auto end = std::min(text.find(at, begin), text.size());
        parts.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

std::string ghost_time(time_point at)
{
    auto text = format_utc(std::chrono::floor<seconds>(at));
    return text.substr(0, text.size() - 1) + ".000Z";
}

std::string ghost_lexical(const std::string& html)
{
    auto children = json::array();
    for (auto at = html.find("<p>"); at != std::string::npos; at = html.find("<p>", at)) {
        auto end = html.find("</p>", at);
        json text{{"detail", 0}, {"format", 0}, {"mode", "normal"}, {"style", ""}, {"type", "extended-text"}, {"version", 1}};
        text["text"] = text::from_html(html.substr(at, end - at));
        children.push_back({{"children", json::array({text})},
                            {"direction", "ltr"},
                            {"format", ""},
                            {"indent", 0},
                            {"type", "paragraph"},
                            {"version", 1}});
        at = end;
    }
    return json{
        {"root", {{"children", children}, {"direction", "ltr"}, {"format", ""}, {"indent", 0}, {"type", "root"}, {"version", 1}}}}
        .dump();
}

std::string ghost_html(const std::string& lexical)
{
    std::string html;
    auto article = json::parse(lexical);
    for (const auto& paragraph : article.at("root").at("children")) {
        html += "<p>";
        for (const auto& text : paragraph.at("children"))
            for (char c : text.at("text").get<std::string>())
                html += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
        html += "</p>";
    }
    return html;
}

http_response ghost_answer(int status, const json& body)
{
    http_response made;
    made.status = status;
    made.headers = {{"Content-Type", "application/json; charset=utf-8"}};
    made.body = body.dump();
    return made;
}

http_response ghost_fault(int status, const std::string& type, const std::string& message, const json& context, const json& code)
{
    json one{{"message", message},       {"context", context}, {"type", type}, {"details", nullptr},
             {"property", nullptr},      {"help", nullptr},    {"code", code}, {"id", "58e08b5f-cc16-411f-9813-881ec02a6561"},
             {"ghostErrorCode", nullptr}};
    return ghost_answer(status, {{"errors", json::array({one})}});
}

std::vector<ghost_term> ghost_terms(const std::string& filter)
{
    std::vector<ghost_term> terms;
    for (std::size_t at = 0; at < filter.size();) {
        ghost_term one;
        auto colon = filter.find(':', at);
        one.key = filter.substr(at, colon - at);
        at = colon + 1;
        one.relation = "=";
        if (filter.compare(at, 2, ">=") == 0 || filter.compare(at, 1, ">") == 0) {
            one.relation = filter.compare(at, 2, ">=") == 0 ? ">=" : ">";
            at += one.relation.size();
        }
        bool list = filter[at] == '[';
        at += list ? 1 : 0;
        std::string value;
        for (bool quoted = false; at < filter.size(); ++at) {
            char c = filter[at];
            if (c == '\'')
                quoted = !quoted;
            else if (!quoted && (c == ',' || c == ']' || c == '+')) {
                one.values.push_back(std::exchange(value, {}));
                if (c != ',')
                    break;
            } else {
                value.push_back(c);
            }
        }
        if (!value.empty())
            one.values.push_back(value);
        at += list ? 2 : 1;
        terms.push_back(std::move(one));
    }
    return terms;
}

ghost_call understand_ghost(const http_request& request)
{
    ghost_call asked;
    asked.method = request.method;
    if (!request.url.starts_with(ghost_base))
        return asked;
    auto target = request.url.substr(ghost_base.size());
    auto question = target.find('?');
    auto path = target.substr(0, question);
    if (!path.starts_with(ghost_api))
        return asked;
    asked.api = path.ends_with('/');
    asked.route = cut_ghost(path.substr(ghost_api.size()), '/');
    if (!asked.route.empty() && asked.route.back().empty())
        asked.route.pop_back();
    if (question != std::string::npos)
        for (const auto& pair : cut_ghost(target.substr(question + 1), '&')) {
            auto equals = std::min(pair.find('='), pair.size());
            asked.query[pair.substr(0, equals)] = net::percent_decode(pair.substr(std::min(equals + 1, pair.size()))).value_or("");
        }
    if (!request.body.empty() && !asked.route.empty())
        asked.post = json::parse(request.body).at(asked.route[0]).at(0);
    return asked;
}

// As jsonwebtoken checks it for Ghost: signature, audience, exp, and five minutes from iat.
std::optional<http_response> ghost_stranger(const http_request& request, time_point site_now)
{
    auto header = std::string{find_header(request.headers, "Authorization")};
    if (header.empty())
        return ghost_fault(
            403, "NoPermissionError", "Authorization failed",
            "Unable to determine the authenticated user or integration. Check that cookies are being passed through.");
    auto parts = cut_ghost(header.starts_with("Ghost ") ? header.substr(6) : "", '.');
    auto invalid = [](const std::string& why) {
        return ghost_fault(401, "UnauthorizedError", "Invalid token: " + why, nullptr, "INVALID_JWT");
    };
    if (parts.size() != 3)
        return ghost_fault(400, "BadRequestError", "Invalid token", nullptr, "INVALID_JWT");
    auto head = json::parse(from_base64_url(parts[0]));
    auto claims = json::parse(from_base64_url(parts[1]));
    if (head.value("kid", "") != key_id)
        return ghost_fault(401, "UnauthorizedError", "Unknown Admin API Key", nullptr, "UNKNOWN_ADMIN_API_KEY");
    if (head.value("alg", "") != "HS256" || from_base64_url(parts[2]) != hmac_of(parts[0] + "." + parts[1]))
        return invalid("invalid signature");
    if (claims.value("aud", "") != "/admin/")
        return invalid("jwt audience invalid. expected: /\\/?admin\\/?$/");
    auto now = std::chrono::floor<seconds>(site_now).time_since_epoch().count();
    if (now >= claims.value("exp", std::int64_t{0}))
        return invalid("jwt expired");
    if (now >= claims.value("iat", std::int64_t{0}) + 300)
        return invalid("maxAge exceeded");
    return std::nullopt;
}

}  // namespace halfmast::contract
