"""Pages to a real Alertmanager and a real mail server. PEER_ALERTMANAGER: {"url"}. PEER_SMTP: {"host", "port", "user", "password", "ca",
"index"}, with TLS and a log-in required."""
import email
import email.policy
import json
import os
import unittest

from support import Story, account, http, main, secret_file, wait_until


class PeerStory(Story):
    def begin(self, receivers):
        self.sandbox = self.begin_sandbox("--account", "alice:token-alice")
        token = secret_file(self.folder, "token", "token-alice")
        settings = account("mastodon", self.sandbox.url, "social", token={"file": token}, poll_every="1s", sweep_every="1s")
        self.daemon = self.begin_daemon(settings + receivers)
        wait_until(lambda: self.daemon.polled("social"), 30, "the queue was read")

    def raise_flag(self):
        self.check_code(self.daemon.halfmast("raise", "outage", "--reason", "checkout is failing: naïve café", "-o", "json"), 0)


@unittest.skipUnless(os.environ.get("PEER_ALERTMANAGER"), "PEER_ALERTMANAGER does not name an Alertmanager; tests/run --peers starts one")
class ARealAlertmanager(PeerStory):
    def setUp(self):
        super().setUp()
        self.peer = json.loads(os.environ["PEER_ALERTMANAGER"])

    def alerts(self, *filters):
        query = "&".join("filter=" + one for one in filters)
        return http("GET", f"{self.peer['url']}/api/v2/alerts?{query}")[1]

    def test_fires_and_ends(self):
        self.begin(f'[[receiver]]\nname = "oncall"\nkind = "alertmanager"\nurl = "{self.peer["url"]}"\n'
                   '[[route]]\nto = ["oncall"]\ngather = "0s"\n[heartbeat]\nreceiver = "oncall"\nevery = "1s"\n')
        wait_until(lambda: self.alerts("alertname=HalfmastAlive"), 20, "the heartbeat fires")
        said = self.check_code(self.daemon.halfmast("doctor", "--pages", "-o", "json"), 0).json
        self.assertEqual(said["receivers"][0]["said"], "200")
        self.raise_flag()
        mine = ("alertname=HalfmastPage", "kind=crisis", "crisis=c-1")
        fired = wait_until(lambda: self.alerts(*mine), 20, "the alert fires")[0]
        self.assertEqual(fired["labels"]["severity"], "major")
        self.assertEqual(fired["status"]["state"], "active")
        self.assertIn("naïve café", fired["annotations"]["summary"])
        self.check_code(self.daemon.halfmast("pages", "ack", "crisis/c-1"), 0)
        acknowledged = wait_until(lambda: [one for one in self.alerts(*mine) if "acknowledged_by" in one["annotations"]], 20, "it says who has it")
        self.assertEqual(acknowledged[0]["fingerprint"], fired["fingerprint"], "the same alert")
        self.check_code(self.daemon.halfmast("lower", "c-1"), 0)
        wait_until(lambda: not self.alerts(*mine), 20, "it is resolved")
        self.daemon.stop()
        wait_until(lambda: not self.alerts("alertname=HalfmastAlive"), 20, "the heartbeat ends with the daemon")


@unittest.skipUnless(os.environ.get("PEER_SMTP"), "PEER_SMTP does not name a mail server; tests/run --peers starts one")
class ARealMailServer(PeerStory):
    def setUp(self):
        super().setUp()
        self.peer = json.loads(os.environ["PEER_SMTP"])
        self.password = secret_file(self.folder, "mail-password", self.peer["password"])
        self.before = len(self.mails())

    def mails(self):
        if not os.path.exists(self.peer["index"]):
            return []
        with open(self.peer["index"]) as file:
            return [json.loads(line) for line in file]

    def new_mails(self):
        return self.mails()[self.before:]

    def receiver(self, name, *to, password=None):
        return (f'[[receiver]]\nname = "{name}"\nkind = "smtp"\nurl = "smtp://127.0.0.1:{self.peer["port"]}"\nca_file = "{self.peer["ca"]}"\n'
                f'from = "halfmast@acme.example"\nto = {json.dumps(list(to))}\nusername = "{self.peer["user"]}"\n'
                f'password = {{ file = "{password or self.password}" }}\ntimeout = "4s"\n')

    def test_takes_mail_by_tls(self):
        self.begin(self.receiver("mail", "oncall@example.test", "reject@example.test") + '[[route]]\nto = ["mail"]\ngather = "0s"\n')
        self.raise_flag()
        mail = wait_until(self.new_mails, 20, "the mail arrives")[0]
        self.assertTrue(mail["tls"])
        self.assertEqual(mail["to"], ["oncall@example.test"])
        self.assertIn("c-1 was raised by", mail["subject"])
        self.assertIn("naïve café", mail["subject"])
        with open(mail["file"], "rb") as file:
            whole = email.message_from_binary_file(file, policy=email.policy.default)
        self.assertIn("halfmast pages ack crisis/c-1", whole.get_content())
        self.assertEqual(whole["Auto-Submitted"], "auto-generated")
        page = self.daemon.halfmast("pages", "list", "-o", "json").json["pages"][0]
        wait_until(lambda: self.daemon.halfmast("pages", "list", "-o", "json").json["pages"][0]["receivers"][0]["state"] == "told", 20, str(page))
        delivered = [line for line in self.daemon.halfmast("audit", "list", "-o", "json").json["records"] if line["kind"] == "page_delivered"]
        self.assertIn("refused: reject@example.test: 550", delivered[0]["why"])  # who did not get it is on record
        self.check_code(self.daemon.halfmast("lower", "c-1"), 0)
        over = wait_until(lambda: [one for one in self.new_mails() if one["subject"].startswith("over: ")], 20, "its end is told")
        self.assertNotEqual(over[0]["message_id"], mail["message_id"])

    def test_says_why_it_does_not_take_one(self):
        wrong = secret_file(self.folder, "wrong-password", "wrong-canary")
        self.begin(self.receiver("refused", "reject@example.test") + self.receiver("later", "tempfail@example.test")
                   + self.receiver("large", "big@example.test") + self.receiver("login", "oncall@example.test", password=wrong)
                   + self.receiver("slow", "slow@example.test") + self.receiver("drop", "drop@example.test")
                   + self.receiver("well", "oncall@example.test"))
        said = self.check_code(self.daemon.halfmast("doctor", "--pages", "-o", "json"), 8).json
        by_name = {one["name"]: one for one in said["receivers"]}
        self.assertEqual({name for name, one in by_name.items() if one["ok"]}, {"well"})
        self.assertIn("550", by_name["refused"]["said"])
        self.assertIn("451", by_name["later"]["said"])
        self.assertIn("552", by_name["large"]["said"])
        self.assertNotIn("canary", json.dumps(said))

    def test_tries_again_what_was_refused_for_now(self):
        self.begin(self.receiver("mail", "once@example.test") + '[[route]]\nto = ["mail"]\ngather = "0s"\n')
        self.raise_flag()
        mail = wait_until(self.new_mails, 30, "the mail arrives at the second attempt")
        self.assertEqual(len(mail), 1)
        kinds = [line["kind"] for line in self.daemon.halfmast("audit", "list", "-o", "json").json["records"]]
        self.assertIn("page_failed", kinds)


if __name__ == "__main__":
    main()
