#include "daemon/core/roles.hpp"

#include <algorithm>

namespace halfmast {

bool allows(role who, may what)
{
    if (what == may::nothing)
        return true;
    switch (who) {
    case role::ops:
        return what == may::read || what == may::raise || what == may::lower || what == may::hold || what == may::acknowledge;
    case role::manager:
        return what == may::read || what == may::raise || what == may::hold || what == may::review || what == may::release
               || what == may::say || what == may::acknowledge;
    case role::on_call: return what == may::read || what == may::raise || what == may::acknowledge;
    case role::auditor: return what == may::read || what == may::audit;
    case role::admin: return true;
    }
    return false;
}

bool allows(const std::set<role>& who, may what)
{
    return what == may::nothing || std::ranges::any_of(who, [&](role one) { return allows(one, what); });
}

bool is_safe_direction(may what)
{
    switch (what) {
    case may::read:
    case may::raise:
    case may::hold:
    case may::acknowledge:
    case may::audit:
    case may::nothing: return true;
    case may::lower:
    case may::review:
    case may::release:
    case may::say:
    case may::administer: return false;
    }
    return false;
}

std::string_view to_string(role who)
{
    switch (who) {
    case role::ops: return "ops";
    case role::manager: return "manager";
    case role::on_call: return "on_call";
    case role::auditor: return "auditor";
    case role::admin: return "admin";
    }
    return "nobody";
}

std::string_view to_string(may what)
{
    switch (what) {
    case may::read: return "read";
    case may::raise: return "raise";
    case may::lower: return "lower";
    case may::hold: return "hold";
    case may::review: return "review";
    case may::release: return "release";
    case may::say: return "say";
    case may::acknowledge: return "acknowledge";
    case may::audit: return "audit";
    case may::administer: return "administer";
    case may::nothing: return "nothing";
    }
    return "nothing";
}

std::optional<role> role_named(std::string_view name)
{
    for (auto one : every_role)
        if (to_string(one) == name)
            return one;
    return std::nullopt;
}

std::string in_words(const std::set<role>& who)
{
    std::string words;
    for (auto one : who) {
        words += words.empty() ? "" : ", ";
        words += to_string(one);
    }
    return words.empty() ? "no role" : words;
}

}  // namespace halfmast
