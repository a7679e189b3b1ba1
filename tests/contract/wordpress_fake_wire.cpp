#include "tests/contract/wordpress_fake_wire.hpp"

#include <algorithm>

#include "daemon/net/http_server.hpp"

namespace halfmast::contract::wordpress_wire {

using nlohmann::json;

std::string gmt(time_point at)
{
    auto text = format_utc(std::chrono::floor<seconds>(at));
    text.pop_back();
    return text;
}

std::string escaped(const std::string& plain)
{
    std::string out;
    for (char c : plain)
        out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
    return out;
}

std::vector<std::string> split(const std::string& text, char at)
{
    std::vector<std::string> parts;
    for (std::size_t begin = 0; begin <= text.size() && !text.empty();) {
        auto end = std::min(text.find(at, begin), text.size());
        parts.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

http_response answer(int status, const json& body)
{
    http_response made;
    made.status = status;
    made.headers = {{"Content-Type", "application/json; charset=UTF-8"}};
    made.body = body.dump();
    return made;
}

http_response refuse(int status, const std::string& code, const std::string& message)
{
    return answer(status, {{"code", code}, {"message", message}, {"data", {{"status", status}}}});
}

http_response status_is_forbidden(int inner)
{
    json about{{"code", "rest_forbidden_status"}, {"message", "Status is forbidden."}, {"data", {{"status", inner}}}};
    return answer(
        400, {{"code", "rest_invalid_param"},
              {"message", "Invalid parameter(s): status"},
              {"data", {{"status", 400}, {"params", {{"status", "Status is forbidden."}}}, {"details", {{"status", about}}}}}});
}

call understand(const http_request& request, bool pretty)
{
    call asked;
    asked.method = request.method;
    auto target = request.url.substr(base.size());
    auto question = target.find('?');
    auto path = target.substr(0, question);
    if (question != std::string::npos)
        for (const auto& pair : split(target.substr(question + 1), '&')) {
            auto equals = std::min(pair.find('='), pair.size());
            asked.query[pair.substr(0, equals)] = net::percent_decode(pair.substr(std::min(equals + 1, pair.size()))).value_or("");
        }
    if (path.starts_with("/wp-json"))
        asked.route = path.substr(8);
    else
        asked.route = asked.value("rest_route");
    asked.api = !asked.route.empty() && (pretty || !path.starts_with("/wp-json"));
    asked.body = request.body.empty() ? json::object() : json::parse(request.body);
    return asked;
}

}  // namespace halfmast::contract::wordpress_wire
