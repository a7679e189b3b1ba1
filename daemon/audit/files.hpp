// Small files of the state directory (key, checkpoint, spooled raise): read whole, written whole or not at all.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <sys/types.h>

#include "daemon/ports/result.hpp"

namespace halfmast::audit {

// not_found when there is no such file; local for any other trouble, a file larger than `most` included.
result<std::string> read_file(const std::string& path, std::size_t most = 1u << 20);

// Makes the bytes durable under a name of their own, then renames: a reader sees the old file or the new one, never half of it.
result<void> replace_file(const std::string& path, std::string_view bytes, mode_t mode);

// As replace_file, but leaves a file that is there already untouched: then the value is false.
result<bool> create_file(const std::string& path, std::string_view bytes, mode_t mode);

// Bytes that are durable already, and have no name yet that anybody reads. What never got one is gone with this object.
class durable_file {
public:
    // In the folder of `path`, the name it is for. `adjust` may give the open file away, or its rights.
    static result<durable_file> write(const std::string& path, std::string_view bytes, mode_t mode,
                                      const std::function<void(int)>& adjust = {});
    durable_file(durable_file&& other) noexcept : name_(std::exchange(other.name_, {})) {}
    durable_file& operator=(durable_file&& other) noexcept;
    ~durable_file() { forget(); }

    result<void> take_place_of(const std::string& path);
    // False: there is one already, and it stays. Another name may be tried.
    result<bool> become(const std::string& path);

private:
    explicit durable_file(std::string name) : name_(std::move(name)) {}
    void forget();
    std::string name_;
};

// Removes what durable_file left in the folder because its process was killed. Only for the one who alone writes there.
void remove_half_written(const std::string& folder);

// After this a new name in the directory survives a power cut.
result<void> sync_directory(const std::string& path);

// "cannot write /x/y: No space left on device"
problem system_problem(std::string_view what, std::string_view path, int error);

}  // namespace halfmast::audit
