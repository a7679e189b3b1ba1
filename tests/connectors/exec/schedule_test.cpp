// The second shipped example, one JSON file under Node: held, read back and let go. The first one, folder.py, goes through the
// whole contract suite.
#include <iostream>

#include <unistd.h>

#include "tests/connectors/exec/support.hpp"

using namespace halfmast;
using namespace halfmast::exec_test;

namespace {

bool has_node()
{
    for (const auto* path : {"/usr/local/bin/node", "/usr/bin/node", "/bin/node"})
        if (::access(path, X_OK) == 0)
            return true;
    std::cout << "skipped: there is no node in /usr/local/bin, /usr/bin or /bin, so schedule.mjs cannot be run\n";
    return false;
}

}  // namespace

TEST_CASE("the JSON schedule is held and let go", "[exec][examples]")
{
    if (!has_node())
        return;
    house here;
    std::ofstream(here.path("schedule.json"))
        << R"([{"id":7,"at":"2027-03-02T14:30:00Z","text":"Big sale","tags":["promo"],"status":"waiting"},{"id":8,"at":"2026-03-02T14:30:00Z","text":"Old","status":"sent"}])";
    here.own.program = HALFMAST_SOURCE_DIR "/config/connectors/schedule.mjs";
    here.own.arguments = {here.path("schedule.json")};
    here.own.rungs = {{rung::native}};
    here.connect();
    auto all = here.run(here.to->list());
    INFO((all ? "" : all.error().detail));
    REQUIRE(all.has_value());
    REQUIRE(all->size() == 1);
    CHECK(all->at(0).tags == std::vector<std::string>{"promo"});
    auto place = [&](const std::string& id) {
        read_posts call{{{post_id{id}, post_id{id}, rung::native, nullptr}}};
        auto readings = here.run(here.to->read(call));
        REQUIRE(readings.has_value());
        REQUIRE(readings->size() == 1);
        return readings->at(0);
    };
    for (int turn = 0; turn < 2; ++turn) {
        hold_post call{post_id{"7"}, post_id{"7"}, nullptr, rung::native, {}};
        REQUIRE(here.run(here.to->hold(call)).has_value());
        CHECK(place("7").where == whereabouts::parked);
    }
    CHECK(place("8").where == whereabouts::published);
    CHECK(place("9").where == whereabouts::absent);
    hold_post out{post_id{"8"}, post_id{"8"}, nullptr, rung::native, {}};
    CHECK(here.run(here.to->hold(out)).error().kind == failure::not_found);
    auto now = parse_rfc3339("2027-03-02T12:00:00Z").value();
    release_post back{post_id{"7"}, post_id{"7"}, nullptr, rung::native, parse_rfc3339("2027-03-02T16:00:00Z").value(), {}, false};
    REQUIRE(here.run(here.to->release(back, {}, now)).has_value());
    CHECK(place("7").where == whereabouts::queued);
    CHECK(format_utc(place("7").due) == "2027-03-02T16:00:00Z");
    auto lines = here.run(here.to->check());
    CHECK(std::ranges::all_of(lines, [](const auto& line) { return line.ok; }));
}
