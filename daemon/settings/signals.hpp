// [signals], [[hook]], [[signal]], [[flag_file]], [mentions] and [dead_links]: what may be the first warning, and what it may do.
// Internal to this room.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "daemon/settings/table.hpp"

namespace halfmast::settings {

class signal_list {
public:
    explicit signal_list(bool secrets) : secrets_(secrets) {}

    void read_rules(table_reader signals);
    // Hooks first: the rules name them.
    void read_hook(table_reader hook, std::size_t number);
    void read_rule(table_reader rule, std::size_t number);
    void read_file(table_reader file, std::size_t number);
    void read_mentions(table_reader mentions);
    void read_dead_links(table_reader links);
    // What only can be judged when the playbooks are read too; then they are the settings'. Complaint words that a file of
    // [mentions] names are given with add_complaints.
    void finish(settings& made);

    // "complaints" of [mentions]; nothing: the shipped ones.
    void add_complaints(std::vector<word_rule> words);

private:
    struct named_playbook {
        table_reader where;
        const toml::node* node;
        std::string name;
    };

    // playbook, severity and do, as all of them have it. `wish`: null where it only proposes.
    void read_target(table_reader& from, std::string& playbook, std::optional<severity>& level, signal_wish* wish);
    void read_secrets(table_reader& hook, hook_settings& made);
    bool check_texts(table_reader& rule, const char* key, const toml::node* node, const std::string& text);
    std::vector<field_match> read_matches(table_reader& rule, const char* key);
    void read_scope_texts(table_reader& rule, std::map<std::string, std::string>& over, bool fields);

    bool secrets_;
    signal_settings made_;
    signal_rules rules_;
    std::vector<word_rule> complaints_;
    std::vector<named_playbook> playbooks_;
    std::set<std::string> hooks_;
};

}  // namespace halfmast::settings
