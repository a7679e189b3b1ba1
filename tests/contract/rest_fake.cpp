// The same WordPress as the connector of that name meets, and the one thing more that the description asks of it: `_embed`, which
// puts the names of terms and authors into the list.
#include "tests/contract/platform.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "tests/contract/rest_oauth_fake.hpp"
#include "tests/contract/wordpress_fake.hpp"

namespace halfmast::contract {

namespace {

using nlohmann::json;

class rest_fake final : public fake_platform {
public:
    explicit rest_fake(time_point now) : site_(make_wordpress(now)) {}

    std::string connector() const override { return "rest"; }
    std::map<std::string, std::string> settings() const override
    {
        auto keys = site_->settings();
        std::erase(keys["password"], ' ');
        keys["description"] = HALFMAST_SOURCE_DIR "/config/connectors/wordpress.toml";
        return keys;
    }
    bool has(feature what) const override
    {
        return what == feature::credential_check || what == feature::rate_limit_reset || what == feature::mentions
               || what == feature::edit_marks || what == feature::rewriting;
    }
    call_kind kind_of(const http_request& request) const override { return site_->kind_of(request); }

    http_response serve(const http_request& request, time_point now, bool carry_out) override
    {
        auto given = site_->serve(request, now, carry_out);
        if (request.url.find("_embed=") != std::string::npos && given.status == 200)
            embed(request, given, now);
        return given;
    }

    void advance(time_point now) override { site_->advance(now); }
    post_id schedule(const new_post& post, time_point now) override { return site_->schedule(post, now); }
    void remove(const post_id& scheduled, time_point now) override { site_->remove(scheduled, now); }
    void rewrite(const post_id& scheduled, const std::string& text, time_point now) override
    {
        site_->rewrite(scheduled, text, now);
    }
    post_id publish(const std::string& text, bool pinned, time_point at) override { return site_->publish(text, pinned, at); }
    post_id mention(const std::string& text, const std::string& by, time_point at) override { return site_->mention(text, by, at); }
    void edit_mention(const post_id& id, const std::string& text) override { site_->edit_mention(id, text); }
    void remove_mention(const post_id& id) override { site_->remove_mention(id); }
    void answer_mention(const post_id& id, const std::string& text, time_point at) override { site_->answer_mention(id, text, at); }
    standing_post look(const post_id& id) override { return site_->look(id); }
    std::size_t queued() const override { return site_->queued(); }
    std::vector<public_post> published() const override { return site_->published(); }
    std::vector<post_id> pinned() const override { return site_->pinned(); }
    bool shows_edit(const post_id& id, const std::string& said) const override { return site_->shows_edit(id, said); }

private:
    // "wp:term" has a list for each taxonomy of the type, in their order: categories, then tags.
    void embed(const http_request& request, http_response& given, time_point now)
    {
        auto items = json::parse(given.body);
        for (auto& item : items) {
            item["_embedded"]["author"] = {{{"id", 2}, {"name", "Maria"}}};
            if (!item.contains("tags"))
                continue;
            std::string ids;
            for (const auto& id : item["tags"])
                ids += (ids.empty() ? "" : ",") + id.dump();
            http_request ask("GET", request.url.substr(0, request.url.find("/wp-json")) + "/wp-json/wp/v2/tags?include=" + ids);
            ask.headers = request.headers;
            auto tags = ids.empty() ? json::array() : json::parse(site_->serve(ask, now, true).body);
            item["_embedded"]["wp:term"] = {json::array({{{"id", 1}, {"slug", "news"}, {"name", "News"}}}), tags};
        }
        given.body = items.dump();
    }

    std::unique_ptr<fake_platform> site_;
};

}  // namespace

std::vector<maker> rest_fakes()
{
    return {{"rest, the description of WordPress",
             [](time_point now) -> std::unique_ptr<fake_platform> { return std::make_unique<rest_fake>(now); }},
            {"rest, with rotating OAuth tokens", [](time_point now) { return make_rest_oauth(std::make_unique<rest_fake>(now)); }}};
}

}  // namespace halfmast::contract
