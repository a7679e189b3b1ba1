// Sessions that a provider stands for: it is asked again whether it still does. Safety has a direction: while it cannot be asked, reading
// and stopping go on, and nothing is let go.
#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "daemon/access/gate.hpp"

namespace halfmast::access {

namespace {

constexpr milliseconds ask_away_again = std::chrono::minutes{1};
constexpr milliseconds remember_over = std::chrono::hours{1};
constexpr std::size_t most_over = 1'000;

// Trouble of the provider as a whole: the next session would hear the same, after another time-out.
bool is_away(failure kind)
{
    return kind == failure::unreachable || kind == failure::unknown_outcome || kind == failure::rate_limited;
}

}  // namespace

milliseconds gate::recheck_every() const
{
    constexpr milliseconds often{250};
    constexpr milliseconds seldom{15'000};
    return wanted_.provider ? std::clamp(wanted_.provider->recheck / 4, often, seldom) : seldom;
}

void gate::tie_down(const std::string& session, const proved_person& person)
{
    if (person.refresh.empty() || !wanted_.provider)
        return;
    tie made;
    made.refresh = person.refresh;
    made.subject = person.subject;
    made.proved_at = around_.clock();
    made.next_at = made.proved_at + wanted_.provider->recheck;
    ties_[session] = std::move(made);
}

// The provider is told that nobody asks any more.
void gate::untie(const std::string& session)
{
    auto found = ties_.extract(session);
    if (found.empty() || !provider_)
        return;
    auto telling = [](std::shared_ptr<provider> told, secret refresh) -> asio::awaitable<void> {
        auto work = told->forget(std::move(refresh));
        co_await std::move(work);
    };
    auto refresh = found.mapped().refresh;
    auto work = telling(provider_, std::move(refresh));
    asio::co_spawn(around_.home, std::move(work), asio::detached);
}

// Another provider stands for nobody who came by the one before; other groups mean that everybody is asked about again.
void gate::renew_ties(const std::optional<provider_options>& before)
{
    if (!before)
        return;
    const auto& now = wanted_.provider;
    bool same = now && now->issuer == before->issuer && now->client_id == before->client_id;
    for (const auto& session : book_.sessions_of(way_of_provider)) {
        auto tied = ties_.find(session);
        if (same && tied != ties_.end())
            tied->second.next_at = around_.clock();
        else if (!same || now->groups != before->groups)
            end_by_provider(session, "the settings name another provider or other groups now");
    }
}

bool gate::is_unproved(const std::string& session, time_point now) const
{
    auto found = ties_.find(session);
    if (found == ties_.end() || !wanted_.provider)
        return false;
    // Also after the machine slept: who knows what became of them meanwhile.
    return found->second.away || now - found->second.proved_at >= 2 * wanted_.provider->recheck + ask_away_again;
}

void gate::end_by_provider(const std::string& session, const std::string& why)
{
    auto now = around_.clock();
    const auto* kept = book_.peek(session, now, wanted_.session_idle, wanted_.session_longest);
    if (kept != nullptr)
        note(access_noted::act::session_ended, "halfmast", "session of " + kept->user + ", by " + kept->way + ": " + why);
    book_.end_session(session);
    ties_.erase(session);
    std::erase_if(over_, [&](const auto& one) { return now - one.second >= remember_over; });
    if (over_.size() < most_over)
        over_[session] = now;
}

asio::awaitable<void> gate::recheck()
{
    auto asked = provider_;
    if (!asked || rechecking_)
        co_return;
    rechecking_ = true;
    auto alive = alive_;
    auto now = around_.clock();
    std::vector<std::string> due;
    std::vector<std::string> gone;
    for (const auto& [session, one] : ties_)
        if (book_.peek(session, now, wanted_.session_idle, wanted_.session_longest) == nullptr)
            gone.push_back(session);
        else if (!waits_still(now, one.next_at, wanted_.provider->recheck))
            due.push_back(session);
    for (const auto& session : gone)
        untie(session);
    bool answers = true;
    for (auto& session : due) {
        if (!answers) {  // one is enough to know
            if (auto found = ties_.find(session); found != ties_.end()) {
                found->second.away = true;
                found->second.next_at = around_.clock() + std::min(wanted_.provider->recheck, ask_away_again);
            }
            continue;
        }
        auto which = session;
        auto with = asked;
        answers = co_await recheck_one(std::move(with), std::move(which));
        if (!*alive)
            co_return;
        if (provider_ != asked)
            break;  // the settings were read again meanwhile
    }
    rechecking_ = false;
}

// False: the provider could not be asked.
asio::awaitable<bool> gate::recheck_one(std::shared_ptr<provider> asked, std::string session)
{
    auto found = ties_.find(session);
    if (found == ties_.end())
        co_return true;
    auto alive = alive_;
    auto refresh = found->second.refresh;
    auto subject = found->second.subject;
    auto person = co_await asked->again(std::move(refresh), std::move(subject));
    if (!*alive)
        co_return false;
    found = ties_.find(session);
    auto now = around_.clock();
    const auto* kept = book_.peek(session, now, wanted_.session_idle, wanted_.session_longest);
    if (provider_ != asked || found == ties_.end() || kept == nullptr)
        co_return true;  // it ended, or the settings are others now
    auto& mine = found->second;
    if (person && person->name == kept->user) {
        mine.refresh = person->refresh;
        mine.away = false;
        mine.proved_at = now;
        mine.next_at = now + wanted_.provider->recheck;
        book_.set_roles(session, person->roles);
        co_return true;
    }
    if (person || person.error().kind == failure::rejected || person.error().kind == failure::forbidden) {
        end_by_provider(session, person ? "the provider calls them " + person->name + " now" : person.error().detail);
        co_return true;
    }
    if (person.error().kind == failure::unsupported) {
        book_.set_end(session, kept->made_at + wanted_.provider->session_max);
        ties_.erase(found);
        co_return true;
    }
    mine.away = true;
    mine.next_at = now + std::min(wanted_.provider->recheck, ask_away_again);
    co_return !is_away(person.error().kind);
}

}  // namespace halfmast::access
