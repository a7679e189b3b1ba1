// Programs written on the spot, and a connector that runs them.
#pragma once

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <sstream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>
#include <stdlib.h>

#include "connectors/exec/connector.hpp"
#include "tests/support/catch.hpp"

namespace halfmast::exec_test {

// A folder that goes away, and what a test's program left in it.
class house {
public:
    house()
    {
        auto pattern = (std::filesystem::temp_directory_path() / "halfmast-program-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
        own.account = "acme";
        own.rungs = {{rung::draft}};
        own.secret = "s3cret-token";
        own.timeout = std::chrono::seconds{10};
    }
    ~house()
    {
        to.reset();
        std::filesystem::remove_all(path_);
    }
    house(const house&) = delete;
    house& operator=(const house&) = delete;

    // A Python program that answers hello; `body` goes on inside its loop, with `request`, `say` and `result` at hand.
    void program(const std::string& body, const std::string& hello = R"({"protocol": 1, "rungs": ["draft"], "feed": True})")
    {
        std::ofstream out(path("program.py"));
        out << "#!/usr/bin/python3\nimport json, os, sys, time\nhere = os.path.dirname(os.path.abspath(__file__))\n"
            << "def say(text):\n    sys.stdout.write(text + '\\n')\n    sys.stdout.flush()\n"
            << "def result(request, given):\n    say(json.dumps({'id': request['id'], 'result': given}))\n"
            << "def leave(name, text):\n    with open(os.path.join(here, name), 'a') as file:\n        file.write(str(text) + "
               "'\\n')\n"
            << "leave('starts', os.getpid())\nfor line in sys.stdin:\n    request = json.loads(line)\n    verb = request['verb']\n"
            << "    if verb == 'hello':\n        result(request, " << hello << ")\n        continue\n";
        std::istringstream lines(body);
        for (std::string line; std::getline(lines, line);)
            out << "    " << line << '\n';
        out.close();
        std::filesystem::permissions(path("program.py"), std::filesystem::perms{0700});
        own.program = path("program.py");
    }

    void connect()
    {
        to = std::make_shared<exec::connector>(std::make_shared<const exec::settings>(own));
        to->hear([this](std::string line) { heard.push_back(std::move(line)); });
    }

    template <class T>
    T run(asio::awaitable<T> work)
    {
        std::optional<T> given;
        std::exception_ptr thrown;
        asio::co_spawn(context, std::move(work), [&](std::exception_ptr error, T value) {
            thrown = error;
            given = std::move(value);
        });
        wait([&] { return given.has_value() || thrown != nullptr; });
        if (thrown)
            std::rethrow_exception(thrown);
        return std::move(given.value());
    }

    // Lets the connector work until it is so.
    bool wait(const std::function<bool()>& so)
    {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
        bool is = so();
        for (; !is && std::chrono::steady_clock::now() < deadline; is = so()) {
            context.restart();  // it stops when there is nothing to wait for
            context.run_one_for(std::chrono::milliseconds{20});
        }
        return is;
    }

    result<receipt> hold(const std::string& id)
    {
        hold_post call{post_id{id}, post_id{id}, nullptr, rung::draft, {}};
        return run(to->hold(std::move(call)));
    }

    [[nodiscard]] std::string path(const std::string& name) const { return (path_ / name).string(); }
    [[nodiscard]] std::vector<std::string> left(const std::string& name) const
    {
        std::ifstream in(path(name));
        std::vector<std::string> all;
        for (std::string line; std::getline(in, line);)
            all.push_back(line);
        return all;
    }
    [[nodiscard]] bool was_heard(const std::string& part) const
    {
        return std::ranges::any_of(heard, [&](const auto& line) { return line.find(part) != std::string::npos; });
    }

    asio::io_context context;
    exec::settings own;
    std::vector<std::string> heard;
    std::shared_ptr<exec::connector> to;

private:
    std::filesystem::path path_;
};

// Gone, and not even a zombie of somebody's.
inline bool is_gone(int pid)
{
    std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
    std::string word;
    std::string state;
    in >> word >> word >> state;
    return !in || state == "Z";
}

}  // namespace halfmast::exec_test
