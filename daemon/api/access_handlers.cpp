// Signing in and out, tokens, login links, and the way through the organisation's provider. Who may come in is decided by the
// doorkeeper.
#include <algorithm>
#include <array>
#include <set>

#include <nlohmann/json.hpp>

#include "daemon/api/handlers.hpp"

namespace halfmast::api {

namespace {

constexpr std::size_t longest_credential = 2'000;

// The members of a small body. A wrong one is a fault that names it.
class small_body {
public:
    small_body(const std::string& text, std::initializer_list<std::string_view> known)
    {
        value_ = nlohmann::json::parse(text.empty() ? "{}" : text, nullptr, false);
        if (!value_.is_object()) {
            fault_ = "the body must be a JSON object";
            value_ = nlohmann::json::object();
        }
        for (const auto& [name, member] : value_.items())
            if (std::ranges::find(known, std::string_view{name}) == known.end())
                note("'" + name + "' is no member of this");
    }

    std::string text(const char* name, bool needed = false)
    {
        auto found = value_.find(name);
        if (found == value_.end() && !needed)
            return {};
        if (found == value_.end() || !found->is_string() || found->get_ref<const std::string&>().size() > longest_credential) {
            note(std::string{"'"} + name
                 + (found == value_.end() ? "' is missing" : "' must be a string, and not a very long one"));
            return {};
        }
        return *found;
    }

    std::set<role> roles(const char* name)
    {
        std::set<role> all;
        auto found = value_.find(name);
        if (found == value_.end() || !found->is_array()) {
            note(std::string{"'"} + name + "' must be a list of roles");
            return all;
        }
        for (const auto& one : *found) {
            auto known = one.is_string() ? role_named(one.get<std::string>()) : std::nullopt;
            if (known)
                all.insert(*known);
            else
                note("'" + (one.is_string() ? one.get<std::string>() : one.dump())
                     + "' is no role; ops, manager, on_call, auditor and admin are");
        }
        return all;
    }

    std::optional<milliseconds> duration(const char* name)
    {
        auto text_given = text(name);
        if (text_given.empty())
            return std::nullopt;
        auto length = parse_duration(text_given);
        if (!length)
            note(std::string{"'"} + name + "': '" + text_given + "' is no duration such as 90d or 12h");
        return length;
    }

    [[nodiscard]] const std::string& fault() const { return fault_; }

private:
    void note(std::string text)
    {
        if (fault_.empty())
            fault_ = std::move(text);
    }

