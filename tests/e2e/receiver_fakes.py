"""What the vendors of receivers do with a letter, one stateful fake for each kind: it checks what its vendor checks, keeps what its vendor
keeps, and fails as its vendor fails. A server for each kind, as vendors have: who hangs holds up no other. The address of a letter begins with
/KIND/STORY/."""
import base64
import http.server
import json
import socket
import threading
import urllib.parse

from receivers import SECRET, is_signed


class Wrong(Exception):
    """What the vendor answers to a letter that it does not take."""

    def __init__(self, status, body):
        super().__init__(status, body)
        self.status, self.body = status, body


def need(holds, status, body):
    if not holds:
        raise Wrong(status, body)


class Letter:
    def __init__(self, handler, path, raw):
        address = urllib.parse.urlsplit(path)
        self.path, self.query = address.path, dict(urllib.parse.parse_qsl(address.query))
        self.headers = {name.lower(): value for name, value in handler.headers.items()}
        self.raw = raw

    @property
    def json(self):
        try:
            made = json.loads(self.raw)
        except ValueError:
            made = None
        need(isinstance(made, dict), 400, "no JSON object")
        return made

    @property
    def form(self):
        need(self.headers.get("content-type") == "application/x-www-form-urlencoded", 415, "no form")
        return dict(urllib.parse.parse_qsl(self.raw.decode(), strict_parsing=True))


class Fake:
    """What one receiver of a kind has: incidents by their key where the kind has keys, else messages in their order."""
    kind = ""
    has_keys = False      # the same key is the same incident, whatever comes twice
    hears_in_hand = True  # is told that somebody has it in hand

    def __init__(self, story):
        self.story = story
        self.key = f"{self.kind}-canary-{story}-0123456789abcdef"
        self.said = []       # "trigger", "acknowledge", "resolve", one for each letter that was taken
        self.incidents = {}  # key -> its state
        self.requests = 0

    # Keys of the [[receiver]]; those in `secrets` are written to files.
    def settings(self, url):
        raise NotImplementedError

    def take(self, letter):
        """(status, body); raises Wrong."""
        raise NotImplementedError

    def limited(self):
        """(status, headers, body) of too many requests; None where the vendor has no such answer."""
        return 429, {"Retry-After": "1"}, "slow down"

    refusal = (401, "unauthorized")
    gone = (404, "no such thing")
    false_success = None  # a 2xx that is none

    def keep(self, verb, key=None):
        self.said.append(verb)
        if key is not None:
            self.incidents[key] = {"trigger": "open", "acknowledge": "in hand", "resolve": "over"}[verb]

    @staticmethod
    def verb_of(subject):
        return "resolve" if "over: " in subject[:40] else "acknowledge" if "in hand (" in subject[:40] else "trigger"


class Webhook(Fake):
    kind, has_keys = "webhook", True

    def settings(self, url):
        return {"url": url + "/pages"}, {"secret": SECRET}

    def take(self, letter):
        need(is_signed({"headers": letter.headers, "raw": letter.raw}), 401, "who are you?")
        data = letter.json["data"]
        self.keep(letter.json["type"].removeprefix("page."), data["dedup_key"])
        return 200, ""


class PagerDuty(Fake):
    kind, has_keys = "pagerduty", True
    refusal = (400, {"status": "invalid event", "message": "Event object is invalid", "errors": ["routing_key is invalid"]})

    def settings(self, url):
        self.key = f"r{self.story}-canary".ljust(32, "0")
        return {"url": url + "/v2/enqueue"}, {"routing_key": self.key}

    def limited(self):
        return 429, {}, {"status": "throttle exceeded", "message": "Requests for this service are arriving too quickly."}

    def take(self, letter):
        def sound(holds, what):
            need(holds, 400, {"status": "invalid event", "message": "Event object is invalid", "errors": [what]})
        event = letter.json
        sound(letter.path == "/v2/enqueue", "path")
        sound(event.get("routing_key") == self.key, "routing_key is invalid")
        sound(event.get("event_action") in ("trigger", "acknowledge", "resolve"), "event_action")
        sound(0 < len(event.get("dedup_key", "")) <= 255, "dedup_key")
        if event["event_action"] == "trigger":
            payload = event.get("payload", {})
            sound(0 < len(payload.get("summary", "")) <= 1024, "summary")
            sound(payload.get("source") and payload.get("severity") in ("critical", "error", "warning", "info"), "severity")
            sound(isinstance(payload.get("custom_details", {}), dict), "custom_details")
        need(len(letter.raw) <= 512 * 1024, 413, "too large")
        # A key that is not open is opened by a trigger only.
        if event["event_action"] == "trigger" or event["dedup_key"] in self.incidents:
            self.keep(event["event_action"], event["dedup_key"])
        return 202, {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]}


