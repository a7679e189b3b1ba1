// Rules as measured at WordPress 6.1: scheduled posts less than 60 s ahead are published by any edit, a taken slug becomes
// slug-2, a page past the end is 400, a refused credential is a visitor. It shares no code with the connector.
#include "tests/contract/wordpress_fake.hpp"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "daemon/net/http_server.hpp"
#include "daemon/text/text.hpp"
#include "tests/contract/wordpress_comments.hpp"
#include "tests/contract/wordpress_fake_wire.hpp"

namespace halfmast::contract {

namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using namespace wordpress_wire;

// halfmast:abcd1234efgh5678ijkl9012; the settings hold the password as WordPress shows it, with blanks.
constexpr auto authorization = "Basic aGFsZm1hc3Q6YWJjZDEyMzRlZmdoNTY3OGlqa2w5MDEy";
constexpr std::int64_t own_user = 7;
constexpr auto password = "abcd 1234 efgh 5678 ijkl 9012";

struct wp_post {
    std::int64_t id = 0;
    std::string type = "post";
    std::string status;
    std::string title;
    std::string content;
    std::string slug;
    time_point date;
    time_point modified;
    bool sticky = false;
    std::vector<std::int64_t> tags;
};

class wordpress_fake final : public fake_platform {
public:
    wordpress_fake(time_point now, bool pretty) : now_(now), pretty_(pretty) {}

    std::string connector() const override { return "wordpress"; }
    std::map<std::string, std::string> settings() const override
    {
        return {{"url", std::string{base}}, {"username", "halfmast"}, {"password", password}};
    }
    bool has(feature what) const override
    {
        return what == feature::credential_check || what == feature::mentions || what == feature::edit_marks
               || what == feature::rewriting;
    }

    call_kind kind_of(const http_request& request) const override
    {
        auto asked = understand(request, pretty_);
        if (asked.route.starts_with("/wp/v2/comments"))
            return asked.method != "GET"           ? call_kind::publishes
                   : asked.query.contains("after") ? call_kind::reads_mentions
                                                   : call_kind::reads;
        bool posts = asked.route.starts_with("/wp/v2/posts") || asked.route.starts_with("/wp/v2/pages");
        if (!posts)
            return call_kind::other;
        bool one = std::ranges::count(asked.route, '/') > 3;
        if (asked.method == "GET") {
            if (one || asked.query.contains("include") || asked.query.contains("slug"))
                return call_kind::reads;
            if (asked.query.contains("sticky"))
                return call_kind::reads_pins;
            return asked.value("status") == "future" ? call_kind::lists : call_kind::reads_feed;
        }
        if (asked.body.contains("status"))
            return asked.body["status"] == "draft"    ? call_kind::holds
                   : asked.body["status"] == "future" ? call_kind::releases
                                                      : call_kind::publishes;
        if (asked.body.contains("content"))
            return call_kind::edits;
        return asked.body.value("sticky", false) ? call_kind::pins : call_kind::unpins;
    }

    http_response serve(const http_request& request, time_point now, bool carry_out) override
    {
        advance(now);
        auto before = posts_;
        auto out = out_;
        auto next = next_id_;
        auto comments = comments_;
        auto given = handle(request);
        if (!carry_out) {
            posts_ = std::move(before);
            comments_ = std::move(comments);
            out_ = std::move(out);
            next_id_ = next;
        }
        return given;
    }

    // WP-Cron.
    void advance(time_point now) override
    {
        now_ = std::max(now_, now);
        for (auto& [id, post] : posts_)
            if (post.status == "future" && post.date <= now_)
                go_out(post);
    }

    post_id schedule(const new_post& post, time_point now) override
    {
        auto& made = add("future", post.due, now);
        write(made, post.text);
        made.modified = post.due;  // until somebody edits it
        for (const auto& name : post.tags) {
            auto known = std::ranges::find(tags_, name);
            if (known == tags_.end())
                known = tags_.insert(tags_.end(), name);
            made.tags.push_back(11 + (known - tags_.begin()));
        }
        return post_id{std::to_string(made.id)};
    }

    void remove(const post_id& scheduled, time_point) override { posts_.at(std::stoll(scheduled.value)).status = "trash"; }

    void rewrite(const post_id& scheduled, const std::string& text, time_point now) override
    {
        auto& post = posts_.at(std::stoll(scheduled.value));
        post.content.clear();
        write(post, text);
        post.modified = std::chrono::floor<seconds>(now);
    }

    post_id publish(const std::string& text, bool pinned, time_point at) override
    {
        auto& made = add("publish", at, at);
        write(made, text);
        made.sticky = pinned;
        out_.push_back(made.id);
        return post_id{std::to_string(made.id)};
    }

