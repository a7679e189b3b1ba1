"""Saying it, from outside on the practice platform: four languages in their own time zones, updates, a correction, promises kept and missed,
the hand-over, replies, tasks, the cap, pins, and a daemon that is killed in the middle."""
import json
import os
import pty
import random
import re
import signal
import subprocess
import threading
import time
import unittest
import zoneinfo

from support import CLIENT, SOURCE, Result, Story, account, in_parallel, main, parse_time, secret_file, utc, wait_until

# account -> language, time zone, how many posts are pinned there before
ACCOUNTS = {
    "acme-en": ("en", "Europe/London", 5),
    "acme-hu": ("hu", "Europe/Budapest", 2),
    "acme-ru": ("ru", "Europe/Moscow", 1),
    "acme-zh": ("zh", "Asia/Shanghai", 0),
}

TEXTS = {
    "summary": {"en": "Checkout is failing since {{raised_at}}. Next update by {{next_update_by}}.",
                "hu": "Nem működik a fizetés, ekkortól: {{raised_at}}. Legközelebb eddig jelentkezünk: {{next_update_by}}.",
                "ru": "Оплата не работает с {{raised_at}}. Следующее сообщение до {{next_update_by}}.",
                "zh": "自 {{raised_at}} 起结账出现故障。我们将在 {{next_update_by}} 之前发布最新进展。"},
    "update": {"en": "Update: {{about}} Next update by {{next_update_by}}.",
               "hu": "Frissítés: {{about}} Legközelebb eddig jelentkezünk: {{next_update_by}}.",
               "ru": "Новое: {{about}} Следующее сообщение до {{next_update_by}}.",
               "zh": "最新进展：{{about}} 我们将在 {{next_update_by}} 之前再次发布。"},
    "correction": {"en": "Correction: {{about}} Next update by {{next_update_by}}.",
                   "hu": "Helyesbítés: {{about}} Legközelebb eddig jelentkezünk: {{next_update_by}}.",
                   "ru": "Поправка: {{about}} Следующее сообщение до {{next_update_by}}.",
                   "zh": "更正：{{about}} 我们将在 {{next_update_by}} 之前再次发布。"},
    "all_clear": {"en": "It is over. {{about}}", "hu": "Vége. {{about}}", "ru": "Всё исправлено. {{about}}", "zh": "故障已排除。{{about}}"},
}
FIRST_WORDS = {kind: {tag: re.split(r"[ ，：。]", text)[0] for tag, text in texts.items()} for kind, texts in TEXTS.items()}


def playbook(**more):
    keys = {"name": "outage", "severity": "major", "hold": ["promotional", "unknown"], "next_update": "45m", "publish": "at-once", "undo": "0s",
            "most_public_acts": 20, "languages": ["en"], **more}
    def value(of):
        return "true" if of is True else "false" if of is False else repr(of).replace("'", '"')
    lines = "".join(f"{name} = {value(of)}\n" for name, of in keys.items())
    for kind, texts in TEXTS.items():
        lines += "".join(f'{kind}.{tag} = "{text}"\n' for tag, text in texts.items())
    return f'\n[[playbook]]\n{lines}contact.en = "Write to help@acme.example"\ncontact.hu = "Írjon ide: segitseg@acme.example"\n'


