#include "daemon/api/listing.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include "daemon/text/closest.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::api {

namespace {

namespace asio = boost::asio;

problem query_fault(std::string detail) { return problem{failure::rejected, std::move(detail), std::nullopt}; }

template <class Number>
std::optional<Number> parse_number(std::string_view text)
{
    Number value{};
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty())
        return std::nullopt;
    return value;
}

// "1772375400000~acme-blog/123"
std::string make_cursor(const post_key& last)
{
    return std::to_string(last.when.time_since_epoch().count()) + "~" + display_id(last.account, last.post);
}

std::optional<post_key> parse_cursor(std::string_view text)
{
    auto tilde = text.find('~');
    if (tilde == std::string_view::npos)
        return std::nullopt;
    auto when = parse_number<std::int64_t>(text.substr(0, tilde));
    auto id = text.substr(tilde + 1);
    auto slash = id.find('/');
    if (!when || slash == std::string_view::npos)
        return std::nullopt;
    return post_key{time_point{milliseconds{*when}}, account_id{std::string{id.substr(0, slash)}},
                    post_id{std::string{id.substr(slash + 1)}}};
}

const std::vector<std::string>& state_words()
{
    static const auto words = [] {
        std::vector<std::string> all{"queued"};
        for (std::size_t i = 0; i < hold_states; ++i)
            all.emplace_back(to_string(static_cast<hold_state>(i)));
        return all;
    }();
    return words;
}

std::string joined(const std::vector<std::string>& words)
{
    std::string text;
    for (const auto& word : words)
        text += (text.empty() ? "" : ", ") + word;
    return text;
}

std::optional<problem> read_states(const std::string& text, post_filter& wanted)
{
    for (auto& word : split_list(text)) {
        if (std::ranges::find(state_words(), word) == state_words().end()) {
            text::nearest search{word};
            for (const auto& known : state_words())
                search.offer(known);
            return query_fault("state '" + word + "' is none of " + joined(state_words()) + "." + search.question());
        }
        wanted.states.insert(std::move(word));
    }
    return std::nullopt;
}

std::optional<problem> read_classes(const std::string& text, post_filter& wanted)
{
    static const std::vector<std::string> words{"promotional", "essential", "neutral", "unknown"};
    for (const auto& word : split_list(text)) {
        auto kind = parse_post_class(word);
        if (!kind) {
            text::nearest search{word};
            for (const auto& known : words)
                search.offer(known);
            return query_fault("class '" + word + "' is none of " + joined(words) + "." + search.question());
        }
        wanted.classes.insert(*kind);
    }
    return std::nullopt;
}

std::optional<problem> read_accounts(const std::string& text, post_filter& wanted, const state& known)
{
    for (const auto& word : split_list(text)) {
        account_id id{word};
        if (!known.accounts.contains(id)) {
            text::nearest search{word};
            for (const auto& [other, there] : known.accounts)
                search.offer(other.value);
            return query_fault("there is no account '" + word + "'." + search.question());
        }
        wanted.accounts.insert(std::move(id));
    }
    return std::nullopt;
}

std::optional<problem> read_rungs(const std::string& text, post_filter& wanted)
{
    for (const auto& word : split_list(text)) {
        auto kind = parse_rung(word);
        if (!kind)
            return query_fault("rung '" + word + "' is none of native, draft, postpone, takeout, channel_off, manual");
        wanted.rungs.insert(*kind);
    }
    return std::nullopt;
}

std::optional<problem> read_due(const std::string& name, const std::string& text, std::optional<time_point>& due)
{
    due = parse_rfc3339(text);
    if (!due)
        return query_fault(name + " must be a time as in RFC 3339 with a zone, like 2026-03-01T14:30:00Z; '" + text + "' is not");
    return std::nullopt;
}

std::optional<problem> read_order(std::string_view text, page_request& page)
{
    page.backwards = text.starts_with('-');
    if (page.backwards)
        text.remove_prefix(1);
    if (text != "due" && text != "changed")
        return query_fault("sort must be due, -due, changed or -changed");
    page.by = text == "due" ? post_order::due : post_order::changed;
    return std::nullopt;
}

// Words that all have to be found; a post is searched as its reader would search it.
void read_words(const std::string& value, post_filter& wanted)
{
    std::string word;
    for (char c : text::fold(value) + ' ')
        if (c != ' ')
            word += c;
        else if (!word.empty())
            wanted.words.push_back(std::exchange(word, {}));
}

