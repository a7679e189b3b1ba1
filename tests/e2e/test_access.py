"""Who may come in, from outside: tokens and certificates over TLS, and what is refused there. Signing in is in test_sessions.py."""
import concurrent.futures
import json
import os
import select
import shutil
import signal
import socket
import ssl

from door import PASSWORD, Door
from support import Story, free_port, http as ask_plain, main, wait_until


class WhoMayComeIn(Door):
    def test_tokens_have_their_roles_and_nobody_has_none(self):
        status, body, headers = self.ask("GET", "/api/v1/status")
        self.assertEqual((status, body["type"]), (401, "urn:halfmast:problem:not-signed-in"))
        self.assertEqual(headers["Strict-Transport-Security"], "max-age=31536000; includeSubDomains")
        self.assertEqual(headers["Cache-Control"], "no-store")
        self.assertEqual(self.ask("GET", "/livez")[0], 200)
        on_call, auditor, ops = self.bearer("on_call"), self.bearer("auditor"), self.bearer("ops", "--user", "desk", "--expires", "1d")
        self.assertEqual(self.ask("POST", "/api/v1/crises", {"playbook": "outage"}, auditor)[0], 403)
        status, body, _ = self.ask("POST", "/api/v1/crises", {"playbook": "outage", "reason": "by token"}, on_call)
        self.assertEqual(status, 201, body)
        self.assertEqual(self.ask("POST", "/api/v1/crises/c-1/lower", {}, on_call)[0], 403)
        self.assertEqual(self.ask("POST", "/api/v1/posts/a/b/release", {}, ops)[0], 403)
        self.assertEqual(self.ask("POST", "/api/v1/crises/c-1/lower", {}, ops)[0], 200)
        self.assertEqual([one["actor"] for one in self.records("crisis_lowered")], ["desk"])
        status, body, _ = self.ask("GET", "/api/v1/tokens", None, auditor)
        self.assertEqual((status, len(body["tokens"])), (200, 3))
        self.assertEqual(self.ask("GET", "/api/v1/tokens", None, ops)[0], 403)
        revoked = body["tokens"][0]["id"]
        self.check_code(self.daemon.halfmast("token", "revoke", revoked), 0)
        self.assertEqual(self.ask("GET", "/api/v1/status", None, on_call)[0], 401)
        # A restart changes nothing of that.
        self.assertEqual(self.daemon.stop(), 0)
        self.daemon.start()
        self.assertEqual(self.ask("GET", "/api/v1/status", None, on_call)[0], 401)
        self.assertEqual(self.ask("GET", "/api/v1/status", None, ops)[0], 200)

    def test_the_command_from_another_machine(self):
        token = self.token("ops,on_call", "--user", "desk")
        self.check_code(self.remote(token, "status"), 0)
        raised = self.check_code(self.remote(token, "raise", "outage", "--reason", "from afar", "-o", "json"), 8)  # it covers no account
        self.assertEqual(raised.json["crisis"]["raised_by"], "desk")
        self.check_code(self.remote(token, "lower"), 0)
        self.check_code(self.remote(token, "token", "list"), 4)
        admin = self.token("admin")
        made = self.check_code(self.remote(admin, "token", "create", "made afar", "--roles", "auditor", "-o", "json"), 0).json
        self.check_code(self.remote(admin, "token", "revoke", made["id"]), 0)
        self.check_code(self.remote("hm_" + "A" * 43, "status"), 4)
        self.check_code(self.remote("", "status"), 2)
        # Nobody there, and somebody whose certificate nobody vouches for: nothing was sent, nothing is spooled.
        self.certificate("other")
        self.check_code(self.remote(token, "raise", "outage", ca="other.pem"), 7)
        self.assertEqual(self.daemon.status()["crises"], [])
        self.assertFalse([name for name in os.listdir(self.daemon.state_dir) if name.startswith("spool") and os.listdir(os.path.join(self.daemon.state_dir, name))])
        self.check_code(self.daemon.halfmast("--url", "http://halfmast.acme.example", "status"), 2)
        self.daemon.stop()
        self.check_code(self.remote(token, "status"), 7)

    def test_who_is_turned_away_is_on_record(self):
        ops = self.bearer("ops", "--user", "desk")
        _, mine = self.sign_in()
        self.assertEqual(self.ask("POST", "/api/v1/posts/a/b/release", {}, ops)[0], 403)
        self.assertEqual(self.ask("POST", "/api/v1/crises", {"playbook": "outage"}, {"Cookie": mine["Cookie"]})[0], 403)
        self.assertEqual(self.ask("POST", "/api/v1/crises", {"playbook": "outage"}, {**mine, "Origin": "https://evil.example"})[0], 403)
        self.assertEqual(self.ask("GET", "/api/v1/status", None, {"Host": "evil.example"})[0], 403)
        wait_until(lambda: len(self.records("access_refused")) >= 4, 20, "they are in the ledger")  # which nobody who is refused waits for
        refused = [(one["actor"], one["why"]) for one in reversed(self.records("access_refused"))]
        for (actor, why), (who, what) in zip(refused, (("desk", "POST /api/v1/posts/a/b/release: desk has ops"), ("maria", "POST /api/v1/crises: "),
                                                       ("unknown", "POST /api/v1/crises: a page of another site"), ("unknown", "GET /api/v1/status: the Host"))):
            self.assertEqual(actor, who)
            self.assertTrue(why.startswith(what), why)
            self.assertTrue(why.endswith(", from 127.0.0.1"), why)
        self.assertEqual(len(refused), 4)
        # Nobody can fill the ledger with it.
        for _ in range(60):
            self.ask("POST", "/api/v1/posts/a/b/release", {}, ops)
        self.assertLess(len(self.records("access_refused")), 45)

    def test_malformed_oversized_and_forged_requests_change_nothing(self):
        mine = self.bearer("admin")
        token = mine["Authorization"].encode()
        before = len(self.changes())
        line = b" HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: " + token + b"\r\n"
        post = b"POST /api/v1/crises" + line + b"Content-Type: application/json\r\n"
        for request, status in ((b"what is this\r\n\r\n", 400), (b"GET /api/v1/status HTTP/1.1\r\n\r\n", 400), (b"GET /api/v1/status HTTP/9.9\r\nHost: a\r\n\r\n", 400),
                                (b"GET /api/v1/posts?x=%zz" + line + b"\r\n", 400), (b"GET /" + b"x" * 20_000 + line + b"\r\n", 431),
                                (b"GET /api/v1/status" + line + b"X: " + b"y" * 20_000 + b"\r\n\r\n", 431),
                                (post + b"Content-Length: 2000000\r\n\r\n", 413),
                                (post + b"Content-Length: 2\r\nContent-Length: 30\r\n\r\n{}", 400),
                                (post + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", 400),
                                (b"POST /api/v1/crises HTTP/1.1\r\nHost: evil.example\r\nAuthorization: " + token + b"\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", 403)):
            with self.subTest(request[:60]):
                got = self.raw(request)
                self.assertTrue(got.startswith(f"HTTP/1.1 {status} ".encode()), got[:300])
        for body in (b"[]", b"{", b'{"playbook":1}', b'{"playbok":"outage"}', b"[" * 100_000, b'{"a":' * 50_000, b"\xff\xfe", b'"' + b"x" * 900_000 + b'"'):
            with self.subTest(body[:20]):
                self.assertEqual(self.ask("POST", "/api/v1/crises", body, mine)[0], 400)
        for headers in ({"Authorization": "Bearer hm_forged"}, {"Authorization": "Basic bWFyaWE6eA=="}, {"Cookie": f"__Host-halfmast-{self.port}=forged"},
                        {"X-Remote-User": "admin", "X-Forwarded-For": "127.0.0.1"}):
            with self.subTest(headers):
                self.assertEqual(self.ask("POST", "/api/v1/crises", {"playbook": "outage"}, headers)[0], 401)
        self.assertEqual(len(self.changes()), before)
        self.assertEqual(self.daemon.status()["crises"], [])
        # Plain HTTP at a door of TLS is no way in.
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as plain:
            plain.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            self.assertNotIn(b"HTTP/1.1 200", plain.recv(65536))

    def test_certificates_are_read_again_and_a_person_who_is_gone_is_out(self):
        _, mine = self.sign_in()
        self.assertEqual(self.ask("GET", "/api/v1/status", None, mine)[0], 200)
        shutil.copy(os.path.join(self.folder, "own.pem"), os.path.join(self.folder, "old.pem"))
        self.certificate("own")
        with open(self.daemon.config) as file:
            text = file.read()
        with open(self.daemon.config, "w") as file:
            file.write(text.replace('name = "maria"', 'name = "someone-else"'))
        self.daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.is_served_by("own.pem"), 20, "the new certificate is served")
        self.assertFalse(self.is_served_by("old.pem"))
        self.assertEqual(self.ask("GET", "/api/v1/status", None, mine)[0], 401)
        # Broken settings change nothing, and are said.
        with open(self.daemon.config, "a") as file:
            file.write("[nonsense]\n")
        self.daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "nonsense" in self.daemon.said(), 20, "what is wrong is logged")
        self.assertEqual(self.sign_in(user="someone-else")[0], 200)

    def is_served_by(self, ca):
        try:
            return self.ask("GET", "/livez", context=self.context(ca))[0] == 200
        except ssl.SSLError:
            return False

    def test_a_client_certificate_is_a_proof(self):
        """The one certificate of this test is its own authority; the person it names comes with SIGHUP."""
        with open(self.daemon.config) as file:
            text = file.read()
        with open(self.daemon.config, "w") as file:
            file.write(text.replace('name = "maria"\n', 'name = "maria"\ncertificate = "127.0.0.1"\n'))
        self.daemon.process.send_signal(signal.SIGHUP)
        shown = self.context()
        shown.load_cert_chain(os.path.join(self.folder, "own.pem"), os.path.join(self.folder, "own.key"))
        wait_until(lambda: self.ask("GET", "/api/v1/status", context=shown)[0] == 200, 20, "the certificate is taken")
        self.assertEqual(self.ask("GET", "/api/v1/session", context=shown)[1]["user"], "maria")
        self.assertEqual(self.ask("GET", "/api/v1/status")[0], 401)

    def test_no_secret_stands_anywhere(self):
        token = self.token("admin")
        _, mine = self.sign_in()
        cookie = mine["Cookie"].split("=", 1)[1]
        link = self.daemon.halfmast("login-link", "maria").out.strip().rsplit("/", 1)[1]
        self.sign_in("wrong-canary-password")
        mine_too = {"Authorization": "Bearer " + token}
        for path in ("/api/v1/status", "/api/v1/tokens", "/api/v1/audit", "/api/v1/doctor", "/api/v1/nothing/" + "x"):
            self.ask("GET", path, None, mine_too)
        self.ask("GET", "/api/v1/session", None, mine)
        told = "\n".join(self.heard)
        self.assertEqual(self.daemon.stop(), 0)
        for secret in (PASSWORD, "wrong-canary-password", token, cookie, link):
            self.assertNotIn(secret, told)
            for folder, _, names in os.walk(self.folder):
                for name in names:
                    with open(os.path.join(folder, name), "rb") as file:
                        self.assertNotIn(secret.encode(), file.read(), name)


