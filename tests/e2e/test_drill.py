"""A drill from outside: the whole way of a raise on a practice platform, beside a real account that is only read."""
import json
import os

from receivers import SECRET, Receiver
from support import Sandbox, Story, account, free_port, main, secret_file, wait_until

PLAYBOOKS = """
[[playbook]]
name     = "outage"
severity = "major"
hold     = ["promotional", "unknown"]
next_update = "45m"
publish  = "at-once"
undo     = "0s"
most_public_acts = 20
summary.en   = "We know that checkout is failing. Next update by {{next_update_by}}."
summary.hu   = "Tudjuk, hogy a fizetés nem működik. Legközelebb eddig jelentkezünk: {{next_update_by}}."
update.en    = "Update: {{about}} Next update by {{next_update_by}}."
update.hu    = "Frissítés: {{about}} Legközelebb eddig jelentkezünk: {{next_update_by}}."
all_clear.en = "It is over. {{about}}"
all_clear.hu = "Vége. {{about}}"

[[playbook]]
name     = "recall"
severity = "major"
hold     = ["promotional"]
next_update = "45m"
publish  = "after-approval"
undo     = "0s"
summary.en = "We recall the K20. Next update by {{next_update_by}}."
summary.hu = "Visszahívjuk a K20-at. Legközelebb eddig jelentkezünk: {{next_update_by}}."
"""

ROUTES = """
[[route]]
name   = "practice"
match  = { drill = "true" }
to     = ["notebook"]
gather = "0s"

[[route]]
to     = ["duty"]
gather = "0s"
"""

MARK = "GYAKORLAT: "  # the practice account reads Hungarian
PROMOTIONS = ({"due": "+2h", "text": "Offer one #promo"}, {"due": "+3h", "text": "Offer two #promo"})


class Drill(Story):
    """One real account on one platform, one for practice on another; who is told of drills, and who of everything else."""

    def platform(self, name, *options):
        folder = os.path.join(self.folder, name)
        os.mkdir(folder)
        made = Sandbox(folder, "--account", f"{name}:token-{name}", "--rate-limit", "0", *options)
        self.addCleanup(made.close)
        before = {"account": name, "at": "-30d", "text": "Who we are", "pinned": True}
        self.former[name] = made.control("POST", "published", before)["id"]
        made.seed(name, *PROMOTIONS)
        return made

    def receiver(self, name):
        made = Receiver()
        self.addCleanup(made.close)
        secret = secret_file(self.folder, "secret-" + name, SECRET)
        self.settings += f'[[receiver]]\nname = "{name}"\nkind = "webhook"\nurl = "{made.url}"\nsecret = {{ file = "{secret}" }}\n'
        return made

    def begin(self, practice=True, extra="", options=()):
        self.former, self.settings = {}, ""
        self.duty, self.notebook = self.receiver("duty"), self.receiver("notebook")
        self.real = self.platform("acme")
        accounts = self.of("acme", self.real, "acme-social", "en")
        if practice:
            self.practice = self.platform("practice", *options)
            accounts += self.of("practice", self.practice, "acme-practice", "hu", practice=True)
        self.daemon = self.begin_daemon(accounts + self.settings + ROUTES, playbook=PLAYBOOKS, extra=extra)
        wait_until(lambda: len(self.daemon.posts()) == len(PROMOTIONS) * (2 if practice else 1), 30, "the posts were seen")
        self.untouched = self.real.state("acme")
        self.real.control("DELETE", "log")

    def of(self, name, platform, id, language, **more):
        token = secret_file(self.folder, "token-" + name, "token-" + name)
        return account("mastodon", platform.url, id, token={"file": token}, language=language, labels={"brand": "acme"},
                       poll_every="1s", sweep_every="1s", **more)

    def run_it(self, *words, code=0):
        """The document that the command prints."""
        return self.check_code(self.daemon.halfmast(*words, "-o", "json"), code).json

    def begin_one(self, verb, *more, code=0):
        return self.run_it(verb, "outage", "--reason", "checkout is failing", *more, code=code)

    def token(self, role):
        return secret_file(self.folder, role, self.daemon.halfmast("token", "create", role, "--roles", role).out.strip())

    def the_real_account_is_only_read(self):
        self.assertEqual({call["method"] for call in self.real.calls("acme")} - {"GET", "HEAD"}, set())
        for what in ("scheduled", "published"):
            self.assertEqual(self.real.state("acme")[what], self.untouched[what])

    def pinned(self, platform, name):
        return [post for post in platform.state(name)["published"] if post["pinned"]]

    def pins_as_before(self, name):
        platform = self.real if name == "acme" else self.practice
        return [post["id"] for post in self.pinned(platform, name)] == [self.former[name]]

    def ours(self, platform, name):
        return [post for post in platform.state(name)["published"] if post["text"] != "Who we are"]

    def states(self, account):
        return sorted(post["state"] for post in self.daemon.posts().values() if post["account"] == account)

    def records(self, kind):
        return [row for row in map(json.loads, self.daemon.ledger_texts()) if row["kind"] == kind]


