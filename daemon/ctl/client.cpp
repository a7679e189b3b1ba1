#include "daemon/ctl/client.hpp"

#include <cerrno>
#include <cstring>

#include <nlohmann/json.hpp>

#include "daemon/ctl/exchange.hpp"
#include "daemon/ctl/interrupt.hpp"

namespace halfmast::ctl {

namespace {

constexpr milliseconds usual_patience{120'000};  // a list of a hundred thousand posts, and doctor, which asks every platform

[[noreturn]] void throw_unreached(const std::string& path, int error)
{
    if (error == EACCES || error == EPERM)
        throw command_error{exit_code::not_allowed, "not-allowed",
                            "you may not use " + path + " (" + std::strerror(error) + "); members of group halfmast may"};
    if (error == ENAMETOOLONG)
        throw command_error{exit_code::usage, "usage", "the path of the socket is too long: " + path};
    std::string why = error == ENOENT ? "there is no socket" : error == ECONNREFUSED ? "nobody listens" : std::strerror(error);
    throw daemon_down{exit_code::unreachable, "unreachable",
                      "the daemon is not reachable at " + path + " (" + why + "); start it with 'systemctl start halfmastd'"};
}

[[noreturn]] void throw_problem(const reply& answer)
{
    auto body = document::parse(answer.text, nullptr, false);
    auto text = [&](const char* name) {
        auto found = body.is_object() ? body.find(name) : body.end();
        return body.is_object() && found != body.end() && found->is_string() ? found->get<std::string>() : std::string{};
    };
    auto type = text("type");
    constexpr std::string_view prefix = "urn:halfmast:problem:";
    if (type.starts_with(prefix))
        type.erase(0, prefix.size());
    auto detail = text("detail");
    if (detail.empty())
        detail = text("title");
    if (detail.empty())
        detail = "the daemon answered " + std::to_string(answer.status) + " without a reason";
    int code = exit_code::failed;
    if (body.is_object())
        if (auto found = body.find("exit_code"); found != body.end() && found->is_number_integer())
            code = found->get<int>();
    auto more = [&](const char* name, const char* inner) {
        const auto outer = body.is_object() && body.contains(name) ? body[name] : document(nullptr);
        auto found = outer.is_object() ? outer.find(inner) : outer.end();
        return outer.is_object() && found != outer.end() && found->is_string() ? found->get<std::string>() : std::string{};
    };
    command_error error{code, type.empty() ? "failed" : type, detail};
    if (type == "changed-at-source") {
        auto before = more("difference", "before");
        auto after = more("difference", "after");
        error = command_error{code, type,
                              detail + "\n  held:  " + before + "\n  there: " + after + "\n  seen:  --seen " + text("etag")};
        error.with("before", before).with("after", after).with("etag", text("etag"));
    } else if (type == "too-near") {
        error.with("free_at", text("free_at"));
    } else if (type == "stale") {
        error.with("by", more("current", "by")).with("at", more("current", "at")).with("etag", more("current", "etag"));
    }
    throw error;
}

}  // namespace

document reply::body() const
{
    auto value = document::parse(text, nullptr, false);
    if (!value.is_object())
        throw command_error{exit_code::failed, "bad-answer",
                            "the daemon's answer is not the JSON object it promises; is it halfmastd?"};
    return value;
}

class client::impl {
public:
    explicit impl(std::string path) : daemon(std::move(path)) {}

    exchange daemon;
    milliseconds patience = usual_patience;
};

client::client(std::string socket) : impl_(std::make_unique<impl>(std::move(socket))) {}
client::~client() = default;
client::client(client&&) noexcept = default;

const std::string& client::socket() const { return impl_->daemon.socket(); }

void client::if_match(std::string mark) { impl_->daemon.if_match = std::move(mark); }

void client::answer_within(milliseconds length) { impl_->patience = length; }

reply client::get(const std::string& path) { return ask(path, nullptr); }

reply client::post(const std::string& path, const document& body)
{
    auto text = body.dump(-1, ' ', false, document::error_handler_t::replace);
    return ask(path, &text);
}

reply client::remove(const std::string& path)
{
    std::string nothing;
    return ask(path, &nothing, "DELETE");
}

reply client::ask(const std::string& path, const std::string* body, const char* method)
{
    auto given = impl_->daemon.ask("/api/v1" + path, body, impl_->patience, method);
    if (given.how == exchange::end::interrupted || was_interrupted())
        throw command_error{exit_code::interrupted, "interrupted",
                            "interrupted before the daemon had answered; 'halfmast status' shows what it did"};
    if (given.how == exchange::end::unreached)
        throw_unreached(impl_->daemon.socket(), given.error);
    if (given.how != exchange::end::answered) {
        std::string why = given.how == exchange::end::late ? "not in time"
                          : given.error != 0               ? std::strerror(given.error)
                                                           : "it broke off";
        throw no_answer{exit_code::failed, "no-answer",
                        "the daemon was asked and gave no whole answer (" + why + "); 'halfmast status' shows what it did"};
    }
    reply answer;
    answer.status = given.status;
    answer.text = std::move(given.body);
    // readyz answers 503 without a problem document; everything else above 400 has one.
    if (answer.status >= 400)
        throw_problem(answer);
    return answer;
}

std::string percent_encode(std::string_view text)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    for (unsigned char c : text) {
        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_'
            || c == '~') {
            encoded += static_cast<char>(c);
            continue;
        }
        encoded += '%';
        encoded += digits[c >> 4];
        encoded += digits[c & 15];
    }
    return encoded;
}

std::string post_path(std::string_view id)
{
    auto slash = id.find('/');
    if (slash == std::string_view::npos || slash == 0 || slash + 1 == id.size())
        throw command_error{
            exit_code::usage, "usage",
            "'" + std::string{id} + "' is no post: an id is ACCOUNT/POST, like acme-blog/123 ('halfmast queue list' shows them)"};
    return "/posts/" + percent_encode(id.substr(0, slash)) + "/" + percent_encode(id.substr(slash + 1));
}

std::string query_string(std::initializer_list<std::pair<const char*, std::string>> members)
{
    std::string text;
    for (const auto& [name, value] : members)
        if (!value.empty())
            text += (text.empty() ? "?" : "&") + std::string{name} + "=" + percent_encode(value);
    return text;
}

}  // namespace halfmast::ctl
