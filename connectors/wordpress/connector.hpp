// A WordPress site as halfmast's ports: holds by turning a scheduled post back into a draft, publishes the summary, keeps it current
// and makes it sticky. Thin: wire says what to ask and what answers mean; of what is public, only our own summary gets new words.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/wordpress/settings.hpp"
#include "connectors/wordpress/wire.hpp"
#include "connectors/wordpress/wire_mentions.hpp"
#include "daemon/ports/room.hpp"

namespace halfmast::wordpress {

connector_room room();

class connector final : public queue_port, public pin_port, public feed_port, public mentions_port, public check_port {
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

    asio::awaitable<result<mention_look>> since(std::string cursor) override;

    asio::awaitable<std::vector<check_line>> check() override;

private:
    // What the site is made of; asked for once in a while, shared by the calls under way.
    struct outline {
        std::vector<wire::post_type> types;
        std::vector<wire::taxonomy> taxonomies;
    };
    using outline_ptr = std::shared_ptr<const outline>;

    static constexpr std::size_t most_late_posts = 1000;  // remembered

    struct waiting_post {  // of the last list
        post_id id;
        std::string kind;
        time_point due;
    };

    // A post that was to go out and was still waiting, or was found public when it had to be held: WordPress publishes it under
    // its old date, so the feed must ask for it by id.
    struct late_post {
        std::string kind;
        bool queued = false;
        int told = 0;  // how often the feed showed it
    };

    asio::awaitable<result<http_response>> send(http_request request, std::string doing);
    asio::awaitable<result<wire::site>> find_site();
    asio::awaitable<result<wire::site_index>> try_addressing(wire::addressing by);
    asio::awaitable<result<outline_ptr>> find_outline();
    asio::awaitable<result<bool>> is_as_it_was(wire::site at, outline_ptr outline, const std::vector<page_mark>* known);
    // The caller waits, and keeps `marks`: one for each page is added.
    asio::awaitable<result<std::vector<wire::listed_post>>> list_type(wire::site at, outline_ptr outline, wire::post_type type,
                                                                      std::vector<page_mark>* marks);
    asio::awaitable<result<bool>> learn_names(wire::site at, outline_ptr outline, const std::vector<wire::listed_post>* posts);
    asio::awaitable<result<bool>> learn_terms(wire::site at, wire::taxonomy of, std::vector<wire::wp_id> ids);
    asio::awaitable<result<bool>> learn_authors(wire::site at, std::vector<wire::wp_id> ids);
    void name(const outline& outline, wire::listed_post& listed) const;
    void remember_late(time_point now);
    // By the site's clock, as far as known.
    [[nodiscard]] time_point platform_now() const;
    asio::awaitable<result<wire::standing>> look(wire::site at, std::string kind, post_id id, std::string doing);
    asio::awaitable<result<std::vector<wire::standing>>> look_at_many(wire::site at, std::string kind, std::vector<post_id> ids,
                                                                      bool whole);
    asio::awaitable<result<std::optional<wire::standing>>> find_by_slug(wire::site at, std::string slug);
    asio::awaitable<result<wire::written>> look_at_words(wire::site at, std::string kind, post_id id, std::string doing);
    // Why it cannot be let go as it stands there; nothing when it can.
    [[nodiscard]] std::optional<problem> refuse_release(const release_post& call, const wire::written& there,
                                                        std::string_view doing) const;
    asio::awaitable<result<receipt>> answer(publish_summary call);
    asio::awaitable<result<wire::wp_id>> post_of_comment(wire::site at, wire::wp_id comment, std::string doing);
    asio::awaitable<result<std::optional<receipt>>> find_answer(wire::site at, wire::wp_id me, wire::answer_place where,
                                                                std::string text);
    asio::awaitable<result<receipt>> stick(post_id id, bool sticky);
    asio::awaitable<result<std::vector<publication>>> feed_of(wire::site at, wire::post_type type, time_point since);
    asio::awaitable<result<std::vector<publication>>> late_feed(wire::site at);
    asio::awaitable<result<wire::user>> find_me(wire::site at);
    asio::awaitable<check_line> check_user(wire::site at, wire::user* me);
    asio::awaitable<std::vector<check_line>> check_types(wire::site at, wire::user me);

    std::shared_ptr<const settings> own_;
    http_port& http_;
    std::optional<wire::addressing> addressing_;
    outline_ptr outline_;
    std::map<std::string, std::map<wire::wp_id, wire::term>>
        terms_;  // by taxonomy field; an empty slug: the site has none of that number
    std::map<wire::wp_id, std::string> authors_;
    std::vector<waiting_post> waiting_;
    std::map<post_id, late_post> late_;
    std::optional<time_point> site_time_;  // of the last list
    std::optional<wire::user> me_;         // who asks for comments
    unsigned lists_ = 0;
};

}  // namespace halfmast::wordpress
