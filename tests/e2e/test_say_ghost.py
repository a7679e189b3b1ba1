"""What is said in a crisis, at a real Ghost: one featured post, edited, with the newest words on top; nothing is mailed."""
import re

from saying import NOTHING_IS_HELD, PLAYBOOK, Saying
from support import account, main, secret_file, wait_until
from test_ghost import ARealGhost as Ghost


class SayingItAtARealGhost(Saying, Ghost):
    language, zone, edits = "ru", "Europe/Moscow", True

    test_the_main_job = None  # it has a file of its own

    def test_from_the_summary_to_the_all_clear(self):
        self.known = set(self.public())
        welcome = self.site["posts"]["published"]["id"]
        if welcome not in self.featured():
            self.api("PUT", f"posts/{welcome}/", {"posts": [{"featured": True, "updated_at": self.look(welcome)["updated_at"]}]})
        key = secret_file(self.folder, "key", self.site["admin_api_key"])
        self.daemon = self.begin_daemon(account("ghost", self.site["url"], "news", admin_api_key={"file": key}, featured_shows=True,
                                                language=self.language, time_zone=self.zone), playbook=PLAYBOOK, judgement=NOTHING_IS_HELD)
        wait_until(lambda: self.daemon.polled("news"), 30, "the queue was read")
        self.from_the_summary_to_the_all_clear()
        self.assertIsNone(self.look(self.first)["email"], "nothing is mailed")
        self.the_ledger_proves_it(self.site["admin_api_key"].split(":")[1])

    def pinned(self):
        return [id for id, post in self.public().items() if post["featured"]]

    def public_text(self, post):
        return re.sub(r"<[^>]*>", " ", self.public()[post]["html"])

    def everything(self):
        return [post for post in self.public() if post not in self.known]


del Ghost  # its own stories are told in its own file

if __name__ == "__main__":
    main()
