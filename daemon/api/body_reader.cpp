#include "daemon/api/body_reader.hpp"

#include <limits>

#include "daemon/text/closest.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::api {

namespace {

std::string joined(const std::set<std::string, std::less<>>& words)
{
    std::string text;
    for (const auto& word : words)
        text += (text.empty() ? "" : ", ") + word;
    return text;
}

}  // namespace

body_reader::body_reader(std::string_view body)
{
    // An empty body is an empty object: `lower` needs no word.
    if (body.find_first_not_of(" \t\r\n") == std::string_view::npos)
        body = "{}";
    value_ = nlohmann::json::parse(body, nullptr, false);
    if (value_.is_discarded())
        note("the body is not JSON");
    else if (!value_.is_object())
        note("the body must be a JSON object");
}

std::string body_reader::text(const char* name, std::size_t longest)
{
    const auto* member = take(name);
    if (member == nullptr)
        return {};
    if (!member->is_string()) {
        wrong_type(name, "a string", *member);
        return {};
    }
    auto value = member->get<std::string>();
    if (value.size() > longest)
        note("member '" + std::string{name} + "' is longer than " + std::to_string(longest) + " bytes");
    return value;
}

std::optional<std::string> body_reader::given_text(const char* name, std::size_t longest)
{
    if (!value_.is_object() || !value_.contains(name) || value_[name].is_null()) {
        take(name);
        return std::nullopt;
    }
    return text(name, longest);
}

std::string body_reader::text_by_language(const char* name, std::size_t longest, by_language& in)
{
    if (!value_.is_object() || !value_.contains(name) || !value_[name].is_object())
        return text(name, longest);
    for (const auto& [key, given] : take(name)->items()) {
        auto member = std::string{name} + "." + key;
        auto tag = key == "und" ? std::optional{key} : text::language_tag(key);
        if (!tag)
            note("member '" + member + "': '" + key + "' is not a language tag; write it as en, hu or zh-Hans");
        else if (!given.is_string())
            wrong_type(member.c_str(), "a string", given);
        else if (auto said = given.get<std::string>(); said.size() > longest)
            note("member '" + member + "' is longer than " + std::to_string(longest) + " bytes");
        else if (said.find_first_not_of(" \t\r\n") == std::string::npos)
            note("member '" + member + "' is empty; leave it out to fall back on another language");
        else if (!in.emplace(*tag, std::move(said)).second)
            note("member '" + std::string{name} + "' has " + *tag + " twice");
    }
    return text_for_all(in);
}

std::vector<bulk_body::target> body_reader::targets(const char* name, std::size_t most)
{
    std::vector<bulk_body::target> list;
    const auto* member = take(name);
    if (member == nullptr || !member->is_array() || member->empty() || member->size() > most) {
        note("member '" + std::string{name} + "' must be a list of 1 to " + std::to_string(most)
             + R"( posts, like {"account":"acme-blog","post":"123"})");
        return list;
    }
    for (const auto& one : *member) {
        auto word = [&](const char* part) {
            auto found = one.is_object() ? one.find(part) : one.end();
            return found != one.end() && found->is_string() ? found->get<std::string>() : std::string{};
        };
        bulk_body::target made{account_id{word("account")}, post_id{word("post")}, word("etag")};
        if (made.account.empty() || made.post.empty())
            note("member '" + std::string{name} + R"(' has an entry that is not like {"account":"acme-blog","post":"123"})");
        list.push_back(std::move(made));
    }
    return list;
}

bool body_reader::flag(const char* name)
{
    const auto* member = take(name);
    if (member == nullptr)
        return false;
    if (!member->is_boolean()) {
        wrong_type(name, "true or false", *member);
        return false;
    }
    return member->get<bool>();
}

std::uint32_t body_reader::number(const char* name)
{
    const auto* member = take(name);
    if (member == nullptr)
        return 0;
    auto value = member->is_number_unsigned() ? member->get<std::uint64_t>() : std::numeric_limits<std::uint64_t>::max();
    if (value > std::numeric_limits<std::uint32_t>::max()) {
        wrong_type(name, "a whole number", *member);
        return 0;
    }
    return static_cast<std::uint32_t>(value);
}

std::optional<milliseconds> body_reader::length(const char* name)
{
    auto written = text(name, longest_name);
    if (written.empty())
        return std::nullopt;
    auto value = parse_duration(written);
    if (!value || *value == milliseconds{0})
        note("member '" + std::string{name} + "' must be a duration like 45m or 1h30m; '" + written + "' is not");
    return value;
}

scope body_reader::matchers(const char* name)
{
    scope over;
    const auto* member = take(name);
    if (member == nullptr)
        return over;
    if (!member->is_object()) {
        wrong_type(name, R"(an object of strings, like {"brand":"acme"})", *member);
        return over;
    }
    for (const auto& [label, wanted] : member->items()) {
        if (!wanted.is_string())
            wrong_type((std::string{name} + "." + label).c_str(), "a string", wanted);
        else
            over[label] = wanted.get<std::string>();
    }
    return over;
}

std::optional<time_point> body_reader::time(const char* name)
{
    auto written = text(name, longest_name);
    if (written.empty())
        return std::nullopt;
    auto at = parse_rfc3339(written);
    if (!at)
        note("member '" + std::string{name} + "' must be a time as in RFC 3339 with a zone, like 2026-03-01T14:30:00Z; '" + written
             + "' is not");
    return at;
}

void body_reader::note(std::string detail)
{
    if (!first_)
        first_ = problem{failure::rejected, std::move(detail), std::nullopt};
}

std::optional<problem> body_reader::finish()
{
    if (!first_ && value_.is_object())
        for (const auto& [name, ignored] : value_.items())
            if (!taken_.contains(name)) {
                text::nearest search{name};
                for (const auto& known : taken_)
                    search.offer(known);
                note("unknown member '" + name + "'; known are " + joined(taken_) + "." + search.question());
                break;
            }
    return first_;
}

const nlohmann::json* body_reader::take(const char* name)
{
    taken_.insert(name);
    if (!value_.is_object())
        return nullptr;
    auto found = value_.find(name);
    if (found == value_.end() || found->is_null())
        return nullptr;
    return &*found;
}

void body_reader::wrong_type(const char* name, const char* wanted, const nlohmann::json& got)
{
    note("member '" + std::string{name} + "' must be " + wanted + ", not " + got.type_name());
}

}  // namespace halfmast::api
