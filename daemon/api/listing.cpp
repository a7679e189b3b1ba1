#include "daemon/api/listing.hpp"

#include <algorithm>
#include <charconv>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include "daemon/text/closest.hpp"

namespace halfmast::api {

namespace {

namespace asio = boost::asio;

problem fault(std::string detail) { return problem{failure::rejected, std::move(detail), std::nullopt}; }

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
std::string make_cursor(const post_key& last) { return std::to_string(last.due.time_since_epoch().count()) + "~" + last.id; }

std::optional<post_key> parse_cursor(std::string_view text)
{
    auto tilde = text.find('~');
    if (tilde == std::string_view::npos)
        return std::nullopt;
    auto due = parse_number<std::int64_t>(text.substr(0, tilde));
    std::string id{text.substr(tilde + 1)};
    auto slash = id.find('/');
    if (!due || slash == std::string::npos)
        return std::nullopt;
    return post_key{time_point{milliseconds{*due}}, std::move(id), slash};
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
            return fault("state '" + word + "' is none of " + joined(state_words()) + "." + search.question());
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
            return fault("class '" + word + "' is none of " + joined(words) + "." + search.question());
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
            return fault("there is no account '" + word + "'." + search.question());
        }
        wanted.accounts.insert(std::move(id));
    }
    return std::nullopt;
}

std::optional<problem> read_one(const std::string& name, const std::string& value, const state& known, list_request& request)
{
    if (name == "limit") {
        auto number = parse_number<std::size_t>(value);
        if (!number || *number == 0)
            return fault("limit must be a number from 1; '" + value + "' is not");
        request.page.limit = number;
        return std::nullopt;
    }
    if (name == "cursor") {
        request.page.after = parse_cursor(value);
        if (!request.page.after)
            return fault("cursor is not one that a list gave");
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
            return fault("there is no crisis '" + value + "'");
        return std::nullopt;
    }
    if (name == "all") {
        request.wanted.all = value == "1" || value == "true";
        return std::nullopt;
    }
    text::nearest search{name};
    for (std::string_view one : {"limit", "cursor", "state", "class", "account", "crisis", "all"})
        search.offer(one);
    return fault("unknown query member '" + name + "'." + search.question());
}

bool in_open_crisis(const state& known, const hold& one)
{
    return std::ranges::any_of(one.seen_in, [&](const crisis_id& id) {
        auto found = known.crises.find(id);
        return found != known.crises.end() && found->second.now == phase::raised;
    });
}

bool passes(const post_filter& wanted, const listed_post& listed)
{
    if (!wanted.states.empty() && !wanted.states.contains(listed.state_word()))
        return false;
    if (!wanted.classes.empty() && !wanted.classes.contains(listed.judged->kind))
        return false;
    return wanted.crisis.empty() || (listed.held != nullptr && listed.held->seen_in.contains(wanted.crisis));
}

// Keys of one account, those behind `after` only.
class gatherer {
public:
    gatherer(const state& known, const post_filter& wanted, const std::optional<post_key>& after)
        : known_(known), wanted_(wanted), after_(after)
    {
    }

    void visit(const account_id& id, const account_state& there)
    {
        // Every hold once; what only the mirror shows, and what is back in it, from there.
        for (const auto& [remote, seen] : there.queue) {
            const auto* one = find_hold(there, remote);
            bool its_own = one == nullptr || remote == (one->remote.empty() ? one->id : one->remote);
            if (seen.post && its_own && (one == nullptr || is_back(there, *one)))
                take(from_mirror(id, there, seen));
        }
        for (const auto& [post, one] : there.holds)
            if (!is_final(one.state) || ((shows_closed(one) || is_new(there, one)) && !is_back(there, one)))
                take(from_hold(id, there, one));
    }

    std::vector<post_key> keys;

private:
    // Decided since the last poll: the mirror cannot show it yet.
    static bool is_new(const account_state& there, const hold& one) { return one.changed_at >= there.last_poll; }

    bool shows_closed(const hold& one) const
    {
        return wanted_.all || !wanted_.states.empty() || !wanted_.crisis.empty() || in_open_crisis(known_, one);
    }

    void take(const listed_post& listed)
    {
        if (!passes(wanted_, listed))
            return;
        post_key key{listed.due, display_id(listed.account, listed.id), listed.account.value.size()};
        if (!after_ || *after_ < key)
            keys.push_back(std::move(key));
    }

    const state& known_;
    const post_filter& wanted_;
    const std::optional<post_key>& after_;
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
    gatherer gather{known, wanted, page.after};
    for (const auto& [id, there] : known.accounts)
        if (wanted.accounts.empty() || wanted.accounts.contains(id))
            gather.visit(id, there);

    post_page made;
    made.keys = std::move(gather.keys);
    auto shown = std::min(page.limit.value_or(made.keys.size()), made.keys.size());
    std::partial_sort(made.keys.begin(), made.keys.begin() + static_cast<std::ptrdiff_t>(shown), made.keys.end());
    if (shown < made.keys.size()) {
        made.keys.resize(shown);
        made.next = make_cursor(made.keys.back());
    }
    return made;
}

asio::awaitable<std::string> write_posts(const backend& daemon, const post_page& page)
{
    auto executor = co_await asio::this_coro::executor;
    std::string text = R"({"schema":"halfmast.queue/1","posts":[)";
    std::size_t written = 0;
    for (const auto& key : page.keys) {
        if (written != 0 && written % slice == 0)
            co_await asio::post(executor, asio::use_awaitable);
        auto listed = find_post(daemon.known(), account_id{key.id.substr(0, key.account_size)},
                                post_id{key.id.substr(key.account_size + 1)});
        if (!listed)
            continue;
        if (written++ != 0)
            text += ',';
        text += dump(post_member(*listed));
    }
    text += R"(],"next":)";
    text += page.next ? dump(document(*page.next)) : std::string{"null"};
    text += '}';
    co_return text;
}

}  // namespace halfmast::api
