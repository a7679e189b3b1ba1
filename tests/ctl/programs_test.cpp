// What is handed to halfmastd: a stand-in beside a copy of the command notes its arguments, or serves one raise.
#include <filesystem>

#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "tests/ctl/command.hpp"
#include "tests/ctl/documents.hpp"
#include "tests/ctl/fake_daemon.hpp"
#include "tests/ctl/folder.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast::ctl;
using namespace halfmast::ctl::tests;

namespace fs = std::filesystem;

namespace programs_test {

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// Answers like halfmastd --direct; notes what it was started with and how it ended.
const char* const direct_server = R"(#!/usr/bin/env python3
import json, os, signal, socketserver, sys
from http.server import BaseHTTPRequestHandler
here = os.path.dirname(os.path.abspath(__file__))
path = sys.argv[sys.argv.index("--control-socket") + 1]
message = json.load(open(os.path.join(here, "message.json")))
def note(line):
    with open(os.path.join(here, "notes"), "a") as file:
        file.write(line + "\n")
note(" ".join(sys.argv[1:]))
def end(*_):
    note("ended in order")
    os._exit(0)
signal.signal(signal.SIGTERM, end)
class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def address_string(self): return "unix"
    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        note(self.command + " " + self.path)
        text = json.dumps({"ok": True} if self.path.endswith("/livez") else {**message, "created": True}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    do_GET = do_POST = answer
socketserver.UnixStreamServer(path, Handler).serve_forever()
)";

// A folder with a copy of the command and a halfmastd of our own in it.
class bench {
public:
    explicit bench(const std::string& halfmastd)
    {
        fs::copy_file(built_halfmast(), here / "halfmast");
        here.write("halfmastd", halfmastd);
        chmod((here / "halfmastd").c_str(), 0755);
    }

    run_result run(const std::vector<std::string>& words, run_input input = {})
    {
        input.program = here / "halfmast";
        input.env["HALFMAST_SOCKET"] = here / "sock";
        input.env["TMPDIR"] = here.path();
        return run_halfmast(words, input);
    }

    folder here;
};

const char* const echo = "#!/bin/sh\necho \"$@\"\ncat\nexit 6\n";

}  // namespace

TEST_CASE("check-config, judge and doctor are halfmastd's own work", "[ctl][program]")
{
    bench here{echo};
    auto checked = here.run({"check-config", "x.toml", "-o", "json"});
    CHECK(checked.code == 6);
    CHECK(checked.out == "--check-config x.toml --output json\n");
    CHECK(here.run({"check-config"}).out == "--check-config /etc/halfmast/halfmast.toml\n");
    run_input input;
    input.text = "{\"text\":\"Sale\"}\n";
    CHECK(here.run({"judge", "--config", "x.toml"}, input).out == "--judge --config x.toml\n{\"text\":\"Sale\"}\n");
    CHECK(here.run({"judge"}, input).out == "--judge\n{\"text\":\"Sale\"}\n");
    auto doctor = here.run({"doctor", "--config", "x.toml", "--state-dir", "/s"});
    CHECK(doctor.code == 6);
    CHECK(doctor.out == "--doctor --config x.toml --state-dir /s\n");
    CHECK(has(doctor.err, "not reachable"));
}

TEST_CASE("doctor asks the daemon that runs", "[ctl][program]")
{
    bench here{echo};
    std::string answer =
        R"({"schema":"halfmast.doctor/1","ok":false,"accounts":[{"id":"a","connector":"ghost","checks":[)"
        R"({"what":"reach","ok":true,"detail":""},{"what":"token","ok":false,"detail":"401: refused"}]}],"degraded":[]})";
    fake_daemon daemon{here.here / "sock", [&](const asked&) { return answered{200, answer}; }};
    auto told = here.run({"doctor"});
    CHECK(told.code == 8);
    CHECK(told.out == "ok   a: reach\nNOT  a: token: 401: refused\n1 NOT well, see above\n");
    auto as_json = here.run({"doctor", "-o", "json"});
    CHECK(as_json.code == 8);
    CHECK(as_json.out == answer + "\n");
}

TEST_CASE("a command without halfmastd says where it looked", "[ctl][program]")
{
    bench here{echo};
    fs::remove(here.here / "halfmastd");
    run_input input;
    input.env["PATH"] = here.here.path();
    auto told = here.run({"judge"}, input);
    CHECK(told.code == 1);
    CHECK(has(told.err, "cannot run halfmastd"));
}

TEST_CASE("raise --direct starts a daemon of its own, raises through it, and ends it in order", "[ctl][program]")
{
    bench here{direct_server};
    here.here.write("message.json", crisis(true, R"("held":2)", account("a", R"(,"total":2,"held":2,"summary":"pinned")")));
    auto told = here.run({"raise", "outage", "--direct", "--config", "/x.toml", "--state-dir", "/s"});
    CHECK(told.code == 0);
    CHECK(told.last_line() == "2 held and confirmed; summary pinned on 1 of 1 account");
    CHECK(has(told.err, "start halfmastd as soon as you can"));
    auto notes = here.here.read("notes");
    CHECK(has(notes, "--direct --config /x.toml --control-socket " + here.here.path() + "/halfmast-"));
    CHECK(has(notes, "--state-dir /s\n"));
    CHECK(has(notes, "GET /api/v1/livez\nPOST /api/v1/crises\n"));
    CHECK(has(notes, "ended in order\n"));
    for (const auto& name : here.here.names("."))
        CHECK_FALSE(name.starts_with("halfmast-"));  // its folder is gone
}

TEST_CASE("raise --direct that is interrupted says that nobody goes on", "[ctl][program]")
{
    bench here{direct_server};
    here.here.write("message.json", crisis(false, R"("held":1,"stopping":1)", account("a", R"(,"total":2,"held":1)")));
    run_input input;
    input.interrupt_when = [&] { return has(here.here.read("notes"), "GET /api/v1/crises/c-1"); };
    auto told = here.run({"raise", "--direct"}, input);
    CHECK(told.code == 130);
    CHECK(has(told.last_line(), "NOBODY goes on holding until halfmastd is started"));
    CHECK(has(here.here.read("notes"), "ended in order\n"));
}

TEST_CASE("raise --direct that cannot start says why, and raises nothing", "[ctl][program]")
{
    bench locked{"#!/bin/sh\necho 'halfmastd: cannot start: /s is in use by process 4711' >&2\nexit 1\n"};
    auto told = locked.run({"raise", "--direct"});
    CHECK(told.code == 1);
    CHECK(has(told.err, "in use by process 4711"));
    CHECK(has(told.err, "raise without --direct"));

    bench misconfigured{"#!/bin/sh\necho 'x.toml:1:1: wrong' >&2\nexit 6\n"};
    auto faults = misconfigured.run({"raise", "--direct", "-o", "json"});
    CHECK(faults.code == 6);
    CHECK(faults.json()["type"] == "config-invalid");
    CHECK(has(faults.json()["detail"], "x.toml:1:1: wrong"));
}

}  // namespace programs_test
