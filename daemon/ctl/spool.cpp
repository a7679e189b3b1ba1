#include "daemon/ctl/spool.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

namespace halfmast::ctl {

namespace {

problem trouble(const std::string& what, const std::string& path)
{
    return problem{failure::local, what + " " + path + ": " + std::strerror(errno), std::nullopt};
}

class descriptor {
public:
    explicit descriptor(int fd) : fd_(fd) {}
    ~descriptor() { close(); }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;

    [[nodiscard]] int get() const { return fd_; }
    int close()
    {
        int closed = fd_ < 0 ? 0 : ::close(fd_);
        fd_ = -1;
        return closed;
    }

private:
    int fd_;
};

bool write_all(int fd, std::string_view bytes)
{
    while (!bytes.empty()) {
        auto written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

// "20260301T143000Z-4711": sorts by time; the process makes it unique, a number the second one of the same second.
std::string stamp(time_point at)
{
    std::string text;
    for (char c : format_utc(std::chrono::floor<seconds>(at)))
        if (c != '-' && c != ':')
            text += c;
    return text + "-" + std::to_string(getpid());
}

// The daemon has a user of its own. What root leaves has to be readable for it, so it gets the state directory's owner; others
// cannot give files away, and need not: the spool's group does it for them.
void give_to_daemon(int fd, const std::string& state_dir)
{
    struct stat owner{};
    if (geteuid() == 0 && stat(state_dir.c_str(), &owner) == 0 && fchown(fd, owner.st_uid, owner.st_gid) != 0)
        return;  // a file system without owners: then everybody may read it
}

result<void> make_durable(const std::string& directory)
{
    descriptor folder{open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (folder.get() < 0 || fsync(folder.get()) != 0)
        return trouble("cannot make durable", directory);
    return {};
}

}  // namespace

result<std::string> write_spool(const std::string& state_dir, const document& content, time_point at)
{
    auto directory = state_dir + "/spool";
    bool made = mkdir(directory.c_str(), 02770) == 0;
    if (!made && errno != EEXIST)
        return trouble("cannot make", directory);
    if (made) {
        descriptor folder{open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
        give_to_daemon(folder.get(), state_dir);
        fchmod(folder.get(), 02770);
        if (auto parent = make_durable(state_dir); !parent)
            return parent.error();
    }

    auto bytes = content.dump(-1, ' ', false, document::error_handler_t::replace) + "\n";
    auto temporary = directory + "/." + stamp(at) + ".tmp";
    {
        descriptor file{open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0660)};
        if (file.get() < 0)
            return trouble("cannot write", temporary);
        give_to_daemon(file.get(), state_dir);
        fchmod(file.get(), 0660);  // the daemon reads it as another user of the same group, whatever the umask says
        if (!write_all(file.get(), bytes) || fsync(file.get()) != 0 || file.close() != 0) {
            auto why = trouble("cannot write", temporary);
            unlink(temporary.c_str());
            return why;
        }
    }
    // link and not rename: it never takes the place of another raise.
    std::string final_name;
    for (int number = 0;; ++number) {
        final_name = directory + "/raise-" + stamp(at) + (number == 0 ? std::string{} : "-" + std::to_string(number)) + ".json";
        if (link(temporary.c_str(), final_name.c_str()) == 0)
            break;
        if (errno != EEXIST) {
            auto why = trouble("cannot write", final_name);
            unlink(temporary.c_str());
            return why;
        }
    }
    unlink(temporary.c_str());
    if (auto durable = make_durable(directory); !durable)
        return durable.error();
    return final_name;
}

}  // namespace halfmast::ctl
