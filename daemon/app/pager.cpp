#include "daemon/app/pager.hpp"

#include <algorithm>

namespace halfmast::app {

namespace {

constexpr std::chrono::seconds look_at_clocks_every{5};
constexpr milliseconds clock_tolerance{5'000};  // a jump that is smaller moves no due time by more than its margin

net::http_client_settings client_of(const settings::settings& wanted)
{
    net::http_client_settings made;
    made.most_at_once = 32;
    made.most_per_host = 4;
    made.proxy = wanted.proxy;
    return made;
}

}  // namespace

std::optional<health_changed> clock_moved(milliseconds clock, milliseconds steady, time_point now)
{
    auto jump = clock - steady;
    if (jump <= clock_tolerance && jump >= -clock_tolerance)
        return std::nullopt;
    health_changed what;
    what.name = "clock";
    what.what = "this machine's clock was moved by " + format_duration(jump < milliseconds{0} ? -jump : jump)
                + (jump < milliseconds{0} ? " back" : " ahead") + ", to " + format_utc(now)
                + ": due times were judged by the old one";
    what.todo = "look at the time service, and at 'halfmast queue list' for posts that are due";
    what.happened_once = true;
    what.set_back = jump < milliseconds{0};
    return what;
}

pager::pager(asio::any_io_executor executor, const settings::settings& wanted, std::function<time_point()> clock,
             std::function<void(event)> tell)
    : clock_(std::move(clock)),
      tell_(std::move(tell)),
      watch_(executor)
{
    if (!wanted.calendars.empty())
        duties_ = std::make_unique<duties>(executor, wanted, clock_, tell_);
    bool beats = !wanted.heartbeat.url.empty() || !wanted.heartbeat.receiver.empty();
    if (wanted.receivers.empty() && !beats)
        return;
    http_ = std::make_unique<net::http_client>(executor, client_of(wanted));
    outbox_ =
        std::make_unique<alert::outbox>(executor, *http_, clock_, [this](page_answered came) { tell_(event{std::move(came)}); });
    receiver_settings alertmanager;
    for (const auto& one : wanted.receivers) {
        outbox_->add(one);
        if (one.name == wanted.heartbeat.receiver)
            alertmanager = one;
    }
    if (!beats)
        return;
    auto trouble = [this](const std::string& why) {
        health_changed what;
        what.name = "heartbeat";
        what.level = page_level::minor;
        if (!why.empty())
            what.what = "the heartbeat is not taken: a dead halfmast would wake nobody, or wakes somebody in vain: " + why;
        what.todo = "look at what [heartbeat] names in the settings";
        tell_(event{std::move(what)});
    };
    heartbeat_ = std::make_unique<alert::heartbeat>(executor, *http_, wanted.heartbeat, std::move(alertmanager), clock_, trouble);
}

void pager::describe(const settings::settings& wanted, paging& rules)
{
    for (const auto& one : wanted.receivers) {
        auto kind = alert::find_receiver_kind(one.kind);
        auto found = rules.receivers.find(one.name);
        if (!kind || found == rules.receivers.end())
            continue;
        found->second.hears_acknowledged = kind->hears_acknowledged;
        found->second.hears_resolved = kind->hears_resolved;
        found->second.refresh = kind->refresh;
    }
}

void pager::start()
{
    if (duties_)
        duties_->start();
    if (heartbeat_)
        heartbeat_->start();
    seen_ = clock_();
    seen_steady_ = std::chrono::steady_clock::now();
    watch_clock();
}

void pager::stop()
{
    stopping_ = true;
    watch_.cancel();
    if (duties_)
        duties_->stop();
    if (heartbeat_)
        heartbeat_->stop();
}

void pager::send(page_letter letter)
{
    if (outbox_ && !stopping_)
        outbox_->send(std::move(letter));
}

asio::awaitable<std::vector<api::receiver_report>> pager::test_all()
{
    std::vector<api::receiver_report> all;
    if (!outbox_)
        co_return all;
    auto work = outbox_->test_all();
    auto given = co_await std::move(work);
    for (auto& one : given) {
        api::receiver_report report;
        report.name = std::move(one.name);
        report.kind = std::move(one.kind);
        report.ok = one.ok;
        report.said = std::move(one.said);
        all.push_back(std::move(report));
    }
    co_return all;
}

// Due times are the clock's: when it is moved, posts are nearer or farther than they were thought to be.
void pager::watch_clock()
{
    watch_.expires_after(look_at_clocks_every);
    watch_.async_wait([this](boost::system::error_code error) {
        if (error || stopping_)
            return;
        auto now = clock_();
        auto steady = std::chrono::steady_clock::now();
        if (auto moved = clock_moved(now - seen_, std::chrono::floor<milliseconds>(steady - seen_steady_), now))
            tell_(event{std::move(*moved)});
        seen_ = now;
        seen_steady_ = steady;
        watch_clock();
    });
}

}  // namespace halfmast::app
