#include "connectors/mastodon/connector.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace halfmast::mastodon {

namespace {

constexpr milliseconds due_slack{60'000};
constexpr milliseconds clocks_differ{120'000};  // theirs and ours
constexpr seconds least_lead{310};              // the server's five minutes, and time for the call itself
constexpr std::chrono::hours release_looks_back{1};
constexpr std::chrono::minutes media_patience{3};

std::optional<std::uint64_t> as_number(const post_id& id)
{
    std::uint64_t value = 0;
    const auto* end = id.value.data() + id.value.size();
    auto [stop, fault] = std::from_chars(id.value.data(), end, value);
    return fault == std::errc{} && stop == end && value < UINT64_MAX ? std::optional{value} : std::nullopt;
}

// The id to look for: the platform's own, else the one the post had when its hold was planned.
const post_id& id_at_platform(const read_request& wanted)
{
    if (!wanted.remote.empty())
        return wanted.remote;
    return wanted.snapshot && !wanted.snapshot->id.empty() ? wanted.snapshot->id : wanted.post;
}

bool is_redirect(int status) { return status == 301 || status == 302 || status == 303 || status == 307 || status == 308; }

}  // namespace

connector::connector(std::shared_ptr<const settings> own, http_port& http, milliseconds pace)
    : own_(std::move(own)),
      http_(http),
      pace_(pace)
{
}

problem connector::endless(std::string_view what) const
{
    return {failure::bad_reply, own_->name() + ": " + std::string{what} + ": the pages have no end", {}};
}

asio::awaitable<result<http_response>> connector::ask(http_request request)
{
    auto reply = co_await http_.fetch(std::move(request));
    if (reply) {
        auto ours = clock_now();
        ahead_ = wire::moment_of(*reply, ours) - ours;
    }
    co_return reply;
}

// --- the queue ---

asio::awaitable<result<std::vector<scheduled_post>>> connector::list()
{
    std::vector<page_mark> nothing;
    auto seen = co_await observe(std::move(nothing));
    if (!seen)
        co_return seen.error();
    co_return std::move(seen->posts);
}

// What the list said of the post is all there is to say about it: near its due time no call is spent on asking again.
asio::awaitable<result<wire::stored_post>> connector::stored(const save_post& call)
{
    if (call.snapshot && call.snapshot->raw)
        if (auto whole = wire::stored_in(*call.snapshot->raw))
            co_return std::move(*whole);
    auto id = call.snapshot && !call.snapshot->id.empty() ? call.snapshot->id : call.post;
    auto request = wire::scheduled_by_id(*own_, id);
    auto reply = co_await ask(std::move(request));
    if (!reply)
        co_return reply.error();
    co_return wire::read_stored(*own_, *reply, now());
}

asio::awaitable<result<kept_bytes>> connector::save(save_post call)
{
    auto stored = co_await this->stored(call);
    if (!stored)
        co_return stored.error();
    std::vector<std::string> bytes;
    for (auto& file : stored->media) {
        if (std::ranges::find(stored->unseen_media, file.id) != stored->unseen_media.end()) {
            // Another post named the same picture later and has it now; its description is still there to be asked for.
            auto asking = wire::media_by_id(*own_, file.id);
            auto answer = co_await ask(std::move(asking));
            if (!answer)
                co_return answer.error();
            auto described = wire::read_attachment(*own_, *answer, now());
            if (!described) {
                auto wrong = described.error();
                if (wrong.kind == failure::not_found)
                    wrong = {failure::rejected,
                             own_->name() + ": store a scheduled post: its attachment " + file.id + " cannot be read any more",
                             {}};
                co_return wrong;
            }
            file = std::move(*described);
        }
        auto fetched = co_await fetch_media(file, file.content_type);
        if (!fetched)
            co_return fetched.error();
        bytes.push_back(std::move(*fetched));
    }
    co_return wire::keep(*stored, bytes);
}

asio::awaitable<result<std::string>> connector::fetch_media(const wire::attachment& file, std::string& content_type)
{
    auto url = file.url;
    for (int turn = 0; turn < 4; ++turn) {
        auto request = wire::download(*own_, url);
        if (!request)
            co_return request.error();
        auto reply = co_await http_.fetch(std::move(*request));  // another host's clock is not the platform's
        if (!reply)
            co_return reply.error();
        if (is_redirect(reply->status)) {
            url = find_header(reply->headers, "Location");
            continue;
        }
        auto bytes = wire::read_download(*own_, file, *reply, now());
        if (bytes)
            content_type = find_header(reply->headers, "Content-Type");
        co_return bytes;
    }
    co_return problem{failure::bad_reply, own_->name() + ": fetch attachment " + file.id + ": redirected again and again", {}};
}

asio::awaitable<result<receipt>> connector::hold(hold_post call)
{
    if (call.by == rung::postpone) {
        auto moved = co_await put_date(call.remote, call.until, "postpone post " + call.remote.value);
        co_return moved;
    }
    if (call.by != rung::takeout)
        co_return problem{
            failure::unsupported, own_->name() + ": a scheduled post can be postponed or taken out, and nothing else", {}};
    auto request = wire::take_out(*own_, call.remote);
    auto reply = co_await ask(std::move(request));
    if (!reply)
        co_return reply.error();
    if (auto wrong = wire::trouble(*own_, "take out post " + call.remote.value, *reply, now()))
        co_return *wrong;
    co_return receipt{};
}

asio::awaitable<result<receipt>> connector::put_date(post_id id, time_point at, std::string what)
{
    auto request = wire::postpone(*own_, id, at);
    auto reply = co_await ask(std::move(request));
    if (!reply)
        co_return reply.error();
    auto post = wire::read_place(*own_, what, *reply, now());
    if (!post)
        co_return post.error();
    if (post->due < at - due_slack || post->due > at + due_slack)
        co_return problem{
            failure::unknown_outcome,
            own_->name() + ": " + what + ": the answer says " + format_utc(post->due) + " instead of " + format_utc(at),
            {}};
    co_return receipt{post->id, own_->url + "/"};
}

// What we took out ourselves, well before its time, is not looked for among the public posts: near the platform's limit of calls
// that look would cost other posts their hold, and the feed is watched later anyway.
bool connector::may_be_out(const read_request& wanted) const
{
    bool ours = wanted.by == rung::takeout && wanted.snapshot && id_at_platform(wanted) == wanted.snapshot->id;
    return !ours || wanted.snapshot->due < now() + clocks_differ;
}

asio::awaitable<result<std::vector<post_reading>>> connector::read(read_posts call)
{
    std::vector<post_id> ids;
    for (const auto& wanted : call.wanted)
        ids.push_back(id_at_platform(wanted));
    if (ids.empty())
        co_return std::vector<post_reading>{};
    result<std::vector<wire::queue_place>> found = std::vector<wire::queue_place>{};
    if (ids.size() == 1)
        found = co_await look_at_one(ids.front());
    else
        found = co_await sweep(ids);
    if (!found)
        co_return found.error();
    std::unordered_map<post_id, const wire::queue_place*> there;
    for (const auto& post : *found)
        there.emplace(post.id, &post);
    std::vector<post_reading> readings;
    readings.reserve(ids.size());
    bool some_absent = false;
    for (std::size_t index = 0; index < ids.size(); ++index) {
        auto& one = readings.emplace_back();
        one.post = call.wanted[index].post;
        auto seen = there.find(ids[index]);
        if (seen == there.end()) {
            some_absent = some_absent || may_be_out(call.wanted[index]);
            continue;
        }
        one.where = whereabouts::queued;
        one.due = seen->second->due;
        one.url = own_->url + "/";  // the platform's own pages show no queue
        // What is scheduled keeps its words; what we made anew may have other ones.
        const auto& snapshot = call.wanted[index].snapshot;
        if (call.wanted[index].with_text && snapshot && snapshot->id != ids[index]) {
            auto request = wire::scheduled_by_id(*own_, ids[index]);
            auto reply = co_await ask(std::move(request));
            auto whole = reply ? wire::read_scheduled(*own_, "read post " + ids[index].value, *reply, now())
                               : result<scheduled_post>{reply.error()};
            if (whole)
                one.text = std::move(whole->text);
        }
    }
    if (some_absent)
        if (auto wrong = co_await find_published(call, readings))
            co_return *wrong;
    co_return readings;
}

asio::awaitable<result<std::vector<wire::queue_place>>> connector::look_at_one(post_id id)
{
    auto request = wire::scheduled_by_id(*own_, id);
    auto reply = co_await ask(std::move(request));
    if (!reply)
        co_return reply.error();
    std::vector<wire::queue_place> made;
    auto post = wire::read_place(*own_, "read post " + id.value, *reply, now());
    if (post)
        made.push_back(std::move(*post));
    else if (post.error().kind != failure::not_found)
        co_return post.error();
    co_return made;
}

// The list is ordered by id, the newest first, and what is moved keeps its place: one way down answers for all. When the
// ids are numbers it starts at the highest wanted and ends below the lowest; when pages cost more than questions, it asks.
asio::awaitable<result<std::vector<wire::queue_place>>> connector::sweep(const std::vector<post_id>& wanted)
{
    std::set<post_id> open(wanted.begin(), wanted.end());
    std::uint64_t lowest = UINT64_MAX;
    std::uint64_t highest = 0;
    bool numbered = true;
    for (const auto& id : open) {
        auto number = as_number(id);
        numbered = numbered && number.has_value();
        lowest = std::min(lowest, number.value_or(0));
        highest = std::max(highest, number.value_or(0));
    }
    std::string query = numbered ? "limit=40&max_id=" + std::to_string(highest + 1) : std::string{};
    std::vector<wire::queue_place> made;
    std::set<std::string> asked;
    while (!open.empty() && asked.size() < open.size()) {
        if (!asked.insert(query).second)
            co_return endless("read posts back");
        auto request = wire::scheduled_page(*own_, query);
        auto reply = co_await ask(std::move(request));
        if (!reply)
            co_return reply.error();
        auto page = wire::read_places(*own_, *reply, now());
        if (!page)
            co_return page.error();
        auto last = page->items.empty() ? std::nullopt : as_number(page->items.back().id);
        for (auto& post : page->items)
            if (open.erase(post.id) > 0)
                made.push_back(std::move(post));
        query = page->next;
        if (query.empty() || (numbered && last && *last <= lowest))
            co_return made;
    }
    for (const auto& id : open) {
        auto one = co_await look_at_one(id);
        if (!one)
            co_return one.error();
        std::ranges::move(*one, std::back_inserter(made));
    }
    co_return made;
}

// What is not in the queue is public only when the account's posts show it: by its id, or by its words since its time.
asio::awaitable<std::optional<problem>> connector::find_published(const read_posts& call, std::vector<post_reading>& readings)
{
    auto from = now();
    for (std::size_t index = 0; index < readings.size(); ++index)
        if (const auto& wanted = call.wanted[index]; readings[index].where == whereabouts::absent && wanted.snapshot)
            from = std::min(from, std::max(wanted.snapshot->due - clocks_differ, now() - std::chrono::hours{48}));
    auto posts = co_await posts_since(from, evidence_pages);
    if (!posts)
        co_return posts.error();
    for (std::size_t index = 0; index < readings.size(); ++index) {
        const auto& wanted = call.wanted[index];
        auto& one = readings[index];
        if (one.where != whereabouts::absent)
            continue;
        auto is_it = [&](const wire::status& post) {
            if (post.shown.id == id_at_platform(wanted))
                return true;
            return wanted.snapshot && post.shown.at >= wanted.snapshot->due - clocks_differ
                   && wire::same_words(post.shown.text, wanted.snapshot->text);
        };
        auto out = std::ranges::find_if(*posts, is_it);
        if (out == posts->end())
            continue;
        one.where = whereabouts::published;
        one.published_as = out->shown.id;
        one.due = out->shown.at;
        one.url = out->shown.url;
    }
    co_return std::nullopt;
}

// --- letting go ---

asio::awaitable<result<receipt>> connector::release(release_post call, kept_bytes kept, time_point moment)
{
    auto began = std::chrono::steady_clock::now();
    auto what = "release post " + call.post.value;
    if (call.at < latest(moment) + release_margin)
        co_return problem{failure::rejected,
                          own_->name() + ": " + what + ": " + format_utc(call.at) + " is not at least "
                              + format_duration(release_margin) + " ahead; a time that has passed would publish at once",
                          {}};
    if (call.by == rung::postpone) {
        auto moved = co_await put_date(call.remote, call.at, what);
        co_return moved;
    }
    if (call.by != rung::takeout)
        co_return problem{failure::unsupported, own_->name() + ": " + what + ": it was not held by a way this platform has", {}};
    auto whole = wire::unkeep(*own_, kept);
    if (!whole)
        co_return whole.error();
    if (call.text)
        whole->post = wire::with_text(std::move(whole->post), *call.text);
    if (call.look_first) {
        auto earlier = co_await find_recreated(whole->post, call.at, moment);
        if (!earlier)
            co_return earlier.error();
        if (*earlier)
            co_return **earlier;
    }
    std::vector<std::string> media_ids;
    for (std::size_t index = 0; index < whole->media.size(); ++index) {
        auto id = co_await upload(whole->post.media[index], whole->media[index]);
        if (!id)
            co_return id.error();
        media_ids.push_back(std::move(*id));
    }
    auto passed = std::chrono::floor<milliseconds>(std::chrono::steady_clock::now() - began);
    if (call.at < latest(moment + passed) + least_lead)
        co_return problem{failure::rejected,
                          own_->name() + ": " + what + ": its time came too near while its media went up; give a later time",
                          {}};
    auto request = wire::recreate(*own_, whole->post, media_ids, call.at);
    if (!request)
        co_return request.error();
    auto reply = co_await ask(std::move(*request));
    if (!reply)
        co_return reply.error();
    co_return wire::read_recreated(*own_, *reply, call.at, moment);
}

// What an earlier call may have made: scheduled for that time, or public by the server's trap.
asio::awaitable<result<std::optional<receipt>>> connector::find_recreated(const wire::stored_post& post, time_point at,
                                                                          time_point moment)
{
    auto words = wire::text_of(post);
    auto queue = co_await list();
    if (!queue)
        co_return queue.error();
    for (const auto& one : *queue)
        if (one.due >= at - due_slack && one.due <= at + due_slack && wire::same_words(one.text, words))
            co_return std::optional{receipt{one.id, one.url}};
    auto posts = co_await posts_since(moment - release_looks_back, evidence_pages);
    if (!posts)
        co_return posts.error();
    for (const auto& one : *posts)
        if (wire::same_words(one.shown.text, words))
            co_return std::optional{receipt{one.shown.id, one.shown.url}};
    co_return std::optional<receipt>{};
}

asio::awaitable<result<std::string>> connector::upload(const wire::attachment& file, std::shared_ptr<const std::string> bytes)
{
    auto request = wire::upload(*own_, file, *bytes, false);
    auto reply = co_await ask(std::move(request));
    if (reply && (reply->status == 404 || reply->status == 405)) {
        auto older = wire::upload(*own_, file, *bytes, true);
        reply = co_await ask(std::move(older));
    }
    if (!reply)
        co_return reply.error();
    auto made = wire::read_attachment(*own_, *reply, now());
    if (!made) {
        auto wrong = made.error();
        if (wrong.kind == failure::not_found)
            wrong.kind = failure::unsupported;
        co_return wrong;
    }
    auto id = made->id;
    if (reply->status == 202) {
        auto ready = co_await await_media(id);
        co_return ready;
    }
    co_return id;
}

asio::awaitable<result<std::string>> connector::await_media(std::string id)
{
    auto until = std::chrono::steady_clock::now() + media_patience;
    asio::steady_timer timer{co_await asio::this_coro::executor};
    for (auto wait = pace_; std::chrono::steady_clock::now() < until;
         wait = std::min<milliseconds>(wait * 3 / 2, milliseconds{10'000})) {
        timer.expires_after(wait);
        co_await timer.async_wait(asio::use_awaitable);
        auto request = wire::media_by_id(*own_, id);
        auto reply = co_await ask(std::move(request));
        if (!reply)
            co_return reply.error();
        if (reply->status == 206)
            continue;
        auto made = wire::read_attachment(*own_, *reply, now());
        if (!made)
            co_return made.error();
        co_return made->id;
    }
    co_return problem{failure::unknown_outcome,
                      own_->name() + ": the server still works on an attachment after " + format_duration(media_patience)
                          + "; the post is not released yet",
                      {}};
}

connector_room room()
{
    auto connect = [](std::shared_ptr<const connector_settings> own, http_port& http, vault_port&) {
        auto one = std::make_shared<connector>(std::static_pointer_cast<const settings>(std::move(own)), http);
        return connection{one, one, one, one, one};
    };
    return {"mastodon", parse, declare, connect, {"Mastodon", [](account& into) { declare(settings{}, into); }, {}, absences}};
}

}  // namespace halfmast::mastodon
