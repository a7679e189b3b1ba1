#include "daemon/access/book.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace halfmast::access {

namespace {

using nlohmann::json;

constexpr std::string_view book_schema = "halfmast.access/1";
constexpr std::size_t most_sessions_of_one = 20;
constexpr std::size_t most_links = 1'000;
constexpr milliseconds use_step = std::chrono::minutes{1};

json roles_json(const std::set<role>& roles)
{
    auto all = json::array();
    for (auto one : roles)
        all.push_back(to_string(one));
    return all;
}

// Throws, as everything that reads here does; read() turns it into a problem. A role of another version gives nothing.
std::set<role> read_roles(const json& all)
{
    std::set<role> roles;
    for (const auto& name : all)
        if (auto known = role_named(name.get<std::string>()))
            roles.insert(*known);
    return roles;
}

time_point read_time(const json& text)
{
    auto at = parse_rfc3339(text.get<std::string>());
    if (!at)
        throw std::runtime_error("'" + text.get<std::string>() + "' is not a time");
    return *at;
}

json token_json(const kept_token& one)
{
    json made{{"id", one.id},
              {"name", one.name},
              {"user", one.user},
              {"by", one.by},
              {"roles", roles_json(one.roles)},
              {"hash", one.hash},
              {"made_at", format_utc(one.made_at)}};
    if (one.ends_at)
        made["ends_at"] = format_utc(*one.ends_at);
    if (one.used_at)
        made["used_at"] = format_utc(*one.used_at);
    return made;
}

kept_token read_token(const json& from)
{
    kept_token made;
    made.id = from.at("id");
    made.name = from.at("name");
    made.user = from.at("user");
    made.by = from.at("by");
    made.roles = read_roles(from.at("roles"));
    made.hash = from.at("hash");
    made.made_at = read_time(from.at("made_at"));
    if (from.contains("ends_at"))
        made.ends_at = read_time(from.at("ends_at"));
    if (from.contains("used_at"))
        made.used_at = read_time(from.at("used_at"));
    return made;
}

json session_json(const kept_session& one)
{
    json made{{"hash", one.hash},
              {"user", one.user},
              {"way", one.way},
              {"mark", one.mark},
              {"language", one.language},
              {"made_at", format_utc(one.made_at)},
              {"seen_at", format_utc(one.seen_at)}};
    if (one.roles)
        made["roles"] = roles_json(*one.roles);
    return made;
}

kept_session read_session(const json& from)
{
    kept_session made;
    made.hash = from.at("hash");
    made.user = from.at("user");
    made.way = from.at("way");
    made.mark = from.at("mark");
    made.language = from.at("language");
    made.made_at = read_time(from.at("made_at"));
    made.seen_at = read_time(from.at("seen_at"));
    if (from.contains("roles"))
        made.roles = read_roles(from.at("roles"));
    return made;
}

}  // namespace

std::optional<problem> book::read(std::string_view text)
{
    try {
        auto all = json::parse(text);
        if (all.at("schema") != book_schema)
            return problem{failure::local, "was written by another version of halfmast", {}};
        decltype(tokens_) tokens;
        for (const auto& one : all.at("tokens")) {
            auto made = read_token(one);
            tokens.emplace(made.hash, std::move(made));
        }
        decltype(sessions_) sessions;
        for (const auto& one : all.at("sessions")) {
            auto made = read_session(one);
            if (made.way != way_of_provider)  // of a version that wrote them
                sessions.emplace(made.hash, std::move(made));
        }
        last_token_ = all.at("last_token");
        tokens_ = std::move(tokens);
        sessions_ = std::move(sessions);
        return std::nullopt;
    } catch (const std::exception& error) {
        return problem{failure::local, std::string{"is damaged: "} + error.what(), {}};
    }
}

