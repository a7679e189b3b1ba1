// A program of the house's own as halfmast's ports: each call is a line to it and a line back. Thin: wire says what to ask and what
// answers mean, program keeps it running. It holds nothing by itself, and believes a hold only when it is read back.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "connectors/exec/program.hpp"
#include "connectors/exec/settings.hpp"
#include "daemon/ports/room.hpp"

namespace halfmast::exec {

connector_room room();

class connector final : public queue_port, public pin_port, public feed_port, public mentions_port, public check_port {
public:
    explicit connector(std::shared_ptr<const settings> own) : own_(own), program_(std::move(own)) {}

    asio::awaitable<result<std::vector<scheduled_post>>> list() override;
    asio::awaitable<result<kept_bytes>> save(save_post) override;
    asio::awaitable<result<receipt>> hold(hold_post) override;
    asio::awaitable<result<std::vector<post_reading>>> read(read_posts) override;
    asio::awaitable<result<receipt>> release(release_post, kept_bytes, time_point now) override;

    asio::awaitable<result<receipt>> publish(publish_summary) override;
    asio::awaitable<result<receipt>> edit(edit_summary) override;
    asio::awaitable<result<std::vector<post_id>>> pins() override;
    asio::awaitable<result<receipt>> pin(post_id) override;
    asio::awaitable<result<receipt>> unpin(post_id) override;

    asio::awaitable<result<std::vector<publication>>> since(time_point) override;

    asio::awaitable<result<mention_look>> since(std::string cursor) override;

    asio::awaitable<std::vector<check_line>> check() override;

    void hear(std::function<void(std::string line)> to) { program_.hear(std::move(to)); }

private:
    // A post of ours and the words it shows.
    struct shown_post {
        post_reading reading;
        std::optional<std::string> text;

        shown_post() {}
    };
    asio::awaitable<result<shown_post>> look_at(post_id id, std::string doing);
    asio::awaitable<result<receipt>> tell(std::string verb, nlohmann::json members, std::string doing);

    std::shared_ptr<const settings> own_;
    program program_;
};

}  // namespace halfmast::exec
