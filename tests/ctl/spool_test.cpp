#include <filesystem>
#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

#include "daemon/ctl/spool.hpp"
#include "tests/ctl/documents.hpp"
#include "tests/ctl/folder.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::ctl;
using namespace halfmast::ctl::tests;

namespace fs = std::filesystem;

TEST_CASE("a spooled raise has a name of its own, sorts by time, and leaves nothing half written", "[ctl]")
{
    folder here;
    auto at = *parse_rfc3339("2026-03-01T14:30:00Z");
    auto first = write_spool(here.path(), parsed(R"({"reason":"one"})"), at);
    auto second = write_spool(here.path(), parsed(R"({"reason":"two"})"), at);
    auto later = write_spool(here.path(), parsed(R"({"reason":"three"})"), at + seconds{1});
    REQUIRE(first.has_value());
    REQUIRE(second.has_value());
    REQUIRE(later.has_value());
    auto pid = std::to_string(getpid());
    CHECK(*first == here.path() + "/spool/raise-20260301T143000Z-" + pid + ".json");
    CHECK(*second == here.path() + "/spool/raise-20260301T143000Z-" + pid + "-1.json");
    CHECK(*second < *later);
    CHECK(here.read("spool/" + fs::path(*first).filename().string()) == "{\"reason\":\"one\"}\n");
    CHECK(here.names("spool").size() == 3);

    struct stat file {
    }, spool{}, state{};
    REQUIRE(stat(first->c_str(), &file) == 0);
    REQUIRE(stat((here.path() + "/spool").c_str(), &spool) == 0);
    REQUIRE(stat(here.path().c_str(), &state) == 0);
    CHECK((file.st_mode & 07777) == 0660);
    CHECK((spool.st_mode & 07777) == 02770);
    CHECK(file.st_uid == state.st_uid);
}

TEST_CASE("what root leaves in the spool belongs to the daemon's user", "[ctl]")
{
    if (geteuid() != 0) {
        WARN("not run: only root can give files away");
        return;
    }
    folder here;
    constexpr uid_t daemon_user = 1234;
    REQUIRE(chown(here.path().c_str(), daemon_user, daemon_user) == 0);
    auto written = write_spool(here.path(), parsed("{}"), time_point{});
    REQUIRE(written.has_value());
    struct stat file {
    }, spool{};
    REQUIRE(stat(written->c_str(), &file) == 0);
    REQUIRE(stat((here.path() + "/spool").c_str(), &spool) == 0);
    CHECK(file.st_uid == daemon_user);
    CHECK(spool.st_gid == daemon_user);
}

TEST_CASE("a spool that cannot be written is a problem that names the place", "[ctl]")
{
    folder here;
    auto missing = write_spool(here.path() + "/nowhere", parsed("{}"), time_point{});
    REQUIRE_FALSE(missing.has_value());
    CHECK(missing.error().detail.find(here.path() + "/nowhere/spool") != std::string::npos);

    here.write("spool", "a file where a folder should be");
    auto blocked = write_spool(here.path(), parsed("{}"), time_point{});
    REQUIRE_FALSE(blocked.has_value());
}
