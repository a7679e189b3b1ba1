// What a state says about a decision: done, still open, or come to nothing. Pure, like truth.hpp.
#pragma once

#include <string>
#include <vector>

#include "daemon/ctl/session.hpp"

namespace halfmast::ctl {

struct decision {
    const char* name;               // as typed
    const char* route;              // of the API
    const char* done_word;          // "released"
    std::vector<std::string> good;  // states that mean: done, read back
    std::vector<std::string> open;  // states that mean: on its way
};

extern const decision hold_decision;
extern const decision release_decision;
extern const decision reschedule_decision;
extern const decision keep_decision;

// What came of it for one post.
struct decided {
    std::string id;
    bool open = true;  // not known yet
    int code = exit_code::partly;
    std::string type;  // of the refusal; empty when it was not refused
    std::string state;
    std::string detail;
    std::string due;   // RFC 3339, when it goes out
    std::string post;  // the newest answer's post, as JSON text
};

// `post` as in halfmast.post/1.
void take_answer(const decision&, const document& post, decided& one);

// All alike: that code. Mixed: partly.
int code_of(const std::vector<decided>& all);

// "acme-blog/123: released, due 14:30 UTC"
std::string sentence_of(const decision&, const decided& one);

// halfmast.queue-release/1 and its siblings.
document decisions_message(const decision&, const std::vector<decided>& all, int code);

}  // namespace halfmast::ctl