class BesideTheRealThing(Drill):
    def test_from_the_drill_to_its_end(self):
        self.begin()
        previewed = self.run_it("drill", "outage", "-n")
        self.assertTrue(previewed["drill"])
        self.assertEqual([one["account"] for one in previewed["statements"]], ["acme-practice"])
        self.assertTrue(previewed["statements"][0]["text"].startswith(MARK))
        self.assertEqual([one["id"] for one in previewed["accounts"]], ["acme-practice"])

        drill = self.begin_one("drill", "--scope", "brand=acme")
        self.assertEqual((drill["schema"], drill["crisis"]["id"], drill["crisis"]["drill"]), ("halfmast.drill/1", "c-1", True))
        self.assertEqual([one["id"] for one in drill["accounts"]], ["acme-practice"])
        self.assertRegex(drill["sentence"], "^DRILL: 2 held and confirmed; summary pinned on 1 of 1 account")
        self.assertIn("halfmast lower c-1", drill["sentence"])
        said = self.ours(self.practice, "practice")
        self.assertEqual(len(said), 1)
        self.assertTrue(said[0]["pinned"] and said[0]["text"].startswith(MARK + "Tudjuk"), said)
        self.assertEqual((self.states("acme-practice"), self.states("acme-social")), (["held"] * 2, ["queued"] * 2))
        again = self.check_code(self.daemon.halfmast("drill", "outage", "--scope", "brand=acme"), 0)
        self.assertIn("The drill was on already: DRILL c-1", again.out)
        self.check_code(self.daemon.halfmast("say", "publish", "c-1", "--about", "Kártyával megy.", "--now"), 0)
        shown = [post["text"] for post in self.ours(self.practice, "practice") if post["pinned"]]
        self.assertEqual([text.startswith(MARK + "Frissítés: Kártyával megy.") for text in shown], [True], shown)
        self.the_real_account_is_only_read()

        shown = self.daemon.halfmast("status").out
        self.assertIn("+-- DRILL: practice accounts only", shown)
        self.assertIn("| DRILL c-1 outage (major)", shown)
        self.assertIn("No flag is up; 1 DRILL is on.", shown)
        self.assertEqual({one["id"]: one.get("practice", False) for one in self.daemon.status()["accounts"]},
                         {"acme-practice": True, "acme-social": False})

        # The real thing happens meanwhile.
        before = self.practice.state("practice")
        flag = self.begin_one("raise", "--scope", "brand=acme")
        self.assertEqual(flag["crisis"]["id"], "c-2")
        self.assertNotIn("drill", flag["crisis"])
        self.assertEqual([one["id"] for one in flag["accounts"]], ["acme-social"])
        self.assertEqual([post["text"][:7] for post in self.ours(self.real, "acme")], ["We know"])
        self.assertEqual(self.states("acme-social"), ["held"] * 2)
        for what in ("scheduled", "published"):
            self.assertEqual(self.practice.state("practice")[what], before[what])
        several = self.check_code(self.daemon.halfmast("lower"), 2)
        self.assertIn("c-1 is a DRILL, c-2", several.err)

        # Who is told, and in which words.
        wait_until(lambda: self.notebook.heard("drill-crisis/c-1@practice"), 20, "the notebook heard of the drill")
        wait_until(lambda: self.duty.heard("crisis/c-2"), 20, "who has the duty heard of the flag")
        for letter in self.notebook.letters:
            said = letter["body"]["data"]
            self.assertTrue(said["drill"] and said["what"].startswith("DRILL: "), said)
        for letter in self.duty.letters:
            self.assertFalse(letter["body"]["data"]["drill"] or "DRILL" in letter["raw"].decode(), letter["body"])

        down = self.run_it("lower", "c-1", "--all-clear", "--about", "Minden megy.", "--now")
        self.assertRegex(down["sentence"], "^DRILL: the drill c-1 is over; nothing was released")
        self.assertTrue(any(post["text"].startswith(MARK + "Vége. Minden megy.") for post in self.ours(self.practice, "practice")))
        wait_until(lambda: self.pins_as_before("practice"), 30, "pins as before")
        self.assertEqual([flag["id"] for flag in self.daemon.status()["crises"]], ["c-2"])
        self.assertEqual(self.states("acme-social"), ["held"] * 2)
        self.check_code(self.daemon.halfmast("lower"), 0)
        self.assertTrue(self.pins_as_before("acme"))
        self.assertEqual([row["flag"].get("drill", False) for row in self.records("crisis_raised")], [True, False])
        self.the_ledger_proves_it("token-acme", "token-practice", SECRET)

    def test_what_waits_for_a_word_waits_in_a_drill_too_and_from_afar(self):
        port = free_port()
        self.begin(extra=f'listen = "127.0.0.1:{port}"')
        afar = ("--url", f"http://127.0.0.1:{port}", "--token-file", self.token("ops"))
        begun = self.check_code(self.daemon.halfmast(*afar, "drill", "recall", "--wait", "3s"), 8)
        self.assertIn("say approve c-1", begun.last_line)
        self.assertEqual(self.ours(self.practice, "practice"), [])
        self.check_code(self.daemon.halfmast("say", "approve", "c-1"), 0)
        self.assertTrue(self.ours(self.practice, "practice")[0]["text"].startswith(MARK + "Visszahívjuk"))
        self.the_real_account_is_only_read()
        self.check_code(self.daemon.halfmast(*afar[:2], "--token-file", self.token("auditor"), "drill", "outage"), 4)
        self.check_code(self.daemon.halfmast(*afar, "lower", "c-1"), 0)


