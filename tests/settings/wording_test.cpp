// [[playbook]] and what it says: how texts are read, what is wrong with them, and what the shipped ones become.
#include <algorithm>

#include "daemon/settings/statement.hpp"
#include "daemon/text/counting.hpp"
#include "daemon/text/text.hpp"
#include "tests/settings/support.hpp"

using namespace halfmast;
using tests::folder;
using tests::lines;

namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr edition_kind every_kind[] = {edition_kind::summary, edition_kind::update, edition_kind::correction,
                                       edition_kind::all_clear};
const lines shipped_languages{"en", "hu", "ru", "zh"};
const lines shipped_books{"outage", "recall", "bereavement"};

std::string begun(const std::string& rest) { return "[[playbook]]\nname = \"a\"\n" + rest; }

std::string account_of(const std::string& id, const std::string& language)
{
    return "[[account]]\nid = \"" + id
           + "\"\nconnector = \"fake\"\nurl = \"https://a.example\"\ntoken = { file = \"token\" }\nlanguage = \"" + language
           + "\"\n";
}

account place(std::string language, int limit, text_counting how = text_counting::graphemes)
{
    account made;
    made.id = account_id{"acme"};
    made.connector = "sky";
    made.language = std::move(language);
    made.time_zone = "Europe/Budapest";
    made.can_publish = true;
    made.text_limit = limit;
    made.counting = how;
    return made;
}

settings::statement_fields spoken_at_half_past_two()
{
    settings::statement_fields fields;
    fields.owner = "Anna";
    fields.raised_at = time_point{std::chrono::sys_days{std::chrono::year{2026} / 11 / 25}} + hours{13} + minutes{30};
    fields.now = fields.raised_at + hours{2} + minutes{15};
    fields.next_update_by = fields.now + minutes{45};
    return fields;
}

const std::map<std::string, playbook>& shipped()
{
    static const auto all =
        settings::load(std::string{HALFMAST_SOURCE_DIR} + "/config/halfmast.toml", tests::fake_rooms()).value.playbooks;
    return all;
}

// Every text that ships, in both forms.
template <class Each>
void for_every_shipped_text(Each each)
{
    REQUIRE(shipped().size() == 3);
    for (const auto& name : shipped_books)
        for (auto kind : every_kind)
            for (const auto& language : shipped_languages) {
                const auto& words = shipped().at(name).texts.at(kind).at(language);
                INFO(name << " " << to_string(kind) << " " << language);
                each(shipped().at(name), kind, language, words);
            }
}

}  // namespace

TEST_CASE("a text is one text, or a long one and a short one", "[settings][words]")
{
    folder here;
    auto got =
        here.load(begun("summary.en = \"We know. By {{next_update_by}}.\"\n"
                        "summary.hu = { long = \"Tudunk róla. {{next_update_by}}\", short = \"Tudjuk. {{next_update_by}}\" }\n"
                        "contact.en = \"help@acme.example\"\n"
                        "languages = [\"hu\", \"EN\"]\n"
                        "reply_wait = \"1m\"\nreply_second_person = false\nmost_public_acts = 0\nlost_pin = \"report\"\n"
                        "partners = [\"https://b.example/status\", \"https://b.example/status\"]\n"
                        "[links]\nprivate = true\n"));
    CHECK(here.shown(got) == lines{});
    const auto& book = got.value.playbooks.at("a");
    CHECK(book.texts.at(edition_kind::summary).at("en") == wording{"We know. By {{next_update_by}}.", ""});
    CHECK(book.texts.at(edition_kind::summary).at("hu").brief == "Tudjuk. {{next_update_by}}");
    CHECK(book.contact == std::map<std::string, std::string>{{"en", "help@acme.example"}});
    CHECK(book.languages == lines{"hu", "en"});
    CHECK(book.reply_wait == minutes{1});
    CHECK_FALSE(book.reply_second_person);
    CHECK(book.most_public_acts == 0);
    CHECK(book.lost_pin == pin_policy::report);
    CHECK(got.value.partners == lines{"https://b.example/status"});
    CHECK(got.value.private_links);

    auto plain = here.load(begun(""));
    CHECK(plain.value.playbooks.at("a").languages == lines{"en"});
    CHECK(plain.value.playbooks.at("a").texts.empty());
    CHECK_FALSE(plain.value.private_links);
}

