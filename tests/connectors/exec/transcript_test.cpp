// The transcript in README.md is what is really said: its requests are written as halfmast writes them, and the shipped folder.py
// answers them so, but for paths and the time of day.
#include <fstream>
#include <iterator>

#include "tests/connectors/exec/support.hpp"

using namespace halfmast;
using namespace halfmast::exec_test;
using nlohmann::json;

namespace {

struct line {
    char who = 0;
    std::string text;
};

std::vector<line> transcript()
{
    std::ifstream in(HALFMAST_SOURCE_DIR "/connectors/exec/README.md");
    std::vector<line> all;
    for (std::string text; std::getline(in, text);) {
        if (text.starts_with("    > {") || text.starts_with("    < {"))
            all.push_back({text[4], text.substr(6)});
        else if (!all.empty() && text.starts_with("       "))
            all.back().text += text.substr(7);
    }
    return all;
}

// Paths are of this machine, and what goes out now goes out now.
json without_places(json value)
{
    if (value.is_object())
        for (const auto* key : {"url", "at", "due"})
            if (value.contains(key))
                value[key] = "";
    if (value.is_structured())
        for (auto& member : value)
            member = without_places(member);
    return value;
}

}  // namespace

TEST_CASE("the transcript of the manual is true", "[exec][examples]")
{
    house here;
    std::filesystem::create_directories(here.path("posts/queue"));
    std::ofstream(here.path("posts/queue/spring-sale.md"))
        << "Due: 2026-03-02T14:30:00Z\nTags: promo\nLanguage: en\nAuthor: maria\n\nBig sale today: https://shop.acme.example/\n";
    auto all = transcript();
    REQUIRE(all.size() == 30);
    {
        std::ofstream asked(here.path("asked"));
        for (const auto& one : all)
            if (one.who == '>') {
                auto members = json::parse(one.text);
                auto verb = members["verb"].get<std::string>();
                auto id = members["id"].get<std::uint64_t>();
                CHECK(json::parse(exec::wire::line_of(id, verb, members)) == members);
                asked << members.dump() << '\n';
            }
    }
    auto command = std::string{HALFMAST_SOURCE_DIR "/config/connectors/folder.py "} + here.path("posts") + " < "
                   + here.path("asked") + " > " + here.path("answered");
    REQUIRE(std::system(command.c_str()) == 0);
    auto answered = here.left("answered");
    REQUIRE(answered.size() == 15);
    std::size_t next = 0;
    for (const auto& one : all)
        if (one.who == '<') {
            CAPTURE(one.text);
            CHECK(without_places(json::parse(answered.at(next++))) == without_places(json::parse(one.text)));
        }
}
