"""Every kind of receiver, driven by the real daemon, against a fake that checks and keeps what its vendor does, and fails as its vendor
fails: what became of each letter, as a table. The stories go on at the same time, each on an account, a flag and receivers of its own."""
import json
import unittest

import receiver_fakes
from support import Story, account, in_parallel, main, secret_file, wait_until

LONG = "naïve café 🚒 <!channel> @everyone & " + "x" * 6000


class StandIn(receiver_fakes.Webhook):
    """Told when another one does not take a letter."""
    kind = "stand-in"


# What happens to the first letter, or to each: see Vendors.
STORIES = {
    "plain": lambda fake: [],
    "limited": lambda fake: [lambda one: one.limited()] if fake.limited() else None,
    "sick": lambda fake: [lambda one: (503, {}, "away"), lambda one: (500, {}, "<html>oops</html>")],
    "cut": lambda fake: ["cut"],
    "slow": lambda fake: ["slow"],
    "long": lambda fake: [],
    "refused": lambda fake: lambda one: (one.refusal[0], {}, one.refusal[1]),
    "gone": lambda fake: lambda one: (one.gone[0], {}, one.gone[1]),
    "false": lambda fake: [lambda one: (one.false_success[0], {}, one.false_success[1])] if fake.false_success else None,
}
KILLED = {"killed": lambda fake: ["slow"]}       # the daemon is, before the answer comes
IN_VAIN = {"refused", "gone"}                    # a person has to do something: who stands in is told
TIMEOUTS = {"slow": "1s", "killed": "60s"}       # of the others none is to be taken for a vendor that hangs
TAKEN_TWICE = {"cut", "slow"}                    # nobody can know that it was taken
# Where the answer says that the letter itself is refused, repeating it is no use.
REFUSED_FOR_GOOD = {("pushover", "false")}


