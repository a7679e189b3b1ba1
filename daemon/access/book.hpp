// Tokens, sessions and login links: what is true of them now, and what of that outlives a restart. Pure: time comes in, text goes
// out. Holds no secret, only hashes of them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/core/roles.hpp"
#include "daemon/core/time.hpp"
#include "daemon/ports/result.hpp"

namespace halfmast::access {

struct kept_token {
    std::string id;  // "t-3"
    std::string name;
    std::string user;  // in whose name it asks
    std::string by;    // who made it
    std::set<role> roles;
    std::string hash;
    time_point made_at;
    std::optional<time_point> ends_at;
    std::optional<time_point> used_at;
};

inline constexpr std::string_view way_of_provider = "provider";

struct kept_session {
    std::string hash;
    std::string user;
    std::string way;                      // "password", "login link"; of the provider's it is not written what outlives the daemon
    std::optional<std::set<role>> roles;  // as they were at sign-in; absent: the settings say, each time
    std::string mark;                     // of the password it began with: another one ends it
    std::string language;
    time_point made_at;
    time_point seen_at;
    std::optional<time_point> ends_at;  // earlier than others of its age
};

struct kept_link {
    std::string hash;
    std::string user;
    std::optional<std::set<role>> roles;
    std::string language;
    time_point ends_at;
};

constexpr milliseconds link_lasts = std::chrono::minutes{10};

class book {
public:
    // What was written before. A problem says what is wrong with the text; then nothing was taken over.
    std::optional<problem> read(std::string_view text);
    // Tokens and sessions. A link does not outlive the daemon, nor a session of the provider: what it is asked again with is in memory
    // alone.
    [[nodiscard]] std::string write() const;

    // ---- tokens ----
    const kept_token& add_token(kept_token made);  // gives it an id
    const kept_token* token(const std::string& hash, time_point now);
    std::optional<kept_token> revoke(const std::string& id);
    [[nodiscard]] std::vector<kept_token> tokens(time_point now) const;

    // ---- sessions ----
    void add_session(kept_session made);
    // Null when there is none, or it is over; one that is over is forgotten.
    const kept_session* session(const std::string& hash, time_point now, milliseconds idle, milliseconds longest);
    bool end_session(const std::string& hash);
    // The same without counting as a use.
    [[nodiscard]] const kept_session* peek(const std::string& hash, time_point now, milliseconds idle, milliseconds longest) const;
    // What the provider says of it now. Nothing where there is none.
    void set_roles(const std::string& hash, std::set<role> roles);
    void set_end(const std::string& hash, time_point ends_at);
    [[nodiscard]] std::vector<std::string> sessions_of(std::string_view way) const;                  // hashes
    [[nodiscard]] const std::map<std::string, kept_session>& sessions() const { return sessions_; }  // also those that are over

    // ---- login links: one use ----
    void add_link(kept_link made, time_point now);
    [[nodiscard]] const kept_link* link(const std::string& hash, time_point now) const;
    std::optional<kept_link> use_link(const std::string& hash, time_point now);

    // Uses are noted to the minute. True once when there is something that was not written since.
    bool take_change();

private:
    std::map<std::string, kept_token> tokens_;      // by hash
    std::map<std::string, kept_session> sessions_;  // by hash
    std::map<std::string, kept_link> links_;        // by hash
    std::uint64_t last_token_ = 0;
    bool changed_ = false;
};

}  // namespace halfmast::access
