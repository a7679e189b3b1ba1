#include "daemon/store/spool.hpp"

#include <algorithm>
#include <filesystem>

#include <unistd.h>

#include "daemon/audit/files.hpp"

namespace halfmast::store {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_spooled = 1u << 20;

bool is_raise(const std::string& name) { return name.starts_with("raise-") && name.ends_with(".json"); }

}  // namespace

result<std::vector<spooled>> read_spool(const std::string& state_dir)
{
    auto folder = state_dir + "/spool";
    std::error_code error;
    std::vector<std::string> paths;
    for (fs::directory_iterator at{folder, error}; !error && at != fs::directory_iterator{}; at.increment(error))
        if (is_raise(at->path().filename().string()))
            paths.push_back(at->path().string());
    if (error == std::errc::no_such_file_or_directory)
        return std::vector<spooled>{};
    if (error)
        return problem{failure::local, "cannot read " + folder + ": " + error.message(), {}};
    std::ranges::sort(paths);
    std::vector<spooled> found;
    for (auto& path : paths) {
        auto bytes = audit::read_file(path, most_spooled);
        found.push_back({std::move(path), bytes ? std::move(*bytes) : std::string{}});
    }
    return found;
}

void remove_spool(const std::string& path)
{
    // A file that stays is obeyed once more at the next start, which finds the crisis open and repeats nothing.
    if (::unlink(path.c_str()) == 0)
        (void)audit::sync_directory(fs::path{path}.parent_path().string());
}

}  // namespace halfmast::store
