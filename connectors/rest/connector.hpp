// A scheduler as its description says it is, as halfmast's ports. Thin: the description says what to ask and wire what answers
// mean; a post that is public is never held, released or changed, but for the words of our own summary.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/rest/settings.hpp"
#include "connectors/rest/wire.hpp"
#include "daemon/ports/room.hpp"

namespace halfmast::net {
class oauth_http;
}

namespace halfmast::rest {

connector_room room();

class connector final : public queue_port, public pin_port, public feed_port, public mentions_port, public check_port {
public:
    // `behind`: what `http` is when the tokens of OAuth 2 are put on there.
    connector(std::shared_ptr<const settings> own, http_port& http, std::shared_ptr<net::oauth_http> behind = nullptr)
        : own_(std::move(own)),
          behind_(std::move(behind)),
          http_(http)
    {
    }

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

private:
    [[nodiscard]] const description& what() const { return *own_->what; }
    [[nodiscard]] std::string kind_of(const post_ptr& snapshot) const;

    asio::awaitable<result<http_response>> send(http_request request, std::string doing);
    asio::awaitable<result<http_response>> tell(const call* ask, filling with, std::string doing, bool publishes);
    asio::awaitable<result<std::vector<nlohmann::json>>> read_all(const listing* from, filling with, std::string doing,
                                                                  bool looks = false);
    asio::awaitable<result<std::string>> find_me();
    asio::awaitable<result<wire::standing>> look(std::string kind, post_id id, std::string doing);
    asio::awaitable<result<std::vector<wire::standing>>> look_at_list(std::string doing);
    // Why it cannot be let go as it stands there; nothing when it can.
    [[nodiscard]] std::optional<problem> refuse_release(const release_post& call, const wire::standing& before,
                                                        std::string_view doing) const;
    [[nodiscard]] bool planned_for(time_point at, const wire::standing& one) const;
    asio::awaitable<result<std::vector<wire::standing>>> look_at_many(std::string kind, std::vector<post_id> ids);
    asio::awaitable<result<std::optional<wire::standing>>> find_copy(publish_summary call);
    asio::awaitable<result<wire::standing>> look_at_words(post_id id, std::string doing);
    asio::awaitable<result<receipt>> change_pin(const call* ask, post_id id, std::string doing);
    asio::awaitable<check_line> try_check(const check_call* check);

    std::shared_ptr<const settings> own_;
    std::shared_ptr<net::oauth_http> behind_;
    http_port& http_;
    std::optional<milliseconds> ahead_;  // the platform's clock minus ours, once it answered
    std::string me_;                     // as the platform names us among authors, once it was asked
};

}  // namespace halfmast::rest
