// [[account]]: what every account has, and a connector's own keys. Internal to this room.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "daemon/settings/table.hpp"

namespace halfmast::settings {

// How long before a credential ends it may be said; a day at least, for accounts are tried daily.
inline constexpr bounds warn_bounds{std::chrono::hours{24}, std::chrono::hours{24 * 365}};

// A connector's view of its account's table.
class account_reader : public account_values {
public:
    account_reader(table_reader& table, bool secrets, bool has_vault);

    std::string text(std::string_view key) override;
    std::optional<std::string> optional_text(std::string_view key) override;
    std::optional<bool> flag(std::string_view key) override;
    std::optional<std::int64_t> whole(std::string_view key) override;
    std::string base_url(std::string_view key) override;
    std::string secret(std::string_view key) override;
    void fault(std::string_view key, std::string text) override;
    bool has(std::string_view key) override;
    std::vector<std::string> texts(std::string_view key) override;
    std::string path(std::string_view key) override;
    std::shared_ptr<const document> file(std::string_view key) override;
    void fault(const document& in, document_place at, std::string text) override;
    void needs_vault(std::string_view what_for) override;

private:
    table_reader& table_;
    bool secrets_;
    bool has_vault_;
    std::optional<bool> allow_http_;
    std::set<std::string, std::less<>> unread_;  // secrets that stand there and were not looked at
};

// Reads the accounts of the main file one after the other.
class account_list {
public:
    account_list(std::span<const connector_room> rooms, bool secrets) : rooms_(rooms), secrets_(secrets) {}

    void has_vault(bool yes) { has_vault_ = yes; }
    void read(table_reader account, std::size_t number);
    std::vector<account_entry> take() { return std::move(all_); }

private:
    std::string read_id(table_reader& account, std::size_t number);
    const connector_room* find_room(table_reader& account);
    void read_own(table_reader& account, account_entry& made);

    std::span<const connector_room> rooms_;
    bool secrets_;
    bool has_vault_ = false;
    std::map<std::string, toml::source_index> ids_;  // and the line each stands in
    std::vector<account_entry> all_;
};

}  // namespace halfmast::settings
