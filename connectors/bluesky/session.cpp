#include "connectors/bluesky/session.hpp"

#include <algorithm>

#include <openssl/evp.h>

#include "connectors/bluesky/wire_json.hpp"
#include "daemon/net/oauth.hpp"

namespace halfmast::bluesky {

namespace {

constexpr std::size_t most_claims = 16u << 10;

// Of base64url without padding; empty when it is none.
std::string decode_base64url(std::string_view text)
{
    std::string padded{text};
    std::ranges::replace(padded, '-', '+');
    std::ranges::replace(padded, '_', '/');
    const auto missing = (4 - padded.size() % 4) % 4;
    padded.append(missing, '=');
    std::string bytes(padded.size(), '\0');
    auto length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                  reinterpret_cast<const unsigned char*>(padded.data()), static_cast<int>(padded.size()));
    if (length < static_cast<int>(missing))
        return {};
    bytes.resize(static_cast<std::size_t>(length) - missing);
    return bytes;
}

}  // namespace

std::string print_of(const settings& own)
{
    secret all{own.url + "\n" + own.handle + "\n" + own.password};
    return net::print_of_secret(all);
}

secret dump_session(const wire::session& who, const std::string& print)
{
    wire::json made{{"did", who.did}, {"handle", who.handle}, {"access", who.access}, {"refresh", who.refresh}, {"keys", print}};
    secret text{wire::dump(made)};
    for (const auto* name : {"access", "refresh"})
        secret::wipe(made[name].get_ref<std::string&>());
    return text;
}

std::optional<wire::session> parse_session(const secret& text, const std::string& print, time_point now)
{
    auto body = wire::parse(text.text());
    if (wire::text_at(body, "keys") != print || print.empty())
        return std::nullopt;
    wire::session who;
    who.did = wire::text_at(body, "did");
    who.handle = wire::text_at(body, "handle");
    who.access = wire::text_at(body, "access");
    who.refresh = wire::text_at(body, "refresh");
    auto ends = end_of_token(who.refresh);
    if (who.did.empty() || who.access.empty() || who.refresh.empty() || (ends && *ends <= now))
        return std::nullopt;
    return who;
}

std::optional<time_point> end_of_token(std::string_view token)
{
    auto first = token.find('.');
    auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
    if (second == std::string_view::npos || second - first > most_claims)
        return std::nullopt;
    auto claims = wire::parse(decode_base64url(token.substr(first + 1, second - first - 1)));
    const auto& end = wire::member(claims, "exp");
    constexpr std::int64_t far = 253'402'300'799;  // the end of 9999
    if (!end.is_number_integer() || end.get<std::int64_t>() <= 0 || end.get<std::int64_t>() > far)
        return std::nullopt;
    return time_point{seconds{end.get<std::int64_t>()}};
}

}  // namespace halfmast::bluesky
