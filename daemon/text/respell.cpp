// The difference in words first, then the places of those words in the HTML; what comes out is read again and has to say what was wanted.
#include "daemon/text/respell.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "daemon/text/html.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::text {

namespace {

constexpr std::size_t most_cells = 1u << 20;  // of a table of differences; beyond that the whole middle counts as changed

using views = std::vector<std::string_view>;

// a[begin, end) became b[from, to).
struct word_change {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t from = 0;
    std::size_t to = 0;
};

// The longest common subsequence, walked from the front.
void walk(const views& a, const views& b, word_change whole, std::vector<word_change>& found)
{
    const auto n = whole.end - whole.begin;
    const auto m = whole.to - whole.from;
    std::vector<std::uint32_t> longest((n + 1) * (m + 1), 0);
    auto cell = [&](std::size_t i, std::size_t j) -> std::uint32_t& { return longest[i * (m + 1) + j]; };
    for (auto i = n; i-- > 0;)
        for (auto j = m; j-- > 0;)
            cell(i, j) =
                a[whole.begin + i] == b[whole.from + j] ? cell(i + 1, j + 1) + 1 : std::max(cell(i + 1, j), cell(i, j + 1));
    word_change open{whole.begin, whole.begin, whole.from, whole.from};
    auto close = [&](std::size_t i, std::size_t j) {
        open.end = whole.begin + i;
        open.to = whole.from + j;
        if (open.end > open.begin || open.to > open.from)
            found.push_back(open);
    };
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < n && j < m) {
        if (a[whole.begin + i] == b[whole.from + j]) {
            close(i, j);
            ++i;
            ++j;
            open.begin = whole.begin + i;
            open.from = whole.from + j;
        } else if (cell(i + 1, j) >= cell(i, j + 1)) {
            ++i;
        } else {
            ++j;
        }
    }
    close(n, m);
}

std::vector<word_change> differences(const views& a, const views& b)
{
    word_change whole{0, a.size(), 0, b.size()};
    while (whole.begin < whole.end && whole.from < whole.to && a[whole.begin] == b[whole.from]) {
        ++whole.begin;
        ++whole.from;
    }
    while (whole.begin < whole.end && whole.from < whole.to && a[whole.end - 1] == b[whole.to - 1]) {
        --whole.end;
        --whole.to;
    }
    std::vector<word_change> found;
    const auto n = whole.end - whole.begin;
    const auto m = whole.to - whole.from;
    if (n > 0 && m > 0 && n <= most_cells / m)
        walk(a, b, whole, found);
    else if (n > 0 || m > 0)
        found.push_back(whole);
    return found;
}

// Words of ASCII, single blanks, and single characters of all other scripts, some of which put no blanks between words.
views tokens_of(std::string_view plain)
{
    auto is_ascii_word = [&](std::size_t at) {
        return at < plain.size() && plain[at] != ' ' && static_cast<unsigned char>(plain[at]) < 0x80;
    };
    auto is_continuation = [&](std::size_t at) {
        return at < plain.size() && (static_cast<unsigned char>(plain[at]) & 0xC0) == 0x80;
    };
    views all;
    for (std::size_t at = 0; at < plain.size();) {
        auto end = at + 1;
        if (is_ascii_word(at))
            while (is_ascii_word(end))
                ++end;
        else
            while (is_continuation(end))
                ++end;
        all.push_back(plain.substr(at, end - at));
        at = end;
    }
    return all;
}

struct text_line {
    std::size_t begin = 0;  // in the text it was cut from
    std::string words;
};

// The lines that say something.
std::vector<text_line> lines_of(const std::string& text)
{
    std::vector<text_line> all;
    for (std::size_t at = 0; at <= text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        if (text.find_first_not_of(' ', at) < end)
            all.push_back({at, text.substr(at, end - at)});
        at = end + 1;
    }
    return all;
}

