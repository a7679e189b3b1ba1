#include "daemon/app/app.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "daemon/api/events.hpp"
#include "daemon/api/requests.hpp"
#include "daemon/api/routes.hpp"
#include "daemon/app/auditor.hpp"
#include "daemon/app/backend.hpp"
#include "daemon/app/budget.hpp"
#include "daemon/app/credentials.hpp"
#include "daemon/app/duties.hpp"
#include "daemon/app/entrance.hpp"
#include "daemon/app/journal.hpp"
#include "daemon/app/links.hpp"
#include "daemon/app/lookout.hpp"
#include "daemon/app/metrics.hpp"
#include "daemon/app/notify.hpp"
#include "daemon/app/pager.hpp"
#include "daemon/app/recover.hpp"
#include "daemon/app/settings_desk.hpp"
#include "daemon/app/statements.hpp"
#include "daemon/audit/chain.hpp"
#include "daemon/console/console.hpp"
#include "daemon/engine/engine.hpp"
#include "daemon/engine/poller.hpp"
#include "daemon/engine/readiness.hpp"
#include "daemon/net/http_client.hpp"
#include "daemon/net/http_server.hpp"
#include "daemon/store/codec.hpp"
#include "daemon/store/lock.hpp"
#include "daemon/store/mirror.hpp"
#include "daemon/store/spool.hpp"
#include "daemon/store/sqlite_ledger.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::app {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds longest_farewell{20};  // less than systemd waits

time_point system_now() { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); }

std::string sha256_hex(std::string_view bytes) { return audit::to_hex(audit::sha256(bytes)); }

ledger_batch encode_all(const std::vector<audit_record>& records)
{
    ledger_batch batch;
    batch.entries.reserve(records.size());
    for (const auto& record : records) {
        batch.entries.push_back(store::encode(record));
        for (auto& blob : store::blobs_of(record))
            batch.blobs.push_back(std::move(blob));
    }
    return batch;
}

// Thrown while the daemon is being built; its text is for a person.
struct cannot_start : std::runtime_error {
    using std::runtime_error::runtime_error;
};

template <class T>
T or_stop(result<T> given)
{
    if (!given)
        throw cannot_start(given.error().detail);
    return std::move(*given);
}

std::vector<account_id> ids_of(const std::vector<settings::account_entry>& accounts)
{
    std::vector<account_id> ids;
    ids.reserve(accounts.size());
    for (const auto& entry : accounts)
        ids.push_back(entry.declared.id);
    return ids;
}

fs::path make_state_dir(const std::string& path)
{
    std::error_code error;
    fs::create_directories(path, error);
    if (error)
        throw cannot_start("state_dir " + path + " cannot be made: " + error.message());
    if (::access(path.c_str(), W_OK | X_OK) != 0)
        throw cannot_start("state_dir " + path + " cannot be written by this user; give it to the user that runs halfmastd");
    return path;
}

// Everything the daemon consists of, in the order in which it is built; it ends in the opposite one.
class daemon {
public:
    daemon(settings::settings wanted, run_options options)
        : wanted_(std::move(wanted)),
          options_(options),
          state_dir_(make_state_dir(wanted_.state_dir)),
          lock_(or_stop(store::state_lock::take(wanted_.state_dir))),
          ledger_(or_stop(store::sqlite_ledger::open(context_.get_executor(), wanted_.state_dir))),
          mirror_(or_stop(store::mirror::open(wanted_.state_dir))),
          rules_(settings::make_policy(wanted_)),
          http_(context_.get_executor(), client_settings()),
          vaults_(context_.get_executor(), wanted_),
          calls_(*ledger_, sha256_hex, system_now),
          pager_(context_.get_executor(), wanted_, system_now, [this](event what) { loop_.tell(std::move(what)); }),
          figures_(figure_sources()),
          loop_(context_.get_executor(), connect_accounts(), load_state(), *ledger_, calls_, hooks()),
          links_(context_.get_executor(), wanted_.proxy, wanted_.private_links),
          backend_(loop_, calls_, *ledger_, system_now),
          auditor_(auditor_wiring()),
          settings_(context_.get_executor(), wanted_, system_now),
          lookout_(context_.get_executor(), wanted_, system_now, backend_),
          poller_(context_.get_executor(), loop_, calls_, system_now, text::fold,
                  [this](const account_id& id, const std::vector<post_ptr>& posts) { mirror_->save(id, posts); }),
          checker_(context_.get_executor(), loop_, calls_, system_now),
          entrance_(context_.get_executor(), wanted_, entrance_wiring()),
          api_(backend_, &entrance_.gate()),
          server_(context_.get_executor(), lookout_.in_front_of(console::in_front_of(api_.handler())), server_settings()),
          signals_(context_, SIGTERM, SIGINT),
          watchdog_(context_)
    {
    }

