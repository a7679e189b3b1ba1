"""What managers and their browsers ask for: pages of the list over a hundred thousand held posts, and two hundred open event streams."""
import http.client
import json
import os
import resource
import socket
import threading
import time

from stage import Guard, Platforms, folder, pause, row, say
from stops import big_plan, guarded_stop

STREAMS = 200
FILTERS = ("limit=50", "limit=50&state=held", "limit=50&account=a7", "limit=50&class=promotional", "limit=50&rung=takeout", "limit=50&q=season",
           "limit=50&q=nothing+like+that", "limit=50&sort=-due", "limit=50&sort=changed", "limit=50&crisis=c-1&counts=1&state=held",
           "limit=50&due_from=2026-01-01T00:00:00Z&due_until=2036-01-01T00:00:00Z", "limit=50&sort=-changed&state=held,kept&q=post+7&counts=1")


class Socket(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def asked(daemon, query):
    """(seconds, the answer) of one page."""
    connection = Socket(daemon.socket)
    began = time.monotonic()
    connection.request("GET", "/api/v1/posts?" + query)
    answer = connection.getresponse()
    text = answer.read()
    took = time.monotonic() - began
    connection.close()
    if answer.status != 200:
        raise AssertionError(f"{query}: {answer.status} {text[:200]}")
    return took, json.loads(text)


def pages(daemon, tries=7):
    rows = []
    for query in FILTERS:
        times, answer = [], None
        for _ in range(tries):
            took, answer = asked(daemon, query)
            times.append(took)
        rows.append((query, sorted(times)[tries // 2] * 1000, max(times) * 1000, answer["total"]))
        say(f"  {rows[-1][1]:7.1f} ms (worst {rows[-1][2]:.1f}) of {rows[-1][3]:>7}  {query}")
    return rows


class Listeners(threading.Thread):
    """Open event streams that are read by one thread; counts the bytes that came."""

    def __init__(self, path, count):
        super().__init__(daemon=True)
        import selectors
        self.waiting, self.sockets, self.got, self.over = selectors.DefaultSelector(), [], 0, threading.Event()
        for _ in range(count):
            one = socket.socket(socket.AF_UNIX)
            one.connect(path)
            one.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.sockets.append(one)
            self.waiting.register(one, selectors.EVENT_READ)
        self.start()

    def run(self):
        while not self.over.is_set():
            for key, _ in self.waiting.select(0.2):
                self.got += len(key.fileobj.recv(1 << 16))

    def close(self):
        self.over.set()
        self.join(10)
        for one in self.sockets:
            one.close()


def bulk(daemon, many=5000, at_once=1000):
    """(seconds, the longest that another question waited meanwhile): what would come of letting so many posts go, as many a call as are taken."""
    ids = []
    for account in range(1 + many // at_once):
        ids += [post["id"] for post in asked(daemon, f"limit={at_once}&state=held&account=a{account}")[1]["posts"]]
    ids = ids[:many]
    waited, over = [0.0], threading.Event()

    def somebody_else():
        while not over.is_set():
            waited[0] = max(waited[0], asked(daemon, "limit=1&account=a0")[0])
            pause(0.01)
    other = threading.Thread(target=somebody_else, daemon=True)
    other.start()
    began = time.monotonic()
    counts = {"done": 0, "refused": 0}
    for begin in range(0, len(ids), at_once):
        connection = Socket(daemon.socket)
        body = {"act": "release", "preview": True, "shift": True, "during_crisis": True, "reason": "measured", "ids": [dict(zip(("account", "post"), id.split("/", 1))) for id in ids[begin:begin + at_once]]}
        connection.request("POST", "/api/v1/posts/bulk", json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        seen = json.loads(answer.read())
        if answer.status != 200:
            raise AssertionError(f"bulk: {answer.status} {seen}")
        for key in counts:
            counts[key] += seen[key]
        connection.close()
    took = time.monotonic() - began
    over.set()
    other.join(30)
    say(f"  bulk: {len(ids)} posts foreseen in {took:.2f} s ({counts}); nobody else waited longer than {1000 * waited[0]:.0f} ms")
    return took, waited[0], len(ids)


def streams(daemon, seconds):
    """Processor time of the daemon for so long: without the streams, with them, and without them again; somebody writes a note to a post
    every half second."""
    posts = [post["id"] for post in asked(daemon, "limit=50&state=held")[1]["posts"]]

    def burn():
        cpu, began, number = daemon.cpu(), time.monotonic(), 0
        while time.monotonic() < began + seconds:
            post = posts[number % len(posts)]
            connection = Socket(daemon.socket)
            connection.request("POST", "/api/v1/posts/" + post + "/note", json.dumps({"text": f"note {number}"}), {"Content-Type": "application/json"})
            connection.getresponse().read()
            connection.close()
            number += 1
            pause(0.5)
        return (daemon.cpu() - cpu) / (time.monotonic() - began)
    burn()  # whatever the start left to do
    before_them = burn()
    listeners = Listeners(daemon.socket, STREAMS)
    pause(3)
    before = listeners.got
    together = burn()
    got = listeners.got - before
    listeners.close()
    pause(3)
    alone = (before_them + burn()) / 2
    say(f"  {STREAMS} streams: {100 * (together - alone):.2f} % of a core ({100 * alone:.2f} % without them), {got / STREAMS / seconds:.0f} bytes a second each")
    return together - alone, got


def review(quick, keep):
    if not os.path.isdir(os.path.join(keep, "state")):
        say("review: a crisis to start with ...")
        plan = big_plan(quick)
        with folder() as where, Platforms(where, plan) as platforms:
            platforms.fill()
            guarded_stop(platforms, keep, wait=300)
    with open(os.path.join(keep, "halfmast.toml")) as file:
        accounts = file.read().count("[[account]]")
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < STREAMS + 100:
        raise AssertionError("too few open files are allowed here")
    # Platforms that do not answer: nothing changes while it is measured, and nobody polls.
    members = [{"id": f"a{number}", "token": f"token-{number}", "url": "http://127.0.0.1:9"} for number in range(accounts)]
    daemon = Guard(keep, members, poll_every="1h", sweep_every="1h").start()
    try:
        held = sum(one["holds"]["held"] for one in daemon.status()["crises"])
        say(f"review: {held} held posts ...")
        seen = pages(daemon)
        took, waited, many = bulk(daemon)
        share, got = streams(daemon, 10 if quick else 30)
        return [row("review", "halfmast", seconds=max(one[1] for one in seen) / 1000, p99_ms=max(one[2] for one in seen), confirmed=held,
                    rss_mb=daemon.rss_mb()),
                row("review", "bulk", seconds=took, p99_ms=waited * 1000, confirmed=many),
                row("review", "streams", cpu_s_per_1000=share * 1000 / STREAMS, confirmed=STREAMS, per_second=got / STREAMS)]
    finally:
        daemon.stop()
