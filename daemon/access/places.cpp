#include "daemon/access/places.hpp"

#include <algorithm>

namespace halfmast::access {

namespace {

constexpr std::size_t longest_person = 128;

std::string lower_case(std::string_view text)
{
    std::string made{text};
    std::ranges::transform(made, made.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return made;
}

std::string plain_host(std::string_view text)
{
    auto made = lower_case(text);
    for (std::string_view usual : {":443", ":80"})
        if (made.ends_with(usual))
            made.erase(made.size() - usual.size());
    return made;
}

}  // namespace

std::string address_of(std::string_view remote)
{
    auto colon = remote.rfind(':');
    return std::string{colon == std::string_view::npos || remote.ends_with(']') ? remote : remote.substr(0, colon)};
}

bool is_loopback_address(std::string_view remote)
{
    return remote.starts_with("127.") || remote.starts_with("[::1]") || remote.starts_with("[::ffff:127.");
}

std::string_view authority_of(std::string_view url)
{
    auto scheme = url.find("://");
    if (scheme == std::string_view::npos)
        return {};
    url.remove_prefix(scheme + 3);
    return url.substr(0, url.find_first_of("/?#"));
}

bool is_same_host(std::string_view a, std::string_view b) { return !a.empty() && plain_host(a) == plain_host(b); }

bool is_safe_method(std::string_view method) { return method == "GET" || method == "HEAD" || method == "OPTIONS"; }

std::optional<std::string> bearer_of(const net::server_request& request)
{
    auto header = find_header(request.headers, "Authorization");
    if (header.empty())
        return std::nullopt;
    constexpr std::string_view word = "bearer ";
    if (lower_case(header.substr(0, word.size())) != word)
        return std::string{};
    return std::string{header.substr(word.size())};
}

bool is_name_of_person(std::string_view name)
{
    return !name.empty() && name.size() <= longest_person && name != "halfmast" && name != "loopback"
           && std::ranges::none_of(name, [](unsigned char c) { return c < 0x21 || c == 0x7f; });
}

}  // namespace halfmast::access