// As from_html would give it: one blank between words, none at the ends of lines.
std::string tidied(std::string_view plain)
{
    std::string out;
    bool blank = false;
    for (std::size_t at = 0; at < plain.size(); ++at) {
        const bool no_break = plain.substr(at, 2) == "\xC2\xA0";
        const auto c = static_cast<unsigned char>(plain[at]);
        if (c == '\n') {
            out.push_back('\n');
            blank = false;
        } else if (no_break || c == ' ' || c == '\t' || c == '\r' || c == '\f') {
            blank = true;
            at += no_break ? 1 : 0;
        } else if (c >= 0x20) {
            if (blank && !out.empty() && out.back() != '\n')
                out.push_back(' ');
            blank = false;
            out.push_back(static_cast<char>(c));
        }
    }
    return out;
}

views views_of(const std::vector<text_line>& all)
{
    views all_of_them;
    all_of_them.reserve(all.size());
    for (const auto& one : all)
        all_of_them.emplace_back(one.words);
    return all_of_them;
}

constexpr const char* crossed =
    "the new words reach into formatting (a link, a bold word, a picture, a block), and changing them here would lose it";
constexpr const char* other_shape = "lines come or go, and what is around them is more than plain paragraphs";
constexpr const char* other_link = "a link would show another address than the one it leads to";

struct splice {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string html;
};

// Where text[begin, end) stands in the HTML when it is one stretch of text there; an empty range beside the byte before it, or after it.
std::optional<splice> place_of(std::string_view html, const std::vector<html_place>& places, std::size_t begin, std::size_t end,
                               std::size_t line_begin, std::size_t line_end)
{
    if (begin == end) {
        if (begin > line_begin && places[begin - 1].run != html_place::no_run)
            return splice{places[begin - 1].end, places[begin - 1].end, {}};
        if (begin < line_end && places[begin].run != html_place::no_run)
            return splice{places[begin].begin, places[begin].begin, {}};
        return std::nullopt;
    }
    for (auto at = begin; at < end; ++at)
        if (places[at].run == html_place::no_run || places[at].run != places[begin].run)
            return std::nullopt;
    const auto first = places[begin].begin;
    const auto last = places[end - 1].end;
    if (html.substr(first, last - first).find('\n') != std::string_view::npos)
        return std::nullopt;  // a line end in the source may be a paragraph to the platform
    return splice{first, last, {}};
}

// What one line becomes; false when its words cannot be told from formatting.
bool change_line(std::string_view html, const std::vector<html_place>& places, const text_line& old, const std::string& wanted,
                 std::vector<splice>& into)
{
    const auto before = tokens_of(old.words);
    const auto after = tokens_of(wanted);
    std::vector<std::size_t> starts{old.begin};
    for (const auto& token : before)
        starts.push_back(starts.back() + token.size());
    for (const auto& one : differences(before, after)) {
        auto there = place_of(html, places, starts[one.begin], starts[one.end], old.begin, old.begin + old.words.size());
        if (!there)
            return false;
        std::string plain;
        for (auto at = one.from; at < one.to; ++at)
            plain += after[at];
        there->html = as_html(plain);
        into.push_back(std::move(*there));
    }
    return true;
}

std::string spliced(std::string_view html, const std::vector<splice>& all)
{
    std::string out;
    std::size_t at = 0;
    for (const auto& one : all) {
        out += html.substr(at, one.begin - at);
        out += one.html;
        at = one.end;
    }
    return out += html.substr(at);
}

std::optional<std::string> change_lines(std::string_view html, const std::vector<text_line>& old,
                                        const std::vector<html_place>& places, const std::vector<text_line>& wanted)
{
    std::vector<splice> all;
    for (std::size_t at = 0; at < old.size(); ++at)
        if (!change_line(html, places, old[at], wanted[at].words, all))
            return std::nullopt;
    return spliced(html, all);
}

// A paragraph with what wraps it, and the line it shows.
struct html_paragraph {
    std::string source;
    std::string shows;
};

std::size_t skip_blanks(std::string_view html, std::size_t at)
{
    return std::min(html.find_first_not_of(" \t\r\n", at), html.size());
}

// Behind the paragraph at `at` (its "<p"), or nothing when it is none, or holds more than words.
std::optional<std::size_t> behind_paragraph(std::string_view html, std::size_t at)
{
    if (html.substr(at, 2) != "<p" || (html.substr(at, 3) != "<p>" && html.substr(at, 3) != "<p "))
        return std::nullopt;
    const auto close = html.find("</p>", at);
    if (close == std::string_view::npos)
        return std::nullopt;
    const auto inside = html.substr(at + 2, close - at - 2);
    for (std::string_view more :
         {"<p", "<br", "<img", "<video", "<audio", "<iframe", "<svg", "<object", "<embed", "<picture", "<div", "<!--"})
        if (inside.find(more) != std::string_view::npos)
            return std::nullopt;
    return close + 4;
}

