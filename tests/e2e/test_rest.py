"""The whole story through connector "rest": nothing but the description config/connectors/wordpress.toml drives a real WordPress. It
leaves the site as it found it."""
import os
import re

from support import SOON_SILENT, SOURCE, WordPressStory, account, http, main, parse_time, secret_file, utc, wait_until

DESCRIPTION = os.path.join(SOURCE, "config", "connectors", "wordpress.toml")
NEAR = 66  # seconds until the first one is due: WordPress publishes at once what is due within a minute

PLAYBOOK = """
[[playbook]]
name     = "described"
severity = "major"
hold     = ["promotional"]
next_update = "45m"
publish  = "at-once"
undo     = "0s"
summary.en = "We know that checkout is failing and are working on it. Next update by {{next_update_by}}."
"""

# Only what is filed under it is held: other posts of the site are no business of this story.
JUDGEMENT = """
[judgement]
promotional.categories = ["described"]
essential.categories   = ["service"]
words = []
campaign_links = false
"""


class ADescribedWordPress(WordPressStory):
    def setUp(self):
        super().setUp()
        self.made = {"posts": [], "pages": []}
        self.addCleanup(self.clear)
        self.promo, self.service = self.category_named("described"), self.site["categories"]["service"]
        self.author = self.site["accounts"]["author"]

    def clear(self):
        for kind, posts in self.made.items():
            for post in posts:
                self.rest("DELETE", f"{kind}/{post}?force=true")

    def schedule(self, title, category, seconds, who=None, kind="posts"):
        self.made[kind].append(super().schedule(title, category, seconds, who, kind))
        return self.made[kind][-1]

    def test_the_main_job(self):
        self.fill_the_queue()
        self.begin()
        self.raise_holds_and_pins()
        self.a_new_post_is_held_within_a_sweep()
        self.nothing_promotional_goes_out()
        self.lower_publishes_nothing()
        self.posts_come_back()
        self.the_ledger_proves_it(self.editor["app_password"])

    def fill_the_queue(self):
        self.pinned_before = self.sticky()
        self.near = self.schedule("Only today: half price", self.promo, NEAR)
        self.near_service = self.schedule("Water is switched off in Mill Lane", self.service, NEAR + 5)
        self.far = self.schedule("Two for one", self.promo, 5400, self.author)
        self.page = self.schedule("Plover", 0, 4 * 3600, kind="pages")
        self.far_before = self.whole(self.far)

    def whole(self, post):
        """Everything of a post but what a hold and a release may change."""
        found = self.rest("GET", f"posts/{post}?context=edit")[1]
        return {key: value for key, value in found.items() if not key.startswith(("modified", "_links"))}

    def begin(self):
        password = secret_file(self.folder, "password", self.editor["app_password"].replace(" ", ""))
        self.daemon = self.begin_daemon(account("rest", self.site["url"], "described", description=DESCRIPTION, username=self.editor["user"],
                                                password={"file": password}, language="en"), judgement=JUDGEMENT, playbook=PLAYBOOK, extra=SOON_SILENT)
        wait_until(lambda: self.daemon.polled("described"), 30, "the queue was read")
        self.check_code(self.daemon.halfmast("doctor", "-o", "json"), 0)
        plan = self.check_code(self.daemon.halfmast("plan", "-o", "json"), 0).json
        would = {post["id"]: post["rung"] for post in plan["posts"] if post["would_hold"]}
        self.assertEqual(would, {f"described/{id}": "draft" for id in (self.near, self.far)})
        self.assertIn(f"described/{self.page}", self.daemon.posts())

    def raise_holds_and_pins(self):
        raised = self.check_code(self.daemon.halfmast("raise", "described", "--reason", "checkout is failing"), 0)
        self.assertIn("2 held and confirmed", raised.last_line)
        self.assertEqual([self.status_of(post) for post in (self.near, self.far, self.near_service)], ["draft", "draft", "future"])
        self.assertEqual(self.status_of(self.page, "pages"), "future")
        self.summary, = set(self.sticky()) - set(self.pinned_before)
        self.made["posts"].append(self.summary)
        shown = self.public()[self.summary]
        self.assertIn("We know that checkout is failing", shown["content"]["rendered"])
        status, page, _ = http("GET", shown["link"])
        self.assertEqual(status, 200)
        _, front, _ = http("GET", self.site["url"] + "/")
        self.assertTrue(front.startswith(f"{self.summary} sticky publish"), front)

    def a_new_post_is_held_within_a_sweep(self):
        late = self.schedule("Flash sale", self.promo, 900, self.author)
        wait_until(lambda: self.status_of(late) == "draft", 20, "the new post is held by the sweep")
        wait_until(lambda: self.daemon.posts()[f"described/{late}"]["state"] == "held", 20, "and read back")

    def nothing_promotional_goes_out(self):
        def is_proved():
            self.assertFalse(self.public().keys() & {self.near, self.far}, "a held post went out")
            return "silence_proved" in self.daemon.halfmast("audit", "list", "--target", f"described/{self.near}", "-o", "json").out
        wait_until(is_proved, NEAR + 60, "its silence is proved")
        self.assertEqual(self.status_of(self.near_service), "publish", "what is essential went out at its time")

    def lower_publishes_nothing(self):
        before = self.public().keys()
        self.check_code(self.daemon.halfmast("lower"), 0)
        self.assertEqual(self.public().keys(), before)
        self.assertEqual([self.status_of(post) for post in (self.near, self.far)], ["draft", "draft"])
        self.assertEqual(self.sticky(), self.pinned_before, "former pins as before")
        self.assertEqual(self.status_of(self.summary), "publish", "the summary stays published")

    def posts_come_back(self):
        past = self.check_code(self.daemon.halfmast("queue", "release", f"described/{self.near}"), 1)
        self.assertIn("has passed", past.out + past.err)
        self.check_code(self.daemon.halfmast("queue", "release", f"described/{self.far}"), 0)
        self.assertEqual(self.whole(self.far), self.far_before, "exactly as it was")
        at = utc(3 * 3600)
        # Somebody writes while it is held: what was read before does not count.
        self.rest("POST", f"posts/{self.near}", {"title": "Only today: a third off"})
        unseen = self.check_code(self.daemon.halfmast("queue", "release", f"described/{self.near}", "--at", at), 9)
        self.assertIn("changed at its source", unseen.out + unseen.err)
        new = "Only today: a quarter off\nOnly today: half price."
        etag = re.search(r"--seen (\S+)", unseen.out + unseen.err)[1]
        self.check_code(self.daemon.halfmast("queue", "release", f"described/{self.near}", "--at", at, "--text", new, "--seen", etag), 0)
        _, back, _ = self.rest("GET", f"posts/{self.near}?context=edit")
        self.assertEqual((back["title"]["raw"], back["content"]["raw"]), ("Only today: a quarter off", "<p>Only today: half price.</p>"))
        self.assertEqual((back["status"], parse_time(back["date_gmt"] + "Z")), ("future", parse_time(at)))


if __name__ == "__main__":
    main()
