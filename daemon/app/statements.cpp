#include "daemon/app/statements.hpp"

#include <map>

#include "daemon/text/text.hpp"

namespace halfmast::app {

const std::pair<const std::string, wording>* choose_language(const playbook& book, edition_kind kind, const std::string& wanted)
{
    auto texts = book.texts.find(kind);
    if (texts == book.texts.end())
        return nullptr;
    const auto& worded = texts->second;
    for (const auto& tag : {wanted, wanted.substr(0, wanted.find('-')), std::string{"en"}})
        if (auto found = worded.find(tag); found != worded.end())
            return &*found;
    return worded.empty() ? nullptr : &*worded.begin();
}

namespace {

api::statement_preview write(const account& to, const playbook& book, edition_kind kind, const statement_fields& fields)
{
    api::statement_preview made;
    made.account = to.id;
    made.limit = to.text_limit;
    made.can_publish = to.can_publish;
    made.can_pin = to.can_pin;
    made.kind = to_string(kind);
    const auto* chosen = choose_language(book, kind, to.language);
    if (chosen == nullptr) {
        made.trouble = "playbook " + book.name + " has no " + std::string{to_string(kind)};
        return made;
    }
    made.language = chosen->first;
    std::map<std::string, std::string> values{
        {"reason", fields.reason},
        {"owner", fields.owner},
        {"about", fields.about},
        {"severity", std::string{to_string(fields.level)}},
        {"raised_at", text::local_time(fields.raised_at, fields.now, made.language, to.time_zone)},
        {"next_update_by", text::local_time(fields.next_update_by, fields.now, made.language, to.time_zone)},
    };
    auto rendered = text::render(chosen->second.full, values);
    if (!rendered) {
        made.trouble = rendered.error().detail;
        return made;
    }
    made.text = std::move(*rendered);
    made.length = to.counting == text_counting::graphemes ? text::graphemes(made.text) : text::length(made.text);
    if (to.text_limit > 0 && made.length > static_cast<std::size_t>(to.text_limit))
        made.trouble = "it has " + std::to_string(made.length) + " characters, and " + to.connector + " takes "
            + std::to_string(to.text_limit);
    return made;
}

}  // namespace

std::vector<api::statement_preview> write_statements(const policy& rules, const playbook& book, const scope& over,
                                                     edition_kind kind, const statement_fields& fields)
{
    std::vector<api::statement_preview> all;
    for (const auto& [id, declared] : rules.accounts)
        if (covers(over, declared) && (declared.can_publish || declared.can_pin))
            all.push_back(write(declared, book, kind, fields));
    return all;
}

}  // namespace halfmast::app
