#include "daemon/net/poll_set.hpp"

#include <array>
#include <cerrno>
#include <system_error>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace halfmast::net {

namespace {

constexpr int most_events = 256;
constexpr std::uint64_t bell_tag = ~std::uint64_t{0};

std::uint64_t tag_of(int fd, std::uint32_t registration)
{
    return std::uint64_t{registration} << 32 | static_cast<std::uint32_t>(fd);
}

}  // namespace

poll_set::poll_set() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), bell_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
{
    epoll_event bell{};
    bell.events = EPOLLIN;
    bell.data.u64 = bell_tag;
    if (epoll_ >= 0 && bell_ >= 0 && ::epoll_ctl(epoll_, EPOLL_CTL_ADD, bell_, &bell) == 0)
        return;
    int error = errno;
    ::close(epoll_);
    ::close(bell_);
    throw std::system_error(error, std::system_category(), "the HTTP client cannot wait for sockets");
}

poll_set::~poll_set()
{
    ::close(epoll_);
    ::close(bell_);
}

void poll_set::watch(int fd, bool reading, bool writing)
{
    auto events = (reading ? static_cast<std::uint32_t>(EPOLLIN) : 0u) | (writing ? static_cast<std::uint32_t>(EPOLLOUT) : 0u);
    auto [entry, is_new] = watched_.try_emplace(fd, registration{registrations_ + 1, events, true});
    auto& known = entry->second;
    if (is_new)
        ++registrations_;
    known.wanted = true;
    if (!is_new && known.events == events)
        return;
    known.events = events;
    epoll_event wanted{};
    wanted.events = events;
    wanted.data.u64 = tag_of(fd, known.number);
    // It may have been closed and opened again without a word: then epoll does not know it any more, or still does.
    if (::epoll_ctl(epoll_, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &wanted) != 0)
        ::epoll_ctl(epoll_, is_new ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &wanted);
}

void poll_set::forget(int fd)
{
    if (auto found = watched_.find(fd); found != watched_.end())
        found->second.wanted = false;
}

void poll_set::closing(int fd) { drop(fd); }

void poll_set::drop(int fd)
{
    if (watched_.erase(fd) != 0)
        ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
}

void poll_set::wait(int most_ms)
{
    std::array<epoll_event, most_events> room{};
    int count = ::epoll_wait(epoll_, room.data(), most_events, most_ms);
    pending_.clear();
    for (int i = 0; i < count; ++i) {
        const auto& one = room[static_cast<std::size_t>(i)];
        if (one.data.u64 != bell_tag) {
            pending_.push_back({one.data.u64, one.events});
            continue;
        }
        std::uint64_t rings = 0;
        while (::read(bell_, &rings, sizeof rings) < 0 && errno == EINTR)
            ;
    }
}

bool poll_set::next(event& found)
{
    while (!pending_.empty()) {
        auto [tag, events] = pending_.back();
        pending_.pop_back();
        int fd = static_cast<int>(tag & 0xffffffff);
        auto entry = watched_.find(fd);
        if (entry == watched_.end() || tag_of(fd, entry->second.number) != tag)
            continue;
        if (!entry->second.wanted) {  // the peer closed an idle connection, most likely; it would be told again and again
            drop(fd);
            continue;
        }
        found = {fd, (events & EPOLLIN) != 0, (events & EPOLLOUT) != 0};
        return true;
    }
    return false;
}

void poll_set::ring()
{
    std::uint64_t once = 1;
    while (::write(bell_, &once, sizeof once) < 0 && errno == EINTR)
        ;
}

}  // namespace halfmast::net
