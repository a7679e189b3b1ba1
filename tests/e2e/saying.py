"""The story of what is said in a crisis, as every real platform has to tell it: the summary goes out and is pinned, two updates and a
correction keep it current, the all-clear ends it, and the former pins are exactly as before. A platform says how a visitor reads it."""
import time
import zoneinfo

from support import parse_time, wait_until

KINDS = ("summary", "update", "correction", "all_clear")
TEXTS = {
    "en": ("We know that checkout is failing. Next update by {{next_update_by}}.", "Update: {{about}} Next update by {{next_update_by}}.",
           "Correction: {{about}} Next update by {{next_update_by}}.", "All clear: {{about}}"),
    "hu": ("Tudjuk, hogy a fizetés nem működik. Legközelebb eddig jelentkezünk: {{next_update_by}}.",
           "Frissítés: {{about}} Legközelebb eddig jelentkezünk: {{next_update_by}}.",
           "Helyesbítés: {{about}} Legközelebb eddig jelentkezünk: {{next_update_by}}.", "Elhárult: {{about}}"),
    "ru": ("Оплата не работает. Следующее сообщение до {{next_update_by}}.", "Новое: {{about}} Следующее сообщение до {{next_update_by}}.",
           "Поправка: {{about}} Следующее сообщение до {{next_update_by}}.", "Исправлено: {{about}}"),
}
PLAYBOOK = """
[[playbook]]
name     = "outage"
severity = "major"
hold     = ["promotional"]
next_update = "45m"
publish  = "at-once"
undo     = "0s"
most_public_acts = 20
languages = ["en"]
reply_wait = "0s"
reply_second_person = false
""" + "".join(f'{kind}.{tag} = "{texts[at]}"\n' for tag, texts in TEXTS.items() for at, kind in enumerate(KINDS))

# The queue is another story's.
NOTHING_IS_HELD = """
[judgement]
promotional.tags = ["nothing-has-this"]
"""

SAID = ("Cards work again.", "Bank transfers work too.", "Transfers to Poland do not work yet.", "A cable was cut; it is mended.")


class Saying:
    """What a Story of a real platform mixes in. It has self.daemon, self.language, self.zone, and:
    pinned(): ids of the pinned posts, in the platform's order, as a visitor is shown them
    public_text(id): what a visitor reads in that post
    edits: True where the pinned post itself is changed
    in_thread(id, first): where it is not: the post `id` hangs in the thread of the post `first`"""

    def begins_with(self, kind):
        return TEXTS[self.language][KINDS.index(kind)].split("{{")[0].strip()

    def ours(self):
        return [post for post in self.pinned() if post not in self.former]

    def from_the_summary_to_the_all_clear(self):
        self.former = self.pinned()
        self.assertTrue(self.former, "something is pinned before")
        self.the_summary_goes_out()
        self.first = self.latest
        self.update(SAID[0])
        self.update(SAID[1])
        self.correct(SAID[2])
        self.all_clear(SAID[3])

    def the_summary_goes_out(self):
        began = time.monotonic()
        raised = self.check_code(self.daemon.halfmast("raise", "outage", "--reason", "checkout is failing", "-o", "json"), 0).json
        print(f"the summary was out and pinned {time.monotonic() - began:.1f} s after the command", flush=True)
        self.shows("summary", "", raised["crisis"]["next_update_by"])

    def update(self, about):
        self.check_code(self.daemon.halfmast("say", "publish", "--about", about, "--next-update", "30m", "--now"), 0)
        self.shows("update", about)

    def correct(self, about):
        self.check_code(self.daemon.halfmast("say", "correct", "--about", about, "--now"), 0)
        self.shows("correction", about)

    def all_clear(self, about):
        self.check_code(self.daemon.halfmast("lower", "--all-clear", "--about", about, "--reason", "checkout works again"), 0)
        wait_until(lambda: self.pinned() == self.former, 30, "the former pins are exactly as before")
        if self.edits:
            self.reads(self.first, "all_clear", about)
        else:
            last = self.everything()[-1]
            self.reads(last, "all_clear", about)
            self.in_thread(last, self.first)
        self.nothing_was_said_twice_or_taken_back()
        self.assertEqual(self.daemon.status()["crises"], [])

    def shows(self, kind, about, promise=None):
        """One post of ours is pinned, it says this first, and promises the next word in the reader's own time."""
        pinned = wait_until(lambda: self.ours() if len(self.ours()) == 1 else None, 30, f"one post of ours is pinned with the {kind}")
        if kind != "summary" and self.edits:
            self.assertEqual(pinned, [self.latest], "the same post, and still pinned")
        elif kind != "summary":
            wait_until(lambda: self.ours() != [self.latest], 30, "the new one is pinned instead")
            pinned = self.ours()
            self.in_thread(pinned[0], self.first)
        self.latest = pinned[0]
        wait_until(lambda: self.begins_with(kind) in self.public_text(self.latest), 30, f"visitors read the {kind}")
        promise = promise or self.daemon.crisis()["next_update_by"]
        local = parse_time(promise).astimezone(zoneinfo.ZoneInfo(self.zone))
        self.reads(self.latest, kind, about, rf"\b0?{local.hour}:{local.minute:02}\b")  # some languages write 0:05

    def reads(self, post, kind, about, promised=""):
        text = self.public_text(post)
        self.assertIn(self.begins_with(kind), text)
        self.assertNotIn("{{", text)
        newest = text[:text.find(self.begins_with("summary"))] if kind != "summary" and self.edits else text
        self.assertIn(about, newest)
        if promised:
            self.assertRegex(newest, promised)

    def nothing_was_said_twice_or_taken_back(self):
        """Each of the five is still there to be read, once; where one post says all, the newest stands first."""
        all_of_it = "\n".join(self.public_text(post) for post in self.everything())
        places = []
        for words in (self.begins_with("summary"), *SAID):
            self.assertEqual(all_of_it.count(words), 1, f"{words!r} in {all_of_it}")
            places.append(all_of_it.index(words))
        self.assertEqual(places, sorted(places, reverse=self.edits))
