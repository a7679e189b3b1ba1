"""What every work of the benchmark needs: programs, a practice platform with a plan of posts, the daemon, and what /proc tells of it."""
import calendar
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from support import BUILD, Daemon, Sandbox, account, http, parse_time  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
LATENCY = 0.05
os.environ.setdefault("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1")  # as systemd/halfmastd.service has it; for all subjects alike
TICK = os.sysconf("SC_CLK_TCK")
FAR = 300 * 86400  # a post that is moved goes further away than that

_pause = threading.Event()


def pause(seconds):
    """Nothing to wait for but the time itself."""
    _pause.wait(seconds)


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def allow_many_files():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def folder():
    return tempfile.TemporaryDirectory(prefix="halfmast-bench-")


class Plan:
    """Accounts and their posts: `due(account, number)` in seconds from the moment of the raise. `hosts` practice platforms share the accounts."""

    def __init__(self, accounts, posts, rate=0, burst=0, hosts=1, due=None, at_once=256):
        self.accounts, self.posts, self.rate, self.burst, self.hosts, self.at_once = accounts, posts, rate, burst, hosts, at_once
        self.dues = [[due(a, n) for n in range(posts)] for a in range(accounts)] if due else None

    @property
    def total(self):
        return self.accounts * self.posts

    @property
    def pages(self):
        return max(1, -(-self.posts // 40))  # of one account's queue, 40 to a page


class Platforms:
    """The practice platforms of a plan, each freshly filled. Traps of the real server that would forbid the plan itself are off, for all alike."""

    OPTIONS = ("--no-trap", "caps", "--no-trap", "sweep", "--no-trap", "too-soon", "--latency", "50ms")

    def __init__(self, where, plan, *options):
        self.plan = plan
        limit = ("--rate-limit", f"{plan.rate:g}/1", "--burst", str(plan.burst)) if plan.rate else ("--rate-limit", "0")
        self.boxes, self.members = [], []
        for host in range(plan.hosts):
            count = len(range(host, plan.accounts, plan.hosts))
            place = os.path.join(where, f"platform-{host}")
            os.mkdir(place)
            self.boxes.append(Sandbox(place, "--accounts", str(count), *self.OPTIONS, *limit, *options))
        for number in range(plan.accounts):
            box = self.boxes[number % plan.hosts]
            index = number // plan.hosts + 1
            self.members.append({"id": f"a{number}", "name": f"acct-{index}", "token": f"token-{index}", "url": box.url, "box": number % plan.hosts})
        self.ids = [[] for _ in range(plan.accounts)]

    def fill(self, raise_in=0.0):
        """Puts the posts into the queues; times count from `raise_in` seconds from now. Gives that moment."""
        start = time.time() + raise_in
        for host, box in enumerate(self.boxes):
            numbers = range(host, self.plan.accounts, self.plan.hosts)
            seeds = []
            for number in numbers:
                name = self.members[number]["name"]
                if self.plan.dues is None:
                    seeds.append({"account": name, "text": "Post {n} of the season #promo", "due": "+2h", "every": "1m", "count": self.plan.posts})
                else:
                    posts = [{"text": f"Post {n} of the season #promo", "due": stamp(start + due)} for n, due in enumerate(self.plan.dues[number])]
                    seeds.append({"account": name, "posts": posts})
            made = box.control("POST", "seed", seeds)["accounts"]
            for number, one in zip(numbers, made):
                self.ids[number] = one["ids"]
        return start

    def truth(self):
        """What the platforms themselves say: posts that cannot go out, posts that went out, answers 429."""
        moved = escaped = refused = 0
        soon = time.time() + FAR
        for host, box in enumerate(self.boxes):
            state = box.control("GET", "state")
            refused += state["total"]["rate_limited"]
            by_name = {one["name"]: one for one in state["accounts"]}
            for number in range(host, self.plan.accounts, self.plan.hosts):
                one = by_name[self.members[number]["name"]]
                queued = {post["id"]: post["due"] for post in one["scheduled"]}
                out = {post["was_scheduled"] for post in one["published"]}
                for post in self.ids[number]:
                    if post in out:
                        escaped += 1
                    elif post not in queued or seconds_of(queued[post]) > soon:
                        moved += 1
        return moved, escaped, refused

    def calls(self):
        return [entry for box in self.boxes for entry in box.control("GET", "log?limit=10000")["log"]]

    def close(self):
        for box in self.boxes:
            box.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def stamp(seconds):
    whole = int(seconds)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{int((seconds - whole) * 1000):03d}Z"


def seconds_of(text):
    fraction = text[20:23] if text[19] == "." else "0"  # much quicker than datetime, for a hundred thousand of them
    return calendar.timegm((int(text[0:4]), int(text[5:7]), int(text[8:10]), int(text[11:13]), int(text[14:16]), int(text[17:19]))) + int(fraction) / 1000


PLAYBOOK = """
[[playbook]]
name     = "stop"
severity = "major"
hold     = ["promotional"]
publish  = "after-approval"
undo     = "0s"
"""

JUDGEMENT = """
[judgement]
promotional.tags = ["promo"]
"""


class Guard(Daemon):
    """halfmastd over the members of a plan, as it is shipped but for the addresses, and its use of the machine."""

    def __init__(self, where, members, labels=None, **keys):
        secrets = os.path.join(where, "secrets")
        os.makedirs(secrets, exist_ok=True)
        parts = []
        for number, member in enumerate(members):
            path = os.path.join(secrets, member["token"])
            with open(path, "w") as file:
                os.chmod(path, 0o600)
                file.write(member["token"])
            more = dict(keys)
            if labels:
                more["labels"] = labels(number)
            parts.append(entry(member, path, more))
        super().__init__(where, "".join(parts), playbook=PLAYBOOK, judgement=JUDGEMENT)

    def wait_polled(self, seconds=120):
        """Until every queue was read and judged."""
        deadline = time.monotonic() + seconds
        while True:
            accounts = self.status()["accounts"]
            if all(one["last_poll"] for one in accounts):
                return
            if time.monotonic() > deadline:
                raise AssertionError(f"{sum(1 for one in accounts if not one['last_poll'])} accounts were not read in {seconds} s: {self.said()}")
            pause(0.2)

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def rss_mb(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            for line in file:
                if line.startswith("VmHWM"):
                    return int(line.split()[1]) / 1024
        return None

    def records(self, kind):
        """(time, account, post) of the records of one kind; read from the ledger's file."""
        base = sqlite3.connect(f"file:{self.state_dir}/ledger.db?mode=ro", uri=True)
        try:
            rows = base.execute("SELECT payload FROM ledger WHERE payload LIKE ?", (f'%"kind":"{kind}"%',)).fetchall()
        finally:
            base.close()
        made = []
        for (payload,) in rows:
            record = json.loads(payload)
            made.append((seconds_of(record["at"]), record.get("account"), record.get("post")))
        return made

    def ledger_size(self):
        base = sqlite3.connect(f"file:{self.state_dir}/ledger.db?mode=ro", uri=True)
        try:
            return base.execute("SELECT max(seq) FROM ledger").fetchone()[0]
        finally:
            base.close()


def entry(member, path, more):
    text = f'[[account]]\nid = "{member["id"]}"\nconnector = "mastodon"\nurl = "{member["url"]}"\ntoken = {{ file = "{path}" }}\n'
    for name, value in more.items():
        if isinstance(value, dict):
            text += f"{name} = {{ " + ", ".join(f'{key} = "{one}"' for key, one in value.items()) + " }\n"
        else:
            text += f"{name} = {json.dumps(value)}\n"
    return text


class Run:
    """One finished process: exit code, wall and processor time, peak memory, what it printed."""

    def __init__(self, command, stdin=None, deadline=None, env=None):
        began = time.monotonic()
        self._ended = threading.Event()
        with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complained:
            source = subprocess.DEVNULL
            if stdin is not None:
                source = tempfile.TemporaryFile()
                source.write(stdin.encode())
                source.seek(0)
            process = subprocess.Popen(command, stdin=source, stdout=said, stderr=complained, env=env, start_new_session=True)
            self.stopped = False
            self.rss_mb = None
            watch = threading.Thread(target=self._watch, args=(process.pid,))
            watch.start()
            timer = threading.Timer(deadline, self._stop, (process,)) if deadline else None
            if timer:
                timer.start()
            # Its end is seen first and the process collected last, so that the number stays its own as long as it is watched.
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            self._ended.set()
            watch.join()
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if timer:
                timer.cancel()
            said.seek(0)
            complained.seek(0)
            self.out, self.err = said.read().decode(errors="replace"), complained.read().decode(errors="replace")
            if stdin is not None:
                source.close()
        self.seconds = time.monotonic() - began
        self.code = process.returncode
        self.cpu = used.ru_utime + used.ru_stime

    def _watch(self, pid):
        """The peak as the process itself has it: what the system keeps for its parent begins with the parent's own size."""
        while not self._ended.wait(0.02):
            try:
                with open(f"/proc/{pid}/status") as file:
                    for line in file:
                        if line.startswith("VmHWM"):
                            self.rss_mb = max(self.rss_mb or 0, int(line.split()[1]) / 1024)
            except OSError:
                return

    def _stop(self, process):
        self.stopped = True
        try:
            os.killpg(process.pid, 15)
        except ProcessLookupError:
            pass


def row(work, subject, **figures):
    names = ("seconds", "ratio_to_floor", "ratio_to_bare", "cpu_s_per_1000", "rss_mb", "confirmed", "escaped", "answers_429", "p99_ms", "per_second")
    unknown = set(figures) - set(names)
    assert not unknown, unknown
    return {"work": work, "subject": subject, **{name: figures.get(name) for name in names}}


def p99(values):
    values = sorted(values)
    return values[min(len(values) - 1, len(values) * 99 // 100)] if values else None
