"""An account of a real WordPress whose user lacks a role says so before a crisis."""
from support import WordPressStory, account, main, secret_file, wait_until
from test_readiness import lost_in, open_pages, ready_of


class AtARealWordPress(WordPressStory):
    def test_an_author_cannot_hold_what_others_wrote(self):
        author = self.site["accounts"]["author"]
        password = secret_file(self.folder, "password", author["app_password"])
        daemon = self.begin_daemon(account("wordpress", self.site["url"], "blog", username=author["user"], password={"file": password}))
        wait_until(lambda: daemon.polled("blog"), 30, "the queue was read")
        lines = self.check_code(daemon.halfmast("doctor", "-o", "json"), 8).json["accounts"][0]["checks"]
        others = next(line for line in lines if line["what"] == "may edit others' posts")
        self.assertEqual((others["ability"], others["rung"], others["ok"]), ("hold", "draft", False))
        self.assertIn("Editor", others["detail"])
        ready = ready_of(daemon, "blog")
        self.assertEqual((ready["ok"], ready["credential"], ready["hold"]), (False, True, []))
        self.assertIn(("hold", "draft"), lost_in(daemon, "blog"))
        self.assertIn("readiness/blog", open_pages(daemon, "blog"))
        self.assertIn("NOT READY: blog:", daemon.halfmast("status").out)


if __name__ == "__main__":
    main()
