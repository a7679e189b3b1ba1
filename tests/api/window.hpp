// The API against a core that really decides, with no loop, no disk and no sockets: what its tests share.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <nlohmann/json.hpp>

#include "daemon/api/events.hpp"
#include "daemon/api/playbooks.hpp"
#include "daemon/api/routes.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/desk.hpp"

namespace halfmast::test {

using nlohmann::json;
namespace asio = boost::asio;

class fake_backend final : public api::backend {
public:
    desk here{make_policy({make_account("acme-blog"), make_account("other")})};
    std::string ledger_error;
    std::vector<std::string> sick;
    int changes = 0;  // requests that may have changed something
    std::size_t links_asked = 0;
    std::vector<post_reading> at_source;  // what looking at held posts gives
    int looks = 0;
    asio::io_context hub_context;
    api::event_hub hub{hub_context.get_executor()};
    api::ledger_proof found_of_ledger;
    api::settings_report found_of_settings;
    int verifications = 0;
    std::string throws;                       // a bug, while the settings are looked at
    std::vector<std::string> mistakes;        // what was told of bugs
    std::vector<api::history_entry> entries;  // of the ledger, by number

    const policy& rules() const override { return here.rules; }
    const state& known() const override { return here.known; }
    time_point now() const override { return here.now; }
    std::vector<std::string> degraded() const override { return sick; }

    asio::awaitable<api::answer> raise(api::raise_request asked) override
    {
        auto book = api::choose_playbook(here.rules, asked.playbook);
        api::answer given;
        if (!book) {
            given.refused = refusal{refusal::cause::unknown_target, book.error().detail};
            co_return given;
        }
        crisis_raised flag;
        flag.by = asked.by;
        flag.playbook = (*book)->name;
        flag.level = asked.level;
        flag.over = asked.over;
        flag.drill = asked.drill;
        flag.why = asked.why;
        flag.why_in = asked.why_in;
        flag.owner = actor_id{asked.owner};
        flag.next_update_by = here.now + asked.next_update.value_or((*book)->next_update);
        flag.now = asked.now;
        given = decided(flag);
        co_return given;
    }
    asio::awaitable<api::answer> submit(event what) override
    {
        auto given = decided(what);
        co_return given;
    }
    asio::awaitable<api::answer> accept_proposal(std::string proposal, api::raise_request asked) override
    {
        proposal_decided word;
        word.proposal = std::move(proposal);
        word.verdict = proposal_verdict::accept;
        word.by = asked.by;
        word.why = asked.why;
        word.flag.level = asked.level;
        word.flag.owner = actor_id{asked.owner};
        word.flag.next_update_by = here.now + asked.next_update.value_or(std::chrono::minutes{45});
        event happened{std::move(word)};
        auto given = decided(happened);
        co_return given;
    }
    // Everybody says the same words: what is asked for in them.
    std::map<account_id, statement> words_of(const std::string& text) const
    {
        std::map<account_id, statement> words;
        for (const auto& [id, declared] : here.rules.accounts)
            words[id] = {"en", text};
        return words;
    }
    asio::awaitable<api::answer> say(api::say_request asked) override
    {
        statement_asked said;
        said.crisis = asked.crisis;
        said.by = asked.by;
        said.kind = asked.kind;
        said.about = asked.about;
        said.about_in = asked.about_in;
        said.reason = asked.reason;
        said.reason_in = asked.reason_in;
        said.break_glass = asked.break_glass;
        said.now = asked.now;
        if (asked.kind != edition_kind::all_clear)
            said.next_update_by = here.now + asked.next_update.value_or(std::chrono::minutes{45});
        said.words = words_of(std::string{to_string(asked.kind)} + ": " + asked.about);
        event happened{std::move(said)};
        auto given = decided(happened);
        co_return given;
    }
    asio::awaitable<api::answer> lower(api::lower_request asked) override
    {
        crisis_lowered down;
        down.crisis = asked.crisis;
        down.by = asked.by;
        down.why = asked.why;
        down.now = asked.now;
        down.break_glass = asked.break_glass;
        down.about = asked.about;
        down.about_in = asked.about_in;
        if (asked.all_clear)
            down.all_clear = words_of("It is over. " + asked.about);
        event happened{std::move(down)};
        auto given = decided(happened);
        co_return given;
    }
    asio::awaitable<api::answer> reply(api::reply_request asked) override
    {
        reply_asked wanted;
        wanted.crisis = asked.crisis;
        wanted.account = asked.account;
        wanted.to = asked.to;
        wanted.by = asked.by;
        wanted.words = {asked.language, asked.text};
        event happened{std::move(wanted)};
        auto given = decided(happened);
        co_return given;
    }
    result<std::vector<api::statement_preview>> preview(const api::raise_request&) override
    {
        return std::vector<api::statement_preview>{};
    }
    result<std::vector<api::statement_preview>> preview(const api::say_request& asked) override
    {
        api::statement_preview shown;
        shown.account = account_id{"acme-blog"};
        shown.kind = to_string(asked.kind);
        shown.text = "See https://acme.example/help. " + asked.about;
        for (const auto& [tag, text] : asked.about_in) {
            api::filling_preview filled;
            filled.field = "about";
            filled.language = tag;
            filled.differs = tag != "en";
            shown.fillings.push_back(std::move(filled));
        }
        shown.hole = asked.about.empty() ? "about" : "";
        return std::vector{shown, shown};
    }
    asio::awaitable<std::vector<api::link_report>> check_links(std::vector<std::string> urls) override
    {
        links_asked += urls.size();
        std::vector<api::link_report> reports;
        for (auto& url : urls) {
            api::link_report one;
            one.url = std::move(url);
            one.said = "HEAD: 404 Not Found";
            reports.push_back(std::move(one));
        }
        co_return reports;
    }
    asio::awaitable<result<std::vector<api::history_entry>>> history(std::string target, std::int64_t, int) override
    {
        std::vector<api::history_entry> entries;
        if (target == "acme-blog/a")
            entries.push_back({7, "2026-03-01T14:00:00Z", R"({"kind":"hold_planned","actor":"halfmast","why":"w"})"});
        co_return entries;
    }
    asio::awaitable<result<std::vector<api::history_entry>>> records_after(std::int64_t after, int limit) override
    {
        std::vector<api::history_entry> found;
        for (const auto& one : entries)
            if (one.seq > after && found.size() < static_cast<std::size_t>(limit))
                found.push_back(one);
        co_return found;
    }
    api::event_hub* events() override { return &hub; }
    asio::awaitable<result<std::vector<post_reading>>> look(account_id, std::vector<post_id>) override
    {
        ++looks;
        co_return at_source;
    }
    asio::awaitable<result<std::shared_ptr<const std::string>>> blob(std::string) override
    {
        co_return problem{failure::not_found, "no blob", {}};
    }
    asio::awaitable<std::shared_ptr<const std::string>> original(account_id, post_id) override
    {
        co_return std::make_shared<const std::string>(R"({"id":12345678901234567890,"price":1.10})");
    }
    api::ledger_proof proof() const override { return found_of_ledger; }
    void verify_ledger() override
    {
        ++verifications;
        found_of_ledger.checking = true;
    }
    void note_mistake(const std::string& what) override { mistakes.push_back(what); }
    asio::awaitable<api::settings_report> check_settings() override
    {
        if (!throws.empty())
            throw std::runtime_error(throws);
        co_return found_of_settings;
    }
    asio::awaitable<std::vector<api::account_report>> doctor() override { co_return std::vector<api::account_report>{}; }

private:
    api::answer decided(const event& what)
    {
        ++changes;
        here.happen(what);
        api::answer given;
        given.refused = here.refused;
        given.crisis = here.crisis;
        given.repeated = here.repeated;
        given.made = here.made;
        given.waits = here.waits;
        given.durable = ledger_error.empty();
        given.ledger_error = ledger_error;
        return given;
    }
};

class window {
public:
    explicit window(api::doorkeeper* door = nullptr) { door_ = std::make_unique<api::api>(daemon, door); }

