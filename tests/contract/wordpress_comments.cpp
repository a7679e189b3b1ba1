#include "tests/contract/wordpress_comments.hpp"

#include <algorithm>
#include <vector>

#include <nlohmann/json.hpp>

namespace halfmast::contract {

namespace {

std::int64_t number_of(const post_id& id) { return std::stoll(id.value.substr(id.value.rfind('-') + 1)); }

std::string without_zone(time_point at)
{
    auto text = format_utc(at);
    text.pop_back();
    return text;
}

std::string as_html(const std::string& plain)
{
    std::string out;
    for (char c : plain)
        out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
    return out;
}

}  // namespace

post_id wordpress_comments::write(const std::string& text, const std::string& name, std::int64_t author, time_point at)
{
    auto id = next_++;
    all_[id] = {id, author, name, text, std::chrono::floor<seconds>(at), author == 0 && id % 3 == 0};
    return post_id{"comment-" + std::to_string(id)};
}

void wordpress_comments::edit(const post_id& id, const std::string& text) { all_.at(number_of(id)).content = text; }

void wordpress_comments::remove(const post_id& id) { all_.erase(number_of(id)); }

http_response wordpress_comments::answer(const std::map<std::string, std::string>& query, bool known) const
{
    http_response made;
    made.status = 200;
    made.headers = {{"Content-Type", "application/json; charset=UTF-8"}};
    auto value = [&](const char* key, std::string usual) { return query.contains(key) ? query.at(key) : usual; };
    auto size = std::stoll(value("per_page", "10"));
    auto after = parse_rfc3339(value("after", "1970-01-01T00:00:00Z"));
    bool held_too = value("status", "approve") == "all";
    if (size < 1 || size > 100 || !after || (held_too && !known)) {
        made.status = held_too && !known ? 401 : 400;
        made.body = R"({"code":"rest_invalid_param","message":"Query parameter not permitted or invalid"})";
        return made;
    }
    // Of a comment, unlike of a post, "content.rendered" names nothing (WordPress 6.1).
    bool shows_words = !query.contains("_fields") || ("," + query.at("_fields") + ",").find(",content,") != std::string::npos;
    std::vector<const comment*> fitting;
    for (const auto& [id, one] : all_)
        if ((!one.held || held_too) && one.date > *after)
            fitting.push_back(&one);
    std::ranges::stable_sort(fitting, {}, &comment::date);
    if (value("order", "desc") == "desc")
        std::ranges::reverse(fitting);
    auto items = nlohmann::json::array();
    auto total = static_cast<std::int64_t>(fitting.size());
    auto first = (std::stoll(value("page", "1")) - 1) * size;
    for (auto i = first; i < std::min<std::int64_t>(first + size, total); ++i) {
        const auto& one = *fitting[static_cast<std::size_t>(i)];
        items.push_back({{"id", one.id}, {"post", 1}, {"parent", 0}, {"author", one.author}, {"author_name", as_html(one.name)}, {"author_url", ""},
                         {"date", without_zone(one.date + std::chrono::hours{1})}, {"date_gmt", without_zone(one.date)},
                         {"content", {{"rendered", "<p>" + as_html(one.content) + "</p>\n"}}}, {"status", one.held ? "hold" : "approved"},
                         {"link", "https://blog.acme.example/hello/#comment-" + std::to_string(one.id)}, {"type", "comment"}});
        if (!shows_words)
            items.back().erase("content");
    }
    made.headers.emplace_back("X-WP-Total", std::to_string(total));
    made.headers.emplace_back("X-WP-TotalPages", std::to_string((total + size - 1) / size));
    made.body = items.dump();
    return made;
}

}  // namespace halfmast::contract
