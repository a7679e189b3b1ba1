#include "connectors/rest/pointer.hpp"

#include "daemon/net/json_read.hpp"

namespace halfmast::rest {

namespace {

using nlohmann::json;

const json* step(const json& in, const json::json_pointer& by)
{
    // `contains` answers for members; an index that is no number it takes for an error.
    try {
        return in.contains(by) ? &in.at(by) : nullptr;
    } catch (const json::exception&) {
        return nullptr;
    }
}

}  // namespace

std::optional<pointer> pointer::parse(std::string_view text)
{
    pointer made;
    try {
        for (std::size_t at = 0;;) {
            auto star = text.find("/*", at);
            while (star != std::string_view::npos && star + 2 < text.size() && text[star + 2] != '/')
                star = text.find("/*", star + 1);
            made.pieces_.emplace_back(std::string{text.substr(at, star == std::string_view::npos ? star : star - at)});
            if (star == std::string_view::npos)
                return made;
            at = star + 2;
        }
    } catch (const json::exception&) {
        return std::nullopt;
    }
}

std::vector<const json*> pointer::all(const json& in) const
{
    std::vector<const json*> here{&in};
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
        std::vector<const json*> next;
        for (const auto* value : here) {
            if (i > 0 && !value->is_structured())
                continue;
            if (i == 0) {
                if (const auto* found = step(*value, pieces_[i]))
                    next.push_back(found);
                continue;
            }
            for (const auto& member : *value)
                if (const auto* found = step(member, pieces_[i]))
                    next.push_back(found);
        }
        here = std::move(next);
    }
    return here;
}

const json* pointer::first(const json& in) const
{
    auto found = all(in);
    return found.empty() ? nullptr : found.front();
}

std::optional<std::string> as_text(const json& value)
{
    if (value.is_string())
        return value.get<std::string>();
    if (value.is_number() || value.is_boolean())
        return value.dump();
    return std::nullopt;
}

std::optional<json> parse_json(const std::string& body) { return net::parse_json(body); }

}  // namespace halfmast::rest
