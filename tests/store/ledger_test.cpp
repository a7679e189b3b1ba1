#include <chrono>
#include <csignal>
#include <cstdio>
#include <set>
#include <thread>

#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/audit/chain.hpp"
#include "daemon/audit/verify.hpp"
#include "daemon/store/codec.hpp"
#include "daemon/store/ledger_writer.hpp"
#include "daemon/store/sqlite_ledger.hpp"
#include "tests/store/support.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::test;

namespace {

std::shared_ptr<store::sqlite_ledger> open(asio::io_context& context, const temporary_directory& state)
{
    auto ledger = store::sqlite_ledger::open(context.get_executor(), state.path());
    if (!ledger)
        throw std::runtime_error(ledger.error().detail);
    return *ledger;
}

std::vector<std::string> payloads(store::sqlite_ledger& ledger, std::int64_t after = 0)
{
    std::vector<std::string> all;
    auto read = ledger.replay(
        [&](const store::stored_entry& entry) -> result<void> {
            all.push_back(entry.payload);
            return {};
        },
        after);
    REQUIRE(read.has_value());
    return all;
}

ledger_blob blob_of(std::string bytes)
{
    auto name = audit::to_hex(audit::sha256(bytes));
    return {name, std::make_shared<const std::string>(std::move(bytes))};
}

std::string faults(const temporary_directory& state)
{
    auto found = audit::verify(state.path());
    if (!found)
        return found.error().detail;
    std::string all;
    for (const auto& one : found->faults)
        all += one.what + "\n";
    return all;
}

// How many transactions the write-ahead log holds: a frame that ends one names the size of the file.
int commits(const std::string& wal)
{
    auto bytes = read_file(wal);
    int number = 0;
    for (std::size_t at = 32; at + 24 + 4096 <= bytes.size(); at += 24 + 4096)
        number += bytes.substr(at + 4, 4) != std::string(4, '\0');
    return number;
}

// The soft limit on file sizes of this process, for as long as it lives: a full disk for its files only.
class size_limit {
public:
    explicit size_limit(std::uintmax_t most)
    {
        std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        auto now = before_;
        now.rlim_cur = most;
        ::setrlimit(RLIMIT_FSIZE, &now);
    }
    size_limit(const size_limit&) = delete;
    size_limit& operator=(const size_limit&) = delete;
    ~size_limit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

private:
    rlimit before_{};
};

}  // namespace

TEST_CASE("what was appended is there after the daemon has ended", "[ledger]")
{
    temporary_directory state;
    asio::io_context context;
    {
        auto ledger = open(context, state);
        CHECK(*run(context, ledger->append(batch_of({"a", "b"}))) == 2);
        CHECK(*run(context, ledger->append(batch_of({"c"}))) == 3);
    }
    CHECK_FALSE(fs::exists(state / "ledger.db-wal"));
    CHECK(faults(state).empty());
    auto ledger = open(context, state);
    CHECK(payloads(*ledger) == std::vector<std::string>{"a", "b", "c"});
    CHECK(payloads(*ledger, 2) == std::vector<std::string>{"c"});
    CHECK(*run(context, ledger->append(batch_of({"d"}))) == 4);
}

TEST_CASE("a replay stops at the first problem of its reader", "[ledger]")
{
    temporary_directory state;
    asio::io_context context;
    auto ledger = open(context, state);
    REQUIRE(run(context, ledger->append(batch_of({"a", "b", "c"}))).has_value());
    int seen = 0;
    auto read = ledger->replay([&](const store::stored_entry& entry) -> result<void> {
        ++seen;
        if (entry.seq == 2)
            return problem{failure::local, "cannot be read", {}};
        return {};
    });
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().detail == "cannot be read");
    CHECK(seen == 2);
}

TEST_CASE("a group of batches is one transaction", "[ledger]")
{
    temporary_directory state;
    auto writer = store::ledger_writer::open(state.path());
    REQUIRE(writer.has_value());
    auto before = commits(state / "ledger.db-wal");
    std::vector<ledger_batch> batches;
    std::vector<const ledger_batch*> group;
    for (int i = 0; i < 50; ++i)
        batches.push_back(batch_of({"a" + std::to_string(i), "b" + std::to_string(i)}));
    for (const auto& one : batches)
        group.push_back(&one);

    auto answers = (*writer)->commit(group);

    REQUIRE(answers.size() == 50);
    for (std::size_t i = 0; i < answers.size(); ++i)
        CHECK(*answers[i] == static_cast<std::int64_t>(2 * (i + 1)));
    CHECK(commits(state / "ledger.db-wal") == before + 1);
}

