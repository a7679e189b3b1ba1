#include "daemon/sandbox/entities.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "daemon/sandbox/values.hpp"

namespace halfmast::sandbox {

namespace {

using nlohmann::json;

template <class T>
json or_null(const std::optional<T>& value)
{
    return value ? json(*value) : json(nullptr);
}

std::string text_id(id key) { return std::to_string(key); }

json optional_id(const std::optional<id>& key) { return key ? json(text_id(*key)) : json(nullptr); }

std::string address_of(const entity_view& view, const person& who)
{
    if (who.local)
        return view.base + "/@" + who.name;
    const auto at = who.name.find('@');
    return "https://" + who.name.substr(at + 1) + "/@" + who.name.substr(0, at);
}

json fields_of(const person& who, bool html)
{
    auto list = json::array();
    for (const auto& [name, value] : who.shown.fields)
        list.push_back({{"name", name}, {"value", html ? escape_html(value) : value}, {"verified_at", nullptr}});
    return list;
}

json poll_params(const poll_request& poll)
{
    auto shown = json{{"options", poll.options}};
    if (poll.typed) {
        shown["expires_in"] = poll.expires_in;
        shown["multiple"] = poll.multiple;
        shown["hide_totals"] = poll.hide_totals;
    } else {
        shown["expires_in"] = std::to_string(poll.expires_in);
        shown["multiple"] = poll.multiple ? "true" : "false";
        shown["hide_totals"] = poll.hide_totals ? "true" : "false";
    }
    return shown;
}

json mentions_of(const entity_view& view, const status& post)
{
    auto list = json::array();
    for (const auto& name : mentions_in(post.words.text)) {
        const auto* who = view.state.by_name(name);
        if (who != nullptr)
            list.push_back({{"id", text_id(who->key)},
                            {"username", name.substr(0, name.find('@'))},
                            {"acct", name},
                            {"url", address_of(view, *who)}});
    }
    return list;
}

json tags_of(const entity_view& view, const status& post)
{
    auto list = json::array();
    for (const auto& tag : hashtags_in(post.words.text))
        list.push_back({{"name", tag}, {"url", view.base + "/tags/" + tag}});
    return list;
}

json attached(const entity_view& view, const std::vector<id>& keys)
{
    auto list = json::array();
    for (const auto key : keys)
        if (const auto* file = view.state.find_media(key))
            list.push_back(media_entity(view, *file));
    return list;
}

}  // namespace

std::string to_text(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

json account_entity(const entity_view& view, const person& who)
{
    const auto picture = view.base + "/avatars/original/missing.png";
    const auto banner = view.base + "/headers/original/missing.png";
    const auto last = who.statuses.empty() ? nullptr : view.state.find_status(*who.statuses.rbegin());
    return {{"id", text_id(who.key)},
            {"username", who.name.substr(0, who.name.find('@'))},
            {"acct", who.name},
            {"display_name", who.shown.display_name},
            {"locked", false},
            {"bot", false},
            {"discoverable", true},
            {"indexable", false},
            {"group", false},
            {"created_at", iso(who.created)},
            {"note", who.shown.note.empty() ? "" : render_html(who.shown.note, view.base)},
            {"url", address_of(view, who)},
            {"uri", address_of(view, who)},
            {"avatar", picture},
            {"avatar_static", picture},
            {"header", banner},
            {"header_static", banner},
            {"followers_count", 0},
            {"following_count", 0},
            {"statuses_count", who.statuses.size()},
            {"last_status_at", last == nullptr ? json(nullptr) : json(iso(last->at).substr(0, 10))},
            {"hide_collections", nullptr},
            {"noindex", false},
            {"emojis", json::array()},
            {"roles", json::array()},
            {"fields", fields_of(who, true)}};
}

json own_account_entity(const entity_view& view, const person& who)
{
    auto own = account_entity(view, who);
    own["source"] = {{"privacy", who.shown.default_visibility},
                     {"sensitive", false},
                     {"language", nullptr},
                     {"note", who.shown.note},
                     {"fields", fields_of(who, false)},
                     {"follow_requests_count", 0},
                     {"hide_collections", nullptr},
                     {"discoverable", true},
                     {"indexable", false},
                     {"attribution_domains", json::array()}};
    own["role"] = {{"id", "-99"}, {"name", ""}, {"permissions", "65536"}, {"color", ""}, {"highlighted", false}};
    return own;
}

json poll_entity(const entity_view& view, const status& post)
{
    if (!post.words.poll)
        return nullptr;
    const auto& asked = *post.words.poll;
    const auto ends = post.at + seconds{asked.expires_in};
    auto options = json::array();
    for (const auto& title : asked.options)
        options.push_back({{"title", title}, {"votes_count", asked.hide_totals && ends > view.now ? json(nullptr) : json(0)}});
    auto poll =
        json{{"id", text_id(post.key)}, {"expires_at", iso(ends)}, {"expired", ends <= view.now},   {"multiple", asked.multiple},
             {"votes_count", 0},        {"voters_count", 0},       {"options", std::move(options)}, {"emojis", json::array()}};
    if (view.viewer != nullptr) {
        poll["voted"] = view.viewer->key == post.owner;
        poll["own_votes"] = json::array();
    }
    return poll;
}

json status_entity(const entity_view& view, const status& post)
{
    const auto& owner = view.state.owner_of(post.owner);
    const auto key = text_id(post.key);
    const auto* parent = post.words.in_reply_to ? view.state.find_status(*post.words.in_reply_to) : nullptr;
    const auto spoiler = post.words.spoiler_text.value_or("");
    auto shown = json{{"id", key},
                      {"created_at", iso(post.at)},
                      {"in_reply_to_id", optional_id(post.words.in_reply_to)},
                      {"in_reply_to_account_id", parent == nullptr ? json(nullptr) : json(text_id(parent->owner))},
                      {"sensitive", post.words.sensitive.value_or(false) || !spoiler.empty()},
                      {"spoiler_text", spoiler},
                      {"visibility", post.visibility},
                      {"language", post.words.language.value_or("en")},
                      {"uri", view.base + "/users/" + owner.name + "/statuses/" + key},
                      {"url", address_of(view, owner) + "/" + key},
                      {"replies_count", view.state.replies_to(post.key).size()},
                      {"reblogs_count", 0},
                      {"favourites_count", 0},
                      {"edited_at", post.edited ? json(iso(*post.edited)) : json(nullptr)},
                      {"content", render_html(post.words.text, view.base)},
                      {"reblog", nullptr},
                      {"account", account_entity(view, owner)},
                      {"media_attachments", attached(view, post.words.media)},
                      {"mentions", mentions_of(view, post)},
                      {"tags", tags_of(view, post)},
                      {"emojis", json::array()},
                      {"card", nullptr},
                      {"poll", poll_entity(view, post)}};
    if (owner.local)
        shown["application"] = {{"name", "halfmast-sandbox"}, {"website", nullptr}};
    if (view.viewer != nullptr) {
        shown.update(
            {{"favourited", false}, {"reblogged", false}, {"muted", false}, {"bookmarked", false}, {"filtered", json::array()}});
        if (view.viewer->key == post.owner)
            shown["pinned"] = post.pinned;
    }
    return shown;
}

json history_entity(const entity_view& view, const status& post)
{
    auto versions = json::array();
    auto add = [&](time_point at, const std::string& text, const std::string& spoiler) {
        versions.push_back({{"content", render_html(text, view.base)},
                            {"spoiler_text", spoiler},
                            {"sensitive", post.words.sensitive.value_or(false)},
                            {"created_at", iso(at)},
                            {"account", account_entity(view, view.state.owner_of(post.owner))},
                            {"media_attachments", attached(view, post.words.media)},
                            {"emojis", json::array()}});
    };
    for (const auto& old : post.history)
        add(old.at, old.text, old.spoiler_text);
    add(post.edited.value_or(post.at), post.words.text, post.words.spoiler_text.value_or(""));
    return versions;
}

json scheduled_entity(const entity_view& view, const scheduled& post)
{
    auto media_ids = json::array();
    auto linked = std::vector<id>{};
    for (const auto key : post.words.media) {
        media_ids.push_back(text_id(key));
        const auto* file = view.state.find_media(key);
        // A picture belongs to the scheduled post that named it last; the others keep its id only.
        if (file != nullptr && file->scheduled_status == post.key)
            linked.push_back(key);
    }
    auto params = json{{"text", post.words.text},
                       {"poll", post.words.poll ? poll_params(*post.words.poll) : json(nullptr)},
                       {"media_ids", media_ids.empty() ? json(nullptr) : media_ids},
                       {"sensitive", or_null(post.words.sensitive)},
                       {"spoiler_text", or_null(post.words.spoiler_text)},
                       {"visibility", or_null(post.words.visibility)},
                       {"language", or_null(post.words.language)},
                       {"in_reply_to_id", or_null(post.words.in_reply_to)},
                       {"application_id", 1},
                       {"scheduled_at", nullptr},
                       {"idempotency", nullptr},
                       {"with_rate_limit", true},
                       {"allowed_mentions", nullptr}};
    return {{"id", text_id(post.key)},
            {"scheduled_at", iso(post.due)},
            {"params", std::move(params)},
            {"media_attachments", attached(view, linked)}};
}

json media_entity(const entity_view& view, const media& file)
{
    const auto ready = file.ready <= view.now;
    const auto address = view.base + "/media/" + text_id(file.key) + "/original" + file.extension;
    const auto small = view.base + "/media/" + text_id(file.key) + "/small" + file.extension;
    auto meta = json{{"focus", {{"x", file.focus_x}, {"y", file.focus_y}}}};
    if (file.width > 0 && file.height > 0) {
        const auto size = json{{"width", file.width},
                               {"height", file.height},
                               {"aspect", static_cast<double>(file.width) / file.height},
                               {"size", std::to_string(file.width) + "x" + std::to_string(file.height)}};
        meta["original"] = size;
        meta["small"] = size;
    }
    return {{"id", text_id(file.key)},
            {"type", file.type},
            {"url", ready ? json(address) : json(nullptr)},
            {"preview_url", ready ? json(small) : json(nullptr)},
            {"remote_url", nullptr},
            {"preview_remote_url", nullptr},
            {"text_url", nullptr},
            {"meta", std::move(meta)},
            {"description", or_null(file.description)},
            {"blurhash", file.type == "image" ? json("L00000fQfQfQfQfQfQfQfQfQfQfQ") : json(nullptr)}};
}

json notification_entity(const entity_view& view, const notification& what)
{
    auto shown = json{{"id", std::to_string(what.key)},
                      {"type", what.type},
                      {"created_at", iso(what.at)},
                      {"group_key", "ungrouped-" + std::to_string(what.key)},
                      {"account", account_entity(view, view.state.owner_of(what.from))}};
    const auto* about = view.state.find_status(what.about);
    shown["status"] = about == nullptr ? json(nullptr) : status_entity(view, *about);
    return shown;
}

}  // namespace halfmast::sandbox