TEST_CASE("every fault of the words is named with its place", "[settings][words]")
{
    folder here;
    CHECK(here.faults(begun("summary.en = { short = \"{{next_update_by}}\" }\n"
                            "summary.hu = { long = 1, brief = \"{{next_update_by}}\" }\n"
                            "update.en = \"{{about}} {{abuot}} {{next_update_by}}\"\n"
                            "update.hu = [\"x\"]\n"
                            "correction.en = \"We were wrong. {{next_update_by}}\"\n"
                            "all_clear.en = \"Over. {{next_update_by}} {{lasted}}\"\n"
                            "contact.english = \"x\"\n"
                            "contact.en = \"two\\nlines\"\n"
                            "languages = [\"xx\", \"en\", \"en\"]\n"
                            "reply_wait = \"2d\"\n"
                            "most_public_acts = -1\n"
                            "lost_pin = \"repare\"\n"
                            "partners = [\"b.example\"]\n"))
          == lines{"main.toml:3:14: playbook a: summary.en: long is missing; a text that is short enough for every account may be "
                   "all there is",
                   "main.toml:4:23: playbook a: summary.hu.long must be text, not a number",
                   "main.toml:4:26: playbook a: summary.hu: unknown key 'brief'. Known here: long, short.",
                   "main.toml:5:13: playbook a: update.en: there is no field {{abuot}}. Did you mean 'about'? Known: reason, "
                   "owner, severity, raised_at, now, "
                   "lasted, about, contact, next_update_by, next_update_in",
                   "main.toml:6:13: playbook a: update.hu must be text, or { long = \"...\", short = \"...\" }, not a list",
                   "main.toml:7:17: playbook a: correction.en: a correction names what was wrong: {{about}} has to stand in it",
                   "main.toml:8:16: playbook a: all_clear.en: there is no field {{next_update_by}}. Known: reason, owner, "
                   "severity, raised_at, now, lasted, "
                   "about, contact",
                   "main.toml:9:9: playbook a: contact.english: 'english' is not a language tag; write it as en, hu or zh-Hans",
                   "main.toml:10:14: playbook a: contact.en is one line, and no field can stand in it",
                   "main.toml:11:14: playbook a: languages: 'xx' is not a language tag; write it as en, hu or zh-Hans",
                   "main.toml:11:26: playbook a: languages: en stands there twice",
                   "main.toml:12:14: playbook a: reply_wait: 2d is not possible; it must lie between 0s and 1d",
                   "main.toml:13:20: playbook a: most_public_acts: a number from 0 (no limit) to 1000",
                   "main.toml:14:12: playbook a: lost_pin: 'repare' is none of repair, report. Did you mean 'repair'?",
                   "main.toml:15:13: playbook a: partners: 'b.example' is not an address such as https://partner.example/status"});
}

TEST_CASE("a playbook that has begun with the other kinds is told which are missing", "[settings][words]")
{
    folder here;
    CHECK(here.faults(begun("summary.en = \"{{next_update_by}}\"\nupdate.en = \"{{next_update_by}}\"\n"))
          == lines{"main.toml:1:1: warning: playbook a: there is no text for correction, all_clear: in a crisis that cannot be "
                   "said from here"});
    CHECK(here.faults(begun("summary.en = \"{{next_update_by}}\"\n")) == lines{});
}

