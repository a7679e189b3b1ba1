#include "daemon/store/sqlite_ledger.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "daemon/store/history.hpp"
#include "daemon/store/ledger_writer.hpp"
#include "daemon/store/question.hpp"

namespace halfmast::store {

namespace {

using steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t most_together = 1024;  // batches in one transaction
constexpr auto sign_after = 400ms;           // a head that is not signed yet: well within the second that is promised
constexpr auto sign_again = 1s;              // after the disk refused
constexpr auto catch_up_after = 10s;         // without a commit: then nobody is in a hurry, and snapshot and index may catch up
constexpr auto catch_up_latest = 120s;       // with commits all the time, as in a long crisis
constexpr auto catch_up_soon = 2s;           // after a start that had to fold much, so that the next one has not
constexpr std::int64_t much_to_fold = 50'000;

problem internal(const std::exception& error)
{
    return problem{failure::local, std::string{"the ledger's thread failed: "} + error.what(), {}};
}

using append_question = question<std::int64_t>;
using blob_question = question<std::shared_ptr<const std::string>>;
using find_question = question<std::vector<stored_entry>>;

// Commits what is queued, together, and signs the head.
class writing_thread {
public:
    explicit writing_thread(std::unique_ptr<ledger_writer> writer) : writer_(std::move(writer)), thread_([this] { work(); }) {}

    // Commits what is queued and signs before it ends.
    ~writing_thread()
    {
        {
            std::lock_guard guard{lock_};
            ending_ = true;
        }
        bell_.notify_one();
        thread_.join();
    }

    void add(ledger_batch batch, std::shared_ptr<append_question> asked)
    {
        {
            std::lock_guard guard{lock_};
            queue_.push_back({std::move(batch), std::move(asked)});
        }
        bell_.notify_one();
    }

private:
    struct job {
        ledger_batch batch;
        std::shared_ptr<append_question> asked;
    };

    void work()
    {
        for (;;) {
            auto jobs = next();
            if (jobs.empty() && ending_now_)
                break;
            if (!jobs.empty())
                commit(jobs);
            if (sign_at_ && steady::now() >= *sign_at_)
                sign();
        }
        sign();
    }

    // What is queued; nothing when it is time to sign or to end.
    std::vector<job> next()
    {
        std::unique_lock lock{lock_};
        auto ready = [this] { return ending_ || !queue_.empty(); };
        if (sign_at_)
            bell_.wait_until(lock, *sign_at_, ready);
        else
            bell_.wait(lock, ready);
        ending_now_ = ending_;
        std::vector<job> jobs;
        while (!queue_.empty() && jobs.size() < most_together) {
            jobs.push_back(std::move(queue_.front()));
            queue_.pop_front();
        }
        return jobs;
    }

    void commit(std::vector<job>& jobs)
    {
        std::vector<const ledger_batch*> group;
        group.reserve(jobs.size());
        for (const auto& one : jobs)
            group.push_back(&one.batch);
        std::vector<result<std::int64_t>> answers;
        try {
            answers = writer_->commit(group);
        } catch (const std::exception& error) {
            answers.assign(jobs.size(), internal(error));
        }
        if (!writer_->is_signed() && !sign_at_)
            sign_at_ = steady::now() + sign_after;
        for (std::size_t i = 0; i < jobs.size(); ++i)
            append_question::give(std::move(jobs[i].asked), std::move(answers[i]));
    }

    void sign()
    {
        sign_at_.reset();
        if (writer_->is_signed())
            return;
        bool done = false;
        try {
            done = writer_->sign().has_value();
        } catch (const std::exception&) {
        }
        // The old head stands; it covers less and is still true.
        if (!done)
            sign_at_ = steady::now() + sign_again;
    }

    std::unique_ptr<ledger_writer> writer_;
    std::mutex lock_;
    std::condition_variable bell_;
    std::deque<job> queue_;
    bool ending_ = false;
    bool ending_now_ = false;                    // the thread's own copy
    std::optional<steady::time_point> sign_at_;  // the thread's own
    std::thread thread_;                         // last: it uses all of the above
};

// Reads beside the writer. Blobs first, for a release waits for them; the index grows between questions, and the snapshot is
// renewed when nobody asks for anything.
class reading_thread {
public:
    explicit reading_thread(std::unique_ptr<history> reader) : reader_(std::move(reader)), thread_([this] { work(); }) {}

    ~reading_thread()
    {
        {
            std::lock_guard guard{lock_};
            ending_ = true;
        }
        bell_.notify_one();
        thread_.join();
    }

    void blob(std::string sha256, std::shared_ptr<blob_question> asked)
    {
        change([&] { blobs_.push_back({std::move(sha256), std::move(asked)}); });
    }

    void find(std::string target, std::int64_t before, int limit, std::shared_ptr<find_question> asked)
    {
        change([&] { searches_.push_back({std::move(target), before, limit, std::move(asked), false}); });
    }

    // Records were written: snapshot and index have something to do once it is quiet, and some time at any rate.
    void grown()
    {
        change([&] {
            auto now = steady::now();
            if (!catch_up_by_)
                catch_up_by_ = now + catch_up_latest;
            catch_up_at_ = std::min(now + catch_up_after, *catch_up_by_);
        });
    }

    // There is much to catch up with.
    void far_behind()
    {
        change([&] { catch_up_at_ = catch_up_by_ = steady::now() + catch_up_soon; });
    }

private:
    struct blob_job {
        std::string sha256;
        std::shared_ptr<blob_question> asked;
    };
    struct search_job {
        std::string target;
        std::int64_t before;
        int limit;
        std::shared_ptr<find_question> asked;
        bool indexed;  // the index has all that was written when it was asked
    };

