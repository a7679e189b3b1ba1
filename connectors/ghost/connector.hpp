// A Ghost site as halfmast's ports: holds by turning a scheduled post or page back into a draft, and with it the mail that would go
// out at the same time; publishes the summary, keeps it current and marks it as featured. Thin: wire says what to ask and what answers
// mean; of what is public, only our own summary gets new words.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/ghost/settings.hpp"
#include "connectors/ghost/wire.hpp"
#include "daemon/ports/room.hpp"

namespace halfmast::ghost {

connector_room room();

class connector final : public queue_port, public pin_port, public feed_port, public check_port {
public:
    connector(std::shared_ptr<const settings> own, http_port& http) : own_(std::move(own)), http_(http) {}

    asio::awaitable<result<std::vector<scheduled_post>>> list() override;
    asio::awaitable<result<queue_look>> observe(std::vector<page_mark> known) override;
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

    asio::awaitable<std::vector<check_line>> check() override;

private:
    struct waiting_post {  // of the last list
        post_id id;
        std::string resource;
        time_point due;
    };

    // A post that was to go out and was still waiting, or was found public when it had to be held: Ghost publishes it under its
    // old date, so the feed must ask for it by id.
    struct late_post {
        std::string resource;
        bool queued = false;
        int told = 0;  // how often the feed showed it
    };

    asio::awaitable<result<http_response>> send(http_request request, std::string doing);
    asio::awaitable<result<bool>> is_as_it_was(const std::vector<page_mark>* known);
    // The caller waits, and keeps `marks`: one for each page is added.
    asio::awaitable<result<std::vector<scheduled_post>>> list_of(std::string resource, std::vector<page_mark>* marks);
    asio::awaitable<result<wire::standing>> look(std::string resource, post_id id, std::string doing);
    asio::awaitable<result<wire::standing>> change(http_request request, std::string resource, std::string doing);
    asio::awaitable<result<std::vector<wire::standing>>> look_at_many(std::string resource, std::vector<post_id> ids, bool whole);
    // Why it cannot be let go as it stands there; nothing when it can.
    [[nodiscard]] std::optional<problem> refuse_release(const release_post& call, const wire::standing& now,
                                                        std::string_view doing) const;
    // The caller keeps `call` and `before`, and waits.
    asio::awaitable<result<receipt>> schedule(wire::place where, const wire::written* before, const release_post* call,
                                              std::string doing);
    asio::awaitable<result<std::optional<wire::standing>>> find_by_slug(std::string slug);
    asio::awaitable<result<wire::written>> look_at_words(std::string resource, post_id id, std::string doing);
    asio::awaitable<result<receipt>> feature(post_id id, bool featured);
    asio::awaitable<result<std::vector<publication>>> feed_of(std::string resource, time_point since);
    asio::awaitable<result<std::vector<publication>>> late_feed();
    asio::awaitable<std::vector<check_line>> check_user();  // the first is about the credential
    [[nodiscard]] time_point site_now() const;
    void remember_late();
    void remember_mail(const post_id& id, const wire::place& where, const wire::standing& seen);
    [[nodiscard]] wire::place mail_of(const post_id& id, const post_ptr& snapshot) const;

    std::shared_ptr<const settings> own_;
    http_port& http_;
    milliseconds ahead_{0};                // the site's clock before ours, once a token was refused for it
    std::optional<time_point> site_time_;  // of the last list
    std::vector<waiting_post> waiting_;
    std::map<post_id, late_post> late_;
    std::map<post_id, wire::place> mails_;  // as seen at the hold itself: newer than the snapshot
};

}  // namespace halfmast::ghost
