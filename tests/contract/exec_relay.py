#!/usr/bin/python3 -IS
"""The shipped folder.py for every test of a run, with things going wrong: exec_relay.py FOLDER.PY

Standard input is a listening unix socket; each connection is one program that connector "exec" started (relay/relay.cpp). Its first
line names the folder of posts and the folder of the test's plan. The lines after it go to folder.py's own answer(), and what the test
planned in STATE/plan.json happens on the way, as the wire does it for platforms on HTTP. Each call adds a line to STATE/calls.
Ends when descriptor 3 does: with the test.
"""
import json
import os
import re
import shutil
import socket
import sys
import threading

KINDS = {"list": "lists", "hold": "holds", "read": "reads", "release": "releases", "publish": "publishes", "edit": "edits", "pin": "pins", "unpin": "unpins",
         "pins": "reads_pins", "feed": "reads_feed", "mentions": "reads_mentions"}
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


def answer_to(line, path, state):
    """The line that comes back; None: the program dies without one."""
    request = json.loads(line)
    real = folder.Folder(path)
    if request["verb"] == "hello":
        return json.dumps(folder.answer(real, line))
    kind = KINDS.get(request["verb"], "other")
    with open(os.path.join(state, "calls"), "a", encoding="utf-8") as file:
        file.write(kind + "\n")
    fault = strike(state, kind) or {}
    if fault.get("unreachable"):
        return json.dumps({"id": request["id"], "problem": {"kind": "unreachable", "detail": "connection refused"}})
    given = ""
    if fault.get("lie"):
        copy = os.path.join(state, "copy")
        shutil.copytree(path, copy)
        given = json.dumps(folder.answer(folder.Folder(copy), line))
        shutil.rmtree(copy)
    elif not fault or fault["carried_out"] or not (fault.get("status") or fault["cut"]):
        given = json.dumps(folder.answer(real, line))
    if fault.get("cut"):
        return None
    if fault.get("status"):
        given = problem(request, fault["status"], fault)
    elif fault.get("body") is not None:
        with open(os.path.join(state, fault["body"]), encoding="utf-8") as file:
            given = file.read()
    if fault.get("spoil") == "half":
        given = given[:len(given) // 2]
    elif fault.get("spoil") == "members":
        given = re.sub(r'\{"', '{"x_new":[null,1e3,[]],"', given)
    return given + " " * max(0, min(fault.get("huge", 0), 5 << 20) - len(given))


def serve(connection):
    with connection, connection.makefile("r", encoding="utf-8") as lines:
        path, state = lines.readline().rstrip("\n").split("\t")
        for line in lines:
            given = answer_to(line, path, state)
            if given is None:
                return
            try:
                connection.sendall(given.encode() + b"\n")
            except OSError:  # the program was ended
                return


def watch():
    os.read(3, 1)
    os._exit(0)


def main():
    threading.Thread(target=watch, daemon=True).start()
    server = socket.socket(fileno=0)
    while True:
        threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()


sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(sys.argv[1]))
import folder  # noqa: E402

main()
