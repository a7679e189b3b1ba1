// Sessions that a provider stands for, on a clock that the test moves: it is asked again, and what it says then is true from then on.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <unistd.h>

#include "daemon/access/gate.hpp"
#include "tests/access/result_text.hpp"
#include "tests/access/signer.hpp"

using namespace halfmast;
using namespace halfmast::access;
using namespace halfmast::access::testing;
using namespace std::chrono_literals;

namespace {

constexpr const char* renewing_issuer = "https://id.example";

// Says what it is told to say, and keeps what it was asked.
struct renewing_provider final : http_port {
    signer key{"r1"};
    time_point now = *parse_rfc3339("2026-03-01T08:00:00Z");
    bool away = false;
    bool offline = true;  // it knows offline_access
    bool gives_refresh = true;
    bool needs_consent = false;  // before it gives one
    bool has_userinfo = true;
    bool renews_token = true;  // a renewal has an ID token too
    std::string refusal;       // of renewals
    std::vector<std::string> groups{"managers"};
    std::string name = "maria";
    std::string nonce;
    bool consented = false;
    int given = 0;
    std::vector<std::string> shown;      // refresh tokens, as they came
    std::vector<std::string> forgotten;  // what was taken back

    [[nodiscard]] std::int64_t seconds_now() const { return std::chrono::duration_cast<seconds>(now.time_since_epoch()).count(); }

    json description() const
    {
        json made{{"issuer", renewing_issuer},
                  {"authorization_endpoint", "https://id.example/auth"},
                  {"token_endpoint", "https://id.example/token"},
                  {"jwks_uri", "https://id.example/jwks"},
                  {"revocation_endpoint", "https://id.example/revoke"}};
        made["scopes_supported"] = offline ? json{"openid", "offline_access"} : json{"openid", "profile"};
        if (has_userinfo)
            made["userinfo_endpoint"] = "https://id.example/me";
        return made;
    }

    std::string token(bool with_nonce) const
    {
        json claims{
            {"iss", renewing_issuer}, {"aud", "halfmast"}, {"sub", "u1"}, {"iat", seconds_now()}, {"exp", seconds_now() + 300}};
        if (with_nonce) {  // of the sign-in: what was true then
            claims["nonce"] = nonce;
            claims["preferred_username"] = name;
            claims["groups"] = groups;
        }
        return key.sign(claims);
    }

    static std::string member_of(const std::string& body, const std::string& name)
    {
        auto at = ("&" + body).find("&" + name + "=");
        if (at == std::string::npos)
            return {};
        auto rest = body.substr(at + name.size() + 1);
        return rest.substr(0, rest.find('&'));
    }

    void answer_token(const http_request& asked, http_response& made)
    {
        json body{{"access_token", "at"}};
        bool renewal = member_of(asked.body, "grant_type") == "refresh_token";
        if (renewal) {
            shown.push_back(member_of(asked.body, "refresh_token"));
            if (!refusal.empty()) {
                made.status = 400;
                made.body = json{{"error", refusal}}.dump();
                return;
            }
        }
        if (!renewal || renews_token)
            body["id_token"] = token(!renewal);
        if (gives_refresh && (!needs_consent || consented))
            body["refresh_token"] = "rt-" + std::to_string(++given);
        made.body = body.dump();
    }

    asio::awaitable<result<http_response>> fetch(http_request request) override
    {
        http_response made;
        made.status = 200;
        if (away)
            co_return problem{failure::unreachable, "nobody there", {}};
        if (request.url.ends_with("/.well-known/openid-configuration"))
            made.body = description().dump();
        else if (request.url.ends_with("/jwks"))
            made.body = json{{"keys", json::array({key.public_key()})}}.dump();
        else if (request.url.ends_with("/me"))
            made.body = json{{"sub", "u1"}, {"preferred_username", name}, {"groups", groups}}.dump();
        else if (request.url.ends_with("/revoke"))
            forgotten.push_back(member_of(request.body, "token"));
        else
            answer_token(request, made);
        co_return made;
    }
};

struct recheck_stage {
    std::filesystem::path folder = std::filesystem::temp_directory_path() / ("halfmast-recheck-" + std::to_string(::getpid()));
    asio::io_context context{1};
    renewing_provider id;
    std::vector<access_noted> noted;
    options wanted;
    std::unique_ptr<gate> door;
    std::string cookie;  // of the session
    std::string set_cookie;
    std::string sent_to;  // where the browser was sent the last time

    recheck_stage()
    {
        std::filesystem::create_directories(folder);
        wanted.set = true;
        wanted.url = "https://halfmast.acme.example";
        provider_options with;
        with.issuer = renewing_issuer;
        with.client_id = "halfmast";
        with.client_secret = secret{"s"};
        with.groups = {{"managers", {role::manager}}, {"desk", {role::ops}}};
        wanted.provider = with;
        open();
    }
    ~recheck_stage()
    {
        door.reset();
        std::filesystem::remove_all(folder);
    }

