"""What happens when things go wrong: the daemon dies, is down, is started twice, the platform lies or refuses, the settings are wrong."""
import collections
import json
import os
import re
import subprocess
import threading

from support import BUILD, CLIENT, Story, account, main, secret_file, wait_until


class BadDays(Story):
    def begin(self, *sandbox_options, **settings):
        self.sandbox = self.begin_sandbox("--account", "alice:token-alice", *sandbox_options)
        return self.settings(**settings)

    def settings(self, **more):
        token = secret_file(self.folder, "token", "token-alice")
        return account("mastodon", self.sandbox.url, "social", token={"file": token}, **more)

    def held(self, daemon):
        crises = daemon.status()["crises"]
        return crises[0]["holds"]["held"] if crises else 0

    def test_killed_in_the_middle_of_a_raise(self):
        accounts = self.begin("--rate-limit", "0", "--latency", "40ms")
        self.sandbox.seed("alice", {"due": "+2h", "every": "1m", "count": 200, "text": "Sale number {n} #promo"})
        self.sandbox.control("POST", "faults", {"rules": [{"method": "PUT", "path": "/api/v1/scheduled_statuses/*", "after": 40,
                                                           "fault": {"delay": "30s", "no_answer": True}}]})
        daemon = self.begin_daemon(accounts)
        wait_until(lambda: daemon.polled("social"), 30, "the queue was read")
        said = []
        raising = threading.Thread(target=lambda: said.append(daemon.halfmast("raise", "outage", "--reason", "power cut")))
        raising.start()
        wait_until(lambda: self.puts_that_worked() == 40, 60, "some are moved, and the next ones hang")
        daemon.kill()
        self.sandbox.control("POST", "faults", {"rules": []})
        daemon.start()
        wait_until(lambda: self.held(daemon) == 200, 90, "all are held")
        wait_until(lambda: daemon.crisis()["summary"]["pinned"] == 1, 30, "the summary is pinned")
        state = self.sandbox.state("alice")
        self.assertEqual([post["text"] for post in state["published"] if "Sale" in post["text"]], [])
        self.assertEqual(len([post for post in state["published"] if "checkout" in post["text"]]), 1, "the summary, once")
        self.assertEqual(len(state["scheduled"]), 200)
        twice = {path: times for path, times in self.moves().items() if times > 1}
        self.assertEqual(twice, {}, "none is held twice")
        raising.join(90)
        self.assertIn(said[0].code, (0, 8), said)  # it may not say "confirmed" when it lost sight of the daemon
        self.assertEqual(daemon.stop(), 0)
        self.check_code(daemon.halfmast("audit", "verify", "--state-dir", daemon.state_dir), 0)

    def moves(self):
        return collections.Counter(call["path"] for call in self.sandbox.calls("alice")
                                   if call["method"] in ("PUT", "DELETE") and call["status"] == 200)

    def puts_that_worked(self):
        return sum(self.moves().values())

    def test_a_lying_platform_is_not_believed(self):
        accounts = self.begin("--rate-limit", "0")
        self.sandbox.seed("alice", {"due": "+2h", "text": "Half price #promo"})
        self.sandbox.control("POST", "faults", {"rules": [{"method": "PUT", "path": "/api/v1/scheduled_statuses/*", "fault": {"lie": True}}]})
        daemon = self.begin_daemon(accounts)
        wait_until(lambda: daemon.polled("social"), 30, "the queue was read")
        self.check_code(daemon.halfmast("raise", "outage"), 0)
        post = next(iter(daemon.posts().values()))
        self.assertEqual((post["state"], post["rung"]), ("held", "takeout"))
        self.assertEqual(self.sandbox.state("alice")["scheduled"], [])

    def test_what_cannot_be_held_is_said(self):
        accounts = self.begin("--rate-limit", "0")
        self.sandbox.seed("alice", {"due": "+2h", "text": "Half price #promo"}, {"due": "+3h", "text": "A third off #promo"})
        stubborn = self.sandbox.state("alice")["scheduled"][0]["id"]
        refusals = [{"method": method, "path": f"/api/v1/scheduled_statuses/{stubborn}", "fault": {"status": 403}} for method in ("PUT", "DELETE")]
        self.sandbox.control("POST", "faults", {"rules": refusals})
        daemon = self.begin_daemon(accounts)
        wait_until(lambda: daemon.polled("social"), 30, "the queue was read")
        raised = self.check_code(daemon.halfmast("raise", "outage", "--wait", "20s"), 8)
        self.assertIn("1 held and confirmed, 1 NOT confirmed", raised.last_line)
        self.assertIn(f"social/{stubborn}", raised.last_line)
        self.assertEqual(daemon.posts()[f"social/{stubborn}"]["state"], "manual")

    def test_a_raise_while_the_daemon_is_down(self):
        accounts = self.begin("--rate-limit", "0")
        self.sandbox.seed("alice", {"due": "+2h", "text": "Half price #promo"})
        daemon = self.begin_daemon(accounts)
        wait_until(lambda: daemon.polled("social"), 30, "the queue was read")
        daemon.stop()
        down = self.check_code(daemon.halfmast("raise", "outage", "--reason", "nobody is home"), 7)
        self.assertIn("--direct", down.out + down.err)
        daemon.start()
        wait_until(lambda: self.held(daemon) == 1, 30, "the spooled flag was obeyed")
        self.assertEqual(daemon.crisis()["reason"], "nobody is home")
        self.assertEqual(os.listdir(os.path.join(daemon.state_dir, "spool")), [])

    def test_a_direct_raise_needs_no_daemon(self):
        accounts = self.begin("--rate-limit", "0")
        self.sandbox.seed("alice", {"due": "+2h", "text": "Half price #promo"})
        daemon = self.begin_daemon(accounts)
        daemon.stop()
        raised = self.check_code(daemon.halfmast("raise", "outage", "--direct", "--config", daemon.config), 0)
        self.assertIn("1 held and confirmed", raised.last_line)
        self.assertEqual(len([post for post in self.sandbox.state("alice")["published"] if post["pinned"]]), 1)
        daemon.start()
        self.assertEqual(self.held(daemon), 1)

    def test_a_second_daemon_refuses_to_start(self):
        accounts = self.begin()
        daemon = self.begin_daemon(accounts)
        second = subprocess.run([os.path.join(BUILD, "halfmastd"), "--config", daemon.config], capture_output=True, text=True, timeout=60)
        self.assertEqual(second.returncode, 1)
        self.assertIn(str(daemon.process.pid), second.stderr)
        self.assertEqual(daemon.halfmast("status").code, 0)

    def test_a_refused_token_is_said_before_a_crisis(self):
        accounts = self.begin()
        self.sandbox.control("POST", "revoke", {"account": "alice"})
        daemon = self.begin_daemon(accounts)
        wait_until(lambda: daemon.status()["degraded"], 30, "the trouble is shown")
        self.assertIn("401", daemon.status()["degraded"][0])
        self.assertNotIn("token-alice", json.dumps(daemon.status()) + daemon.said())
        doctor = self.check_code(daemon.halfmast("doctor", "-o", "json"), 8)
        self.assertTrue(any(not line["ok"] for line in doctor.json["accounts"][0]["checks"]))
        raised = self.check_code(daemon.halfmast("raise", "outage", "--wait", "3s"), 8)
        self.assertIn("NOT read: social", raised.last_line)


