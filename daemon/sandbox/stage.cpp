#include "daemon/sandbox/stage.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "daemon/sandbox/entities.hpp"
#include "daemon/sandbox/media.hpp"
#include "daemon/sandbox/values.hpp"

namespace halfmast::sandbox {

namespace {

using nlohmann::json;

problem wrong(std::string what) { return {failure::rejected, std::move(what), std::nullopt}; }

std::string text_of(const json& object, const char* name, const std::string& otherwise = {})
{
    const auto found = object.find(name);
    if (found == object.end() || found->is_null())
        return otherwise;
    return found->is_string() ? found->get<std::string>() : found->dump();
}

std::optional<std::string> maybe(const json& object, const char* name)
{
    return object.contains(name) && object[name].is_string() ? std::optional{object[name].get<std::string>()} : std::nullopt;
}

result<person*> account_of(world& state, const json& asked)
{
    if (!asked.is_object())
        return wrong("not a JSON object");
    const auto name = text_of(asked, "account");
    auto* who = state.by_name(name);
    if (who == nullptr || !who->local)
        return wrong("there is no account \"" + name + "\" here");
    return who;
}

// Also somebody elsewhere, who wrote something that is known here.
result<person*> author_of(world& state, const json& asked)
{
    auto* who = asked.is_object() ? state.by_name(text_of(asked, "account")) : nullptr;
    return who != nullptr ? result<person*>{who} : account_of(state, asked);
}

result<id> put_media(world& state, person& who, const json& asked, time_point now)
{
    const auto bytes = base64_decode(text_of(asked, "bytes_base64"));
    if (!bytes || bytes->empty())
        return wrong("media: bytes_base64 is empty or not base64");
    const auto uploaded = parse_when(text_of(asked, "uploaded", "+0s"), now);
    if (!uploaded)
        return wrong("media: uploaded is neither a time nor such as -2d");
    auto file = media{};
    file.bytes = std::make_shared<const std::string>(*bytes);
    recognise(file, text_of(asked, "content_type", "image/png"));
    file.description = maybe(asked, "description");
    if (const auto focus = asked.find("focus"); focus != asked.end() && focus->is_object()) {
        file.focus_x = focus->value("x", 0.0);
        file.focus_y = focus->value("y", 0.0);
    }
    file.uploaded = *uploaded;
    file.ready = *uploaded;
    return state.upload(who, std::move(file)).key;
}

result<draft> read_words(world& state, person& who, const json& post, time_point now)
{
    if (!post.is_object())
        return wrong("a post is not an object");
    auto words = draft{};
    words.text = text_of(post, "text");
    words.spoiler_text = maybe(post, "spoiler_text");
    words.visibility = maybe(post, "visibility");
    words.language = maybe(post, "language");
    if (const auto sensitive = post.find("sensitive"); sensitive != post.end() && sensitive->is_boolean())
        words.sensitive = sensitive->get<bool>();
    if (const auto parent = text_of(post, "in_reply_to_id"); !parent.empty())
        words.in_reply_to = parse_id(parent);
    if (const auto poll = post.find("poll"); poll != post.end() && poll->is_object()) {
        auto& asked = words.poll.emplace();
        for (const auto& option : poll->value("options", json::array()))
            asked.options.push_back(option.is_string() ? option.get<std::string>() : option.dump());
        asked.expires_in = poll->value("expires_in", std::int64_t{86'400});
        asked.multiple = poll->value("multiple", false);
        asked.hide_totals = poll->value("hide_totals", false);
    }
    const auto files = post.find("media");
    if (files != post.end() && files->is_array())
        for (const auto& each : *files) {
            if (!each.is_object())
                return wrong("media: not an object");
            const auto key = put_media(state, who, each, now);
            if (!key)
                return key.error();
            words.media.push_back(*key);
        }
    return words;
}

std::string numbered(std::string text, std::int64_t number)
{
    if (const auto at = text.find("{n}"); at != std::string::npos)
        text.replace(at, 3, std::to_string(number));
    return text;
}

// Either one post in `asked` itself or a list of them.
std::vector<const json*> posts_of(const json& asked)
{
    auto posts = std::vector<const json*>{};
    if (const auto list = asked.find("posts"); list != asked.end() && list->is_array())
        for (const auto& each : *list)
            posts.push_back(&each);
    else
        posts.push_back(&asked);
    return posts;
}

// The ids of what was put into the queue.
result<std::vector<std::string>> seed_one(world& state, const json& asked, time_point now)
{
    const auto who = account_of(state, asked);
    if (!who)
        return who.error();
    auto ids = std::vector<std::string>{};
    for (const auto* post : posts_of(asked)) {
        auto words = read_words(state, **who, *post, now);
        if (!words)
            return words.error();
        const auto due = parse_when(text_of(*post, "due"), now);
        if (!due)
            return wrong("due: \"" + text_of(*post, "due") + "\" is neither RFC 3339 nor such as +90s");
        const auto every = parse_duration(text_of(*post, "every", "1s"));
        if (!every)
            return wrong("every: not a duration");
        const auto count = post->value("count", std::int64_t{1});
        if (count < 1 || count > 1'000'000)
            return wrong("count: not between 1 and 1,000,000");
        for (auto number = std::int64_t{0}; number < count; ++number) {
            // A picture belongs to one post: each further copy brings its own.
            if (number > 0 && !words->media.empty())
                words = read_words(state, **who, *post, now);
            auto copy = *words;
            copy.text = numbered(std::move(copy.text), number + 1);
            ids.push_back(std::to_string(state.schedule(**who, std::move(copy), *due + *every * number).key));
        }
    }
    return ids;
}

}  // namespace

result<std::string> seed(world& state, const json& asked, time_point now)
{
    if (!asked.is_array()) {
        const auto ids = seed_one(state, asked, now);
        if (!ids)
            return ids.error();
        return to_text({{"account", asked.at("account")}, {"ids", *ids}});
    }
    auto all = json::array();
    for (const auto& each : asked) {
        const auto ids = seed_one(state, each, now);
        if (!ids)
            return ids.error();
        all.push_back({{"account", each.at("account")}, {"ids", *ids}});
    }
    return to_text({{"accounts", std::move(all)}});
}

result<std::string> put_published(world& state, const json& asked, time_point now)
{
    const auto who = account_of(state, asked);
    if (!who)
        return who.error();
    auto ids = json::array();
    for (const auto* post : posts_of(asked)) {
        auto words = read_words(state, **who, *post, now);
        if (!words)
            return words.error();
        const auto at = parse_when(text_of(*post, "at", "+0s"), now);
        if (!at)
            return wrong("at: neither RFC 3339 nor such as -2h");
        auto& made = state.publish(**who, std::move(*words), *at);
        if (post->value("pinned", false))
            state.pin(made, true);
        ids.push_back(std::to_string(made.key));
    }
    auto answered = json{{"account", (*who)->name}, {"ids", ids}};
    if (ids.size() == 1)
        answered["id"] = ids.front();
    return to_text(answered);
}

result<std::string> put_mention(world& state, const json& asked, time_point now)
{
    const auto who = account_of(state, asked);
    if (!who)
        return who.error();
    const auto name = text_of(asked, "from", "stranger@elsewhere.example");
    auto* stranger = state.by_name(name);
    if (stranger == *who)
        return wrong("from: nobody is told of mentioning themselves");
    if (stranger == nullptr)
        stranger = &state.add_person(name, "", false, now);
    auto words = read_words(state, *stranger, asked, now);
    if (!words)
        return words.error();
    const auto named = mentions_in(words->text);
    if (std::ranges::find(named, (*who)->name) == named.end())
        words->text = "@" + (*who)->name + " " + words->text;
    const auto& made = state.publish(*stranger, std::move(*words), now);
    return to_text({{"account", (*who)->name},
                    {"id", std::to_string(made.key)},
                    {"notification_id", std::to_string((*who)->notifications.rbegin()->first)}});
}

result<std::string> edit_as_other(world& state, const json& asked, time_point now)
{
    const auto who = author_of(state, asked);
    if (!who)
        return who.error();
    const auto key = parse_id(text_of(asked, "id")).value_or(0);
    const auto text = maybe(asked, "text");
    if (auto* post = state.find_scheduled(key); post != nullptr && post->owner == (*who)->key) {
        if (text) {
            auto words = post->words;
            words.text = *text;
            state.reword(*post, std::move(words));
        }
        if (asked.contains("due")) {
            const auto due = parse_when(text_of(asked, "due"), now);
            if (!due)
                return wrong("due: neither RFC 3339 nor such as +90s");
            state.move(*state.find_scheduled(key), *due);
        }
        if (asked.value("delete", false))
            state.cancel(key);
        return to_text({{"id", std::to_string(key)}, {"kind", "scheduled"}});
    }
    if (auto* post = state.find_status(key); post != nullptr && post->owner == (*who)->key) {
        if (asked.contains("pinned"))
            state.pin(*post, asked.value("pinned", false));
        if (text) {
            auto words = post->words;
            words.text = *text;
            state.edit(*post, std::move(words), now);
        }
        if (asked.value("delete", false))
            state.erase_status(key);
        return to_text({{"id", std::to_string(key)}, {"kind", "published"}});
    }
    return problem{failure::not_found, "this account has no post " + text_of(asked, "id"), std::nullopt};
}

}  // namespace halfmast::sandbox