TEST_CASE("a contact that stands in a text has to be there, and a promise has to be made", "[settings][words]")
{
    folder here;
    CHECK(here.faults(begun("summary.en = \"{{next_update_by}} {{contact}}\"\n"))
          == lines{"main.toml:3:14: playbook a: summary.en: {{contact}} stands in it, and the playbook has no contact; write "
                   "contact.en = \"help@acme.example\""});
    CHECK(here.faults(begun("summary.en = \"{{next_update_by}} {{#contact}}{{contact}}{{/contact}}\"\n")) == lines{});
    CHECK(here.faults(begun("summary.en = \"{{next_update_by}} {{contact}}\"\ncontact.hu = \"x\"\n")) == lines{});
    CHECK(here.faults(begun("summary.en = { long = \"{{next_update_in}}\", short = \"We know.\" }\n"))
          == lines{"main.toml:3:53: warning: playbook a: summary.en: it does not say when the next word comes: {{next_update_by}} "
                   "is missing"});
}

TEST_CASE("a language that no text and no fallback covers is a fault", "[settings][words]")
{
    folder here;
    here.write("token", "x");
    const auto accounts =
        account_of("one", "hu") + account_of("two", "hu") + account_of("three", "de-AT") + account_of("four", "en");
    CHECK(here.faults(accounts + begun("summary.de = \"{{next_update_by}}\"\nsummary.en = \"{{next_update_by}}\"\n")) == lines{});
    CHECK(here.faults(accounts + begun("summary.de = \"{{next_update_by}}\"\nlanguages = [\"de\"]\n")) == lines{});
    auto given = here.faults(accounts + begun("summary.de = \"{{next_update_by}}\"\nlanguages = []\n"));
    REQUIRE(given.size() == 2);
    CHECK(
        given[0].find(
            "playbook a: summary: account four wants it in en: there is no text in en, and none to fall back on; write summary.en")
        != std::string::npos);
    CHECK(given[1].find("account one and 1 more wants it in hu") != std::string::npos);
    CHECK(given[0].starts_with("main.toml:27:"));
}

TEST_CASE("a text that is too long in both forms is a fault, and one that may be is a warning", "[settings][words]")
{
    folder here;
    here.write("token", "x");
    const auto one = account_of("one", "en");  // takes 500 characters
    const std::string long_text(495, 'a');
    auto text = [&](const std::string& full, const std::string& brief) {
        return one + begun("summary.en = { long = \"" + full + "\", short = \"" + brief + "\" }\n");
    };
    CHECK(here.faults(text(std::string(600, 'a') + "{{next_update_by}}", "{{next_update_by}}")) == lines{});
    auto always = here.faults(text(std::string(600, 'a') + "{{next_update_by}}", std::string(501, 'b') + "{{next_update_by}}"));
    REQUIRE(always.size() == 1);
    CHECK(always[0].find(": playbook a: summary.en: too long for account one: it has 5") != std::string::npos);
    CHECK(always[0].ends_with("characters, and fake takes 500, in the short form too"));
    auto perhaps =
        here.faults(text(std::string(600, 'a') + "{{next_update_by}}", std::string(460, 'b') + "{{reason}} {{next_update_by}}"));
    REQUIRE(perhaps.size() == 1);
    CHECK(perhaps[0].find(": warning: playbook a: summary.en: too long for account one: ") != std::string::npos);
    CHECK(perhaps[0].ends_with("(with usual times and a sentence in it)"));
    auto alone = here.faults(one + begun("summary.en = \"" + std::string(600, 'a') + "{{next_update_by}}\"\n"));
    REQUIRE(alone.size() == 1);
    CHECK(alone[0].ends_with(", and there is no short form"));
}

TEST_CASE("the text in the reader's language is taken, and else the next best", "[settings][words]")
{
    playbook book;
    book.name = "a";
    for (const auto* tag : {"en", "zh", "zh-Hant", "hu"})
        book.texts[edition_kind::summary][tag] = {tag, ""};
    book.languages = {"hu", "en"};
    auto taken = [&](const std::string& wanted) { return settings::choose_wording(book, edition_kind::summary, wanted)->first; };
    CHECK(taken("en-GB") == "en");
    CHECK(taken("zh-Hant-TW") == "zh-Hant");
    CHECK(taken("zh-Hans-CN") == "zh");
    CHECK(taken("fr") == "hu");
    book.languages.clear();
    CHECK(taken("fr") == "en");  // some words are better than none
    CHECK(settings::choose_wording(book, edition_kind::update, "en") == nullptr);
    book.contact = {{"en", "e"}, {"zh", "z"}};
    CHECK(settings::choose_contact(book, "zh-Hans") == "z");
    CHECK(settings::choose_contact(book, "hu") == "e");
}

