#include <chrono>

#include "daemon/store/mirror.hpp"
#include "tests/store/support.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::test;

namespace {

post_ptr post(const std::string& id, const std::string& text = "20% off", const std::string& raw = "{}")
{
    scheduled_post made;
    made.id = post_id{id};
    made.due = *parse_rfc3339("2026-03-01T14:30:00.250Z");
    made.text = text;
    made.folded = text;
    made.tags = {"promo"};
    made.raw = std::make_shared<const std::string>(raw);
    return std::make_shared<const scheduled_post>(std::move(made));
}

const account_id blog{"acme-blog"};

// Opens, saves, and ends, which writes what is queued.
void save(const temporary_directory& state, const std::vector<post_ptr>& posts)
{
    auto mirror = store::mirror::open(state.path());
    REQUIRE(mirror.has_value());
    REQUIRE((*mirror)->load().has_value());
    (*mirror)->save(blog, posts);
}

std::map<std::string, post_ptr> load(const temporary_directory& state)
{
    auto mirror = store::mirror::open(state.path());
    REQUIRE(mirror.has_value());
    auto all = (*mirror)->load();
    REQUIRE(all.has_value());
    std::map<std::string, post_ptr> posts;
    for (const auto& one : (*all)[blog])
        posts[one->id.value] = one;
    return posts;
}

}  // namespace

TEST_CASE("the queues come back as they were last seen", "[mirror]")
{
    temporary_directory state;
    CHECK(load(state).empty());
    save(state, {post("1"), post("2", "скидка", std::string("\0\xff", 2)), post("3")});
    save(state, {post("1", "30% off"), post("2", "скидка", std::string("\0\xff", 2))});

    auto posts = load(state);
    REQUIRE(posts.size() == 2);
    CHECK(posts["1"]->text == "30% off");
    CHECK(posts["1"]->due == post("1")->due);
    CHECK(posts["1"]->tags == std::vector<std::string>{"promo"});
    CHECK(posts["2"]->folded == "скидка");
    CHECK(posts["2"]->raw == nullptr);  // not kept: the first poll brings it
}

TEST_CASE("only what changed is written", "[mirror]")
{
    temporary_directory state;
    save(state, {post("1"), post("2"), post("3")});
    {
        raw_database file{state / "mirror.db"};
        file.run(
            "CREATE TABLE log(what TEXT); CREATE TRIGGER put AFTER INSERT ON seen BEGIN INSERT INTO log VALUES('put ' || "
            "new.post); END;"
            "CREATE TRIGGER gone AFTER DELETE ON seen BEGIN INSERT INTO log VALUES('gone ' || old.post); END;");
    }
    auto log = [&] {
        raw_database file{state / "mirror.db"};
        auto lines = file.ask("SELECT group_concat(what, ', ') FROM (SELECT what FROM log ORDER BY what)");
        file.run("DELETE FROM log");
        return lines;
    };

    save(state, {post("1"), post("2"), post("3")});
    CHECK(log().empty());
    save(state, {post("1"), post("2", "21% off"), post("4")});
    CHECK(log() == "gone 3, put 2, put 4");
}

TEST_CASE("a broken mirror is thrown away and made anew", "[mirror]")
{
    temporary_directory state;
    save(state, {post("1")});
    std::string name = GENERATE("garbage", "row", "schema", "version");
    if (name == "garbage")
        write_file(state / "mirror.db", std::string(8192, 'x'));
    else if (name == "row")
        raw_database{state / "mirror.db"}.run("UPDATE seen SET body = 'no post'");
    else if (name == "version")
        raw_database{state / "mirror.db"}.run("PRAGMA user_version=7");
    else
        raw_database{state / "mirror.db"}.run("DROP TABLE seen; CREATE TABLE seen(other TEXT)");

    CHECK(load(state).empty());
    save(state, {post("2")});
    CHECK(load(state).size() == 1);
}

TEST_CASE("a mirror that cannot be made is no reason not to start", "[mirror]")
{
    temporary_directory state;
    fs::create_directory(state / "mirror.db");
    auto mirror = store::mirror::open(state.path());
    REQUIRE(mirror.has_value());
    auto read = (*mirror)->load();
    REQUIRE(read.has_value());
    CHECK(read->empty());
    (*mirror)->save(blog, {post("1")});
}

TEST_CASE("saving does not wait for the disk, and catches up once it can", "[mirror]")
{
    temporary_directory state;
    save(state, {post("1"), post("2")});
    auto mirror = store::mirror::open(state.path());
    REQUIRE(mirror.has_value());
    REQUIRE((*mirror)->load().has_value());
    {
        raw_database file{state / "mirror.db"};
        file.run("BEGIN IMMEDIATE");
        auto before = std::chrono::steady_clock::now();
        for (int i = 0; i < 100; ++i)
            (*mirror)->save(blog, {post("1", std::to_string(i))});
        // A write waits a second for the lock; a hundred of them would have taken a hundred.
        CHECK(std::chrono::steady_clock::now() - before < std::chrono::milliseconds{900});
        file.run("ROLLBACK");
    }
    (*mirror)->save(blog, {post("1", "newest")});
    mirror->reset();
    auto posts = load(state);
    REQUIRE(posts.size() == 1);
    CHECK(posts["1"]->text == "newest");
}
