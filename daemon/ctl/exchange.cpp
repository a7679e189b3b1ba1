#include "daemon/ctl/exchange.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/ctl/interrupt.hpp"

namespace halfmast::ctl {

namespace {

constexpr milliseconds connect_patience{5'000};
constexpr milliseconds piece{50};  // of a wait: a signal between the question and the wait costs one piece, not the whole
constexpr std::size_t most_head = 64u << 10;

struct head_parts {
    int status = 0;
    std::optional<std::size_t> length;  // absent: the body ends with the connection
    bool closes = false;
};

bool same_name(std::string_view a, std::string_view b)
{
    auto small = [](unsigned char c) { return std::tolower(c); };
    return std::ranges::equal(a, b, {}, small, small);
}

std::string_view trimmed(std::string_view text)
{
    auto first = text.find_first_not_of(" \t");
    return first == std::string_view::npos ? std::string_view{} : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Nothing when it is no answer that this client reads: the daemon always says how long its body is.
std::optional<head_parts> read_head(std::string_view text)
{
    head_parts parts;
    constexpr std::string_view version = "HTTP/1.x ";
    parts.closes = text.starts_with("HTTP/1.0 ");
    if ((!parts.closes && !text.starts_with("HTTP/1.1 ")) || text.size() < version.size() + 3)
        return std::nullopt;
    auto number = text.substr(version.size(), 3);
    if (std::from_chars(number.data(), number.data() + number.size(), parts.status).ec != std::errc{} || parts.status < 200)
        return std::nullopt;
    for (auto at = text.find("\r\n"); at != std::string_view::npos && at + 2 < text.size();) {
        auto end = text.find("\r\n", at + 2);
        auto line = text.substr(at + 2, end == std::string_view::npos ? end : end - at - 2);
        at = end;
        auto colon = line.find(':');
        if (colon == std::string_view::npos)
            continue;
        auto name = line.substr(0, colon);
        auto value = trimmed(line.substr(colon + 1));
        if (same_name(name, "Transfer-Encoding"))
            return std::nullopt;
        if (same_name(name, "Connection"))
            parts.closes = parts.closes || same_name(value, "close");
        if (same_name(name, "Content-Length")) {
            std::size_t length = 0;
            if (std::from_chars(value.data(), value.data() + value.size(), length).ec != std::errc{})
                return std::nullopt;
            parts.length = length;
        }
    }
    if (parts.status == 204 || parts.status == 304)
        parts.length = 0;
    return parts;
}

}  // namespace

void exchange::close()
{
    if (fd_ >= 0)
        ::close(fd_);
    fd_ = -1;
}

// Nothing to read on a connection that waits: else the daemon has closed it.
bool exchange::is_usable() const
{
    pollfd there{fd_, POLLIN, 0};
    return fd_ >= 0 && ::poll(&there, 1, 0) == 0;
}

exchange::end exchange::wait_until_ready(short what, clock::time_point until)
{
    for (;;) {
        if (was_interrupted())
            return end::interrupted;
        auto left = std::chrono::ceil<milliseconds>(until - clock::now());
        if (left.count() <= 0)
            return end::late;
        pollfd there{fd_, what, 0};
        if (::poll(&there, 1, static_cast<int>(std::min(left, piece).count())) > 0)
            return end::answered;
    }
}

exchange::end exchange::connect(int& error)
{
    close();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket_.size() >= sizeof address.sun_path) {
        error = ENAMETOOLONG;
        return end::unreached;
    }
    std::memcpy(address.sun_path, socket_.c_str(), socket_.size() + 1);
    fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    for (milliseconds waited{0}; fd_ >= 0;) {
        if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
            return end::answered;
        // EAGAIN: it listens, and has more callers waiting than it takes.
        if ((errno != EAGAIN && errno != EINTR) || waited >= connect_patience)
            break;
        waited += piece;
        if (!wait_for(piece))
            return end::interrupted;
    }
    error = errno;
    close();
    return end::unreached;
}

exchange::end exchange::send_all(std::string_view bytes, clock::time_point until, int& error)
{
    while (!bytes.empty()) {
        auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
            continue;
        }
        if (errno != EAGAIN && errno != EINTR) {
            error = errno;
            return end::cut;
        }
        if (auto ready = wait_until_ready(POLLOUT, until); ready != end::answered)
            return ready;
    }
    return end::answered;
}

// The next bytes. `over`: there are no more.
exchange::end exchange::receive(clock::time_point until, std::string& into, int& error, bool& over)
{
    std::array<char, 64u << 10> room;
    for (;;) {
        auto got = ::recv(fd_, room.data(), room.size(), 0);
        if (got >= 0) {
            into.append(room.data(), static_cast<std::size_t>(got));
            over = got == 0;
            return end::answered;
        }
        if (errno != EAGAIN && errno != EINTR) {
            error = errno;
            return end::cut;
        }
        if (auto ready = wait_until_ready(POLLIN, until); ready != end::answered)
            return ready;
    }
}

exchange::answer exchange::ask_once(const std::string& request, clock::time_point until, bool& nothing_came)
{
    answer made;
    std::string text;
    auto ended = [&](end how) {
        made.how = how;
        nothing_came = text.empty() && how == end::cut;
        close();
        return made;
    };
    if (auto sent = send_all(request, until, made.error); sent != end::answered)
        return ended(sent);
    std::optional<head_parts> head;
    std::size_t body_at = 0;
    for (bool over = false;;) {
        if (auto end_of_head = text.find("\r\n\r\n"); !head && end_of_head != std::string::npos) {
            head = read_head(std::string_view{text}.substr(0, end_of_head));
            if (!head)
                return ended(end::cut);
            body_at = end_of_head + 4;
        }
        if (head && (head->length ? text.size() >= body_at + *head->length : over))
            break;
        if (over || (!head && text.size() > most_head))
            return ended(end::cut);
        if (auto got = receive(until, text, made.error, over); got != end::answered)
            return ended(got);
    }
    made.how = end::answered;
    made.status = head->status;
    made.body = text.substr(body_at, head->length.value_or(std::string::npos));
    if (head->closes || !head->length)
        close();
    return made;
}

exchange::answer exchange::ask(const std::string& target, const std::string* body, milliseconds patience, const char* method)
{
    auto until = clock::now() + patience;
    auto request = std::string{method != nullptr ? method
                               : body != nullptr ? "POST"
                                                 : "GET"}
                   + " " + target + " HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n";
    if (body != nullptr)
        request += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body->size()) + "\r\n";
    if (body != nullptr && !if_match.empty() && if_match.find_first_of("\r\n\"") == std::string::npos)
        request += "If-Match: \"" + if_match + "\"\r\n";
    request += "\r\n";
    if (body != nullptr)
        request += *body;
    for (;;) {
        // What acts goes over a connection of its own: on an old one it might have to be sent twice.
        bool used_before = body == nullptr && is_usable();
        answer made;
        if (!used_before) {
            made.how = connect(made.error);
            if (made.how != end::answered)
                return made;
        }
        bool nothing_came = false;
        made = ask_once(request, until, nothing_came);
        if (!used_before || !nothing_came)
            return made;
    }
}

}  // namespace halfmast::ctl
