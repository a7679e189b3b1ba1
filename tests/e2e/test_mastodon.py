"""The main job against the practice platform, through the Mastodon connector: from `raise` to the last release."""
import base64
import os
import shutil
import sqlite3
import subprocess
import sys

from support import PICTURE, SOURCE, Story, account, main, parse_time, secret_file, utc, wait_until

POLL = {"options": ["Red", "Blue", "Neither"], "expires_in": 7200, "multiple": True}


class TheMainJob(Story):
    def setUp(self):
        super().setUp()
        self.sandbox = self.begin_sandbox("--account", "alice:token-alice")
        self.pinned = self.sandbox.control("POST", "published", {"account": "alice", "at": "-30d", "text": "Who we are", "pinned": True})["id"]
        ids = self.sandbox.seed(
            "alice",
            {"due": "+3m", "text": "Last chance: 20% off everything #promo",
             "media": [{"bytes_base64": base64.b64encode(PICTURE).decode(), "description": "A red lamp", "uploaded": "-2d"}]},
            {"due": "+8m", "text": "Which colour shall we make cheaper? #promo", "poll": POLL, "spoiler_text": "A question"},
            {"due": "+60m", "text": "Our new lamp is here #promo", "language": "en", "visibility": "unlisted"},
            {"due": "+20s", "text": "The shop is closed today because of the power cut #service"},
            {"due": "+70m", "text": "Welcome to Anna, who joined us today #team"},
            {"due": "+80m", "text": "Xyzzy plugh"})["ids"]
        self.near, self.poll, self.far, self.service, self.team, self.riddle = (f"alice-social/{id}" for id in ids)
        token = secret_file(self.folder, "token", "token-alice")
        self.daemon = self.begin_daemon(account("mastodon", self.sandbox.url, "alice-social", token={"file": token}, language="hu",
                                                labels={"brand": "acme"}))
        wait_until(lambda: self.daemon.polled("alice-social"), 20, "the queue was read")

    def raise_flag(self):
        return self.daemon.halfmast("raise", "outage", "--reason", "checkout is failing", "-o", "json")

    def scheduled(self):
        return {"alice-social/" + post["id"]: post for post in self.sandbox.state("alice")["scheduled"]}

    def published_texts(self):
        return [post["text"] for post in self.sandbox.state("alice")["published"]]

    def test_from_raise_to_release(self):
        self.plan_says_the_rungs()
        self.raise_holds_and_pins()
        self.a_post_scheduled_meanwhile_is_held()
        self.essential_posts_still_go_out()
        self.lower_releases_nothing()
        self.posts_come_back_one_by_one()
        self.the_ledger_proves_it()

    def plan_says_the_rungs(self):
        plan = self.check_code(self.daemon.halfmast("plan", "outage", "-o", "json"), 0).json
        rungs = {post["id"]: post["rung"] for post in plan["posts"] if post["would_hold"]}
        self.assertEqual(rungs, {self.near: "takeout", self.poll: "takeout", self.far: "postpone", self.riddle: "postpone"})
        self.assertEqual(self.daemon.status()["crises"], [])
        preview = self.check_code(self.daemon.halfmast("raise", "outage", "-n", "-o", "json"), 0).json
        self.assertIn("Tudjuk", preview["statements"][0]["text"])
        self.assertEqual(self.daemon.status()["crises"], [])

    def raise_holds_and_pins(self):
        raised = self.check_code(self.raise_flag(), 0).json
        self.assertEqual(raised["schema"], "halfmast.raise/1")
        crisis = self.daemon.crisis()
        self.assertEqual(crisis["holds"]["held"], 4)
        self.assertEqual(crisis["summary"]["pinned"], 1)
        there = self.scheduled()
        self.assertEqual(set(there), {self.far, self.service, self.team, self.riddle})
        for moved in (self.far, self.riddle):
            self.assertGreater(parse_time(there[moved]["due"]), parse_time(utc(300 * 86_400)))
        posts = self.daemon.posts()
        self.assertEqual({id: posts[id]["rung"] for id in (self.near, self.poll, self.far, self.riddle)},
                         {self.near: "takeout", self.poll: "takeout", self.far: "postpone", self.riddle: "postpone"})
        self.assertTrue(all(posts[id]["state"] == "held" for id in (self.near, self.poll, self.far, self.riddle)))
        self.assertEqual(posts[self.service]["class"], "essential")
        self.assertEqual(posts[self.team]["class"], "neutral")
        summaries = [post for post in self.sandbox.state("alice")["published"] if "Tudjuk" in post["text"]]
        self.assertEqual(len(summaries), 1)
        self.assertTrue(summaries[0]["pinned"])
        again = self.check_code(self.raise_flag(), 0).json
        self.assertEqual(again["crisis"]["id"], raised["crisis"]["id"])
        why = self.check_code(self.daemon.halfmast("queue", "why", self.far, "-o", "json"), 0).json
        self.assertTrue(any(one["rule"] == "judgement.promotional.tags" and one["match"] == "promo" for one in why["why"]), why)
        shown = self.check_code(self.daemon.halfmast("queue", "show", self.far, "-o", "json"), 0).json
        self.assertEqual(shown["post"]["original"]["params"]["text"], "Our new lamp is here #promo")
        acts = [entry["action"] for entry in shown["post"]["history"]]
        for act in ("hold_planned", "hold_started", "hold_confirmed"):
            self.assertIn(act, acts)

    def a_post_scheduled_meanwhile_is_held(self):
        status, made, _ = self.sandbox.api("token-alice", "POST", "/api/v1/statuses",
                                           {"status": "Flash sale tonight #promo", "scheduled_at": utc(20 * 60)})
        self.assertEqual(status, 200, made)
        late = "alice-social/" + made["id"]
        wait_until(lambda: self.daemon.posts().get(late, {}).get("state") == "held", 20, "the new post is held by the sweep")
        self.assertGreater(parse_time(self.scheduled()[late]["due"]), parse_time(utc(300 * 86_400)))

    def essential_posts_still_go_out(self):
        wait_until(lambda: any("power cut" in text for text in self.published_texts()), 40, "the service notice went out")
        self.assertFalse([text for text in self.published_texts() if "#promo" in text or "Xyzzy" in text])
        self.assertIn(self.team, self.scheduled())

    def lower_releases_nothing(self):
        refused = self.daemon.halfmast("queue", "release", self.far)
        self.assertNotEqual(refused.code, 0, "a flag covers it")
        self.check_code(self.daemon.halfmast("lower", "-o", "json"), 0)
        posts = self.daemon.posts()
        self.assertTrue(all(posts[id]["state"] == "held" for id in (self.near, self.poll, self.far, self.riddle)))
        published = self.sandbox.state("alice")["published"]
        self.assertEqual([post["id"] for post in published if post["pinned"]], [self.pinned])
        self.assertEqual(len([post for post in published if "Tudjuk" in post["text"]]), 1, "it stays published")
        self.assertEqual(self.daemon.status()["crises"], [])
        self.assertEqual(len(self.daemon.halfmast("status", "--all", "-o", "json").json["crises"]), 1)

    def posts_come_back_one_by_one(self):
        past = self.daemon.halfmast("queue", "release", self.near, "--at", utc(-3600))
        self.check_code(past, 1)
        self.assertIn("has passed", past.out + past.err)
        self.assertEqual(self.daemon.posts()[self.near]["state"], "held")
        old_time = parse_time(self.daemon.posts()[self.far]["due"])
        self.check_code(self.daemon.halfmast("queue", "release", self.far, "-o", "json"), 0)
        self.assertEqual(parse_time(self.scheduled()[self.far]["due"]), old_time)
        self.assertEqual(self.daemon.posts()[self.far]["state"], "released")

        at = utc(25 * 60)
        self.check_code(self.daemon.halfmast("queue", "release", self.near, "--at", at, "-o", "json"), 0)
        self.check_code(self.daemon.halfmast("queue", "reschedule", self.poll, "--at", "+20min", "-o", "json"), 0)
        _, all_there, _ = self.sandbox.api("token-alice", "GET", "/api/v1/scheduled_statuses")
        back = {post["params"]["text"]: post for post in all_there}
        near = back["Last chance: 20% off everything #promo"]
        self.assertEqual(parse_time(near["scheduled_at"]), parse_time(at))
        self.assertEqual([file["description"] for file in near["media_attachments"]], ["A red lamp"])
        import urllib.request
        with urllib.request.urlopen(near["media_attachments"][0]["url"], timeout=20) as picture:
            self.assertEqual(picture.read(), PICTURE)
        poll = back["Which colour shall we make cheaper? #promo"]
        self.assertEqual(poll["params"]["poll"]["options"], POLL["options"])
        self.assertEqual(poll["params"]["spoiler_text"], "A question")
        self.assertTrue(poll["params"]["poll"]["multiple"])
        self.assertEqual(self.daemon.posts()[self.near]["state"], "rescheduled", "it keeps its id")
        self.check_code(self.daemon.halfmast("queue", "keep", self.riddle, "--reason", "nobody understands it"), 0)
        self.assertEqual(self.daemon.posts()[self.riddle]["state"], "kept")

    def the_ledger_proves_it(self):
        self.check_code(self.daemon.halfmast("audit", "list", "-o", "json"), 0)
        self.check_code(self.daemon.halfmast("audit", "verify", "--state-dir", self.daemon.state_dir), 0)
        self.assertEqual(self.daemon.stop(), 0)
        self.check_code(self.daemon.halfmast("audit", "verify", "--state-dir", self.daemon.state_dir), 0)
        exported = self.check_code(self.daemon.halfmast("audit", "export", "--format", "jsonl", "--state-dir", self.daemon.state_dir), 0)
        file = os.path.join(self.folder, "evidence.jsonl")
        checker = [sys.executable, os.path.join(SOURCE, "tests", "audit", "verify.py"), file]
        with open(file, "w") as out:
            out.write(exported.out)
        self.assertEqual(subprocess.run(checker, capture_output=True).returncode, 0)
        with open(file, "w") as out:
            out.write(exported.out.replace("checkout is failing", "checkout is fa1ling", 1))
        self.assertNotEqual(subprocess.run(checker, capture_output=True).returncode, 0)
        self.each_kind_of_tampering_is_found()

    def each_kind_of_tampering_is_found(self):
        changes = {
            "one byte": "UPDATE ledger SET payload = replace(payload, 'checkout is failing', 'checkout is fa1ling') WHERE seq = "
                        "(SELECT min(seq) FROM ledger WHERE payload LIKE '%checkout is failing%')",
            "one removed": "DELETE FROM ledger WHERE seq = 5",
            "two swapped": "UPDATE ledger SET seq = CASE seq WHEN 6 THEN -7 ELSE -6 END WHERE seq IN (6, 7); UPDATE ledger SET seq = -seq WHERE seq < 0",
            "the last one cut off": "DELETE FROM ledger WHERE seq = (SELECT max(seq) FROM ledger)",
        }
        for name, change in changes.items():
            with self.subTest(name):
                copy = os.path.join(self.folder, name.replace(" ", "-"))
                shutil.copytree(self.daemon.state_dir, copy)
                database = sqlite3.connect(os.path.join(copy, "ledger.db"))
                database.executescript(change)
                database.commit()
                self.assertGreater(database.total_changes, 0)
                database.close()
                self.check_code(self.daemon.halfmast("audit", "verify", "--state-dir", copy), 1)


if __name__ == "__main__":
    main()
