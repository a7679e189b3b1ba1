// Everything of signals that is not the core's: the hooks in front of the API, and the watches over files, mentions and links. What
// they see goes to the loop as events; nothing here decides.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "daemon/app/backend.hpp"
#include "daemon/net/http_server.hpp"
#include "daemon/ports/platform.hpp"
#include "daemon/settings/settings.hpp"
#include "daemon/signals/flag_files.hpp"
#include "daemon/signals/hooks.hpp"
#include "daemon/signals/links.hpp"
#include "daemon/signals/mentions.hpp"

namespace halfmast::app {

class lookout {
public:
    // Throws std::runtime_error when the state directory cannot keep what has to outlive a restart.
    lookout(asio::any_io_executor executor, const settings::settings& wanted, std::function<time_point()> clock,
            daemon_backend& backend);

    // What people write to this account is listened to, where the settings want that. Before start().
    void listen_to(const account& who, std::shared_ptr<mentions_port> from);
    net::request_handler in_front_of(net::request_handler others) { return hooks_->in_front_of(std::move(others)); }

    void start();
    void stop();

    // The address in a letter by which its page is taken in hand; empty when no telephone could reach it.
    [[nodiscard]] std::string acknowledge_url(const page_letter& letter) const;

    // For the figures.
    [[nodiscard]] std::map<std::pair<std::string, std::string>, std::uint64_t> hook_counts() const;

private:
    void hear(heard_signal said);
    asio::awaitable<void> hand_in(heard_signal said);
    signals::hook_needs hook_needs();

    asio::any_io_executor executor_;
    std::function<time_point()> clock_;
    daemon_backend& backend_;
    std::string public_url_;
    secret link_key_;
    std::unique_ptr<signals::hooks> hooks_;
    std::unique_ptr<signals::flag_files> files_;
    std::unique_ptr<signals::mentions> mentions_;
    std::unique_ptr<signals::link_follower> links_;
    bool listens_ = false;
};

}  // namespace halfmast::app