    post_id mention(const std::string& text, const std::string& by, time_point at) override
    {
        return comments_.write(text, by, 0, at);
    }
    std::vector<public_post> answers(const post_id& to) const override { return comments_.answers(to, own_user); }
    bool shows_edit(const post_id& id, const std::string& said) const override
    {
        auto plain = [](const std::string& html) {
            auto text = text::from_html(html);
            std::erase_if(text, [](unsigned char c) { return c <= ' '; });
            return text;
        };
        const auto& content = posts_.at(std::stoll(id.value)).content;
        auto line = content.rfind("<hr");
        return line != std::string::npos && plain(content.substr(line)) == plain(escaped(said));
    }
    void edit_mention(const post_id& id, const std::string& text) override { comments_.edit(id, text); }
    void remove_mention(const post_id& id) override { comments_.remove(id); }
    void answer_mention(const post_id&, const std::string& text, time_point at) override
    {
        comments_.write(text, "halfmast", own_user, at);
    }

    standing_post look(const post_id& id) override
    {
        standing_post seen;
        auto found = posts_.find(std::stoll(id.value));
        if (found == posts_.end() || found->second.status == "trash")
            return seen;
        const auto& post = found->second;
        seen.where = post.status == "future"    ? whereabouts::queued
                     : post.status == "publish" ? whereabouts::published
                                                : whereabouts::parked;
        seen.due = post.date;
        seen.as = id;
        seen.text = shown(post);
        return seen;
    }

    std::size_t queued() const override
    {
        return static_cast<std::size_t>(
            std::ranges::count_if(posts_, [](const auto& one) { return one.second.status == "future"; }));
    }

    std::vector<public_post> published() const override
    {
        std::vector<public_post> all;
        for (auto id : out_)
            if (const auto& post = posts_.at(id); post.status == "publish")
                all.push_back({post_id{std::to_string(id)}, shown(post), "", post.date});
        std::ranges::stable_sort(all, {}, &public_post::at);
        return all;
    }

    std::vector<post_id> pinned() const override
    {
        std::vector<post_id> all;
        for (const auto* post : newest_first([](const wp_post& one) { return one.sticky && one.status == "publish"; }))
            all.push_back(post_id{std::to_string(post->id)});
        return all;
    }

private:
    wp_post& add(std::string status, time_point date, time_point now)
    {
        auto id = next_id_++;
        auto& made = posts_[id];
        made.id = id;
        made.status = std::move(status);
        made.date = std::chrono::floor<seconds>(date);
        made.modified = std::chrono::floor<seconds>(now);
        return made;
    }

    // As the block editor leaves it: the first line is the title, the rest are paragraphs.
    static void write(wp_post& post, const std::string& text)
    {
        auto lines = split(text, '\n');
        post.title = escaped(lines.empty() ? "" : lines.front());
        for (std::size_t i = 1; i < lines.size(); ++i)
            if (!lines[i].empty())
                post.content +=
                    "<!-- wp:paragraph {\"fontSize\":\"large\"} -->\n<p>" + escaped(lines[i]) + "</p>\n<!-- /wp:paragraph -->\n\n";
    }

    static std::string shown(const wp_post& post)
    {
        return text::from_html(post.title) + "\n" + text::from_html(post.content.substr(0, post.content.find("<hr")));
    }

    void go_out(wp_post& post)
    {
        post.status = "publish";
        out_.push_back(post.id);
    }

    template <class Fits>
    std::vector<const wp_post*> newest_first(Fits fits) const
    {
        std::vector<const wp_post*> all;
        for (const auto& [id, post] : posts_)
            if (fits(post))
                all.push_back(&post);
        std::ranges::stable_sort(all, std::ranges::greater{}, &wp_post::date);
        return all;
    }