class Saying(Story):
    """Four accounts on one practice platform, and what anybody can read there."""

    def begin(self, accounts=ACCOUNTS, sandbox=(), book=None, extra="", **keys):
        names = [f"{id}:token-{id}" for id in accounts]
        self.sandbox = self.begin_sandbox("--rate-limit", "0", *(word for name in names for word in ("--account", name)), *sandbox)
        self.former = {}
        settings = extra
        for id, (language, zone, pins) in accounts.items():
            made = [self.sandbox.control("POST", "published", {"account": id, "at": f"-{30 + at}d", "text": f"Pinned {at}", "pinned": True})["id"]
                    for at in range(pins)]
            self.assertEqual(len(made), pins)
            self.former[id] = self.pins(id)
            token = secret_file(self.folder, f"token-{id}", f"token-{id}")
            settings += account("mastodon", self.sandbox.url, id, token={"file": token}, language=language, time_zone=zone, poll_every="1s",
                                **{"sweep_every": "1s", **keys})
        self.accounts = accounts
        self.daemon = self.begin_daemon(settings, playbook=book or playbook())
        for id in accounts:
            wait_until(lambda: self.daemon.polled(id), 30, f"{id} was read")
        return self.daemon

    # ---- what is public ----

    def published(self, id):
        return self.sandbox.state(id)["published"]

    def pins(self, id):
        return [post["id"] for post in self.published(id) if post["pinned"]]

    def ours(self, id):
        """Posts of ours: those that were not there before."""
        return [post for post in self.published(id) if not post["text"].startswith("Pinned ")]

    def shown(self, id):
        """The one post of ours that is pinned."""
        pinned = [post for post in self.ours(id) if post["pinned"]]
        self.assertEqual(len(pinned), 1, pinned)
        return pinned[0]

    def ever_said(self, id):
        """Every text of ours that ever was public there, also those that were edited since."""
        return [text for post in self.ours(id) for text in [post["text"], *(old["text"] for old in post["earlier"])]]

    # ---- what the daemon says ----

    def do(self, *words, code=0, **more):
        return self.check_code(self.daemon.halfmast(*words, **more), code)

    def raised(self, *words, code=0):
        return self.do("raise", "outage", "--reason", "checkout is failing", "--now", "-o", "json", *words, code=code).json

    def edition(self, number=None):
        editions = self.daemon.crisis()["editions"]
        return editions[-1] if number is None else next(one for one in editions if one["number"] == number)

    def shows(self, id):
        account = next(one for one in self.daemon.status()["accounts"] if one["id"] == id)
        return account["shows"][0] if account["shows"] else None

    def records(self, kind):
        found = self.do("audit", "list", "--limit", "1000", "-o", "json").json["records"]
        return [record for record in found if record["kind"] == kind]

    def each_says(self, kind, promise, about=""):
        """Every account has that text pinned, in its language and with the promise in its own time."""
        for id, (language, zone, _) in self.accounts.items():
            text = self.shown(id)["text"]
            self.assertIn(FIRST_WORDS[kind][language], text)
            self.assertIn(about, text)
            self.assertNotIn("{{", text)
            if promise:
                local = parse_time(promise).astimezone(zoneinfo.ZoneInfo(zone))
                # Hungarian writes 0:05 where Russian writes 00:05.
                self.assertRegex(text, rf"\b0?{local.hour}:{local.minute:02}\b", f"{id}: the next update is by {promise}")


