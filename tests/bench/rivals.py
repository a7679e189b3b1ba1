"""What people use today, each doing list, hold and read-back on a freshly filled platform, as a careful engineer would write it in an hour;
and `bare`, which only sends the requests."""
import json
import os
import re
import shutil
import subprocess
import time

from stage import BUILD, HERE, Run, say, stamp

CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "halfmast-bench")
UNDICI = "undici@6"  # the last major version that runs on Node 18 and 20

_missing = {}


def missing(subject):
    """Why this subject cannot run here; "" when it can. Looked up once, said once."""
    if subject not in _missing:
        _missing[subject] = {"undici": undici_missing, "aiohttp": aiohttp_missing}.get(subject, lambda: tool_missing(subject))()
        if _missing[subject]:
            say(f"SKIPPED {subject}: {_missing[subject]}")
    return _missing[subject]


def tool_missing(subject):
    tool = {"xargs": "xargs", "bare": os.path.join(BUILD, "bench-bare")}.get(subject, "curl")
    return "" if shutil.which(tool) else f"{tool} is not there" + ("; build the target bench-bare" if subject == "bare" else "")


def undici_missing():
    if not shutil.which("node"):
        return "node is not installed"
    if not os.path.isdir(os.path.join(CACHE, "node_modules", "undici")):
        if not shutil.which("npm"):
            return "npm is not installed, and undici is not in " + CACHE
        os.makedirs(CACHE, exist_ok=True)
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", CACHE, UNDICI], capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            return "npm cannot install undici: " + done.stderr.strip()[-200:]
    return ""


def aiohttp_missing():
    done = subprocess.run(["/usr/bin/python3", "-c", "import aiohttp"], capture_output=True)
    return "" if done.returncode == 0 else "Debian's package python3-aiohttp is not installed"


def far_date():
    return stamp(time.time() + 330 * 86400)


class Ended:
    """How a subject ended: what it claims, and what it cost."""

    def __init__(self, seconds=None, held=0, cpu=0.0, rss_mb=0.0, first_p99_ms=None):
        self.seconds, self.held, self.cpu, self.rss_mb, self.first_p99_ms = seconds, held, cpu, rss_mb, first_p99_ms

    def add(self, run):
        self.cpu += run.cpu
        self.rss_mb = max(self.rss_mb, run.rss_mb or 0.0)


def with_script(command, platforms, deadline, env):
    plan = platforms.plan
    lines = "".join(json.dumps({"url": one["url"], "token": one["token"]}) + "\n" for one in platforms.members)
    run = Run(command, stdin=lines, deadline=deadline,
              env={**os.environ, "FAR": far_date(), "AT_ONCE": str(plan.at_once), "HOSTS": str(plan.hosts), **env})
    ended = Ended()
    ended.add(run)
    try:
        said = json.loads(run.out)
        ended.seconds, ended.held, ended.first_p99_ms = said["seconds"], said["held"], said["first_p99_ms"]
        if said["failed"]:
            say(f"  {said['failed']} accounts failed")
    except ValueError:
        say(f"  {command[-1]}: " + ("stopped after its time" if run.stopped else f"exit {run.code}: {run.err[-500:]}"))
    return ended


def undici(platforms, deadline):
    return with_script(["node", os.path.join(HERE, "stop_undici.mjs")], platforms, deadline, {"UNDICI": CACHE})


def aiohttp(platforms, deadline):
    return with_script(["/usr/bin/python3", os.path.join(HERE, "stop_aiohttp.py")], platforms, deadline, {})


class CurlScript:
    """list, hold and read-back by the curl command; `transfer` says how many requests are handed over."""

    def __init__(self, platforms, deadline):
        self.platforms, self.until = platforms, time.monotonic() + deadline
        self.ended = Ended()

    def left(self):
        return max(1.0, self.until - time.monotonic())

    def lists(self):
        """Each account's queue, page after page."""
        posts = [[] for _ in self.platforms.members]
        open_pages = {number: one["url"] + "/api/v1/scheduled_statuses?limit=40" for number, one in enumerate(self.platforms.members)}
        while open_pages and time.monotonic() < self.until:
            order = list(open_pages.items())
            answers = self.transfer([("GET", url, self.platforms.members[number]["token"], None) for number, url in order])
            open_pages = {}
            for (number, _), (headers, body) in zip(order, answers):
                page = json.loads(body) if body.startswith("[") else []
                posts[number] += page
                more = re.search(r'<([^>]+)>; rel="next"', headers)
                if more and page:
                    open_pages[number] = more.group(1)
        return posts

    def run(self):
        began = time.monotonic()
        far = far_date()
        queues = self.lists()
        holds = []
        for member, posts in zip(self.platforms.members, queues):
            for post in sorted(posts, key=lambda one: one["scheduled_at"]):
                holds.append(("PUT", f"{member['url']}/api/v1/scheduled_statuses/{post['id']}", member["token"], f"scheduled_at={far}"))
        self.transfer(holds)
        there = self.lists()
        if time.monotonic() < self.until:
            self.ended.seconds = time.monotonic() - began
        self.ended.held = sum(1 for posts in there for post in posts if post["scheduled_at"] >= far[:10])
        return self.ended

    def transfer(self, calls):
        """[(headers, body)] of the calls that read, in their order."""
        raise NotImplementedError

    def finish(self, run, name):
        self.ended.add(run)
        if run.stopped:
            say(f"  {name}: stopped after its time")


