#include "daemon/engine/readiness.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace halfmast::engine {

namespace {

constexpr milliseconds most_spread{3'600'000};
constexpr std::size_t most_checking = 16;
constexpr milliseconds slow_check{5'000};

}  // namespace

checker::checker(asio::any_io_executor executor, engine& loop, dispatcher& calls, std::function<time_point()> clock,
                 check_rhythm beat)
    : executor_(executor),
      loop_(loop),
      calls_(calls),
      clock_(std::move(clock)),
      beat_(beat),
      agenda_(
          executor, most_checking, slow_check, [this](agenda::visitor& who) { begin(static_cast<lane&>(who)); },
          [this](const agenda::visitor& who, moment now) -> std::optional<moment> {
              if (!has_better_to_do(static_cast<const lane&>(who).id))
                  return std::nullopt;
              return now + about(beat_.busy);
          })
{
}

void checker::start(const std::vector<account_id>& accounts)
{
    auto spread = std::min(beat_.by_account * static_cast<std::int64_t>(accounts.size()), most_spread);
    std::uniform_int_distribution<std::int64_t> place(0, spread.count());
    auto now = moment::clock::now();
    for (const auto& id : accounts) {
        auto& mine = lanes_[id];
        mine.id = id;
        agenda_.meet(mine, now + beat_.first + milliseconds{place(dice_)});
    }
}

void checker::check_now(const account_id& id)
{
    auto found = lanes_.find(id);
    if (found == lanes_.end() || stopping_)
        return;
    auto& mine = found->second;
    if (mine.asked || mine.waits) {
        mine.again = mine.asked;
        return;
    }
    auto at = moment::clock::now();
    if (mine.last != moment::min())
        at = std::max(at, mine.last + beat_.not_sooner);
    if (at < mine.due)
        agenda_.meet(mine, at);
}

void checker::stop()
{
    stopping_ = true;
    agenda_.stop();
}

bool checker::has_better_to_do(const account_id& id) const
{
    auto declared = loop_.rules().accounts.find(id);
    if (declared == loop_.rules().accounts.end())
        return false;
    if (!open_over(loop_.known(), declared->second).empty())
        return true;
    auto where = loop_.known().accounts.find(id);
    return where != loop_.known().accounts.end()
           && (where->second.in_flight > 0 || has_work(loop_.known(), where->second, clock_()));
}

void checker::begin(lane& mine)
{
    mine.asked = true;
    mine.last = moment::clock::now();
    auto work = visit(&mine);
    asio::co_spawn(executor_, std::move(work), asio::detached);
}

asio::awaitable<void> checker::visit(lane* mine)
{
    if (!stopping_) {
        auto asking = ask(mine->id);
        co_await std::move(asking);
    }
    mine->asked = false;
    if (stopping_)
        co_return;
    auto again = std::exchange(mine->again, false);
    agenda_.meet(*mine, again ? mine->last + beat_.not_sooner : next_of(*mine));
    agenda_.leave(*mine);
}

asio::awaitable<std::vector<check_line>> checker::check(account_id id)
{
    auto found = lanes_.find(id);
    if (found != lanes_.end())
        found->second.last = moment::clock::now();
    auto name = id;
    auto asking = ask(std::move(name));
    auto lines = co_await std::move(asking);
    if (found != lanes_.end() && !found->second.asked && !found->second.waits && !stopping_)
        agenda_.meet(found->second, next_of(found->second));
    co_return lines;
}

// Answered when the loop knows of it, so that the state says what comes next.
asio::awaitable<std::vector<check_line>> checker::ask(account_id id)
{
    readiness_checked seen;
    seen.account = id;
    auto port = calls_.at(id).checks;
    if (port) {
        std::string broke;
        try {
            auto asking = port->check();
            seen.lines = co_await std::move(asking);
        } catch (const std::exception& error) {  // a connector's exception stops here
            broke = "internal error while checking " + id.value + ": " + error.what();
        }
        if (!broke.empty())
            seen.lines.emplace_back(ability::credential, "check", problem{failure::unknown_outcome, broke, {}});
    }
    auto declared = loop_.rules().accounts.find(id);
    if (declared == loop_.rules().accounts.end())
        co_return std::move(seen.lines);
    auto lines = complete(declared->second, seen.lines);
    if (stopping_)
        co_return lines;
    event what{std::move(seen)};
    auto telling = loop_.ask(std::move(what));
    co_await std::move(telling);
    co_return lines;
}

checker::moment checker::next_of(const lane& mine)
{
    static const readiness nothing;
    auto declared = loop_.rules().accounts.find(mine.id);
    auto where = loop_.known().accounts.find(mine.id);
    const auto& ready = where == loop_.known().accounts.end() ? nothing : where->second.ready;
    auto wait =
        declared == loop_.rules().accounts.end() ? most_spread : until_next_check(loop_.rules(), declared->second, ready, clock_());
    return moment::clock::now() + about(wait);
}

// A tenth later at most, so that those that were asked together once are not for ever; not sooner, for a step to the end of a credential
// may be what is waited for.
milliseconds checker::about(milliseconds wait)
{
    std::uniform_int_distribution<std::int64_t> more(0, wait.count() / 10);
    return wait + milliseconds{more(dice_)};
}

}  // namespace halfmast::engine
