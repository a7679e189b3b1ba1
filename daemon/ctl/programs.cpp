#include "daemon/ctl/programs.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/ctl/client.hpp"
#include "daemon/ctl/interrupt.hpp"
#include "daemon/ctl/places.hpp"

namespace halfmast::ctl {

namespace {

constexpr milliseconds start_patience{120'000};  // a long ledger is read first
constexpr milliseconds stop_patience{30'000};
constexpr milliseconds ask_every{50};
constexpr int cannot_exec = 127;
constexpr int config_invalid_of_halfmastd = 6;
constexpr std::size_t most_said = 4'000;

std::vector<char*> pointers(std::vector<std::string>& words)
{
    std::vector<char*> all;
    for (auto& word : words)
        all.push_back(word.data());
    all.push_back(nullptr);
    return all;
}

// Between fork and exec: system calls only.
[[noreturn]] void exec_child(char* const* words, const char* log, pid_t parent)
{
    setpgid(0, 0);                     // a Ctrl-C on the terminal comes to the command first, which then ends it in order
    prctl(PR_SET_PDEATHSIG, SIGTERM);  // and it never outlives the command
    if (getppid() != parent)
        _exit(cannot_exec);
    int nothing = open("/dev/null", O_RDONLY);
    int said = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (nothing >= 0)
        dup2(nothing, STDIN_FILENO);
    if (said >= 0) {
        dup2(said, STDOUT_FILENO);
        dup2(said, STDERR_FILENO);
    }
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
    std::signal(SIGPIPE, SIG_DFL);
    execvp(words[0], words);
    _exit(cannot_exec);
}

[[noreturn]] void become(const std::string& name, std::vector<std::string> arguments)
{
    arguments.insert(arguments.begin(), program_beside(name));
    auto words = pointers(arguments);
    std::cout.flush();
    execvp(words[0], words.data());
    throw command_error{
        exit_code::failed, "no-program",
        "cannot run " + arguments[0] + ": " + std::strerror(errno) + "; is " + name + " installed beside halfmast, or in PATH?"};
}

std::string make_folder()
{
    const char* wanted = std::getenv("TMPDIR");
    // A socket's path has about a hundred bytes; a longer temporary directory cannot hold one.
    std::string base = wanted != nullptr && *wanted != '\0' && std::strlen(wanted) < 60 ? wanted : "/tmp";
    auto name = base + "/halfmast-XXXXXX";
    if (mkdtemp(name.data()) == nullptr)
        throw command_error{exit_code::failed, "failed",
                            "cannot make a folder in " + base + " for the direct raise: " + std::strerror(errno)};
    return name;
}

}  // namespace

void become_daemon_program(std::vector<std::string> arguments) { become("halfmastd", std::move(arguments)); }

void become_remote_program(const session& all) { become("halfmast-remote", all.words); }

void become_audit_program(const session& all) { become("halfmast-audit", all.words); }

direct_daemon::direct_daemon(const session& all)
{
    folder_ = make_folder();
    socket_ = folder_ + "/control.sock";
    log_ = folder_ + "/halfmastd.log";
    try {
        start(all);
        wait_until_it_answers();
    } catch (...) {
        stop();
        throw;
    }
}

direct_daemon::~direct_daemon() { stop(); }

void direct_daemon::start(const session& all)
{
    std::vector<std::string> arguments{program_beside("halfmastd"), "--direct", "--config", config_path(all),
                                       "--control-socket",          socket_};
    if (!all.state_dir.empty()) {
        arguments.emplace_back("--state-dir");
        arguments.push_back(all.state_dir);
    }
    auto words = pointers(arguments);
    auto parent = getpid();
    process_ = fork();
    if (process_ < 0)
        throw command_error{exit_code::failed, "failed", std::string{"cannot start halfmastd --direct: "} + std::strerror(errno)};
    if (process_ == 0)
        exec_child(words.data(), log_.c_str(), parent);
}

void direct_daemon::wait_until_it_answers()
{
    client daemon{socket_};
    daemon.answer_within(milliseconds{5'000});
    for (milliseconds waited{0}; waited < start_patience; waited += ask_every) {
        if (has_ended())
            throw_ended();
        try {
            daemon.get("/livez");
            return;
        } catch (const daemon_down&) {
            // not yet
        } catch (const no_answer&) {
            // it is still busy reading its ledger
        }
        if (!wait_for(ask_every))
            throw command_error{exit_code::interrupted, "interrupted",
                                "interrupted before halfmastd --direct was ready: nothing was raised"};
    }
    throw command_error{exit_code::failed, "direct-failed",
                        "halfmastd --direct was started and did not answer; it said: " + what_it_said()};
}

bool direct_daemon::has_ended()
{
    if (process_ > 0 && waitpid(process_, &status_, WNOHANG) == process_)
        process_ = -1;
    return process_ < 0;
}

void direct_daemon::throw_ended()
{
    int code = WIFEXITED(status_) ? WEXITSTATUS(status_) : -1;
    if (code == cannot_exec)
        throw command_error{exit_code::failed, "no-program",
                            "cannot run " + program_beside("halfmastd") + "; is halfmastd installed beside halfmast, or in PATH?"};
    auto text = "halfmastd --direct did not start, nothing was raised. It said: " + what_it_said();
    if (code == config_invalid_of_halfmastd)
        throw command_error{exit_code::config_invalid, "config-invalid", text};
    throw command_error{exit_code::failed, "direct-failed", text + "\nIf a daemon runs already, raise without --direct."};
}

std::string direct_daemon::what_it_said() const
{
    std::ifstream file{log_};
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    if (text.size() > most_said)
        text.erase(0, text.size() - most_said);
    while (!text.empty() && text.back() == '\n')
        text.pop_back();
    return text.empty() ? "nothing" : text;
}

void direct_daemon::stop()
{
    if (process_ > 0)
        kill(process_, SIGTERM);
    for (milliseconds waited{0}; process_ > 0 && !has_ended(); waited += ask_every) {
        if (waited >= stop_patience)
            kill(process_, SIGKILL);
        usleep(static_cast<useconds_t>(ask_every.count() * 1'000));  // also after a Ctrl-C, which ends every wait_for at once
    }
    clear_up();
}

void direct_daemon::clear_up()
{
    if (folder_.empty())
        return;
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
    folder_.clear();
}

}  // namespace halfmast::ctl
