// token create, list, revoke; session list, end; login-link, which a phone reads from the terminal.
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>
#include <dlfcn.h>
#include <nlohmann/json.hpp>
#include <qrencode.h>
#include <unistd.h>

#include "daemon/ctl/client.hpp"
#include "daemon/ctl/places.hpp"
#include "daemon/ctl/print.hpp"
#include "daemon/ctl/session.hpp"

namespace halfmast::ctl {

namespace {

struct token_options {
    std::string name;
    std::vector<std::string> roles;
    std::string expires;
    std::string user;
    std::string id;
};

struct session_choice {
    std::string id;
    std::string user;
};

std::string roles_in_words(const document& one)
{
    std::string words;
    for (const auto& name : member_of(one, "roles"))
        words += (words.empty() ? "" : ", ") + name.get<std::string>();
    return words;
}

// What the daemon answers, to scripts as it is; to people a line for each of `member`, or that there is none.
int print_each(const session& all, const reply& answer, const char* member, std::string (*line)(const document&),
               const std::string& none)
{
    if (all.json()) {
        print_json_text(answer.text);
        return exit_code::done;
    }
    auto message = answer.body();
    const auto& list = member_of(message, member);
    for (const auto& one : list)
        std::cout << line(one) << '\n';
    if (list.empty())
        std::cout << none << '\n';
    return exit_code::done;
}

int create_token(const session& all, const token_options& given)
{
    client daemon{socket_path(all)};
    document body;
    body["name"] = given.name;
    body["roles"] = given.roles;
    if (!given.expires.empty())
        body["expires"] = given.expires;
    if (!given.user.empty())
        body["user"] = given.user;
    auto answer = daemon.post("/tokens", body);
    if (all.json()) {
        print_json_text(answer.text);
        return exit_code::done;
    }
    auto made = answer.body();
    // The token alone on standard output, so that it can go into a file.
    std::cout << text_of(made, "token") << '\n' << std::flush;
    std::cerr << "halfmast: token " << safe(text_of(made, "id")) << " for " << safe(text_of(made, "user")) << " ("
              << roles_in_words(made) << "), "
              << (text_of(made, "ends_at").empty() ? "without an end" : "until " + text_of(made, "ends_at"))
              << ". It is shown this once; keep it in a file that only its user can read\n";
    return exit_code::done;
}

std::string token_line(const document& one)
{
    auto ends = text_of(one, "ends_at");
    auto used = text_of(one, "used_at");
    return text_of(one, "id") + "  " + text_of(one, "name") + ": " + text_of(one, "user") + ", " + roles_in_words(one)
           + (ends.empty() ? ", without an end" : ", until " + ends) + (used.empty() ? ", never used" : ", last used " + used);
}

int list_tokens(const session& all)
{
    client daemon{socket_path(all)};
    return print_each(all, daemon.get("/tokens"), "tokens", token_line, "There is no token.");
}

int revoke_token(const session& all, const token_options& given)
{
    client daemon{socket_path(all)};
    auto answer = daemon.remove("/tokens/" + percent_encode(given.id));
    if (all.json())
        print_json_text(answer.text);
    else
        std::cout << "Token " << safe(given.id) << " is refused from now on.\n";
    return exit_code::done;
}

std::string session_line(const document& one)
{
    return text_of(one, "id") + "  " + text_of(one, "user") + ": by " + text_of(one, "way") + ", since " + text_of(one, "made_at")
           + ", last used " + text_of(one, "seen_at") + ", until " + text_of(one, "ends_at");
}

int show_sessions(const session& all)
{
    client daemon{socket_path(all)};
    return print_each(all, daemon.get("/sessions"), "sessions", session_line,
                      "Nobody is signed in to the console whose session you could end.");
}

int end_sessions(const session& all, const session_choice& given)
{
    if (given.id.empty() == given.user.empty())
        throw command_error{exit_code::usage, "usage", "session end: name one session, or with --user whose all are to end"};
    client daemon{socket_path(all)};
    document body;
    body["user"] = given.user;
    auto answer = given.id.empty() ? daemon.post("/sessions/end", body) : daemon.remove("/sessions/" + percent_encode(given.id));
    auto ended = [](const document& one) { return "Ended: " + text_of(one, "id") + " of " + text_of(one, "user"); };
    return print_each(all, answer, "sessions", ended, safe(given.user) + " is signed in nowhere.");
}

// Loaded when it is needed: halfmast itself starts without it, and where it is missing the address alone does too.
class code_printer {
public:
    code_printer() : library_(::dlopen("libqrencode.so.4", RTLD_NOW | RTLD_LOCAL)) {}
    ~code_printer()
    {
        if (library_ != nullptr)
            ::dlclose(library_);
    }
    code_printer(const code_printer&) = delete;
    code_printer& operator=(const code_printer&) = delete;

