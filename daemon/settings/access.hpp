// [access]: people, the groups of this machine, and the organisation's OpenID Connect provider; and the files of TLS. Internal to
// this room.
#pragma once

#include <set>
#include <string>

#include "daemon/ports/access.hpp"
#include "daemon/settings/table.hpp"

namespace halfmast::settings {

class access_reader {
public:
    access_reader(bool secrets, access::options& made) : secrets_(secrets), made_(made) {}

    void read(table_reader table);

private:
    std::set<role> read_roles(table_reader& owner, const std::string& key);
    std::map<std::string, std::set<role>> read_groups(table_reader& owner);
    void read_user(table_reader one, std::size_t number);
    void read_provider(table_reader one);

    bool secrets_;
    access::options& made_;
};

// tls = { certificate, key, client_ca } of [daemon]; paths are relative to the settings.
access::tls_paths read_tls(table_reader table);

}  // namespace halfmast::settings
