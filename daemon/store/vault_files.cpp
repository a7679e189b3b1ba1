#include "daemon/store/vault_files.hpp"

#include <array>
#include <cassert>
#include <memory>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "daemon/audit/chain.hpp"
#include "daemon/audit/files.hpp"
#include "daemon/store/sqlite.hpp"

namespace halfmast::store {

namespace {

constexpr std::string_view vault_magic = "hmvault";
constexpr char vault_version = 1;
constexpr std::size_t mark_size = 8;
constexpr std::size_t nonce_size = 12;
constexpr std::size_t tag_size = 16;
constexpr std::size_t most_name = 0xFFFF;
constexpr std::size_t most_header = 7 + 1 + mark_size + nonce_size + 2 * (2 + most_name);

using cipher_context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string with_length(std::string_view text)
{
    std::string made;
    made += static_cast<char>(text.size() >> 8 & 0xFF);
    made += static_cast<char>(text.size() & 0xFF);
    return made.append(text);
}

std::string mark_of(const secret& key)
{
    auto text = std::string{"halfmast vault key"} + '\0' + key.text();
    auto hash = audit::sha256(text);
    secret::wipe(text);
    return std::string{audit::view(hash).substr(0, mark_size)};
}

// Cipher text and tag; empty when OpenSSL refuses.
std::string seal(const secret& key, std::string_view nonce, std::string_view header, const secret& plain)
{
    cipher_context with{EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free};
    std::string sealed(plain.text().size() + tag_size, '\0');
    int length = 0;
    bool done =
        with != nullptr && EVP_EncryptInit_ex(with.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key.text()), bytes_of(nonce)) == 1
        && EVP_EncryptUpdate(with.get(), nullptr, &length, bytes_of(header), static_cast<int>(header.size())) == 1
        && EVP_EncryptUpdate(with.get(), bytes_of(sealed), &length, bytes_of(plain.text()), static_cast<int>(plain.text().size()))
               == 1
        && EVP_EncryptFinal_ex(with.get(), bytes_of(sealed) + length, &length) == 1
        && EVP_CIPHER_CTX_ctrl(with.get(), EVP_CTRL_GCM_GET_TAG, tag_size, sealed.data() + plain.text().size()) == 1;
    return done ? sealed : std::string{};
}

// Nothing when the tag does not fit.
std::optional<secret> unseal(const secret& key, std::string_view nonce, std::string_view header, std::string_view sealed)
{
    if (sealed.size() < tag_size)
        return std::nullopt;
    std::string tag{sealed.substr(sealed.size() - tag_size)};
    sealed.remove_suffix(tag_size);
    cipher_context with{EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free};
    std::string plain(sealed.size(), '\0');
    int length = 0;
    bool done = with != nullptr
                && EVP_DecryptInit_ex(with.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key.text()), bytes_of(nonce)) == 1
                && EVP_DecryptUpdate(with.get(), nullptr, &length, bytes_of(header), static_cast<int>(header.size())) == 1
                && EVP_DecryptUpdate(with.get(), bytes_of(plain), &length, bytes_of(sealed), static_cast<int>(sealed.size())) == 1
                && EVP_CIPHER_CTX_ctrl(with.get(), EVP_CTRL_GCM_SET_TAG, tag_size, tag.data()) == 1
                && EVP_DecryptFinal_ex(with.get(), bytes_of(plain) + length, &length) == 1;
    if (done)
        return secret{std::move(plain)};
    OPENSSL_cleanse(plain.data(), plain.size());  // whatever stands there is not to be believed
    return std::nullopt;
}

// What a person sees of it in a list of files: whose it is, and for what.
std::string readable(std::string_view text)
{
    std::string made;
    for (char c : text.substr(0, 48)) {
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
        made += plain ? c : '_';
    }
    return made;
}

}  // namespace

vault_files::vault_files(std::string state_dir, secret key)
    : state_dir_(std::move(state_dir)),
      folder_(state_dir_ + "/vault"),
      key_(std::move(key)),
      key_mark_(mark_of(key_))
{
    assert(key_.text().size() == key_size);
}

