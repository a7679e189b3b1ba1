"""An account that could not do in a crisis what it has to do says so in peace: in status, doctor, plan, the ledger and a page."""
import json

from support import Story, account, main, secret_file, utc, wait_until
from truth import FaultStory

SCOPES = "/api/v1/apps/verify_credentials"


def ready_of(daemon, id):
    return next(one for one in daemon.status()["accounts"] if one["id"] == id)["ready"]


def records_of(daemon, id):
    return daemon.halfmast("audit", "list", "--target", id, "--limit", "1000", "-o", "json").json["records"]


def lost_in(daemon, id, kind="readiness_lost"):
    """The abilities named by the records of this kind, with their rungs."""
    return {(record["ability"], record.get("rung")) for record in records_of(daemon, id) if record["kind"] == kind}


def open_pages(daemon, id):
    """Keys of the account's pages that the ledger says are open."""
    keys = {}
    for record in reversed(records_of(daemon, id)):
        if record["kind"] in ("page_opened", "page_resolved"):
            keys[record["page"]["key"]] = record["kind"] == "page_opened"
    return {key for key, is_open in keys.items() if is_open}


class Readiness(FaultStory):
    def setUp(self):
        super().setUp()
        self.begin(posts={"far": "+3h"})

    def doctor(self, code):
        return self.check_code(self.daemon.halfmast("doctor", "-o", "json"), code).json["accounts"][0]["checks"]

    def test_a_sound_account_is_ready_and_nothing_visible_was_written(self):
        before = self.sandbox.state("alice")
        lines = self.doctor(0)
        self.assertEqual({(line["ability"], line["rung"]) for line in lines} - {("hold", None)},
                         {("credential", None), ("list", None), ("hold", "postpone"), ("hold", "takeout"), ("publish", None), ("pin", None), ("read_feed", None)})
        ready = ready_of(self.daemon, "social")
        self.assertEqual({key: ready[key] for key in ("ok", "credential", "list", "hold", "publish", "pin", "feed", "credential_ends", "lost", "trouble")},
                         {"ok": True, "credential": True, "list": True, "hold": ["postpone", "takeout"], "publish": True, "pin": True, "feed": True,
                          "credential_ends": None, "lost": [], "trouble": None})
        self.assertTrue(ready["checked_at"])
        self.assertIn("Ready for a crisis: 1 of 1 account", self.daemon.halfmast("status").out)
        after = self.sandbox.state("alice")
        self.assertEqual([after["scheduled"], after["published"]], [before["scheduled"], before["published"]])
        self.assertEqual({call["method"] for call in self.sandbox.calls("alice")}, {"GET"})
        self.assertEqual(lost_in(self.daemon, "social"), set())

    def test_a_revoked_token_is_noticed_paged_and_over_when_it_is_back(self):
        self.doctor(0)
        self.sandbox.control("POST", "revoke", {"account": "alice"})
        wait_until(lambda: ready_of(self.daemon, "social")["ok"] is False, 60, "the loss is shown without anybody asking")
        ready = ready_of(self.daemon, "social")
        self.assertEqual((ready["credential"], ready["list"], ready["hold"], ready["publish"], ready["pin"]), (False, False, [], False, False))
        every = {("credential", None), ("list", None), ("hold", "postpone"), ("hold", "takeout"), ("publish", None), ("pin", None), ("read_feed", None)}
        self.assertEqual(lost_in(self.daemon, "social"), every)
        self.assertIn("account-refused/social", open_pages(self.daemon, "social"))
        self.assertIn("NOT READY: social: credential", self.daemon.halfmast("status").out)
        self.assertTrue(any("401" in line["detail"] for line in self.doctor(8) if not line["ok"]))
        listed = self.daemon.halfmast("audit", "list", "--target", "social").out
        self.assertIn("hold by takeout", listed)

        # What the ledger knows is known at once after a crash, before anything is asked.
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual({(one["ability"], one["rung"]) for one in ready_of(self.daemon, "social")["lost"]}, every)

        self.sandbox.control("POST", "revoke", {"account": "alice", "restore": True})
        wait_until(lambda: ready_of(self.daemon, "social")["ok"], 90, "it is ready again")
        self.assertEqual(lost_in(self.daemon, "social", "readiness_back"), every)
        self.assertEqual(len([record for record in records_of(self.daemon, "social") if record["kind"] == "readiness_lost"]), len(every))
        self.assertEqual(open_pages(self.daemon, "social"), set())
        self.doctor(0)
        self.assertNotIn("token-alice", json.dumps(records_of(self.daemon, "social")) + self.daemon.said())

    def test_a_scope_that_was_taken_away_is_named_before_a_crisis(self):
        self.faults({"path": SCOPES, "fault": {"status": 200, "body": {"name": "halfmast", "scopes": ["read", "write:accounts", "write:media"]}}})
        wrong = [line for line in self.doctor(8) if not line["ok"]]
        self.assertEqual({(line["ability"], "write:statuses" in line["detail"]) for line in wrong}, {("hold", True), ("publish", True)})
        ready = ready_of(self.daemon, "social")
        self.assertEqual((ready["list"], ready["hold"], ready["publish"], ready["pin"]), (True, [], False, True))
        self.assertEqual(lost_in(self.daemon, "social"), {("hold", "postpone"), ("hold", "takeout"), ("publish", None)})
        self.assertEqual(open_pages(self.daemon, "social"), {"readiness/social"})

        plan = self.check_code(self.daemon.halfmast("plan", "-o", "json"), 0).json
        self.assertEqual(set(plan["accounts"][0]["not_ready"]), {"postpone", "takeout"})
        self.assertIn("write:statuses", plan["posts"][0]["doubt"])
        self.assertIn("(NOT READY)", self.daemon.halfmast("plan").out)

        # The check may be wrong or old: holding is tried all the same.
        raised = self.check_code(self.daemon.halfmast("raise", "outage"), 0)
        self.assertIn("1 held and confirmed", raised.last_line)
        self.check_code(self.daemon.halfmast("lower"), 0)

        self.faults()
        self.doctor(0)
        self.assertTrue(ready_of(self.daemon, "social")["ok"])
        self.assertEqual(open_pages(self.daemon, "social"), set())

    def test_a_platform_that_does_not_answer_has_lost_nothing(self):
        self.doctor(0)
        self.faults({"fault": {"no_answer": True}})
        self.doctor(8)
        ready = ready_of(self.daemon, "social")
        self.assertEqual((ready["ok"], ready["list"], ready["hold"], ready["publish"]), (False, True, ["postpone", "takeout"], True))
        self.assertTrue(ready["trouble"])
        self.assertEqual(lost_in(self.daemon, "social"), set())
        self.assertIn("Not known to be ready: social", self.daemon.halfmast("status").out)


