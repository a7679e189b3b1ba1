// Pages: what people have to know, and who has it in hand.
#pragma once

#include "daemon/ctl/print.hpp"
#include "daemon/ctl/session.hpp"

namespace halfmast::ctl {

// `doctor --pages`: a marked test page to each receiver, by the daemon, and what each answered. An exit code.
int test_pages(const session&);

// A line for each rota in "duty": who is told now, and when nobody would be.
void print_duty(const document& message, const paint& color, time_point at);

}  // namespace halfmast::ctl