class SlowSenders(Door):
    """Each takes its time over TLS; all at once, while others are served."""

    def listen(self):
        return super().listen() + '\nrequest_timeout = "4s"'

    def connect(self, shake_hands=True):
        plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.connect(("127.0.0.1", self.port))
        plain.settimeout(60)
        self.addCleanup(plain.close)
        if not shake_hands:
            return plain
        line = self.context().wrap_socket(plain, server_hostname="127.0.0.1")
        self.addCleanup(line.close)
        return line

    def drip(self, line, text):
        """A byte, then a wait of a tenth of a second for an answer, and so on; (how much was sent, what came) once something comes or it is closed."""
        line.settimeout(0.1)
        for sent in range(len(text)):
            try:
                line.sendall(text[sent:sent + 1])
                first = line.recv(65536)
            except TimeoutError:
                continue
            except OSError:
                return sent, b""
            line.settimeout(60)
            return sent, first + self.rest(line)
        return len(text), b""

    def reads_nothing(self, line, request):
        """Asks and asks and takes no answer; true once the daemon has closed."""
        line.settimeout(0.2)
        try:
            while True:
                line.sendall(request)
        except TimeoutError:
            pass  # it takes no more requests before its answers are taken
        except OSError:
            return True
        ended = select.poll()
        ended.register(line, select.POLLRDHUP | select.POLLHUP | select.POLLERR)
        return bool(ended.poll(60_000))

    def test_are_refused_in_the_set_time_and_nobody_else_waits(self):
        mine = self.bearer("admin")
        head = f"Host: 127.0.0.1\r\nAuthorization: {mine['Authorization']}\r\n".encode()
        body = json.dumps({"playbook": "outage", "reason": "slowly " + "x" * 200}).encode()
        post = b"POST /api/v1/crises HTTP/1.1\r\n" + head + b"Content-Type: application/json\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n"
        before = len(self.changes())

        def slow_body():
            line = self.connect()
            line.sendall(post)
            return self.drip(line, body)

        def slow_handshake():
            plain = self.connect(shake_hands=False)
            return self.drip(plain, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 300)

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            slow = {
                "headers": pool.submit(lambda: self.drip(self.connect(), post + body)),
                "body": pool.submit(slow_body),
                "nothing behind the head": pool.submit(lambda: (line := self.connect(), line.sendall(post), (0, self.rest(line)))[2]),
                "handshake": pool.submit(slow_handshake),
                "no handshake at all": pool.submit(lambda: (0, self.rest(self.connect(shake_hands=False)))),
            }
            deaf = pool.submit(lambda: self.reads_nothing(self.connect(), b"GET /api/v1/metrics HTTP/1.1\r\n" + head + b"\r\n"))
            served = 0
            while not all(one.done() for one in slow.values()) or not deaf.done():
                self.assertEqual(self.ask("GET", "/api/v1/status", None, mine)[0], 200)
                served += 1
            self.assertGreater(served, 0)
            for name in ("headers", "body", "nothing behind the head"):
                sent, answer = slow[name].result()
                with self.subTest(name):
                    self.assertTrue(answer.startswith(b"HTTP/1.1 408 "), answer[:300])
                    self.assertLess(sent, len(body) - 1)  # not when it was through
            for name in ("handshake", "no handshake at all"):
                with self.subTest(name):
                    self.assertNotIn(b"HTTP/1.1", slow[name].result()[1])
                    self.assertLess(slow[name].result()[0], 300)
            self.assertTrue(deaf.result())
        self.assertEqual(len(self.changes()), before)
        self.assertEqual(self.daemon.status()["crises"], [])


class WithoutSettings(Story):
    def test_loopback_reads_and_changes_nothing(self):
        port = free_port()
        self.daemon = self.begin_daemon("", extra=f'listen = "127.0.0.1:{port}"')
        here = f"http://127.0.0.1:{port}/api/v1"
        self.assertEqual(ask_plain("GET", here + "/status")[0], 200)
        self.assertEqual(ask_plain("POST", here + "/crises", {"playbook": "outage"})[0], 403)
        self.assertEqual(ask_plain("GET", here + "/status", None, {"Host": "evil.example"})[0], 403)
        self.assertEqual(ask_plain("POST", here + "/login-links", {})[0], 401)
        status, body, _ = ask_plain("GET", here + "/session")
        self.assertEqual((status, body["ways"], body["reads"]), (401, [], True))
        # A token works without any settings too.
        token = self.daemon.halfmast("token", "create", "ci", "--roles", "ops").out.strip()
        self.assertEqual(ask_plain("POST", here + "/crises", {"playbook": "outage"}, {"Authorization": "Bearer " + token})[0], 201)


if __name__ == "__main__":
    main()
