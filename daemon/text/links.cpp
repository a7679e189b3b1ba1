// Links and hashtags in plain text.
#include "daemon/text/text.hpp"

#include <algorithm>

#include <unicode/uchar.h>

#include "daemon/text/utf8.hpp"

namespace halfmast::text {

namespace {

bool begins_with(std::string_view text, std::size_t at, std::string_view lower_case)
{
    if (text.size() - at < lower_case.size())
        return false;
    for (std::size_t i = 0; i < lower_case.size(); ++i)
        if (lower(text[at + i]) != lower_case[i])
            return false;
    return true;
}

// Scripts written without blanks: the sentence goes on right behind the link.
bool is_unspaced(char32_t c)
{
    return u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_IDEOGRAPHIC) || (c >= 0x3000 && c <= 0x30FF)
           || (c >= 0xFF00 && c <= 0xFF65);
}

bool ends_link(char32_t c)
{
    static constexpr std::string_view never = "<>\"`{}|\\^";
    if (c < 0x80)
        return c <= 0x20 || c == 0x7F || never.find(static_cast<char>(c)) != std::string_view::npos;
    if (c == replacement || u_isUWhiteSpace(static_cast<UChar32>(c)) || u_iscntrl(static_cast<UChar32>(c)))
        return true;
    // Typographic quotes, dashes, ellipses and emoji are of the sentence, not of the address.
    const auto kind = U_GET_GC_MASK(static_cast<UChar32>(c));
    return (kind & (U_GC_P_MASK | U_GC_SO_MASK | U_GC_CF_MASK)) != 0;
}

// Without the punctuation of the sentence around the link. A closing bracket stays when its opening one is inside.
std::size_t without_trailing(std::string_view text, std::size_t begin, std::size_t end)
{
    int round = 0;
    int square = 0;
    for (auto at = begin; at < end; ++at) {
        round += (text[at] == '(') - (text[at] == ')');
        square += (text[at] == '[') - (text[at] == ']');
    }
    for (; end > begin; --end) {
        const char last = text[end - 1];
        if (last == ')' && round < 0)
            ++round;
        else if (last == ']' && square < 0)
            ++square;
        else if (std::string_view(".,;:!?'*").find(last) == std::string_view::npos)
            break;
    }
    return end;
}

std::vector<span> find_links(std::string_view text)
{
    std::vector<span> found;
    for (std::size_t at = text.find("://"); at != std::string_view::npos; at = text.find("://", at + 1)) {
        std::size_t begin = std::string_view::npos;
        if (at >= 5 && begins_with(text, at - 5, "https"))
            begin = at - 5;
        else if (at >= 4 && begins_with(text, at - 4, "http"))
            begin = at - 4;
        if (begin == std::string_view::npos || (!found.empty() && begin < found.back().end))
            continue;
        if (begin > 0
            && (u_isalnum(static_cast<unsigned char>(text[begin - 1])) && static_cast<unsigned char>(text[begin - 1]) < 0x80))
            continue;  // "xhttps://" is no link
        const auto host = at + 3;
        if (host >= text.size() || std::string_view("/?#").find(text[host]) != std::string_view::npos)
            continue;
        std::size_t end = host;
        bool unspaced = false;  // an address in such a script: only until its path
        for (std::size_t here = host; here < text.size();) {
            const auto start = here;
            const auto c = next(text, here);
            if (is_unspaced(c) && !ends_link(c)) {
                unspaced = unspaced || start == host;
                if (!unspaced)
                    break;
            } else if (ends_link(c) || is_unspaced(c)) {
                break;
            }
            if (c == U'/')
                unspaced = false;
            end = here;
        }
        end = without_trailing(text, host, end);
        if (end > host)
            found.push_back({begin, end});
    }
    return found;
}

bool is_tag_character(char32_t c)
{
    const auto code = static_cast<UChar32>(c);
    return c == U'_' || c == 0xB7 || c == 0x200C || c == 0x200D || u_isalnum(code) || (U_GET_GC_MASK(code) & U_GC_M_MASK) != 0;
}

}  // namespace

std::vector<std::string> links_in(std::string_view plain)
{
    const auto sound = repaired(plain);
    std::vector<std::string> links;
    for (const auto& [begin, end] : find_links(sound))
        links.push_back(sound.substr(begin, end - begin));
    return links;
}

std::vector<std::string> hashtags_in(std::string_view plain)
{
    const auto sound = repaired(plain);
    std::vector<std::string> tags;
    for (const auto& [begin, end] : hashtag_spans(sound)) {
        const auto mark = static_cast<unsigned char>(sound[begin]) < 0x80 ? 1U : 3U;  // '#', or the wide one
        tags.push_back(sound.substr(begin + mark, end - begin - mark));
    }
    return tags;
}

std::vector<span> link_spans(std::string_view plain) { return find_links(plain); }

std::vector<span> hashtag_spans(std::string_view plain)
{
    const auto links = find_links(plain);
    auto link = links.begin();
    std::vector<span> tags;
    bool inside_word = false;  // "C#", "a#b": and the second '#' of "#topic#" closes it
    for (std::size_t at = 0; at < plain.size();) {
        if (link != links.end() && at >= link->begin) {
            at = std::max(at, link->end);
            inside_word = true;
            ++link;
            continue;
        }
        const auto mark = at;
        const auto c = next(plain, at);
        if ((c != U'#' && c != 0xFF03) || inside_word) {
            inside_word = is_tag_character(c) || c == U'&';
            continue;
        }
        const auto begin = at;
        bool has_letter = false;
        auto end = at;
        for (auto here = at; here < plain.size(); end = here) {
            const auto inner = next(plain, here);
            if (!is_tag_character(inner))
                break;
            has_letter = has_letter || (!u_isdigit(static_cast<UChar32>(inner)) && inner != U'_');
        }
        if (has_letter)
            tags.push_back({mark, end});
        at = end;
        inside_word = end > begin;
    }
    return tags;
}

}  // namespace halfmast::text
