#include "daemon/sandbox/values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <memory>

#include <unicode/ubrk.h>
#include <unicode/utext.h>

namespace halfmast::sandbox {

namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'
           || static_cast<unsigned char>(c) >= 0x80;
}

bool is_domain(char c) { return is_word(c) || c == '.' || c == '-'; }

bool starts_link(std::string_view text) { return text.starts_with("https://") || text.starts_with("http://"); }

std::size_t link_length(std::string_view text)
{
    auto end = std::size_t{0};
    while (end < text.size() && !is_space(text[end]) && text[end] != '<' && text[end] != '"')
        ++end;
    while (end > 0 && std::string_view{".,;:!?)"}.find(text[end - 1]) != std::string_view::npos)
        --end;
    return end;
}

// What stands at the beginning of `text`, when the character before it allows one there.
enum class piece { plain, link, mention, hashtag };

struct token {
    piece kind = piece::plain;
    std::size_t length = 1;
    std::size_t name = 0;  // a mention's user name without '@' and domain
};

token next_token(std::string_view text, bool after_word)
{
    if (after_word)
        return {};
    if (starts_link(text))
        return {piece::link, std::max<std::size_t>(link_length(text), 1)};
    if (text[0] != '@' && text[0] != '#')
        return {};
    auto end = std::size_t{1};
    if (text[0] == '#') {
        while (end < text.size() && is_word(text[end]))
            ++end;
        return end == 1 ? token{} : token{piece::hashtag, end};
    }
    // A user name is ASCII, with dots and hyphens inside: "@acct-1." is acct-1.
    while (end < text.size() && static_cast<unsigned char>(text[end]) < 0x80 && is_domain(text[end]))
        ++end;
    while (end > 1 && (text[end - 1] == '.' || text[end - 1] == '-'))
        --end;
    if (end == 1)
        return {};
    const auto name = end - 1;
    if (end + 1 < text.size() && text[end] == '@' && is_word(text[end + 1])) {
        ++end;
        while (end < text.size() && is_domain(text[end]))
            ++end;
        while (text[end - 1] == '.' || text[end - 1] == '-')
            --end;
    }
    return {piece::mention, end, name};
}

// Calls `seen(token, text of it)` for each piece in turn.
template <class Seen>
void walk(std::string_view text, Seen seen)
{
    auto after_word = false;
    while (!text.empty()) {
        const auto found = next_token(text, after_word);
        const auto part = text.substr(0, found.length);
        seen(found, part);
        after_word = is_word(part.back()) || part.back() == '/';
        text.remove_prefix(found.length);
    }
}

void add_once(std::vector<std::string>& list, std::string_view value)
{
    if (std::ranges::find(list, value) == list.end())
        list.emplace_back(value);
}

int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

}  // namespace

std::string iso(time_point at)
{
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss<milliseconds> clock{at - day};
    std::array<char, 64> text{};
    const auto length =
        std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
    return {text.data(), static_cast<std::size_t>(length)};
}

std::optional<milliseconds> parse_signed_duration(std::string_view text)
{
    const auto negative = text.starts_with('-');
    if (negative || text.starts_with('+'))
        text.remove_prefix(1);
    const auto length = parse_duration(text);
    if (!length)
        return std::nullopt;
    return negative ? -*length : *length;
}

std::optional<time_point> parse_when(std::string_view text, time_point now)
{
    if (!text.starts_with('+') && !text.starts_with('-'))
        return parse_date(text);
    const auto ahead = parse_signed_duration(text);
    return ahead ? std::optional{now + *ahead} : std::nullopt;
}

std::optional<time_point> parse_date(std::string_view text)
{
    auto written = std::string{text};
    // "2026-03-01T14:30" and "2026-03-01T14:30Z"
    if (written.size() >= 16 && written[13] == ':' && (written.size() == 16 || written[16] != ':'))
        written.insert(16, ":00");
    if (written.size() > 10 && written[10] == ' ')
        written[10] = 'T';
    if (auto at = parse_rfc3339(written))
        return at;
    return parse_rfc3339(written + "Z");
}

std::int64_t day_number(time_point at) { return std::chrono::floor<std::chrono::days>(at).time_since_epoch().count(); }

bool glob_matches(std::string_view pattern, std::string_view text)
{
    // The usual two-finger walk: on a mismatch give the last star one character more.
    auto p = std::size_t{0};
    auto t = std::size_t{0};
    auto star = std::string_view::npos;
    auto mark = std::size_t{0};
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            mark = t;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*')
        ++p;
    return p == pattern.size();
}

