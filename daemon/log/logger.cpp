#include "daemon/log/logger.hpp"

#include "daemon/log/catalog.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>
#define SD_JOURNAL_SUPPRESS_LOCATION  // where in the code it was said helps nobody who reads it
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

namespace halfmast::log {

namespace {

constexpr std::size_t most_value = 2000;  // bytes of one field; a platform's whole answer has no place in a log

constexpr entry entries[] = {
#define HALFMAST_MESSAGE(name, how, text, meaning, advice) {#name, level::how, text, meaning, advice},
#include "daemon/log/messages.def"
#undef HALFMAST_MESSAGE
};

std::string capitals(std::string_view name)
{
    std::string id = "HM_";
    for (const char c : name)
        id += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return id;
}

// The table with ids in capitals; the strings live as long as the program.
const std::vector<entry>& table()
{
    static const auto ids = [] {
        std::vector<std::string> all;
        for (const auto& one : entries)
            all.push_back(capitals(one.id));
        return all;
    }();
    static const auto all = [] {
        std::vector<entry> made(std::begin(entries), std::end(entries));
        for (std::size_t i = 0; i < made.size(); ++i)
            made[i].id = ids[i];
        return made;
    }();
    return all;
}

std::string_view word(level how)
{
    switch (how) {
    case level::error: return "error";
    case level::warning: return "warning";
    case level::notice: return "notice";
    case level::info: return "info";
    }
    return "info";
}

// How many bytes the UTF-8 character at `at` has; 0 when these bytes are none.
std::size_t character(std::string_view text, std::size_t at, char32_t& value)
{
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t size = lead < 0x80                   ? 1
                             : lead >= 0xC2 && lead < 0xE0 ? 2
                             : lead >= 0xE0 && lead < 0xF0 ? 3
                             : lead >= 0xF0 && lead < 0xF5 ? 4
                                                           : 0;
    if (size == 0 || at + size > text.size())
        return 0;
    value = size == 1 ? lead : lead & (0xFFu >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        const auto next = static_cast<unsigned char>(text[at + i]);
        if ((next & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (next & 0x3Fu);
    }
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    const bool overlong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
    return surrogate || overlong || value > 0x10FFFF ? 0 : size;
}

// Controls, line ends of any kind, and what turns the direction of writing round.
bool is_control(char32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || (c >= 0x200E && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E)
           || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

void append_escaped(std::string& line, std::string_view text)
{
    for (std::size_t at = 0; at < text.size();) {
        char32_t c = 0;
        const auto size = character(text, at, c);
        if (size == 0) {
            line += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[at++]));
            continue;
        }
        if (c == U'\n')
            line += "\\n";
        else if (c == U'\t')
            line += "\\t";
        else if (c == U'\r')
            line += "\\r";
        else if (c == U'"' || c == U'\\')
            (line += '\\') += static_cast<char>(c);
        else if (is_control(c))
            line += c < 0x100 ? fmt::format("\\x{:02x}", static_cast<std::uint32_t>(c))
                              : fmt::format("\\u{:04x}", static_cast<std::uint32_t>(c));
        else
            line.append(text, at, size);
        at += size;
    }
}

bool same_letters(std::string_view text, std::size_t at, std::string_view lower_case)
{
    if (text.size() - at < lower_case.size())
        return false;
    for (std::size_t i = 0; i < lower_case.size(); ++i) {
        const char c = text[at + i];
        if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != lower_case[i])
            return false;
    }
    return true;
}

// A second net: the rooms that make these texts keep secrets out of them. Here goes what stands behind the usual names.
std::string without_secrets(std::string_view text)
{
    static constexpr auto names =
        std::to_array<std::string_view>({"bearer ", "basic ", "access_token=", "refresh_token=", "token=", "password=", "passwd=",
                                         "secret=", "api_key=", "apikey=", "key=", "signature="});
    static constexpr std::string_view ends = " \t\r\n&\"',;<>)";
    std::string kept;
    for (std::size_t at = 0; at < text.size();) {
        if (text.substr(at).starts_with("://")) {
            const auto host_end = std::min(text.find_first_of("/?# \t\r\n\"'", at + 3), text.size());
            const auto user_end = text.substr(0, host_end).rfind('@');
            kept += "://";
            at += 3;
            if (user_end != std::string_view::npos && user_end >= at) {
                kept += "***@";
                at = user_end + 1;
            }
            continue;
        }
        const auto* name = std::ranges::find_if(names, [&](auto one) { return same_letters(text, at, one); });
        if (name == names.end()) {
            kept += text[at++];
            continue;
        }
        kept.append(text, at, name->size());
        at += name->size();
        const auto end = std::min(text.find_first_of(ends, at), text.size());
        kept += end > at ? "***" : "";
        at = end;
    }
    return kept;
}

bool needs_quotes(std::string_view text)
{
    return text.empty() || std::ranges::any_of(text, [](char c) {
               return static_cast<unsigned char>(c) <= 0x20 || c == '"' || c == '=' || c == '\\';
           });
}

void append_value(std::string& line, std::string_view raw)
{
    auto value = without_secrets(raw);
    const bool cut = value.size() > most_value;
    if (cut) {
        auto end = most_value;
        while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0) == 0x80)
            --end;  // not through a character
        value.resize(end);
    }
    const bool quoted = cut || needs_quotes(value);
    line += quoted ? "\"" : "";
    append_escaped(line, value);
    line += cut ? "..." : "";
    line += quoted ? "\"" : "";
}

