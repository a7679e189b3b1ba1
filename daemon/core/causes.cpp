// What people have to know: the policy of pages. Some causes are moments, and come with the record that says so (heed); the others
// are states, and are looked for at every tick: what is so has an open page, and what is not so any more has none.
#include <algorithm>
#include <array>

#include "daemon/core/step.hpp"

namespace halfmast {

namespace {

constexpr int summary_tries = 3;                   // so often it is tried before a person is told
constexpr std::chrono::seconds approval_wait{60};  // who raises may approve at once
constexpr std::size_t most_looked_at = 2'000;      // posts of one account that are due soon: more are "at least so many"

// Kinds that are states, and why their pages end by themselves.
struct kind_of_state {
    std::string_view kind;
    std::string_view over;
};

constexpr std::array<kind_of_state, 9> states_looked_for{{
    {"crisis-open", "said anew"},
    {"hold-manual", "no post that is due soon waits for a person there any more"},
    {"hold-unconfirmed", "every post that is due soon is held there, or decided on"},
    {"reply-approval", "the reply was approved or dropped"},
    {"second-person", "a second person decided, or it is not wanted any more"},
    {"summary-approval", "it was approved, or is not wanted any more"},
    {"summary-failed", "the summary stands as it should, or is not wanted any more"},
    {"task", "it is done, or not wanted any more"},
    {"update", "the time of the next update has moved on"},
}};

std::string plural(std::size_t count, const std::string& one, const std::string& many)
{
    return count == 1 ? "1 " + one : std::to_string(count) + " " + many;
}

page_level at_least_major(page_level level) { return std::max(level, page_level::major); }

const crisis* find_crisis(const step& now, const crisis_id& id)
{
    auto found = now.known().crises.find(id);
    return found == now.known().crises.end() ? nullptr : &found->second;
}

void say_raised(const step& now, const audit_record& record)
{
    const auto& flag = *record.flag;
    page said;
    said.key = "crisis/" + flag.id.value;
    said.level = flag.level;
    said.crisis = flag.id;
    said.what = flag.id.value + " was raised by " + flag.raised_by.value + ": " + flag.playbook
                + (flag.over.empty() ? "" : ", over " + to_string(flag.over)) + (flag.why.empty() ? "" : ": " + flag.why);
    said.todo = "halfmast status; when it is over: halfmast lower " + flag.id.value;
    open_page(now, std::move(said));
}

void say_lowered(const step& now, const audit_record& record)
{
    std::vector<std::string> over;
    for (const auto& [key, open] : now.known().pages.open)
        if (open.said.crisis == record.crisis && !open.said.ends_with_word)
            over.push_back(key);
    auto why = record.crisis.value + " was lowered by " + record.actor.value;
    for (const auto& key : over)
        resolve_page(now, key, why);
}

void say_escape(const step& now, const account_id& id, const crisis_id& crisis, const post_id& post, const std::string& link)
{
    auto& where = now.at(id);
    const auto* flag = find_crisis(now, crisis);
    auto counts = where.counts.find(crisis);
    auto count = counts == where.counts.end() ? 1u : std::max(counts->second[static_cast<std::size_t>(hold_state::escaped)], 1u);
    auto name = display_id(id, post);
    page said;
    said.key = "escape/" + (crisis.empty() ? "" : crisis.value + "/") + id.value;
    said.level = flag == nullptr ? page_level::major : at_least_major(flag->level);
    said.crisis = crisis;
    said.account = id;
    said.count = count;
    auto although = crisis.empty() ? std::string{" although it had to be held"} : " although " + crisis.value + " is up";
    said.what = count == 1 ? name + " went out" + although
                           : std::to_string(count) + " posts of " + id.value + " went out" + although + "; the last one: " + name;
    said.todo = "decide at the platform what becomes of it, nothing public is ever deleted here; halfmast queue show " + name;
    said.link = link;
    said.ends_with_word = true;
    open_page(now, std::move(said));
}

void say_release_failed(const step& now, const audit_record& record)
{
    auto name = display_id(record.account, record.post);
    page said;
    said.key = "release-failed/" + name;
    said.level = record.crisis.empty() ? page_level::major : page_level::minor;  // a flag that came meanwhile is no surprise
    said.crisis = record.crisis;
    said.account = record.account;
    said.what = name + " could not be released and is still held: " + record.why;
    said.todo = "halfmast queue show " + name + "; then release, reschedule or keep it";
    said.link = record.url;
    open_page(now, std::move(said));
}

void say_glass_broken(const step& now, const audit_record& record)
{
    const auto* flag = find_crisis(now, record.crisis);
    page said;
    said.key = "glass-broken/" + record.crisis.value;
    const auto& open = now.known().pages.open;
    auto before = open.find(said.key);
    said.count = before == open.end() ? 1 : before->second.said.count + 1;
    said.level = flag == nullptr ? page_level::major : at_least_major(flag->level);
    said.crisis = record.crisis;
    said.account = record.account;
    auto what = record.post.empty() ? "did '" + record.outcome + "'" : "let " + display_id(record.account, record.post) + " go";
    said.what =
        record.actor.value + " " + what + " without a second person, whom " + record.crisis.value + " asks for: " + record.why;
    said.todo = "look whether the reason holds; halfmast audit list " + record.crisis.value;
    said.ends_with_word = true;
    open_page(now, std::move(said));
}

void say_trouble(const step& now, const account_id& id, failure kind, const std::string& why)
{
    const auto* declared = now.declared(id);
    if (declared == nullptr)
        return;
    auto open = open_over(now.known(), *declared);
    auto covered = std::ranges::max_element(open, {}, [](const auto* flag) { return flag->level; });
    bool refused = kind == failure::auth_expired || kind == failure::forbidden;
    page said;
    said.key = (refused ? "account-refused/" : "account-unreachable/") + id.value;
    said.level = covered != open.end() ? at_least_major((*covered)->level) : refused ? page_level::major : page_level::minor;
    said.account = id;
    said.what = id.value + (refused ? " refuses halfmast's credential: nothing can be held there: " : " cannot be reached: ") + why;
    said.todo = refused ? "renew the secret; halfmast doctor shows what is missing"
                        : "look at " + declared->connector + "'s own status; halfmast doctor";
    said.wait = refused ? milliseconds{0} : now.rules.pages.unreachable_for;
    open_page(now, std::move(said));
    resolve_page(now, (refused ? "account-unreachable/" : "account-refused/") + id.value, "it is another trouble now");
}

// The kinds whose words the ledger has.
failure failure_of(const std::string& word)
{
    for (auto kind : {failure::auth_expired, failure::forbidden})
        if (word == to_string(kind))
            return kind;
    return failure::unreachable;
}

std::string say_update(const crisis& flag)
{
    return "halfmast say publish " + flag.id.value + " --about \"what is known now\" --next-update 45m";
}

std::string missed_key(const crisis& flag) { return "update/" + flag.id.value + "/missed"; }

page missed_update(const crisis& flag)
{
    page said;
    said.what = "the update of " + flag.id.value + " that was promised by " + format_utc(flag.next_update_by) + " is missed";
    said.todo = say_update(flag);
    return said;
}

// Once for each promise: whoever is next is told now, whatever the steps of the route say.
void say_missed(const step& now, const audit_record& record)
{
    const auto* flag = find_crisis(now, record.crisis);
    if (flag == nullptr)
        return;
    auto said = missed_update(*flag);
    said.key = missed_key(*flag);
    said.level = at_least_major(flag->level);
    said.crisis = flag->id;
    open_page(now, std::move(said));
    escalate_at_once(now, missed_key(*flag), "the promised update did not come");
}

void look_at_crisis(const step& now, const crisis& flag, std::set<std::string>& so)
{
    const auto& rules = now.rules.pages;
    auto open = [&](page said, const std::string& key, page_level level) {
        said.key = key;
        said.level = level;
        said.crisis = flag.id;
        so.insert(key);
        open_page(now, std::move(said));
    };
    if (rules.crisis_open.count() > 0 && now.now >= flag.raised_at + rules.crisis_open) {
        auto up = rules.crisis_open * ((now.now - flag.raised_at) / rules.crisis_open);
        page still;
        still.what = flag.id.value + " (" + flag.playbook + ") has been up for " + format_duration(up) + "; its owner is "
                     + flag.owner.value;
        still.todo = "halfmast status; when it is over: halfmast lower " + flag.id.value;
        open(std::move(still), "crisis-open/" + flag.id.value + "/" + format_duration(up), flag.level);
    }
    if (flag.next_update_by <= flag.raised_at)
        return;
    if (now.now >= flag.next_update_by) {
        open(missed_update(flag), missed_key(flag), at_least_major(flag.level));
    } else if (now.now + rules.update_ahead >= flag.next_update_by) {
        page update;
        update.todo = say_update(flag);
        update.what = "the next update of " + flag.id.value + " is promised by " + format_utc(flag.next_update_by);
        open(std::move(update), "update/" + flag.id.value + "/due", flag.level);
    }
}

// What waits for somebody's word before it can become public.
void look_at_approvals(const step& now, const crisis& flag, std::set<std::string>& so)
{
    const edition* waits = nullptr;
    for (const auto& said : flag.editions) {
        bool wanted = flag.now == phase::raised || outlives_flag(said.kind);
        if (!said.approved && !said.undone && wanted && std::ranges::any_of(now.known().accounts, [&](const auto& entry) {
                auto one = entry.second.summaries.find(flag.id);
                return one != entry.second.summaries.end() && one->second.dealt < said.number && said.words.contains(entry.first)
                       && one->second.state != summary_state::withdrawn && one->second.state != summary_state::unpinned;
            }))
            waits = &said;
    }
    if (waits == nullptr)
        return;
    page said;
    said.key = "summary-approval/" + flag.id.value;
    said.level = flag.level;
    said.crisis = flag.id;
    said.what = "the " + std::string{to_string(waits->kind)} + " of " + flag.id.value + " waits for "
                + (flag.two_person ? "a second person's" : "an") + " approval; nothing of it is published until then";
    said.todo = "halfmast say approve " + flag.id.value + " --edition " + std::to_string(waits->number);
    if (auto hole = hole_in(waits->words); !hole.empty()) {
        said.what += "; nothing is given for {{" + hole + "}} in it";
        said.todo += " sends it as it is; halfmast say publish --help shows how it is said whole";
    }
    bool may_be_said_anew = flag.now == phase::raised && waits->kind != edition_kind::correction;
    if (may_be_said_anew && waits->next_update_by != time_point{} && waits->next_update_by <= now.now) {
        said.what += "; the time that it promises has passed";
        said.todo = "say it again, with a time that lies ahead: halfmast say publish --help";
    }
    said.wait = approval_wait;
    so.insert(said.key);
    open_page(now, std::move(said));
}

void look_at_reply_approvals(const step& now, std::set<std::string>& so)
{
    std::map<crisis_id, std::vector<const reply*>> waiting;
    for (const auto& [id, one] : now.known().replies)
        if (one.state == reply_state::waiting && !one.approved)
            waiting[one.crisis].push_back(&one);
    for (const auto& [crisis, all] : waiting) {
        const auto* flag = find_crisis(now, crisis);
        page said;
        said.key = "reply-approval/" + crisis.value;
        said.level = flag == nullptr ? page_level::major : flag->level;
        said.crisis = crisis;
        said.count = static_cast<std::uint32_t>(all.size());
        said.what = plural(all.size(), "reply waits", "replies wait") + " for a second person; the first is " + all.front()->id
                    + " of " + all.front()->by.value + " at " + all.front()->account.value;
        said.todo = "halfmast say approve " + all.front()->id + ", or halfmast say drop " + all.front()->id;
        said.link = all.front()->to_url;
        said.wait = approval_wait;
        so.insert(said.key);
        open_page(now, std::move(said));
    }
}

// What one person wants, and another one has to want too.
void look_at_asks(const step& now, std::set<std::string>& so)
{
    std::map<crisis_id, std::vector<const ask*>> waiting;
    for (const auto& [id, one] : now.known().asks)
        waiting[one.crisis].push_back(&one);
    for (const auto& [crisis, all] : waiting) {
        const auto* flag = find_crisis(now, crisis);
        const auto& first = **std::ranges::min_element(all, {}, [](const auto* one) { return one->at; });
        page said;
        said.key = "second-person/" + crisis.value;
        said.level = flag == nullptr ? page_level::major : flag->level;
        said.crisis = crisis;
        said.account = all.size() == 1 ? first.account : account_id{};
        said.count = static_cast<std::uint32_t>(all.size());
        said.what =
            plural(all.size(), "decision waits", "decisions wait") + " for a second person; "
            + (all.size() == 1 ? "" : "the first: ") + first.by.value + " wants to "
            + (first.kind == ask_kind::lower ? "lower " + crisis.value : "let " + display_id(first.account, first.post) + " go")
            + (first.due ? ", which is due " + format_utc(*first.due) : "") + (first.why.empty() ? "" : ": " + first.why);
        said.todo = "halfmast queue asks; to agree: halfmast queue second " + first.id;
        said.wait = approval_wait;
        so.insert(said.key);
        open_page(now, std::move(said));
    }
}

void look_at_summaries(const step& now, const account_id& id, const account_state& where, std::set<std::string>& so)
{
    for (const auto& [crisis_key, one] : where.summaries) {
        const auto* flag = find_crisis(now, crisis_key);
        if (flag == nullptr)
            continue;
        page said;
        said.crisis = crisis_key;
        bool tried = one.attempts >= summary_tries && !one.busy;
        bool undone = one.state == summary_state::failed || one.state == summary_state::publishing
                      || one.state == summary_state::published || one.state == summary_state::unpinning;
        if (!undone || (!tried && !now.known().pages.open.contains("summary-failed/" + crisis_key.value + "/" + id.value)))
            continue;
        said.key = "summary-failed/" + crisis_key.value + "/" + id.value;
        so.insert(said.key);
        said.level = at_least_major(flag->level);
        said.account = id;
        said.what = "the summary of " + crisis_key.value + " is not as it should be at " + id.value + " ("
                    + std::string{to_string(one.state)} + ")" + (one.detail.empty() ? "" : ": " + one.detail);
        said.todo = "publish and pin it by hand, or mend what is named; it is tried again";
        said.link = one.url;
        open_page(now, std::move(said));
    }
}

// Posts that go out soon unless somebody does something.
struct near_posts {
    std::size_t count = 0;
    const hold* first = nullptr;

