#include "daemon/store/lock.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "daemon/audit/files.hpp"

namespace halfmast::store {

namespace {

problem trouble(std::string_view what, const std::string& path)
{
    auto made = audit::system_problem(what, path, errno);
    made.kind = failure::local;
    return made;
}

// What the holder wrote into the file; empty when it is killed between taking and writing.
std::string holder(int fd)
{
    char text[32];
    auto length = ::pread(fd, text, sizeof text, 0);
    std::string_view read{text, length > 0 ? static_cast<std::size_t>(length) : 0};
    return std::string{read.substr(0, read.find_first_not_of("0123456789"))};
}

bool write_holder(int fd)
{
    auto text = std::to_string(::getpid()) + "\n";
    return ::ftruncate(fd, 0) == 0 && ::pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

}  // namespace

result<state_lock> state_lock::take(const std::string& state_dir)
{
    auto path = state_dir + "/lock";
    // The file stays when the daemon ends: a lock on a removed name would not keep anybody out.
    int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0)
        return trouble("cannot open", path);
    state_lock taken{fd};
    while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR)
            continue;
        if (errno != EWOULDBLOCK)
            return trouble("cannot lock", path);
        auto pid = holder(fd);
        return problem{failure::local,
                       "another halfmastd" + (pid.empty() ? std::string{} : ", process " + pid + ",") + " works on " + state_dir
                           + ": end it first, or give this one a state_dir of its own",
                       {}};
    }
    // The name is for people; a full disk is no reason not to start.
    if (!write_holder(fd) && errno != ENOSPC && errno != EDQUOT)
        return trouble("cannot write", path);
    audit::remove_half_written(state_dir);
    return taken;
}

state_lock::~state_lock()
{
    if (fd_ >= 0)
        ::close(fd_);
}

}  // namespace halfmast::store
