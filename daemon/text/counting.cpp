// Counting characters as platforms do.
#include "daemon/text/counting.hpp"

#include <algorithm>
#include <memory>

#include <unicode/brkiter.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/utext.h>

#include "daemon/text/text.hpp"
#include "daemon/text/utf8.hpp"

namespace halfmast::text {

namespace {

constexpr std::size_t short_link = 23;

bool is_user_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }
bool is_user_part(char c) { return is_user_letter(c) || c == '.' || c == '-'; }

// The end of a name that begins at `at`, without the dots and hyphens of the sentence around it; `at` when there is none.
std::size_t name_end(std::string_view text, std::size_t at)
{
    auto end = at;
    while (end < text.size() && is_user_part(text[end]))
        ++end;
    while (end > at && !is_user_letter(text[end - 1]))
        --end;
    return end > at && is_user_letter(text[at]) ? end : at;
}

// "@user@server.example, hello" becomes "@user, hello". Only ASCII servers: what is left in counts too much, never too little.
std::string without_servers(std::string_view text)
{
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const bool begins = text[at] == '@'
                            && (at == 0
                                || (!is_user_letter(text[at - 1]) && text[at - 1] != '/' && text[at - 1] != '='
                                    && static_cast<unsigned char>(text[at - 1]) < 0x80));
        const auto user = begins ? name_end(text, at + 1) : at;
        if (!begins || user == at + 1) {
            out.push_back(text[at++]);
            continue;
        }
        out.append(text, at, user - at);
        at = user < text.size() && text[user] == '@' ? std::max(user, name_end(text, user + 1)) : user;
        if (at == user + 1)  // "@user@ home"
            at = user;
    }
    return out;
}

// The text between links, and how many links there are.
struct parts {
    std::vector<std::string> between;
    std::size_t links = 0;
};

parts split_at_links(const std::string& sound)
{
    parts made;
    std::size_t at = 0;
    for (const auto& [begin, end] : link_spans(sound)) {
        made.between.push_back(sound.substr(at, begin - at));
        ++made.links;
        at = end;
    }
    made.between.push_back(sound.substr(at));
    return made;
}

// The weights that twitter-text has published for X since its third version.
std::size_t weight_of(char32_t c)
{
    const bool light = c <= 4351 || (c >= 8192 && c <= 8205) || (c >= 8208 && c <= 8223) || (c >= 8242 && c <= 8247);
    return light ? 1 : 2;
}

// However many characters it is made of, an emoji weighs 2.
std::size_t weight_of_cluster(std::string_view cluster)
{
    std::size_t sum = 0;
    bool emoji = false;
    for (std::size_t at = 0; at < cluster.size();) {
        const auto c = next(cluster, at);
        emoji = emoji || c == 0xFE0F || c == 0x20E3 || u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_EMOJI_PRESENTATION) != 0;
        sum += weight_of(c);
    }
    return emoji ? 2 : sum;
}

std::string composed(const std::string& sound)
{
    UErrorCode status = U_ZERO_ERROR;
    const auto* nfc = icu::Normalizer2::getNFCInstance(status);
    if (U_FAILURE(status))
        return sound;
    std::string out;
    nfc->normalize(icu::UnicodeString::fromUTF8(sound), status).toUTF8String(out);
    return U_SUCCESS(status) ? out : sound;
}

std::size_t weight(const std::string& text)
{
    UErrorCode status = U_ZERO_ERROR;
    const std::unique_ptr<icu::BreakIterator> breaks(icu::BreakIterator::createCharacterInstance(icu::Locale::getRoot(), status));
    UText view = UTEXT_INITIALIZER;
    utext_openUTF8(&view, text.data(), static_cast<std::int64_t>(text.size()), &status);
    if (U_SUCCESS(status))
        breaks->setText(&view, status);
    std::size_t sum = 0;
    if (U_FAILURE(status)) {
        sum = 2 * length(text);  // ICU's data is not there: never less than it is
    } else {
        auto begin = breaks->first();
        for (auto end = breaks->next(); end != icu::BreakIterator::DONE; begin = end, end = breaks->next())
            sum += weight_of_cluster(
                std::string_view(text).substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)));
    }
    utext_close(&view);
    return sum;
}

std::size_t with_short_links(const std::string& sound)
{
    // Joined again, so that a mark that combines with what stands before it is not counted by itself.
    const auto found = split_at_links(sound);
    std::string shortened;
    for (std::size_t i = 0; i < found.between.size(); ++i)
        shortened += (i == 0 ? "" : std::string(short_link, 'x')) + without_servers(found.between[i]);
    return graphemes(shortened);
}

std::size_t weighted(const std::string& sound)
{
    const auto found = split_at_links(composed(sound));
    auto sum = found.links * short_link;
    for (const auto& one : found.between)
        sum += weight(one);
    return sum;
}

}  // namespace

std::size_t counted(std::string_view utf8, text_counting how)
{
    switch (how) {
    case text_counting::code_points: return length(utf8);
    case text_counting::graphemes: return graphemes(utf8);
    case text_counting::short_links: return with_short_links(repaired(utf8));
    case text_counting::weighted: return weighted(repaired(utf8));
    }
    return length(utf8);
}

std::optional<text_counting> parse_counting(std::string_view word)
{
    if (word == "code-points")
        return text_counting::code_points;
    if (word == "graphemes")
        return text_counting::graphemes;
    if (word == "short-links")
        return text_counting::short_links;
    if (word == "weighted")
        return text_counting::weighted;
    return std::nullopt;
}

std::string too_long(std::string_view utf8, const account& where)
{
    if (where.text_limit > 0)
        if (const auto many = counted(utf8, where.counting); many > static_cast<std::size_t>(where.text_limit))
            return "it has " + std::to_string(many) + " characters, and " + where.connector + " takes "
                   + std::to_string(where.text_limit);
    if (where.byte_limit > 0 && utf8.size() > static_cast<std::size_t>(where.byte_limit))
        return "it has " + std::to_string(utf8.size()) + " bytes, and " + where.connector + " takes "
               + std::to_string(where.byte_limit);
    return {};
}

}  // namespace halfmast::text
