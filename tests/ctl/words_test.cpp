// Times, durations, scopes, ids and severities as people type them.
#include <CLI/CLI.hpp>

#include "daemon/ctl/client.hpp"
#include "daemon/ctl/ids.hpp"
#include "daemon/ctl/scopes.hpp"
#include "daemon/ctl/session.hpp"
#include "daemon/ctl/times.hpp"
#include "tests/ctl/documents.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::ctl;
using namespace halfmast::ctl::tests;

namespace {

template <class Work>
command_error error_of(Work work)
{
    try {
        work();
    } catch (const command_error& error) {
        return error;
    }
    FAIL("nothing was thrown");
    throw std::logic_error("not reached");
}

}  // namespace

TEST_CASE("a time is RFC 3339 with a zone, or counted from now", "[ctl]")
{
    auto now = at("2026-03-01T14:30:00Z");
    CHECK(read_time("2026-03-01T15:30:00+01:00", now, "--at") == now);
    CHECK(read_time("+20m", now, "--at") == at("2026-03-01T14:50:00Z"));
    CHECK(read_time("+20min", now, "--at") == at("2026-03-01T14:50:00Z"));
    CHECK(read_time("+1h30m", now, "--at") == at("2026-03-01T16:00:00Z"));
    CHECK(read_time("+1s", now + milliseconds{1}, "--at") == at("2026-03-01T14:30:02Z"));  // never before what was asked for
    for (const char* wrong : {"", "tomorrow", "14:30", "2026-03-01T15:30:00", "+", "+soon", "-20m"}) {
        INFO(wrong);
        auto error = error_of([&] { read_time(wrong, now, "--at"); });
        CHECK(error.code() == exit_code::usage);
        CHECK(error.detail().find("--at") != std::string::npos);
    }
}

TEST_CASE("a duration may be nothing, and never a guess", "[ctl]")
{
    CHECK(read_duration("0", "--wait") == milliseconds{0});
    CHECK(read_duration("90s", "--wait") == milliseconds{90'000});
    CHECK(read_duration("1h30m", "--wait") == milliseconds{5'400'000});
    CHECK(error_of([] { read_duration("soon", "--wait"); }).code() == exit_code::usage);
    CHECK(error_of([] { read_duration("60", "--wait"); }).code() == exit_code::usage);
}

TEST_CASE("a severity is a word or a number, and a slip is answered with the nearest", "[ctl]")
{
    CHECK(read_severity("") == "");
    CHECK(read_severity("major") == "major");
    CHECK(read_severity("3") == "critical");
    auto error = error_of([] { read_severity("critcal"); });
    CHECK(error.code() == exit_code::usage);
    CHECK(error.detail().find("Did you mean 'critical'?") != std::string::npos);
}

TEST_CASE("a scope is labels that all must match", "[ctl]")
{
    CHECK(read_scope("brand=acme,account=x/@acme").dump() == R"({"brand":"acme","account":"x/@acme"})");
    CHECK(read_scope("").dump() == "{}");
    CHECK(read_scope("a=b,a=b").dump() == R"({"a":"b"})");
    for (const char* wrong : {"brand", "=acme", "brand=", "a=b,c", "a=b,a=c", ",a=b"}) {
        INFO(wrong);
        CHECK(error_of([&] { read_scope(wrong); }).code() == exit_code::usage);
    }
}

TEST_CASE("an id names an account and a post, and becomes one path", "[ctl]")
{
    CHECK(post_path("acme-blog/123") == "/posts/acme-blog/123");
    CHECK(post_path("acme/at://did:plc:x/y z") == "/posts/acme/at%3A%2F%2Fdid%3Aplc%3Ax%2Fy%20z");
    for (const char* wrong : {"", "123", "/123", "acme/"}) {
        INFO(wrong);
        CHECK(error_of([&] { post_path(wrong); }).code() == exit_code::usage);
    }
    CHECK(read_ids({"a/1", "a/2", "a/1"}) == std::vector<std::string>{"a/1", "a/2"});
}

TEST_CASE("a query leaves out what is empty and encodes the rest", "[ctl]")
{
    CHECK(query_string({{"state", "held"}, {"account", ""}, {"scope", "a=b,c d"}}) == "?state=held&scope=a%3Db%2Cc%20d");
    CHECK(query_string({{"state", ""}}).empty());
}

TEST_CASE("CLI11's exit codes are not ours", "[ctl]")
{
    CHECK(from_cli(CLI::CallForHelp{}) == exit_code::done);
    CHECK(from_cli(CLI::CallForVersion{}) == exit_code::done);
    CHECK(from_cli(CLI::RequiredError{"x"}) == exit_code::usage);
    CHECK(from_cli(CLI::ExtrasError{{"x"}}) == exit_code::usage);
    CHECK(from_cli(CLI::ValidationError{"x"}) == exit_code::usage);
}
