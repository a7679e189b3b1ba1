// Lines of the log, and the catalogue behind them.
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>

#include <sys/stat.h>
#include <unistd.h>

#include "daemon/log/catalog.hpp"
#include "daemon/log/logger.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using log::field;
using log::message;
using log::style;

namespace {

const std::chrono::system_clock::time_point noon{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} + std::chrono::hours{12}};

std::string line(message what, std::initializer_list<field> fields, style how = style::journal)
{
    return log::format(what, std::span{fields.begin(), fields.size()}, how, noon);
}

}  // namespace

TEST_CASE("under systemd a line starts with its priority, elsewhere with time and program", "[log]")
{
    CHECK(line(message::hold_escaped, {{"crisis", "c-1"}, {"post", "acme/9"}})
          == "<3>HM_HOLD_ESCAPED a post got out although it should have been held crisis=c-1 post=acme/9\n");
    CHECK(line(message::stopped, {}, style::plain) == "2026-11-21T12:00:00Z halfmastd: notice HM_STOPPED stopped\n");
}

TEST_CASE("values with blanks are quoted, empty ones left out", "[log]")
{
    CHECK(line(message::stopped, {{"why", "no room"}, {"file", ""}, {"n", "3"}}) == "<5>HM_STOPPED stopped why=\"no room\" n=3\n");
    CHECK(line(message::stopped, {{"why", "a=b"}, {"say", "\"hi\" \\"}})
          == "<5>HM_STOPPED stopped why=\"a=b\" say=\"\\\"hi\\\" \\\\\"\n");
}

TEST_CASE("nothing from outside ends a line, moves the cursor or turns the writing round", "[log]")
{
    auto logged = line(message::stopped, {{"why", "a\nb\r\t\x1b[2J\x7f"},
                                          {"text",
                                           "x\xe2\x80\xae"
                                           "y\xe2\x80\xa8z\xc2\x85"},
                                          {"bytes", "\xff\xc0\xaf\xed\xa0\x80"}});
    CHECK(logged == "<5>HM_STOPPED stopped why=\"a\\nb\\r\\t\\x1b[2J\\x7f\" text=x\\u202ey\\u2028z\\x85 bytes=\\xff\\xc0\\xaf\\xed\\xa0\\x80\n");
    CHECK(line(message::stopped, {{"text", "Tűz és víz, 火, пожар 🔥"}})
          == "<5>HM_STOPPED stopped text=\"Tűz és víz, 火, пожар 🔥\"\n");
}

TEST_CASE("what looks like a credential is blotted out", "[log]")
{
    for (const auto* text : {"GET https://me:hunter2@a.example/x failed", "Authorization: Bearer hunter2",
                             "https://a.example/?access_token=hunter2&x=1", "PASSWORD=hunter2", "api_key=hunter2, refused",
                             "Basic hunter2==", "https://me@corp:hunter2@a.example"}) {
        CAPTURE(text);
        auto logged = line(message::stopped, {{"why", text}});
        CHECK(logged.find("hunter2") == std::string::npos);
        CHECK(logged.find("***") != std::string::npos);
    }
    auto plain = line(message::stopped, {{"why", "token refused (401) by https://a.example/api for me@example.com"}});
    CHECK(plain.find("token refused (401) by https://a.example/api for me@example.com") != std::string::npos);
}

TEST_CASE("a huge value is cut at a character", "[log]")
{
    std::string huge;
    while (huge.size() < 100'000)
        huge += "é";
    auto logged = line(message::stopped, {{"why", huge}});
    CHECK(logged.size() < 2'100);
    CHECK(logged.ends_with("é...\"\n"));
}

TEST_CASE("every message is explained, in whole sentences", "[log]")
{
    std::set<std::string_view> ids;
    for (const auto& one : log::catalogue()) {
        CAPTURE(one.id);
        CHECK(ids.insert(one.id).second);
        CHECK(one.id.starts_with("HM_"));
        CHECK(one.id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == std::string_view::npos);
        CHECK(!one.text.empty());
        CHECK(!one.text.ends_with('.'));
        CHECK(one.meaning.ends_with('.'));
        CHECK(one.advice.ends_with('.'));
        CHECK((one.how == log::level::error ? one.advice != "Nothing." : true));
    }
    CHECK(log::describe(message::hold_escaped).id == "HM_HOLD_ESCAPED");
}

TEST_CASE("standard error is the journal only when JOURNAL_STREAM names that very file", "[log]")
{
    struct stat about {};
    REQUIRE(::fstat(STDERR_FILENO, &about) == 0);
    auto name = std::to_string(about.st_dev) + ":" + std::to_string(about.st_ino);
    ::setenv("JOURNAL_STREAM", name.c_str(), 1);
    CHECK(log::writes_to_journal());
    ::setenv("JOURNAL_STREAM", "9:9999999", 1);
    CHECK_FALSE(log::writes_to_journal());
    ::unsetenv("JOURNAL_STREAM");
    CHECK_FALSE(log::writes_to_journal());
}

TEST_CASE("say writes one line to standard error", "[log]")
{
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    int kept = ::dup(STDERR_FILENO);
    REQUIRE(::dup2(ends[1], STDERR_FILENO) >= 0);
    log::say(message::ledger_refused, {{"why", "no space left"}});
    ::dup2(kept, STDERR_FILENO);
    ::close(kept);
    ::close(ends[1]);
    char buffer[1024];
    auto got = ::read(ends[0], buffer, sizeof buffer);
    ::close(ends[0]);
    REQUIRE(got > 0);
    std::string text(buffer, static_cast<std::size_t>(got));
    CHECK(text.find("HM_LEDGER_REFUSED") != std::string::npos);
    CHECK(text.ends_with("why=\"no space left\"\n"));
}

TEST_CASE("systemd/halfmast.catalog explains every message, under an id that stays", "[log]")
{
    const std::string path = HALFMAST_SOURCE_DIR "/systemd/halfmast.catalog";
    if (std::getenv("HALFMAST_WRITE") != nullptr)
        std::ofstream(path) << log::catalog_text();
    std::ifstream file(path);
    std::string text(std::istreambuf_iterator<char>(file), {});
    INFO("write it anew with HALFMAST_WRITE=1 test-log '[log]'");
    CHECK((text == log::catalog_text()));
    std::set<std::string> ids;
    for (const auto& one : log::catalogue())
        ids.insert(log::journal_id(one));
    CHECK(ids.size() == log::catalogue().size());
    CHECK(log::journal_id(log::describe(message::started)) == "b0317be78c3a421f82edc4e4b759f02b");
}

TEST_CASE("the journal gets what a filter needs, and no secret", "[log]")
{
    std::vector<field> fields{{"account", "acme-blog"}, {"why", "GET https://me:hunter2@a.example: \nrefused"}, {"url", ""}};
    auto sent = log::journal_fields(message::hold_failed, fields);
    REQUIRE(sent.size() == 6);
    CHECK(sent[0].starts_with("MESSAGE=HM_HOLD_FAILED "));
    CHECK(sent[0].find('\n') == std::string::npos);
    CHECK(sent[1] == "MESSAGE_ID=" + log::journal_id(log::describe(message::hold_failed)));
    CHECK(sent[2] == "PRIORITY=" + std::to_string(static_cast<int>(log::describe(message::hold_failed).how)));
    CHECK(sent[4] == "HALFMAST_ACCOUNT=acme-blog");
    for (const auto& one : sent)
        CHECK(one.find("hunter2") == std::string::npos);
}
