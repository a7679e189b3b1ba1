"""The works without a crisis to stop: poll, start, ledger."""
import json
import os
import socket
import subprocess
import time

import rivals
from stage import BUILD, Guard, Plan, Platforms, Run, folder, pause, row, say
from stops import big_plan, guarded_stop


def poll(quick):
    """Every account read again and again, mostly unchanged. The rhythm is ten times the real one, and the time a tenth: as many polls."""
    accounts, every, seconds = (1_000, 2, 6) if quick else (10_000, 6, 60)
    plan = Plan(accounts, 2)
    rows = []
    say(f"poll: {accounts} accounts every {every} s, for {seconds} s ...")
    with folder() as where, Platforms(where, plan) as platforms:
        box = platforms.boxes[0]
        box.control("POST", "rules", {"latency": "5ms"})
        platforms.fill()
        if not rivals.missing("bare"):
            lines = "".join(f"{number}\tGET\t{one['url']}/api/v1/scheduled_statuses?limit=40\t{one['token']}\t\n"
                            for number, one in enumerate(platforms.members))
            bare = Run([os.path.join(BUILD, "bench-bare")], stdin=lines, deadline=120)
            rows.append(row("poll", "bare", seconds=bare.seconds, cpu_s_per_1000=bare.cpu * 1000 / accounts, rss_mb=bare.rss_mb, confirmed=accounts,
                            per_second=accounts / bare.seconds))
        guard = Guard(where, platforms.members, poll_every=f"{every}s").start()
        try:
            guard.wait_polled(240)
            calls, cpu, began = total_calls(box), guard.cpu(), time.monotonic()
            for number in range(0, accounts, 100):  # one in a hundred is changed by somebody
                box.control("POST", "edit", {"account": platforms.members[number]["name"], "id": platforms.ids[number][0], "due": "+3h"})
            pause(began + seconds - time.monotonic())
            took, made, used = time.monotonic() - began, total_calls(box) - calls, guard.cpu() - cpu
            rows.append(row("poll", "halfmast", seconds=took, cpu_s_per_1000=used * 1000 / max(made, 1), rss_mb=guard.rss_mb(), confirmed=made,
                            per_second=made / took))
        finally:
            guard.stop()
    return rows


def total_calls(box):
    return box.control("GET", "state?account=acct-1&brief=1")["total"]["calls"]


def start(quick, keep):
    """From the start of the program to READY, over the state that quiet-100x1000 left: right after a stop in the middle of a crisis, and again
    after a quiet while."""
    if not os.path.isdir(os.path.join(keep, "state")):
        say("start: a crisis to start with ...")
        plan = big_plan(quick)
        with folder() as where, Platforms(where, plan) as platforms:
            platforms.fill()
            guarded_stop(platforms, keep, wait=300)
    with open(os.path.join(keep, "halfmast.toml")) as file:
        accounts = file.read().count("[[account]]")
    # Platforms that do not answer: nothing changes while it is measured.
    members = [{"id": f"a{number}", "token": f"token-{number}", "url": "http://127.0.0.1:9"} for number in range(accounts)]
    guard = Guard(keep, members)
    say(f"start: {guard.ledger_size()} records ...")
    worst, _, _ = start_once(guard)
    start_once(guard, catch_up=not quick)
    times, held, rss = zip(*(start_once(guard) for _ in range(5)))
    return [row("start", "halfmast", seconds=sorted(times)[2], p99_ms=worst * 1000, confirmed=held[0], rss_mb=max(rss))]


def start_once(guard, catch_up=False):
    """(seconds to READY, holds it knows, peak memory). `catch_up`: let it write down the state for the next start, as it does in time."""
    path = os.path.join(guard.folder, "notify")
    if os.path.exists(path):
        os.unlink(path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
        bell.bind(path)
        bell.settimeout(120)
        with open(os.path.join(guard.folder, "start.log"), "wb") as log:
            began = time.monotonic()
            guard.process = subprocess.Popen([os.path.join(BUILD, "halfmastd"), "--config", guard.config], stdout=log, stderr=log,
                                             env={**os.environ, "NOTIFY_SOCKET": path})
        try:
            while b"READY=1" not in bell.recv(4096):
                pass
            took = time.monotonic() - began
            held = sum(one["holds"]["held"] for one in guard.status()["crises"])
            snapshot = os.path.join(guard.state_dir, "snapshot")
            deadline = time.monotonic() + 60
            while catch_up and not os.path.exists(snapshot) and time.monotonic() < deadline:
                pause(0.5)
            return took, held, guard.rss_mb()
        finally:
            guard.process.terminate()
            guard.process.wait(60)
            guard.process = None


def ledger(quick):
    tool = os.path.join(BUILD, "bench-ledger")
    entries = 10_000 if quick else 300_000
    say(f"ledger: {entries} entries ...")
    with folder() as where:
        run = Run([tool, where, str(entries)], deadline=120)
        if run.code != 0:
            raise AssertionError(f"bench-ledger ended with {run.code}: {run.err}")
        made = json.loads(run.out)
        verify = Run([os.path.join(BUILD, "halfmast"), "audit", "verify", "--state-dir", os.path.join(where, "state")], deadline=120)
        if verify.code != 0:
            raise AssertionError(f"audit verify ended with {verify.code}: {verify.err}")
    return [row("ledger", "floor", p99_ms=made["sync_p99_ms"]),
            row("ledger", "halfmast", seconds=verify.seconds, confirmed=made["entries"], p99_ms=made["append_p99_ms"],
                ratio_to_floor=made["append_p99_ms"] / made["sync_p99_ms"], per_second=made["grouped_per_second"], rss_mb=verify.rss_mb,
                cpu_s_per_1000=run.cpu * 1000 / made["entries"])]
