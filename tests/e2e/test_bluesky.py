"""The whole story against a real Bluesky server and its AppView, where there is nothing to hold: the summary goes out once, is
pinned, and the former pin comes back. PEER_BLUESKY is that server as one JSON line: {"pds", "appview", "accounts": {"shop":
{"did", "handle", "app_password"}}, "posts": {"welcome": {"uri", "cid"}}}."""
import json
import os
import unittest

from support import Story, account, http, main, secret_file, wait_until

PLAYBOOK = """
[[playbook]]
name     = "outage"
severity = "major"
hold     = ["promotional", "unknown"]
next_update = "45m"
publish  = "at-once"
undo     = "0s"
summary.en = "We know that checkout is failing \U0001f6e0\ufe0f, and work on it. https://status.example/1 #status Next update by {{next_update_by}}."
"""


@unittest.skipUnless(os.environ.get("PEER_BLUESKY"), "PEER_BLUESKY does not name a Bluesky server; tests/run --peers starts one where its"
                                                     " packages were fetched before")
class ARealBluesky(Story):
    def setUp(self):
        super().setUp()
        self.peer = json.loads(os.environ["PEER_BLUESKY"])
        if not self.peer["appview"]:
            self.skipTest("this Bluesky server has no AppView, and only that shows what a visitor sees")
        self.shop = self.peer["accounts"]["shop"]
        self.token = self.call("com.atproto.server.createSession",
                               {"identifier": self.shop["handle"], "password": self.shop["app_password"]})["accessJwt"]

    def call(self, nsid, body=None, query=""):
        """By the account itself, as another of its programs would."""
        headers = {"Authorization": "Bearer " + self.token} if hasattr(self, "token") else {}
        status, answer, _ = http("GET" if body is None else "POST", f"{self.peer['pds']}/xrpc/{nsid}{query}", body, headers)
        self.assertEqual(status, 200, answer)
        return answer

    def profile(self):
        return self.call("com.atproto.repo.getRecord", query=f"?repo={self.shop['did']}&collection=app.bsky.actor.profile&rkey=self")

    def put_profile(self, record):
        self.call("com.atproto.repo.putRecord", {"repo": self.shop["did"], "collection": "app.bsky.actor.profile", "rkey": "self", "record": record})

    def visitor(self, pins="true"):
        """The account's page as somebody without an account sees it: the pinned post first (and only there), then the others."""
        status, answer, _ = http("GET", f"{self.peer['appview']}/xrpc/app.bsky.feed.getAuthorFeed?actor={self.shop['did']}&includePins={pins}")
        self.assertEqual(status, 200, answer)
        return answer["feed"]

    def pinned_for_visitor(self):
        first = self.visitor()[0]
        return first["post"] if first.get("reason", {}).get("$type") == "app.bsky.feed.defs#reasonPin" else None

    def posts(self):
        return [one["post"]["uri"] for one in self.visitor(pins="false")]

    def test_the_main_job(self):
        self.furnish()
        self.begin()
        self.raise_publishes_and_pins()
        self.a_second_daemon_finds_what_the_first_one_did()
        self.somebody_edits_the_profile()
        self.lower_brings_the_former_pin_back()
        self.check_code(self.daemon.halfmast("audit", "verify", "--state-dir", self.daemon.state_dir), 0)

    def furnish(self):
        welcome = self.peer["posts"]["welcome"]
        record = dict(self.profile()["value"])
        record.update({"description": "Kettles ☕\nand pots", "pinnedPost": {"uri": welcome["uri"], "cid": welcome["cid"]},
                       "example.shop.theme": {"colour": None, "layers": [1, 9007199254740991, True]}})
        self.put_profile(record)
        self.before = self.profile()
        self.posts_before = self.posts()
        wait_until(lambda: (self.pinned_for_visitor() or {}).get("uri") == welcome["uri"], 30, "visitors see the former pin")

    def begin(self):
        password = secret_file(self.folder, "password", self.shop["app_password"])
        self.daemon = self.begin_daemon(account("bluesky", self.peer["pds"], "sky", handle=self.shop["handle"], password={"file": password}),
                                        playbook=PLAYBOOK)
        wait_until(lambda: self.daemon.polled("sky"), 30, "the account was read")
        self.check_code(self.daemon.halfmast("doctor", "-o", "json"), 0)
        self.assertEqual(self.check_code(self.daemon.halfmast("plan", "-o", "json"), 0).json["posts"], [])

    def raise_publishes_and_pins(self):
        self.check_code(self.daemon.halfmast("raise", "outage", "--reason", "checkout is failing"), 0)
        post = wait_until(self.summary_on_top, 30, "visitors see the summary pinned")
        self.summary = post["uri"]
        self.assertEqual(post["record"]["langs"], ["en"])
        text = post["record"]["text"].encode()
        marked = [text[facet["index"]["byteStart"]:facet["index"]["byteEnd"]].decode() for facet in post["record"]["facets"]]
        self.assertEqual(marked, ["https://status.example/1", "#status"])
        self.same_but_for_the_pin(self.before["value"])

    def summary_on_top(self):
        post = self.pinned_for_visitor()
        return post if post and "checkout is failing" in post["record"]["text"] else None

    def same_but_for_the_pin(self, expected):
        value = dict(self.profile()["value"])
        value["pinnedPost"] = expected["pinnedPost"]
        self.assertEqual(value, expected)

    def a_second_daemon_finds_what_the_first_one_did(self):
        """Killed and started again: nothing is published twice."""
        self.daemon.kill()
        self.daemon.start()
        wait_until(lambda: self.daemon.polled("sky"), 30, "the account was read again")
        self.assertEqual(self.posts_since(), [self.summary])

    def posts_since(self):
        return [uri for uri in self.posts() if uri not in self.posts_before]

    def somebody_edits_the_profile(self):
        record = dict(self.profile()["value"])
        record["description"] = "Orders are delayed"
        self.put_profile(record)
        self.expected = dict(self.before["value"], description="Orders are delayed")

    def lower_brings_the_former_pin_back(self):
        self.check_code(self.daemon.halfmast("lower"), 0)
        wait_until(lambda: (self.pinned_for_visitor() or {}).get("uri") == self.before["value"]["pinnedPost"]["uri"], 30, "the former pin is back")
        self.assertEqual(self.profile()["value"], self.expected)
        self.assertEqual(self.posts_since(), [self.summary], "the summary stays, and is the only one")
        # With the description as it was the record is the very same one: its hash says so.
        self.put_profile(dict(self.profile()["value"], description=self.before["value"]["description"]))
        self.assertEqual(self.profile()["cid"], self.before["cid"])


if __name__ == "__main__":
    main()
