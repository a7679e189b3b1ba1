#include "daemon/text/article.hpp"

#include "tests/support/catch.hpp"

using namespace halfmast;

TEST_CASE("an article's title is its first sentence, cut at a word", "[text]")
{
    CHECK(text::title_of("We know that checkout fails. More soon.") == "We know that checkout fails");
    CHECK(text::title_of("\n\nVersion 1.2 fails\nMore") == "Version 1.2 fails");
    CHECK(text::title_of("Down again? Yes.") == "Down again?");
    CHECK(text::title_of("支払いができません。調査中です。") == "支払いができません。");
    CHECK(text::title_of("One two three four five six seven eight nine ten eleven twelve thirteen")
          == "One two three four five six seven eight nine ten eleven…");
    CHECK(text::title_of(std::string(200, 'x')) == std::string(60, 'x') + "…");
    CHECK(text::title_of("").empty());
}

TEST_CASE("a slug is its key in the alphabet of addresses, and still unique", "[text]")
{
    CHECK(text::slug_of("halfmast-c-1-acme-blog-1772460000") == "halfmast-c-1-acme-blog-1772460000");
    auto spoiled = text::slug_of("halfmast-c-1-Acme_Blog");
    CHECK(spoiled.starts_with("halfmast-c-1-acme-blog-"));
    CHECK(spoiled == text::slug_of("halfmast-c-1-Acme_Blog"));
    CHECK(spoiled != text::slug_of("halfmast-c-1-acme.blog"));
    CHECK(text::slug_of("halfmast-c-1-acme.blog") != text::slug_of("halfmast-c-1-acme-blog"));
    CHECK(text::slug_of(std::string(500, 'x')).size() < 160);
    CHECK_FALSE(text::slug_of("\xE6\x97\xA5").empty());
}

TEST_CASE("paragraphs hold the words as text, links as links and no shortcode", "[text]")
{
    const std::vector<std::string> expected{
        "Down &amp; &lt;out&gt;.<br>See <a href=\"https://status.example/?a=1&amp;b=2\">"
        "https://status.example/?a=1&amp;b=2</a>.",
        "&#91;gallery] soon"};
    CHECK(text::html_paragraphs("Down & <out>.\nSee https://status.example/?a=1&b=2.\n\n \n[gallery] soon\n") == expected);
    CHECK(text::html_paragraphs("").empty());
}

TEST_CASE("the same letters, whatever lies between them", "[text]")
{
    CHECK(text::same_letters("a b\nc", "ab c"));
    CHECK_FALSE(text::same_letters("a b", "a b c"));
}
