// Figures, not a test: test-net "[measure]" prints wall and processor time of many calls to a server that takes 50 ms for each.
#include <iostream>

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/net/support.hpp"

using namespace halfmast;
using namespace halfmast::net;
using namespace halfmast::net::testing;

namespace {

constexpr milliseconds latency{50};
constexpr int calls = 10'000;

asio::awaitable<server_response> answer_late(server_request)
{
    server_response given{200, "{\"id\":\"1\"}"};
    given.delay = latency;
    co_return given;
}

// In a process of its own, so that its time is not counted.
pid_t start_server(unsigned short& port)
{
    int ends[2];
    if (::pipe(ends) != 0)
        throw std::runtime_error("no pipe");
    auto child = ::fork();
    if (child == 0) {
        asio::io_context context{1};
        http_server_settings settings;
        settings.most_connections = 2'000;
        http_server server(context.get_executor(), answer_late, settings);
        auto taken = server.listen_tcp("127.0.0.1", 0);
        if (::write(ends[1], &taken, sizeof taken) == sizeof taken)
            context.run();
        ::_exit(0);
    }
    if (child < 0 || ::read(ends[0], &port, sizeof port) != sizeof port)
        throw std::runtime_error("no server");
    ::close(ends[0]);
    ::close(ends[1]);
    return child;
}

double processor_seconds()
{
    rusage now{};
    getrusage(RUSAGE_SELF, &now);
    return static_cast<double>(now.ru_utime.tv_sec + now.ru_stime.tv_sec)
           + static_cast<double>(now.ru_utime.tv_usec + now.ru_stime.tv_usec) / 1e6;
}

}  // namespace

TEST_CASE("figures of the client", "[.][measure]")
{
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    for (std::size_t at_once : {64u, 256u, 1'000u}) {
        unsigned short port = 0;
        auto child = start_server(port);
        asio::io_context context{1};
        http_client_settings settings;
        settings.most_at_once = settings.most_per_host = at_once;
        http_client client(context.get_executor(), settings);
        int done = 0;
        int failed = 0;
        auto processor = processor_seconds();
        auto start = std::chrono::steady_clock::now();
        for (int i = 0; i < calls; ++i) {
            http_request request{"PUT", url_of(port, "/api/v1/scheduled_statuses/" + std::to_string(i))};
            request.body = "{\"scheduled_at\":\"2027-03-01T12:00:00Z\"}";
            auto work = client.fetch(std::move(request));
            asio::co_spawn(context, std::move(work), [&](std::exception_ptr, fetched given) {
                ++done;
                failed += given ? 0 : 1;
                if (done == calls)
                    context.stop();
            });
        }
        context.run();
        auto wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        processor = processor_seconds() - processor;
        auto ideal = static_cast<double>(calls) / static_cast<double>(at_once) * 0.05;
        std::cout << at_once << " at once: wall " << wall << " s (" << wall / ideal << " x ideal), processor "
                  << processor / (calls / 1000.0) << " s per 1,000, failed " << failed << '\n';
        CHECK(failed == 0);
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
    }
}
