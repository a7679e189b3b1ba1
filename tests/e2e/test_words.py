"""What people type into the public texts, from outside on the practice platform: by language, with something missing, and with one person
where two are needed."""
import os
import subprocess
import unittest

from support import CLIENT, Result, Story, account, in_parallel, main, secret_file, wait_until

ACCOUNTS = {"acme-en": "en", "acme-hu": "hu", "acme-ru": "ru"}


def playbook(summary, **more):
    keys = {"severity": "major", "next_update": "45m", "publish": "at-once", "undo": "0s", **more}
    lines = "".join(f'{name} = "{value}"\n' for name, value in keys.items())
    texts = {**{f"summary.{tag}": text for tag, text in summary.items()},
             "update.en": "Update: {{about}} Next update by {{next_update_by}}.", "update.hu": "Frissítés: {{about}} Legközelebb: {{next_update_by}}.",
             "update.ru": "Новое: {{about}} До {{next_update_by}}.", "correction.en": "Correction: {{about}} Next update by {{next_update_by}}.",
             "all_clear.en": "It is over."}
    return '\n[[playbook]]\nname = "outage"\nlanguages = ["en"]\n' + lines + "".join(f'{name} = "{text}"\n' for name, text in texts.items())


PLAIN = {"en": "Checkout is failing. Next update by {{next_update_by}}."}
NAMED = {"en": "We know of this: {{reason}}. Next update by {{next_update_by}}.", "hu": "Tudunk erről: {{reason}}. Legközelebb: {{next_update_by}}.",
         "ru": "Нам известно: {{reason}}. До {{next_update_by}}."}


class Words(Story):
    def begin(self, book, accounts=("acme-en",)):
        names = [word for id in accounts for word in ("--account", f"{id}:token-{id}")]
        self.sandbox = self.begin_sandbox("--rate-limit", "0", *names)
        self.accounts = accounts
        settings = "".join(account("mastodon", self.sandbox.url, id, token={"file": secret_file(self.folder, f"token-{id}", f"token-{id}")},
                                   language=ACCOUNTS[id], poll_every="1s", sweep_every="1s") for id in accounts)
        self.daemon = self.begin_daemon(settings, playbook=book)
        for id in accounts:
            wait_until(lambda: self.daemon.polled(id), 30, f"{id} was read")

    def do(self, *words, code=0):
        return self.check_code(self.daemon.halfmast(*words), code)

    def says(self, id):
        """What stands there in public, the newest words of each post."""
        return [post["text"] for post in self.sandbox.state(id)["published"]]

    def pinned(self, id):
        return [post["text"] for post in self.sandbox.state(id)["published"] if post["pinned"]]


class SomethingIsMissing(Words):
    def test_it_waits_while_posts_are_held_and_goes_out_whole(self):
        self.begin(playbook(NAMED))
        self.sandbox.seed("acme-en", {"text": "Sale #promo", "due": "+1h"})
        wait_until(self.daemon.posts, 30, "the queue was read")
        shown = self.do("raise", "outage", "-n")
        self.assertIn("nothing is given for {{reason}}", shown.out)
        raised = self.do("raise", "outage", code=8)
        self.assertIn("1 held and confirmed", raised.last_line)
        self.assertIn("nothing is given for {{reason}}: 'halfmast say approve c-1 --edition 1' sends the words without it, "
                      "'halfmast say publish --summary c-1 --reason TEXT' says them whole", raised.last_line)
        self.assertEqual(self.says("acme-en"), [])
        self.do("say", "publish", "--summary", "c-1", "--reason", "the tills are down")
        self.assertIn("We know of this: the tills are down.", self.pinned("acme-en")[0])
        self.assertEqual(len(self.says("acme-en")), 1)
        self.do("raise", "outage")  # nothing waits any more
        self.do("lower")

    def test_or_as_it_is_by_a_persons_word(self):
        self.begin(playbook(NAMED))
        self.do("raise", "outage", code=8)
        self.assertEqual(self.says("acme-en"), [])
        self.do("say", "approve")
        self.assertIn("We know of this: .", self.pinned("acme-en")[0])