std::optional<std::string> base64_decode(std::string_view text)
{
    auto bytes = std::string{};
    bytes.reserve(text.size() * 3 / 4);
    auto bits = 0u;
    auto have = 0;
    for (const auto c : text) {
        if (is_space(c))
            continue;
        if (c == '=')
            break;
        const auto value = base64_value(c);
        if (value < 0)
            return std::nullopt;
        bits = (bits << 6 | static_cast<unsigned>(value)) & 0xffffffu;
        have += 6;
        if (have >= 8) {
            have -= 8;
            bytes.push_back(static_cast<char>(bits >> have & 0xffu));
        }
    }
    return bytes;
}

std::optional<std::uint64_t> parse_id(std::string_view text)
{
    auto value = std::uint64_t{0};
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault != std::errc{} || end != text.data() + text.size() || text.empty())
        return std::nullopt;
    return value;
}

std::string escape_html(std::string_view text)
{
    auto escaped = std::string{};
    escaped.reserve(text.size());
    for (const auto c : text) {
        switch (c) {
        case '&': escaped += "&amp;"; break;
        case '<': escaped += "&lt;"; break;
        case '>': escaped += "&gt;"; break;
        case '"': escaped += "&quot;"; break;
        case '\'': escaped += "&#39;"; break;
        default: escaped += c;
        }
    }
    return escaped;
}

std::vector<std::string> mentions_in(std::string_view text)
{
    auto found = std::vector<std::string>{};
    walk(text, [&](const token& what, std::string_view part) {
        if (what.kind == piece::mention)
            add_once(found, part.substr(1));
    });
    return found;
}

std::vector<std::string> hashtags_in(std::string_view text)
{
    auto found = std::vector<std::string>{};
    walk(text, [&](const token& what, std::string_view part) {
        if (what.kind == piece::hashtag)
            add_once(found, part.substr(1));
    });
    return found;
}

std::string render_html(std::string_view text, std::string_view base_url)
{
    auto html = std::string{"<p>"};
    const auto base = std::string{base_url};
    auto breaks = 0;
    walk(text, [&](const token& what, std::string_view part) {
        if (part == "\r")
            return;
        if (part == "\n") {
            ++breaks;
            return;
        }
        if (breaks > 0)
            html += breaks == 1 ? "<br />" : "</p><p>";
        breaks = 0;
        const auto shown = escape_html(part);
        switch (what.kind) {
        case piece::plain: html += shown; break;
        case piece::link:
            html += "<a href=\"" + shown + "\" target=\"_blank\" rel=\"nofollow noopener noreferrer\">" + shown + "</a>";
            break;
        case piece::mention: {
            const auto name = escape_html(part.substr(1, what.name));
            html += "<span class=\"h-card\"><a href=\"" + base + "/" + shown + "\" class=\"u-url mention\">@<span>" + name
                    + "</span></a></span>";
            break;
        }
        case piece::hashtag: {
            const auto name = escape_html(part.substr(1));
            html +=
                "<a href=\"" + base + "/tags/" + name + "\" class=\"mention hashtag\" rel=\"tag\">#<span>" + name + "</span></a>";
            break;
        }
        }
    });
    return html + "</p>";
}

std::size_t count_characters(std::string_view text)
{
    auto shortened = std::string{};
    walk(text, [&](const token& what, std::string_view part) {
        if (what.kind == piece::link)
            shortened += std::string(23, 'x');
        else
            shortened += what.kind == piece::mention ? part.substr(0, 1 + what.name) : part;
    });
    auto status = U_ZERO_ERROR;
    UText view = UTEXT_INITIALIZER;
    utext_openUTF8(&view, shortened.data(), static_cast<std::int64_t>(shortened.size()), &status);
    const std::unique_ptr<UBreakIterator, decltype(&ubrk_close)> breaks(ubrk_open(UBRK_CHARACTER, "", nullptr, 0, &status),
                                                                        &ubrk_close);
    ubrk_setUText(breaks.get(), &view, &status);
    auto count = std::size_t{0};
    while (U_SUCCESS(status) && ubrk_next(breaks.get()) != UBRK_DONE)
        ++count;
    utext_close(&view);
    return U_SUCCESS(status) ? count : shortened.size();
}

}  // namespace halfmast::sandbox
