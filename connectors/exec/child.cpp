#include "connectors/exec/child.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace halfmast::exec {

namespace {

// What a program needs to find an interpreter and to read UTF-8; nothing of the daemon's own environment, which may hold secrets.
constexpr std::array<const char*, 4> environment{"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "HALFMAST_PROTOCOL=1",
                                                 nullptr};

class descriptor {
public:
    descriptor() = default;
    explicit descriptor(int fd) : fd_(fd) {}
    ~descriptor() { close(); }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;

    void reset(int fd)
    {
        close();
        fd_ = fd;
    }
    [[nodiscard]] int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }

private:
    void close()
    {
        if (fd_ >= 0)
            ::close(fd_);
    }
    int fd_ = -1;
};

struct ends {
    descriptor ours;
    descriptor theirs;
};

bool make_socket(ends& made)
{
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    made.ours.reset(pair[0]);
    made.theirs.reset(pair[1]);
    ::shutdown(pair[0], SHUT_RD);
    return true;
}

bool make_pipe(ends& made)
{
    int pair[2];
    if (::pipe2(pair, O_CLOEXEC) != 0)
        return false;
    made.ours.reset(pair[0]);
    made.theirs.reset(pair[1]);
    return true;
}

bool unblock(int fd) { return ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK) == 0; }

// posix_spawn's own memory, freed whatever happens.
struct spawn_plan {
    posix_spawn_file_actions_t actions{};
    posix_spawnattr_t attributes{};

    spawn_plan()
    {
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawnattr_init(&attributes);
    }
    ~spawn_plan()
    {
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
    }
    spawn_plan(const spawn_plan&) = delete;
    spawn_plan& operator=(const spawn_plan&) = delete;
};

int spawn(const std::string& program, const std::vector<std::string>& arguments, const ends& in, const ends& out, const ends& err,
          pid_t& pid)
{
    spawn_plan plan;
    auto folder = std::filesystem::path{program}.parent_path().string();
    if (!folder.empty())
        ::posix_spawn_file_actions_addchdir_np(&plan.actions, folder.c_str());
    ::posix_spawn_file_actions_adddup2(&plan.actions, in.theirs.get(), 0);
    ::posix_spawn_file_actions_adddup2(&plan.actions, out.theirs.get(), 1);
    ::posix_spawn_file_actions_adddup2(&plan.actions, err.theirs.get(), 2);
    ::posix_spawn_file_actions_addclosefrom_np(&plan.actions, 3);
    sigset_t all;
    sigset_t none;
    ::sigfillset(&all);
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigdefault(&plan.attributes, &all);  // the daemon ignores SIGPIPE; a program should not
    ::posix_spawnattr_setsigmask(&plan.attributes, &none);
    ::posix_spawnattr_setpgroup(&plan.attributes, 0);
    ::posix_spawnattr_setflags(&plan.attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    std::vector<char*> words{const_cast<char*>(program.c_str())};
    for (const auto& argument : arguments)
        words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    return ::posix_spawn(&pid, program.c_str(), &plan.actions, &plan.attributes, words.data(),
                         const_cast<char**>(environment.data()));
}

}  // namespace

result<child> start(const std::string& program, const std::vector<std::string>& arguments)
{
    auto refused = [&](int error) {
        return problem{failure::unreachable, program + " cannot be started: " + std::strerror(error), {}};
    };
    // A descriptor below 3 would be overwritten while the others are put in place.
    std::array<descriptor, 3> floor;
    for (auto& one : floor)
        if (int fd = ::open("/dev/null", O_RDWR | O_CLOEXEC); fd >= 0 && fd < 3)
            one.reset(fd);
        else if (fd >= 0)
            ::close(fd);
    ends in;
    ends out;
    ends err;
    if (!make_socket(in) || !make_pipe(out) || !make_pipe(err) || !unblock(in.ours.get()) || !unblock(out.ours.get())
        || !unblock(err.ours.get()))
        return refused(errno);
    child made;
    if (int error = spawn(program, arguments, in, out, err, made.pid); error != 0)
        return refused(error);
    made.in = in.ours.release();
    made.out = out.ours.release();
    made.err = err.ours.release();
    return made;
}

bool has_ended(pid_t pid)
{
    siginfo_t about{};
    if (::waitid(P_PID, static_cast<id_t>(pid), &about, WEXITED | WNOHANG | WNOWAIT) != 0)
        return errno == ECHILD;
    return about.si_pid == pid;
}

void signal_group(pid_t pid, int signal)
{
    // The group may not be there yet for a moment; the process itself is.
    if (::kill(-pid, signal) != 0)
        ::kill(pid, signal);
}

std::string reap(pid_t pid)
{
    ::kill(-pid, SIGKILL);  // before its number is free: whatever it started and left behind
    int status = 0;
    pid_t got = -1;
    do
        got = ::waitpid(pid, &status, 0);
    while (got < 0 && errno == EINTR);
    if (got == pid && WIFSIGNALED(status))
        return "signal " + std::to_string(WTERMSIG(status));
    if (got == pid && WIFEXITED(status))
        return "exit code " + std::to_string(WEXITSTATUS(status));
    return "an unknown status";
}

void end_now(pid_t pid, milliseconds patience)
{
    signal_group(pid, SIGTERM);
    for (milliseconds waited{0}; waited < patience && !has_ended(pid); waited += milliseconds{10})
        ::poll(nullptr, 0, 10);
    signal_group(pid, SIGKILL);
    reap(pid);
}

}  // namespace halfmast::exec
