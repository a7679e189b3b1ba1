// The limit of what libcurl can do here: sends a list of requests from standard input with the platform's budget known beforehand, and does
// nothing else. No list of queues, no parsing, no ledger, no order of its own. What halfmast costs more than this is the price of the rest.
//
// A line: account TAB method TAB url TAB token TAB body. A method with '=' in front waits until everything before it of its account
// was answered (a read-back). Prints one JSON object.
#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <curl/curl.h>
#include <sys/epoll.h>
#include <unistd.h>

namespace {

using steady = std::chrono::steady_clock;
using seconds_f = std::chrono::duration<double>;

constexpr seconds_f connecting{0.01};
constexpr seconds_f refused_pause{0.02};

struct call {
    std::size_t account = 0;
    std::string method;
    std::string url;
    std::string token;
    std::string body;
    bool waits = false;
};

struct options {
    std::size_t at_once = 256;
    std::size_t per_account = 4;
    double rate = 0;  // calls a second for an account; 0: no limit
    double burst = 0;
};

struct lane {
    std::deque<call> queue;
    std::size_t under_way = 0;
    double spent = 0;             // calls that left
    seconds_f late = connecting;  // the platform counts from the first call's arrival: found out by being refused
    seconds_f again_after{0};
    double first_answer = -1;
    bool listed = false;  // stands in the ring of those that may have something to send
};

struct transfer {
    CURL* handle = nullptr;
    curl_slist* headers = nullptr;
    call what;
    steady::time_point left;
};

std::size_t swallow(char*, std::size_t size, std::size_t count, void*) { return size * count; }

class sender {
public:
    explicit sender(options given) : given_(given), multi_(curl_multi_init()), sockets_(epoll_create1(EPOLL_CLOEXEC))
    {
        curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(given_.at_once));
        curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &sender::watch);
        curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
        curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &sender::remind);
        curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
        transfers_.resize(given_.at_once);
        for (auto& one : transfers_) {
            one.handle = curl_easy_init();
            free_.push_back(&one);
        }
    }
    ~sender()
    {
        for (auto& one : transfers_) {
            curl_slist_free_all(one.headers);
            curl_easy_cleanup(one.handle);
        }
        curl_multi_cleanup(multi_);
        ::close(sockets_);
    }
    sender(const sender&) = delete;
    sender& operator=(const sender&) = delete;

    void add(call one)
    {
        if (one.account >= lanes_.size())
            lanes_.resize(one.account + 1);
        lanes_[one.account].queue.push_back(std::move(one));
        ++left_;
    }

    void run()
    {
        began_ = steady::now();
        for (std::size_t i = 0; i < lanes_.size(); ++i)
            list(i);
        while (left_ > 0) {
            auto wake = fill(steady::now());
            turn(std::min(wake, curl_wants_));
            collect();
        }
        took_ = seconds_f(steady::now() - began_).count();
    }

    void report(std::ostream& out)
    {
        auto p99 = [](std::vector<double> values) {
            if (values.empty())
                return 0.0;
            std::ranges::sort(values);
            return values[std::min(values.size() - 1, values.size() * 99 / 100)] * 1000;
        };
        std::vector<double> firsts;
        for (const auto& one : lanes_)
            if (one.first_answer >= 0)
                firsts.push_back(one.first_answer);
        out << "{\"seconds\":" << took_ << ",\"p99_ms\":" << p99(trips_) << ",\"first_p99_ms\":" << p99(firsts) << ",\"answers\":{";
        const char* comma = "";
        for (const auto& [status, number] : answers_) {
            out << comma << '"' << status << "\":" << number;
            comma = ",";
        }
        out << "}}\n";
    }