class InFourLanguages(Saying):
    def test_from_the_summary_to_the_all_clear(self):
        self.begin()
        self.the_summary()
        self.a_draft_changes_nothing()
        self.an_update("Cards work again.", 2)
        self.somebody_else_leads()
        self.an_update("Bank transfers work too.", 3)
        self.a_correction()
        self.it_is_over()
        self.the_ledger_proves_it()

    def the_summary(self):
        began = time.monotonic()
        raised = self.raised()
        print(f"summary out and pinned on {len(ACCOUNTS)} accounts {time.monotonic() - began:.2f} s after the command", flush=True)
        self.assertEqual(raised["crisis"]["summary"]["pinned"], len(ACCOUNTS))
        self.each_says("summary", raised["crisis"]["next_update_by"])
        self.assertEqual([self.shows(id)["edition"] for id in ACCOUNTS], [1] * len(ACCOUNTS))
        self.assertEqual(self.edition()["state"], "out")
        self.assertEqual(len(self.pins("acme-en")), 5, "one former pin made room")

    def a_draft_changes_nothing(self):
        before = {id: self.published(id) for id in ACCOUNTS}
        drafted = self.do("say", "draft", "--about", "Cards work again.", "-o", "json").json
        self.assertEqual({one["account"]: one["language"] for one in drafted["statements"]}, {id: ACCOUNTS[id][0] for id in ACCOUNTS})
        for one in drafted["statements"]:
            self.assertEqual((one["kind"], one["form"], one["length"] <= one["limit"]), ("update", "long", True))
        told = self.do("say", "draft", "--about", "Cards work again.")
        self.assertIn("Nothing was published", told.last_line)
        self.assertIn("最新进展", told.out)
        self.assertEqual({id: self.published(id) for id in ACCOUNTS}, before)
        self.by = {one["account"]: one["by"] for one in drafted["statements"]}

    def an_update(self, about, number):
        before = {id: self.shown(id) for id in ACCOUNTS}
        said = self.do("say", "publish", "--about", about, "--next-update", "30m", "-o", "json").json
        self.assertEqual((said["schema"], said["edition"]), ("halfmast.say-publish/1", number))
        self.assertEqual(self.edition()["state"], "out")
        self.each_says("update", self.edition()["next_update_by"], about)
        for id in ACCOUNTS:
            self.assertEqual(self.shows(id)["edition"], number)
            now = self.shown(id)
            if self.by[id] == "edit":
                self.assertEqual(now["id"], before[id]["id"], "the same post, and still pinned")
                self.assertTrue(now["edited"], "readers see that it was edited")
            else:
                self.assertEqual(self.by[id], "follow-up")
                self.assertEqual(now["in_reply_to_id"], before[id]["id"])
            self.assertIn(before[id]["text"], self.ever_said(id), "nothing that was said is gone")

    def somebody_else_leads(self):
        self.do("say", "owner", "dana", "--reason", "night shift")
        self.assertEqual(self.daemon.crisis()["owner"], "dana")
        self.assertIn("owner dana", self.do("status").out)
        self.assertEqual(len(self.records("owner_changed")), 1)

    def a_correction(self):
        missing = self.do("say", "correct", code=2)
        self.assertIn("--about", missing.err)
        self.do("say", "correct", "--about", "Transfers to Poland do not work yet.")
        self.each_says("correction", self.edition()["next_update_by"], "Poland")
        for id in ACCOUNTS:
            self.assertTrue([text for text in self.ever_said(id) if "Bank transfers work too." in text])

    def it_is_over(self):
        lowered = self.do("lower", "--all-clear", "--about", "A cable was cut; it is mended.", "--reason", "checkout works again", "-o", "json").json
        self.assertEqual(lowered["crisis"]["phase"], "lowered")
        for id, (language, _, _) in ACCOUNTS.items():
            said = [post for post in self.ours(id) if FIRST_WORDS["all_clear"][language] in post["text"]]
            self.assertEqual(len(said), 1, self.ours(id))
            self.assertEqual(self.pins(id), self.former[id], f"{id}: former pins as before, in order")
            texts = self.ever_said(id)
            self.assertEqual(len(texts), len(set(texts)), "each edition once")
            self.assertEqual(len(texts), 5)
        self.assertEqual(self.daemon.status()["crises"], [])


class ShippedWords(Saying):
    """The playbooks in config/, on the four accounts: every kind of text, whole, within the limit, in the account's language."""

    def test_every_text_fits_and_none_is_half_filled_in(self):
        folder = os.path.join(SOURCE, "config", "playbooks")
        names = sorted(name[:-5] for name in os.listdir(folder) if name.endswith(".toml"))
        self.assertGreaterEqual(len(names), 3)
        words = ""
        for name in names:
            with open(os.path.join(folder, name + ".toml"), encoding="utf-8") as file:
                words += re.sub(r'undo( *)= "[0-9a-z]+"', r'undo\1= "1h"', file.read()) + "\n"
        self.begin(book=words)
        before = {id: self.published(id) for id in ACCOUNTS}
        for name in names:
            with self.subTest(name):
                self.look_at(self.do("raise", name, "--reason", "A drill.", "-n", "-o", "json").json["statements"], "summary")
                self.do("raise", name, "--reason", "A drill.", "--wait", "0", code=8)
                for option, kind in (("--update", "update"), ("--correct", "correction"), ("--all-clear", "all_clear")):
                    drafted = self.daemon.halfmast("say", "draft", option, "--about", "Payments by card work again.", "-o", "json").json
                    self.look_at(drafted["statements"], kind)
                self.do("lower")
        self.assertEqual({id: self.published(id) for id in ACCOUNTS}, before, "lowered within the undo window: nothing was said")

    def look_at(self, statements, kind):
        self.assertEqual({one["account"]: one["language"] for one in statements}, {id: ACCOUNTS[id][0] for id in ACCOUNTS})
        for one in statements:
            self.assertEqual((one["kind"], one["trouble"]), (kind, None), one)
            self.assertNotIn("{{", one["text"])
            self.assertLessEqual(one["length"], one["limit"])


