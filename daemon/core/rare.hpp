// An optional value that few of many have: where there is none it costs one pointer, and not the room of the value. Used as
// std::optional is, and copied whole. It decides nothing; what most of them have is better off in place.
#pragma once

#include <memory>
#include <utility>

namespace halfmast {

template <class T>
class rare {
public:
    rare() = default;
    rare(const T& value) : held_(std::make_unique<T>(value)) {}
    rare(T&& value) : held_(std::make_unique<T>(std::move(value))) {}
    rare(const rare& other) : held_(other.held_ ? std::make_unique<T>(*other.held_) : nullptr) {}
    rare(rare&&) noexcept = default;
    rare& operator=(rare other) noexcept
    {
        held_ = std::move(other.held_);
        return *this;
    }
    ~rare() = default;

    explicit operator bool() const noexcept { return held_ != nullptr; }
    [[nodiscard]] bool has_value() const noexcept { return held_ != nullptr; }
    // These need a value.
    T& operator*() noexcept { return *held_; }
    const T& operator*() const noexcept { return *held_; }
    T* operator->() noexcept { return held_.get(); }
    const T* operator->() const noexcept { return held_.get(); }

    [[nodiscard]] T value_or(T other) const { return held_ ? *held_ : std::move(other); }
    T& emplace()
    {
        held_ = std::make_unique<T>();
        return *held_;
    }
    void reset() noexcept { held_.reset(); }

    friend bool operator==(const rare& a, const rare& b) { return a.held_ && b.held_ ? *a.held_ == *b.held_ : a.held_ == b.held_; }

private:
    std::unique_ptr<T> held_;
};

}  // namespace halfmast
