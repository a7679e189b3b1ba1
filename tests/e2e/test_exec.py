"""The whole story with a program of the house's own: config/connectors/folder.py guards a folder of dated files, and a publisher that
knows nothing of halfmast puts out what is due. From outside: files, and the `halfmast` command."""
import json
import os
import signal
import threading

from support import SOON_SILENT, SOURCE, Story, account, main, parse_time, utc, wait_until

PROGRAM = os.path.join(SOURCE, "config", "connectors", "folder.py")
NEAR = 25        # seconds until the first promotional post is due
RELEASE_IN = 18  # seconds until the released one goes out; the account wants ten


class Publisher(threading.Thread):
    """The site's own: what is due in queue/ goes to published/, twice a second."""

    def __init__(self, folder):
        super().__init__(daemon=True)
        self.folder = folder
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(0.5):
            for name in os.listdir(os.path.join(self.folder, "queue")):
                self.look_at(name)

    def look_at(self, name):
        path = os.path.join(self.folder, "queue", name)
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read()
        except FileNotFoundError:
            return  # held in this moment
        if parse_time(due_in(text)) > parse_time(utc()):
            return
        beside = os.path.join(self.folder, "." + name)
        try:
            os.rename(path, beside)
        except FileNotFoundError:
            return
        with open(beside, "w", encoding="utf-8") as file:
            file.write(f"Published: {utc()}\n{text}" if name.endswith(".md") else json.dumps({**json.loads(text), "published": utc()}))
        os.rename(beside, os.path.join(self.folder, "published", name))

    def close(self):
        self.over.set()
        self.join(20)


def due_in(text):
    return json.loads(text)["due"] if text.startswith("{") else next(line[5:] for line in text.splitlines() if line.startswith("Due: "))


