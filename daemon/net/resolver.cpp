#include "daemon/net/resolver.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <deque>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

namespace halfmast::net {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::chrono::seconds keep_found{60};
constexpr std::chrono::seconds keep_failed{5};
constexpr int most_threads = 16;  // dead names at once before a live one has to wait

std::string printed(const addrinfo& one)
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (one.ai_family == AF_INET) {
        auto* address = &reinterpret_cast<const sockaddr_in*>(one.ai_addr)->sin_addr;
        return inet_ntop(AF_INET, address, text.data(), text.size()) != nullptr ? text.data() : "";
    }
    if (one.ai_family != AF_INET6)
        return {};
    auto* address = &reinterpret_cast<const sockaddr_in6*>(one.ai_addr)->sin6_addr;
    return inet_ntop(AF_INET6, address, text.data(), text.size()) != nullptr ? "[" + std::string{text.data()} + "]" : "";
}

addresses ask_system(const std::string& host)
{
    addrinfo wanted{};
    wanted.ai_family = AF_UNSPEC;
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_ADDRCONFIG;
    addrinfo* list = nullptr;
    addresses given;
    if (int code = ::getaddrinfo(host.c_str(), nullptr, &wanted, &list); code != 0) {
        given.error = ::gai_strerror(code);
        return given;
    }
    for (auto* one = list; one != nullptr; one = one->ai_next)
        if (auto text = printed(*one); !text.empty() && std::ranges::find(given.found, text) == given.found.end())
            given.found.push_back(std::move(text));
    ::freeaddrinfo(list);
    if (given.found.empty())
        given.error = "the name has no address";
    return given;
}

}  // namespace

struct resolver::shared {
    struct entry {
        addresses given;
        clock::time_point until;
    };

    std::mutex guard;  // of all below
    bool closed = false;
    int threads = 0;
    std::deque<std::string> waiting;
    std::map<std::string, std::vector<answer>> asked;

    // The asking thread's alone.
    std::map<std::string, entry> kept;
    std::map<std::string, std::string> last_worked;

    std::mutex fresh_guard;
    std::map<std::string, entry> fresh;

    static void work(const std::shared_ptr<shared>& all);

    // No thread can be had. With the lock held.
    void refuse_all(const std::string& why)
    {
        addresses none;
        none.error = "no thread for the look-up: " + why;
        for (auto& [host, answers] : asked)
            for (auto& done : answers)
                done(none);
        asked.clear();
        waiting.clear();
    }
};

void resolver::shared::work(const std::shared_ptr<shared>& all)
{
    for (;;) {
        std::string host;
        {
            std::scoped_lock lock(all->guard);
            if (all->waiting.empty() || all->closed) {
                --all->threads;
                return;
            }
            host = std::move(all->waiting.front());
            all->waiting.pop_front();
        }
        auto given = ask_system(host);
        {
            std::scoped_lock lock(all->fresh_guard);
            all->fresh[host] = entry{given, clock::now() + (given.found.empty() ? keep_failed : keep_found)};
        }
        // Under the lock, so that the resolver's end is also the end of all answers.
        std::scoped_lock lock(all->guard);
        auto who = all->asked.find(host);
        if (who == all->asked.end())
            continue;
        auto answers = std::move(who->second);
        all->asked.erase(who);
        if (!all->closed)
            for (auto& done : answers)
                done(given);
    }
}

resolver::resolver() : shared_(std::make_shared<shared>()) {}

resolver::~resolver()
{
    std::scoped_lock lock(shared_->guard);
    shared_->closed = true;
    shared_->asked.clear();
    shared_->waiting.clear();
}

const addresses* resolver::known(const std::string& host)
{
    {
        std::scoped_lock lock(shared_->fresh_guard);
        for (auto& [name, one] : shared_->fresh)
            shared_->kept[name] = std::move(one);
        shared_->fresh.clear();
    }
    auto found = shared_->kept.find(host);
    if (found == shared_->kept.end())
        return nullptr;
    if (clock::now() >= found->second.until) {
        shared_->kept.erase(found);
        return nullptr;
    }
    auto& list = found->second.given.found;
    if (auto first = shared_->last_worked.find(host); first != shared_->last_worked.end())
        if (auto at = std::ranges::find(list, first->second); at != list.end())
            std::rotate(list.begin(), at, at + 1);
    return &found->second.given;
}

void resolver::look_up(const std::string& host, answer done)
{
    std::scoped_lock lock(shared_->guard);
    auto& answers = shared_->asked[host];
    answers.push_back(std::move(done));
    if (answers.size() > 1)
        return;
    shared_->waiting.push_back(host);
    if (shared_->threads >= most_threads)
        return;
    ++shared_->threads;
    // Signals belong to the program's own threads.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
        std::thread([mine = shared_] { shared::work(mine); }).detach();
    } catch (const std::system_error& error) {
        if (--shared_->threads == 0)
            shared_->refuse_all(error.what());
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void resolver::worked(const std::string& host, const std::string& address) { shared_->last_worked[host] = address; }

void resolver::forget(const std::string& host) { shared_->kept.erase(host); }

bool resolver::needs_none(const std::string& host)
{
    if (host == "localhost" || host.ends_with(".localhost") || host.starts_with('['))
        return true;
    in_addr address{};
    return inet_aton(host.c_str(), &address) != 0;
}

}  // namespace halfmast::net