void vault_files::remove_halves() const { audit::remove_half_written(folder_); }

std::string vault_files::path_of(const account_id& account, const std::string& name) const
{
    auto hash = audit::to_hex(audit::sha256(with_length(account.value) + with_length(name)));
    return folder_ + "/" + hash.substr(0, 16) + "-" + readable(account.value) + "-" + readable(name) + ".sealed";
}

std::string vault_files::header(const std::string& nonce, const account_id& account, const std::string& name) const
{
    std::string made{vault_magic};
    made += vault_version;
    return made + key_mark_ + nonce + with_length(account.value) + with_length(name);
}

result<std::optional<secret>> vault_files::read(const account_id& account, const std::string& name) const
{
    auto path = path_of(account, name);
    auto bytes = audit::read_file(path, most_secret + most_header + tag_size);
    if (!bytes) {
        if (bytes.error().kind == failure::not_found)
            return std::optional<secret>{};
        return problem{failure::local, "the kept secret of " + account.value + ": " + bytes.error().detail, {}};
    }
    auto opened = open_sealed(*bytes, account, name);
    if (opened)
        return opened;
    return problem{
        failure::local,
        "the kept secret of " + account.value + ": " + path + " " + opened.error().detail
            + ". If that cannot be had, move the file away and give the account a new credential. Nothing was overwritten",
        {}};
}

// The text of a problem completes "FILE ...".
result<std::optional<secret>> vault_files::open_sealed(const std::string& bytes, const account_id& account,
                                                       const std::string& name) const
{
    auto wrong = [](std::string text) { return problem{failure::local, std::move(text), {}}; };
    std::string_view rest{bytes};
    if (!rest.starts_with(vault_magic) || rest.size() <= vault_magic.size())
        return wrong("is damaged: it does not begin as a file of the vault. Put back a copy");
    if (rest[vault_magic.size()] != vault_version)
        return wrong("was written by another version of halfmast, or is damaged. Start that version, or put back a copy");
    rest.remove_prefix(vault_magic.size() + 1);
    if (rest.substr(0, mark_size) != key_mark_ && rest.size() >= mark_size)
        return wrong("was written with another vault_key. Give [daemon] the former one again");
    rest.remove_prefix(std::min(rest.size(), mark_size));
    std::string nonce{rest.substr(0, nonce_size)};
    auto head = header(nonce, account, name);
    if (nonce.size() < nonce_size || !std::string_view{bytes}.starts_with(head))
        return wrong("is cut off, changed, or another secret's. Put back a copy");
    auto opened = unseal(key_, nonce, head, std::string_view{bytes}.substr(head.size()));
    if (!opened)
        return wrong("was changed or cut off: its seal does not hold. Put back a copy");
    return opened;
}

std::optional<problem> vault_files::write(const account_id& account, const std::string& name, const secret& value) const
{
    auto about = "the new secret of " + account.value + " cannot be kept: ";
    if (value.text().size() > most_secret || account.value.size() > most_name || name.size() > most_name)
        return problem{failure::local, about + "it is larger than " + std::to_string(most_secret) + " bytes", {}};
    if (auto before = read(account, name); !before)
        return before.error();
    std::string nonce(nonce_size, '\0');
    if (RAND_bytes(bytes_of(nonce), static_cast<int>(nonce.size())) != 1)
        return problem{failure::local, about + "this machine gives no random numbers", {}};
    auto head = header(nonce, account, name);
    auto sealed = seal(key_, nonce, head, value);
    if (sealed.empty())
        return problem{failure::local, about + "OpenSSL refuses AES-256-GCM", {}};
    auto fail = [&](const problem& why) { return problem{failure::local, about + why.detail, {}}; };
    if (auto made = ensure_directory(folder_, 0700); !made)
        return fail(made.error());
    if (auto named = audit::sync_directory(state_dir_); !named)
        return fail(named.error());
    if (auto written = audit::replace_file(path_of(account, name), head + sealed, 0600); !written)
        return fail(written.error());
    if (auto named = audit::sync_directory(folder_); !named)
        return fail(named.error());
    return std::nullopt;
}

}  // namespace halfmast::store
