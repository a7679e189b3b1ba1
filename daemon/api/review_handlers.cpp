// Review: what is let go, what a person says of a post, the same act for many posts, and what waits for a second person.
#include <map>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include "daemon/api/handlers.hpp"
#include "daemon/api/marks.hpp"
#include "daemon/api/requests.hpp"
#include "daemon/text/closest.hpp"

namespace halfmast::api::handlers {

namespace {

constexpr std::size_t foreseen_at_once = 20;  // posts of a bulk, before others have their turn

// One post of a bulk, and what came of it.
struct bulk_result {
    std::string id;
    std::string outcome = "done";  // "waits", "nothing", "refused"
    std::optional<time_point> at;  // release: when it goes out
    std::string ask;
    std::optional<trouble> why;
};

document bulk_member(const bulk_result& one)
{
    document shown;
    shown["id"] = one.id;
    shown["outcome"] = one.outcome;
    shown["at"] = one.at ? document(format_utc(*one.at)) : document(nullptr);
    shown["ask"] = one.ask.empty() ? document(nullptr) : document(one.ask);
    shown["type"] = nullptr;
    shown["detail"] = nullptr;
    if (one.why) {
        shown["type"] = "urn:halfmast:problem:" + one.why->type;
        shown["detail"] = one.why->detail;
        for (const auto& [name, text] : one.why->more)
            shown[name] = document::parse(text);
    }
    return shown;
}

document bulk_message(const bulk_body& asked, const std::vector<bulk_result>& results)
{
    std::map<std::string, std::size_t> counts{{"done", 0}, {"waits", 0}, {"nothing", 0}, {"refused", 0}};
    auto list = document::array();
    for (const auto& one : results) {
        ++counts[one.outcome];
        list.push_back(bulk_member(one));
    }
    document message;
    message["schema"] = "halfmast.bulk/1";
    message["act"] = asked.act;
    message["preview"] = asked.preview;
    for (const auto& [name, number] : counts)
        message[name] = number;
    message["results"] = std::move(list);
    return message;
}

may right_for(const std::string& act) { return act == "release" ? may::release : act == "hold" ? may::hold : may::review; }

release_requested release_of(const bulk_body& asked, const bulk_body::target& target, const actor_id& by)
{
    release_requested wanted;
    wanted.account = target.account;
    wanted.post = target.post;
    wanted.by = by;
    wanted.at = asked.release.at;
    wanted.why = asked.why;
    wanted.during_crisis = asked.release.during_crisis;
    wanted.shift = asked.release.shift;
    wanted.break_glass = asked.release.break_glass;
    return wanted;
}

event event_of(const bulk_body& asked, const bulk_body::target& target, const actor_id& by)
{
    if (asked.act == "release")
        return event{release_of(asked, target, by)};
    if (asked.act == "keep") {
        keep_requested kept{target.account, target.post, by, asked.why};
        kept.as = asked.keep.as;
        return event{std::move(kept)};
    }
    if (asked.act == "judge")
        return event{post_judged{target.account, target.post, by, asked.judge.kind, asked.why}};
    if (asked.act == "note")
        return event{post_noted{target.account, target.post, by, asked.note}};
    return event{hold_requested{target.account, target.post, by, asked.why}};
}

// What every act refuses alike: no such post, or not as it was seen.
std::optional<trouble> refuse_target(const call& asked, const bulk_body::target& target)
{
    auto listed = find_post(asked.daemon.known(), target.account, target.post);
    if (!listed)
        return not_found("there is no post '" + display_id(target.account, target.post) + "' in the queue or in a hold");
    if (target.mark.empty() || mark_of(*listed) == target.mark)
        return std::nullopt;
    trouble changed{412, 9, "stale", "Somebody else changed it first",
                    display_id(target.account, target.post) + " is not as you saw it; look again"};
    changed.more["etag"] = dump(document(mark_of(*listed)));
    return changed;
}

// What would come of it. `let_out`: by account, with what the posts before this one of the same bulk would take.
bulk_result foresee(const call& asked, const bulk_body& wanted, const bulk_body::target& target,
                    std::map<account_id, std::set<by_due>>& let_out)
{
    bulk_result made;
    made.id = display_id(target.account, target.post);
    auto listed = find_post(asked.daemon.known(), target.account, target.post);
    const auto* held = listed->held;
    if (wanted.act == "release") {
        const auto& known = asked.daemon.known();
        auto [taken, is_new] = let_out.try_emplace(target.account);
        if (is_new)
            taken->second = known.accounts.at(target.account).let_out;
        auto view =
            weigh_release(asked.daemon.rules(), known, taken->second, release_of(wanted, target, asked.by), asked.daemon.now());
        if (view.refused) {
            made.outcome = "refused";
            made.why = from_refusal(*view.refused);
            return made;
        }
        made.at = view.at;
        made.outcome = view.second && wanted.release.break_glass.empty() ? "waits" : "done";
        taken->second.insert({view.at, listed->id});
        return made;
    }
    if (wanted.act == "keep") {
        if (held != nullptr && held->state == hold_state::kept) {
            made.outcome = "nothing";
        } else if (held == nullptr || held->state != hold_state::held || (wanted.keep.as && *wanted.keep.as != held->by)) {
            made.outcome = "refused";
            made.why =
                trouble{409, 9, "wrong-state", "It is not in a state in which this can be asked",
                        made.id + " is " + std::string{listed->state_word()} + ", and only what is held can be kept as what it is"};
        }
    }
    return made;
}

bulk_result result_of(const call& asked, const bulk_body::target& target, const answer& came)
{
    bulk_result made;
    made.id = display_id(target.account, target.post);
    if (came.refused || !came.durable) {
        made.outcome = "refused";
        made.why = came.refused ? from_refusal(*came.refused) : ledger_refused(made.id, came.ledger_error);
        return made;
    }
    if (!came.waits.empty()) {
        made.outcome = "waits";
        made.ask = came.waits;
    }
    auto listed = find_post(asked.daemon.known(), target.account, target.post);
    if (listed && listed->held != nullptr && listed->held->order)
        made.at = listed->held->order->at;
    return made;
}

// Looks at held posts where they stand, so that nobody lets go what he has not read. Best effort: a platform that does not answer now
// will not take a release either.
asio::awaitable<void> look_at_sources(const call& asked, account_id account, std::vector<post_id> posts)
{
    auto where = account;
    auto readings = co_await asked.daemon.look(std::move(where), std::move(posts));
    if (!readings || readings->empty())
        co_return;
    event seen = source_seen{std::move(account), std::move(*readings)};
    auto told = co_await asked.daemon.submit(std::move(seen));
    (void)told;
}

bool stands_at_source(const call& asked, const account_id& account, const post_id& post)
{
    auto listed = find_post(asked.daemon.known(), account, post);
    return listed && listed->held != nullptr && (listed->held->state == hold_state::held || listed->held->state == hold_state::kept)
           && listed->held->by != rung::takeout && listed->held->by != rung::manual;
}

trouble no_such_ask(const call& asked, const std::string& id)
{
    text::nearest search{id};
    for (const auto& [other, one] : asked.daemon.known().asks)
        search.offer(other);
    return not_found("nothing waits for a second person under '" + id + "'." + search.question());
}

}  // namespace

std::optional<trouble> refuse_break_glass(const call& asked, const std::string& why)
{
    if (why.empty() || asked.roles.contains(role::manager) || asked.roles.contains(role::admin))
        return std::nullopt;
    return not_allowed("break_glass: only a manager or an admin may do alone what needs two people; " + asked.by.value + " has "
                       + in_words(asked.roles));
}

response release(const call& asked)
{
    auto wanted = read_release(asked.request.body);
    if (!wanted)
        co_return to_response(bad_request(wanted.error().detail));
    if (auto no = refuse_break_glass(asked, wanted->break_glass))
        co_return to_response(*no);
    account_id account{asked.parts[0]};
    post_id post{asked.parts[1]};
    if (stands_at_source(asked, account, post)) {
        std::vector<post_id> one{post};
        auto looking = look_at_sources(asked, account, std::move(one));
        co_await std::move(looking);
    }
    release_requested order;
    order.account = account;
    order.post = post;
    order.by = asked.by;
    order.at = wanted->at;
    order.why = std::move(wanted->why);
    order.during_crisis = wanted->during_crisis;
    order.text = std::move(wanted->text);
    order.shift = wanted->shift;
    order.break_glass = std::move(wanted->break_glass);
    if (auto listed = find_post(asked.daemon.known(), account, post);
        listed && listed->held != nullptr && wanted->seen == mark_of(*listed))
        order.saw_text = listed->held->source_text;
    event happened{std::move(order)};
    auto came = co_await asked.daemon.submit(std::move(happened));
    co_return answer_post(asked, came, "releasing", true);
}

response judge(const call& asked)
{
    auto wanted = read_judge(asked.request.body);
    if (!wanted)
        co_return to_response(bad_request(wanted.error().detail));
    event happened =
        post_judged{account_id{asked.parts[0]}, post_id{asked.parts[1]}, asked.by, wanted->kind, std::move(wanted->why)};
    auto came = co_await asked.daemon.submit(std::move(happened));
    co_return answer_post(asked, came, "judging", true);
}

response note(const call& asked)
{
    auto said = read_note(asked.request.body);
    if (!said)
        co_return to_response(bad_request(said.error().detail));
    event happened = post_noted{account_id{asked.parts[0]}, post_id{asked.parts[1]}, asked.by, std::move(*said)};
    auto came = co_await asked.daemon.submit(std::move(happened));
    co_return answer_post(asked, came, "writing to", true);
}

response bulk(const call& asked)
{
    auto wanted = read_bulk(asked.request.body);
    if (!wanted)
        co_return to_response(bad_request(wanted.error().detail));
    if (auto no = refuse(asked.who, right_for(wanted->act)))
        co_return to_response(*no);
    if (auto no = refuse_break_glass(asked, wanted->release.break_glass))
        co_return to_response(*no);
    if (wanted->act == "release") {
        std::map<account_id, std::vector<post_id>> there;
        for (const auto& target : wanted->targets)
            if (stands_at_source(asked, target.account, target.post))
                there[target.account].push_back(target.post);
        for (auto& [account, posts] : there) {
            auto looking = look_at_sources(asked, account, std::move(posts));
            co_await std::move(looking);
        }
    }
    std::vector<bulk_result> results;
    std::map<account_id, std::set<by_due>> let_out;
    auto loop = co_await asio::this_coro::executor;
    std::size_t looked_at = 0;
    for (const auto& target : wanted->targets) {
        if (++looked_at % foreseen_at_once == 0) {  // nobody else waits for five thousand of them
            auto breath = asio::post(loop, asio::use_awaitable);
            co_await std::move(breath);
        }
        if (auto no = refuse_target(asked, target)) {
            bulk_result made;
            made.id = display_id(target.account, target.post);
            made.outcome = "refused";
            made.why = std::move(no);
            results.push_back(std::move(made));
            continue;
        }
        if (wanted->preview) {
            results.push_back(foresee(asked, *wanted, target, let_out));
            continue;
        }
        auto happened = event_of(*wanted, target, asked.by);
        auto came = co_await asked.daemon.submit(std::move(happened));
        results.push_back(result_of(asked, target, came));
    }
    co_return json(200, bulk_message(*wanted, results));
}

response list_asks(const call& asked)
{
    if (auto wrong = unknown_member(asked, {}))
        co_return to_response(*wrong);
    co_return json(200, asks_message(asked.daemon.known()));
}

response second(const call& asked)
{
    auto why = read_reason(asked.request.body);
    if (!why)
        co_return to_response(bad_request(why.error().detail));
    auto found = asked.daemon.known().asks.find(asked.parts[0]);
    if (found == asked.daemon.known().asks.end())
        co_return to_response(no_such_ask(asked, asked.parts[0]));
    auto waited = found->second;
    if (auto no = refuse(asked.who, waited.kind == ask_kind::release ? may::release : may::lower))
        co_return to_response(*no);
    // What the first person looked at may be another text by now.
    if (waited.kind == ask_kind::release && stands_at_source(asked, waited.account, waited.post)) {
        std::vector<post_id> one{waited.post};
        auto looking = look_at_sources(asked, waited.account, std::move(one));
        co_await std::move(looking);
    }
    event happened = second_given{waited.id, asked.by, std::move(*why)};
    auto came = co_await asked.daemon.submit(std::move(happened));
    if (waited.kind == ask_kind::lower)
        co_return answer_crisis(asked, came, waited.crisis, "lowering " + waited.crisis.value);
    call about{asked.daemon, asked.request, asked.by, {waited.account.value, waited.post.value},
               asked.roles,  asked.door,    asked.who};
    co_return answer_post(about, came, "releasing", true);
}

response drop_ask(const call& asked)
{
    auto why = read_reason(asked.request.body);
    if (!why)
        co_return to_response(bad_request(why.error().detail));
    if (!asked.daemon.known().asks.contains(asked.parts[0]))
        co_return to_response(no_such_ask(asked, asked.parts[0]));
    event happened = ask_withdrawn{asked.parts[0], asked.by, std::move(*why)};
    auto came = co_await asked.daemon.submit(std::move(happened));
    if (came.refused)
        co_return to_response(from_refusal(*came.refused));
    if (!came.durable)
        co_return to_response(ledger_refused("withdrawing " + asked.parts[0], came.ledger_error));
    co_return json(200, asks_message(asked.daemon.known()));
}

}  // namespace halfmast::api::handlers