class Promises(Saying):
    def test_one_is_missed_and_one_is_kept(self):
        self.begin({"acme-en": ACCOUNTS["acme-en"]})
        self.raised("--next-update", "3s")
        wait_until(lambda: self.daemon.crisis()["promise"]["missed"] == 1, 30, "it was missed, on record")
        promise = self.daemon.crisis()["promise"]
        self.assertEqual((promise["kept"], promise["late"]), (0, True))
        self.assertIn("OVERDUE", self.do("status").out)
        wait_until(lambda: any("promise" in page["key"] or "update" in page["what"].lower()
                               for page in self.daemon.halfmast("pages", "list", "-o", "json").json["pages"]), 20, "it is paged")
        self.do("say", "publish", "--about", "We are still looking.", "--next-update", "10m")
        promise = self.daemon.crisis()["promise"]
        self.assertEqual((promise["kept"], promise["missed"], promise["late"]), (0, 1, False))
        self.do("say", "publish", "--about", "We found it.", "--next-update", "40m")
        wait_until(lambda: self.daemon.crisis()["promise"]["kept"] == 1, 20, "that one was in time")
        self.assertIn("1 kept, 1 missed", self.do("status").out)
        self.assertEqual((len(self.records("promise_kept")), len(self.records("promise_missed"))), (1, 1))


class TakingBack(Saying):
    def setUp(self):
        super().setUp()
        self.begin({"acme-en": ACCOUNTS["acme-en"], "acme-hu": ACCOUNTS["acme-hu"]}, book=playbook(undo="1h"))

    def nothing_new(self, before):
        self.assertEqual({id: self.published(id) for id in self.accounts}, before)

    def test_within_the_window_nothing_becomes_public(self):
        self.raised()
        before = {id: self.published(id) for id in self.accounts}
        asked = self.do("say", "publish", "--about", "Cards work again.", "--wait", "0", "-o", "json", code=8).json
        self.assertEqual(asked["edition"], 2)
        self.assertEqual(self.edition(2)["state"], "undo-window")
        self.assertIn("halfmast say undo", self.do("status").out)
        self.nothing_new(before)
        self.do("say", "undo", "--reason", "the wrong word")
        self.assertTrue(self.edition(2)["undone"])
        wait_until(lambda: self.records("statement_undone"), 20, "it is on record")
        self.nothing_new(before)
        # What is public cannot be taken back.
        self.do("say", "publish", "--about", "Cards work again.", "--now")
        late = self.do("say", "undo", code=9)
        self.assertIn("say correct", late.err)

    def begin_saying(self, **streams):
        everything = {**os.environ, "HALFMAST_SOCKET": self.daemon.socket, "TERM": "xterm", "NO_COLOR": "1"}
        return subprocess.Popen([CLIENT, "say", "publish", "--about", "Oops."], env=everything, stdout=subprocess.PIPE, **streams)

    def taken_back(self, saying, number, before):
        saying.send_signal(signal.SIGINT)
        out, _ = saying.communicate(timeout=30)
        self.assertEqual(saying.returncode, 130, out)
        self.assertIn(f"nothing of edition {number} (update) became public", out.decode())
        self.assertTrue(self.edition(number)["undone"])
        self.nothing_new(before)

    def test_ctrl_c_takes_it_back(self):
        self.raised()
        before = {id: self.published(id) for id in self.accounts}
        piped = self.begin_saying(stderr=subprocess.PIPE)
        # It says so before it can be stopped: nobody presses Ctrl-C at what they do not see.
        self.assertIn("Ctrl-C takes it back", piped.stderr.readline().decode())
        self.taken_back(piped, 2, before)

        watched, terminal = pty.openpty()
        on_terminal = self.begin_saying(stderr=terminal)
        os.close(terminal)
        seen = b""
        while not re.search(rb"goes out in \d+ s; Ctrl-C takes it back.*goes out in \d+ s", seen, re.S):
            seen += os.read(watched, 1000)
        self.taken_back(on_terminal, 3, before)
        os.close(watched)


