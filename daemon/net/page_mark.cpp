#include "daemon/net/page_mark.hpp"

#include <stdexcept>

#include <openssl/evp.h>

namespace halfmast::net {

namespace {

using print = std::array<unsigned char, 32>;

// Whoever can write posts must not be able to make two pages with one print, so it is a cryptographic one.
print print_of(std::string_view body, std::string_view beside)
{
    std::string whole{beside};
    whole += '\0';
    whole += body;
    print made{};
    if (EVP_Digest(whole.data(), whole.size(), made.data(), nullptr, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("OpenSSL cannot make a SHA-256");
    return made;
}

}  // namespace

page_mark mark_bytes(std::string query, std::string_view body, std::string_view beside)
{
    page_mark made;
    made.query = std::move(query);
    made.print = print_of(body, beside);
    return made;
}

bool has_same_bytes(const page_mark& known, std::string_view body, std::string_view beside)
{
    return known.etag.empty() && print_of(body, beside) == known.print;
}

page_mark mark_page(std::string query, const http_response& reply, std::string_view beside)
{
    auto etag = find_header(reply.headers, "ETag");
    if (etag.empty())
        return mark_bytes(std::move(query), reply.body, beside);
    page_mark made;
    made.query = std::move(query);
    made.etag = etag;
    return made;
}

void ask_for_changes(http_request& request, const page_mark& known)
{
    if (!known.etag.empty())
        request.headers.emplace_back("If-None-Match", known.etag);
}

bool is_same_page(const page_mark& known, const http_response& reply, std::string_view beside)
{
    if (!known.etag.empty())
        return reply.status == 304 || (reply.status == 200 && find_header(reply.headers, "ETag") == known.etag);
    return reply.status == 200 && find_header(reply.headers, "ETag").empty() && has_same_bytes(known, reply.body, beside);
}

std::string weak_etag(std::string_view body)
{
    constexpr std::string_view digits = "0123456789abcdef";
    auto made = print_of(body, {});
    std::string text = "W/\"";
    for (std::size_t i = 0; i < 16; ++i) {
        text += digits[made[i] >> 4];
        text += digits[made[i] & 15];
    }
    return text + '"';
}

}  // namespace halfmast::net