TEST_CASE("the long form is taken when it fits, else the short one, and nothing is cut", "[settings][words]")
{
    playbook book;
    book.name = "a";
    book.texts[edition_kind::summary]["en"] = {"A long text of thirty letters.", "A short one."};
    auto written = [&](int limit) {
        return settings::write_statement(place("en", limit), book, edition_kind::summary, spoken_at_half_past_two());
    };
    CHECK(written(0).text == "A long text of thirty letters.");
    CHECK(written(30).text == "A long text of thirty letters.");
    CHECK_FALSE(written(30).brief);
    CHECK(written(29).text == "A short one.");
    CHECK(written(29).brief);
    CHECK(written(29).trouble.empty());
    auto none = written(11);
    CHECK(none.text == "A short one.");
    CHECK(none.too_long);
    CHECK(none.trouble == "it has 12 characters, and sky takes 11, in the short form too");
    book.texts[edition_kind::summary]["en"].brief.clear();
    CHECK(written(29).trouble == "it has 30 characters, and sky takes 29, and there is no short form");
    CHECK(settings::write_statement(place("en", 0), book, edition_kind::update, spoken_at_half_past_two()).trouble
          == "playbook a has no update");
}

TEST_CASE("fields are said in the language and time zone of the reader", "[settings][words]")
{
    playbook book;
    book.name = "a";
    const std::string all =
        "{{raised_at}}|{{now}}|{{lasted}}|{{next_update_by}}|{{next_update_in}}|{{owner}}|{{severity}}|{{about}}|{{contact}}";
    for (const auto* tag : {"en", "hu", "ru", "zh"})
        book.texts[edition_kind::update][tag] = {all, ""};
    book.contact = {{"hu", "írjon"}, {"en", "write"}};
    book.languages = {"en"};
    auto fields = spoken_at_half_past_two();
    fields.about = " It works. \n";
    auto said = [&](const std::string& language) {
        return settings::write_statement(place(language, 0), book, edition_kind::update, fields).text;
    };
    CHECK(said("en") == "14:30 CET|16:45 CET|2 hours, 15 minutes|17:30 CET|in 45 minutes|Anna|major|It works.|write");
    CHECK(said("hu") == "14:30 CET|16:45 CET|2 óra és 15 perc|17:30 CET|45 perc múlva|Anna|major|It works.|írjon");
    CHECK(said("ru") == "14:30 GMT+1|16:45 GMT+1|2 часа 15 минут|17:30 GMT+1|через 45 минут|Anna|major|It works.|write");
    CHECK(said("zh").find("2小时15分钟") != std::string::npos);
    CHECK(said("zh").find("45分钟后") != std::string::npos);
}

TEST_CASE("a field without a value is trouble, and a placeholder that was typed never goes out", "[settings][words]")
{
    playbook book;
    book.name = "a";
    book.texts[edition_kind::summary]["en"] = {"Notice: {{reason}}", ""};
    auto fields = spoken_at_half_past_two();
    auto hollow = settings::write_statement(place("en", 0), book, edition_kind::summary, fields);
    CHECK(hollow.trouble == "nothing is given for {{reason}}: it goes out when somebody approves it as it is");
    CHECK(hollow.hole == "reason");
    fields.reason = "{{{owner}}} {{";
    auto written = settings::write_statement(place("en", 0), book, edition_kind::summary, fields);
    CHECK(written.trouble.empty());
    CHECK(written.text == "Notice: { { {owner}}} { {");
}