    void open()
    {
        surroundings around;
        around.home = context.get_executor();
        around.clock = [this] { return id.now; };
        around.note = [this](access_noted what) { noted.push_back(std::move(what)); };
        around.http = &id;
        around.file = (folder / "access.json").string();
        door.reset();
        door = std::make_unique<gate>(wanted, std::move(around));
    }

    template <class T>
    T wait(asio::awaitable<T> work)
    {
        context.restart();
        auto answer = asio::co_spawn(context, std::move(work), asio::use_future);
        context.run();
        return answer.get();
    }

    net::server_request request(const std::string& method = "GET") const
    {
        net::server_request made;
        made.method = method;
        made.remote = "10.0.0.7:5000";
        made.headers.emplace_back("Host", "halfmast.acme.example");
        if (!cookie.empty())
            made.headers.emplace_back("Cookie", cookie);
        return made;
    }

    // The request with which the browser comes back from the provider.
    net::server_request way_back()
    {
        auto begun = wait(door->provider_start(request()));
        REQUIRE(begun);
        sent_to = begun->url;
        auto query = sent_to.substr(sent_to.find('?') + 1);
        id.nonce = renewing_provider::member_of(query, "nonce");
        id.consented = query.find("prompt=consent") != std::string::npos;
        auto back = request();
        back.headers.clear();
        back.headers.emplace_back("Host", "halfmast.acme.example");
        back.headers.emplace_back("Cookie", begun->cookie.substr(0, begun->cookie.find(';')));
        back.query = {{"state", renewing_provider::member_of(query, "state")}, {"code", "c"}};
        return back;
    }

    void sign_in()
    {
        auto made = wait(door->provider_return(way_back()));
        REQUIRE(made);
        set_cookie = made->cookie;
        cookie = set_cookie.substr(0, set_cookie.find(';'));
    }

    api::visitor who(const std::string& method = "GET")
    {
        auto seen = door->look(request(method));
        REQUIRE_FALSE(seen.refused);
        return seen.who;
    }
    // What stands in the way of this now: "" nothing.
    std::string in_the_way(may what)
    {
        auto refused = api::refuse(who(), what);
        return refused ? std::to_string(refused->status) + " " + refused->type : "";
    }
    void after(milliseconds length)
    {
        id.now += length;
        wait(door->recheck());
    }
};

}  // namespace

TEST_CASE("whoever is taken out of the group is out at the next check, and told so", "[recheck]")
{
    recheck_stage here;
    here.sign_in();
    CHECK(here.sent_to.find("scope=openid%20profile%20offline_access") != std::string::npos);
    CHECK(here.sent_to.find("prompt") == std::string::npos);
    auto signed_in = here.who();
    CHECK(here.in_the_way(may::release).empty());
    here.id.groups = {"staff"};
    here.after(9min);
    CHECK(here.in_the_way(may::release).empty());  // it is asked every ten minutes
    CHECK(here.id.shown.empty());
    CHECK(here.door->still_stands(signed_in));
    here.after(1min);
    CHECK(here.id.shown == std::vector<std::string>{"rt-1"});
    CHECK(here.in_the_way(may::read) == "401 sign-in-again");
    CHECK(here.in_the_way(may::nothing).empty());  // they may sign in again
    CHECK_FALSE(here.door->still_stands(signed_in));
    CHECK(here.noted.back().what == access_noted::act::session_ended);
    CHECK(here.noted.back().by == actor_id{"halfmast"});
    CHECK(here.noted.back().why.find("of maria") != std::string::npos);
    CHECK(here.noted.back().why.find("none of the provider's groups") != std::string::npos);
}

TEST_CASE("a clock that is set back puts off no check", "[recheck]")
{
    recheck_stage here;
    here.sign_in();
    here.id.groups = {"staff"};
    here.after(-24h);
    CHECK(here.id.shown == std::vector<std::string>{"rt-1"});
    CHECK(here.in_the_way(may::read) == "401 sign-in-again");
}

TEST_CASE("other groups are other roles, and each renewal shows the token of the one before", "[recheck]")
{
    recheck_stage here;
    here.sign_in();
    here.id.groups = {"desk"};
    here.after(10min);
    CHECK(here.who().roles == std::set{role::ops});
    here.id.groups = {"desk", "managers"};
    here.after(10min);
    CHECK(here.who().roles == std::set{role::ops, role::manager});
    here.after(10min);
    CHECK(here.id.shown == std::vector<std::string>{"rt-1", "rt-2", "rt-3"});
    here.id.name = "somebody-else";
    here.after(10min);
    CHECK(here.in_the_way(may::read) == "401 sign-in-again");
}

