#include "daemon/store/post_json.hpp"

#include <algorithm>

namespace halfmast::store {

using nlohmann::json;

namespace {

const json* member(const json& object, const char* name)
{
    auto found = object.find(name);
    return found == object.end() || found->is_null() ? nullptr : &*found;
}

[[noreturn]] void refuse(const char* name, const char* wanted)
{
    throw unreadable('"' + std::string{name} + "\" is not " + wanted);
}

const json* typed(const json& object, const char* name, bool (json::*is)() const noexcept, const char* wanted)
{
    const auto* found = member(object, name);
    if (found != nullptr && !(found->*is)())
        refuse(name, wanted);
    return found;
}

}  // namespace

std::string canonical(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

std::string text_at(const json& object, const char* name)
{
    const auto* found = typed(object, name, &json::is_string, "a text");
    return found == nullptr ? std::string{} : found->get<std::string>();
}

bool yes_at(const json& object, const char* name)
{
    const auto* found = typed(object, name, &json::is_boolean, "true or false");
    return found != nullptr && found->get<bool>();
}

const json* object_at(const json& object, const char* name) { return typed(object, name, &json::is_object, "an object"); }

const json* list_at(const json& object, const char* name) { return typed(object, name, &json::is_array, "a list"); }

std::vector<std::string> texts_at(const json& object, const char* name)
{
    std::vector<std::string> texts;
    if (const auto* list = list_at(object, name))
        for (const auto& item : *list) {
            if (!item.is_string())
                refuse(name, "a list of texts");
            texts.push_back(item.get<std::string>());
        }
    return texts;
}

std::optional<time_point> time_at(const json& object, const char* name)
{
    const auto* found = typed(object, name, &json::is_string, "a time");
    if (found == nullptr)
        return std::nullopt;
    auto read = parse_rfc3339(found->get_ref<const std::string&>());
    if (!read)
        refuse(name, "a time as in RFC 3339");
    return read;
}

std::uint32_t count_at(const json& object, const char* name, std::uint32_t otherwise)
{
    const auto* found = typed(object, name, &json::is_number_unsigned, "a number");
    return found == nullptr ? otherwise : found->get<std::uint32_t>();
}

std::string time_text(time_point at)
{
    using namespace std::chrono;
    constexpr time_point first = sys_days{year{0} / January / 1};
    constexpr time_point last = sys_days{year{9999} / December / 31} + 24h - 1ms;
    return format_utc(std::clamp(at, first, last));
}

void put(json& object, const char* name, const std::string& text)
{
    if (!text.empty())
        object[name] = text;
}

void put(json& object, const char* name, const std::vector<std::string>& texts)
{
    if (!texts.empty())
        object[name] = texts;
}

json to_json(const scheduled_post& post)
{
    auto object = json::object();
    put(object, "id", post.id.value);
    object["due"] = time_text(post.due);
    put(object, "text", post.text);
    // Texts that are folded already are common in scripts without case; they are not stored twice.
    if (post.folded != post.text)
        object["folded"] = post.folded;
    put(object, "language", post.language);
    put(object, "tags", post.tags);
    put(object, "categories", post.categories);
    put(object, "labels", post.labels);
    put(object, "links", post.links);
    put(object, "url", post.url);
    put(object, "type", post.kind);
    put(object, "author", post.author);
    put(object, "version", post.version);
    if (post.has_media)
        object["has_media"] = true;
    return object;
}

scheduled_post read_post(const json& object)
{
    scheduled_post post;
    post.id = post_id{text_at(object, "id")};
    post.due = time_at(object, "due").value_or(time_point{});
    post.text = text_at(object, "text");
    post.folded = object.contains("folded") ? text_at(object, "folded") : post.text;
    post.language = text_at(object, "language");
    post.tags = texts_at(object, "tags");
    post.categories = texts_at(object, "categories");
    post.labels = texts_at(object, "labels");
    post.links = texts_at(object, "links");
    post.url = text_at(object, "url");
    post.kind = text_at(object, "type");
    post.author = text_at(object, "author");
    post.version = text_at(object, "version");
    post.has_media = yes_at(object, "has_media");
    return post;
}

}  // namespace halfmast::store
