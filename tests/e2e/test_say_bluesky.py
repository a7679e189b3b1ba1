"""What is said in a crisis, at a real Bluesky server, read by its AppView as a visitor: nothing can be edited there, so each edition is a
post in the thread of the first one, and the newest is pinned."""
from saying import NOTHING_IS_HELD, PLAYBOOK, Saying
from support import account, main, secret_file, wait_until
from test_bluesky import ARealBluesky as Bluesky


class SayingItAtARealBluesky(Saying, Bluesky):
    language, zone, edits = "en", "Asia/Shanghai", False

    test_the_main_job = None  # it has a file of its own

    def test_from_the_summary_to_the_all_clear(self):
        welcome = self.peer["posts"]["welcome"]
        self.put_profile(dict(self.profile()["value"], pinnedPost={"uri": welcome["uri"], "cid": welcome["cid"]}))
        self.before = self.profile()
        wait_until(lambda: self.pinned() == [welcome["uri"]], 30, "visitors see the former pin")
        self.known = set(self.posts())
        password = secret_file(self.folder, "password", self.shop["app_password"])
        self.daemon = self.begin_daemon(account("bluesky", self.peer["pds"], "sky", handle=self.shop["handle"], password={"file": password},
                                                language=self.language, time_zone=self.zone), playbook=PLAYBOOK, judgement=NOTHING_IS_HELD)
        wait_until(lambda: self.daemon.polled("sky"), 30, "the account was read")
        self.from_the_summary_to_the_all_clear()
        self.assertEqual(self.profile()["cid"], self.before["cid"], "the profile is the very same record again")
        self.the_ledger_proves_it(self.shop["app_password"])

    def pinned(self):
        post = self.pinned_for_visitor()
        return [post["uri"]] if post else []

    def seen(self):
        """What the account posted, by address, the oldest first."""
        return {one["post"]["uri"]: one["post"]["record"] for one in reversed(self.visitor(pins="false"))}

    def public_text(self, post):
        return self.seen().get(post, {}).get("text", "")

    def everything(self):
        return [post for post in self.seen() if post not in self.known]

    def in_thread(self, post, first):
        record = wait_until(lambda: self.seen().get(post), 30, "visitors see the post")
        self.assertEqual(record["reply"]["root"]["uri"], first)
        self.assertIn(record["reply"]["parent"]["uri"], self.everything())


del Bluesky  # its own stories are told in its own file

if __name__ == "__main__":
    main()
