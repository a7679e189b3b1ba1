// /api/v1/accounts and /api/v1/notifications: who somebody is, what they posted and pinned, who mentioned them.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "daemon/sandbox/routes.hpp"
#include "daemon/sandbox/values.hpp"

namespace halfmast::sandbox {

namespace {

using nlohmann::json;

reply verify(call& from) { return answer(own_account_entity(from.view(), *from.who)); }

reply preferences(call& from)
{
    return answer({{"posting:default:visibility", from.who->shown.default_visibility},
                   {"posting:default:sensitive", false},
                   {"posting:default:language", nullptr},
                   {"reading:expand:media", "default"},
                   {"reading:expand:spoilers", false},
                   {"reading:autoplay:gifs", false}});
}

reply update(call& from)
{
    auto shown = from.who->shown;
    if (const auto name = from.params.text("display_name"))
        shown.display_name = *name;
    if (const auto note = from.params.text("note"))
        shown.note = *note;
    if (const auto visibility = from.params.inside("source").text("privacy"))
        shown.default_visibility = *visibility;
    if (from.params.has("fields_attributes")) {
        shown.fields.clear();
        for (const auto& field : from.params.each_inside("fields_attributes")) {
            const auto name = field.text("name").value_or("");
            if (!name.empty() && shown.fields.size() < 4)
                shown.fields.emplace_back(name, field.text("value").value_or(""));
        }
    }
    from.state.present(*from.who, std::move(shown));
    return verify(from);
}

reply show_account(call& from)
{
    const auto* who = from.state.find_person(from.key());
    return who == nullptr ? not_found() : answer(account_entity(from.view(), *who));
}

reply lookup(call& from)
{
    auto name = from.params.text("acct").value_or("");
    if (name.starts_with('@'))
        name.erase(0, 1);
    const auto* who = from.state.by_name(name);
    // "alice@127.0.0.1:8080" is alice here.
    const auto at = name.find('@');
    if (who == nullptr && at != std::string::npos && from.base.ends_with("//" + name.substr(at + 1)))
        who = from.state.by_name(name.substr(0, at));
    return who == nullptr ? not_found() : answer(account_entity(from.view(), *who));
}

reply search(call& from)
{
    const auto asked = from.params.text("q").value_or("");
    auto list = json::array();
    if (const auto* who = from.state.by_name(asked.starts_with('@') ? asked.substr(1) : asked))
        list.push_back(account_entity(from.view(), *who));
    return answer(list);
}

reply statuses(call& from)
{
    const auto* who = from.state.find_person(from.key());
    if (who == nullptr)
        return not_found();
    const auto pinned = from.params.flag("pinned").value_or(false);
    const auto no_replies = from.params.flag("exclude_replies").value_or(false);
    const auto only_media = from.params.flag("only_media").value_or(false);
    const auto own = from.who != nullptr && from.who->key == who->key;
    const auto shown = page_of(from, pinned ? who->pinned : who->statuses, 20, 40, [&](id key) {
        const auto& post = *from.state.find_status(key);
        const auto open = post.visibility == "public" || post.visibility == "unlisted";
        return (own || open) && !(no_replies && post.words.in_reply_to) && !(only_media && post.words.media.empty());
    });
    auto list = json::array();
    for (const auto key : shown.keys)
        list.push_back(status_entity(from.view(), *from.state.find_status(key)));
    auto made = answer(list);
    add_links(made, from, shown, {"limit", "pinned", "exclude_replies", "exclude_reblogs", "only_media", "tagged"});
    return made;
}

reply nobody(call&) { return answer(json::array()); }

reply relationships(call& from)
{
    auto list = json::array();
    for (const auto& key : from.params.list("id"))
        list.push_back({{"id", key},
                        {"following", false},
                        {"showing_reblogs", false},
                        {"notifying", false},
                        {"languages", nullptr},
                        {"followed_by", false},
                        {"blocking", false},
                        {"blocked_by", false},
                        {"muting", false},
                        {"muting_notifications", false},
                        {"requested", false},
                        {"requested_by", false},
                        {"domain_blocking", false},
                        {"endorsed", false},
                        {"note", ""}});
    return answer(list);
}

reply notifications(call& from)
{
    const auto types = from.params.list("types");
    const auto without = from.params.list("exclude_types");
    const auto& mine = from.who->notifications;
    auto keys = std::set<id>{};
    for (const auto& each : mine)
        keys.insert(keys.end(), each.first);
    const auto shown = page_of(from, keys, 40, 80, [&](id key) {
        const auto& type = mine.at(key).type;
        return (types.empty() || std::ranges::count(types, type) > 0) && std::ranges::count(without, type) == 0;
    });
    auto list = json::array();
    for (const auto key : shown.keys)
        list.push_back(notification_entity(from.view(), mine.at(key)));
    auto made = answer(list);
    add_links(made, from, shown, {"limit", "types", "exclude_types", "account_id"});
    return made;
}

reply notification_by_id(call& from)
{
    const auto found = from.who->notifications.find(from.key());
    return found == from.who->notifications.end() ? not_found() : answer(notification_entity(from.view(), found->second));
}

}  // namespace

void add_account_routes(std::vector<route>& table)
{
    table.push_back({"GET", "/api/v1/accounts/verify_credentials", needs::user, verify});
    table.push_back({"PATCH", "/api/v1/accounts/update_credentials", needs::user, update});
    table.push_back({"GET", "/api/v1/accounts/lookup", needs::nobody, lookup});
    table.push_back({"GET", "/api/v1/accounts/search", needs::user, search});
    table.push_back({"GET", "/api/v1/accounts/relationships", needs::user, relationships});
    table.push_back({"GET", "/api/v1/accounts/:id", needs::nobody, show_account});
    table.push_back({"GET", "/api/v1/accounts/:id/statuses", needs::nobody, statuses});
    table.push_back({"GET", "/api/v1/accounts/:id/followers", needs::user, nobody});
    table.push_back({"GET", "/api/v1/accounts/:id/following", needs::user, nobody});
    table.push_back({"GET", "/api/v1/preferences", needs::user, preferences});
    table.push_back({"GET", "/api/v1/notifications", needs::user, notifications});
    table.push_back({"GET", "/api/v1/notifications/:id", needs::user, notification_by_id});
}

}  // namespace halfmast::sandbox
