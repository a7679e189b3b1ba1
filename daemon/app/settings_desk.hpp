// Whether the settings on disk are sound, and whether the daemon runs with them. Reads them on a thread of its own, as check-config does;
// must not change what the daemon runs with.
#pragma once

#include <functional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include "daemon/api/backend.hpp"
#include "daemon/settings/settings.hpp"

namespace halfmast::app {

namespace asio = boost::asio;

class settings_desk {
public:
    settings_desk(asio::any_io_executor home, const settings::settings& running, std::function<time_point()> clock)
        : home_(std::move(home)),
          file_(running.file),
          mark_(running.mark),
          access_mark_(running.access_mark),
          clock_(std::move(clock)),
          since_(clock_())
    {
    }
    ~settings_desk() { pool_.join(); }

    // [access] of these is what the daemon runs with from now on.
    void access_renewed(const settings::settings& read) { access_mark_ = read.access_mark; }

    asio::awaitable<api::settings_report> check();

private:
    asio::any_io_executor home_;
    std::string file_;
    std::uint64_t mark_;
    std::uint64_t access_mark_;
    std::function<time_point()> clock_;
    time_point since_;
    asio::thread_pool pool_{1};
};

}  // namespace halfmast::app
