"""Signals from outside: signed and forged webhooks, a storm, a flag file, a spike of complaints, dead links, and what people decide."""
import base64
import gzip
import hashlib
import hmac
import http.client
import http.server
import json
import os
import re
import shlex
import shutil
import subprocess
import threading
import time
import unittest

from receivers import SECRET, Receiver
from support import SOURCE, Story, account, free_port, http as ask, in_parallel, main, secret_file, wait_until

TOKEN = "hook-token-0123456789abcdef"
HUB = "hub-secret-0123456789abcdef"


# In the path, or where config/install-dependencies --tests unpacks it.
PROMTOOL = shutil.which("promtool") or shutil.which(
    os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "halfmast-promtool", "promtool"))
NO_PROMTOOL = "promtool is not installed (config/install-dependencies --tests brings it)"


def signed(body, id="msg_1", at=None, secret=SECRET):
    """Headers by Standard Webhooks, made with nothing of ours."""
    at = str(int(time.time() if at is None else at))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    sum = hmac.new(key, f"{id}.{at}.".encode() + body, hashlib.sha256).digest()
    return {"webhook-id": id, "webhook-timestamp": at, "webhook-signature": "v1," + base64.b64encode(sum).decode()}


class SignalStory(Story):
    """A practice platform with one account, a receiver of pages, and hooks."""

    HOOKS = """
[[hook]]
name = "ours"
kind = "standard-webhooks"
secret = { file = "%(standard)s" }

[[hook]]
name = "alerts"
kind = "alertmanager"
secret = { file = "%(token)s" }
most_a_minute = 100000

[[hook]]
name = "hub"
kind = "github"
secret = { file = "%(hub)s" }
most_body = 100000

[[signal]]
hook = "ours"
playbook = "outage"
scope = { brand = "{/data/brand}" }
do = "raise"

[[signal]]
hook = "alerts"
match = { "/commonLabels/severity" = ["critical", "page"] }
playbook = "outage"

[[signal]]
hook = "hub"
match = { "/action" = "fail*" }
playbook = "outage"
what = "{/repository/name}: {/action}"
"""

    def begin(self, more="", posts=({"due": "+2h", "text": "Offer one #promo"},), **options):
        self.sandbox = self.begin_sandbox("--account", "alice:token-alice")
        secrets = {name: secret_file(self.folder, name, value) for name, value in (("standard", SECRET), ("token", TOKEN), ("hub", HUB))}
        token = secret_file(self.folder, "account", "token-alice")
        settings = account("mastodon", self.sandbox.url, "social", token={"file": token}, poll_every="1s", sweep_every="1s", labels={"brand": "acme"})
        self.duty = Receiver()
        self.addCleanup(self.duty.close)
        settings += f'[[receiver]]\nname = "duty"\nkind = "webhook"\nurl = "{self.duty.url}"\nsecret = {{ file = "{secrets["standard"]}" }}\n'
        settings += '[[route]]\nto = ["duty"]\ngather = "0s"\nrepeat = "1h"\n'
        self.port = free_port()
        self.daemon = self.begin_daemon(settings + self.HOOKS % secrets + more, extra=f'listen = "127.0.0.1:{self.port}"', **options)
        wait_until(lambda: self.daemon.polled("social"), 30, "the queue was read")
        if posts:
            self.sandbox.seed("alice", *posts)
            wait_until(lambda: len(self.daemon.posts()) == len(posts), 20, "the posts were seen")

    def send(self, hook, body, headers=None):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return ask("POST", f"http://127.0.0.1:{self.port}/hooks/{hook}", data, headers)

    def alert(self, status="firing", key="shop", severity="page"):
        body = {"version": "4", "status": status, "groupKey": key, "commonLabels": {"severity": severity},
                "commonAnnotations": {"summary": "checkout answers 500"}, "externalURL": "https://am.example",
                "alerts": [{"status": status, "annotations": {"description": "37 of 40 requests failed"}}]}
        return self.send("alerts", body, {"Authorization": "Bearer " + TOKEN})

    def alert_often(self, times):
        """By one connection, as senders that have much to say do."""
        body = json.dumps({"version": "4", "status": "firing", "groupKey": "shop", "commonLabels": {"severity": "page"},
                           "commonAnnotations": {"summary": "checkout answers 500"}, "alerts": [{"status": "firing"}]}).encode()
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        for _ in range(times):
            line.request("POST", "/hooks/alerts", body, {"Authorization": "Bearer " + TOKEN, "Content-Type": "application/json"})
            answer = line.getresponse()
            answer.read()
            if answer.status != 202:
                raise AssertionError(f"{answer.status}")
        line.close()

    def proposals(self, *words):
        return self.daemon.halfmast("proposals", "list", *words, "-o", "json").json["proposals"]

    def told(self, prefix):
        return [one for one in self.duty.letters if one["body"]["data"]["page"].startswith(prefix)]


