#include "daemon/net/link_checker.hpp"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/net/header_value.hpp"
#include "daemon/net/http_date.hpp"

namespace halfmast::net {

namespace {

constexpr std::size_t most_kept = 2000;
constexpr std::chrono::minutes good_for{5};   // so long a link that worked is believed
constexpr std::chrono::seconds bad_for{30};   // one that did not may be mended any moment
constexpr milliseconds least_quiet{60'000};   // after a 429 the whole host is left alone
constexpr milliseconds usual_quiet{300'000};  // where it does not say for how long
constexpr milliseconds most_quiet{3'600'000};

// A date is of the host's own clock.
milliseconds quiet_after(const http_response& answer)
{
    auto now = parse_http_date(find_header(answer.headers, "Date"));
    return std::max(least_quiet, wait_of(find_header(answer.headers, "Retry-After"), now, most_quiet).value_or(usual_quiet));
}

}  // namespace

struct link_checker::lane {
    explicit lane(const asio::any_io_executor& executor) : bell(executor, asio::steady_timer::time_point::max()) {}

    asio::steady_timer bell;  // rung when the host is free
    bool busy = false;
    moment quiet_until{};  // it said that it is asked too much
};

struct link_checker::meeting {
    explicit meeting(const asio::any_io_executor& executor) : bell(executor) {}

    asio::steady_timer bell;  // rung when the last one is here
    std::size_t open = 0;
    std::map<std::string, link_answer> found;
};

link_checker::link_checker(asio::any_io_executor executor, http_port& http, link_rules rules, std::function<moment()> clock)
    : executor_(std::move(executor)),
      http_(http),
      rules_(rules),
      clock_(std::move(clock))
{
}

asio::awaitable<std::vector<link_answer>> link_checker::check(std::vector<std::string> urls, milliseconds patience)
{
    auto here = std::make_shared<meeting>(executor_);
    here->bell.expires_after(patience);
    for (const auto& url : urls)
        here->found.try_emplace(url);
    for (auto& [url, answer] : here->found) {
        auto known = kept_.find(url);
        if (known != kept_.end() && known->second.until > clock_())
            answer = known->second.answer;
        else
            begin(here, url);
    }
    bool in_time = true;
    while (here->open > 0 && in_time) {
        boost::system::error_code rung;
        co_await here->bell.async_wait(asio::redirect_error(asio::use_awaitable, rung));
        in_time = static_cast<bool>(rung);  // it expired by itself: nobody rang
    }
    std::vector<link_answer> all;
    all.reserve(urls.size());
    for (const auto& url : urls) {
        auto one = here->found.at(url);
        one.url = url;
        if (one.said.empty())
            one.said = "no answer in time";
        all.push_back(std::move(one));
    }
    co_return all;
}

void link_checker::begin(const std::shared_ptr<meeting>& with, const std::string& url)
{
    ++with->open;
    auto work = visit(url);
    asio::co_spawn(executor_, std::move(work), [with, url](std::exception_ptr error, link_answer given) {
        auto& into = with->found[url];
        into = std::move(given);
        if (error)
            into.said = "it could not be asked: an internal error";
        if (--with->open == 0)
            with->bell.cancel();
    });
}

asio::awaitable<link_answer> link_checker::visit(std::string url)
{
    link_visit steps(url, rules_);
    while (auto request = steps.next()) {
        const auto host = steps.host();
        auto turn = enter(host);
        co_await std::move(turn);
        auto place = lanes_.at(host);
        if (place->quiet_until > clock_()) {
            place.reset();
            leave(host);
            link_answer later;
            later.url = url;
            later.said = "not asked: " + host + " answered 429, and is left alone for a while";
            co_return later;
        }
        place.reset();
        auto asking = http_.fetch(std::move(*request));
        auto given = co_await std::move(asking);
        if (given && given->status == 429)
            lanes_.at(host)->quiet_until = clock_() + quiet_after(*given);
        leave(host);
        steps.answered(given);
    }
    link_answer made;
    made.url = url;
    made.ok = steps.ok();
    made.said = steps.said();
    keep(made);
    co_return made;
}

asio::awaitable<void> link_checker::enter(std::string host)
{
    auto& place = lanes_[host];
    if (!place)
        place = std::make_shared<lane>(executor_);
    auto mine = place;
    while (mine->busy) {
        boost::system::error_code rung;
        co_await mine->bell.async_wait(asio::redirect_error(asio::use_awaitable, rung));
    }
    mine->busy = true;
}

void link_checker::leave(const std::string& host)
{
    auto found = lanes_.find(host);
    if (found == lanes_.end())
        return;
    found->second->busy = false;
    found->second->bell.cancel();
    if (found->second.use_count() == 1 && found->second->quiet_until <= clock_())
        lanes_.erase(found);
}

void link_checker::keep(const link_answer& answer)
{
    const auto now = clock_();
    if (kept_.size() >= most_kept)
        std::erase_if(kept_, [&](const auto& one) { return one.second.until <= now; });
    if (kept_.size() >= most_kept)
        kept_.clear();
    kept_[answer.url] = {answer, now + (answer.ok ? moment::duration{good_for} : moment::duration{bad_for})};
}

}  // namespace halfmast::net
