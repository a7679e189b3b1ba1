"""Pages from outside: the receiver is down and comes back, is killed at the wrong moment, hangs; somebody acknowledges, or nobody."""
import json
import resource
import threading
import time

from receivers import SECRET, Receiver, is_signed
from support import PLAYBOOK, Story, account, free_port, in_parallel, main, parse_time, secret_file, utc, wait_until


class PagesStory(Story):
    """A practice platform with one account, and receivers of which each keeps what it hears."""

    def setUp(self):
        super().setUp()
        self.secret = secret_file(self.folder, "pages-secret", SECRET)
        self.receivers = {}

    def receiver(self, name, port=0):
        made = Receiver(port)
        self.addCleanup(lambda: self.receivers[name].close() if name in self.receivers else None)
        self.receivers[name] = made
        return made

    def settings_of(self, name, url, **more):
        keys = {"name": name, "kind": "webhook", "url": url, "timeout": "5s", **more}
        return "[[receiver]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items()) + f'secret = {{ file = "{self.secret}" }}\n'

    def begin(self, receivers, routes, posts=({"due": "+2h", "text": "Offer one #promo"},), **options):
        self.sandbox = self.begin_sandbox("--account", "alice:token-alice")
        token = secret_file(self.folder, "token", "token-alice")
        settings = account("mastodon", self.sandbox.url, "social", token={"file": token}, poll_every="1s", sweep_every="1s")
        self.daemon = self.begin_daemon(settings + receivers + routes, **options)
        wait_until(lambda: self.daemon.polled("social"), 30, "the queue was read")
        if posts:
            self.sandbox.seed("alice", *posts)
            wait_until(lambda: len(self.daemon.posts()) == len(posts), 20, "the posts were seen")
        return self.daemon

    def raise_flag(self, code=0):
        return self.check_code(self.daemon.halfmast("raise", "outage", "--reason", "checkout is failing", "-o", "json"), code)

    def pages(self):
        return {page["key"]: page for page in self.daemon.halfmast("pages", "list", "-o", "json").json["pages"]}

    def records(self, kind):
        """Of the ledger, as it lies on the disk."""
        return [row for row in map(json.loads, self.daemon.ledger_texts()) if row["kind"] == kind]

    def ask_of(self, name, escalate=""):
        return f'[[route]]\nto = ["{name}"]\ngather = "0s"\nrepeat = "1h"\n{escalate}\n'


