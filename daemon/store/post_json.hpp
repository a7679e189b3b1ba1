// A scheduled post as JSON and back: as ledger records keep it, and as the mirror does. Internal to this room.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "daemon/core/post.hpp"

namespace halfmast::store {

// Stops at the room's door: decode() and the mirror turn it into a problem.
struct unreadable : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Empty texts and lists are left out. `raw` is not in it: whoever stores the post stores the bytes beside it.
nlohmann::json to_json(const scheduled_post& post);
scheduled_post read_post(const nlohmann::json& object);  // throws unreadable

// Members of an object. One that is absent is empty; one of another type throws unreadable.
std::string text_at(const nlohmann::json& object, const char* name);
bool yes_at(const nlohmann::json& object, const char* name);
std::vector<std::string> texts_at(const nlohmann::json& object, const char* name);
std::optional<time_point> time_at(const nlohmann::json& object, const char* name);
const nlohmann::json* object_at(const nlohmann::json& object, const char* name);
const nlohmann::json* list_at(const nlohmann::json& object, const char* name);

std::uint32_t count_at(const nlohmann::json& object, const char* name, std::uint32_t otherwise);

// The value of an enumeration by its stable word.
template <class Parse>
auto word_at(const nlohmann::json& object, const char* name, Parse parse)
{
    auto word = text_at(object, name);
    auto value = parse(word);
    if (!word.empty() && !value)
        throw unreadable('"' + std::string{name} + "\" is a word this version does not know: " + word);
    return value;
}

// As word_at, for a member that has to be there.
template <class Parse>
auto needed_word_at(const nlohmann::json& object, const char* name, Parse parse)
{
    auto value = word_at(object, name, parse);
    if (!value)
        throw unreadable('"' + std::string{name} + "\" is missing");
    return *value;
}

void put(nlohmann::json& object, const char* name, const std::string& text);
void put(nlohmann::json& object, const char* name, const std::vector<std::string>& texts);

// Exact to the millisecond within the years that RFC 3339 can write; a date outside of them becomes the nearest one inside.
std::string time_text(time_point at);

// Sorted keys, no spaces, bytes that are no UTF-8 replaced.
std::string canonical(const nlohmann::json& value);

}  // namespace halfmast::store
