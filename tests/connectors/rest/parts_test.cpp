// The parts of the language on their own: pointers, times, templates, paging.
#include <algorithm>

#include "connectors/rest/pager.hpp"
#include "tests/connectors/rest/support.hpp"

using namespace halfmast;
using namespace halfmast::rest;
using nlohmann::json;

namespace parts_test {

using rest::paging;

namespace {

std::vector<std::string> texts(const std::string& at, const std::string& in)
{
    auto parsed = pointer::parse(at);
    REQUIRE(parsed.has_value());
    auto value = json::parse(in);
    std::vector<std::string> all;
    for (const auto* found : parsed->all(value))
        all.push_back(found->dump());
    return all;
}

time_point moment(const std::string& text) { return parse_rfc3339(text).value(); }

time_form form(const std::string& text, const std::string& zone = "UTC")
{
    std::string why;
    auto made = parse_time_form(text, zone, why);
    INFO(why);
    REQUIRE(made.has_value());
    return *made;
}

page_facts facts(int from, int to, std::optional<std::int64_t> total = std::nullopt)
{
    page_facts made;
    for (int number = from; number < to; ++number)
        made.ids.push_back(std::to_string(number));
    made.total = total;
    return made;
}

using strings = std::vector<std::string>;

}  // namespace

TEST_CASE("a pointer finds one, every, or none", "[rest][pointer]")
{
    CHECK(texts("", R"({"a":1})") == strings{R"({"a":1})"});
    CHECK(texts("/a/1", R"({"a":[1,2]})") == strings{"2"});
    CHECK(texts("/a~1b/~0", R"({"a/b":{"~":3}})") == strings{"3"});
    CHECK(texts("/tags/*/name", R"({"tags":[{"name":"x"},{"no":1},7,{"name":"y"}]})") == strings{R"("x")", R"("y")"});
    CHECK(texts("/*", R"([1,2])") == strings{"1", "2"});
    CHECK(texts("/a/*/*/b", R"({"a":[[{"b":1}],{"k":{"b":2}},3]})") == strings{"1", "2"});
    CHECK(texts("/*x", R"({"*x":4})") == strings{"4"});
    for (const auto* none : {"/b", "/a/7", "/a/x", "/a/-", "/a/01", "/a/99999999999999999999", "/a/0/0"})
        CHECK(texts(none, R"({"a":[1]})").empty());
    CHECK_FALSE(pointer::parse("a").has_value());
    CHECK_FALSE(pointer::parse("/a~2").has_value());
}

TEST_CASE("times are read and written in the form that was named", "[rest][times]")
{
    auto at = moment("2026-07-01T12:30:15Z");
    struct example {
        std::string form;
        std::string zone;
        json written;
    };
    for (const auto& one : {example{"rfc3339", "UTC", "2026-07-01T12:30:15Z"},
                            {"unix", "UTC", 1782909015},
                            {"unix-ms", "UTC", 1782909015000},
                            {"%Y-%m-%dT%H:%M:%S", "UTC", "2026-07-01T12:30:15"},
                            {"%d.%m.%Y %H:%M:%S", "Europe/Budapest", "01.07.2026 14:30:15"},
                            {"%Y-%m-%d %H:%M:%S%z", "Asia/Kolkata", "2026-07-01 18:00:15+0530"},
                            {"%Y%m%d%H%M%S %%", "America/New_York", "20260701083015 %"}}) {
        CAPTURE(one.form);
        auto how = form(one.form, one.zone);
        CHECK(write_time(at, how) == one.written);
        CHECK(read_time(one.written, how) == at);
    }
    CHECK(read_time("1782909015", form("unix")) == at);  // as text too
    CHECK(read_time("2026-07-01T14:30:15+02:00", form("rfc3339")) == at);
    // One hour either side of the change of clocks in Budapest, 25 October 2026, 03:00 CEST.
    auto budapest = form("%Y-%m-%d %H:%M", "Europe/Budapest");
    CHECK(read_time("2026-10-25 01:30", budapest) == moment("2026-10-24T23:30:00Z"));
    CHECK(read_time("2026-10-25 04:30", budapest) == moment("2026-10-25T03:30:00Z"));
    for (const auto& wrong : {json("soon"), json(""), json(nullptr), json::array(), json("2026-02-30T00:00:00"),
                              json("2026-07-01T25:00:00"), json("2026-07-01T12:30:15Z")})
        CHECK_FALSE(read_time(wrong, form("%Y-%m-%dT%H:%M:%S")).has_value());
    CHECK_FALSE(read_time(-5, form("unix")).has_value());
    CHECK_FALSE(read_time(json(std::numeric_limits<std::int64_t>::max()), form("unix")).has_value());
}

TEST_CASE("a placeholder is encoded by its place", "[rest][templates]")
{
    vocabulary known{{"id", "text"}, {"at"}, true};
    std::string why;
    auto make = [&](const std::string& text) {
        auto made = text_template::parse(text, known, form("rfc3339"), why);
        INFO(why);
        REQUIRE(made.has_value());
        return *made;
    };
    auto post = json::parse(R"({"versions":[{"body":"x"}],"n":7})");
    filling with;
    with.texts = {{"id", "a/../b?c=1&d#e %\"\n"}, {"text", "plain"}};
    with.times["at"] = moment("2026-07-01T12:30:15Z");
    with.post = &post;
    CHECK(make("/posts/{id}/x").in_path(with).value() == "/posts/a%2F..%2Fb%3Fc%3D1%26d%23e%20%25%22%0A/x");
    CHECK(*make("say {text}, {{id}} at {at:unix}").in_json(with) == "say plain, {id} at 1782909015");
    CHECK(*make("{id}").in_json(with) == "a/../b?c=1&d#e %\"\n");
    CHECK(*make("{at:unix}").in_json(with) == 1782909015);
    CHECK(*make("{at:%Y-%m-%d}{text}").in_json(with) == "2026-07-01plain");
    CHECK(*make("{post:/versions}").in_json(with) == post["versions"]);
    CHECK(*make("{post:/n}").in_json(with) == 7);
    CHECK_FALSE(make("{post:/none}").in_json(with).has_value());
    with.texts["id"] = "12";
    CHECK(*make("{id:number}").in_json(with) == 12);
    with.texts["id"] = "twelve";
    CHECK_FALSE(make("{id:number}").in_json(with).has_value());
    for (const auto* climbing : {"", ".", ".."}) {
        with.texts["id"] = climbing;
        CHECK_FALSE(make("/posts/{id}").in_path(with).has_value());
    }
}

TEST_CASE("a placeholder that does not exist is a fault with a suggestion", "[rest][templates]")
{
    vocabulary known{{"id"}, {"until"}, false};
    auto why = [&](const std::string& text) {
        std::string said;
        CHECK_FALSE(text_template::parse(text, known, form("rfc3339"), said).has_value());
        return said;
    };
    CHECK(why("{ids}").find("Did you mean 'id'?") != std::string::npos);
    CHECK(why("{something}").find("Known here: {id}, {until}") != std::string::npos);
    CHECK(why("{post:/x}").find("there is no {post}") != std::string::npos);
    CHECK(why("{id:hex}").find("only 'number'") != std::string::npos);
    CHECK(why("{until:soon}").find("is no form of time") != std::string::npos);
    CHECK(why("{id").find("never closed") != std::string::npos);
    CHECK(why("id}").find("closes nothing") != std::string::npos);
    CHECK(why("{}").find("there is no {}") != std::string::npos);
}

TEST_CASE("pages by number begin again when the list changed", "[rest][pager]")
{
    paging how;
    how.by = paging_kind::page;
    how.size = 10;
    pager next{how};
    std::vector<std::size_t> fresh;
    CHECK(next.position() == "1");
    CHECK(next.take(facts(0, 10, 25), fresh) == pager::answer::more);
    CHECK(fresh.size() == 10);
    CHECK(next.position() == "2");
    CHECK(next.take(facts(11, 21, 24), fresh) == pager::answer::again);  // one left, and 10 moved up to the first page
    CHECK(next.position() == "1");
    CHECK(next.take(facts(1, 11, 24), fresh) == pager::answer::more);
    CHECK(next.take(facts(11, 21, 24), fresh) == pager::answer::more);
    CHECK(next.take(facts(21, 25, 24), fresh) == pager::answer::done);
    CHECK(fresh.size() == 4);

    SECTION("and give up when it never rests")
    {
        pager restless{how};
        auto told = pager::answer::more;
        int calls = 0;
        for (; told != pager::answer::stuck && calls < 1000; ++calls)
            told = restless.take(facts(0, 10, 100 - calls), fresh);
        CHECK(told == pager::answer::stuck);
        CHECK(calls < 50);
    }
    SECTION("without a total a page that is not full is the last one")
    {
        pager plain{how};
        CHECK(plain.take(facts(0, 10), fresh) == pager::answer::more);
        CHECK(plain.take(facts(10, 13), fresh) == pager::answer::done);
    }
}

TEST_CASE("pages by offset overlap, and what moved up is not missed", "[rest][pager]")
{
    paging how;
    how.by = paging_kind::offset;
    how.size = 20;
    // A queue of 100 of which the first five leave after every page.
    std::vector<int> queue(100);
    for (int number = 0; number < 100; ++number)
        queue[static_cast<std::size_t>(number)] = number;
    std::set<std::string> seen;
    pager next{how};
    auto told = pager::answer::more;
    int calls = 0;
    for (; told == pager::answer::more && calls < 100; ++calls) {
        page_facts page;
        auto offset = static_cast<std::size_t>(std::stoi(next.position()));
        for (std::size_t at = offset; at < std::min(offset + 20, queue.size()); ++at)
            page.ids.push_back(std::to_string(queue[at]));
        std::vector<std::size_t> fresh;
        told = next.take(page, fresh);
        for (auto index : fresh)
            CHECK(seen.insert(page.ids[index]).second);
        if (calls < 12)
            queue.erase(queue.begin(), queue.begin() + 5);
    }
    CHECK(told == pager::answer::done);
    for (int left : queue)
        CHECK(seen.contains(std::to_string(left)));

    SECTION("a server that ignores the offset is noticed")
    {
        pager deaf{how};
        std::vector<std::size_t> fresh;
        told = pager::answer::more;
        for (calls = 0; told == pager::answer::more && calls < 1000; ++calls)
            told = deaf.take(facts(0, 20), fresh);
        CHECK(told == pager::answer::stuck);
    }
}

TEST_CASE("cursors and links are followed once", "[rest][pager]")
{
    std::vector<std::size_t> fresh;
    paging cursor;
    cursor.by = paging_kind::cursor;
    pager by_cursor{cursor};
    CHECK(by_cursor.position().empty());
    auto page = facts(0, 2);
    page.cursor = "abc";
    CHECK(by_cursor.take(page, fresh) == pager::answer::more);
    CHECK(by_cursor.position() == "abc");
    CHECK(by_cursor.take(page, fresh) == pager::answer::stuck);  // the same again
    page.cursor = "def";
    page.more = false;
    CHECK(by_cursor.take(page, fresh) == pager::answer::done);

    paging link;
    link.by = paging_kind::link;
    pager by_link{link};
    page.next = "https://api.example/v1/posts?page=2";
    CHECK(by_link.take(page, fresh) == pager::answer::more);
    CHECK(by_link.url() == page.next);
    page.next.clear();
    CHECK(by_link.take(page, fresh) == pager::answer::done);
}

}  // namespace parts_test
