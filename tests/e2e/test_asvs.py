"""OWASP ASVS 5.0, levels 1 and 2, of the chapters on browsers, the API, sessions and the log: tests/access/asvs.toml says for each item which
checks show it. All of them are run here, and what is shown by no other test is shown here itself."""
import concurrent.futures
import glob
import json
import os
import re
import stat
import subprocess
import sys
import tomllib
import unittest

from door import PASSWORD, Door
from support import BUILD, SOURCE, main, wait_until

NUMBERS = """2.3.5
3.2.1 3.2.2 3.3.1 3.3.2 3.3.3 3.3.4 3.4.1 3.4.2 3.4.3 3.4.4 3.4.5 3.4.6 3.5.1 3.5.2 3.5.3 3.5.4 3.5.5 3.7.1 3.7.2
4.1.1 4.1.2 4.1.3 4.2.1 4.3.1 4.3.2 4.4.1 4.4.2 4.4.3 4.4.4
7.1.1 7.1.2 7.1.3 7.2.1 7.2.2 7.2.3 7.2.4 7.3.1 7.3.2 7.4.1 7.4.2 7.4.3 7.4.4 7.4.5 7.5.1 7.5.2 7.6.1 7.6.2
16.1.1 16.2.1 16.2.2 16.2.3 16.2.4 16.2.5 16.3.1 16.3.2 16.3.3 16.3.4 16.4.1 16.4.2 16.4.3 16.5.1 16.5.2 16.5.3""".split()


def read(*parts):
    with open(os.path.join(SOURCE, *parts), encoding="utf-8") as file:
        return file.read()


