#include <unistd.h>

#include "daemon/store/lock.hpp"
#include "daemon/store/spool.hpp"
#include "tests/store/support.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::test;

TEST_CASE("two daemons on one directory: the second one is told which process has it", "[lock]")
{
    temporary_directory state;
    {
        auto first = store::state_lock::take(state.path());
        REQUIRE(first.has_value());
        auto second = store::state_lock::take(state.path());
        REQUIRE_FALSE(second.has_value());
        CHECK(second.error().detail
              == "another halfmastd, process " + std::to_string(::getpid()) + ", works on " + state.path()
                     + ": end it first, or give this one a state_dir of its own");
    }
    CHECK(store::state_lock::take(state.path()).has_value());
}

TEST_CASE("what a killed daemon left half written goes with the lock, and nothing else does", "[lock]")
{
    temporary_directory state;
    write_file(state / "checkpoint.json", "{}");
    write_file(state / "checkpoint.json.new-4711-6", "{");
    {
        auto first = store::state_lock::take(state.path());
        REQUIRE(first.has_value());
        CHECK(files_in(state.path()) == std::vector<std::string>{"checkpoint.json", "lock"});
        // The holder's own, which whoever is refused the lock must not touch.
        write_file(state / "checkpoint.json.new-4712-1", "{");
        CHECK_FALSE(store::state_lock::take(state.path()).has_value());
        CHECK(files_in(state.path()).size() == 3);
    }
}

TEST_CASE("a lock in a directory that is not there is a clear problem", "[lock]")
{
    temporary_directory state;
    auto taken = store::state_lock::take(state / "absent");
    REQUIRE_FALSE(taken.has_value());
    CHECK(taken.error().kind == failure::local);
    CHECK(taken.error().detail == "cannot open " + (state / "absent") + "/lock: No such file or directory");
}

TEST_CASE("spooled raises are read oldest first, and nothing else in the folder is", "[spool]")
{
    temporary_directory state;
    REQUIRE(store::read_spool(state.path()).has_value());
    CHECK(store::read_spool(state.path())->empty());

    auto folder = state / "spool";
    fs::create_directory(folder);
    write_file(folder + "/raise-20260301T150000Z-7.json", "{\"playbook\":\"recall\"}\n");
    write_file(folder + "/raise-20260301T143000Z-9.json", "{\"playbook\":\"outage\"}\n");
    write_file(folder + "/.20260301T143000Z-9.tmp", "{\"play");
    write_file(folder + "/notes.txt", "hello");

    auto found = store::read_spool(state.path());
    REQUIRE(found.has_value());
    REQUIRE(found->size() == 2);
    CHECK((*found)[0].path == folder + "/raise-20260301T143000Z-9.json");
    CHECK((*found)[0].json == "{\"playbook\":\"outage\"}\n");
    CHECK((*found)[1].json == "{\"playbook\":\"recall\"}\n");

    store::remove_spool((*found)[0].path);
    found = store::read_spool(state.path());
    REQUIRE(found.has_value());
    REQUIRE(found->size() == 1);
    CHECK((*found)[0].path == folder + "/raise-20260301T150000Z-7.json");
}

TEST_CASE("a spooled raise that cannot be read does not hide the others", "[spool]")
{
    temporary_directory state;
    auto folder = state / "spool";
    fs::create_directories(folder + "/raise-1.json");  // a folder under a raise's name
    write_file(folder + "/raise-2.json", "{}");

    auto found = store::read_spool(state.path());
    REQUIRE(found.has_value());
    REQUIRE(found->size() == 2);
    CHECK((*found)[0].json.empty());
    CHECK((*found)[1].json == "{}");
}