class Approval(Saying):
    def test_an_update_waits_for_a_word(self):
        self.begin({"acme-en": ACCOUNTS["acme-en"]}, book=playbook(publish="after-approval"))
        waiting = self.raised("--wait", "5s", code=8)
        self.assertIn("say approve c-1 --edition 1", waiting["sentence"])
        agreed = self.do("say", "approve")
        self.assertIn("edition 1 (summary)", agreed.last_line)
        self.assertIn(self.shown("acme-en")["text"], agreed.out, "what went out is what was shown")
        asked = self.do("say", "publish", "--about", "Cards work again.", "-o", "json", code=8).json
        self.assertIn("waits for 'halfmast say approve c-1 --edition 2'", asked["sentence"])
        self.assertEqual(self.shows("acme-en")["edition"], 1)
        self.other_words_than_were_read()
        approved = self.do("say", "approve", "--edition", "5", "-o", "json").json
        self.assertIn("edition 5 (update)", approved["sentence"])
        self.assertEqual([one["accounts"] for one in approved["texts"]], [["acme-en"]])
        self.assertEqual(self.shows("acme-en")["edition"], 5)
        self.assertIn("Cards do work again.", self.shown("acme-en")["text"])
        self.assertIn("was passed over", self.do("say", "approve", "--edition", "4", code=9).err)

    def other_words_than_were_read(self):
        """Edition 2 was read; then it was taken back and said in other words."""
        self.do("say", "publish", "--about", "Transfers work too.", "--wait", "0", code=8)
        self.do("say", "undo")
        self.do("say", "undo")
        self.do("say", "publish", "--about", "Cards will work again.", "--wait", "0", code=8)
        late = self.do("say", "approve", "--edition", "2", code=9)
        self.assertIn("edition 2 (update) was taken back", late.err)
        self.do("say", "publish", "--about", "Cards do work again.", "--wait", "0", code=8)
        self.assertIn("Cards do work again.", self.do("status").out)
        several = self.do("say", "approve", code=2)
        for words in ("2 editions of c-1 wait", "Cards will work again.", "Cards do work again."):
            self.assertIn(words, several.err)
        self.assertEqual(self.shows("acme-en")["edition"], 1, "nothing of it went out")


class Quiet(Saying):
    def test_the_cap_holds_and_is_said(self):
        self.begin({"acme-en": ACCOUNTS["acme-en"]}, book=playbook(most_public_acts=3))
        self.raised()
        self.do("say", "publish", "--about", "First.", "--now")
        full = self.do("say", "publish", "--about", "Second.", "--wait", "3s", code=8)
        self.assertIn("still shows edition 2", full.last_line)
        self.assertEqual(self.shows("acme-en")["public_acts"], 2)
        self.assertNotIn("Second.", str(self.published("acme-en")))
        # The last place of the hour is for what must be said.
        self.do("say", "correct", "--about", "It was the shop in Mill Lane.")
        self.assertIn("It was the shop in Mill Lane.", self.shown("acme-en")["text"])
        self.assertEqual(self.shows("acme-en")["public_acts"], 3)
        more = self.do("say", "correct", "--about", "No: in Mill Road.", "--wait", "3s", code=8)
        self.assertRegex(more.out, r"\d\d:\d\d")  # until when it waits
        self.assertEqual(len(self.ever_said("acme-en")), 3)
        self.assertIn("3 of 3 public in the last hour", self.do("status").out)


