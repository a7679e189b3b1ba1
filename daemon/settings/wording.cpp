#include "daemon/settings/wording.hpp"

#include <algorithm>

#include "daemon/settings/statement.hpp"
#include "daemon/text/closest.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::settings {

namespace {

// "summary.hu", "summary.hu.short"
std::string text_name(edition_kind kind, std::string_view tag, std::string_view form = {})
{
    return std::string{to_string(kind)} + "." + std::string{tag} + (form.empty() ? "" : "." + std::string{form});
}

void check_fields(table_reader& book, edition_kind kind, const std::string& name, const toml::node& node, const std::string& source)
{
    auto fields = text::fields_of(source);
    if (!fields) {
        book.fault(&node, name + ": " + fields.error().detail);
        return;
    }
    const auto& known = fields_known(kind);
    for (const auto& field : *fields) {
        if (std::ranges::find(known, field) != known.end())
            continue;
        text::nearest search{field};
        for (const auto& one : known)
            search.offer(one);
        book.fault(&node, name + ": there is no field {{" + field + "}}." + search.question() + " Known: " + in_words(known));
    }
    if (kind == edition_kind::correction && std::ranges::find(*fields, "about") == fields->end())
        book.fault(&node, name + ": a correction names what was wrong: {{about}} has to stand in it");
}

// One form of a text; empty after a fault.
std::string read_form(table_reader& book, edition_kind kind, const std::string& name, const toml::node& node)
{
    const auto* value = node.as_string();
    if (value == nullptr) {
        book.wrong_type(name, node, "text");
        return {};
    }
    if (text::fold(value->get()).empty()) {
        book.fault(&node, name + " is empty");
        return {};
    }
    check_fields(book, kind, name, node, value->get());
    return value->get();
}

// "summary.en = ..." with all its forms; the place is that of the last one.
wording read_text(table_reader& book, edition_kind kind, std::string_view tag, const toml::node& node, toml::source_position& place)
{
    wording made;
    const auto name = text_name(kind, tag);
    place = node.source().begin;
    const auto* forms = node.as_table();
    if (forms == nullptr) {
        if (node.is_string())
            made.full = read_form(book, kind, name, node);
        else
            book.wrong_type(name, node, "text, or { long = \"...\", short = \"...\" }");
        return made;
    }
    auto both = book.inside(*forms, name);
    if (const auto* full = both.find("long")) {
        made.full = read_form(book, kind, name + ".long", *full);
        place = full->source().begin;
    } else {
        book.fault(&node, name + ": long is missing; a text that is short enough for every account may be all there is");
    }
    if (const auto* brief = both.find("short")) {
        made.brief = read_form(book, kind, name + ".short", *brief);
        place = brief->source().begin;
    }
    both.finish();
    return made;
}

std::optional<std::string> read_tag(table_reader& book, const std::string& name, const toml::key& key)
{
    auto tag = text::language_tag(key.str());
    if (!tag)
        book.fault_at(key.source().begin,
                      name + ": '" + std::string{key.str()} + "' is not a language tag; write it as en, hu or zh-Hans");
    return tag;
}

void read_kind(table_reader& book, edition_kind kind, playbook& made, wording_places& places)
{
    const auto* table = book.table(to_string(kind));
    if (table == nullptr)
        return;
    places.kinds[kind] = table->source().begin;
    for (const auto& [key, node] : *table) {
        const auto name = text_name(kind, key.str());
        auto tag = read_tag(book, name, key);
        toml::source_position place;
        auto text = read_text(book, kind, key.str(), node, place);
        if (!tag || text.full.empty())
            continue;
        if (made.texts[kind].emplace(*tag, std::move(text)).second)
            places.texts[{kind, *tag}] = place;
        else
            book.fault_at(key.source().begin, name + ": there is a text for " + *tag + " already");
    }
}

// The contact is asked for, and there is none.
bool lacks_contact(const std::string& source, edition_kind kind)
{
    std::map<std::string, std::string> others;
    for (const auto& field : fields_known(kind))
        others[field] = field == "contact" ? "" : "x";
    auto holes = text::holes_of(source, others);
    return holes && std::ranges::find(*holes, "contact") != holes->end();
}

// Only of a text that is sound otherwise.
bool promises_nothing(const std::string& source, edition_kind kind)
{
    auto fields = text::fields_of(source);
    if (!fields || kind == edition_kind::all_clear)
        return false;
    const auto& known = fields_known(kind);
    auto is_promise = [](const std::string& field) { return field == "next_update_by" || field == "next_update_in"; };
    return std::ranges::all_of(*fields, [&](const auto& field) { return std::ranges::find(known, field) != known.end(); })
           && std::ranges::none_of(*fields, is_promise);
}

// A table written as [playbook.summary.en] has no place of its own in the file: that of its first text is told instead.
toml::source_position place_of_kind(const wording_places& places, edition_kind kind)
{
    auto best = places.book;
    if (auto found = places.kinds.find(kind); found != places.kinds.end() && found->second.line > 0)
        return found->second;
    for (const auto& [which, at] : places.texts)
        if (which.first == kind)
            return at;
    return best;
}

}  // namespace

