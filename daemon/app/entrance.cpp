#include "daemon/app/entrance.hpp"

#include <csignal>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "connectors/registry.hpp"
#include "daemon/app/journal.hpp"

namespace halfmast::app {

namespace {

access::surroundings surroundings_of(const boost::asio::any_io_executor& executor, const settings::settings& wanted,
                                     entrance::wiring with)
{
    access::surroundings made;
    made.home = executor;
    made.clock = std::move(with.clock);
    made.note = [tell = std::move(with.tell)](access_noted what) { tell(std::move(what)); };
    made.trouble = std::move(with.trouble);
    made.http = with.http;
    made.file = wanted.state_dir + "/access.json";
    return made;
}

}  // namespace

entrance::entrance(boost::asio::any_io_executor executor, const settings::settings& wanted, wiring with)
    : file_(wanted.file),
      renewed_(with.renewed),
      gate_(wanted.access_rules, surroundings_of(executor, wanted, std::move(with))),
      hangup_(executor, SIGHUP),
      next_recheck_(executor)
{
}

void entrance::listen(net::http_server& server, const settings::settings& wanted)
{
    auto colon = wanted.listen->rfind(':');
    auto address = wanted.listen->substr(0, colon);
    auto port = static_cast<unsigned short>(std::stoi(wanted.listen->substr(colon + 1)));
    if (wanted.tls)
        server.listen_tls(address, port, net::tls_files{wanted.tls->certificate, wanted.tls->key, wanted.tls->client_ca});
    else
        server.listen_tcp(address, port);
}

void entrance::obey_hangup(net::http_server& server)
{
    hangup_.async_wait([this, &server](boost::system::error_code error, int) {
        if (error)
            return;
        read_again(server);
        obey_hangup(server);
    });
}

void entrance::stop()
{
    stopped_ = true;
    hangup_.cancel();
    next_recheck_.cancel();
}

void entrance::watch_sessions()
{
    auto work = recheck_all();
    asio::co_spawn(next_recheck_.get_executor(), std::move(work), asio::detached);
}

asio::awaitable<void> entrance::recheck_all()
{
    while (!stopped_) {
        boost::system::error_code woken;
        next_recheck_.expires_after(gate_.recheck_every());
        co_await next_recheck_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        if (stopped_)
            co_return;
        auto work = gate_.recheck();
        co_await std::move(work);
    }
}

void entrance::read_again(net::http_server& server)
{
    try {
        server.renew_tls();
    } catch (const std::exception& wrong) {
        journal::access_settings(wrong.what());
    }
    auto loaded = settings::load(file_, connectors());
    if (loaded.usable()) {
        gate_.renew(std::move(loaded.value.access_rules));
        if (renewed_)
            renewed_(loaded.value);
        return;
    }
    for (const auto& fault : loaded.faults)
        if (fault.how == settings::weight::error) {
            journal::access_settings(to_string(fault));
            return;
        }
}

}  // namespace halfmast::app
