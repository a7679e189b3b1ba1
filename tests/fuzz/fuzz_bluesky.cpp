// Whatever a Bluesky server answers: the readers come to an end, and what they call read is usable. The first byte is the status,
// the second says which header there is, the rest up to a NUL is its value and then the body.
#include <cstdint>
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "connectors/bluesky/wire_mentions.hpp"
#include "daemon/net/seen_window.hpp"

using namespace halfmast;
using namespace halfmast::bluesky;

namespace {

void must(bool holds)
{
    if (!holds)
        std::abort();
}

http_response response_of(const std::uint8_t* data, std::size_t size)
{
    http_response reply;
    constexpr int statuses[] = {200, 301, 400, 401, 403, 404, 410, 429, 500, 501, 502, 503};
    reply.status = statuses[data[0] % std::size(statuses)];
    std::string rest{reinterpret_cast<const char*>(data + 2), size - 2};
    auto end = rest.find('\0');
    auto header = end == std::string::npos ? std::string{} : rest.substr(0, end);
    reply.body = end == std::string::npos ? rest : rest.substr(end + 1);
    constexpr const char* names[] = {"Retry-After", "RateLimit-Reset", "Date", "Content-Type"};
    if (data[1] % 8 < std::size(names))
        reply.headers.emplace_back(names[data[1] % 8], header);
    return reply;
}

void sound(const settings& own, const problem& wrong)
{
    must(!wrong.detail.empty() && wrong.detail.find('\n') == std::string::npos);
    must(wrong.detail.find(own.password) == std::string::npos);
    must(!wrong.retry_after || wrong.retry_after->count() >= 0);
}

const std::string did = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";

void read_lists(const settings& own, const http_response& reply, time_point now)
{
    for (const auto& page : {wire::read_feed(own, did, reply, now), wire::read_posts(own, did, reply, now)}) {
        if (!page) {
            sound(own, page.error());
            continue;
        }
        for (const auto& one : page->items)
            must(!one.shown.id.empty() && wire::ref_of(did, one.shown.id).has_value());
        must(wire::author_feed(own, did, page->next).url.starts_with(own.url + "/xrpc/app.bsky.feed.getAuthorFeed?"));
        must(wire::list_posts(own, did, page->next).url.find_first_of(" \r\n") == std::string::npos);
    }
}

// What is written back is what was read, but for the pin.
void read_profile(const settings& own, const http_response& reply, time_point now)
{
    auto read = wire::read_profile(own, "fuzz", reply, now);
    if (!read)
        return sound(own, read.error());
    auto before = nlohmann::json::parse(read->raw);
    for (const auto& pin :
         {std::optional<wire::record_ref>{}, std::optional{wire::record_ref{"at://x/y/z", "bafy"}}, read->pinned}) {
        auto request = wire::put_profile(own, did, *read, pin);
        must(request.has_value());
        auto body = nlohmann::json::parse(request->body);
        auto after = body.at("record");
        must(after.contains("pinnedPost") == pin.has_value());
        after.erase("pinnedPost");
        auto rest = before;
        rest.erase("pinnedPost");
        if (!rest.contains("$type"))
            after.erase("$type");
        must(after == rest);
        must(body.at("swapRecord").is_null() == read->cid.empty());
    }
    if (read->pinned)
        must(wire::ref_of(did, wire::id_of(did, *read->pinned)) == read->pinned);
}

// What was given is known afterwards, and the window survives being written down.
void read_mentions(const settings& own, const http_response& reply, time_point now)
{
    auto page = wire::read_notifications(own, did, reply, now);
    if (!page)
        return sound(own, page.error());
    net::seen_window window{now - std::chrono::hours{1}};
    for (const auto& one : page->items) {
        must(!one.said || !one.said->id.empty());
        (void)window.take(one.at, one.uri, now);
    }
    auto again = net::seen_window::read(window.text());
    must(again.has_value());
    for (const auto& one : page->items)
        must(!again->take(one.at, one.uri, now));
    must(wire::notifications(own, page->next).url.find_first_of(" \r\n#") == std::string::npos);
}

// Any text becomes a post whose facets lie inside of it.
void write_post(const settings& own, const std::string& text, time_point now)
{
    auto rkey = wire::rkey_of(text);
    must(rkey.size() == 13 && wire::time_in(rkey).has_value());
    std::map<std::string, std::string> mentioned;
    for (const auto& handle : wire::handles_in(text))
        mentioned[handle] = did;
    auto record = nlohmann::json::parse(wire::put_post(own, did, rkey, statement{"en", text}, mentioned, now).body).at("record");
    auto sent = record.at("text").get<std::string>();
    std::size_t last = 0;
    for (const auto& facet : record.value("facets", nlohmann::json::array())) {
        auto begin = facet.at("index").at("byteStart").get<std::size_t>();
        auto end = facet.at("index").at("byteEnd").get<std::size_t>();
        must(last <= begin && begin < end && end <= sent.size());
        last = end;
    }
    (void)wire::too_long(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 2)
        return 0;
    settings own;
    own.url = "https://pds.example";
    own.handle = "acme.example";
    own.password = "fuzz-word-9d1c";
    auto reply = response_of(data, size);
    time_point now{milliseconds{1'772'460'000'000}};
    if (reply.body.find(own.password) != std::string::npos)
        return 0;

    if (auto wrong = wire::trouble(own, "fuzz", reply, now))
        sound(own, *wrong);
    (void)wire::is_token_refused(reply);
    (void)wire::is_swap_refused(reply);
    if (auto who = wire::read_session(own, "log in", reply, now)) {
        http_request request;
        wire::sign(request, who->access);
        for (const auto& [name, value] : request.headers)
            must(value.find_first_of("\r\n") == std::string::npos);
        if (auto asleep = wire::inactive(own, *who))
            sound(own, *asleep);
    } else {
        sound(own, who.error());
    }
    (void)wire::read_did(own, reply, now);
    (void)wire::read_written(own, "fuzz", reply, now);
    (void)wire::read_post(own, "fuzz", reply, now);
    for (bool viewed : {true, false})
        if (auto in = wire::read_thread(own, "fuzz", reply, now, viewed); in && *in)
            must(!(*in)->root.uri.empty() && !(*in)->parent.cid.empty());
    read_lists(own, reply, now);
    read_profile(own, reply, now);
    read_mentions(own, reply, now);
    write_post(own, reply.body, now);
    if (auto window = net::seen_window::read(reply.body))
        must(net::seen_window::read(window->text()).has_value());
    if (auto ref = wire::ref_of(did, post_id{reply.body}))
        must(wire::ref_of(did, wire::id_of(did, *ref)).has_value());
    return 0;
}