std::optional<problem> read_one(const std::string& name, const std::string& value, const state& known, list_request& request)
{
    if (name == "rung")
        return read_rungs(value, request.wanted);
    if (name == "due_from")
        return read_due(name, value, request.wanted.due_from);
    if (name == "due_until")
        return read_due(name, value, request.wanted.due_until);
    if (name == "sort")
        return read_order(value, request.page);
    if (name == "q") {
        read_words(value, request.wanted);
        return std::nullopt;
    }
    if (name == "counts") {
        request.page.counts = value == "1" || value == "true";
        return std::nullopt;
    }
    if (name == "limit") {
        auto number = parse_number<std::size_t>(value);
        if (!number || *number == 0)
            return query_fault("limit must be a number from 1; '" + value + "' is not");
        request.page.limit = number;
        return std::nullopt;
    }
    if (name == "cursor") {
        request.page.after = parse_cursor(value);
        if (!request.page.after)
            return query_fault("cursor is not one that a list gave");
        return std::nullopt;
    }
    if (name == "state")
        return read_states(value, request.wanted);
    if (name == "class")
        return read_classes(value, request.wanted);
    if (name == "account")
        return read_accounts(value, request.wanted, known);
    if (name == "crisis") {
        request.wanted.crisis = crisis_id{value};
        if (!known.crises.contains(request.wanted.crisis))
            return query_fault("there is no crisis '" + value + "'");
        return std::nullopt;
    }
    if (name == "all") {
        request.wanted.all = value == "1" || value == "true";
        return std::nullopt;
    }
    text::nearest search{name};
    for (std::string_view one :
         {"limit", "cursor", "state", "class", "account", "crisis", "rung", "q", "due_from", "due_until", "sort", "counts", "all"})
        search.offer(one);
    return query_fault("unknown query member '" + name + "'." + search.question());
}

bool in_open_crisis(const state& known, const hold& one)
{
    return std::ranges::any_of(one.seen_in, [&](const crisis_id& id) {
        auto found = known.crises.find(id);
        return found != known.crises.end() && found->second.now == phase::raised;
    });
}

bool has_word(const listed_post& listed, const std::string& word)
{
    if (listed.id.value.find(word) != std::string::npos || listed.account.value.find(word) != std::string::npos)
        return true;
    if (!listed.post)
        return false;
    const auto& post = *listed.post;
    // What comes out of the ledger is not folded yet.
    auto found = [&](const std::string& where) { return text::fold(where).find(word) != std::string::npos; };
    if (post.folded.empty() ? found(post.text) : post.folded.find(word) != std::string::npos)
        return true;
    return (!post.author.empty() && found(post.author)) || std::ranges::any_of(post.tags, found);
}

// All of the filter but the states.
bool passes(const post_filter& wanted, const listed_post& listed)
{
    if (!wanted.classes.empty() && !wanted.classes.contains(listed.judged->kind))
        return false;
    if (!wanted.crisis.empty() && (listed.held == nullptr || !listed.held->seen_in.contains(wanted.crisis)))
        return false;
    if ((wanted.due_from && listed.due < *wanted.due_from) || (wanted.due_until && listed.due >= *wanted.due_until))
        return false;
    if (!wanted.rungs.empty() && (listed.held == nullptr || !wanted.rungs.contains(listed.held->by)))
        return false;
    return std::ranges::all_of(wanted.words, [&](const auto& word) { return has_word(listed, word); });
}

// A place in the list, by what is in the state: a hundred thousand of them are compared, and a few are shown.
struct place {
    time_point when;
    const account_id* account;
    const post_id* post;

    friend bool operator<(const place& a, const place& b)
    {
        return std::tie(a.when, *a.account, *a.post) < std::tie(b.when, *b.account, *b.post);
    }
};

// Those behind `after` only.
class gatherer {
public:
    gatherer(const state& known, const post_filter& wanted, const page_request& page, post_page& made)
        : known_(known),
          wanted_(wanted),
          page_(page),
          made_(made)
    {
    }

    void visit(const account_id& id, const account_state& there)
    {
        account_ = &id;
        // Every hold once; what only the mirror shows, and what is back in it, from there.
        for (const auto& [remote, seen] : there.queue) {
            const auto* one = find_hold(there, remote);
            bool its_own = one == nullptr || remote == (one->remote.empty() ? one->id : one->remote);
            if (seen.post && its_own && (one == nullptr || is_back(there, *one)))
                take(from_mirror(id, there, seen), one != nullptr ? one->id : remote, true);
        }
        for (const auto& [post, one] : there.holds) {
            bool open = !is_final(one.state);
            bool shown = open || shows_closed(one) || is_new(there, one);
            if ((shown || page_.counts) && (open || !is_back(there, one)))
                take(from_hold(id, there, one), post, shown);
        }
    }

