// The program on a real socket: its ready line, its timer, what a bad platform does on the wire, and a client in another language.
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include "daemon/sandbox/service.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

// A folder that goes with the test.
struct scratch {
    std::filesystem::path path;
    scratch()
    {
        auto name = (std::filesystem::temp_directory_path() / "sandbox-test-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~scratch() { std::filesystem::remove_all(path); }
    [[nodiscard]] std::string file(const char* name) const { return (path / name).string(); }
};

std::string content_of(const std::string& file)
{
    auto stream = std::ifstream{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{stream}, {}};
}

// Everything the server sends until it closes.
std::string exchange(unsigned short port, const std::string& method, const std::string& target, const std::string& body = {})
{
    const auto socket = ::socket(AF_INET, SOCK_STREAM, 0);
    auto address = sockaddr_in{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto patience = timeval{10, 0};
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    auto received = std::string{};
    if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        const auto request =
            method + " " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer token-alice\r\nConnection: close\r\n"
            + "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
        if (send(socket, request.data(), request.size(), MSG_NOSIGNAL) == std::ssize(request)) {
            auto block = std::array<char, 65'536>{};
            for (auto got = recv(socket, block.data(), block.size(), 0); got > 0; got = recv(socket, block.data(), block.size(), 0))
                received.append(block.data(), static_cast<std::size_t>(got));
        }
    }
    close(socket);
    return received;
}

std::string body_of(const std::string& answer)
{
    const auto end = answer.find("\r\n\r\n");
    return end == std::string::npos ? std::string{} : answer.substr(end + 4);
}

// halfmast-sandbox as a process of its own.
class program {
public:
    explicit program(std::vector<std::string> words)
    {
        auto ends = std::array<int, 2>{};
        REQUIRE(pipe(ends.data()) == 0);
        words.insert(words.begin(), "halfmast-sandbox");
        child_ = fork();
        REQUIRE(child_ >= 0);
        if (child_ == 0) {
            dup2(ends[1], STDOUT_FILENO);
            close(ends[0]);
            auto pointers = std::vector<const char*>{};
            for (const auto& word : words)
                pointers.push_back(word.c_str());
            auto read = sandbox::read_command_line(static_cast<int>(pointers.size()), pointers.data());
            const auto* code = std::get_if<int>(&read);
            _exit(code != nullptr ? *code : sandbox::run(std::move(std::get<sandbox::command_line>(read))));
        }
        close(ends[1]);
        output_ = ends[0];
    }
    ~program()
    {
        if (child_ > 0) {
            kill(child_, SIGKILL);
            waitpid(child_, nullptr, 0);
        }
        close(output_);
    }
    program(const program&) = delete;
    program& operator=(const program&) = delete;

    // The first line it prints; empty when none comes within ten seconds.
    std::string first_line() const
    {
        auto line = std::string{};
        auto watched = pollfd{output_, POLLIN, 0};
        auto letter = '\0';
        while (poll(&watched, 1, 10'000) == 1 && read(output_, &letter, 1) == 1 && letter != '\n')
            line += letter;
        return line;
    }
    void tell(int signal) const { kill(child_, signal); }
    int wait()
    {
        auto status = 0;
        waitpid(std::exchange(child_, -1), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

private:
    pid_t child_ = -1;
    int output_ = -1;
};

unsigned short port_in(const std::string& url) { return static_cast<unsigned short>(std::stoi(url.substr(url.rfind(':') + 1))); }

sandbox::command_line with_alice()
{
    auto options = sandbox::command_line{};
    options.accounts.emplace_back("alice", "token-alice");
    return options;
}

// Serves on this thread while `client` asks on another.
template <class Client>
auto serve_while(asio::io_context& context, Client client)
{
    auto asked = std::async(std::launch::async, client);
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (asked.wait_for(0s) != std::future_status::ready && std::chrono::steady_clock::now() < deadline)
        context.run_one_for(20ms);
    return asked.get();
}

}  // namespace

TEST_CASE("the program says where it is, serves, and writes its state when it is told to end", "[sandbox][service]")
{
    const auto folder = scratch{};
    auto running = program{{"--account", "alice:token-alice", "--accounts", "3", "--state", folder.file("state.json"),
                            "--ready-file", folder.file("ready")}};
    const auto line = running.first_line();
    REQUIRE_FALSE(line.empty());
    const auto ready = json::parse(line);
    CHECK(ready["sandbox"] == "mastodon");
    REQUIRE(ready["accounts"].size() == 4);
    CHECK(ready["accounts"][0]["token"] == "token-alice");
    CHECK(ready["accounts"][3]["name"] == "acct-3");
    const auto url = ready["url"].get<std::string>();
    CHECK(ready["control"] == url + "/control");

    const auto answer = exchange(port_in(url), "POST", "/api/v1/statuses", R"({"status":"hello"})");
    CHECK(answer.starts_with("HTTP/1.1 200"));
    CHECK(json::parse(body_of(answer))["content"] == "<p>hello</p>");
    CHECK(json::parse(content_of(folder.file("ready"))) == ready);
    running.tell(SIGTERM);
    CHECK(running.wait() == 0);
    CHECK(json::parse(content_of(folder.file("state.json")))["accounts"][0]["published"][0]["text"] == "hello");
}

TEST_CASE("wrong options end with 2, an address that is taken with 1", "[sandbox][service]")
{
    CHECK(program{{"--no-trap", "gravity"}}.wait() == 2);
    CHECK(program{{"--listen", "here"}}.wait() == 2);
    CHECK(program{{"--rate-limit", "many"}}.wait() == 2);
    CHECK(program{{"--fault-plan", "/nonexistent/plan.json"}}.wait() == 2);
    auto first = program{{}};
    const auto url = json::parse(first.first_line())["url"].get<std::string>();
    CHECK(program{{"--listen", "127.0.0.1:" + std::to_string(port_in(url))}}.wait() == 1);
}

TEST_CASE("posts go out on time although nobody asks", "[sandbox][service]")
{
    const auto folder = scratch{};
    auto context = asio::io_context{1};
    auto options = with_alice();
    options.state_file = folder.file("state.json");
    auto running = sandbox::service{context.get_executor(), std::move(options)};
    const auto port = running.port();
    const auto seeded = serve_while(
        context, [port] { return exchange(port, "POST", "/control/seed", R"({"account":"alice","text":"due","due":"+300ms"})"); });
    REQUIRE(seeded.starts_with("HTTP/1.1 200"));

    auto out = json::array();
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (out.empty() && std::chrono::steady_clock::now() < deadline) {
        context.run_one_for(50ms);
        running.write_state();
        out = json::parse(content_of(folder.file("state.json")))["accounts"][0]["published"];
    }
    REQUIRE(out.size() == 1);
    CHECK(out[0]["text"] == "due");
}

TEST_CASE("on the wire: a cut answer, none at all, a late one", "[sandbox][service]")
{
    auto context = asio::io_context{1};
    auto options = with_alice();
    options.platform.plan = *sandbox::fault_plan::parse(R"({"rules":[{"path":"/api/v1/instance","fault":{"cut_after":20}},
        {"path":"/api/v2/instance","fault":{"no_answer":true}},{"path":"/health","fault":{"delay":"250ms"}}]})");
    auto running = sandbox::service{context.get_executor(), std::move(options)};
    const auto port = running.port();
    const auto cut = serve_while(context, [port] { return exchange(port, "GET", "/api/v1/instance"); });
    CHECK(cut.starts_with("HTTP/1.1 200"));
    CHECK(body_of(cut).size() == 20);
    CHECK(serve_while(context, [port] { return exchange(port, "GET", "/api/v2/instance"); }).empty());
    const auto before = std::chrono::steady_clock::now();
    const auto late = serve_while(context, [port] { return exchange(port, "GET", "/health"); });
    CHECK(std::chrono::steady_clock::now() - before >= 250ms);
    CHECK(body_of(late) == "OK");
}

TEST_CASE("a client in Python's standard library finds a Mastodon server", "[sandbox][service]")
{
    if (std::system("python3 -c 'import sys; sys.exit(sys.version_info < (3, 8))' >/dev/null 2>&1") != 0) {
        WARN("skipped: there is no python3 here, and tests/sandbox/client.py needs one");
        return;
    }
    auto context = asio::io_context{1};
    auto running = sandbox::service{context.get_executor(), with_alice()};
    const auto command = "python3 " HALFMAST_SOURCE_DIR "/tests/sandbox/client.py http://127.0.0.1:"
                         + std::to_string(running.port()) + " token-alice";
    CHECK(serve_while(context, [command] { return std::system((command + " >/dev/null").c_str()); }) == 0);
}