class TheEndOfACredential(Story):
    def test_it_is_said_as_long_before_as_the_settings_want(self):
        sandbox = self.begin_sandbox("--account", "alice:token-alice", "--account", "bea:token-bea", "--rate-limit", "0")
        ends = utc(50 * 86_400)[:10]
        accounts = "".join(
            account("mastodon", sandbox.url, id, token={"file": secret_file(self.folder, id, f"token-{id}")}, credential_ends=ends, poll_every="1s", **own)
            for id, own in {"alice": {}, "bea": {"warn_before": "20d"}}.items())
        daemon = self.begin_daemon(accounts, extra='warn_before = "60d"')
        wait_until(lambda: daemon.polled("alice") and daemon.polled("bea"), 30, "the queues were read")
        doctor = self.check_code(daemon.halfmast("doctor"), 0)  # it works, and it does not end yet
        self.assertIn(f"credential, ends {ends}", doctor.out)
        self.assertEqual((ready_of(daemon, "alice")["ok"], ready_of(daemon, "bea")["ok"]), (False, True))
        self.assertEqual(ready_of(daemon, "alice")["credential_ends"][:10], ends)
        said = [record for record in records_of(daemon, "alice") if record["kind"] == "credential_ends"]
        self.assertEqual([(record["outcome"], record["until"][:10]) for record in said], [("60d", ends)])
        self.assertEqual(open_pages(daemon, "alice"), {"credential-ends/alice"})
        self.assertEqual(open_pages(daemon, "bea"), set())
        self.assertIn("Ends soon: the credential of alice", daemon.halfmast("status").out)


if __name__ == "__main__":
    main()
