// Whatever a Mastodon server answers: the readers come to an end, and what they call read is usable. The first byte is the
// status, the second says which headers there are, the rest up to a NUL is a Link header and then the body.
#include <cstdint>
#include <cstdlib>

#include "connectors/mastodon/wire_mentions.hpp"

using namespace halfmast;
using namespace halfmast::mastodon;

namespace {

void must(bool holds)
{
    if (!holds)
        std::abort();
}

http_response response_of(const std::uint8_t* data, std::size_t size)
{
    http_response reply;
    constexpr int statuses[] = {200, 202, 206, 301, 401, 403, 404, 410, 422, 429, 500, 503};
    reply.status = statuses[data[0] % std::size(statuses)];
    std::string rest{reinterpret_cast<const char*>(data + 2), size - 2};
    auto end = rest.find('\0');
    auto header = end == std::string::npos ? std::string{} : rest.substr(0, end);
    reply.body = end == std::string::npos ? rest : rest.substr(end + 1);
    constexpr const char* names[] = {"Link", "Retry-After", "X-RateLimit-Reset", "Date", "Content-Type", "Location"};
    if (data[1] % 8 < std::size(names))
        reply.headers.emplace_back(names[data[1] % 8], header);
    return reply;
}

void no_secret(const settings& own, const problem& wrong)
{
    must(!wrong.detail.empty());
    must(wrong.detail.find(own.token) == std::string::npos);
    must(!wrong.retry_after || wrong.retry_after->count() >= 0);
}

}  // namespace

namespace {

// What was given is known afterwards, and the mark survives being written down.
void read_mentions(const settings& own, const http_response& reply, time_point now)
{
    auto page = wire::read_mentions(own, "1", reply, now);
    if (!page)
        return no_secret(own, page.error());
    wire::mention_mark mark;
    mark.take(*page);
    for (const auto& one : *page)
        must(!one.id.empty() && mark.knows(one.id) && (!one.said || !one.said->id.empty()));
    mark.forget();
    auto again = wire::read_mark(mark.text());
    must(again && again->ids == mark.ids && !mark.ids.empty());
    auto next = wire::mentions_page(own, mark.ids.front());
    must(next.url.starts_with(own.url + "/api/v1/notifications?") && next.url.find_first_of(" \r\n#") == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 2)
        return 0;
    settings own;
    own.url = "https://social.example";
    own.token = "fuzz-token-9d1c";
    auto reply = response_of(data, size);
    time_point now{milliseconds{1'772'460'000'000}};
    if (reply.body.find(own.token) != std::string::npos)
        return 0;

    if (auto wrong = wire::trouble(own, "fuzz", reply, now))
        no_secret(own, *wrong);
    if (auto page = wire::read_scheduled_page(own, reply, now)) {
        for (const auto& post : page->items)
            must(!post.id.empty() && post.raw != nullptr);
        auto next = wire::scheduled_page(own, page->next);
        must(next.url.starts_with(own.url + "/api/v1/scheduled_statuses?"));
    } else {
        no_secret(own, page.error());
    }
    if (auto page = wire::read_statuses(own, reply, now))
        for (const auto& post : page->items)
            must(!post.shown.id.empty());
    (void)wire::read_scheduled(own, "fuzz", reply, now);
    (void)wire::read_place(own, "fuzz", reply, now);
    (void)wire::read_places(own, reply, now);
    (void)wire::read_status(own, "fuzz", reply, now);
    (void)wire::read_account_id(own, reply, now);
    (void)wire::read_attachment(own, reply, now);
    (void)wire::read_recreated(own, reply, now, now);
    (void)wire::read_instance(own, reply, now);
    (void)wire::read_scopes(reply);
    read_mentions(own, reply, now);
    if (auto mark = wire::read_mark(reply.body))
        must(mark->text() == reply.body || reply.body.ends_with(' '));
    if (auto stored = wire::read_stored(own, reply, now)) {
        std::vector<std::string> bytes(stored->media.size(), "x");
        auto kept = wire::keep(*stored, bytes);
        auto back = wire::unkeep(own, kept);
        must(back.has_value());
        must(back->media.size() == stored->media.size());
        must(wire::text_of(back->post) == wire::text_of(*stored));
        auto again = wire::recreate(own, back->post, {}, now);
        must(again.has_value() && again->publishes);
        for (const auto& file : stored->media)
            must(wire::upload(own, file, reply.body, false).body.size() > reply.body.size());
    }
    wire::unkeep(own, {{"post.json", "", std::make_shared<const std::string>(reply.body)},
                       {"media.json", "", std::make_shared<const std::string>(reply.body)}});
    (void)wire::same_words(reply.body, reply.body.substr(reply.body.size() / 2));
    return 0;
}
