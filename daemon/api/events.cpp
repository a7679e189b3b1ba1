#include "daemon/api/events.hpp"

#include <algorithm>
#include <chrono>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include "daemon/api/messages.hpp"

namespace halfmast::api {

namespace {

using std::chrono::steady_clock;

constexpr std::size_t most_recent_bytes = 4u << 20;
constexpr std::size_t most_recent = 4'000;
constexpr std::size_t most_looks = 1'000;
constexpr int ledger_page = 500;
constexpr milliseconds gather_for{25};  // less than anybody sees; a raise makes thousands of records in a second
constexpr milliseconds ping_every{2'000};

std::string record_event(std::int64_t seq, const std::string& at, std::string_view payload)
{
    document line;
    line["seq"] = seq;
    line["at"] = at;
    auto members = document::parse(payload, nullptr, false);
    if (members.is_object()) {
        for (auto& [name, value] : members.items())
            if (name != "seq" && name != "at" && name != "snapshot")  // the whole post: whoever wants it asks for it
                line[name] = std::move(value);
    } else {
        line["payload"] = std::string{payload};  // somebody changed the ledger: show what is there
    }
    return "id: " + std::to_string(seq) + "\nevent: record\ndata: " + dump(line) + "\n\n";
}

std::string look_event(const account_id& account)
{
    document line;
    line["account"] = account.value;
    return "event: looked\ndata: " + dump(line) + "\n\n";
}

std::string ping_event(time_point now)
{
    document line;
    line["now"] = format_utc(now);
    return "event: ping\ndata: " + dump(line) + "\n\n";
}

}  // namespace

// Where one reader is.
struct event_hub::reader {
    explicit reader(event_hub& of) : hub(of) { ++hub.readers_; }
    ~reader() { --hub.readers_; }
    reader(const reader&) = delete;
    reader& operator=(const reader&) = delete;

    event_hub& hub;
    std::int64_t after = 0;
    std::uint64_t look = 0;
};

event_hub::event_hub(asio::any_io_executor executor) : executor_(executor), gather_(executor) {}

void event_hub::record(std::int64_t seq, const std::string& at, std::string_view payload)
{
    if (seq <= last_)
        return;
    if (!recent_.empty() && seq != last_ + 1) {  // nobody was listening in between
        recent_.clear();
        recent_bytes_ = 0;
    }
    last_ = seq;
    if (!is_heard()) {
        recent_.clear();
        recent_bytes_ = 0;
        return;
    }
    recent_.push_back({seq, record_event(seq, at, payload)});
    recent_bytes_ += recent_.back().text.size();
    while (recent_.size() > 1 && (recent_bytes_ > most_recent_bytes || recent_.size() > most_recent)) {
        recent_bytes_ -= recent_.front().text.size();
        recent_.pop_front();
    }
    stir();
}

void event_hub::looked(const account_id& account)
{
    if (!is_heard())
        return;
    std::erase_if(looks_, [&](const look& one) { return one.account == account; });
    looks_.push_back({++look_number_, account});
    if (looks_.size() > most_looks)
        looks_.pop_front();
    stir();
}

void event_hub::stir()
{
    if (gathering_)
        return;
    gathering_ = true;
    gather_.expires_after(gather_for);
    gather_.async_wait([this](boost::system::error_code error) {
        gathering_ = false;
        if (!error)
            ring();
    });
}

void event_hub::ring()
{
    auto all = std::move(waiting_);
    waiting_.clear();
    for (const auto& bell : all)
        bell->cancel();
}

// All records behind this one are here, or there are none.
bool event_hub::remembers(std::int64_t after) const
{
    return after >= last_ || (!recent_.empty() && recent_.front().seq <= after + 1);
}

std::string event_hub::since(std::int64_t after, std::uint64_t looked_at) const
{
    std::string text;
    auto first = std::ranges::upper_bound(recent_, after, {}, &entry::seq);
    for (; first != recent_.end(); ++first)
        text += first->text;
    auto seen = std::ranges::upper_bound(looks_, looked_at, {}, &event_hub::look::number);
    for (; seen != looks_.end(); ++seen)
        text += look_event(seen->account);
    return text;
}

// From the ledger what is not remembered. False: the reader is gone, or the ledger cannot be read, and the reader shall come back.
asio::awaitable<bool> event_hub::catch_up(reader& mine, net::response_stream& to, backend& daemon)
{
    while (!remembers(mine.after)) {
        auto found = co_await daemon.records_after(mine.after, ledger_page);
        if (!found)
            co_return false;
        if (found->empty())
            co_return true;
        std::string text;
        for (const auto& one : *found)
            text += record_event(one.seq, one.at, one.payload);
        mine.after = found->back().seq;
        if (!co_await to.send(std::move(text)))
            co_return false;
    }
    co_return true;
}

asio::awaitable<void> event_hub::serve(net::response_stream& to, backend& daemon, std::int64_t after, std::function<bool()> still)
{
    reader mine{*this};
    mine.look = look_number_;
    if (last_ == 0) {
        auto newest = co_await daemon.history("", 0, 1);
        if (!newest)
            co_return;
        if (!newest->empty())
            last_ = std::max(last_, newest->front().seq);
    }
    mine.after = after < 0 || after > last_ ? last_ : after;  // a number of another ledger is no place in this one

    auto next_ping = steady_clock::now();
    auto bell = std::make_shared<asio::steady_timer>(executor_);
    to.when_over([bell] { bell->cancel(); });
    while (!to.is_over()) {
        auto caught_up = catch_up(mine, to, daemon);
        if (!co_await std::move(caught_up))
            co_return;
        auto text = since(mine.after, mine.look);
        mine.after = std::max(mine.after, last_);
        mine.look = look_number_;
        if (auto now = steady_clock::now(); now >= next_ping) {
            if (still && !still())
                co_return;
            text += ping_event(daemon.now());
            next_ping = now + ping_every;
        }
        if (!text.empty()) {
            if (!co_await to.send(std::move(text)))
                co_return;
            continue;  // more may have come while it was sent
        }
        bell->expires_at(next_ping);
        waiting_.push_back(bell);
        boost::system::error_code woken;
        co_await bell->async_wait(asio::redirect_error(asio::use_awaitable, woken));
        std::erase(waiting_, bell);
    }
}

}  // namespace halfmast::api
