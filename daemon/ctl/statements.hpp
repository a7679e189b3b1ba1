// What would be said, account by account, as the daemon wrote it: for `raise -n`, `plan` and `say draft`.
#pragma once

#include <cstdint>

#include "daemon/ctl/print.hpp"
#include "daemon/ctl/session.hpp"

namespace halfmast::ctl {

// How many things about some statements are not as they should be.
struct statement_faults {
    std::uint64_t troubled = 0;  // cannot go out as they are
    std::uint64_t dead_links = 0;
};

// The member "text" of `said`, which may have several lines: all of them, indented, to standard output.
void print_text(const document& said);
// The first of them, as far as there is room to quote it.
std::string first_line(const document& said);

// `list` is the member "statements" of halfmast.plan/1 and halfmast.statements/1. Prints to standard output.
statement_faults print_statements(const document& list, const paint& color);

}  // namespace halfmast::ctl
