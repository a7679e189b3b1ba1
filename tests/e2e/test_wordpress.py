"""The main job against a real WordPress whose cron really publishes. PEER_WORDPRESS is that site as one JSON line:
{"url", "accounts": {"editor": {"user", "app_password"}, "author": ...}, "categories": {"promo", "service"}}."""
import base64
import json
import os
import sqlite3
import time
import unittest

from support import Story, account, http, main, parse_time, secret_file, utc, wait_until

WATCHED_FOR = 180  # seconds in which nothing promotional may go out


@unittest.skipUnless(os.environ.get("PEER_WORDPRESS"), "PEER_WORDPRESS does not name a WordPress; tests/run --peers starts one")
class ARealWordPress(Story):
    def setUp(self):
        super().setUp()
        self.site = json.loads(os.environ["PEER_WORDPRESS"])
        self.editor = self.site["accounts"]["editor"]
        self.author = self.site["accounts"]["author"]
        self.promo, self.service = self.site["categories"]["promo"], self.site["categories"]["service"]

    def rest(self, method, path, body=None, who=None):
        who = who or self.editor
        basic = base64.b64encode(f"{who['user']}:{who['app_password']}".encode()).decode()
        return http(method, f"{self.site['url']}/wp-json/wp/v2/{path}", body, {"Authorization": "Basic " + basic})

    def schedule(self, title, category, seconds, who=None, kind="posts"):
        body = {"title": title, "content": f"<p>{title}.</p>", "status": "future", "date_gmt": utc(seconds).rstrip("Z")}
        if kind == "posts":
            body["categories"] = [category]
        status, made, _ = self.rest("POST", kind, body, who)
        self.assertEqual(status, 201, made)
        self.assertEqual(made["status"], "future", made)
        return made["id"]

    def status_of(self, post, kind="posts"):
        status, found, _ = self.rest("GET", f"{kind}/{post}?context=edit")
        self.assertEqual(status, 200, found)
        return found["status"]

    def test_the_main_job(self):
        self.fill_the_queue()
        self.begin()
        self.raise_holds_and_pins()
        raised_at = time.monotonic()
        self.a_post_by_another_author_is_held_within_a_sweep()
        self.nothing_promotional_goes_out(raised_at + WATCHED_FOR)
        self.lower_publishes_nothing()
        self.one_post_comes_back()
        self.the_ledger_proves_it()

    def fill_the_queue(self):
        _, before, _ = self.rest("GET", "posts?sticky=true")
        self.assertEqual(before, [])
        self.welcome = self.site["posts"]["published"]
        self.rest("POST", f"posts/{self.welcome}", {"sticky": True})
        seeded = self.site["posts"]
        self.near = self.schedule("Only today: half price", self.promo, 75)
        self.near_service = self.schedule("Water is switched off in Mill Lane", self.service, 80)
        self.promotional = [self.near, seeded["promo_soon"], seeded["promo_tomorrow"], seeded["promo_week"],
                            self.schedule("Two for one", self.promo, 5400, self.author)]
        self.unknown = self.schedule("Xyzzy plugh", 1, 3 * 3600)
        self.page = self.schedule("Plover", 0, 4 * 3600, kind="pages")
        self.left_alone = [self.near_service, seeded["service_soon"], self.schedule("The lift is being repaired", self.service, 2 * 86_400)]
        self.other_draft = seeded["draft"]

    def begin(self):
        password = secret_file(self.folder, "password", self.editor["app_password"])
        self.daemon = self.begin_daemon(
            account("wordpress", self.site["url"], "blog", username=self.editor["user"], password={"file": password}, language="en"),
            judgement='\n[judgement]\npromotional.categories = ["promo"]\nessential.categories = ["service"]\n')
        wait_until(lambda: self.daemon.polled("blog"), 30, "the queue was read")
        self.check_code(self.daemon.halfmast("doctor", "-o", "json"), 0)
        plan = self.check_code(self.daemon.halfmast("plan", "-o", "json"), 0).json
        would = {post["id"] for post in plan["posts"] if post["would_hold"]}
        self.assertEqual(would, {f"blog/{id}" for id in [*self.promotional, self.unknown, self.page]})

    def raise_holds_and_pins(self):
        raised = self.check_code(self.daemon.halfmast("raise", "outage", "--reason", "checkout is failing"), 0)
        self.assertIn("7 held and confirmed", raised.last_line)
        for post in [*self.promotional, self.unknown]:
            self.assertEqual(self.status_of(post), "draft")
        self.assertEqual(self.status_of(self.page, "pages"), "draft")
        for post in self.left_alone:
            self.assertEqual(self.status_of(post), "future")
        _, sticky, _ = self.rest("GET", "posts?sticky=true")
        self.summary = next(post["id"] for post in sticky if post["id"] != self.welcome)
        self.assertIn("checkout is failing", [post for post in sticky if post["id"] == self.summary][0]["content"]["rendered"])
        _, front, _ = http("GET", self.site["url"] + "/")
        self.assertTrue(front.startswith(f"{self.summary} sticky publish"), front)

    def a_post_by_another_author_is_held_within_a_sweep(self):
        late = self.schedule("Flash sale", self.promo, 900, self.author)
        wait_until(lambda: self.status_of(late) == "draft", 20, "the new post is held by the sweep")
        wait_until(lambda: self.daemon.posts()[f"blog/{late}"]["state"] == "held", 20, "and read back")
        self.promotional.append(late)

    def nothing_promotional_goes_out(self, until):
        """Looks at the public posts again and again until then."""
        def over():
            _, public, _ = http("GET", f"{self.site['url']}/wp-json/wp/v2/posts?per_page=100")
            out = {post["id"] for post in public}
            self.assertFalse(out & {*self.promotional, self.unknown}, "a held post went out")
            return time.monotonic() > until
        wait_until(over, WATCHED_FOR + 60, "the time to watch is over")
        self.assertEqual(self.status_of(self.near_service), "publish", "what is essential went out at its time")
        silence = wait_until(lambda: "silence_proved" in self.daemon.halfmast("audit", "list", "--target", f"blog/{self.near}", "-o", "json").out,
                             120, "its silence is proved")
        self.assertTrue(silence)

    def lower_publishes_nothing(self):
        _, before, _ = http("GET", f"{self.site['url']}/wp-json/wp/v2/posts?per_page=100")
        self.check_code(self.daemon.halfmast("lower"), 0)
        _, after, _ = http("GET", f"{self.site['url']}/wp-json/wp/v2/posts?per_page=100")
        self.assertEqual({post["id"] for post in before}, {post["id"] for post in after})
        for post in [*self.promotional, self.unknown]:
            self.assertEqual(self.status_of(post), "draft")
        _, sticky, _ = self.rest("GET", "posts?sticky=true")
        self.assertEqual([post["id"] for post in sticky], [self.welcome], "former pins as before")
        self.assertEqual(self.status_of(self.summary), "publish", "the summary stays published")
        self.assertEqual(self.status_of(self.other_draft), "draft")

    def one_post_comes_back(self):
        past = self.daemon.halfmast("queue", "release", f"blog/{self.near}")
        self.check_code(past, 1)
        self.assertIn("has passed", past.out + past.err)
        at = utc(3 * 3600)
        self.check_code(self.daemon.halfmast("queue", "release", f"blog/{self.promotional[1]}", "--at", at), 0)
        _, back, _ = self.rest("GET", f"posts/{self.promotional[1]}?context=edit")
        self.assertEqual(back["status"], "future")
        self.assertEqual(parse_time(back["date_gmt"] + "Z"), parse_time(at))

    def the_ledger_proves_it(self):
        self.assertEqual(self.daemon.stop(), 0)
        self.check_code(self.daemon.halfmast("audit", "verify", "--state-dir", self.daemon.state_dir), 0)
        database = sqlite3.connect(os.path.join(self.daemon.state_dir, "ledger.db"))
        database.execute("UPDATE ledger SET payload = replace(payload, 'checkout is failing', 'checkout is fa1ling') WHERE seq = "
                         "(SELECT min(seq) FROM ledger WHERE payload LIKE '%checkout is failing%')")
        self.assertEqual(database.total_changes, 1)
        database.commit()
        database.close()
        self.check_code(self.daemon.halfmast("audit", "verify", "--state-dir", self.daemon.state_dir), 1)


if __name__ == "__main__":
    main()