    std::vector<place> places;

private:
    // Decided since the last poll: the mirror cannot show it yet.
    static bool is_new(const account_state& there, const hold& one) { return one.changed_at >= there.last_poll; }

    bool shows_closed(const hold& one) const
    {
        return wanted_.all || !wanted_.states.empty() || !wanted_.crisis.empty() || in_open_crisis(known_, one);
    }

    void take(const listed_post& listed, const post_id& id, bool shown)
    {
        if (!passes(wanted_, listed))
            return;
        auto word = listed.state_word();
        if (page_.counts) {
            ++made_.states[std::string{word}];
            made_.waiting += listed.held != nullptr && !listed.held->ask.empty() ? 1 : 0;
        }
        if (!shown || (!wanted_.states.empty() && !wanted_.states.contains(word)))
            return;
        ++made_.total;
        auto changed = listed.held == nullptr ? time_point{} : listed.held->changed_at;
        place here{page_.by == post_order::due ? listed.due : changed, account_, &id};
        if (!page_.after || is_behind(here))
            places.push_back(here);
    }

    bool is_behind(const place& here) const
    {
        place last{page_.after->when, &page_.after->account, &page_.after->post};
        return page_.backwards ? here < last : last < here;
    }

    const state& known_;
    const post_filter& wanted_;
    const page_request& page_;
    post_page& made_;
    const account_id* account_ = nullptr;
};

}  // namespace

std::vector<std::string> split_list(std::string_view text)
{
    std::vector<std::string> parts;
    while (!text.empty()) {
        auto comma = text.find(',');
        if (auto part = text.substr(0, comma); !part.empty())
            parts.emplace_back(part);
        text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    }
    return parts;
}

result<list_request> read_list_request(const std::map<std::string, std::string>& query, const state& known)
{
    list_request request;
    for (const auto& [name, value] : query)
        if (auto wrong = read_one(name, value, known, request))
            return *wrong;
    return request;
}

post_page list_posts(const state& known, const post_filter& wanted, const page_request& page)
{
    post_page made;
    made.counted = page.counts;
    gatherer gather{known, wanted, page, made};
    for (const auto& [id, there] : known.accounts)
        if (wanted.accounts.empty() || wanted.accounts.contains(id))
            gather.visit(id, there);

    auto& places = gather.places;
    auto shown = std::min(page.limit.value_or(places.size()), places.size());
    auto middle = places.begin() + static_cast<std::ptrdiff_t>(shown);
    if (page.backwards)
        std::partial_sort(places.begin(), middle, places.end(), [](const place& a, const place& b) { return b < a; });
    else
        std::partial_sort(places.begin(), middle, places.end());
    made.keys.reserve(shown);
    for (auto at = places.begin(); at != middle; ++at)
        made.keys.push_back({at->when, *at->account, *at->post});
    if (shown < places.size())
        made.next = make_cursor(made.keys.back());
    return made;
}

namespace {

// "23 of 61 reviewed": what was decided on, of what there is to decide on.
document counts_member(const post_page& page)
{
    std::size_t reviewed = 0;
    std::size_t left = 0;
    auto states = document::object();
    for (const auto& [word, number] : page.states) {
        states[word] = number;
        if (word == "releasing" || word == "released" || word == "rescheduled" || word == "kept")
            reviewed += number;
        else if (word == "held")
            left = number;
    }
    document counts;
    counts["reviewed"] = reviewed;
    counts["of"] = reviewed + left;
    counts["waiting"] = page.waiting;
    counts["states"] = std::move(states);
    return counts;
}

}  // namespace

asio::awaitable<std::string> write_posts(const backend& daemon, const post_page& page)
{
    auto executor = co_await asio::this_coro::executor;
    std::string text = R"({"schema":"halfmast.queue/1","posts":[)";
    std::size_t written = 0;
    for (const auto& key : page.keys) {
        if (written != 0 && written % slice == 0)
            co_await asio::post(executor, asio::use_awaitable);
        auto listed = find_post(daemon.known(), key.account, key.post);
        if (!listed)
            continue;
        if (written++ != 0)
            text += ',';
        text += dump(post_member(*listed, daemon.rules()));
    }
    text += R"(],"next":)";
    text += page.next ? dump(document(*page.next)) : std::string{"null"};
    text += R"(,"total":)" + std::to_string(page.total);
    if (page.counted)
        text += R"(,"counts":)" + dump(counts_member(page));
    text += '}';
    co_return text;
}

}  // namespace halfmast::api
