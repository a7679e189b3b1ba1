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

std::vector<judged_row> judge_all(const std::string& file)
{
    std::ifstream in(file);
    REQUIRE(in);
    auto rules = settings::make_policy(settings::defaults()).rules;
    std::vector<judged_row> rows;
    for (std::string line; std::getline(in, line);) {
        auto row = nlohmann::json::parse(line);
        scheduled_post post;
        post.text = row.at("text").get<std::string>();
        post.folded = text::fold(post.text);
        post.links = row.value("links", std::vector<std::string>{});
        auto label = parse_post_class(row.at("label").get<std::string>());
        REQUIRE(label);
        rows.push_back({*label, rules->judge(post), row.value("id", ""), row.value("lang", ""), post.text});
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
