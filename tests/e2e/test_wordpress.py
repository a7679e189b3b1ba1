"""The main job against a real WordPress whose cron really publishes."""
import time

from support import SOON_SILENT, WordPressStory, account, http, main, parse_time, secret_file, utc, wait_until

NEAR = 66         # seconds until the first is due: WordPress publishes at once what is due within a minute
WATCHED_FOR = 80  # seconds in which nothing promotional may go out

# As the block editor writes it.
RICH = """<!-- wp:paragraph {"fontSize":"large"} -->
<p class="has-large-font-size">All <strong>shoes</strong> 20&nbsp;% off &amp; more, <a href="https://shop.acme.example/s?a=1&amp;b=2">in the shop</a></p>
<!-- /wp:paragraph -->

<!-- wp:image {"sizeSlug":"large"} -->
<figure class="wp-block-image size-large"><img src="https://blog.acme.example/a.png" alt="A shoe"/></figure>
<!-- /wp:image -->

<!-- wp:paragraph -->
<p>Until Friday</p>
<!-- /wp:paragraph -->"""


class ARealWordPress(WordPressStory):
    def setUp(self):
        super().setUp()
        self.author = self.site["accounts"]["author"]
        self.promo, self.service = self.site["categories"]["promo"], self.site["categories"]["service"]

    def test_the_main_job(self):
        self.fill_the_queue()
        self.begin()
        self.raise_holds_and_pins()
        raised_at = time.monotonic()
        self.a_post_by_another_author_is_held_within_a_sweep()
        self.nothing_promotional_goes_out(raised_at + WATCHED_FOR)
        self.lower_publishes_nothing()
        self.one_post_comes_back()
        self.another_comes_back_with_new_words()
        self.the_ledger_proves_it(self.editor["app_password"])

    def fill_the_queue(self):
        self.assertEqual(self.sticky(), [])
        self.welcome = self.site["posts"]["published"]
        self.rest("POST", f"posts/{self.welcome}", {"sticky": True})
        seeded = self.site["posts"]
        self.near = self.schedule("Only today: half price", self.promo, NEAR)
        self.near_service = self.schedule("Water is switched off in Mill Lane", self.service, NEAR + 5)
        self.promotional = [self.near, seeded["promo_soon"], seeded["promo_tomorrow"], seeded["promo_week"],
                            self.schedule("Two for one", self.promo, 5400, self.author)]
        self.rich = self.schedule("Shoes of the season", self.promo, 6 * 3600)
        self.rest("POST", f"posts/{self.rich}", {"content": RICH})
        self.promotional.append(self.rich)
        self.unknown = self.schedule("Xyzzy plugh", 1, 3 * 3600)
        self.page = self.schedule("Plover", 0, 4 * 3600, kind="pages")
        self.left_alone = [self.near_service, seeded["service_soon"], self.schedule("The lift is being repaired", self.service, 2 * 86_400)]
        self.other_draft = seeded["draft"]

    def begin(self):
        password = secret_file(self.folder, "password", self.editor["app_password"])
        self.daemon = self.begin_daemon(
            account("wordpress", self.site["url"], "blog", username=self.editor["user"], password={"file": password}, language="en"),
            judgement='\n[judgement]\npromotional.categories = ["promo"]\nessential.categories = ["service"]\n', extra=SOON_SILENT)
        wait_until(lambda: self.daemon.polled("blog"), 30, "the queue was read")
        self.check_code(self.daemon.halfmast("doctor", "-o", "json"), 0)
        plan = self.check_code(self.daemon.halfmast("plan", "-o", "json"), 0).json
        would = {post["id"] for post in plan["posts"] if post["would_hold"]}
        self.assertEqual(would, {f"blog/{id}" for id in [*self.promotional, self.unknown, self.page]})

    def raise_holds_and_pins(self):
        raised = self.check_code(self.daemon.halfmast("raise", "outage", "--reason", "checkout is failing"), 0)
        self.assertIn("8 held and confirmed", raised.last_line)
        for post in [*self.promotional, self.unknown]:
            self.assertEqual(self.status_of(post), "draft")
        self.assertEqual(self.status_of(self.page, "pages"), "draft")
        for post in self.left_alone:
            self.assertEqual(self.status_of(post), "future")
        self.summary = next(post for post in self.sticky() if post != self.welcome)
        self.assertIn("checkout is failing", self.public()[self.summary]["content"]["rendered"])
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
            self.assertFalse(self.public().keys() & {*self.promotional, self.unknown}, "a held post went out")
            return time.monotonic() > until
        wait_until(over, WATCHED_FOR + 60, "the time to watch is over")
        self.assertEqual(self.status_of(self.near_service), "publish", "what is essential went out at its time")
        silence = wait_until(lambda: "silence_proved" in self.daemon.halfmast("audit", "list", "--target", f"blog/{self.near}", "-o", "json").out,
                             NEAR + 60, "its silence is proved")
        self.assertTrue(silence)

    def lower_publishes_nothing(self):
        before = self.public().keys()
        self.check_code(self.daemon.halfmast("lower"), 0)
        self.assertEqual(self.public().keys(), before)
        for post in [*self.promotional, self.unknown]:
            self.assertEqual(self.status_of(post), "draft")
        self.assertEqual(self.sticky(), [self.welcome], "former pins as before")
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


    def another_comes_back_with_new_words(self):
        """What a person changes of the text is changed in the blocks, and nothing else is; what would reach into them is refused."""
        shown = self.daemon.halfmast("queue", "show", f"blog/{self.rich}", "-o", "json").json["post"]
        self.assertTrue(shown["can_edit_text"])
        self.assertEqual(shown["text"], "Shoes of the season\nAll shoes 20 % off & more, in the shop\nUntil Friday")
        at = utc(4 * 3600)
        across = shown["text"].replace("shoes 20", "20")
        refused = self.daemon.halfmast("queue", "release", f"blog/{self.rich}", "--at", at, "--text", across)
        self.assertNotEqual(refused.code, 0, refused)
        self.assertIn("formatting", refused.out + refused.err)
        self.assertEqual(self.status_of(self.rich), "draft")
        new = shown["text"].replace("season", "year").replace("20 %", "30 %").replace("Friday", "Monday <noon>")
        self.check_code(self.daemon.halfmast("queue", "release", f"blog/{self.rich}", "--at", at, "--text", new), 0)
        _, back, _ = self.rest("GET", f"posts/{self.rich}?context=edit")
        self.assertEqual((back["status"], parse_time(back["date_gmt"] + "Z")), ("future", parse_time(at)))
        self.assertEqual(back["title"]["raw"], "Shoes of the year")
        self.assertEqual(back["content"]["raw"], RICH.replace("20&nbsp;%", "30&nbsp;%").replace("Friday", "Monday &lt;noon&gt;"))
        self.assertIn("with the new text", self.daemon.halfmast("audit", "list", "--target", f"blog/{self.rich}", "-o", "json").out)


if __name__ == "__main__":
    main()
