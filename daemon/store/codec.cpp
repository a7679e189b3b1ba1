#include "daemon/store/codec.hpp"

#include <algorithm>

#include "daemon/audit/chain.hpp"
#include "daemon/store/post_json.hpp"
#include "daemon/store/saying_json.hpp"

namespace halfmast::store {

using nlohmann::json;

namespace {

// The keepsake's name of a platform's own answer; the core leaves it alone.
constexpr const char* raw_name = "raw";

std::string sha256_hex(std::string_view bytes) { return audit::to_hex(audit::sha256(bytes)); }

std::string_view word_of(publish_mode mode) { return mode == publish_mode::at_once ? "at-once" : "after-approval"; }

publish_mode read_publish_mode(const std::string& word)
{
    if (word != "at-once" && word != "after-approval")
        throw unreadable("\"publish\" is neither at-once nor after-approval");
    return word == "at-once" ? publish_mode::at_once : publish_mode::after_approval;
}

// The same words as the API's description of a crisis.
json flag_json(const crisis& flag)
{
    json object{{"id", flag.id.value},
                {"severity", to_string(flag.level)},
                {"raised_by", flag.raised_by.value},
                {"raised_at", time_text(flag.raised_at)},
                {"next_update_by", time_text(flag.next_update_by)},
                {"publish", word_of(flag.publish)},
                {"phase", to_string(flag.now)}};
    put(object, "playbook", flag.playbook);
    put(object, "reason", flag.why);
    put_by_language(object, "reason_in", flag.why_in);
    put(object, "owner", flag.owner.value);
    put(object, "lowered_by", flag.lowered_by.value);
    if (flag.drill)
        object["drill"] = true;
    if (flag.two_person)
        object["two_person"] = true;
    if (flag.lowered_at != time_point{})
        object["lowered_at"] = time_text(flag.lowered_at);
    object["scope"] = json::object();
    for (const auto& [name, wanted] : flag.over)
        object["scope"][name] = wanted;
    object["hold"] = json::array();
    for (auto kind : flag.hold)
        object["hold"].push_back(to_string(kind));
    for (const auto& said : flag.editions)
        object["editions"].push_back(to_json(said));
    return object;
}

crisis read_flag(const json& object)
{
    crisis flag;
    flag.id = crisis_id{text_at(object, "id")};
    flag.playbook = text_at(object, "playbook");
    flag.level = needed_word_at(object, "severity", parse_severity);
    flag.why = text_at(object, "reason");
    flag.why_in = by_language_at(object, "reason_in");
    flag.raised_by = actor_id{text_at(object, "raised_by")};
    flag.owner = actor_id{text_at(object, "owner")};
    flag.raised_at = time_at(object, "raised_at").value_or(time_point{});
    flag.next_update_by = time_at(object, "next_update_by").value_or(time_point{});
    flag.publish = read_publish_mode(text_at(object, "publish"));
    flag.now = text_at(object, "phase") == to_string(phase::lowered) ? phase::lowered : phase::raised;
    flag.lowered_at = time_at(object, "lowered_at").value_or(time_point{});
    flag.lowered_by = actor_id{text_at(object, "lowered_by")};
    flag.drill = yes_at(object, "drill");
    flag.two_person = yes_at(object, "two_person");
    if (const auto* matchers = object_at(object, "scope"))
        for (const auto& [name, wanted] : matchers->items())
            flag.over[name] = text_at(*matchers, name.c_str());
    for (const auto& word : texts_at(object, "hold")) {
        auto kind = parse_post_class(word);
        if (!kind)
            throw unreadable("\"hold\" names a class this version does not know: " + word);
        flag.hold.insert(*kind);
    }
    if (const auto* editions = list_at(object, "editions"))
        for (const auto& said : *editions)
            flag.editions.push_back(read_edition(said));
    if (object_at(object, "statements") != nullptr)
        flag.editions.push_back(read_first_edition(object, flag));
    return flag;
}

std::vector<std::string> values_of(const std::vector<post_id>& ids)
{
    std::vector<std::string> values;
    for (const auto& id : ids)
        values.push_back(id.value);
    return values;
}

std::vector<post_id> ids_at(const json& object, const char* name)
{
    std::vector<post_id> ids;
    for (auto& value : texts_at(object, name))
        ids.push_back(post_id{std::move(value)});
    return ids;
}

// The outermost object, written without building it first: a crisis makes ten thousand records, which differ in a few texts.
// Members come in the order of their names, for that is canonical; empty ones are left out.
class record_writer {
public:
    void text(const char* name, std::string_view value)
    {
        if (!value.empty())
            put_text(name, value);
    }
    void put_text(const char* name, std::string_view value)
    {
        begin(name);
        if (std::ranges::all_of(value, [](unsigned char c) { return c >= 0x20 && c < 0x80 && c != '"' && c != '\\'; }))
            out_.append(1, '"').append(value).append(1, '"');
        else
            out_ += canonical(json(value));
    }
    void time(const char* name, const std::optional<time_point>& at)
    {
        if (at)
            put_text(name, time_text(*at));
    }
    template <class Enum>
    void word(const char* name, const std::optional<Enum>& value)
    {
        if (value)
            put_text(name, to_string(*value));
    }
    void yes(const char* name, bool value)
    {
        if (!value)
            return;
        begin(name);
        out_ += "true";
    }
    void count(const char* name, std::uint32_t value)
    {
        if (value == 0)
            return;
        begin(name);
        out_ += std::to_string(value);
    }
    void ids(const char* name, const std::vector<post_id>& list)
    {
        if (!list.empty())
            whole(name, values_of(list));
    }
    void whole(const char* name, const json& value)
    {
        begin(name);
        out_ += canonical(value);
    }
    std::string take()
    {
        out_ += out_.empty() ? "{}" : "}";
        return std::move(out_);
    }

private:
    void begin(const char* name) { out_.append(1, out_.empty() ? '{' : ',').append(1, '"').append(name).append("\":"); }
    std::string out_;
};

json reasons_json(const std::vector<reason>& reasons)
{
    auto list = json::array();
    for (const auto& one : reasons)
        list.push_back({{"rule", one.rule}, {"match", one.match}});
    return list;
}

json saved_json(const std::vector<keepsake>& saved)
{
    auto list = json::array();
    for (const auto& item : saved)
        if (item.name != raw_name)
            list.push_back({{"name", item.name}, {"sha256", item.sha256}});
    return list;
}

std::string raw_of(const audit_record& record)
{
    if (record.snapshot && record.snapshot->raw)
        return sha256_hex(*record.snapshot->raw);
    auto kept = std::ranges::find(record.saved, raw_name, &keepsake::name);
    return kept == record.saved.end() ? std::string{} : kept->sha256;
}

json page_json(const page_note& paged)
{
    json object = json::object();
    put(object, "key", paged.key);
    put(object, "group", paged.group);
    put(object, "route", paged.route);
    put(object, "receiver", paged.receiver);
    put(object, "what", paged.what);
    put(object, "todo", paged.todo);
    put(object, "link", paged.link);
    if (!paged.what.empty()) {  // an opened one
        object["level"] = to_string(paged.level);
        object["count"] = paged.count;
        if (paged.wait.count() > 0)
            object["wait"] = format_duration(paged.wait);
        if (paged.ends_with_word)
            object["ends_with_word"] = true;
    } else if (!paged.receiver.empty()) {
        object["verb"] = to_string(paged.verb);
    }
    if (paged.number > 0)
        object["number"] = paged.number;
    if (paged.version > 0)
        object["version"] = paged.version;
    return object;
}

page_note read_page(const json& object)
{
    page_note paged;
    paged.key = text_at(object, "key");
    paged.group = text_at(object, "group");
    paged.route = text_at(object, "route");
    paged.receiver = text_at(object, "receiver");
    paged.what = text_at(object, "what");
    paged.todo = text_at(object, "todo");
    paged.link = text_at(object, "link");
    paged.level = word_at(object, "level", parse_severity).value_or(page_level::minor);
    paged.count = count_at(object, "count", 1);
    paged.wait = parse_duration(text_at(object, "wait")).value_or(milliseconds{0});
    paged.ends_with_word = yes_at(object, "ends_with_word");
    paged.verb = word_at(object, "verb", parse_page_verb).value_or(page_verb::trigger);
    paged.number = count_at(object, "number", 0);
    paged.version = count_at(object, "version", 0);
    return paged;
}

json proposal_json(const proposal& said)
{
    json object{{"id", said.id}};
    put(object, "key", said.key);
    put(object, "what", said.what);
    put(object, "playbook", said.playbook);
    put(object, "link", said.link);
    for (const auto& [name, wanted] : said.over)
        object["scope"][name] = wanted;
    if (!said.sources.empty())
        object["sources"] = said.sources;
    if (!said.evidence.empty())
        object["evidence"] = said.evidence;
    if (said.count > 0) {  // all of it, not its id alone
        object["count"] = said.count;
        object["severity"] = to_string(said.level);
    }
    return object;
}

proposal read_proposal(const json& object)
{
    proposal said;
    said.id = text_at(object, "id");
    said.key = text_at(object, "key");
    said.what = text_at(object, "what");
    said.playbook = text_at(object, "playbook");
    said.link = text_at(object, "link");
    said.level = word_at(object, "severity", parse_severity).value_or(severity::minor);
    said.count = count_at(object, "count", 0);
    said.evidence = texts_at(object, "evidence");
    for (auto& source : texts_at(object, "sources"))
        said.sources.insert(std::move(source));
    if (const auto* matchers = object_at(object, "scope"))
        for (const auto& [name, wanted] : matchers->items())
            said.over[name] = text_at(*matchers, name.c_str());
    return said;
}

json ask_json(const ask& one)
{
    json object{{"id", one.id}, {"kind", to_string(one.kind)}};
    if (one.by.empty())
        return object;  // only its name
    put(object, "crisis", one.crisis.value);
    put(object, "account", one.account.value);
    put(object, "post", one.post.value);
    put(object, "by", one.by.value);
    put(object, "why", one.why);
    object["at"] = time_text(one.at);
    if (one.wanted)
        object["wanted"] = time_text(*one.wanted);
    if (one.due)
        object["due"] = time_text(*one.due);
    if (one.saw_text)
        object["saw_text"] = *one.saw_text;
    if (one.text)
        object["text"] = *one.text;
    if (one.shift)
        object["shift"] = true;
    if (one.during_crisis)
        object["during_crisis"] = true;
    if (one.now)
        object["now"] = true;
    for (const auto& [account, words] : one.words)
        object["words"][account.value] = to_json(words);
    put(object, "about", one.about);
    put_by_language(object, "about_in", one.about_in);
    return object;
}

ask read_ask(const json& object)
{
    ask one;
    one.id = text_at(object, "id");
    one.kind = needed_word_at(object, "kind", parse_ask_kind);
    one.crisis = crisis_id{text_at(object, "crisis")};
    one.account = account_id{text_at(object, "account")};
    one.post = post_id{text_at(object, "post")};
    one.by = actor_id{text_at(object, "by")};
    one.why = text_at(object, "why");
    one.at = time_at(object, "at").value_or(time_point{});
    one.wanted = time_at(object, "wanted");
    one.due = time_at(object, "due");
    if (object.contains("saw_text"))
        one.saw_text = text_at(object, "saw_text");
    if (object.contains("text"))
        one.text = text_at(object, "text");
    one.shift = yes_at(object, "shift");
    one.during_crisis = yes_at(object, "during_crisis");
    one.now = yes_at(object, "now");
    if (const auto* all = object_at(object, "words"))
        for (const auto& [account, words] : all->items())
            if (const auto* said = object_at(*all, account.c_str()))
                one.words[account_id{account}] = read_statement(*said);
    one.about = text_at(object, "about");
    one.about_in = by_language_at(object, "about_in");
    return one;
}

audit_record read_record(const json& object)
{
    audit_record record{needed_word_at(object, "kind", parse_record_kind), {}};
    auto at = time_at(object, "at");
    if (!at)
        throw unreadable("\"at\" is missing");
    record.at = *at;
    record.actor = actor_id{text_at(object, "actor")};
    record.crisis = crisis_id{text_at(object, "crisis")};
    record.account = account_id{text_at(object, "account")};
    record.post = post_id{text_at(object, "post")};
    record.remote = post_id{text_at(object, "remote")};
    record.outcome = text_at(object, "outcome");
    record.why = text_at(object, "why");
    record.url = text_at(object, "url");
    record.flagged = yes_at(object, "flagged");
    record.late = yes_at(object, "late");
    record.by = word_at(object, "rung", parse_rung);
    record.of = word_at(object, "ability", parse_ability);
    record.due = time_at(object, "due");
    record.until = time_at(object, "until");
    record.judged = word_at(object, "class", parse_post_class);
    record.pins = ids_at(object, "pins");
    record.displaced = ids_at(object, "displaced");
    if (const auto* reasons = list_at(object, "reasons"))
        for (const auto& one : *reasons)
            record.reasons.push_back({text_at(one, "rule"), text_at(one, "match")});
    if (const auto* saved = list_at(object, "saved"))
        for (const auto& item : *saved)
            record.saved.push_back({text_at(item, "name"), text_at(item, "sha256")});
    if (auto raw = text_at(object, "raw"); !raw.empty())
        record.saved.push_back({raw_name, std::move(raw)});
    if (const auto* snapshot = object_at(object, "snapshot"))
        record.snapshot = std::make_shared<const scheduled_post>(read_post(*snapshot));
    if (const auto* paged = object_at(object, "page"))
        record.paged = read_page(*paged);
    if (const auto* asked = object_at(object, "ask"))
        record.asked = read_ask(*asked);
    record.second = actor_id{text_at(object, "second")};
    if (object.contains("text"))
        record.text = text_at(object, "text");
    if (const auto* said = object_at(object, "proposal"))
        record.proposed = read_proposal(*said);
    if (const auto* flag = object_at(object, "flag"))
        record.flag = read_flag(*flag);
    if (const auto* words = object_at(object, "words"))
        record.words = read_statement(*words);
    record.number = count_at(object, "number", 0);
    record.owner = actor_id{text_at(object, "owner")};
    if (const auto* said = object_at(object, "edition"))
        record.edition = read_edition(*said);
    if (const auto* answer = object_at(object, "reply"))
        record.reply = read_reply(*answer);
    if (const auto* wanted = object_at(object, "task"))
        record.task = read_task(*wanted);
    return record;
}

}  // namespace

ledger_entry encode(const audit_record& record)
{
    auto at = time_text(record.at);
    record_writer to;
    to.word("ability", record.of);
    to.text("account", record.account.value);
    to.put_text("actor", record.actor.value);
    if (record.asked)
        to.whole("ask", ask_json(*record.asked));
    to.put_text("at", at);
    to.word("class", record.judged);
    to.text("crisis", record.crisis.value);
    to.ids("displaced", record.displaced);
    to.time("due", record.due);
    if (record.edition)
        to.whole("edition", to_json(*record.edition));
    if (record.flag)
        to.whole("flag", flag_json(*record.flag));
    to.yes("flagged", record.flagged);
    to.put_text("kind", to_string(record.kind));
    to.yes("late", record.late);
    to.count("number", record.number);
    to.text("outcome", record.outcome);
    to.text("owner", record.owner.value);
    if (record.paged)
        to.whole("page", page_json(*record.paged));
    to.ids("pins", record.pins);
    to.text("post", record.post.value);
    if (record.proposed)
        to.whole("proposal", proposal_json(*record.proposed));
    to.text("raw", raw_of(record));
    if (!record.reasons.empty())
        to.whole("reasons", reasons_json(record.reasons));
    to.text("remote", record.remote.value);
    if (record.reply)
        to.whole("reply", to_json(*record.reply));
    to.word("rung", record.by);
    if (auto saved = saved_json(record.saved); !saved.empty())
        to.whole("saved", saved);
    to.text("second", record.second.value);
    if (record.snapshot)
        to.whole("snapshot", to_json(*record.snapshot));
    if (record.task)
        to.whole("task", to_json(*record.task));
    if (record.text)
        to.put_text("text", *record.text);
    to.time("until", record.until);
    to.text("url", record.url);
    to.text("why", record.why);
    if (record.words)
        to.whole("words", to_json(*record.words));
    return {std::move(at), to.take()};
}

result<audit_record> decode(std::string_view payload)
{
    auto object = json::parse(payload, nullptr, false);
    if (!object.is_object())
        return problem{failure::local, "the payload is no JSON object", {}};
    try {
        return read_record(object);
    } catch (const unreadable& why) {
        return problem{failure::local, why.what(), {}};
    } catch (const json::exception& why) {
        return problem{failure::local, why.what(), {}};
    }
}

std::vector<ledger_blob> blobs_of(const audit_record& record)
{
    if (!record.snapshot || !record.snapshot->raw)
        return {};
    return {{sha256_hex(*record.snapshot->raw), record.snapshot->raw}};
}

}  // namespace halfmast::store
