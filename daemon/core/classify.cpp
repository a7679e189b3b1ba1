#include "daemon/core/classify.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace halfmast {

namespace {

// What lets a post through has to weigh so much; a lighter word is a hint and needs a second one beside it.
constexpr double enough = 1.0;

bool is_word_byte(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// The code point that ends just before `at`; 0 at the start of the text.
char32_t before(std::string_view text, std::size_t at)
{
    if (at == 0)
        return 0;
    std::size_t start = at - 1;
    while (start > 0 && at - start < 4 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80)
        --start;
    auto lead = static_cast<unsigned char>(text[start]);
    char32_t value = lead < 0x80 ? lead : lead < 0xE0 ? lead & 0x1Fu : lead < 0xF0 ? lead & 0x0Fu : lead & 0x07u;
    for (std::size_t i = start + 1; i < at; ++i)
        value = value << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
    return value;
}

// The code point that starts at `at`; 0 at the end.
char32_t from(std::string_view text, std::size_t at)
{
    if (at >= text.size())
        return 0;
    if (static_cast<unsigned char>(text[at]) < 0x80)
        return static_cast<unsigned char>(text[at]);
    std::size_t end = at + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
        ++end;
    return before(text, end);
}

// Scripts that write words without blanks between them: there a phrase may stand anywhere.
bool without_blanks(char32_t c) { return c >= 0x2E80 && !(c >= 0xAC00 && c <= 0xD7A3) && c < 0x1F000; }

// True for a letter or digit that would make a longer word of what stands beside it.
bool continues_word(char32_t c)
{
    if (c < 0x80)
        return is_word_byte(static_cast<unsigned char>(c));
    bool punctuation = (c >= 0xA0 && c <= 0xBF) || c == 0xD7 || c == 0xF7 || (c >= 0x2000 && c <= 0x2BFF);
    return !punctuation && !without_blanks(c) && c < 0x1F000;
}

// "campaign:*" matches "campaign:spring"; without '*' the whole word must be the same.
bool mark_matches(std::string_view pattern, std::string_view mark)
{
    auto star = pattern.find('*');
    if (star == std::string_view::npos)
        return pattern == mark;
    auto head = pattern.substr(0, star);
    auto tail = pattern.substr(star + 1);
    return mark.size() >= head.size() + tail.size() && mark.starts_with(head) && mark.ends_with(tail);
}

// Latin, Greek and Cyrillic capitals become small letters of the same length; all else stays.
char32_t small_letter(char32_t c)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F))
        return c + 0x20;
    if (c >= 0x400 && c <= 0x40F)
        return c + 0x50;
    // Latin Extended-A has them in pairs; which one of the two is the capital changes on the way.
    if ((c >= 0x100 && c <= 0x137 && c != 0x130) || (c >= 0x14A && c <= 0x177))
        return c | 1;
    if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E))
        return c + (c & 1);
    return c;
}

// The shell folds the marks of the settings; those of posts arrive as the platform wrote them.
std::string lower(std::string_view text)
{
    std::string result{text};
    for (std::size_t i = 0; i < result.size(); ++i) {
        const auto lead = static_cast<unsigned char>(result[i]);
        if (lead < 0x80) {
            result[i] = static_cast<char>(small_letter(lead));
        } else if (lead >= 0xC3 && lead <= 0xD0 && i + 1 < result.size()
                   && (static_cast<unsigned char>(result[i + 1]) & 0xC0) == 0x80) {
            const auto c = small_letter((lead & 0x1Fu) << 6 | (static_cast<unsigned char>(result[i + 1]) & 0x3Fu));
            result[i] = static_cast<char>(0xC0 | c >> 6);
            result[++i] = static_cast<char>(0x80 | (c & 0x3F));
        }
    }
    return result;
}

void match_marks(std::vector<reason>& found, post_class kind, std::string_view where, const std::vector<std::string>& patterns,
                 const std::vector<std::string>& marks)
{
    if (patterns.empty())
        return;
    for (const auto& mark : marks) {
        auto folded = lower(mark);
        auto hit = std::ranges::find_if(patterns, [&](const auto& pattern) { return mark_matches(pattern, folded); });
        if (hit != patterns.end())
            found.push_back({"judgement." + std::string{to_string(kind)} + "." + std::string{where}, mark});
    }
}

// The name and value of the first campaign parameter in a link's query: "utm_campaign=spring".
std::optional<std::string> campaign_parameter(std::string_view link)
{
    auto at = link.find('?');
    while (at != std::string_view::npos && at + 1 < link.size()) {
        auto end = link.find_first_of("&#", at + 1);
        auto pair = link.substr(at + 1, end == std::string_view::npos ? std::string_view::npos : end - at - 1);
        auto name = lower(pair.substr(0, pair.find('=')));
        if (name == "utm_campaign" || name == "utm_promo" || name == "gclid" || name == "fbclid" || name == "coupon"
            || name == "promo" || name == "discount" || name == "affiliate" || name == "aff_id")
            return std::string{pair};
        at = end == std::string_view::npos || link[end] == '#' ? std::string_view::npos : end;
    }
    return std::nullopt;
}

}  // namespace

