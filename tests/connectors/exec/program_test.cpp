// The program as a process: what it inherits, how it dies, hangs and lies, and what is left of it afterwards. Real processes.
#include <algorithm>

#include <fcntl.h>
#include <unistd.h>

#include "tests/connectors/exec/support.hpp"

using namespace halfmast;
using namespace halfmast::exec_test;
using namespace std::chrono_literals;

TEST_CASE("a program is started when it is needed, and once", "[exec][program]")
{
    house here;
    here.program("result(request, {'id': request['post'], 'url': 'file:///' + request['post']})");
    here.connect();
    CHECK(here.left("starts").empty());
    for (int turn = 0; turn < 3; ++turn) {
        auto done = here.hold("p1");
        INFO((done ? "" : done.error().detail));
        REQUIRE(done.has_value());
        CHECK(done->remote == post_id{"p1"});
        CHECK(done->url == "file:///p1");
    }
    CHECK(here.left("starts").size() == 1);
    auto pid = std::stoi(here.left("starts").at(0));
    CHECK_FALSE(is_gone(pid));
    here.to.reset();
    CHECK(is_gone(pid));
}

TEST_CASE("a program inherits three descriptors, its own group and next to no environment", "[exec][program]")
{
    int leak = ::open("/dev/null", O_RDONLY);  // not close-on-exec
    REQUIRE(leak >= 3);
    ::setenv("HALFMAST_SECRET_OF_THE_DAEMON", "x", 1);
    house here;
    here.own.arguments = {"two words", "$HOME; echo no-shell"};
    here.program(
        "for fd in os.listdir('/proc/self/fd'):\n    try:\n        os.fstat(int(fd))\n        leave('fds', fd)\n    except "
        "OSError:\n        pass\n"
        "for key in os.environ: leave('env', key)\nfor word in sys.argv[1:]: leave('words', word)\n"
        "leave('group', os.getpgrp() == os.getpid())\nleave('cwd', os.getcwd() == os.path.realpath(here))\nresult(request, {'id': "
        "'x'})");
    here.connect();
    REQUIRE(here.hold("x").has_value());
    ::close(leak);
    auto fds = here.left("fds");
    std::ranges::sort(fds);
    CHECK(fds == std::vector<std::string>{"0", "1", "2"});
    auto env = here.left("env");
    std::ranges::sort(env);
    std::erase(env, "LC_CTYPE");  // Python's own doing
    CHECK(env == std::vector<std::string>{"HALFMAST_PROTOCOL", "LANG", "PATH"});
    CHECK(here.left("words") == here.own.arguments);
    CHECK(here.left("group") == std::vector<std::string>{"True"});
    CHECK(here.left("cwd") == std::vector<std::string>{"True"});
}

TEST_CASE("the first death is forgiven at once, the next ones less and less", "[exec][program]")
{
    house here;
    here.program("sys.exit(3)");
    here.connect();
    auto first = here.hold("p1");
    REQUIRE_FALSE(first.has_value());
    CHECK(first.error().kind == failure::unknown_outcome);  // it was told, and may have done it
    CHECK(here.wait([&] { return here.was_heard("exit code 3"); }));
    auto second = here.hold("p1");
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().kind == failure::unknown_outcome);
    auto third = here.hold("p1");
    REQUIRE_FALSE(third.has_value());
    CHECK(third.error().kind == failure::unreachable);  // it was never told
    REQUIRE(third.error().retry_after.has_value());
    CHECK(*third.error().retry_after <= 1s);
    CHECK(here.left("starts").size() == 2);
    std::string said;
    CHECK(here.wait([&] {
        auto again = here.hold("p1");  // until the pause is over
        said = again ? "" : again.error().detail;
        return !again && again.error().kind == failure::unknown_outcome;
    }));
    CAPTURE(said);
    CHECK(here.left("starts").size() == 3);
    auto later = here.hold("p1");
    REQUIRE_FALSE(later.has_value());
    REQUIRE(later.error().retry_after.has_value());
    CHECK(*later.error().retry_after > 1s);
}

TEST_CASE("a good answer makes up for deaths", "[exec][program]")
{
    house here;
    here.program("if request['post'] == 'bad': sys.exit(1)\nresult(request, {'id': request['post']})");
    here.connect();
    for (int turn = 0; turn < 4; ++turn) {
        CHECK(here.hold("bad").error().kind == failure::unknown_outcome);
        CHECK(here.hold("good").has_value());
    }
}

TEST_CASE("whoever talks nonsense is not asked again", "[exec][program]")
{
    auto said = GENERATE(as<std::string>{}, "say('Listening on port 80')", "say('')", "say(json.dumps({'id': 999, 'result': {}}))",
                         "say('[' * 100000)", "say('{\"a\":' * 100000)");
    CAPTURE(said);
    house here;
    here.program(said + "\ntime.sleep(60)");
    here.connect();
    auto done = here.hold("p1");
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().kind == failure::unknown_outcome);
    CHECK(here.wait([&] { return here.was_heard("ended with"); }));
    CHECK(is_gone(std::stoi(here.left("starts").at(0))));
}

TEST_CASE("a line that is too long is a bad reply, and the program is started anew", "[exec][program]")
{
    // With and without an end, and an answer that would have been one.
    auto said = GENERATE(as<std::string>{}, "sys.stdout.write('x' * (5 << 20)); sys.stdout.flush(); time.sleep(60)",
                         "result(request, {'id': 'x' * ((4 << 20) + 1)})");
    CAPTURE(said);
    house here;
    here.program("if request['post'] == 'long':\n    " + said + "\nresult(request, {'id': request['post']})");
    here.connect();
    auto done = here.hold("long");
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().kind == failure::bad_reply);
    CHECK(done.error().detail.find("4 MiB") != std::string::npos);
    CHECK(here.hold("next").has_value());
    CHECK(here.left("starts").size() == 2);
}

