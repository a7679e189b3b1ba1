// Rules as measured at Ghost 6.65: a draft loses its newsletter and its recipients, unless its mail has left; a newsletter counts
// only together with a change of status; a stale updated_at is a collision only when something would change, and counts whole
// seconds; a date in the past is taken and published at once; a taken slug becomes slug-2. It shares no code with the connector.
#include "tests/contract/ghost_fake.hpp"

#include <algorithm>

#include "daemon/text/text.hpp"
#include "tests/contract/ghost_fake_post.hpp"

namespace halfmast::contract {

namespace {

using nlohmann::json;
using namespace std::chrono_literals;

class ghost_fake final : public ghost_site {
public:
    ghost_fake(time_point now, bool featured_shows) : now_(now), featured_shows_(featured_shows) {}

    std::string connector() const override { return "ghost"; }
    std::map<std::string, std::string> settings() const override
    {
        return {{"url", std::string{ghost_base}},
                {"admin_api_key", std::string{ghost_key}},
                {"featured_shows", featured_shows_ ? "true" : "false"}};
    }
    bool has(feature what) const override
    {
        return what == feature::credential_check || what == feature::edit_marks || what == feature::rewriting;
    }

    call_kind kind_of(const http_request& request) const override
    {
        auto asked = understand_ghost(request);
        if (asked.route.empty() || (asked.route[0] != "posts" && asked.route[0] != "pages"))
            return call_kind::other;
        if (asked.method == "GET") {
            auto filter = asked.value("filter");
            if (asked.route.size() > 1 || filter.starts_with("id:[") || filter.starts_with("slug:"))
                return call_kind::reads;
            if (filter.starts_with("featured:"))
                return call_kind::reads_pins;
            return filter.starts_with("status:scheduled") ? call_kind::lists : call_kind::reads_feed;
        }
        if (asked.post.contains("featured") && !asked.post.contains("status"))
            return asked.post["featured"] == true ? call_kind::pins : call_kind::unpins;
        if (asked.post.contains("html") && !asked.post.contains("status"))
            return call_kind::edits;
        auto status = asked.post.value("status", "");
        return status == "draft" ? call_kind::holds : status == "scheduled" ? call_kind::releases : call_kind::publishes;
    }

    http_response serve(const http_request& request, time_point now, bool carry_out) override
    {
        advance(now);
        auto posts = posts_;
        auto out = out_;
        auto next = next_id_;
        auto mails = mails_;
        auto given = handle(request);
        if (!carry_out) {
            posts_ = std::move(posts);
            out_ = std::move(out);
            next_id_ = next;
            mails_ = std::move(mails);
        }
        if (auto asked = understand_ghost(request); after_look_ && asked.method == "GET" && asked.route.size() > 1)
            std::exchange(after_look_, nullptr)();
        if (request.method == "GET" && given.status == 200) {
            auto tag =
                "W/\"" + std::to_string(given.body.size()) + "-" + std::to_string(std::hash<std::string>{}(given.body)) + "\"";
            given.headers.emplace_back("ETag", tag);
            if (find_header(request.headers, "If-None-Match") == tag) {
                given.status = 304;
                given.body.clear();
            }
        }
        given.headers.emplace_back("Date", net_date());
        return given;
    }

    void advance(time_point now) override
    {
        now_ = std::max(now_, now);
        for (auto& [id, post] : posts_)
            if (post.status == "scheduled" && *post.published <= now_) {
                post.updated = now_;
                go_out(post);
            }
    }

    post_id schedule(const new_post& post, time_point now) override
    {
        auto& made = add("posts", now);
        made.write(post.text);
        made.status = "scheduled";
        made.published = std::chrono::floor<seconds>(post.due);
        made.tags = post.tags;
        return post_id{made.id};
    }

    post_id schedule_page(const new_post& post, time_point now) override
    {
        auto id = schedule(post, now);
        posts_.at(id.value).resource = "pages";
        return id;
    }

    post_id schedule_mail(const new_post& post, const std::string& segment, bool email_only, time_point now) override
    {
        auto id = schedule(post, now);
        auto& made = posts_.at(id.value);
        made.newsletter = "weekly";
        made.segment = segment;
        made.email_only = email_only;
        return id;
    }

