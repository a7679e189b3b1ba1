#include "daemon/audit/files.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace halfmast::audit {

namespace {

constexpr auto half_written = ".new-";  // between a file's name and who is writing it

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
    struct stat known {};
    std::size_t expected = ::fstat(file.get(), &known) == 0 && known.st_size > 0 ? static_cast<std::size_t>(known.st_size) : 0;
    std::string bytes(std::min(expected, most) + 1, '\0');  // one more: the end shows without another round
    std::size_t have = 0;
    for (;;) {
        auto length = ::read(file.get(), bytes.data() + have, bytes.size() - have);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0)
            return system_problem("cannot read", path, errno);
        have += static_cast<std::size_t>(length);
        if (have > most)
            return problem{failure::local, path + " is larger than " + std::to_string(most) + " bytes", {}};
        if (length == 0) {
            bytes.resize(have);
            return bytes;
        }
        if (have == bytes.size())
            bytes.resize(std::min(most, have * 2) + 1);
    }
}

void remove_half_written(const std::string& folder)
{
    namespace fs = std::filesystem;
    std::error_code error;
    for (fs::directory_iterator at{folder, error}; !error && at != fs::directory_iterator{}; at.increment(error))
        if (at->path().filename().string().find(half_written) != std::string::npos) {
            std::error_code ignored;
            fs::remove(at->path(), ignored);
        }
}

result<durable_file> durable_file::write(const std::string& path, std::string_view bytes, mode_t mode,
                                         const std::function<void(int)>& adjust)
{
    static std::atomic<unsigned> number{0};
    auto name = path + half_written + std::to_string(::getpid()) + "-" + std::to_string(++number);
    ::unlink(name.c_str());  // left by a process of the same number that was killed
    descriptor file{::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)};
    if (!file)
        return system_problem("cannot make", name, errno);
    durable_file made{name};
    if (adjust)
        adjust(file.get());
    // Durable before the rename: some file systems would show an empty file after a power cut otherwise.
    if (::fchmod(file.get(), mode) != 0 || !write_all(file.get(), bytes) || ::fdatasync(file.get()) != 0)
        return system_problem("cannot write", name, errno);
    return made;
}

durable_file& durable_file::operator=(durable_file&& other) noexcept
{
    std::swap(name_, other.name_);
    return *this;
}

void durable_file::forget()
{
    if (!name_.empty())
        ::unlink(name_.c_str());
    name_.clear();
}

result<void> durable_file::take_place_of(const std::string& path)
{
    if (std::rename(name_.c_str(), path.c_str()) != 0)
        return system_problem("cannot replace", path, errno);
    name_.clear();
    return {};
}

result<bool> durable_file::become(const std::string& path)
{
    // link and not rename: it never takes the place of another one.
    if (::link(name_.c_str(), path.c_str()) != 0) {
        if (errno == EEXIST)
            return false;
        return system_problem("cannot make", path, errno);
    }
    forget();
    return true;
}

result<void> replace_file(const std::string& path, std::string_view bytes, mode_t mode)
{
    auto written = durable_file::write(path, bytes, mode);
    if (!written)
        return written.error();
    return written->take_place_of(path);
}

result<bool> create_file(const std::string& path, std::string_view bytes, mode_t mode)
{
    auto written = durable_file::write(path, bytes, mode);
    if (!written)
        return written.error();
    return written->become(path);
}

result<void> sync_directory(const std::string& path)
{
    descriptor directory{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!directory || ::fsync(directory.get()) != 0)
        return system_problem("cannot sync", path, errno);
    return {};
}

}  // namespace halfmast::audit
