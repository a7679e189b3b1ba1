// [[receiver]], [[route]], [pages] and [heartbeat]: who is paged, for what, and when somebody else is. Internal to this room.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "daemon/settings/rota.hpp"
#include "daemon/settings/table.hpp"

namespace halfmast::settings {

class receiver_list {
public:
    explicit receiver_list(bool secrets) : secrets_(secrets) {}

    // Receivers first, then routes and the rest, which name them.
    void read(table_reader receiver, std::size_t number);
    void read_rota(table_reader rota, std::size_t number);
    void read_route(table_reader route, std::size_t number);
    void read_pages(table_reader pages);
    void read_heartbeat(table_reader beat);
    // What only can be judged when all are read; then they are the settings'.
    void finish(settings& made);

private:
    struct mention {  // of a receiver, by name
        table_reader where;
        const toml::node* node;
        std::string name;
        bool or_rota = false;
    };

    std::string read_name(table_reader& one, std::size_t number);
    void read_own(table_reader& one, receiver_settings& made);
    std::vector<std::string> names(table_reader& where, const char* key);
    void read_mail(table_reader& one, receiver_settings& made);
    void read_url(table_reader& one, receiver_settings& made, std::string_view otherwise, bool hidden);
    void read_secret_of(table_reader& one, const char* key, std::string& made, bool needed);
    void check_mentions();

    bool secrets_;
    std::vector<receiver_settings> all_;
    std::map<std::string, std::string> kinds_;  // by name
    std::vector<rota> rotas_;
    paging pages_;
    heartbeat_settings heartbeat_;
    std::vector<mention> mentions_;
};

}  // namespace halfmast::settings
