// The room's door: thin coroutines that ask (wire), send (http) and read (wire). No exception leaves it.
// Knows core, ports, net and text; never the engine, never another connector. There is no queue port: Bluesky has no queue.
#pragma once

#include <functional>

#include <boost/asio/steady_timer.hpp>

#include "connectors/bluesky/wire.hpp"
#include "daemon/ports/room.hpp"

namespace halfmast::bluesky {

class connector final : public pin_port, public feed_port, public mentions_port, public check_port {
public:
    using clock = std::function<time_point()>;

    connector(std::shared_ptr<const settings> own, http_port& http, vault_port& vault, clock ours = clock_now);

    asio::awaitable<result<receipt>> publish(publish_summary call) override;
    asio::awaitable<result<std::vector<post_id>>> pins() override;
    asio::awaitable<result<receipt>> pin(post_id id) override;
    asio::awaitable<result<receipt>> unpin(post_id id) override;

    asio::awaitable<result<std::vector<publication>>> since(time_point from) override;

    asio::awaitable<result<mention_look>> since(std::string cursor) override;

    asio::awaitable<std::vector<check_line>> check() override;

private:
    static constexpr int most_pages = 1'000;  // of any list; more is a list without an end
    static constexpr int most_swaps = 5;      // how often somebody else may be quicker in a row

    using session_ptr = std::shared_ptr<const wire::session>;

    // One at a time logs in; the others wait at the bell. There only while somebody does either.
    struct gate {
        bool busy = false;
        asio::steady_timer bell;

        explicit gate(const asio::any_io_executor& executor) : bell(executor, asio::steady_timer::time_point::max()) {}
    };
    class turn;

    static time_point clock_now() { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); }
    // By the platform's clock, as far as known.
    [[nodiscard]] time_point now() const { return clock_() + ahead_; }
    [[nodiscard]] problem endless(std::string_view what) const;

    // Sends as it is, and learns how far the platform's clock is from ours.
    asio::awaitable<result<http_response>> send(http_request request);
    // Sends with the account's token; one that is not taken any more is renewed without a person.
    asio::awaitable<result<http_response>> ask(http_request request);

    asio::awaitable<result<session_ptr>> log_in();
    asio::awaitable<result<session_ptr>> renew(session_ptr stale);
    asio::awaitable<result<session_ptr>> create();
    asio::awaitable<std::optional<problem>> refresh(session_ptr stale);
    asio::awaitable<void> restore();
    asio::awaitable<result<session_ptr>> keep(result<wire::session> given);

    asio::awaitable<result<std::optional<wire::record_ref>>> find_post(std::string did, std::string rkey, std::string what);
    asio::awaitable<result<wire::thread>> thread_of(std::string did, post_id answered);
    asio::awaitable<std::map<std::string, std::string>> resolve(std::vector<std::string> handles);
    asio::awaitable<result<wire::profile>> read_profile(std::string did, std::string what);
    // What the pin shall be, given what it is: the same means that nothing is written. A problem ends it.
    using choice = std::function<result<std::optional<wire::record_ref>>(const std::optional<wire::record_ref>&)>;
    asio::awaitable<std::optional<problem>> change_pin(std::string did, std::string what, choice choose);

    using page_result = result<wire::page<wire::shown_post>>;
    asio::awaitable<page_result> next_page(bool by_appview, const std::string& did, const std::string& cursor);
    asio::awaitable<result<std::vector<publication>>> posts_since(bool by_appview, std::string did, time_point from);

    asio::awaitable<void> check_server(std::vector<check_line>& lines);

    std::shared_ptr<const settings> own_;
    http_port& http_;
    vault_port& vault_;
    clock clock_;
    milliseconds ahead_{0};  // the platform's clock minus ours, once it answered
    session_ptr session_;
    bool restored_ = false;            // the vault was asked
    std::optional<problem> not_kept_;  // why the next start will have to log in
    std::weak_ptr<gate> gate_;
    std::optional<problem> refused_;  // the last log-in, and until when there is no other: they are few in a day
    time_point refused_until_{};
};

connector_room room();

}  // namespace halfmast::bluesky
