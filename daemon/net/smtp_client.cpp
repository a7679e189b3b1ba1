#include "daemon/net/smtp_client.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <curl/curl.h>

namespace halfmast::net {

namespace {

constexpr std::size_t most_smtp_line = 300;

// One conversation with the server: what it answered to whom. Never what was sent for the log-in.
struct smtp_talk {
    std::string rest;  // of the mail
    std::size_t at = 0;
    std::string recipient;  // of the last RCPT
    std::vector<std::string> refused;
    bool refused_for_good = true;
    std::string refusal;  // of anything else: the last line that says no
    std::atomic<bool>* stop = nullptr;
};

std::size_t give_text(char* to, std::size_t size, std::size_t count, void* self)
{
    auto& talk = *static_cast<smtp_talk*>(self);
    auto length = std::min(size * count, talk.rest.size() - talk.at);
    std::memcpy(to, talk.rest.data() + talk.at, length);
    talk.at += length;
    return length;
}

int look_at_stop(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t)
{
    return static_cast<smtp_talk*>(self)->stop->load() ? 1 : 0;
}

void take_answer(smtp_talk& talk, std::string_view line)
{
    while (!line.empty() && (line.back() == '\r' || line.back() == '\n'))
        line.remove_suffix(1);
    if (line.empty())
        return;
    bool no = line.front() == '4' || line.front() == '5';
    std::string said{line.substr(0, most_smtp_line)};
    if (no && talk.recipient.empty()) {
        talk.refusal = std::move(said);
    } else if (no) {
        talk.refused.push_back(talk.recipient + ": " + said);
        talk.refused_for_good = talk.refused_for_good && line.front() == '5';
    }
    talk.recipient.clear();
}

int overhear(CURL*, curl_infotype kind, char* bytes, std::size_t size, void* self)
{
    auto& talk = *static_cast<smtp_talk*>(self);
    std::string_view line{bytes, size};
    if (kind == CURLINFO_HEADER_IN) {
        take_answer(talk, line);
    } else if (kind == CURLINFO_HEADER_OUT && line.starts_with("RCPT TO:<")) {
        line.remove_prefix(9);
        talk.recipient = line.substr(0, line.find('>'));
    }
    return 0;
}

struct curl_list {
    curl_slist* first = nullptr;

    ~curl_list() { curl_slist_free_all(first); }
    void add(const std::string& text) { first = curl_slist_append(first, text.c_str()); }
};

problem meaning_of(CURLcode code, const smtp_talk& talk, const std::string& where, const std::string& why)
{
    std::string said;
    if (!talk.refusal.empty())
        said = "; it said: " + talk.refusal;
    else if (!talk.refused.empty())
        said = "; refused: " + talk.refused.front();
    auto kind = failure::unknown_outcome;
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CACERT_BADFILE: kind = failure::unreachable; break;
    case CURLE_LOGIN_DENIED: kind = failure::auth_expired; break;
    default:
        if (!talk.refusal.empty())
            kind = talk.refusal.front() == '5' ? failure::rejected : failure::unknown_outcome;
        else if (!talk.refused.empty())
            kind = talk.refused_for_good ? failure::rejected : failure::unknown_outcome;
        break;
    }
    return {kind, "mail by " + where + " was not taken: " + why + said, {}};
}

}  // namespace

class smtp_client::impl : public std::enable_shared_from_this<smtp_client::impl> {
public:
    impl(asio::any_io_executor executor, smtp_settings settings) : executor_(std::move(executor)), settings_(std::move(settings)) {}

    struct job {
        explicit job(const asio::any_io_executor& on) : bell(on, asio::steady_timer::time_point::max()) {}
        mail what;
        asio::steady_timer bell;  // rung on the executor's thread
        std::optional<result<std::string>> given;
    };

    void close()
    {
        stop_ = true;
        {
            std::scoped_lock lock(guard_);
            closed_ = true;
        }
        woken_.notify_all();
        if (thread_.joinable())
            thread_.join();
        for (auto& one : jobs_) {
            one->given.emplace(
                problem{failure::unreachable, "mail by " + settings_.url + " was not sent: the client has ended", {}});
            one->bell.cancel();
        }
        jobs_.clear();
    }

