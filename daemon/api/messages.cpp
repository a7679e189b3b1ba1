#include "daemon/api/messages.hpp"

#include <algorithm>
#include <tuple>

#include <nlohmann/json.hpp>

#include "daemon/api/marks.hpp"

namespace halfmast::api {

namespace {

using std::chrono::minutes;

document why_list(const verdict& judged)
{
    auto list = document::array();
    for (const auto& one : judged.why)
        list.push_back({{"rule", one.rule}, {"match", one.match}});
    return list;
}

document id_list(const small_set<crisis_id>& ids)
{
    auto list = document::array();
    for (const auto& id : ids)
        list.push_back(id.value);
    return list;
}

document text_or_null(const std::string& text) { return text.empty() ? document(nullptr) : document(text); }

// When it goes out, or would have gone out: a post that was given a new time has that one.
time_point due_of(const hold& one)
{
    bool back = one.state == hold_state::released || one.state == hold_state::rescheduled;
    return back && one.order ? one.order->at : one.due;
}

}  // namespace

std::string dump(const document& value) { return value.dump(-1, ' ', false, document::error_handler_t::replace); }

std::string_view listed_post::state_word() const { return held == nullptr ? std::string_view{"queued"} : to_string(held->state); }

bool is_back(const account_state& known, const hold& one)
{
    if (!is_final(one.state))
        return false;
    auto seen = known.queue.find(one.remote.empty() ? one.id : one.remote);
    if (seen == known.queue.end())
        return false;
    bool let_go = one.state == hold_state::released || one.state == hold_state::rescheduled;
    // What is kept may lie in the queue at its far date; it is kept all the same.
    if (one.state == hold_state::kept && is_parked_there(one, seen->second.post->due))
        return false;
    // The others left the queue; a picture from before that still shows them.
    return let_go || known.last_poll > one.changed_at;
}

namespace {

const post_remarks* remarks_of(const account_state& known, const post_id& id)
{
    if (known.remarks.empty())
        return nullptr;
    auto found = known.remarks.find(id);
    return found == known.remarks.end() ? nullptr : &found->second;
}

document judged_member(const post_remarks* remarks)
{
    if (remarks == nullptr || !remarks->judged)
        return nullptr;
    return {{"class", to_string(*remarks->judged)}, {"by", remarks->judged_by.value}, {"at", format_utc(remarks->judged_at)}};
}

document notes_member(const post_remarks* remarks)
{
    auto list = document::array();
    if (remarks != nullptr)
        for (const auto& one : remarks->notes)
            list.push_back({{"by", one.by.value}, {"at", format_utc(one.at)}, {"text", one.text}});
    return list;
}

bool can_edit_text(const policy& rules, const listed_post& listed)
{
    auto declared = rules.accounts.find(listed.account);
    if (declared == rules.accounts.end() || listed.held == nullptr)
        return false;
    auto offer = std::ranges::find(declared->second.rungs, listed.held->by, &rung_offer::kind);
    return offer != declared->second.rungs.end() && offer->edits;
}

document order_member(const release_order& order)
{
    document one{{"by", order.by.value}, {"at", format_utc(order.at)}, {"reason", order.why}};
    if (!order.second.empty())
        one["second"] = order.second.value;
    if (order.text)
        one["text"] = *order.text;
    return one;
}

}  // namespace

listed_post from_hold(const account_id& account, const account_state& known, const hold& one)
{
    listed_post listed;
    listed.account = account;
    listed.id = one.id;
    listed.remote = one.remote;
    listed.due = due_of(one);
    listed.post = one.post;
    listed.judged = &one.judged;
    listed.held = &one;
    listed.feed_read = known.last_feed;
    listed.remarks = remarks_of(known, one.id);
    return listed;
}

listed_post from_mirror(const account_id& account, const account_state& known, const seen_post& seen)
{
    const auto* one = find_hold(known, seen.post->id);
    if (one != nullptr && !is_back(known, *one))
        return from_hold(account, known, *one);
    listed_post listed;
    listed.account = account;
    listed.id = one != nullptr ? one->id : seen.post->id;
    listed.remote = seen.post->id;
    // The queue knows best, unless it was read before the post was given its time.
    listed.due = one != nullptr && known.last_poll <= one->changed_at ? due_of(*one) : seen.post->due;
    listed.post = seen.post;
    listed.judged = &seen.judged;
    listed.remarks = remarks_of(known, listed.id);
    if (one != nullptr && (one->state == hold_state::released || one->state == hold_state::rescheduled))
        listed.held = one;
    return listed;
}

std::optional<listed_post> find_post(const state& known, const account_id& account, const post_id& id)
{
    auto found = known.accounts.find(account);
    if (found == known.accounts.end())
        return std::nullopt;
    const auto& there = found->second;
    const auto* one = find_hold(there, id);
    if (one != nullptr && !is_back(there, *one)) {
        auto listed = from_hold(account, there, *one);
        if (auto waits = known.asks.find(one->ask); waits != known.asks.end())
            listed.waits = &waits->second;
        return listed;
    }
    const auto& remote = one == nullptr || one->remote.empty() ? id : one->remote;
    auto seen = there.queue.find(remote);
    if (seen == there.queue.end() || !seen->second.post)
        return std::nullopt;
    return from_mirror(account, there, seen->second);
}

document post_member(const listed_post& listed, const policy& rules)
{
    document post;
    post["id"] = display_id(listed.account, listed.id);
    post["account"] = listed.account.value;
    post["remote_id"] = text_or_null(listed.remote.value);
    post["due"] = format_utc(listed.due);
    post["class"] = to_string(listed.judged->kind);
    post["why"] = why_list(*listed.judged);
    post["state"] = listed.state_word();
    bool chosen = listed.held != nullptr && listed.held->state != hold_state::planned;
    post["rung"] = chosen ? document(to_string(listed.held->by)) : document(nullptr);
    post["text"] = listed.post ? listed.post->text : std::string{};
    if (listed.post) {
        if (!listed.post->url.empty())
            post["url"] = listed.post->url;
        if (!listed.post->language.empty())
            post["language"] = listed.post->language;
        if (!listed.post->author.empty())
            post["author"] = listed.post->author;
    }
    post["etag"] = mark_of(listed);
    post["judged"] = judged_member(listed.remarks);
    post["notes"] = notes_member(listed.remarks);
    if (listed.held == nullptr)
        return post;

    const auto& one = *listed.held;
    post["crises"] = id_list(one.seen_in);
    post["covered_by"] = id_list(one.covered_by);
    post["silence_proved"] = one.silence_proved;
    post["old_due"] = format_utc(one.due);
    // Read without it: were it public, the state would say so.
    auto unseen = one.state == hold_state::escaped ? time_point{} : std::max(one.unseen_at, listed.feed_read);
    post["unseen_at"] = unseen == time_point{} ? document(nullptr) : document(format_utc(unseen));
    if (one.changed_at != time_point{})
        post["changed_at"] = format_utc(one.changed_at);
    if (!one.detail.empty())
        post["detail"] = one.detail;
    if (one.until != time_point{})
        post["parked_until"] = format_utc(one.until);
    if (!one.escaped_as.empty())
        post["escaped_as"] = one.escaped_as.value;
    if (one.order)
        post["order"] = order_member(*one.order);
    post["waits_for_second"] = listed.waits == nullptr ? document(nullptr) : waits_member(*listed.waits);
    if (can_edit_text(rules, listed))
        post["can_edit_text"] = true;
    post["source_change"] = nullptr;
    if (one.source_text)
        post["source_change"] = {
            {"at", format_utc(one.source_changed_at)}, {"before", one.post ? one.post->text : ""}, {"after", *one.source_text}};
    return post;
}

document waits_member(const ask& one) { return {{"ask", one.id}, {"by", one.by.value}, {"at", format_utc(one.at)}}; }

document ask_member(const ask& one)
{
    document shown;
    shown["id"] = one.id;
    shown["kind"] = to_string(one.kind);
    shown["crisis"] = one.crisis.value;
    shown["post"] = one.post.empty() ? document(nullptr) : document(display_id(one.account, one.post));
    shown["by"] = one.by.value;
    shown["at"] = format_utc(one.at);
    shown["reason"] = one.why;
    shown["due"] = one.due ? document(format_utc(*one.due)) : document(nullptr);
    shown["text"] = one.text ? document(*one.text) : document(nullptr);
    return shown;
}

document asks_message(const state& known)
{
    std::vector<const ask*> sorted;
    for (const auto& [id, one] : known.asks)
        sorted.push_back(&one);
    std::ranges::sort(sorted, {}, [](const ask* one) { return std::tuple{one->at, one->id.size(), one->id}; });
    auto list = document::array();
    for (const auto* one : sorted)
        list.push_back(ask_member(*one));
    document message;
    message["schema"] = "halfmast.asks/1";
    message["asks"] = std::move(list);
    return message;
}

document history_member(const history_entry& entry)
{
    auto payload = document::parse(entry.payload, nullptr, false);
    auto member = [&](const char* name) -> document {
        if (!payload.is_object())
            return nullptr;
        auto found = payload.find(name);
        return found == payload.end() ? document(nullptr) : *found;
    };
    document one;
    one["at"] = entry.at;
    one["actor"] = member("actor");
    one["action"] = member("kind");
    one["outcome"] = member("outcome");
    one["why"] = member("why");
    one["seq"] = entry.seq;
    return one;
}

document why_message(const listed_post& listed)
{
    document message;
    message["schema"] = "halfmast.why/1";
    message["id"] = display_id(listed.account, listed.id);
    message["class"] = to_string(listed.judged->kind);
    message["why"] = why_list(*listed.judged);
    message["state"] = listed.state_word();
    message["sentence"] = explain(*listed.judged);
    message["hold"] = listed.held == nullptr ? document(nullptr) : document(explain(*listed.held));
    return message;
}

document doctor_message(const std::vector<account_report>& reports, const std::vector<std::string>& degraded)
{
    auto accounts = document::array();
    bool ok = degraded.empty();
    for (const auto& report : reports) {
        auto checks = document::array();
        for (const auto& line : report.lines) {
            checks.push_back(check_member(line));
            ok = ok && line.ok;
        }
        accounts.push_back({{"id", report.account.value}, {"connector", report.connector}, {"checks", std::move(checks)}});
    }
    document message;
    message["schema"] = "halfmast.doctor/1";
    message["ok"] = ok;
    message["accounts"] = std::move(accounts);
    message["degraded"] = degraded;
    return message;
}

document audit_message(const std::vector<history_entry>& entries, int limit)
{
    auto records = document::array();
    for (const auto& entry : entries) {
        document record;
        record["seq"] = entry.seq;
        record["at"] = entry.at;
        auto payload = document::parse(entry.payload, nullptr, false);
        if (payload.is_object()) {
            for (auto& [name, value] : payload.items())
                if (name != "seq" && name != "at")
                    record[name] = std::move(value);
        } else {
            record["payload"] = entry.payload;  // somebody changed the ledger: show what is there, `audit verify` names it
        }
        records.push_back(std::move(record));
    }
    bool more = !entries.empty() && entries.size() >= static_cast<std::size_t>(limit) && entries.back().seq > 1;
    document message;
    message["schema"] = "halfmast.audit/1";
    message["records"] = std::move(records);
    message["next"] = more ? document(entries.back().seq) : document(nullptr);
    return message;
}

document statement_member(const statement_preview& shown)
{
    document one;
    one["account"] = shown.account.value;
    one["kind"] = shown.kind;
    one["by"] = shown.by;
    one["language"] = shown.language;
    one["text"] = shown.text;
    one["form"] = shown.form;
    one["length"] = shown.length;
    one["limit"] = shown.limit == 0 ? document(nullptr) : document(shown.limit);
    one["can_publish"] = shown.can_publish;
    one["can_pin"] = shown.can_pin;
    one["unpins"] = shown.unpins;
    auto links = document::array();
    for (const auto& link : shown.links)
        links.push_back({{"url", link.url}, {"ok", link.ok}, {"said", link.said}});
    one["links"] = std::move(links);
    auto fillings = document::array();
    for (const auto& filled : shown.fillings)
        fillings.push_back({{"field", filled.field}, {"language", filled.language}, {"differs", filled.differs}});
    one["fillings"] = std::move(fillings);
    one["hole"] = text_or_null(shown.hole);
    one["trouble"] = text_or_null(shown.trouble);
    return one;
}

document planned_member(const planned_act& act)
{
    document one;
    one["id"] = display_id(act.account, act.post);
    one["account"] = act.account.value;
    one["due"] = format_utc(act.due);
    one["class"] = to_string(act.judged.kind);
    one["why"] = why_list(act.judged);
    one["would_hold"] = act.would_hold;
    one["rung"] = act.would_hold ? document(to_string(act.by)) : document(nullptr);
    one["rung_reason"] = act.why;
    one["doubt"] = text_or_null(act.doubt);
    one["text"] = act.snapshot ? act.snapshot->text : std::string{};
    return one;
}

}  // namespace halfmast::api
