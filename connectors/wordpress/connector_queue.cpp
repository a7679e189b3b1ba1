// The pages of the queue's list; the rest of what is in connector.hpp is elsewhere.
#include "connectors/wordpress/connector.hpp"

#include <algorithm>

#include "daemon/net/http_date.hpp"
#include "daemon/net/page_mark.hpp"

namespace halfmast::wordpress {

namespace {

constexpr std::string_view total_header = "X-WP-Total";

}  // namespace

asio::awaitable<result<std::vector<scheduled_post>>> connector::list()
{
    std::vector<page_mark> nothing;
    auto seen = co_await observe(std::move(nothing));
    if (!seen)
        co_return seen.error();
    co_return std::move(seen->posts);
}

time_point connector::platform_now() const
{
    return site_time_.value_or(std::chrono::floor<milliseconds>(std::chrono::system_clock::now()));
}

// Asks for the pages again, and reads none of them.
asio::awaitable<result<bool>> connector::is_as_it_was(wire::site at, outline_ptr outline, const std::vector<page_mark>* known)
{
    for (const auto& page : *known) {
        auto space = page.query.find(' ');
        auto type = std::ranges::find(outline->types, page.query.substr(0, space), &wire::post_type::kind);
        if (type == outline->types.end())
            co_return false;
        auto request = wire::list_request(at, *type, outline->taxonomies, std::stoll(page.query.substr(space + 1)));
        request.looks = true;
        auto reply = co_await send(std::move(request), "list the scheduled " + type->kind);
        if (!reply)
            co_return reply.error();
        if (!net::has_same_bytes(page, reply->body, find_header(reply->headers, total_header)))
            co_return false;
        site_time_ = net::parse_http_date(find_header(reply->headers, "Date"));
    }
    co_return true;
}

asio::awaitable<result<std::vector<wire::listed_post>>> connector::list_type(wire::site at, outline_ptr outline,
                                                                             wire::post_type type, std::vector<page_mark>* marks)
{
    std::vector<wire::listed_post> all;
    wire::slices next;
    auto doing = "list the scheduled " + type.kind;
    for (;;) {
        auto request = wire::list_request(at, type, outline->taxonomies, next.offset());
        request.looks = true;
        auto reply = co_await send(std::move(request), doing);
        if (!reply)
            co_return reply.error();
        auto page = wire::read_list(*own_, type, outline->taxonomies, *reply);
        if (!page)
            co_return page.error();
        site_time_ = page->served;
        marks->push_back(net::mark_bytes(type.kind + " " + std::to_string(next.offset()), reply->body,
                                         find_header(reply->headers, total_header)));
        std::vector<wire::wp_id> ids;
        for (const auto& item : page->items)
            ids.push_back(std::stoll(item.post.id.value));
        std::vector<std::size_t> fresh;
        auto told = next.take(ids, page->total, fresh);
        for (auto index : fresh)
            all.push_back(std::move(page->items[index]));
        if (told == wire::slices::answer::stuck)
            co_return wire::trouble(*own_, failure::bad_reply, doing,
                                    "the pages of the list do not fit together; does a plugin change REST queries?");
        if (told == wire::slices::answer::done)
            co_return all;
    }
}

void connector::remember_late(time_point now)
{
    for (auto& [id, late] : late_)
        late.queued = false;
    for (const auto& one : waiting_)
        if (one.due <= now && (late_.size() < most_late_posts || late_.contains(one.id)))
            late_[one.id] = {one.kind, true, 0};
}

}  // namespace halfmast::wordpress
