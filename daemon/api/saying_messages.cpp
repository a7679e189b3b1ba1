// The documents about what is said: editions, the promise, what an account shows, tasks, replies.
#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>

#include <nlohmann/json.hpp>

#include "daemon/api/messages.hpp"

namespace halfmast::api {

namespace {

document word_or_null(const std::string& text) { return text.empty() ? document(nullptr) : document(text); }
document moment_or_null(time_point at) { return at == time_point{} ? document(nullptr) : document(format_utc(at)); }

const summary* shown_on(const state& known, const crisis_id& about, const account_id& id)
{
    auto there = known.accounts.find(id);
    if (there == known.accounts.end())
        return nullptr;
    auto said = there->second.summaries.find(about);
    return said == there->second.summaries.end() ? nullptr : &said->second;
}

bool was_public(const state& known, const crisis& flag, const edition& said)
{
    return std::ranges::any_of(said.words, [&](const auto& entry) {
        const auto* one = shown_on(known, flag.id, entry.first);
        return one != nullptr && std::ranges::find(one->copies, said.number, &public_copy::edition) != one->copies.end();
    });
}

// One word for where an edition stands.
const char* state_of(const state& known, const crisis& flag, const edition& said, const edition_reach& reach, time_point now)
{
    if (said.undone)
        return "undone";
    bool everywhere = reach.out == reach.of && reach.of != 0;
    if (everywhere)
        return was_public(known, flag, said) ? "out" : "skipped";
    if (flag.now == phase::lowered && reach.out == 0 && said.kind != edition_kind::all_clear)
        return "withdrawn";
    if (!said.approved)
        return "waits-for-approval";
    return now < said.undo_until ? "undo-window" : "going-out";
}

// Its words, each once and with who says them: whoever agrees to them has to have read them.
document texts_of(const edition& said)
{
    std::map<std::pair<std::string_view, std::string_view>, std::size_t> known;
    auto list = document::array();
    for (const auto& [id, words] : said.words) {
        auto [at, is_new] = known.try_emplace({words.language, words.text}, list.size());
        if (is_new)
            list.push_back({{"language", words.language}, {"text", words.text}, {"accounts", document::array()}});
        list[at->second]["accounts"].push_back(id.value);
    }
    return list;
}

// The newest edition that is meant to stand there: what waits for a word or was taken back is not.
std::uint32_t wanted_on(const crisis& flag, const account_id& id, const summary& said)
{
    bool over = said.state == summary_state::unpinned || said.state == summary_state::withdrawn;
    for (auto one = flag.editions.rbegin(); !over && one != flag.editions.rend(); ++one)
        if (one->approved && !one->undone && one->words.contains(id))
            return std::max(one->number, said.edition);
    return said.edition;
}

}  // namespace

document editions_member(const state& known, const crisis& flag, time_point now)
{
    auto list = document::array();
    for (const auto& said : flag.editions) {
        auto reach = reach_of(known, flag, said);
        document one;
        one["number"] = said.number;
        one["kind"] = to_string(said.kind);
        one["state"] = state_of(known, flag, said, reach, now);
        one["by"] = said.by.value;
        one["at"] = format_utc(said.at);
        one["undo_until"] = format_utc(said.undo_until);
        one["next_update_by"] = moment_or_null(said.next_update_by);
        one["approved"] = said.approved;
        one["approved_by"] = word_or_null(said.approved_by.value);
        one["undone"] = said.undone;
        one["about"] = word_or_null(said.about);
        if (!said.about_in.empty())
            one["about_in"] = said.about_in;
        if (!said.reason.empty())
            one["reason"] = said.reason;
        if (!said.reason_in.empty())
            one["reason_in"] = said.reason_in;
        one["hole"] = word_or_null(hole_in(said.words));
        if (one["state"] == "waits-for-approval")
            one["texts"] = texts_of(said);
        one["out"] = reach.out;
        one["of"] = reach.of;
        list.push_back(std::move(one));
    }
    return list;
}

document promise_member(const crisis& flag, time_point now)
{
    document promise;
    promise["next_update_by"] = moment_or_null(flag.next_update_by);
    promise["kept"] = flag.promises_kept;
    promise["missed"] = flag.promises_missed;
    bool open = flag.now == phase::raised && flag.next_update_by != time_point{};
    promise["late"] = flag.late || (open && flag.next_update_by < now);
    return promise;
}

void add_shown(document& account, const state& known, const crisis& flag, const account_id& id, time_point now)
{
    const auto* said = shown_on(known, flag.id, id);
    account["edition"] = said == nullptr ? 0 : said->edition;
    account["wanted_edition"] = said == nullptr ? 0 : wanted_on(flag, id, *said);
    account["url"] = said == nullptr ? document(nullptr) : word_or_null(said->url);
    auto copies = document::array();
    if (said != nullptr)
        for (const auto& one : said->copies)
            copies.push_back({{"edition", one.edition}, {"remote_id", one.remote.value}, {"url", word_or_null(one.url)}});
    account["copies"] = std::move(copies);
    auto there = known.accounts.find(id);
    auto counts = there == known.accounts.end() ? act_counts{} : count_acts(there->second, now);
    account["public_acts"] = counts.ours;
    account["public_acts_of_others"] = counts.others;
}

document task_member(const task& one)
{
    document member;
    member["id"] = one.id;
    member["kind"] = to_string(one.kind);
    member["state"] = to_string(one.state);
    member["crisis"] = word_or_null(one.crisis.value);
    member["account"] = one.account.value;
    member["what"] = one.what;
    member["text"] = word_or_null(one.text);
    member["link"] = word_or_null(one.link);
    member["owner"] = one.owner.value;
    member["due"] = format_utc(one.due);
    member["opened_at"] = format_utc(one.opened_at);
    if (one.state != task_state::open) {
        member["by"] = word_or_null(one.by.value);
        member["done_at"] = moment_or_null(one.done_at);
        member["reason"] = word_or_null(one.why);
    }
    return member;
}

document tasks_message(const state& known, bool all)
{
    std::vector<const task*> shown;
    for (const auto& [id, one] : known.tasks)
        if (all || one.state == task_state::open)
            shown.push_back(&one);
    // Not by id: "t-10" would stand before "t-2".
    std::ranges::sort(shown, [](const task* left, const task* right) {
        return std::tuple{left->state != task_state::open, left->due, left->opened_at, left->id}
               < std::tuple{right->state != task_state::open, right->due, right->opened_at, right->id};
    });
    auto list = document::array();
    for (const auto* one : shown)
        list.push_back(task_member(*one));
    document message;
    message["schema"] = "halfmast.tasks/1";
    message["tasks"] = std::move(list);
    return message;
}

document reply_member(const reply& one)
{
    document member;
    member["id"] = one.id;
    member["crisis"] = one.crisis.value;
    member["account"] = one.account.value;
    member["to"] = one.to.value;
    member["to_url"] = word_or_null(one.to_url);
    member["by"] = one.by.value;
    member["at"] = format_utc(one.at);
    member["language"] = one.words.language;
    member["text"] = one.words.text;
    member["state"] = to_string(one.state);
    member["approved"] = one.approved;
    member["approved_by"] = word_or_null(one.approved_by.value);
    member["not_before"] = format_utc(one.wait_until);
    member["remote_id"] = word_or_null(one.remote.value);
    member["url"] = word_or_null(one.url);
    member["detail"] = word_or_null(one.detail);
    return member;
}

document replies_message(const state& known, const crisis_id& about)
{
    std::vector<const reply*> shown;
    for (const auto& [id, one] : known.replies)
        if (one.crisis == about)
            shown.push_back(&one);
    std::ranges::sort(
        shown, [](const reply* left, const reply* right) { return std::tie(left->at, left->id) < std::tie(right->at, right->id); });
    auto list = document::array();
    for (const auto* one : shown)
        list.push_back(reply_member(*one));
    document message;
    message["schema"] = "halfmast.replies/1";
    message["replies"] = std::move(list);
    return message;
}

document statements_message(const std::vector<statement_preview>& statements)
{
    auto list = document::array();
    for (const auto& one : statements)
        list.push_back(statement_member(one));
    document message;
    message["schema"] = "halfmast.statements/1";
    message["statements"] = std::move(list);
    return message;
}

}  // namespace halfmast::api
