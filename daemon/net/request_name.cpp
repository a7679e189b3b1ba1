#include "daemon/net/request_name.hpp"

#include <algorithm>

namespace halfmast::net {

std::string name_of(const http_request& request)
{
    std::string_view url = request.url;
    url = url.substr(0, url.find_first_of("?#"));
    std::string text = request.method + ' ';
    auto start = url.find("://");
    start = start == std::string_view::npos ? 0 : start + 3;
    auto authority_end = std::min(url.find('/', start), url.size());
    text += url.substr(0, start);
    auto authority = url.substr(start, authority_end - start);
    if (auto at = authority.rfind('@'); at != std::string_view::npos)
        authority.remove_prefix(at + 1);
    text += authority;
    text += url.substr(authority_end);
    for (auto& letter : text)
        if (static_cast<unsigned char>(letter) < ' ' || letter == 0x7f)
            letter = ' ';
    return text;
}

}  // namespace halfmast::net