// Aho-Corasick over bytes. Nodes near the root have a table each, one step for each byte of the text, for there most of a text is
// spent; the thousands behind them have one or two ways on, so these are listed, and whatever else comes goes by the shorter suffix.
class phrase_finder {
public:
    explicit phrase_finder(const std::vector<word_rule>& rules) : rules_(&rules)
    {
        number_bytes();
        std::vector<std::uint32_t> order;  // sorted by phrase, phrases that begin alike are neighbours: nodes are made in one pass
        for (std::size_t i = 0; i < rules.size(); ++i)
            if (!rules[i].phrase.empty())
                order.push_back(static_cast<std::uint32_t>(i));
        std::ranges::stable_sort(order, {}, [&](auto rule) -> const std::string& { return rules[rule].phrase; });
        make_nodes(order);
        link();
    }

    // Calls each(rule index, where the phrase begins) for every phrase that stands there as a word of its own.
    template <class Each>
    void search(std::string_view text, Each each) const
    {
        std::uint32_t now = 0;
        for (std::size_t i = 0; i < text.size(); ++i) {
            now = next(now, byte_class_[static_cast<unsigned char>(text[i])]);
            for (auto hit = ends_here(now) ? now : nodes_[now].shorter; hit != 0; hit = nodes_[hit].shorter)
                for (auto ending = nodes_[hit].endings; ending != nodes_[hit + 1].endings; ++ending) {
                    const auto& rule = (*rules_)[endings_[ending]];
                    if (stands_alone(text, i + 1 - rule.phrase.size(), i + 1, rule))
                        each(endings_[ending], i + 1 - rule.phrase.size());
                }
        }
    }

private:
    static constexpr std::uint32_t none = ~std::uint32_t{0};
    static constexpr std::size_t most_table = 512u << 10;  // entries: 2 MB, all nodes of five hundred phrases of one script

    struct way {
        std::uint32_t to;
        std::uint16_t on;  // byte class
    };
    struct node {
        std::uint32_t ways = 0;     // the first of its own; they end where the next node's begin
        std::uint32_t endings = 0;  // the same, of the rules whose phrase ends here
        std::uint32_t suffix = 0;   // the longest proper suffix that is a node
        std::uint32_t shorter = 0;  // the next shorter phrase that ends here too; 0: none
    };

    void number_bytes()
    {
        byte_class_.fill(0);  // 0: a byte that no phrase has
        for (const auto& rule : *rules_)
            for (unsigned char c : rule.phrase)
                if (byte_class_[c] == 0)
                    byte_class_[c] = static_cast<std::uint16_t>(classes_++);
    }

    // Breadth first, so that the root is node 0, its children follow, and a suffix always has a smaller number.
    void make_nodes(const std::vector<std::uint32_t>& order)
    {
        struct range {
            std::size_t first;
            std::size_t last;
        };
        std::vector<range> todo{{0, order.size()}};
        std::size_t depth = 0;
        for (std::size_t done = 0, level_ends = 1; done < todo.size(); ++done) {
            if (done == level_ends) {
                ++depth;
                level_ends = todo.size();
            }
            auto [first, last] = todo[done];
            nodes_.push_back({static_cast<std::uint32_t>(ways_.size()), static_cast<std::uint32_t>(endings_.size()), 0, 0});
            auto phrase = [&](std::size_t at) -> const std::string& { return (*rules_)[order[at]].phrase; };
            for (; first < last && phrase(first).size() == depth; ++first)
                endings_.push_back(order[first]);
            while (first < last) {
                auto c = static_cast<unsigned char>(phrase(first)[depth]);
                auto end = first + 1;
                while (end < last && static_cast<unsigned char>(phrase(end)[depth]) == c)
                    ++end;
                ways_.push_back({static_cast<std::uint32_t>(todo.size()), byte_class_[c]});
                todo.push_back({first, end});
                first = end;
            }
        }
        nodes_.push_back({static_cast<std::uint32_t>(ways_.size()), static_cast<std::uint32_t>(endings_.size()), 0, 0});
    }

    [[nodiscard]] std::uint32_t listed(std::uint32_t from, std::uint16_t on) const
    {
        for (auto at = nodes_[from].ways; at != nodes_[from + 1].ways; ++at)
            if (ways_[at].on == on)
                return ways_[at].to;
        return none;
    }

    [[nodiscard]] std::uint32_t next(std::uint32_t from, std::uint16_t on) const
    {
        while (from >= tables_) {
            if (auto to = listed(from, on); to != none)
                return to;
            from = nodes_[from].suffix;
        }
        return table_[from * classes_ + on];
    }