class TheReceiver(PagesStory):
    def test_is_down_and_comes_back(self):
        """What was raised, and what was lowered meanwhile, is told in order when it is back: each once, and that it is over."""
        port = free_port()
        self.begin(self.settings_of("duty", f"http://127.0.0.1:{port}/pages"), self.ask_of("duty"))
        self.raise_flag()
        wait_until(lambda: self.pages()["crisis/c-1"]["receivers"][0]["state"] == "failing", 20, "the first attempt failed")
        wait_until(lambda: len(self.records("page_failed")) >= 3, 30, "it is tried again, and each attempt is in the ledger")
        status = self.daemon.halfmast("status")
        self.assertIn("halfmast pages ack crisis/c-1", status.out)

        duty = self.receiver("duty", port)
        wait_until(lambda: duty.heard("crisis/c-1"), 60, "the letter arrives")
        self.check_code(self.daemon.halfmast("lower", "c-1", "--reason", "it works again"), 0)
        wait_until(lambda: duty.heard("crisis/c-1", "page.resolve"), 30, "its end is told")
        wait_until(lambda: not self.pages(), 20, "nothing is open any more")
        self.assertEqual([one["body"]["type"] for one in duty.letters if one["body"]["data"]["page"] == "crisis/c-1"],
                         ["page.trigger", "page.resolve"])
        for letter in duty.letters:
            self.assertTrue(is_signed(letter), letter)
            self.assertEqual(letter["body"]["data"]["dedup_key"], duty.letters[0]["body"]["data"]["dedup_key"])
        data = duty.letters[0]["body"]["data"]
        self.assertEqual(data["severity"], "major")
        self.assertIn("checkout is failing", data["what"])
        self.assertIn("halfmast lower c-1", data["todo"])
        self.the_ledger_proves_it(SECRET)
        with open(self.daemon.log_name) as log:
            self.assertNotIn(SECRET, log.read())

    def test_daemon_killed_between_sent_and_recorded(self):
        """The letter is there, its answer is not: after the kill a second one with the same id, and never none."""
        duty = self.receiver("duty")
        duty.hang = threading.Event()
        self.begin(self.settings_of("duty", duty.url, timeout="60s"), self.ask_of("duty"))
        self.raise_flag()
        wait_until(lambda: duty.heard("crisis/c-1"), 20, "the letter was sent")
        self.assertEqual(len(self.records("page_sent")), 1)
        self.assertEqual(self.records("page_delivered"), [])
        self.daemon.kill()
        duty.hang.set()
        duty.hang = None
        self.daemon.start()
        wait_until(lambda: len(duty.heard("crisis/c-1")) == 2, 30, "it is sent again")
        first, second = duty.heard("crisis/c-1")
        self.assertEqual(first["headers"]["webhook-id"], second["headers"]["webhook-id"])
        self.assertEqual(first["body"]["data"]["dedup_key"], second["body"]["data"]["dedup_key"])
        self.assertEqual((first["body"]["data"]["attempt"], second["body"]["data"]["attempt"]), (1, 2))
        self.assertTrue(is_signed(second))
        wait_until(lambda: len(self.records("page_delivered")) == 1, 20, "and this one is on record")
        self.daemon.kill()
        self.daemon.start()
        self.check_code(self.daemon.halfmast("lower", "c-1"), 0)
        wait_until(lambda: duty.heard("crisis/c-1", "page.resolve"), 30, "its end is told")
        self.assertEqual(len(duty.heard("crisis/c-1")), 2, "what is on record is not said again")

    def test_that_hangs_holds_nothing_up(self):
        duty = self.receiver("duty")
        duty.hang = threading.Event()
        mail = self.receiver("mail")
        routes = '[[route]]\nto = ["duty", "mail"]\ngather = "0s"\n'
        self.begin(self.settings_of("duty", duty.url, timeout="60s") + self.settings_of("mail", mail.url), routes)
        self.raise_flag()  # 0: held and confirmed, while the receiver keeps its answer
        self.assertEqual(self.daemon.crisis()["holds"]["held"], 1)
        wait_until(lambda: mail.heard("crisis/c-1"), 20, "the other one is told")
        self.assertEqual(self.pages()["crisis/c-1"]["receivers"][0]["state"], "sending")

    def test_refuses_and_another_stands_in(self):
        duty, mail = self.receiver("duty"), self.receiver("mail")
        duty.status = 401
        self.begin(self.settings_of("duty", duty.url, instead="mail") + self.settings_of("mail", mail.url), self.ask_of("duty"))
        self.raise_flag()
        wait_until(lambda: mail.heard("crisis/c-1"), 20, "the other one is told")
        self.assertEqual(len(duty.heard("crisis/c-1")), 1, "and the first one is not asked again and again")
        self.assertIn("duty does not take it, so mail is told", self.records("page_escalated")[0]["why"])