class Opsgenie(Fake):
    kind, has_keys = "opsgenie", True
    refusal = (401, {"message": "Could not authenticate", "took": 0.0, "requestId": "r"})

    def settings(self, url):
        return {"url": url}, {"api_key": self.key}

    def limited(self):
        return 429, {"X-RateLimit-State": "THROTTLED", "Retry-After": "1"}, {"message": "You are making too many requests!", "took": 0.0}

    def take(self, letter):
        def sound(holds, what):
            need(holds, 422, {"message": "Request body is not processable.", "errors": {what: "is invalid"}, "took": 0.0})
        need(letter.headers.get("authorization") == "GenieKey " + self.key, *self.refusal)
        body = letter.json
        if letter.path == "/v2/alerts":
            sound(0 < len(body.get("message", "")) <= 130, "message")
            sound(0 < len(body.get("alias", "")) <= 512, "alias")
            sound(len(body.get("description", "")) <= 15000, "description")
            sound(body.get("priority") in ("P1", "P2", "P3", "P4", "P5"), "priority")
            sound(all(isinstance(value, str) for value in body.get("details", {}).values()), "details")
            self.keep("trigger", body["alias"])
        else:
            alias, verb = letter.path.removeprefix("/v2/alerts/").rsplit("/", 1)
            need(letter.query == {"identifierType": "alias"} and verb in ("close", "acknowledge"), 404, {"message": "not found"})
            sound(len(body.get("note", "")) <= 25000, "note")
            alias = urllib.parse.unquote(alias)
            if alias in self.incidents:  # it is worked off later: who asks is told "accepted" in any case
                self.keep("resolve" if verb == "close" else "acknowledge", alias)
        return 202, {"result": "Request will be processed", "took": 0.1, "requestId": "43a29c5c-3dbf-4fa4-9c26-f4f71023e120"}


class GoAlert(Fake):
    kind, has_keys, hears_in_hand = "goalert", True, False
    refusal = (403, "Forbidden")

    def settings(self, url):
        return {"url": url}, {"token": self.key}

    def take(self, letter):
        need(letter.query.get("token") == self.key, *self.refusal)
        body = letter.json
        need(letter.path == "/api/v2/generic/incoming" and body.get("summary", "").strip(), 400, "invalid: summary is required")
        need(len(body["summary"]) <= 1024 and len(body.get("details", "")) <= 6144, 400, "invalid: too long")
        self.keep("resolve" if body.get("action") == "close" else "trigger", body["dedup"])
        return 204, ""


class GrafanaIrm(Fake):
    kind, has_keys, hears_in_hand = "grafana-irm", True, False
    refusal = (403, "Integration key was not found")

    def settings(self, url):
        return {}, {"url": f"{url}/integrations/v1/formatted_webhook/{self.key}/"}

    def take(self, letter):
        need(letter.path == f"/integrations/v1/formatted_webhook/{self.key}/", *self.refusal)
        body = letter.json
        need(body.get("state") in ("alerting", "ok") and body.get("alert_uid"), 400, "state")
        self.keep("resolve" if body["state"] == "ok" else "trigger", body["alert_uid"])
        return 200, "Ok."


class Teams(Fake):
    kind = "teams"
    refusal = (401, {"error": {"code": "DirectApiAuthorizationRequired", "message": "The OAuth authorization scheme is required."}})
    gone = (404, {"error": {"code": "WorkflowTriggerNotFound"}})

    def settings(self, url):
        return {}, {"url": f"{url}/workflows/abc/triggers/manual/paths/invoke?api-version=1&sig={self.key}"}

    def take(self, letter):
        need(letter.query.get("sig") == self.key, *self.refusal)
        need(len(letter.raw) <= 28 * 1024, 413, "RequestEntityTooLarge")
        body = letter.json
        card = body["attachments"][0]
        need(body["type"] == "message" and card["contentType"] == "application/vnd.microsoft.card.adaptive", 400, "no adaptive card")
        need(card["content"]["type"] == "AdaptiveCard" and card["content"]["body"], 400, "an empty card")
        self.keep(self.verb_of(card["content"]["body"][0]["text"]))
        return 202, ""