TEST_CASE("many appends at once are answered in order, with few transactions", "[ledger]")
{
    temporary_directory state;
    asio::io_context context;
    auto ledger = open(context, state);
    auto before = commits(state / "ledger.db-wal");
    std::vector<std::int64_t> seqs;
    constexpr int many = 400;
    for (int i = 0; i < many; ++i) {
        auto work = ledger->append(batch_of({std::to_string(i)}));
        asio::co_spawn(context, std::move(work),
                       [&](std::exception_ptr, result<std::int64_t> answer) { seqs.push_back(answer ? *answer : -1); });
    }
    context.run();
    std::vector<std::int64_t> expected;
    std::vector<std::string> texts;
    for (int i = 0; i < many; ++i) {
        expected.push_back(i + 1);
        texts.push_back(std::to_string(i));
    }
    CHECK(seqs == expected);
    CHECK(payloads(*ledger) == texts);
    CHECK(commits(state / "ledger.db-wal") - before < many);
}

TEST_CASE("a batch is in the ledger whole or not at all", "[ledger]")
{
    temporary_directory state;
    asio::io_context context;
    auto ledger = open(context, state);
    auto batch = batch_of({"a", "b"});
    batch.blobs.push_back({std::string(64, '0'), std::make_shared<const std::string>("other bytes")});
    auto answer = run(context, ledger->append(std::move(batch)));
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().detail == "ledger: blob " + std::string(64, '0') + " has bytes with another SHA-256");
    CHECK(payloads(*ledger).empty());
    CHECK(*run(context, ledger->append(batch_of({"c"}))) == 1);
}

TEST_CASE("a blob is found by its name", "[ledger]")
{
    temporary_directory state;
    asio::io_context context;
    auto ledger = open(context, state);
    auto kept = blob_of(std::string("\0\xff picture", 10));
    auto batch = batch_of({"a"});
    batch.blobs = {kept, kept};
    REQUIRE(run(context, ledger->append(std::move(batch))).has_value());
    auto found = run(context, ledger->blob(kept.sha256));
    REQUIRE(found.has_value());
    CHECK(**found == *kept.bytes);
    auto absent = run(context, ledger->blob(std::string(64, '0')));
    REQUIRE_FALSE(absent.has_value());
    CHECK(absent.error().kind == failure::not_found);
}

TEST_CASE("records are found by post, crisis and account, newest first", "[ledger]")
{
    temporary_directory state;
    asio::io_context context;
    auto ledger = open(context, state);
    record_maker maker{7};
    std::vector<audit_record> records;
    ledger_batch batch;
    for (int i = 0; i < 500; ++i) {
        auto record = maker.next();
        batch.entries.push_back(store::encode(record));
        records.push_back(std::move(record));
    }
    REQUIRE(run(context, ledger->append(std::move(batch))).has_value());

    auto expected = [&](const std::string& target, std::int64_t before, std::size_t limit) {
        std::vector<std::int64_t> seqs;
        for (auto seq = static_cast<std::int64_t>(records.size()); seq > 0 && seqs.size() < limit; --seq) {
            const auto& one = records[static_cast<std::size_t>(seq - 1)];
            bool named = target.empty() || one.crisis.value == target || one.account.value == target
                         || (!one.post.empty() && display_id(one.account, one.post) == target);
            if (named && (before == 0 || seq < before))
                seqs.push_back(seq);
        }
        return seqs;
    };
    auto found = [&](const std::string& target, std::int64_t before, int limit) {
        auto entries = run(context, ledger->find(target, before, limit));
        REQUIRE(entries.has_value());
        std::vector<std::int64_t> seqs;
        for (const auto& entry : *entries) {
            CHECK(entry.payload == store::encode(records[static_cast<std::size_t>(entry.seq - 1)]).payload);
            seqs.push_back(entry.seq);
        }
        return seqs;
    };
    bool without_index = GENERATE(false, true);
    if (without_index)
        fs::create_directory(state / "index.db");
    for (const std::string target : {"", "c-1", "acme-2", "acme-1/3", "nobody", "acme-1/"})
        for (std::int64_t before : {0, 1, 250})
            for (int limit : {0, 3, 1000}) {
                INFO(target << " before " << before << " limit " << limit);
                CHECK(found(target, before, limit) == expected(target, before, static_cast<std::size_t>(limit)));
            }
}

