// What is said on every platform there is a connector for: kinds, languages, forms and limits, and whatever people type into the fields.
#include "daemon/app/statements.hpp"

#include <algorithm>
#include <random>
#include <set>

#include "connectors/registry.hpp"
#include "daemon/app/replies.hpp"
#include "daemon/settings/settings.hpp"
#include "daemon/text/counting.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;

namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr edition_kind kinds[] = {edition_kind::summary, edition_kind::update, edition_kind::correction, edition_kind::all_clear};
const std::vector<std::string> languages{"en", "hu", "ru", "zh"};

// An account with the usual settings of every platform that is not described by the customer, in every language.
policy rules_for_all()
{
    policy rules;
    rules.playbooks =
        settings::load(std::string{HALFMAST_SOURCE_DIR} + "/config/halfmast.toml", connectors(), false).value.playbooks;
    for (const auto& room : connectors()) {
        if (room.notes.usual == nullptr)
            continue;
        for (const auto& language : languages) {
            account made;
            room.notes.usual(made);
            made.id = account_id{std::string{room.name} + "-" + language};
            made.connector = room.name;
            made.language = language;
            made.time_zone = "Europe/Budapest";
            made.labels = {{"brand", "acme"}};
            rules.accounts.emplace(made.id, made);
        }
    }
    return rules;
}

settings::statement_fields usual(edition_kind kind)
{
    settings::statement_fields fields;
    fields.reason = "K20: 2403-2411.";
    fields.owner = "Anna";
    fields.raised_at = time_point{std::chrono::sys_days{std::chrono::year{2026} / 11 / 25}} + hours{13} + minutes{30};
    fields.now = fields.raised_at + (kind == edition_kind::summary ? minutes{0} : minutes{95});
    if (kind != edition_kind::all_clear)
        fields.next_update_by = fields.now + minutes{45};
    if (kind == edition_kind::correction)
        fields.about = "A: 1.";
    return fields;
}

bool is_within_limits(const account& where, const api::statement_preview& shown)
{
    return text::too_long(shown.text, where).empty();
}

}  // namespace

TEST_CASE("every shipped text can go out on every platform, in every language", "[app][statements]")
{
    const auto rules = rules_for_all();
    REQUIRE(rules.playbooks.size() == 3);
    std::set<std::string> platforms;
    for (const auto& [name, book] : rules.playbooks)
        for (auto kind : kinds) {
            auto all = app::write_statements(rules, book, {}, false, kind, usual(kind));
            CHECK(all.size() >= 3 * languages.size());
            for (const auto& one : all) {
                const auto& where = rules.accounts.at(one.account);
                platforms.insert(where.connector);
                INFO(name << " " << one.account.value << " " << to_string(kind) << ": " << one.text);
                CHECK(one.trouble.empty());
                CHECK(one.kind == to_string(kind));
                CHECK(one.language == where.language);
                CHECK(one.length == text::counted(one.text, where.counting));
                CHECK(is_within_limits(where, one));
                CHECK(one.text.find("{{") == std::string::npos);
                if (where.text_limit == 0 || where.text_limit >= 500)
                    CHECK(one.form == "long");
            }
        }
    CHECK(platforms.contains("mastodon"));
    CHECK(platforms.contains("bluesky"));
    CHECK(platforms.contains("wordpress"));
    CHECK(app::doubtful_statements(rules).empty());
    for (const auto& [id, where] : rules.accounts)
        for (const auto& line : app::check_statements(rules, id))
            CHECK(line.ok);
}

TEST_CASE("only accounts in scope that can say something are spoken for", "[app][statements]")
{
    auto rules = rules_for_all();
    account silent;
    silent.id = account_id{"queue-only"};
    silent.speaks = false;
    rules.accounts.emplace(silent.id, silent);
    account queue = silent;
    queue.id = account_id{"scheduler"};
    queue.speaks = true;
    queue.language = "hu";
    rules.accounts.emplace(queue.id, queue);
    account pins;
    pins.id = account_id{"by-hand"};
    pins.can_pin = true;
    rules.accounts.emplace(pins.id, pins);
    const auto& book = rules.playbooks.at("outage");
    auto all = app::write_statements(rules, book, {}, false, edition_kind::summary, usual(edition_kind::summary));
    auto find = [&](const std::string& id) {
        return std::ranges::find(all, id, [](const auto& one) { return one.account.value; });
    };
    CHECK(find("queue-only") == all.end());
    REQUIRE(find("by-hand") != all.end());
    CHECK(find("by-hand")->by == "person");
    REQUIRE(find("scheduler") != all.end());  // no call publishes there: a person does, with these words
    CHECK(find("scheduler")->by == "person");
    CHECK(find("scheduler")->language == "hu");
    CHECK(find("scheduler")->trouble.empty());
    CHECK(app::check_statements(rules, silent.id).empty());
    CHECK(app::check_statements(rules, queue.id).front().ok);
    CHECK(app::write_statements(rules, book, {{"brand", "other"}}, false, edition_kind::summary, usual(edition_kind::summary))
              .empty());
    auto one =
        app::write_statements(rules, book, {{"account", "mastodon-hu"}}, false, edition_kind::update, usual(edition_kind::update));
    REQUIRE(one.size() == 1);
    CHECK(one.front().by == "post");
    CHECK(one.front().text.find("Frissítés, 16:05 CET") == 0);
}