private:
    void list(std::size_t account)
    {
        auto& one = lanes_[account];
        if (one.listed || one.queue.empty())
            return;
        one.listed = true;
        ring_.push_back(account);
    }

    // When the account may send its next call.
    steady::time_point ready_at(const lane& one) const
    {
        if (given_.rate <= 0 || one.spent + 1 <= given_.burst)
            return began_ + std::chrono::duration_cast<steady::duration>(one.again_after);
        return began_
               + std::chrono::duration_cast<steady::duration>(seconds_f((one.spent + 1 - given_.burst) / given_.rate) + one.late);
    }

    // One call of each account in turn, while there is room. Gives the time at which the next one may leave.
    steady::time_point fill(steady::time_point now)
    {
        auto wake = now + std::chrono::seconds{1};
        for (auto turns = ring_.size(); turns > 0 && !ring_.empty() && !free_.empty(); --turns) {
            auto account = ring_.front();
            ring_.pop_front();
            auto& one = lanes_[account];
            one.listed = false;
            if (one.queue.empty() || one.under_way >= given_.per_account || (one.queue.front().waits && one.under_way > 0))
                continue;  // an answer lists it again
            if (auto at = ready_at(one); at > now) {
                wake = std::min(wake, at);
            } else {
                start(one);
                ++turns;
            }
            list(account);
        }
        return wake;
    }

    void start(lane& from)
    {
        auto& one = *free_.back();
        free_.pop_back();
        one.what = std::move(from.queue.front());
        from.queue.pop_front();
        ++from.under_way;
        from.spent += 1;
        auto* handle = one.handle;
        curl_easy_reset(handle);
        curl_slist_free_all(one.headers);
        one.headers = curl_slist_append(nullptr, ("Authorization: Bearer " + one.what.token).c_str());
        one.headers = curl_slist_append(one.headers, "Expect:");
        curl_easy_setopt(handle, CURLOPT_URL, one.what.url.c_str());
        curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
        curl_easy_setopt(handle, CURLOPT_HTTPHEADER, one.headers);
        curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, swallow);
        curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, 30'000L);
        curl_easy_setopt(handle, CURLOPT_PRIVATE, &one);
        curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, one.what.method.c_str());
        if (!one.what.body.empty()) {
            curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(one.what.body.size()));
            curl_easy_setopt(handle, CURLOPT_POSTFIELDS, one.what.body.c_str());
        }
        one.left = steady::now();
        curl_multi_add_handle(multi_, handle);
    }

    // Waits for sockets or until then, and lets libcurl do what is to be done: a turn costs what happened, not what is open.
    void turn(steady::time_point until)
    {
        auto wait = std::chrono::ceil<std::chrono::milliseconds>(until - steady::now());
        std::array<epoll_event, 128> happened;
        int count = epoll_wait(sockets_, happened.data(), static_cast<int>(happened.size()),
                               static_cast<int>(std::clamp<std::int64_t>(wait.count(), 0, 1000)));
        int running = 0;
        for (int i = 0; i < count; ++i) {
            const auto& one = happened[static_cast<std::size_t>(i)];
            int mask = ((one.events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) | ((one.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0);
            curl_multi_socket_action(multi_, one.data.fd, mask, &running);
        }
        if (steady::now() >= curl_wants_) {
            curl_wants_ = never;
            curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
        }
    }

    static int watch(CURL*, curl_socket_t socket, int what, void* mine, void*)
    {
        auto* self = static_cast<sender*>(mine);
        epoll_event wanted{};
        wanted.data.fd = socket;
        if (what == CURL_POLL_REMOVE) {
            epoll_ctl(self->sockets_, EPOLL_CTL_DEL, socket, &wanted);
            return 0;
        }
        wanted.events = ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0U) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0U);
        if (epoll_ctl(self->sockets_, EPOLL_CTL_MOD, socket, &wanted) != 0)
            epoll_ctl(self->sockets_, EPOLL_CTL_ADD, socket, &wanted);
        return 0;
    }

    static int remind(CURLM*, long wait, void* mine)
    {
        static_cast<sender*>(mine)->curl_wants_ = wait < 0 ? never : steady::now() + std::chrono::milliseconds{wait};
        return 0;
    }

    void collect()
    {
        int queued = 0;
        while (auto* message = curl_multi_info_read(multi_, &queued)) {
            if (message->msg != CURLMSG_DONE)
                continue;
            transfer* one = nullptr;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &one);
            long status = 0;
            curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
            bool got_through = message->data.result == CURLE_OK;
            curl_multi_remove_handle(multi_, one->handle);
            finish(*one, got_through ? status : 0);
        }
    }

    void finish(transfer& one, long status)
    {
        auto now = steady::now();
        auto account = one.what.account;
        auto& from = lanes_[account];
        --from.under_way;
        ++answers_[status];
        if (status == 429 || status == 0) {  // what the budget did not foresee
            from.late += refused_pause;
            from.again_after = now - began_ + refused_pause;
            from.spent -= 1;
            from.queue.push_front(std::move(one.what));
            if (++again_ > 100'000)
                throw std::runtime_error("too many calls without an answer");
        } else {
            --left_;
            trips_.push_back(seconds_f(now - one.left).count());
            if (from.first_answer < 0)
                from.first_answer = seconds_f(now - began_).count();
        }
        free_.push_back(&one);
        list(account);
    }

    static constexpr auto never = steady::time_point::max();

    options given_;
    CURLM* multi_;
    int sockets_;
    steady::time_point curl_wants_ = never;
    std::vector<transfer> transfers_;
    std::vector<transfer*> free_;
    std::vector<lane> lanes_;
    std::deque<std::size_t> ring_;
    std::map<long, std::size_t> answers_;
    std::vector<double> trips_;
    std::size_t left_ = 0;
    std::size_t again_ = 0;
    steady::time_point began_{};
    double took_ = 0;
};

call read_call(const std::string& line)
{
    std::istringstream fields{line};
    std::string account;
    call one;
    if (!std::getline(fields, account, '\t') || !std::getline(fields, one.method, '\t') || !std::getline(fields, one.url, '\t')
        || !std::getline(fields, one.token, '\t'))
        throw std::runtime_error("not account, method, url, token, body with tabs between: " + line);
    std::getline(fields, one.body, '\t');
    one.account = std::stoul(account);
    if (one.method.starts_with('=')) {
        one.waits = true;
        one.method.erase(0, 1);
    }
    return one;
}

options read_options(int count, char** words)
{
    options made;
    for (int i = 1; i + 1 < count; i += 2) {
        std::string name = words[i];
        double value = std::stod(words[i + 1]);
        if (name == "--at-once")
            made.at_once = static_cast<std::size_t>(value);
        else if (name == "--per-account")
            made.per_account = static_cast<std::size_t>(value);
        else if (name == "--rate")
            made.rate = value;
        else if (name == "--burst")
            made.burst = value;
        else
            throw std::runtime_error("unknown option " + name);
    }
    return made;
}

}  // namespace

int main(int count, char** words)
{
    try {
        curl_global_init(CURL_GLOBAL_DEFAULT);
        sender all{read_options(count, words)};
        for (std::string line; std::getline(std::cin, line);)
            if (!line.empty())
                all.add(read_call(line));
        all.run();
        all.report(std::cout);
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "bench-bare: " << error.what() << '\n';
        return 1;
    }
}
