// Members of a request's body, taken one by one: the first fault is kept, and what nobody took is a fault at the end. For the files of
// this room that read bodies; knows no request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "daemon/api/requests.hpp"

namespace halfmast::api {

inline constexpr std::size_t longest_text = 8'000;  // bytes of a reason; enough for a page, too little to fill a ledger
inline constexpr std::size_t longest_name = 200;

class body_reader {
public:
    explicit body_reader(std::string_view body);

    std::string text(const char* name, std::size_t longest);

    // Told apart from none at all.
    std::optional<std::string> given_text(const char* name, std::size_t longest);

    // A text, or one for each language by BCP 47 tag, which `in` takes then; given back is the one that stands for all.
    std::string text_by_language(const char* name, std::size_t longest, by_language& in);

    // A list of posts, each by account and id.
    std::vector<bulk_body::target> targets(const char* name, std::size_t most);

    bool flag(const char* name);

    // Not negative, and no larger than 32 bits hold.
    std::uint32_t number(const char* name);

    // More than none; `name` is a member.
    std::optional<milliseconds> length(const char* name);

    scope matchers(const char* name);

    std::optional<time_point> time(const char* name);

    void note(std::string detail);

    // To be called last.
    std::optional<problem> finish();

private:
    const nlohmann::json* take(const char* name);
    void wrong_type(const char* name, const char* wanted, const nlohmann::json& got);

    nlohmann::json value_;
    std::set<std::string, std::less<>> taken_;
    std::optional<problem> first_;
};

// What `fill(reader, wanted)` takes of the body. The problem's kind is always `rejected`; its detail names the member.
template <class Wanted, class Fill>
result<Wanted> read_body(std::string_view text, const Fill& fill)
{
    body_reader body{text};
    Wanted wanted;
    fill(body, wanted);
    if (auto wrong = body.finish())
        return *wrong;
    return wanted;
}

}  // namespace halfmast::api
