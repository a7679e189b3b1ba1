// What of the ledger and of the daemon's own life is said in the log, by the message catalogue.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/core/record.hpp"

namespace halfmast::app::journal {

void started(const std::string& state_dir, const std::string& socket, std::size_t accounts);
void stopping();
void stopped();
void recorded(const audit_record& record);  // only what a person may have to know
// A delivery that was not believed, or not taken; `times` since it was said last, this one included.
void hook_refused(const std::string& hook, const std::string& why, std::uint64_t times);
void access_settings(const std::string& why);  // they were read again, and cannot be obeyed
void ledger(const std::string& refused_why);   // empty: it works again
void proof(const std::string& unsound_why);    // of the ledger; empty: it is sound
void mistake(const std::string& what);         // a bug of ours that ended nothing
void spool_obeyed(const std::string& path, const std::string& crisis);
void program_said(const std::string& account, const std::string& line);  // an account's own program, beside its answers
void internal_error(const std::string& what);

}  // namespace halfmast::app::journal