    [[nodiscard]] bool ends_here(std::uint32_t at) const { return nodes_[at].endings != nodes_[at + 1].endings; }

    // What to do on a byte that no phrase goes on with is known from the shorter suffix.
    void link()
    {
        auto count = nodes_.size() - 1;
        tables_ = static_cast<std::uint32_t>(std::min(count, std::max<std::size_t>(most_table / classes_, 1)));
        table_.assign(tables_ * classes_, 0);
        for (std::uint32_t from = 0; from < count; ++from) {
            auto& mine = nodes_[from];
            mine.shorter = ends_here(mine.suffix) ? mine.suffix : nodes_[mine.suffix].shorter;
            if (from > 0 && from < tables_)  // what it has no way of its own for goes as from its suffix, which comes before it
                std::copy_n(table_.begin() + static_cast<std::ptrdiff_t>(mine.suffix * classes_), classes_,
                            table_.begin() + static_cast<std::ptrdiff_t>(from * classes_));
            for (auto at = mine.ways; at != nodes_[from + 1].ways; ++at) {
                nodes_[ways_[at].to].suffix = from == 0 ? 0 : next(mine.suffix, ways_[at].on);
                if (from < tables_)
                    table_[from * classes_ + ways_[at].on] = ways_[at].to;
            }
        }
    }

    static bool stands_alone(std::string_view text, std::size_t begin, std::size_t end, const word_rule& rule)
    {
        auto first = from(rule.phrase, 0);
        if (without_blanks(first))
            return true;
        if (continues_word(first) && continues_word(before(text, begin)))
            return false;
        return rule.stem || !continues_word(before(rule.phrase, rule.phrase.size())) || !continues_word(from(text, end));
    }

    const std::vector<word_rule>* rules_;
    std::size_t classes_ = 1;
    std::array<std::uint16_t, 256> byte_class_{};
    std::vector<node> nodes_;  // and one behind the last
    std::vector<way> ways_;
    std::vector<std::uint32_t> endings_;  // rules
    std::vector<std::uint32_t> table_;    // node x byte class -> node, for the first `tables_` nodes
    std::uint32_t tables_ = 0;
};

judgement::judgement(std::map<post_class, mark_rules> marks, std::vector<word_rule> words, bool campaign_links)
    : marks_(std::move(marks)),
      words_(std::move(words)),
      campaign_links_(campaign_links),
      finder_(std::make_unique<const phrase_finder>(words_))
{
}

judgement::~judgement() = default;

verdict judgement::judge(const scheduled_post& post) const
{
    // What people marked wins. When their marks disagree, the one that holds the post wins.
    for (auto kind : {post_class::promotional, post_class::essential, post_class::neutral}) {
        auto rules = marks_.find(kind);
        if (rules == marks_.end())
            continue;
        std::vector<reason> found;
        match_marks(found, kind, "tags", rules->second.tags, post.tags);
        match_marks(found, kind, "categories", rules->second.categories, post.categories);
        match_marks(found, kind, "labels", rules->second.labels, post.labels);
        if (!found.empty())
            return {kind, std::move(found)};
    }

    std::array<double, 4> score{};
    std::array<std::vector<reason>, 4> why;
    if (campaign_links_)
        for (const auto& link : post.links)
            if (auto parameter = campaign_parameter(link)) {
                score[static_cast<std::size_t>(post_class::promotional)] += 1.0;
                why[static_cast<std::size_t>(post_class::promotional)].push_back({"link.campaign", *parameter});
            }
    std::vector<std::size_t> counted;  // a phrase that is repeated counts once
    finder_->search(post.folded, [&](std::size_t rule, std::size_t) {
        if (std::ranges::find(counted, rule) != counted.end())
            return;
        counted.push_back(rule);
        auto kind = static_cast<std::size_t>(words_[rule].kind);
        score[kind] += words_[rule].weight;
        why[kind].push_back({words_[rule].rule, words_[rule].phrase});
    });

    auto promotional = score[static_cast<std::size_t>(post_class::promotional)];
    auto essential = score[static_cast<std::size_t>(post_class::essential)];
    auto neutral = score[static_cast<std::size_t>(post_class::neutral)];
    // A doubt is decided towards holding: with any promotional evidence a post is let through by nobody's word but a person's.
    auto kind = post_class::unknown;
    if (promotional > 0)
        kind = promotional >= essential && promotional >= neutral ? post_class::promotional : post_class::unknown;
    else if (essential >= enough)
        kind = post_class::essential;
    else if (neutral >= enough)
        kind = post_class::neutral;

    verdict result{kind, {}};
    for (auto& reasons : why)
        result.why.insert(result.why.end(), reasons.begin(), reasons.end());
    if (result.why.empty())
        result.why.push_back({"no rule", ""});
    return result;
}

}  // namespace halfmast