    void edit(const post_id& id, const std::string& status, time_point now) override
    {
        auto& post = posts_.at(id.value);
        post.title += " (edited)";
        post.updated = std::max<time_point>(std::chrono::floor<seconds>(now), post.updated + 1s);
        if (status == "published")
            go_out(post);
        else if (!status.empty())
            post.status = status;
        if (status == "scheduled")
            post.published = std::chrono::floor<seconds>(now + 1h);
    }

    void archive_newsletter() override { newsletter_active_ = false; }
    void set_clock(milliseconds ahead) override { ahead_ = ahead; }
    void after_look(std::function<void()> what) override { after_look_ = std::move(what); }

    std::vector<std::string> mails() const override { return mails_; }

    std::string whole(const post_id& id) const override
    {
        auto all = ghost_element(posts_.at(id.value), true, now_);
        for (const auto* key : {"status", "published_at", "updated_at", "url"})
            all.erase(key);
        all["authors"][0].erase("last_seen");  // changes by itself
        return all.dump();
    }

    void remove(const post_id& scheduled, time_point) override { posts_.erase(scheduled.value); }

    void rewrite(const post_id& scheduled, const std::string& text, time_point now) override
    {
        auto& post = posts_.at(scheduled.value);
        post.html.clear();
        post.write(text);
        post.updated = std::max<time_point>(std::chrono::floor<seconds>(now), post.updated + 1s);
    }

    post_id publish(const std::string& text, bool pinned, time_point at) override
    {
        auto& made = add("posts", at);
        made.write(text);
        made.status = "published";
        made.published = std::chrono::floor<seconds>(at);
        made.featured = pinned;
        out_.push_back(made.id);
        return post_id{made.id};
    }

    standing_post look(const post_id& id) override
    {
        standing_post seen;
        auto found = posts_.find(id.value);
        if (found == posts_.end())
            return seen;
        const auto& post = found->second;
        seen.where = post.status == "scheduled" ? whereabouts::queued
                     : post.is_out()            ? whereabouts::published
                                                : whereabouts::parked;
        seen.due = post.published.value_or(time_point{});
        seen.as = id;
        seen.text = post.shown();
        return seen;
    }

    std::size_t queued() const override
    {
        return static_cast<std::size_t>(
            std::ranges::count_if(posts_, [](const auto& one) { return one.second.status == "scheduled"; }));
    }

    std::vector<public_post> published() const override
    {
        std::vector<public_post> all;
        for (const auto& id : out_)
            if (auto found = posts_.find(id); found != posts_.end() && found->second.is_out())
                all.push_back({post_id{id}, found->second.shown(), "", *found->second.published});
        std::ranges::stable_sort(all, {}, &public_post::at);
        return all;
    }

    bool shows_edit(const post_id& id, const std::string& said) const override
    {
        auto plain = [](const std::string& html) {
            auto text = text::from_html(html);
            std::erase_if(text, [](unsigned char c) { return c <= ' '; });
            return text;
        };
        const auto& html = posts_.at(id.value).html;
        auto line = html.rfind("<hr");
        return line != std::string::npos && plain(html.substr(line)) == plain(in_ghost_html(said));
    }

    std::vector<post_id> pinned() const override
    {
        std::vector<const ghost_post*> all;
        for (const auto& [id, post] : posts_)
            if (post.featured && post.status == "published")
                all.push_back(&post);
        std::ranges::stable_sort(all, std::ranges::greater{}, [](const auto* post) { return *post->published; });
        std::vector<post_id> ids;
        for (const auto* post : all)
            ids.push_back(post_id{post->id});
        return ids;
    }

private:
    time_point site_now() const { return now_ + ahead_; }

    std::string net_date() const
    {
        auto at = std::chrono::floor<seconds>(site_now());
        auto day = std::chrono::floor<std::chrono::days>(at);
        std::chrono::year_month_day date{day};
        constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
        constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        auto text = ghost_time(at);
        return std::string{days[std::chrono::weekday{day}.c_encoding()]} + ", " + text.substr(8, 2) + " "
               + months[static_cast<unsigned>(date.month()) - 1] + " " + text.substr(0, 4) + " " + text.substr(11, 8) + " GMT";
    }