    int run()
    {
        for (const auto& [id, budget] : budgets_) {
            loop_.set_budget(id, budget);
            backend_.set_budget(id, budget);
        }
        listen();
        entrance_.obey_hangup(server_);
        if (!options_.direct)
            entrance_.watch_sessions();
        auto loop_work = loop_.run();
        asio::co_spawn(context_, std::move(loop_work), [this](std::exception_ptr error) { loop_ended(error); });
        loop_.tell(daemon_started{std::string{"halfmastd "} + HALFMAST_VERSION});
        auto obey = obey_spool();
        asio::co_spawn(context_, std::move(obey), asio::detached);
        for (const auto& entry : wanted_.accounts)
            poller_.add(entry.declared.id, {entry.poll_every, entry.sweep_every});
        backend_.set_pager(pager_);
        backend_.set_events(events_);
        backend_.set_links(links_);
        backend_.set_auditor(auditor_);
        backend_.set_settings(settings_);
        for (const auto& doubt : doubtful_statements(rules_))
            backend_.health("words " + doubt, "words: " + doubt);
        backend_.set_metrics([this] { return figures_.text(); });
        for (auto& [id, from] : mentions_)
            lookout_.listen_to(loop_.rules().accounts.at(id), std::move(from));
        mentions_.clear();
        if (!options_.direct)
            lookout_.start();
        if (!options_.direct)
            pager_.start();
        if (!options_.direct)
            auditor_.start();
        backend_.set_check([this](account_id id) { return checker_.check(std::move(id)); });
        if (!options_.direct)
            checker_.start(ids_of(wanted_.accounts));
        // The loop has its own copy of all this; with ten thousand accounts it is some megabytes.
        auto accounts = wanted_.accounts.size();
        wanted_.accounts.clear();
        wanted_.accounts.shrink_to_fit();
        rules_ = {};
        signals_.async_wait([this](boost::system::error_code error, int) {
            if (!error)
                stop();
        });
        watch();
        notify_ready();
        journal::started(wanted_.state_dir, wanted_.control_socket, accounts);
        context_.run();
        journal::stopped();
        return exit_code_;
    }

private:
    net::http_client_settings client_settings() const
    {
        net::http_client_settings made;
        made.proxy = wanted_.proxy;
        return made;
    }

    net::http_server_settings server_settings() const
    {
        net::http_server_settings made;
        made.patience = wanted_.request_timeout;
        // For what is no page: a browser that opens an answer by itself shows it and runs nothing.
        made.always = {
            {"Content-Security-Policy",
             "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'; sandbox"},
            {"X-Content-Type-Options", "nosniff"},
            {"Referrer-Policy", "no-referrer"}};
        made.mistake = [](const std::string& what) { journal::mistake("answering a request: " + what); };
        return made;
    }

    policy connect_accounts()
    {
        for (const auto& entry : wanted_.accounts) {
            auto budget = std::make_shared<account_budget>(http_, system_now);
            auto to = with_credential_end(entry.room->connect(entry.own, budget->http(), vaults_.of(entry.declared.id)),
                                          entry.credential_ends);
            rules_.accounts.at(entry.declared.id).can_read_feed = to.feed != nullptr;
            rules_.accounts.at(entry.declared.id).can_read_mentions = to.mentions != nullptr;
            rules_.accounts.at(entry.declared.id).has_queue = to.queue != nullptr;
            if (to.mentions != nullptr && wanted_.signals.mentions.on)
                mentions_[entry.declared.id] = to.mentions;
            if (to.hear)
                to.hear([id = entry.declared.id.value](const std::string& line) { journal::program_said(id, line); });
            calls_.connect(entry.declared.id, std::move(to));
            budgets_[entry.declared.id] = std::move(budget);
        }
        pager::describe(wanted_, rules_.pages);
        return rules_;
    }