class OnABadDay(Drill):
    def test_killed_in_the_middle_it_goes_on_as_a_drill(self):
        self.begin(options=("--latency", "300ms"))
        begun = self.begin_one("drill", "--wait", "0", code=8)
        self.assertTrue(begun["crisis"]["drill"])
        wait_until(lambda: self.records("hold_started"), 20, "the first hold is on its way")
        self.daemon.kill()
        self.daemon.start()
        wait_until(lambda: self.states("acme-practice") == ["held"] * 2, 60, "every hold is confirmed")
        wait_until(lambda: self.daemon.crisis()["summary"]["pinned"] == 1, 60, "the summary is pinned")
        self.assertTrue(self.daemon.crisis()["drill"])
        said = self.ours(self.practice, "practice")
        self.assertEqual([post["text"].startswith(MARK) for post in said], [True], "once, and marked")
        self.the_real_account_is_only_read()
        self.check_code(self.daemon.halfmast("lower"), 0)
        self.the_ledger_proves_it("token-acme", "token-practice")

    def test_where_nothing_is_for_practice_it_says_what_to_write(self):
        self.begin(practice=False)
        for words in (("drill",), ("drill", "-n")):
            told = self.check_code(self.daemon.halfmast(*words), 3)
            self.assertIn("practice = true", told.err)
        self.assertEqual(self.daemon.status()["crises"], [])
        self.the_real_account_is_only_read()
        self.daemon.stop()
        down = self.check_code(self.daemon.halfmast("drill", "--state-dir", self.daemon.state_dir), 7)
        self.assertIn("nothing was kept for later", down.err)
        spool = os.path.join(self.daemon.state_dir, "spool")
        self.assertEqual(os.listdir(spool) if os.path.isdir(spool) else [], [])


if __name__ == "__main__":
    main()