class TheList(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.items = tomllib.loads(read("tests", "access", "asvs.toml"))["item"]

    def test_every_item_is_there_once_with_checks_or_a_reason(self):
        self.assertEqual([one["number"] for one in self.items], NUMBERS)
        for one in self.items:
            with self.subTest(one["number"]):
                self.assertEqual("checks" in one, "why" not in one)
                self.assertTrue(one.get("checks") or len(one.get("why", "")) > 15)
                self.assertGreater(len(one["asks"]), 10)
                self.assertEqual(set(one) - {"number", "asks", "checks", "why"}, set())

    def test_every_check_is_there_and_passes(self):
        checks = sorted({check for one in self.items for check in one.get("checks", [])})
        self.assertGreater(len(checks), 40)
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            ran = dict(zip(checks, pool.map(self.run_one, checks)))
        for check, wrong in ran.items():
            with self.subTest(check):
                self.assertEqual(wrong, "")
        print(f"{len(checks)} checks of {len(self.items)} items ran", file=sys.stderr)

    def run_one(self, check):
        """What is wrong with it; "" when it ran and passed."""
        path, _, name = check.partition("::")
        if not os.path.exists(os.path.join(SOURCE, path)):
            return "there is no such file"
        if path.endswith(".cpp"):
            return self.run_case(path, name)
        if os.path.basename(path) == os.path.basename(__file__):
            owner, _, method = name.partition(".")
            return "" if callable(getattr(globals().get(owner), method, None)) else "this file has no such test"
        done = subprocess.run([sys.executable, os.path.join(SOURCE, path), name], capture_output=True, text=True, timeout=300)
        if done.returncode == 0 and "Ran 1 test " in done.stderr:
            return ""
        return f"exit {done.returncode}: {(done.stdout + done.stderr)[-1500:]}"

    @staticmethod
    def run_case(path, title):
        if f'"{title}"' not in read(path):
            return "that file has no such test case"
        program = os.path.join(BUILD, "test-" + path.split("/")[1])
        only = title.replace("\\", "\\\\").replace(",", "\\,").replace("[", "\\[")  # what a filter of Catch2 takes for its own
        done = subprocess.run([program, only], capture_output=True, text=True, timeout=300)
        if done.returncode == 0 and re.search(r"All tests passed \(\d+ assertions? in 1 test case\)", done.stdout):
            return ""
        return f"exit {done.returncode}: {(done.stdout + done.stderr)[-1500:]}"


class WhatBrowsersAreTold(Door):
    def answers(self):
        """(what, status, headers) of every kind of answer there is."""
        mine = self.bearer("admin")
        status, _, headers = self.ask("POST", "/api/v1/session", {"user": "maria", "password": PASSWORD})
        yield "a sign-in", status, headers
        link = self.daemon.halfmast("login-link", "maria").out.strip()[len(self.url):]
        for method, path, body, more, wanted in (
                ("GET", "/", None, {}, 200), ("GET", "/queue", None, {}, 200), ("GET", "/favicon.svg", None, {}, 200), ("POST", "/", {}, {}, 405),
                ("GET", "/api/v1/status", None, {}, 401), ("GET", "/api/v1/status", None, mine, 200), ("GET", "/api/v1/nothing", None, mine, 404),
                ("PUT", "/api/v1/status", {}, mine, 405), ("POST", "/api/v1/crises", b"x=1", {**mine, "Content-Type": "text/plain"}, 415),
                ("POST", "/api/v1/crises", {"playbok": 1}, mine, 400), ("POST", "/api/v1/crises", {"playbook": "outrage"}, mine, 404),
                ("GET", "/api/v1/status", None, {"Host": "evil.example"}, 403), ("GET", "/metrics", None, mine, 200), ("GET", "/livez", None, {}, 200),
                ("GET", "/api/v1/openapi.json", None, {}, 200), ("GET", link, None, {}, 200), ("GET", "/login/none", None, {}, 410),
                ("POST", link, b"", {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.url}, 303),
                ("GET", "/auth/oidc/start", None, {}, 422), ("POST", "/hooks/nothing", {}, {}, None)):
            status, _, headers = self.ask(method, path, body, more)
            if wanted is not None:
                self.assertEqual(status, wanted, f"{method} {path}")
            yield f"{method} {path}: {status}", status, headers
        for request in (b"what is this\r\n\r\n", b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n",
                        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n"):
            got = self.raw(request)
            head = got.split(b"\r\n\r\n")[0].decode().split("\r\n")
            yield head[0], int(head[0].split()[1]), dict(line.split(": ", 1) for line in head[1:])
        got = self.raw(b"GET /api/v1/events HTTP/1.0\r\nHost: 127.0.0.1\r\nAuthorization: " + mine["Authorization"].encode() + b"\r\n\r\n", until=b"event: ping")
        head = got.split(b"\r\n\r\n")[0].decode().split("\r\n")
        yield "the stream of events", int(head[0].split()[1]), dict(line.split(": ", 1) for line in head[1:])

    def test_every_answer_says_what_it_is_and_that_it_runs_nothing(self):
        seen = set()
        for what, status, headers in self.answers():
            seen.add(status)
            with self.subTest(what):
                length = re.fullmatch(r"max-age=(\d+); includeSubDomains", headers["Strict-Transport-Security"])
                self.assertGreaterEqual(int(length[1]), 31_536_000)
                self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
                self.assertIn(headers["Referrer-Policy"], ("no-referrer", "same-origin"))
                policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
                self.assertEqual((policy["default-src"], policy["base-uri"], policy["frame-ancestors"]), ("'none'", "'none'", "'none'"))
                self.assertEqual(policy.get("object-src", policy["default-src"]), "'none'")
                self.assertIn(policy.get("script-src", "'none'"), ("'none'", "'self'"))
                self.assertNotIn("unsafe", headers["Content-Security-Policy"])
                kind = headers.get("Content-Type", "")
                if status not in (204, 303, 304):
                    self.assertRegex(kind, r"^(application/(problem\+)?json|text/event-stream|image/svg\+xml|text/[a-z]+; (version=[0-9.]+; )?charset=utf-8)$")
                if kind.startswith(("application/", "text/event-stream")):
                    self.assertIn("sandbox", policy)
                self.assertNotIn("Access-Control-Allow-Origin", headers)
        self.assertLessEqual({200, 303, 400, 401, 403, 404, 405, 410, 413, 415, 422, 431}, seen)

    def test_no_other_site_may_read_an_answer(self):
        mine = self.bearer("admin")
        for method, more in (("GET", {}), ("OPTIONS", {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"})):
            for origin in ("https://evil.example", "null", self.url):
                status, _, headers = self.ask(method, "/api/v1/status", None, {**mine, **more, "Origin": origin})
                with self.subTest(method=method, origin=origin):
                    self.assertEqual([name for name in headers.keys() if name.lower().startswith("access-control-")], [])
                    self.assertEqual(status, 405 if method == "OPTIONS" else 200)

    def test_headers_of_a_proxy_are_not_believed(self):
        for headers in ({"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1;proto=https;host=127.0.0.1"},
                        {"X-Forwarded-Host": "127.0.0.1", "Host": "evil.example"}, {"X-User-ID": "maria", "X-Remote-User": "maria", "Remote-User": "maria"}):
            with self.subTest(headers):
                self.assertIn(self.ask("GET", "/api/v1/status", None, headers)[0], (401, 403))
        self.ask("POST", "/api/v1/session", {"user": "maria", "password": "wrong"}, {"X-Forwarded-For": "203.0.113.9"})
        wait_until(lambda: any("wrong name" in one["why"] for one in self.records("access_refused")), 20, "it is in the ledger")
        self.assertTrue(all(one["why"].endswith("from 127.0.0.1") for one in self.records("access_refused")))

    def raw(self, request, until=None):
        if until is None:
            return super().raw(request)
        with self.connected() as line:
            line.sendall(request)
            got = b""
            while until not in got and (piece := line.recv(65536)):
                got += piece
            return got


class Sources(unittest.TestCase):
    """What no request shows: that something is nowhere in the console, or in one place only."""

    def console(self):
        for path in glob.glob(os.path.join(SOURCE, "daemon", "console", "src", "**", "*"), recursive=True):
            if path.endswith((".svelte", ".ts")):
                yield os.path.relpath(path, SOURCE), read(os.path.relpath(path, SOURCE))

    def nowhere(self, pattern):
        found = [f"{path}: {hit}" for path, text in self.console() for hit in re.findall(pattern, text)]
        self.assertEqual(found, [])
        self.assertGreater(len(list(self.console())), 20)

    def test_the_console_puts_text_into_pages_as_text(self):
        self.nowhere(r"\{@html|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function\(")

    def test_the_console_listens_to_no_other_window(self):
        self.nowhere(r"(?:window|parent|opener)\.postMessage|window\.opener|(?<!#channel\?\.)addEventListener\(\s*['\"]message['\"]|<svelte:window[^>]*onmessage")
        # Its tabs tell each other what the daemon said: by a channel that a browser gives to pages of one origin alone.
        senders = [path for path, text in self.console() if ".postMessage(" in text]
        for path in senders:
            self.assertIn("new BroadcastChannel(", read(path))

    def test_the_console_uses_no_plug_in(self):
        self.nowhere(r"<(object|embed|applet|iframe|frame)\b|ActiveXObject|silverlight")

    def test_every_page_of_the_console_has_the_way_out(self):
        frame = read("daemon", "console", "src", "ui", "Shell.svelte")
        self.assertRegex(frame, r"<button[^>]*onclick=\{signOut\}>")
        app = read("daemon", "console", "src", "App.svelte")
        at, = [hit.start() for hit in re.finditer(r"<Shell\s", app)]
        before = app[app.index("</script>"):at]
        self.assertEqual(before.count("{#if"), before.count("{/if}"))  # whatever screen is shown, it stands above it

    def test_where_people_are_sent_is_written_in_two_places(self):
        text = read("daemon", "api", "access_handlers.cpp")
        self.assertEqual(set(re.findall(r"go_to\((?!std::string place)([^,]+),", text)), {'"/"', 'made->url'})
        places = [path for path in glob.glob(os.path.join(SOURCE, "daemon", "**", "*.cpp"), recursive=True)
                  if 'emplace_back("Location"' in read(os.path.relpath(path, SOURCE)) and "/sandbox/" not in path and "/net/" not in path]
        self.assertEqual([os.path.basename(path) for path in places], ["access_handlers.cpp"])

    def test_secrets_are_256_bits_of_the_systems_randomness(self):
        self.assertIn("constexpr std::size_t secret_bytes = 32;", read("daemon", "access", "secrets.hpp"))
        self.assertIn("randombytes_buf", read("daemon", "access", "secrets.cpp"))
        self.assertIn("auto secret = random_text();", read("daemon", "access", "gate_sign_in.cpp"))


class Documents(unittest.TestCase):
    """What is written down for people is what the program does."""

    def setUp(self):
        self.text = re.sub(r"\s+", " ", read("daemon", "access", "README.md"))

    def test_how_long_sessions_last(self):
        options = read("daemon", "ports", "access.hpp")
        idle, longest, alone = (int(re.search(name + r" = std::chrono::hours\{(\d+)\}", options)[1]) for name in ("session_idle", "session_longest", "session_max"))
        self.assertIn(f"{idle} h idle, {longest} h in all", self.text)
        self.assertIn(f"`session_max`, {alone} h", self.text)
        self.assertIn("one shift", self.text)  # why so long, and not as long as elsewhere

    def test_how_many_sessions_a_person_has(self):
        most = re.search(r"most_sessions_of_one = (\d+)", read("daemon", "access", "book.cpp"))[1]
        self.assertIn(f"{most} sessions for each person; one more ends the one that was used longest ago", self.text)

    def test_what_the_provider_has_to_do_with_sessions(self):
        minutes = re.search(r"recheck = std::chrono::minutes\{(\d+)\}", read("daemon", "ports", "access.hpp"))[1]
        self.assertIn(f"`recheck`, {minutes} min", self.text)
        for words in ("ends the session", "other roles", "cannot be asked", "refresh token", "in memory alone"):
            self.assertIn(words, self.text)

    def test_what_is_logged_where(self):
        text = re.sub(r"\s+", " ", read("daemon", "log", "README.md"))
        for words in ("standard error", "the journal", "`ledger.db`", "kept for ever", "`auditor`"):
            self.assertIn(words, text)


class WhatIsLogged(Door):
    def test_when_who_what_and_from_where(self):
        self.sign_in()
        self.sign_in("wrong")
        wait_until(lambda: self.records("access_refused"), 20, "it is in the ledger")
        for kind, outcome, what in (("access_signed_in", "done", "by password"), ("access_refused", "refused", "wrong name or password")):
            one, = self.records(kind)
            self.assertRegex(one["at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$")
            self.assertEqual((one["actor"], one["outcome"]), ("maria", outcome))
            self.assertIn(what, one["why"])
            self.assertTrue(one["why"].endswith("from 127.0.0.1"), one)
        for one in self.records():
            self.assertTrue({"seq", "at", "kind"} <= set(one), one)
            self.assertTrue(one["at"].endswith("Z"))

    def open_files(self):
        folder = f"/proc/{self.daemon.process.pid}/fd"
        for name in os.listdir(folder):
            try:
                path = os.readlink(os.path.join(folder, name))
                with open(f"/proc/{self.daemon.process.pid}/fdinfo/{name}") as file:
                    flags = int(re.search(r"flags:\s*(\d+)", file.read())[1], 8)
            except OSError:
                continue  # closed meanwhile
            if path.startswith("/") and not path.startswith("/dev/") and flags & os.O_ACCMODE != os.O_RDONLY:
                yield path.removesuffix(" (deleted)")

    def test_what_the_daemon_writes_is_where_the_documents_say(self):
        self.sign_in()
        state = os.path.realpath(self.daemon.state_dir)
        for path in self.open_files():
            self.assertTrue(path.startswith(state + "/") or path == os.path.realpath(self.daemon.log_name), path)
        documents = read("daemon", "store", "README.md") + read("daemon", "access", "README.md")
        for name in os.listdir(state):
            plain = re.sub(r"-(wal|shm)$|\.new-\d+-\d+$", "", name)  # the second is being written, and soon renamed
            self.assertTrue(f"`{plain}`" in documents or f"`{plain}/" in documents or f"STATE_DIR/{plain}" in documents, name)

    def test_others_cannot_read_it(self):
        self.sign_in()
        state = self.daemon.state_dir
        self.assertEqual(stat.S_IMODE(os.stat(state).st_mode) & 0o007, 0)
        for name in ("access.json", "ledger.key"):
            self.assertEqual(stat.S_IMODE(os.stat(os.path.join(state, name)).st_mode), 0o600, name)
        self.assertEqual(self.ask("GET", "/api/v1/audit")[0], 401)
        self.assertEqual(self.ask("POST", "/api/v1/audit", {}, self.bearer("admin"))[0], 405)  # there is no way to write it

    def test_it_leaves_and_can_be_checked_elsewhere(self):
        self.sign_in()
        exported = self.check_code(self.daemon.halfmast("audit", "export", "--state-dir", self.daemon.state_dir), 0).out
        copy = os.path.join(self.folder, "evidence.jsonl")
        with open(copy, "w") as file:
            file.write(exported)
        verifier = os.path.join(SOURCE, "tests", "audit", "verify.py")
        self.assertEqual(subprocess.run([sys.executable, verifier, copy], capture_output=True, timeout=60).returncode, 0)
        with open(copy, "w") as file:
            file.write(exported.replace("by password", "by pa55word"))
        self.assertNotEqual(subprocess.run([sys.executable, verifier, copy], capture_output=True, timeout=60).returncode, 0)
        self.assertIn("by password", json.dumps([json.loads(line) for line in exported.splitlines()]))


if __name__ == "__main__":
    main()