    net::server_response ask(const std::string& method, const std::string& target, const std::string& body = {})
    {
        net::server_request request;
        request.method = method;
        request.target = target;
        request.path = target.substr(0, target.find('?'));
        if (auto mark = target.find('?'); mark != std::string::npos)
            for (auto rest = target.substr(mark + 1); !rest.empty();) {
                auto pair = rest.substr(0, rest.find('&'));
                rest.erase(0, std::min(rest.size(), pair.size() + 1));
                request.query[pair.substr(0, pair.find('='))] = net::percent_decode(pair.substr(pair.find('=') + 1)).value();
            }
        request.body = body;
        if (!host.empty())
            request.headers.emplace_back("Host", host);
        if (!type.empty())
            request.headers.emplace_back("Content-Type", type);
        for (const auto& [name, value] : more_headers)
            request.headers.emplace_back(name, value);
        if (!over_tcp)
            request.from = net::peer{1000, 1000, 1, user};
        asio::io_context context;
        auto handler = door_->handler();
        auto work = handler(std::move(request));
        auto answer = asio::co_spawn(context, std::move(work), asio::use_future);
        context.run();
        return answer.get();
    }
    json get(const std::string& target) { return json::parse(ask("GET", "/api/v1" + target).body); }

    fake_backend daemon;
    std::string user = "maria";
    bool over_tcp = false;
    std::string host;
    std::string type;
    http_headers more_headers;

private:
    std::unique_ptr<api::api> door_;
};

// A problem document with its status and exit code.
inline void check_problem(const net::server_response& given, int status, int exit_code, const std::string& part)
{
    CHECK(given.status == status);
    CHECK(given.content_type == "application/problem+json");
    auto body = json::parse(given.body);
    CHECK(body.at("status") == status);
    CHECK(body.at("exit_code") == exit_code);
    CHECK(body.at("type").get<std::string>().starts_with("urn:halfmast:problem:"));
    CHECK_FALSE(body.at("title").get<std::string>().empty());
    INFO(given.body);
    CHECK(body.at("detail").get<std::string>().find(part) != std::string::npos);
}

}  // namespace halfmast::test
