// A secret on its way through the program: wiped from memory when its holder ends. It never prints itself.
#pragma once

#include <string>
#include <utility>

#include <string.h>

namespace halfmast {

class secret {
public:
    secret() = default;
    explicit secret(std::string text) : text_(std::move(text)) {}
    secret(const secret&) = default;
    secret(secret&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
    secret& operator=(secret other) noexcept
    {
        text_.swap(other.text_);
        return *this;
    }
    ~secret() { wipe(); }

    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] bool empty() const { return text_.empty(); }

    void wipe() noexcept { wipe(text_); }

    // For a text that held one and is not needed any more. A short text that was moved from still has its bytes, so all it has
    // room for is wiped.
    static void wipe(std::string& text) noexcept
    {
        text.resize(text.capacity());
        ::explicit_bzero(text.data(), text.size());
        text.clear();
    }

private:
    std::string text_;
};

}  // namespace halfmast