std::string book::write() const
{
    auto tokens = json::array();
    for (const auto& [hash, one] : tokens_)
        tokens.push_back(token_json(one));
    auto sessions = json::array();
    for (const auto& [hash, one] : sessions_)
        if (one.way != way_of_provider)
            sessions.push_back(session_json(one));
    json all{
        {"schema", book_schema}, {"last_token", last_token_}, {"tokens", std::move(tokens)}, {"sessions", std::move(sessions)}};
    return all.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

const kept_token& book::add_token(kept_token made)
{
    made.id = "t-" + std::to_string(++last_token_);
    changed_ = true;
    auto hash = made.hash;
    return tokens_.insert_or_assign(std::move(hash), std::move(made)).first->second;
}

const kept_token* book::token(const std::string& hash, time_point now)
{
    auto found = tokens_.find(hash);
    if (found == tokens_.end() || (found->second.ends_at && *found->second.ends_at <= now))
        return nullptr;
    auto& one = found->second;
    if (!one.used_at || now - *one.used_at >= use_step) {
        one.used_at = std::chrono::floor<std::chrono::minutes>(now);
        changed_ = true;
    }
    return &one;
}

std::optional<kept_token> book::revoke(const std::string& id)
{
    auto found = std::ranges::find_if(tokens_, [&](const auto& one) { return one.second.id == id; });
    if (found == tokens_.end())
        return std::nullopt;
    auto gone = std::move(found->second);
    tokens_.erase(found);
    changed_ = true;
    return gone;
}

std::vector<kept_token> book::tokens(time_point now) const
{
    std::vector<kept_token> all;
    for (const auto& [hash, one] : tokens_)
        if (!one.ends_at || *one.ends_at > now)
            all.push_back(one);
    std::ranges::sort(all, {}, &kept_token::made_at);
    return all;
}

void book::add_session(kept_session made)
{
    // Whoever signs in again and again loses the oldest ones.
    std::vector<std::pair<time_point, std::string>> same_user;
    for (const auto& [hash, one] : sessions_)
        if (one.user == made.user)
            same_user.emplace_back(one.seen_at, hash);
    if (same_user.size() >= most_sessions_of_one)
        sessions_.erase(std::ranges::min(same_user).second);
    changed_ = true;
    auto hash = made.hash;
    sessions_.insert_or_assign(std::move(hash), std::move(made));
}

const kept_session* book::session(const std::string& hash, time_point now, milliseconds idle, milliseconds longest)
{
    auto found = sessions_.find(hash);
    if (found == sessions_.end())
        return nullptr;
    auto& one = found->second;
    if (peek(hash, now, idle, longest) == nullptr) {
        sessions_.erase(found);
        changed_ = true;
        return nullptr;
    }
    if (now - one.seen_at >= use_step) {
        one.seen_at = now;
        changed_ = true;
    }
    return &one;
}

const kept_session* book::peek(const std::string& hash, time_point now, milliseconds idle, milliseconds longest) const
{
    auto found = sessions_.find(hash);
    if (found == sessions_.end())
        return nullptr;
    const auto& one = found->second;
    bool over = now - one.seen_at >= idle || now - one.made_at >= longest || (one.ends_at && *one.ends_at <= now);
    return over ? nullptr : &one;
}

void book::set_roles(const std::string& hash, std::set<role> roles)
{
    if (auto found = sessions_.find(hash); found != sessions_.end())
        found->second.roles = std::move(roles);
}

void book::set_end(const std::string& hash, time_point ends_at)
{
    if (auto found = sessions_.find(hash); found != sessions_.end())
        found->second.ends_at = ends_at;
}

std::vector<std::string> book::sessions_of(std::string_view way) const
{
    std::vector<std::string> hashes;
    for (const auto& [hash, one] : sessions_)
        if (one.way == way)
            hashes.push_back(hash);
    return hashes;
}

bool book::end_session(const std::string& hash)
{
    bool was = sessions_.erase(hash) > 0;
    changed_ = changed_ || was;
    return was;
}

void book::add_link(kept_link made, time_point now)
{
    std::erase_if(links_, [&](const auto& one) { return one.second.ends_at <= now; });
    if (links_.size() >= most_links)
        links_.erase(std::ranges::min_element(links_, {}, [](const auto& one) { return one.second.ends_at; }));
    auto hash = made.hash;
    links_.insert_or_assign(std::move(hash), std::move(made));
}

const kept_link* book::link(const std::string& hash, time_point now) const
{
    auto found = links_.find(hash);
    return found == links_.end() || found->second.ends_at <= now ? nullptr : &found->second;
}

std::optional<kept_link> book::use_link(const std::string& hash, time_point now)
{
    if (link(hash, now) == nullptr)
        return std::nullopt;
    auto used = std::move(links_.extract(hash).mapped());
    return used;
}

bool book::take_change() { return std::exchange(changed_, false); }

}  // namespace halfmast::access
