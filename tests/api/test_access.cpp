// Every route x every role, tried one by one; and what signing in looks like from outside, with a doorkeeper that is asked for
// nothing.
#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "tests/api/window.hpp"

using namespace halfmast;
using namespace halfmast::test;

namespace {

// Lets in whoever the test says.
class given_door final : public api::doorkeeper {
public:
    api::visitor who;
    std::vector<std::string> asked;

    seen look(const net::server_request&) override
    {
        seen made;
        made.who = who;
        return made;
    }
    asio::awaitable<api::outcome_of<api::made_session>> sign_in(const net::server_request&, std::string user,
                                                                std::string password) override
    {
        asked.push_back("sign in " + user);
        if (password != "right")
            co_return api::trouble{401, 4, "wrong-password", "That did not sign in", "the name or the password is wrong"};
        co_return session_of(user);
    }
    asio::awaitable<std::string> sign_out(const net::server_request&, api::visitor) override
    {
        asked.push_back("sign out");
        co_return std::string{"halfmast=; Max-Age=0"};
    }
    asio::awaitable<api::outcome_of<api::made_token>> make_token(api::visitor, api::token_wish wish) override
    {
        asked.push_back("make token " + wish.name);
        api::made_token made;
        made.entry = entry(wish.name);
        made.secret = "hm_canary";
        co_return made;
    }
    std::vector<api::token_entry> tokens() override { return {entry("ci")}; }
    asio::awaitable<api::outcome_of<api::token_entry>> revoke_token(api::visitor, std::string id) override
    {
        asked.push_back("revoke " + id);
        co_return entry("ci");
    }
    asio::awaitable<api::outcome_of<api::made_link>> make_link(api::visitor by, std::string) override
    {
        asked.push_back("make link");
        api::made_link made;
        made.path = "/login/secret";
        made.user = by.by;
        co_return made;
    }
    std::optional<actor_id> link_is_for(std::string_view secret) override
    {
        return secret == "good" ? std::optional{actor_id{"<maria>"}} : std::nullopt;
    }
    asio::awaitable<api::outcome_of<api::made_session>> use_link(const net::server_request&, std::string secret) override
    {
        asked.push_back("use link " + secret);
        co_return session_of("maria");
    }
    asio::awaitable<api::outcome_of<api::journey>> provider_start(const net::server_request&) override
    {
        api::journey made;
        made.url = "https://id.example/auth?state=1";
        made.cookie = "c=1";
        co_return made;
    }
    asio::awaitable<api::outcome_of<api::made_session>> provider_return(const net::server_request&) override
    {
        asked.push_back("provider return");
        co_return api::not_allowed("maria <b> is in none of the groups");
    }
    std::vector<std::string> ways() override { return {"password"}; }

private:
    static api::token_entry entry(const std::string& name)
    {
        api::token_entry made;
        made.id = "t-1";
        made.name = name;
        made.user = actor_id{"ci"};
        made.by = actor_id{"maria"};
        made.roles = {role::ops};
        made.made_at = at("14:00");
        return made;
    }
    static api::made_session session_of(const std::string& user)
    {
        api::made_session made;
        made.who.how = api::visitor::proof::session;
        made.who.by = actor_id{user};
        made.who.roles = {role::manager};
        made.who.csrf = "the-csrf";
        made.cookie = "halfmast=secret; HttpOnly";
        return made;
    }
};

struct guarded {
    given_door door;
    window here{&door};

    guarded()
    {
        here.daemon.here.sees({promo("a", at("15:00"))}, "acme-blog");
        here.daemon.here.raise();
    }
    void as(api::visitor::proof how, std::set<role> roles)
    {
        door.who = {};
        door.who.how = how;
        door.who.by = actor_id{"maria"};
        door.who.roles = std::move(roles);
    }
};

std::string path_of(std::string_view pattern)
{
    std::string path{"/api/v1"};
    for (bool inside = false; char c : pattern) {
        if (c == '{') {
            inside = true;
            path += "x-1";
        }
        if (!inside)
            path += c;
        if (c == '}')
            inside = false;
    }
    return path;
}

bool is_turned_away(const net::server_response& given) { return given.status == 401 || given.status == 403; }

}  // namespace

TEST_CASE("every route x every role: what a role may not do is refused before anything happens", "[api][access]")
{
    bool shows = std::getenv("HALFMAST_SHOW_TABLE") != nullptr;
    for (const auto& route : api::routes()) {
        std::string row;
        for (auto who : every_role) {
            guarded all;
            all.as(api::visitor::proof::session, {who});
            auto changes = all.here.daemon.changes;
            auto given = all.here.ask(std::string{route.method}, path_of(route.pattern), route.method == "GET" ? "" : "{}");
            INFO(route.method << " " << route.pattern << " as " << to_string(who) << ": " << given.status);
            bool may_ask = allows(who, route.needs);
            row += may_ask ? " yes" : "   -";
            if (route.pattern == "/auth/oidc/callback")
                continue;  // this doorkeeper refuses what comes back there
            CHECK(is_turned_away(given) == !may_ask);
            if (!may_ask) {
                CHECK(all.here.daemon.changes == changes);
                CHECK(all.door.asked.empty());
                CHECK(json::parse(given.body).at("type") == "urn:halfmast:problem:not-allowed");
            }
        }
        if (shows)
            std::cout << row << "  " << to_string(route.needs) << "  " << route.method << " " << route.pattern << '\n';
    }
}

