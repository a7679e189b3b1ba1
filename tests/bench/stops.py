"""The works that stop queues: quiet-50x40, quiet-1000x10, quiet-100x1000, leaks, first-hold."""
import concurrent.futures
import json
import os
import random
import subprocess
import time

import model
import rivals
from stage import BUILD, LATENCY, Guard, Plan, Platforms, Run, folder, p99, pause, row, say

RIVALS = ("curl", "undici", "aiohttp", "xargs")


def raise_flag(guard, *words):
    """Starts `halfmast raise`; gives the moment before it, and the process."""
    env = {**os.environ, "HALFMAST_SOCKET": guard.socket, "NO_COLOR": "1"}
    began = time.time()
    return began, subprocess.Popen([os.path.join(BUILD, "halfmast"), "raise", "-o", "json", *words], env=env, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)


def guarded_stop(platforms, where, raise_at=None, wait=300, **keys):
    """Raises the flag over everything; figures as the ledger and the platforms have them."""
    plan = platforms.plan
    guard = Guard(where, platforms.members, **keys).start()
    try:
        guard.wait_polled()
        pause(plan.burst / plan.rate if plan.rate else 0.3)  # the budget is whole again, as after an hour of peace
        if raise_at:
            if time.time() > raise_at:
                raise AssertionError("the daemon was not ready at the moment of the raise")
            pause(raise_at - time.time())
        before = guard.cpu()
        began, command = raise_flag(guard, "--wait", f"{wait}s")
        out, err = command.communicate(timeout=wait + 60)
        used, rss = guard.cpu() - before, guard.rss_mb()
        if command.returncode not in (0, 8):
            raise AssertionError(f"halfmast raise ended with {command.returncode}: {err or out}")
        confirmed = guard.records("hold_confirmed")
        first = {}
        for at, account, _ in guard.records("hold_answered"):
            first[account] = min(at, first.get(account, at))
        if raise_at and plan.dues:  # until the last of the near posts would have gone out
            pause(max(0.0, raise_at + max(due for one in plan.dues for due in one if due < 60) + 1 - time.time()))
        moved, escaped, refused = platforms.truth()
        if command.returncode == 8:
            say("  raise ended with 8: " + json.loads(out)["sentence"])
        seconds = max(at for at, _, _ in confirmed) - began if confirmed else None
        held = len({(account, post) for _, account, post in confirmed})
        return {"seconds": seconds, "cpu_s_per_1000": used * 1000 / plan.total, "rss_mb": rss, "confirmed": min(held, moved), "escaped": escaped,
                "answers_429": refused, "p99_ms": p99([(at - began) * 1000 for at in first.values()]),
                "per_second": held / seconds if seconds else None}, guard
    finally:
        guard.stop()


def with_ratios(work, subject, figures, floor, bare):
    seconds = figures["seconds"]
    if seconds:
        figures["ratio_to_floor"] = seconds / floor
        figures["ratio_to_bare"] = seconds / bare if bare else None
    return row(work, subject, **figures)


def quiet(work, plan, deadline, subjects, keep=None):
    """One row for each subject; a freshly filled platform for each. `keep`: a folder in which the daemon's state stays."""
    floor = model.floor_seconds(plan)
    rows = [row(work, "floor", seconds=floor, ratio_to_floor=1.0, per_second=plan.total / floor)]
    bare_seconds = None
    for subject in subjects:
        if subject != "halfmast" and rivals.missing(subject):
            continue
        say(f"{work}: {subject} ...")
        with folder() as where, Platforms(where, plan) as platforms:
            platforms.fill()
            if subject == "halfmast":
                figures, _ = guarded_stop(platforms, keep or where, wait=int(deadline) + 60)
            else:
                patience = min(deadline, 3) if subject == "xargs" and deadline < 60 else deadline
                figures = rivals.figures(rivals.stop_with(subject, platforms, patience, where), platforms, plan.total)
        if subject == "bare":
            bare_seconds = figures["seconds"]
        rows.append(with_ratios(work, subject, figures, floor, bare_seconds))
    return rows


def quiet_50x40(quick, subjects=("bare", "halfmast", *RIVALS)):
    plan = Plan(20, 9, rate=2, burst=5) if quick else Plan(50, 40, rate=2, burst=5)
    return quiet("quiet-50x40", plan, 9 if quick else 120, subjects)


def quiet_1000x10(quick, subjects=None):
    plan = Plan(200, 5, hosts=8) if quick else Plan(1000, 10, hosts=8)
    return quiet("quiet-1000x10", plan, 10 if quick else 120, subjects or ("bare", "halfmast", *(RIVALS[:3] if quick else RIVALS)))


def big_plan(quick):
    return Plan(20, 100, hosts=8) if quick else Plan(100, 1000, hosts=8)


def quiet_100x1000(quick, keep=None, subjects=None):
    say("quiet-100x1000: without xargs, a process for each of 100,000 posts takes longer than anybody waits")
    return quiet("quiet-100x1000", big_plan(quick), 10 if quick else 240, subjects or ("bare", "halfmast", *RIVALS[:3]), keep)


