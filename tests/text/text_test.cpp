#include "daemon/text/counting.hpp"
#include "daemon/text/text.hpp"

#include <chrono>
#include <random>
#include <string>

#include "tests/support/catch.hpp"

using namespace halfmast;

namespace {

time_point at(int year, unsigned month, unsigned day, int hour, int minute)
{
    using namespace std::chrono;
    return halfmast::time_point{sys_days{year_month_day{std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}}}}
           + hours{hour} + minutes{minute};
}

using list = std::vector<std::string>;

}  // namespace

TEST_CASE("folding makes the same word the same bytes", "[text]")
{
    CHECK(text::fold("Black FRIDAY") == "black friday");
    CHECK(text::fold("ÁRVÍZTŰRŐ") == "árvíztűrő");
    CHECK(text::fold("СКИДКА") == "скидка");
    CHECK(text::fold("Straße") == text::fold("STRASSE"));
    CHECK(text::fold("ＳＡＬＥ ５０％") == "sale 50%");
    CHECK(text::fold("e\xCC\x81") == "é");        // composed
    CHECK(text::fold("sa\xC2\xADle") == "sale");  // a soft hyphen hides nothing
    CHECK(text::fold("s\xE2\x80\x8B"
                     "ale")
          == "sale");  // nor does a blank without width
}

TEST_CASE("folding makes every run of white space one blank", "[text]")
{
    CHECK(text::fold("  a \t\r\n b  ") == "a b");
    CHECK(text::fold("a\xC2\xA0\xE3\x80\x80"
                     "é")
          == "a é");
    CHECK(text::fold("") == "");
    CHECK(text::fold(" \n ") == "");
}

TEST_CASE("folding replaces broken UTF-8 and keeps the rest", "[text]")
{
    CHECK(text::fold("A\xFF" "B") == "a\xEF\xBF\xBD" "b");
    CHECK(text::fold("Й\xD0") == "й\xEF\xBF\xBD");
}

TEST_CASE("folding twice is folding once", "[text]")
{
    for (const auto* sample : {"ẞ İstanbul ﬁ ①", "Ǆ ａ ㎏ ½", "\xF0\x9F\x98\x80 NULL\x01", "한국어 ｶﾞ"})
        CHECK(text::fold(text::fold(sample)) == text::fold(sample));
}

TEST_CASE("HTML becomes the lines a reader sees", "[text]")
{
    CHECK(text::from_html("<p>One<br>two</p>\n\n<p>three</p>") == "One\ntwo\nthree");
    CHECK(text::from_html("<ul><li>a</li><li>b</li></ul>c") == "a\nb\nc");
    CHECK(text::from_html("a  <b>bold</b>\n word") == "a bold word");
    CHECK(text::from_html("<pre>a\nb</pre>c\nd") == "a\nb\nc d");
    CHECK(text::from_html("<td>1</td><td>2</td>") == "1 2");
    CHECK(text::from_html("a<script>if (a < b) sell('</p>');</script>b<STYLE>p{}</style >c") == "abc");
    CHECK(text::from_html("x<!-- <p>secret</p> -->y<!DOCTYPE html>z") == "xyz");
    CHECK(text::from_html(R"(<a title="1 > 0" href='#'>link</a>)") == "link");
    CHECK(text::from_html("1 < 2 and I <3 you") == "1 < 2 and I <3 you");
}

