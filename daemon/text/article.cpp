#include "daemon/text/article.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "daemon/text/respell.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::text {

namespace {

constexpr std::size_t most_title = 60;  // characters
constexpr std::size_t most_slug = 120;  // bytes; platforms keep 185 and more

std::string letters_of(std::string_view from)
{
    std::string kept;
    std::ranges::copy_if(from, std::back_inserter(kept), [](unsigned char c) { return c > ' '; });
    return kept;
}

// Not within a word, unless the script has no blanks.
std::string cut(std::string plain, std::size_t most)
{
    if (length(plain) <= most)
        return plain;
    std::size_t bytes = 0;
    std::size_t word_end = 0;
    for (std::size_t count = 0; bytes < plain.size() && count < most; ++count) {
        if (plain[bytes] == ' ')
            word_end = bytes;
        for (++bytes; bytes < plain.size() && (static_cast<unsigned char>(plain[bytes]) & 0xC0) == 0x80;)
            ++bytes;
    }
    plain.resize(word_end > bytes / 2 ? word_end : bytes);
    return plain + "…";
}

}  // namespace

std::string title_of(const std::string& plain)
{
    auto line = plain.substr(0, plain.find_first_of("\r\n", plain.find_first_not_of("\r\n\t ")));
    line.erase(0, line.find_first_not_of(" \t\r\n"));
    // A sentence ends at a mark before a blank, or at one of the marks of scripts without blanks.
    for (std::string_view mark : {". ", "! ", "? ", "。", "！", "？", "।"})
        if (auto at = line.find(mark); at != std::string::npos)
            line.resize(at + (mark.back() == ' ' ? 1 : mark.size()));
    while (line.ends_with(' ') || line.ends_with('.'))
        line.pop_back();
    return cut(std::move(line), most_title);
}

std::vector<std::string> html_paragraphs(const std::string& plain)
{
    std::vector<std::string> all;
    std::string paragraph;
    auto close = [&] {
        if (!paragraph.empty())
            all.push_back(std::move(paragraph));
        paragraph.clear();
    };
    for (std::size_t at = 0; at <= plain.size();) {
        auto end = std::min(plain.find('\n', at), plain.size());
        auto line = as_html_with_links(plain.substr(at, end - at));
        if (line.find_first_not_of(" \t") == std::string::npos)
            close();
        else
            paragraph += (paragraph.empty() ? "" : "<br>") + line;
        at = end + 1;
    }
    close();
    return all;
}

std::string slug_of(const std::string& key)
{
    std::string slug;
    for (char c : key) {
        char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        bool is_plain = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
        if (is_plain)
            slug.push_back(lower);
        else if (!slug.empty() && slug.back() != '-')
            slug.push_back('-');
    }
    slug = slug.substr(0, most_slug);
    while (slug.ends_with('-'))
        slug.pop_back();
    if (slug == key)
        return slug;
    // Two keys that read alike in this alphabet stay two: FNV-1a of the whole key.
    std::uint64_t hash = 14695981039346656037u;
    for (unsigned char c : key)
        hash = (hash ^ c) * 1099511628211u;
    for (int i = 0; i < 12; ++i, hash >>= 4)
        slug += (i == 0 && !slug.empty() ? "-" : "") + std::string(1, "0123456789abcdef"[hash & 15]);
    return slug;
}

bool same_letters(std::string_view one, std::string_view other) { return letters_of(one) == letters_of(other); }

}  // namespace halfmast::text
