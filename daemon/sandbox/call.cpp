#include "daemon/sandbox/call.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "daemon/sandbox/values.hpp"

namespace halfmast::sandbox {

id call::key(std::size_t part) const { return parse_id(parts.at(part)).value_or(0); }

reply answer(const nlohmann::json& body, int status)
{
    auto made = reply{status, to_text(body)};
    made.content_type = "application/json; charset=utf-8";
    return made;
}

reply refuse(int status, const std::string& error) { return answer({{"error", error}}, status); }

reply not_found() { return refuse(404, "Record not found"); }

reply invalid(const std::vector<std::string>& faults)
{
    auto text = std::string{"Validation failed: "};
    for (auto index = std::size_t{0}; index < faults.size(); ++index)
        text += (index == 0 ? "" : ", ") + faults[index];
    return refuse(422, text);
}

page page_of(const call& from, const std::set<id>& keys, int usual, int most, const std::function<bool(id)>& kept)
{
    const auto limit = static_cast<std::size_t>(std::clamp<std::int64_t>(from.params.number("limit").value_or(usual), 1, most));
    auto bound = [&](const char* name) { return parse_id(from.params.text(name).value_or("")); };
    const auto max = bound("max_id");
    const auto min = bound("min_id");
    const auto since = bound("since_id");
    const auto first = min || since ? keys.upper_bound(std::max(min.value_or(0), since.value_or(0))) : keys.begin();
    auto last = max ? keys.lower_bound(*max) : keys.end();
    auto shown = page{};
    if (first != keys.end() && last != keys.end() && *first > *last)
        return shown;
    if (first == keys.end())
        last = keys.end();
    auto take = [&](id key) {
        if (!kept || kept(key))
            shown.keys.push_back(key);
        return shown.keys.size() < limit;
    };
    if (min) {
        for (auto at = first; at != last && take(*at); ++at) {
        }
        std::ranges::reverse(shown.keys);
    } else {
        for (auto at = last; at != first && take(*std::prev(at)); --at) {
        }
    }
    shown.more = shown.keys.size() == limit;
    return shown;
}

void add_links(reply& to, const call& from, const page& shown, const std::vector<std::string>& keep)
{
    if (shown.keys.empty())
        return;
    auto kept = std::string{};
    for (const auto& name : keep) {
        const auto values = from.params.list(name);
        // Only what came as a list goes back as one; `list` reads both.
        const auto many = from.request.target.find(name + "[") != std::string::npos
                          || from.request.target.find(name + "%5B") != std::string::npos;
        for (const auto& value : values)
            kept += name + (many ? "%5B%5D=" : "=") + net::percent_encode(value) + "&";
    }
    const auto address = from.base + from.request.path + "?" + kept;
    auto link = std::string{};
    if (shown.more)
        link = "<" + address + "max_id=" + std::to_string(shown.keys.back()) + ">; rel=\"next\", ";
    link += "<" + address + "min_id=" + std::to_string(shown.keys.front()) + ">; rel=\"prev\"";
    to.headers.emplace_back("Link", link);
}

}  // namespace halfmast::sandbox
