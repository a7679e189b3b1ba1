// The room's entry, and the queue: list, hold, read, release.
#include "connectors/ghost/connector.hpp"

#include <algorithm>

#include "connectors/ghost/capabilities.hpp"
#include "daemon/net/http_date.hpp"
#include "daemon/net/page_mark.hpp"
#include "daemon/text/respell.hpp"

namespace halfmast::ghost {

namespace {

constexpr std::size_t most_remembered = 1000;
constexpr int most_lists = 1000;  // pages of a queue; a hundred thousand posts
constexpr milliseconds clocks_agree{5'000};

time_point our_clock() { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); }

// The next `most_ids` of them, taken out.
std::vector<post_id> take_some(std::vector<post_id>& from)
{
    auto count = static_cast<std::ptrdiff_t>(std::min(from.size(), most_ids));
    std::vector<post_id> some(from.end() - count, from.end());
    from.resize(from.size() - some.size());
    return some;
}

wire::place place_of_snapshot(const post_ptr& snapshot)
{
    return wire::place_in(snapshot ? std::string_view{snapshot->kind} : std::string_view{});
}

void declare(const connector_settings& own, account& where)
{
    where.rungs = {draft_rung};
    where.release_margin = release_margin;
    where.can_read_feed = can_read_feed;
    where.can_publish = can_publish;
    where.can_edit = can_edit;
    where.can_pin = static_cast<const settings&>(own).featured_shows;
    where.most_pins = most_pins;
    where.text_limit = text_limit;
    where.read_batch = read_batch;
    where.most_in_flight = most_in_flight;
}

connection connect(std::shared_ptr<const connector_settings> own, http_port& http, vault_port&)
{
    auto made = std::make_shared<connector>(std::static_pointer_cast<const settings>(std::move(own)), http);
    connection to;
    to.queue = made;
    to.pins = made;
    to.feed = made;
    to.checks = made;
    return to;
}

}  // namespace

connector_room room()
{
    return {"ghost", &parse, &declare, &connect, {"Ghost", [](account& into) { declare(settings{}, into); }, {}, absences}};
}

time_point connector::site_now() const { return our_clock() + ahead_; }

// One call. Whatever is not 2xx is a problem. A token that is refused because the clocks differ is made again by the site's own
// clock, once: nothing was done until then.
asio::awaitable<result<http_response>> connector::send(http_request request, std::string doing)
{
    bool may_be_unchanged = !find_header(request.headers, "If-None-Match").empty();
    auto first = request;
    wire::sign(*own_, first, site_now());
    auto reply = co_await http_.fetch(std::move(first));
    if (reply && wire::is_stale_token(*reply)) {
        auto served = net::parse_http_date(find_header(reply->headers, "Date"));
        auto differs = served ? std::chrono::abs(*served - site_now()) : milliseconds{0};
        if (differs > clocks_agree) {
            ahead_ = *served - our_clock();
            wire::sign(*own_, request, site_now());
            reply = co_await http_.fetch(std::move(request));
        }
    }
    if (!reply || (may_be_unchanged && reply->status == 304))
        co_return reply;
    if (auto refused = wire::refusal(*own_, doing, *reply))
        co_return *refused;
    co_return reply;
}

asio::awaitable<result<std::vector<scheduled_post>>> connector::list()
{
    std::vector<page_mark> nothing;
    auto seen = co_await observe(std::move(nothing));
    if (!seen)
        co_return seen.error();
    co_return std::move(seen->posts);
}

asio::awaitable<result<queue_look>> connector::observe(std::vector<page_mark> known)
{
    queue_look seen;
    if (!known.empty()) {
        auto same = co_await is_as_it_was(&known);
        if (!same)
            co_return same.error();
        seen.unchanged = *same;
    }
    if (seen.unchanged) {
        seen.mark = std::move(known);
        remember_late();
        co_return std::move(seen);
    }
    waiting_.clear();
    for (auto resource : wire::resources) {
        std::string name{resource};
        auto some = co_await list_of(name, &seen.mark);
        if (!some)
            co_return some.error();
        for (const auto& post : *some)
            waiting_.push_back({post.id, name, post.due});
        std::ranges::move(*some, std::back_inserter(seen.posts));
    }
    remember_late();
    co_return std::move(seen);
}

// Asks for the pages again, by their ETags, and reads none of them.
asio::awaitable<result<bool>> connector::is_as_it_was(const std::vector<page_mark>* known)
{
    for (const auto& page : *known) {
        auto blank = std::min(page.query.find(' '), page.query.size());
        auto resource = page.query.substr(0, blank);
        post_id after{page.query.substr(std::min(blank + 1, page.query.size()))};
        auto request = wire::list_request(*own_, resource, after);
        net::ask_for_changes(request, page);
        auto reply = co_await send(std::move(request), "list the scheduled " + resource);
        if (!reply)
            co_return reply.error();
        if (!net::is_same_page(page, *reply))
            co_return false;
        site_time_ = net::parse_http_date(find_header(reply->headers, "Date"));
    }
    co_return true;
}

asio::awaitable<result<std::vector<scheduled_post>>> connector::list_of(std::string resource, std::vector<page_mark>* marks)
{
    std::vector<scheduled_post> all;
    auto doing = "list the scheduled " + resource;
    post_id last;
    for (int turn = 0; turn < most_lists; ++turn) {
        auto request = wire::list_request(*own_, resource, last);
        auto reply = co_await send(std::move(request), doing);
        if (!reply)
            co_return reply.error();
        auto page = wire::read_list(*own_, resource, *reply);
        if (!page)
            co_return page.error();
        marks->push_back(net::mark_page(resource + " " + last.value, *reply));
        site_time_ = page->served;
        std::ranges::move(page->items, std::back_inserter(all));
        // `pages` counts what is left from here on.
        if (page->seen == 0 || (page->pages <= 1 && page->seen < wire::list_size))
            co_return all;
        if (page->last == last)
            break;
        last = page->last;
    }
    co_return wire::trouble(*own_, failure::bad_reply, doing, "the pages of the list do not come to an end");
}

void connector::remember_late()
{
    auto now = site_time_.value_or(site_now());
    for (auto& [id, late] : late_)
        late.queued = false;
    for (const auto& post : waiting_)
        if (post.due <= now && (late_.size() < most_remembered || late_.contains(post.id)))
            late_[post.id] = {post.resource, true, 0};
}

// A mail that left already is none to come.
void connector::remember_mail(const post_id& id, const wire::place& where, const wire::standing& seen)
{
    if (mails_.size() >= most_remembered && !mails_.contains(id))
        return;
    auto& mail = mails_[id];
    mail.resource = where.resource;
    mail.newsletter = seen.mailed ? std::string{} : seen.newsletter;
    mail.segment = seen.mailed ? std::string{} : seen.segment;
}

wire::place connector::mail_of(const post_id& id, const post_ptr& snapshot) const
{
    auto seen = mails_.find(id);
    return seen != mails_.end() ? seen->second : place_of_snapshot(snapshot);
}

asio::awaitable<result<kept_bytes>> connector::save(save_post)
{
    // Nothing is ever taken out: the post stays at the site as a draft.
    co_return problem{
        failure::unsupported, "ghost: nothing has to be stored for a hold; the post stays at the site as a draft", {}};
}

asio::awaitable<result<wire::standing>> connector::look(std::string resource, post_id id, std::string doing)
{
    auto request = wire::look_request(*own_, resource, id);
    auto reply = co_await send(std::move(request), doing);
    if (!reply)
        co_return reply.error();
    co_return wire::read_standing(*own_, resource, doing, *reply);
}

// A write; the answer says how the post stands after it.
asio::awaitable<result<wire::standing>> connector::change(http_request request, std::string resource, std::string doing)
{
    auto reply = co_await send(std::move(request), doing);
    if (!reply)
        co_return reply.error();
    co_return wire::read_standing(*own_, resource, doing, *reply);
}

asio::awaitable<result<receipt>> connector::hold(hold_post call)
{
    auto id = call.remote.empty() ? call.post : call.remote;
    auto where = place_of_snapshot(call.snapshot);
    auto doing = "hold " + id.value;
    if (call.by != rung::draft)
        co_return wire::trouble(*own_, failure::unsupported, doing, "Ghost is held by draft only");
    for (int turn = 1;; ++turn) {
        auto now = co_await look(where.resource, id, doing);
        if (!now)
            co_return now.error();
        auto place = wire::place_of(now->status);
        if (place == whereabouts::published) {
            if (late_.size() < most_remembered)
                late_[id] = {where.resource, false, 0};
            co_return wire::trouble(*own_, failure::not_found, doing,
                                    now->status == "sent" ? "it went out by mail already" : "it is public already, " + now->url);
        }
        receipt done{id, wire::edit_link(*own_, where.resource, id)};
        if (place != whereabouts::queued)
            co_return done;  // it does not go out by itself
        remember_mail(id, where, *now);
        auto request = wire::draft_request(*own_, where.resource, *now);
        auto after = co_await change(std::move(request), where.resource, doing);
        // Somebody edited it, or it went out, since the look. Only the status was asked for, so to look and ask again overwrites nothing.
        if (!after && after.error().kind == failure::conflict && turn < most_turns)
            continue;
        if (!after)
            co_return after.error();
        if (wire::place_of(after->status) != whereabouts::parked)
            co_return wire::trouble(*own_, failure::conflict, doing, "asked for a draft, the site made it '" + after->status + "'");
        co_return done;
    }
}

asio::awaitable<result<std::vector<wire::standing>>> connector::look_at_many(std::string resource, std::vector<post_id> ids,
                                                                             bool whole)
{
    std::vector<wire::standing> found;
    auto doing = "read back " + std::to_string(ids.size()) + " " + resource;
    auto missing = ids;
    while (!ids.empty()) {
        auto some = take_some(ids);
        auto request = wire::look_request(*own_, resource, some, whole);
        auto reply = co_await send(std::move(request), doing);
        if (!reply)
            co_return reply.error();
        auto seen = wire::read_standings(*own_, resource, doing, *reply);
        if (!seen)
            co_return seen.error();
        std::ranges::move(*seen, std::back_inserter(found));
    }
    // A list that leaves one out is no proof that it is gone. Only the post itself tells.
    std::erase_if(missing, [&](const auto& id) { return std::ranges::find(found, id, &wire::standing::id) != found.end(); });
    for (const auto& id : missing) {
        auto one = co_await look(resource, id, doing);
        if (one)
            found.push_back(std::move(*one));
        else if (one.error().kind != failure::not_found)
            co_return one.error();
    }
    co_return found;
}

asio::awaitable<result<std::vector<post_reading>>> connector::read(read_posts call)
{
    bool whole = std::ranges::any_of(call.wanted, &read_request::with_text);
    std::map<std::string, std::vector<post_id>> by_resource;
    for (const auto& wanted : call.wanted)
        by_resource[place_of_snapshot(wanted.snapshot).resource].push_back(wanted.remote.empty() ? wanted.post : wanted.remote);
    std::map<post_id, wire::standing> found;
    for (const auto& [resource, ids] : by_resource) {
        auto some = co_await look_at_many(resource, ids, whole);
        if (!some)
            co_return some.error();
        for (auto& one : *some)
            found[one.id] = std::move(one);
    }
    std::vector<post_reading> readings;
    for (const auto& wanted : call.wanted) {
        post_reading reading;
        reading.post = wanted.post;
        auto seen = found.find(wanted.remote.empty() ? wanted.post : wanted.remote);
        if (seen != found.end()) {
            const auto& now = seen->second;
            reading.where = wire::place_of(now.status);
            reading.due = now.due;
            reading.version = now.version;
            reading.url = now.url;
            reading.text = now.text;
        }
        readings.push_back(std::move(reading));
    }
    co_return readings;
}

std::optional<problem> connector::refuse_release(const release_post& call, const wire::standing& now, std::string_view doing) const
{
    if (wire::place_of(now.status) == whereabouts::published)
        return wire::trouble(*own_, failure::not_found, doing,
                             now.status == "sent" ? "it went out by mail already" : "it is public already, " + now.url);
    if (now.served && call.at < *now.served + site_clock_margin)
        return wire::trouble(*own_, failure::rejected, doing,
                             "the site's clock says " + format_utc(*now.served)
                                 + " already and would publish it at once; give a later time, and set the clocks");
    // Between a person's look and this call somebody else may have written.
    if (!text::is_as_seen(now.text, call.snapshot ? &call.snapshot->text : nullptr, call.text))
        return wire::trouble(*own_, failure::rejected, doing, text::changed_meanwhile);
    return std::nullopt;
}

asio::awaitable<result<receipt>> connector::release(release_post call, kept_bytes, time_point now)
{
    auto id = call.remote.empty() ? call.post : call.remote;
    auto where = mail_of(id, call.snapshot);
    auto doing = "release " + id.value + " for " + format_utc(call.at);
    if (call.at < now + release_margin)
        co_return wire::trouble(
            *own_, failure::rejected, doing,
            "that is less than " + format_duration(release_margin)
                + " ahead, and Ghost publishes at once what is scheduled for a time that has passed; give a later time");
    auto before = co_await look_at_words(where.resource, id, doing);
    if (!before)
        co_return before.error();
    bool queued = wire::place_of(before->now.status) == whereabouts::queued;
    if (queued && before->now.due == std::chrono::floor<seconds>(call.at))
        co_return receipt{id, wire::edit_link(*own_, where.resource,
                                              id)};  // an earlier call worked; whether its words are the wanted ones is read back
    if (auto refused = refuse_release(call, before->now, doing))
        co_return *refused;
    auto done = co_await schedule(where, &*before, &call, doing);
    co_return done;
}

// Ghost takes the newsletter only together with the change from draft to scheduled; a post that was mailed once keeps it and is
// never mailed again, so it gets none.
asio::awaitable<result<receipt>> connector::schedule(wire::place where, const wire::written* before, const release_post* call,
                                                     std::string doing)
{
    const auto& seen = before->now;
    auto link = wire::edit_link(*own_, where.resource, seen.id);
    bool mail = !where.newsletter.empty() && !seen.mailed && wire::place_of(seen.status) == whereabouts::parked;
    wire::respelt_article words;
    if (call->text) {
        words = wire::respell_article(before->title, before->excerpt, before->lexical, before->html, *call->text);
        if (!words.why_not.empty())
            co_return wire::trouble(*own_, failure::rejected, doing,
                                    words.why_not + "; change it at " + link + ", then release it as it is");
    }
    auto request =
        wire::schedule_request(*own_, where.resource, seen, call->at, mail ? &where : nullptr, call->text ? &words : nullptr);
    auto after = co_await change(std::move(request), where.resource, doing);
    if (!after && after.error().kind == failure::conflict)
        co_return wire::trouble(*own_, failure::conflict, doing,
                                "somebody changed it in this moment; look at it, and release it again");
    if (!after)
        co_return after.error();
    if (after->status != "scheduled" || after->due != std::chrono::floor<seconds>(call->at))
        co_return wire::trouble(*own_, failure::conflict, doing,
                                "the site made it '" + after->status + "' for " + format_utc(after->due));
    if (mail && (after->newsletter != where.newsletter || (!where.segment.empty() && after->segment != where.segment)))
        co_return wire::trouble(
            *own_, failure::conflict, doing,
            "it is scheduled, but not for the mail to '" + where.newsletter + "' it had; choose its recipients at " + link);
    if (call->text && after->text && !text::same_lines(*after->text, *call->text))
        co_return wire::trouble(*own_, failure::conflict, doing, "the site made other words of the new text");
    mails_.erase(seen.id);
    co_return receipt{seen.id, link};
}

}  // namespace halfmast::ghost
