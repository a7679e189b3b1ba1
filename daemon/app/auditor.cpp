#include "daemon/app/auditor.hpp"

#include <algorithm>

#include <boost/asio/post.hpp>

namespace halfmast::app {

namespace {

using proof_fault = api::ledger_proof::fault;

constexpr std::size_t most_proof_faults = 100;

// What cannot be read cannot be proved.
result<audit::verification> look_at(const std::string& state_dir, const audit::proved_part& proved, const std::atomic<bool>& enough)
{
    try {
        return audit::verify_behind(state_dir, proved, enough);
    } catch (const std::exception& error) {
        return problem{failure::local, "the ledger in " + state_dir + " could not be checked: " + error.what(), {}};
    }
}

bool same_faults(const std::vector<proof_fault>& a, const std::vector<proof_fault>& b)
{
    return std::ranges::equal(a, b, [](const auto& left, const auto& right) { return left.what == right.what; });
}

}  // namespace

auditor::auditor(wiring with) : with_(std::move(with)), next_(with_.home) {}

auditor::~auditor()
{
    enough_ = true;
    pool_.join();
}

void auditor::start()
{
    started_ = true;
    check(true);
}

void auditor::stop()
{
    started_ = false;
    enough_ = true;
    next_.cancel();
}

void auditor::grew(std::int64_t last)
{
    known_.records = std::max(known_.records, last);
    plan();
}

void auditor::verify_whole() { check(true); }

api::ledger_proof auditor::known() const
{
    auto made = known_;
    made.checking = (checking_ && whole_now_) || whole_next_;
    return made;
}

void auditor::check(bool whole)
{
    if (!started_)
        return;
    if (checking_) {
        whole_next_ = whole_next_ || whole;
        return;
    }
    checking_ = true;
    whole_now_ = whole || proved_.through == 0;
    auto from = whole_now_ ? audit::proved_part{} : proved_;
    asio::post(pool_, [this, from] {
        auto found = look_at(with_.state_dir, from, enough_);
        asio::post(with_.home, [this, whole = from.through == 0, found = std::move(found)] { take(whole, found); });
    });
}

void auditor::take(bool whole, const result<audit::verification>& found)
{
    checking_ = false;
    if (!started_)
        return;
    auto before = known_.faults;
    bool first = !known_.ok;
    known_.verified_at = with_.clock();
    if (whole)
        whole_at_ = *known_.verified_at;
    if (found) {
        known_.through = found->records;
        known_.head = audit::to_hex(found->head);
        known_.records = std::max(known_.records, found->records);
        known_.signed_through = found->signed_head ? found->signed_head->seq : 0;
        known_.signed_at = found->signed_head ? found->signed_head->at : std::string{};
        put_right(found->faults, whole);
        // Behind a fault nothing is proved: the next check is a whole one.
        proved_ = known_.faults.empty() ? audit::proved_part{found->records, found->records, found->head} : audit::proved_part{};
    } else {
        std::vector<audit::fault> unreadable;
        unreadable.push_back({0, found.error().detail});
        put_right(unreadable, false);
        proved_ = {};
    }
    known_.ok = known_.faults.empty();
    if ((first || !same_faults(before, known_.faults)) && with_.found)
        with_.found(known_.faults);
    if (std::exchange(whole_next_, false))
        check(true);
    else
        plan();
}

// A whole check says all there is to say; a part, or one that could not be made, only adds to it.
void auditor::put_right(const std::vector<audit::fault>& faults, bool whole)
{
    if (whole)
        known_.faults.clear();
    for (const auto& one : faults)
        if (known_.faults.size() < most_proof_faults
            && std::ranges::find(known_.faults, one.what, &proof_fault::what) == known_.faults.end()) {
            proof_fault made;
            made.seq = one.seq;
            made.what = one.what;
            known_.faults.push_back(std::move(made));
        }
}

// Nothing wakes while nothing is written, but once a day.
void auditor::plan()
{
    if (!started_ || checking_ || !known_.verified_at)
        return;
    bool unsound = !known_.faults.empty();
    bool is_new = known_.records > known_.through;
    auto rest = unsound ? with_.again : with_.whole_every;
    auto until_whole = std::clamp(whole_at_ + rest - with_.clock(), milliseconds{0}, rest);  // a clock may jump
    bool sooner = is_new && !unsound && with_.look_after < until_whole;
    auto at = asio::steady_timer::clock_type::now() + (sooner ? with_.look_after : until_whole);
    if (planned_ && next_.expiry() <= at)
        return;
    planned_ = true;
    next_.expires_at(at);
    next_.async_wait([this, sooner](boost::system::error_code error) {
        if (error)
            return;  // planned anew, or stopped
        planned_ = false;
        check(!sooner);
    });
}

}  // namespace halfmast::app
