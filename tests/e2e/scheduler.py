"""A small scheduler behind OAuth 2 whose refresh tokens rotate, for stories about credentials. Each use of a refresh token gives the next
one; one that comes a second time takes all of them back (RFC 9700). It is rude: what it refuses it repeats, credential and all."""
import base64
import json
import re
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DESCRIPTION = """
name = "Scheduler"
[auth]
kind      = "oauth2"
token_url = "/oauth/token"
scopes    = ["posts:read", "posts:write"]
[fields]
id = "/id"
text = "/text"
due = "/due"
state = "/state"
tags = "/tags/*"
[states]
queued = ["queued"]
parked = ["draft"]
published = ["sent"]
[[list]]
url = "/posts"
items = "/data"
[read]
url = "/posts/{id}"
[[hold]]
rung = "draft"
url = "/posts/{id}/draft"
body = { status = "draft" }
[release]
url = "/posts/{id}/schedule"
body = { at = "{at}" }
[errors]
message = "/message"
"""


class Scheduler:
    def __init__(self, seed, client_id, client_secret, scopes="posts:read posts:write"):
        self.lock = threading.Lock()
        self.refresh, self.seed, self.scopes = seed, seed, scopes
        self.application = "Basic " + base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self.access = None
        self.spent, self.issued = set(), []
        self.renewals, self.reused, self.calls = 0, 0, 0
        self.lifetime = 3600                   # of an access token, in seconds
        self.rude = False                      # refuses everything but the token call
        self.asked = threading.Event()         # a token call came
        self.answer = threading.Event()        # and may be answered
        self.answer.set()
        self.posts = {}
        platform = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                status, answer = platform.serve(self.command, self.path, self.headers, body)
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                if status == 401:
                    self.send_header("WWW-Authenticate", 'Bearer error="invalid_token"')
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = handle_any

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.answer.set()
        self.server.shutdown()
        self.server.server_close()

    def schedule(self, id, text, due, tags=()):
        with self.lock:
            self.posts[id] = {"id": id, "text": text, "due": due, "state": "queued", "tags": list(tags)}

    def expire(self):
        with self.lock:
            self.access = None

    def take_back(self):
        with self.lock:
            self.access = self.refresh = None

    def serve(self, method, path, headers, body):
        if path == "/oauth/token":
            self.asked.set()
            self.answer.wait()
            with self.lock:
                return self.tokens(headers, body)
        shown = headers.get("Authorization") or ""
        with self.lock:
            self.calls += 1
            if self.access is None or shown != "Bearer " + self.access:
                return 401, {"message": f"not taken: {shown}"}
            if self.rude:
                return 400, {"message": f"you sent {shown} and that is {self.rude}"}
            return self.posts_call(method, path, body)

    def tokens(self, headers, body):
        form = dict(urllib.parse.parse_qsl(body))
        if headers.get("Authorization") != self.application:
            return 401, {"error": "invalid_client", "error_description": f"not known: {headers.get('Authorization')}"}
        shown = form.get("refresh_token")
        if form.get("grant_type") != "refresh_token" or shown is None or shown != self.refresh:
            if shown in self.spent:
                self.reused += 1
                self.access = self.refresh = None
            return 400, {"error": "invalid_grant", "error_description": f"not taken: {shown}"}
        self.spent.add(shown)
        self.renewals += 1
        self.access = f"at-canary-{self.renewals}-c0ffee7e57"
        self.refresh = f"rt-canary-{self.renewals}-deadbeef00"
        self.issued += [self.access, self.refresh]
        return 200, {"access_token": self.access, "refresh_token": self.refresh, "token_type": "Bearer", "expires_in": self.lifetime,
                     "scope": self.scopes}

    def posts_call(self, method, path, body):
        if method == "GET" and path == "/posts":
            return 200, {"data": list(self.posts.values())}
        found = re.fullmatch(r"/posts/([^/]+)(?:/(draft|schedule))?", path)
        if not found or found[1] not in self.posts:
            return 404, {"message": "no such post"}
        post = self.posts[found[1]]
        if method == "POST" and found[2] == "draft":
            post["state"] = "draft"
        elif method == "POST" and found[2] == "schedule":
            post.update(state="queued", due=json.loads(body)["at"])
        return 200, post
