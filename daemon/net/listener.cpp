#include "daemon/net/listener.hpp"

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <vector>

#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace halfmast::net {

namespace {

class descriptor {
public:
    explicit descriptor(int fd) : fd_(fd) {}
    ~descriptor()
    {
        if (fd_ >= 0)
            ::close(fd_);
    }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    [[nodiscard]] int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }

private:
    int fd_;
};

[[noreturn]] void refuse(const std::string& path, const std::string& why)
{
    throw std::runtime_error("cannot listen on " + path + ": " + why);
}

[[noreturn]] void refuse(const std::string& path, int error) { refuse(path, std::strerror(error)); }

sockaddr_un address_of(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path)
        refuse(path, "the path of a socket has 1 to " + std::to_string(sizeof address.sun_path - 1) + " bytes");
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

int connect_error(const sockaddr_un& address)
{
    descriptor probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (probe.get() < 0)
        return errno;
    return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

// Leaves the place free, or throws.
void clear_place(const std::string& path, const sockaddr_un& address)
{
    struct stat there {};
    if (::lstat(path.c_str(), &there) != 0) {
        if (errno == ENOENT)
            return;
        refuse(path, errno);
    }
    if (!S_ISSOCK(there.st_mode))
        refuse(path, "there is a file that is not a socket; move it away");
    int error = connect_error(address);
    if (error == 0 || error == EAGAIN)
        refuse(path, "another process listens there; is the daemon running already?");
    if (error != ECONNREFUSED)
        refuse(path, error);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        refuse(path, errno);
}

std::optional<gid_t> group_id(const std::string& name)
{
    std::vector<char> room(4096);
    group entry{};
    group* found = nullptr;
    int code = 0;
    while ((code = ::getgrnam_r(name.c_str(), &entry, room.data(), room.size(), &found)) == ERANGE && room.size() < (1u << 20))
        room.resize(room.size() * 2);
    if (code != 0 || found == nullptr)
        return std::nullopt;
    return entry.gr_gid;
}

std::string user_name(uid_t uid)
{
    std::vector<char> room(4096);
    passwd entry{};
    passwd* found = nullptr;
    int code = 0;
    while ((code = ::getpwuid_r(uid, &entry, room.data(), room.size(), &found)) == ERANGE && room.size() < (1u << 20))
        room.resize(room.size() * 2);
    if (code != 0 || found == nullptr)
        return "uid:" + std::to_string(uid);
    return entry.pw_name;
}

}  // namespace

int open_unix_listener(const std::string& path, unsigned mode, const std::string& group)
{
    auto address = address_of(path);
    clear_place(path, address);
    descriptor made{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (made.get() < 0 || ::bind(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        refuse(path, errno);
    // The rights before listen(): until then nobody can connect.
    if (!group.empty())
        if (auto gid = group_id(group))
            // Refused when we are not of that group: the socket then stays our own group's, which is the safe side.
            if (::lchown(path.c_str(), static_cast<uid_t>(-1), *gid) != 0 && errno != EPERM)
                refuse(path, errno);
    if (::chmod(path.c_str(), mode & 0777) != 0 || ::listen(made.get(), SOMAXCONN) != 0) {
        int error = errno;
        ::unlink(path.c_str());
        refuse(path, error);
    }
    return made.release();
}

socket_file file_of(const std::string& path)
{
    struct stat there {};
    if (::lstat(path.c_str(), &there) != 0)
        return {};
    return {path, there.st_dev, there.st_ino};
}

void remove_file(const socket_file& file)
{
    struct stat there {};
    if (!file.path.empty() && ::lstat(file.path.c_str(), &there) == 0 && there.st_dev == file.device && there.st_ino == file.inode)
        ::unlink(file.path.c_str());
}

std::optional<peer> peer_of(int fd)
{
    ucred credentials{};
    socklen_t length = sizeof credentials;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0)
        return std::nullopt;
    return peer{credentials.uid, credentials.gid, credentials.pid, user_name(credentials.uid)};
}

}  // namespace halfmast::net
