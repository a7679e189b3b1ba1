#include "daemon/log/catalog.hpp"

#include <cstdint>

#include <fmt/format.h>

namespace halfmast::log {

namespace {

// FNV-1a. Nobody is kept out by these ids: they only have to differ, and to stay.
std::uint64_t print_of_name(std::string_view text, std::uint64_t from)
{
    for (unsigned char c : text)
        from = (from ^ c) * 0x100000001b3ULL;
    return from;
}

}  // namespace

std::string journal_id(const entry& one)
{
    constexpr std::uint64_t basis = 0xcbf29ce484222325ULL;
    auto first = print_of_name(one.id, print_of_name("halfmast message ", basis));
    auto second = print_of_name(one.id, print_of_name("halfmast catalog ", basis));
    // As a UUID of version 4, which is what the journal's tools make.
    first = (first & ~0xf000ULL) | 0x4000ULL;
    second = (second & 0x3fffffffffffffffULL) | 0x8000000000000000ULL;
    return fmt::format("{:016x}{:016x}", first, second);
}

std::string catalog_text()
{
    std::string text = "# What journalctl -x says of halfmastd's messages. Made from daemon/log/messages.def.\n";
    for (const auto& one : catalogue())
        text += fmt::format("\n-- {}\nSubject: {}: {}\nDefined-By: halfmast\n\n{}\n\nWhat to do: {}\n", journal_id(one), one.id,
                            one.text, one.meaning, one.advice);
    return text;
}

}  // namespace halfmast::log