    nlohmann::json value_;
    std::string fault_;
};

document roles_member(const std::set<role>& roles)
{
    auto all = document::array();
    for (auto one : roles)
        all.push_back(to_string(one));
    return all;
}

document session_message(const visitor& who)
{
    document made;
    made["schema"] = "halfmast.session/1";
    made["user"] = who.by.value;
    made["roles"] = roles_member(who.roles);
    auto all = document::array();
    for (auto what : {may::read, may::raise, may::lower, may::hold, may::review, may::release, may::say, may::acknowledge,
                      may::audit, may::administer})
        if (allows(who.roles, what))
            all.push_back(to_string(what));
    made["may"] = std::move(all);
    made["csrf"] = who.csrf;
    made["language"] = who.language;
    return made;
}

document token_member(const token_entry& one)
{
    document made;
    made["id"] = one.id;
    made["name"] = one.name;
    made["user"] = one.user.value;
    made["by"] = one.by.value;
    made["roles"] = roles_member(one.roles);
    made["made_at"] = format_utc(one.made_at);
    made["ends_at"] = one.ends_at ? document(format_utc(*one.ends_at)) : document(nullptr);
    made["used_at"] = one.used_at ? document(format_utc(*one.used_at)) : document(nullptr);
    return made;
}

document session_member(const session_entry& one)
{
    document made;
    made["id"] = one.id;
    made["user"] = one.user.value;
    made["way"] = one.way;
    made["made_at"] = format_utc(one.made_at);
    made["seen_at"] = format_utc(one.seen_at);
    made["ends_at"] = format_utc(one.ends_at);
    made["asking"] = one.asking;
    return made;
}

document sessions_message(const std::vector<session_entry>& sessions)
{
    document made;
    made["schema"] = "halfmast.sessions/1";
    auto all = document::array();
    for (const auto& one : sessions)
        all.push_back(session_member(one));
    made["sessions"] = std::move(all);
    return made;
}

// ---- pages for people whose console is not loaded yet ----

struct page_words {
    std::string_view language;
    std::string_view sign_in_as;
    std::string_view over;
    std::string_view home;
    std::string_view refused;
};

constexpr std::array all_page_words{
    page_words{"en", "Sign in as", "This link was used or has expired. Make another: halfmast login-link", "To the start page",
               "Signing in failed"},
    page_words{"hu", "Bejelentkezés mint",
               "Ez a hivatkozás már nem használható: felhasználták, vagy lejárt. Új készítése: halfmast login-link", "A kezdőlapra",
               "A bejelentkezés nem sikerült"},
    page_words{"ru", "Войти как", "Эта ссылка уже использована или устарела. Создать новую: halfmast login-link", "На главную",
               "Войти не удалось"},
    page_words{"zh", "登录为", "此链接已使用或已失效。重新生成：halfmast login-link", "返回首页", "登录失败"},
};

// The first language of the browser that we have.
const page_words& words_for(const net::server_request& request)
{
    auto wanted = find_header(request.headers, "Accept-Language");
    while (!wanted.empty()) {
        auto end = std::min(wanted.find(','), wanted.size());
        auto one = wanted.substr(0, end);
        wanted.remove_prefix(std::min(end + 1, wanted.size()));
        while (one.starts_with(' '))
            one.remove_prefix(1);
        for (const auto& words : all_page_words)
            if (one.starts_with(words.language))
                return words;
    }
    return all_page_words.front();
}

std::string escaped(std::string_view text)
{
    std::string made;
    for (char c : text) {
        if (c == '<')
            made += "&lt;";
        else if (c == '>')
            made += "&gt;";
        else if (c == '&')
            made += "&amp;";
        else if (c == '"')
            made += "&quot;";
        else
            made += c;
    }
    return made;
}

net::server_response small_page(int status, const page_words& words, const std::string& body)
{
    net::server_response made{status, {}};
    made.content_type = "text/html; charset=utf-8";
    made.headers.emplace_back("Content-Security-Policy",
                              "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
    // The address is the secret, so no other site learns it. Not "no-referrer": with it browsers send the form with "Origin: null".
    made.headers.emplace_back("Referrer-Policy", "same-origin");
    made.body = "<!doctype html><html lang=\"" + std::string{words.language}
        + "\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
          "content=\"width=device-width\"><title>halfmast</title><main><h1>halfmast</h1>"
        + body + "</main></html>\n";
    return made;
}

net::server_response trouble_page(const net::server_request& request, const trouble& what)
{
    const auto& words = words_for(request);
    auto body = "<p>" + std::string{words.refused} + ": " + escaped(what.detail) + "</p><p><a href=\"/\">" + std::string{words.home}
                + "</a></p>";
    auto made = small_page(what.status, words, body);
    for (const auto& [name, value] : what.headers)
        made.headers.emplace_back(name, value);
    return made;
}

net::server_response go_to(std::string place, std::string cookie)
{
    net::server_response made{303, {}};
    made.content_type.clear();
    made.headers.emplace_back("Location", std::move(place));
    made.headers.emplace_back("Set-Cookie", std::move(cookie));
    return made;
}

}  // namespace

namespace handlers {

response sign_in(const call& asked)
{
    small_body body{asked.request.body, {"user", "password"}};
    auto user = body.text("user", true);
    auto password = body.text("password", true);
    if (!body.fault().empty())
        co_return to_response(bad_request(body.fault()));
    auto made = co_await asked.door.sign_in(asked.request, std::move(user), std::move(password));
    if (!made)
        co_return to_response(made.error());
    auto given = json(200, session_message(made->who));
    given.headers.emplace_back("Set-Cookie", made->cookie);
    co_return given;
}

response show_session(const call& asked)
{
    if (asked.who.how != visitor::proof::none && asked.who.how != visitor::proof::loopback)
        co_return json(200, session_message(asked.who));
    trouble nobody{401, 4, "not-signed-in", "Nobody is signed in", "sign in by one of the ways"};
    auto given = to_response(nobody);
    auto body = document::parse(given.body);
    body["ways"] = asked.door.ways();
    body["reads"] = !refuse(asked.who, may::read).has_value();  // over loopback nobody has to sign in to look
    given.body = dump(body);
    co_return given;
}

response sign_out(const call& asked)
{
    if (asked.who.may_be_forged)
        co_return to_response(*refuse(asked.who, may::read));
    auto who = asked.who;
    auto cookie = co_await asked.door.sign_out(asked.request, std::move(who));
    net::server_response given{204, {}};
    if (!cookie.empty())
        given.headers.emplace_back("Set-Cookie", cookie);
    co_return given;
}

response list_sessions(const call& asked)
{
    if (auto wrong = unknown_member(asked, {}))
        co_return to_response(*wrong);
    co_return json(200, sessions_message(asked.door.sessions(asked.who)));
}

namespace {

net::server_response answer_ended(const outcome_of<std::vector<session_entry>>& ended)
{
    return ended ? json(200, sessions_message(*ended)) : to_response(ended.error());
}

}  // namespace

response end_session(const call& asked)
{
    auto by = asked.who;
    auto id = asked.parts.at(0);
    std::string nobody;
    auto ended = co_await asked.door.end_sessions(std::move(by), std::move(id), std::move(nobody));
    co_return answer_ended(ended);
}

response end_sessions(const call& asked)
{
    small_body body{asked.request.body, {"user"}};
    auto user = body.text("user");
    if (!body.fault().empty())
        co_return to_response(bad_request(body.fault()));
    auto by = asked.who;
    std::string all;
    auto ended = co_await asked.door.end_sessions(std::move(by), std::move(all), std::move(user));
    co_return answer_ended(ended);
}

response list_tokens(const call& asked)
{
    auto all = document::array();
    for (const auto& one : asked.door.tokens())
        all.push_back(token_member(one));
    document message;
    message["schema"] = "halfmast.tokens/1";
    message["tokens"] = std::move(all);
    co_return json(200, message);
}

response make_token(const call& asked)
{
    small_body body{asked.request.body, {"name", "roles", "expires", "user"}};
    token_wish wish;
    wish.name = body.text("name", true);
    wish.roles = body.roles("roles");
    wish.lasts = body.duration("expires");
    wish.user = body.text("user");
    if (!body.fault().empty())
        co_return to_response(bad_request(body.fault()));
    auto by = asked.who;
    auto made = co_await asked.door.make_token(std::move(by), std::move(wish));
    if (!made)
        co_return to_response(made.error());
    document message;
    message["schema"] = "halfmast.token/1";
    message.update(token_member(made->entry));
    message["token"] = made->secret;
    co_return json(201, message);
}

response revoke_token(const call& asked)
{
    auto by = asked.who;
    auto id = asked.parts.at(0);
    auto gone = co_await asked.door.revoke_token(std::move(by), std::move(id));
    if (!gone)
        co_return to_response(gone.error());
    document message;
    message["schema"] = "halfmast.token/1";
    message.update(token_member(*gone));
    co_return json(200, message);
}

response make_link(const call& asked)
{
    if (asked.who.how == visitor::proof::loopback)
        co_return to_response(trouble{401, 4, "not-signed-in", "Nobody is signed in",
                                      "a login link is made by somebody who is known: over the control socket, or signed in"});
    small_body body{asked.request.body, {"user"}};
    auto user = body.text("user");
    if (!body.fault().empty())
        co_return to_response(bad_request(body.fault()));
    auto by = asked.who;
    auto made = co_await asked.door.make_link(std::move(by), std::move(user));
    if (!made)
        co_return to_response(made.error());
    document message;
    message["schema"] = "halfmast.login-link/1";
    message["url"] = made->url.empty() ? document(nullptr) : document(made->url);
    message["path"] = made->path;
    message["user"] = made->user.value;
    message["ends_at"] = format_utc(made->ends_at);
    co_return json(201, message);
}

// Shows a button and spends nothing: programs that look at links in messages open them too.
response show_link(const call& asked)
{
    const auto& words = words_for(asked.request);
    auto user = asked.door.link_is_for(asked.parts.at(0));
    if (!user)
        co_return small_page(410, words, "<p>" + std::string{words.over} + "</p>");
    auto button = std::string{words.sign_in_as} + " " + escaped(user->value);
    co_return small_page(200, words, "<form method=\"post\"><button autofocus>" + button + "</button></form>");
}

response use_link(const call& asked)
{
    auto secret = asked.parts.at(0);
    auto made = co_await asked.door.use_link(asked.request, std::move(secret));
    if (!made)
        co_return trouble_page(asked.request, made.error());
    co_return go_to("/", made->cookie);
}

response provider_start(const call& asked)
{
    auto made = co_await asked.door.provider_start(asked.request);
    if (!made)
        co_return trouble_page(asked.request, made.error());
    co_return go_to(made->url, made->cookie);
}

// A page and no redirect: what is asked for on the way from the provider's site comes without a strict cookie.
response provider_return(const call& asked)
{
    auto made = co_await asked.door.provider_return(asked.request);
    if (!made)
        co_return trouble_page(asked.request, made.error());
    const auto& words = words_for(asked.request);
    auto given = small_page(200, words, "<p><a href=\"/\">" + std::string{words.home} + "</a></p>");
    given.headers.emplace_back("Refresh", "0; url=/");
    given.headers.emplace_back("Set-Cookie", made->cookie);
    if (!made->journey_over.empty())
        given.headers.emplace_back("Set-Cookie", made->journey_over);
    co_return given;
}

}  // namespace handlers

}  // namespace halfmast::api
