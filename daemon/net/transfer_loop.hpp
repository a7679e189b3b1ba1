// All transfers of one client, on a thread of its own: libcurl is called there and nowhere else. Keeps its own queue, so that
// a transfer is handed to libcurl only when it can start; libcurl's queue knows no time-out and no order.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include "daemon/net/poll_set.hpp"
#include "daemon/net/transfer.hpp"

namespace halfmast::net {

class transfer_loop {
public:
    using done_function = std::function<void(std::uint64_t id, result<http_response>)>;

    // `done` runs on the loop's thread, once for each transfer that was not abandoned, and never after stop().
    transfer_loop(http_client_settings settings, done_function done);
    ~transfer_loop() { stop(); }

    // From any thread.
    void submit(std::uint64_t id, http_request request);
    void abandon(std::uint64_t id);

    // Cuts what is under way, without an answer to anybody, and waits for the thread (which never blocks for long).
    void stop();

private:
    using clock = std::chrono::steady_clock;

    struct asked {
        std::uint64_t id;
        http_request request;
    };
    struct left {
        std::uint64_t id;
    };
    struct named {
        std::string host;
        addresses given;
    };
    struct ended {};
    using letter = std::variant<asked, left, named, ended>;

    struct waiting {  // for its name, or for its turn
        std::unique_ptr<transfer> what;
        std::vector<std::string> known;
        clock::time_point give_up;  // while it waits for its name
        std::uint64_t turn = 0;
    };
    struct lane {  // one host and port
        std::deque<waiting> queue;
        std::size_t active = 0;
        std::size_t most = 0;  // at once; grows with what the host answers
    };

    void post(letter what);
    void run();
    bool take_letters();
    void take(asked& one);
    void take(left& one);
    void take(named& one);
    void enqueue(waiting one);
    void enqueue_at(const std::string& host, const addresses& given, waiting one);
    void offer(const std::string& key, lane& one);
    void expire_names();
    bool start_ready();
    void start(lane& from, waiting one);
    void read_finished();
    void end(CURL* handle, CURLcode code);
    void detach(transfer& what);
    lane& lane_of(const std::string& key);
    void judge_host(const target& where, bool answered);
    void start_anew(const std::string& why);
    CURLMcode turn();
    [[nodiscard]] int wait_ms() const;
    static int on_socket(CURL*, curl_socket_t fd, int what, void* self, void*);
    static int on_timer(CURLM*, long length_ms, void* self);
    static int on_close(void* self, curl_socket_t fd);
    [[nodiscard]] target resolved_for(const target& where) const;
    void make_multi();
    void drop_all();

    http_client_settings settings_;
    done_function done_;
    target proxy_;  // host empty: none

    std::mutex guard_;  // of the letters
    std::vector<letter> letters_;
    poll_set sockets_;

    std::size_t in_memory_ = 0;  // bytes of answers under way; before the transfers, which count into it
    CURLM* multi_ = nullptr;
    std::optional<clock::time_point> alarm_;  // when libcurl wants to be called though no socket moved
    CURLSH* share_ = nullptr;
    std::vector<CURL*> spare_;
    std::unordered_map<std::uint64_t, std::unique_ptr<transfer>> active_;
    std::map<std::string, std::vector<waiting>> naming_;  // by host
    std::map<std::string, lane> lanes_;                   // by host:port
    std::map<std::uint64_t, std::string> ready_;          // turn of a lane's first -> lane, when it may start one
    std::uint64_t next_turn_ = 1;
    resolver names_;
    std::thread thread_;
};

}  // namespace halfmast::net
