#include "daemon/store/saying_json.hpp"

#include "daemon/store/post_json.hpp"

namespace halfmast::store {

using nlohmann::json;

namespace {

void put_time(json& object, const char* name, time_point at)
{
    if (at != time_point{})
        object[name] = time_text(at);
}

time_point moment_at(const json& object, const char* name) { return time_at(object, name).value_or(time_point{}); }

void put_statements(json& object, const std::map<account_id, halfmast::statement>& all)
{
    for (const auto& [account, words] : all)
        object["statements"][account.value] = to_json(words);
}

std::map<account_id, halfmast::statement> statements_at(const json& object)
{
    std::map<account_id, halfmast::statement> all;
    if (const auto* statements = object_at(object, "statements"))
        for (const auto& [account, words] : statements->items())
            if (const auto* one = object_at(*statements, account.c_str()))
                all[account_id{account}] = read_statement(*one);
    return all;
}

}  // namespace

void put_by_language(json& object, const char* name, const by_language& texts)
{
    for (const auto& [tag, text] : texts)
        object[name][tag] = text;
}

by_language by_language_at(const json& object, const char* name)
{
    by_language texts;
    if (const auto* all = object_at(object, name))
        for (const auto& [tag, text] : all->items())
            texts[tag] = text_at(*all, tag.c_str());
    return texts;
}

json to_json(const halfmast::statement& words)
{
    json object{{"language", words.language}, {"text", words.text}};
    if (words.length != 0)
        object["length"] = words.length;
    put(object, "hole", words.hole);
    return object;
}

halfmast::statement read_statement(const json& object)
{
    return {text_at(object, "language"), text_at(object, "text"), count_at(object, "length", 0), text_at(object, "hole")};
}

json to_json(const edition& said)
{
    json object{{"number", said.number}, {"kind", to_string(said.kind)}};
    put(object, "by", said.by.value);
    put_time(object, "at", said.at);
    put_time(object, "undo_until", said.undo_until);
    put_time(object, "next_update_by", said.next_update_by);
    if (said.approved)
        object["approved"] = true;
    put(object, "approved_by", said.approved_by.value);
    if (said.undone)
        object["undone"] = true;
    put(object, "about", said.about);
    put_by_language(object, "about_in", said.about_in);
    put(object, "reason", said.reason);
    put_by_language(object, "reason_in", said.reason_in);
    put_statements(object, said.words);
    return object;
}

edition read_edition(const json& object)
{
    edition said;
    said.number = count_at(object, "number", 1);
    said.kind = needed_word_at(object, "kind", parse_edition_kind);
    said.by = actor_id{text_at(object, "by")};
    said.at = moment_at(object, "at");
    said.undo_until = moment_at(object, "undo_until");
    said.next_update_by = moment_at(object, "next_update_by");
    said.approved = yes_at(object, "approved");
    said.approved_by = actor_id{text_at(object, "approved_by")};
    said.undone = yes_at(object, "undone");
    said.about = text_at(object, "about");
    said.about_in = by_language_at(object, "about_in");
    said.reason = text_at(object, "reason");
    said.reason_in = by_language_at(object, "reason_in");
    said.words = statements_at(object);
    return said;
}

edition read_first_edition(const json& flag_object, const crisis& flag)
{
    edition said;
    said.by = flag.raised_by;
    said.at = flag.raised_at;
    said.undo_until = moment_at(flag_object, "undo_until");
    said.next_update_by = flag.next_update_by;
    said.approved = flag.publish == publish_mode::at_once;
    said.words = statements_at(flag_object);
    return said;
}

json to_json(const reply& answer)
{
    json object{{"id", answer.id}};
    put(object, "crisis", answer.crisis.value);
    put(object, "account", answer.account.value);
    put(object, "to", answer.to.value);
    put(object, "to_url", answer.to_url);
    put(object, "by", answer.by.value);
    put_time(object, "at", answer.at);
    put_time(object, "wait_until", answer.wait_until);
    if (!answer.words.text.empty())
        object["words"] = to_json(answer.words);
    if (answer.approved)
        object["approved"] = true;
    return object;
}

reply read_reply(const json& object)
{
    reply answer;
    answer.id = text_at(object, "id");
    answer.crisis = crisis_id{text_at(object, "crisis")};
    answer.account = account_id{text_at(object, "account")};
    answer.to = post_id{text_at(object, "to")};
    answer.to_url = text_at(object, "to_url");
    answer.by = actor_id{text_at(object, "by")};
    answer.at = moment_at(object, "at");
    answer.wait_until = moment_at(object, "wait_until");
    if (const auto* words = object_at(object, "words"))
        answer.words = read_statement(*words);
    answer.approved = yes_at(object, "approved");
    return answer;
}

json to_json(const task& wanted)
{
    json object{{"id", wanted.id}, {"kind", to_string(wanted.kind)}};
    put(object, "crisis", wanted.crisis.value);
    put(object, "account", wanted.account.value);
    put(object, "post", wanted.post.value);
    if (wanted.edition != 0)
        object["edition"] = wanted.edition;
    put(object, "reply", wanted.reply);
    put(object, "what", wanted.what);
    put(object, "text", wanted.text);
    put(object, "link", wanted.link);
    put(object, "owner", wanted.owner.value);
    put_time(object, "due", wanted.due);
    put_time(object, "opened_at", wanted.opened_at);
    return object;
}

task read_task(const json& object)
{
    task wanted;
    wanted.id = text_at(object, "id");
    wanted.kind = needed_word_at(object, "kind", parse_task_kind);
    wanted.crisis = crisis_id{text_at(object, "crisis")};
    wanted.account = account_id{text_at(object, "account")};
    wanted.post = post_id{text_at(object, "post")};
    wanted.edition = count_at(object, "edition", 0);
    wanted.reply = text_at(object, "reply");
    wanted.what = text_at(object, "what");
    wanted.text = text_at(object, "text");
    wanted.link = text_at(object, "link");
    wanted.owner = actor_id{text_at(object, "owner")};
    wanted.due = moment_at(object, "due");
    wanted.opened_at = moment_at(object, "opened_at");
    return wanted;
}

}  // namespace halfmast::store
