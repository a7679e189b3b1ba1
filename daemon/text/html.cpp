// HTML fragments as a reader sees them. Not a browser: it only has to find the words, and must come to an end on any bytes.
#include "daemon/text/text.hpp"

#include <algorithm>
#include <array>

#include "daemon/text/entities.hpp"
#include "daemon/text/html.hpp"
#include "daemon/text/utf8.hpp"

namespace halfmast::text {

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_alnum(char c) { return is_letter(c) || (c >= '0' && c <= '9'); }
bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f'; }

std::string lowered(std::string_view ascii)
{
    std::string out(ascii);
    std::transform(out.begin(), out.end(), out.begin(), lower);
    return out;
}

// Elements that begin and end a line of their own.
bool is_block(std::string_view name)
{
    static constexpr auto blocks = std::to_array<std::string_view>(
        {"address", "article", "aside", "blockquote", "dd", "div", "dl",      "dt",    "figcaption", "figure",
         "footer",  "form",    "h1",    "h2",         "h3", "h4",  "h5",      "h6",    "header",     "hr",
         "li",      "main",    "nav",   "ol",         "p",  "pre", "section", "table", "tr",         "ul"});
    return std::binary_search(blocks.begin(), blocks.end(), name);
}

// Elements whose content no reader sees.
bool is_hidden(std::string_view name)
{
    return name == "script" || name == "style" || name == "template" || name == "head" || name == "title" || name == "noscript";
}

// Lines without blanks around them.
class lines {
public:
    // `places`: one for each byte of the text; null where nobody asks.
    explicit lines(std::vector<html_place>* places) : places_(places) {}

    // What comes next stands there.
    void at(html_place here) { here_ = here; }
    void put(char32_t c)
    {
        if (blank_ && !text_.empty() && text_.back() != '\n') {
            text_.push_back(' ');
            note(blank_at_);
        }
        blank_ = false;
        append(text_, c);
        note(here_);
    }
    void blank()
    {
        if (!blank_)
            blank_at_ = here_;
        else if (blank_at_.run == here_.run && blank_at_.end == here_.begin)
            blank_at_.end = here_.end;
        else
            blank_at_.run = html_place::no_run;
        blank_ = true;
    }
    void line_break()
    {
        blank_ = false;
        text_.push_back('\n');
        note({});
    }
    void block_edge()
    {
        blank_ = false;
        if (!text_.empty() && text_.back() != '\n')
            text_.push_back('\n');
        note({});
    }
    std::string take() &&
    {
        const auto first = text_.find_first_not_of('\n');
        const auto behind = first == std::string::npos ? 0 : text_.find_last_not_of('\n') + 1;
        if (places_ != nullptr) {
            places_->resize(behind);
            places_->erase(places_->begin(), places_->begin() + static_cast<std::ptrdiff_t>(std::min(first, behind)));
        }
        return behind == 0 ? std::string{} : text_.substr(first, behind - first);
    }

private:
    // Of every byte that has none yet.
    void note(html_place where)
    {
        if (places_ != nullptr)
            places_->resize(text_.size(), where);
    }