void read_wordings(table_reader& book, playbook& made, wording_places& places)
{
    places.file = book.file();
    places.book = book.raw().source().begin;
    for (auto kind : all_edition_kinds)
        read_kind(book, kind, made, places);
}

void read_languages(table_reader& book, playbook& made)
{
    made.languages = {"en"};
    if (book.find("languages") == nullptr)
        return;
    made.languages.clear();
    for (const auto& [text, node] : book.texts("languages")) {
        auto tag = text::language_tag(text);
        if (!tag)
            book.fault(node, "languages: '" + text + "' is not a language tag; write it as en, hu or zh-Hans");
        else if (std::ranges::find(made.languages, *tag) != made.languages.end())
            book.fault(node, "languages: " + *tag + " stands there twice");
        else
            made.languages.push_back(*tag);
    }
}

void read_contact(table_reader& book, playbook& made)
{
    const auto* table = book.table("contact");
    if (table == nullptr)
        return;
    for (const auto& [key, node] : *table) {
        const auto name = "contact." + std::string{key.str()};
        auto tag = read_tag(book, name, key);
        const auto* value = node.as_string();
        if (value == nullptr)
            book.wrong_type(name, node, "text");
        else if (text::fold(value->get()).empty())
            book.fault(&node, name + " is empty");
        else if (value->get().find_first_of("\r\n") != std::string::npos || value->get().find("{{") != std::string::npos)
            book.fault(&node, name + " is one line, and no field can stand in it");
        else if (tag && !made.contact.emplace(*tag, value->get()).second)
            book.fault_at(key.source().begin, name + ": there is a contact for " + *tag + " already");
    }
}

void check_wordings(table_reader& book, const playbook& made, const wording_places& places)
{
    // A playbook with a summary alone is meant so; one that has begun with the others is not whole.
    std::vector<std::string> missing;
    for (auto kind : all_edition_kinds)
        if (!made.texts.contains(kind) && !places.kinds.contains(kind))
            missing.emplace_back(to_string(kind));
    if (!missing.empty() && made.texts.size() > (made.texts.contains(edition_kind::summary) ? 1U : 0U))
        book.fault(nullptr, "there is no text for " + in_words(missing) + ": in a crisis that cannot be said from here",
                   weight::warning);
    for (const auto& [kind, texts] : made.texts) {
        for (const auto& [tag, words] : texts) {
            const auto at = places.texts.at({kind, tag});
            if (made.contact.empty() && (lacks_contact(words.full, kind) || lacks_contact(words.brief, kind)))
                book.fault_at(at, text_name(kind, tag)
                                      + ": {{contact}} stands in it, and the playbook has no contact; write contact." + tag
                                      + " = \"help@acme.example\"");
            if (promises_nothing(words.full, kind) || (!words.brief.empty() && promises_nothing(words.brief, kind)))
                book.fault_at(at,
                              text_name(kind, tag) + ": it does not say when the next word comes: {{next_update_by}} is missing",
                              weight::warning);
        }
    }
}

void check_accounts(const std::map<std::string, playbook>& books, const std::map<std::string, wording_places>& places,
                    const std::vector<account_entry>& accounts, fault_list& faults)
{
    std::vector<const account*> all;
    for (const auto& entry : accounts)
        all.push_back(&entry.declared);
    for (const auto& one : unfit_statements(books, all)) {
        const auto& where = places.at(one.playbook);
        auto who = one.account.value + (one.others > 0 ? " and " + std::to_string(one.others) + " more" : "");
        if (one.missing) {
            faults.add(where.file, place_of_kind(where, one.kind), weight::error,
                       "playbook " + one.playbook + ": " + std::string{to_string(one.kind)} + ": account " + who + " wants it in "
                           + one.language + ": " + one.why + "; write " + text_name(one.kind, one.language)
                           + ", or name a language that is there in languages");
            continue;
        }
        auto at = where.texts.find({one.kind, one.taken});
        faults.add(
            where.file, at == where.texts.end() ? where.book : at->second, one.certain ? weight::error : weight::warning,
            "playbook " + one.playbook + ": " + text_name(one.kind, one.taken) + ": too long for account " + who + ": " + one.why);
    }
}

}  // namespace halfmast::settings
