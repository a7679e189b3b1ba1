// The daemon's log: messages of the catalogue (messages.def), one line each on standard error. Under systemd the line starts
// with its priority, as the journal wants it; elsewhere with time and program. Control characters are shown, not sent, and
// what looks like a credential is blotted out. Must not know posts, crises or platforms.
#pragma once

#include <chrono>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace halfmast::log {

// As in syslog, which journald reads.
enum class level {
    error = 3,    // somebody has to act
    warning = 4,  // somebody should look
    notice = 5,   // worth knowing
    info = 6,     // for those who look for something
};

enum class message {
#define HALFMAST_MESSAGE(name, level, text, meaning, advice) name,
#include "daemon/log/messages.def"
#undef HALFMAST_MESSAGE
};

struct entry {
    std::string_view id;  // "HM_HOLD_ESCAPED"
    level how;
    std::string_view text;
    std::string_view meaning;
    std::string_view advice;
};

const entry& describe(message what);
std::span<const entry> catalogue();

// One key=value of a line. Fields without a value are left out.
struct field {
    std::string_view key;
    std::string value;
};

enum class style {
    journal,  // "<4>HM_... text key=value"
    plain,    // "2026-11-21T14:30:00Z halfmastd: warning HM_... text key=value"
};

// The line with its line end. Pure: for tests, and for whoever wants it elsewhere.
std::string format(message what, std::span<const field> fields, style how, std::chrono::system_clock::time_point at);

// The same as the journal's own fields, for `journalctl -x` and for filters: MESSAGE, MESSAGE_ID, PRIORITY, and HALFMAST_KEY for each field.
// Pure.
std::vector<std::string> journal_fields(message what, std::span<const field> fields);

// Writes it in one piece: to the journal with its fields where that is there, else as a line. Never throws and never blocks the caller for the sake of a log.
void say(message what, std::initializer_list<field> fields = {}) noexcept;

// True when standard error is the journal's stream (JOURNAL_STREAM names it).
bool writes_to_journal();

}  // namespace halfmast::log
