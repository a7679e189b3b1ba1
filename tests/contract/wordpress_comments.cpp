#include "tests/contract/wordpress_comments.hpp"

#include <algorithm>
#include <vector>

#include <nlohmann/json.hpp>

#include "daemon/text/text.hpp"

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

// What WordPress makes of quotes when it shows a comment.
std::string texturized(std::string html)
{
    for (auto at = html.find('\''); at != std::string::npos; at = html.find('\'', at))
        html.replace(at, 1, "&#8217;");
    return html;
}

http_response said(int status, const nlohmann::json& body)
{
    http_response made;
    made.status = status;
    made.headers = {{"Content-Type", "application/json; charset=UTF-8"}};
    made.body = body.dump();
    return made;
}

http_response refused(int status, const char* code, const char* message)
{
    return said(status, {{"code", code}, {"message", message}, {"data", {{"status", status}}}});
}

}  // namespace

post_id wordpress_comments::write(const std::string& text, const std::string& name, std::int64_t author, time_point at)
{
    auto id = next_++;
    all_[id] = {id, author, name, as_html(text), std::chrono::floor<seconds>(at), author == 0 && id % 3 == 0};
    return post_id{"comment-" + std::to_string(id)};
}

void wordpress_comments::edit(const post_id& id, const std::string& text) { all_.at(number_of(id)).content = as_html(text); }

void wordpress_comments::remove(const post_id& id) { all_.erase(number_of(id)); }

nlohmann::json wordpress_comments::shown(const comment& one)
{
    return {{"id", one.id},
            {"post", one.post},
            {"parent", one.parent},
            {"author", one.author},
            {"author_name", as_html(one.name)},
            {"author_url", ""},
            {"date", without_zone(one.date + std::chrono::hours{1})},
            {"date_gmt", without_zone(one.date)},
            {"content", {{"rendered", "<p>" + texturized(one.content) + "</p>\n"}}},
            {"status", one.held ? "hold" : "approved"},
            {"link", "https://blog.acme.example/hello/#comment-" + std::to_string(one.id)},
            {"type", "comment"}};
}

http_response wordpress_comments::one(std::int64_t id, bool known) const
{
    auto found = all_.find(id);
    if (found == all_.end())
        return refused(404, "rest_comment_invalid_id", "Invalid comment ID.");
    return known ? said(200, shown(found->second))
                 : refused(401, "rest_forbidden_context", "Sorry, you are not allowed to edit comments.");
}

http_response wordpress_comments::create(const nlohmann::json& body, std::int64_t author, time_point at)
{
    auto post = body.value("post", std::int64_t{0});
    auto parent = body.value("parent", std::int64_t{0});
    auto content = body.value("content", "");
    if (post <= 0)
        return refused(403, "rest_comment_invalid_post_id", "Sorry, you are not allowed to create this comment without a post.");
    if (content.empty())
        return refused(400, "rest_comment_content_invalid", "Invalid comment content.");
    for (const auto& [id, one] : all_)
        if (one.author == author && one.post == post && one.parent == parent && one.content == content)
            return refused(409, "comment_duplicate",
                           "Duplicate comment detected; it looks as though you&#8217;ve already said that!");
    auto id = next_++;
    all_[id] = {id, author, "halfmast", content, std::chrono::floor<seconds>(at), false, post, parent};
    return said(201, shown(all_.at(id)));
}

std::vector<public_post> wordpress_comments::answers(const post_id& to, std::int64_t author) const
{
    std::vector<public_post> all;
    for (const auto& [id, one] : all_)
        if (one.author == author && one.parent > 0 && post_id{"comment-" + std::to_string(one.parent)} == to)
            all.push_back({post_id{"comment-" + std::to_string(id)}, text::from_html(one.content), "", one.date, to});
    return all;
}

http_response wordpress_comments::answer(const std::map<std::string, std::string>& query, bool known) const
{
    http_response made;
    made.status = 200;
    made.headers = {{"Content-Type", "application/json; charset=UTF-8"}};
    auto value = [&](const char* key, std::string usual) { return query.contains(key) ? query.at(key) : usual; };
    auto wanted = [&](const char* key, std::int64_t is) { return !query.contains(key) || query.at(key) == std::to_string(is); };
    auto size = std::stoll(value("per_page", "10"));
    auto after = parse_rfc3339(value("after", "1970-01-01T00:00:00Z"));
    bool held_too = value("status", "approve") == "all";
    if (size < 1 || size > 100 || !after || (held_too && !known) || (query.contains("author") && !known)) {
        made.status = !known ? 401 : 400;
        made.body = R"({"code":"rest_invalid_param","message":"Query parameter not permitted or invalid"})";
        return made;
    }
    // Of a comment, unlike of a post, "content.rendered" names nothing (WordPress 6.1).
    bool shows_words = !query.contains("_fields") || ("," + query.at("_fields") + ",").find(",content,") != std::string::npos;
    std::vector<const comment*> fitting;
    for (const auto& [id, one] : all_)
        if ((!one.held || held_too) && one.date > *after && wanted("author", one.author) && wanted("post", one.post)
            && wanted("parent", one.parent))
            fitting.push_back(&one);
    std::ranges::stable_sort(fitting, {}, &comment::date);
    if (value("order", "desc") == "desc")
        std::ranges::reverse(fitting);
    auto items = nlohmann::json::array();
    auto total = static_cast<std::int64_t>(fitting.size());
    auto first = (std::stoll(value("page", "1")) - 1) * size;
    for (auto i = first; i < std::min<std::int64_t>(first + size, total); ++i) {
        const auto& one = *fitting[static_cast<std::size_t>(i)];
        items.push_back(shown(one));
        if (!shows_words)
            items.back().erase("content");
    }
    made.headers.emplace_back("X-WP-Total", std::to_string(total));
    made.headers.emplace_back("X-WP-TotalPages", std::to_string((total + size - 1) / size));
    made.body = items.dump();
    return made;
}

}  // namespace halfmast::contract
