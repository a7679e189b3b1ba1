#include "tests/ctl/command.hpp"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

namespace halfmast::ctl::tests {

namespace {

struct tube {
    tube()
    {
        if (pipe2(ends, O_CLOEXEC) != 0)
            throw std::runtime_error("no pipe");
    }
    int ends[2];
};

void write_input(int fd, const std::string& text)
{
    // Small enough for the pipe: never blocks.
    if (!text.empty() && write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        throw std::runtime_error("standard input was not taken");
    close(fd);
}

// False at its end.
bool read_some(int fd, std::string& into)
{
    char buffer[4096];
    auto got = read(fd, buffer, sizeof buffer);
    if (got > 0)
        into.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
}

void collect(pid_t process, int out, int err, const run_input& input, run_result& result)
{
    auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    bool out_open = true, err_open = true, interrupted = false;
    while (out_open || err_open) {
        pollfd waiting[2] = {{out_open ? out : -1, POLLIN, 0}, {err_open ? err : -1, POLLIN, 0}};
        poll(waiting, 2, 20);
        if ((waiting[0].revents & (POLLIN | POLLHUP)) != 0)
            out_open = read_some(out, result.out);
        if ((waiting[1].revents & (POLLIN | POLLHUP)) != 0)
            err_open = read_some(err, result.err);
        if (input.interrupt_when && !interrupted && input.interrupt_when()) {
            kill(process, SIGINT);
            interrupted = true;
        }
        if (std::chrono::steady_clock::now() > until) {
            kill(process, SIGKILL);
            result.err += "\n(killed by the test: half a minute was over)";
            return;
        }
    }
}

}  // namespace

document run_result::json() const
{
    auto value = document::parse(out, nullptr, false);
    if (!value.is_object())
        throw std::runtime_error("standard output is no JSON document: " + out + err);
    return value;
}

std::string run_result::last_line() const
{
    auto text = out;
    while (!text.empty() && text.back() == '\n')
        text.pop_back();
    auto line_end = text.rfind('\n');
    return line_end == std::string::npos ? text : text.substr(line_end + 1);
}

std::string built_halfmast() { return HALFMAST_BINARY_DIR "/halfmast"; }

run_result run_halfmast(const std::vector<std::string>& words, const run_input& input)
{
    auto program = input.program.empty() ? built_halfmast() : input.program;
    std::vector<std::string> all{program};
    all.insert(all.end(), words.begin(), words.end());
    const char* path = std::getenv("PATH");
    const char* sanitizer = std::getenv("ASAN_OPTIONS");
    std::vector<std::string> environment{"PATH=" + std::string{path == nullptr ? "/usr/bin:/bin" : path}};
    if (sanitizer != nullptr)
        environment.push_back("ASAN_OPTIONS=" + std::string{sanitizer});
    for (const auto& [name, value] : input.env)
        environment.push_back(name + "=" + value);
    auto pointers = [](std::vector<std::string>& of) {
        std::vector<char*> made;
        for (auto& word : of)
            made.push_back(word.data());
        made.push_back(nullptr);
        return made;
    };
    auto arguments = pointers(all);
    auto variables = pointers(environment);

    tube in, out, err;
    auto process = fork();
    if (process == 0) {
        dup2(in.ends[0], STDIN_FILENO);
        dup2(out.ends[1], STDOUT_FILENO);
        dup2(err.ends[1], STDERR_FILENO);
        execve(program.c_str(), arguments.data(), variables.data());
        _exit(126);
    }
    close(in.ends[0]);
    close(out.ends[1]);
    close(err.ends[1]);
    write_input(in.ends[1], input.text);
    run_result result;
    collect(process, out.ends[0], err.ends[0], input, result);
    close(out.ends[0]);
    close(err.ends[0]);
    int status = 0;
    waitpid(process, &status, 0);
    result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return result;
}

}  // namespace halfmast::ctl::tests
