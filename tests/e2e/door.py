"""A daemon behind TLS with one person who may sign in, and asking it from outside: what the stories of who may come in share."""
import contextlib
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess

from support import BUILD, Story, free_port, secret_file

PASSWORD = "canary-password-correct-horse"


class Door(Story):
    def setUp(self):
        super().setUp()
        if not shutil.which("openssl"):
            self.skipTest("the program openssl, which makes the certificates of this test, is not installed")
        self.certificate("own")
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.heard = []
        done = subprocess.run([os.path.join(BUILD, "halfmastd"), "--hash-password"], input=PASSWORD + "\n", capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.startswith("$argon2id$"))
        self.assertNotIn(PASSWORD, done.stdout + done.stderr)
        self.hash = secret_file(self.folder, "maria.hash", done.stdout.strip())
        self.daemon = self.begin_daemon("", extra=self.listen(), judgement=self.access())

    def listen(self):
        return f'listen = "127.0.0.1:{self.port}"\ntls = {{ certificate = "own.pem", key = "own.key", client_ca = "own.pem" }}'

    def access(self, more=""):
        return f"""
[access]
url = "{self.url}"
[[access.user]]
name = "maria"
roles = ["manager"]
password = {{ file = "maria.hash" }}
{more}"""

    def certificate(self, name, subject="127.0.0.1"):
        path = os.path.join(self.folder, name)
        done = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                               f"/CN={subject}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", path + ".key", "-out", path + ".pem"],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return path + ".pem"

    def context(self, ca="own.pem"):
        return ssl.create_default_context(cafile=os.path.join(self.folder, ca))

    def ask(self, method, path, body=None, headers=None, context=None):
        """(status, parsed JSON or text, headers)"""
        line = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=context or self.context())
        try:
            data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
            line.request(method, path, data, {**({"Content-Type": "application/json"} if data is not None else {}), **(headers or {})})
            answer = line.getresponse()
            text = answer.read().decode()
        finally:
            line.close()
        self.heard.append(text)
        try:
            return answer.status, json.loads(text), answer.headers
        except ValueError:
            return answer.status, text, answer.headers

    @contextlib.contextmanager
    def connected(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as plain, self.context().wrap_socket(plain, server_hostname="127.0.0.1") as line:
            yield line

    def raw(self, request):
        """Bytes in, bytes out, until the daemon closes."""
        with self.connected() as line:
            line.sendall(request)
            return self.rest(line)

    @staticmethod
    def rest(line):
        """What still comes, until the daemon closes."""
        got = b""
        try:
            while piece := line.recv(65536):
                got += piece
        except (ConnectionError, ssl.SSLError):
            pass
        return got

    def token(self, roles, *more):
        made = self.check_code(self.daemon.halfmast("token", "create", "test " + roles, "--roles", roles, *more), 0)
        secret = made.out.strip()
        self.assertRegex(secret, r"^hm_[A-Za-z0-9_-]{43}$")
        return secret

    def bearer(self, roles, *more):
        return {"Authorization": "Bearer " + self.token(roles, *more)}

    def sign_in(self, password=PASSWORD, user="maria"):
        """(status, headers for what follows)"""
        status, body, headers = self.ask("POST", "/api/v1/session", {"user": user, "password": password})
        if status != 200:
            return status, None
        self.cookie = headers["Set-Cookie"]
        return status, {"Cookie": self.cookie.split(";")[0], "X-CSRF-Token": body["csrf"]}

    def records(self, kind=None):
        found = self.daemon.halfmast("audit", "list", "-o", "json").json["records"]
        return [one for one in found if kind is None or one["kind"] == kind]

    def changes(self):
        """What is in the ledger but who came in, or was turned away: that is written a moment after the answer."""
        return [one for one in self.records() if not one["kind"].startswith("access_")]

    def remote(self, token, *words, ca="own.pem"):
        return self.daemon.halfmast("--url", self.url, "--ca", os.path.join(self.folder, ca), "--token-file", secret_file(self.folder, "token", token), *words,
                                    env={"HALFMAST_SOCKET": "/nonexistent"})
