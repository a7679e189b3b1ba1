"""The main job against a real Ghost that really publishes, and mails. PEER_GHOST is that site as one JSON line: {"url",
"admin_api_key" (an integration's), "staff_api_key" (the owner's), "content_api_key", "newsletter", "posts": {"promo_soon": {"id"}, ...}}."""
import base64
import hashlib
import hmac
import json
import os
import re
import time
import unittest
import urllib.parse

from support import Story, account, http, main, parse_time, secret_file, utc, wait_until

NEAR = 30          # seconds until the first promotional post is due
WATCHED_FOR = 40   # seconds in which nothing promotional may go out
RELEASE_IN = 190   # seconds; the connector wants three minutes


@unittest.skipUnless(os.environ.get("PEER_GHOST"), "PEER_GHOST does not name a Ghost; tests/run --peers starts one where it is installed already")
class ARealGhost(Story):
    def setUp(self):
        super().setUp()
        self.site = json.loads(os.environ["PEER_GHOST"])

    def token(self, key):
        def part(of):
            return base64.urlsafe_b64encode(of if isinstance(of, bytes) else json.dumps(of).encode()).rstrip(b"=").decode()
        id, secret = key.split(":")
        now = int(time.time())
        text = part({"alg": "HS256", "typ": "JWT", "kid": id}) + "." + part({"iat": now, "exp": now + 240, "aud": "/admin/"})
        return text + "." + part(hmac.new(bytes.fromhex(secret), text.encode(), hashlib.sha256).digest())

    def api(self, method, path, body=None, staff=False):
        key = self.site["staff_api_key" if staff else "admin_api_key"]
        status, answer, _ = http(method, f"{self.site['url']}/ghost/api/admin/{path}", body, {"Authorization": "Ghost " + self.token(key)})
        self.assertLess(status, 300, answer)
        return answer

    def schedule(self, title, tag, seconds, kind="posts", segment=None, **more):
        """A post or page as an editor schedules it, with a segment: by mail too."""
        post = self.api("POST", f"{kind}/?source=html", {kind: [{"title": title, "html": f"<p>{title}.</p>", "tags": [{"name": tag}] if tag else [],
                                                              **more}]})[kind][0]
        mail = f"?newsletter={self.site['newsletter']}&email_segment={urllib.parse.quote(segment)}" if segment else ""
        made = self.api("PUT", f"{kind}/{post['id']}/{mail}", {kind: [{"status": "scheduled", "published_at": utc(seconds),
                                                                    "updated_at": post["updated_at"]}]})[kind][0]
        self.assertEqual(made["status"], "scheduled", made)
        return made["id"]

    def look(self, post, kind="posts"):
        return self.api("GET", f"{kind}/{post}/?include=tags,authors,newsletter,email&formats=html,lexical")[kind][0]

    def status_of(self, post, kind="posts"):
        return self.look(post, kind)["status"]

    def whole(self, post):
        """Everything of a post but what a hold and a release may change."""
        all = self.look(post)
        for key in ("updated_at", "authors", "primary_author"):
            all.pop(key)
        return all

    def featured(self):
        return [post["id"] for post in self.api("GET", "posts/?filter=featured:true%2Bstatus:published&limit=100")["posts"]]

    def front_page(self):
        """Addresses of the section "Featured" as a visitor gets it; None: there is no such section."""
        _, page, _ = http("GET", self.site["url"] + "/")
        section = re.search(r'<section class="gh-featured .*?</section>', page, re.S)
        return re.findall(r'gh-card-link" href="([^"]*)"', section.group(0)) if section else None

    def public(self):
        """What visitors can read, by the public API."""
        _, posts, _ = http("GET", f"{self.site['url']}/ghost/api/content/posts/?key={self.site['content_api_key']}&limit=100")
        return {post["id"]: post for post in posts["posts"]}

    def test_the_main_job(self):
        self.fill_the_queue()
        self.begin()
        self.raise_holds_and_pins()
        raised_at = time.monotonic()
        self.a_new_post_is_held_within_a_sweep()
        self.nothing_promotional_goes_out(raised_at + WATCHED_FOR)
        self.lower_publishes_nothing()
        self.posts_come_back()
        self.the_ledger_proves_it(self.site["admin_api_key"].split(":")[1], "owner@example.test")

    def fill_the_queue(self):
        self.api("POST", "members/", {"members": [{"email": "reader@example.test", "name": "A reader"}]})
        self.welcome = self.site["posts"]["published"]["id"]
        self.api("PUT", f"posts/{self.welcome}/", {"posts": [{"featured": True, "updated_at": self.look(self.welcome)["updated_at"]}]})
        self.assertIsNone(self.front_page(), "the theme as it comes shows visitors nothing of it")
        self.api("PUT", "custom_theme_settings/", {"custom_theme_settings": [{"key": "header_style", "value": "Magazine"},
                                                                             {"key": "show_featured_posts", "value": True}]}, staff=True)
        self.assertEqual(self.front_page(), ["/" + self.look(self.welcome)["slug"] + "/"])
        seeded = {name: post["id"] for name, post in self.site["posts"].items()}
        self.near = self.schedule("Only today: half price", "promo", NEAR)
        self.near_service = self.schedule("Water is switched off in Mill Lane", "service", NEAR + 5)
        self.near_mail = self.schedule("Half price, by mail alone", "promo", NEAR + 2, segment="all", email_only=True)
        self.rich = self.schedule("Two for one", "promo", 2 * 3600, segment="status:-free", visibility="members", custom_excerpt="For members",
                                  meta_title="Two", email_subject="Two for you", codeinjection_head="<!-- mark -->")
        self.promotional = [self.near, self.near_mail, self.rich, *(seeded[name] for name in ("promo_soon", "promo_tomorrow", "promo_week", "promo_mail"))]
        self.worded = self.schedule("Shoes of the season", "promo", 6 * 3600, custom_excerpt="For everybody", html='<p>All <strong>shoes</strong> 20 % off &amp; more, '
                                    '<a href="https://shop.acme.example/s">in the shop</a></p><p>Until Friday</p>')
        self.promotional.append(self.worded)
        self.unknown = self.schedule("Xyzzy plugh", None, 3 * 3600)
        self.page = self.schedule("Plover", None, 4 * 3600, kind="pages")
        self.left_alone = [self.near_service, seeded["service_soon"]]
        self.other_draft = seeded["draft"]
        self.mail, self.soon = seeded["promo_mail"], seeded["promo_soon"]
        self.rich_before = self.whole(self.rich)
        self.assertEqual((self.rich_before["newsletter"]["slug"], self.rich_before["email_segment"]), (self.site["newsletter"], "status:-free"))

    def begin(self):
        key = secret_file(self.folder, "key", self.site["admin_api_key"])
        self.daemon = self.begin_daemon(account("ghost", self.site["url"], "news", admin_api_key={"file": key}, featured_shows=True, language="en"))
        wait_until(lambda: self.daemon.polled("news"), 30, "the queue was read")
        self.check_code(self.daemon.halfmast("doctor", "-o", "json"), 0)
        plan = self.check_code(self.daemon.halfmast("plan", "-o", "json"), 0).json
        would = {post["id"] for post in plan["posts"] if post["would_hold"]}
        self.assertEqual(would, {f"news/{id}" for id in [*self.promotional, self.unknown, self.page]})

    def raise_holds_and_pins(self):
        raised = self.check_code(self.daemon.halfmast("raise", "outage", "--reason", "checkout is failing"), 0)
        self.assertIn(f"{len(self.promotional) + 2} held and confirmed", raised.last_line)
        for post in [*self.promotional, self.unknown]:
            self.assertEqual(self.status_of(post), "draft")
        self.assertEqual(self.status_of(self.page, "pages"), "draft")
        for post in self.left_alone:
            self.assertEqual(self.status_of(post), "scheduled")
        self.assertEqual(len(self.featured()), 2)
        self.summary = next(post for post in self.featured() if post != self.welcome)
        shown = self.public()[self.summary]
        self.assertIn("checkout is failing", shown["html"])
        self.assertEqual(shown["visibility"], "public")
        self.assertIsNone(self.look(self.summary)["email"], "a summary is not mailed")
        status, page, _ = http("GET", shown["url"])
        self.assertEqual(status, 200)
        self.assertIn("checkout is failing", page)
        self.assertEqual(self.front_page(), [f"/{shown['slug']}/", "/" + self.look(self.welcome)["slug"] + "/"], "what visitors see first")

    def a_new_post_is_held_within_a_sweep(self):
        late = self.schedule("Flash sale", "promo", 900)
        wait_until(lambda: self.status_of(late) == "draft", 20, "the new post is held by the sweep")
        wait_until(lambda: self.daemon.posts()[f"news/{late}"]["state"] == "held", 20, "and read back")
        self.promotional.append(late)

    def nothing_promotional_goes_out(self, until):
        """Looks at the public posts again and again until then."""
        def over():
            self.assertFalse(self.public().keys() & {*self.promotional, self.unknown}, "a held post went out")
            return time.monotonic() > until
        wait_until(over, WATCHED_FOR + 60, "the time to watch is over")
        self.assertEqual(self.status_of(self.near_service), "published", "what is essential went out at its time")
        mailing = self.look(self.near_mail)
        self.assertEqual((mailing["status"], mailing["email"]), ("draft", None), "no mail left")

    def lower_publishes_nothing(self):
        before = self.public().keys()
        self.check_code(self.daemon.halfmast("lower"), 0)
        self.assertEqual(self.public().keys(), before)
        for post in [*self.promotional, self.unknown]:
            self.assertEqual(self.status_of(post), "draft")
        self.assertEqual(self.featured(), [self.welcome], "former pins as before")
        self.assertEqual(self.front_page(), ["/" + self.look(self.welcome)["slug"] + "/"])
        self.assertEqual(self.status_of(self.summary), "published", "the summary stays published")
        self.assertEqual(self.status_of(self.other_draft), "draft")

    def posts_come_back(self):
        past = self.daemon.halfmast("queue", "release", f"news/{self.near}")
        self.check_code(past, 1)
        self.assertIn("has passed", past.out + past.err)
        # Exactly as it was: text, tags, visibility, and the mail with its recipients, which Ghost itself had forgotten.
        self.assertIsNone(self.look(self.rich)["newsletter"])
        self.check_code(self.daemon.halfmast("queue", "release", f"news/{self.rich}"), 0)
        self.assertEqual(self.whole(self.rich), self.rich_before)
        self.one_comes_back_with_new_words()
        at = utc(RELEASE_IN)
        self.check_code(self.daemon.halfmast("queue", "release", f"news/{self.mail}", "--at", at), 0)
        self.check_code(self.daemon.halfmast("queue", "release", f"news/{self.near_mail}", "--at", at), 0)
        back = self.look(self.mail)
        self.assertEqual((back["status"], parse_time(back["published_at"])), ("scheduled", parse_time(at)))
        self.assertEqual(back["newsletter"]["slug"], self.site["newsletter"])
        wait_until(lambda: self.status_of(self.mail) != "scheduled", RELEASE_IN + 30, "the released post goes out")
        out = self.look(self.mail)
        self.assertEqual((out["status"], parse_time(out["published_at"])), ("published", parse_time(at)))
        self.assertGreaterEqual(parse_time(utc()), parse_time(at))
        self.assertIn(self.mail, self.public())
        wait_until(lambda: self.look(self.mail)["email"], 20, "and its mail with it, as planned")
        wait_until(lambda: self.look(self.near_mail)["email"], 20, "and the one that is a mail alone")
        self.assertEqual(self.status_of(self.near_mail), "sent")


    def one_comes_back_with_new_words(self):
        """In the editor's own form of the article; its bold words and its link stay, and what would reach into them is refused."""
        shown = self.daemon.halfmast("queue", "show", f"news/{self.worded}", "-o", "json").json["post"]
        self.assertTrue(shown["can_edit_text"])
        self.assertEqual(shown["text"], "Shoes of the season\nFor everybody\nAll shoes 20 % off & more, in the shop\nUntil Friday")
        before = self.look(self.worded)
        at = utc(5 * 3600)
        across = shown["text"].replace("shoes 20", "20")
        refused = self.daemon.halfmast("queue", "release", f"news/{self.worded}", "--at", at, "--text", across)
        self.assertNotEqual(refused.code, 0, refused)
        self.assertIn("formatting", refused.out + refused.err)
        self.assertEqual(self.status_of(self.worded), "draft")
        new = shown["text"].replace("season", "year").replace("everybody", "you").replace("20 %", "30 %").replace("Friday", "Monday <noon>")
        self.check_code(self.daemon.halfmast("queue", "release", f"news/{self.worded}", "--at", at, "--text", new), 0)
        back = self.look(self.worded)
        self.assertEqual((back["status"], parse_time(back["published_at"])), ("scheduled", parse_time(at)))
        self.assertEqual((back["title"], back["custom_excerpt"]), ("Shoes of the year", "For you"))
        self.assertEqual(back["html"], before["html"].replace("20 %", "30 %").replace("Friday", "Monday &lt;noon&gt;"))
        self.assertEqual(json.loads(back["lexical"])["root"]["children"][0]["children"][1], json.loads(before["lexical"])["root"]["children"][0]["children"][1])


if __name__ == "__main__":
    main()