// The fragment as paragraphs and nothing else; nothing when it has more.
std::optional<std::vector<html_paragraph>> paragraphs_of(std::string_view html)
{
    constexpr std::string_view opening = "<!-- wp:paragraph";
    constexpr std::string_view closing = "<!-- /wp:paragraph -->";
    std::vector<html_paragraph> all;
    for (auto at = skip_blanks(html, 0); at < html.size(); at = skip_blanks(html, at)) {
        const auto begin = at;
        const bool block = html.substr(at, opening.size()) == opening;
        if (block) {
            const auto end = html.find("-->", at);
            if (end == std::string_view::npos)
                return std::nullopt;
            at = skip_blanks(html, end + 3);
        }
        const auto behind = behind_paragraph(html, at);
        if (!behind)
            return std::nullopt;
        at = *behind;
        if (block) {
            at = skip_blanks(html, at);
            if (html.substr(at, closing.size()) != closing)
                return std::nullopt;
            at += closing.size();
        }
        const auto source = html.substr(begin, at - begin);
        all.push_back({std::string{source}, from_html(source)});
        if (all.back().shows.find('\n') != std::string::npos)
            return std::nullopt;
    }
    return all;
}

// Paragraphs that show nothing belong to the one before them; gives what stands before the first.
std::string take_empty_ones(std::vector<html_paragraph>& all)
{
    std::string lead;
    std::vector<html_paragraph> shown;
    for (auto& one : all) {
        if (!one.shows.empty())
            shown.push_back(std::move(one));
        else
            (shown.empty() ? lead : shown.back().source) += one.source;
    }
    all = std::move(shown);
    return lead;
}

std::optional<std::string> respelt_lines(std::string_view html, const std::vector<text_line>& wanted);

// Paragraphs come and go; those that stay keep everything.
std::optional<std::string> change_paragraphs(std::string_view html, const std::vector<text_line>& wanted)
{
    auto old = paragraphs_of(html);
    if (!old)
        return std::nullopt;
    const auto lead = take_empty_ones(*old);
    const bool blocks = html.find("<!-- wp:") != std::string_view::npos;
    views before;
    for (const auto& one : *old)
        before.emplace_back(one.shows);
    std::vector<std::string> kept;
    std::size_t at = 0;
    for (const auto& one : differences(before, views_of(wanted))) {
        for (; at < one.begin; ++at)
            kept.push_back((*old)[at].source);
        for (auto to = one.from; to < one.to; ++to) {
            const bool paired = at < one.end;
            auto made = paired ? respelt_lines((*old)[at].source, {text_line{0, wanted[to].words}}) : std::nullopt;
            if (paired && !made)
                return std::nullopt;
            auto fresh = "<p>" + as_html(wanted[to].words) + "</p>";
            kept.push_back(made ? *made : blocks ? "<!-- wp:paragraph -->\n" + fresh + "\n<!-- /wp:paragraph -->" : fresh);
            at += paired ? 1 : 0;
        }
        at = one.end;
    }
    for (; at < old->size(); ++at)
        kept.push_back((*old)[at].source);
    auto out = lead;
    for (const auto& one : kept)
        out += (out.empty() || !blocks ? "" : "\n\n") + one;
    return out;
}

// Some line stands elsewhere now: place by place, its formatting would go to another one.
bool has_moved(const std::vector<text_line>& old, const std::vector<text_line>& wanted)
{
    std::size_t in_place = 0;
    for (std::size_t at = 0; at < old.size(); ++at)
        in_place += old[at].words == wanted[at].words ? 1 : 0;
    auto unchanged = old.size();
    for (const auto& one : differences(views_of(old), views_of(wanted)))
        unchanged -= one.end - one.begin;
    return unchanged > in_place;
}

std::optional<std::string> respelt_lines(std::string_view html, const std::vector<text_line>& wanted)
{
    std::vector<html_place> places;
    const auto text = read_html(html, &places);
    const auto old = lines_of(text);
    if (old.size() == wanted.size() && !has_moved(old, wanted))
        return change_lines(html, old, places, wanted);
    return change_paragraphs(html, wanted);
}

