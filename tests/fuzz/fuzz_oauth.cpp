// Whatever a token server answers, and whatever stands in the vault: the readers come to an end, no text holds a secret, and a token
// that is taken can stand in a header. The first byte is the status, the second says which header there is, the rest up to a NUL is its
// value and then the body.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "connectors/bluesky/session.hpp"
#include "daemon/net/oauth.hpp"

using namespace halfmast;

namespace {

constexpr auto shown = "rt-shown-0123456789";
constexpr auto client = "client-s3cret";

void must(bool holds)
{
    if (!holds)
        std::abort();
}

bool fits_header(const std::string& text)
{
    return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return c > 0x20 && c < 0x7F; });
}

void read_answer(const net::oauth_account& own, http_response reply)
{
    (void)net::refused_for_token(reply);
    auto read = net::read_tokens(own, secret{shown}, reply, time_point{});
    must(reply.body.empty());
    if (!read) {
        const auto& text = read.error().detail;
        must(!text.empty() && text.find('\n') == std::string::npos && text.find(shown) == std::string::npos
             && text.find(client) == std::string::npos);
        must(!read.error().retry_after || read.error().retry_after->count() >= 0);
        return;
    }
    must(fits_header(read->access.text()));
    must(read->refresh.empty() || fits_header(read->refresh.text()));
    must(!read->access_ends || *read->access_ends > time_point{});
    net::oauth_kept kept;
    kept.tokens = *read;
    if (kept.tokens.refresh.empty())
        kept.tokens.refresh = secret{shown};
    kept.seed_print = net::print_of_secret(secret{shown});
    auto again = net::parse_kept(net::dump_kept(kept));
    must(again.has_value());
    must(again->tokens.access.text() == read->access.text() && again->tokens.access_ends == read->access_ends);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 2)
        return 0;
    net::oauth_account own;
    own.name = "Scheduler (rest)";
    own.token_url = "https://login.example/token";
    own.client_id = "app";
    own.client_secret = secret{client};
    own.seed = secret{shown};
    constexpr int statuses[] = {200, 200, 201, 301, 400, 401, 403, 404, 408, 429, 500, 503};
    constexpr const char* names[] = {"Retry-After", "WWW-Authenticate", "Date"};
    http_response reply;
    reply.status = statuses[data[0] % std::size(statuses)];
    std::string rest{reinterpret_cast<const char*>(data + 2), size - 2};
    auto end = rest.find('\0');
    if (data[1] % 4 < std::size(names))
        reply.headers.emplace_back(names[data[1] % 4], end == std::string::npos ? "" : rest.substr(0, end));
    reply.body = end == std::string::npos ? rest : rest.substr(end + 1);
    (void)net::parse_kept(secret{reply.body});
    if (auto who = bluesky::parse_session(secret{reply.body}, "print", time_point{}))
        must(!who->did.empty() && !who->refresh.empty());
    (void)bluesky::end_of_token(reply.body);
    read_answer(own, std::move(reply));
    return 0;
}