    ghost_post& add(const std::string& resource, time_point now)
    {
        constexpr std::string_view digits = "0123456789abcdef";
        std::string id(24, '0');
        id[0] = '6';
        auto number = next_id_++;
        for (std::size_t place = 23; number > 0; --place, number /= 16)
            id[place] = digits[number % 16];
        auto& made = posts_[id];
        made.id = id;
        made.resource = resource;
        made.updated = std::chrono::floor<seconds>(now);
        return made;
    }

    void go_out(ghost_post& post)
    {
        post.status = post.email_only ? "sent" : "published";
        post.updated = std::chrono::floor<seconds>(post.updated);
        if (!post.published)
            post.published = std::chrono::floor<seconds>(now_);
        out_.push_back(post.id);
        if (!post.newsletter.empty() && !post.mailed) {
            post.mailed = true;
            mails_.push_back(post.newsletter + " " + post.segment + ": " + post.title);
        }
    }

    http_response handle(const http_request& request)
    {
        auto asked = understand_ghost(request);
        if (!asked.api || asked.route.empty()) {
            http_response moved;
            moved.status = 301;
            moved.headers = {{"Location", request.url + "/"}};
            return moved;
        }
        if (asked.route[0] == "site")
            return ghost_answer(200, {{"site", {{"title", "Acme"}, {"version", "6.65"}}}});
        if (auto refused = ghost_stranger(request, site_now()))
            return *refused;
        if (asked.route[0] == "users")
            return ghost_fault(404, "NotFoundError", "Resource not found error, cannot read user.", "User not found.");
        if (asked.route[0] != "posts" && asked.route[0] != "pages")
            return ghost_fault(403, "NoPermissionError", "API tokens do not have permission to access this endpoint");
        if (asked.route.size() == 1)
            return asked.method == "GET" ? list(asked) : create(asked);
        auto found = posts_.find(asked.route[1]);
        if (asked.route[1].size() != 24)
            return ghost_fault(422, "ValidationError", "Validation error, cannot read post.", "Validation (matches) failed for id");
        if (found == posts_.end() || found->second.resource != asked.route[0])
            return ghost_fault(404, "NotFoundError", "Resource not found error, cannot read post.", "Post not found.");
        return asked.method == "GET" ? answer(200, asked, found->second) : change(asked, found->second);
    }

    http_response answer(int status, const ghost_call& asked, const ghost_post& post) const
    {
        return ghost_answer(
            status, {{asked.route[0], json::array({ghost_element(post, asked.value("formats").starts_with("html"), now_)})}});
    }

    http_response list(const ghost_call& asked) const
    {
        auto terms = ghost_terms(asked.value("filter"));
        std::vector<const ghost_post*> all;
        for (const auto& [id, post] : posts_)
            if (post.resource == asked.route[0]
                && std::ranges::all_of(terms, [&](const auto& one) { return ghost_fits(post, one); }))
                all.push_back(&post);
        if (asked.value("order") != "id asc")
            std::ranges::stable_sort(all, std::ranges::greater{},
                                     [](const auto* post) { return post->published.value_or(time_point{}); });
        auto size = std::min<std::size_t>(100, asked.value("limit").empty() ? 15 : std::stoull(asked.value("limit")));
        auto page = asked.value("page").empty() ? 1 : std::stoull(asked.value("page"));
        auto pages = std::max<std::size_t>(1, (all.size() + size - 1) / size);
        auto given = json::array();
        for (auto at = (page - 1) * size; at < std::min<std::size_t>(page * size, all.size()); ++at)
            given.push_back(ghost_element(*all[at], asked.value("formats").starts_with("html"), now_));
        json paging{{"page", page},
                    {"limit", size},
                    {"pages", pages},
                    {"total", all.size()},
                    {"next", page < pages ? json(page + 1) : json(nullptr)}};
        return ghost_answer(200, {{asked.route[0], given}, {"meta", {{"pagination", paging}}}});
    }

