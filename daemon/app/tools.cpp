#include "daemon/app/tools.hpp"

#include <algorithm>

#include <filesystem>
#include <iostream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>
#include <termios.h>
#include <unistd.h>

#include "connectors/registry.hpp"
#include "daemon/access/passwords.hpp"
#include "daemon/api/messages.hpp"
#include "daemon/app/app.hpp"
#include "daemon/app/credentials.hpp"
#include "daemon/app/duties.hpp"
#include "daemon/app/statements.hpp"
#include "daemon/net/http_client.hpp"
#include "daemon/store/lock.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::app {

namespace {

using nlohmann::json;

std::string print(const json& document) { return document.dump(-1, ' ', false, json::error_handler_t::replace); }

std::vector<std::string> strings(const json& line, const char* name)
{
    std::vector<std::string> all;
    if (auto member = line.find(name); member != line.end() && member->is_array())
        for (const auto& item : *member)
            if (item.is_string())
                all.push_back(text::fold(item.get<std::string>()));
    return all;
}

// The post of one input line; links of the text count too.
scheduled_post read_post(const json& line)
{
    scheduled_post post;
    post.text = line.value("text", "");
    post.folded = text::fold(post.text);
    post.tags = strings(line, "tags");
    post.categories = strings(line, "categories");
    post.labels = strings(line, "labels");
    if (auto links = line.find("links"); links != line.end() && links->is_array())
        for (const auto& link : *links)
            if (link.is_string())
                post.links.push_back(link.get<std::string>());
    for (auto& link : text::links_in(post.text))
        if (std::ranges::find(post.links, link) == post.links.end())
            post.links.push_back(std::move(link));
    for (auto& tag : text::hashtags_in(post.text))
        post.tags.push_back(text::fold(tag));
    return post;
}

json judged(const judgement& rules, const json& line)
{
    auto found = rules.judge(read_post(line));
    json reasons = json::array();
    for (const auto& [rule, match] : found.why)
        reasons.push_back({{"rule", rule}, {"match", match}});
    return {{"id", line.contains("id") ? line["id"] : json(nullptr)}, {"class", to_string(found.kind)}, {"why", reasons}};
}

std::string in_a_row(const std::vector<std::string>& names)
{
    std::string all;
    for (const auto& name : names)
        all += (all.empty() ? "" : ", ") + name;
    return all;
}

// Who has the duty now, by the settings and by the calendars that a daemon kept last.
api::document duty_now(const settings::settings& wanted, time_point now)
{
    state known;
    known.duties = kept_rosters(wanted, now);
    return api::duty_members(known, wanted.pages, now);
}

void print_duty(const api::document& duty)
{
    for (const auto& one : duty) {
        std::cout << "rota " << one.at("rota").get<std::string>() << ": "
                  << (one.at("stands_in").get<bool>() ? "nobody is known to have the duty now; told instead: " : "on duty now: ")
                  << in_a_row(one.at("told").get<std::vector<std::string>>());
        if (const auto& gap = one.at("next_gap"); gap.is_object() && !one.at("read_at").is_null())
            std::cout << (gap.at("unknown").get<bool>() ? "; nobody is missing until " : "; the next gap begins at ")
                      << gap.at("from").get<std::string>();
        if (one.at("from") == "calendar")
            std::cout << (one.at("read_at").is_null()
                              ? "; its calendar was not read yet, or what is kept of it cannot be read from here"
                              : "; its calendar was read at " + one.at("read_at").get<std::string>());
        std::cout << '\n';
    }
}

}  // namespace

bool print_faults(const settings::loaded& loaded)
{
    for (const auto& fault : loaded.faults)
        std::cerr << to_string(fault) << '\n';
    return loaded.usable();
}

int check_config(const std::string& file, bool as_json)
{
    auto loaded = settings::load(file, connectors(), true);
    auto duty = duty_now(loaded.value, std::chrono::floor<milliseconds>(std::chrono::system_clock::now()));
    std::size_t errors = 0;
    for (const auto& fault : loaded.faults)
        errors += fault.how == settings::weight::error ? 1 : 0;
    if (as_json) {
        json faults = json::array();
        for (const auto& fault : loaded.faults)
            faults.push_back({{"file", fault.file},
                              {"line", fault.line},
                              {"column", fault.column},
                              {"text", fault.text},
                              {"weight", fault.how == settings::weight::error ? "error" : "warning"}});
        std::cout << print({{"schema", "halfmast.check-config/1"},
                            {"file", file},
                            {"valid", errors == 0},
                            {"accounts", loaded.value.accounts.size()},
                            {"playbooks", loaded.value.playbooks.size()},
                            {"faults", faults},
                            {"duty", json(duty)}})
                  << '\n';
    } else {
        for (const auto& fault : loaded.faults)
            std::cout << to_string(fault) << '\n';
        if (errors == 0) {
            std::cout << file << ": valid, " << loaded.value.accounts.size() << " account(s), " << loaded.value.playbooks.size()
                      << " playbook(s)\n";
            print_duty(duty);
        } else {
            std::cout << file << ": " << errors << " fault(s); nothing starts with this\n";
        }
    }
    return errors == 0 ? exit_ok : exit_config;
}