TEST_CASE("what is said in a drill begins with its mark in the account's language, which is counted too",
          "[app][statements][drill]")
{
    auto rules = rules_for_all();
    for (auto& [id, where] : rules.accounts)
        where.practice = true;
    const std::map<std::string, std::string> marks{{"en", "DRILL: "}, {"hu", "GYAKORLAT: "}, {"ru", "УЧЕНИЯ: "}, {"zh", "演练："}};
    for (const auto& [name, book] : rules.playbooks)
        for (auto kind : kinds) {
            CHECK(app::write_statements(rules, book, {}, false, kind, usual(kind)).empty());  // a real flag says nothing there
            auto all = app::write_statements(rules, book, {}, true, kind, usual(kind));
            CHECK(all.size() >= 3 * languages.size());
            for (const auto& one : all) {
                const auto& where = rules.accounts.at(one.account);
                INFO(name << " " << one.account.value << " " << to_string(kind) << ": " << one.text);
                CHECK(one.trouble.empty());
                CHECK(one.text.starts_with(marks.at(where.language)));
                CHECK(one.length == text::counted(one.text, where.counting));
                CHECK(is_within_limits(where, one));
            }
        }
    CHECK(app::doubtful_statements(rules).empty());
    // As long as the limit without the mark is too long with it.
    auto& small = rules.accounts.at(account_id{"mastodon-en"});
    playbook book;
    book.name = "a";
    book.texts[edition_kind::summary]["en"] = {std::string(small.text_limit, 'a'), "Short."};
    auto written = app::write_statements(rules, book, {{"account", small.id.value}}, true, edition_kind::summary,
                                         usual(edition_kind::summary));
    REQUIRE(written.size() == 1);
    CHECK(written.front().text == "DRILL: Short.");
    auto reply = app::write_reply(small, book, "hu", "Dolgozunk rajta.");
    REQUIRE(reply.has_value());
    CHECK(reply->text == "GYAKORLAT: Dolgozunk rajta.");
}

TEST_CASE("an account whose limit is too small is told before a crisis", "[app][statements]")
{
    auto rules = rules_for_all();
    auto& small = rules.accounts.at(account_id{"mastodon-en"});
    small.text_limit = 50;
    auto doubts = app::doubtful_statements(rules);
    REQUIRE(doubts.size() == 3 * std::size(kinds));
    CHECK(doubts.front().find("for mastodon-en: it has ") != std::string::npos);
    auto lines = app::check_statements(rules, small.id);
    REQUIRE(lines.size() == doubts.size());
    CHECK(std::ranges::none_of(lines, &check_line::ok));
    CHECK(lines.front().detail.find("takes 50, in the short form too") != std::string::npos);
    CHECK(app::check_statements(rules, account_id{"mastodon-hu"}).front().ok);
    CHECK(app::check_statements(rules, account_id{"nobody"}).empty());
}

TEST_CASE("whatever is typed into the fields, no placeholder goes out and no limit is passed without a word", "[app][statements]")
{
    auto rules = rules_for_all();
    std::mt19937 dice(11);  // NOLINT: the same texts every time
    const std::vector<std::string> pieces{"{{",
                                          "}}",
                                          "{{{owner}}}",
                                          "{{#about}}",
                                          "{{/about}}",
                                          "{",
                                          "a",
                                          "é",
                                          "很",
                                          " ",
                                          "\n",
                                          "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7",
                                          "https://acme.example/x",
                                          "@a@b.example",
                                          "\xFF",
                                          std::string(1, '\0'),
                                          "word ",
                                          "e\xCC\x81"};
    auto typed = [&] {
        std::string text;
        for (auto count = dice() % 40 * (dice() % 4 == 0 ? 10 : 1); count > 0; --count)
            text += pieces[dice() % pieces.size()];
        return text;
    };
    std::size_t cut_short = 0;
    std::size_t in_trouble = 0;
    for (int round = 0; round < 40; ++round) {
        for (const auto& [name, book] : rules.playbooks) {
            const auto kind = kinds[dice() % std::size(kinds)];
            auto fields = usual(kind);
            fields.reason = typed();
            fields.owner = typed();
            fields.about = typed();
            for (const auto& one : app::write_statements(rules, book, {}, false, kind, fields)) {
                const auto& where = rules.accounts.at(one.account);
                INFO(name << " " << one.account.value << " " << to_string(kind) << ": " << one.text);
                CHECK(one.text.find("{{") == std::string::npos);
                CHECK((is_within_limits(where, one) || !one.trouble.empty()));
                cut_short += one.form == "short" ? 1 : 0;
                in_trouble += one.trouble.empty() ? 0 : 1;
            }
        }
    }
    CHECK(cut_short > 0);
    CHECK(in_trouble > 0);
}
