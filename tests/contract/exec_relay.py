#!/usr/bin/python3 -IS
"""The shipped folder.py with things going wrong: exec_relay.py FOLDER.PY FOLDER STATE

Lines go to folder.py's own answer(), and what the test planned in STATE/plan.json happens on the way, as the wire does it for
platforms on HTTP. Each call adds a line to STATE/calls.
"""
import json
import os
import re
import sys

KINDS = {"list": "lists", "hold": "holds", "read": "reads", "release": "releases", "publish": "publishes", "pin": "pins", "unpin": "unpins",
         "pins": "reads_pins", "feed": "reads_feed"}
STATUSES = {401: "auth_expired", 403: "forbidden", 404: "not_found", 410: "not_found", 409: "conflict", 412: "conflict", 429: "rate_limited"}


def strike(state, kind):
    """The first planned fault that is due for a call of this kind."""
    path = os.path.join(state, "plan.json")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        plan = json.load(file)
    for one in plan:
        if one["on"] == kind:
            turn = one["seen"]
            one["seen"] += 1
            with open(path, "w", encoding="utf-8") as file:
                json.dump(plan, file)
            if one["after"] <= turn < one["after"] + one["times"]:
                return one
    return None


def problem(request, status, fault):
    kind = STATUSES.get(status, "unknown_outcome" if status >= 500 else "rejected")
    said = {"kind": kind, "detail": f"refused with {status}"}
    if fault.get("retry_after"):
        said["retry_after"] = fault["retry_after"]
    return json.dumps({"id": request["id"], "problem": said})


def main():
    program, path, state = sys.argv[1:4]
    sys.path.insert(0, os.path.dirname(program))
    sys.dont_write_bytecode = True
    import folder

    real = folder.Folder(path)
    for line in sys.stdin:
        request = json.loads(line)
        if request["verb"] == "hello":
            print(json.dumps(folder.answer(real, line)), flush=True)
            continue
        kind = KINDS.get(request["verb"], "other")
        with open(os.path.join(state, "calls"), "a", encoding="utf-8") as file:
            file.write(kind + "\n")
        fault = strike(state, kind) or {}
        if fault.get("unreachable"):
            print(json.dumps({"id": request["id"], "problem": {"kind": "unreachable", "detail": "connection refused"}}), flush=True)
            continue
        given = ""
        if fault.get("lie"):
            import shutil  # seldom needed, and slow to load

            copy = os.path.join(state, "copy")
            shutil.copytree(path, copy)
            given = json.dumps(folder.answer(folder.Folder(copy), line))
            shutil.rmtree(copy)
        elif not fault or fault["carried_out"] or not (fault.get("status") or fault["cut"]):
            given = json.dumps(folder.answer(real, line))
        if fault.get("cut"):
            return
        if fault.get("status"):
            given = problem(request, fault["status"], fault)
        elif fault.get("body") is not None:
            given = fault["body"]
        if fault.get("spoil") == "half":
            given = given[:len(given) // 2]
        elif fault.get("spoil") == "members":
            given = re.sub(r'\{"', '{"x_new":[null,1e3,[]],"', given)
        given += " " * max(0, min(fault.get("huge", 0), 20 << 20) - len(given))
        try:
            print(given, flush=True)
        except BrokenPipeError:
            return


main()
