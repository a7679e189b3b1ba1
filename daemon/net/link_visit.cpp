#include "daemon/net/link_visit.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <arpa/inet.h>

#include "daemon/net/public_address.hpp"

namespace halfmast::net {

namespace {

constexpr std::size_t most_page = 1u << 20;  // a GET asks for one byte; who sends more than this has answered
constexpr std::size_t most_link = 8192;

std::string lower_ascii(std::string_view text)
{
    std::string made{text};
    std::ranges::transform(made, made.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return made;
}

struct link_parts {
    std::string scheme;  // lower case
    std::string authority;
    std::string rest;  // path and query; begins with '/'
};

// "https://host:1/path?query#fragment"; nothing when it is no http or https address.
std::optional<link_parts> parts_of(const std::string& url)
{
    const auto mark = url.find("://");
    if (mark == std::string::npos)
        return std::nullopt;
    link_parts made;
    made.scheme = lower_ascii(std::string_view(url).substr(0, mark));
    if (made.scheme != "http" && made.scheme != "https")
        return std::nullopt;
    const auto begin = mark + 3;
    const auto end = std::min(url.find_first_of("/?#\\", begin), url.size());
    made.authority = url.substr(begin, end - begin);
    made.rest = url.substr(end, url.find('#', end) == std::string::npos ? std::string::npos : url.find('#', end) - end);
    if (made.rest.empty() || made.rest.front() != '/')
        made.rest.insert(0, "/");
    return made.authority.empty() ? std::nullopt : std::optional{made};
}

// The host alone, lower case; IPv6 in brackets.
std::string host_of(const std::string& authority)
{
    auto host = authority;
    const auto bracket = host.find(']');
    const auto colon = host.find(':', bracket == std::string::npos ? 0 : bracket);
    if (colon != std::string::npos)
        host.resize(colon);
    return lower_ascii(host);
}

// "127.1", "0x7f000001", "2130706433": old ways to write an address, which not everybody reads alike.
bool looks_like_an_address(const std::string& host)
{
    auto last = host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
    last = last.substr(last.rfind('.') == std::string::npos ? 0 : last.rfind('.') + 1);
    if (last.starts_with("0x"))
        return true;
    return !last.empty() && std::ranges::all_of(last, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_plain_v4(const std::string& host)
{
    in_addr address{};
    return ::inet_pton(AF_INET, host.c_str(), &address) == 1;
}

// Letters that cannot stand in a request line are percent-encoded; what is encoded stays.
std::string on_the_wire(const std::string& text)
{
    static constexpr std::string_view digits = "0123456789ABCDEF";
    std::string made;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte > 0x20 && byte < 0x7F && std::string_view{"\"<>\\^`{|}"}.find(c) == std::string_view::npos) {
            made.push_back(c);
            continue;
        }
        made += '%';
        made += digits[byte >> 4];
        made += digits[byte & 15];
    }
    return made;
}

// For people: without control characters, and not endless.
std::string shown(const std::string& link)
{
    std::string made;
    for (const char c : link.substr(0, 200))
        made += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
    return made + (link.size() > 200 ? "..." : "");
}

std::string status_in_words(int status)
{
    static constexpr auto known = std::to_array<std::pair<int, std::string_view>>({{400, "Bad Request"},
                                                                                   {401, "Unauthorized"},
                                                                                   {403, "Forbidden"},
                                                                                   {404, "Not Found"},
                                                                                   {405, "Method Not Allowed"},
                                                                                   {410, "Gone"},
                                                                                   {429, "Too Many Requests"},
                                                                                   {451, "Unavailable For Legal Reasons"},
                                                                                   {500, "Internal Server Error"},
                                                                                   {501, "Not Implemented"},
                                                                                   {502, "Bad Gateway"},
                                                                                   {503, "Service Unavailable"},
                                                                                   {504, "Gateway Timeout"}});
    const auto* found = std::ranges::find(known, status, [](const auto& one) { return one.first; });
    return std::to_string(status) + (found == known.end() ? "" : " " + std::string{found->second});
}

bool is_redirect(int status) { return status == 301 || status == 302 || status == 303 || status == 307 || status == 308; }
// 999 is LinkedIn's word for it.
bool is_for_people_only(int status) { return status == 401 || status == 403 || status == 429 || status == 999; }

}  // namespace

std::string unfit_link(const std::string& url, bool own_network)
{
    if (url.size() > most_link)
        return "it is longer than 8192 bytes";
    const auto parts = parts_of(url);
    if (!parts)
        return "it is not an http or https address";
    if (parts->authority.find('@') != std::string::npos)
        return "it has a user name in it";
    const auto host = host_of(parts->authority);
    if (host.empty()
        || std::ranges::any_of(host, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F || c == '%'; }))
        return "it has no usable host name";
    if (host.front() != '[' && looks_like_an_address(host) && !is_plain_v4(host))
        return "its host is an address written in an unusual way";
    const bool is_address = host.front() == '[' || is_plain_v4(host);
    const bool is_name_of_ours = host == "localhost" || host.ends_with(".localhost");
    if (!own_network && (is_name_of_ours || (is_address && !is_public_address(host))))
        return "it leads to this machine or into a private network; [links] private = true allows that";
    return {};
}

std::string resolved_link(const std::string& base, const std::string& link)
{
    if (link.empty())
        return {};
    if (parts_of(link))
        return link;
    const auto here = parts_of(base);
    const auto colon = link.find(':');
    const bool has_scheme = colon != std::string::npos && colon < link.find_first_of("/?#");
    if (!here || has_scheme)
        return {};
    if (link.starts_with("//"))
        return here->scheme + ":" + link;
    const auto site = here->scheme + "://" + here->authority;
    const auto path = here->rest.substr(0, here->rest.find('?'));
    if (link.front() == '/')
        return site + link;
    if (link.front() == '?')
        return site + path + link;
    if (link.front() == '#')
        return site + here->rest;
    return site + path.substr(0, path.rfind('/') + 1) + link;
}

link_visit::link_visit(const std::string& url, const link_rules& rules) : rules_(rules) { go_to(url); }

void link_visit::go_to(const std::string& url)
{
    if (auto why = unfit_link(url, rules_.own_network); !why.empty())
        return end(false, "not asked: " + why);
    const auto parts = parts_of(url);
    url_ = parts->scheme + "://" + parts->authority + on_the_wire(parts->rest);
    host_ = lower_ascii(parts->authority);
    gets_ = false;
}

std::optional<http_request> link_visit::next() const
{
    if (over_)
        return std::nullopt;
    http_request request{gets_ ? "GET" : "HEAD", url_};
    request.headers = {{"Accept", "*/*"}};
    if (gets_)
        request.headers.emplace_back("Range", "bytes=0-0");
    request.looks = true;
    request.timeout = rules_.timeout;
    request.most_body = most_page;
    return request;
}

void link_visit::answered(const result<http_response>& given)
{
    const std::string asked = gets_ ? "GET: " : "HEAD: ";
    if (!given) {
        const bool large = given.error().kind == failure::bad_reply && gets_;
        return end(large, asked + (large ? "a page of more than 1 MiB" : given.error().detail));
    }
    const auto status = given->status;
    if (is_redirect(status))
        return redirected(*given);
    // Many a server answers HEAD with an error where a browser gets a page; one that asks for less of us is left alone.
    if (!gets_ && status >= 400 && status != 401 && status != 429) {
        note(asked + status_in_words(status));
        gets_ = true;
        return;
    }
    const bool there = status >= 200 && status < 300;
    end(there || is_for_people_only(status),
        asked + status_in_words(status) + (is_for_people_only(status) ? ": it is there, but not for programs" : ""));
}

void link_visit::redirected(const http_response& given)
{
    const std::string asked = (gets_ ? "GET: " : "HEAD: ") + std::to_string(given.status);
    const auto to = resolved_link(url_, std::string{find_header(given.headers, "Location")});
    if (to.empty())
        return end(false, asked + ", to nowhere");
    note(asked + ", to " + shown(to));
    if (++redirects_ > rules_.most_redirects)
        return end(false, "more than " + std::to_string(rules_.most_redirects) + " redirects");
    go_to(to);
}

void link_visit::note(const std::string& what) { said_ += (said_.empty() ? "" : "; ") + what; }

void link_visit::end(bool ok, const std::string& what)
{
    note(what);
    ok_ = ok;
    over_ = true;
}

}  // namespace halfmast::net
