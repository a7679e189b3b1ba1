// The gate whole: requests in, who it is out; on a clock that the test moves, with a provider that answers what the test wants.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/access/gate.hpp"
#include "daemon/access/places.hpp"
#include "daemon/access/secrets.hpp"
#include "tests/access/signer.hpp"
#include "tests/access/result_text.hpp"

using namespace halfmast;
using namespace halfmast::access;
using namespace halfmast::access::testing;
using namespace std::chrono_literals;
using proof = api::visitor::proof;
namespace fs = std::filesystem;

namespace {

const std::string right_password = "correct horse";

const std::string& hash_of_right()
{
    static const std::string hash = *hash_password(secret{right_password});
    return hash;
}

user make_user(const std::string& name, std::set<role> roles, bool with_password = true)
{
    user made;
    made.name = name;
    made.roles = std::move(roles);
    made.password_hash = with_password ? hash_of_right() : "";
    made.language = "hu";
    return made;
}

class fake_provider final : public http_port {
public:
    std::map<std::string, http_response> answers;  // by url
    std::vector<http_request> asked;

    void give(const std::string& url, const json& body, int status = 200)
    {
        http_response made;
        made.status = status;
        made.body = body.dump();
        answers[url] = made;
    }
    asio::awaitable<result<http_response>> fetch(http_request request) override
    {
        asked.push_back(request);
        auto found = answers.find(request.url);
        if (found == answers.end())
            co_return problem{failure::unreachable, "nobody there", {}};
        co_return found->second;
    }
};

struct door_stage {
    fs::path folder = fs::temp_directory_path() / ("halfmast-access-" + std::to_string(::getpid()));
    asio::io_context context{1};
    time_point now = *parse_rfc3339("2026-03-01T08:00:00Z");
    std::vector<access_noted> noted;
    std::string trouble;
    fake_provider http;
    std::set<std::string> groups;
    options wanted;
    std::unique_ptr<gate> door;

    door_stage()
    {
        fs::create_directories(folder);
        wanted.set = true;
        wanted.users = {make_user("maria", {role::manager}), make_user("olaf", {role::ops}),
                        make_user("ada", {role::admin}, false)};
    }
    ~door_stage()
    {
        door.reset();
        fs::remove_all(folder);
    }

    gate& open()
    {
        surroundings around;
        around.home = context.get_executor();
        around.clock = [this] { return now; };
        around.note = [this](access_noted what) { noted.push_back(std::move(what)); };
        around.trouble = [this](std::string why) { trouble = std::move(why); };
        around.http = &http;
        around.file = (folder / "access.json").string();
        around.groups_of = [this](const net::peer&) { return groups; };
        door.reset();
        door = std::make_unique<gate>(wanted, std::move(around));
        return *door;
    }

    template <class T>
    T wait(asio::awaitable<T> work)
    {
        context.restart();
        auto answer = asio::co_spawn(context, std::move(work), asio::use_future);
        context.run();
        return answer.get();
    }

