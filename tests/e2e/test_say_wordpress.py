"""What is said in a crisis, at a real WordPress: one sticky post, edited, with the newest words on top."""
import re

from saying import NOTHING_IS_HELD, PLAYBOOK, Saying
from support import WordPressStory, account, http, main, secret_file, wait_until


class SayingItAtARealWordPress(Saying, WordPressStory):
    language, zone, edits = "hu", "Europe/Budapest", True

    def test_from_the_summary_to_the_all_clear(self):
        self.known = set(self.public())
        welcome = self.site["posts"]["published"]
        self.rest("POST", f"posts/{welcome}", {"sticky": True})
        self.addCleanup(self.rest, "POST", f"posts/{welcome}", {"sticky": False})
        password = secret_file(self.folder, "password", self.editor["app_password"])
        self.daemon = self.begin_daemon(account("wordpress", self.site["url"], "blog", username=self.editor["user"], password={"file": password},
                                                language=self.language, time_zone=self.zone), playbook=PLAYBOOK, judgement=NOTHING_IS_HELD)
        wait_until(lambda: self.daemon.polled("blog"), 30, "the queue was read")
        self.from_the_summary_to_the_all_clear()
        self.somebody_is_answered()
        self.the_ledger_proves_it(self.editor["app_password"])

    def pinned(self):
        return [post["id"] for post in http("GET", f"{self.site['url']}/wp-json/wp/v2/posts?sticky=true&per_page=100")[1]]

    def public_text(self, post):
        return re.sub(r"<[^>]*>", " ", self.public()[post]["content"]["rendered"])

    def everything(self):
        return sorted(set(self.public()) - self.known)

    def somebody_is_answered(self):
        """A comment of somebody else, answered once, by halfmast's own user and under it."""
        status, comment, _ = self.rest("POST", "comments", {"post": self.first, "content": "Was I charged twice?"}, self.site["accounts"]["author"])
        self.assertEqual(status, 201, comment)
        self.check_code(self.daemon.halfmast("raise", "outage", "--reason", "checkout is failing again", "-o", "json"), 0)
        words = "We're sorry - nobody was charged twice. Write to help@acme.example."
        asked = self.daemon.halfmast("say", "reply", "blog", f"comment-{comment['id']}", "--text", words)
        self.assertIn(asked.code, (0, 8), asked)  # 8: it is on its way
        answers = wait_until(lambda: self.answers_to(comment["id"]), 30, "the answer is public")
        self.assertEqual([re.sub(r"<[^>]*>|\s+$", "", one["content"]["rendered"]) for one in answers],
                         ["We&#8217;re sorry &#8211; nobody was charged twice. Write to help@acme.example."])
        self.check_code(self.daemon.halfmast("lower"), 0)
        self.assertEqual(len(self.answers_to(comment["id"])), 1)

    def answers_to(self, comment):
        return http("GET", f"{self.site['url']}/wp-json/wp/v2/comments?parent={comment}")[1]


if __name__ == "__main__":
    main()
