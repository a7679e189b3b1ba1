// What a client asks of the server itself: instance, node info, and the lists that are always empty in a practice place.
#include <nlohmann/json.hpp>

#include "daemon/sandbox/routes.hpp"
#include "daemon/sandbox/values.hpp"

namespace halfmast::sandbox {

namespace {

using nlohmann::json;

std::string host_of(const std::string& base)
{
    const auto at = base.find("//");
    return at == std::string::npos ? base : base.substr(at + 2);
}

json configuration(const call& from)
{
    return {
        {"urls",
         {{"streaming", "ws" + from.base.substr(4)},
          {"status", nullptr},
          {"about", from.base + "/about"},
          {"privacy_policy", nullptr},
          {"terms_of_service", nullptr}}},
        {"vapid", {{"public_key", "BCkMmVdKDnKYwzVCDC99Iuc9GvId-x7-kKtuHnLgfF98ENiZp_aj-UNthbCdI70DqN1zUVis-x0Wrot2sBagkMc="}}},
        {"accounts", {{"max_featured_tags", 10}, {"max_pinned_statuses", from.set.most_pins}}},
        {"statuses",
         {{"max_characters", from.set.most_characters},
          {"max_media_attachments", from.set.most_media},
          {"characters_reserved_per_url", 23}}},
        {"media_attachments",
         {{"supported_mime_types", {"image/jpeg", "image/png", "image/gif", "image/webp", "video/mp4", "audio/mpeg"}},
          {"description_limit", 1500},
          {"image_size_limit", 16777216},
          {"image_matrix_limit", 33177600},
          {"video_size_limit", 103809024},
          {"video_frame_rate_limit", 120},
          {"video_matrix_limit", 8294400}}},
        {"polls", {{"max_options", 4}, {"max_characters_per_option", 50}, {"min_expiration", 300}, {"max_expiration", 2629746}}},
        {"translation", {{"enabled", false}}}};
}

reply second(call& from)
{
    return answer(
        {{"domain", host_of(from.base)},
         {"title", "halfmast practice platform"},
         {"version", from.set.version},
         {"source_url", "https://example.org/"},
         {"description", "A place to rehearse. Nothing here reaches anybody."},
         {"usage", {{"users", {{"active_month", from.state.everybody().size()}}}}},
         {"api_versions", {{"mastodon", 6}}},
         {"thumbnail", {{"url", from.base + "/headers/original/missing.png"}, {"blurhash", nullptr}, {"versions", json::object()}}},
         {"icon", json::array()},
         {"languages", {"en"}},
         {"configuration", configuration(from)},
         {"registrations",
          {{"enabled", false}, {"approval_required", false}, {"reason_required", false}, {"message", nullptr}, {"url", nullptr}}},
         {"contact", {{"email", "nobody@example.org"}, {"account", nullptr}}},
         {"rules", json::array()}});
}

reply first(call& from)
{
    auto stats = json{
        {"user_count", from.state.everybody().size()}, {"status_count", from.state.public_statuses().size()}, {"domain_count", 0}};
    return answer({{"uri", host_of(from.base)},
                   {"title", "halfmast practice platform"},
                   {"short_description", "A place to rehearse."},
                   {"description", ""},
                   {"email", "nobody@example.org"},
                   {"version", from.set.version},
                   {"urls", {{"streaming_api", "ws" + from.base.substr(4)}}},
                   {"stats", std::move(stats)},
                   {"thumbnail", nullptr},
                   {"languages", {"en"}},
                   {"registrations", false},
                   {"approval_required", false},
                   {"invites_enabled", false},
                   {"configuration", configuration(from)},
                   {"contact_account", nullptr},
                   {"rules", json::array()}});
}

reply none(call&) { return answer(json::array()); }

reply nothing(call&) { return answer(json::object()); }

reply node_links(call& from)
{
    auto links = json::array();
    links.push_back({{"rel", "http://nodeinfo.diaspora.software/ns/schema/2.0"}, {"href", from.base + "/nodeinfo/2.0"}});
    return answer({{"links", std::move(links)}});
}

reply node_info(call& from)
{
    return answer(
        {{"version", "2.0"},
         {"software", {{"name", "mastodon"}, {"version", from.set.version}}},
         {"protocols", {"activitypub"}},
         {"services", {{"outbound", json::array()}, {"inbound", json::array()}}},
         {"openRegistrations", false},
         {"usage", {{"users", {{"total", from.state.everybody().size()}}}, {"localPosts", from.state.public_statuses().size()}}},
         {"metadata", json::object()}});
}

reply health(call&)
{
    auto made = reply{200, "OK"};
    made.content_type = "text/plain";
    return made;
}

reply picture(call&)
{
    // One grey point, so that a client has something to show.
    static const auto bytes =
        *base64_decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mOs+A8AAgEBgLd8NKsAAAAASUVORK5CYII=");
    auto made = reply{200, bytes};
    made.content_type = "image/png";
    return made;
}

}  // namespace

void add_instance_routes(std::vector<route>& table)
{
    table.push_back({"GET", "/api/v1/instance", needs::nobody, first});
    table.push_back({"GET", "/api/v2/instance", needs::nobody, second});
    table.push_back({"GET", "/.well-known/nodeinfo", needs::nobody, node_links});
    table.push_back({"GET", "/nodeinfo/2.0", needs::nobody, node_info});
    table.push_back({"GET", "/health", needs::nobody, health});
    table.push_back({"GET", "/api/v1/streaming/health", needs::nobody, health});
    table.push_back({"GET", "/avatars/original/:file", needs::nobody, picture});
    table.push_back({"GET", "/headers/original/:file", needs::nobody, picture});
    for (const auto* path : {"/api/v1/custom_emojis", "/api/v1/instance/rules", "/api/v1/instance/peers", "/api/v1/trends",
                             "/api/v1/trends/tags", "/api/v1/trends/statuses", "/api/v1/trends/links"})
        table.push_back({"GET", path, needs::nobody, none});
    for (const auto* path :
         {"/api/v1/announcements", "/api/v1/lists", "/api/v1/filters", "/api/v2/filters", "/api/v1/follow_requests",
          "/api/v1/mutes", "/api/v1/blocks", "/api/v1/bookmarks", "/api/v1/favourites", "/api/v1/conversations",
          "/api/v1/followed_tags", "/api/v1/featured_tags", "/api/v1/domain_blocks", "/api/v1/endorsements", "/api/v2/suggestions"})
        table.push_back({"GET", path, needs::user, none});
    table.push_back({"GET", "/api/v1/markers", needs::user, nothing});
    table.push_back({"POST", "/api/v1/markers", needs::user, nothing});
}

}  // namespace halfmast::sandbox