TEST_CASE("nobody may ask for anything but to sign in and whether the daemon lives", "[api][access]")
{
    const std::set<std::string> open{
        "GET /livez",      "GET /readyz",         "GET /openapi.json",    "GET /session",         "POST /session",
        "DELETE /session", "GET /login/{secret}", "POST /login/{secret}", "GET /auth/oidc/start", "GET /auth/oidc/callback"};
    std::set<std::string> found;
    for (const auto& route : api::routes()) {
        guarded all;
        all.as(api::visitor::proof::none, {});
        auto given = all.here.ask(std::string{route.method}, path_of(route.pattern), route.method == "GET" ? "" : "{}");
        auto name = std::string{route.method} + " " + std::string{route.pattern};
        INFO(name << ": " << given.status);
        if (route.needs == may::nothing) {
            found.insert(name);
            continue;
        }
        CHECK(given.status == 401);
        CHECK(find_header(given.headers, "WWW-Authenticate").starts_with("Bearer"));
        CHECK(all.door.asked.empty());
    }
    CHECK(found == open);
}

TEST_CASE("a session's request without its CSRF token changes nothing and shows nothing", "[api][access]")
{
    for (const auto& route : api::routes()) {
        guarded all;
        all.as(api::visitor::proof::session, {role::admin});
        all.door.who.may_be_forged = true;
        auto changes = all.here.daemon.changes;
        auto given = all.here.ask(std::string{route.method}, path_of(route.pattern), route.method == "GET" ? "" : "{}");
        INFO(route.method << " " << route.pattern << ": " << given.status);
        if (route.needs != may::nothing) {
            CHECK(given.status == 403);
            CHECK(json::parse(given.body).at("type") == "urn:halfmast:problem:csrf");
        }
        CHECK(all.here.daemon.changes == changes);
        CHECK(std::ranges::count(all.door.asked, "sign out") == 0);
    }
}

TEST_CASE("roles: raising needs the least, letting go the most", "[api][access]")
{
    CHECK(allows(role::on_call, may::raise));
    CHECK_FALSE(allows(role::on_call, may::lower));
    CHECK_FALSE(allows(role::ops, may::release));
    CHECK_FALSE(allows(role::ops, may::say));
    CHECK(allows(role::manager, may::release));
    CHECK_FALSE(allows(role::manager, may::lower));
    CHECK_FALSE(allows(role::auditor, may::raise));
    for (auto one : every_role)
        CHECK(role_named(to_string(one)) == one);
    CHECK_FALSE(role_named("root"));
    CHECK(in_words({role::ops, role::manager}) == "ops, manager");
}

