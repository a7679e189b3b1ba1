#include "daemon/sandbox/world.hpp"

#include <algorithm>

#include "daemon/sandbox/values.hpp"

namespace halfmast::sandbox {

world::world(const rules& set, time_point now) : rules_(set) { restart_timers(now); }

person& world::add_person(const std::string& name, const std::string& token, bool local, time_point now)
{
    const auto key = next_person_++;
    auto& who = people_[key];
    who.key = key;
    who.name = name;
    who.token = token;
    who.local = local;
    who.created = std::chrono::floor<std::chrono::days>(now);
    who.shown.display_name = name.substr(0, name.find('@'));
    names_[name] = key;
    order_.push_back(key);
    if (!token.empty())
        tokens_[token] = key;
    return who;
}

person* world::find_person(id key)
{
    const auto found = people_.find(key);
    return found == people_.end() ? nullptr : &found->second;
}

person* world::by_token(std::string_view token)
{
    const auto found = tokens_.find(std::string{token});
    return found == tokens_.end() ? nullptr : find_person(found->second);
}

const person* world::by_name(std::string_view name) const
{
    const auto found = names_.find(std::string{name});
    return found == names_.end() ? nullptr : &people_.at(found->second);
}

person* world::by_name(std::string_view name) { return const_cast<person*>(std::as_const(*this).by_name(name)); }

scheduled* world::find_scheduled(id key)
{
    const auto found = scheduled_.find(key);
    return found == scheduled_.end() ? nullptr : &found->second;
}

const status* world::find_status(id key) const
{
    const auto found = statuses_.find(key);
    return found == statuses_.end() ? nullptr : &found->second;
}

status* world::find_status(id key) { return const_cast<status*>(std::as_const(*this).find_status(key)); }

const media* world::find_media(id key) const
{
    const auto found = media_.find(key);
    return found == media_.end() ? nullptr : &found->second;
}

media* world::find_media(id key) { return const_cast<media*>(std::as_const(*this).find_media(key)); }

std::vector<id> world::replies_to(id key) const
{
    const auto found = replies_.find(key);
    return found == replies_.end() ? std::vector<id>{} : std::vector<id>(found->second.begin(), found->second.end());
}

// Milliseconds and a counter, as the real ids: their order is the order of time.
id world::make_snowflake(time_point at)
{
    last_low_ = at == last_stamp_ ? last_low_ + 1 : 0;
    last_stamp_ = at;
    auto key = static_cast<id>(at.time_since_epoch().count()) << 16 | (last_low_ & 0xffff);
    while (statuses_.contains(key) || media_.contains(key))
        ++key;
    return key;
}

void world::note(std::function<void()> undo)
{
    if (recording_)
        undo_.push_back(std::move(undo));
}

void world::begin()
{
    recording_ = true;
    undo_.clear();
}

void world::rollback()
{
    recording_ = false;
    while (!undo_.empty()) {
        const auto undo = std::move(undo_.back());
        undo_.pop_back();
        undo();
    }
}

scheduled& world::insert(scheduled post)
{
    const auto key = post.key;
    auto& owner = people_.at(post.owner);
    owner.queue.insert(key);
    ++owner.days[day_number(post.due)];
    due_.emplace(post.due, key);
    note([this, key] { take(key); });
    return scheduled_[key] = std::move(post);
}

scheduled world::take(id key)
{
    auto node = scheduled_.extract(key);
    auto post = std::move(node.mapped());
    auto& owner = people_.at(post.owner);
    owner.queue.erase(key);
    const auto day = owner.days.find(day_number(post.due));
    if (--day->second == 0)
        owner.days.erase(day);
    due_.erase({post.due, key});
    if (recording_)
        note([this, post] { insert(post); });
    return post;
}

status& world::insert(status post)
{
    const auto key = post.key;
    auto& owner = people_.at(post.owner);
    owner.statuses.insert(key);
    if (post.pinned)
        owner.pinned.insert(key);
    if (post.words.in_reply_to)
        replies_[*post.words.in_reply_to].insert(key);
    if (post.visibility == "public")
        public_.insert(key);
    note([this, key] { take_status(key); });
    return statuses_[key] = std::move(post);
}

status world::take_status(id key)
{
    auto node = statuses_.extract(key);
    auto post = std::move(node.mapped());
    auto& owner = people_.at(post.owner);
    owner.statuses.erase(key);
    owner.pinned.erase(key);
    public_.erase(key);
    if (post.words.in_reply_to)
        replies_[*post.words.in_reply_to].erase(key);
    if (recording_)
        note([this, post] { insert(post); });
    return post;
}

void world::link(media& file, std::optional<id> scheduled_status, std::optional<id> published_status)
{
    const auto key = file.key;
    note([this, key, before = file.scheduled_status, out = file.published_status] {
        if (auto* again = find_media(key))
            link(*again, before, out);
    });
    file.scheduled_status = scheduled_status;
    file.published_status = published_status;
    if (scheduled_status || published_status)
        unlinked_.erase({file.uploaded, key});
    else
        unlinked_.emplace(file.uploaded, key);
}

scheduled& world::schedule(person& owner, draft words, time_point due)
{
    const auto key = next_scheduled_++;
    for (const auto each : words.media)
        if (auto* file = find_media(each))
            link(*file, key, file->published_status);
    return insert(scheduled{key, owner.key, due, std::move(words)});
}

void world::move(scheduled& post, time_point due)
{
    auto moved = take(post.key);
    moved.due = due;
    insert(std::move(moved));
}

void world::reword(scheduled& post, draft words)
{
    auto changed = take(post.key);
    changed.words = std::move(words);
    insert(std::move(changed));
}

void world::cancel(id key)
{
    const auto post = take(key);
    for (const auto each : post.words.media) {
        auto* file = find_media(each);
        // Another scheduled post may have taken the picture over since: then it is not ours to unlink.
        if (file != nullptr && file->scheduled_status == key)
            link(*file, std::nullopt, file->published_status);
    }
}

void world::notify_mentioned(const status& post)
{
    for (const auto& name : mentions_in(post.words.text)) {
        auto* who = by_name(name);
        if (who == nullptr || !who->local || who->key == post.owner)
            continue;
        const auto key = next_notification_++;
        const auto whose = who->key;
        who->notifications[key] = notification{key, "mention", post.at, post.owner, post.key};
        note([this, whose, key] { people_.at(whose).notifications.erase(key); });
    }
}

status& world::publish(person& owner, draft words, time_point at)
{
    auto post = status{};
    post.key = make_snowflake(at);
    post.owner = owner.key;
    post.at = at;
    post.visibility = words.visibility.value_or(owner.shown.default_visibility);
    post.words = std::move(words);
    for (const auto each : post.words.media)
        if (auto* file = find_media(each))
            link(*file, std::nullopt, post.key);
    auto& stored = insert(std::move(post));
    notify_mentioned(stored);
    return stored;
}

void world::edit(status& post, draft words, time_point at)
{
    auto changed = take_status(post.key);
    changed.history.push_back({changed.edited.value_or(changed.at), changed.words.text, changed.words.spoiler_text.value_or("")});
    for (const auto each : changed.words.media)
        if (auto* file = find_media(each); file != nullptr && std::ranges::find(words.media, each) == words.media.end())
            link(*file, std::nullopt, std::nullopt);
    for (const auto each : words.media)
        if (auto* file = find_media(each))
            link(*file, std::nullopt, changed.key);
    changed.words = std::move(words);
    changed.edited = at;
    insert(std::move(changed));
}

void world::drop_notification(person& whose, id key)
{
    auto node = whose.notifications.extract(key);
    if (recording_)
        note([this, owner = whose.key, gone = node.mapped()] { people_.at(owner).notifications[gone.key] = gone; });
}

void world::forget_mentions(const status& post)
{
    for (const auto& name : mentions_in(post.words.text))
        if (auto* who = by_name(name)) {
            auto keys = std::vector<id>{};
            for (const auto& [key, each] : who->notifications)
                if (each.about == post.key)
                    keys.push_back(key);
            for (const auto key : keys)
                drop_notification(*who, key);
        }
}

void world::erase_status(id key)
{
    const auto gone = take_status(key);
    forget_mentions(gone);
    for (const auto each : gone.words.media)
        if (auto* file = find_media(each))
            link(*file, std::nullopt, std::nullopt);
}

void world::pin(status& post, bool wanted)
{
    if (post.pinned == wanted)
        return;
    post.pinned = wanted;
    auto& pinned = people_.at(post.owner).pinned;
    if (wanted)
        pinned.insert(post.key);
    else
        pinned.erase(post.key);
    note([this, key = post.key, wanted] { pin(*find_status(key), !wanted); });
}

media& world::insert(media file)
{
    const auto key = file.key;
    if (!file.scheduled_status && !file.published_status)
        unlinked_.emplace(file.uploaded, key);
    note([this, key] { take_media(key); });
    return media_[key] = std::move(file);
}

media world::take_media(id key)
{
    auto node = media_.extract(key);
    auto file = std::move(node.mapped());
    unlinked_.erase({file.uploaded, key});
    if (recording_)
        note([this, file] { insert(file); });
    return file;
}

media& world::upload(person& owner, media file)
{
    file.key = make_snowflake(file.uploaded);
    file.owner = owner.key;
    return insert(std::move(file));
}

void world::discard(id key) { take_media(key); }

void world::describe(media& file, std::optional<std::string> description, double x, double y)
{
    note([this, key = file.key, before = file.description, old_x = file.focus_x, old_y = file.focus_y] {
        if (auto* again = find_media(key))
            describe(*again, before, old_x, old_y);
    });
    file.description = std::move(description);
    file.focus_x = x;
    file.focus_y = y;
}

void world::remember(person& who, const std::string& key, remembered_key made)
{
    // Old keys are cleared now and then, for looking at all of them for each post would add up.
    if (who.keys.size() % 256 == 255)
        std::erase_if(who.keys, [&](const auto& old) { return old.second.at + rules_.idempotency_life < made.at; });
    who.keys[key] = made;
    note([this, whose = who.key, key] { people_.at(whose).keys.erase(key); });
}

void world::present(person& who, profile shown)
{
    note([this, whose = who.key, before = who.shown] { people_.at(whose).shown = before; });
    who.shown = std::move(shown);
}

}  // namespace halfmast::sandbox
