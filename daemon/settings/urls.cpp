#include "daemon/settings/urls.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <boost/url/authority_view.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace halfmast::settings {

namespace {

namespace urls = boost::urls;

problem wrong(std::string text) { return {failure::local, std::move(text), std::nullopt}; }

std::string lower(std::string_view text)
{
    std::string result{text};
    std::ranges::transform(result, result.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return result;
}

// Boost 1.81 reads "http://127.0.0.1.example" as the address 127.0.0.1 and the path ".example".
bool is_cut(const urls::url_view& url) { return !url.encoded_path().empty() && !url.encoded_path().starts_with('/'); }

// 0 when it is none; Boost 1.81 lets 99999 pass.
unsigned port_of(std::string_view digits)
{
    unsigned port = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    return error == std::errc{} && end == digits.data() + digits.size() && port <= 65535 ? port : 0;
}

bool is_here(const urls::url_view& url)
{
    if (url.host_type() == urls::host_type::ipv4)
        return url.host_ipv4_address().is_loopback();
    if (url.host_type() == urls::host_type::ipv6)
        return url.host_ipv6_address().is_loopback();
    auto name = lower(url.host());
    return name == "localhost" || name.ends_with(".localhost");
}

}  // namespace

result<std::string> check_base_url(const std::string& text, bool allow_http)
{
    auto parsed = urls::parse_uri(text);
    if (!parsed)
        return wrong("is not a URL; write it as https://host.example");
    const auto& url = *parsed;
    if (url.scheme_id() != urls::scheme::https && url.scheme_id() != urls::scheme::http)
        return wrong("is not an https URL");
    if (!url.has_authority() || url.host().empty())
        return wrong("has no host; write it as https://host.example");
    if (is_cut(url))
        return wrong("has a host that begins like an address and is none; write a host name or an address");
    if (url.scheme_id() == urls::scheme::http && !allow_http && !is_here(url))
        return wrong("is not an https URL; http is for this machine only, or with allow_http = true");
    if (url.has_userinfo())
        return wrong("has a user name in it; name and password have keys of their own");
    if (url.has_query() || url.has_fragment())
        return wrong("has a '?' or '#' in it; only the address of the site is needed");
    if (url.has_port() && port_of(url.port()) == 0)
        return wrong("has no usable port");
    auto kept = text;
    kept.resize(kept.find_last_not_of('/') + 1);
    return kept;
}

result<std::string> check_listen(const std::string& text)
{
    auto parsed = urls::parse_authority(text);
    if (!parsed || parsed->has_userinfo() || parsed->host().empty() || port_of(parsed->port()) == 0)
        return wrong("'" + text + "' is not ADDRESS:PORT, such as 127.0.0.1:7413");
    if (parsed->host_type() == urls::host_type::ipv4)
        return text;
    if (parsed->host_type() == urls::host_type::ipv6)
        return std::string{parsed->host_address()} + ":" + std::string{parsed->port()};
    if (lower(parsed->host()) == "localhost")
        return "127.0.0.1:" + std::string{parsed->port()};
    return wrong("'" + text + "' names a host; an address of this machine is needed, such as 127.0.0.1:7413");
}

result<std::string> check_proxy(const std::string& text)
{
    static constexpr auto known = std::to_array<std::string_view>({"http", "https", "socks4", "socks4a", "socks5", "socks5h"});
    auto parsed = urls::parse_uri(text);
    if (!parsed || parsed->host().empty() || std::ranges::find(known, lower(parsed->scheme())) == known.end())
        return wrong("is not a proxy's URL, such as http://proxy.example:3128 or socks5h://127.0.0.1:1080");
    return text;
}

}  // namespace halfmast::settings
