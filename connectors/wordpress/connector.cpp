// The room's entry, and the queue: list, hold, read, release.
#include "connectors/wordpress/connector.hpp"

#include <algorithm>

#include "connectors/wordpress/capabilities.hpp"
#include "daemon/text/respell.hpp"

namespace halfmast::wordpress {

namespace {

constexpr unsigned renew_after = 20;  // lists after which types, names of terms and authors are asked for anew

// A refusal that waiting does not heal.
bool is_lasting(failure kind)
{
    return kind == failure::forbidden || kind == failure::unsupported || kind == failure::rejected || kind == failure::not_found;
}

bool is_core_type(const wire::post_type& type) { return type.kind == "posts" || type.kind == "pages"; }

const std::string& kind_of(const post_ptr& snapshot)
{
    static const std::string posts = "posts";
    return snapshot && !snapshot->kind.empty() ? snapshot->kind : posts;
}

// The next `most_ids` of them, taken out.
template <class T>
std::vector<T> take_some(std::vector<T>& from)
{
    auto count = static_cast<std::ptrdiff_t>(std::min(from.size(), most_ids));
    std::vector<T> some(from.end() - count, from.end());
    from.resize(from.size() - some.size());
    return some;
}

void declare(const connector_settings&, account& where)
{
    where.rungs = {draft_rung};
    where.release_margin = release_margin;
    where.can_read_feed = can_read_feed;
    where.can_read_mentions = can_read_mentions;
    where.can_publish = can_publish;
    where.can_pin = can_pin;
    where.can_edit = can_edit;
    where.can_reply = can_reply;
    where.most_pins = most_pins;
    where.text_limit = text_limit;
    where.read_batch = read_batch;
    where.most_in_flight = most_in_flight;
}

connection connect(std::shared_ptr<const connector_settings> own, http_port& http, vault_port&)
{
    auto made = std::make_shared<connector>(std::static_pointer_cast<const settings>(std::move(own)), http);
    return {made, made, made, made, made};
}

}  // namespace

connector_room room()
{
    return {"wordpress", &parse, &declare, &connect, {"WordPress", [](account& into) { declare(settings{}, into); }, {}, absences}};
}

// One call. Whatever is not 2xx is a problem.
asio::awaitable<result<http_response>> connector::send(http_request request, std::string doing)
{
    auto reply = co_await http_.fetch(std::move(request));
    if (!reply)
        co_return reply;
    if (auto refused = wire::refusal(*own_, doing, *reply)) {
        // The API is not where it was: permalinks were changed, perhaps. Looked for again at the next call.
        if (reply->status == 404 && wire::is_foreign(*reply))
            addressing_.reset();
        co_return *refused;
    }
    co_return reply;
}

asio::awaitable<result<wire::site_index>> connector::try_addressing(wire::addressing by)
{
    auto request = wire::index_request(wire::site{own_.get(), by});
    auto reply = co_await send(std::move(request), "find the REST API");
    if (!reply)
        co_return reply.error();
    co_return wire::read_index(*own_, *reply);
}

// Pretty first; the plain form works everywhere, unless somebody forbids it.
asio::awaitable<result<wire::site>> connector::find_site()
{
    if (addressing_)
        co_return wire::site{own_.get(), *addressing_};
    auto pretty = co_await try_addressing(wire::addressing::pretty);
    if (pretty) {
        addressing_ = wire::addressing::pretty;
        co_return wire::site{own_.get(), *addressing_};
    }
    // Only an answer of somebody else than WordPress makes the other form worth a try.
    auto kind = pretty.error().kind;
    if (kind != failure::bad_reply && kind != failure::forbidden && kind != failure::rejected && kind != failure::not_found)
        co_return pretty.error();
    auto plain = co_await try_addressing(wire::addressing::plain);
    if (!plain)
        co_return kind == failure::bad_reply ? plain.error() : pretty.error();
    addressing_ = wire::addressing::plain;
    co_return wire::site{own_.get(), *addressing_};
}

asio::awaitable<result<connector::outline_ptr>> connector::find_outline()
{
    if (outline_)
        co_return outline_;
    auto at = co_await find_site();
    if (!at)
        co_return at.error();
    auto found = std::make_shared<outline>();
    auto request = wire::types_request(*at);
    auto reply = co_await send(std::move(request), "list the types of posts");
    if (!reply)
        co_return reply.error();
    auto types = wire::read_types(*own_, *reply);
    if (!types)
        co_return types.error();
    found->types = std::move(*types);
    request = wire::taxonomies_request(*at);
    reply = co_await send(std::move(request), "list the taxonomies");
    // Without names of categories posts are judged by their words: better than no list at all.
    if (!reply && !is_lasting(reply.error().kind))
        co_return reply.error();
    if (reply) {
        auto taxonomies = wire::read_taxonomies(*own_, *reply);
        if (!taxonomies)
            co_return taxonomies.error();
        found->taxonomies = std::move(*taxonomies);
    }
    outline_ = found;
    co_return outline_;
}

// WordPress has no ETags, and what plugins make of them says nothing; what is saved is reading the same posts again.
asio::awaitable<result<queue_look>> connector::observe(std::vector<page_mark> known)
{
    if (++lists_ % renew_after == 0) {
        known.clear();
        outline_.reset();
        terms_.clear();
        authors_.clear();
    }
    auto at = co_await find_site();
    if (!at)
        co_return at.error();
    auto outline = co_await find_outline();
    if (!outline)
        co_return outline.error();
    queue_look seen;
    if (!known.empty()) {
        auto same = co_await is_as_it_was(*at, *outline, &known);
        if (!same)
            co_return same.error();
        seen.unchanged = *same;
    }
    if (seen.unchanged) {
        remember_late(platform_now());
        seen.mark = std::move(known);
        co_return std::move(seen);
    }
    std::vector<wire::listed_post> all;
    bool all_shown = true;
    for (const auto& type : (*outline)->types) {
        auto some = co_await list_type(*at, *outline, type, &seen.mark);
        // A plugin's type that refuses for good must not hide the rest of the queue; doctor names it.
        if (!some && !is_core_type(type) && is_lasting(some.error().kind)) {
            all_shown = false;
            continue;
        }
        if (!some)
            co_return some.error();
        std::ranges::move(*some, std::back_inserter(all));
    }
    if (!all_shown)
        seen.mark.clear();  // nothing tells when it refuses no longer
    auto named = co_await learn_names(*at, *outline, &all);
    if (!named)
        co_return named.error();
    waiting_.clear();
    seen.posts.reserve(all.size());
    for (auto& listed : all) {
        name(**outline, listed);
        waiting_.push_back({listed.post.id, listed.post.kind, listed.post.due});
        seen.posts.push_back(std::move(listed.post));
    }
    remember_late(platform_now());
    co_return std::move(seen);
}

// Names behind the numbers of terms and authors, where they are not known yet. `posts` belongs to the caller, who waits.
asio::awaitable<result<bool>> connector::learn_names(wire::site at, outline_ptr outline,
                                                     const std::vector<wire::listed_post>* posts)
{
    for (const auto& taxonomy : outline->taxonomies) {
        std::set<wire::wp_id> unknown;
        for (const auto& listed : *posts)
            if (auto of = listed.terms.find(taxonomy.field); of != listed.terms.end())
                std::ranges::copy_if(of->second, std::inserter(unknown, unknown.end()),
                                     [&](auto id) { return !terms_[taxonomy.field].contains(id); });
        std::vector<wire::wp_id> ids(unknown.begin(), unknown.end());
        auto learned = co_await learn_terms(at, taxonomy, std::move(ids));
        if (!learned)
            co_return learned;
    }
    std::set<wire::wp_id> unknown;
    for (const auto& listed : *posts)
        if (listed.author > 0 && !authors_.contains(listed.author))
            unknown.insert(listed.author);
    std::vector<wire::wp_id> ids(unknown.begin(), unknown.end());
    auto learned = co_await learn_authors(at, std::move(ids));
    co_return learned;
}

asio::awaitable<result<bool>> connector::learn_terms(wire::site at, wire::taxonomy of, std::vector<wire::wp_id> ids)
{
    while (!ids.empty()) {
        auto some = take_some(ids);
        auto request = wire::terms_request(at, of, some);
        auto reply = co_await send(std::move(request), "read " + of.field);
        if (!reply && is_lasting(reply.error().kind))
            co_return true;  // the site does not show them
        if (!reply)
            co_return reply.error();
        auto terms = wire::read_terms(*own_, *reply);
        if (!terms)
            co_return terms.error();
        for (auto id : some)
            terms_[of.field][id] = terms->contains(id) ? terms->at(id) : wire::term{};
    }
    co_return true;
}

// Best effort: an author's name decides nothing.
asio::awaitable<result<bool>> connector::learn_authors(wire::site at, std::vector<wire::wp_id> ids)
{
    while (!ids.empty()) {
        auto some = take_some(ids);
        auto request = wire::authors_request(at, some);
        auto reply = co_await send(std::move(request), "read the authors' names");
        if (!reply && !is_lasting(reply.error().kind))
            co_return reply.error();
        std::map<wire::wp_id, std::string> names;
        if (reply)
            if (auto read = wire::read_authors(*own_, *reply))
                names = std::move(*read);
        for (auto id : some)
            authors_[id] = names[id];
    }
    co_return true;
}

void connector::name(const outline& outline, wire::listed_post& listed) const
{
    if (auto author = authors_.find(listed.author); author != authors_.end())
        listed.post.author = author->second;
    for (const auto& taxonomy : outline.taxonomies) {
        auto of = listed.terms.find(taxonomy.field);
        auto known = terms_.find(taxonomy.field);
        if (of == listed.terms.end() || known == terms_.end())
            continue;
        auto& marks = taxonomy.hierarchical ? listed.post.categories : listed.post.tags;
        for (auto id : of->second) {
            auto term = known->second.find(id);
            if (term == known->second.end() || term->second.slug.empty())
                continue;
            marks.push_back(term->second.slug);
            if (!term->second.name.empty() && term->second.name != term->second.slug)
                marks.push_back(term->second.name);
        }
    }
}

asio::awaitable<result<kept_bytes>> connector::save(save_post)
{
    // Nothing is ever taken out: the post stays at the site as a draft.
    co_return problem{
        failure::unsupported, "wordpress: nothing has to be stored for a hold; the post stays at the site as a draft", {}};
}

asio::awaitable<result<wire::standing>> connector::look(wire::site at, std::string kind, post_id id, std::string doing)
{
    auto request = wire::look_request(at, kind, id);
    auto reply = co_await send(std::move(request), doing);
    if (!reply)
        co_return reply.error();
    co_return wire::read_standing(*own_, doing, *reply);
}

asio::awaitable<result<receipt>> connector::hold(hold_post call)
{
    auto id = call.remote.empty() ? call.post : call.remote;
    auto kind = kind_of(call.snapshot);
    auto doing = "hold " + id.value;
    if (call.by != rung::draft)
        co_return wire::trouble(*own_, failure::unsupported, doing, "WordPress is held by draft only");
    auto at = co_await find_site();
    if (!at)
        co_return at.error();
    // WordPress has no conditional write, so look first: a draft made of a public post would hide it.
    auto now = co_await look(*at, kind, id, doing);
    if (!now)
        co_return now.error();
    if (now->status == "publish") {
        if (late_.size() < most_late_posts)
            late_[id] = {kind, false, 0};
        co_return wire::trouble(*own_, failure::not_found, doing, "it is public already, " + now->link);
    }
    if (now->status == "trash")
        co_return wire::trouble(*own_, failure::not_found, doing, "somebody put it in the trash");
    receipt done{id, wire::edit_link(*own_, id)};
    if (now->status != "future")
        co_return done;  // it does not go out by itself
    auto request = wire::draft_request(*at, kind, id);
    auto reply = co_await send(std::move(request), doing);
    if (!reply)
        co_return reply.error();
    auto after = wire::read_standing(*own_, doing, *reply);
    if (!after)
        co_return after.error();
    if (wire::place_of(after->status) != whereabouts::parked)
        co_return wire::trouble(*own_, failure::conflict, doing,
                                "asked for a draft, the site made it '" + after->status + "'; does a plugin change statuses?");
    co_return done;
}

asio::awaitable<result<std::vector<wire::standing>>> connector::look_at_many(wire::site at, std::string kind,
                                                                             std::vector<post_id> ids, bool whole)
{
    std::vector<wire::standing> found;
    std::string doing = "read back " + std::to_string(ids.size()) + " " + kind;
    auto missing = ids;
    while (!ids.empty()) {
        auto some = take_some(ids);
        auto request = wire::look_request(at, kind, some, whole);
        auto reply = co_await send(std::move(request), doing);
        if (!reply)
            co_return reply.error();
        auto seen = wire::read_standings(*own_, doing, *reply);
        if (!seen)
            co_return seen.error();
        std::ranges::move(*seen, std::back_inserter(found));
    }
    // A list leaves out the trash, what is gone, and what this user may not see or a plugin hides. Only the post itself tells.
    std::erase_if(missing, [&](const auto& id) { return std::ranges::find(found, id, &wire::standing::id) != found.end(); });
    for (const auto& id : missing) {
        auto one = co_await look(at, kind, id, doing);
        if (one) {
            found.push_back(std::move(*one));
        } else if (one.error().kind == failure::not_found) {
            wire::standing gone;
            gone.id = id;
            gone.status = "trash";
            found.push_back(std::move(gone));
        } else if (one.error().kind != failure::forbidden) {
            co_return one.error();
        }
    }
    co_return found;
}

asio::awaitable<result<std::vector<post_reading>>> connector::read(read_posts call)
{
    auto at = co_await find_site();
    if (!at)
        co_return at.error();
    bool whole = std::ranges::any_of(call.wanted, &read_request::with_text);
    std::map<std::string, std::vector<post_id>> by_kind;
    for (const auto& wanted : call.wanted)
        by_kind[kind_of(wanted.snapshot)].push_back(wanted.remote.empty() ? wanted.post : wanted.remote);
    std::map<post_id, wire::standing> found;
    for (const auto& [kind, ids] : by_kind) {
        auto some = co_await look_at_many(*at, kind, ids, whole);
        if (!some)
            co_return some.error();
        for (auto& one : *some)
            found[one.id] = std::move(one);
    }
    std::vector<post_reading> readings;
    for (const auto& wanted : call.wanted) {
        auto seen = found.find(wanted.remote.empty() ? wanted.post : wanted.remote);
        if (seen == found.end())
            continue;  // not ours to see: left open, never called held
        const auto& now = seen->second;
        auto where = wire::place_of(now.status);
        post_reading reading{
            wanted.post, where, {}, now.version, where == whereabouts::published ? now.link : wire::edit_link(*own_, now.id)};
        if (where != whereabouts::absent)
            reading.due = now.due;
        reading.text = now.text;
        readings.push_back(std::move(reading));
    }
    co_return readings;
}

std::optional<problem> connector::refuse_release(const release_post& call, const wire::written& there, std::string_view doing) const
{
    const auto& now = there.now;
    if (now.status == "publish")
        return wire::trouble(*own_, failure::not_found, doing, "it is public already, " + now.link);
    if (now.status == "trash")
        return wire::trouble(*own_, failure::not_found, doing, "somebody put it in the trash; take it out there first");
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
    auto kind = kind_of(call.snapshot);
    auto doing = "release " + id.value + " for " + format_utc(call.at);
    if (call.at < now + release_margin)
        co_return wire::trouble(*own_, failure::rejected, doing,
                                "that is less than " + format_duration(release_margin)
                                    + " ahead, and WordPress would publish it at once; give a later time");
    auto at = co_await find_site();
    if (!at)
        co_return at.error();
    auto before = co_await look_at_words(*at, kind, id, doing);
    if (!before)
        co_return before.error();
    auto planned = std::chrono::floor<seconds>(call.at);
    receipt done{id, wire::edit_link(*own_, id)};
    if (before->now.status == "future" && before->now.due == planned)
        co_return done;  // an earlier call worked; whether its words are the wanted ones is read back
    if (auto refused = refuse_release(call, *before, doing))
        co_return *refused;
    std::optional<wire::new_words> words;
    if (call.text) {
        auto made = text::respell({{before->title, true}, {before->content, true}}, *call.text);
        if (!made.done())
            co_return wire::trouble(*own_, failure::rejected, doing,
                                    made.why_not + "; change it at " + done.url + ", then release it as it is");
        words = wire::new_words{std::move(made.passages[0]), std::move(made.passages[1])};
    }
    auto request = wire::schedule_request(*at, kind, id, call.at, words ? &*words : nullptr);
    auto reply = co_await send(std::move(request), doing);
    if (!reply)
        co_return reply.error();
    auto after = wire::read_standing(*own_, doing, *reply);
    if (!after)
        co_return after.error();
    if (after->status != "future" || after->due != planned)
        co_return wire::trouble(*own_, failure::conflict, doing,
                                "the site made it '" + after->status + "' for " + format_utc(after->due));
    if (call.text && after->text && !text::same_lines(*after->text, *call.text))
        co_return wire::trouble(*own_, failure::conflict, doing,
                                "the site made other words of the new text; does a plugin change what is saved?");
    co_return done;
}

}  // namespace halfmast::wordpress
