#include "daemon/store/sqlite_ledger.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/store/history.hpp"
#include "daemon/store/ledger_writer.hpp"

namespace halfmast::store {

namespace {

using steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t most_together = 1024;  // batches in one transaction
constexpr auto sign_after = 400ms;           // a head that is not signed yet: well within the second that is promised
constexpr auto sign_again = 1s;              // after the disk refused
constexpr auto index_after = 10s;            // without a commit: then nobody is in a hurry, and the index may catch up

problem internal(const std::exception& error)
{
    return problem{failure::local, std::string{"the ledger's thread failed: "} + error.what(), {}};
}

// Somebody who waits on the executor for an answer of another thread.
template <class T>
class question : public std::enable_shared_from_this<question<T>> {
public:
    explicit question(asio::any_io_executor executor) : executor_(executor), bell_(executor, steady::time_point::max()) {}

    // From any thread, which lets go of it: the timer ends on the executor's own.
    static void give(std::shared_ptr<question> asked, result<T> answer)
    {
        auto executor = asked->executor_;
        asio::post(executor, [asked = std::move(asked), answer = std::move(answer)]() mutable {
            asked->answer_ = std::move(answer);
            asked->bell_.cancel();
        });
    }

    asio::awaitable<result<T>> wait()
    {
        auto mine = this->shared_from_this();
        while (!answer_) {
            boost::system::error_code ignored;
            co_await bell_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        co_return *std::move(answer_);
    }

private:
    asio::any_io_executor executor_;
    asio::steady_timer bell_;
    std::optional<result<T>> answer_;
};

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
    bool ending_now_ = false;                  // the thread's own copy
    std::optional<steady::time_point> sign_at_;  // the thread's own
    std::thread thread_;                       // last: it uses all of the above
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

    // Records were written: the index has something to do once it is quiet.
    void grown()
    {
        change([&] { index_at_ = steady::now() + index_after; });
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
            } else if (index_at_ && steady::now() >= *index_at_) {
                index_at_.reset();
                lock.unlock();
                bool more = index_more();
                if (!more)
                    renew_snapshot();
                lock.lock();
                if (more && !index_at_)
                    index_at_ = steady::now();
            } else if (index_at_) {
                bell_.wait_until(lock, *index_at_);
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

    void renew_snapshot()
    {
        auto somebody_waits = [this] {
            std::lock_guard guard{lock_};
            return ending_ || !blobs_.empty() || !searches_.empty();
        };
        try {
            reader_->renew_snapshot(somebody_waits);
        } catch (const std::exception&) {
            // No memory for it: the next start folds more.
        }
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
    std::optional<steady::time_point> index_at_;
    bool ending_ = false;
    std::thread thread_;  // last: it uses all of the above
};

}  // namespace

class sqlite_ledger::impl {
public:
    impl(asio::any_io_executor executor_, std::string state_dir_, std::unique_ptr<ledger_writer> writer_, std::unique_ptr<history> reader_)
        : executor(std::move(executor_)), state_dir(std::move(state_dir_)), reader(std::move(reader_)), writer(std::move(writer_))
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