TEST_CASE("HTML entities are decoded once", "[text]")
{
    CHECK(text::from_html("&lt;b&gt; &amp;amp; &quot;x&quot; &#39;y&#x27; &apos;") == "<b> &amp; \"x\" 'y' '");
    CHECK(text::from_html("&aacute;&odblac;&udblac;&Ouml;&szlig; &mdash;&hellip; &euro;&#8364;&#128;") == "áőűÖß —… €€€");
    CHECK(text::from_html("a&nbsp;b") == "a b");
    CHECK(text::from_html("R&D & co &nosuch; &amp") == "R&D & co &nosuch; &");
    CHECK(text::from_html("&#0;&#xD800;&#99999999999;") == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("unfinished HTML comes to an end", "[text]")
{
    CHECK(text::from_html("a<b") == "a");
    CHECK(text::from_html("a<") == "a<");
    CHECK(text::from_html("a<!--") == "a");
    CHECK(text::from_html("a<script>b") == "a");
    CHECK(text::from_html("a&#") == "a&#");
    CHECK(text::from_html(std::string("a\0b", 3)) == "ab");
}

TEST_CASE("links are found in plain text without the sentence around them", "[text]")
{
    CHECK(text::links_in("See https://a.example/x. Or (http://b.example/y_(z)), HTTPS://C.example!")
          == list{"https://a.example/x", "http://b.example/y_(z)", "HTTPS://C.example"});
    CHECK(text::links_in("点击https://a.example/b?c=1，立即购买 https://d.example/e点击")
          == list{"https://a.example/b?c=1", "https://d.example/e"});
    CHECK(text::links_in("„https://a.example/b” «https://c.example/я»…") == list{"https://a.example/b", "https://c.example/я"});
    CHECK(text::links_in("http:// https:///x xhttps://a.example ftp://b.example www.c.example").empty());
    CHECK(text::links_in("https://a.example/?utm_source=x&utm_medium=y#z")
          == list{"https://a.example/?utm_source=x&utm_medium=y#z"});
}

TEST_CASE("links of an HTML fragment come from href", "[text]")
{
    CHECK(text::links_in_html(R"(<a class=x href="https://a.example/?b=1&amp;c=2">go</a> <A HREF='http://d.example'>)"
                              R"(<a href=https://e.example/f>x</a><a data-href="https://no.example"><a href="/local">)")
          == list{"https://a.example/?b=1&c=2", "http://d.example", "https://e.example/f"});
    CHECK(text::links_in_html("<!-- <a href='https://hidden.example'> --> < a <a href=").empty());
}

TEST_CASE("hashtags are words of any script", "[text]")
{
    CHECK(text::hashtags_in("#Sale #akció! #чёрная_пятница, #双十一#买买买 ＃ｓ")
          == list{"Sale", "akció", "чёрная_пятница", "双十一", "ｓ"});
    CHECK(text::hashtags_in("C# a#b #1 &#39; https://a.example/#frag #2026tél") == list{"2026tél"});
    CHECK(text::hashtags_in("# ## #").empty());
}

TEST_CASE("a time today is a time of day with its zone", "[text]")
{
    const auto now = at(2026, 11, 25, 9, 0);
    const auto then = at(2026, 11, 25, 13, 30);
    CHECK(text::local_time(then, now, "en", "Europe/Budapest") == "14:30 CET");
    CHECK(text::local_time(then, now, "hu", "Europe/Budapest") == "14:30 CET");
    CHECK(text::local_time(then, now, "ru", "Europe/Moscow") == "16:30 GMT+3");
    CHECK(text::local_time(then, now, "zh", "Asia/Shanghai") == "21:30 GMT+8");
    CHECK(text::local_time(then, now, "de", "Europe/Berlin") == "14:30 MEZ");
    CHECK(text::local_time(then, now, "en", "America/New_York") == "08:30 EST");
    CHECK(text::local_time(then, now, "en", "UTC") == "13:30 UTC");
}

TEST_CASE("a time on another day there has its date", "[text]")
{
    const auto now = at(2026, 11, 24, 22, 0);
    const auto then = at(2026, 11, 25, 13, 30);
    CHECK(text::local_time(then, now, "en", "Europe/Budapest") == "25 November, 14:30 CET");
    CHECK(text::local_time(then, now, "en-US", "America/New_York") == "November 25, 08:30 EST");
    CHECK(text::local_time(then, now, "hu", "Europe/Budapest") == "november 25. 14:30 CET");
    CHECK(text::local_time(then, at(2026, 11, 24, 12, 0), "ru", "Europe/Moscow") == "25 ноября, 16:30 GMT+3");
    CHECK(text::local_time(then, now, "zh", "Europe/Budapest").starts_with("11月25日"));
    // 22:00 UTC is the 25th in Moscow and Shanghai already.
    CHECK(text::local_time(then, now, "ru", "Europe/Moscow") == "16:30 GMT+3");
    CHECK(text::local_time(then, now, "en", "Asia/Shanghai") == "21:30 GMT+8");
    CHECK(text::local_time(at(2027, 1, 1, 0, 0), now, "en", "UTC") == "1 January 2027, 00:00 UTC");
}

TEST_CASE("where clocks are turned, the name of the zone tells which of two equal times is meant", "[text]")
{
    const auto now = at(2026, 10, 24, 23, 50);  // 01:50 in Budapest, before 02:30 comes twice
    CHECK(text::local_time(at(2026, 10, 25, 0, 30), now, "en", "Europe/Budapest") == "02:30 CEST");
    CHECK(text::local_time(at(2026, 10, 25, 1, 30), now, "en", "Europe/Budapest") == "02:30 CET");
    CHECK(text::local_time(at(2026, 3, 29, 1, 15), at(2026, 3, 29, 0, 30), "hu", "Europe/Budapest") == "3:15 CEST");
    // A promise of 45 minutes, over an hour that is not there.
    CHECK(text::local_time(at(2026, 3, 8, 7, 15), at(2026, 3, 8, 6, 30), "en-US", "America/New_York") == "03:15 EDT");
}

TEST_CASE("an unknown language or zone still gives a right time", "[text]")
{
    const auto now = at(2026, 11, 25, 9, 0);
    CHECK(text::local_time(now, now, "xx-klingon", "Mars/Olympus") == "09:00 UTC");
    CHECK(text::local_time(now, now, "", "") == "09:00 UTC");
    CHECK_FALSE(text::local_time(time_point::max(), time_point::min(), "\xFF", "UTC").empty());
}

TEST_CASE("time zones are IANA names", "[text]")
{
    for (const auto* zone : {"UTC", "Europe/Budapest", "Asia/Shanghai", "America/Argentina/Buenos_Aires", "CET"})
        CHECK(text::is_time_zone(zone));
    for (const auto* zone : {"", "Europe/Budapst", "GMT+3", "BST", "Etc/Unknown", "14:30", "\xFF"})
        CHECK_FALSE(text::is_time_zone(zone));
}

TEST_CASE("length counts code points", "[text]")
{
    CHECK(text::length("") == 0);
    CHECK(text::length("aé双😀") == 4);
    CHECK(text::length("\xFF\xFE") == 2);
}

TEST_CASE("a statement is filled in without HTML escaping", "[text]")
{
    const auto done = text::render("Update by {{next_update_by}} & {{{reason}}}{{! note }} {{&reason}}",
                                   {{"next_update_by", "14:30 <CET>"}, {"reason", "\"A&B\" {{owner}}"}});
    REQUIRE(done.has_value());
    CHECK(*done == "Update by 14:30 <CET> & \"A&B\" {{owner}} \"A&B\" {{owner}}");
}

TEST_CASE("a statement with a hole in it is never made", "[text]")
{
    const auto refused = text::render("{{a}} {{b}} {{c}}", {{"b", "x"}});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().detail == "no value for {{a}}, {{c}}");
}

TEST_CASE("the fields of a template are listed once each", "[text]")
{
    const auto fields = text::fields_of("{{a}} {{ b }} {{{a}}} {{&c}} {{! not this }} { {d} }");
    REQUIRE(fields.has_value());
    CHECK(*fields == list{"a", "b", "c"});
}

TEST_CASE("a template of anything but fields and words for an empty one does not parse", "[text]")
{
    for (const auto* source : {"{{a", "{{}}", "{{#a}}x", "x{{/a}}", "{{#a}}{{^b}}{{/a}}{{/b}}", "{{#}}{{/}}", "{{#a b}}x{{/a b}}",
                               "{{>file}}", "{{=<% %>=}}", "{{{a}}", "{{a b}}", "{{.}}"}) {
        INFO(source);
        CHECK_FALSE(text::fields_of(source).has_value());
        CHECK_FALSE(text::render(source, {{"a", "1"}}).has_value());
    }
    CHECK(text::fields_of("ok\nthen {{a").error().detail.starts_with("line 2, column 6: "));
}

TEST_CASE("words can depend on whether a field is empty", "[text]")
{
    const std::string source =
        "Update: {{#about}}{{about}}{{/about}}{{^about}}nothing new{{/about}}.{{#about}}\nMore: {{{about}}}{{/about}}\nEnd";
    CHECK(text::fields_of(source).value() == list{"about"});
    CHECK(text::render(source, {{"about", ""}}).value() == "Update: nothing new.\nEnd");
    CHECK(text::render(source, {{"about", "\"A&B\" is back"}}).value() == "Update: \"A&B\" is back.\nMore: \"A&B\" is back\nEnd");
    CHECK_FALSE(text::render(source, {}).has_value());
    std::string deep;
    for (int i = 0; i < 100'000; ++i)
        deep += "{{#a}}";
    CHECK(text::fields_of(deep).error().detail.find("too deep") != std::string::npos);
}

TEST_CASE("a field without a value leaves a hole where nothing asks for it", "[text]")
{
    const std::string source = "{{a}} {{#b}}{{b}}{{/b}} {{^b}}{{c}}{{/b}} {{#a}}{{d}}{{/a}}";
    CHECK(text::holes_of(source, {}).value() == list{"a", "c"});
    CHECK(text::holes_of(source, {{"a", "x"}, {"b", "y"}}).value() == list{"d"});
    CHECK(text::holes_of(source, {{"a", "x"}, {"b", "y"}, {"c", ""}, {"d", "z"}}).value().empty());
    CHECK_FALSE(text::holes_of("{{a", {}).has_value());
}

TEST_CASE("lengths of time have the plural forms of their language", "[text]")
{
    using namespace std::chrono;
    CHECK(text::duration(minutes{1}, "en") == "1 minute");
    CHECK(text::duration(hours{2} + minutes{15} + seconds{59}, "en") == "2 hours, 15 minutes");
    CHECK(text::duration(hours{24}, "en") == "1 day");
    CHECK(text::duration(hours{51} + minutes{30}, "en") == "2 days, 3 hours");
    CHECK(text::duration(seconds{3}, "en") == "1 minute");
    CHECK(text::duration(hours{-3}, "en") == "1 minute");
    CHECK(text::duration(minutes{1}, "ru") == "1 минута");
    CHECK(text::duration(minutes{2}, "ru") == "2 минуты");
    CHECK(text::duration(minutes{5}, "ru") == "5 минут");
    CHECK(text::duration(minutes{21}, "ru") == "21 минута");
    CHECK(text::duration(hours{2} + minutes{15}, "ru") == "2 часа 15 минут");
    CHECK(text::duration(hours{2} + minutes{15}, "hu") == "2 óra és 15 perc");
    CHECK(text::duration(hours{2} + minutes{15}, "zh") == "2小时15分钟");
    CHECK(text::duration(hours{2}, "xx-klingon") == "2 hours");
}

TEST_CASE("a time ahead has the case that goes with it", "[text]")
{
    using namespace std::chrono;
    CHECK(text::time_ahead(minutes{45}, "en") == "in 45 minutes");
    CHECK(text::time_ahead(minutes{60}, "en") == "in 1 hour");
    CHECK(text::time_ahead(minutes{90}, "en") == "in 90 minutes");
    CHECK(text::time_ahead(hours{48}, "en") == "in 2 days");
    CHECK(text::time_ahead(minutes{21}, "ru") == "через 21 минуту");
    CHECK(text::time_ahead(minutes{45}, "ru") == "через 45 минут");
    CHECK(text::time_ahead(hours{2}, "ru") == "через 2 часа");
    CHECK(text::time_ahead(minutes{45}, "hu") == "45 perc múlva");
    CHECK(text::time_ahead(minutes{45}, "zh") == "45分钟后");
    CHECK(text::time_ahead(seconds{-5}, "en") == "in 1 minute");
}

TEST_CASE("any bytes are accepted everywhere", "[text]")
{
    std::mt19937 dice(7);  // NOLINT: the same bytes every time
    const std::string seeds = "<>&#;:/!-{}\"'= \nhttps://a.b?script</p>&amp;\xC3\xA9\xE2\x80\x8B\xF0\x9F\x98\x80\xFF\xED\xA0\x80#x";
    for (int round = 0; round < 3000; ++round) {
        std::string bytes;
        for (auto size = dice() % 60; size > 0; --size)
            bytes.push_back(dice() % 4 == 0 ? static_cast<char>(dice() % 256) : seeds[dice() % seeds.size()]);
        const auto folded = text::fold(bytes);
        CHECK(text::fold(folded) == folded);
        CHECK(text::length(text::from_html(bytes)) <= text::length(bytes));
        for (const auto& link : text::links_in(bytes))
            CHECK(link.size() > 7);
        for (const auto& tag : text::hashtags_in(bytes))
            CHECK_FALSE(tag.empty());
        static_cast<void>(text::links_in_html(bytes));
        for (const auto how :
             {text_counting::code_points, text_counting::graphemes, text_counting::short_links, text_counting::weighted})
            CHECK(text::counted(bytes, how) <= 23 * bytes.size());
        static_cast<void>(text::holes_of(bytes, {}));
        const auto fields = text::fields_of(bytes);
        const auto rendered = text::render(bytes, {});
        CHECK((!fields.has_value() || !fields->empty() || rendered.has_value()));  // no fields: always renders
    }
}

TEST_CASE("long hostile input takes no longer than its length allows", "[text]")
{
    for (const auto* unit : {"http:///", "<a ", "<!--", "{{", "&#", "#", "<script>", "http://x,", "(http://)", "</"}) {
        std::string bytes;
        while (bytes.size() < 1'000'000)
            bytes += unit;
        INFO(unit);
        CHECK(text::fold(bytes).size() <= bytes.size());
        CHECK(text::from_html(bytes).size() <= bytes.size());
        CHECK(text::links_in_html(bytes).size() <= bytes.size());
        CHECK(text::links_in(bytes).size() < bytes.size());
        CHECK(text::hashtags_in(bytes).size() < bytes.size());
        static_cast<void>(text::fields_of(bytes));
    }
}

TEST_CASE("language tags are known ones, in their usual form", "[text]")
{
    CHECK(text::language_tag("en") == "en");
    CHECK(text::language_tag("EN-us") == "en-US");
    CHECK(text::language_tag("zh-hans") == "zh-Hans");
    CHECK(text::language_tag("pt-BR") == "pt-BR");
    for (const auto* wrong : {"", "en_US", "english", "xx", "e", "en-", "-en", "en us", "hu-thisistoolong", "x-own", "und", "1"}) {
        CAPTURE(wrong);
        CHECK_FALSE(text::language_tag(wrong));
    }
}

TEST_CASE("links and hashtags are found where they stand, in bytes", "[text]")
{
    const std::string sample = "é #státusz, see https://shop.example/#x. ＃題名 C# #1 end";
    auto words = [&](const std::vector<text::span>& spans) {
        list found;
        for (const auto& [begin, end] : spans)
            found.push_back(sample.substr(begin, end - begin));
        return found;
    };
    CHECK(words(text::link_spans(sample)) == list{"https://shop.example/#x"});
    CHECK(words(text::hashtag_spans(sample)) == list{"#státusz", "＃題名"});
    CHECK(text::hashtags_in(sample) == list{"státusz", "題名"});
    CHECK(text::link_spans("").empty());
    CHECK(text::hashtag_spans("# #").empty());
}

TEST_CASE("what a reader sees as one character counts once", "[text]")
{
    CHECK(text::graphemes("") == 0);
    CHECK(text::graphemes("abc") == 3);
    CHECK(text::graphemes("e\xCC\x81") == 1);  // with its accent apart
    CHECK(text::graphemes("\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7") == 1);  // a family
    CHECK(text::graphemes("\xF0\x9F\x87\xAD\xF0\x9F\x87\xBA!") == 2);                                         // a flag
    CHECK(text::graphemes("a\r\nb") == 3);
    CHECK(text::graphemes("a\xFF"
                          "b")
          == 3);
    CHECK(text::length("e\xCC\x81") == 2);
}

TEST_CASE("links and mentions of other servers count as their short forms", "[text]")
{
    const auto count = [](const std::string& sample) { return text::counted(sample, text_counting::short_links); };
    CHECK(count("Help: https://acme.example/a/very/long/path/that/nobody/types/by/hand?with=query") == 6 + 23);
    CHECK(count("https://a.example") == 23);  // shorter ones too
    CHECK(count("See https://a.example, or http://b.example.") == 4 + 23 + 5 + 23 + 1);
    CHECK(count("@help@acme.example: hello") == std::string{"@help: hello"}.size());
    CHECK(count("@help@acme.example.") == std::string{"@help."}.size());
    CHECK(count("@help hello") == 11);
    CHECK(count("write to help@acme.example") == 26);  // an address of a mail is none
    CHECK(count("a/@b@c.example") == 14);
    CHECK(count("@ @@ @a@ @.b@c") == 14);
    CHECK(count("e\xCC\x81 \xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7") == 3);
    CHECK(count("如需帮助：https://a.example/很") == 5 + 23 + 1);  // where the link ends is in doubt: rather one too many
    CHECK(count("") == 0);
}

TEST_CASE("weighted texts count Chinese and emoji twice and each link as 23", "[text]")
{
    const auto count = [](const std::string& sample) { return text::counted(sample, text_counting::weighted); };
    CHECK(count("abc") == 3);
    CHECK(count("árvíztűrő – скоро") == text::length("árvíztűrő – скоро"));
    CHECK(count("e\xCC\x81") == 1);  // it is composed first
    CHECK(count("我们的服务") == 10);
    CHECK(count("「あ」한") == 8);
    CHECK(count("\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7!") == 3);  // a family is one emoji
    CHECK(count("\xF0\x9F\x87\xAD\xF0\x9F\x87\xBA") == 2);                                           // a flag
    CHECK(count("go: https://acme.example/x 好") == 4 + 23 + 1 + 2);
    CHECK(count("\xFF") == 2);
    CHECK(count("") == 0);
}

TEST_CASE("what is too long for an account is said with both figures", "[text]")
{
    account where;
    where.connector = "sky";
    CHECK(text::too_long(std::string(5000, 'a'), where).empty());
    where.text_limit = 3;
    where.byte_limit = 8;
    CHECK(text::too_long("abc", where).empty());
    CHECK(text::too_long("abcd", where) == "it has 4 characters, and sky takes 3");
    CHECK(text::too_long("好好好", where) == "it has 9 bytes, and sky takes 8");
    where.counting = text_counting::graphemes;
    CHECK(text::too_long("e\xCC\x81oo", where).empty());
    where.counting = text_counting::short_links;
    CHECK(text::too_long("http://a.example", where) == "it has 23 characters, and sky takes 3");
}
