// What a description may say, and what is said about one that is wrong: every fault at once, each with its place.
#include <algorithm>

#include "connectors/rest/capabilities.hpp"
#include "tests/connectors/rest/support.hpp"

using namespace halfmast;
using namespace halfmast::rest;
using namespace halfmast::rest_test;
using namespace std::chrono_literals;

using lines = std::vector<std::string>;

TEST_CASE("a small description is sound, and what it can do follows from it", "[rest][description]")
{
    auto made = describe(small);
    CHECK(made.faults == lines{});
    REQUIRE(made.what != nullptr);
    account where;
    declare_by(*made.what, where);
    CHECK(where.rungs == std::vector<rung_offer>{{rung::draft}});
    CHECK_FALSE(where.can_publish);
    CHECK_FALSE(where.can_pin);
    CHECK_FALSE(where.can_read_feed);
    CHECK(where.read_batch == 1);
    CHECK(where.release_margin == 120s);
    CHECK(made.what->holds.front().ask.method == "POST");
    CHECK(made.what->lists.front().ask.method == "GET");
}

TEST_CASE("the shipped descriptions are sound", "[rest][description]")
{
    for (const auto* name : {"wordpress", "postiz"}) {
        CAPTURE(name);
        auto read = halfmast::settings::read_document(std::string{HALFMAST_SOURCE_DIR "/config/connectors/"} + name + ".toml");
        REQUIRE(read.value != nullptr);
        lines faults;
        auto what = read_description(*read.value, "UTC", [&](document_place at, std::string text) {
            faults.push_back(std::to_string(at.line) + ": " + text);
        });
        CHECK(faults == lines{});
        REQUIRE(what != nullptr);
        account where;
        declare_by(*what, where);
        CHECK(where.rungs == std::vector<rung_offer>{{.kind = rung::draft, .edits = std::string{name} == "wordpress"}});
        CHECK(where.can_read_feed);
        CHECK(where.can_pin == (std::string{name} == "wordpress"));
        CHECK(where.can_edit == (std::string{name} == "wordpress"));
    }
}

TEST_CASE("every fault of a file is named at once, each with line and column", "[rest][description]")
{
    auto made = describe(R"toml(nmae = "Typo"
keys = ["id", "Work Space"]
[auth]
kind = "baerer"
[times]
read = "%Y-%q"
zone = "Mars/Olympus"
[limits]
release_margin = "soon"
at_once = 1000
[headers]
Authorization = "x"
"Bad Name" = "x"
[fields]
id = "id"
due = 7
state = "/state~2"
text = "/text"
colour = "/colour"
[states]
queued = ["a", "a"]
published = "sent"
[[list]]
url = "https://elsewhere.example/posts"
paging = { by = "pages" }
[[list]]
url = "/posts?status=queued"
query = { page = "{pgae}" }
[read]
url = "/posts"
[[hold]]
rung = "takeout"
method = "DELETE"
url = "/posts/{id}"
[[hold]]
rung = "postpone"
url = "/posts/{id}"
form = { at = "{until" }
body = { at = "}" }
[pin]
url = "/posts/{id}/pin"
[errors]
rule = [{ kind = "tired" }]
)toml");
    CHECK(made.what == nullptr);
    auto expected = lines{
        "1:1: unknown key 'nmae'. Did you mean 'name'?",
        "2:8: keys: 'id' is taken",
        "2:8: keys: 'Work Space' is not of small letters, digits and '_'",
        "4:8: [auth]: kind: there is no 'baerer'. Did you mean 'bearer'? Known: none, bearer, basic, header, query, oauth2",
        "6:8: [times]: read: '%Y-%q': a pattern knows %Y %m %d %H %M %S %z and %%",
        "7:8: [times]: zone: 'Mars/Olympus' is no IANA name such as Europe/Budapest, nor \"account\", which is the account's own",
        "9:18: [limits]: release_margin: 'soon' is not a duration; write it as 90s, 45m or 1h30m",
        "10:11: [limits]: at_once must lie between 1 and 64",
        "12:1: [headers]: 'Authorization' is set by halfmast itself; see [auth]",
        "13:1: [headers]: 'Bad Name' is no name of a header",
        "15:6: [fields]: id: 'id' is no JSON pointer; it begins with '/', as in /data/id",
        "16:7: [fields]: due must be a JSON pointer such as \"/data/id\", not a number",
        "17:9: [fields]: state: '/state~2' is no JSON pointer; it begins with '/', as in /data/id",
        "21:10: [states]: 'a' stands there twice",
        "22:13: [states]: published must be a list of texts, not text",
        "24:7: [[list]] number 1: url begins with '/': it lies below the account's own url, so that the credential goes nowhere "
        "else",
        "25:17: [[list]] number 1 paging: by: there is no 'pages'. Did you mean 'page'? Known: page, offset, cursor, link",
        "27:7: [[list]] number 2: url has a query; write it as query = { ... }, where every value is encoded",
        "28:18: [[list]] number 2 query: page: there is no {pgae} here. Did you mean 'page'? A brace itself is written {{ or }}",
        "32:8: [[hold]] number 1: rung: there is no 'takeout'. Known: native, draft, postpone",
        "33:10: [[hold]] number 1: method: there is no 'DELETE'. Known: GET, POST, PUT, PATCH",
        "38:15: [[hold]] number 2 form: at: a '{' that is never closed; a brace itself is written {{",
        "39:15: [[hold]] number 2: body.at: a '}' that closes nothing; a brace itself is written }}",
    };
    for (const auto& line : expected) {
        CAPTURE(line);
        CHECK(std::ranges::find(made.faults, line) != made.faults.end());
    }
    auto has = [&](const std::string& part) {
        return std::ranges::any_of(made.faults, [&](const auto& line) { return line.find(part) != std::string::npos; });
    };
    CHECK(has("name is missing"));
    CHECK(has("unknown key 'colour'"));
    CHECK(has("two lists need two kinds"));
    CHECK(has("[read]: nothing in this call says {id}"));
    CHECK(has("nothing in this call says {until}"));
    CHECK(has("release is missing: what is held has to be let go again"));
    CHECK(has("unpin is missing: pin, unpin and pins need each other"));
    CHECK(has("[errors] [[rule]]: kind: there is no 'tired'"));
    CHECK(has("a rule without status and without at would be true of every answer"));
    CHECK(made.faults.size() >= expected.size() + 9);
}