    static asio::awaitable<result<std::string>> run(std::shared_ptr<impl> mine, mail what)
    {
        auto one = std::make_shared<job>(mine->executor_);
        one->what = std::move(what);
        mine->submit(one);
        while (!one->given) {
            boost::system::error_code ignored;
            co_await one->bell.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
            if (!one->given) {  // a cancellation from outside
                problem left{
                    failure::unknown_outcome, "mail by " + mine->settings_.url + " was given up before an answer came", {}};
                co_return left;
            }
        }
        co_return *one->given;
    }

private:
    void submit(const std::shared_ptr<job>& one)
    {
        {
            std::scoped_lock lock(guard_);
            jobs_.push_back(one);
        }
        if (!thread_.joinable())
            start();
        woken_.notify_all();
    }

    void start()
    {
        sigset_t all;
        sigset_t before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        thread_ = std::thread([this] { work(); });
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }

    void work()
    {
        auto* handle = curl_easy_init();
        for (;;) {
            std::shared_ptr<job> one;
            {
                std::unique_lock lock(guard_);
                woken_.wait(lock, [this] { return closed_ || !jobs_.empty(); });
                if (closed_)
                    break;
                one = std::move(jobs_.front());
                jobs_.pop_front();
            }
            auto given = handle == nullptr ? result<std::string>{problem{failure::local, "libcurl cannot be used: no memory", {}}}
                                           : deliver(handle, one->what);
            asio::post(executor_, [one = std::move(one), given = std::move(given)] {  // nothing of it is let go on this thread
                one->given = given;
                one->bell.cancel();
            });
        }
        curl_easy_cleanup(handle);
    }

    result<std::string> deliver(CURL* handle, const mail& what)
    {
        smtp_talk talk;
        talk.rest = what.message;
        talk.stop = &stop_;
        std::array<char, CURL_ERROR_SIZE> error{};
        curl_list to;
        for (const auto& address : what.to)
            to.add("<" + address + ">");
        auto from = "<" + what.from + ">";
        curl_easy_reset(handle);
        set_server(handle);
        curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, error.data());
        curl_easy_setopt(handle, CURLOPT_MAIL_FROM, from.c_str());
        curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, to.first);
        curl_easy_setopt(handle, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);  // one wrong address must not keep it from the others
        curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(handle, CURLOPT_READFUNCTION, give_text);
        curl_easy_setopt(handle, CURLOPT_READDATA, &talk);
        curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, look_at_stop);
        curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &talk);
        curl_easy_setopt(handle, CURLOPT_VERBOSE, 1L);
        curl_easy_setopt(handle, CURLOPT_DEBUGFUNCTION, overhear);
        curl_easy_setopt(handle, CURLOPT_DEBUGDATA, &talk);
        auto code = curl_easy_perform(handle);
        if (code != CURLE_OK)
            return meaning_of(code, talk, settings_.url, error.front() != '\0' ? error.data() : curl_easy_strerror(code));
        long status = 0;
        curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
        auto said = std::to_string(status);
        for (const auto& refused : talk.refused)
            said += "; refused: " + refused;
        return said;
    }

    void set_server(CURL* handle)
    {
        curl_easy_setopt(handle, CURLOPT_URL, settings_.url.c_str());
        curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
        curl_easy_setopt(handle, CURLOPT_USE_SSL, static_cast<long>(settings_.plain ? CURLUSESSL_NONE : CURLUSESSL_ALL));
        curl_easy_setopt(handle, CURLOPT_PROXY, "");
        curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
        curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, 1L);  // a kept one may be dead, and libcurl would send again
        curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, 1L);
        curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                         static_cast<long>(std::min(settings_.connect_timeout, settings_.timeout).count()));
        curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(settings_.timeout.count()));
        if (!settings_.ca_file.empty())
            curl_easy_setopt(handle, CURLOPT_CAINFO, settings_.ca_file.c_str());
        if (!settings_.username.empty()) {
            curl_easy_setopt(handle, CURLOPT_USERNAME, settings_.username.c_str());
            curl_easy_setopt(handle, CURLOPT_PASSWORD, settings_.password.c_str());
        }
    }

    asio::any_io_executor executor_;
    smtp_settings settings_;
    std::mutex guard_;
    std::condition_variable woken_;
    std::deque<std::shared_ptr<job>> jobs_;
    bool closed_ = false;
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

smtp_client::smtp_client(asio::any_io_executor executor, smtp_settings settings)
    : impl_(std::make_shared<impl>(std::move(executor), std::move(settings)))
{
}

smtp_client::~smtp_client() { impl_->close(); }

asio::awaitable<result<std::string>> smtp_client::send(mail what) { return impl::run(impl_, std::move(what)); }

}  // namespace halfmast::net
