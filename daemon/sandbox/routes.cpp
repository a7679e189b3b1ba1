#include "daemon/sandbox/routes.hpp"

namespace halfmast::sandbox {

namespace {

std::vector<std::string> segments_of(std::string_view path)
{
    auto segments = std::vector<std::string>{};
    while (!path.empty()) {
        path.remove_prefix(1);
        const auto end = std::min(path.find('/'), path.size());
        segments.emplace_back(path.substr(0, end));
        path.remove_prefix(end);
    }
    // "/api/v1/statuses/" is the same place.
    if (segments.size() > 1 && segments.back().empty())
        segments.pop_back();
    return segments;
}

bool fits(const std::vector<std::string>& pattern, const std::vector<std::string>& path, std::vector<std::string>& parts)
{
    parts.clear();
    for (auto index = std::size_t{0}; index < pattern.size(); ++index) {
        if (pattern[index].starts_with(':'))
            parts.push_back(net::percent_decode(path[index]).value_or(path[index]));
        else if (pattern[index] != path[index])
            return false;
    }
    return true;
}

}  // namespace

router::router()
{
    auto table = std::vector<route>{};
    add_scheduled_routes(table);
    add_status_routes(table);
    add_media_routes(table);
    add_account_routes(table);
    add_instance_routes(table);
    add_oauth_routes(table);
    for (auto& each : table) {
        auto segments = segments_of(each.pattern);
        const auto length = segments.size();
        by_length_[length].push_back({std::move(each), std::move(segments)});
    }
}

matched_route router::match(std::string_view method, std::string_view path) const
{
    auto result = matched_route{};
    if (!path.starts_with('/'))
        return result;
    const auto segments = segments_of(path);
    const auto candidates = by_length_.find(segments.size());
    if (candidates == by_length_.end())
        return result;
    auto parts = std::vector<std::string>{};
    if (method == "HEAD")
        method = "GET";  // the server leaves the body out
    // The tables name fixed paths ("/accounts/lookup") before open ones ("/accounts/:id"): the first fit is the best.
    for (const auto& each : candidates->second) {
        if (each.what.method != method || !fits(each.segments, segments, parts))
            continue;
        result.found = &each.what;
        result.parts = std::move(parts);
        return result;
    }
    return result;
}

}  // namespace halfmast::sandbox
