#include "daemon/app/statements.hpp"

namespace halfmast::app {

namespace {

api::statement_preview write(const account& to, const playbook& book, edition_kind kind, const statement_fields& fields)
{
    auto written = settings::write_statement(to, book, kind, fields);
    api::statement_preview made;
    made.account = to.id;
    made.kind = to_string(kind);
    made.by = to.can_publish ? "post" : "person";
    made.language = std::move(written.language);
    made.text = std::move(written.text);
    made.form = written.brief ? "short" : "long";
    made.length = written.length;
    made.limit = to.text_limit;
    made.can_publish = to.can_publish;
    made.can_pin = to.can_pin;
    made.trouble = std::move(written.trouble);
    made.hole = std::move(written.hole);
    for (auto& filled : written.fillings) {
        api::filling_preview shown;
        shown.field = std::move(filled.field);
        shown.language = std::move(filled.language);
        shown.differs = filled.differs;
        made.fillings.push_back(std::move(shown));
    }
    return made;
}

}  // namespace

std::vector<api::statement_preview> write_statements(const policy& rules, const playbook& book, const scope& over, bool drill,
                                                     edition_kind kind, const statement_fields& fields)
{
    std::vector<api::statement_preview> all;
    for (const auto& [id, declared] : rules.accounts)
        if (covers(over, drill, declared) && declared.speaks)
            all.push_back(write(declared, book, kind, fields));
    return all;
}

std::vector<check_line> check_statements(const policy& rules, const account_id& id)
{
    std::vector<check_line> lines;
    auto declared = rules.accounts.find(id);
    if (declared == rules.accounts.end() || rules.playbooks.empty() || !declared->second.speaks)
        return lines;
    for (const auto& one : settings::unfit_statements(rules.playbooks, {&declared->second})) {
        check_line line;
        line.what = "words: " + std::string{to_string(one.kind)} + " of playbook " + one.playbook;
        line.detail = one.why;
        lines.push_back(std::move(line));
    }
    if (lines.empty()) {
        check_line well;
        well.what = "words: every text of every playbook fits";
        well.ok = true;
        lines.push_back(std::move(well));
    }
    return lines;
}

std::vector<std::string> doubtful_statements(const policy& rules)
{
    std::vector<const account*> accounts;
    for (const auto& [id, declared] : rules.accounts)
        accounts.push_back(&declared);
    std::vector<std::string> all;
    for (const auto& one : settings::unfit_statements(rules.playbooks, accounts))
        all.push_back(settings::to_string(one));
    return all;
}

}  // namespace halfmast::app
