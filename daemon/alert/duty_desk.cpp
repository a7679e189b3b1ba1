#include "daemon/alert/duty_desk.hpp"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/net/link_visit.hpp"
#include "daemon/net/off_loop.hpp"
#include "daemon/net/request_name.hpp"

namespace halfmast::alert {

namespace {

constexpr std::string_view kept_mark = "halfmast calendar 1";
constexpr int most_calendar_redirects = 5;
constexpr std::chrono::minutes calendar_again_after{1};  // when it could not be read
constexpr std::chrono::hours worked_out_for{6};          // then the shifts of another stretch of time are worked out
constexpr std::chrono::hours kept_anew_after{1};         // its age is kept so often while it does not change

// One line of a header that a server wrote.
std::string header_line(std::string_view header)
{
    std::string made{header.substr(0, 1'000)};
    std::erase_if(made, [](unsigned char c) { return c < ' ' || c == 0x7f; });
    return made;
}

std::optional<std::string_view> take_line(std::string_view& from)
{
    auto end = from.find('\n');
    if (end == std::string_view::npos)
        return std::nullopt;
    auto line = from.substr(0, end);
    from.remove_prefix(end + 1);
    return line;
}

bool is_redirect(int status) { return status == 301 || status == 302 || status == 303 || status == 307 || status == 308; }

}  // namespace

std::string write_kept(const kept_calendar& one)
{
    return std::string{kept_mark} + "\n" + format_utc(one.read_at) + "\n" + one.etag + "\n" + one.changed + "\n" + one.text;
}

result<kept_calendar> read_kept(std::string_view file)
{
    auto mark = take_line(file);
    auto at = take_line(file);
    auto etag = take_line(file);
    auto changed = take_line(file);
    auto read_at = at ? parse_rfc3339(*at) : std::nullopt;
    if (!changed || *mark != kept_mark || !read_at)
        return problem{failure::local, "it is no calendar that was kept here", {}};
    kept_calendar made;
    made.read_at = *read_at;
    made.etag = *etag;
    made.changed = *changed;
    made.text = file;
    return made;
}

duty_roster roster_of(const kept_calendar& kept, const duty_calendar& from, const calendar_help& help, time_point now)
{
    duty_roster made;
    auto read = shifts_in(kept.text, from, help, now - calendar_back, now + calendar_ahead);
    if (!read) {
        made.trouble = read.error().detail;
        return made;
    }
    made.shifts = std::move(read->shifts);
    made.strangers = std::move(read->strangers);
    made.known_until = now + calendar_ahead;
    made.read_at = kept.read_at;
    return made;
}

struct duty_desk::one_calendar {
    one_calendar(const asio::any_io_executor& executor, duty_calendar settings) : from(std::move(settings)), timer(executor) {}

    duty_calendar from;
    asio::steady_timer timer;
    kept_calendar kept;  // the last good one; no text: there is none
    duty_roster known;
    time_point worked_out_at{};
    time_point kept_at{};
};

duty_desk::duty_desk(asio::any_io_executor executor, http_port& http, std::vector<duty_calendar> calendars, needs wanted)
    : executor_(executor),
      http_(http),
      needs_(std::move(wanted))
{
    for (auto& one : calendars)
        all_.push_back(std::make_shared<one_calendar>(executor, std::move(one)));
}

duty_desk::~duty_desk() { aside_.join(); }

void duty_desk::start()
{
    for (const auto& one : all_) {
        auto file = needs_.restore(one->from.rota);
        auto kept = read_kept(file);
        if (kept) {
            auto known = roster_of(*kept, one->from, needs_.help, needs_.clock());
            if (known.trouble.empty()) {
                one->kept = std::move(*kept);
                one->known = std::move(known);
                one->worked_out_at = needs_.clock();
                tell(*one);
            }
        }
        auto work = run(one);
        asio::co_spawn(executor_, std::move(work), asio::detached);
    }
}

void duty_desk::stop()
{
    stopping_ = true;
    for (const auto& one : all_)
        one->timer.cancel();
}

asio::awaitable<void> duty_desk::run(std::shared_ptr<one_calendar> one)
{
    while (!stopping_) {
        auto work = look(*one);
        co_await std::move(work);
        if (stopping_)
            co_return;
        tell(*one);
        auto again = one->known.trouble.empty() ? one->from.every : std::min<milliseconds>(one->from.every, calendar_again_after);
        one->timer.expires_after(again);
        boost::system::error_code ignored;
        co_await one->timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

void duty_desk::tell(one_calendar& one) { needs_.tell(one.from.rota, one.known); }

asio::awaitable<void> duty_desk::look(one_calendar& one)
{
    auto work = fetch(one);
    auto came = co_await std::move(work);
    if (!came) {
        one.known.trouble = came.error().detail;
    } else if (came->status == 304 && !one.kept.text.empty()) {
        auto same = one.kept;
        same.read_at = needs_.clock();
        auto taking = take(one, std::move(same));
        co_await std::move(taking);
        co_return;
    } else if (came->status == 200) {
        kept_calendar fresh;
        fresh.text = std::move(came->body);
        fresh.etag = header_line(find_header(came->headers, "ETag"));
        fresh.changed = header_line(find_header(came->headers, "Last-Modified"));
        fresh.read_at = needs_.clock();
        auto taking = take(one, std::move(fresh));
        co_await std::move(taking);
        co_return;
    } else {
        one.known.trouble = "its address answered " + std::to_string(came->status);
    }
    // What is known goes on to count, for the time that passes too.
    if (!one.kept.text.empty() && !waits_still(needs_.clock(), one.worked_out_at + worked_out_for, worked_out_for)) {
        auto working = read_aside(one.kept, one.from);
        auto known = co_await std::move(working);
        known.trouble = one.known.trouble;
        one.known = std::move(known);
        one.worked_out_at = needs_.clock();
    }
}

// Redirects are followed one by one, each under the rules for addresses that strangers wrote.
asio::awaitable<result<http_response>> duty_desk::fetch(const one_calendar& one)
{
    auto url = one.from.url;
    for (int redirects = 0; redirects <= most_calendar_redirects; ++redirects) {
        if (auto unfit = net::unfit_link(url, needs_.own_network); !unfit.empty())
            co_return problem{failure::rejected, "its address may not be asked: " + unfit, {}};
        http_request request("GET", url);
        request.headers.emplace_back("Accept", "text/calendar, */*;q=0.1");
        if (!one.kept.text.empty() && !one.kept.etag.empty())
            request.headers.emplace_back("If-None-Match", one.kept.etag);
        else if (!one.kept.text.empty() && !one.kept.changed.empty())
            request.headers.emplace_back("If-Modified-Since", one.kept.changed);
        request.timeout = one.from.timeout;
        request.most_body = most_calendar;
        auto named = net::name_of(request);
        auto came = co_await http_.fetch(std::move(request));
        if (!came) {
            auto trouble = came.error();
            // Who knows a private calendar's address reads it.
            if (auto at = trouble.detail.find(named); at != std::string::npos)
                trouble.detail.replace(at, named.size(), "its address");
            co_return trouble;
        }
        if (!is_redirect(came->status))
            co_return came;
        url = net::resolved_link(url, std::string{find_header(came->headers, "Location")});
        if (url.empty())
            co_return problem{failure::bad_reply, "its address leads on to nowhere", {}};
    }
    co_return problem{failure::bad_reply, "its address leads on again and again", {}};
}

// A calendar that cannot be understood changes nothing but what is said about it.
asio::awaitable<void> duty_desk::take(one_calendar& one, kept_calendar fresh)
{
    auto now = needs_.clock();
    bool same = fresh.text == one.kept.text;
    if (same && waits_still(now, one.worked_out_at + worked_out_for, worked_out_for)) {
        one.known.read_at = fresh.read_at;
        one.known.trouble.clear();
    } else {
        auto working = read_aside(fresh, one.from);
        auto known = co_await std::move(working);
        if (!known.trouble.empty()) {
            one.known.trouble = known.trouble;
            co_return;
        }
        one.known = std::move(known);
        one.worked_out_at = now;
    }
    one.kept = std::move(fresh);
    if (same && waits_still(now, one.kept_at + kept_anew_after, kept_anew_after))
        co_return;
    auto kept = needs_.keep(one.from.rota, write_kept(one.kept));
    if (kept)
        one.kept_at = now;
    else
        one.known.trouble = "it cannot be kept, so a restart would forget it: " + kept.error().detail;
}

asio::awaitable<duty_roster> duty_desk::read_aside(const kept_calendar& kept, const duty_calendar& from)
{
    std::function<duty_roster()> work = [kept, from, help = &needs_.help, now = needs_.clock()] {
        return roster_of(kept, from, *help, now);
    };
    auto working = net::off_loop<duty_roster>(aside_, executor_, std::move(work));
    auto made = co_await std::move(working);
    co_return made;
}

}  // namespace halfmast::alert
