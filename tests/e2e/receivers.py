"""Receivers of pages that tests are written with: a web server that keeps every letter, and is down, refuses or hangs when it is told to."""
import base64
import hashlib
import hmac
import http.server
import json
import threading

SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def is_signed(letter, secret=SECRET):
    """By Standard Webhooks, checked with nothing of ours."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = f"{letter['headers']['webhook-id']}.{letter['headers']['webhook-timestamp']}.".encode() + letter["raw"]
    wanted = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    return "v1," + wanted in letter["headers"]["webhook-signature"].split()


class Receiver:
    """On 127.0.0.1. `status` is what it answers; `hang` keeps every answer back until the event is set."""

    def __init__(self, port=0):
        self.letters = []
        self.status = 200
        self.hang = None
        self.lock = threading.Lock()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                with receiver.lock:
                    receiver.letters.append({"path": self.path, "headers": headers, "raw": raw, "body": json.loads(raw)})
                if receiver.hang is not None:
                    receiver.hang.wait(60)
                try:
                    self.send_response(receiver.status)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except OSError:
                    pass  # who asked has been killed

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/pages"

    def heard(self, page=None, type="page.trigger"):
        """The letters of a kind about a page, in the order they came."""
        with self.lock:
            return [one for one in self.letters if one["body"]["type"] == type and page in (None, one["body"]["data"]["page"])]

    def close(self):
        if self.hang is not None:
            self.hang.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)