    // Two rows of the code in each line, black on white whatever the terminal's colours are. False: it cannot.
    bool print(const std::string& text, std::ostream& out)
    {
        auto encode = reinterpret_cast<decltype(&::QRcode_encodeString8bit)>(find("QRcode_encodeString8bit"));
        auto release = reinterpret_cast<decltype(&::QRcode_free)>(find("QRcode_free"));
        if (encode == nullptr || release == nullptr)
            return false;
        auto* code = encode(text.c_str(), 0, QR_ECLEVEL_L);
        if (code == nullptr)
            return false;
        auto is_dark = [&](int x, int y) {
            return x >= 0 && y >= 0 && x < code->width && y < code->width && (code->data[y * code->width + x] & 1) != 0;
        };
        constexpr int quiet = 2;
        for (int y = -quiet; y < code->width + quiet; y += 2) {
            out << "\x1b[30;107m";
            for (int x = -quiet; x < code->width + quiet; ++x)
                out << (is_dark(x, y) ? is_dark(x, y + 1) ? "█" : "▀" : is_dark(x, y + 1) ? "▄" : " ");
            out << "\x1b[0m\n";
        }
        release(code);
        return true;
    }

private:
    void* find(const char* name) { return library_ == nullptr ? nullptr : ::dlsym(library_, name); }

    void* library_;
};

int login_link(const session& all, const std::string& user)
{
    client daemon{socket_path(all)};
    document body = document::object();
    if (!user.empty())
        body["user"] = user;
    auto answer = daemon.post("/login-links", body);
    if (all.json()) {
        print_json_text(answer.text);
        return exit_code::done;
    }
    auto made = answer.body();
    auto url = text_of(made, "url");
    if (url.empty() && !all.url.empty())
        url = all.url + text_of(made, "path");
    if (!url.empty() && isatty(STDOUT_FILENO) != 0)
        code_printer{}.print(url, std::cout);
    std::cout << (url.empty() ? text_of(made, "path") : url) << '\n' << std::flush;
    std::cerr << "halfmast: signs in " << safe(text_of(made, "user")) << ", once, until " << text_of(made, "ends_at")
              << (url.empty() ? ". It stands below the console's address; give [access] url, and it is shown whole" : "") << '\n';
    return exit_code::done;
}

}  // namespace

void add_access(CLI::App& app, session& all)
{
    auto* token = app.add_subcommand("token", "Tokens: what programs and other machines ask with");
    token->require_subcommand(1);
    auto given = std::make_shared<token_options>();
    auto* create = token->add_subcommand("create", "Make one; it is shown this once");
    create->add_option("NAME", given->name, "What it is for")->type_name("")->required();
    create->add_option("--roles", given->roles, "ops, manager, on_call, auditor, admin; several joined by commas")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->type_name("ROLES")
        ->required();
    create->add_option("--expires", given->expires, "Ends after so long; without it never")->type_name("DURATION");
    create->add_option("--user", given->user, "In whose name it asks; else yours")->type_name("NAME");
    create->footer(R"(Examples:
  halfmast token create ci --roles ops --expires 90d --user ci > ci.token
  halfmast --url https://halfmast.acme.example --token-file ci.token status)");
    create->callback([&all, given] { all.command = [&all, given] { return create_token(all, *given); }; });
    auto* list = token->add_subcommand("list", "Those that are taken, without their secrets");
    list->callback([&all] { all.command = [&all] { return list_tokens(all); }; });
    auto* revoke = token->add_subcommand("revoke", "Take one no longer");
    revoke->add_option("ID", given->id, "As 'token list' shows it")->type_name("")->required();
    revoke->callback([&all, given] { all.command = [&all, given] { return revoke_token(all, *given); }; });

    auto* seats = app.add_subcommand("session", "Where people are signed in to the console");
    seats->require_subcommand(1);
    auto choice = std::make_shared<session_choice>();
    auto* shown = seats->add_subcommand("list", "Yours; everybody's with the role admin");
    shown->callback([&all] { all.command = [&all] { return show_sessions(all); }; });
    auto* end = seats->add_subcommand("end", "Whoever asks in it is asked to sign in again");
    end->add_option("ID", choice->id, "As 'session list' shows it")->type_name("");
    end->add_option("--user", choice->user, "All of this person. Somebody else needs the role admin")->type_name("NAME");
    end->footer(R"(Examples:
  halfmast session end s-0f3a9c5512bd7e44
  halfmast session end --user maria)");
    end->callback([&all, choice] { all.command = [&all, choice] { return end_sessions(all, *choice); }; });

    auto user = std::make_shared<std::string>();
    auto* link = app.add_subcommand("login-link", "A link that signs in to the console: once, within ten minutes");
    link->add_option("USER", *user, "Who; you when left out. Somebody else needs the role admin")->type_name("");
    link->footer(R"(On a terminal it is shown as a QR code too, for the camera of a phone.

Examples:
  halfmast login-link
  halfmast login-link maria)");
    link->callback([&all, user] { all.command = [&all, user] { return login_link(all, *user); }; });
}

}  // namespace halfmast::ctl