    template <class Change>
    void change(Change make)
    {
        {
            std::lock_guard guard{lock_};
            make();
        }
        bell_.notify_one();
    }

    void work()
    {
        std::unique_lock lock{lock_};
        while (!ending_) {
            if (!blobs_.empty()) {
                auto job = std::move(blobs_.front());
                blobs_.pop_front();
                lock.unlock();
                blob_question::give(std::move(job.asked), guarded([&] { return reader_->blob(job.sha256); }));
                lock.lock();
            } else if (!searches_.empty()) {
                auto job = std::move(searches_.front());
                searches_.pop_front();
                lock.unlock();
                bool again = search(job);
                lock.lock();
                if (again)
                    searches_.push_front(std::move(job));
            } else if (catch_up_at_ && steady::now() >= *catch_up_at_) {
                catch_up_at_.reset();
                catch_up_by_.reset();
                lock.unlock();
                bool all = renew_snapshot();  // first: who starts next waits for it, and a search does without an index
                bool more = all && index_more();
                lock.lock();
                if (!all || more)
                    catch_up_at_ = catch_up_by_ = steady::now();
            } else if (catch_up_at_) {
                bell_.wait_until(lock, *catch_up_at_);
            } else {
                bell_.wait(lock);
            }
        }
    }

    // True: the index needs another step before it can be answered.
    bool search(search_job& job)
    {
        if (!job.target.empty() && !job.indexed) {
            job.indexed = !index_more();
            if (!job.indexed)
                return true;
        }
        find_question::give(std::move(job.asked), guarded([&] { return reader_->find(job.target, job.before, job.limit); }));
        return false;
    }

    bool index_more()
    {
        try {
            return reader_->index_more();
        } catch (const std::exception&) {
            return false;  // the search does without
        }
    }

    // False: somebody asked for something meanwhile, so it is to be tried again.
    bool renew_snapshot()
    {
        bool waited_for = false;
        auto somebody_waits = [&] {
            std::lock_guard guard{lock_};
            return waited_for = ending_ || !blobs_.empty() || !searches_.empty();
        };
        try {
            reader_->renew_snapshot(somebody_waits);
        } catch (const std::exception&) {
            // No memory for it: the next start folds more.
        }
        return !waited_for;
    }

    template <class Read>
    static auto guarded(Read read) -> decltype(read())
    {
        try {
            return read();
        } catch (const std::exception& error) {
            return internal(error);
        }
    }

    std::unique_ptr<history> reader_;
    std::mutex lock_;
    std::condition_variable bell_;
    std::deque<blob_job> blobs_;
    std::deque<search_job> searches_;
    std::optional<steady::time_point> catch_up_at_;
    std::optional<steady::time_point> catch_up_by_;  // at the latest, since the first record that was not caught up with
    bool ending_ = false;
    std::thread thread_;  // last: it uses all of the above
};

}  // namespace

class sqlite_ledger::impl {
public:
    impl(asio::any_io_executor executor_, std::string state_dir_, std::unique_ptr<ledger_writer> writer_,
         std::unique_ptr<history> reader_)
        : executor(std::move(executor_)),
          state_dir(std::move(state_dir_)),
          reader(std::move(reader_)),
          writer(std::move(writer_))
    {
    }

    asio::any_io_executor executor;
    std::string state_dir;
    reading_thread reader;
    writing_thread writer;
};

sqlite_ledger::sqlite_ledger(std::unique_ptr<impl> made) : impl_(std::move(made)) {}
sqlite_ledger::~sqlite_ledger() = default;

result<std::shared_ptr<sqlite_ledger>> sqlite_ledger::open(asio::any_io_executor executor, const std::string& state_dir)
{
    auto writer = ledger_writer::open(state_dir);
    if (!writer)
        return writer.error();
    auto reader = history::open(state_dir);
    if (!reader)
        return reader.error();
    auto made = std::make_unique<impl>(std::move(executor), state_dir, std::move(*writer), std::move(*reader));
    return std::shared_ptr<sqlite_ledger>{new sqlite_ledger(std::move(made))};
}

asio::awaitable<result<std::int64_t>> sqlite_ledger::append(ledger_batch batch)
{
    auto asked = std::make_shared<append_question>(impl_->executor);
    impl_->writer.add(std::move(batch), asked);
    impl_->reader.grown();
    auto answer = co_await asked->wait();
    co_return answer;
}

asio::awaitable<result<std::shared_ptr<const std::string>>> sqlite_ledger::blob(std::string sha256)
{
    auto asked = std::make_shared<blob_question>(impl_->executor);
    impl_->reader.blob(std::move(sha256), asked);
    auto answer = co_await asked->wait();
    co_return answer;
}

asio::awaitable<result<std::vector<stored_entry>>> sqlite_ledger::find(std::string target, std::int64_t before, int limit)
{
    auto asked = std::make_shared<find_question>(impl_->executor);
    impl_->reader.find(std::move(target), before, limit, asked);
    auto answer = co_await asked->wait();
    co_return answer;
}

result<state> sqlite_ledger::restore()
{
    auto reader = history::open(impl_->state_dir);
    if (!reader)
        return reader.error();
    auto folded = (*reader)->fold();
    if (!folded)
        return folded.error();
    if ((*folded)->seq - snapshot_seq(impl_->state_dir) >= much_to_fold)
        impl_->reader.far_behind();
    return std::move((*folded)->known);
}

result<std::int64_t> sqlite_ledger::replay(const std::function<result<void>(const stored_entry&)>& each, std::int64_t after)
{
    auto reader = history::open(impl_->state_dir);
    if (!reader)
        return reader.error();
    return (*reader)->replay(each, after);
}

}  // namespace halfmast::store