    http_response handle(const http_request& request)
    {
        auto asked = understand(request, pretty_);
        if (!asked.api) {
            http_response page;
            page.status = 404;
            page.headers = {{"Content-Type", "text/html"}};
            page.body = "<!DOCTYPE html><html><head><title>404 Not Found</title></head><body><h1>Not Found</h1></body></html>";
            return page;
        }
        bool known = find_header(request.headers, "Authorization") == authorization;
        if (asked.route == "/")
            return answer(200, {{"name", "Acme"},
                                {"namespaces", {"oembed/1.0", "wp/v2"}},
                                {"authentication", {{"application-passwords", json::object()}}}});
        if (asked.route == "/wp/v2/users/me")
            return known ? me() : refuse(401, "rest_not_logged_in", "You are not currently logged in.");
        if (asked.route == "/wp/v2/types")
            return known ? types() : refuse(401, "rest_cannot_view", "Sorry, you are not allowed to edit posts in this post type.");
        if (asked.route == "/wp/v2/taxonomies")
            return answer(200, {{"category",
                                 {{"slug", "category"},
                                  {"types", {"post"}},
                                  {"hierarchical", true},
                                  {"rest_base", "categories"},
                                  {"rest_namespace", "wp/v2"}}},
                                {"post_tag",
                                 {{"slug", "post_tag"},
                                  {"types", {"post"}},
                                  {"hierarchical", false},
                                  {"rest_base", "tags"},
                                  {"rest_namespace", "wp/v2"}}}});
        if (asked.route == "/wp/v2/tags")
            return tags(asked);
        if (asked.route == "/wp/v2/comments" && asked.method == "GET")
            return comments_.answer(asked.query, known);
        if (asked.route == "/wp/v2/comments")
            return known ? comments_.create(asked.body, own_user, now_)
                         : refuse(401, "rest_comment_login_required", "Sorry, you must be logged in to comment.");
        if (asked.route.starts_with("/wp/v2/comments/"))
            return comments_.one(std::stoll(asked.route.substr(16)), known);
        if (asked.route == "/wp/v2/users" || asked.route == "/wp/v2/categories")
            return answer(200, json::array({{{"id", 2}, {"name", "Maria"}, {"slug", "maria"}}}));
        for (const auto* type : {"post", "page"}) {
            auto route = std::string{"/wp/v2/"} + type + "s";
            if (asked.route == route)
                return asked.method == "GET" ? list(asked, type, known) : create(asked, type, known);
            if (asked.route.starts_with(route + "/"))
                return one(asked, type, known, std::stoll(asked.route.substr(route.size() + 1)));
        }
        return refuse(404, "rest_no_route", "No route was found matching the URL and request method.");
    }

    static http_response me()
    {
        json capabilities;
        for (const auto* what : {"posts", "pages"})
            for (const auto* verb : {"edit_", "edit_others_", "publish_"})
                capabilities[verb + std::string{what}] = true;
        capabilities["moderate_comments"] = true;
        return answer(200, {{"id", own_user}, {"name", "halfmast"}, {"capabilities", capabilities}});
    }

    static http_response types()
    {
        auto type = [](const std::string& name, const std::string& route, bool viewable) {
            return json{
                {"slug", name},
                {"name", name},
                {"rest_base", route},
                {"rest_namespace", "wp/v2"},
                {"viewable", viewable},
                {"capabilities", {{"edit_others_posts", "edit_others_" + name + "s"}, {"publish_posts", "publish_" + name + "s"}}}};
        };
        return answer(200, {{"post", type("post", "posts", true)},
                            {"page", type("page", "pages", true)},
                            {"attachment", type("attachment", "media", true)},
                            {"wp_block", type("wp_block", "blocks", false)}});
    }

    http_response tags(const call& asked) const
    {
        auto given = json::array();
        for (const auto& number : split(asked.value("include"), ',')) {
            auto at = static_cast<std::size_t>(std::stoll(number) - 11);
            if (at < tags_.size())
                given.push_back({{"id", std::stoll(number)}, {"slug", tags_[at]}, {"name", tags_[at] + " (tag)"}});
        }
        return answer(200, given);
    }

    json element(const wp_post& post, bool edit) const
    {
        auto link = post.status == "publish" ? std::string{base} + "/" + post.slug + "/"
                                             : std::string{base} + "/?p=" + std::to_string(post.id);
        json made{
            {"id", post.id},     {"date", gmt(post.date + 1h)}, {"date_gmt", gmt(post.date)}, {"modified_gmt", gmt(post.modified)},
            {"slug", post.slug}, {"status", post.status},       {"type", post.type},          {"link", link},
            {"author", 2},       {"featured_media", 0}};
        made["title"] = {{"rendered", post.title}};
        made["content"] = {{"rendered", "<div class=\"ads\">" + post.content + "</div>"}, {"protected", false}};
        if (edit) {
            made["title"]["raw"] = post.title;
            made["content"]["raw"] = post.content;
        }
        if (post.type == "post") {
            made["sticky"] = post.sticky;
            made["tags"] = post.tags;
            made["categories"] = {1};
        }
        return made;
    }

