// The blocking half of the vault: one sealed file for each secret. Runs on one thread; vault gives it one. Internal to this room,
// and to its tests.
//
// A file is, byte after byte:
//   "hmvault"        7 bytes
//   version          1 byte, 1
//   key mark         8 bytes of SHA-256("halfmast vault key" 0x00 key): which key it was, without saying it
//   nonce            12 bytes, random for each write
//   account          its length as 2 bytes big-endian, then its bytes
//   name             the same
//   sealed           the secret, AES-256-GCM
//   tag              16 bytes; covers everything before it
// What stands before the sealed part is the associated data, made anew from what was asked for: a file under another's name, or with
// one byte changed, does not open.
#pragma once

#include <optional>
#include <string>

#include "daemon/core/ids.hpp"
#include "daemon/ports/result.hpp"
#include "daemon/ports/secret.hpp"

namespace halfmast::store {

class vault_files {
public:
    static constexpr std::size_t key_size = 32;
    static constexpr std::size_t most_secret = 256u << 10;

    // `key` has key_size bytes.
    vault_files(std::string state_dir, secret key);

    // Half written files of a process that was killed. Only for who holds the lock of the state directory.
    void remove_halves() const;

    // Nothing when there is none. Every problem is local and says what a person can do.
    [[nodiscard]] result<std::optional<secret>> read(const account_id& account, const std::string& name) const;

    // Durable afterwards: sealed under a name of its own, synced, renamed, the folder synced. What cannot be read is not replaced.
    [[nodiscard]] std::optional<problem> write(const account_id& account, const std::string& name, const secret& value) const;

    [[nodiscard]] std::string path_of(const account_id& account, const std::string& name) const;

private:
    [[nodiscard]] std::string header(const std::string& nonce, const account_id& account, const std::string& name) const;
    [[nodiscard]] result<std::optional<secret>> open_sealed(const std::string& bytes, const account_id& account,
                                                            const std::string& name) const;

    std::string state_dir_;
    std::string folder_;
    secret key_;
    std::string key_mark_;
};

}  // namespace halfmast::store