class Somebody(PagesStory):
    def test_does_not_acknowledge_and_the_next_one_is_told(self):
        duty, boss = self.receiver("duty"), self.receiver("boss")
        step = 'escalate = [{ after = "3s", to = ["boss"] }]'
        self.begin(self.settings_of("duty", duty.url) + self.settings_of("boss", boss.url), self.ask_of("duty", step))
        began = time.monotonic()
        self.raise_flag()
        wait_until(lambda: boss.heard("crisis/c-1"), 30, "the boss is told")
        self.assertGreater(time.monotonic() - began, 2.5)
        page = self.pages()["crisis/c-1"]
        self.assertEqual((page["escalated"], page["acknowledged_by"]), (1, None))

    def test_acknowledges_and_nobody_else_is_called(self):
        duty, boss = self.receiver("duty"), self.receiver("boss")
        step = 'escalate = [{ after = "12s", to = ["boss"] }]'
        self.begin(self.settings_of("duty", duty.url) + self.settings_of("boss", boss.url), self.ask_of("duty", step))
        self.raise_flag()
        raised = time.monotonic()
        wait_until(lambda: duty.heard("crisis/c-1"), 20, "the letter arrives")
        key = self.daemon.status()["pages"][0]["key"]
        self.assertEqual(key, "crisis/c-1")
        mixed = self.check_code(self.daemon.halfmast("pages", "ack", key, "crisis/c-7", "-o", "json"), 8).json
        self.assertEqual(mixed["acknowledged"], [key])
        self.assertIn("did you mean 'crisis/c-1'", mixed["failed"][0]["detail"].lower())
        self.check_code(self.daemon.halfmast("pages", "ack", "crisis/c-7"), 1)
        self.check_code(self.daemon.halfmast("pages", "ack", key), 0)  # twice is once
        wait_until(lambda: duty.heard("crisis/c-1", "page.acknowledge"), 20, "those who know are told")
        self.assertEqual(self.daemon.status()["pages"], [])
        wait_until(lambda: time.monotonic() > raised + 14, 30, "the time of the next step is over")
        self.assertEqual(boss.letters, [])
        self.assertEqual(len(self.records("page_acknowledged")), 1)
        self.assertNotEqual(self.records("page_acknowledged")[0]["actor"], "halfmast")
        self.check_code(self.daemon.halfmast("pages", "ack"), 1)  # nothing waits for anybody
        self.assertIn("in hand", self.daemon.halfmast("pages", "list").out)

    def test_who_asks_whether_the_receivers_work(self):
        duty, mail = self.receiver("duty"), self.receiver("mail")
        mail.status = 503
        self.begin(self.settings_of("duty", duty.url) + self.settings_of("mail", mail.url), self.ask_of("duty"), posts=())
        said = self.check_code(self.daemon.halfmast("doctor", "--pages", "-o", "json"), 8).json
        self.assertEqual([(one["name"], one["ok"]) for one in said["receivers"]], [("duty", True), ("mail", False)])
        self.assertTrue(duty.letters[0]["body"]["data"]["test"])
        self.assertIn("nothing happened", duty.letters[0]["body"]["data"]["what"])
        mail.status = 200
        self.assertIn("ok   mail (webhook): 200", self.check_code(self.daemon.halfmast("doctor", "--pages"), 0).out)
        self.assertEqual(self.pages(), {})

    def test_a_platform_that_refuses_the_credential(self):
        duty = self.receiver("duty")
        self.begin(self.settings_of("duty", duty.url), self.ask_of("duty"))
        self.sandbox.control("POST", "faults", {"rules": [{"method": "*", "path": "*", "fault": {"status": 401}}]})
        wait_until(lambda: duty.heard("account-refused"), 30, "the refusal is told")
        self.assertIn("social refuses halfmast's credential", duty.heard("account-refused")[0]["body"]["data"]["what"])
        self.sandbox.control("POST", "faults", {"rules": []})
        wait_until(lambda: duty.heard("account-refused", "page.resolve"), 150, "and that it is over")