    [[nodiscard]] int refusals() const
    {
        return static_cast<int>(std::ranges::count(noted, access_noted::act::refused, &access_noted::what));
    }
};

net::server_request over_tcp(const std::string& method = "GET", const std::string& remote = "127.0.0.1:5000")
{
    net::server_request made;
    made.method = method;
    made.path = "/api/v1/status";
    made.remote = remote;
    made.headers.emplace_back("Host", "localhost:7413");
    return made;
}

net::server_request with_header(net::server_request request, const std::string& name, const std::string& value)
{
    request.headers.emplace_back(name, value);
    return request;
}

net::server_request over_socket(const std::string& user, unsigned uid = 54'321)
{
    net::server_request made;
    made.method = "POST";
    made.remote = "unix";
    made.from = net::peer{uid, uid, 1, user};
    return made;
}

std::string cookie_of(const api::made_session& made) { return made.cookie.substr(0, made.cookie.find(';')); }

api::visitor admin_visitor()
{
    api::visitor who;
    who.how = proof::socket;
    who.by = actor_id{"ada"};
    who.roles = {role::admin};
    return who;
}

api::outcome_of<api::made_session> sign_in(door_stage& here, const std::string& user, const std::string& password,
                                           const std::string& remote = "127.0.0.1:5000")
{
    auto request = over_tcp("POST", remote);
    return here.wait(here.door->sign_in(request, user, password));
}

api::made_token make_token(door_stage& here, std::set<role> roles, std::optional<milliseconds> lasts = std::nullopt,
                           const std::string& user = "ci")
{
    api::token_wish wish;
    wish.name = "pipeline";
    wish.roles = std::move(roles);
    wish.lasts = lasts;
    wish.user = user;
    auto made = here.wait(here.door->make_token(admin_visitor(), wish));
    REQUIRE(made);
    return *made;
}

}  // namespace

TEST_CASE("over the socket it is the kernel's word; roles come from groups and people, and raising is for all", "[gate]")
{
    door_stage here;
    here.open();
    CHECK(here.door->look(over_socket("anna")).who.roles.size() == every_role.size());  // no groups are set
    here.wanted.unix_groups = {{"social", {role::manager}}, {"desk", {role::ops}}};
    here.open();
    here.groups = {"social", "desk", "users"};
    auto both = here.door->look(over_socket("anna")).who;
    CHECK(both.how == proof::socket);
    CHECK(both.by.value == "anna");
    CHECK(both.roles == std::set{role::manager, role::ops});
    here.groups = {"users"};
    CHECK(here.door->look(over_socket("anna")).who.roles == both.roles);  // asked again after a minute
    here.now += 1min;
    CHECK(here.door->look(over_socket("anna")).who.roles == std::set{role::on_call});
    CHECK(here.door->look(over_socket("olaf", 54'322)).who.roles == std::set{role::ops});
    CHECK(here.door->look(over_socket("root", 0)).who.roles.size() == every_role.size());
    // What a header says counts for nothing there.
    CHECK(here.door->look(with_header(over_socket("anna"), "Authorization", "Bearer hm_x")).who.by.value == "anna");
}

TEST_CASE("over TCP: without any settings loopback reads, with them nobody does without a proof, and no other host's name is ours",
          "[gate]")
{
    door_stage here;
    here.wanted.set = false;
    here.wanted.users.clear();
    here.open();
    CHECK(here.door->look(over_tcp()).who.how == proof::loopback);
    CHECK(here.door->look(over_tcp("GET", "10.0.0.9:5")).who.how == proof::none);
    here.wanted.set = true;
    here.wanted.url = "https://halfmast.acme.example";
    here.wanted.listen = "10.0.0.1:7413";
    here.open();
    CHECK(here.door->look(over_tcp()).who.how == proof::none);
    for (auto good : {"localhost", "[::1]:7413", "halfmast.acme.example", "HALFMAST.acme.example:443", "10.0.0.1:7413"}) {
        auto request = over_tcp();
        request.headers.front().second = good;
        INFO(good);
        CHECK_FALSE(here.door->look(request).refused);
    }
    for (auto bad : {"", "evil.example", "halfmast.acme.example.evil", "10.0.0.2", "halfmast.acme.example:8443"}) {
        auto request = over_tcp();
        request.headers.front().second = bad;
        INFO(bad);
        REQUIRE(here.door->look(request).refused);
        CHECK(here.door->look(request).refused->status == 403);
    }
}

TEST_CASE("a password signs in; its cookie proves who it is, and changes nothing without the CSRF token", "[gate]")
{
    door_stage here;
    here.open();
    auto made = sign_in(here, "maria", right_password);
    REQUIRE(made);
    CHECK(made->cookie.starts_with("halfmast-7413="));
    CHECK(made->cookie.find("; HttpOnly; SameSite=Strict") != std::string::npos);
    CHECK(made->who.roles == std::set{role::manager});
    CHECK(made->who.language == "hu");
    REQUIRE(here.noted.size() == 1);
    CHECK(here.noted[0].what == access_noted::act::signed_in);
    CHECK(here.noted[0].by.value == "maria");

    auto reads = here.door->look(with_header(over_tcp(), "Cookie", cookie_of(*made)));
    CHECK(reads.who.how == proof::session);
    CHECK(reads.who.by.value == "maria");
    CHECK(reads.who.csrf == made->who.csrf);
    CHECK_FALSE(reads.who.may_be_forged);
    auto changes = with_header(over_tcp("POST"), "Cookie", cookie_of(*made));
    CHECK(here.door->look(changes).who.may_be_forged);
    CHECK(here.door->look(with_header(changes, "X-CSRF-Token", "x")).who.may_be_forged);
    CHECK_FALSE(here.door->look(with_header(changes, "X-CSRF-Token", made->who.csrf)).who.may_be_forged);
    auto foreign = with_header(with_header(changes, "X-CSRF-Token", made->who.csrf), "Origin", "https://evil.example");
    REQUIRE(here.door->look(foreign).refused);
    CHECK(here.door->look(foreign).refused->type == "foreign-page");
    CHECK_FALSE(
        here.door->look(with_header(with_header(changes, "X-CSRF-Token", made->who.csrf), "Origin", "http://localhost:7413"))
            .refused);
    CHECK(here.door->look(with_header(over_tcp(), "Cookie", "halfmast-7413=guess")).who.how == proof::none);
    CHECK(here.door->look(with_header(over_tcp(), "Cookie", "__Host-" + cookie_of(*made))).who.how == proof::none);

    auto request = over_tcp("DELETE");
    auto gone = here.wait(here.door->sign_out(request, reads.who));
    CHECK(gone.find("Max-Age=0") != std::string::npos);
    CHECK(here.door->look(with_header(over_tcp(), "Cookie", cookie_of(*made))).who.how == proof::none);
}

TEST_CASE("over TLS, or behind a proxy that has it, the cookie is one that no neighbour can plant", "[gate]")
{
    door_stage here;
    here.wanted.url = "https://halfmast.acme.example";
    here.open();
    auto request = over_tcp("POST");
    request.headers.front().second = "halfmast.acme.example";
    auto proxied = here.wait(here.door->sign_in(request, "maria", right_password));
    REQUIRE(proxied);
    CHECK(proxied->cookie.starts_with("__Host-halfmast="));
    CHECK(proxied->cookie.ends_with("; Secure"));
    auto direct = over_tcp("POST");
    direct.tls = true;
    CHECK(here.wait(here.door->sign_in(direct, "maria", right_password))->cookie.starts_with("__Host-halfmast-7413="));
}

TEST_CASE("two daemons on one host have one jar of cookies, and neither signs anybody out of the other", "[gate]")
{
    door_stage here;
    here.open();
    auto beside = over_tcp("POST");
    beside.headers.front().second = "localhost:7414";
    auto ours = sign_in(here, "maria", right_password);
    REQUIRE(ours);
    // A browser keeps both, and sends both to both.
    auto both = cookie_of(*ours) + "; halfmast-7414=of-the-other";
    CHECK(here.door->look(with_header(over_tcp(), "Cookie", both)).who.how == proof::session);
    CHECK(here.door->look(with_header(over_tcp(), "Cookie", "halfmast=of-a-third; " + both)).who.how == proof::session);
    auto theirs = here.wait(here.door->sign_in(with_header(beside, "Cookie", cookie_of(*ours)), "maria", right_password));
    REQUIRE(theirs);
    CHECK(theirs->cookie.starts_with("halfmast-7414="));
    CHECK(here.door->look(with_header(over_tcp(), "Cookie", cookie_of(*ours))).who.how == proof::session);
    CHECK(here.door->look(with_header(beside, "Cookie", cookie_of(*ours))).who.how == proof::none);
    auto gone = here.wait(here.door->sign_out(over_tcp("DELETE"), here.door->look(with_header(over_tcp(), "Cookie", both)).who));
    CHECK(gone.starts_with("halfmast-7413=;"));
    CHECK(here.noted.back().what == access_noted::act::session_ended);
    CHECK(here.noted.back().by.value == "maria");
}

TEST_CASE("a session ends by itself, with another password, with its person, and with nothing else", "[gate]")
{
    door_stage here;
    here.open();
    auto cookie = cookie_of(*sign_in(here, "maria", right_password));
    auto is_in = [&] { return here.door->look(with_header(over_tcp(), "Cookie", cookie)).who.how == proof::session; };
    CHECK(is_in());
    here.open();  // a restart
    CHECK(is_in());
    here.wanted.users[0].roles = {role::auditor};
    here.door->renew(here.wanted);
    CHECK(here.door->look(with_header(over_tcp(), "Cookie", cookie)).who.roles == std::set{role::auditor});
    here.wanted.users[0].password_hash = *hash_password(secret{"another horse"});
    here.door->renew(here.wanted);
    CHECK_FALSE(is_in());
    here.wanted.users[0].password_hash = hash_of_right();
    here.door->renew(here.wanted);
    CHECK_FALSE(is_in());  // over is over
    cookie = cookie_of(*sign_in(here, "maria", right_password));
    here.now += 119min;
    CHECK(is_in());
    here.now += 2h;
    CHECK_FALSE(is_in());
    cookie = cookie_of(*sign_in(here, "maria", right_password));
    here.wanted.users.erase(here.wanted.users.begin());
    here.door->renew(here.wanted);
    CHECK_FALSE(is_in());
}

TEST_CASE("a wrong password, an unknown person and one without a password look alike, are recorded, and soon have to wait",
          "[gate]")
{
    door_stage here;
    here.open();
    for (const auto& [user, password] : std::vector<std::pair<std::string, std::string>>{
             {"maria", "wrong horse"}, {"nobody", right_password}, {"ada", ""}, {"ada", right_password}}) {
        auto made = sign_in(here, user, password);
        REQUIRE_FALSE(made);
        CHECK(made.error().status == 401);
        CHECK(made.error().detail == "the name or the password is wrong");
    }
    CHECK(here.refusals() == 4);
    for (const auto& one : here.noted)
        CHECK(one.why.find("horse") == std::string::npos);
    for (int i = 4; i < 10; ++i)
        CHECK(sign_in(here, "maria", "wrong horse").error().status == 401);
    auto late = sign_in(here, "maria", right_password);
    REQUIRE_FALSE(late);
    CHECK(late.error().status == 429);
    CHECK(find_header(late.error().headers, "Retry-After") == "10");
    // The same person, from elsewhere: one wrong address keeps nobody out.
    CHECK(sign_in(here, "maria", right_password, "10.1.1.1:9"));
    // From everywhere at once: the name has its own limit.
    int refused = 0;
    for (int i = 0; i < 30; ++i)
        refused += sign_in(here, "olaf", "wrong horse", "10.2.0." + std::to_string(i) + ":9").error().status == 429;
    CHECK(refused == 20);
    here.now += 10min;
    CHECK(sign_in(here, "olaf", right_password));
}

TEST_CASE("tokens: shown once, with their own roles, until they end or are revoked; kept over a restart, as a hash", "[gate]")
{
    door_stage here;
    here.open();
    auto made = make_token(here, {role::ops}, 1h);
    CHECK(made.secret.starts_with("hm_"));
    auto asks = with_header(over_tcp("POST"), "Authorization", "Bearer " + made.secret);
    auto who = here.door->look(asks).who;
    CHECK(who.how == proof::token);
    CHECK(who.by.value == "ci");
    CHECK(who.roles == std::set{role::ops});
    CHECK_FALSE(who.may_be_forged);
    here.open();
    CHECK(here.door->look(asks).who.how == proof::token);
    std::ifstream file{here.folder / "access.json"};
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    CHECK(text.find(made.secret) == std::string::npos);
    CHECK(text.find(hash_of(made.secret)) != std::string::npos);
    struct stat about {};
    REQUIRE(::stat((here.folder / "access.json").c_str(), &about) == 0);
    CHECK((about.st_mode & 0777) == 0600);
    here.now += 1h;
    REQUIRE(here.door->look(asks).refused);
    CHECK(here.door->look(asks).refused->status == 401);
    auto other = make_token(here, {role::admin});
    auto asks_other = with_header(over_tcp(), "Authorization", "bearer " + other.secret);
    CHECK(here.door->look(asks_other).who.roles == std::set{role::admin});
    CHECK(here.door->tokens().size() == 1);
    CHECK(here.wait(here.door->revoke_token(admin_visitor(), other.entry.id)));
    CHECK(here.door->look(asks_other).refused);
    CHECK_FALSE(here.wait(here.door->revoke_token(admin_visitor(), other.entry.id)));
    for (const auto& one : here.noted)
        CHECK(one.why.find("hm_") == std::string::npos);
    for (auto bad : {"Bearer hm_", "Bearer", "Basic bWFyaWE6eA==", "Bearer hm_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}) {
        INFO(bad);
        CHECK(here.door->look(with_header(over_tcp(), "Authorization", bad)).refused);
    }
}

TEST_CASE("whoever guesses tokens has to wait, and whoever asks too often too", "[gate]")
{
    door_stage here;
    here.open();
    auto good = make_token(here, {role::ops});
    auto guess = [&](const std::string& remote) {
        return here.door->look(with_header(over_tcp("GET", remote), "Authorization", "Bearer hm_" + random_text())).refused->status;
    };
    int refused = 0;
    for (int i = 0; i < 50; ++i)
        refused += guess("10.3.0.1:1") == 429;
    CHECK(refused == 40);
    CHECK(guess("10.3.0.2:1") == 401);
    CHECK_FALSE(here.door->look(with_header(over_tcp("GET", "10.3.0.1:2"), "Authorization", "Bearer " + good.secret)).refused);
    int turned_away = 0;
    for (int i = 0; i < 300; ++i)
        turned_away += here.door->look(over_tcp("GET", "10.3.0.9:1")).refused.has_value();
    CHECK(turned_away == 100);
}

TEST_CASE("a login link signs in once; for oneself, or for others by an admin", "[gate]")
{
    door_stage here;
    here.wanted.url = "https://halfmast.acme.example";
    here.open();
    auto made = here.wait(here.door->make_link(admin_visitor(), "maria"));
    REQUIRE(made);
    CHECK(made->url == "https://halfmast.acme.example" + made->path);
    auto secret = made->path.substr(std::string{"/login/"}.size());
    CHECK(here.door->link_is_for(secret)->value == "maria");
    CHECK(here.door->link_is_for(secret)->value == "maria");  // looking spends nothing
    auto request = over_tcp("POST");
    auto session = here.wait(here.door->use_link(request, secret));
    REQUIRE(session);
    CHECK(session->who.roles == std::set{role::manager});
    CHECK_FALSE(here.door->link_is_for(secret));
    CHECK(here.wait(here.door->use_link(request, secret)).error().status == 401);
    for (const auto& one : here.noted)
        CHECK(one.why.find(secret) == std::string::npos);

    api::visitor olaf;
    olaf.how = proof::session;
    olaf.by = actor_id{"olaf"};
    olaf.roles = {role::ops};
    CHECK(here.wait(here.door->make_link(olaf, "")));
    CHECK(here.wait(here.door->make_link(olaf, "maria")).error().status == 403);
    CHECK(here.wait(here.door->make_link(admin_visitor(), "stranger")).error().status == 422);
    // Somebody of this machine who is in no settings takes their own roles along, and no more.
    api::visitor anna = here.door->look(over_socket("anna")).who;
    anna.roles = {role::on_call};
    auto own = here.wait(here.door->make_link(anna, ""));
    REQUIRE(own);
    CHECK(here.wait(here.door->use_link(request, own->path.substr(7)))->who.roles == std::set{role::on_call});
    auto slow = here.wait(here.door->make_link(olaf, ""));
    here.now += 10min;
    CHECK(here.wait(here.door->use_link(request, slow->path.substr(7))).error().status == 401);
}

TEST_CASE("a file that cannot be read is not written over, and it is said", "[gate]")
{
    door_stage here;
    auto path = here.folder / "access.json";
    std::ofstream{path} << "{ damaged";
    here.open();
    CHECK(here.trouble.find("damaged") != std::string::npos);
    auto made = sign_in(here, "maria", right_password);  // for as long as the daemon runs
    REQUIRE(made);
    CHECK(here.door->look(with_header(over_tcp(), "Cookie", cookie_of(*made))).who.how == proof::session);
    api::token_wish wish;
    wish.name = "x";
    wish.roles = {role::ops};
    CHECK(here.wait(here.door->make_token(admin_visitor(), wish)).error().status == 503);
    CHECK(here.door->tokens().empty());
    std::ifstream file{path};
    std::string text;
    std::getline(file, text);
    CHECK(text == "{ damaged");
}

TEST_CASE("a client certificate of ours is a proof for the person it belongs to", "[gate]")
{
    door_stage here;
    here.wanted.users[1].certificate = "olaf's laptop";
    here.open();
    auto request = over_tcp("POST");
    request.tls = true;
    request.certificate = "olaf's laptop";
    CHECK(here.door->look(request).who.how == proof::certificate);
    CHECK(here.door->look(request).who.by.value == "olaf");
    request.certificate = "another";
    CHECK(here.door->look(request).who.how == proof::none);
    request.certificate.clear();
    CHECK(here.door->look(request).who.how == proof::none);
}
