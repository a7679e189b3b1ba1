#include "daemon/settings/rota.hpp"

#include <algorithm>

#include "daemon/settings/secrets.hpp"
#include "daemon/settings/urls.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::settings {

namespace {

using std::chrono::hours;

constexpr bounds turn_bounds{hours{1}, hours{24 * 366}};
constexpr bounds calendar_bounds{seconds{1}, hours{24}};
constexpr bounds calendar_timeout_bounds{seconds{1}, seconds{60}};
constexpr bounds gap_bounds{std::chrono::minutes{10}, hours{24 * 14}};
constexpr bounds stale_bounds{hours{1}, hours{24 * 14}};

milliseconds as_its_clocks_show(time_point at, const std::string& zone)
{
    return (at + text::zone_offset(at, zone).value_or(seconds{0})).time_since_epoch();
}

std::optional<time_point> read_moment(table_reader& from, const char* key)
{
    auto text = from.required_text(key);
    auto at = text ? parse_rfc3339(*text) : std::nullopt;
    if (text && !at)
        from.fault(from.find(key),
                   std::string{key} + ": '" + *text + "' is no time with a zone, such as 2026-03-02T09:00:00+01:00");
    return at;
}

void read_turns(table_reader& table, rota& made)
{
    for (const auto& [who, node] : table.texts("turns"))
        made.turns.push_back(who);
    if (made.turns.empty())
        table.fault(table.find("turns"), "turns names nobody; write turns = [\"NAME\", \"NAME\"]");
    if (auto first = read_moment(table, "first"))
        made.first = *first;
    if (auto every = table.duration("every", turn_bounds))
        made.every = *every;
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
}

// Who knows a private calendar's address reads it, so it may be a secret.
void read_address(table_reader& table, duty_calendar& made, bool secrets)
{
    const auto* node = table.find("calendar");
    bool allow_http = table.flag("allow_http").value_or(false);
    made.url = node->is_table() ? read_secret(table, "calendar", *node, secrets) : table.text("calendar").value_or("");
    if (made.url.empty())
        return;
    if (made.url.starts_with("webcal://"))  // as calendars offer themselves
        made.url.replace(0, 6, "https");
    auto checked = check_base_url(made.url.substr(0, made.url.find('?')), allow_http);
    if (!checked)
        table.fault(node, "calendar " + checked.error().detail);
}

void read_calendar(table_reader& table, rota& made, bool secrets)
{
    duty_calendar from;
    from.rota = made.name;
    from.zone = made.zone;
    read_address(table, from, secrets);
    if (auto every = table.duration("every", calendar_bounds))
        from.every = *every;
    if (auto timeout = table.duration("timeout", calendar_timeout_bounds))
        from.timeout = *timeout;
    if (auto ahead = table.duration("gap_ahead", gap_bounds))
        made.rules.gap_ahead = *ahead;
    if (auto after = table.duration("stale_after", stale_bounds))
        made.rules.stale_after = *after;
    if (const auto* people = table.table("people")) {
        auto inner = table.inside(*people, "people");
        for (const auto& [key, node] : *people)
            if (auto who = inner.text(key.str()))
                from.people[text::fold(key.str())] = *who;
    }
    for (const auto& [who, node] : table.texts("otherwise"))
        made.rules.otherwise.push_back(who);
    if (made.rules.otherwise.empty())
        table.fault(table.find("otherwise"),
                    "otherwise names nobody; write otherwise = [\"NAME\"]: who is told while the calendar has nobody on duty");
    made.calendar = std::move(from);
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

std::function<std::optional<std::vector<std::string>>(const std::string&, time_point)> duty_of(const std::vector<rota>& given)
{
    std::vector<rota> all;
    std::ranges::copy_if(given, std::back_inserter(all), [](const auto& one) { return !one.calendar; });
    if (all.empty())
        return {};
    return [all = std::move(all)](const std::string& name, time_point at) -> std::optional<std::vector<std::string>> {
        auto found = std::ranges::find(all, name, &rota::name);
        if (found == all.end())
            return std::nullopt;
        return std::vector<std::string>{on_duty(*found, at)};
    };
}

rota read_rota(table_reader& table, std::string name, bool secrets)
{
    rota made;
    made.name = std::move(name);
    if (auto zone = table.text("time_zone")) {
        if (!text::is_time_zone(*zone))
            table.fault(table.find("time_zone"), "time_zone: '" + *zone + "' is no time zone, such as Europe/Budapest");
        made.zone = *zone;
    }
    if (table.find("calendar") != nullptr)
        read_calendar(table, made, secrets);
    else
        read_turns(table, made);
    return made;
}

}  // namespace halfmast::settings
