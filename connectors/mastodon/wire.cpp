#include "connectors/mastodon/wire.hpp"

#include <algorithm>

#include "connectors/mastodon/wire_json.hpp"
#include "daemon/net/http_server.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::mastodon::wire {

namespace {

constexpr std::string_view scheduled_path = "/api/v1/scheduled_statuses";
constexpr std::size_t most_media_bytes = 256u << 20;
constexpr milliseconds media_timeout{180'000};

http_request request(const settings& own, std::string method, std::string_view path)
{
    http_request made{std::move(method), own.url + std::string{path}};
    made.headers.emplace_back("Authorization", "Bearer " + own.token);
    made.headers.emplace_back("Accept", "application/json");
    return made;
}

void put_json(http_request& into, const json& body)
{
    into.headers.emplace_back("Content-Type", "application/json");
    into.body = dump(body);
}

std::string with_id(std::string_view before, const std::string& id, std::string_view after = {})
{
    return std::string{before} + "/" + net::percent_encode(id) + std::string{after};
}

std::string list_query(std::string_view first, std::string_view query)
{
    return "?" + (query.empty() ? std::string{first} + "limit=" + std::to_string(page_size) : std::string{query});
}

// A form's poll keeps its values as texts.
json poll_of(const json& kept)
{
    json poll{{"options", member(kept, "options")}};
    const auto& expires = member(kept, "expires_in");
    auto written = expires.is_string() ? whole_number(expires.get<std::string>()) : std::nullopt;
    poll["expires_in"] = written ? json(*written) : expires;
    for (const auto* name : {"multiple", "hide_totals"}) {
        const auto& value = member(kept, name);
        poll[name] = value.is_boolean() ? value.get<bool>() : value == "true" || value == "1" || value == 1;
    }
    return poll;
}

void add_part(std::string& body, const std::string& boundary, const std::string& head, std::string_view content)
{
    body += "--" + boundary + "\r\nContent-Disposition: form-data; " + head + "\r\n\r\n";
    body += content;
    body += "\r\n";
}

std::string guess_type(const attachment& file)
{
    if (!file.content_type.empty())
        return file.content_type;
    return file.type == "video" || file.type == "gifv" ? "video/mp4" : file.type == "audio" ? "audio/mpeg" : "image/png";
}

// Letters and digits behind the last dot of the address: some servers go by the name.
std::string extension_of(const std::string& url)
{
    auto path = url.substr(0, url.find_first_of("?#"));
    auto dot = path.rfind('.');
    if (dot == std::string::npos || path.find('/', dot) != std::string::npos || path.size() - dot > 6)
        return {};
    auto end = path.substr(dot + 1);
    return std::ranges::all_of(end, [](unsigned char c) { return std::isalnum(c) != 0; }) ? "." + end : std::string{};
}

}  // namespace

// --- what is asked ---

http_request scheduled_page(const settings& own, std::string_view query)
{
    return request(own, "GET", std::string{scheduled_path} + list_query("", query));
}

http_request scheduled_by_id(const settings& own, const post_id& id)
{
    return request(own, "GET", with_id(scheduled_path, id.value));
}

http_request postpone(const settings& own, const post_id& id, time_point until)
{
    auto made = request(own, "PUT", with_id(scheduled_path, id.value));
    put_json(made, {{"scheduled_at", format_utc(until)}});
    return made;
}

http_request take_out(const settings& own, const post_id& id) { return request(own, "DELETE", with_id(scheduled_path, id.value)); }

http_request credentials(const settings& own) { return request(own, "GET", "/api/v1/accounts/verify_credentials"); }

http_request statuses_page(const settings& own, const std::string& account, std::string_view query)
{
    return request(own, "GET", with_id("/api/v1/accounts", account, "/statuses") + list_query("", query));
}

http_request pinned_page(const settings& own, const std::string& account, std::string_view query)
{
    return request(own, "GET", with_id("/api/v1/accounts", account, "/statuses") + list_query("pinned=true&", query));
}

http_request status_by_id(const settings& own, const post_id& id)
{
    return request(own, "GET", with_id("/api/v1/statuses", id.value));
}

http_request publish(const settings& own, const publish_summary& call, std::string_view visibility)
{
    auto made = request(own, "POST", "/api/v1/statuses");
    made.publishes = true;
    made.headers.emplace_back("Idempotency-Key", call.key);
    // Whatever the account's default is: a summary is for everybody.
    json body{{"status", call.words.text}, {"visibility", visibility}};
    if (!call.words.language.empty())
        body["language"] = call.words.language;
    if (!call.in_reply_to.empty())
        body["in_reply_to_id"] = call.in_reply_to.value;
    put_json(made, body);
    return made;
}

http_request edit(const settings& own, const edit_summary& call, const status& now)
{
    auto made = request(own, "PUT", with_id("/api/v1/statuses", call.remote.value));
    json body{{"status", call.words.text}};
    if (!call.words.language.empty())
        body["language"] = call.words.language;
    if (!now.media.empty())
        body["media_ids"] = now.media;
    put_json(made, body);
    return made;
}

http_request pin(const settings& own, const post_id& id)
{
    return request(own, "POST", with_id("/api/v1/statuses", id.value, "/pin"));
}

http_request unpin(const settings& own, const post_id& id)
{
    return request(own, "POST", with_id("/api/v1/statuses", id.value, "/unpin"));
}

http_request media_by_id(const settings& own, const std::string& id) { return request(own, "GET", with_id("/api/v1/media", id)); }

http_request upload(const settings& own, const attachment& file, const std::string& bytes, bool older)
{
    auto made = request(own, "POST", older ? "/api/v1/media" : "/api/v2/media");
    made.timeout = media_timeout;
    std::string boundary = "halfmast-0";
    for (int number = 1; bytes.find(boundary) != std::string::npos || file.description.find(boundary) != std::string::npos;
         ++number)
        boundary = "halfmast-" + std::to_string(number);
    made.headers.emplace_back("Content-Type", "multipart/form-data; boundary=" + boundary);
    if (!file.description.empty())
        add_part(made.body, boundary, "name=\"description\"", file.description);
    if (file.focused)
        add_part(made.body, boundary, "name=\"focus\"", json(file.focus_x).dump() + "," + json(file.focus_y).dump());
    add_part(made.body, boundary,
             "name=\"file\"; filename=\"media" + extension_of(file.url) + "\"\r\nContent-Type: " + guess_type(file), bytes);
    made.body += "--" + boundary + "--\r\n";
    return made;
}

http_request application(const settings& own) { return request(own, "GET", "/api/v1/apps/verify_credentials"); }

http_request about_instance(const settings& own, bool older)
{
    return request(own, "GET", older ? "/api/v1/instance" : "/api/v2/instance");
}

result<http_request> download(const settings& own, const std::string& url)
{
    bool ours = url.starts_with(own.url + "/");
    bool clean = std::ranges::all_of(url, [](unsigned char c) { return c > 0x20 && c != 0x7F; });
    if ((!ours && !url.starts_with("https://")) || !clean)
        return problem{
            failure::bad_reply, own.name() + ": fetch an attachment: its address is neither https nor the instance's own", {}};
    http_request made{"GET", url};
    made.timeout = media_timeout;
    made.most_body = most_media_bytes;
    return made;
}

result<http_request> recreate(const settings& own, const stored_post& post, const std::vector<std::string>& media_ids,
                              time_point at)
{
    auto kept = parse(post.raw);
    const auto& params = member(kept, "params");
    if (!params.is_object())
        return problem{failure::local, own.name() + ": recreate a post: what was stored of it cannot be read", {}};
    json body{{"status", text_at(params, "text")}, {"scheduled_at", format_utc(at)}};
    // As they were; what was null there was never said. `application_id` cannot be set, and `idempotency` was another call's.
    for (const auto* name : {"sensitive", "spoiler_text", "visibility", "language", "quote_approval_policy", "content_type",
                             "local_only", "interaction_policy", "allowed_mentions"})
        if (const auto& value = member(params, name); !value.is_null())
            body[name] = value;
    for (const auto* name : {"in_reply_to_id", "quoted_status_id", "quote_id"})
        if (auto id = as_id(member(params, name)); !id.empty())
            body[name] = id;
    if (const auto& poll = member(params, "poll"); poll.is_object())
        body["poll"] = poll_of(poll);
    if (!media_ids.empty())
        body["media_ids"] = media_ids;
    auto made = request(own, "POST", "/api/v1/statuses");
    // When the time has passed by the server's clock this publishes at once: it must never be sent twice.
    made.publishes = true;
    put_json(made, body);
    return made;
}

// --- what is stored between a takeout and its release ---

kept_bytes keep(const stored_post& post, const std::vector<std::string>& media_bytes)
{
    kept_bytes kept;
    auto add = [&](std::string name, std::string bytes) {
        kept.push_back({std::move(name), {}, std::make_shared<const std::string>(std::move(bytes))});
    };
    auto list = json::array();
    for (const auto& file : post.media) {
        json one{{"id", file.id},
                 {"type", file.type},
                 {"url", file.url},
                 {"description", file.description},
                 {"content_type", file.content_type}};
        if (file.focused)
            one["meta"]["focus"] = {{"x", file.focus_x}, {"y", file.focus_y}};
        list.push_back(std::move(one));
    }
    add("post.json", post.raw);
    add("media.json", dump(list));
    for (std::size_t index = 0; index < media_bytes.size(); ++index)
        add("media/" + std::to_string(index), media_bytes[index]);
    return kept;
}

result<kept_post> unkeep(const settings& own, const kept_bytes& kept)
{
    auto named = [&](const std::string& name) -> std::shared_ptr<const std::string> {
        auto found = std::ranges::find(kept, name, &saved_bytes::name);
        return found == kept.end() ? nullptr : found->bytes;
    };
    auto incomplete = [&](const std::string& what) {
        return problem{failure::local,
                       own.name() + ": recreate a post: what was stored of it is not whole (" + what + "); recreate it by hand",
                       {}};
    };
    auto raw = named("post.json");
    auto list = named("media.json");
    if (!raw || !list)
        return incomplete(raw ? "media.json" : "post.json");
    kept_post made;
    made.post.raw = *raw;
    auto files = parse(*list);
    if (!files.is_array())
        return incomplete("media.json");
    for (const auto& file : files) {
        auto bytes = named("media/" + std::to_string(made.media.size()));
        if (!bytes)
            return incomplete("media/" + std::to_string(made.media.size()));
        made.post.media.push_back(to_attachment(file));
        made.media.push_back(std::move(bytes));
    }
    return made;
}

// --- comparing ---

std::string addressed(const std::string& text, const status& to)
{
    auto name = "@" + to.address;
    auto folded = text::fold(text);
    auto wanted = text::fold(name);
    auto goes_on = [&](std::size_t at) {
        return at < folded.size()
               && (std::isalnum(static_cast<unsigned char>(folded[at])) != 0 || folded[at] == '_' || folded[at] == '@');
    };
    for (auto at = folded.find(wanted); at != std::string::npos; at = folded.find(wanted, at + 1))
        if (!goes_on(at + wanted.size()))
            return text;
    return to.address.empty() ? text : name + " " + text;
}

bool same_words(std::string_view a, std::string_view b)
{
    // "@alice@social.example" and "@alice" are the same person as far as anybody can tell from here.
    auto comparable = [](std::string_view given) {
        auto folded = text::fold(given);
        std::string out;
        bool in_mention = false;
        bool in_host = false;
        for (char c : folded) {
            bool of_name = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
            if (c == '@' && in_mention && !out.ends_with('@'))
                in_host = true;
            else if (c == '@')
                in_mention = true;
            else if (!of_name)
                in_mention = in_host = false;
            if (!in_host && c != ' ')
                out.push_back(c);
        }
        return out;
    };
    return comparable(a) == comparable(b);
}

stored_post with_text(stored_post post, std::string_view words)
{
    auto kept = parse(post.raw);
    if (!kept.is_object() || !kept.contains("params") || !kept["params"].is_object())
        return post;  // what cannot be read is not recreated either
    auto& params = kept["params"];
    // People see the content warning and the poll's options with the text, and may leave them around it.
    auto before = text_at(params, "spoiler_text") + "\n";
    if (before.size() > 1 && words.starts_with(before))
        words.remove_prefix(before.size());
    auto own = text_at(params, "text");
    auto all = text_of_params(params);
    auto behind = own.empty() ? std::string::npos : all.rfind(own);
    if (behind != std::string::npos)
        if (auto after = std::string_view{all}.substr(behind + own.size()); after.size() > 1 && words.ends_with(after))
            words.remove_suffix(after.size());
    params["text"] = words;
    post.raw = dump(kept);
    return post;
}

std::string text_of(const stored_post& post)
{
    auto kept = parse(post.raw);
    return text_of_params(member(kept, "params"));
}

}  // namespace halfmast::mastodon::wire