class AFolderOfDatedFiles(Story):
    def setUp(self):
        super().setUp()
        self.posts = os.path.join(self.folder, "posts")
        for place in ("queue", "held", "published"):
            os.makedirs(os.path.join(self.posts, place))
        publisher = Publisher(self.posts)
        publisher.start()
        self.addCleanup(publisher.close)

    def write(self, name, seconds, text, tags="", place="queue", **more):
        head = {"Due": utc(seconds), "Tags": tags, **more}
        beside = os.path.join(self.posts, "." + name)
        with open(beside, "w", encoding="utf-8") as file:
            if name.endswith(".md"):
                file.write("".join(f"{key}: {value}\n" for key, value in head.items()) + f"\n{text}\n")
            else:
                json.dump({**{key.lower(): value for key, value in head.items()}, "tags": tags.split(", "), "text": text}, file)
        os.rename(beside, os.path.join(self.posts, place, name))
        return name.rsplit(".", 1)[0]

    def names(self, place):
        return {name.rsplit(".", 1)[0] for name in os.listdir(os.path.join(self.posts, place))}

    def text_of(self, place, name):
        with open(os.path.join(self.posts, place, name), encoding="utf-8") as file:
            return file.read()

    def test_the_main_job(self):
        self.fill_the_queue()
        self.begin()
        self.raise_holds_and_pins()
        self.a_new_post_is_held_though_the_program_died()
        self.nothing_promotional_goes_out()
        self.lower_publishes_nothing()
        self.one_post_comes_back()
        self.the_ledger_proves_it()

    def fill_the_queue(self):
        self.write("welcome.md", -86_400, "Who we are", place="published", Published=utc(-86_400), Pinned="yes")
        self.near = self.write("half-price.md", NEAR, "Only today: half price", "promo")
        self.far = self.write("two-for-one.json", 3600, "Two for one: https://shop.acme.example/", "promo, spring")
        self.unknown = self.write("riddle.md", 3 * 3600, "Xyzzy plugh")
        self.service = self.write("water.md", NEAR + 3, "Water is switched off in Mill Lane", "service")
        self.team = self.write("anna.md", 7200, "Welcome to Anna, who joined us today", "team")
        self.before = {name: self.text_of("queue", name) for name in os.listdir(os.path.join(self.posts, "queue"))}

    def begin(self):
        self.daemon = self.begin_daemon(account("exec", None, "folder", program=PROGRAM, arguments=[self.posts], rungs=["draft"], publishes=True, pins=True,
                                                feed=True, release_text=True, release_margin="10s", language="en"), extra=SOON_SILENT)
        wait_until(lambda: self.daemon.polled("folder"), 30, "the queue was read")
        self.check_code(self.daemon.halfmast("doctor", "-o", "json"), 0)
        plan = self.check_code(self.daemon.halfmast("plan", "-o", "json"), 0).json
        would = {post["id"]: post["rung"] for post in plan["posts"] if post["would_hold"]}
        self.assertEqual(would, {f"folder/{id}": "draft" for id in (self.near, self.far, self.unknown)})

    def raise_holds_and_pins(self):
        raised = self.check_code(self.daemon.halfmast("raise", "outage", "--reason", "checkout is failing"), 0)
        self.assertIn("3 held and confirmed", raised.last_line)
        self.assertEqual(self.names("held"), {self.near, self.far, self.unknown})
        self.assertEqual(self.names("queue"), {self.service, self.team})
        for name in os.listdir(os.path.join(self.posts, "held")):
            self.assertEqual(self.text_of("held", name), self.before[name], "a hold is a rename, and nothing else")
        self.summary, = self.names("published") - {"welcome"}
        shown = self.text_of("published", self.summary + ".md")
        self.assertIn("We know that checkout is failing", shown)
        self.assertIn("Pinned: yes", shown)

    def a_new_post_is_held_though_the_program_died(self):
        """Somebody kills the program; the daemon starts it again and goes on."""
        pid = self.daemon.process.pid
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            program, = (int(word) for word in file.read().split())
        with open(f"/proc/{program}/cmdline") as file:
            self.assertIn("folder.py", file.read())
        os.kill(program, signal.SIGKILL)
        late = self.write("flash-sale.md", 900, "Flash sale", "promo")
        wait_until(lambda: late in self.names("held"), 30, "the new post is held by the sweep")
        wait_until(lambda: self.daemon.posts()[f"folder/{late}"]["state"] == "held", 20, "and read back")

    def nothing_promotional_goes_out(self):
        def is_proved():
            self.assertFalse(self.names("published") & {self.near, self.far, self.unknown}, "a held post went out")
            return "silence_proved" in self.daemon.halfmast("audit", "list", "--target", f"folder/{self.near}", "-o", "json").out
        wait_until(is_proved, NEAR + 40, "its silence is proved")
        self.assertGreater(parse_time(utc()), parse_time(due_in(self.before[self.near + ".md"])), "past the old due time")
        self.assertIn(self.service, self.names("published"), "what is essential went out at its time")
        self.assertIn(self.team, self.names("queue"))

    def lower_publishes_nothing(self):
        before = self.names("published")
        self.check_code(self.daemon.halfmast("lower"), 0)
        self.assertEqual(self.names("published"), before)
        self.assertIn(self.near, self.names("held"))
        self.assertNotIn("Pinned", self.text_of("published", self.summary + ".md"))
        self.assertIn("Pinned: yes", self.text_of("published", "welcome.md"), "former pins as before")

    def one_post_comes_back(self):
        past = self.check_code(self.daemon.halfmast("queue", "release", f"folder/{self.near}"), 1)
        self.assertIn("has passed", past.out + past.err)
        self.assertIn(self.near, self.names("held"))
        self.check_code(self.daemon.halfmast("queue", "release", f"folder/{self.far}"), 0)
        self.assertEqual(json.loads(self.text_of("queue", self.far + ".json")), json.loads(self.before[self.far + ".json"]), "exactly as it was")
        at = utc(RELEASE_IN)
        self.check_code(self.daemon.halfmast("queue", "release", f"folder/{self.near}", "--at", at, "--text", "Only today: a third off"), 0)
        wait_until(lambda: self.near in self.names("published"), RELEASE_IN + 30, "the released post goes out")
        self.assertGreaterEqual(parse_time(utc()), parse_time(at))
        self.assertIn("\n\nOnly today: a third off\n", self.text_of("published", self.near + ".md"), "with its new words")
        self.assertEqual(self.names("held"), {self.unknown, "flash-sale"})


if __name__ == "__main__":
    main()
