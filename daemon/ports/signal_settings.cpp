#include "daemon/ports/signal_settings.hpp"

namespace halfmast {

bool is_json_pointer(std::string_view text)
{
    if (text.empty())
        return true;
    if (text.front() != '/')
        return false;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (text[i] == '~' && (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1')))
            return false;
    return true;
}

std::optional<std::vector<std::string>> pointers_in(std::string_view text)
{
    std::vector<std::string> found;
    for (auto open = text.find("{/"); open != text.npos; open = text.find("{/", open + 1)) {
        auto close = text.find('}', open);
        if (close == text.npos || !is_json_pointer(text.substr(open + 1, close - open - 1)))
            return std::nullopt;
        found.emplace_back(text.substr(open + 1, close - open - 1));
    }
    return found;
}

}  // namespace halfmast
