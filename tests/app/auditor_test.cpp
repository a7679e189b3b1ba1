// The ledger is looked at while the daemon lives: the first check, what is new, what somebody changed, and what is said when.
#include "daemon/app/auditor.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include "daemon/store/sqlite_ledger.hpp"
#include "tests/store/support.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::test;
using app::auditor;

namespace {

using said_faults = std::vector<api::ledger_proof::fault>;

struct watched_ledger {
    temporary_directory root;
    std::string state_dir = root / "state";
    asio::io_context context{1};
    std::shared_ptr<store::sqlite_ledger> ledger = *store::sqlite_ledger::open(context.get_executor(), state_dir);
    std::vector<said_faults> said;
    std::unique_ptr<auditor> watch;
    std::int64_t last = 0;

    watched_ledger()
    {
        auditor::wiring with;
        with.home = context.get_executor();
        with.state_dir = state_dir;
        with.clock = [] { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); };
        with.found = [this](const said_faults& faults) { said.push_back(faults); };
        with.look_after = milliseconds{1};
        watch = std::make_unique<auditor>(std::move(with));
        write(5);
    }

    void write(int records)
    {
        std::vector<std::string> payloads;
        for (int i = 0; i < records; ++i)
            payloads.push_back(R"({"kind":"page_opened","n":)" + std::to_string(last + i) + "}");
        std::optional<result<std::int64_t>> answer;
        auto work = ledger->append(batch_of(payloads));
        asio::co_spawn(context, std::move(work),
                       [&](std::exception_ptr, result<std::int64_t> given) { answer.emplace(std::move(given)); });
        until([&] { return answer.has_value(); });
        REQUIRE(answer->has_value());
        last = **answer;
        watch->grew(last);
    }

    // The context runs until that is so; a test that waits for what never comes is ended by whoever runs it.
    template <class Condition>
    void until(Condition condition)
    {
        auto work = asio::make_work_guard(context);
        context.restart();
        while (!condition())
            context.run_one();
    }

    // Behind the back of whoever wrote it.
    void change_a_byte()
    {
        raw_database{state_dir + "/ledger.db"}.run(
            "UPDATE ledger SET payload = replace(payload, 'opened', 'opeNed') WHERE seq = 2");
    }
};

}  // namespace

TEST_CASE("all of it is checked at the start, and what is new soon after", "[auditor]")
{
    watched_ledger here;
    CHECK_FALSE(here.watch->known().ok);
    CHECK(here.watch->known().records == 5);
    here.watch->start();
    CHECK(here.watch->known().checking);
    here.until([&] { return here.watch->known().ok.has_value(); });
    auto proof = here.watch->known();
    CHECK(*proof.ok);
    CHECK_FALSE(proof.checking);
    CHECK(proof.through == 5);
    CHECK(proof.head.size() == 64);
    REQUIRE(here.said.size() == 1);
    CHECK(here.said.front().empty());  // a page that was open before the restart ends

    here.write(3);
    here.until([&] { return here.watch->known().through == 8; });
    CHECK(*here.watch->known().ok);
    CHECK(here.said.size() == 1);
    here.watch->stop();
}

TEST_CASE("a byte that somebody changed is found by the next whole check, said once, and over when it is mended", "[auditor]")
{
    watched_ledger here;
    here.watch->start();
    here.until([&] { return here.watch->known().ok.has_value(); });
    here.change_a_byte();
    here.watch->verify_whole();
    CHECK(here.watch->known().checking);
    here.until([&] { return !*here.watch->known().ok; });
    auto proof = here.watch->known();
    REQUIRE(proof.faults.size() == 1);
    CHECK(proof.faults[0].seq == 2);
    CHECK(proof.faults[0].what.find("record 2 was changed") != std::string::npos);
    REQUIRE(here.said.size() == 2);
    CHECK(here.said[1].size() == 1);

    // The same again is no news.
    auto before = here.watch->known().verified_at;
    here.watch->verify_whole();
    here.until([&] { return !here.watch->known().checking; });
    CHECK(here.watch->known().verified_at >= before);
    CHECK(here.said.size() == 2);

    raw_database{here.state_dir + "/ledger.db"}.run(
        "UPDATE ledger SET payload = replace(payload, 'opeNed', 'opened') WHERE seq = 2");
    here.watch->verify_whole();
    here.until([&] { return *here.watch->known().ok; });
    REQUIRE(here.said.size() == 3);
    CHECK(here.said[2].empty());
    here.watch->stop();
}

TEST_CASE("a whole check that is asked for twice while one runs is made once more", "[auditor]")
{
    watched_ledger here;
    here.watch->start();
    here.watch->verify_whole();
    here.watch->verify_whole();
    here.until([&] { return !here.watch->known().checking; });
    CHECK(*here.watch->known().ok);
    here.watch->stop();
    here.watch->verify_whole();
    CHECK_FALSE(here.watch->known().checking);
}