class Discord(Fake):
    kind = "discord"
    refusal = (401, {"message": "Invalid Webhook Token", "code": 50027})
    gone = (404, {"message": "Unknown Webhook", "code": 10015})

    def settings(self, url):
        return {}, {"url": f"{url}/api/webhooks/1/{self.key}"}

    def limited(self):
        return 429, {}, {"message": "You are being rate limited.", "retry_after": 1.1, "global": False}

    def take(self, letter):
        need(letter.path == f"/api/webhooks/1/{self.key}", *self.refusal)
        body = letter.json
        need(0 < len(body.get("content", "")) <= 2000, 400, {"code": 50035, "message": "Invalid Form Body"})
        need(body.get("allowed_mentions") == {"parse": []}, 400, "somebody could be pinged")
        self.keep(self.verb_of(body["content"]))
        return 204, ""


class Gotify(Fake):
    kind = "gotify"
    refusal = (401, {"error": "Unauthorized", "errorCode": 401, "errorDescription": "you need to provide a valid access token"})

    def settings(self, url):
        return {"url": url}, {"token": self.key}

    def limited(self):
        return None

    def take(self, letter):
        need(letter.headers.get("x-gotify-key") == self.key, *self.refusal)
        body = letter.json
        need(letter.path == "/message" and body.get("message") and isinstance(body.get("priority"), int), 400,
             {"error": "Bad Request", "errorCode": 400, "errorDescription": "Field 'message' is required"})
        self.keep(self.verb_of(body["title"]))
        return 200, {"id": len(self.said), "appid": 5, "message": body["message"], "date": "2026-03-01T14:00:00Z"}


class Pushover(Fake):
    kind = "pushover"
    refusal = (400, {"token": "invalid", "errors": ["application token is invalid"], "status": 0, "request": "r"})
    false_success = (200, {"status": 0, "errors": ["user is over quota"]})

    def settings(self, url):
        return {"url": url + "/1/messages.json"}, {"token": self.key, "user": f"user-canary-{self.story}"}

    def limited(self):
        return 429, {"X-Limit-App-Remaining": "0"}, {"status": 0, "errors": ["application is over its quota"]}

    def take(self, letter):
        form = letter.form
        def sound(holds, what):
            need(holds, 400, {"status": 0, "errors": [what], "request": "r"})
        sound(form.get("token") == self.key, "application token is invalid")
        sound(form.get("user") == f"user-canary-{self.story}", "user identifier is not a valid user")
        sound(0 < len(form.get("message", "")) <= 1024 and len(form.get("title", "")) <= 250, "message is too long")
        sound(form.get("priority") in ("-2", "-1", "0", "1", "2") and len(form.get("url", "")) <= 512, "priority")
        if form["priority"] == "2":
            sound(int(form.get("retry", 0)) >= 30 and 0 < int(form.get("expire", 0)) <= 10800, "expire must be supplied")
        self.keep(self.verb_of(form["title"]))
        return 200, {"status": 1, "request": "647d2300-702c-4b38-8b2f-d56326ae460b"}


class Twilio(Fake):
    kind, hears_in_hand = "twilio", False
    refusal = (401, {"code": 20003, "message": "Authenticate", "more_info": "https://www.twilio.com/docs/errors/20003", "status": 401})
    gone = (404, {"code": 20404, "message": "The requested resource was not found", "status": 404})

    def settings(self, url):
        return {"url": url, "account": "AC0123", "from": "+15550001", "to": "+15550002"}, {"token": self.key}

    def limited(self):
        return 429, {}, {"code": 20429, "message": "Too Many Requests", "status": 429}

    def take(self, letter):
        def sound(holds, code, what):
            need(holds, 400, {"code": code, "message": what, "status": 400})
        basic = "Basic " + base64.b64encode(f"AC0123:{self.key}".encode()).decode()
        need(letter.headers.get("authorization") == basic, *self.refusal)
        need(letter.path == "/2010-04-01/Accounts/AC0123/Messages.json", *self.gone)
        form = letter.form
        sound(form.get("To", "").startswith("+") and form.get("From", "").startswith("+"), 21211, "Invalid 'To' Phone Number")
        sound(0 < len(form.get("Body", "")) <= 1600, 21617, "The concatenated message body exceeds the 1600 character limit")
        sound(1 <= int(form.get("ValidityPeriod", 14400)) <= 36000, 20001, "ValidityPeriod")
        self.keep(self.verb_of(form["Body"].removeprefix("halfmast ")))
        return 201, {"sid": "SM" + "0" * 32, "status": "queued", "error_code": None, "num_segments": "1"}


