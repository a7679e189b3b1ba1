#include "daemon/ports/platform.hpp"

namespace halfmast {

asio::awaitable<result<queue_look>> queue_port::observe(std::vector<page_mark>)
{
    auto posts = co_await list();
    if (!posts)
        co_return posts.error();
    queue_look seen;
    seen.posts = std::move(*posts);
    co_return seen;
}

asio::awaitable<result<receipt>> pin_port::edit(edit_summary call)
{
    co_return problem{
        failure::unsupported, "edit post " + call.remote.value + ": what is published cannot be edited on this platform", {}};
}

}  // namespace halfmast
