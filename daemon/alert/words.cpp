#include "daemon/alert/words.hpp"

#include <algorithm>

namespace halfmast::alert {

namespace {

constexpr std::string_view ellipsis = "\xe2\x80\xa6";

std::string upper(std::string_view word)
{
    std::string made{word};
    std::ranges::transform(made, made.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return made;
}

std::string verb_of(const page_letter& letter)
{
    switch (letter.verb) {
    case page_verb::trigger: return upper(to_string(letter.level));
    case page_verb::acknowledge: return "in hand (" + letter.acknowledged_by.value + ")";
    case page_verb::resolve: return "over";
    }
    return {};
}

std::string mark_of(const page_letter& letter)
{
    if (letter.test)
        return "TEST, nothing happened";
    return (letter.drill ? "DRILL " : "") + verb_of(letter);
}

void line(std::string& to, const std::string& text)
{
    if (!text.empty())
        to += text + "\n";
}

}  // namespace

std::string cut(std::string_view utf8, std::size_t most_bytes)
{
    if (utf8.size() <= most_bytes)
        return std::string{utf8};
    auto end = most_bytes > ellipsis.size() ? most_bytes - ellipsis.size() : 0;
    while (end > 0 && (static_cast<unsigned char>(utf8[end]) & 0xc0) == 0x80)
        --end;
    return std::string{utf8.substr(0, end)} + (most_bytes > ellipsis.size() ? std::string{ellipsis} : std::string{});
}

std::string one_line(std::string_view utf8)
{
    std::string made{utf8};
    std::ranges::replace_if(
        made, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    return made;
}

std::string marked_what(const page_letter& letter)
{
    return (letter.test ? "TEST: " : letter.drill ? "DRILL: " : "") + letter.what;
}

std::string subject(const page_letter& letter, std::size_t most)
{
    auto said = mark_of(letter) + ": " + letter.what;
    if (!letter.more.empty())
        said += " (and " + std::to_string(letter.count > 1 ? letter.count - 1 : letter.more.size()) + " more)";
    return cut(one_line(said), most);
}

std::string text(const page_letter& letter, std::size_t most)
{
    std::string made;
    line(made, letter.drill ? marked_what(letter) : letter.what);
    line(made, letter.drill ? "Practice accounts only: nothing real is at stake." : "");
    for (const auto& sentence : letter.more)
        line(made, "- " + sentence);
    if (letter.verb != page_verb::resolve && !letter.acknowledged_by.empty())
        line(made, "In hand: " + letter.acknowledged_by.value);
    if (letter.over_at != time_point{}) {
        auto over = "Over since " + format_utc(letter.over_at) + (letter.over_why.empty() ? "" : ": " + letter.over_why);
        line(made, letter.verb == page_verb::trigger ? over + " (this could not be delivered before)" : over);
    }
    if (letter.over_at == time_point{} && !letter.todo.empty())
        line(made, "To do: " + letter.todo);
    line(made, letter.link.empty() ? "" : "Look: " + letter.link);
    line(made, "Since: " + format_utc(letter.since));
    if (!letter.crisis.empty())
        line(made, "Crisis: " + letter.crisis.value + (letter.owner.empty() ? "" : ", owned by " + letter.owner.value));
    if (letter.verb == page_verb::trigger && letter.over_at == time_point{} && letter.acknowledged_by.empty() && !letter.test)
        line(made, "I have it: halfmast pages ack " + letter.group);
    return cut(made, most);
}

page_letter test_letter(const std::string& receiver, time_point now)
{
    page_letter made;
    made.group = "test";
    made.receiver = receiver;
    made.dedup = "test-" + receiver + "-" + std::to_string(now.time_since_epoch().count());
    made.id = made.dedup + "-1";
    made.level = page_level::minor;
    made.kind = "test";
    made.what = "this is a test of the receiver '" + receiver + "' by halfmast doctor --pages; nothing happened";
    made.todo = "nothing";
    made.since = now;
    made.test = true;
    return made;
}

}  // namespace halfmast::alert
