// Paths in a settings file are relative to that file, wherever the daemon was started. Internal to this room.
#pragma once

#include <filesystem>
#include <string>

namespace halfmast::settings {

inline std::string beside(const std::string& file, const std::string& path)
{
    return (std::filesystem::path{file}.parent_path() / path).lexically_normal().string();
}

}  // namespace halfmast::settings
