// Figures of the ledger as the daemon uses it: one durable entry at a time beside what the disk itself takes, then groups of 64.
// bench-ledger DIRECTORY ENTRIES: leaves a ledger of at least so many entries there, and prints one JSON object.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "daemon/store/codec.hpp"
#include "daemon/store/sqlite_ledger.hpp"

using namespace halfmast;

namespace {

using steady = std::chrono::steady_clock;

constexpr std::size_t group = 64;

double milliseconds_since(steady::time_point began)
{
    return std::chrono::duration<double, std::milli>(steady::now() - began).count();
}

double p99(std::vector<double> values)
{
    std::ranges::sort(values);
    return values.at(values.size() * 99 / 100);
}

// A record as a hold leaves it.
audit_record read_back(int number)
{
    audit_record record{record_kind::hold_confirmed, std::chrono::floor<milliseconds>(std::chrono::system_clock::now())};
    record.account = account_id{"acme-" + std::to_string(number % 50)};
    record.post = post_id{std::to_string(100'000 + number)};
    record.remote = record.post;
    record.crisis = crisis_id{"c-1"};
    record.outcome = "done";
    record.by = rung::postpone;
    record.why = "read back: parked until 2027-10-21T12:00:00Z";
    return record;
}

ledger_batch batch_of(int first, std::size_t size)
{
    ledger_batch made;
    for (std::size_t i = 0; i < size; ++i)
        made.entries.push_back(store::encode(read_back(first + static_cast<int>(i))));
    return made;
}

// The disk alone: as many bytes as an entry takes at least, and one fdatasync.
std::vector<double> sync_alone(const std::string& folder, int times)
{
    auto path = folder + "/sync";
    int file = ::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
    if (file < 0)
        throw std::runtime_error("cannot write " + path);
    std::string page(4096, 'x');  // SQLite's log grows by whole pages
    std::vector<double> took;
    for (int i = 0; i < times; ++i) {
        auto began = steady::now();
        if (::write(file, page.data(), page.size()) != static_cast<ssize_t>(page.size()) || ::fdatasync(file) != 0)
            throw std::runtime_error("cannot write " + path);
        took.push_back(milliseconds_since(began));
    }
    ::close(file);
    ::unlink(path.c_str());
    return took;
}

struct figures {
    std::vector<double> single;
    double grouped_ms = 0;
    std::size_t grouped = 0;
    std::string trouble;
};

asio::awaitable<void> append_all(store::sqlite_ledger& ledger, int singly, std::size_t entries, figures& made)
{
    for (int i = 0; i < singly; ++i) {
        auto batch = batch_of(i, 1);
        auto began = steady::now();
        auto written = co_await ledger.append(std::move(batch));
        made.single.push_back(milliseconds_since(began));
        if (!written) {
            made.trouble = written.error().detail;
            co_return;
        }
    }
    // The records are made beforehand: it is the ledger that is measured.
    std::vector<ledger_batch> batches;
    for (auto first = static_cast<std::size_t>(singly); first < entries; first += group)
        batches.push_back(batch_of(static_cast<int>(first), group));
    auto began = steady::now();
    for (auto& batch : batches) {
        made.grouped += batch.entries.size();
        auto written = co_await ledger.append(std::move(batch));
        if (!written) {
            made.trouble = written.error().detail;
            co_return;
        }
    }
    made.grouped_ms = milliseconds_since(began);
}

}  // namespace

int main(int count, char** words)
{
    try {
        if (count != 3)
            throw std::runtime_error("usage: bench-ledger DIRECTORY ENTRIES");
        std::string folder = words[1];
        auto entries = static_cast<std::size_t>(std::stoul(words[2]));
        int singly = static_cast<int>(std::clamp<std::size_t>(entries / 30, 100, 2'000));
        auto alone = sync_alone(folder, singly);
        asio::io_context context{1};
        auto opened = store::sqlite_ledger::open(context.get_executor(), folder + "/state");
        if (!opened)
            throw std::runtime_error(opened.error().detail);
        figures made;
        std::exception_ptr broken;
        asio::co_spawn(context, append_all(**opened, singly, entries, made), [&](std::exception_ptr error) {
            broken = error;
            context.stop();
        });
        context.run();
        if (broken)
            std::rethrow_exception(broken);
        if (!made.trouble.empty())
            throw std::runtime_error(made.trouble);
        std::cout << "{\"sync_p99_ms\":" << p99(alone) << ",\"append_p99_ms\":" << p99(made.single)
                  << ",\"grouped_per_second\":" << static_cast<double>(made.grouped) * 1000 / made.grouped_ms
                  << ",\"entries\":" << made.grouped + made.single.size() << "}\n";
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "bench-ledger: " << error.what() << '\n';
        return 1;
    }
}
