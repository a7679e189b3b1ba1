// The article is written down as HTML in which every text of it is a <span> with a number; room text changes words there; what is then
// inside a span goes back to the text of that number. Whatever else changed is either a plain paragraph that came or went, or refused.
#include "connectors/ghost/lexical.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "connectors/ghost/wire_json.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::ghost::wire {

namespace {

constexpr std::string_view span_open = "<span n=\"";
constexpr std::string_view span_close = "</span>";
constexpr const char* in_a_card = "the new words would change a card of the article (a button, a caption, ...), or its order";
constexpr const char* old_editor = "the article was written in Ghost's old editor";

// The texts of a tree, in the order of reading.
class tree {
public:
    explicit tree(json& root) : root_(root) {}

    // A node and what is below it; a card shows nothing here.
    std::string markup_of(json& node)
    {
        auto type = text_at(node, "type");
        if (type == "text" || type == "extended-text") {
            texts_.push_back(&node);
            return std::string{span_open} + std::to_string(texts_.size() - 1) + "\">" + text::as_html(text_at(node, "text"))
                   + std::string{span_close};
        }
        if (type == "linebreak")
            return "<br>";
        if (type == "tab")
            return " ";
        auto children = node.is_object() ? node.find("children") : node.end();
        if (!node.is_object() || children == node.end() || !children->is_array())
            return {};
        std::string inside;
        for (auto& child : *children)
            inside += markup_of(child);
        if (type == "link" || type == "autolink")
            return "<a href=\"" + text::as_html(text_at(node, "url")) + "\">" + inside + "</a>";
        auto tag = tag_of(type);
        return "<" + tag + ">" + inside + "</" + tag + ">";
    }

    json& root() { return root_; }
    [[nodiscard]] const std::vector<json*>& texts() const { return texts_; }

private:
    static std::string tag_of(const std::string& type)
    {
        if (type == "paragraph")
            return "p";
        if (type == "list")
            return "ul";
        if (type == "listitem")
            return "li";
        return "div";
    }

