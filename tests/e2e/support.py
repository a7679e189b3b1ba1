"""The programs from outside: starts halfmast-sandbox and halfmastd in a folder of their own, runs halfmast, reads their files.

Standard library only. HALFMAST_BUILD names the folder with the programs (ctest sets it), HALFMAST_CLIENT another build's `halfmast`
where that one is not what is tried."""
import base64
import concurrent.futures
import datetime
import io
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request
from http.client import HTTPConnection

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("HALFMAST_BUILD", os.path.join(SOURCE, "build", "release"))
CLIENT = os.environ.get("HALFMAST_CLIENT", os.path.join(BUILD, "halfmast"))
SKIPPED = 77  # what ctest takes for "skipped"
PICTURE = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")  # one pixel

_pause = threading.Event()


def wait_until(condition, seconds, what):
    """Gives the first true value of condition(); fails with `what` when time is over."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        _pause.wait(0.05)


def free_port():
    """A port of 127.0.0.1 for a program that is told where to listen. It is taken from below those that the system gives to whoever asks for
    any, itself or for a connection it makes: one of them may be somebody else's again before the program has begun."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        end = int(file.read().split()[0])
    for port in random.sample(range(end // 2, end), 100):
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError(f"of 100 ports from {end // 2} to {end} none is free")


def utc(seconds_ahead=0.0):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds_ahead)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def http(method, url, body=None, headers=None):
    """(status, parsed JSON or text, headers); an error status is an answer too."""
    data = None if body is None else (body if isinstance(body, bytes) else json.dumps(body).encode())
    request = urllib.request.Request(url, data=data, method=method)
    if data is not None:
        request.add_header("Content-Type", "application/json")
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            status, text, back = answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        status, text, back = error.code, error.read().decode(errors="replace"), error.headers
    try:
        return status, json.loads(text), back
    except ValueError:
        return status, text, back


class Unix(HTTPConnection):
    """A connection to the control socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Result:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def last_line(self):
        lines = [line for line in self.out.splitlines() if line.strip()]
        return lines[-1] if lines else ""

    def __repr__(self):
        return f"exit {self.code}\nstdout: {self.out}\nstderr: {self.err}"


class Sandbox:
    """A practice platform with a control interface."""

    def __init__(self, folder, *options):
        self.log = open(os.path.join(folder, "sandbox.log"), "wb")
        self.process = subprocess.Popen([os.path.join(BUILD, "halfmast-sandbox"), "--listen", "127.0.0.1:0", *options],
                                        stdout=subprocess.PIPE, stderr=self.log)
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("halfmast-sandbox did not start: " + open(self.log.name).read())
        self.url = json.loads(line)["url"]

    def control(self, method, what, body=None):
        status, answer, _ = http(method, f"{self.url}/control/{what}", body)
        if status != 200:
            raise AssertionError(f"{method} /control/{what}: {status} {answer}")
        return answer

    def seed(self, account, *posts):
        return self.control("POST", "seed", {"account": account, "posts": list(posts)})

    def state(self, account):
        return self.control("GET", f"state?account={account}")["accounts"][0]

    def calls(self, account, limit=10_000):
        return self.control("GET", f"log?account={account}&limit={limit}")["log"]

    def api(self, token, method, path, body=None):
        return http(method, self.url + path, body, {"Authorization": "Bearer " + token})

    def close(self):
        self.process.terminate()
        self.process.wait(20)
        self.process.stdout.close()
        self.log.close()


PLAYBOOK = """
[[playbook]]
name     = "outage"
severity = "major"
hold     = ["promotional", "unknown"]
next_update = "45m"
publish  = "at-once"
undo     = "0s"
summary.en = "We know that checkout is failing and are working on it. Next update by {{next_update_by}}."
summary.hu = "Tudjuk, hogy a fizetés nem működik, dolgozunk rajta. Legközelebb eddig jelentkezünk: {{next_update_by}}."
"""

JUDGEMENT = """
[judgement]
promotional.tags = ["promo", "campaign:*"]
essential.tags   = ["service", "safety", "recall"]
neutral.tags     = ["team"]
"""


# A held post that was due has been silent for good so soon after its time. As shipped it is two minutes, in which a platform may be late.
SOON_SILENT = 'silence_after = "10s"'

# Released posts go out apart; stories about other things let them go out as they like.
AS_NEAR_AS_LIKED = '\n[review]\nspacing = "0s"\nmost_an_hour = 0\n'


class Daemon:
    """halfmastd with its settings and state in `folder`, and the halfmast command that talks to it."""

    def __init__(self, folder, accounts, playbook=PLAYBOOK, judgement=JUDGEMENT, extra="", review=AS_NEAR_AS_LIKED):
        self.folder = folder
        self.state_dir = os.path.join(folder, "state")
        self.socket = os.path.join(folder, "control.sock")
        self.config = os.path.join(folder, "halfmast.toml")
        self.program = os.path.join(BUILD, "halfmastd")
        self.process = None
        self.starts = 0
        with open(self.config, "w") as file:
            file.write(f'[daemon]\nstate_dir = "{self.state_dir}"\ncontrol_socket = "{self.socket}"\n{extra}\n')
            file.write(accounts + review + judgement + playbook)

    def start(self):
        self.starts += 1
        self.log_name = os.path.join(self.folder, f"halfmastd.{self.starts}.log")
        self.log = open(self.log_name, "wb")
        self.process = subprocess.Popen([self.program, "--config", self.config], stdout=self.log, stderr=self.log)
        wait_until(self.is_up, 60, "halfmastd answers")
        return self

    def is_up(self):
        if self.process.poll() is not None:
            raise AssertionError(f"halfmastd ended with {self.process.returncode}: {self.said()}")
        return self.halfmast("status").code == 0

    def said(self):
        with open(self.log_name, errors="replace") as file:
            return file.read()[-4000:]

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)
        self.log.close()
        self.process = None

    def stop(self):
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        self.log.close()
        self.process = None
        return code

    def halfmast(self, *words, stdin=None, env=None):
        everything = {**os.environ, "HALFMAST_SOCKET": self.socket, "NO_COLOR": "1", **(env or {})}
        everything.pop("HALFMAST_CONFIG", None)
        done = subprocess.run([CLIENT, *words], input=stdin, env=everything, capture_output=True,
                              text=True, timeout=240)
        return Result(done)

    def ledger_texts(self):
        """Every record of the ledger as it lies on the disk, the oldest first: what the daemon shows may be a moment ahead of it, and
        dies with the daemon."""
        database = sqlite3.connect(f"file:{os.path.join(self.state_dir, 'ledger.db')}?mode=ro", uri=True)
        try:
            return [text for text, in database.execute("SELECT payload FROM ledger ORDER BY seq")]
        finally:
            database.close()

    def status(self):
        return self.halfmast("status", "-o", "json").json

    def posts(self):
        return {post["id"]: post for post in self.halfmast("queue", "list", "-o", "json").json["posts"]}

    def crisis(self):
        return self.status()["crises"][0]

    def polled(self, account):
        """True once the account was read."""
        return any(one["id"] == account and one["last_poll"] for one in self.status()["accounts"])


class Story(unittest.TestCase):
    """A test case with a folder that goes away, unless something failed: then it is named."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="hm-")
        self.addCleanup(self._tidy)

    def _tidy(self):
        failed = any(error for _, error in self._outcome.errors) if hasattr(self._outcome, "errors") else False
        result = getattr(self._outcome, "result", None)
        if result is not None:
            failed = failed or any(test is self for test, _ in result.failures + result.errors)
        if failed:
            print(f"what it left behind: {self.folder}", file=sys.stderr)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def begin_sandbox(self, *options):
        sandbox = Sandbox(self.folder, *options)
        self.addCleanup(sandbox.close)
        return sandbox

    def begin_daemon(self, accounts, **others):
        daemon = Daemon(self.folder, accounts, **others)
        self.addCleanup(daemon.stop)
        return daemon.start()

    def check_code(self, result, code):
        self.assertEqual(result.code, code, result)
        return result

    def the_ledger_proves_it(self, *secrets):
        """Ends the daemon: its ledger holds, names none of the secrets, and one changed byte in it is found."""
        state = ("--state-dir", self.daemon.state_dir)
        self.assertEqual(self.daemon.stop(), 0)
        self.check_code(self.daemon.halfmast("audit", "verify", *state), 0)
        database = sqlite3.connect(os.path.join(self.daemon.state_dir, "ledger.db"))
        written = "".join(text for text, in database.execute("SELECT payload FROM ledger"))
        for secret in secrets:
            self.assertNotIn(secret, written)
        database.execute("UPDATE ledger SET payload = replace(payload, 'checkout is failing', 'checkout is fa1ling') WHERE seq = "
                         "(SELECT min(seq) FROM ledger WHERE payload LIKE '%checkout is failing%')")
        self.assertEqual(database.total_changes, 1)
        database.commit()
        database.close()
        self.check_code(self.daemon.halfmast("audit", "verify", *state), 1)


@unittest.skipUnless(os.environ.get("PEER_WORDPRESS"), "PEER_WORDPRESS does not name a WordPress; tests/run --peers starts one")
class WordPressStory(Story):
    """At a real WordPress whose cron really publishes. PEER_WORDPRESS is that site as one JSON line: {"url", "accounts": {"editor":
    {"user", "app_password"}, "author": ...}, "categories": {"promo", "service"}, "posts": {"promo_soon", ...}}."""

    def setUp(self):
        super().setUp()
        self.site = json.loads(os.environ["PEER_WORDPRESS"])
        self.editor = self.site["accounts"]["editor"]

    def rest(self, method, path, body=None, who=None):
        who = who or self.editor
        basic = base64.b64encode(f"{who['user']}:{who['app_password']}".encode()).decode()
        return http(method, f"{self.site['url']}/wp-json/wp/v2/{path}", body, {"Authorization": "Basic " + basic})

    def schedule(self, title, category, seconds, who=None, kind="posts"):
        body = {"title": title, "content": f"<p>{title}.</p>", "status": "future", "date_gmt": utc(seconds).rstrip("Z")}
        if kind == "posts":
            body["categories"] = [category]
        status, made, _ = self.rest("POST", kind, body, who)
        self.assertEqual((status, made.get("status")), (201, "future"), made)
        return made["id"]

    def category_named(self, name):
        """Its number; made when it is not there."""
        status, made, _ = self.rest("POST", "categories", {"name": name})
        return made["data"]["term_id"] if status == 400 and made.get("code") == "term_exists" else made["id"]

    def status_of(self, post, kind="posts"):
        status, found, _ = self.rest("GET", f"{kind}/{post}?context=edit")
        self.assertEqual(status, 200, found)
        return found["status"]

    def sticky(self):
        return [post["id"] for post in self.rest("GET", "posts?sticky=true&per_page=100")[1]]

    def public(self):
        """What a visitor is given, by id."""
        return {post["id"]: post for post in http("GET", f"{self.site['url']}/wp-json/wp/v2/posts?per_page=100")[1]}


def account(connector, url, id, **keys):
    """One [[account]] of the settings; dicts become inline tables. Without a url where the connector takes none."""
    def value(of):
        if isinstance(of, dict):
            return "{ " + ", ".join(f"{name} = {json.dumps(text)}" for name, text in of.items()) + " }"
        return json.dumps(of, ensure_ascii=False)
    keys = {"id": id, "connector": connector, **({"url": url} if url else {}), "sweep_every": "2s", **keys}
    return "[[account]]\n" + "".join(f"{name} = {value(of)}\n" for name, of in keys.items())


def secret_file(folder, name, value):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        os.chmod(path, 0o600)
        file.write(value + "\n")
    return path


def in_parallel(workers):
    """A runner for main(): so many stories at once, each with its folder, its daemon and its platform. What a story says comes in one piece."""
    class Runner(unittest.TextTestRunner):
        def run(self, test):
            whole = self._makeResult()
            stories = list(_flat(test))
            with concurrent.futures.ThreadPoolExecutor(workers) as pool:
                for said, result in pool.map(self.run_one, stories):
                    self.stream.write(said)
                    self.stream.flush()
                    whole.testsRun += result.testsRun
                    for kind in ("failures", "errors", "skipped"):
                        getattr(whole, kind).extend(getattr(result, kind))
            self.stream.writeln("OK" if whole.wasSuccessful() else "FAILED")
            return whole

        def run_one(self, story):
            said = io.StringIO()
            began = time.monotonic()
            result = unittest.TextTestRunner(stream=said, verbosity=2).run(story)
            outcome = "skipped" if result.skipped else "ok" if result.wasSuccessful() else "FAILED"
            details = "" if result.wasSuccessful() else said.getvalue()
            return f"{story.id().removeprefix('__main__.')} ... {outcome}, {time.monotonic() - began:.1f} s\n{details}", result
    return Runner


def _flat(suite):
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            yield from _flat(one)
        else:
            yield one


def main(runner=None):
    """As unittest.main(), but says when everything was skipped, and why."""
    program = unittest.main(exit=False, verbosity=2, module="__main__", testRunner=runner)
    ran = program.result
    for test, why in ran.skipped:
        print(f"SKIPPED {test}: {why}")
    if not ran.wasSuccessful():
        sys.exit(1)
    sys.exit(SKIPPED if ran.testsRun == len(ran.skipped) and ran.skipped else 0)