class TheDisk(PagesStory):
    """Is full, as the daemon sees it: no file of its may grow."""

    def fill(self):
        self.usual = resource.prlimit(self.daemon.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.daemon.process.pid, resource.RLIMIT_FSIZE, (0, self.usual[1]))

    def make_room(self):
        resource.prlimit(self.daemon.process.pid, resource.RLIMIT_FSIZE, self.usual)

    def test_the_first_request_that_meets_it_is_not_done_later_either(self):
        duty = self.receiver("duty")
        self.begin(self.settings_of("duty", duty.url), self.ask_of("duty"))
        self.raise_flag()
        self.fill()
        self.assertIn("the ledger cannot be written", repr(self.check_code(self.daemon.halfmast("lower", "c-1"), 1)))
        self.assertEqual([crisis["phase"] for crisis in self.daemon.status()["crises"]], ["raised"])
        wait_until(lambda: duty.heard("ledger"), 20, "somebody is told")
        self.make_room()
        wait_until(lambda: duty.heard("ledger", "page.resolve"), 20, "that it is over is told without anybody's doing")
        self.sandbox.seed("alice", {"due": "+3h", "text": "Offer two #promo"})
        wait_until(lambda: [post["state"] for post in self.daemon.posts().values()] == ["held"] * 2, 20, "the flag is up")
        self.assertEqual(self.records("crisis_lowered"), [])
        self.check_code(self.daemon.halfmast("lower", "c-1"), 0)
        self.assertEqual(len(self.records("crisis_lowered")), 1)
        self.the_ledger_proves_it(SECRET)

    def test_holds_go_on_the_rest_is_refused_somebody_is_told_and_it_is_over_by_itself(self):
        duty = self.receiver("duty")
        self.begin(self.settings_of("duty", duty.url), self.ask_of("duty"), playbook=PLAYBOOK + 'update.en = "{{about}}"\n')
        first = next(iter(self.daemon.posts()))
        self.raise_flag()
        wait_until(lambda: self.daemon.posts()[first]["state"] == "held", 20, "the first post is held")
        self.check_code(self.daemon.halfmast("lower", "c-1"), 0)
        wait_until(lambda: not self.pages(), 20, "nothing is open")
        public = len(self.sandbox.state("alice")["published"])

        self.fill()
        self.sandbox.seed("alice", {"due": "+3h", "text": "Offer two #promo"})
        second = wait_until(lambda: next((post for post in self.daemon.posts() if post != first), None), 20, "the second post was seen")
        raised = self.check_code(self.daemon.halfmast("raise", "outage", "--reason", "the shop is down", "--wait", "5s"), 8)
        self.assertIn("the ledger cannot be written", raised.err)
        wait_until(lambda: self.daemon.posts()[second]["state"] == "held", 20, "holding needs no disk")
        parked = {post["text"] for post in self.sandbox.state("alice")["scheduled"]
                  if parse_time(post["due"]) > parse_time(utc(24 * 3600))}
        self.assertIn("Offer two #promo", parked)
        self.assertEqual(len(self.sandbox.state("alice")["published"]), public, "nothing is said while it cannot be proved")
        letter = wait_until(lambda: duty.heard("ledger"), 20, "somebody is told")[0]["body"]["data"]
        self.assertIn("the ledger cannot be written", letter["what"])
        self.assertIn(self.daemon.state_dir, letter["todo"])
        self.assertTrue(any("the ledger cannot be written" in line for line in self.daemon.status()["degraded"]))
        for refused in (("queue", "release", first), ("say", "publish", "c-2", "--about", "we know more"), ("lower", "c-2")):
            with self.subTest(refused):
                self.assertIn("the ledger cannot be written", repr(self.check_code(self.daemon.halfmast(*refused), 1)))
        self.assertEqual(self.daemon.posts()[first]["state"], "held")
        self.assertEqual([crisis["id"] for crisis in self.daemon.status()["crises"]], ["c-2"], "what was refused did not happen")
        self.check_code(self.daemon.halfmast("pages", "ack", "ledger"), 0)  # else everybody else is woken
        wait_until(lambda: duty.heard("ledger", "page.acknowledge"), 20, "who knows is told that it is in hand")

        self.make_room()
        wait_until(lambda: duty.heard("ledger", "page.resolve"), 20, "that it is over is told without anybody's doing")
        self.assertEqual(self.daemon.status()["degraded"], [])
        wait_until(lambda: self.daemon.crisis()["summary"]["pinned"] == 1, 30, "and what waited is said")
        self.assertEqual([crisis["id"] for crisis in self.daemon.status()["crises"]], ["c-2"], "what was refused does not happen later")
        self.assertEqual(self.daemon.posts()[first]["state"], "held")
        self.assertEqual(len([post for post in self.sandbox.state("alice")["published"] if "we know more" in post["text"]]), 0)
        self.assertTrue([one for one in self.records("hold_confirmed") if one.get("late")], "what was done meanwhile is on record")
        self.check_code(self.daemon.halfmast("lower", "c-2"), 0)
        self.the_ledger_proves_it(SECRET)


if __name__ == "__main__":
    main(in_parallel(4))  # what takes time there is waiting
