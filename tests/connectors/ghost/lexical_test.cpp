#include "connectors/ghost/lexical.hpp"

#include <nlohmann/json.hpp>

#include "tests/support/catch.hpp"

using namespace halfmast;
using nlohmann::json;

namespace {

json words_node(const std::string& words, int format = 0)
{
    return {{"detail", 0},   {"format", format},        {"mode", "normal"}, {"style", ""},
            {"text", words}, {"type", "extended-text"}, {"version", 1}};
}

json block_node(const std::string& type, json children)
{
    return {{"children", std::move(children)}, {"direction", "ltr"}, {"format", ""}, {"indent", 0}, {"type", type}, {"version", 1}};
}

std::string article_of(json blocks) { return json{{"root", block_node("root", std::move(blocks))}}.dump(); }

// A heading, words with a bold one and a link, a picture, a button, and a list.
json rich_blocks()
{
    auto link = block_node("link", json::array({words_node("here")}));
    link["url"] = "https://shop.example/s";
    json picture{{"type", "image"}, {"src", "__GHOST_URL__/a.png"}, {"alt", "A shoe"}, {"version", 1}};
    json button{{"type", "button"}, {"buttonText", "Buy now"}, {"buttonUrl", "https://shop.example/b"}, {"version", 1}};
    return json::array(
        {block_node("extended-heading", json::array({words_node("Big sale")})),
         block_node("paragraph", json::array({words_node("All "), words_node("shoes", 1), words_node(" 20 % off & more, "), link})),
         picture, button, block_node("list", json::array({block_node("listitem", json::array({words_node("until Friday")}))}))});
}

constexpr const char* rich_html =
    "<h2 id=\"big-sale\">Big sale</h2><p>All <strong>shoes</strong> 20 % off &amp; more, <a "
    "href=\"https://shop.example/s\">here</a></p>"
    "<figure class=\"kg-card kg-image-card\"><img src=\"https://news.example/a.png\" alt=\"A shoe\"></figure>"
    "<div class=\"kg-card kg-button-card\"><a href=\"https://shop.example/b\">Buy now</a></div><ul><li>until Friday</li></ul>";

ghost::wire::respelt_article changed(const std::string& wanted)
{
    return ghost::wire::respell_article("Title", "For members", article_of(rich_blocks()), rich_html, wanted);
}

}  // namespace

TEST_CASE("a changed word changes in its text of the article, and nothing else does", "[ghost]")
{
    auto same = changed("Title\nFor members\nBig sale\nAll shoes 20 % off & more, here\nBuy now\nuntil Friday");
    CHECK(same.why_not.empty());
    CHECK(json::parse(same.lexical) == json::parse(article_of(rich_blocks())));

    auto made = changed("New title\nFor all\nBig sale\nAll boots 30 % off & more, here\nBuy now\nuntil <Monday>");
    CHECK(made.why_not.empty());
    CHECK(made.title == "New title");
    CHECK(made.excerpt == "For all");
    auto expected = rich_blocks();
    expected[1]["children"][1]["text"] = "boots";
    expected[1]["children"][2]["text"] = " 30 % off & more, ";
    expected[4]["children"][0]["children"][0]["text"] = "until <Monday>";
    CHECK(json::parse(made.lexical) == json::parse(article_of(expected)));
}

TEST_CASE("what would change a card, an order or formatting of the article is refused", "[ghost]")
{
    CHECK_FALSE(changed("Title\nFor members\nBig sale\nAll shoes 20 % off & more, here\nBuy later\nuntil Friday").why_not.empty());
    CHECK_FALSE(changed("Title\nFor members\nBig sale\nAllshoes 20 % off & more, here\nBuy now\nuntil Friday").why_not.empty());
    CHECK_FALSE(changed("Title\nFor members\nBig sale\nBuy now\nuntil Friday").why_not.empty());
    CHECK(ghost::wire::respell_article("Title", "", "", "<p>Old</p>", "Title\nNew").why_not.find("old editor")
          != std::string::npos);
    // What the article shows is not what its form says: somebody else made one of them.
    CHECK_FALSE(ghost::wire::respell_article("Title", "", article_of(rich_blocks()), "<p>Something else</p>", "Title\nNew")
                    .why_not.empty());
    for (const auto* broken : {"{", "[]", "{\"root\":1}", "{\"root\":{\"children\":{}}}", "null"})
        CHECK_FALSE(ghost::wire::respell_article("Title", "", broken, "", "Title\nNew").why_not.empty());
}

TEST_CASE("paragraphs of an article come and go where there is nothing but paragraphs", "[ghost]")
{
    auto blocks = json::array({block_node("paragraph", json::array({words_node("One")})), block_node("paragraph", json::array()),
                               block_node("paragraph", json::array({words_node("Two "), words_node("too", 2)}))});
    auto made = ghost::wire::respell_article("Title", "", article_of(blocks), "<p>One</p><p></p><p>Two <em>too</em></p>",
                                             "Title\nTwo too\nThree & \"four\"");
    INFO(made.why_not);
    REQUIRE(made.why_not.empty());
    auto expected = json::array({blocks[2], block_node("paragraph", json::array({words_node("Three & \"four\"")}))});
    CHECK(json::parse(made.lexical) == json::parse(article_of(expected)));

    auto fresh = ghost::wire::respell_article("Title", "", article_of(json::array()), "", "Title\nOne");
    REQUIRE(fresh.why_not.empty());
    CHECK(json::parse(fresh.lexical)
          == json::parse(article_of(json::array({block_node("paragraph", json::array({words_node("One")}))}))));
}
