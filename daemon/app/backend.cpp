#include "daemon/app/backend.hpp"

#include <algorithm>

#include "daemon/api/playbooks.hpp"
#include "daemon/app/statements.hpp"

namespace halfmast::app {

namespace {

statement_fields fields_of(const api::raise_request& wanted, const playbook& book, time_point now)
{
    statement_fields fields;
    fields.reason = wanted.why;
    fields.owner = wanted.owner.empty() ? wanted.by.value : wanted.owner;
    fields.level = wanted.level.value_or(book.level);
    fields.raised_at = now;
    fields.next_update_by = now + wanted.next_update.value_or(book.next_update);
    return fields;
}

api::answer to_answer(engine::reply given)
{
    api::answer made;
    made.refused = std::move(given.refused);
    made.crisis = given.crisis;
    made.repeated = given.repeated;
    made.durable = given.durable;
    made.ledger_error = given.ledger_error;
    return made;
}

}  // namespace

void daemon_backend::health(const std::string& name, std::string text)
{
    if (text.empty())
        problems_.erase(name);
    else
        problems_[name] = std::move(text);
}

std::vector<std::string> daemon_backend::degraded() const
{
    std::vector<std::string> all;
    for (const auto& [name, text] : problems_)
        all.push_back(text);
    for (const auto& [id, where] : known().accounts)
        if (where.trouble && rules().accounts.contains(id))
            all.push_back(id.value + ": " + where.trouble->detail);
    return all;
}

std::optional<milliseconds> daemon_backend::quiet_in(const account_id& id, std::size_t posts) const
{
    auto budget = budgets_.find(id);
    auto declared = rules().accounts.find(id);
    if (budget == budgets_.end() || declared == rules().accounts.end())
        return std::nullopt;
    auto batch = static_cast<std::size_t>(std::max(declared->second.read_batch, 1));
    return budget->second->time_for(posts + (posts + batch - 1) / batch, now());
}

asio::awaitable<api::answer> daemon_backend::raise(api::raise_request wanted)
{
    auto chosen = api::choose_playbook(rules(), wanted.playbook);
    if (!chosen) {
        api::answer no;
        no.refused = refusal{refusal::cause::unknown_target, chosen.error().detail};
        co_return no;
    }
    const auto& book = **chosen;
    auto fields = fields_of(wanted, book, now());
    crisis_raised what;
    what.by = wanted.by;
    what.playbook = book.name;
    what.level = wanted.level;
    what.over = wanted.over;
    what.why = wanted.why;
    what.owner = actor_id{fields.owner};
    what.next_update_by = fields.next_update_by;
    what.now = wanted.now;
    // A statement that cannot go out as it is does: cut off by nobody, refused by the platform, and shown as failed. Only one that
    // could not be written at all is left out.
    for (auto& statement_ : write_statements(rules(), book, wanted.over, fields))
        if (!statement_.text.empty())
            what.statements[statement_.account] = {statement_.language, statement_.text};
    event happened{std::move(what)};
    auto given = co_await loop_.ask(std::move(happened));
    co_return to_answer(std::move(given));
}

asio::awaitable<api::answer> daemon_backend::submit(event what)
{
    auto given = co_await loop_.ask(std::move(what));
    co_return to_answer(std::move(given));
}

result<std::vector<api::statement_preview>> daemon_backend::preview(const api::raise_request& wanted)
{
    auto chosen = api::choose_playbook(rules(), wanted.playbook);
    if (!chosen)
        return chosen.error();
    return write_statements(rules(), **chosen, wanted.over, fields_of(wanted, **chosen, now()));
}

asio::awaitable<result<std::vector<api::history_entry>>> daemon_backend::history(std::string target, std::int64_t before, int limit)
{
    auto found = co_await ledger_.find(std::move(target), before, limit);
    if (!found)
        co_return found.error();
    std::vector<api::history_entry> entries;
    entries.reserve(found->size());
    for (auto& entry : *found)
        entries.push_back({entry.seq, std::move(entry.at), std::move(entry.payload)});
    co_return entries;
}

asio::awaitable<result<std::shared_ptr<const std::string>>> daemon_backend::blob(std::string sha256)
{
    auto bytes = co_await ledger_.blob(std::move(sha256));
    co_return bytes;
}

asio::awaitable<std::shared_ptr<const std::string>> daemon_backend::original(account_id account, post_id post)
{
    auto where = known().accounts.find(account);
    if (where == known().accounts.end())
        co_return nullptr;
    std::string stored;
    if (const auto* one = find_hold(where->second, post); one != nullptr) {
        if (one->post && one->post->raw)
            co_return one->post->raw;
        for (const auto& item : one->saved)
            if (item.name == "raw")
                stored = item.sha256;
    }
    if (!stored.empty()) {
        auto bytes = co_await ledger_.blob(std::move(stored));
        if (bytes)
            co_return *bytes;
    }
    auto again = known().accounts.find(account);  // the state may have moved on while the disk was read
    if (again == known().accounts.end())
        co_return nullptr;
    auto seen = again->second.queue.find(post);
    co_return seen == again->second.queue.end() ? nullptr : seen->second.post->raw;
}

asio::awaitable<std::vector<api::receiver_report>> daemon_backend::test_pages()
{
    std::vector<api::receiver_report> reports;
    if (pager_ == nullptr)
        co_return reports;
    auto work = pager_->test_all();
    reports = co_await std::move(work);
    co_return reports;
}

asio::awaitable<std::vector<api::account_report>> daemon_backend::doctor()
{
    std::vector<api::account_report> reports;
    std::vector<std::pair<account_id, std::string>> accounts;
    for (const auto& [id, declared] : rules().accounts)
        accounts.emplace_back(id, declared.connector);
    for (const auto& [id, connector] : accounts) {
        api::account_report report;
        report.account = id;
        report.connector = connector;
        auto account = id;
        auto checking = check_(std::move(account));
        auto lines = co_await std::move(checking);
        report.lines = std::move(lines);
        reports.push_back(std::move(report));
    }
    co_return reports;
}

}  // namespace halfmast::app
