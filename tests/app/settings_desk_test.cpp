// Whether the settings on disk are those the daemon runs with: what people write counts, how they write it does not.
#include "daemon/app/settings_desk.hpp"

#include "connectors/registry.hpp"
#include "tests/store/support.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::test;

namespace {

struct settings_on_disk {
    temporary_directory root;
    std::string file = root / "halfmast.toml";
    asio::io_context context{1};

    void write(const std::string& text) const { write_file(file, text); }
    settings::settings read() const { return settings::load(file, connectors(), true).value; }
    api::settings_report ask(app::settings_desk& desk) { return run(context, desk.check()); }
};

}  // namespace

TEST_CASE("other settings differ, other comments do not, and faults are check-config's", "[settings-desk]")
{
    settings_on_disk here;
    here.write("[daemon]\nstate_dir = \"state\"\nrequest_timeout = \"20s\"\n[links]\nprivate = true\n");
    auto now = *parse_rfc3339("2026-03-01T14:30:00Z");
    app::settings_desk desk{here.context.get_executor(), here.read(), [&] { return now; }};
    now += std::chrono::hours{2};

    auto same = here.ask(desk);
    CHECK_FALSE(same.differs);
    CHECK(same.faults.empty());
    CHECK(same.file == here.file);
    CHECK(same.running_since + std::chrono::hours{2} == same.checked_at);

    here.write("# moved\n[links]\nprivate=true\n\n[daemon]\nrequest_timeout = '20s'\nstate_dir = \"state\"  # the same\n");
    CHECK_FALSE(here.ask(desk).differs);

    here.write("[daemon]\nstate_dir = \"state\"\nrequest_timeout = \"25s\"\n[links]\nprivate = true\n");
    CHECK(here.ask(desk).differs);

    here.write("[daemon]\nstate_dir = \"state\"\nrequest_timout = \"20s\"\n[links]\nprivate = true\n");
    auto wrong = here.ask(desk);
    CHECK(wrong.differs);
    REQUIRE(wrong.faults.size() == 1);
    CHECK(wrong.faults[0].file == here.file);
    CHECK(wrong.faults[0].line == 3);
    auto checked = settings::load(here.file, connectors(), true).faults;
    REQUIRE(checked.size() == 1);
    CHECK(wrong.faults[0].what == checked[0].text);

    here.write("[daemon\n");
    CHECK(here.ask(desk).faults.size() == 1);
    fs::remove(here.file);
    CHECK(here.ask(desk).faults.size() == 1);
}

TEST_CASE("[access] is in force when it was read again, the rest is not", "[settings-desk]")
{
    settings_on_disk here;
    here.write("[daemon]\nstate_dir = \"state\"\n[access]\nsession_idle = \"1h\"\n");
    auto now = *parse_rfc3339("2026-03-01T14:30:00Z");
    app::settings_desk desk{here.context.get_executor(), here.read(), [&] { return now; }};
    here.write("[daemon]\nstate_dir = \"state\"\n[access]\nsession_idle = \"2h\"\n");
    CHECK(here.ask(desk).differs);
    desk.access_renewed(here.read());
    CHECK_FALSE(here.ask(desk).differs);
    here.write("[daemon]\nstate_dir = \"other\"\n[access]\nsession_idle = \"2h\"\n");
    desk.access_renewed(here.read());
    CHECK(here.ask(desk).differs);
}

TEST_CASE("a file that is named differs when its content does, and a doubt is none of the faults", "[settings-desk]")
{
    settings_on_disk here;
    write_file(here.root / "books.toml", "[[playbook]]\nname = \"outage\"\nsummary.en = \"We know.\"\n");
    here.write("playbooks = [\"books.toml\"]\n");
    auto now = *parse_rfc3339("2026-03-01T14:30:00Z");
    app::settings_desk desk{here.context.get_executor(), here.read(), [&] { return now; }};
    CHECK_FALSE(here.ask(desk).differs);
    write_file(here.root / "books.toml", "[[playbook]]\nname = \"outage\"\nsummary.en = \"We know it.\"\n");
    CHECK(here.ask(desk).differs);

    write_file(here.root / "token", "hm-canary-token\n");
    fs::permissions(here.root / "token", fs::perms{0644});
    here.write(
        "[[account]]\nid = \"a\"\nconnector = \"mastodon\"\nurl = \"https://social.example\"\ntoken = { file = \"token\" }\n");
    auto doubtful = here.ask(desk);
    CHECK(doubtful.faults.empty());
    REQUIRE_FALSE(doubtful.doubts.empty());
    CHECK(doubtful.doubts[0].find("warning") != std::string::npos);
    for (const auto& one : doubtful.doubts)
        CHECK(one.find("canary") == std::string::npos);
}