TEST_CASE("many posts at once take what one of them takes: stopping is open to whoever may stop", "[api][access]")
{
    guarded all;
    auto asked = [&](const std::string& act) {
        json body{{"act", act}};
        body["ids"].push_back({{"account", "acme-blog"}, {"post", "a"}});
        if (act == "note")
            body["text"] = "x";
        if (act == "judge")
            body["class"] = "neutral";
        auto changes = all.here.daemon.changes;
        auto given = all.here.ask("POST", "/api/v1/posts/bulk", body.dump());
        if (given.status != 200)
            CHECK(all.here.daemon.changes == changes);
        return given.status;
    };
    all.as(api::visitor::proof::session, {role::ops});
    CHECK(asked("hold") == 200);
    for (const std::string act : {"release", "keep", "judge", "note"})
        CHECK(asked(act) == 403);
    // Nor while the provider of a session cannot be asked: what stops goes on, what lets go waits.
    all.as(api::visitor::proof::session, {role::manager});
    all.door.who.is_unproved = true;
    CHECK(asked("hold") == 200);
    for (const std::string act : {"release", "keep", "judge", "note"})
        CHECK(asked(act) == 401);
    // What was refused for who asked is asked anew when they signed in again.
    all.here.more_headers = {{"Idempotency-Key", "k1"}};
    CHECK(asked("note") == 401);
    all.as(api::visitor::proof::session, {role::manager});
    CHECK(asked("note") == 200);
    all.here.more_headers.clear();
    all.as(api::visitor::proof::session, {role::on_call});
    CHECK(asked("hold") == 403);
    std::string many = R"({"act":"hold","ids":[)";
    for (int i = 0; i < 10'000; ++i)
        many += std::string{i == 0 ? "" : ","} + R"({"account":"acme-blog","post":"a"})";
    all.as(api::visitor::proof::session, {role::ops});
    check_problem(all.here.ask("POST", "/api/v1/posts/bulk", many + "]}"), 400, 2, "1 to 1000 posts");
}

TEST_CASE("signing in gives a cookie, who it is and the CSRF token; a wrong password gives none of them", "[api][access]")
{
    guarded all;
    all.as(api::visitor::proof::none, {});
    auto given = all.here.ask("POST", "/api/v1/session", R"({"user":"maria","password":"right"})");
    CHECK(given.status == 200);
    CHECK(find_header(given.headers, "Set-Cookie") == "halfmast=secret; HttpOnly");
    CHECK(find_header(given.headers, "Cache-Control") == "no-store");
    auto body = json::parse(given.body);
    CHECK(body.at("schema") == "halfmast.session/1");
    CHECK(body.at("user") == "maria");
    CHECK(body.at("roles") == json::array({"manager"}));
    CHECK(body.at("csrf") == "the-csrf");
    CHECK(given.body.find("secret") == std::string::npos);
    auto wrong = all.here.ask("POST", "/api/v1/session", R"({"user":"maria","password":"wrong"})");
    check_problem(wrong, 401, 4, "wrong");
    CHECK(find_header(wrong.headers, "Set-Cookie").empty());
    check_problem(all.here.ask("POST", "/api/v1/session", R"({"user":"maria","passwort":"x"})"), 400, 2, "passwort");
    check_problem(all.here.ask("POST", "/api/v1/session", R"({"user":"maria"})"), 400, 2, "'password' is missing");
    check_problem(all.here.ask("POST", "/api/v1/session", R"({"user":["maria"],"password":"x"})"), 400, 2,
                  "'user' must be a string");
    auto nobody = json::parse(all.here.ask("GET", "/api/v1/session").body);
    CHECK(nobody.at("status") == 401);
    CHECK(nobody.at("ways") == json::array({"password"}));
    CHECK(nobody.at("reads") == false);
}

TEST_CASE("a token is shown when it is made and never again", "[api][access]")
{
    guarded all;
    all.as(api::visitor::proof::socket, {role::admin});
    auto made = all.here.ask("POST", "/api/v1/tokens", R"({"name":"ci","roles":["ops"],"expires":"90d"})");
    CHECK(made.status == 201);
    CHECK(json::parse(made.body).at("token") == "hm_canary");
    auto list = all.here.ask("GET", "/api/v1/tokens");
    CHECK(json::parse(list.body).at("tokens").at(0).at("name") == "ci");
    CHECK(list.body.find("hm_") == std::string::npos);
    CHECK(all.here.ask("DELETE", "/api/v1/tokens/t-1").status == 200);
    CHECK(all.door.asked == std::vector<std::string>{"make token ci", "revoke t-1"});
    check_problem(all.here.ask("POST", "/api/v1/tokens", R"({"name":"ci","roles":["root"]})"), 400, 2, "'root' is no role");
    check_problem(all.here.ask("POST", "/api/v1/tokens", R"({"name":"ci","roles":["ops"],"expires":"soon"})"), 400, 2,
                  "no duration");
    check_problem(all.here.ask("POST", "/api/v1/tokens", R"({"name":"ci","roles":"ops"})"), 400, 2, "list of roles");
}

TEST_CASE("opening a login link spends nothing; its button does", "[api][access]")
{
    guarded all;
    all.as(api::visitor::proof::none, {});
    auto shown = all.here.ask("GET", "/login/good");
    CHECK(shown.status == 200);
    CHECK(shown.content_type == "text/html; charset=utf-8");
    CHECK(shown.body.find("&lt;maria&gt;") != std::string::npos);
    CHECK(shown.body.find("<script") == std::string::npos);
    CHECK(find_header(shown.headers, "Content-Security-Policy").find("default-src 'none'") == 0);
    CHECK(find_header(shown.headers, "Referrer-Policy") == "same-origin");
    CHECK(all.door.asked.empty());
    CHECK(all.here.ask("GET", "/login/spent").status == 410);
    auto used = all.here.ask("POST", "/login/good");
    CHECK(used.status == 303);
    CHECK(find_header(used.headers, "Location") == "/");
    CHECK_FALSE(find_header(used.headers, "Set-Cookie").empty());
    CHECK(all.door.asked == std::vector<std::string>{"use link good"});
}

TEST_CASE(
    "the way to the provider and back; what is refused is said in a page, without what came from outside being taken for HTML",
    "[api][access]")
{
    guarded all;
    all.as(api::visitor::proof::none, {});
    auto start = all.here.ask("GET", "/auth/oidc/start");
    CHECK(start.status == 303);
    CHECK(find_header(start.headers, "Location") == "https://id.example/auth?state=1");
    auto back = all.here.ask("GET", "/auth/oidc/callback?state=1&code=2");
    CHECK(back.status == 403);
    CHECK(back.body.find("maria &lt;b&gt; is in none") != std::string::npos);
    CHECK(find_header(back.headers, "Set-Cookie").empty());
}
