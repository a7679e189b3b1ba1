"""What halfmast says, beside what really happened: the practice platform's own records are the judge.

Every promotional post that got out after the raise is reported as escaped, under the id it has among the public ones, in `status`, in
`queue list`, in `audit silence` and in the ledger; what is said to be held is not public, and is parked or stored; nothing is lost."""
import concurrent.futures
import datetime

from support import Story, account, parse_time, secret_file, utc, wait_until

MARK = "#promo"
FAR = datetime.timedelta(days=300)
OPEN = ("planned", "stopping", "unconfirmed")


class FaultStory(Story):
    """One practice platform with one account, one daemon, and seeded posts by name."""

    def begin(self, *sandbox_options, posts, faults=None, limits="0", **settings):
        """posts: {name: due} such as {"near": "+20s"}, counted from when the daemon is up. It has seen them when this returns."""
        self.sandbox = self.begin_sandbox("--account", "alice:token-alice", "--rate-limit", limits, *sandbox_options)
        token = secret_file(self.folder, "token", "token-alice")
        settings = {"poll_every": "1s", "sweep_every": "1s", **settings}
        self.daemon = self.begin_daemon(account("mastodon", self.sandbox.url, "social", token={"file": token}, **settings))
        wait_until(lambda: self.daemon.polled("social"), 40, "the queue was read")
        ids = self.sandbox.seed("alice", *[{"due": due, "text": f"Offer {name} {MARK}"} for name, due in posts.items()])["ids"]
        self.ids = dict(zip(posts, ids))
        wait_until(lambda: len(self.daemon.posts()) == len(posts), 20, "the posts were seen")
        if faults:
            self.faults(*faults)
        return self.daemon

    def faults(self, *rules):
        self.sandbox.control("POST", "faults", {"rules": list(rules)})

    def scheduled_path(self, name):
        return f"/api/v1/scheduled_statuses/{self.ids[name]}"

    def struck(self):
        rules = self.sandbox.control("GET", "faults")["rules"]
        self.assertEqual([rule["trouble"] for rule in rules if "trouble" in rule], [])
        return [rule["struck"] for rule in rules]

    def raise_flag(self, wait="30s", codes=(0, 8)):
        self.raised_at = parse_time(self.sandbox.control("GET", "state?account=alice&brief=1")["now"])
        raised = self.daemon.halfmast("raise", "outage", "--reason", "checkout is failing", "--wait", wait, "-o", "json")
        self.assertIn(raised.code, codes, raised)
        return raised

    def raise_flag_and(self, meanwhile, **how):
        """As raise_flag; `meanwhile` is called while the command waits for the end."""
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            raising = pool.submit(self.raise_flag, **how)
            meanwhile()
            return raising.result(120)

    def let_pass(self, length):
        """At the platform: what is due by then goes out now, however long this machine took to come here."""
        self.sandbox.control("POST", "clock", {"forward": length})

    def state_of(self, name):
        post = self.daemon.posts().get(f"social/{self.ids[name]}")
        return post["state"] if post else None

    def states(self):
        posts = self.daemon.posts()
        return {name: posts.get(f"social/{id}", {}).get("state") for name, id in self.ids.items()}

    def wait_states(self, seconds, **wanted):
        """Until each post named is in one of the states given for it ("held" or ("held", "gone"))."""
        allowed = {name: (states,) if isinstance(states, str) else states for name, states in wanted.items()}
        try:
            wait_until(lambda: all(self.states()[name] in allowed[name] for name in allowed), seconds, "")
        except AssertionError:
            self.fail(f"not within {seconds} s: {wanted}; they are {self.details()}")

    def details(self):
        return {id: {key: post.get(key) for key in ("state", "rung", "due", "detail")} for id, post in self.daemon.posts().items()}

    def published(self):
        return self.sandbox.state("alice")["published"]

    def got_out(self):
        """The promotional posts that are public since the raise, whoever sent them: {public id: the scheduled id it had, or None}."""
        return {post["id"]: post["was_scheduled"] for post in self.published() if MARK in post["text"] and parse_time(post["at"]) >= self.raised_at}

    def truth(self, seconds=30):
        """Waits until nothing is under way and every escape is reported; then compares all there is."""
        def quiet():
            crisis = self.daemon.crisis()
            return not any(crisis["holds"][state] for state in OPEN) and crisis["holds"]["escaped"] == len(self.got_out())
        try:
            wait_until(quiet, seconds, "")
        except AssertionError:
            self.fail(f"not at rest within {seconds} s: {self.daemon.crisis()['holds']}, {len(self.got_out())} got out: {self.details()}")
        out = self.got_out()
        posts = {id: post for id, post in self.daemon.posts().items() if MARK in post["text"] and "crises" in post}
        self.compare_escapes(out, posts)
        self.compare_the_rest(out, posts)
        counts = self.daemon.crisis()["holds"]
        for state in ("held", "escaped", "manual", "gone", "failed"):
            self.assertEqual(counts[state], sum(post["state"] == state for post in posts.values()), (state, counts, posts))
        self.check_code(self.daemon.halfmast("audit", "verify", "--state-dir", self.daemon.state_dir), 0)
        return counts

    def compare_escapes(self, out, posts):
        escaped = {id: post for id, post in posts.items() if post["state"] == "escaped"}
        self.assertEqual({post.get("escaped_as") for post in escaped.values()} - {None, ""} - set(out), set(), "named, but not public")
        for public, scheduled in out.items():
            ours = escaped.get(f"social/{scheduled}") if scheduled else None
            self.assertIsNotNone(ours, f"public post {public} was {scheduled}, which is {posts.get(f'social/{scheduled}')}")
        silence = self.daemon.halfmast("audit", "silence", self.daemon.crisis()["id"], "-o", "json")
        self.assertEqual({one["id"] for one in silence.json["escaped"]}, set(escaped))
        self.assertEqual({one["escaped_as"] for one in silence.json["escaped"]}, set(out), silence)
        self.assertEqual(silence.code, 1 if out else 0, silence)
        for id in escaped:
            self.assertIn("hold_escaped", self.records_of(id))

    def compare_the_rest(self, out, posts):
        """Held is parked far ahead or taken out and stored; gone is nowhere; manual is still there; none of them is public."""
        there = {post["id"]: post for post in self.sandbox.state("alice")["scheduled"]}
        for id, post in posts.items():
            state, remote = post["state"], id.split("/")[1]
            if state == "held" and remote in there:
                self.assertGreater(parse_time(there[remote]["due"]), parse_time(utc()) + FAR, post)
            elif state == "held":
                self.assertEqual(post["rung"], "takeout", post)
                self.assertIn("hold_saved", self.records_of(id), "it is not there, so it must be stored here")
            elif state == "gone":
                self.assertNotIn(remote, there, post)
            elif state != "escaped":
                self.assertIn(state, ("manual", "failed"), post)
        promotional = {f"social/{id}" for id, post in there.items() if MARK in post["text"]}
        self.assertEqual(promotional - set(posts), set(), "a promotional post that nobody holds")
        self.assertEqual({f"social/{id}" for id in self.ids.values()} - set(posts), set(), "a promotional post nobody speaks of")

    def records_of(self, id):
        return [record["kind"] for record in self.daemon.halfmast("audit", "list", "--target", id, "-o", "json").json["records"]]
