// /api/v1/scheduled_statuses: list, show, move, cancel.
#include <nlohmann/json.hpp>

#include "daemon/sandbox/posting.hpp"
#include "daemon/sandbox/routes.hpp"
#include "daemon/sandbox/values.hpp"

namespace halfmast::sandbox {

namespace {

scheduled* own_scheduled(call& from)
{
    auto* post = from.state.find_scheduled(from.key());
    return post != nullptr && post->owner == from.who->key ? post : nullptr;
}

reply list(call& from)
{
    const auto shown = page_of(from, from.who->queue, 20, 40);
    auto posts = nlohmann::json::array();
    for (const auto key : shown.keys)
        posts.push_back(scheduled_entity(from.view(), *from.state.find_scheduled(key)));
    auto made = answer(posts);
    add_links(made, from, shown, {"limit"});
    return made;
}

reply show_scheduled(call& from)
{
    const auto* post = own_scheduled(from);
    return post == nullptr ? not_found() : answer(scheduled_entity(from.view(), *post));
}

reply move(call& from)
{
    auto* post = own_scheduled(from);
    if (post == nullptr)
        return not_found();
    auto due = std::optional{post->due};
    if (from.params.has("scheduled_at"))
        due = parse_date(from.params.text("scheduled_at").value_or(""));
    if (!due)
        return invalid({"Scheduled at is invalid"});
    // Checked again in full even when the date does not change.
    if (const auto faults = schedule_faults(from, *due); !faults.empty())
        return invalid(faults);
    const auto key = post->key;
    from.state.move(*post, *due);
    return answer(scheduled_entity(from.view(), *from.state.find_scheduled(key)));
}

reply cancel(call& from)
{
    const auto* post = own_scheduled(from);
    if (post == nullptr)
        return not_found();
    from.state.cancel(post->key);
    return answer(nlohmann::json::object());
}

}  // namespace

void add_scheduled_routes(std::vector<route>& table)
{
    table.push_back({"GET", "/api/v1/scheduled_statuses", needs::user, list});
    table.push_back({"GET", "/api/v1/scheduled_statuses/:id", needs::user, show_scheduled});
    table.push_back({"PUT", "/api/v1/scheduled_statuses/:id", needs::user, move});
    table.push_back({"PATCH", "/api/v1/scheduled_statuses/:id", needs::user, move});
    table.push_back({"DELETE", "/api/v1/scheduled_statuses/:id", needs::user, cancel});
}

}  // namespace halfmast::sandbox
