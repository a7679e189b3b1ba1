"""Review and release from outside: two users of this machine at one control socket. Who was first, what goes out apart, what needs two
people, what changed at its source, and events that nothing is lost of."""
import json
import os
import socket
import subprocess
import threading
import unittest

from support import CLIENT, PLAYBOOK, SOURCE, Result, Story, account, main, parse_time, secret_file, utc, wait_until

FOLDER = os.path.join(SOURCE, "config", "connectors", "folder.py")
TWO_PEOPLE = PLAYBOOK.replace('severity = "major"', 'severity = "major"\ntwo_person = "major"')
OTHER = "daemon"  # a user that every Debian has


class Stream(threading.Thread):
    """Reads GET /events over the control socket and keeps what comes."""

    def __init__(self, path, after=None):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        more = f"Last-Event-ID: {after}\r\n" if after is not None else ""
        self.socket.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n{more}\r\n".encode())
        self.text, self.lock = b"", threading.Lock()
        self.start()

    def run(self):
        try:
            while data := self.socket.recv(65536):
                with self.lock:
                    self.text += data
        except OSError:
            pass

    def records(self):
        with self.lock:
            lines = self.text[:self.text.rfind(b"\n") + 1].decode().splitlines()  # a piece may end within a line, or within a letter
        return [json.loads(line[6:]) for before, line in zip(lines, lines[1:]) if line.startswith("data: ") and before == "event: record"]

    def count(self, event):
        with self.lock:
            return self.text.count(f"event: {event}\n".encode())

    def close(self):
        self.socket.close()


@unittest.skipUnless(os.geteuid() == 0, "a second person is another user of this machine, and only root can be one")
class Reviewing(Story):
    def begin(self, posts, playbook=PLAYBOOK, review=""):
        os.chmod(self.folder, 0o755)
        self.files = os.path.join(self.folder, "posts")
        for place in ("queue", "held", "published"):
            os.makedirs(os.path.join(self.files, place))
        for name, (seconds, text) in posts.items():
            self.write("queue", name, seconds, text)
        self.daemon = self.begin_daemon(account("exec", None, "folder", program=FOLDER, arguments=[self.files], rungs=["draft"], publishes=True, pins=True,
                                                feed=True, release_margin="10s", language="en"), playbook=playbook, review=review)
        wait_until(lambda: self.daemon.polled("folder"), 30, "the queue was read")
        self.check_code(self.daemon.halfmast("raise", "outage", "--reason", "checkout is failing"), 0)

    def write(self, place, name, seconds, text):
        beside = os.path.join(self.files, "." + name)
        with open(beside, "w", encoding="utf-8") as file:
            file.write(f"Due: {utc(seconds)}\nTags: promo\n\n{text}\n")
        os.rename(beside, os.path.join(self.files, place, name + ".md"))

    def by_another(self, *words):
        everything = {"PATH": os.environ["PATH"], "HALFMAST_SOCKET": self.daemon.socket, "NO_COLOR": "1"}
        return Result(subprocess.run([CLIENT, *words], env=everything, capture_output=True, text=True, timeout=120,
                                     user=OTHER, group=os.getegid(), extra_groups=[]))

    def do(self, *words, code=0):
        return self.check_code(self.daemon.halfmast(*words), code)

    def shown(self, id):
        return self.do("queue", "show", id, "-o", "json").json["post"]

    def state(self, id):
        return self.daemon.posts()[id]["state"]


