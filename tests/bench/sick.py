"""The work `sick`: five accounts of 250 stand behind platforms that fall ill right before the raise, each in its own way. What is measured is
what the other 245 feel of it."""
import os
import socket
import socketserver
import struct
import subprocess
import threading
import time

import stops
from stage import BUILD, Guard, Plan, Platforms, folder, p99, pause, row, say

ILLNESSES = ("dead DNS", "black hole", "slow drip", "429 storm", "endless body")
DNS_AT = ("127.0.0.61", 53)
SICK_NAME = "sick.halfmast-bench.test"


class Front(socketserver.ThreadingTCPServer):
    """Hands everything on to a platform, until `ill` says otherwise."""
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, behind):
        super().__init__(("127.0.0.1", 0), Conversation)
        self.behind = behind
        self.ill = None
        self.ended = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]

    def close(self):
        self.ended.set()
        self.shutdown()
        self.server_close()


class Conversation(socketserver.BaseRequestHandler):
    def handle(self):
        server = self.server
        try:
            with socket.create_connection(server.behind, 10) as platform:
                while request := read_request(self.request):
                    if server.ill in (None, "dead DNS"):
                        platform.sendall(request)
                        self.request.sendall(read_answer(platform))
                    else:
                        return self.fall_ill(server)
        except OSError:
            pass

    def fall_ill(self, server):
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        if server.ill == "black hole":
            server.ended.wait(120)
        elif server.ill == "slow drip":
            self.request.sendall(head + b"Content-Length: 100000\r\n\r\n")
            while not server.ended.wait(1):
                self.request.sendall(b"[")
        elif server.ill == "endless body":
            self.request.sendall(head + b"\r\n[")
            while not server.ended.wait(0.02):  # some 3 MB a second: endless enough, and the machine stays measurable
                self.request.sendall(b" " * 65536)


def read_message(stream):
    """A head and its body, both by Content-Length."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = stream.recv(65536)
        if not more:
            return data, 0
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return data, length - len(body)


def read_request(stream):
    data, missing = read_message(stream)
    while missing > 0:
        more = stream.recv(65536)
        if not more:
            return b""
        data += more
        missing -= len(more)
    return data


read_answer = read_request


class Names(threading.Thread):
    """A name server that knows one name, until it falls silent."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(DNS_AT)
        self.socket.settimeout(0.2)
        self.silent = self.ended = False
        self.start()

    def run(self):
        while not self.ended:
            try:
                question, asker = self.socket.recvfrom(512)
            except TimeoutError:
                continue
            if self.silent:
                continue
            end = 12
            while question[end]:
                end += question[end] + 1
            asked = question[12:end + 5]
            is_a = asked[-4:-2] == b"\x00\x01"
            answer = b"\xc0\x0c\x00\x01\x00\x01" + struct.pack(">IH", 1, 4) + socket.inet_aton("127.0.0.1") if is_a else b""
            self.socket.sendto(question[:2] + b"\x81\x80\x00\x01" + struct.pack(">H", int(is_a)) + b"\x00\x00\x00\x00" + asked + answer, asker)

    def close(self):
        self.ended = True
        self.join()
        self.socket.close()


class NamedGuard(Guard):
    """A daemon that asks our name server and no other: a mount namespace of its own has another resolv.conf."""

    def start(self):
        resolv = os.path.join(self.folder, "resolv.conf")
        with open(resolv, "w") as file:
            file.write(f"nameserver {DNS_AT[0]}\n")
        self.starts += 1
        self.log_name = os.path.join(self.folder, f"halfmastd.{self.starts}.log")
        self.log = open(self.log_name, "wb")
        script = f'mount --bind "{resolv}" /etc/resolv.conf && exec "{BUILD}/halfmastd" --config "{self.config}"'
        self.process = subprocess.Popen(["unshare", "--mount", "sh", "-c", script], stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 30
        while not self.is_up():
            if time.monotonic() > deadline:
                raise AssertionError("halfmastd does not answer: " + self.said())
            pause(0.1)
        return self


def name_server():
    try:
        if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0:
            return Names()
    except OSError:
        pass
    say("sick: without dead DNS, for that takes root (port 53 and a mount namespace)")
    return None


def sick(quick):
    plan = Plan(100, 5, hosts=4) if quick else Plan(250, 10, hosts=8)
    rows = []
    for subject, ill in (("floor", False), ("halfmast", True)):
        say(f"sick: {'one account in fifty is' if ill else 'nobody is'} sick ...")
        rows.append(one_run(plan, subject, ill, (6 if quick else 20) if ill else 60))
    rows[1]["ratio_to_floor"] = rows[1]["seconds"] / rows[0]["seconds"]
    return rows


def one_run(plan, subject, ill, wait):
    names = name_server()
    fronts = []
    with folder() as where, Platforms(where, plan) as platforms:
        try:
            platforms.fill()
            weak = [number * plan.accounts // len(ILLNESSES) for number in range(len(ILLNESSES))]
            for number, illness in zip(weak, ILLNESSES):
                member = platforms.members[number]
                host, port = member["url"].removeprefix("http://").split(":")
                if illness == "429 storm":
                    continue
                fronts.append((illness, Front((host, int(port)))))
                named = illness == "dead DNS" and names
                member["url"] = f"http://{SICK_NAME if named else '127.0.0.1'}:{fronts[-1][1].port}"
            guard = (NamedGuard if names else Guard)(where, platforms.members, allow_http=True).start()
            try:
                guard.wait_polled()
                if ill:
                    infect(platforms, fronts, names, weak)
                return measure(guard, platforms, subject, {f"a{number}" for number in weak}, wait)
            finally:
                guard.stop()
        finally:
            for _, front in fronts:
                front.close()
            if names:
                names.close()


def infect(platforms, fronts, names, weak):
    for illness, front in fronts:
        front.ill = illness
        if illness == "dead DNS" and names:
            names.silent = True
    stormy = platforms.members[weak[ILLNESSES.index("429 storm")]]
    platforms.boxes[stormy["box"]].control("POST", "faults", {"rules": [
        {"account": stormy["name"], "fault": {"status": 429, "headers": {"Retry-After": "1"}}}]})


def measure(guard, platforms, subject, weak, wait):
    before = guard.cpu()
    began, command = stops.raise_flag(guard, "--wait", f"{wait}s")
    command.communicate(timeout=wait + 60)
    used = guard.cpu() - before
    confirmed = [(at - began, account) for at, account, _ in guard.records("hold_confirmed") if account not in weak]
    answered = [at - began for at, account, _ in guard.records("hold_answered") if account not in weak]
    _, escaped, refused = platforms.truth()
    return row("sick", subject, seconds=max(at for at, _ in confirmed), cpu_s_per_1000=used * 1000 / platforms.plan.total, rss_mb=guard.rss_mb(),
               confirmed=len(confirmed), escaped=escaped, answers_429=refused, p99_ms=p99([at * 1000 for at in answered]),
               per_second=len(confirmed) / max(at for at, _ in confirmed))