class WrongSettings(Story):
    def test_five_faults_are_five_lines(self):
        file = os.path.join(self.folder, "wrong.toml")
        with open(file, "w") as out:
            out.write('[daemon]\n'
                      'state_dri = "/tmp/x"\n'
                      '[[account]]\n'
                      'id = "a/b"\n'
                      'connector = "wordpres"\n'
                      'poll_every = "soon"\n'
                      '[[playbook]]\n'
                      'name = "outage"\n'
                      'summary.en = "Next update by {{next_updat_by}}."\n')
        done = subprocess.run([CLIENT, "check-config", file], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 6, done.stdout + done.stderr)
        faults = [line for line in done.stdout.splitlines() if re.match(re.escape(file) + r":\d", line)]
        places = sorted(int(line[len(file) + 1:].split(":")[0]) for line in faults)
        self.assertEqual(places, [2, 4, 5, 6, 9], done.stdout)
        for line in faults:
            self.assertRegex(line[len(file):], r"^:\d+:\d+: ")
        as_json = subprocess.run([CLIENT, "check-config", file, "-o", "json"], capture_output=True, text=True, timeout=60)
        self.assertEqual(as_json.returncode, 6)
        self.assertEqual(len(json.loads(as_json.stdout)["faults"]), 5)
        daemon = subprocess.run([os.path.join(BUILD, "halfmastd"), "--config", file], capture_output=True, text=True, timeout=60)
        self.assertEqual(daemon.returncode, 6)


if __name__ == "__main__":
    main()