class Conflicts(Reviewing):
    def test_of_two_managers_the_second_one_sees_who_was_first(self):
        self.begin({"offer": (7200, "Half price today")})
        self.do("lower")
        seen = self.shown("folder/offer")["etag"]
        self.check_code(self.by_another("queue", "keep", "folder/offer", "--etag", seen, "--reason", "out of date"), 0)
        refused = self.do("queue", "release", "folder/offer", "--etag", seen, code=9)
        self.assertIn(OTHER, refused.err)
        self.assertIn("post_kept", refused.err)
        told = self.do("queue", "release", "folder/offer", "--etag", seen, "-o", "json", code=9).json
        self.assertEqual((told["type"], told["by"]), ("stale", OTHER))
        self.assertEqual(self.state("folder/offer"), "kept")
        self.do("queue", "release", "folder/offer", "--etag", told["etag"])
        self.assertEqual(self.state("folder/offer"), "released")

    def test_notes_and_judgements_stay_with_the_post(self):
        self.begin({"address": (7200, "Our shop: Mill Lane 3")})
        self.do("queue", "note", "folder/address", "--text", "ask legal first")
        self.check_code(self.by_another("queue", "note", "folder/address", "--text", "they say yes"), 0)
        self.do("queue", "judge", "folder/address", "--class", "neutral", "--reason", "the address of the shop")
        self.assertEqual(self.daemon.stop(), 0)
        self.daemon.start()
        post = self.shown("folder/address")
        self.assertEqual([(note["by"], note["text"]) for note in post["notes"]], [("root", "ask legal first"), (OTHER, "they say yes")])
        self.assertEqual((post["class"], post["judged"]["by"], post["state"], post["covered_by"]), ("neutral", "root", "held", []))
        self.do("queue", "release", "folder/address")  # no flag wants it held any more, and this one is up
        wait_until(lambda: self.daemon.polled("folder"), 30, "the queue was read again")
        self.assertEqual(self.state("folder/address"), "released")
        self.assertEqual(self.daemon.crisis()["phase"], "raised")


class Apart(Reviewing):
    def test_what_is_let_go_goes_out_apart(self):
        self.begin({"one": (3600, "Half price"), "two": (3660, "Two for one"), "three": (30, "Last chance")}, review='\n[review]\nspacing = "10m"\nmost_an_hour = 3\n')
        self.do("lower")
        self.do("queue", "release", "folder/one")
        first = self.shown("folder/one")["order"]["at"]
        refused = self.do("queue", "release", "folder/two", "-o", "json", code=1).json
        self.assertEqual(refused["type"], "too-near")
        self.assertEqual((parse_time(refused["free_at"]) - parse_time(first)).total_seconds(), 600)
        self.assertEqual(self.state("folder/two"), "held")
        self.do("queue", "release", "folder/two", "--shift")
        self.assertEqual(self.shown("folder/two")["order"]["at"], refused["free_at"])
        wait_until(lambda: parse_time(utc()) > parse_time(self.shown("folder/three")["old_due"]), 60, "its time has passed")
        self.assertIn("has passed", self.do("queue", "release", "folder/three", code=1).err)
        self.do("queue", "release", "folder/three", "--shift")
        self.assertGreater(parse_time(self.shown("folder/three")["order"]["at"]), parse_time(utc(9)))
        self.assertNotIn("three.md", os.listdir(os.path.join(self.files, "published")))


