// Who is signed in where: looked at and ended by whoever they are, or by an administrator. And who was turned away.
#include <algorithm>

#include "daemon/access/gate.hpp"
#include "daemon/access/places.hpp"

namespace halfmast::access {

using api::outcome_of;
using api::session_entry;
using api::trouble;
using api::visitor;

namespace {

// So long after a sign-in its session may end others.
constexpr milliseconds just_signed_in = std::chrono::minutes{10};
constexpr std::size_t length_of_id = 16;        // hexadecimal digits of a hash: 64 bits
constexpr std::size_t longest_in_ledger = 200;  // bytes of an address or a reason

std::string id_of_session(const std::string& hash) { return "s-" + hash.substr(0, length_of_id); }

}  // namespace

std::vector<session_entry> gate::sessions(const visitor& by)
{
    auto now = around_.clock();
    bool all = allows(by.roles, may::administer) && !by.is_unproved;
    std::vector<session_entry> found;
    for (const auto& [hash, one] : book_.sessions()) {
        if (book_.peek(hash, now, wanted_.session_idle, wanted_.session_longest) == nullptr || !roles_of(one))
            continue;
        if (!all && one.user != by.by.value)
            continue;
        session_entry made;
        made.id = id_of_session(hash);
        made.user = actor_id{one.user};
        made.way = one.way;
        made.made_at = one.made_at;
        made.seen_at = one.seen_at;
        made.ends_at = std::min(one.made_at + wanted_.session_longest, one.ends_at.value_or(time_point::max()));
        made.asking = by.how == visitor::proof::session && by.id == hash;
        found.push_back(std::move(made));
    }
    std::ranges::sort(found, std::ranges::greater{}, &session_entry::made_at);
    return found;
}

std::optional<trouble> gate::refuse_to_end(const visitor& by) const
{
    if (by.how != visitor::proof::session)
        return std::nullopt;
    auto mine = book_.sessions().find(by.id);
    if (mine != book_.sessions().end() && around_.clock() - mine->second.made_at < just_signed_in)
        return std::nullopt;
    return trouble{
        401, 4, "sign-in-again", "Please sign in again",
        "to end other sessions, sign in again first: yours began more than ten minutes ago, and whoever finds an open browser "
        "shall not lock its owner out"};
}

asio::awaitable<outcome_of<std::vector<session_entry>>> gate::end_sessions(visitor by, std::string id, std::string user)
{
    auto whose = user.empty() ? by.by.value : user;
    if (id.empty() && whose != by.by.value && !(allows(by.roles, may::administer) && !by.is_unproved))
        co_return api::not_allowed("ending the sessions of somebody else needs the role admin");
    auto theirs = sessions(by);
    std::erase_if(theirs, [&](const auto& one) { return id.empty() ? one.user.value != whose || one.asking : one.id != id; });
    if (theirs.empty() && !id.empty())
        co_return api::not_found("there is no session " + id + " that you could end; GET /api/v1/sessions shows those that are");
    bool only_own = theirs.size() == 1 && theirs.front().asking;
    if (!only_own)
        if (auto refused = refuse_to_end(by))
            co_return *refused;
    std::vector<std::string> hashes;
    for (const auto& [hash, one] : book_.sessions())
        if (std::ranges::find(theirs, id_of_session(hash), &session_entry::id) != theirs.end())
            hashes.push_back(hash);
    for (const auto& hash : hashes) {
        untie(hash);
        book_.end_session(hash);
    }
    for (const auto& one : theirs)
        note(access_noted::act::session_ended, by.by.value, "session " + one.id + " of " + one.user.value + ", by " + one.way);
    if (!theirs.empty()) {
        auto kept = co_await save();
        static_cast<void>(kept);  // what is written still is over with the daemon at the latest
    }
    co_return theirs;
}

void gate::turned_away(const net::server_request& request, const visitor& who, const std::string& why)
{
    auto what = request.method + " " + request.path.substr(0, longest_in_ledger) + ": " + why.substr(0, longest_in_ledger);
    note_refused(request, who.by.value, what);
}

}  // namespace halfmast::access
