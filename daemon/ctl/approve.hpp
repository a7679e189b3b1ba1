// halfmast say approve: a person's word for words that wait. It is given for one edition, and says which words that were.
#pragma once

namespace CLI {
class App;
}

namespace halfmast::ctl {

struct session;

// Adds it to `say`.
void add_approve(CLI::App& say, session&);

}  // namespace halfmast::ctl