TEST_CASE("a form without a hole is better than a longer one with it", "[settings][words]")
{
    struct story {
        const char* full;
        const char* brief;
        int limit;
        const char* taken;
        const char* hole;
    };
    const story stories[] = {
        {"Long: {{reason}}", "Short.", 0, "Short.", ""},
        {"Long: {{reason}}", "Short: {{reason}}", 0, "Long:", "reason"},
        {"Long: {{reason}}", "A short form that does not fit.", 20, "Long:", "reason"},
        {"Long: {{reason}}", "", 0, "Long:", "reason"},
        {"Long{{#reason}}: {{reason}}{{/reason}}.", "Short.", 0, "Long.", ""},
        {"Long: {{about}} {{reason}}", "Short.", 0, "Short.", ""},
        {"Too long for the place it goes to: {{reason}}", "Short: {{reason}}", 20, "Short:", "reason"},
    };
    for (const auto& told : stories) {
        INFO(told.full << " | " << told.brief);
        playbook book;
        book.name = "a";
        book.texts[edition_kind::update]["en"] = {told.full, told.brief};
        auto written = settings::write_statement(place("en", told.limit), book, edition_kind::update, spoken_at_half_past_two());
        CHECK(written.text == told.taken);
        CHECK(written.hole == told.hole);
        CHECK(written.trouble.empty() == written.hole.empty());
    }
}

TEST_CASE("what people type is chosen by language as the texts are, and said when it is in another one", "[settings][words]")
{
    playbook book;
    book.name = "a";
    book.texts[edition_kind::update]["en"] = {"Update: {{about}}{{#reason}} ({{reason}}){{/reason}}", ""};
    book.texts[edition_kind::update]["hu"] = {"Frissítés: {{about}}", ""};
    book.texts[edition_kind::update]["zh"] = {"更新：{{about}}", ""};
    book.languages = {"en"};
    auto fields = spoken_at_half_past_two();
    fields.about_in = {{"en", "Cards work."}, {"hu", "A kártyák működnek."}, {"und", "Kaarten werken."}};
    fields.about = text_for_all(fields.about_in);
    auto written = [&](const std::string& language) {
        return settings::write_statement(place(language, 0), book, edition_kind::update, fields);
    };
    struct story {
        const char* language;
        const char* text;
        const char* tag;
        bool differs;
    };
    auto check = [&](std::initializer_list<story> stories) {
        for (const auto& told : stories) {
            INFO(told.language << " " << told.text);
            auto made = written(told.language);
            CHECK(made.text == told.text);
            REQUIRE(made.fillings.size() == 1);
            CHECK(made.fillings[0].field == "about");
            CHECK(made.fillings[0].language == told.tag);
            CHECK(made.fillings[0].differs == told.differs);
        }
    };
    check({{"hu", "Frissítés: A kártyák működnek.", "hu", false},
           {"hu-HU", "Frissítés: A kártyák működnek.", "hu", false},
           {"en-GB", "Update: Cards work.", "en", false},
           {"zh-Hans", "更新：Cards work.", "en", true},  // the playbook's other languages come before what is in none
           {"fr", "Update: Cards work.", "en", false}});
    fields.about_in.erase("en");
    check({{"zh", "更新：Kaarten werken.", "und", false}, {"en", "Update: Kaarten werken.", "und", false}});
    fields.about_in = {{"hu", "A kártyák működnek."}};
    check({{"en", "Update: A kártyák működnek.", "hu", true}});
    fields.about_in = {{"zh-Hant", "可以刷卡。"}};
    check({{"zh", "更新：可以刷卡。", "zh-Hant", false}});
    fields.about_in.clear();
    fields.about = "Cards work.";
    check({{"hu", "Frissítés: Cards work.", "und", false}});
    fields.reason = "the cable";
    CHECK(written("en").fillings.size() == 2);
    CHECK(written("hu").fillings.size() == 1);  // there is no {{reason}} in it
}

