// The signed head of the chain: an Ed25519 signature by a key made at the first start. Kept beside the ledger and worth
// a copy elsewhere: with one such copy, any rewriting of the past shows.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "daemon/audit/chain.hpp"
#include "daemon/ports/result.hpp"

namespace halfmast::audit {

struct checkpoint {
    std::int64_t seq = 0;    // of the last record it covers
    std::string at;          // RFC 3339, when it was signed
    digest head{};           // hash of that record
    std::string public_key;  // hex, 32 bytes
    std::string signature;   // hex, 64 bytes, over signed_bytes()
};

std::string signed_bytes(const checkpoint&);  // "halfmast-checkpoint-1\n<seq>\n<at>\n<head hex>\n"
std::string to_json(const checkpoint&);
result<checkpoint> parse_checkpoint(std::string_view json);
bool signature_holds(const checkpoint&);

// The public key in a PEM file (STATE_DIR/ledger.pub), in hex.
result<std::string> read_public_key(const std::string& path);

class signing_key {
public:
    // Reads STATE_DIR/ledger.key (PEM, 0600), or makes it. The public half goes to ledger.pub (PEM); a ledger.pub that
    // belongs to another key is a problem.
    static result<signing_key> open(const std::string& state_dir);

    [[nodiscard]] checkpoint sign(std::int64_t seq, std::string at, const digest& head) const;
    [[nodiscard]] std::string public_hex() const;

private:
    std::shared_ptr<void> key_;  // EVP_PKEY
};

}  // namespace halfmast::audit
