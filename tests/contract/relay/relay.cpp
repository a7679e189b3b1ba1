// relay SOCKET FOLDER STATE: what connector "exec" starts as its program in the contract suite. Carries lines between its standard
// input and output and the one server of the run (exec_relay.py), and lives and dies as a program would: a process for each account,
// but none that takes an interpreter to start. Knows no protocol.
#include <cerrno>
#include <cstring>
#include <string>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace {

bool write_all(int to, const char* bytes, std::size_t many)
{
    while (many > 0) {
        auto done = ::write(to, bytes, many);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        bytes += done;
        many -= static_cast<std::size_t>(done);
    }
    return true;
}

// Passes on what is there; false at the end.
bool pass(int from, int to)
{
    char bytes[65'536];
    auto got = ::read(from, bytes, sizeof bytes);
    return got > 0 ? write_all(to, bytes, static_cast<std::size_t>(got)) : got < 0 && errno == EINTR;
}

}  // namespace

int main(int argc, char** argv)
{
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    if (argc != 4 || std::strlen(argv[1]) >= sizeof where.sun_path)
        return 2;
    std::strcpy(where.sun_path, argv[1]);
    int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server < 0 || ::connect(server, reinterpret_cast<sockaddr*>(&where), sizeof where) != 0)
        return 1;
    auto first = std::string{argv[2]} + "\t" + argv[3] + "\n";
    if (!write_all(server, first.data(), first.size()))
        return 1;
    pollfd both[2] = {{0, POLLIN, 0}, {server, POLLIN, 0}};
    for (;;) {
        if (::poll(both, 2, -1) < 0 && errno != EINTR)
            return 1;
        if (both[1].revents != 0 && !pass(server, 1))
            return 0;
        if (both[0].revents != 0 && !pass(0, server)) {
            ::shutdown(server, SHUT_WR);  // the answers that are on their way still arrive
            both[0].fd = -1;
        }
    }
}
