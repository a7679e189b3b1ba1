#include "connectors/mastodon/wire_mentions.hpp"

#include <algorithm>

#include "connectors/mastodon/wire_json.hpp"
#include "daemon/net/http_server.hpp"

namespace halfmast::mastodon::wire {

namespace {

constexpr std::string_view mark_form = "1 ";
constexpr std::string_view before_all = "0";  // below every id, by number and by letter
constexpr std::size_t longest_id = 200;
constexpr std::size_t most_marked = 100;

bool is_number(std::string_view id)
{
    return !id.empty() && std::ranges::all_of(id, [](char c) { return c >= '0' && c <= '9'; });
}

// A part of a text with blanks, and of an address.
bool can_be_id(std::string_view id)
{
    return !id.empty() && id.size() <= longest_id && std::ranges::all_of(id, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
    });
}

// Numbers on Mastodon and Pleroma, sortable letters on GoToSocial.
void sort_by_id(std::vector<notice>& page)
{
    bool numbered = std::ranges::all_of(page, [](const auto& one) { return is_number(one.id); });
    std::ranges::stable_sort(page, [&](const auto& a, const auto& b) {
        return numbered && a.id.size() != b.id.size() ? a.id.size() < b.id.size() : a.id < b.id;
    });
}

std::optional<mention> said_in(const json& element, std::string_view account)
{
    const auto& author = member(element, "account");
    const auto& post = member(element, "status");
    status shown;
    if (text_at(element, "type") != "mention" || as_id(member(author, "id")) == account || !to_status(post, shown))
        return std::nullopt;  // a status that is null was deleted meanwhile
    // A message for named people alone: not for everybody who reads our pages and our ledger.
    if (text_at(post, "visibility") == "direct")
        return std::nullopt;
    mention made;
    made.id = shown.shown.id;
    // When this server had it; the author's own may have sent it hours ago.
    made.at = time_at(element, "created_at").value_or(shown.shown.at);
    made.text = std::move(shown.shown.text);
    made.language = text_at(post, "language");
    made.by = text_at(author, "acct");
    made.url = std::move(shown.shown.url);
    made.in_reply_to.value = as_id(member(post, "in_reply_to_id"));
    return made;
}

}  // namespace

bool mention_mark::knows(std::string_view id) const { return std::ranges::find(ids, id) != ids.end(); }

void mention_mark::take(const std::vector<notice>& page)
{
    for (const auto& one : page)
        if (!knows(one.id))
            ids.push_back(one.id);
    if (ids.empty())
        ids.emplace_back(before_all);
}

void mention_mark::forget()
{
    if (ids.size() > looked_at_again + 1)
        ids.erase(ids.begin(), ids.end() - static_cast<std::ptrdiff_t>(looked_at_again + 1));
}

std::string mention_mark::text() const
{
    std::string written = "1";
    for (const auto& id : ids)
        written += " " + id;
    return written;
}

std::optional<mention_mark> read_mark(std::string_view written)
{
    if (!written.starts_with(mark_form))
        return std::nullopt;
    written.remove_prefix(mark_form.size());
    mention_mark made;
    while (!written.empty()) {
        auto end = std::min(written.find(' '), written.size());
        auto id = written.substr(0, end);
        if (!can_be_id(id) || made.ids.size() >= most_marked)
            return std::nullopt;
        made.ids.emplace_back(id);
        written.remove_prefix(std::min(end + 1, written.size()));
    }
    return made.ids.empty() ? std::nullopt : std::optional{std::move(made)};
}

http_request mentions_page(const settings& own, std::string_view above)
{
    http_request made{"GET", own.url + "/api/v1/notifications?types%5B%5D=mention&limit=" + std::to_string(page_size)};
    if (!above.empty())
        made.url += "&min_id=" + net::percent_encode(above);
    made.headers.emplace_back("Authorization", "Bearer " + own.token);
    made.headers.emplace_back("Accept", "application/json");
    made.looks = true;
    return made;
}

result<std::vector<notice>> read_mentions(const settings& own, std::string_view account, const http_response& reply, time_point now)
{
    constexpr std::string_view what = "read mentions";
    if (auto wrong = trouble(own, what, reply, now)) {
        if (wrong->kind == failure::forbidden)
            wrong->detail = own.name() + ": " + std::string{what} + ": not allowed (403); the token needs read:notifications";
        if (wrong->kind == failure::not_found)
            *wrong = problem{
                failure::unsupported, own.name() + ": " + std::string{what} + ": this instance has no notifications (404)", {}};
        return *wrong;
    }
    auto body = parse(reply.body);
    if (body.is_discarded())
        return no_json(own, what, reply);
    if (!body.is_array())
        return problem{failure::bad_reply, own.name() + ": " + std::string{what} + ": the answer is not a list", {}};
    std::vector<notice> page;
    for (const auto& element : body) {
        auto id = as_id(member(element, "id"));
        if (can_be_id(id))  // whatever has no id cannot be told from what was given already
            page.push_back({std::move(id), said_in(element, account)});
    }
    sort_by_id(page);
    return page;
}

}  // namespace halfmast::mastodon::wire
