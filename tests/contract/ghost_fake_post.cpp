#include "tests/contract/ghost_fake_post.hpp"

#include <algorithm>

#include "daemon/text/text.hpp"

namespace halfmast::contract {

namespace {

using nlohmann::json;

std::string ghost_field(const ghost_post& post, const std::string& key)
{
    if (key == "id")
        return post.id;
    if (key == "status")
        return post.status;
    if (key == "slug")
        return post.slug;
    if (key == "featured")
        return post.featured ? "true" : "false";
    return post.published ? ghost_time(*post.published) : std::string{};
}

}  // namespace

std::string ghost_post::shown() const { return title + "\n" + text::from_html(html.substr(0, html.find("<hr"))); }

void ghost_post::write(const std::string& text)
{
    auto lines = cut_ghost(text, '\n');
    title = lines.empty() ? "(Untitled)" : lines.front();
    for (std::size_t i = 1; i < lines.size(); ++i)
        if (!lines[i].empty())
            html += "<p>" + in_ghost_html(lines[i]) + "</p>";
}

std::string in_ghost_html(const std::string& plain)
{
    std::string out;
    for (char c : plain)
        out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
    return out;
}

nlohmann::json ghost_element(const ghost_post& post, bool html, time_point now)
{
    auto url = std::string{ghost_base} + (post.status == "published" ? "/" + post.slug + "/" : "/p/" + post.id + "/");
    json made{{"id", post.id},
              {"title", post.title},
              {"slug", post.slug},
              {"status", post.status},
              {"featured", post.featured},
              {"visibility", post.visibility},
              {"updated_at", ghost_time(post.updated)},
              {"url", url},
              {"custom_excerpt", nullptr},
              {"feature_image", nullptr},
              {"lexical", html ? json(ghost_lexical(post.html)) : json(nullptr)}};
    made["published_at"] = post.published ? json(ghost_time(*post.published)) : json(nullptr);
    if (html)
        made["html"] = post.html.empty() ? json(nullptr) : json(post.html);
    made["tags"] = json::array();
    for (const auto& tag : post.tags)
        made["tags"].push_back({{"id", "t-" + tag}, {"slug", tag}, {"name", tag + " (tag)"}});
    made["authors"] = json::array({{{"id", "1"},
                                    {"name", "Maria"},
                                    {"slug", "maria"},
                                    {"email", "maria@acme.example"},
                                    {"last_seen", ghost_time(std::chrono::floor<std::chrono::hours>(now))}}});
    if (post.resource == "posts") {
        made["newsletter"] =
            post.newsletter.empty() ? json(nullptr) : json{{"id", "n1"}, {"slug", post.newsletter}, {"status", "active"}};
        made["email"] = post.mailed ? json{{"id", "e1"}, {"status", "submitted"}} : json(nullptr);
        made["email_segment"] = post.segment;
        made["email_only"] = post.email_only;
    }
    return made;
}

bool ghost_fits(const ghost_post& post, const ghost_term& one)
{
    auto mine = ghost_field(post, one.key);
    auto value = one.values.empty() ? std::string{} : one.values.front();
    if (one.key == "published_at")
        value = ghost_time(parse_rfc3339(value).value());
    if (one.relation == ">")
        return mine > value;
    if (one.relation == ">=")
        return mine >= value;
    return std::ranges::find(one.values, mine) != one.values.end();
}

}  // namespace halfmast::contract
