#include "daemon/ctl/places.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <pwd.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <toml++/toml.h>

namespace halfmast::ctl {

namespace {

namespace fs = std::filesystem;

constexpr const char* usual_socket = "/run/halfmast/control.sock";
constexpr const char* usual_config = "/etc/halfmast/halfmast.toml";
constexpr const char* usual_state_dir = "/var/lib/halfmast";

std::string environment(const char* name)
{
    const char* value = std::getenv(name);
    return value == nullptr ? std::string{} : std::string{value};
}

// The daemon leaves {"state_dir","config","pid"} beside its socket and does not remove it when it stops.
std::optional<std::string> left_beside_socket(const session& all, const char* member)
{
    std::ifstream file{socket_path(all) + ".info"};
    if (!file)
        return std::nullopt;
    auto info = nlohmann::json::parse(file, nullptr, false);
    if (!info.is_object())
        return std::nullopt;
    auto found = info.find(member);
    if (found == info.end() || !found->is_string() || found->get_ref<const std::string&>().empty())
        return std::nullopt;
    return found->get<std::string>();
}

}  // namespace

std::string socket_path(const session& all)
{
    if (!all.socket.empty())
        return all.socket;
    auto told = environment("HALFMAST_SOCKET");
    return told.empty() ? std::string{usual_socket} : told;
}

std::string config_path(const session& all)
{
    if (!all.config.empty())
        return all.config;
    if (auto told = environment("HALFMAST_CONFIG"); !told.empty())
        return told;
    return left_beside_socket(all, "config").value_or(usual_config);
}

std::optional<std::string> find_config(const session& all)
{
    auto path = config_path(all);
    std::error_code ignored;
    if (!fs::exists(path, ignored))
        return std::nullopt;
    return path;
}

std::optional<std::string> state_dir_in(const std::string& config_file)
{
    std::ifstream file{config_file};
    if (!file)
        return std::nullopt;
    std::ostringstream text;
    text << file.rdbuf();
    try {
        auto table = toml::parse(text.str(), config_file);
        return table["daemon"]["state_dir"].value_or(std::string{usual_state_dir});
    } catch (const toml::parse_error&) {
        return std::nullopt;  // check-config says what is wrong with it
    }
}

std::optional<std::string> find_state_dir(const session& all)
{
    if (!all.state_dir.empty())
        return all.state_dir;
    auto told = all.config.empty() ? environment("HALFMAST_CONFIG") : all.config;
    if (!told.empty())
        return state_dir_in(told);
    if (auto left = left_beside_socket(all, "state_dir"))
        return left;
    if (auto said = state_dir_in(usual_config))
        return said;
    // Settings that this user may not read, or none: the daemon of this machine still keeps its state at the usual place.
    std::error_code ignored;
    bool usual = socket_path(all) == usual_socket && fs::is_directory(usual_state_dir, ignored);
    return usual ? std::optional<std::string>{usual_state_dir} : std::nullopt;
}

std::string program_beside(const std::string& name)
{
    std::error_code failed;
    auto self = fs::read_symlink("/proc/self/exe", failed);
    if (!failed) {
        auto beside = self.parent_path() / name;
        if (access(beside.c_str(), X_OK) == 0)
            return beside.string();
    }
    return name;
}

std::string user_name()
{
    auto uid = geteuid();
    if (const auto* entry = getpwuid(uid); entry != nullptr)
        return entry->pw_name;
    return "uid:" + std::to_string(uid);
}

}  // namespace halfmast::ctl
