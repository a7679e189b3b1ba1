#include "daemon/sandbox/service.hpp"

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>

#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

namespace halfmast::sandbox {

namespace {

time_point true_now() { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); }

// Whoever waits for the file must never see half of it.
void write_whole(const std::string& file, const std::string& text)
{
    const auto beside = file + ".new";
    {
        auto stream = std::ofstream{beside, std::ios::binary};
        stream << text << '\n';
        if (!stream.flush())
            throw std::runtime_error("cannot write " + beside);
    }
    std::filesystem::rename(beside, file);
}

// Thousands of connections are welcome here; the usual 1,024 files would not do.
void allow_many_files()
{
    auto limit = rlimit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

net::http_server_settings server_settings()
{
    auto settings = net::http_server_settings{};
    settings.most_body = 128u << 20;  // a seed of 100,000 posts is one request
    settings.most_connections = 4096;
    return settings;
}

}  // namespace

class service::impl : public std::enable_shared_from_this<service::impl> {
public:
    impl(asio::any_io_executor executor, command_line options)
        : options_(std::move(options)),
          platform_(options_.platform, true_now()),
          timer_(executor),
          server_(
              executor, [this](net::server_request request) { return serve(std::move(request)); }, server_settings())
    {
        for (const auto& [name, token] : options_.accounts)
            platform_.add_account(name, token, true_now());
        port_ = server_.listen_tcp(options_.address, options_.port);
        platform_.set_base(options_.url.empty() ? own_address() : options_.url);
    }

    [[nodiscard]] std::string introduction() const { return platform_.introduction(); }
    [[nodiscard]] unsigned short port() const { return port_; }

    void stop(std::function<void()> done)
    {
        stopped_ = true;
        timer_.cancel();
        server_.drain(std::move(done));
    }

    void write_state() const
    {
        if (!options_.state_file.empty())
            write_whole(options_.state_file, platform_.state_document(true_now()));
    }

private:
    [[nodiscard]] std::string own_address() const
    {
        auto host = options_.address;
        if (host == "0.0.0.0" || host == "::")
            host = "127.0.0.1";
        if (host.find(':') != std::string::npos)
            host = "[" + host + "]";
        return "http://" + host + ":" + std::to_string(port_);
    }

    asio::awaitable<net::server_response> serve(net::server_request request)
    {
        auto made = platform_.handle(request, true_now());
        arm();
        co_return made;
    }

    // Sleeps until the next event; wakes now and then anyway, for the system's clock may be set.
    void arm()
    {
        const auto next = platform_.next_event();
        if (next == armed_ || stopped_)
            return;
        armed_ = next;
        if (!next)
            return;
        const auto wait = std::min<milliseconds>(std::max(*next - true_now(), milliseconds{0}), std::chrono::minutes{1});
        timer_.expires_after(wait);
        timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& cancelled) {
            const auto self = weak.lock();
            if (cancelled || !self)
                return;
            self->armed_.reset();
            self->platform_.advance(true_now());
            self->arm();
        });
    }

    command_line options_;
    platform platform_;
    asio::steady_timer timer_;
    net::http_server server_;
    unsigned short port_ = 0;
    std::optional<time_point> armed_;
    bool stopped_ = false;
};

service::service(asio::any_io_executor executor, command_line options)
    : impl_(std::make_shared<impl>(std::move(executor), std::move(options)))
{
}

service::~service() = default;

std::string service::introduction() const { return impl_->introduction(); }

unsigned short service::port() const { return impl_->port(); }

void service::stop(std::function<void()> done) { impl_->stop(std::move(done)); }

void service::write_state() const { impl_->write_state(); }

int run(command_line options)
{
    allow_many_files();
    std::signal(SIGPIPE, SIG_IGN);
    asio::io_context context{1};
    const auto ready_file = options.ready_file;
    try {
        auto running = service{context.get_executor(), std::move(options)};
        auto signals = asio::signal_set{context, SIGTERM, SIGINT};
        auto patience = asio::steady_timer{context};
        signals.async_wait([&](const boost::system::error_code& cancelled, int) {
            if (cancelled)
                return;
            running.stop([&] { context.stop(); });
            // A client that holds its connection must not hold us.
            patience.expires_after(seconds{3});
            patience.async_wait([&](const boost::system::error_code& in_time) {
                if (!in_time)
                    context.stop();
            });
        });
        const auto line = running.introduction();
        std::cout << line << std::endl;
        if (!ready_file.empty())
            write_whole(ready_file, line);
        context.run();
        running.write_state();
        return 0;
    } catch (const std::exception& failed) {
        std::cerr << "halfmast-sandbox: " << failed.what() << '\n';
        return 1;
    }
}

}  // namespace halfmast::sandbox