int judge(const std::string& file)
{
    std::shared_ptr<const judgement> rules;
    if (file.empty()) {
        rules = settings::make_policy(settings::defaults()).rules;
    } else {
        auto loaded = settings::load(file, connectors(), false);
        if (!print_faults(loaded))
            return exit_config;
        rules = settings::make_policy(loaded.value).rules;
    }
    std::string line;
    bool all_read = true;
    for (std::size_t number = 1; std::getline(std::cin, line); ++number) {
        if (line.find_first_not_of(" \t\r") == std::string::npos)
            continue;
        auto post = json::parse(line, nullptr, false);
        if (!post.is_object() || (post.contains("text") && !post["text"].is_string())) {
            all_read = false;
            std::cerr << "judge: line " << number << " is not a JSON object with a \"text\"; it stays unjudged\n";
            std::cout << print({{"id", nullptr},
                                {"class", "unknown"},
                                {"why", json::array()},
                                {"error", "line " + std::to_string(number) + " is not a JSON object with a \"text\""}})
                      << '\n';
            continue;
        }
        std::cout << print(judged(*rules, post)) << '\n';
    }
    return all_read ? exit_ok : exit_failed;
}

int hash_password()
{
    secret given;
    bool person = ::isatty(STDIN_FILENO) != 0;
    auto ask = [&](const char* words) {
        termios before{};
        if (person && ::tcgetattr(STDIN_FILENO, &before) == 0) {
            auto silent = before;
            silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
            ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
            std::cerr << words << std::flush;
        }
        std::string line;
        std::getline(std::cin, line);
        if (person) {
            ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
            std::cerr << '\n';
        }
        return secret{std::move(line)};
    };
    given = ask("Password: ");
    if (person && ask("The same again: ").text() != given.text()) {
        std::cerr << "halfmastd: the two are not the same\n";
        return exit_failed;
    }
    auto hash = access::hash_password(given);
    if (!hash) {
        std::cerr << "halfmastd: " << hash.error().detail << '\n';
        return exit_failed;
    }
    std::cout << *hash << '\n';
    return exit_ok;
}

int doctor(settings::settings wanted, bool as_json)
{
    forbid_core_dumps();
    asio::io_context context;
    net::http_client_settings client;
    client.proxy = wanted.proxy;
    net::http_client http(context.get_executor(), client);
    // A token that changes with each use has one keeper: where a daemon runs, that is the daemon.
    std::optional<store::state_lock> lock;
    std::string held;
    if (wanted.has_vault) {
        std::error_code ignored;
        std::filesystem::create_directories(wanted.state_dir, ignored);
        if (auto taken = store::state_lock::take(wanted.state_dir))
            lock.emplace(std::move(*taken));
        else
            held = "its secrets are not touched beside the daemon that keeps them (" + taken.error().detail
                   + "); ask that one: halfmast doctor";
    }
    auto vaults =
        held.empty() ? std::make_unique<account_vaults>(context.get_executor(), wanted) : std::make_unique<account_vaults>(held);
    std::vector<api::account_report> reports;
    const auto rules = settings::make_policy(wanted);
    auto ask_all = [&]() -> asio::awaitable<void> {
        for (const auto& entry : wanted.accounts) {
            api::account_report report;
            report.account = entry.declared.id;
            report.connector = entry.declared.connector;
            auto to =
                with_credential_end(entry.room->connect(entry.own, http, vaults->of(entry.declared.id)), entry.credential_ends);
            if (to.checks) {
                auto lines = co_await to.checks->check();
                auto declared = entry.declared;
                declared.has_queue = to.queue != nullptr;
                declared.can_read_feed = to.feed != nullptr;
                report.lines = complete(declared, std::move(lines));
            }
            for (auto& line : check_statements(rules, entry.declared.id))
                report.lines.push_back(std::move(line));
            reports.push_back(std::move(report));
        }
    };
    auto work = ask_all();
    asio::co_spawn(context, std::move(work), [&](std::exception_ptr) { context.stop(); });
    context.run();
    bool all_well = true;
    for (const auto& report : reports)
        for (const auto& line : report.lines)
            all_well = all_well && line.ok;
    auto duty = duty_now(wanted, std::chrono::floor<milliseconds>(std::chrono::system_clock::now()));
    if (as_json) {
        auto message = api::doctor_message(reports, {"the daemon is not running"});
        message["duty"] = duty;
        std::cout << api::dump(message) << '\n';
    } else {
        for (const auto& report : reports)
            for (const auto& line : report.lines)
                std::cout << (line.ok ? "ok   " : "NOT  ") << report.account.value << ": " << line.what
                          << (line.detail.empty() ? "" : ": " + line.detail)
                          << (line.ends ? ", ends " + format_utc(*line.ends) : "") << '\n';
        print_duty(duty);
    }
    return all_well ? exit_ok : exit_partly;
}

}  // namespace halfmast::app