TEST_CASE("the index follows the ledger it stands beside, and no other one", "[ledger]")
{
    temporary_directory state;
    asio::io_context context;
    auto entry = [](const std::string& post) { return batch_of({R"({"account":"a","post":")" + post + R"("})"}); };
    auto count = [&](store::sqlite_ledger& ledger, const std::string& target) {
        return run(context, ledger.find(target, 0, 100))->size();
    };
    {
        auto ledger = open(context, state);
        REQUIRE(run(context, ledger->append(entry("1"))).has_value());
        CHECK(count(*ledger, "a/1") == 1);
        REQUIRE(run(context, ledger->append(entry("1"))).has_value());
        CHECK(count(*ledger, "a/1") == 2);
    }
    {
        auto ledger = open(context, state);
        CHECK(count(*ledger, "a/1") == 2);
    }
    for (const char* name : {"ledger.db", "checkpoint.json"})
        fs::remove(state / name);
    auto ledger = open(context, state);
    REQUIRE(run(context, ledger->append(entry("2"))).has_value());
    REQUIRE(run(context, ledger->append(entry("2"))).has_value());
    CHECK(count(*ledger, "a/1") == 0);
    CHECK(count(*ledger, "a/2") == 2);
    ledger.reset();
    write_file(state / "index.db", std::string(8192, 'x'));
    ledger = open(context, state);
    CHECK(count(*ledger, "a/2") == 2);
}