class Pins(Saying):
    def unpin(self):
        self.sandbox.control("POST", "edit", {"account": "acme-en", "id": self.shown("acme-en")["id"], "pinned": False})

    def test_what_a_stranger_unpinned_is_pinned_again(self):
        self.begin({"acme-en": ACCOUNTS["acme-en"]})
        self.raised()
        self.unpin()
        wait_until(lambda: self.records("pin_lost"), 90, "it is noticed at a poll")
        wait_until(lambda: any(post["pinned"] for post in self.ours("acme-en")), 60, "and pinned again")
        self.do("lower")
        self.assertEqual(self.pins("acme-en"), self.former["acme-en"])

    def test_or_is_reported_where_the_playbook_says_so(self):
        self.begin({"acme-en": ACCOUNTS["acme-en"]}, book=playbook(lost_pin="report"))
        self.raised()
        self.unpin()
        wait_until(lambda: self.daemon.status()["tasks"], 90, "a person is asked")
        task = self.daemon.status()["tasks"][0]
        self.assertEqual(task["kind"], "pin")
        self.assertFalse([post for post in self.ours("acme-en") if post["pinned"]])
        self.do("lower")
        self.assertEqual(self.pins("acme-en"), self.former["acme-en"])


@unittest.skipUnless(os.geteuid() == 0, "a second person is another user of this machine, and only root can be one")
class Replies(Saying):
    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o755)
        self.begin({"acme-en": ACCOUNTS["acme-en"]}, book=playbook(reply_wait="1s"))
        self.raised()
        self.mention = self.sandbox.control("POST", "mention", {"account": "acme-en", "from": "bob", "text": "@acme-en where is my order?"})["id"]

    def by_another(self, *words):
        everything = {"PATH": os.environ["PATH"], "HALFMAST_SOCKET": self.daemon.socket, "NO_COLOR": "1"}
        done = subprocess.run([CLIENT, *words], env=everything, capture_output=True, text=True, timeout=120,
                              user="daemon", group=os.getegid(), extra_groups=[])
        return Result(done)

    def replies(self):
        return {one["id"]: one for one in self.do("say", "replies", "-o", "json").json["replies"]}

    def test_it_needs_a_second_person_and_a_short_wait(self):
        asked = self.do("say", "reply", "acme-en", self.mention, "--text", "We are sorry. Your order is safe.", "-o", "json", code=8).json
        self.assertEqual((asked["schema"], asked["reply"]["approved"]), ("halfmast.say-reply/1", False))
        id = asked["reply"]["id"]
        self.assertIn("Write to help@acme.example", asked["reply"]["text"])
        alone = self.daemon.halfmast("say", "approve", id)
        self.assertIn(alone.code, (4, 9), alone)
        self.assertIn("somebody else has to agree", alone.err)
        self.check_code(self.by_another("say", "approve", id, "--wait", "30s"), 0)
        answers = [post for post in self.published("acme-en") if post["in_reply_to_id"] == self.mention]
        self.assertEqual(len(answers), 1)
        self.assertIn("Your order is safe.", answers[0]["text"])
        self.assertIn("help@acme.example", answers[0]["text"])
        self.assertFalse(answers[0]["pinned"])
        self.assertEqual(self.replies()[id]["approved_by"], "daemon")

    def test_it_can_be_dropped(self):
        id = self.do("say", "reply", "acme-en", self.mention, "--text", "Well.", "-o", "json", code=8).json["reply"]["id"]
        self.do("say", "drop", id, "--reason", "said in the summary already")
        self.assertEqual(self.replies()[id]["state"], "dropped")
        self.assertNotEqual(self.by_another("say", "approve", id).code, 0)
        self.assertNotIn("Well.", str(self.published("acme-en")))


