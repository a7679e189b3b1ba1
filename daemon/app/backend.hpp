// The API's view of the daemon: hands requests to the loop, and answers from what is known.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/api/backend.hpp"
#include "daemon/app/auditor.hpp"
#include "daemon/app/budget.hpp"
#include "daemon/app/links.hpp"
#include "daemon/app/pager.hpp"
#include "daemon/app/settings_desk.hpp"
#include "daemon/engine/dispatcher.hpp"
#include "daemon/engine/engine.hpp"
#include "daemon/store/sqlite_ledger.hpp"

namespace halfmast::app {

class daemon_backend final : public api::backend {
public:
    daemon_backend(engine::engine& loop, engine::dispatcher& calls, store::sqlite_ledger& ledger, std::function<time_point()> clock)
        : loop_(loop),
          calls_(calls),
          ledger_(ledger),
          clock_(std::move(clock))
    {
    }

    const policy& rules() const override { return loop_.rules(); }
    const state& known() const override { return loop_.known(); }
    time_point now() const override { return clock_(); }
    std::vector<std::string> degraded() const override;

    asio::awaitable<api::answer> raise(api::raise_request wanted) override;
    asio::awaitable<api::answer> submit(event what) override;
    asio::awaitable<api::answer> accept_proposal(std::string proposal, api::raise_request wanted) override;
    // A signal; the words of a flag are written when it may raise one by itself.
    asio::awaitable<api::answer> hear(heard_signal said);
    std::string metrics() const override { return metrics_ ? metrics_() : std::string{}; }
    void set_metrics(std::function<std::string()> write) { metrics_ = std::move(write); }
    asio::awaitable<api::answer> say(api::say_request wanted) override;
    asio::awaitable<api::answer> lower(api::lower_request wanted) override;
    asio::awaitable<api::answer> reply(api::reply_request wanted) override;
    result<std::vector<api::statement_preview>> preview(const api::raise_request& wanted) override;
    result<std::vector<api::statement_preview>> preview(const api::say_request& wanted) override;
    asio::awaitable<void> look_at_pins(std::vector<api::statement_preview>& statements) override;
    asio::awaitable<result<std::vector<api::history_entry>>> history(std::string target, std::int64_t before, int limit) override;
    asio::awaitable<result<std::vector<api::history_entry>>> records_after(std::int64_t after, int limit) override;
    api::event_hub* events() override { return hub_; }
    void set_events(api::event_hub& hub) { hub_ = &hub; }
    asio::awaitable<result<std::vector<post_reading>>> look(account_id account, std::vector<post_id> posts) override;
    asio::awaitable<result<std::shared_ptr<const std::string>>> blob(std::string sha256) override;
    asio::awaitable<std::shared_ptr<const std::string>> original(account_id account, post_id post) override;
    asio::awaitable<std::vector<api::account_report>> doctor() override;
    api::ledger_proof proof() const override { return auditor_ != nullptr ? auditor_->known() : api::ledger_proof{}; }
    void verify_ledger() override;
    void set_auditor(auditor& of) { auditor_ = &of; }
    asio::awaitable<api::settings_report> check_settings() override;
    void set_settings(settings_desk& desk) { settings_ = &desk; }
    void note_mistake(const std::string& what) override;
    asio::awaitable<std::vector<api::receiver_report>> test_pages() override;
    void set_pager(pager& receivers) { pager_ = &receivers; }
    asio::awaitable<std::vector<api::link_report>> check_links(std::vector<std::string> urls) override;
    void set_links(link_desk& desk) { links_ = &desk; }

    // Each hold is a call, and so is the read-back of each batch of them.
    std::optional<milliseconds> quiet_in(const account_id& id, std::size_t posts) const override;
    void set_budget(const account_id& id, std::shared_ptr<account_budget> budget) { budgets_[id] = std::move(budget); }

    // What asks an account at once whether it is ready; before the first request.
    using check_function = std::function<asio::awaitable<std::vector<check_line>>(account_id)>;
    void set_check(check_function check) { check_ = std::move(check); }

    // A health problem by name; empty text: it is over.
    void health(const std::string& name, std::string text);

private:
    asio::awaitable<api::answer> refused(refusal why);
    // The flag that such a request asks for, with its words.
    crisis_raised write_flag(const playbook& book, const api::raise_request& wanted) const;

    engine::engine& loop_;
    engine::dispatcher& calls_;
    store::sqlite_ledger& ledger_;
    std::function<time_point()> clock_;
    check_function check_;
    pager* pager_ = nullptr;
    api::event_hub* hub_ = nullptr;
    std::map<std::string, time_point> looked_at_;  // held posts, at their source
    link_desk* links_ = nullptr;
    auditor* auditor_ = nullptr;
    settings_desk* settings_ = nullptr;
    std::function<std::string()> metrics_;
    std::map<std::string, std::string> problems_;
    std::map<account_id, std::shared_ptr<account_budget>> budgets_;
};

}  // namespace halfmast::app
