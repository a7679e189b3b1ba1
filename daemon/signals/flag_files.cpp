#include "daemon/signals/flag_files.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace halfmast::signals {

namespace {

constexpr std::chrono::seconds look_every{1};
constexpr std::size_t most_read = 4'096;
constexpr std::size_t most_file_lines = 6;

// The first lines of a file; nothing when it is not there. Nothing is read through a link, or from what is no file: who may write
// into the folder could name any file of ours, and have it shown.
std::optional<std::vector<std::string>> lines_of(const std::string& path, time_point& written)
{
    struct stat about {};
    if (::lstat(path.c_str(), &about) != 0)
        return std::nullopt;
    written = time_point{seconds{about.st_mtim.tv_sec}};
    std::vector<std::string> lines;
    if (!S_ISREG(about.st_mode))
        return lines;
    int file = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return lines;
    std::array<char, most_read> bytes{};
    auto size = ::read(file, bytes.data(), bytes.size());
    ::close(file);
    std::string_view text{bytes.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
    while (!text.empty() && lines.size() < most_file_lines) {
        auto end = text.find('\n');
        std::string line{text.substr(0, end)};
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
        std::erase_if(line, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
        if (!line.empty())
            lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace

flag_files::flag_files(asio::any_io_executor executor, std::vector<flag_file> files, std::function<time_point()> clock,
                       std::function<void(heard_signal)> hear)
    : files_(std::move(files)),
      clock_(std::move(clock)),
      hear_(std::move(hear)),
      timer_(executor)
{
}

void flag_files::start()
{
    if (files_.empty())
        return;
    look();
    wait();
}

void flag_files::wait()
{
    timer_.expires_after(look_every);
    timer_.async_wait([this](boost::system::error_code error) {
        if (error || stopping_)
            return;
        look();
        wait();
    });
}

void flag_files::stop()
{
    stopping_ = true;
    timer_.cancel();
}

void flag_files::look()
{
    for (const auto& one : files_) {
        time_point written{};
        auto lines = lines_of(one.path, written);
        auto known = there_.find(one.path);
        bool was_there = known != there_.end();
        if (!lines && !was_there)
            continue;
        auto now = clock_();
        if (lines && was_there && waits_still(now, known->second + said_again_after, said_again_after))
            continue;
        heard_signal said;
        said.source = "flag-file/" + one.playbook;
        said.what = lines && !lines->empty() ? lines->front() : "the file " + one.path + " is there";
        said.playbook = one.playbook;
        said.level = one.level;
        said.over = one.over;
        // One that was there before a person lowered its flag, or before a start, is shown to a person: only what is new raises.
        // One of tomorrow would be new at every start.
        bool is_new = written + said_again_after > now && written < now + said_again_after;
        said.wish = was_there || !is_new ? signal_wish::propose : one.wish;
        said.evidence = {one.path};
        if (lines)
            said.evidence.insert(said.evidence.end(), lines->begin(), lines->end());
        said.ended = !lines;
        if (lines)
            there_[one.path] = now;
        else
            there_.erase(known);
        hear_(std::move(said));
    }
}

}  // namespace halfmast::signals
