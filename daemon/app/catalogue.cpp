#include "daemon/app/catalogue.hpp"

#include <algorithm>
#include <iostream>
#include <vector>

#include <nlohmann/json.hpp>

#include "connectors/registry.hpp"
#include "daemon/app/app.hpp"

namespace halfmast::app {

namespace {

using nlohmann::ordered_json;

ordered_json rung_member(const rung_offer& offer)
{
    ordered_json one{{"rung", to_string(offer.kind)}, {"needs_lead_seconds", offer.needs_lead.count()}};
    if (offer.most_a_day > 0)
        one["most_a_day"] = offer.most_a_day;
    if (offer.most_in_all > 0)
        one["most_in_all"] = offer.most_in_all;
    return one;
}

// What an account with the usual settings can do.
void add_usual(ordered_json& one, const account& usual)
{
    auto rungs = ordered_json::array();
    for (const auto& offer : usual.rungs)
        rungs.push_back(rung_member(offer));
    one["queue"] = usual.has_queue;
    one["rungs"] = std::move(rungs);
    one["publishes"] = usual.can_publish;
    one["edits"] = usual.can_edit;
    one["replies"] = usual.can_reply;
    one["pins"] = usual.can_pin;
    one["most_pins"] = usual.most_pins > 0 ? ordered_json(usual.most_pins) : ordered_json(nullptr);
    one["feed"] = usual.can_read_feed;
    one["mentions"] = usual.can_read_mentions;
    one["release_margin_seconds"] = usual.release_margin.count();
    one["text_limit"] = usual.text_limit > 0 ? ordered_json(usual.text_limit) : ordered_json(nullptr);
    one["read_batch"] = usual.read_batch;
    one["most_in_flight"] = usual.most_in_flight;
}

ordered_json room_member(const connector_room& room)
{
    ordered_json one{{"name", room.name}, {"title", room.notes.title}, {"as_described", room.notes.usual == nullptr}};
    if (room.notes.usual != nullptr) {
        account usual;
        room.notes.usual(usual);
        add_usual(one, usual);
    } else {
        auto rungs = ordered_json::array();
        for (auto kind : room.notes.describable)
            rungs.push_back(to_string(kind));
        one["describable_rungs"] = std::move(rungs);
    }
    auto missing = ordered_json::object();
    for (const auto& [what, why] : room.notes.absences)
        missing[std::string{what}] = why;
    one["not_possible"] = std::move(missing);
    return one;
}

}  // namespace

int print_connectors()
{
    std::vector<const connector_room*> by_name;
    for (const auto& room : connectors())
        by_name.push_back(&room);
    std::ranges::sort(by_name, {}, [](const connector_room* room) { return room->name; });
    auto rooms = ordered_json::array();
    for (const auto* room : by_name)
        rooms.push_back(room_member(*room));
    std::cout << ordered_json{{"schema", "halfmast.connectors/1"}, {"connectors", std::move(rooms)}}.dump() << '\n';
    return exit_ok;
}

}  // namespace halfmast::app