class Tasks(Story):
    """Words that do not fit and have no short form are not cut: a person gets them whole, and what they post is read back and pinned."""

    def test_listed_done_and_confirmed(self):
        posts = os.path.join(self.folder, "posts")
        for place in ("queue", "held", "published"):
            os.makedirs(os.path.join(posts, place))
        program = os.path.join(SOURCE, "config", "connectors", "folder.py")
        daemon = self.begin_daemon(account("exec", None, "paper", program=program, arguments=[posts], rungs=["draft"], feed=True,
                                           publishes=True, pins=True, text_limit=150, poll_every="1s",
                                           sweep_every="1s", language="hu", time_zone="Europe/Budapest"),
                                   playbook=playbook().replace("Nem működik a fizetés", "Nem működik a fizetés ({{reason}})"))
        wait_until(lambda: daemon.polled("paper"), 30, "it was read")
        raised = self.check_code(daemon.halfmast("raise", "outage", "--owner", "dana", "--reason", "egy elvágott kábel miatt " * 8, "--wait", "20s"), 8)
        self.assertIn("halfmast tasks list", raised.last_line)
        listed = self.check_code(daemon.halfmast("tasks", "list", "-o", "json"), 8).json["tasks"]
        task = next(one for one in listed if one["kind"] == "publish")
        self.assertEqual((task["state"], task["account"], task["owner"]), ("open", "paper", "dana"))
        self.assertIn("Nem működik a fizetés", task["text"])
        self.assertGreater(parse_time(task["due"]), parse_time(utc(-60)))
        told = self.check_code(daemon.halfmast("tasks", "list"), 8)
        self.assertIn(task["text"], told.out)
        self.assertIn(f"halfmast tasks done {task['id']}", told.out)
        self.assertIn(f"Task {task['id']} for dana", daemon.halfmast("status").out)

        with open(os.path.join(posts, "published", "by-hand.md"), "w", encoding="utf-8") as file:
            file.write(f"Published: {utc()}\nDue: {utc()}\n\n{task['text']}\n")
        done = self.check_code(daemon.halfmast("tasks", "done", task["id"], "-o", "json"), 0).json
        self.assertIn(done["results"][0]["state"], ("done", "confirmed"))
        def state():
            every = daemon.halfmast("tasks", "list", "--all", "-o", "json").json["tasks"]
            return next(one for one in every if one["id"] == task["id"])["state"]
        wait_until(lambda: state() == "confirmed", 90, "the next look at the public posts confirms it")
        self.check_code(daemon.halfmast("tasks", "done", task["id"]), 0)
        self.check_code(daemon.halfmast("tasks", "done", "t-99"), 1)
        wait_until(lambda: daemon.crisis()["summary"]["pinned"] == 1, 60, "what was posted by hand is pinned")
        self.check_code(daemon.halfmast("tasks", "list"), 0)
        self.assertNotIn("task", self.check_code(daemon.halfmast("lower"), 0).last_line)


class KilledInTheMiddle(Saying):
    def test_never_two_posts_of_one_edition(self):
        accounts = {"acme-en": ACCOUNTS["acme-en"], "acme-zh": ACCOUNTS["acme-zh"]}
        self.begin(accounts, sandbox=("--latency", "30ms"))
        self.raised()
        dice = random.Random(int(os.environ.get("HALFMAST_SEED", "5")))
        for turn in range(8):
            about = f"Step {turn} is done."
            calls = sum(len(self.sandbox.calls(id)) for id in accounts)
            kill_after = dice.randint(0, 8)
            asking = threading.Thread(target=lambda: self.daemon.halfmast("say", "publish", "--about", about, "--now", "--wait", "10s"))
            asking.start()
            wait_until(lambda: self.daemon.process.poll() is None and self.is_on_disk(about), 30, "it is asked for, durably")
            wait_until(lambda: sum(len(self.sandbox.calls(id)) for id in accounts) >= calls + kill_after, 30, "some calls were made")
            self.daemon.kill()
            self.daemon.start()
            asking.join(60)
            wait_until(lambda: all((self.shows(id) or {}).get("edition") == turn + 2 for id in accounts), 90, f"every account shows it (turn {turn})")
            for id in accounts:
                wait_until(lambda: len([post for post in self.ours(id) if post["pinned"] and about in post["text"]]) == 1, 60, "pinned")
                said = self.ever_said(id)
                self.assertEqual(len(said), len(set(said)), said)
        self.do("lower")
        for id in accounts:
            self.assertEqual(self.pins(id), self.former[id])
        self.assertEqual(self.daemon.stop(), 0)
        self.check_code(self.daemon.halfmast("audit", "verify", "--state-dir", self.daemon.state_dir), 0)

    def is_on_disk(self, about):
        editions = [record.get("edition") or {} for record in map(json.loads, self.daemon.ledger_texts())]
        return any(about in (one.get("about") or "") for one in editions)


if __name__ == "__main__":
    main(in_parallel(13))  # all at once: what takes time there is waiting for polls and windows
