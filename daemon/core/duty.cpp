#include "daemon/core/duty.hpp"

#include <algorithm>

#include "daemon/core/step.hpp"

namespace halfmast {

namespace {

constexpr std::chrono::hours gap_is_near{1};  // from then on it cannot wait for the morning
constexpr std::size_t most_strangers_named = 3;
constexpr std::chrono::minutes calendar_settles{10};  // a calendar that is away for a moment harms nobody

std::string in_a_row(const std::vector<std::string>& names)
{
    std::string all;
    for (const auto& name : names)
        all += (all.empty() ? "" : ", ") + name;
    return all;
}

std::string say_gap(const duty_gap& gap, time_point now)
{
    auto text = gap.from <= now ? std::string{"nobody has the duty now"} : "nobody has the duty from " + format_utc(gap.from);
    if (gap.to)
        return text + " until " + format_utc(*gap.to);
    return text + (gap.unknown ? ", as far as its calendar is known" : " on");
}

// Names that stand for nobody are the likeliest reason of a gap.
std::string say_strangers(const duty_roster& known)
{
    if (known.strangers.empty())
        return {};
    std::string all;
    for (std::size_t i = 0; i < known.strangers.size() && i < most_strangers_named; ++i)
        all += (all.empty() ? "'" : ", '") + known.strangers[i] + "'";
    if (known.strangers.size() > most_strangers_named)
        all += " and others";
    return "; its calendar names " + all + ", whom no receiver stands for";
}

}  // namespace

std::vector<std::string> who_has_duty(const duty_roster& known, time_point at)
{
    std::vector<std::string> all;
    if (at >= known.known_until)
        return all;
    for (const auto& shift : known.shifts) {
        if (shift.from > at)
            break;
        if (at < shift.to && std::ranges::find(all, shift.who) == all.end())
            all.push_back(shift.who);
    }
    return all;
}

duty_gap next_gap(const duty_roster& known, time_point at)
{
    auto free_from = at;
    for (const auto& shift : known.shifts) {
        if (shift.from > free_from)
            break;
        free_from = std::max(free_from, shift.to);
    }
    duty_gap gap;
    gap.from = free_from;
    if (gap.from >= known.known_until) {
        gap.from = std::max(at, known.known_until);
        gap.unknown = true;
        return gap;
    }
    for (const auto& shift : known.shifts)
        if (shift.from > gap.from) {
            gap.to = shift.from;
            break;
        }
    return gap;
}

std::optional<duty_fault> fault_of(const std::string& rota, const duty_rules& rules, const duty_roster& known, time_point now)
{
    auto gap = next_gap(known, now);
    bool gaps = gap.from < now + rules.gap_ahead;
    bool never = known.read_at == time_point{} && known.known_until == time_point{};
    bool stale = !known.trouble.empty() && now >= known.read_at + rules.stale_after;
    if (!gaps && known.trouble.empty())
        return std::nullopt;
    duty_fault made;
    made.what = "rota " + rota + ": ";
    if (never)
        made.what += "its calendar was never read, so nobody is known to have the duty";
    else if (gaps)
        made.what += say_gap(gap, now) + say_strangers(known);
    else
        made.what += "its calendar could not be read since " + format_utc(known.read_at) + "; what it said then still counts";
    if (gaps)
        made.what += "; " + in_a_row(rules.otherwise) + (gap.from <= now ? " is told instead" : " will be told instead");
    if (!known.trouble.empty())
        made.what += ": " + known.trouble;
    made.level = gap.from < now + gap_is_near || stale ? severity::major : severity::minor;
    made.todo = known.trouble.empty() ? "put somebody on duty in the calendar of rota " + rota
                                      : "look at the calendar of rota " + rota + " and at its address in the settings";
    return made;
}

// A rota that nothing is known of yet is being read: what is so is said when that is done.
void look_at_duties(const step& now)
{
    const auto& rules = now.rules.pages.calendars;
    for (const auto& [rota, known] : now.known().duties) {
        auto wanted = rules.find(rota);
        auto fault = wanted == rules.end() ? std::nullopt : fault_of(rota, wanted->second, known, now.now);
        if (!fault) {
            resolve_page(now, "rota/" + rota, "somebody has the duty, and its calendar was read");
            continue;
        }
        page said;
        said.key = "rota/" + rota;
        said.level = fault->level;
        said.what = fault->what;
        said.todo = fault->todo;
        if (next_gap(known, now.now).from >= now.now + wanted->second.gap_ahead)
            said.wait = calendar_settles;
        open_page(now, std::move(said));
    }
    std::vector<std::string> left;
    const auto& open = now.known().pages.open;
    for (auto at = open.lower_bound("rota/"); at != open.end() && at->first.starts_with("rota/"); ++at)
        if (!rules.contains(at->first.substr(5)))
            left.push_back(at->first);
    for (const auto& key : left)
        resolve_page(now, key, "the settings have no such calendar any more");
}

}  // namespace halfmast
