// How well the shipped words judge a labelled corpus. It is no part of the repository: HALFMAST_CORPUS names the file, JSON lines with
// "text", "links" and "label". Marks are left out on purpose: this measures words and links alone.
#include <array>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>

#include <nlohmann/json.hpp>

#include "daemon/text/text.hpp"
#include "tests/settings/support.hpp"

using namespace halfmast;

namespace {

constexpr std::array kinds{post_class::promotional, post_class::essential, post_class::neutral, post_class::unknown};

struct judged_row {
    post_class label;
    verdict found;
    std::string id, language, text;
};

verdict judge_text(const judgement& rules, const std::string& text, std::vector<std::string> links = {})
{
    scheduled_post post;
    post.text = text;
    post.folded = text::fold(text);
    post.links = std::move(links);
    return rules.judge(post);
}

std::vector<judged_row> judge_all(const std::string& file)
{
    std::ifstream in(file);
    REQUIRE(in);
    auto rules = settings::make_policy(settings::defaults()).rules;
    std::vector<judged_row> rows;
    for (std::string line; std::getline(in, line);) {
        auto row = nlohmann::json::parse(line);
        auto text = row.at("text").get<std::string>();
        auto label = parse_post_class(row.at("label").get<std::string>());
        REQUIRE(label);
        auto found = judge_text(*rules, text, row.value("links", std::vector<std::string>{}));
        rows.push_back({*label, std::move(found), row.value("id", ""), row.value("lang", ""), std::move(text)});
    }
    return rows;
}

void print_mistake(const judged_row& row)
{
    std::cout << row.id << " " << to_string(row.label) << " -> " << to_string(row.found.kind) << ":";
    for (const auto& [rule, match] : row.found.why)
        std::cout << " [" << rule << " " << match << "]";
    std::cout << "\n    " << row.text.substr(0, 200) << "\n";
}

}  // namespace

TEST_CASE("the shipped words hold what sells and let through what people need", "[settings][corpus]")
{
    const char* file = std::getenv("HALFMAST_CORPUS");
    if (file == nullptr) {
        std::cout << "skipped: HALFMAST_CORPUS names no labelled corpus\n";
        return;
    }
    const bool verbose = std::getenv("HALFMAST_CORPUS_MISTAKES") != nullptr;
    std::map<post_class, std::map<post_class, int>> counts;
    std::map<std::string, std::array<int, 4>> by_language;  // promotional, of these let out; others, of these let out
    for (const auto& row : judge_all(file)) {
        ++counts[row.label][row.found.kind];
        const bool out = row.found.kind == post_class::essential || row.found.kind == post_class::neutral;
        auto& sums = by_language[row.language];
        const std::size_t at = row.label == post_class::promotional ? 0 : 2;
        ++sums[at];
        sums[at + 1] += out ? 1 : 0;
        if (verbose && (row.label == post_class::promotional) == out)
            print_mistake(row);
    }
    std::cout << "label \\ judged   promotional   essential     neutral     unknown\n";
    for (auto label : {post_class::promotional, post_class::essential, post_class::neutral}) {
        std::cout << std::string{to_string(label)}.append(15 - to_string(label).size(), ' ');
        for (auto found : kinds) {
            auto number = std::to_string(counts[label][found]);
            std::cout << std::string(12 - number.size(), ' ') << number;
        }
        std::cout << "\n";
    }
    int promotional = 0, escaped = 0, others = 0, recognised = 0;
    for (const auto& [language, sums] : by_language) {
        std::cout << language << ": " << sums[1] << " of " << sums[0] << " promotional would go out, " << sums[3] << " of "
                  << sums[2] << " others go on\n";
        promotional += sums[0];
        escaped += sums[1];
        others += sums[2];
        recognised += sums[3];
    }
    REQUIRE(promotional > 0);
    REQUIRE(others > 0);
    CHECK(escaped * 100 <= promotional * 3);
    CHECK(recognised * 100 >= others * 60);
}

// A hint that stands in the files of two languages counts twice: "112" and "airbag" stand in one file only.
TEST_CASE("a word that advertisements use too lets nothing through by itself", "[settings][words]")
{
    auto rules = settings::make_policy(settings::defaults()).rules;
    for (const auto* text : {"Discover low-maintenance plants for every room",
                             "A fully restored classic",
                             "Yours, free of charge",
                             "Prescription sunglasses, any frame",
                             "Unser Kürbis-Latte ist wieder da!",
                             "Achtung, macht süchtig",
                             "112 Seiten voller Ideen",
                             "Eine Dosis Vitamin C, die schmeckt",
                             "Vermisst ihr den Sommer auch?",
                             "Disfruta de tus series sin interrupciones",
                             "El Porsche 911 de tus sueños",
                             "El lote de Navidad que todos quieren",
                             "Adiós a las molestias",
                             "Idén ne egy szál virágot adj neki!",
                             "Kiürítjük a raktárt!",
                             "Új üzletet nyitunk a belvárosban",
                             "Nem tudunk betelni vele",
                             "A patika szeptemberi ajánlatai",
                             "Новые рейсы в Стамбул",
                             "Просто залейте кипятком",
                             "Лёд, мята и лайм",
                             "Осторожно, вызывает привыкание",
                             "每一口都被浓郁巧克力包裹",
                             "熬夜党的修复精华来了",
                             "给生活按下暂停键",
                             "过敏肌也能安心用",
                             "自发热内衣，暖一整天",
                             "给您带来惊喜",
                             "随时可取消"}) {
        CAPTURE(text);
        auto found = judge_text(*rules, text).kind;
        CHECK((found == post_class::promotional || found == post_class::unknown));
    }
}

TEST_CASE("what people need goes on, also where it asks politely or names a word that sells elsewhere", "[settings][words]")
{
    auto rules = settings::make_policy(settings::defaults()).rules;
    for (const auto* text :
         {"Kérjük, ne használják a csapvizet.", "Áramszünet miatt az üzlet zárva; kérjük türelmüket.",
          "Kérjük, ne egyék meg a visszahívott terméket.", "Tonight it will drop to -6: the night shelter is open.",
          "Scheduled maintenance tonight: the app will not be available.", "Der Strom ist wieder da.", "如出现过敏反应请就医。",
          "因检修暂停供水。", "您的包裹将延误。", "Вызовите скорую: 112."}) {
        CAPTURE(text);
        CHECK(judge_text(*rules, text).kind == post_class::essential);
    }
}
