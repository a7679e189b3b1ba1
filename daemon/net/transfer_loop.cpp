#include "daemon/net/transfer_loop.hpp"

#include <algorithm>
#include <csignal>
#include <stdexcept>

#include <unistd.h>

#include "daemon/net/public_address.hpp"
#include "daemon/net/request_name.hpp"

namespace halfmast::net {

namespace {

constexpr std::size_t most_spare = 64;
constexpr int longest_wait_ms = 60'000;

void start_libcurl()
{
    static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK)
        throw std::runtime_error(std::string{"libcurl cannot be used: "} + curl_easy_strerror(code));
}

std::string key_of(const target& where) { return where.host + ':' + where.port; }

}  // namespace

transfer_loop::transfer_loop(http_client_settings settings, done_function done)
    : settings_(std::move(settings)),
      done_(std::move(done))
{
    start_libcurl();
    settings_.most_at_once = std::max<std::size_t>(1, settings_.most_at_once);
    settings_.most_per_host = std::max<std::size_t>(1, settings_.most_per_host);
    settings_.most_per_well_host = std::max(settings_.most_per_host, settings_.most_per_well_host);
    if (!settings_.proxy.empty()) {
        auto where = parse_target(settings_.proxy);
        if (!where)
            throw std::runtime_error("the proxy is not an http or https URL");
        proxy_ = *where;
    }
    // Only TLS sessions are shared, and only within this thread: no locks.
    share_ = curl_share_init();
    if (share_ != nullptr)
        curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    make_multi();
    // All signals blocked: they belong to the program's own thread, and SIGPIPE of a dead TLS connection to nobody.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
        thread_ = std::thread([this] { run(); });
    } catch (...) {
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
        drop_all();
        throw;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void transfer_loop::make_multi()
{
    auto* made = curl_multi_init();
    if (made == nullptr)
        throw std::runtime_error("libcurl cannot be used: no memory");
    curl_multi_setopt(made, CURLMOPT_MAXCONNECTS, static_cast<long>(settings_.most_at_once));
    curl_multi_setopt(made, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
    // Idle connections count here; an active one always finds room, for lanes keep the same limit. Behind a proxy libcurl
    // counts all hosts as one, and would queue.
    if (settings_.proxy.empty())
        curl_multi_setopt(made, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(settings_.most_per_well_host));
    curl_multi_setopt(made, CURLMOPT_SOCKETFUNCTION, &transfer_loop::on_socket);
    curl_multi_setopt(made, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(made, CURLMOPT_TIMERFUNCTION, &transfer_loop::on_timer);
    curl_multi_setopt(made, CURLMOPT_TIMERDATA, this);
    multi_ = made;
}

// Both are called from within libcurl and only take notes: calling it from there would be a recursion.
int transfer_loop::on_socket(CURL*, curl_socket_t fd, int what, void* self, void*)
{
    auto& mine = *static_cast<transfer_loop*>(self);
    if (what == CURL_POLL_REMOVE)
        mine.sockets_.forget(fd);
    else
        mine.sockets_.watch(fd, what != CURL_POLL_OUT, what != CURL_POLL_IN);
    return 0;
}

int transfer_loop::on_timer(CURLM*, long length_ms, void* self)
{
    auto& mine = *static_cast<transfer_loop*>(self);
    if (length_ms < 0)
        mine.alarm_.reset();
    else
        mine.alarm_ = clock::now() + milliseconds{length_ms};
    return 0;
}

// Of every socket, those of connections that nobody uses any more included.
int transfer_loop::on_close(void* self, curl_socket_t fd)
{
    static_cast<transfer_loop*>(self)->sockets_.closing(fd);
    return ::close(fd);
}

void transfer_loop::post(letter what)
{
    std::scoped_lock lock(guard_);
    letters_.push_back(std::move(what));
    if (letters_.size() == 1)
        sockets_.ring();
}

void transfer_loop::submit(std::uint64_t id, http_request request) { post(asked{id, std::move(request)}); }

void transfer_loop::abandon(std::uint64_t id) { post(left{id}); }

void transfer_loop::stop()
{
    if (!thread_.joinable())
        return;
    post(ended{});
    thread_.join();
}

void transfer_loop::run()
{
    while (take_letters()) {
        expire_names();
        start_ready();
        if (auto code = turn(); code != CURLM_OK)
            start_anew(curl_multi_strerror(code));
    }
    drop_all();
}

// Waits for something to happen, and hands it to libcurl.
CURLMcode transfer_loop::turn()
{
    sockets_.wait(wait_ms());
    int running = 0;
    for (poll_set::event one{}; sockets_.next(one);) {
        // Both in one call, or neither and libcurl looks for itself: it forgets the first of two calls.
        int bits = (one.readable ? CURL_CSELECT_IN : 0) | (one.writable ? CURL_CSELECT_OUT : 0);
        if (auto code = curl_multi_socket_action(multi_, one.fd, bits, &running); code != CURLM_OK)
            return code;
    }
    if (alarm_ && clock::now() >= *alarm_) {
        alarm_.reset();
        if (auto code = curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running); code != CURLM_OK)
            return code;
    }
    read_finished();
    // Called a millisecond early, libcurl does nothing and does not ask again.
    long left_ms = -1;
    if (!alarm_ && curl_multi_timeout(multi_, &left_ms) == CURLM_OK && left_ms >= 0)
        alarm_ = clock::now() + milliseconds{left_ms};
    return CURLM_OK;
}

bool transfer_loop::take_letters()
{
    std::vector<letter> now;
    {
        std::scoped_lock lock(guard_);
        now.swap(letters_);
    }
    for (auto& one : now) {
        if (std::holds_alternative<ended>(one))
            return false;
        if (auto* request = std::get_if<asked>(&one))
            take(*request);
        else if (auto* gone = std::get_if<left>(&one))
            take(*gone);
        else if (auto* name = std::get_if<named>(&one))
            take(*name);
    }
    return true;
}

// Whose name has to be known before this can be reached; an empty host for nobody's.
target transfer_loop::resolved_for(const target& where) const
{
    const auto& first = proxy_.host.empty() || where.is_loopback() ? where : proxy_;
    return resolver::needs_none(first.host) ? target{} : first;
}

void transfer_loop::take(asked& one)
{
    auto where = parse_target(one.request.url);
    auto fault = where ? transfer::fault_of(one.request) : "that is not an http or https URL";
    if (!fault.empty()) {
        done_(one.id, problem{failure::unreachable, name_of(one.request) + " was not sent: " + fault, {}});
        return;
    }
    waiting mine;
    mine.give_up = clock::now() + std::min(settings_.connect_timeout, one.request.timeout);
    mine.what = std::make_unique<transfer>(one.id, std::move(one.request), *where, in_memory_);
    if (settings_.public_only && resolver::needs_none(where->host) && !is_public_address(where->host)) {
        done_(one.id, mine.what->not_sent(where->host + " is not a public address"));
        return;
    }
    auto host = resolved_for(*where).host;
    const auto* known = host.empty() ? nullptr : names_.known(host);
    if (host.empty()) {
        enqueue(std::move(mine));
    } else if (known == nullptr) {
        naming_[host].push_back(std::move(mine));
        names_.look_up(host, [this, host](addresses given) { post(named{host, std::move(given)}); });
    } else if (known->found.empty()) {
        done_(one.id, mine.what->not_sent("the name " + host + " has no address (" + known->error + ")"));
    } else {
        enqueue_at(host, *known, std::move(mine));
    }
}

void transfer_loop::take(named& one)
{
    auto found = naming_.find(one.host);
    if (found == naming_.end())
        return;
    auto all = std::move(found->second);
    naming_.erase(found);
    if (const auto* ordered = names_.known(one.host))
        one.given = *ordered;
    for (auto& mine : all) {
        if (one.given.found.empty()) {
            done_(mine.what->id(), mine.what->not_sent("the name " + one.host + " has no address (" + one.given.error + ")"));
            continue;
        }
        enqueue_at(one.host, one.given, std::move(mine));
    }
}

// The addresses of a proxy are our own business; where its answers come from it decides itself.
void transfer_loop::enqueue_at(const std::string& host, const addresses& given, waiting one)
{
    one.known = given.found;
    if (settings_.public_only && proxy_.host.empty())
        std::erase_if(one.known, [](const std::string& address) { return !is_public_address(address); });
    if (one.known.empty())
        done_(one.what->id(),
              one.what->not_sent("the name " + host + " leads to " + given.found.front() + ", which is not a public address"));
    else
        enqueue(std::move(one));
}

void transfer_loop::take(left& one)
{
    if (auto found = active_.find(one.id); found != active_.end()) {
        auto what = std::move(found->second);
        active_.erase(found);
        detach(*what);
        return;
    }
    auto is_it = [&](const waiting& mine) { return mine.what->id() == one.id; };
    for (auto& [host, all] : naming_)
        std::erase_if(all, is_it);
    for (auto& [key, here] : lanes_) {
        if (std::erase_if(here.queue, is_it) == 0)
            continue;
        std::erase_if(ready_, [&](const auto& entry) { return entry.second == key; });
        offer(key, here);
        break;
    }
}

void transfer_loop::enqueue(waiting one)
{
    one.turn = next_turn_++;
    auto key = key_of(one.what->where());
    auto& here = lane_of(key);
    here.queue.push_back(std::move(one));
    if (here.queue.size() == 1)
        offer(key, here);
}

transfer_loop::lane& transfer_loop::lane_of(const std::string& key)
{
    auto& here = lanes_[key];
    if (here.most == 0)
        here.most = settings_.most_per_host;
    return here;
}

// A host that answers may have more calls at once, as the many accounts of one instance need it; a sick one keeps few, so that it
// never takes the room of the others.
void transfer_loop::judge_host(const target& where, bool answered)
{
    auto& here = lane_of(key_of(where));
    here.most = answered ? std::min(here.most + 1, settings_.most_per_well_host) : settings_.most_per_host;
}

// The lane's first may start as soon as there is room.
void transfer_loop::offer(const std::string& key, lane& one)
{
    if (!one.queue.empty() && one.active < one.most)
        ready_.emplace(one.queue.front().turn, key);
}

void transfer_loop::expire_names()
{
    if (naming_.empty())
        return;
    auto now = clock::now();
    for (auto& [host, all] : naming_)
        std::erase_if(all, [&](waiting& mine) {
            if (now < mine.give_up)
                return false;
            done_(mine.what->id(),
                  mine.what->not_sent("the name " + host + " could not be looked up in time; is the name server well?"));
            return true;
        });
    std::erase_if(naming_, [](const auto& entry) { return entry.second.empty(); });
}

bool transfer_loop::start_ready()
{
    bool any = false;
    while (active_.size() < settings_.most_at_once && !ready_.empty()) {
        auto first = ready_.begin();
        auto key = std::move(first->second);
        ready_.erase(first);
        auto& here = lanes_[key];
        auto one = std::move(here.queue.front());
        here.queue.pop_front();
        start(here, std::move(one));
        offer(key, here);
        any = true;
    }
    return any;
}

void transfer_loop::start(lane& from, waiting one)
{
    CURL* handle = nullptr;
    if (spare_.empty()) {
        handle = curl_easy_init();
    } else {
        handle = spare_.back();
        spare_.pop_back();
    }
    auto id = one.what->id();
    if (handle == nullptr) {
        done_(id, one.what->not_sent("no memory"));
        return;
    }
    auto& what = *one.what;
    if (share_ != nullptr)
        curl_easy_setopt(handle, CURLOPT_SHARE, share_);
    curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, &transfer_loop::on_close);
    curl_easy_setopt(handle, CURLOPT_CLOSESOCKETDATA, this);
    std::string trouble;
    try {
        what.prepare(handle, settings_, resolved_for(what.where()), one.known);
        if (auto code = curl_multi_add_handle(multi_, handle); code != CURLM_OK)
            trouble = curl_multi_strerror(code);
    } catch (const std::exception& error) {
        trouble = error.what();
    }
    if (!trouble.empty()) {
        curl_easy_cleanup(handle);
        done_(id, what.not_sent(trouble));
        return;
    }
    ++from.active;
    active_.emplace(id, std::move(one.what));
}

// Takes the handle back; the lane may start its next one.
void transfer_loop::detach(transfer& what)
{
    auto* handle = what.handle();
    curl_multi_remove_handle(multi_, handle);
    curl_easy_reset(handle);
    if (spare_.size() < most_spare)
        spare_.push_back(handle);
    else
        curl_easy_cleanup(handle);
    auto key = key_of(what.where());
    auto found = lanes_.find(key);
    if (found == lanes_.end())
        return;
    auto& here = found->second;
    --here.active;
    if (here.queue.empty() && here.active == 0 && here.most == settings_.most_per_host)
        lanes_.erase(found);
    else
        offer(key, here);
}

void transfer_loop::read_finished()
{
    int left_over = 0;
    while (auto* message = curl_multi_info_read(multi_, &left_over))
        if (message->msg == CURLMSG_DONE)
            end(message->easy_handle, message->data.result);
}

void transfer_loop::end(CURL* handle, CURLcode code)
{
    transfer* found = nullptr;
    curl_easy_getinfo(handle, CURLINFO_PRIVATE, &found);
    auto mine = active_.find(found->id());
    if (mine == active_.end())
        return;
    auto what = std::move(mine->second);
    active_.erase(mine);
    auto given = what->finish(code);
    auto host = resolved_for(what->where()).host;
    if (!host.empty() && !what->connected_to().empty())
        names_.worked(host, what->connected_to());
    else if (!host.empty() && code != CURLE_OK)
        names_.forget(host);  // it may have moved
    judge_host(what->where(), given.has_value());
    detach(*what);
    done_(what->id(), std::move(given));
}

// After an error of the whole, libcurl's state is uncertain: none of it is used any more.
void transfer_loop::start_anew(const std::string& why)
{
    std::vector<std::unique_ptr<transfer>> all;
    for (auto& [id, what] : active_)
        all.push_back(std::move(what));
    active_.clear();
    for (auto& what : all) {
        detach(*what);
        done_(what->id(), what->unknown(why));
    }
    curl_multi_cleanup(std::exchange(multi_, nullptr));
    alarm_.reset();
    make_multi();
}

int transfer_loop::wait_ms() const
{
    auto wait = milliseconds{longest_wait_ms};
    auto now = clock::now();
    for (const auto& [host, all] : naming_)
        for (const auto& mine : all)
            wait = std::min(wait, std::chrono::ceil<milliseconds>(mine.give_up - now));
    if (alarm_)
        wait = std::min(wait, std::chrono::ceil<milliseconds>(*alarm_ - now));
    return static_cast<int>(std::max<std::int64_t>(0, wait.count()));
}

void transfer_loop::drop_all()
{
    for (auto& [id, what] : active_) {
        curl_multi_remove_handle(multi_, what->handle());
        curl_easy_cleanup(what->handle());
    }
    active_.clear();
    for (auto* handle : spare_)
        curl_easy_cleanup(handle);
    spare_.clear();
    curl_multi_cleanup(std::exchange(multi_, nullptr));
    if (share_ != nullptr)
        curl_share_cleanup(share_);
    share_ = nullptr;
}

}  // namespace halfmast::net