    json& root_;
    std::vector<json*> texts_;
};

std::vector<std::string> shown_lines(const std::string& html)
{
    std::vector<std::string> lines;
    auto text = text::from_html(html);
    for (std::size_t at = 0; at <= text.size();) {
        auto end = std::min(text.find('\n', at), text.size());
        if (end > at)
            lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

// The blocks with the lines of cards between them, as the HTML shows these; nothing when the two do not tell the same.
std::optional<std::string> markup_with_cards(const std::vector<std::string>& blocks, const std::string& html)
{
    auto shown = shown_lines(html);
    std::string all;
    std::size_t at = 0;
    for (const auto& block : blocks) {
        auto own = shown_lines(block);
        while (!own.empty() && at < shown.size() && shown[at] != own.front())
            all += "<div>" + text::as_html(shown[at++]) + "</div>";
        for (const auto& line : own)
            if (at >= shown.size() || shown[at++] != line)
                return std::nullopt;
        all += block;
    }
    for (; at < shown.size(); ++at)
        all += "<div>" + text::as_html(shown[at]) + "</div>";
    return all;
}

// as_html backwards.
std::string plain_of(std::string_view html)
{
    static constexpr std::pair<std::string_view, char> names[] = {
        {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#91;", '['}};
    std::string out;
    for (std::size_t at = 0; at < html.size();) {
        auto found = std::ranges::find_if(names, [&](const auto& one) { return html.substr(at, one.first.size()) == one.first; });
        bool known = html[at] == '&' && found != std::end(names);
        out.push_back(known ? found->second : html[at]);
        at += known ? found->first.size() : 1;
    }
    return out;
}

struct cut_markup {
    std::string frame;                 // everything but the insides of spans
    std::vector<std::string> insides;  // by number; as HTML
    bool sound = true;
};

cut_markup cut(std::string_view markup, std::size_t texts)
{
    cut_markup made;
    made.insides.resize(texts);
    std::size_t at = 0;
    while (at < markup.size()) {
        auto open = std::min(markup.find(span_open, at), markup.size());
        made.frame += markup.substr(at, open - at);
        if (open == markup.size())
            break;
        auto begin = markup.find('>', open);
        auto end = markup.find(span_close, open);
        if (begin == std::string_view::npos || end == std::string_view::npos || begin > end) {
            made.sound = false;
            break;
        }
        auto number = markup.substr(open + span_open.size(), begin - 1 - open - span_open.size());
        std::size_t which = texts;
        std::from_chars(number.data(), number.data() + number.size(), which);
        if (which >= texts) {
            made.sound = false;
            break;
        }
        made.frame += markup.substr(open, begin + 1 - open);
        made.insides[which] = markup.substr(begin + 1, end - begin - 1);
        at = end;
    }
    return made;
}

json paragraph_of(const std::string& plain)
{
    json words{{"detail", 0}, {"format", 0}, {"mode", "normal"}, {"style", ""}, {"text", plain}, {"type", "extended-text"},
               {"version", 1}};
    return {{"children", json::array({words})},
            {"direction", "ltr"},
            {"format", ""},
            {"indent", 0},
            {"type", "paragraph"},
            {"version", 1}};
}

// The children of the root as the paragraphs of `markup` say; false when there is anything else.
bool rebuild(tree& article, const std::string& markup, const std::vector<std::size_t>& first_texts)
{
    auto& children = article.root()["children"];
    auto made = json::array();
    for (std::size_t at = 0; at < markup.size();) {
        constexpr std::string_view open = "<p>";
        constexpr std::string_view close = "</p>";
        auto end = markup.find(close, at);
        if (markup.compare(at, open.size(), open) != 0 || end == std::string::npos)
            return false;
        auto inside = std::string_view{markup}.substr(at + open.size(), end - at - open.size());
        at = end + close.size();
        if (!inside.starts_with(span_open)) {
            if (inside.find('<') != std::string_view::npos)
                return false;
            made.push_back(paragraph_of(plain_of(inside)));
            if (inside.empty())
                made.back()["children"] = json::array();
            continue;
        }
        std::size_t number = 0;
        auto digits = inside.substr(span_open.size());
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
        // A block without words has the number of the next one: the last of them is meant.
        auto block = std::find(first_texts.rbegin(), first_texts.rend(), number);
        if (block == first_texts.rend())
            return false;
        made.push_back(children[static_cast<std::size_t>(first_texts.rend() - block) - 1]);
    }
    children = std::move(made);
    tree rebuilt{article.root()};
    std::string all;
    for (auto& child : children)
        all += rebuilt.markup_of(child);
    return text::same_lines(text::from_html(all), text::from_html(markup));
}

void put_words(const tree& article, const cut_markup& before, const cut_markup& after)
{
    for (std::size_t number = 0; number < article.texts().size(); ++number)
        if (before.insides[number] != after.insides[number])
            (*article.texts()[number])["text"] = plain_of(after.insides[number]);
}

}  // namespace

respelt_article respell_article(const std::string& title, const std::string& excerpt, const std::string& lexical,
                                const std::string& html, std::string_view wanted)
{
    respelt_article made;
    auto document = parse(lexical);
    auto root = document && document->is_object() ? document->find("root") : json::iterator{};
    if (!document || !document->is_object() || root == document->end() || !root->is_object() || !root->contains("children")
        || !(*root)["children"].is_array()) {
        made.why_not = old_editor;
        return made;
    }
    tree article{*root};
    std::vector<std::string> blocks;
    std::vector<std::size_t> first_texts;  // the number of each block's first text
    bool plain = true;
    for (auto& child : (*root)["children"]) {
        first_texts.push_back(article.texts().size());
        blocks.push_back(article.markup_of(child));
        plain =
            plain && text_at(child, "type") == "paragraph" && (blocks.back().starts_with("<p><span") || blocks.back() == "<p></p>");
    }
    auto markup = markup_with_cards(blocks, html);
    if (!markup) {
        made.why_not = in_a_card;
        return made;
    }
    auto respelt = text::respell({{title, false}, {excerpt, false}, {*markup, true}}, wanted);
    if (!respelt.done()) {
        made.why_not = respelt.why_not;
        return made;
    }
    auto before = cut(*markup, article.texts().size());
    auto after = cut(respelt.passages[2], article.texts().size());
    bool same_frame = before.frame == after.frame;
    if (!after.sound || (!same_frame && !plain)) {
        made.why_not = in_a_card;
        return made;
    }
    put_words(article, before, after);
    if (!same_frame && !rebuild(article, respelt.passages[2], first_texts)) {
        made.why_not = in_a_card;
        return made;
    }
    made.title = respelt.passages[0];
    made.excerpt = respelt.passages[1];
    made.lexical = dump(*document);
    return made;
}

}  // namespace halfmast::ghost::wire