    std::string free_slug(const std::string& wanted) const
    {
        auto taken = [&](const std::string& slug) {
            return std::ranges::any_of(posts_, [&](const auto& one) { return one.second.slug == slug; });
        };
        auto slug = wanted;
        for (int number = 2; taken(slug); ++number)
            slug = wanted + "-" + std::to_string(number);
        return slug;
    }

    http_response create(const ghost_call& asked)
    {
        auto slug = free_slug(asked.post.value("slug", "untitled"));
        auto& made = add(asked.route[0], now_);
        made.title = asked.post.value("title", "(Untitled)");
        made.html = asked.value("source") == "html" ? asked.post.value("html", "") : "";
        made.slug = slug;
        made.visibility = asked.post.value("visibility", "members");  // what this site's owner chose as the default
        made.featured = asked.post.value("featured", false);
        if (asked.post.value("status", "draft") == "published")
            go_out(made);
        return answer(201, asked, made);
    }

    http_response change(const ghost_call& asked, ghost_post& post)
    {
        auto invalid = [](const std::string& why) {
            return ghost_fault(422, "ValidationError", "Validation error, cannot edit post.", why);
        };
        if (!asked.post.contains("updated_at"))
            return invalid("Validation failed for 0.");
        auto status = asked.post.value("status", post.status);
        auto date =
            asked.post.contains("published_at") ? parse_rfc3339(asked.post["published_at"].get<std::string>()) : post.published;
        auto featured = asked.post.value("featured", post.featured);
        auto title = asked.post.value("title", post.title);
        auto html = asked.value("source") == "html"  ? asked.post.value("html", post.html)
                    : asked.post.contains("lexical") ? ghost_html(asked.post["lexical"].get<std::string>())
                                                     : post.html;
        bool changes = status != post.status || date != post.published || featured != post.featured || title != post.title
                       || html != post.html;
        if (!changes)
            return answer(200, asked, post);
        if (ghost_time(parse_rfc3339(asked.post["updated_at"].get<std::string>()).value()) != ghost_time(post.updated))
            return ghost_fault(409, "UpdateCollisionError", "Saving failed! Someone else is editing this post.",
                               "Saving failed! Someone else is editing this post.", "UPDATE_COLLISION");
        if (status == "scheduled" && post.is_out())
            return invalid("Your post is already published, please reload your page.");
        auto newsletter = asked.value("newsletter");
        bool moves = status != post.status && status != "draft";
        if (!newsletter.empty() && moves && post.newsletter.empty()) {
            if (newsletter != "weekly" || !newsletter_active_)
                return ghost_fault(400, "BadRequestError", "Request not understood error, cannot edit post.",
                                   "The newsletter parameter doesn't match any active newsletter.");
            post.newsletter = newsletter;
            post.segment = asked.value("email_segment").empty() ? "all" : asked.value("email_segment");
        }
        if (status == "scheduled" && post.email_only && post.newsletter.empty())
            return invalid("Scheduling an email requires a newsletter reference.");
        if (status == "draft" && status != post.status && !post.mailed) {
            post.newsletter.clear();
            post.segment = "all";
        }
        post.title = title;
        post.html = html;
        post.featured = featured;
        post.published = date;
        post.updated = std::chrono::floor<seconds>(now_);
        if (status == "published" && !post.is_out())
            go_out(post);
        else
            post.status = status;
        return answer(200, asked, post);
    }

    std::map<std::string, ghost_post> posts_;
    std::vector<std::string> out_;  // in the order they went out
    std::vector<std::string> mails_;
    std::function<void()> after_look_;
    std::uint64_t next_id_ = 0xa101;
    time_point now_;
    milliseconds ahead_{0};
    bool newsletter_active_ = true;
    bool featured_shows_;
};

}  // namespace

std::unique_ptr<ghost_site> make_ghost_site(time_point now, bool featured_shows)
{
    return std::make_unique<ghost_fake>(now, featured_shows);
}

std::unique_ptr<fake_platform> make_ghost(time_point now) { return make_ghost_site(now, true); }

std::unique_ptr<fake_platform> make_plain_ghost(time_point now) { return make_ghost_site(now, false); }

std::vector<maker> ghost_fakes() { return {{"ghost", make_ghost}, {"ghost, a theme without featured posts", make_plain_ghost}}; }

}  // namespace halfmast::contract
