// Every reader of Ghost's answers, on any bytes: none may crash, and a refusal is always a problem with words.
#include <cstdlib>

#include "connectors/ghost/wire.hpp"
#include "daemon/text/article.hpp"

namespace wire = halfmast::ghost::wire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static constexpr int statuses[] = {200, 201, 301, 400, 401, 403, 404, 406, 409, 422, 429, 500, 501, 503};
    if (size < 2)
        return 0;
    halfmast::ghost::settings own;
    own.url = "https://news.acme.example";
    own.key_id = "6b064a562b76505e65064756";
    own.secret = "secret";

    halfmast::http_response reply;
    reply.status = statuses[data[0] % std::size(statuses)];
    reply.body.assign(reinterpret_cast<const char*>(data + 2), size - 2);
    for (const auto* name : {"Retry-After", "Date", "Location"})
        reply.headers.emplace_back(name, reply.body.substr(0, data[1]));

    auto refused = wire::refusal(own, "try", reply);
    if (refused.has_value() == (reply.status < 300) || (refused && refused->detail.empty()))
        std::abort();
    wire::is_stale_token(reply);
    wire::read_version(own, reply);
    wire::read_role(own, reply);
    wire::read_standing(own, "posts", "try", reply);
    wire::read_standings(own, "pages", "try", reply);
    if (auto read = wire::read_written(own, "posts", "try", reply)) {
        wire::says_first(read->html, reply.body);
        wire::respell_article(read->title, read->excerpt, read->lexical, read->html, reply.body);
    }
    wire::respell_article("t", "", reply.body, reply.body, "t\nnew words");
    wire::read_ids(own, "try", reply);
    wire::read_feed(own, "posts", reply);
    if (auto page = wire::read_list(own, "posts", reply))
        for (const auto& item : page->items) {
            if (item.id.empty() || !item.raw || wire::place_in(item.kind).resource != "posts")
                std::abort();
            wire::look_request(own, "posts", item.id);
        }
    // What was written of a post's mail is read back as it was.
    wire::place mail{"posts", reply.body.substr(0, 40), reply.body.substr(reply.body.size() / 2)};
    if (!mail.newsletter.empty() && wire::place_in(wire::kind_of(mail)) != mail)
        std::abort();
    wire::place_in(reply.body);
    halfmast::text::slug_of(reply.body);
    halfmast::text::title_of(reply.body);
    wire::html_of(reply.body);
    return 0;
}