TEST_CASE("a renewal that is refused ends the session; what is wrong with the provider does not", "[recheck]")
{
    auto refusal = GENERATE(as<std::string>{}, "invalid_grant", "access_denied", "invalid_client", "temporarily_unavailable");
    bool about_the_person = refusal == "invalid_grant" || refusal == "access_denied";
    recheck_stage here;
    here.sign_in();
    here.id.refusal = refusal;
    here.after(10min);
    CAPTURE(refusal);
    CHECK(here.in_the_way(may::read) == (about_the_person ? "401 sign-in-again" : ""));
}

TEST_CASE("while the provider is away, reading and stopping go on, and nothing is let go or said", "[recheck]")
{
    recheck_stage here;
    here.sign_in();
    here.id.away = true;
    here.after(10min);
    for (auto what : {may::read, may::raise, may::hold, may::acknowledge})
        CHECK(here.in_the_way(what).empty());
    for (auto what : {may::release, may::review, may::say})
        CHECK(here.in_the_way(what) == "401 sign-in-again");
    CHECK(here.in_the_way(may::administer) == "403 not-allowed");  // never hers
    here.id.away = false;
    here.after(1min);
    CHECK(here.in_the_way(may::release).empty());
    // Nobody asked for long, as when the machine slept.
    here.id.now += 25min;
    CHECK(here.in_the_way(may::release) == "401 sign-in-again");
    here.after(0min);
    CHECK(here.in_the_way(may::release).empty());
}

TEST_CASE("without anything to ask again with, a session is a short one", "[recheck]")
{
    recheck_stage here;
    here.id.gives_refresh = false;
    here.sign_in();
    CHECK(here.set_cookie.find("Max-Age=3600;") != std::string::npos);
    here.after(59min);
    CHECK(here.in_the_way(may::release).empty());
    here.after(1min);
    CHECK(here.in_the_way(may::read) == "401 not-signed-in");
    CHECK(here.id.shown.empty());
    // It is asked more firmly, then not any more.
    here.sign_in();
    CHECK(here.sent_to.find("offline_access") != std::string::npos);
    CHECK(here.sent_to.ends_with("&prompt=consent"));
    here.sign_in();
    CHECK(here.sent_to.find("offline_access") == std::string::npos);
    CHECK(here.sent_to.find("prompt") == std::string::npos);
}

TEST_CASE("a provider that wants consent first gives something to ask with from the second sign-in on", "[recheck]")
{
    recheck_stage here;
    here.id.needs_consent = true;
    here.sign_in();
    CHECK(here.set_cookie.find("Max-Age=3600;") != std::string::npos);
    here.sign_in();
    CHECK(here.set_cookie.find("Max-Age=43200;") != std::string::npos);
    here.after(10min);
    CHECK(here.id.shown == std::vector<std::string>{"rt-1"});
}

TEST_CASE("a provider that renews without saying who somebody is cannot be asked", "[recheck]")
{
    recheck_stage here;
    here.id.has_userinfo = false;
    here.id.renews_token = false;
    here.sign_in();
    here.after(10min);
    CHECK(here.in_the_way(may::release).empty());
    here.after(50min);
    CHECK(here.in_the_way(may::read) == "401 not-signed-in");
}

TEST_CASE("what a provider is asked again with is nowhere on disk, and its sessions end with the daemon", "[recheck]")
{
    recheck_stage here;
    here.sign_in();
    std::ifstream file(here.folder / "access.json");
    std::string text(std::istreambuf_iterator<char>(file), {});
    CHECK(text.find("\"sessions\"") != std::string::npos);
    CHECK(text.find("maria") == std::string::npos);
    CHECK(text.find("rt-1") == std::string::npos);
    here.open();
    CHECK(here.in_the_way(may::read) == "401 not-signed-in");
}

TEST_CASE("signing out takes back what the provider was asked with", "[recheck]")
{
    recheck_stage here;
    here.sign_in();
    auto who = here.who();
    here.wait(here.door->sign_out(here.request("DELETE"), who));
    CHECK(here.id.forgotten == std::vector<std::string>{"rt-1"});
    here.after(10min);
    CHECK(here.id.shown.empty());
}

TEST_CASE("other settings count for those who are signed in", "[recheck]")
{
    recheck_stage here;
    here.sign_in();
    here.wanted.provider->groups = {{"managers", {role::auditor}}};
    here.door->renew(here.wanted);
    here.after(0min);
    CHECK(here.who().roles == std::set{role::auditor});
    SECTION("another provider stands for nobody of the one before")
    {
        here.wanted.provider->client_id = "another";
        here.door->renew(here.wanted);
        CHECK(here.in_the_way(may::read) == "401 sign-in-again");
    }
    SECTION("nor does none")
    {
        here.wanted.provider.reset();
        here.door->renew(here.wanted);
        CHECK(here.in_the_way(may::read) == "401 sign-in-again");
    }
}

