#include "daemon/app/settings_desk.hpp"

#include "connectors/registry.hpp"
#include "daemon/net/off_loop.hpp"

namespace halfmast::app {

namespace {

// Of what was read only this comes back to the loop's thread: no secret, and not ten thousand accounts.
struct reading_of_settings {
    std::uint64_t mark = 0;
    std::uint64_t access_mark = 0;
    std::vector<settings::fault> faults;
};

}  // namespace

asio::awaitable<api::settings_report> settings_desk::check()
{
    std::function<reading_of_settings()> work = [file = file_] {
        auto loaded = settings::load(file, connectors(), true);
        reading_of_settings made;
        made.mark = loaded.value.mark;
        made.access_mark = loaded.value.access_mark;
        made.faults = std::move(loaded.faults);
        return made;
    };
    auto read = co_await net::off_loop<reading_of_settings>(pool_, home_, std::move(work));
    api::settings_report report;
    report.file = file_;
    report.running_since = since_;
    report.checked_at = clock_();
    report.differs = read.mark != mark_ || read.access_mark != access_mark_;
    for (auto& one : read.faults) {
        if (one.how == settings::weight::error) {
            api::settings_report::fault said;
            said.file = one.file;
            said.line = one.line;
            said.column = one.column;
            said.what = std::move(one.text);
            report.faults.push_back(std::move(said));
        } else {
            report.doubts.push_back(to_string(one));
        }
    }
    co_return report;
}

}  // namespace halfmast::app
