// The ledger as JSON lines, for an auditor who shall not need SQLite: tests/audit/verify.py checks it with Python alone.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "daemon/ports/result.hpp"

namespace halfmast::audit {

// One line for each record, {"at","hash","payload","prev","seq"}, hashes in hex and the payload as a string; last the signed
// head, {"checkpoint":{...}}. Gives the number of records. Judges nothing: a spoilt record is exported as it stands. The
// blobs are not in it.
result<std::int64_t> export_jsonl(const std::string& state_dir, std::ostream& out);

}  // namespace halfmast::audit
