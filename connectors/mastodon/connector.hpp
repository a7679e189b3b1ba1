// The room's door: thin coroutines that ask (wire), send (http) and read (wire). No exception leaves it.
// Knows core, ports, net and text; never the engine, never another connector.
#pragma once

#include <set>

#include "connectors/mastodon/wire.hpp"
#include "connectors/mastodon/wire_mentions.hpp"
#include "daemon/ports/room.hpp"

namespace halfmast::mastodon {

class connector final : public queue_port, public pin_port, public feed_port, public mentions_port, public check_port {
public:
    // `pace`: the first wait for media that the server still works on; the waits grow.
    connector(std::shared_ptr<const settings> own, http_port& http, milliseconds pace = milliseconds{500});

    asio::awaitable<result<std::vector<scheduled_post>>> list() override;
    asio::awaitable<result<queue_look>> observe(std::vector<page_mark> known) override;
    asio::awaitable<result<kept_bytes>> save(save_post call) override;
    asio::awaitable<result<receipt>> hold(hold_post call) override;
    asio::awaitable<result<std::vector<post_reading>>> read(read_posts call) override;
    asio::awaitable<result<receipt>> release(release_post call, kept_bytes kept, time_point moment) override;

    asio::awaitable<result<receipt>> publish(publish_summary call) override;
    asio::awaitable<result<receipt>> edit(edit_summary call) override;
    asio::awaitable<result<std::vector<post_id>>> pins() override;
    asio::awaitable<result<receipt>> pin(post_id id) override;
    asio::awaitable<result<receipt>> unpin(post_id id) override;

    asio::awaitable<result<std::vector<publication>>> since(time_point from) override;
    [[nodiscard]] milliseconds clock_ahead() const override { return ahead_.value_or(milliseconds{0}); }

    asio::awaitable<result<mention_look>> since(std::string cursor) override;

    asio::awaitable<std::vector<check_line>> check() override;

private:
    static constexpr int most_pages = 1'000;   // of any list; more is a list without an end
    static constexpr int evidence_pages = 25;  // a thousand posts back

    static time_point clock_now() { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); }
    [[nodiscard]] problem endless(std::string_view what) const;

    // Sends, and learns how far the platform's clock is from ours.
    asio::awaitable<result<http_response>> ask(http_request request);
    // By the platform's clock, as far as known.
    [[nodiscard]] time_point now() const { return clock_now() + ahead_.value_or(milliseconds{0}); }
    // The later of a moment by the engine's clock and now by the platform's: what has passed for either has passed.
    [[nodiscard]] time_point latest(time_point moment) const { return ahead_ ? std::max(moment, now()) : moment; }

    asio::awaitable<result<std::string>> account_id();
    // The account's own posts since then, reblogs left out, newest first; `most_pages` bounds the way back.
    asio::awaitable<result<std::vector<wire::status>>> posts_since(time_point from, int most_pages);

    asio::awaitable<result<std::vector<wire::notice>>> mentions_above(std::string id, std::string account);

    asio::awaitable<result<receipt>> put_date(post_id id, time_point at, std::string what);
    asio::awaitable<result<wire::stored_post>> stored(const save_post& call);
    asio::awaitable<result<std::string>> fetch_media(const wire::attachment& file, std::string& content_type);
    asio::awaitable<result<std::string>> upload(const wire::attachment& file, std::shared_ptr<const std::string> bytes);
    asio::awaitable<result<std::string>> await_media(std::string id);
    asio::awaitable<result<std::optional<receipt>>> find_recreated(const wire::stored_post& post, time_point at, time_point moment);
    asio::awaitable<result<receipt>> set_pin(post_id id, bool wanted);
    asio::awaitable<result<wire::status>> look_at(post_id id, std::string what);
    // What a reply takes over from the post it answers: who is addressed, and who may see it. The call's words are changed.
    asio::awaitable<result<std::string>> take_thread(publish_summary* call);

    // Those of the wanted posts that are in the queue.
    asio::awaitable<result<std::vector<wire::queue_place>>> sweep(const std::vector<post_id>& wanted);
    asio::awaitable<result<std::vector<wire::queue_place>>> look_at_one(post_id id);
    [[nodiscard]] bool may_be_out(const read_request& wanted) const;
    asio::awaitable<std::optional<problem>> find_published(const read_posts& call, std::vector<post_reading>& readings);

    asio::awaitable<void> check_scopes(std::vector<check_line>& lines);
    asio::awaitable<void> check_instance(std::vector<check_line>& lines);

    std::shared_ptr<const settings> own_;
    http_port& http_;
    milliseconds pace_;
    std::optional<milliseconds> ahead_;  // the platform's clock minus ours, once it answered
    std::string account_id_;             // asked for once
};

connector_room room();

}  // namespace halfmast::mastodon
