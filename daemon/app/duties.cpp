#include "daemon/app/duties.hpp"

#include <filesystem>

#include "daemon/audit/files.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::app {

namespace {

constexpr std::size_t most_kept_file = alert::most_calendar + 8'192;

std::string kept_file(const std::string& state_dir, const std::string& rota) { return state_dir + "/calendars/" + rota; }

std::string restore_calendar(const std::string& state_dir, const std::string& rota)
{
    auto kept = audit::read_file(kept_file(state_dir, rota), most_kept_file);
    return kept ? std::move(*kept) : std::string{};
}

// Private calendars say more than who has the duty, so nobody else reads what is kept of them.
result<void> keep_calendar(const std::string& state_dir, const std::string& rota, std::string_view file)
{
    std::error_code ignored;  // what cannot be made cannot be written in either, and that is said
    std::filesystem::create_directories(state_dir + "/calendars", ignored);
    return audit::replace_file(kept_file(state_dir, rota), file, 0600);
}

alert::calendar_help help_with_texts()
{
    alert::calendar_help made;
    made.fold = text::fold;
    made.offset = text::zone_offset;
    return made;
}

net::http_client_settings client_for_calendars(const settings::settings& wanted)
{
    net::http_client_settings made;
    made.proxy = wanted.proxy;
    made.most_at_once = 4;
    made.public_only = !wanted.private_links;
    return made;
}

}  // namespace

duties::duties(asio::any_io_executor executor, const settings::settings& wanted, std::function<time_point()> clock,
               std::function<void(event)> tell)
    : http_(executor, client_for_calendars(wanted)),
      desk_(executor, http_, wanted.calendars, needs(wanted, std::move(clock), std::move(tell)))
{
}

alert::duty_desk::needs duties::needs(const settings::settings& wanted, std::function<time_point()> clock,
                                      std::function<void(event)> tell)
{
    alert::duty_desk::needs made;
    made.clock = std::move(clock);
    made.help = help_with_texts();
    made.own_network = wanted.private_links;
    made.restore = [folder = wanted.state_dir](const std::string& rota) { return restore_calendar(folder, rota); };
    made.keep = [folder = wanted.state_dir](const std::string& rota, std::string_view file) {
        return keep_calendar(folder, rota, file);
    };
    made.tell = [tell = std::move(tell)](const std::string& rota, duty_roster said) {
        duty_read what;
        what.rota = rota;
        what.said = std::move(said);
        tell(event{std::move(what)});
    };
    return made;
}

std::map<std::string, duty_roster> kept_rosters(const settings::settings& wanted, time_point now)
{
    std::map<std::string, duty_roster> all;
    for (const auto& from : wanted.calendars)
        if (auto kept = alert::read_kept(restore_calendar(wanted.state_dir, from.rota)))
            if (auto known = alert::roster_of(*kept, from, help_with_texts(), now); known.trouble.empty())
                all[from.rota] = std::move(known);
    return all;
}

}  // namespace halfmast::app
