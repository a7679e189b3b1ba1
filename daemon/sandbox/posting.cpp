#include "daemon/sandbox/posting.hpp"

#include <algorithm>

#include "daemon/sandbox/values.hpp"

namespace halfmast::sandbox {

namespace {

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

std::optional<reply> check_media(const call& from, draft& words)
{
    const auto asked = from.params.list("media_ids");
    if (asked.empty())
        return std::nullopt;
    if (std::ssize(asked) > from.set.most_media)
        return refuse(422, "Cannot attach more than " + std::to_string(from.set.most_media) + " files");
    if (words.poll)
        return refuse(422, "Cannot attach a poll together with files");
    auto missing = std::string{};
    auto not_ready = false;
    auto moving = 0;
    for (const auto& text : asked) {
        const auto* file = from.state.find_media(parse_id(text).value_or(0));
        if (file == nullptr || file->owner != from.who->key || file->published_status) {
            missing += (missing.empty() ? "" : ", ") + text;
            continue;
        }
        not_ready = not_ready || file->ready > from.now;
        moving += file->type == "video" || file->type == "audio" ? 1 : 0;
        words.media.push_back(file->key);
    }
    if (!missing.empty() && from.set.on.unknown_media)
        return refuse(422, "Media " + missing + " not found or already attached to another post");
    if (moving > 0 && words.media.size() > 1)
        return refuse(422, "Cannot attach a video to a post that already contains images");
    if (not_ready)
        return refuse(422, "Cannot attach files that have not finished processing. Try again in a moment!");
    return std::nullopt;
}

std::vector<std::string> poll_faults(const poll_request& poll)
{
    auto faults = std::vector<std::string>{};
    if (poll.options.size() < 2)
        faults.emplace_back("Poll must have more than one item");
    if (poll.options.size() > 4)
        faults.emplace_back("Poll can't contain more than 4 items");
    if (std::ranges::any_of(poll.options, [](const auto& each) { return count_characters(each) > 50; }))
        faults.emplace_back("Poll items can't be longer than 50 characters each");
    auto sorted = poll.options;
    std::ranges::sort(sorted);
    if (std::ranges::adjacent_find(sorted) != sorted.end())
        faults.emplace_back("Poll items must be unique");
    if (poll.expires_in > 2'629'746)
        faults.emplace_back("Poll expiration date is too far into the future");
    if (poll.expires_in < 300)
        faults.emplace_back("Poll expiration date is too soon");
    return faults;
}

}  // namespace

std::optional<poll_request> read_poll(const parameters& params)
{
    const auto asked = params.inside("poll");
    auto poll = poll_request{};
    poll.options = asked.list("options");
    if (poll.options.empty())
        return std::nullopt;
    poll.expires_in = asked.number("expires_in").value_or(86'400);
    poll.multiple = asked.flag("multiple").value_or(false);
    poll.hide_totals = asked.flag("hide_totals").value_or(false);
    poll.typed = params.typed();
    return poll;
}

std::variant<draft, reply> read_draft(const call& from)
{
    auto words = draft{};
    auto kept = [&](const char* name) -> std::optional<std::string> {
        auto text = from.params.text(name);
        return text && text->empty() ? std::nullopt : text;
    };
    words.text = from.params.text("status").value_or("");
    words.spoiler_text = kept("spoiler_text");
    words.visibility = kept("visibility");
    words.language = kept("language");
    words.sensitive = from.params.flag("sensitive");
    words.poll = read_poll(from.params);
    if (const auto parent = kept("in_reply_to_id")) {
        words.in_reply_to = parse_id(*parent).value_or(0);
        if (from.state.find_status(*words.in_reply_to) == nullptr)
            return refuse(404, "The post you are trying to reply to does not appear to exist.");
    }
    if (auto refused = check_media(from, words))
        return std::move(*refused);
    static const std::vector<std::string> known{"public", "unlisted", "private", "direct"};
    if (words.visibility && std::ranges::find(known, *words.visibility) == known.end())
        return refuse(422, "'" + *words.visibility + "' is not a valid visibility");
    // A warning without a text is the text; so the real server does it.
    if (is_blank(words.text) && words.spoiler_text) {
        words.text = *words.spoiler_text;
        words.spoiler_text.reset();
    }
    auto faults = std::vector<std::string>{};
    if (is_blank(words.text) && words.media.empty())
        faults.emplace_back("Text can't be blank");
    const auto length = count_characters(words.text) + count_characters(words.spoiler_text.value_or(""));
    if (length > static_cast<std::size_t>(from.set.most_characters))
        faults.emplace_back("Text character limit of " + std::to_string(from.set.most_characters) + " exceeded");
    if (words.poll)
        std::ranges::move(poll_faults(*words.poll), std::back_inserter(faults));
    if (!faults.empty())
        return invalid(faults);
    return words;
}

std::vector<std::string> schedule_faults(const call& from, time_point due)
{
    auto faults = std::vector<std::string>{};
    const auto& on = from.set.on;
    const auto too_soon = due <= from.now + from.set.min_schedule;
    if (on.too_soon ? too_soon : due <= from.now)
        faults.emplace_back("Scheduled at date must be in the future");
    if (!on.caps)
        return faults;
    if (std::ssize(from.who->queue) >= from.set.most_in_all)
        faults.emplace_back("You have exceeded the limit of " + std::to_string(from.set.most_in_all) + " scheduled posts");
    const auto day = from.who->days.find(day_number(due));
    if (day != from.who->days.end() && day->second >= from.set.most_a_day)
        faults.emplace_back("You have exceeded the limit of " + std::to_string(from.set.most_a_day) + " scheduled posts for today");
    return faults;
}

}  // namespace halfmast::sandbox
