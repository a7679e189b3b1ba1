#include "connectors/rest/templates.hpp"

#include <algorithm>
#include <charconv>

#include "daemon/net/http_server.hpp"
#include "daemon/text/closest.hpp"

namespace halfmast::rest {

namespace {

using nlohmann::json;

std::string list_of(const vocabulary& known)
{
    std::string all;
    for (const auto* names : {&known.texts, &known.times})
        for (const auto& name : *names)
            all += (all.empty() ? "{" : ", {") + name + "}";
    if (known.post)
        all += std::string{all.empty() ? "" : ", "} + "{post:/...}";
    return all;
}

std::string unknown(const std::string& name, const vocabulary& known)
{
    text::nearest search{name};
    for (const auto* names : {&known.texts, &known.times})
        for (const auto& one : *names)
            search.offer(one);
    auto hint = search.question();
    if (hint.empty())
        hint = list_of(known).empty() ? " None can stand here." : " Known here: " + list_of(known) + ".";
    return "there is no {" + name + "} here." + hint + " A brace itself is written {{ or }}";
}

}  // namespace

std::optional<text_template::part> text_template::placeholder(std::string_view inside, const vocabulary& known,
                                                              const time_form& write, std::string& why)
{
    part made;
    auto colon = inside.find(':');
    made.name = std::string{inside.substr(0, colon)};
    std::string argument{colon == std::string_view::npos ? std::string_view{} : inside.substr(colon + 1)};
    if (known.post && made.name == "post") {
        auto at = pointer::parse(argument);
        if (!at || argument.empty()) {
            why = "{post:...} needs a JSON pointer into the post, as in {post:/versions}";
            return std::nullopt;
        }
        made.at = std::move(*at);
        return made;
    }
    if (known.times.contains(made.name)) {
        made.form = argument.empty() ? write : parse_time_form(argument, write.zone, why).value_or(time_form{});
        return why.empty() ? std::optional{std::move(made)} : std::nullopt;
    }
    if (!known.texts.contains(made.name)) {
        why = unknown(made.name, known);
        return std::nullopt;
    }
    made.number = argument == "number";
    if (!argument.empty() && !made.number) {
        why = "{" + made.name + ":" + argument + "}: only 'number' can stand behind its colon";
        return std::nullopt;
    }
    return made;
}

std::optional<text_template> text_template::parse(std::string_view text, const vocabulary& known, const time_form& write,
                                                  std::string& why)
{
    text_template made;
    std::string literal;
    auto close = [&] {
        if (!literal.empty())
            made.parts_.push_back({std::move(literal), {}, {}, {}, false});
        literal.clear();
    };
    why.clear();
    for (std::size_t i = 0; i < text.size(); ++i) {
        if ((text[i] == '{' || text[i] == '}') && i + 1 < text.size() && text[i + 1] == text[i]) {
            literal.push_back(text[i++]);
        } else if (text[i] == '}') {
            why = "a '}' that closes nothing; a brace itself is written }}";
            return std::nullopt;
        } else if (text[i] == '{') {
            auto end = text.find('}', i);
            if (end == std::string_view::npos) {
                why = "a '{' that is never closed; a brace itself is written {{";
                return std::nullopt;
            }
            auto one = placeholder(text.substr(i + 1, end - i - 1), known, write, why);
            if (!one)
                return std::nullopt;
            close();
            made.parts_.push_back(std::move(*one));
            i = end;
        } else {
            literal.push_back(text[i]);
        }
    }
    close();
    return made;
}

std::optional<json> text_template::value(const part& one, const filling& with) const
{
    if (one.name == "post") {
        const auto* found = with.post != nullptr ? one.at.first(*with.post) : nullptr;
        return found == nullptr ? std::nullopt : std::optional{*found};
    }
    if (one.form) {
        auto at = with.times.find(one.name);
        return at == with.times.end() ? std::nullopt : std::optional{write_time(at->second, *one.form)};
    }
    auto found = with.texts.find(one.name);
    if (found == with.texts.end())
        return std::nullopt;
    if (!one.number)
        return json(found->second);
    std::int64_t count = 0;
    const auto& digits = found->second;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    if (error != std::errc{} || end != digits.data() + digits.size())
        return std::nullopt;
    return json(count);
}

template <class Encode>
result<std::string> text_template::joined(const filling& with, Encode encode) const
{
    std::string out;
    for (const auto& one : parts_) {
        if (one.name.empty()) {
            out += one.literal;
            continue;
        }
        auto given = value(one, with);
        auto plain = given ? as_text(*given) : std::nullopt;
        if (!plain || !encode(*plain, out))
            return problem{failure::rejected, "there is nothing to stand for {" + one.name + "}", {}};
    }
    return out;
}

result<std::string> text_template::text(const filling& with) const
{
    return joined(with, [](const std::string& plain, std::string& out) {
        out += plain;
        return true;
    });
}

result<std::string> text_template::in_path(const filling& with) const
{
    // An id that is empty or climbs would address something else than the post.
    return joined(with, [](const std::string& plain, std::string& out) {
        out += net::percent_encode(plain);
        return !plain.empty() && plain != "." && plain != "..";
    });
}

std::optional<json> text_template::in_json(const filling& with) const
{
    if (parts_.size() == 1 && !parts_.front().name.empty())
        return value(parts_.front(), with);
    auto plain = text(with);
    return plain ? std::optional<json>{*plain} : std::nullopt;
}

bool text_template::uses(std::string_view name) const
{
    return std::ranges::any_of(parts_, [&](const part& one) { return one.name == name; });
}

bool text_template::starts_with(std::string_view text) const
{
    return !parts_.empty() && parts_.front().name.empty() && parts_.front().literal.starts_with(text);
}

std::string text_template::literals() const
{
    std::string all;
    for (const auto& one : parts_)
        all += one.literal;
    return all;
}

std::optional<json> json_template::fill(const filling& with) const
{
    if (const auto* fixed = std::get_if<json>(&what))
        return *fixed;
    if (const auto* text = std::get_if<text_template>(&what))
        return text->in_json(with);
    if (const auto* items = std::get_if<list>(&what)) {
        auto made = json::array();
        for (const auto& item : *items) {
            auto one = item.fill(with);
            if (!one)
                return std::nullopt;
            made.push_back(std::move(*one));
        }
        return made;
    }
    auto made = json::object();
    for (const auto& [key, item] : std::get<object>(what)) {
        auto one = item.fill(with);
        if (!one)
            return std::nullopt;
        made[key] = std::move(*one);
    }
    return made;
}

bool json_template::uses(std::string_view name) const
{
    if (const auto* text = std::get_if<text_template>(&what))
        return text->uses(name);
    if (const auto* items = std::get_if<list>(&what))
        return std::ranges::any_of(*items, [&](const auto& item) { return item.uses(name); });
    if (const auto* members = std::get_if<object>(&what))
        return std::ranges::any_of(*members, [&](const auto& member) { return member.value.uses(name); });
    return false;
}

}  // namespace halfmast::rest