    state load_state()
    {
        auto queues = std::async(std::launch::async, [this] { return read_mirror(rules_, *mirror_); });
        auto known = or_stop(ledger_->restore());
        put_mirror(known, queues.get());
        known.duties = kept_rosters(wanted_, system_now());
        return known;
    }

    engine::engine_hooks hooks()
    {
        engine::engine_hooks made;
        made.clock = system_now;
        made.encode = encode_all;
        made.recorded = [this](const audit_record& record) {
            journal::recorded(record);
            figures_.recorded(record);
        };
        made.committed = [this](const std::vector<audit_record>& records, std::int64_t last) {
            tell_events(records, last);
            auditor_.grew(last);
        };
        made.looked = [this](const account_id& id) { events_.looked(id); };
        made.look_now = [this](const account_id& id) { poller_.look_now(id); };
        made.check_now = [this](const account_id& id) { checker_.check_now(id); };
        made.page = [this](page_letter letter) {
            letter.acknowledge_url = lookout_.acknowledge_url(letter);
            pager_.send(std::move(letter));
        };
        made.ledger_refused = [this](std::string why) {
            journal::ledger(why);
            page_ledger(why);
            backend_.health("ledger",
                            why.empty() ? "" : "the ledger cannot be written, so nothing is released, published or pinned: " + why);
        };
        return made;
    }

    metrics::sources figure_sources()
    {
        metrics::sources from;
        from.clock = system_now;
        from.rules = [this]() -> const policy& { return loop_.rules(); };
        from.known = [this]() -> const state& { return loop_.known(); };
        from.troubles = [this] { return backend_.degraded().size(); };
        from.hooks = [this] { return lookout_.hook_counts(); };
        from.proof = [this] { return backend_.proof(); };
        return from;
    }

    // Numbers are told in any case; words only while somebody listens.
    void tell_events(const std::vector<audit_record>& records, std::int64_t last)
    {
        auto seq = last - static_cast<std::int64_t>(records.size());
        for (const auto& record : records) {
            auto entry = events_.is_heard() ? store::encode(record) : ledger_entry{};
            events_.record(++seq, entry.at, entry.payload);
        }
    }

    entrance::wiring entrance_wiring()
    {
        entrance::wiring with;
        with.clock = system_now;
        with.tell = [this](event what) { loop_.tell(std::move(what)); };
        with.trouble = [this](std::string why) { backend_.health("access", std::move(why)); };
        with.http = &http_;
        with.renewed = [this](const settings::settings& read) { settings_.access_renewed(read); };
        return with;
    }

    auditor::wiring auditor_wiring()
    {
        auditor::wiring with;
        with.home = context_.get_executor();
        with.state_dir = wanted_.state_dir;
        with.clock = system_now;
        with.found = [this](const std::vector<api::ledger_proof::fault>& faults) { page_proof(faults); };
        return with;
    }

    // What was changed behind the daemon's back is known by a person at once; nothing is stopped for it, for it may be the crisis' own.
    void page_proof(const std::vector<api::ledger_proof::fault>& faults)
    {
        health_changed what;
        what.name = "ledger-proof";
        if (!faults.empty())
            what.what = "the ledger does not verify, somebody or a broken disk changed it: " + faults.front().what
                        + (faults.size() > 1 ? " (and " + std::to_string(faults.size() - 1) + " more)" : "");
        what.todo = "keep a copy of " + wanted_.state_dir + " as it is now; 'halfmast audit verify' lists every fault, and with --checkpoint "
                    "and a signed head kept elsewhere it tells since when";
        journal::proof(what.what);
        backend_.health("ledger-proof", what.what);
        loop_.tell(std::move(what));
    }

    // It is tried again and again, and said when that changes.
    void page_ledger(const std::string& why)
    {
        if (std::exchange(ledger_refuses_, !why.empty()) == !why.empty())
            return;
        health_changed what;
        what.name = "ledger";
        if (!why.empty())
            what.what = "the ledger cannot be written: holds go on, nothing is released, published or pinned: " + why;
        what.todo = "make room on the disk of " + wanted_.state_dir + ", or mend it; nothing has to be restarted";
        loop_.tell(std::move(what));
    }