class Webhooks(SignalStory):
    def test_a_signed_one_proposes_and_accepting_raises(self):
        self.begin()
        body = json.dumps({"type": "crisis.raise", "data": {"reason": "checkout is failing", "brand": "acme", "key": "k1"}}).encode()
        status, answer, _ = self.send("ours", body, signed(body))
        self.assertEqual(status, 202, answer)
        self.assertEqual(self.daemon.status()["crises"], [], "nothing is raised: the operator has allowed nothing")
        proposal, = self.proposals()
        self.assertEqual((proposal["state"], proposal["playbook"], proposal["scope"], proposal["what"]),
                         ("open", "outage", {"brand": "acme"}, "checkout is failing"))
        wait_until(lambda: self.told("proposal"), 20, "somebody is told")
        self.assertIn("Proposal p-1: checkout is failing", self.daemon.halfmast("status").out)
        self.assertEqual(self.daemon.status()["proposals"][0]["id"], "p-1")

        accepted = self.check_code(self.daemon.halfmast("proposals", "accept", "p-1", "--reason", "we saw it", "-o", "json"), 0)
        self.assertEqual(accepted.json["crisis"]["scope"], {"brand": "acme"})
        self.assertEqual(accepted.json["crisis"]["holds"]["held"], 1)
        self.assertEqual(self.proposals(), [])
        decided, = self.proposals("--all")
        self.assertEqual((decided["state"], decided["crisis"]), ("accepted", "c-1"))
        again = self.check_code(self.daemon.halfmast("proposals", "accept", "p-1", "-o", "json"), 0)
        self.assertFalse(again.json["created"])
        refused = self.daemon.halfmast("proposals", "dismiss", "p-1")
        self.check_code(refused, 9)
        self.assertIn("halfmast lower c-1", refused.err)
        missing = self.check_code(self.daemon.halfmast("proposals", "accept", "p-2"), 1)
        self.assertIn("p-1", missing.err)

    def test_forged_stale_and_repeated_ones_do_nothing(self):
        self.begin()
        body = json.dumps({"type": "crisis.raise", "data": {"reason": "checkout is failing", "brand": "acme"}}).encode()
        good = signed(body)
        self.assertEqual(self.send("ours", body, {})[0], 401)
        self.assertEqual(self.send("ours", body + b" ", good)[0], 403)
        self.assertEqual(self.send("ours", body, signed(body, secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))[0], 403)
        self.assertEqual(self.send("ours", body, signed(body, at=time.time() - 600))[0], 403)
        self.assertEqual(self.send("ours", body, {**good, "webhook-timestamp": str(int(time.time()) + 1)})[0], 403)
        self.assertEqual(self.alert()[0], 202)  # a token of its own
        self.assertEqual(self.send("alerts", {}, {"Authorization": "Bearer " + TOKEN[:-1]})[0], 403)
        self.assertEqual(self.send("nobody", body, good)[0], 404)
        self.assertEqual(self.send("hub", b"x" * 100_001, {})[0], 413)
        self.assertEqual(len(self.proposals()), 1)

        self.assertEqual(self.send("ours", body, good)[0], 202)
        self.assertEqual(self.send("ours", body, good)[0], 409)
        hub = json.dumps({"action": "failed", "repository": {"name": "shop"}}).encode()
        sign = {"X-Hub-Signature-256": "sha256=" + hmac.new(HUB.encode(), hub, hashlib.sha256).hexdigest()}
        self.assertEqual(self.send("hub", hub, sign)[0], 202)
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.send("ours", body, good)[0], 409, "a restart forgets no delivery")
        self.assertEqual(self.send("hub", hub, {**sign, "X-GitHub-Delivery": "another"})[0], 409)
        waiting = {one["what"]: one["signals"] for one in self.proposals()}
        self.assertEqual(waiting, {"checkout answers 500": 1, "checkout is failing": 1, "shop: failed": 1})
        self.assertEqual(self.daemon.status()["crises"], [])
        with open(self.daemon.log_name) as log:
            text = log.read()
        self.assertIn("HM_HOOK_REFUSED", text)
        for secret in (SECRET, TOKEN, HUB):
            self.assertNotIn(secret, text)

    def test_bodies_that_are_too_large_packed_or_in_pieces(self):
        self.begin(posts=())
        small = json.dumps({"action": "failed", "repository": {"name": "shop"}}).encode()
        sign = lambda body: {"X-Hub-Signature-256": "sha256=" + hmac.new(HUB.encode(), body, hashlib.sha256).hexdigest()}
        large = b"[" + b" " * 10_000_000 + b"]"
        self.assertIn(self.begins_to_send(large, sign(large)), (413, None), "ten megabytes, said beforehand")
        self.assertIn(self.begins_to_send(large, sign(large), pieces=True), (413, None), "and in pieces")
        packed = gzip.compress(small)
        self.assertEqual(self.send("hub", packed, {**sign(packed), "Content-Encoding": "gzip"})[0], 415)
        self.assertEqual(self.proposals(), [])
        self.assertEqual(self.begins_to_send(small, sign(small), pieces=True), 202, "a small one may come in pieces")
        self.assertEqual([one["what"] for one in self.proposals()], ["shop: failed"])

    def begins_to_send(self, body, headers, pieces=False):
        """The status; None when the line was cut before all of it was sent and no answer could be read any more."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            parts = (body[at:at + 65_536] for at in range(0, len(body), 65_536))
            line.request("POST", "/hooks/hub", parts if pieces else body, {"Content-Type": "application/json", **headers}, encode_chunked=pieces)
            return line.getresponse().status
        except (ConnectionError, http.client.BadStatusLine):
            return None
        finally:
            line.close()

    def test_a_storm_makes_one_proposal_and_one_page(self):
        self.begin()
        workers = [threading.Thread(target=self.alert_often, args=(1250,)) for _ in range(8)]
        for one in workers:
            one.start()
        for one in workers:
            one.join()
        proposal, = self.proposals()
        self.assertEqual(proposal["signals"], 10_000)
        wait_until(lambda: self.told("proposal"), 20, "somebody is told")
        self.assertEqual(self.alert("resolved")[0], 202)
        self.assertEqual(self.proposals(), [], "its only source says that it is over")
        wait_until(lambda: any(one["body"]["type"] == "page.resolve" for one in self.told("proposal")), 20, "its end is told")
        self.assertEqual([one["body"]["type"] for one in self.told("proposal")], ["page.trigger", "page.resolve"])
        figures = ask("GET", f"http://127.0.0.1:{self.port}/metrics")[1]
        self.assertIn('halfmast_hook_requests_total{hook="alerts",outcome="taken"} 10001', figures)
        self.assertNotIn("social/", figures)

    def test_what_the_operator_allows_raises_by_itself_and_never_lowers(self):
        self.begin(more='\n[signals]\nraise_at_most = "major"\nhush = "1h"\n')
        body = json.dumps({"type": "crisis.raise", "data": {"reason": "checkout is failing", "brand": "acme"}}).encode()
        self.assertEqual(self.send("ours", body, signed(body))[0], 202)
        crisis = self.daemon.crisis()
        self.assertEqual((crisis["id"], crisis["scope"]), ("c-1", {"brand": "acme"}))
        wait_until(lambda: self.daemon.crisis()["holds"]["held"] == 1, 30, "it holds")
        wait_until(lambda: self.told("crisis"), 20, "it is told as a crisis")
        published = wait_until(lambda: [post for post in self.sandbox.state("alice")["published"]], 30, "the summary is out")
        self.assertNotIn("hook", json.dumps(published))
        self.check_code(self.daemon.halfmast("lower", "c-1", "--reason", "a mistake of the alert"), 0)
        again = json.dumps({"type": "crisis.raise", "data": {"reason": "checkout is failing again", "brand": "acme"}}).encode()
        self.assertEqual(self.send("ours", again, signed(again, id="msg_2"))[0], 202)
        self.assertEqual(self.daemon.status()["crises"], [], "a person has just lowered it: it is proposed, and not raised")
        self.assertEqual(len(self.proposals()), 1)
        dismissed = self.check_code(self.daemon.halfmast("proposals", "dismiss", "--reason", "known", "-o", "json"), 0)
        self.assertEqual(dismissed.json["proposal"]["state"], "dismissed")
        self.assertEqual(self.daemon.stop(), 0)
        self.check_code(self.daemon.halfmast("audit", "verify", "--state-dir", self.daemon.state_dir), 0)


class OtherSources(SignalStory):
    def test_a_flag_file_raises_and_its_end_is_told(self):
        path = os.path.join(self.folder, "burning")
        self.begin(more=f'\n[signals]\nraise_at_most = "major"\n[[flag_file]]\npath = "{path}"\nplaybook = "outage"\n')
        with open(path, "w") as file:
            file.write("checkout is failing\nby cron on web-1\n")
        crisis = wait_until(lambda: next(iter(self.daemon.status()["crises"]), None), 20, "the file raises a flag")
        self.assertEqual(crisis["reason"], "checkout is failing")
        self.assertEqual(crisis["owner"], "flag-file/outage")
        os.remove(path)
        wait_until(lambda: self.told("signal-over"), 20, "that it is gone is told")
        self.assertEqual(len(self.daemon.status()["crises"]), 1, "and lowers nothing")

    def test_the_path_unit_raises(self):
        """What systemd starts when somebody writes /run/halfmast-flags/outage, word by word."""
        def unit(name):
            with open(os.path.join(SOURCE, "systemd", name)) as file:
                return [line.strip().split("=", 1) for line in file if "=" in line and not line.startswith("#")]
        watched = [value for key, value in unit("halfmast-flag@.path") if key.startswith("Path")]
        self.assertIn("/run/halfmast-flags/%i", watched)
        command, = [value for key, value in unit("halfmast-flag@.service") if key == "ExecStart"]
        program, *words = shlex.split(command.replace("%i", "outage"))
        self.assertEqual(program, "/usr/bin/halfmast")
        self.begin()
        self.assertIn(self.daemon.halfmast(*words).code, (0, 8))
        self.assertEqual(self.daemon.crisis()["reason"], "flag file /run/halfmast-flags/outage")

    def test_many_complaints_propose_a_flag_with_examples(self):
        """The daemon was away for two minutes, in which forty wrote; what is usual it had learned before, on days on which somebody wrote once
        an hour. A minute is judged when it is over, and these are."""
        self.begin(more='\n[mentions]\nplaybook = "outage"\nby = "brand"\nevery = "5s"\n', posts=())

        def asked():
            return sum("notifications" in call["path"] for call in self.sandbox.calls("alice"))
        self.sandbox.control("POST", "clock", {"skew": "-200s"})
        self.sandbox.control("POST", "mention", {"account": "alice", "text": "hello"})
        before = asked()
        wait_until(lambda: asked() > before + 1, 30, "it listens")
        self.daemon.stop()
        kept = os.path.join(self.daemon.state_dir, "mentions", "social.json")
        with open(kept) as file:
            cursor = json.load(file)["cursor"]
        counted_to = (int(time.time()) // 60 - 3) * 60
        learned = {"schema": "halfmast.mentions/1", "cursor": cursor, "counted_to": counted_to * 1000, "spike_at": 0,
                   "hour": counted_to // 3600, "hour_heard": 0.0, "hour_squares": 0.0, "hour_minutes": 0, "hours_learned": 60, "unevenness": 1.5,
                   "week": [{"heard": [1.0] * 6, "filled": 6, "next": 0}] * 168, "day": [{"heard": 1.0, "usual": 1.0}] * 24, "recent": [], "open": []}
        with open(kept, "w") as file:
            json.dump(learned, file)
        self.sandbox.control("POST", "clock", {"skew": "-100s"})
        for number in range(40):
            self.sandbox.control("POST", "mention", {"account": "alice", "text": f"it is not working, I want a refund ({number})"})
        self.sandbox.control("POST", "clock", {"skew": "0s"})
        self.daemon.start()
        proposal = wait_until(lambda: next(iter(self.proposals()), None), 60, "so many are a spike")
        self.assertEqual(proposal["scope"], {"brand": "acme"})
        self.assertEqual(proposal["sources"], ["spike/social"])
        evidence = "\n".join(proposal["evidence"])
        self.assertIn("mentions in 5 minutes", evidence)
        self.assertIn("refund", evidence)
        self.assertIn("it is not working", evidence)

    def test_a_dead_link_holds_just_its_post(self):
        class Shop(http.server.BaseHTTPRequestHandler):
            def do_HEAD(self):
                self.send_response(404 if "gone" in self.path else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()
            do_GET = do_HEAD

            def log_message(self, *_):
                pass

        shop = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
        self.addCleanup(shop.server_close)
        self.addCleanup(shop.shutdown)
        threading.Thread(target=shop.serve_forever, args=(0.05,), daemon=True).start()
        url = f"http://127.0.0.1:{shop.server_address[1]}"
        posts = [{"due": "+2h", "text": f"Offer one {url}/gone/{number} #promo"} for number in range(3)]
        posts.append({"due": "+2h", "text": f"Offer two {url}/here #promo"})
        posts.append({"due": "+2h", "text": f"A notice {url}/gone/9 #service"})
        self.begin(more='\n[dead_links]\nplaybook = "outage"\nevery = "5s"\nshare = 3\n[links]\nprivate = true\n', posts=posts)
        wait_until(lambda: sum(post["state"] == "held" for post in self.daemon.posts().values()) == 3, 90, "the three that lead nowhere are held")
        for post in self.daemon.posts().values():
            self.assertEqual(post["state"] == "held", "/gone/" in post["text"] and "#promo" in post["text"], post)
        proposal = wait_until(lambda: next(iter(self.proposals()), None), 30, "three dead ones of one host are a signal")
        self.assertIn("3 links to 127.0.0.1 are dead", proposal["what"])
        self.assertEqual(self.daemon.status()["crises"], [])


class Monitoring(unittest.TestCase):
    @unittest.skipUnless(PROMTOOL, NO_PROMTOOL)
    def test_the_shipped_rules(self):
        for words in (("check", "rules", "halfmast.rules.yml"), ("test", "rules", "halfmast.tests.yml")):
            done = subprocess.run([PROMTOOL, *words], cwd=os.path.join(SOURCE, "config", "monitoring"), capture_output=True, text=True, timeout=120)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Figures(SignalStory):
    @unittest.skipUnless(PROMTOOL, NO_PROMTOOL)
    def test_are_well_formed_and_the_rules_ask_for_those_there_are(self):
        self.begin()
        self.check_code(self.daemon.halfmast("raise", "outage", "--reason", "checkout is failing"), 0)
        figures = ask("GET", f"http://127.0.0.1:{self.port}/metrics")[1]
        done = subprocess.run([PROMTOOL, "check", "metrics"], input=figures, capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertIn('halfmast_crises_open{severity="major"} 1', figures)
        self.assertIn('halfmast_crisis_posts{crisis="c-1",playbook="outage",state="held"} 1', figures)
        named = {line.split(" ")[2] for line in figures.splitlines() if line.startswith("# TYPE")}
        for name in ("halfmast.rules.yml", "halfmast.dashboard.json"):
            with open(os.path.join(SOURCE, "config", "monitoring", name)) as file:
                text = file.read()
            if name.endswith(".json"):
                self.assertGreater(len(json.loads(text)["panels"]), 5)
            asked = set(re.findall(r"\bhalfmast_[a-z_]+", text)) - {"halfmast_account_credential_ends_timestamp_seconds"}
            self.assertGreater(len(asked), 5)
            self.assertEqual(asked - named, set(), name)


if __name__ == "__main__":
    main(in_parallel(4))  # what takes time there is waiting for a minute to be over