class EveryKind(Story):
    def setUp(self):
        super().setUp()
        self.vendors = receiver_fakes.Vendors()
        self.addCleanup(self.vendors.close)
        self.fakes = {}
        self.secrets = set()

    def add(self, kind, story, **more):
        """[[receiver]] NAME of this kind, or nothing where this cannot happen to it."""
        fake = kind(story)
        plain, secret = fake.settings(self.vendors.add(fake))
        name = f"{fake.kind}-{story}"
        kind_name = "webhook" if kind is StandIn else fake.kind
        lines = ["[[receiver]]", f'name = "{name}"', f'kind = "{kind_name}"']
        lines += [f"{key} = {json.dumps(value)}" for key, value in {**plain, **more}.items()]
        self.secrets.add(fake.key)
        for key, value in secret.items():
            self.secrets.add(value)
            lines.append(f'{key} = {{ file = "{secret_file(self.folder, f"{name}-{key}", value)}" }}')
        self.fakes[fake.kind, story] = fake
        return "\n".join(lines) + "\n", name

    def begin(self, stories, kinds=receiver_fakes.KINDS):
        self.sandbox = self.begin_sandbox(*[word for story in stories for word in ("--account", f"{story}:token-{story}")])
        settings = ""
        for story in stories:
            token = secret_file(self.folder, f"account-{story}", f"token-{story}")
            settings += account("mastodon", self.sandbox.url, story, token={"file": token}, poll_every="1s", sweep_every="1s", labels={"story": story})
            text, stand_in = self.add(StandIn, story)
            settings += text
            names = []
            for kind in kinds:
                fault = (STORIES | KILLED)[story](kind(story))
                if fault is None:
                    continue
                text, name = self.add(kind, story, timeout=TIMEOUTS.get(story, "20s"), instead=stand_in)
                settings += text
                names.append(name)
                self.vendors.faults[kind.kind, story] = fault
            settings += f'[[route]]\nname = "{story}"\nmatch = {{ story = "{story}", kind = "crisis" }}\nto = {json.dumps(names)}\ngather = "0s"\nrepeat = "1h"\n'
        self.daemon = self.begin_daemon(settings)
        for story in stories:
            wait_until(lambda: self.daemon.polled(story), 30, "the queues were read")
        self.crises = {}
        for story in stories:
            reason = LONG if story == "long" else "checkout is failing"
            raised = self.daemon.halfmast("raise", "outage", "--reason", reason, "--scope", f"story={story}", "--wait", "0s", "-o", "json")
            self.assertIn(raised.code, (0, 8), raised)
            self.crises[story] = raised.json["crisis"]["id"]

    def each(self, *stories):
        return [fake for (kind, story), fake in self.fakes.items() if story in stories and kind != "stand-in"]

    def is_in_vain(self, fake):
        return fake.story in IN_VAIN or (fake.kind, fake.story) in REFUSED_FOR_GOOD

    def heard(self, fake, verb):
        return fake.said.count(verb)

    def tell_all(self, verb, fakes):
        def missing():
            return [(fake.kind, fake.story, fake.said) for fake in fakes if not self.is_in_vain(fake) and not self.heard(fake, verb)]
        try:
            wait_until(lambda: not missing(), 60, verb)
        except AssertionError:
            self.fail(f"not told '{verb}': {missing()}\n{self.daemon.said()}")

    def acknowledge_and_lower(self, stories):
        keys = [page["key"] for page in self.daemon.halfmast("pages", "list", "-o", "json").json["pages"] if page["key"].startswith("crisis/")]
        self.assertEqual(len(keys), len(stories))
        self.check_code(self.daemon.halfmast("pages", "ack", *keys), 0)
        everybody = self.each(*stories)
        self.tell_all("acknowledge", [fake for fake in everybody if fake.hears_in_hand])
        for story in stories:
            self.daemon.halfmast("lower", self.crises[story], "--reason", "it works again")
        self.tell_all("resolve", everybody)

    def no_secret_is_told(self):
        texts = {"pages list": self.daemon.halfmast("pages", "list", "-o", "json").out, "status": self.daemon.halfmast("status").out,
                 "doctor --pages": self.daemon.halfmast("doctor", "--pages", "-o", "json").out}
        texts["ledger"] = "".join(self.daemon.ledger_texts())
        with open(self.daemon.log_name, errors="replace") as log:
            texts["journal"] = log.read()
        for where, text in texts.items():
            for secret in self.secrets:
                self.assertNotIn(secret, text, f"{where} names a secret")
            self.assertNotIn("canary", text, f"{where} names a secret")

    def test_against_the_errors_of_its_vendor(self):
        self.begin(list(STORIES))
        everybody = self.each(*STORIES)
        self.tell_all("trigger", everybody)
        for story in IN_VAIN:
            stand_in = self.fakes["stand-in", story]
            wait_until(lambda: self.heard(stand_in, "trigger") == 1, 30, f"who stands in is told, once: {story}")
            for fake in self.each(story):
                self.assertEqual((fake.requests, fake.said), (1, []), f"{fake.kind}/{story}: it is not asked again and again")
        self.acknowledge_and_lower(list(STORIES))
        for fake in everybody:
            self.check(fake)
        self.print_table(everybody)
        self.no_secret_is_told()

    def check(self, fake):
        with self.subTest(kind=fake.kind, story=fake.story):
            self.assertEqual([said for said in fake.said if said.startswith("WRONG")], [], "its vendor takes the letter")
            if self.is_in_vain(fake):
                return
            most = 2 if fake.story in TAKEN_TWICE else 1
            self.assertIn(self.heard(fake, "trigger"), range(1, most + 1))
            self.assertEqual(self.heard(fake, "acknowledge"), 1 if fake.hears_in_hand else 0)
            self.assertEqual(self.heard(fake, "resolve"), 1)
            self.assertEqual(fake.said, sorted(fake.said, key=["trigger", "acknowledge", "resolve"].index), "in the order in which it happened")
            if fake.has_keys:
                self.assertEqual(list(fake.incidents.values()), ["over"], "one incident, and it is over")

    def cell(self, fake):
        told = self.heard(fake, "trigger")
        if not told:
            return "refused, stand-in told" if self.heard(self.fakes["stand-in", fake.story], "trigger") else "NOBODY TOLD"
        once = "once" if told == 1 else "twice, one incident" if fake.has_keys else "twice"
        return once + (f", try {fake.requests - len(fake.said) + 1}" if fake.requests > len(fake.said) else "")

    def print_table(self, fakes):
        by = {(fake.kind, fake.story): self.cell(fake) for fake in fakes}
        kinds = [kind.kind for kind in receiver_fakes.KINDS]
        width = max(len(text) for text in by.values()) + 2
        print("\nreceiver x what its vendor answers -> how often the page was told")
        print("".ljust(14) + "".join(story.ljust(width) for story in STORIES))
        for kind in kinds:
            print(kind.ljust(14) + "".join(by.get((kind, story), "-").ljust(width) for story in STORIES))
        self.assertNotIn("NOBODY TOLD", by.values())

    def test_and_the_daemon_is_killed_before_it_hears_the_answer(self):
        """Each vendor has taken the letter, and nobody is there to be told so: a second one at most, of the same incident, and never none."""
        self.begin(["killed"])
        everybody = self.each("killed")
        self.tell_all("trigger", everybody)
        self.daemon.kill()
        self.vendors.release.set()
        self.daemon.start()
        wait_until(lambda: all(self.heard(fake, "trigger") == 2 for fake in everybody), 30, "and is sent again")
        self.acknowledge_and_lower(["killed"])
        for fake in everybody:
            with self.subTest(kind=fake.kind):
                self.assertEqual(fake.said.count("trigger"), 2)
                if fake.has_keys:
                    self.assertEqual(list(fake.incidents.values()), ["over"])
        self.no_secret_is_told()


if __name__ == "__main__":
    main(in_parallel(3))
