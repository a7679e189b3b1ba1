// /api/v1/statuses: post now or later, show, edit, delete, pin, context; and the timelines.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "daemon/sandbox/posting.hpp"
#include "daemon/sandbox/routes.hpp"
#include "daemon/sandbox/values.hpp"

namespace halfmast::sandbox {

namespace {

using nlohmann::json;

bool may_see(const call& from, const status& post)
{
    if (post.visibility == "public" || post.visibility == "unlisted")
        return true;
    if (from.who == nullptr)
        return false;
    return from.who->key == post.owner || std::ranges::count(mentions_in(post.words.text), from.who->name) > 0;
}

status* visible(call& from)
{
    auto* post = from.state.find_status(from.key());
    return post != nullptr && may_see(from, *post) ? post : nullptr;
}

status* own_status(call& from)
{
    auto* post = from.state.find_status(from.key());
    return post != nullptr && post->owner == from.who->key ? post : nullptr;
}

// The answer to a repeated Idempotency-Key; nullopt when the key is new.
std::optional<reply> repeated(const call& from, const std::string& key)
{
    const auto found = key.empty() ? from.who->keys.end() : from.who->keys.find(key);
    if (found == from.who->keys.end() || found->second.at + from.set.idempotency_life <= from.now)
        return std::nullopt;
    if (found->second.of_scheduled) {
        // The real server looks the id up among published statuses, where it is not.
        const auto* post = from.state.find_scheduled(found->second.key);
        return from.set.on.idempotency || post == nullptr ? not_found() : answer(scheduled_entity(from.view(), *post));
    }
    const auto* post = from.state.find_status(found->second.key);
    return post == nullptr ? not_found() : answer(status_entity(from.view(), *post));
}

reply post_now(call& from, draft words, const std::string& key)
{
    auto& made = from.state.publish(*from.who, std::move(words), from.now);
    if (!key.empty())
        from.state.remember(*from.who, key, {from.now, made.key, false});
    return answer(status_entity(from.view(), made));
}

reply create(call& from)
{
    const auto key = std::string{find_header(from.request.headers, "Idempotency-Key")};
    if (auto again = repeated(from, key))
        return std::move(*again);
    const auto date = from.params.text("scheduled_at").value_or("");
    const auto due = date.empty() ? std::nullopt : parse_date(date);
    if (!date.empty() && !due)
        return invalid({"Scheduled at is invalid"});
    auto read = read_draft(from);
    if (auto* refused = std::get_if<reply>(&read))
        return std::move(*refused);
    auto& words = std::get<draft>(read);
    // The trap of traps: a date that has passed is dropped, and the post is out.
    if (!due || (from.set.on.past && *due <= from.now))
        return post_now(from, std::move(words), key);
    if (const auto faults = schedule_faults(from, *due); !faults.empty())
        return invalid(faults);
    auto& post = from.state.schedule(*from.who, std::move(words), *due);
    if (!key.empty())
        from.state.remember(*from.who, key, {from.now, post.key, true});
    return answer(scheduled_entity(from.view(), post));
}

reply show_status(call& from)
{
    const auto* post = visible(from);
    return post == nullptr ? not_found() : answer(status_entity(from.view(), *post));
}

reply show_many(call& from)
{
    auto list = json::array();
    for (const auto& text : from.params.list("id"))
        if (const auto* post = from.state.find_status(parse_id(text).value_or(0)); post != nullptr && may_see(from, *post))
            list.push_back(status_entity(from.view(), *post));
    return answer(list);
}

reply source(call& from)
{
    const auto* post = own_status(from);
    if (post == nullptr)
        return not_found();
    return answer(
        {{"id", std::to_string(post->key)}, {"text", post->words.text}, {"spoiler_text", post->words.spoiler_text.value_or("")}});
}

reply history(call& from)
{
    const auto* post = visible(from);
    return post == nullptr ? not_found() : answer(history_entity(from.view(), *post));
}

bool same_words(const draft& one, const draft& other)
{
    auto options = [](const draft& of) { return of.poll ? of.poll->options : std::vector<std::string>{}; };
    return one.text == other.text && one.spoiler_text.value_or("") == other.spoiler_text.value_or("")
           && one.language == other.language && one.sensitive.value_or(false) == other.sensitive.value_or(false)
           && one.media == other.media && options(one) == options(other);
}

// The post becomes what the call says: pictures, poll and warning that are not named are gone. Its pin and its replies stay.
reply edit(call& from)
{
    auto* post = own_status(from);
    if (post == nullptr)
        return not_found();
    auto words = post->words;
    words.text = from.params.text("status").value_or("");
    words.spoiler_text = from.params.text("spoiler_text");
    words.sensitive = from.params.flag("sensitive");
    if (from.params.has("language"))
        words.language = from.params.text("language");
    words.poll = read_poll(from.params);
    words.media.clear();
    for (const auto& text : from.params.list("media_ids")) {
        const auto* file = from.state.find_media(parse_id(text).value_or(0));
        const auto free =
            file != nullptr && file->owner == from.who->key && file->published_status.value_or(post->key) == post->key;
        if (!free)
            return refuse(422, "Media " + text + " not found or already attached to another post");
        words.media.push_back(file->key);
    }
    if (words.text.empty() && words.media.empty())
        return invalid({"Text can't be blank"});
    const auto length = count_characters(words.text) + count_characters(words.spoiler_text.value_or(""));
    if (length > static_cast<std::size_t>(from.set.most_characters))
        return invalid({"Text character limit of " + std::to_string(from.set.most_characters) + " exceeded"});
    const auto key = post->key;
    // What changes nothing is no edit: no new version, no mark.
    if (!same_words(words, post->words))
        from.state.edit(*post, std::move(words), from.now);
    return answer(status_entity(from.view(), *from.state.find_status(key)));
}

reply remove_status(call& from)
{
    const auto* post = own_status(from);
    if (post == nullptr)
        return not_found();
    // The answer carries the source, for "delete and redraft".
    auto last = status_entity(from.view(), *post);
    last["text"] = post->words.text;
    from.state.erase_status(post->key);
    return answer(last);
}

reply pin(call& from)
{
    auto* post = visible(from);
    if (post == nullptr)
        return not_found();
    auto faults = std::vector<std::string>{};
    if (post->owner != from.who->key)
        faults.emplace_back("Someone else's post cannot be pinned");
    if (from.set.on.pins) {
        if (post->visibility == "direct")
            faults.emplace_back("Posts that are only visible to mentioned users cannot be pinned");
        if (std::ssize(from.who->pinned) >= from.set.most_pins)
            faults.emplace_back("You have already pinned the maximum number of posts");
    }
    if (!faults.empty())
        return invalid(faults);
    if (post->pinned)
        return refuse(422, "Duplicate record");
    from.state.pin(*post, true);
    return answer(status_entity(from.view(), *post));
}

reply unpin(call& from)
{
    auto* post = visible(from);
    if (post == nullptr)
        return not_found();
    if (post->owner == from.who->key)
        from.state.pin(*post, false);
    return answer(status_entity(from.view(), *post));
}

reply context(call& from)
{
    const auto* post = visible(from);
    if (post == nullptr)
        return not_found();
    auto above = std::vector<json>{};
    for (auto up = post->words.in_reply_to; up;) {
        const auto* parent = from.state.find_status(*up);
        if (parent == nullptr)
            break;
        if (may_see(from, *parent))
            above.push_back(status_entity(from.view(), *parent));
        up = parent->words.in_reply_to;
    }
    std::ranges::reverse(above);
    auto below = json::array();
    auto waiting = from.state.replies_to(post->key);
    for (auto index = std::size_t{0}; index < waiting.size() && index < 1000; ++index) {
        const auto* answered = from.state.find_status(waiting[index]);
        if (may_see(from, *answered))
            below.push_back(status_entity(from.view(), *answered));
        const auto further = from.state.replies_to(waiting[index]);
        waiting.insert(waiting.end(), further.begin(), further.end());
    }
    return answer({{"ancestors", above}, {"descendants", below}});
}

reply timeline(call& from, const std::set<id>& keys, const std::function<bool(id)>& kept = {})
{
    const auto shown = page_of(from, keys, 20, 40, kept);
    auto list = json::array();
    for (const auto key : shown.keys)
        list.push_back(status_entity(from.view(), *from.state.find_status(key)));
    auto made = answer(list);
    add_links(made, from, shown, {"limit"});
    return made;
}

reply home(call& from) { return timeline(from, from.who->statuses); }

reply everything(call& from) { return timeline(from, from.state.public_statuses()); }

reply poll(call& from)
{
    const auto* post = visible(from);
    return post == nullptr || !post->words.poll ? not_found() : answer(poll_entity(from.view(), *post));
}

}  // namespace

void add_status_routes(std::vector<route>& table)
{
    table.push_back({"POST", "/api/v1/statuses", needs::user, create});
    table.push_back({"GET", "/api/v1/statuses", needs::nobody, show_many});
    table.push_back({"GET", "/api/v1/statuses/:id", needs::nobody, show_status});
    table.push_back({"PUT", "/api/v1/statuses/:id", needs::user, edit});
    table.push_back({"DELETE", "/api/v1/statuses/:id", needs::user, remove_status});
    table.push_back({"GET", "/api/v1/statuses/:id/source", needs::user, source});
    table.push_back({"GET", "/api/v1/statuses/:id/history", needs::nobody, history});
    table.push_back({"GET", "/api/v1/statuses/:id/context", needs::nobody, context});
    table.push_back({"POST", "/api/v1/statuses/:id/pin", needs::user, pin});
    table.push_back({"POST", "/api/v1/statuses/:id/unpin", needs::user, unpin});
    table.push_back({"GET", "/api/v1/polls/:id", needs::nobody, poll});
    table.push_back({"GET", "/api/v1/timelines/home", needs::user, home});
    table.push_back({"GET", "/api/v1/timelines/public", needs::nobody, everything});
}

}  // namespace halfmast::sandbox
