// Who may do what: roles, and what each may ask for. Raising needs the least, letting go the most. How somebody proves to have a
// role is no part of this.
#pragma once

#include <array>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace halfmast {

enum class role {
    ops,      // raises, lowers and holds
    manager,  // reviews, releases and speaks
    on_call,  // answers pages
    auditor,  // reads everything and exports it; changes nothing
    admin,    // everything, and who may do what
};

inline constexpr std::array every_role{role::ops, role::manager, role::on_call, role::auditor, role::admin};

// What a request asks for; each route names one.
enum class may {
    read,         // queue, crises, pages, ledger
    raise,        // put up a flag
    lower,        // take it down; lets nothing go
    hold,         // stop one post
    review,       // keep, judge and note held posts
    release,      // let a post go out
    say,          // statements: approve, publish, correct
    acknowledge,  // take a page or a task in hand
    audit,        // export, and who holds a token
    administer,   // tokens and login links of others
    nothing,      // probes and signing in: whoever comes
};

bool allows(role, may);
bool allows(const std::set<role>&, may);  // one of them is enough

// What may go on while nobody can tell whether somebody still has their roles: looking, stopping, and answering a call.
bool is_safe_direction(may);

std::string_view to_string(role);
std::string_view to_string(may);
std::optional<role> role_named(std::string_view);
std::string in_words(const std::set<role>&);  // "ops, manager"; "no role"

}  // namespace halfmast