class Slack(Fake):
    kind = "slack"
    refusal = (403, "invalid_token")
    gone = (404, "no_service")
    false_success = (200, "<html>sign in</html>")

    def settings(self, url):
        return {}, {"url": f"{url}/services/T0/B0/{self.key}"}

    def limited(self):
        return 429, {"Retry-After": "1"}, "rate_limited"

    def take(self, letter):
        need(letter.path == f"/services/T0/B0/{self.key}", *self.refusal)
        body = letter.json
        need(body.get("text"), 400, "no_text")
        need(len(body.get("blocks", [])) <= 50, 400, "invalid_blocks")
        for block in body.get("blocks", []):
            most = {"header": 150, "section": 3000}.get(block["type"])
            need(most is None or 0 < len(block["text"]["text"]) <= most, 400, "invalid_blocks")
        self.keep(self.verb_of(body["text"]))
        return 200, "ok"


class Ntfy(Fake):
    kind = "ntfy"
    refusal = (401, {"code": 40101, "http": 401, "error": "unauthorized", "link": "https://ntfy.sh/docs/publish/#authentication"})

    def settings(self, url):
        return {"url": url, "topic": "oncall"}, {"token": self.key}

    def limited(self):
        return 429, {}, {"code": 42901, "http": 429, "error": "limit reached: too many requests"}

    def take(self, letter):
        need(letter.headers.get("authorization") == "Bearer " + self.key, *self.refusal)
        need(letter.path == "/", 404, {"code": 40401, "http": 404, "error": "page not found"})
        body = letter.json
        need(body.get("topic") == "oncall" and 1 <= body.get("priority", 3) <= 5, 400, {"code": 40009, "http": 400, "error": "invalid priority"})
        need(len(body.get("message", "").encode()) <= 4096, 413, {"code": 41301, "http": 413, "error": "attachment too large"})
        need(len(body.get("actions", [])) <= 3, 400, {"code": 40018, "http": 400, "error": "too many actions"})
        self.keep(self.verb_of(body["title"]))
        return 200, {"id": "sPs71M8A2T", "time": 1772373600, "event": "message", "topic": "oncall", "message": body["message"]}


KINDS = (Webhook, PagerDuty, Opsgenie, GoAlert, GrafanaIrm, Teams, Discord, Gotify, Pushover, Twilio, Slack, Ntfy)


class Vendors:
    """The server. `faults[(kind, story)]` is what becomes of the next letters: a function of the fake that gives (status, headers, body), or
    "cut", "slow" (the letter is taken, its answer is not whole, or comes when `release` is set); a list is used up, anything else stays."""

    def __init__(self):
        self.fakes = {}
        self.faults = {}
        self.release = threading.Event()
        self.lock = threading.Lock()
        vendors = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                _, kind, story, rest = self.path.split("/", 3)
                vendors.serve(self, vendors.fakes[kind, story], Letter(self, "/" + rest, raw))

            def answer(self, status, headers, body, cut=False):
                raw = (body if isinstance(body, str) else json.dumps(body)).encode()
                try:
                    if cut and status == 204:  # there is no body that could be cut
                        self.wfile.write(b"HTTP/1.1 2")
                        self.wfile.flush()
                        self.connection.shutdown(socket.SHUT_RDWR)
                        self.close_connection = True
                        return
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    if status != 204:
                        self.send_header("Content-Length", str(len(raw) + (64 if cut else 0)))
                    self.end_headers()
                    if status != 204:
                        self.wfile.write(raw)
                    if cut:
                        self.wfile.flush()
                        self.connection.shutdown(socket.SHUT_RDWR)
                        self.close_connection = True
                except OSError:
                    pass  # who asked is gone

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

        self.servers = {}
        self.new_server = lambda: Server(("127.0.0.1", 0), Handler)

    def add(self, fake):
        """Its address."""
        self.fakes[fake.kind, fake.story] = fake
        if fake.kind not in self.servers:
            self.servers[fake.kind] = self.new_server()
            threading.Thread(target=self.servers[fake.kind].serve_forever, args=(0.05,), daemon=True).start()
        return f"http://127.0.0.1:{self.servers[fake.kind].server_address[1]}/{fake.kind}/{fake.story}"

    def next_fault(self, fake):
        fault = self.faults.get((fake.kind, fake.story))
        if isinstance(fault, list):
            return fault.pop(0) if fault else None
        return fault

    def serve(self, handler, fake, letter):
        with self.lock:
            fake.requests += 1
            fault = self.next_fault(fake)
            if callable(fault):
                answer = fault(fake)
            else:
                try:
                    status, body = fake.take(letter)
                except Wrong as wrong:
                    status, body = wrong.status, wrong.body
                    fake.said.append(f"WRONG {status} {body}")
                answer = status, {}, body
        if fault == "slow":
            self.release.wait(30)
        handler.answer(*answer, cut=fault == "cut")

    def close(self):
        self.release.set()
        for server in self.servers.values():
            server.shutdown()
            server.server_close()