    void listen()
    {
        try {
            fs::path socket = wanted_.control_socket;
            if (socket.has_parent_path())
                fs::create_directories(socket.parent_path());
            server_.listen_unix(wanted_.control_socket, 0660, wanted_.control_group);
            // For a command that finds the daemon down: where it kept its state. It stays when the daemon ends.
            std::ofstream info(wanted_.control_socket + ".info", std::ios::trunc);
            info << nlohmann::json{{"state_dir", fs::absolute(wanted_.state_dir).string()},
                                   {"config", fs::absolute(wanted_.file).string()},
                                   {"pid", ::getpid()}}
                        .dump()
                 << '\n';
            if (wanted_.listen && !options_.direct) {
                entrance::listen(server_, wanted_);
            }
        } catch (const std::exception& error) {
            throw cannot_start(error.what());
        }
    }

    // Raises that were asked for while no daemon ran. A file is taken away only when its flag is in the ledger.
    asio::awaitable<void> obey_spool()
    {
        auto left = store::read_spool(wanted_.state_dir);
        if (!left)
            co_return;
        for (const auto& one : *left) {
            auto asked = api::read_spooled_raise(one.json);
            if (!asked) {
                backend_.health("spool " + one.path,
                                one.path + " cannot be obeyed: " + asked.error().detail + "; correct or remove it, then restart");
                continue;
            }
            auto request = asked->request;
            auto given = co_await backend_.raise(std::move(request));
            if (given.refused) {
                backend_.health("spool " + one.path, one.path + " was refused: " + given.refused->text);
                continue;
            }
            journal::spool_obeyed(one.path, given.crisis.value);
            if (given.durable)
                store::remove_spool(one.path);
        }
    }

    void watch()
    {
        auto interval = watchdog_interval();
        if (!interval)
            return;
        notify_watchdog();
        watchdog_.expires_after(*interval);
        watchdog_.async_wait([this](boost::system::error_code error) {
            if (!error)
                watch();
        });
    }

    void stop()
    {
        if (stopping_)
            return;
        stopping_ = true;
        notify_stopping();
        journal::stopping();
        poller_.stop();
        checker_.stop();
        pager_.stop();
        auditor_.stop();
        lookout_.stop();
        server_.drain([this] { loop_.stop(); });
    }

    void loop_ended(std::exception_ptr error)
    {
        if (error) {
            exit_code_ = exit_failed;
            try {
                std::rethrow_exception(error);
            } catch (const std::exception& what) {
                journal::internal_error(what.what());
            }
        }
        watchdog_.cancel();
        signals_.cancel();
        entrance_.stop();
        // A platform may be about to answer with a token that replaces one it has counted as spent.
        watchdog_.expires_after(longest_farewell);
        watchdog_.async_wait([this](boost::system::error_code left) {
            if (!left)
                context_.stop();
        });
        vaults_.when_left([this] { context_.stop(); });
    }

    settings::settings wanted_;
    run_options options_;
    asio::io_context context_{1};
    fs::path state_dir_;
    store::state_lock lock_;
    std::shared_ptr<store::sqlite_ledger> ledger_;
    std::shared_ptr<store::mirror> mirror_;
    policy rules_;
    net::http_client http_;
    account_vaults vaults_;
    std::map<account_id, std::shared_ptr<account_budget>> budgets_;
    engine::dispatcher calls_;
    pager pager_;
    metrics figures_;
    api::event_hub events_{context_.get_executor()};
    std::map<account_id, std::shared_ptr<mentions_port>> mentions_;  // until they are listened to
    engine::engine loop_;
    link_desk links_;
    daemon_backend backend_;
    auditor auditor_;
    settings_desk settings_;
    lookout lookout_;
    engine::poller poller_;
    engine::checker checker_;
    entrance entrance_;
    api::api api_;
    net::http_server server_;
    asio::signal_set signals_;
    asio::steady_timer watchdog_;
    bool stopping_ = false;
    bool ledger_refuses_ = false;
    int exit_code_ = exit_ok;
};

}  // namespace

int run_daemon(settings::settings wanted, run_options options)
{
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is a disk that is full: writing fails, and holds go on
    ::umask(0027);
    forbid_core_dumps();
    try {
        daemon running(std::move(wanted), options);
        return running.run();
    } catch (const cannot_start& why) {
        std::cerr << "halfmastd: cannot start: " << why.what() << '\n';
    } catch (const std::exception& error) {
        std::cerr << "halfmastd: ended by an internal error: " << error.what() << '\n';
    }
    return exit_failed;
}

}  // namespace halfmast::app
