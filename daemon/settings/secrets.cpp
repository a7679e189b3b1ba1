#include "daemon/settings/secrets.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/settings/paths.hpp"

namespace halfmast::settings {

namespace {

constexpr std::size_t most_secret = 64u << 10;

struct source {
    std::string kind;   // "file", "env", "credential"
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

std::string from_file(table_reader& owner, const std::string& what, const source& from, const std::string& path)
{
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        owner.fault(from.node, what + " cannot be read: " + std::strerror(errno));
        return {};
    }
    struct stat about {};
    std::string bytes(most_secret + 1, '\0');
    ssize_t got = -1;
    if (::fstat(file, &about) == 0 && !S_ISDIR(about.st_mode))
        got = ::read(file, bytes.data(), bytes.size());
    ::close(file);
    if (S_ISDIR(about.st_mode) || got < 0) {
        owner.fault(from.node, what + (S_ISDIR(about.st_mode) ? " is a directory" : " cannot be read"));
        return {};
    }
    if (static_cast<std::size_t>(got) > most_secret) {
        owner.fault(from.node, what + " is longer than 64 KiB; that is no secret");
        return {};
    }
    if (S_ISREG(about.st_mode) && (about.st_mode & S_IROTH) != 0)
        owner.fault(from.node, what + " can be read by every user of this machine; chmod o-r " + path, weight::warning);
    bytes.resize(static_cast<std::size_t>(got));
    return accept(owner, what, *from.node, bytes);
}

std::string from_environment(table_reader& owner, const std::string& what, const source& from)
{
    const char* value = std::getenv(from.value.c_str());
    if (value == nullptr) {
        owner.fault(from.node, what + " is not set");
        return {};
    }
    return accept(owner, what, *from.node, value);
}

std::string from_credential(table_reader& owner, const std::string& what, const source& from)
{
    const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
    if (directory == nullptr || *directory == '\0') {
        owner.fault(from.node, what + " needs systemd: LoadCredential=" + from.value + ":PATH in the unit sets CREDENTIALS_DIRECTORY");
        return {};
    }
    return from_file(owner, what, from, (std::filesystem::path{directory} / from.value).string());
}

}  // namespace

std::string read_secret(table_reader& owner, std::string_view key, const toml::node& node, bool read)
{
    const std::string name{key};
    const auto* table = node.as_table();
    if (table == nullptr) {
        owner.fault(&node, name + ": a secret does not stand in the settings; write { file = \"...\" }, { env = \"...\" } or { credential = \"...\" }");
        return {};
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
        return {};
    if (given.size() != 1) {
        owner.fault(&node, name + " needs exactly one of file, env or credential");
        return {};
    }
    const auto& from = given.front();
    if (from.kind == "credential" && from.value.find('/') != std::string::npos) {
        owner.fault(from.node, name + ": a credential has a name, not a path");
        return {};
    }
    if (!read)
        return {};
    if (from.kind == "env")
        return from_environment(owner, name + ": the environment variable " + from.value, from);
    if (from.kind == "credential")
        return from_credential(owner, name + ": credential " + from.value, from);
    auto path = beside(owner.file(), from.value);
    return from_file(owner, name + ": file " + path, from, path);
}

}  // namespace halfmast::settings
