#include "daemon/signals/mentions.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace halfmast::signals {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds tick{1};
constexpr std::chrono::minutes keep_every{10};
constexpr std::chrono::minutes longest_wait{10};
constexpr int most_looking = 16;         // at once: what merely listens never stands in the way of what holds
constexpr int most_looks_in_a_row = 20;  // of one account: a backlog comes in pieces
constexpr std::size_t most_kept = 1u << 20;

}  // namespace

mentions::mentions(asio::any_io_executor executor, mention_watch rules, needs wanted)
    : executor_(executor),
      rules_(std::move(rules)),
      needs_(std::move(wanted)),
      timer_(executor)
{
}

std::string mentions::path_of(const account_id& id) const { return needs_.folder + "/" + id.value + ".json"; }

void mentions::add(const account& who, std::shared_ptr<mentions_port> from)
{
    auto& mine = lanes_.try_emplace(who.id, who).first->second;
    mine.from = std::move(from);
    // Spread over the rhythm: a thousand accounts are not asked in one second.
    auto spread = rules_.every * static_cast<int>(lanes_.size() % 60) / 60;
    mine.due = steady_clock::now() + spread;
    mine.kept = steady_clock::now() + spread;
    if (needs_.folder.empty())
        return;
    std::ifstream file(path_of(who.id), std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(file), {});
    if (!text.empty() && text.size() <= most_kept)
        (void)mine.ears.read(text);
}

void mentions::start()
{
    if (lanes_.empty())
        return;
    if (!needs_.folder.empty()) {
        std::error_code ignored;  // without it what was learned is lost at the end
        std::filesystem::create_directories(needs_.folder, ignored);
    }
    wait();
}

void mentions::wait()
{
    timer_.expires_after(tick);
    timer_.async_wait([this](boost::system::error_code error) {
        if (error || stopping_)
            return;
        look_at_those_due();
        wait();
    });
}

void mentions::stop()
{
    stopping_ = true;
    timer_.cancel();
    for (auto& [id, mine] : lanes_)
        keep(mine);
}

void mentions::look_at_those_due()
{
    auto now = steady_clock::now();
    for (auto& [id, mine] : lanes_) {
        if (looking_ >= most_looking)
            return;
        if (mine.looks || mine.due > now)
            continue;
        ++looking_;
        mine.looks = true;
        auto work = look(id);
        asio::co_spawn(executor_, std::move(work), [this, lane = &mine](std::exception_ptr error, bool heard) {
            --looking_;
            lane->looks = false;
            bool well = !error && heard;
            lane->failures = well ? 0 : lane->failures + 1;
            milliseconds wait = rules_.every;
            for (int i = 0; i < lane->failures && wait < longest_wait; ++i)
                wait *= 2;
            lane->due = steady_clock::now() + wait;
        });
    }
}

asio::awaitable<bool> mentions::look(account_id id)
{
    auto& mine = lanes_.at(id);
    std::vector<mention> heard;
    auto cursor = mine.ears.cursor;
    bool more = true;
    for (int looks = 0; more && looks < most_looks_in_a_row; ++looks) {
        std::string from = cursor;
        auto work = mine.from->since(std::move(from));
        auto seen = co_await std::move(work);
        if (!seen) {
            // Nothing of it was heard: the next look begins where this one did.
            if (seen.error().kind == failure::rejected)
                mine.ears.cursor.clear();  // one of another connector, or of an older one: begin anew at the newest
            co_return false;
        }
        cursor = std::move(seen->cursor);
        more = seen->more;
        heard.insert(heard.end(), std::make_move_iterator(seen->posts.begin()), std::make_move_iterator(seen->posts.end()));
    }
    mine.ears.cursor = std::move(cursor);
    auto now = needs_.clock();
    mine.ears.follow(now);
    // What is still to be heard is of later minutes than what was.
    if (more && !heard.empty())
        now = std::min(now, heard.back().at);
    auto offset = needs_.offset(now, mine.who.time_zone).value_or(seconds{0});
    mine.ears.take(rules_, heard, now, offset, needs_.fold);
    if (auto said = mine.ears.judge(rules_, now))
        needs_.hear(std::move(*said));
    if (steady_clock::now() >= mine.kept + keep_every)
        keep(mine);
    co_return true;
}

// In one piece: the place up to which everything was heard, and what was learned up to there. Else what comes again would count
// twice.
void mentions::keep(lane& mine)
{
    mine.kept = steady_clock::now();
    if (needs_.folder.empty() || mine.ears.cursor.empty())
        return;
    auto path = path_of(mine.who.id);
    auto beside = path + ".new";
    {
        std::ofstream file(beside, std::ios::binary | std::ios::trunc);
        file << mine.ears.text();
        if (!file.flush()) {
            std::remove(beside.c_str());
            return;
        }
    }
    if (std::rename(beside.c_str(), path.c_str()) != 0)
        std::remove(beside.c_str());
}

}  // namespace halfmast::signals
