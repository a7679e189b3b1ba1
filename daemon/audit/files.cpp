#include "daemon/audit/files.hpp"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace halfmast::audit {

namespace {

class descriptor {
public:
    explicit descriptor(int fd) : fd_(fd) {}
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor()
    {
        if (fd_ >= 0)
            ::close(fd_);
    }
    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] explicit operator bool() const { return fd_ >= 0; }

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

// The bytes, durable, under a name nobody reads. Gives that name.
result<std::string> write_beside(const std::string& path, std::string_view bytes, mode_t mode)
{
    static std::atomic<unsigned> number{0};
    auto name = path + ".new-" + std::to_string(::getpid()) + "-" + std::to_string(++number);
    ::unlink(name.c_str());  // left by a process of the same number that was killed
    descriptor file{::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)};
    if (!file)
        return system_problem("cannot make", name, errno);
    // Durable before the rename: some file systems would show an empty file after a power cut otherwise.
    if (::fchmod(file.get(), mode) != 0 || !write_all(file.get(), bytes) || ::fdatasync(file.get()) != 0) {
        auto trouble = system_problem("cannot write", name, errno);
        ::unlink(name.c_str());
        return trouble;
    }
    return name;
}

}  // namespace

problem system_problem(std::string_view what, std::string_view path, int error)
{
    return problem{error == ENOENT ? failure::not_found : failure::local,
                   std::string{what} + " " + std::string{path} + ": " + std::generic_category().message(error),
                   {}};
}

result<std::string> read_file(const std::string& path, std::size_t most)
{
    descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file)
        return system_problem("cannot read", path, errno);
    std::string bytes;
    char part[4096];
    for (;;) {
        auto length = ::read(file.get(), part, sizeof part);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0)
            return system_problem("cannot read", path, errno);
        if (length == 0)
            return bytes;
        bytes.append(part, static_cast<std::size_t>(length));
        if (bytes.size() > most)
            return problem{failure::local, path + " is larger than " + std::to_string(most) + " bytes", {}};
    }
}

result<void> replace_file(const std::string& path, std::string_view bytes, mode_t mode)
{
    auto written = write_beside(path, bytes, mode);
    if (!written)
        return written.error();
    if (std::rename(written->c_str(), path.c_str()) != 0) {
        auto trouble = system_problem("cannot replace", path, errno);
        ::unlink(written->c_str());
        return trouble;
    }
    return {};
}

result<bool> create_file(const std::string& path, std::string_view bytes, mode_t mode)
{
    auto written = write_beside(path, bytes, mode);
    if (!written)
        return written.error();
    bool made = ::link(written->c_str(), path.c_str()) == 0;
    int error = errno;
    ::unlink(written->c_str());
    if (!made && error != EEXIST)
        return system_problem("cannot make", path, error);
    return made;
}

result<void> sync_directory(const std::string& path)
{
    descriptor directory{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!directory || ::fsync(directory.get()) != 0)
        return system_problem("cannot sync", path, errno);
    return {};
}

}  // namespace halfmast::audit
