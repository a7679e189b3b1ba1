// Every reader of WordPress' answers, on any bytes: none may crash, and a refusal is always a problem with words.
#include <cstdlib>

#include "connectors/wordpress/wire_mentions.hpp"

namespace wire = halfmast::wordpress::wire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static constexpr int statuses[] = {200, 201, 301, 400, 401, 403, 404, 409, 429, 500, 503};
    if (size < 2)
        return 0;
    halfmast::wordpress::settings own;
    own.url = "https://blog.acme.example";
    own.username = "halfmast";
    const wire::post_type type{"post", "posts", "Posts", "edit_others_posts", "publish_posts"};
    const std::vector<wire::taxonomy> taxonomies{{"categories", "categories", true, {"post"}}, {"tags", "tags", false, {"post"}}};

    halfmast::http_response reply;
    reply.status = statuses[data[0] % std::size(statuses)];
    reply.body.assign(reinterpret_cast<const char*>(data + 2), size - 2);
    for (const auto* name : {"X-WP-Total", "X-WP-TotalPages", "Retry-After", "Date", "Location"})
        reply.headers.emplace_back(name, reply.body.substr(0, data[1]));

    auto refused = wire::refusal(own, "try", reply);
    if (refused.has_value() == (reply.status < 300) || (refused && refused->detail.empty()))
        std::abort();
    wire::read_index(own, reply);
    wire::read_types(own, reply);
    wire::read_taxonomies(own, reply);
    wire::read_terms(own, reply);
    wire::read_authors(own, reply);
    wire::read_standing(own, "try", reply);
    wire::read_standings(own, "try", reply);
    if (auto read = wire::read_written(own, "try", reply))
        wire::says_first(read->content, reply.body);
    if (auto read = wire::read_comment(own, "try", reply); read && wire::comment_number(read->id) == 0)
        std::abort();
    wire::same_answer(reply.body, reply.body.substr(data[1] % (reply.body.size() + 1)));
    wire::read_ids(own, "try", reply);
    wire::read_feed(own, reply);
    wire::read_me(own, reply);
    if (auto page = wire::read_comments(own, reply))
        for (const auto& item : page->items)
            if (item.said.id.empty())
                std::abort();
    if (auto page = wire::read_list(own, type, taxonomies, reply))
        for (const auto& item : page->items)
            if (item.post.id.empty() || !item.post.raw)
                std::abort();
    wire::html_of(reply.body);
    return 0;
}
