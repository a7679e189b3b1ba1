#include "daemon/settings/access.hpp"

#include <algorithm>

#include "daemon/settings/paths.hpp"
#include "daemon/settings/secrets.hpp"
#include "daemon/settings/urls.hpp"
#include "daemon/text/closest.hpp"

namespace halfmast::settings {

namespace {

constexpr bounds idle_bounds{std::chrono::minutes{5}, std::chrono::hours{24}};
constexpr bounds longest_bounds{std::chrono::minutes{15}, std::chrono::hours{24 * 30}};
constexpr bounds recheck_bounds{std::chrono::seconds{1}, std::chrono::hours{12}};
constexpr bounds session_max_bounds{std::chrono::minutes{1}, std::chrono::hours{24}};
constexpr std::size_t longest_user = 128;

bool is_user_name(const std::string& name)
{
    return !name.empty() && name.size() <= longest_user && name != "halfmast" && name != "loopback"
           && std::ranges::none_of(name, [](unsigned char c) { return c < 0x21 || c == 0x7f; });
}

// As libsodium and every other argon2id writes it.
bool is_argon2id(const std::string& text)
{
    return text.starts_with("$argon2id$v=19$m=") && text.size() < 128 && std::ranges::count(text, '$') == 5;
}

std::string role_names()
{
    std::string words;
    for (auto one : every_role) {
        words += words.empty() ? "" : ", ";
        words += to_string(one);
    }
    return words;
}

}  // namespace

std::set<role> access_reader::read_roles(table_reader& owner, const std::string& key)
{
    std::set<role> roles;
    auto given = owner.texts(key);
    for (const auto& [name, node] : given) {
        if (auto known = role_named(name)) {
            roles.insert(*known);
            continue;
        }
        text::nearest search{name};
        for (auto one : every_role)
            search.offer(std::string{to_string(one)});
        owner.fault(node, key + ": '" + name + "' is no role; " + role_names() + " are." + search.question());
    }
    if (given.empty() && owner.find(key) == nullptr)
        owner.fault(nullptr, key + " is missing: at least one of " + role_names());
    return roles;
}

std::map<std::string, std::set<role>> access_reader::read_groups(table_reader& owner)
{
    std::map<std::string, std::set<role>> made;
    const auto* table = owner.table("groups");
    if (table == nullptr)
        return made;
    auto groups = owner.inside(*table, "groups");
    for (const auto& [key, node] : *table) {
        std::string name{key.str()};
        made[name] = read_roles(groups, name);
    }
    groups.finish();
    return made;
}

void access_reader::read_user(table_reader one, std::size_t number)
{
    one.rename("access user #" + std::to_string(number));
    access::user made;
    if (auto name = one.required_text("name")) {
        made.name = *name;
        one.rename("access user " + *name);
        if (!is_user_name(*name))
            one.fault(one.find("name"),
                      "name: '" + *name + "' cannot be a person's name here: no blanks, and neither halfmast nor loopback");
        if (std::ranges::find(made_.users, *name, &access::user::name) != made_.users.end())
            one.fault(one.find("name"), "there is a person of that name already");
    }
    if (const auto* node = one.find("password")) {
        made.password_hash = read_secret(one, "password", *node, secrets_);
        if (!made.password_hash.empty() && !is_argon2id(made.password_hash))
            one.fault(node, "password: what stands there is no argon2id hash; make one: halfmastd --hash-password");
    }
    made.roles = read_roles(one, "roles");
    made.language = one.text("language").value_or("");
    made.certificate = one.text("certificate").value_or("");
    one.finish();
    made_.users.push_back(std::move(made));
}

void access_reader::read_provider(table_reader one)
{
    access::provider_options made;
    if (auto issuer = one.required_text("issuer")) {
        made.issuer = *issuer;  // compared letter by letter, so a slash at its end stays
        if (auto checked = check_base_url(*issuer, false); !checked)
            one.fault(one.find("issuer"), "issuer " + checked.error().detail);
    }
    made.client_id = one.required_text("client_id").value_or("");
    if (const auto* node = one.find("client_secret"))
        made.client_secret = secret{read_secret(one, "client_secret", *node, secrets_)};
    else
        one.fault(nullptr, "client_secret is missing");
    if (auto name = one.text("name_claim"))
        made.name_claim = *name;
    if (auto name = one.text("groups_claim"))
        made.groups_claim = *name;
    if (auto scope = one.text("scope"))
        made.scope = *scope;
    if ((" " + made.scope + " ").find(" openid ") == std::string::npos)
        one.fault(one.find("scope"), "scope: without 'openid' a provider proves nobody");
    if (auto length = one.duration("recheck", recheck_bounds))
        made.recheck = *length;
    if (auto length = one.duration("session_max", session_max_bounds))
        made.session_max = *length;
    bool has_groups = one.find("groups") != nullptr;
    made.groups = read_groups(one);
    if (made.groups.empty())
        one.fault(one.find("groups"), has_groups ? "groups names none: nobody could sign in"
                                                 : "groups is missing: which roles each of the provider's groups has");
    one.finish();
    made_.provider = std::move(made);
}

void access_reader::read(table_reader table)
{
    made_.set = true;
    if (auto url = table.text("url")) {
        if (auto checked = check_base_url(*url, false))
            made_.url = *checked;
        else
            table.fault(table.find("url"), "url " + checked.error().detail);
    }
    if (auto length = table.duration("session_idle", idle_bounds))
        made_.session_idle = *length;
    if (auto length = table.duration("session_longest", longest_bounds))
        made_.session_longest = *length;
    made_.unix_groups = read_groups(table);
    std::size_t number = 0;
    for (const auto* one : table.tables("user"))
        read_user(table.inside(*one, "user"), ++number);
    if (const auto* one = table.table("oidc")) {
        read_provider(table.inside(*one, "oidc"));
        if (made_.url.empty() && table.find("url") == nullptr)
            table.fault(one, "oidc needs url: where the provider sends people back to");
    }
    table.finish();
}

access::tls_paths read_tls(table_reader table)
{
    access::tls_paths made;
    auto path = [&](const char* key, bool needed) {
        auto text = needed ? table.required_text(key) : table.text(key);
        return text ? beside(table.file(), *text) : std::string{};
    };
    made.certificate = path("certificate", true);
    made.key = path("key", true);
    made.client_ca = path("client_ca", false);
    table.finish();
    return made;
}

}  // namespace halfmast::settings
