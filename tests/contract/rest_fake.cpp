// The same WordPress as the connector of that name meets, and the one thing more that the description asks of it: `_embed`, which
// puts the names of terms and authors into the list.
#include "tests/contract/platform.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "tests/contract/forwarding_fake.hpp"
#include "tests/contract/rest_oauth_fake.hpp"
#include "tests/contract/wordpress_fake.hpp"

namespace halfmast::contract {

namespace {

using nlohmann::json;

class rest_fake final : public forwarding_fake {
public:
    explicit rest_fake(time_point now) : forwarding_fake(make_wordpress(now)) {}

    std::string connector() const override { return "rest"; }
    std::map<std::string, std::string> settings() const override
    {
        auto keys = behind().settings();
        std::erase(keys["password"], ' ');
        keys["description"] = HALFMAST_SOURCE_DIR "/config/connectors/wordpress.toml";
        return keys;
    }
    bool has(feature what) const override
    {
        return what == feature::credential_check || what == feature::rate_limit_reset || what == feature::mentions
               || what == feature::edit_marks || what == feature::rewriting;
    }

    http_response serve(const http_request& request, time_point now, bool carry_out) override
    {
        auto given = behind().serve(request, now, carry_out);
        if (request.url.find("_embed=") != std::string::npos && given.status == 200)
            embed(request, given, now);
        return given;
    }

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
            auto tags = ids.empty() ? json::array() : json::parse(behind().serve(ask, now, true).body);
            item["_embedded"]["wp:term"] = {json::array({{{"id", 1}, {"slug", "news"}, {"name", "News"}}}), tags};
        }
        given.body = items.dump();
    }
};

}  // namespace

std::vector<maker> rest_fakes()
{
    return {{"rest, the description of WordPress",
             [](time_point now) -> std::unique_ptr<fake_platform> { return std::make_unique<rest_fake>(now); }},
            {"rest, with rotating OAuth tokens", [](time_point now) { return make_rest_oauth(std::make_unique<rest_fake>(now)); }}};
}

}  // namespace halfmast::contract
