// Whatever comes as a provider's token with whatever list of keys, as a Cookie header, as a host, and as the file of tokens and sessions: the
// readers come to an end, nothing that is not signed is believed, and what is read and written again is the same. The first byte says which;
// in the first case the rest up to a NUL is the token, and what follows are the keys.
#include <cstdint>
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "daemon/access/book.hpp"
#include "daemon/access/cookies.hpp"
#include "daemon/access/id_token.hpp"
#include "daemon/access/places.hpp"

using namespace halfmast;

namespace {

void must(bool holds)
{
    if (!holds)
        std::abort();
}

void read_token(const std::string& text)
{
    auto end = text.find('\0');
    auto keys = nlohmann::json::parse(end == std::string::npos ? "{}" : text.substr(end + 1), nullptr, false);
    access::id_token_terms terms{"https://id.example", "halfmast", "n-1", time_point{seconds{1'772'352'000}}};
    auto fault = access::token_fault::none;
    auto read = access::read_id_token(text.substr(0, end), keys, terms, fault);
    must(!read.has_value());  // nobody finds a signature by chance
    must(fault != access::token_fault::none && !read.error().detail.empty());
}

void read_book(const std::string& text)
{
    access::book first;
    if (first.read(text))
        return;
    auto written = first.write();
    access::book second;
    must(!second.read(written));
    must(second.write() == written);
}

void read_header(const std::string& text)
{
    auto value = access::cookie_value(text, "halfmast");
    must(value.find(';') == std::string::npos);
    (void)access::address_of(text);
    (void)access::authority_of(text);
    must(access::is_same_host(text, text) == !text.empty());
    net::server_request request;
    request.headers.emplace_back("Authorization", text);
    (void)access::bearer_of(request);
    must(!access::is_name_of_person(text) || text.find('\n') == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 3) {
    case 0: read_token(text); break;
    case 1: read_book(text); break;
    default: read_header(text);
    }
    return 0;
}
