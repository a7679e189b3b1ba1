#include "daemon/settings/secrets.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/settings/paths.hpp"

namespace halfmast::settings {

namespace {

constexpr std::size_t most_secret = 64u << 10;

struct source {
    std::string kind;  // "file", "env", "credential"
    std::string value;
    const toml::node* node;
};

std::string without_blanks(std::string_view text)
{
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos)
        return {};
    return std::string{text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1)};
}

std::string accept(table_reader& owner, const std::string& what, const toml::node& node, std::string_view raw)
{
    auto secret = without_blanks(raw);
    if (secret.empty())
        owner.fault(&node, what + " is empty");
    else if (secret.find_first_of(std::string_view{"\r\n\0", 3}) != std::string::npos)
        owner.fault(&node, what + " has more than one line; the secret alone has to stand there");
    else
        return secret;
    return {};
}

// What stands there, byte for byte. Nothing after a fault, or when it was not to be read.
struct raw_text {
    std::string what;  // for texts: "token: file secrets/a"
    std::string bytes;
    const toml::node* node;
};

std::optional<raw_text> from_file(table_reader& owner, const std::string& what, const source& from, const std::string& path)
{
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        owner.fault(from.node, what + " cannot be read: " + std::strerror(errno));
        return std::nullopt;
    }
    struct stat about {};
    std::string bytes(most_secret + 1, '\0');
    ssize_t got = -1;
    if (::fstat(file, &about) == 0 && !S_ISDIR(about.st_mode))
        got = ::read(file, bytes.data(), bytes.size());
    ::close(file);
    if (S_ISDIR(about.st_mode) || got < 0) {
        owner.fault(from.node, what + (S_ISDIR(about.st_mode) ? " is a directory" : " cannot be read"));
        return std::nullopt;
    }
    if (static_cast<std::size_t>(got) > most_secret) {
        owner.fault(from.node, what + " is longer than 64 KiB; that is no secret");
        return std::nullopt;
    }
    if (S_ISREG(about.st_mode) && (about.st_mode & S_IROTH) != 0)
        owner.fault(from.node, what + " can be read by every user of this machine; chmod o-r " + path, weight::warning);
    bytes.resize(static_cast<std::size_t>(got));
    return raw_text{what, std::move(bytes), from.node};
}

std::optional<raw_text> from_environment(table_reader& owner, const std::string& what, const source& from)
{
    const char* value = std::getenv(from.value.c_str());
    if (value == nullptr) {
        owner.fault(from.node, what + " is not set");
        return std::nullopt;
    }
    return raw_text{what, value, from.node};
}

std::optional<raw_text> from_credential(table_reader& owner, const std::string& what, const source& from)
{
    const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
    if (directory == nullptr || *directory == '\0') {
        owner.fault(from.node,
                    what + " needs systemd: LoadCredential=" + from.value + ":PATH in the unit sets CREDENTIALS_DIRECTORY");
        return std::nullopt;
    }
    return from_file(owner, what, from, (std::filesystem::path{directory} / from.value).string());
}

std::optional<raw_text> look_up(table_reader& owner, std::string_view key, const toml::node& node, bool read)
{
    const std::string name{key};
    const auto* table = node.as_table();
    if (table == nullptr) {
        owner.fault(&node, name + ": a secret does not stand in the settings; write { file = \"...\" }, { env = \"...\" } or { credential = \"...\" }");
        return std::nullopt;
    }
    // A reader of its own makes anything but the three kinds an unknown key.
    const auto before = owner.faults().errors();
    auto inner = owner.inside(*table, name);
    std::vector<source> given;
    for (const auto* kind : {"file", "env", "credential"})
        if (auto value = inner.text(kind))
            given.push_back({kind, *value, table->get(kind)});
    inner.finish();
    if (owner.faults().errors() > before)
        return std::nullopt;
    if (given.size() != 1) {
        owner.fault(&node, name + " needs exactly one of file, env or credential");
        return std::nullopt;
    }
    const auto& from = given.front();
    if (from.kind == "credential" && from.value.find('/') != std::string::npos) {
        owner.fault(from.node, name + ": a credential has a name, not a path");
        return std::nullopt;
    }
    if (!read)
        return std::nullopt;
    if (from.kind == "env")
        return from_environment(owner, name + ": the environment variable " + from.value, from);
    if (from.kind == "credential")
        return from_credential(owner, name + ": credential " + from.value, from);
    auto path = beside(owner.file(), from.value);
    return from_file(owner, name + ": file " + path, from, path);
}

constexpr std::size_t key_bytes = 32;

int digit_of(std::string_view alphabet, char c)
{
    auto at = alphabet.find(c);
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

// Digits of so many bits each, the most significant first. Empty when one is none of the alphabet.
std::string from_digits(std::string_view text, std::string_view alphabet, int bits)
{
    std::string bytes;
    unsigned held = 0;
    int count = 0;
    for (char c : text) {
        int digit = digit_of(alphabet, c);
        if (digit < 0)
            return {};
        held = (held << bits | static_cast<unsigned>(digit)) & 0xFFFF;
        count += bits;
        if (count >= 8) {
            count -= 8;
            bytes += static_cast<char>(held >> count & 0xFF);
        }
    }
    return bytes;
}

// Empty when it is no key.
std::string decode_key(const std::string& raw)
{
    bool is_text =
        std::ranges::all_of(raw, [](unsigned char c) { return (c >= 0x20 && c < 0x7F) || c == '\n' || c == '\r' || c == '\t'; });
    if (!is_text)
        return raw.size() == key_bytes ? raw : std::string{};
    auto text = without_blanks(raw);
    std::string bytes;
    if (text.size() == 2 * key_bytes) {
        std::ranges::transform(text, text.begin(),
                               [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
        bytes = from_digits(text, "0123456789abcdef", 4);
    } else {
        while (text.ends_with('='))
            text.pop_back();
        std::ranges::replace(text, '-', '+');
        std::ranges::replace(text, '_', '/');
        bytes = from_digits(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 6);
    }
    secret::wipe(text);
    return bytes.size() == key_bytes ? bytes : std::string{};
}

}  // namespace

std::string read_secret(table_reader& owner, std::string_view key, const toml::node& node, bool read)
{
    auto there = look_up(owner, key, node, read);
    return there ? accept(owner, there->what, *there->node, there->bytes) : std::string{};
}

secret read_key(table_reader& owner, std::string_view key, const toml::node& node, bool read)
{
    auto there = look_up(owner, key, node, read);
    if (!there)
        return {};
    auto bytes = decode_key(there->bytes);
    secret::wipe(there->bytes);
    if (bytes.empty())
        owner.fault(there->node, there->what + " is no key of 32 random bytes. Make one with 'openssl rand -hex 32'; base64 and the bytes"
                                               " themselves do too");
    return secret{std::move(bytes)};
}

}  // namespace halfmast::settings
