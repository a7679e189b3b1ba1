// Small files of the state directory (key, checkpoint): read whole, written whole or not at all.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "daemon/ports/result.hpp"

namespace halfmast::audit {

// not_found when there is no such file; local for any other trouble, a file larger than `most` included.
result<std::string> read_file(const std::string& path, std::size_t most = 1u << 20);

// Makes the bytes durable under a name of their own, then renames: a reader sees the old file or the new one, never half of it.
result<void> replace_file(const std::string& path, std::string_view bytes, mode_t mode);

// As replace_file, but leaves a file that is there already untouched: then the value is false.
result<bool> create_file(const std::string& path, std::string_view bytes, mode_t mode);

// After this a new name in the directory survives a power cut.
result<void> sync_directory(const std::string& path);

// "cannot write /x/y: No space left on device"
problem system_problem(std::string_view what, std::string_view path, int error);

}  // namespace halfmast::audit
