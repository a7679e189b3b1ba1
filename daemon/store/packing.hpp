// Values of the core as bytes and back, member by member: for files that are caches of this very version. Internal to this room.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <boost/pfr.hpp>

#include "daemon/core/duty.hpp"
#include "daemon/core/rare.hpp"

namespace halfmast::store::packing {

struct cut_short : std::runtime_error {
    cut_short() : std::runtime_error("the bytes end too early, or say too much") {}
};

template <class T>
concept number = std::is_integral_v<T> || std::is_enum_v<T>;
template <class T>
concept clock_value = requires(T value)
{
    value.time_since_epoch();
};
template <class T>
concept length_value = requires(T value)
{
    value.count();
    typename T::period;
};
template <class T>
concept map_like = requires
{
    typename T::mapped_type;
};
template <class T>
concept set_like = requires
{
    typename T::key_type;
}
&&!map_like<T>;
template <class T>
concept unordered = requires
{
    typename T::hasher;
};

class packer {
public:
    packer() = default;
    explicit packer(std::string begun) : bytes_(std::move(begun)) {}  // what is added stands behind it

    void add(std::uint64_t value)
    {
        for (; value >= 0x80; value >>= 7)
            bytes_ += static_cast<char>(value | 0x80);
        bytes_ += static_cast<char>(value);
    }
    void add(std::string_view text)
    {
        add(std::uint64_t{text.size()});
        bytes_ += text;
    }
    std::string take() { return std::move(bytes_); }

private:
    std::string bytes_;
};

class unpacker {
public:
    explicit unpacker(std::string_view bytes) : bytes_(bytes) {}

    std::uint64_t number_()
    {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (bytes_.empty())
                throw cut_short();
            auto byte = static_cast<unsigned char>(bytes_.front());
            bytes_.remove_prefix(1);
            value |= std::uint64_t{byte & 0x7fu} << shift;
            if (byte < 0x80)
                return value;
        }
        throw cut_short();
    }
    // How many items follow: each takes a byte at least.
    std::size_t count()
    {
        auto value = number_();
        if (value > bytes_.size())
            throw cut_short();
        return static_cast<std::size_t>(value);
    }
    std::string_view text()
    {
        auto size = count();
        auto read = bytes_.substr(0, size);
        bytes_.remove_prefix(size);
        return read;
    }
    [[nodiscard]] bool at_end() const { return bytes_.empty(); }

private:
    std::string_view bytes_;
};

// One function for each kind of value, both ways side by side. Aggregates are taken member by member without naming them: a
// member that somebody adds to the state is in the snapshot from then on.
template <class T>
void write(packer& to, const T& value);
template <class T>
void read(unpacker& from, T& value);

template <class Map>
void write_map(packer& to, const Map& map)
{
    to.add(std::uint64_t{map.size()});
    if constexpr (unordered<Map>) {
        std::vector<const typename Map::value_type*> sorted;
        sorted.reserve(map.size());
        for (const auto& item : map)
            sorted.push_back(&item);
        std::ranges::sort(
            sorted, {}, [](const auto* item) -> const auto& { return item->first; });
        for (const auto* item : sorted) {
            write(to, item->first);
            write(to, item->second);
        }
    } else {
        for (const auto& [key, item] : map) {
            write(to, key);
            write(to, item);
        }
    }
}

template <class T>
struct boxed : std::false_type {
};
template <class T>
struct boxed<std::optional<T>> : std::true_type {
    static void fill(std::optional<T>& box, T value) { box = std::move(value); }
    using content = T;
};
template <class T>
struct boxed<rare<T>> : std::true_type {
    static void fill(rare<T>& box, T value) { box = std::move(value); }
    using content = T;
};
template <class T>
struct boxed<std::shared_ptr<const T>> : std::true_type {
    static void fill(std::shared_ptr<const T>& box, T value) { box = std::make_shared<const T>(std::move(value)); }
    using content = T;
};

template <class T>
struct listed : std::false_type {
};
template <class T>
struct listed<std::vector<T>> : std::true_type {
};
template <class T>
struct fixed : std::false_type {
};
template <class T, std::size_t N>
struct fixed<std::array<T, N>> : std::true_type {
};

using raw_answer = std::shared_ptr<const std::string>;
using rosters = std::map<std::string, duty_roster>;  // not from the ledger: whoever keeps them says them again after a start

template <class T>
void write(packer& to, const T& value)
{
    if constexpr (std::is_same_v<T, raw_answer> || std::is_same_v<T, rosters>)
        return;
    else if constexpr (number<T>)
        to.add(static_cast<std::uint64_t>(value));
    else if constexpr (clock_value<T>)
        to.add(static_cast<std::uint64_t>(value.time_since_epoch().count()));
    else if constexpr (length_value<T>)
        to.add(static_cast<std::uint64_t>(value.count()));
    else if constexpr (std::is_same_v<T, std::string>)
        to.add(std::string_view{value});
    else if constexpr (boxed<T>::value) {
        to.add(std::uint64_t{value ? 1u : 0u});
        if (value)
            write(to, *value);
    } else if constexpr (map_like<T>)
        write_map(to, value);
    else if constexpr (listed<T>::value || set_like<T>) {
        to.add(std::uint64_t{value.size()});
        for (const auto& item : value)
            write(to, item);
    } else if constexpr (fixed<T>::value) {
        for (const auto& item : value)
            write(to, item);
    } else {
        boost::pfr::for_each_field(value, [&](const auto& member) { write(to, member); });
    }
}

template <class T>
void read(unpacker& from, T& value)
{
    if constexpr (std::is_same_v<T, raw_answer> || std::is_same_v<T, rosters>)
        return;
    else if constexpr (number<T>)
        value = static_cast<T>(from.number_());
    else if constexpr (clock_value<T>)
        value = T{typename T::duration{static_cast<std::int64_t>(from.number_())}};
    else if constexpr (length_value<T>)
        value = T{static_cast<std::int64_t>(from.number_())};
    else if constexpr (std::is_same_v<T, std::string>)
        value = from.text();
    else if constexpr (boxed<T>::value) {
        if (from.number_() != 0) {
            typename boxed<T>::content content{};
            read(from, content);
            boxed<T>::fill(value, std::move(content));
        }
    } else if constexpr (map_like<T>) {
        auto left = from.count();
        if constexpr (unordered<T>)
            value.reserve(left);
        for (; left > 0; --left) {
            typename T::key_type key{};
            read(from, key);
            read(from, value.try_emplace(value.end(), std::move(key))->second);  // they come in order
        }
    } else if constexpr (set_like<T>) {
        for (auto left = from.count(); left > 0; --left) {
            typename T::key_type key{};
            read(from, key);
            value.insert(value.end(), std::move(key));
        }
    } else if constexpr (listed<T>::value) {
        value.resize(from.count());
        for (auto& item : value)
            read(from, item);
    } else if constexpr (fixed<T>::value) {
        for (auto& item : value)
            read(from, item);
    } else {
        boost::pfr::for_each_field(value, [&](auto& member) { read(from, member); });
    }
}

// Changes with the members of the types, so that another version does not read what it would misunderstand.
template <class... Ts>
std::size_t layout_of()
{
    std::size_t layout = 0;
    ((layout = layout * 1'000'003 + sizeof(Ts) * 101 + boost::pfr::tuple_size_v<Ts>), ...);
    return layout;
}

}  // namespace halfmast::store::packing