class Parallel(CurlScript):
    def __init__(self, platforms, deadline, where):
        super().__init__(platforms, deadline)
        self.where = where

    def transfer(self, calls):
        config = os.path.join(self.where, "curl.config")
        with open(config, "w") as file:
            for number, (method, url, token, body) in enumerate(calls):
                file.write(f'{"next" if number else ""}\nsilent\nurl = "{url}"\nrequest = {method}\nheader = "Authorization: Bearer {token}"\n'
                           f'retry = 10\nretry-all-errors\nfail\nmax-time = 15\n')
                if body:
                    file.write(f'data = "{body}"\noutput = "/dev/null"\n')
                else:
                    file.write(f'dump-header = "{self.where}/{number}.h"\noutput = "{self.where}/{number}.b"\n')
        run = Run(["curl", "--parallel", "--parallel-immediate", "--parallel-max", str(min(300, self.platforms.plan.at_once)), "--config", config],
                  deadline=self.left())
        self.finish(run, "curl")
        return [take(f"{self.where}/{number}") for number, (_, _, _, body) in enumerate(calls) if not body]


class Processes(CurlScript):
    """One curl process for each request, 64 at once."""

    def __init__(self, platforms, deadline, where):
        super().__init__(platforms, deadline)
        self.where = where

    def transfer(self, calls):
        lines = []
        for number, (method, url, token, body) in enumerate(calls):
            more = f"--data {body} -o /dev/null" if body else f"-D {self.where}/{number}.h -o {self.where}/{number}.b"
            lines.append(f"{method} -H 'Authorization: Bearer {token}' {more} '{url}'\n")
        command = ["xargs", "-P", "64", "-L", "1", "curl", "--silent", "--fail", "--retry", "10", "--retry-all-errors", "--max-time", "15", "--request"]
        run = Run(command, stdin="".join(lines), deadline=self.left())
        self.finish(run, "xargs")
        return [take(f"{self.where}/{number}") for number, (_, _, _, body) in enumerate(calls) if not body]


def take(path):
    """The last answer's headers (retries leave several), and the body; the files are gone afterwards."""
    texts = []
    for end in (".h", ".b"):
        try:
            with open(path + end) as file:
                texts.append(file.read())
            os.unlink(path + end)
        except FileNotFoundError:
            texts.append("")
    return texts[0].replace("\r", "").strip().split("\n\n")[-1], texts[1]


def bare(platforms, deadline):
    """The same requests as halfmast's holds and read-backs, nothing else."""
    plan = platforms.plan
    far = far_date()
    lines = []
    for number, member in enumerate(platforms.members):
        base = f"{number}\t%s\t{member['url']}/api/v1/scheduled_statuses%s\t{member['token']}\t%s\n"
        posts = platforms.ids[number]
        if plan.dues:
            posts = [post for _, post in sorted(zip(plan.dues[number], posts))]
        for post in posts:
            lines.append(base % ("PUT", "/" + post, "scheduled_at=" + far))
        for page in range(plan.pages):
            lines.append(base % ("=GET" if page == 0 else "GET", f"?limit=40&max_id={int(max(posts, key=int)) + 1 - 40 * page}", ""))
    run = Run([os.path.join(BUILD, "bench-bare"), "--at-once", str(plan.at_once), "--rate", str(plan.rate), "--burst", str(plan.burst)],
              stdin="".join(lines), deadline=deadline)
    ended = Ended()
    ended.add(run)
    try:
        said = json.loads(run.out)
    except ValueError:
        say(f"  bench-bare: exit {run.code}: {run.err[-500:]}")
        return ended
    ended.seconds, ended.first_p99_ms = said["seconds"], said["first_p99_ms"]
    ended.held = None  # it does not look at what it reads; the platform tells
    return ended


def stop_with(subject, platforms, deadline, where):
    if subject == "curl":
        return Parallel(platforms, deadline, where).run()
    if subject == "xargs":
        return Processes(platforms, deadline, where).run()
    return {"undici": undici, "aiohttp": aiohttp, "bare": bare}[subject](platforms, deadline)


def figures(ended, platforms, total):
    """The columns that all of these have in common."""
    moved, escaped, refused = platforms.truth()
    confirmed = moved if ended.held is None else min(moved, ended.held)
    return {"seconds": ended.seconds, "cpu_s_per_1000": ended.cpu * 1000 / total, "rss_mb": ended.rss_mb, "confirmed": confirmed, "escaped": escaped,
            "answers_429": refused, "p99_ms": ended.first_p99_ms, "per_second": confirmed / ended.seconds if ended.seconds else None}