    void add(const hold& one)
    {
        if (count++ == 0)
            first = &one;
    }
};

void say_near(const step& now, const account_id& id, const near_posts& near, std::string_view kind, bool by_person, bool more,
              std::set<std::string>& so)
{
    if (near.count == 0)
        return;
    const auto& first = *near.first;
    auto name = display_id(id, first.id);
    const auto* flag = first.covered_by.empty() ? nullptr : find_crisis(now, *first.covered_by.begin());
    page said;
    said.key = std::string{kind} + "/" + id.value;
    said.level = at_least_major(flag == nullptr ? page_level::major : flag->level);
    said.crisis = flag == nullptr ? crisis_id{} : flag->id;
    said.account = id;
    said.count = static_cast<std::uint32_t>(near.count);
    said.what = (more ? "at least " : "") + plural(near.count, "post", "posts") + " of " + id.value
                + (by_person ? " must be stopped by a person; " : " not held yet and due soon; ")
                + (near.count == 1 ? name + " is" : "the first, " + name + ", is") + " due " + format_utc(first.due)
                + (by_person ? "" : " (" + std::string{to_string(first.state)} + ")")
                + (first.detail.empty() ? "" : ": " + first.detail);
    said.todo = by_person ? "open the link and stop it there; halfmast queue show " + name
                          : "halfmast queue show " + name + "; when its time comes near, stop it at the platform";
    said.link = first.post ? first.post->url : "";
    said.wait = by_person ? milliseconds{0} : now.rules.pages.hold_settles;
    so.insert(said.key);
    open_page(now, std::move(said));
}

void look_at_holds(const step& now, const account_id& id, const account_state& where, std::set<std::string>& so)
{
    const auto& rules = now.rules.pages;
    auto horizon = now.now + std::max(rules.manual_ahead, rules.hold_ahead);
    near_posts manual;
    near_posts waiting;
    std::size_t looked_at = 0;
    for (const auto& key : where.undone) {
        if (key.due >= horizon || ++looked_at > most_looked_at)
            break;
        const auto& one = where.holds.at(key.post);
        if (one.covered_by.empty() && !one.by_hand)
            continue;  // nobody wants it held any more
        if (one.state == hold_state::manual) {
            if (key.due < now.now + rules.manual_ahead)
                manual.add(one);
        } else if (key.due < now.now + rules.hold_ahead) {
            waiting.add(one);
        }
    }
    bool more = looked_at > most_looked_at;
    say_near(now, id, manual, "hold-manual", true, more, so);
    say_near(now, id, waiting, "hold-unconfirmed", false, more, so);
}

}  // namespace

void heed(const step& now, std::size_t index)
{
    const auto kind = now.made.records[index].kind;
    switch (kind) {
    case record_kind::crisis_raised:
    case record_kind::crisis_lowered:
    case record_kind::hold_escaped:
    case record_kind::release_failed:
    case record_kind::release_asked:
    case record_kind::release_confirmed:
    case record_kind::post_kept:
    case record_kind::glass_broken:
    case record_kind::account_unreachable:
    case record_kind::account_reachable:
    case record_kind::promise_missed: break;
    default: return;
    }
    const auto record = now.made.records[index];  // a copy: what it leads to is noted behind it
    auto name = display_id(record.account, record.post);
    switch (kind) {
    case record_kind::crisis_raised: return say_raised(now, record);
    case record_kind::crisis_lowered: return say_lowered(now, record);
    case record_kind::hold_escaped:
        resolve_page(now, "release-failed/" + name, "it went out");
        return say_escape(now, record.account, record.crisis, record.post, record.url);
    case record_kind::release_failed: return say_release_failed(now, record);
    case record_kind::promise_missed: return say_missed(now, record);
    case record_kind::glass_broken: return say_glass_broken(now, record);
    case record_kind::release_asked:
    case record_kind::release_confirmed:
    case record_kind::post_kept: return resolve_page(now, "release-failed/" + name, "a person decided on it again");
    case record_kind::account_unreachable: return say_trouble(now, record.account, failure_of(record.outcome), record.why);
    default:
        resolve_page(now, "account-refused/" + record.account.value, "the account answers again");
        return resolve_page(now, "account-unreachable/" + record.account.value, "the account answers again");
    }
}

void look_for_causes(const step& now)
{
    std::set<std::string> so;
    bool any_up = false;
    for (const auto& [id, flag] : now.known().crises)
        if (flag.now == phase::raised) {
            any_up = true;
            look_at_crisis(now, flag, so);
        }
    for (const auto& [id, flag] : now.known().crises)
        look_at_approvals(now, flag, so);
    look_at_reply_approvals(now, so);
    look_at_asks(now, so);
    look_at_tasks(now, so);
    for (auto& [id, where] : now.known().accounts) {
        look_at_holds(now, id, where, so);
        look_at_summaries(now, id, where, so);
        // A flag makes a small trouble a large one.
        if (any_up && where.trouble && where.trouble->kind != failure::rate_limited)
            say_trouble(now, id, where.trouble->kind, where.trouble->detail);
    }
    const auto& open = now.known().pages.open;
    std::vector<std::pair<std::string, std::string_view>> over;
    for (const auto& [kind, why] : states_looked_for) {
        auto front = std::string{kind} + "/";
        for (auto at = open.lower_bound(front); at != open.end() && at->first.starts_with(front); ++at)
            if (!so.contains(at->first))
                over.emplace_back(at->first, why);
    }
    for (const auto& [key, why] : over)
        resolve_page(now, key, std::string{why});
}

void note_health(const step& now, const health_changed& what)
{
    if (what.what.empty())
        return resolve_page(now, what.name, "it is over");
    page said;
    said.key = what.name;
    said.level = what.level;
    said.what = what.what;
    said.todo = what.todo;
    said.ends_with_word = what.happened_once;
    open_page(now, std::move(said));
    if (what.set_back)
        set_clock_back(now);
}

}  // namespace halfmast
