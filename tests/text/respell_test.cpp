#include <random>
#include <string>

#include "daemon/text/respell.hpp"
#include "daemon/text/text.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;

namespace {

std::string respelt(const std::string& html, const std::string& wanted)
{
    auto made = text::respell({{html, true}}, wanted);
    return made.done() ? made.passages.at(0) : "no: " + made.why_not;
}

}  // namespace

TEST_CASE("a changed word changes in the HTML, and nothing else does", "[text][respell]")
{
    const std::string rich =
        "<h2 class=\"x\">Big <b>sale</b> today</h2>\n<figure><img src=\"a.png\" alt=\"A\"></figure>\n"
        "<p>All shoes <a href=\"https://shop.example/s\">here</a>,\n   20&nbsp;% off &amp; more.<br>Until Friday</p>";
    REQUIRE(text::from_html(rich) == "Big sale today\nAll shoes here, 20 % off & more.\nUntil Friday");

    auto expected = [&](std::string from, const std::string& to) {
        auto html = rich;
        return html.replace(html.find(from), from.size(), to);
    };
    CHECK(respelt(rich, "Big sale today\nAll shoes here, 20 % off & more.\nUntil Friday") == rich);
    CHECK(respelt(rich, "Big sale tomorrow\nAll shoes here, 20 % off & more.\nUntil Friday") == expected("today", "tomorrow"));
    CHECK(respelt(rich, "Big offer today\nAll shoes here, 20 % off & more.\nUntil Friday") == expected("sale", "offer"));
    CHECK(respelt(rich, "Big sale today\nAll shoes here, 20 % off & <more>.\nUntil Monday, 5 pm") == [&] {
        auto html = expected("more.", "&lt;more&gt;.");
        return html.replace(html.find("Friday"), 6, "Monday, 5 pm");
    }());
    CHECK(respelt(rich, "Big sale today\nAll new shoes here, 20 % off & more.\nUntil Friday")
          == expected("All shoes", "All new shoes"));
    CHECK(respelt(rich, "Big sale today\n\nAll shoes here, 20 % off & more.   \nUntil Friday")
          == rich);  // blanks are nobody's words
    CHECK(respelt("<p>\xE6\x89\x93\xE6\x8A\x98 <b>\xE4\xBB\x8A\xE5\xA4\xA9</b>\xE7\xBB\x93\xE6\x9D\x9F</p>",
                  "\xE6\x89\x93\xE6\x8A\x98 \xE4\xBB\x8A\xE6\x97\xA5\xE7\xBB\x93\xE6\x9D\x9F")
          == "<p>\xE6\x89\x93\xE6\x8A\x98 <b>\xE4\xBB\x8A\xE6\x97\xA5</b>\xE7\xBB\x93\xE6\x9D\x9F</p>");
}

TEST_CASE("a change that reaches into formatting is refused, and so is a line that is more than a paragraph", "[text][respell]")
{
    const std::string rich = "<p>Big <b>sale</b> today</p><ul><li>shoes</li><li>shirts</li></ul>";
    CHECK(respelt(rich, "Bigsale today\nshoes\nshirts").starts_with("no: the new words reach into formatting"));
    CHECK(respelt(rich, "Big sale today\nshoes").starts_with("no: lines come or go"));
    CHECK(respelt("<p>one\n\ntwo</p>", "onetwo").starts_with("no: "));
    // The address that is shown would not be the one that is led to.
    const std::string link = "<p>See <a href=\"https://shop.example/a\">https://shop.example/a</a> now</p><p>more</p>";
    CHECK(respelt(link, "See https://shop.example/b now\nmore").starts_with("no: a link would show another address"));
    CHECK(respelt(link, "more") == "<p>more</p>");  // gone with its paragraph
}

TEST_CASE("paragraphs come and go where there is nothing but paragraphs", "[text][respell]")
{
    CHECK(respelt("", "One\nTwo") == "<p>One</p><p>Two</p>");
    CHECK(respelt("<p>One</p>", "") == "");
    CHECK(respelt("<p>One</p><p class=\"big\">Two <i>too</i></p><p></p>", "Zero\nTwo too\nThree & four")
          == "<p>Zero</p><p class=\"big\">Two <i>too</i></p><p></p><p>Three &amp; four</p>");
    const std::string block = "<!-- wp:paragraph {\"fontSize\":\"large\"} -->\n<p>One</p>\n<!-- /wp:paragraph -->";
    CHECK(respelt(block + "\n\n", "One\nTwo [sale]")
          == block + "\n\n<!-- wp:paragraph -->\n<p>Two &#91;sale]</p>\n<!-- /wp:paragraph -->");
    CHECK(respelt("<p>One</p><p>Two <i>too</i></p>", "Two too\nThree")
          == "<p>Two <i>too</i></p><p>Three</p>");  // each with its own formatting
    CHECK(respelt("<h2>One</h2><p>Two</p>", "Two\nThree").starts_with("no: "));
    CHECK(respelt("<p>a<img src=\"x.png\"></p><p>b</p>", "b").starts_with("no: "));
}

TEST_CASE("a title and what is under it keep their places", "[text][respell]")
{
    const std::vector<text::passage> post{{"Big &amp; cheap", true}, {"an excerpt", false}, {"<p>One</p><p>Two</p>", true}};
    using parts = std::vector<std::string>;
    CHECK(text::respell(post, "Big & dear\nthe excerpt\nOne\nTwo").passages
          == parts{"Big &amp; dear", "the excerpt", "<p>One</p><p>Two</p>"});
    CHECK(text::respell(post, "Big & cheap\nan excerpt\nOne").passages == parts{"Big &amp; cheap", "an excerpt", "<p>One</p>"});
    CHECK_FALSE(text::respell(post, "an excerpt\nOne\nTwo").done());  // which of them is the title?
    CHECK_FALSE(text::respell(post, "Big & cheap").done());
    CHECK(text::respell({{"", true}, {"<p>One</p>", true}}, "Two").passages == parts{"", "<p>Two</p>"});
}

TEST_CASE("what is respelt says what was wanted, whatever the bytes", "[text][respell]")
{
    const std::vector<std::string> bits{"<p>",    "</p>",
                                        "<b>",    "</b>",
                                        "<br>",   "<!-- x -->",
                                        "word",   " ",
                                        "sale ",  "\n",
                                        "&amp;",  "&",
                                        "<",      ">",
                                        "\"",     "\xC3\xA1",
                                        "\xFF",   "<a href=\"https://a.example/\">",
                                        "</a>",   "https://a.example/ ",
                                        "<pre>",  "</pre>",
                                        "&nbsp;", "[x]"};
    std::mt19937 random{7};
    auto some = [&](std::size_t most, std::size_t from, std::size_t to) {
        std::string made;
        for (auto count = random() % most; count-- > 0;)
            made += bits[from + random() % (to - from)];
        return made;
    };
    int done = 0;
    for (int round = 0; round < 20'000; ++round) {
        auto html = some(16, 0, bits.size());
        auto wanted = text::from_html(html);
        if (round % 3 != 0 && !wanted.empty())
            wanted.insert(random() % wanted.size(), round % 3 == 1 ? "new" : "\nnew ");
        else
            wanted = some(6, 6, 11);
        auto made = text::respell({{html, true}}, wanted);
        CAPTURE(html, wanted);
        if (made.done()) {
            ++done;
            REQUIRE(text::same_lines(text::from_html(made.passages.at(0)), wanted));
        } else {
            REQUIRE(made.passages.empty());
        }
    }
    CHECK(done > 2'000);
}