def near_plan(seed, accounts=50, posts=40, near=555, within=20.0):
    """So many of the posts, anywhere, are due within the first seconds; the others in hours."""
    dice = random.Random(seed)
    soon = set(dice.sample(range(accounts * posts), near))
    return Plan(accounts, posts, rate=2, burst=5,
                due=lambda a, n: dice.uniform(0, within) if a * posts + n in soon else 3600 + dice.uniform(0, 7200))


def leaks_of(subject, plan, lead, wait):
    with folder() as where, Platforms(where, plan) as platforms:
        raise_at = platforms.fill(lead)
        if subject == "halfmast":
            return guarded_stop(platforms, where, raise_at, wait)[0]
        pause(raise_at - time.time())
        ended = rivals.stop_with(subject, platforms, wait, where)
        pause(max(0.0, raise_at + max(due for one in plan.dues for due in one if due < 60) + 1 - time.time()))
        return rivals.figures(ended, platforms, plan.total)


def leaks(quick, subjects=None):
    """The means over the seeds; of the rivals only the first seeds are played, for theirs hardly differ."""
    plans = [near_plan(1, 20, 20, 111, 8.0)] if quick else [near_plan(seed) for seed in range(1, 21)]
    rows = [row("leaks", "optimum", escaped=mean([model.leaks(plan, model.least_leaks) for plan in plans])),
            row("leaks", "fifo", escaped=mean([model.leaks(plan, model.leaks_in_order) for plan in plans]))]
    subjects = subjects or (("halfmast",) if quick else ("bare", "halfmast", "curl", "undici", "aiohttp"))
    floor, bare_seconds = model.floor_seconds(plans[0]), None
    for subject in subjects:
        if subject != "halfmast" and rivals.missing(subject):
            continue
        played = plans if subject in ("halfmast", "bare") else plans[:2]
        say(f"leaks: {subject}, {len(played)} seeds ...")
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            several = list(pool.map(lambda plan: leaks_of(subject, plan, 4 if quick else 15, 15 if quick else 60), played))
        figures = {name: mean([one[name] for one in several]) for name in several[0]}
        if subject == "bare":
            bare_seconds = figures["seconds"]
        rows.append(with_ratios("leaks", subject, figures, floor, bare_seconds))
        say("  escaped, seed by seed: " + " ".join(str(one["escaped"]) for one in several))
    return rows


def mean(values):
    values = [one for one in values if one is not None]
    return sum(values) / len(values) if values else None


def first_hold(quick):
    """Raises one after the other, each over one account of its own: from the start of the command to the answer of the hold's call."""
    count = 25 if quick else 200
    plan = Plan(count, 1)
    rows = [row("first-hold", "floor", seconds=LATENCY, ratio_to_floor=1.0, p99_ms=LATENCY * 1000)]
    say(f"first-hold: {count} raises ...")
    bare = None
    if not rivals.missing("bare"):
        with folder() as where, Platforms(where, plan) as platforms:
            platforms.fill()
            bare = one_by_one(platforms)
            rows.append(row("first-hold", "bare", seconds=bare / 1000, p99_ms=bare))
    with folder() as where, Platforms(where, plan) as platforms:
        platforms.fill()
        guard = Guard(where, platforms.members, labels=lambda number: {"n": str(number)}, poll_every="10m", sweep_every="10m").start()
        try:
            guard.wait_polled()
            before = guard.cpu()
            starts = []
            for number in range(count):
                began, command = raise_flag(guard, "--scope", f"n={number}", "--wait", "0")
                command.communicate(timeout=30)
                starts.append(began)
                pause(0.1)
            pause(0.5)
            used, rss = guard.cpu() - before, guard.rss_mb()
            answered = {}
            for at, account, _ in guard.records("hold_answered"):
                answered[account] = min(at, answered.get(account, at))
            moved, escaped, refused = platforms.truth()
        finally:
            guard.stop()
    trips = [(answered[f"a{number}"] - began) * 1000 for number, began in enumerate(starts) if f"a{number}" in answered]
    usual = sorted(trips)[len(trips) // 2]
    rows.append(row("first-hold", "halfmast", seconds=usual / 1000, ratio_to_floor=p99(trips) / (LATENCY * 1000),
                    ratio_to_bare=p99(trips) / bare if bare else None, cpu_s_per_1000=used * 1000 / count, rss_mb=rss, confirmed=moved, escaped=escaped, answers_429=refused, p99_ms=p99(trips)))
    return rows


def one_by_one(platforms):
    """The 99th percentile, in ms, of the same calls on a warm connection, one after the other."""
    far = rivals.far_date()
    lines = "".join(f"0\tPUT\t{member['url']}/api/v1/scheduled_statuses/{posts[0]}\t{member['token']}\tscheduled_at={far}\n"
                    for member, posts in zip(platforms.members, platforms.ids))
    run = Run([os.path.join(BUILD, "bench-bare"), "--at-once", "1"], stdin=lines, deadline=60)
    return json.loads(run.out)["p99_ms"]