class ByLanguage(Words):
    def test_each_account_gets_its_own_or_the_next_best(self):
        self.begin(playbook(NAMED), tuple(ACCOUNTS))
        self.do("raise", "outage", "--reason-in", "en", "a cable is cut", "--reason-in", "hu", "elvágtak egy kábelt")
        self.assertIn("We know of this: a cable is cut.", self.pinned("acme-en")[0])
        self.assertIn("Tudunk erről: elvágtak egy kábelt.", self.pinned("acme-hu")[0])
        self.assertIn("Нам известно: a cable is cut.", self.pinned("acme-ru")[0])
        self.assertEqual(self.daemon.crisis()["reason_in"], {"en": "a cable is cut", "hu": "elvágtak egy kábelt"})

        words = ("--about-in", "hu", "A kártyák = működnek.", "--about-in", "ru", "Карты работают.", "--about", "Cards = work.")
        drafted = self.do("say", "draft", *words, "-o", "json").json["statements"]
        self.assertEqual({one["account"]: [(filled["language"], filled["differs"]) for filled in one["fillings"]] for one in drafted},
                         {"acme-en": [("und", False)], "acme-hu": [("hu", False)], "acme-ru": [("ru", False)]})
        marked = self.do("say", "draft", "--about-in", "hu", "Működik.")
        self.assertEqual(marked.out.count("NOT the language of the text"), 2)
        self.do("say", "publish", *words)
        for id, about in (("acme-en", "Update: Cards = work."), ("acme-hu", "Frissítés: A kártyák = működnek."), ("acme-ru", "Новое: Карты работают.")):
            self.assertIn(about, self.pinned(id)[0])
        self.daemon.stop()
        self.daemon.start()
        self.assertEqual(self.daemon.crisis()["editions"][1]["about_in"],
                         {"und": "Cards = work.", "hu": "A kártyák = működnek.", "ru": "Карты работают."})
        wrong = self.do("say", "publish", "--about-in", "hungarian!", "x", code=2)
        self.assertIn("is not a language tag", wrong.err)


@unittest.skipUnless(os.geteuid() == 0, "a second person is another user of this machine, and only root can be one")
class TwoPeople(Words):
    def by_another(self, *words):
        everything = {"PATH": os.environ["PATH"], "HALFMAST_SOCKET": self.daemon.socket, "NO_COLOR": "1"}
        done = subprocess.run([CLIENT, *words], env=everything, capture_output=True, text=True, timeout=120,
                              user="daemon", group=os.getegid(), extra_groups=[])
        return Result(done)

    def test_a_statement_needs_another_one_or_a_broken_glass(self):
        os.chmod(self.folder, 0o755)
        self.begin(playbook(PLAIN, two_person="major"))
        self.do("raise", "outage")  # prepared words need nobody else
        asked = self.do("say", "publish", "--about", "Cards work.", code=8)
        self.assertIn("waits for 'halfmast say approve c-1 --edition 2'", asked.last_line)
        alone = self.do("say", "approve", code=4)
        self.assertIn("somebody else has to agree", alone.err)
        self.assertIn("Checkout is failing.", self.pinned("acme-en")[0])
        self.check_code(self.by_another("say", "approve", "c-1"), 0)
        self.assertIn("Cards work.", self.pinned("acme-en")[0])
        self.assertNotIn("glass_broken", self.do("audit", "list", "-o", "json").out)

        self.do("say", "publish", "--about", "Transfers work.", "--break-glass", "nobody else is awake")
        self.assertIn("Transfers work.", self.pinned("acme-en")[0])
        broken = [record for record in self.do("audit", "list", "--limit", "1000", "-o", "json").json["records"] if record["kind"] == "glass_broken"]
        self.assertEqual([(record["outcome"], record["why"]) for record in broken], [("say update", "nobody else is awake")])
        pages = self.daemon.halfmast("pages", "list", "-o", "json").json["pages"]
        self.assertTrue([page for page in pages if "glass-broken" in str(page) and "nobody else is awake" in str(page)], pages)

        self.do("say", "correct", "--about", "Not yet to Poland.", code=8)
        self.do("say", "approve", "--break-glass", "still alone")
        self.assertIn("Not yet to Poland.", self.pinned("acme-en")[0])


if __name__ == "__main__":
    main(in_parallel(4))
