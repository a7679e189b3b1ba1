// What only a person can do: opened where a platform has no call for it, done by a word, confirmed where it can be read back.
#include <algorithm>

#include "daemon/core/step.hpp"

namespace halfmast {

namespace {

constexpr std::chrono::minutes by_hand_within{15};
constexpr std::chrono::minutes clocks_may_differ{5};

audit_record about_task(record_kind kind, const step& now, const task& one, const actor_id& by = actor_id{"halfmast"})
{
    audit_record record{kind, now.now, by};
    record.crisis = one.crisis;
    record.account = one.account;
    record.task.emplace();
    record.task->id = one.id;
    record.task->kind = one.kind;
    record.outcome = "done";
    return record;
}

// What is pasted gets blanks and line ends of its own on the way.
std::string words_only(const std::string& text)
{
    std::string plain;
    for (char c : text) {
        bool blank = c == ' ' || c == '\n' || c == '\r' || c == '\t';
        if (!blank)
            plain += c;
        else if (!plain.empty() && plain.back() != ' ')
            plain += ' ';
    }
    while (!plain.empty() && plain.back() == ' ')
        plain.pop_back();
    return plain;
}

// While a call of ours is under way there, what is seen may be ours: the next look tells.
bool can_be_told(const step& now, const task& one)
{
    if (one.kind == task_kind::reply)
        return true;
    const auto& all = now.at(one.account).summaries;
    auto found = all.find(one.crisis);
    return found != all.end() && !found->second.busy && !found->second.recalled;
}

void said_by_hand(const step& now, const task& one, const publication& seen)
{
    auto& all = now.at(one.account).summaries;
    auto found = all.find(one.crisis);
    if (found == all.end())
        return;
    auto record = about_summary(record_kind::summary_published, now, found->second);
    record.outcome = "done";
    record.number = one.edition;
    record.remote = seen.id;
    record.url = seen.url;
    record.why = "posted by hand, and seen in the public posts";
    now.note(std::move(record));
    const auto* declared = now.declared(one.account);
    if (declared == nullptr || declared->can_pin)
        return;
    const auto& shown = all.at(one.crisis);
    auto by_hand = about_summary(record_kind::summary_manual, now, shown);
    by_hand.outcome = "unsupported";
    by_hand.why = declared->connector + " has no call that pins";
    now.note(std::move(by_hand));
    task pin;
    pin.kind = task_kind::pin;
    pin.crisis = one.crisis;
    pin.account = one.account;
    pin.post = seen.id;
    pin.edition = one.edition;
    pin.link = seen.url;
    pin.what = "pin " + (seen.url.empty() ? seen.id.value : seen.url) + " at " + one.account.value;
    open_task(now, std::move(pin));
}

// What was pinned by hand is unpinned by hand.
void unpin_by_hand(const step& now, const task& posted, std::string what)
{
    task down;
    down.kind = task_kind::unpin;
    down.crisis = posted.crisis;
    down.account = posted.account;
    down.post = posted.post;
    down.link = posted.link;
    down.what = std::move(what);
    open_task(now, std::move(down));
}

// Where a call unpins, it does so whoever pinned it.
bool is_unpinned_by_call(const step& now, const task& pinned)
{
    const auto* declared = now.declared(pinned.account);
    auto& all = now.at(pinned.account).summaries;
    auto said = all.find(pinned.crisis);
    return declared != nullptr && declared->can_pin && said != all.end() && said->second.pins_known;
}

void ask_to_stop(const step& now, const audit_record& held)
{
    auto& where = now.at(held.account);
    auto found = where.holds.find(held.post);
    if (found == where.holds.end())
        return;
    const auto& one = found->second;
    const auto* declared = now.declared(held.account);
    task wanted;
    wanted.kind = task_kind::stop_post;
    wanted.crisis = held.crisis;
    wanted.account = held.account;
    wanted.post = one.id;
    wanted.link = one.post ? one.post->url : std::string{};
    wanted.due = one.due;
    wanted.what = "stop " + display_id(held.account, one.id) + " at "
                  + (declared == nullptr ? held.account.value : declared->connector) + " before " + format_utc(one.due);
    open_task(now, std::move(wanted));
}

}  // namespace

const task* find_task(const step& now, const account_id& id, const std::string& key)
{
    const auto& tasks = now.at(id).tasks;
    auto entry = tasks.find(key);
    if (entry == tasks.end())
        return nullptr;
    auto found = now.known().tasks.find(entry->second);
    return found == now.known().tasks.end() ? nullptr : &found->second;
}

void open_task(const step& now, task wanted)
{
    auto key = key_of(wanted);
    if (const auto* before = find_task(now, wanted.account, key)) {
        bool same = before->state == task_state::open && before->text == wanted.text && before->post == wanted.post
                    && (wanted.due == time_point{} || wanted.due == before->due);
        if (same)
            return;
        drop_task(now, wanted.account, key, "another one takes its place");
    }
    wanted.id = "t-" + std::to_string(now.known().next_task);
    wanted.opened_at = now.now;
    if (const auto* declared = now.declared(wanted.account); declared != nullptr && declared->practice)
        wanted.what = "DRILL: " + wanted.what;
    if (wanted.due == time_point{})
        wanted.due = now.now + by_hand_within;
    if (auto flag = now.known().crises.find(wanted.crisis); flag != now.known().crises.end())
        wanted.owner = flag->second.owner;
    auto record = about_task(record_kind::task_opened, now, wanted);
    record.outcome = "open";
    record.why = wanted.what;
    record.due = wanted.due;
    record.url = wanted.link;
    record.task = std::move(wanted);
    now.note(std::move(record));
}

void drop_task(const step& now, const account_id& id, const std::string& key, const std::string& why)
{
    const auto* one = find_task(now, id, key);
    if (one == nullptr)
        return;
    auto record = about_task(record_kind::task_dropped, now, *one);
    record.why = why;
    now.note(std::move(record));
}

void confirm_task(const step& now, const account_id& id, const std::string& key, const std::string& why)
{
    const auto* one = find_task(now, id, key);
    if (one == nullptr)
        return;
    auto record = about_task(record_kind::task_confirmed, now, *one);
    record.why = why;
    now.note(std::move(record));
}

void finish_task(const step& now, const task_done& what)
{
    audit_record record{record_kind::task_done, now.now, what.by};
    record.why = what.why;
    record.task.emplace();
    record.task->id = what.task;
    auto found = now.known().tasks.find(what.task);
    if (found == now.known().tasks.end())
        return now.refuse(refusal::cause::unknown_target,
                          "task " + what.task + ": there is none under that name; 'halfmast tasks list' shows those that are open",
                          record);
    const auto one = found->second;
    record = about_task(record_kind::task_done, now, one, what.by);
    record.why = what.why;
    now.made.crisis = one.crisis;
    now.made.made = one.id;
    if (one.state == task_state::done || one.state == task_state::confirmed) {
        now.made.repeated = true;
        return;
    }
    if (one.state == task_state::dropped)
        return now.refuse(refusal::cause::wrong_state, "task " + one.id + ": it is not wanted any more: " + one.why, record);
    if (one.kind == task_kind::publish || one.kind == task_kind::edit)
        keep_promise(now, one.crisis, one.edition);
    now.note(std::move(record));
}

void heed_tasks(const step& now, std::size_t index)
{
    const auto kind = now.made.records[index].kind;
    bool about_a_post = kind == record_kind::hold_manual
                        || (!now.made.records[index].post.empty() && !now.at(now.made.records[index].account).tasks.empty());
    if (!about_a_post)
        return;
    const auto record = now.made.records[index];  // a copy: what it leads to is noted behind it
    switch (kind) {
    case record_kind::hold_manual: return ask_to_stop(now, record);
    case record_kind::hold_confirmed:
    case record_kind::hold_gone: return confirm_task(now, record.account, "stop_post/" + record.post.value, record.why);
    case record_kind::hold_escaped:
    case record_kind::hold_let_go:
    case record_kind::hold_planned:
    case record_kind::hold_retried:
    case record_kind::hold_drifted:
    case record_kind::post_kept:
    case record_kind::release_asked:
        return drop_task(now, record.account, "stop_post/" + record.post.value,
                         record.kind == record_kind::hold_escaped ? "it went out" : "nobody has to stop it by hand any more");
    default: return;
    }
}

void read_tasks_back(const step& now, const feed_observed& seen)
{
    auto& where = now.at(seen.account);
    if (where.tasks.empty())
        return;
    std::vector<task> wanted;
    for (const auto& [key, id] : where.tasks)
        if (auto one = now.known().tasks.find(id); one != now.known().tasks.end() && !one->second.text.empty()
                                                   && (one->second.kind == task_kind::publish || one->second.kind == task_kind::edit
                                                       || one->second.kind == task_kind::reply))
            wanted.push_back(one->second);
    for (const auto& one : wanted) {
        auto text = words_only(one.text);
        auto made = std::ranges::find_if(seen.posts, [&](const auto& post) {
            bool in_time = one.kind == task_kind::edit ? post.id == one.post : post.at + clocks_may_differ >= one.opened_at;
            return in_time && words_only(post.text).find(text) != std::string::npos;
        });
        if (made == seen.posts.end() || !can_be_told(now, one))
            continue;
        if (one.kind != task_kind::reply)
            keep_promise(now, one.crisis, one.edition);
        confirm_task(now, one.account, key_of(one),
                     "seen in the public posts: " + (made->url.empty() ? made->id.value : made->url));
        if (one.kind == task_kind::publish)
            said_by_hand(now, one, *made);
    }
}

void drop_tasks(const step& now, const crisis_id& crisis)
{
    std::vector<task> all;
    for (auto& [id, where] : now.known().accounts)
        for (const auto& [key, name] : where.tasks)
            if (auto one = now.known().tasks.find(name); one != now.known().tasks.end() && one->second.crisis == crisis)
                all.push_back(one->second);
    for (const auto& one : all) {
        if (one.kind == task_kind::stop_post || one.kind == task_kind::unpin)
            continue;
        const auto& flag = now.known().crises.at(crisis);
        bool stays = (one.kind == task_kind::publish || one.kind == task_kind::edit) && one.state == task_state::open
                     && one.edition > 0 && one.edition <= flag.editions.size()
                     && flag.editions[one.edition - 1].kind == edition_kind::correction;
        if (stays)
            continue;
        drop_task(now, one.account, key_of(one), crisis.value + " was lowered");
        bool pinned_by_hand = one.kind == task_kind::pin && one.state != task_state::open;
        if (pinned_by_hand && !is_unpinned_by_call(now, one))
            unpin_by_hand(now, one, "unpin " + (one.link.empty() ? one.post.value : one.link) + " at " + one.account.value);
    }
    for (auto& [id, where] : now.known().accounts) {
        auto said = where.summaries.find(crisis);
        const auto* declared = now.declared(id);
        bool unseen = said != where.summaries.end() && said->second.edition > 0
                      && said->second.remote.empty();  // a person's word is all there is
        if (!unseen || declared == nullptr)
            continue;
        task posted;
        posted.crisis = crisis;
        posted.account = id;
        posted.link = declared->profile;
        unpin_by_hand(now, posted,
                      "unpin what was posted by hand for " + crisis.value + " at " + id.value + ", where it is pinned");
    }
}

void look_at_tasks(const step& now, std::set<std::string>& pages)
{
    const auto& known = now.known();
    for (const auto& [due, id] : known.due_tasks) {
        if (due > now.now + now.rules.pages.task_ahead)
            break;
        auto found = known.tasks.find(id);
        if (found == known.tasks.end() || found->second.kind == task_kind::stop_post)
            continue;  // posts that have to be stopped are a cause of their own
        const auto& one = found->second;
        auto flag = known.crises.find(one.crisis);
        page said;
        said.key = "task/" + (one.crisis.empty() ? std::string{} : one.crisis.value + "/") + id;
        said.level = std::max(flag == known.crises.end() ? page_level::major : flag->second.level, page_level::major);
        said.crisis = one.crisis;
        said.account = one.account;
        said.what = "only a person can do this, by " + format_utc(due) + ": " + one.what;
        said.todo = "halfmast tasks list shows the text; when it is done: halfmast tasks done " + id;
        said.link = one.link;
        pages.insert(said.key);
        open_page(now, std::move(said));
    }
}

}  // namespace halfmast
