// Records to canonical JSON and back. Unknown fields are ignored at reading and stay in the ledger as they are.
#pragma once

#include <string>
#include <string_view>

#include "daemon/core/record.hpp"
#include "daemon/ports/ledger_port.hpp"
#include "daemon/ports/result.hpp"

namespace halfmast::store {

// Sorted keys, no spaces, invalid UTF-8 replaced. Raw answers are not in it: they are blobs named in "raw" by SHA-256.
ledger_entry encode(const audit_record& record);
result<audit_record> decode(std::string_view payload);

// The blobs a record names that must be durable with it: the raw answer of hold_planned.
std::vector<ledger_blob> blobs_of(const audit_record& record);

}  // namespace halfmast::store
