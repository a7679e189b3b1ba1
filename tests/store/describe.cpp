// A record in words: every member of it, so that two records are the same when their words are.
#include "daemon/audit/chain.hpp"
#include "tests/store/support.hpp"

namespace halfmast::test {

namespace {

class writer {
public:
    template <class T>
    void add(const char* name, const T& value)
    {
        text_ << name << '=' << value << '\n';
    }
    void add(const char* name, const std::optional<time_point>& value) { add(name, value ? format_utc(*value) : "none"); }
    void add(const char* name, time_point value) { add(name, format_utc(value)); }
    void add(const char* name, const std::vector<std::string>& list)
    {
        for (const auto& item : list)
            add(name, item);
    }
    [[nodiscard]] std::string text() const { return text_.str(); }

private:
    std::ostringstream text_;
};

void describe(writer& to, const scheduled_post& post)
{
    to.add("snapshot.id", post.id.value);
    to.add("snapshot.due", post.due);
    to.add("snapshot.text", post.text);
    to.add("snapshot.folded", post.folded);
    to.add("snapshot.language", post.language);
    to.add("snapshot.tags", post.tags);
    to.add("snapshot.categories", post.categories);
    to.add("snapshot.labels", post.labels);
    to.add("snapshot.links", post.links);
    to.add("snapshot.url", post.url);
    to.add("snapshot.kind", post.kind);
    to.add("snapshot.author", post.author);
    to.add("snapshot.version", post.version);
    to.add("snapshot.media", post.has_media);
}

void describe(writer& to, const statement& words)
{
    to.add("words", words.language + "/" + words.text + "/" + std::to_string(words.length));
}

void describe(writer& to, const edition& said)
{
    to.add("edition.number", said.number);
    to.add("edition.kind", to_string(said.kind));
    to.add("edition.by", said.by.value);
    to.add("edition.at", said.at);
    to.add("edition.undo_until", said.undo_until);
    to.add("edition.next", said.next_update_by);
    to.add("edition.approved", said.approved);
    to.add("edition.approved_by", said.approved_by.value);
    to.add("edition.undone", said.undone);
    to.add("edition.about", said.about);
    for (const auto& [account, words] : said.words) {
        to.add("edition.account", account.value);
        describe(to, words);
    }
}

void describe(writer& to, const reply& answer)
{
    to.add("reply.id", answer.id);
    to.add("reply.crisis", answer.crisis.value);
    to.add("reply.account", answer.account.value);
    to.add("reply.to", answer.to.value);
    to.add("reply.to_url", answer.to_url);
    to.add("reply.by", answer.by.value);
    to.add("reply.at", answer.at);
    to.add("reply.wait", answer.wait_until);
    to.add("reply.approved", answer.approved);
    describe(to, answer.words);
}

void describe(writer& to, const task& wanted)
{
    to.add("task.id", wanted.id);
    to.add("task.kind", to_string(wanted.kind));
    to.add("task.crisis", wanted.crisis.value);
    to.add("task.account", wanted.account.value);
    to.add("task.post", wanted.post.value);
    to.add("task.edition", wanted.edition);
    to.add("task.reply", wanted.reply);
    to.add("task.what", wanted.what);
    to.add("task.text", wanted.text);
    to.add("task.link", wanted.link);
    to.add("task.owner", wanted.owner.value);
    to.add("task.due", wanted.due);
    to.add("task.opened_at", wanted.opened_at);
}

void describe(writer& to, const crisis& flag)
{
    to.add("flag.id", flag.id.value);
    to.add("flag.playbook", flag.playbook);
    to.add("flag.level", to_string(flag.level));
    to.add("flag.drill", flag.drill);
    to.add("flag.scope", to_string(flag.over));
    for (auto kind : flag.hold)
        to.add("flag.hold", to_string(kind));
    to.add("flag.why", flag.why);
    to.add("flag.raised_by", flag.raised_by.value);
    to.add("flag.owner", flag.owner.value);
    to.add("flag.raised_at", flag.raised_at);
    to.add("flag.next", flag.next_update_by);
    to.add("flag.publish", flag.publish == publish_mode::at_once);
    to.add("flag.phase", to_string(flag.now));
    to.add("flag.lowered_at", flag.lowered_at);
    to.add("flag.lowered_by", flag.lowered_by.value);
    for (const auto& said : flag.editions)
        describe(to, said);
}

void describe(writer& to, const page_note& paged)
{
    to.add("page.key", paged.key);
    to.add("page.group", paged.group);
    to.add("page.route", paged.route);
    to.add("page.receiver", paged.receiver);
    to.add("page.level", to_string(paged.level));
    to.add("page.what", paged.what);
    to.add("page.todo", paged.todo);
    to.add("page.link", paged.link);
    to.add("page.count", paged.count);
    to.add("page.wait", paged.wait.count());
    to.add("page.ends_with_word", paged.ends_with_word);
    to.add("page.verb", to_string(paged.verb));
    to.add("page.number", paged.number);
    to.add("page.version", paged.version);
}

void describe(writer& to, const proposal& said)
{
    to.add("proposal.id", said.id);
    to.add("proposal.key", said.key);
    to.add("proposal.what", said.what);
    to.add("proposal.playbook", said.playbook);
    to.add("proposal.level", to_string(said.level));
    to.add("proposal.scope", to_string(said.over));
    for (const auto& source : said.sources)
        to.add("proposal.source", source);
    to.add("proposal.evidence", said.evidence);
    to.add("proposal.link", said.link);
    to.add("proposal.count", said.count);
}

void describe(writer& to, const ask& one)
{
    to.add("ask.id", one.id);
    to.add("ask.kind", to_string(one.kind));
    to.add("ask.about", one.crisis.value + "/" + one.account.value + "/" + one.post.value);
    to.add("ask.by", one.by.value);
    to.add("ask.at", one.at);
    to.add("ask.why", one.why);
    to.add("ask.wanted", one.wanted);
    to.add("ask.due", one.due);
    to.add("ask.saw_text", one.saw_text.value_or("none"));
    to.add("ask.text", one.text.value_or("none"));
    to.add("ask.flags", std::to_string(one.shift) + std::to_string(one.during_crisis) + std::to_string(one.now));
    for (const auto& [account, words] : one.words)
        to.add("ask.words", account.value + "/" + words.language + "/" + words.text);
}

}  // namespace

std::string describe(const audit_record& record)
{
    writer to;
    to.add("kind", to_string(record.kind));
    to.add("at", record.at);
    to.add("actor", record.actor.value);
    to.add("crisis", record.crisis.value);
    to.add("account", record.account.value);
    to.add("post", record.post.value);
    to.add("remote", record.remote.value);
    to.add("outcome", record.outcome);
    to.add("why", record.why);
    to.add("ability", record.of ? to_string(*record.of) : "none");
    to.add("rung", record.by ? to_string(*record.by) : "none");
    to.add("due", record.due);
    to.add("until", record.until);
    to.add("class", record.judged ? to_string(*record.judged) : "none");
    for (const auto& one : record.reasons)
        to.add("reason", one.rule + "/" + one.match);
    for (const auto& item : record.saved)
        to.add("saved", item.name + "/" + item.sha256);
    if (record.snapshot && record.snapshot->raw)
        to.add("saved", "raw/" + audit::to_hex(audit::sha256(*record.snapshot->raw)));
    for (const auto& id : record.pins)
        to.add("pin", id.value);
    for (const auto& id : record.displaced)
        to.add("displaced", id.value);
    if (record.snapshot)
        describe(to, *record.snapshot);
    if (record.flag)
        describe(to, *record.flag);
    if (record.words)
        describe(to, *record.words);
    to.add("number", record.number);
    to.add("owner", record.owner.value);
    if (record.edition)
        describe(to, *record.edition);
    if (record.reply)
        describe(to, *record.reply);
    if (record.task)
        describe(to, *record.task);
    if (record.paged)
        describe(to, *record.paged);
    if (record.proposed)
        describe(to, *record.proposed);
    if (record.asked)
        describe(to, *record.asked);
    to.add("text", record.text.value_or("none"));
    to.add("second", record.second.value);
    to.add("flagged", record.flagged);
    to.add("url", record.url);
    to.add("late", record.late);
    return to.text();
}

}  // namespace halfmast::test
