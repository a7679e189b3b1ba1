#include "daemon/app/statements.hpp"

#include <map>

#include "daemon/text/text.hpp"

namespace halfmast::app {

const std::pair<const std::string, std::string>* choose_language(const playbook& book, const std::string& wanted)
{
    for (const auto& tag : {wanted, wanted.substr(0, wanted.find('-')), std::string{"en"}})
        if (auto found = book.summary.find(tag); found != book.summary.end())
            return &*found;
    return book.summary.empty() ? nullptr : &*book.summary.begin();
}

namespace {

api::statement_preview write(const account& to, const playbook& book, const statement_fields& fields)
{
    api::statement_preview made;
    made.account = to.id;
    made.limit = to.text_limit;
    made.can_publish = to.can_publish;
    made.can_pin = to.can_pin;
    const auto* chosen = choose_language(book, to.language);
    if (chosen == nullptr) {
        made.trouble = "playbook " + book.name + " has no summary";
        return made;
    }
    made.language = chosen->first;
    std::map<std::string, std::string> values{
        {"reason", fields.reason},
        {"owner", fields.owner},
        {"severity", std::string{to_string(fields.level)}},
        {"raised_at", text::local_time(fields.raised_at, fields.raised_at, made.language, to.time_zone)},
        {"next_update_by", text::local_time(fields.next_update_by, fields.raised_at, made.language, to.time_zone)},
    };
    auto rendered = text::render(chosen->second, values);
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
                                                     const statement_fields& fields)
{
    std::vector<api::statement_preview> all;
    for (const auto& [id, declared] : rules.accounts)
        if (covers(over, declared) && (declared.can_publish || declared.can_pin))
            all.push_back(write(declared, book, fields));
    return all;
}

}  // namespace halfmast::app
