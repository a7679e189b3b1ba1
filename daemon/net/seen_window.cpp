#include "daemon/net/seen_window.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <vector>

#include <openssl/evp.h>

namespace halfmast::net {

namespace {

constexpr std::string_view window_form = "1 ";
constexpr std::size_t most_read = 20 * seen_window::most;  // entries of one moment are never parted, so there may be some more

// Ids are made by whoever can write: a print that can be aimed at would hide an entry.
std::uint64_t print_of_id(std::string_view id)
{
    std::array<unsigned char, 32> whole{};
    if (EVP_Digest(id.data(), id.size(), whole.data(), nullptr, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("OpenSSL cannot make a SHA-256");
    std::uint64_t made = 0;
    for (std::size_t byte = 0; byte < 8; ++byte)
        made = made << 8 | whole[byte];
    return made;
}

// Takes a number and the character behind it off the front.
template <class Number>
bool take_number(std::string_view& from, Number& into, char behind, int base)
{
    auto read = std::from_chars(from.data(), from.data() + from.size(), into, base);
    auto length = static_cast<std::size_t>(read.ptr - from.data());
    if (read.ec != std::errc{} || (length < from.size() && from[length] != behind))
        return false;
    from.remove_prefix(std::min(from.size(), length + 1));
    return true;
}

}  // namespace

// "1 FROM AGE:PRINT AGE:PRINT ...": milliseconds since 1970, then for each entry how long after that it is, and its print.
std::optional<seen_window> seen_window::read(std::string_view written)
{
    if (!written.starts_with(window_form))
        return std::nullopt;
    written.remove_prefix(window_form.size());
    constexpr std::int64_t sane = 100'000'000'000'000;  // milliseconds: three thousand years
    std::int64_t from = 0;
    if (!take_number(written, from, ' ', 10) || from < -sane || from > sane)
        return std::nullopt;
    seen_window made{time_point{milliseconds{from}}};
    while (!written.empty()) {
        std::int64_t age = 0;
        print one = 0;
        if (!take_number(written, age, ':', 10) || age < 0 || age > sane || written.empty() || !take_number(written, one, ' ', 16))
            return std::nullopt;
        made.seen_[one] = made.from_ + milliseconds{age};
        if (made.seen_.size() > most_read)
            return std::nullopt;
    }
    return made;
}

bool seen_window::take(time_point at, std::string_view id, time_point now)
{
    at = std::min(at, now);
    auto key = print_of_id(id);
    auto known = seen_.find(key);
    if (known != seen_.end()) {
        known->second = std::max(known->second, at);  // one that dates itself ahead stays in the window until its time has come
        return false;
    }
    if (at <= from_)
        return false;
    seen_.emplace(key, at);
    return true;
}

void seen_window::forget_to(time_point until)
{
    from_ = std::max(from_, until);
    std::erase_if(seen_, [&](const auto& one) { return one.second <= from_; });
}

std::string seen_window::text(milliseconds reach)
{
    if (!seen_.empty()) {
        auto newest = std::ranges::max_element(seen_, {}, [](const auto& one) { return one.second; })->second;
        forget_to(newest - reach);
    }
    if (seen_.size() > most) {
        std::vector<time_point> times;
        for (const auto& one : seen_)
            times.push_back(one.second);
        std::ranges::nth_element(times, times.end() - static_cast<std::ptrdiff_t>(most));
        // Those of one moment stay together: what is forgotten counts as old, and a new one of that moment would be lost.
        forget_to(*(times.end() - static_cast<std::ptrdiff_t>(most)) - milliseconds{1});
    }
    auto written = std::string{window_form} + std::to_string(from_.time_since_epoch().count());
    constexpr std::string_view digits = "0123456789abcdef";
    for (const auto& [key, at] : seen_) {
        written += ' ' + std::to_string((at - from_).count()) + ':';
        for (int shift = 60; shift >= 0; shift -= 4)
            written += digits[key >> shift & 15];
    }
    return written;
}

}  // namespace halfmast::net