TEST_CASE("an empty description says what it needs", "[rest][description]")
{
    auto made = describe("");
    CHECK(made.what == nullptr);
    auto all = std::string{};
    for (const auto& line : made.faults)
        all += line + "\n";
    for (const auto* need : {"name is missing", "auth is missing", "fields is missing", "states is missing", "list is missing"})
        CHECK(all.find(need) != std::string::npos);
}

TEST_CASE("a summary needs a way to be found again", "[rest][description]")
{
    auto blind = describe(small + "[publish]\nurl = \"/posts\"\nbody = { text = \"{text}\" }\n");
    REQUIRE(blind.faults.size() == 1);
    CHECK(blind.faults[0].find("when an answer is lost, an earlier copy has to be looked for") != std::string::npos);
    CHECK(describe(small + "[publish]\nurl = \"/posts\"\nbody = { text = \"{text}\" }\n[[feed]]\nurl = \"/sent\"\n").faults
          == lines{});
    CHECK(describe(small
                   + "[publish]\nurl = \"/posts\"\nbody = { text = \"{text}\" }\n[publish.find]\nurl = \"/posts\"\nquery = { q = "
                     "\"{key}\" }\n")
              .faults
          == lines{});
}

TEST_CASE("a release takes another text where its description says how", "[rest][description]")
{
    const std::string words = "[release.text]\nurl = \"/posts/{id}/queue\"\nbody = { at = \"{at}\", text = \"{text}\" }\n";
    auto edits = [](const described& made) {
        account where;
        declare_by(*made.what, where);
        return where.rungs.front().edits;
    };
    auto without = describe(small);
    CHECK(without.faults == lines{});
    CHECK_FALSE(edits(without));
    auto with = describe(small + words);
    CHECK(with.faults == lines{});
    CHECK(edits(with));
    auto wordless = describe(small + "[release.text]\nurl = \"/posts/{id}/queue\"\nbody = { at = \"{at}\" }\n");
    REQUIRE(wordless.faults.size() == 1);
    CHECK(wordless.faults[0].find("{text} or {html}") != std::string::npos);
    auto early = describe(small + "[release.text]\nurl = \"/posts/{id}/queue\"\nbody = { text = \"{text}\" }\n");
    REQUIRE(early.faults.size() == 1);
    CHECK(early.faults[0].find("{at}") != std::string::npos);
}

