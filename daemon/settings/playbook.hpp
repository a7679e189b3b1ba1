// [[playbook]]: what a flag holds, promises and says. Internal to this room.
#pragma once

#include <map>
#include <string>

#include "daemon/settings/table.hpp"

namespace halfmast::settings {

class playbook_list {
public:
    void read(table_reader book, std::size_t number);
    std::map<std::string, playbook> take() { return std::move(all_); }

private:
    std::string read_name(table_reader& book, std::size_t number);

    std::map<std::string, std::string> places_;  // name -> "playbooks/outage.toml:3"
    std::map<std::string, playbook> all_;
};

}  // namespace halfmast::settings