TEST_CASE("a program may take long to say hello", "[exec][program]")
{
    house here;
    here.own.timeout = 1s;
    here.program("result(request, {'id': request['post']})",
                 "(time.sleep(1.5), {'protocol': 1, 'rungs': ['draft'], 'feed': True})[1]");
    here.connect();
    CHECK(here.hold("p1").has_value());
}

TEST_CASE("a program that hangs is ended with all that it started", "[exec][program]")
{
    house here;
    here.own.timeout = 1s;
    here.program(
        "import subprocess, signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "leave('child', subprocess.Popen(['/bin/sleep', '600']).pid)\ntime.sleep(600)");
    here.connect();
    auto done = here.hold("p1");
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().kind == failure::unknown_outcome);
    CHECK(done.error().detail.find("no answer within 1s") != std::string::npos);
    CHECK(here.wait([&] { return here.was_heard("signal 9"); }));
    CHECK(is_gone(std::stoi(here.left("starts").at(0))));
    CHECK(here.wait([&] { return is_gone(std::stoi(here.left("child").at(0))); }));
}

TEST_CASE("a program that does not want to end is made to when the daemon ends", "[exec][program]")
{
    house here;
    here.program("import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nresult(request, {'id': 'x'})\ntime.sleep(600)");
    here.connect();
    REQUIRE(here.hold("x").has_value());
    auto begin = std::chrono::steady_clock::now();
    here.to.reset();
    CHECK(std::chrono::steady_clock::now() - begin < 5s);
    CHECK(is_gone(std::stoi(here.left("starts").at(0))));
}

TEST_CASE("a connector may go while a call is under way", "[exec][program]")
{
    house here;
    here.program("leave('asked', verb)\ntime.sleep(600)");
    here.connect();
    hold_post call{post_id{"p1"}, post_id{"p1"}, nullptr, rung::draft, {}};
    auto work = here.to->hold(call);
    bool over = false;
    asio::co_spawn(here.context, std::move(work), [&](std::exception_ptr, result<receipt>) { over = true; });
    REQUIRE(here.wait([&] { return !here.left("asked").empty(); }));
    auto pid = std::stoi(here.left("starts").at(0));
    // As in the daemon: nothing runs any more, the connector goes first and the context after it.
    here.to.reset();
    CHECK(is_gone(pid));
    CHECK_FALSE(over);
}

TEST_CASE("what a program says goes to the log, without the secret", "[exec][program]")
{
    house here;
    here.program(
        "print('using s3cret-token\\tnow', file=sys.stderr, flush=True)\nprint('y' * 5000, file=sys.stderr, flush=True)\n"
        "for number in range(500): print('line', number, file=sys.stderr, flush=True)\nresult(request, {'id': 'x'})");
    here.connect();
    REQUIRE(here.hold("x").has_value());
    CHECK(here.wait([&] { return here.was_heard("using [secret] now"); }));
    CHECK(here.wait([&] { return here.was_heard("the others are left out"); }));
    CHECK_FALSE(here.was_heard("s3cret-token"));
    CHECK(here.heard.size() <= 201);
    CHECK(std::ranges::all_of(here.heard, [](const auto& line) { return line.size() <= 2'100; }));
}

TEST_CASE("a program that offers less than the settings promise is asked nothing", "[exec][program]")
{
    house here;
    here.program("leave('asked', verb)", R"({"protocol": 1, "rungs": ["native"]})");
    here.connect();
    auto done = here.hold("p1");
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().kind == failure::local);
    CHECK(done.error().detail.find("the rung draft") != std::string::npos);
    CHECK(here.left("asked").empty());
    auto lines = here.run(here.to->check());
    REQUIRE_FALSE(lines.empty());
    CHECK_FALSE(lines[0].ok);
}

TEST_CASE("a program that cannot be started is unreachable", "[exec][program]")
{
    house here;
    here.own.program = here.path("none");
    here.connect();
    auto done = here.hold("p1");
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().kind == failure::unreachable);
    CHECK(done.error().detail.find("No such file") != std::string::npos);
}

TEST_CASE("calls wait for their turn, and answers may come in any order", "[exec][program]")
{
    auto at_once = GENERATE(1, 2);
    CAPTURE(at_once);
    house here;
    here.own.at_once = at_once;
    here.program(
        "open_calls = globals().setdefault('open_calls', [])\nopen_calls.append(request)\nleave('most', len(open_calls))\n"
        "if len(open_calls) == "
        + std::to_string(at_once)
        + ":\n    for one in reversed(open_calls): result(one, {'id': one['post']})\n    open_calls.clear()");
    here.connect();
    std::vector<std::string> done;
    for (const std::string id : {"a", "b", "c", "d"}) {
        hold_post call{post_id{id}, post_id{id}, nullptr, rung::draft, {}};
        auto work = here.to->hold(call);
        asio::co_spawn(here.context, std::move(work), [&done, id](std::exception_ptr, result<receipt> given) {
            done.push_back(given && given->remote.value == id ? id : "wrong");
        });
    }
    CHECK(here.wait([&] { return done.size() == 4; }));
    std::ranges::sort(done);
    CHECK(done == std::vector<std::string>{"a", "b", "c", "d"});
    auto most = here.left("most");
    CHECK(std::ranges::max(most) == std::to_string(at_once));
}
