// [mentions] of a description: its faults, and what an entry says.
#include "connectors/rest/capabilities.hpp"
#include "connectors/rest/mentions.hpp"
#include "tests/connectors/rest/support.hpp"

using namespace halfmast;
using namespace halfmast::rest_test;

namespace {

const std::string heard = R"toml([mentions]
url = "/said"
query = { since = "{since}" }
items = "/data"
id = "/id"
at = "/at"
text = ["/title", "/body"]
text_is = "html"
by = "/who/name"
language = "/lang"
link = "/url"
reply_to = "/parent"
author = "/who/id"
[mentions.me]
url = "/me"
item = "/id"
)toml";

http_response saying(const std::string& body)
{
    http_response made;
    made.status = 200;
    made.body = body;
    return made;
}

}  // namespace

TEST_CASE("a description says how people's words are read", "[rest]")
{
    auto made = describe(small + heard);
    INFO((made.faults.empty() ? "" : made.faults.front()));
    REQUIRE(made.what != nullptr);
    auto own = account_of(made.what);
    account where;
    rest::declare_by(*made.what, where);
    CHECK(where.can_read_mentions);
    CHECK_FALSE(where.can_read_feed);
    auto page = rest::wire::read_page(
        own, made.what->mentions->from, "read mentions",
        saying(
            R"({"data":[{"id":5,"at":"2026-03-02T14:00:00Z","title":"Kettle &amp; cup","body":"<p>cold<\/p>","who":{"name":"Maria","id":12},"lang":"en",)"
            R"("url":"https://x.example/5","parent":3},{"at":"2026-03-02T14:00:00Z"},{"id":6},{"id":7,"at":"soon"},null]})"));
    REQUIRE(page.has_value());
    CHECK(page->facts.ids == std::vector<std::string>{"5", "6", "7"});  // what has no id is passed over
    auto one = rest::wire::read_said(own, page->items.at(0));
    REQUIRE(one.has_value());
    CHECK(one->author == "12");
    CHECK(one->said.id.value == "5");
    CHECK(one->said.at == parse_rfc3339("2026-03-02T14:00:00Z").value());
    CHECK(one->said.text == "Kettle & cup\ncold");
    CHECK(one->said.by == "Maria");
    CHECK(one->said.language == "en");
    CHECK(one->said.url == "https://x.example/5");
    CHECK(one->said.in_reply_to.value == "3");
    CHECK_FALSE(rest::wire::read_said(own, page->items.at(1)).has_value());
    CHECK_FALSE(rest::wire::read_said(own, page->items.at(2)).has_value());
    CHECK(rest::wire::read_me(own, saying(R"({"id":12})")).value() == "12");
    for (const auto* body : {"{}", "[]", "", R"({"id":null})"})
        CHECK(rest::wire::read_me(own, saying(body)).error().kind == failure::bad_reply);
}

TEST_CASE("what [mentions] lacks is said where it is missing", "[rest]")
{
    auto lacks = [](const std::string& line, const std::string& said) {
        auto text = heard;
        auto at = text.find(line);
        REQUIRE(at != std::string::npos);
        text.erase(at, line.size());
        auto made = describe(small + text);
        CHECK(made.what == nullptr);
        REQUIRE(made.faults.size() == 1);
        CAPTURE(made.faults[0]);
        CHECK(made.faults[0].find(said) != std::string::npos);
    };
    lacks("id = \"/id\"\n", "id is missing");
    lacks("at = \"/at\"\n", "at is missing");
    lacks("text = [\"/title\", \"/body\"]\n", "text is missing");
    lacks("author = \"/who/id\"\n", "author is missing");
    lacks("[mentions.me]\nurl = \"/me\"\nitem = \"/id\"\n", "me is missing");
    lacks("url = \"/said\"\n", "url is missing");
    CHECK(describe(small + heard + "name = \"/x\"\n").faults.size() == 1);  // a key that nobody asked for
    CHECK(describe(small + heard + "method = \"DELETE\"\n").faults.size() == 1);
}
