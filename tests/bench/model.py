"""Arithmetic that needs no program: what is the least time, and how many posts get out at best and in the order of a list."""
from stage import LATENCY


def floor_seconds(plan):
    """Each account's calls (a hold for each post, a read-back for each page of its queue) behind its budget, and the trip of the last one, which
    is a read-back; never less than two trips. Without budgets: all calls behind the number at once."""
    calls = plan.posts + plan.pages
    if plan.rate:
        return max((calls - plan.burst) / plan.rate + LATENCY, 2 * LATENCY)
    rounds = max(calls * plan.accounts / plan.at_once, 2)
    return rounds * LATENCY


def slot(number, rate, burst):
    """When the call with that number (from 0) may leave, in seconds from the raise."""
    return 0.0 if number < burst else (number + 1 - burst) / rate


def leaks_in_order(dues, rate, burst):
    """One account's posts in the order given; each is stopped when its call is answered. What got out before costs its call all the same: a
    list made at the start does not know."""
    return sum(1 for number, due in enumerate(dues) if slot(number, rate, burst) + LATENCY >= due)


def least_leaks(dues, rate, burst):
    """The fewest that must get out: Moore and Hodgson's rule (earliest due first; when one comes too late, drop the longest so far;
    all are equally long here, so any)."""
    kept = 0
    for due in sorted(dues):
        if slot(kept, rate, burst) + LATENCY < due:
            kept += 1
    return len(dues) - kept


def leaks(plan, how):
    return sum(how(dues, plan.rate, plan.burst) for dues in plan.dues)
