// Everything that is wrong with the settings, collected while they are read. Internal to this room.
#pragma once

#include <string>
#include <vector>

#include "daemon/settings/settings.hpp"
#include "daemon/settings/toml.hpp"

namespace halfmast::settings {

class fault_list {
public:
    // A position of line 0 stands for the file as a whole.
    void add(const std::string& file, toml::source_position at, weight how, std::string text);

    [[nodiscard]] std::size_t errors() const { return errors_; }

    // In file order: the main file first, then the others in the order in which `files` names them.
    [[nodiscard]] std::vector<fault> take(const std::vector<std::string>& files);

private:
    std::vector<fault> all_;
    std::size_t errors_ = 0;
};

}  // namespace halfmast::settings