TEST_CASE("a sign-in begins at our own page, not behind somebody's back", "[recheck]")
{
    recheck_stage here;
    for (const auto* site : {"cross-site", "same-site"}) {
        auto asked = here.request();
        asked.headers.emplace_back("Sec-Fetch-Site", site);
        auto begun = here.wait(here.door->provider_start(asked));
        REQUIRE_FALSE(begun);
        CHECK(begun.error().status == 403);
    }
    for (const auto* site : {"same-origin", "none"}) {
        auto asked = here.request();
        asked.headers.emplace_back("Sec-Fetch-Site", site);
        CHECK(here.wait(here.door->provider_start(asked)));
    }
}

TEST_CASE("what a sign-in kept in the browser on its way is taken away when it is back, and one that goes on stays", "[recheck]")
{
    recheck_stage here;
    constexpr std::string_view taken = "__Host-halfmast-sign-in=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0; Secure";
    auto back = here.way_back();
    auto made = here.wait(here.door->provider_return(back));
    REQUIRE(made);
    CHECK(made->journey_over == taken);
    // Its state is spent, and so is its cookie.
    auto again = here.wait(here.door->provider_return(back));
    REQUIRE_FALSE(again);
    CHECK(find_header(again.error().headers, "Set-Cookie") == taken);
    // Who is refused has no use for it either.
    here.id.groups = {"staff"};
    auto refused = here.wait(here.door->provider_return(here.way_back()));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().status == 403);
    CHECK(find_header(refused.error().headers, "Set-Cookie") == taken);
    // Two tabs have one cookie, that of the second: the first comes to nothing, and does not take the second along.
    here.id.groups = {"managers"};
    auto first = here.way_back();
    auto second = here.way_back();
    first.headers = second.headers;
    auto failed = here.wait(here.door->provider_return(first));
    REQUIRE_FALSE(failed);
    CHECK(find_header(failed.error().headers, "Set-Cookie").empty());
    CHECK(here.wait(here.door->provider_return(second)));
    // One that nobody came back from in time is worth nothing.
    auto late = here.way_back();
    here.id.now += 11min;
    auto too_late = here.wait(here.door->provider_return(late));
    REQUIRE_FALSE(too_late);
    CHECK(find_header(too_late.error().headers, "Set-Cookie") == taken);
    auto elsewhere = here.way_back();
    elsewhere.headers.pop_back();
    auto stranger = here.wait(here.door->provider_return(elsewhere));
    REQUIRE_FALSE(stranger);
    CHECK(find_header(stranger.error().headers, "Set-Cookie").empty());
}

TEST_CASE("other sessions are ended by one that has just begun", "[recheck]")
{
    recheck_stage here;
    here.sign_in();
    auto old = here.cookie;
    here.cookie.clear();
    here.id.now += 11min;
    here.sign_in();
    auto mine = here.who();
    auto known = here.door->sessions(mine);
    REQUIRE(known.size() == 2);
    CHECK(known[0].asking);
    CHECK(known[0].way == "provider");
    CHECK(known[0].ends_at == known[0].made_at + 12h);
    // The one that began eleven minutes ago may end itself and no other.
    std::swap(here.cookie, old);
    auto theirs = here.who();
    auto refused = here.wait(here.door->end_sessions(theirs, known[0].id, ""));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().type == "sign-in-again");
    auto all = here.wait(here.door->end_sessions(mine, "", ""));
    REQUIRE(all);
    REQUIRE(all->size() == 1);
    CHECK((*all)[0].id == known[1].id);
    CHECK(here.noted.back().what == access_noted::act::session_ended);
    CHECK(here.noted.back().why.find(known[1].id) != std::string::npos);
    CHECK(here.id.forgotten == std::vector<std::string>{"rt-1"});
    CHECK(here.who().how == api::visitor::proof::none);
    std::swap(here.cookie, old);
    CHECK(here.who().how == api::visitor::proof::session);
    auto nobody = here.wait(here.door->end_sessions(mine, "s-0000000000000000", ""));
    REQUIRE_FALSE(nobody);
    CHECK(nobody.error().status == 404);
    auto of_another = here.wait(here.door->end_sessions(mine, "", "olaf"));
    REQUIRE_FALSE(of_another);
    CHECK(of_another.error().status == 403);
    auto own = here.wait(here.door->end_sessions(mine, known[0].id, ""));
    REQUIRE(own);
    CHECK(here.who().how == api::visitor::proof::none);
}
