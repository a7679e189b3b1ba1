#include "daemon/audit/checkpoint.hpp"

#include <array>
#include <optional>

#include <sys/stat.h>

#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "daemon/audit/files.hpp"

namespace halfmast::audit {

namespace {

using nlohmann::json;
using bio_ptr = std::unique_ptr<BIO, decltype(&BIO_free)>;
using key_ptr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using context_ptr = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

constexpr std::size_t public_size = 32;
constexpr std::size_t signature_size = 64;

problem local(std::string text) { return problem{failure::local, std::move(text), {}}; }

std::optional<int> hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return std::nullopt;
}

// Lower-case hex of exactly N bytes, as we write it ourselves.
template <std::size_t N>
std::optional<std::array<unsigned char, N>> from_hex(std::string_view text)
{
    if (text.size() != 2 * N)
        return std::nullopt;
    std::array<unsigned char, N> bytes{};
    for (std::size_t i = 0; i < N; ++i) {
        auto high = hex_digit(text[2 * i]);
        auto low = hex_digit(text[2 * i + 1]);
        if (!high || !low)
            return std::nullopt;
        bytes[i] = static_cast<unsigned char>(*high * 16 + *low);
    }
    return bytes;
}

std::string public_half(EVP_PKEY* key)
{
    std::array<unsigned char, public_size> bytes{};
    std::size_t size = bytes.size();
    if (EVP_PKEY_get_raw_public_key(key, bytes.data(), &size) != 1 || size != bytes.size())
        return {};
    return to_hex(std::string_view{reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string contents(BIO* memory)
{
    char* start = nullptr;
    auto size = BIO_get_mem_data(memory, &start);
    return size > 0 ? std::string{start, static_cast<std::size_t>(size)} : std::string{};
}

bio_ptr reader(const std::string& bytes)
{
    return bio_ptr{BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())), BIO_free};
}

bool is_ed25519(const key_ptr& key) { return key && EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_ED25519; }

result<std::string> make_key_pem()
{
    key_ptr key{EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free};
    bio_ptr memory{BIO_new(BIO_s_mem()), BIO_free};
    if (!key || !memory || PEM_write_bio_PKCS8PrivateKey(memory.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
        return local("OpenSSL cannot make an Ed25519 key");
    return contents(memory.get());
}

// Reads the key file, or makes it: whole and durable before it has its name, for a ledger must never be signed by a key that
// a power cut takes away.
result<std::string> key_pem(const std::string& state_dir)
{
    auto path = state_dir + "/ledger.key";
    auto found = read_file(path, 1u << 16);
    if (found) {
        ::chmod(path.c_str(), 0600);  // a copy brought back from a backup may be wider
        return found;
    }
    if (found.error().kind != failure::not_found)
        return found;
    auto made = make_key_pem();
    if (!made)
        return made;
    auto written = create_file(path, *made, 0600);
    if (!written)
        return written.error();
    if (auto durable = sync_directory(state_dir); !durable)
        return durable.error();
    return *written ? std::move(made) : read_file(path, 1u << 16);
}

result<void> keep_public_half(const std::string& state_dir, EVP_PKEY* key)
{
    auto path = state_dir + "/ledger.pub";
    auto known = read_public_key(path);
    if (known) {
        if (*known == public_half(key))
            return {};
        return local(path + " does not belong to ledger.key: one of them was replaced. Put the right one back from a copy");
    }
    if (known.error().kind != failure::not_found)
        return known.error();
    bio_ptr memory{BIO_new(BIO_s_mem()), BIO_free};
    if (!memory || PEM_write_bio_PUBKEY(memory.get(), key) != 1)
        return local("OpenSSL cannot write a public key");
    return replace_file(path, contents(memory.get()), 0644);
}

// The member as text; empty when it is absent or something else.
std::string text_of(const json& object, const char* name)
{
    auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

}  // namespace

std::string signed_bytes(const checkpoint& made)
{
    return "halfmast-checkpoint-1\n" + std::to_string(made.seq) + "\n" + made.at + "\n" + to_hex(made.head) + "\n";
}

std::string to_json(const checkpoint& made)
{
    json object{{"seq", made.seq},
                {"at", made.at},
                {"head", to_hex(made.head)},
                {"public_key", made.public_key},
                {"signature", made.signature}};
    return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

result<checkpoint> parse_checkpoint(std::string_view text)
{
    auto object = json::parse(text, nullptr, false);
    if (!object.is_object())
        return local("not a checkpoint: no JSON object");
    checkpoint read;
    auto seq = object.find("seq");
    if (seq == object.end() || !seq->is_number_integer() || (seq->is_number_unsigned() && seq->get<std::uint64_t>() > INT64_MAX)
        || seq->get<std::int64_t>() < 0)
        return local("not a checkpoint: \"seq\" is not a whole number from 0");
    read.seq = seq->get<std::int64_t>();
    read.at = text_of(object, "at");
    auto head = from_hex<std::tuple_size_v<digest>>(text_of(object, "head"));
    if (!head)
        return local("not a checkpoint: \"head\" is not 32 bytes in lower-case hex");
    read.head = *head;
    read.public_key = text_of(object, "public_key");
    read.signature = text_of(object, "signature");
    if (!from_hex<public_size>(read.public_key) || !from_hex<signature_size>(read.signature))
        return local("not a checkpoint: \"public_key\" or \"signature\" is not lower-case hex of the right length");
    return read;
}

bool signature_holds(const checkpoint& made)
{
    auto public_key = from_hex<public_size>(made.public_key);
    auto signature = from_hex<signature_size>(made.signature);
    if (!public_key || !signature)
        return false;
    key_ptr key{EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, public_key->data(), public_key->size()), EVP_PKEY_free};
    context_ptr context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
    auto bytes = signed_bytes(made);
    return key && context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1
           && EVP_DigestVerify(context.get(), signature->data(), signature->size(),
                               reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size())
                  == 1;
}

result<std::string> read_public_key(const std::string& path)
{
    auto pem = read_file(path, 1u << 16);
    if (!pem)
        return pem.error();
    auto memory = reader(*pem);
    key_ptr key{memory ? PEM_read_bio_PUBKEY(memory.get(), nullptr, nullptr, nullptr) : nullptr, EVP_PKEY_free};
    if (!is_ed25519(key))
        return local(path + " is not the PEM file of an Ed25519 public key");
    return public_half(key.get());
}

result<signing_key> signing_key::open(const std::string& state_dir)
{
    auto pem = key_pem(state_dir);
    if (!pem)
        return pem.error();
    auto memory = reader(*pem);
    // The callback answers "no passphrase": without it OpenSSL would ask on the terminal.
    auto no_passphrase = [](char*, int, int, void*) { return -1; };
    key_ptr key{memory ? PEM_read_bio_PrivateKey(memory.get(), nullptr, no_passphrase, nullptr) : nullptr, EVP_PKEY_free};
    if (!is_ed25519(key))
        return local(state_dir + "/ledger.key is not the PEM file of an Ed25519 key without a passphrase. Put it back from a copy");
    if (auto kept = keep_public_half(state_dir, key.get()); !kept)
        return kept.error();
    signing_key opened;
    opened.key_ = std::shared_ptr<void>(key.release(), [](void* owned) { EVP_PKEY_free(static_cast<EVP_PKEY*>(owned)); });
    return opened;
}

checkpoint signing_key::sign(std::int64_t seq, std::string at, const digest& head) const
{
    checkpoint made;
    made.seq = seq;
    made.at = std::move(at);
    made.head = head;
    made.public_key = public_hex();
    std::array<unsigned char, signature_size> signature{};
    std::size_t size = signature.size();
    context_ptr context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
    auto bytes = signed_bytes(made);
    if (context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, static_cast<EVP_PKEY*>(key_.get())) == 1
        && EVP_DigestSign(context.get(), signature.data(), &size, reinterpret_cast<const unsigned char*>(bytes.data()),
                          bytes.size())
               == 1)
        made.signature = to_hex(std::string_view{reinterpret_cast<const char*>(signature.data()), size});
    return made;
}

std::string signing_key::public_hex() const { return public_half(static_cast<EVP_PKEY*>(key_.get())); }

}  // namespace halfmast::audit
