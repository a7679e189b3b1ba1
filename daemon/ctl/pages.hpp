// Pages: what people have to know, and who has it in hand.
#pragma once

#include "daemon/ctl/session.hpp"

namespace halfmast::ctl {

// `doctor --pages`: a marked test page to each receiver, by the daemon, and what each answered. An exit code.
int test_pages(const session&);

}  // namespace halfmast::ctl