    std::vector<html_place>* places_;
    std::string text_;
    html_place here_;
    html_place blank_at_;
    bool blank_ = false;
};

struct tag {
    std::string name;  // lower case
    bool closing = false;
    std::string_view inside;  // attributes, raw
    std::size_t end = 0;      // behind '>'
};

// The tag that begins at `at` ('<'). Quoted attribute values may hold '>'. An unfinished one reaches to the end, as in browsers.
tag read_tag(std::string_view html, std::size_t at)
{
    tag found;
    auto here = at + 1;
    if (here < html.size() && html[here] == '/') {
        found.closing = true;
        ++here;
    }
    const auto name_start = here;
    while (here < html.size() && !is_blank(html[here]) && html[here] != '>' && html[here] != '/')
        ++here;
    found.name = lowered(html.substr(name_start, here - name_start));
    const auto inside_start = here;
    char quote = 0;
    char before = 0;
    for (; here < html.size(); ++here) {
        const char c = html[here];
        if (quote != 0) {
            if (c == quote)
                quote = 0;
        } else if ((c == '"' || c == '\'') && before == '=') {
            quote = c;
        } else if (c == '>') {
            break;
        }
        if (!is_blank(c))
            before = c;
    }
    found.inside = html.substr(inside_start, here - inside_start);
    found.end = std::min(here + 1, html.size());
    return found;
}

// Behind the closing tag of a hidden element, or the end.
std::size_t skip_hidden(std::string_view html, std::size_t at, std::string_view name)
{
    for (; at < html.size(); ++at) {
        at = html.find("</", at);
        if (at == std::string_view::npos)
            return html.size();
        if (lowered(html.substr(at + 2, name.size())) != name)
            continue;
        const auto behind = at + 2 + name.size();
        if (behind >= html.size() || !is_alnum(html[behind]))
            return read_tag(html, at).end;
    }
    return html.size();
}

// Behind a comment, a declaration or a processing instruction; `at` stands on its '<'.
std::size_t skip_markup(std::string_view html, std::size_t at)
{
    const auto ends_with = [&](std::string_view mark, std::size_t from) {
        const auto found = html.find(mark, from);
        return found == std::string_view::npos ? html.size() : found + mark.size();
    };
    if (html.substr(at, 4) == "<!--")
        return ends_with("-->", std::min(at + 2, html.size()));  // "<!-->" is a whole comment
    return ends_with(">", at);
}

// Decodes the reference at `at` ('&'); moves `at` behind it. U+0026 itself when it is none.
char32_t read_reference(std::string_view html, std::size_t& at)
{
    constexpr std::size_t longest = 32;
    auto here = at + 1;
    while (here < html.size() && here - at <= longest && (is_alnum(html[here]) || (html[here] == '#' && here == at + 1)))
        ++here;
    const auto name = html.substr(at + 1, here - at - 1);
    const bool finished = here < html.size() && html[here] == ';';
    // Browsers forgive a missing semicolon for the oldest names and for numbers.
    const bool forgiven =
        name == "amp" || name == "lt" || name == "gt" || name == "quot" || name == "nbsp" || name.starts_with('#');
    if (finished || (forgiven && (here >= html.size() || html[here] != '='))) {
        if (const auto code = entity(name)) {
            at = here + (finished ? 1 : 0);
            return *code;
        }
    }
    ++at;
    return U'&';
}

void put_character(lines& out, char32_t c, bool preformatted)
{
    if (preformatted && c == U'\n')
        out.line_break();
    else if (c == U' ' || c == U'\n' || c == U'\t' || c == U'\r' || c == U'\f' || c == 0xA0)
        out.blank();
    else if (c >= 0x20)
        out.put(c);
}

}  // namespace

std::string from_html(std::string_view html) { return read_html(html, nullptr); }

std::string read_html(std::string_view html, std::vector<html_place>* places)
{
    lines out{places};
    int preformatted = 0;
    std::size_t run = 0;
    for (std::size_t at = 0; at < html.size();) {
        const auto begin = at;
        const char c = html[at];
        const char following = at + 1 < html.size() ? html[at + 1] : '\0';
        if (c == '<' && (following == '!' || following == '?')) {
            at = skip_markup(html, at);
            ++run;
        } else if (c == '<' && (is_letter(following) || (following == '/' && at + 2 < html.size() && is_letter(html[at + 2])))) {
            const auto found = read_tag(html, at);
            at = found.end;
            ++run;
            out.at({});
            if (!found.closing && is_hidden(found.name))
                at = skip_hidden(html, at, found.name);
            else if (found.name == "br")
                out.line_break();
            else if (is_block(found.name))
                out.block_edge();
            else if (found.name == "td" || found.name == "th")
                out.blank();
            if (found.name == "pre")
                preformatted = std::max(0, preformatted + (found.closing ? -1 : 1));
        } else if (c == '&') {
            const auto code = read_reference(html, at);
            out.at({begin, at, run});
            put_character(out, code, false);
        } else {
            const auto code = next(html, at);
            out.at({begin, at, run});
            put_character(out, code, preformatted > 0);
        }
    }
    return std::move(out).take();
}

std::vector<std::string> links_in_html(std::string_view html)
{
    std::vector<std::string> found;
    for (std::size_t at = html.find('<'); at < html.size(); at = html.find('<', at)) {
        if (at + 1 >= html.size() || !is_letter(html[at + 1])) {
            at = html.substr(at, 2) == "<!" ? skip_markup(html, at) : at + 1;
            continue;
        }
        const auto element = read_tag(html, at);
        at = element.end;
        const auto attributes = lowered(element.inside);
        for (auto key = attributes.find("href"); key != std::string::npos; key = attributes.find("href", key + 4)) {
            auto here = attributes.find_first_not_of(" \t\r\n\f", key + 4);
            if (key == 0 || !is_blank(attributes[key - 1]) || here == std::string::npos || attributes[here] != '=')
                continue;
            here = attributes.find_first_not_of(" \t\r\n\f", here + 1);
            if (here == std::string::npos)
                break;
            const char quote = attributes[here] == '"' || attributes[here] == '\'' ? attributes[here] : '\0';
            const auto start = here + (quote != 0 ? 1 : 0);
            const auto stop = quote != 0 ? attributes.find(quote, start) : attributes.find_first_of(" \t\r\n\f", start);
            const auto link = from_html(element.inside.substr(start, stop == std::string::npos ? stop : stop - start));
            if (const auto scheme = lowered(link.substr(0, 8)); scheme.starts_with("http://") || scheme == "https://")
                found.push_back(link);
            break;
        }
    }
    return found;
}

}  // namespace halfmast::text