TEST_CASE("a full disk is a problem, loses nothing, and is over when there is room again", "[ledger]")
{
    temporary_directory state;
    asio::io_context context;
    {
        auto ledger = open(context, state);
        REQUIRE(run(context, ledger->append(batch_of({"before"}))).has_value());
        {
            size_limit full{fs::file_size(state / "ledger.db-wal") + 65'536};
            auto large = run(context, ledger->append(batch_of({"x", std::string(1 << 20, 'x')})));
            REQUIRE_FALSE(large.has_value());
            CHECK(large.error().kind == failure::local);
            CHECK(large.error().detail.find("ledger.db: ") != std::string::npos);
            CHECK(large.error().detail.find("the disk") != std::string::npos);
            CHECK(run(context, ledger->append(batch_of({"small enough"}))).has_value());
        }
        {
            size_limit full{1};
            CHECK_FALSE(run(context, ledger->append(batch_of({"not now"}))).has_value());
        }
        CHECK(*run(context, ledger->append(batch_of({"after"}))) == 3);
        CHECK(payloads(*ledger) == std::vector<std::string>{"before", "small enough", "after"});
    }
    CHECK(faults(state).empty());
}

TEST_CASE("when a group does not fit, the small ones of it still get in", "[ledger]")
{
    temporary_directory state;
    auto writer = store::ledger_writer::open(state.path());
    REQUIRE(writer.has_value());
    auto small = batch_of({"small"});
    auto large = batch_of({std::string(1 << 20, 'x')});
    auto other = batch_of({"other"});
    size_limit full{fs::file_size(state / "ledger.db-wal") + 65'536};
    auto answers = (*writer)->commit({&small, &large, &other});
    REQUIRE(answers.size() == 3);
    CHECK(*answers[0] == 1);
    CHECK_FALSE(answers[1].has_value());
    CHECK(*answers[2] == 2);
}

TEST_CASE("a ledger that lost its last record is refused, and the text says how much", "[ledger]")
{
    temporary_directory state;
    asio::io_context context;
    {
        auto ledger = open(context, state);
        REQUIRE(run(context, ledger->append(batch_of({"a", "b", "c", "d"}))).has_value());
    }
    SECTION("cut off")
    {
        raw_database{state / "ledger.db"}.run("DELETE FROM ledger WHERE seq >= 3");
        auto again = store::sqlite_ledger::open(context.get_executor(), state.path());
        REQUIRE_FALSE(again.has_value());
        CHECK(again.error().detail.find("ledger.db ends with record 2, but checkpoint.json, signed at ") != std::string::npos);
        CHECK(again.error().detail.find("covers record 4: 2 records were cut off") != std::string::npos);
        CHECK(again.error().detail.find("halfmast audit verify --state-dir " + state.path()) != std::string::npos);
    }
    SECTION("changed")
    {
        raw_database{state / "ledger.db"}.run("UPDATE ledger SET payload = 'x' WHERE seq = 4");
        auto again = store::sqlite_ledger::open(context.get_executor(), state.path());
        REQUIRE_FALSE(again.has_value());
        CHECK(again.error().detail.find("record 4 was changed") != std::string::npos);
    }
    SECTION("the signed head taken away")
    {
        fs::remove(state / "checkpoint.json");
        auto again = store::sqlite_ledger::open(context.get_executor(), state.path());
        REQUIRE_FALSE(again.has_value());
        CHECK(again.error().detail.find("has 4 records but checkpoint.json is missing") != std::string::npos);
    }
    SECTION("the key taken away")
    {
        fs::remove(state / "ledger.key");
        auto again = store::sqlite_ledger::open(context.get_executor(), state.path());
        REQUIRE_FALSE(again.has_value());
        CHECK(again.error().detail.find("ledger.key is missing") != std::string::npos);
    }
    SECTION("put in behind the signed head by somebody without the chain")
    {
        raw_database{state / "ledger.db"}.run("INSERT INTO ledger SELECT 5, at, payload, prev, hash FROM ledger WHERE seq = 4");
        auto again = store::sqlite_ledger::open(context.get_executor(), state.path());
        REQUIRE_FALSE(again.has_value());
        CHECK(again.error().detail.find("record 5 does not continue the chain") != std::string::npos);
    }
}

TEST_CASE("the head is signed within a second, while the daemon runs", "[ledger]")
{
    temporary_directory state;
    asio::io_context context;
    auto ledger = open(context, state);
    auto begun = std::chrono::steady_clock::now();
    REQUIRE(run(context, ledger->append(batch_of({"a", "b"}))).has_value());
    auto deadline = begun + std::chrono::seconds{20};
    std::int64_t covered = 0;
    while (covered != 2 && std::chrono::steady_clock::now() < deadline) {
        auto head = audit::parse_checkpoint(read_file(state / "checkpoint.json"));
        REQUIRE(head.has_value());
        covered = head->seq;
        std::this_thread::yield();
    }
    CHECK(covered == 2);
    CHECK(faults(state).empty());
}

namespace {

constexpr int in_a_batch = 3;

// A daemon that writes batches as fast as it can and tells the number of each that was acknowledged. Never returns.
[[noreturn]] void write_until_killed(const std::string& state_dir, int tell)
{
    asio::io_context context;
    auto ledger = store::sqlite_ledger::open(context.get_executor(), state_dir);
    if (!ledger)
        ::_exit(1);
    std::int64_t last = 0;
    (void)(*ledger)->replay([&](const store::stored_entry& entry) -> result<void> {
        last = entry.seq;
        return {};
    });
    for (;;) {
        std::vector<std::string> texts;
        for (int i = 1; i <= in_a_batch; ++i)
            texts.push_back("record " + std::to_string(last + i));
        auto answer = run(context, (*ledger)->append(batch_of(texts)));
        if (!answer)
            ::_exit(2);
        last = *answer;
        if (::write(tell, &last, sizeof last) != sizeof last)
            ::_exit(3);
    }
}

// The next number a child told; 0 when there is none any more.
std::int64_t next_told(int from)
{
    std::int64_t seq = 0;
    pollfd ready{from, POLLIN, 0};
    if (::poll(&ready, 1, 30'000) != 1 || ::read(from, &seq, sizeof seq) != sizeof seq)
        return 0;
    return seq;
}

}  // namespace

TEST_CASE("kill -9 in the middle of writing loses no acknowledged batch and no half of one", "[ledger]")
{
    temporary_directory state;
    std::mt19937 random{3};
    for (int round = 0; round < 12; ++round) {
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        auto child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0)
            write_until_killed(state.path(), ends[1]);
        ::close(ends[1]);
        std::int64_t acknowledged = 0;
        for (auto wanted = random() % 20 + 1; wanted > 0; --wanted) {
            auto told = next_told(ends[0]);
            REQUIRE(told > acknowledged);
            acknowledged = told;
        }
        ::kill(child, SIGKILL);
        while (auto told = next_told(ends[0]))
            acknowledged = told;
        ::waitpid(child, nullptr, 0);
        ::close(ends[0]);

        CHECK(faults(state).empty());
        asio::io_context context;
        auto ledger = open(context, state);
        auto all = payloads(*ledger);
        CHECK(static_cast<std::int64_t>(all.size()) >= acknowledged);
        CHECK(all.size() % in_a_batch == 0);
        for (std::size_t i = 0; i < all.size(); ++i)
            REQUIRE(all[i] == "record " + std::to_string(i + 1));
    }
}
