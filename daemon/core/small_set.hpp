// A set that mostly holds one value or none, and of which there are very many: a sorted vector in the place of a tree. Used as
// std::set is; what it hands out ends with the next change. It must not hold many values, for each change moves them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <utility>
#include <vector>

namespace halfmast {

template <class T>
class small_set {
public:
    using key_type = T;
    using value_type = T;
    using const_iterator = typename std::vector<T>::const_iterator;
    using iterator = const_iterator;

    small_set() = default;
    small_set(std::initializer_list<T> values)
    {
        for (const auto& one : values)
            insert(one);
    }

    [[nodiscard]] const_iterator begin() const noexcept { return held_.begin(); }
    [[nodiscard]] const_iterator end() const noexcept { return held_.end(); }
    [[nodiscard]] bool empty() const noexcept { return held_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return held_.size(); }
    [[nodiscard]] bool contains(const T& value) const { return std::binary_search(held_.begin(), held_.end(), value); }

    std::pair<const_iterator, bool> insert(T value)
    {
        auto at = std::lower_bound(held_.begin(), held_.end(), value);
        if (at != held_.end() && *at == value)
            return {at, false};
        return {held_.insert(at, std::move(value)), true};
    }
    const_iterator insert(const_iterator, T value) { return insert(std::move(value)).first; }
    void insert(const_iterator from, const_iterator to)  // of another set
    {
        for (; from != to; ++from)
            insert(*from);
    }
    std::size_t erase(const T& value)
    {
        auto at = std::lower_bound(held_.begin(), held_.end(), value);
        if (at == held_.end() || *at != value)
            return 0;
        held_.erase(at);
        return 1;
    }
    template <class Test>
    std::size_t erase_if(Test test)
    {
        return std::erase_if(held_, test);
    }
    void clear() noexcept { held_.clear(); }

    bool operator==(const small_set&) const = default;

private:
    std::vector<T> held_;
};

}  // namespace halfmast