// An address that was shown, is not shown any more, and is still led to.
bool breaks_link(std::string_view made, std::string_view before, std::string_view after)
{
    const auto shown = links_in(after);
    const auto targets = links_in_html(made);
    return std::ranges::any_of(links_in(before), [&](const auto& link) {
        return std::ranges::find(shown, link) == shown.end() && std::ranges::find(targets, link) != targets.end();
    });
}

std::string joined(const std::vector<text_line>& all)
{
    std::string text;
    for (const auto& one : all)
        text += (text.empty() ? "" : "\n") + one.words;
    return text;
}

struct changed_passage {
    std::string text;
    std::string why_not;
};

changed_passage change_passage(const passage& from, const std::vector<text_line>& wanted)
{
    if (!from.html)
        return {same_lines(from.text, joined(wanted)) ? from.text : joined(wanted), {}};
    const auto before = from_html(from.text);
    const auto after = joined(wanted);
    if (same_lines(before, after))
        return {from.text, {}};
    auto made = respelt_lines(from.text, wanted);
    if (!made)
        return {{}, lines_of(before).size() == wanted.size() ? crossed : other_shape};
    if (!same_lines(from_html(*made), after))
        return {{}, crossed};
    if (breaks_link(*made, before, after))
        return {{}, other_link};
    return {std::move(*made), {}};
}

}  // namespace

std::string as_html(std::string_view plain)
{
    std::string out;
    for (char c : plain) {
        switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        case '[': out += "&#91;"; break;
        case '\r': break;
        default: out.push_back(c);
        }
    }
    return out;
}

bool same_lines(std::string_view one, std::string_view other)
{
    const auto a = lines_of(tidied(one));
    const auto b = lines_of(tidied(other));
    return std::ranges::equal(a, b, {}, &text_line::words, &text_line::words);
}

bool is_as_seen(const std::optional<std::string>& there, const std::string* seen, const std::optional<std::string>& wanted)
{
    return seen == nullptr || !there || same_lines(*there, *seen) || (wanted && same_lines(*there, *wanted));
}

std::string as_html_with_links(const std::string& line)
{
    std::string html;
    std::size_t at = 0;
    for (const auto& link : links_in(line)) {
        auto found = line.find(link, at);
        if (found == std::string::npos)
            break;  // the line is not sound UTF-8; the rest stays plain
        html +=
            as_html(std::string_view{line}.substr(at, found - at)) + "<a href=\"" + as_html(link) + "\">" + as_html(link) + "</a>";
        at = found + link.size();
    }
    return html + as_html(std::string_view{line}.substr(at));
}

respelling respell(const std::vector<passage>& from, std::string_view wanted)
{
    respelling made;
    const auto cut = lines_of(tidied(wanted));
    std::vector<std::vector<text_line>> old;
    std::size_t in_all = 0;
    for (const auto& one : from) {
        old.push_back(lines_of(tidied(one.html ? from_html(one.text) : one.text)));
        in_all += old.back().size();
    }
    const bool same_shape = cut.size() == in_all;
    std::size_t at = 0;
    for (std::size_t number = 0; number < from.size(); ++number) {
        const bool last = number + 1 == from.size();
        const auto count = last ? cut.size() - at : old[number].size();
        if (at + count > cut.size()) {
            made.why_not = "it has fewer lines than the parts above the article";
            return made;
        }
        std::vector<text_line> own(cut.begin() + static_cast<std::ptrdiff_t>(at),
                                   cut.begin() + static_cast<std::ptrdiff_t>(at + count));
        at += count;
        // With lines that come or go it would be a guess which of them is the title.
        if (!last && !same_shape && !std::ranges::equal(own, old[number], {}, &text_line::words, &text_line::words)) {
            made.why_not = "lines come or go, and the title changes too: change one of them at a time";
            return made;
        }
        auto changed = change_passage(from[number], own);
        if (!changed.why_not.empty()) {
            made.why_not = std::move(changed.why_not);
            return made;
        }
        made.passages.push_back(std::move(changed.text));
    }
    return made;
}

}  // namespace halfmast::text