TEST_CASE("an edit and a reply are what their calls say", "[rest][description]")
{
    const auto publishes =
        small
        + "[publish]\nurl = \"/posts\"\nbody = { text = \"{text}\" }\n[publish.find]\nurl = \"/posts\"\nquery = { q = \"{key}\" "
          "}\n";
    const std::string replies = "[publish.reply]\nurl = \"/posts/{in_reply_to}/replies\"\nbody = { text = \"{text}\" }\n";
    const std::string edits =
        "[edit]\nurl = \"/posts/{id}\"\nbody = { text = \"{html}<hr>{post:/text}\" }\n[edit.read]\nurl = \"/posts/{id}/whole\"\n";
    auto made = describe(publishes + replies + edits);
    CHECK(made.faults == lines{});
    REQUIRE(made.what != nullptr);
    account where;
    declare_by(*made.what, where);
    CHECK(where.can_edit);
    CHECK(where.can_reply);
    declare_by(*describe(publishes).what, where);
    CHECK_FALSE(where.can_edit);
    CHECK_FALSE(where.can_reply);
    auto first = [](const described& wrong) { return wrong.faults.empty() ? std::string{} : wrong.faults[0]; };
    CHECK(first(describe(small + edits)).find("publish is missing: what is edited is what was published") != std::string::npos);
    CHECK(first(describe(publishes + "[edit]\nurl = \"/posts/{id}\"\nbody = { state = \"new\" }\n"))
              .find("nothing in this call says {text} or {html}")
          != std::string::npos);
    CHECK(
        first(describe(publishes + "[publish.reply]\nurl = \"/posts\"\nbody = { text = \"{text}\" }\n")).find("says {in_reply_to}")
        != std::string::npos);
    auto blind = small + "[publish]\nurl = \"/posts\"\nbody = { text = \"{text}\" }\n[[feed]]\nurl = \"/sent\"\n[publish.reply]\nurl = \"/posts\"\n"
        "body = { text = \"{text}\", to = \"{in_reply_to}\" }\n";
    CHECK(first(describe(blind)).find("find is missing: two people may be answered with the same words") != std::string::npos);
}

TEST_CASE("times that are read name a moment", "[rest][description]")
{
    auto made = describe("[times]\nread = \"%Y-%m-%d\"\n");
    CHECK(std::ranges::find(made.faults, "2:8: [times]: read: '%Y-%m-%d' has no %H, so it names no moment") != made.faults.end());
}

TEST_CASE("a call that changes something is no GET and has one body", "[rest][description]")
{
    auto changed = [](const std::string& from, const std::string& to) {
        auto text = small;
        text.replace(text.find(from), from.size(), to);
        return describe(text).faults;
    };
    auto get = changed("rung = \"draft\"", "rung = \"draft\"\nmethod = \"GET\"");
    CHECK(std::ranges::any_of(get, [](const auto& line) { return line.find("GET changes nothing") != std::string::npos; }));
    auto both = changed("body = { status = \"draft\" }", "body = { status = \"draft\" }\nform = { status = \"draft\" }");
    CHECK(
        std::ranges::any_of(both, [](const auto& line) { return line.find("body and form are both there") != std::string::npos; }));
    auto date = changed("status = \"draft\" }", "status = 2026-03-01 }");
    CHECK(std::ranges::any_of(
        date, [](const auto& line) { return line.find("a date of TOML's own has no place in JSON") != std::string::npos; }));
}

TEST_CASE("a description says how its limit counts", "[rest][description]")
{
    const std::string line = "2:12: [limits]: counting: 'letters' is none of code-points, graphemes, short-links, weighted";
    auto wrong = describe("[limits]\ncounting = \"letters\"\n");
    CHECK(std::ranges::find(wrong.faults, line) != wrong.faults.end());
    auto right = describe("[limits]\ncounting = \"weighted\"\n");
    CHECK(std::ranges::none_of(right.faults, [](const auto& one) { return one.find("counting") != std::string::npos; }));
}