TEST_CASE("every playbook that ships has all kinds in all four languages, with the same fields", "[settings][words]")
{
    std::map<std::pair<std::string, edition_kind>, std::set<std::string>> used;
    for_every_shipped_text([&](const playbook& book, edition_kind kind, const std::string&, const wording& words) {
        REQUIRE_FALSE(words.full.empty());
        REQUIRE_FALSE(words.brief.empty());
        CHECK(words.full != words.brief);
        auto fields_of = [](const std::string& source) {
            auto list = text::fields_of(source).value();
            return std::set<std::string>(list.begin(), list.end());
        };
        auto full = fields_of(words.full);
        auto brief = fields_of(words.brief);
        CHECK(used.try_emplace({book.name, kind}, full).first->second == full);
        CHECK(std::ranges::includes(full, brief));
        for (const auto& form : {full, brief}) {
            CHECK(form.contains("contact"));  // where to get help
            if (kind != edition_kind::all_clear)
                CHECK(form.contains("next_update_by"));  // when the next word comes
            if (kind == edition_kind::update || kind == edition_kind::correction)
                CHECK(form.contains("about"));
        }
        CHECK(words.full.ends_with("{{contact}}"));  // nothing behind an address that would become part of it
        CHECK(words.brief.ends_with("{{contact}}"));
    });
    for (const auto& name : shipped_books) {
        CHECK(shipped().at(name).contact.size() == shipped_languages.size());
        for (auto kind : every_kind)
            CHECK(shipped().at(name).texts.at(kind).size() == shipped_languages.size());
    }
}

TEST_CASE("every text that ships fits every platform that has a connector, with all fields filled in", "[settings][words]")
{
    std::map<std::string, std::string> about{{"en", "Card payments work again; orders by phone are still delayed."},
                                             {"hu", "A kártyás fizetés újra működik; a telefonos rendelés még késik."},
                                             {"ru", "Оплата картой снова работает; заказы по телефону задерживаются."},
                                             {"zh", "银行卡支付已恢复；电话订购仍有延迟。"}};
    std::map<std::string, std::string> reason{{"en", "K20 kettle, batches 2403 to 2411: the lid can open while pouring."},
                                              {"hu", "K20 vízforraló, 2403–2411. tétel: öntés közben kinyílhat a fedele."},
                                              {"ru", "Чайник K20, партии 2403–2411: при наливании может открыться крышка."},
                                              {"zh", "K20 电水壶，批次 2403 至 2411：倒水时壶盖可能打开。"}};
    for_every_shipped_text([&](const playbook& shipped_book, edition_kind kind, const std::string& language, const wording& words) {
        auto own = shipped_book;
        auto with_address = shipped_book;
        with_address.contact = {{language, "https://www.acme.example/help"}};
        for (const auto* book : {&own, &with_address})
            for (const auto& news : {about[language], std::string{}}) {
                if (news.empty() && kind == edition_kind::correction)
                    continue;
                auto fields = spoken_at_half_past_two();
                fields.reason = reason[language];
                fields.about = kind == edition_kind::summary ? "" : news;
                fields.next_update_by =
                    kind == edition_kind::all_clear ? time_point{} : fields.now + hours{20};  // tomorrow, with its date
                auto written_for = [&](int limit, text_counting how, int bytes) {
                    auto where = place(language, limit, how);
                    where.byte_limit = bytes;
                    return settings::write_statement(where, *book, kind, fields);
                };
                auto full = written_for(500, text_counting::short_links, 0);  // Mastodon
                INFO(full.text);
                CHECK(full.trouble.empty());
                CHECK_FALSE(full.brief);
                auto sky = written_for(300, text_counting::graphemes, 3000);  // Bluesky
                INFO(sky.text);
                CHECK(sky.trouble.empty());
                auto least = written_for(280, text_counting::graphemes, 0);
                CHECK(least.trouble.empty());
                auto unlimited = written_for(0, text_counting::code_points, 0);  // WordPress, Ghost
                CHECK(unlimited.trouble.empty());
                CHECK_FALSE(unlimited.brief);
                for (const auto* one : {&full, &sky, &least, &unlimited}) {
                    CHECK(one->language == language);
                    CHECK(one->text.find("{{") == std::string::npos);
                    CHECK(one->text.find("  ") == std::string::npos);
                    CHECK(one->text.find("\n\n") == std::string::npos);
                    CHECK(one->text.find(" \n") == std::string::npos);
                }
                (void)words;
            }
    });
}
