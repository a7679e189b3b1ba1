#include "daemon/settings/rota.hpp"

#include <algorithm>

#include "daemon/text/text.hpp"

namespace halfmast::settings {

namespace {

using std::chrono::hours;

constexpr bounds turn_bounds{hours{1}, hours{24 * 366}};

milliseconds as_its_clocks_show(time_point at, const std::string& zone)
{
    return (at + text::zone_offset(at, zone).value_or(seconds{0})).time_since_epoch();
}

std::optional<time_point> read_moment(table_reader& from, const char* key)
{
    auto text = from.required_text(key);
    auto at = text ? parse_rfc3339(*text) : std::nullopt;
    if (text && !at)
        from.fault(
            from.find(key), std::string{key} + ": '" + *text + "' is no time with a zone, such as 2026-03-02T09:00:00+01:00");
    return at;
}

}  // namespace

std::string on_duty(const rota& one, time_point at)
{
    for (auto swap = one.swaps.rbegin(); swap != one.swaps.rend(); ++swap)
        if (swap->from <= at && at < swap->to)
            return swap->who;
    if (one.turns.empty())
        return {};
    auto passed = (as_its_clocks_show(at, one.zone) - as_its_clocks_show(one.first, one.zone)).count();
    auto length = std::max<std::int64_t>(one.every.count(), 1);
    auto turn = passed >= 0 ? passed / length : -((-passed + length - 1) / length);
    auto many = static_cast<std::int64_t>(one.turns.size());
    return one.turns[static_cast<std::size_t>(((turn % many) + many) % many)];
}

std::function<std::optional<std::vector<std::string>>(const std::string&, time_point)> duty_of(std::vector<rota> all)
{
    if (all.empty())
        return {};
    return [all = std::move(all)](const std::string& name, time_point at) -> std::optional<std::vector<std::string>> {
        auto found = std::ranges::find(all, name, &rota::name);
        if (found == all.end())
            return std::nullopt;
        return std::vector<std::string>{on_duty(*found, at)};
    };
}

rota read_rota(table_reader& table, std::string name)
{
    rota made;
    made.name = std::move(name);
    for (const auto& [who, node] : table.texts("turns"))
        made.turns.push_back(who);
    if (made.turns.empty())
        table.fault(table.find("turns"), "turns names nobody; write turns = [\"NAME\", \"NAME\"]");
    if (auto first = read_moment(table, "first"))
        made.first = *first;
    if (auto every = table.duration("every", turn_bounds))
        made.every = *every;
    if (auto zone = table.text("time_zone")) {
        if (!text::is_time_zone(*zone))
            table.fault(table.find("time_zone"), "time_zone: '" + *zone + "' is no time zone, such as Europe/Budapest");
        made.zone = *zone;
    }
    for (const auto* inner : table.tables("swap")) {
        auto reader = table.inside(*inner, "swap");
        swapped_duty swap;
        swap.who = reader.required_text("who").value_or("");
        auto from = read_moment(reader, "from");
        auto to = read_moment(reader, "until");
        if (from && to && *to <= *from)
            reader.fault(reader.find("until"), "until comes before from");
        swap.from = from.value_or(time_point{});
        swap.to = to.value_or(time_point{});
        reader.finish();
        made.swaps.push_back(std::move(swap));
    }
    return made;
}

}  // namespace halfmast::settings