bool send_to_journal(const std::vector<std::string>& fields)
{
    std::vector<iovec> parts;
    parts.reserve(fields.size());
    for (const auto& one : fields)
        parts.push_back({const_cast<char*>(one.data()), one.size()});  // it is only read
    return ::sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) == 0;
}

}  // namespace

const entry& describe(message what) { return table()[static_cast<std::size_t>(what)]; }

std::span<const entry> catalogue() { return table(); }

std::string format(message what, std::span<const field> fields, style how, std::chrono::system_clock::time_point at)
{
    const auto& known = describe(what);
    std::string line = how == style::journal ? fmt::format("<{}>{} {}", static_cast<int>(known.how), known.id, known.text)
                                             : fmt::format("{:%Y-%m-%dT%H:%M:%S}Z halfmastd: {} {} {}",
                                                           fmt::gmtime(std::chrono::system_clock::to_time_t(at)), word(known.how),
                                                           known.id, known.text);
    for (const auto& [key, value] : fields) {
        if (value.empty())
            continue;
        (line += ' ') += key;
        line += '=';
        append_value(line, value);
    }
    line += '\n';
    return line;
}

std::vector<std::string> journal_fields(message what, std::span<const field> fields)
{
    const auto& known = describe(what);
    auto line = format(what, fields, style::journal, {});
    line.pop_back();  // the line end
    std::vector<std::string> all{"MESSAGE=" + line.substr(line.find('>') + 1), "MESSAGE_ID=" + journal_id(known),
                                 fmt::format("PRIORITY={}", static_cast<int>(known.how)), "SYSLOG_IDENTIFIER=halfmastd"};
    for (const auto& [key, value] : fields) {
        if (value.empty())
            continue;
        std::string name = "HALFMAST_";
        for (const char c : key)
            name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        name += '=';
        auto text = without_secrets(value);
        text.resize(std::min(text.size(), most_value));
        all.push_back(name + text);
    }
    return all;
}

bool writes_to_journal()
{
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct stat about {};
    if (stream == nullptr || ::fstat(STDERR_FILENO, &about) != 0)
        return false;
    // A child whose standard error was redirected inherits the variable all the same: the file itself decides.
    return fmt::format("{}:{}", about.st_dev, about.st_ino) == stream;
}

void say(message what, std::initializer_list<field> fields) noexcept
{
    try {
        static const auto how = writes_to_journal() ? style::journal : style::plain;
        static const bool has_fields = how == style::journal && ::access("/run/systemd/journal/socket", W_OK) == 0;
        if (has_fields && send_to_journal(journal_fields(what, std::span{fields.begin(), fields.size()})))
            return;
        const auto line = format(what, std::span{fields.begin(), fields.size()}, how, std::chrono::system_clock::now());
        // A log that cannot be written is no reason to stop holding.
        [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
    } catch (...) {
        static constexpr std::string_view lost = "halfmastd: a log line could not be made\n";
        [[maybe_unused]] const auto written = ::write(STDERR_FILENO, lost.data(), lost.size());
    }
}

}  // namespace halfmast::log