class TwoPeople(Reviewing):
    def test_release_and_lower_need_another_person(self):
        self.begin({"offer": (7200, "Half price today"), "other": (9000, "Two for one")}, playbook=TWO_PEOPLE)
        asked = self.do("queue", "release", "folder/offer", "--during-crisis", "--reason", "it is about help", code=8)
        self.assertIn("second person", asked.out)
        self.assertEqual(self.state("folder/offer"), "held")
        self.do("queue", "release", "folder/offer", "--during-crisis", "--reason", "it is about help", code=8)  # the same person is one person
        self.assertEqual(self.do("queue", "second", "folder/offer", code=4).code, 4)
        self.assertEqual(len(self.do("queue", "asks", "-o", "json").json["asks"]), 1)
        self.check_code(self.by_another("queue", "second", "folder/offer", "--reason", "read it"), 0)
        wait_until(lambda: self.state("folder/offer") == "released", 30, "it is in its queue again")
        order = self.shown("folder/offer")["order"]
        self.assertEqual((order["by"], order["second"]), ("root", OTHER))

        self.do("lower", "--reason", "over", code=8)
        self.assertEqual(self.daemon.crisis()["phase"], "raised")
        self.assertEqual(self.daemon.stop(), 0)
        self.daemon.start()  # what waits is in the ledger
        self.check_code(self.by_another("lower", "--reason", "yes, over"), 0)
        self.assertEqual(self.daemon.status()["crises"], [])

        self.do("queue", "release", "folder/other", code=8)  # held by that flag: still two
        self.do("queue", "release", "folder/other", "--break-glass", "nobody else is awake")
        self.assertEqual(self.state("folder/other"), "released")
        pages = self.do("pages", "list", "-o", "json").json["pages"]
        self.assertTrue(any("nobody else is awake" in page["what"] for page in pages), pages)
        self.assertIn("glass_broken", self.do("audit", "list", "--target", "folder/other", "-o", "json").out)


class AtTheSource(Reviewing):
    def test_a_post_that_was_changed_is_let_go_by_who_has_seen_it(self):
        self.begin({"offer": (7200, "Half price today")})
        self.do("lower")
        self.write("held", "offer", 7200, "A lottery, today only")
        refused = self.do("queue", "release", "folder/offer", code=9)
        self.assertIn("Half price today", refused.err)
        self.assertIn("A lottery, today only", refused.err)
        told = self.do("queue", "release", "folder/offer", "-o", "json", code=9).json
        self.assertEqual((told["type"], told["before"], told["after"]), ("changed-at-source", "Half price today", "A lottery, today only"))
        self.assertEqual(self.state("folder/offer"), "held")
        self.write("held", "offer", 7200, "Two lotteries, today only")  # once more, behind the reader's back
        self.do("queue", "release", "folder/offer", "--seen", told["etag"], code=9)
        told = self.do("queue", "release", "folder/offer", "-o", "json", code=9).json
        self.do("queue", "release", "folder/offer", "--seen", told["etag"])
        self.assertEqual(self.state("folder/offer"), "released")


class Events(Reviewing):
    def test_nothing_is_lost_over_a_restart(self):
        self.begin({"offer": (7200, "Half price today")})
        stream = Stream(self.daemon.socket, after=0)
        self.addCleanup(stream.close)
        wait_until(lambda: stream.count("ping") >= 1 and stream.records(), 20, "what was before comes from the ledger")
        self.do("queue", "note", "folder/offer", "--text", "one")
        wait_until(lambda: any(one["kind"] == "post_noted" for one in stream.records()), 20, "what happens comes at once")
        wait_until(lambda: self.state("folder/offer") == "held", 30, "it is held")
        before = [one["seq"] for one in stream.records()]
        self.assertEqual(before, list(range(1, len(before) + 1)))
        seen = self.shown("folder/offer")["etag"]
        self.assertEqual(self.daemon.stop(), 0)
        self.daemon.start()
        # What a person saw before is what they decide on after it, also before the queue was read again.
        self.assertEqual(self.shown("folder/offer")["etag"], seen)
        self.do("queue", "keep", "folder/offer", "--etag", seen)
        self.do("queue", "keep", "folder/offer", "--etag", seen, code=9)
        self.do("queue", "note", "folder/offer", "--text", "two")
        again = Stream(self.daemon.socket, after=before[-1])
        self.addCleanup(again.close)
        wait_until(lambda: any(one.get("text") == "two" for one in again.records()), 20, "what was missed comes too")
        after = [one["seq"] for one in again.records()]
        self.assertEqual(after, list(range(before[-1] + 1, before[-1] + 1 + len(after))))
        self.write("queue", "late", 3600, "Flash sale")
        wait_until(lambda: again.count("looked") >= 1, 30, "a poll that changed the queue is told")


if __name__ == "__main__":
    main()
