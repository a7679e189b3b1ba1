// [[playbook]]: what a flag holds, promises and says. Internal to this room.
#pragma once

#include <map>
#include <string>

#include "daemon/settings/table.hpp"
#include "daemon/settings/wording.hpp"

namespace halfmast::settings {

class playbook_list {
public:
    void read(table_reader book, std::size_t number);
    // When all playbooks and all accounts are read.
    void check(const std::vector<account_entry>& accounts, fault_list& faults) const
    {
        check_accounts(all_, wordings_, accounts, faults);
    }
    std::map<std::string, playbook> take() { return std::move(all_); }
    std::vector<std::string> take_partners() { return std::move(partners_); }

private:
    std::string read_name(table_reader& book, std::size_t number);

    std::map<std::string, std::string> places_;  // name -> "playbooks/outage.toml:3"
    std::map<std::string, playbook> all_;
    std::map<std::string, wording_places> wordings_;
    std::vector<std::string> partners_;  // each once
};

}  // namespace halfmast::settings
