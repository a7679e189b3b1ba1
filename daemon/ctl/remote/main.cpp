// halfmast-remote: halfmast for a daemon on another machine. It stands between: a socket of its own for the command, libcurl and
// TLS to the daemon. People call halfmast, which becomes this program when it is given a --url.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/ctl/session.hpp"
#include "daemon/net/http_client.hpp"
#include "daemon/net/http_server.hpp"

namespace halfmast::ctl {

namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

constexpr milliseconds answer_patience{150'000};  // a little more than the command's own
constexpr std::size_t most_answer = 256u << 20;

// The token alone on its line. Throws command_error; never says what stands there.
std::string read_token(const std::string& path)
{
    struct stat about {};
    std::ifstream file{path};
    if (!file || ::stat(path.c_str(), &about) != 0)
        throw command_error{exit_code::usage, "usage", "the token file " + path + " cannot be read"};
    if (S_ISREG(about.st_mode) && (about.st_mode & (S_IRGRP | S_IROTH)) != 0)
        std::cerr << "halfmast: " << path << " can be read by others; chmod 600 " << path << '\n';
    std::string token;
    std::getline(file, token);
    while (!token.empty() && (token.back() == '\r' || token.back() == ' '))
        token.pop_back();
    if (token.empty() || token.find_first_of(" \t") != std::string::npos)
        throw command_error{exit_code::usage, "usage",
                            "the token file " + path + " has no token in its first line; 'halfmast token create' makes one"};
    return token;
}

bool is_safe_url(const std::string& url)
{
    for (std::string_view start : {"http://127.0.0.1", "http://localhost", "http://[::1]"})
        if (url.starts_with(start))
            return url.size() == start.size() || url[start.size()] == ':' || url[start.size()] == '/';
    return url.starts_with("https://");
}

net::server_response unreachable(const std::string& detail)
{
    nlohmann::json body{{"type", "urn:halfmast:problem:unreachable"},
                        {"title", "The daemon is not reachable"},
                        {"status", 502},
                        {"detail", detail},
                        {"exit_code", static_cast<int>(exit_code::unreachable)}};
    net::server_response made{502, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
    made.content_type = "application/problem+json";
    return made;
}

class between {
public:
    between(std::string url, std::string token, const std::string& ca_file)
        : url_(std::move(url)),
          token_(std::move(token)),
          client_(context_.get_executor(), settings_with(ca_file)),
          server_(context_.get_executor(), [this](net::server_request request) { return pass_on(std::move(request)); })
    {
        std::string place = (fs::temp_directory_path() / "halfmast-remote-XXXXXX").string();
        if (::mkdtemp(place.data()) == nullptr)
            throw command_error{exit_code::failed, "failed", "no folder can be made in " + fs::temp_directory_path().string()};
        folder_ = place;
        server_.listen_unix(socket(), 0600);
        thread_ = std::thread{[this] { context_.run(); }};
    }
    ~between()
    {
        context_.stop();
        thread_.join();
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }
    between(const between&) = delete;
    between& operator=(const between&) = delete;

    [[nodiscard]] std::string socket() const { return folder_ + "/control.sock"; }

private:
    static net::http_client_settings settings_with(const std::string& ca_file)
    {
        net::http_client_settings made;
        made.ca_file = ca_file;
        return made;
    }

    asio::awaitable<net::server_response> pass_on(net::server_request request)
    {
        http_request asked{request.method, url_ + request.target};
        asked.publishes = request.method != "GET";  // never sent twice by the library
        asked.timeout = answer_patience;
        asked.most_body = most_answer;
        asked.headers.emplace_back("Accept", "application/json");
        if (!token_.empty())
            asked.headers.emplace_back("Authorization", "Bearer " + token_);
        for (std::string_view name : {"Content-Type", "If-Match", "Idempotency-Key"})
            if (auto value = find_header(request.headers, name); !value.empty())
                asked.headers.emplace_back(std::string{name}, std::string{value});
        asked.body = std::move(request.body);
        auto answer = co_await client_.fetch(std::move(asked));
        net::server_response given;
        if (!answer && answer.error().kind == failure::unreachable) {
            given = unreachable("nothing was sent: " + answer.error().detail);
            co_return given;
        }
        if (!answer) {
            given.no_answer = true;  // as a daemon that breaks off: what it did is unknown
            co_return given;
        }
        given.status = answer->status;
        given.content_type = std::string{find_header(answer->headers, "Content-Type")};
        if (auto tag = find_header(answer->headers, "ETag"); !tag.empty())
            given.headers.emplace_back("ETag", std::string{tag});
        given.body = std::move(answer->body);
        co_return given;
    }

    std::string url_;
    std::string token_;
    std::string folder_;
    asio::io_context context_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
    net::http_client client_;
    net::http_server server_;
    std::thread thread_;
};

std::unique_ptr<between> standing;

void connect(session& all)
{
    auto url = all.url;
    while (url.ends_with('/'))
        url.pop_back();
    if (!is_safe_url(url))
        throw command_error{exit_code::usage, "usage",
                            "--url must be an https address, or http on this machine: a token goes over it"};
    auto token = all.token_file.empty() ? std::string{} : read_token(all.token_file);
    standing = std::make_unique<between>(std::move(url), std::move(token), all.ca_file);
    all.socket = standing->socket();
}

}  // namespace

}  // namespace halfmast::ctl

int main(int argc, char** argv)
{
    auto code = halfmast::ctl::run(argc, argv, nullptr, halfmast::ctl::connect);
    halfmast::ctl::standing.reset();
    return code;
}
