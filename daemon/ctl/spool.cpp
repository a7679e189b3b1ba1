#include "daemon/ctl/spool.hpp"

#include <cerrno>
#include <tuple>

#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "daemon/audit/files.hpp"

namespace halfmast::ctl {

namespace {

constexpr mode_t folder_mode = 02770;
constexpr mode_t file_mode = 0660;  // the daemon reads it as another user of the same group

// "20260301T143000Z-4711": sorts by time; the process makes it unique, a number the second one of the same second.
std::string stamp(time_point at)
{
    std::string text;
    for (char c : format_utc(std::chrono::floor<seconds>(at)))
        if (c != '-' && c != ':')
            text += c;
    return text + "-" + std::to_string(getpid());
}

// Makes STATE_DIR/spool when only that is missing. The daemon has a user of its own. What root leaves has to be readable for it, so
// it gets the state directory's owner; others cannot give files away, and need not: the spool's group does it for them.
result<void> make_folder(const std::string& state_dir, const std::string& folder, const struct stat* owner)
{
    if (mkdir(folder.c_str(), folder_mode) != 0) {
        if (errno != EEXIST)
            return audit::system_problem("cannot make", folder, errno);
        return {};
    }
    // On a file system without owners both fail, and then everybody may read it.
    if (owner != nullptr)
        std::ignore = chown(folder.c_str(), owner->st_uid, owner->st_gid);
    std::ignore = chmod(folder.c_str(), folder_mode);  // whatever the umask says
    return audit::sync_directory(state_dir);
}

}  // namespace

result<std::string> write_spool(const std::string& state_dir, const document& content, time_point at)
{
    struct stat known {};
    const auto* owner = geteuid() == 0 && stat(state_dir.c_str(), &known) == 0 ? &known : nullptr;
    auto folder = state_dir + "/spool";
    if (auto made = make_folder(state_dir, folder, owner); !made)
        return made.error();

    auto bytes = content.dump(-1, ' ', false, document::error_handler_t::replace) + "\n";
    auto give_to_daemon = [owner](int fd) {
        if (owner != nullptr)
            std::ignore = fchown(fd, owner->st_uid, owner->st_gid);
    };
    auto name = folder + "/raise-" + stamp(at);
    auto file = audit::durable_file::write(name, bytes, file_mode, give_to_daemon);
    if (!file)
        return file.error();
    for (int number = 0;; ++number) {
        auto path = name + (number == 0 ? std::string{} : "-" + std::to_string(number)) + ".json";
        auto taken = file->become(path);
        if (!taken)
            return taken.error();
        if (!*taken)
            continue;  // another raise of this second
        if (auto durable = audit::sync_directory(folder); !durable)
            return durable.error();
        return path;
    }
}

}  // namespace halfmast::ctl
