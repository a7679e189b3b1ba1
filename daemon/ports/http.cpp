#include "daemon/ports/http.hpp"

#include <algorithm>

namespace halfmast {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string_view find_header(const http_headers& headers, std::string_view name)
{
    auto same = [&](const auto& header) {
        return std::ranges::equal(header.first, name, [](char a, char b) { return lower(a) == lower(b); });
    };
    auto found = std::ranges::find_if(headers, same);
    return found == headers.end() ? std::string_view{} : std::string_view{found->second};
}

}  // namespace halfmast