    http_response list(const call& asked, const std::string& type, bool known) const
    {
        auto status = asked.value("status", "publish");
        bool edit = asked.value("context") == "edit";
        if (!known && status != "publish")
            return status_is_forbidden(401);
        if (!known && edit)
            return refuse(401, "rest_forbidden_context", "Sorry, you are not allowed to edit posts in this post type.");
        auto size = asked.number("per_page", 10);
        if (size < 1 || size > 100)
            return refuse(400, "rest_invalid_param", "Invalid parameter(s): per_page");
        std::set<std::string> wanted;
        for (const auto& id : split(asked.value("include"), ','))
            wanted.insert(id);
        auto after = asked.query.contains("after") ? parse_rfc3339(asked.value("after")) : std::optional<time_point>{};
        auto fits = [&](const wp_post& post) {
            bool right = status == "any" ? post.status != "trash" : post.status == status;
            return right && post.type == type && (wanted.empty() || wanted.contains(std::to_string(post.id)))
                   && (!asked.query.contains("slug") || post.slug == asked.value("slug"))
                   && (!asked.query.contains("sticky") || post.sticky) && (!after || post.date > *after);
        };
        auto all = newest_first(fits);
        if (asked.value("orderby") == "id")
            std::ranges::sort(all, {}, &wp_post::id);
        if (asked.value("order") == "asc" && asked.value("orderby") != "id")
            std::ranges::reverse(all);
        auto total = static_cast<std::int64_t>(all.size());
        auto pages = (total + size - 1) / size;
        auto page = asked.number("page", 1);
        if (page > pages && total > 0)
            return refuse(400, "rest_post_invalid_page_number",
                          "The page number requested is larger than the number of pages available.");
        auto given = json::array();
        auto first = asked.number("offset", (page - 1) * size);
        for (auto i = first; i < std::min(first + size, total); ++i)
            given.push_back(element(*all[static_cast<std::size_t>(i)], edit));
        auto made = answer(200, given);
        // Past the end WordPress counts nothing at all.
        made.headers.emplace_back("X-WP-Total", std::to_string(first < total ? total : 0));
        made.headers.emplace_back("X-WP-TotalPages", std::to_string(first < total ? pages : 0));
        return made;
    }

    // The rules of wp_insert_post: a status and a date make each other true.
    void settle(wp_post& post)
    {
        bool soon = post.date - now_ < 60s;
        if (post.status == "future" && soon)
            go_out(post);
        else if (post.status == "publish" && !soon)
            post.status = "future";
    }

    std::string free_slug(const std::string& wanted, std::int64_t own) const
    {
        auto taken = [&](const std::string& slug) {
            return std::ranges::any_of(posts_, [&](const auto& one) { return one.first != own && one.second.slug == slug; });
        };
        auto slug = wanted;
        for (int number = 2; taken(slug); ++number)
            slug = wanted + "-" + std::to_string(number);
        return slug;
    }

    void take_over(wp_post& post, const json& body)
    {
        bool was_public = post.status == "publish";
        post.status = body.value("status", post.status);
        post.title = body.value("title", post.title);
        post.content = body.value("content", post.content);
        post.sticky = body.value("sticky", post.sticky);
        if (body.contains("slug"))
            post.slug = free_slug(body["slug"], post.id);
        if (body.contains("date_gmt"))
            post.date = parse_rfc3339(body["date_gmt"].get<std::string>() + "Z").value();
        settle(post);
        if (post.status == "publish" && !was_public && std::ranges::find(out_, post.id) == out_.end())
            out_.push_back(post.id);
        post.modified = std::chrono::floor<seconds>(now_);
    }

    http_response create(const call& asked, const std::string& type, bool known)
    {
        if (!known)
            return refuse(401, "rest_cannot_create", "Sorry, you are not allowed to create posts as this user.");
        auto& made = add("draft", now_, now_);
        made.type = type;
        take_over(made, asked.body);
        return answer(201, element(made, true));
    }

    http_response one(const call& asked, const std::string& type, bool known, std::int64_t id)
    {
        auto found = posts_.find(id);
        if (found == posts_.end() || found->second.type != type)
            return refuse(404, "rest_post_invalid_id", "Invalid post ID.");
        if (!known)
            return refuse(401, asked.method == "GET" ? "rest_forbidden_context" : "rest_cannot_edit",
                          "Sorry, you are not allowed to edit this post.");
        if (asked.method != "GET")
            take_over(found->second, asked.body);
        return answer(200, element(found->second, true));
    }

    std::map<std::int64_t, wp_post> posts_;
    wordpress_comments comments_;
    std::vector<std::int64_t> out_;  // in the order they went out
    std::vector<std::string> tags_;  // by number, from 11
    std::int64_t next_id_ = 101;
    time_point now_;
    bool pretty_;
};

}  // namespace

std::unique_ptr<fake_platform> make_wordpress(time_point now) { return std::make_unique<wordpress_fake>(now, true); }

std::unique_ptr<fake_platform> make_plain_wordpress(time_point now) { return std::make_unique<wordpress_fake>(now, false); }

std::vector<maker> wordpress_fakes()
{
    return {{"wordpress", make_wordpress}, {"wordpress, plain permalinks", make_plain_wordpress}};
}

}  // namespace halfmast::contract
