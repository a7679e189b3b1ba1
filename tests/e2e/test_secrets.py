"""No secret stands anywhere but where it belongs, over a whole life of the daemon; and refresh tokens that rotate survive restarts."""
import base64
import os
import secrets
import signal
import subprocess
import urllib.parse

from scheduler import DESCRIPTION, Scheduler
from support import BUILD, Story, account, main, secret_file, utc, wait_until

SEED = "rt-canary-seed-5eed5eed"
CLIENT_SECRET = "cs-canary-0123456789"
MASTODON = "mastodon-canary-token-77"


def forms_of(secret):
    """As it stands there, and as it would stand there encoded."""
    raw = secret if isinstance(secret, bytes) else secret.encode()
    yield raw
    yield base64.b64encode(raw).rstrip(b"=")
    yield base64.urlsafe_b64encode(raw).rstrip(b"=")
    yield raw.hex().encode()
    yield urllib.parse.quote_from_bytes(raw, safe="").encode()


class Secrets(Story):
    def setUp(self):
        super().setUp()
        self.heard = []
        self.key = secrets.token_bytes(32)
        self.key_file = secret_file(self.folder, "vault.key", self.key.hex())
        with open(os.path.join(self.folder, "scheduler.toml"), "w") as file:
            file.write(DESCRIPTION)
        self.there = Scheduler(SEED, "halfmast-app", CLIENT_SECRET)
        self.addCleanup(self.there.close)
        self.there.schedule("p1", "Last chance: 20% off everything", utc(3600), ["promo"])
        self.sandbox = self.begin_sandbox("--account", f"alice:{MASTODON}")
        self.sandbox.seed("alice", {"due": "+60m", "text": "Our new lamp is here #promo"})

    def begin(self, vault=True):
        extra = f'vault_key = {{ file = "{self.key_file}" }}' if vault else ""
        self.daemon = self.begin_daemon(self.accounts(), extra=extra)
        return self.daemon

    def accounts(self):
        return account("rest", self.there.url, "acme-posts", description="scheduler.toml", client_id="halfmast-app", poll_every="500ms",
                       client_secret={"file": secret_file(self.folder, "client", CLIENT_SECRET)},
                       refresh_token={"file": secret_file(self.folder, "refresh", SEED)}, sweep_every="500ms", speaks=False) \
            + account("mastodon", self.sandbox.url, "alice-social", token={"file": secret_file(self.folder, "token", MASTODON)},
                      poll_every="500ms", sweep_every="500ms", credential_ends="2099-01-31")

    def say(self, *words, **others):
        """Runs a command, and remembers all that it said."""
        done = self.daemon.halfmast(*words, **others)
        self.heard += [done.out, done.err]
        return done

    def read_again(self):
        """The queue is read by a call that begins now."""
        calls = self.there.calls
        wait_until(lambda: self.there.calls > calls + 1, 20, "the scheduler is asked again")

    def account_of(self, id):
        return next(one for one in self.daemon.status()["accounts"] if one["id"] == id)

    def renewed(self):
        before = self.there.renewals
        wait_until(lambda: self.there.renewals > before, 30, "the token is renewed")
        self.read_again()

    def reachable(self, id):
        return wait_until(lambda: self.account_of(id)["last_poll"] and self.account_of(id)["reachable"], 30, f"{id} is reachable")

    def look_at_process(self):
        """What others on this machine see of it."""
        about = f"/proc/{self.daemon.process.pid}"
        for name in ("cmdline", "environ"):
            try:
                with open(f"{about}/{name}", "rb") as file:
                    self.heard.append(file.read().decode(errors="replace"))
            except PermissionError:
                self.assertEqual(name, "environ")  # as it should be: the process is not dumpable
        with open(f"{about}/limits") as file:
            limits = [line.split() for line in file if line.startswith("Max core file size")]
        self.assertEqual(limits[0][4:6], ["0", "0"])

    def all_secrets(self):
        return [SEED, CLIENT_SECRET, MASTODON, self.key, self.key.hex(), *self.there.issued]

    def nothing_leaked(self):
        heard = "\n".join(self.heard).encode()
        kept = {"halfmastd.log": b""}
        for folder, _, names in os.walk(self.daemon.state_dir):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    kept[os.path.join(folder, name)] = file.read()
        for number in range(1, self.daemon.starts + 1):
            with open(os.path.join(self.folder, f"halfmastd.{number}.log"), "rb") as file:
                kept[f"halfmastd.{number}.log"] = file.read()
        with open(self.daemon.socket + ".info", "rb") as file:
            kept["control.sock.info"] = file.read()
        self.assertTrue(any(name.endswith(".sealed") for name in kept), list(kept))
        self.assertGreater(len(self.there.issued), 5)
        for secret in self.all_secrets():
            for form in forms_of(secret):
                self.assertNotIn(form, heard)
                for name, text in kept.items():
                    self.assertNotIn(form, text, name)

    def test_no_secret_stands_anywhere(self):
        self.there.lifetime = 4  # it is renewed again and again
        self.begin()
        self.reachable("acme-posts")
        self.reachable("alice-social")
        self.look_at_process()
        self.check_code(self.say("check-config", self.daemon.config), 0)
        self.say("doctor")
        self.check_code(self.say("raise", "outage", "--reason", "checkout is failing", "-o", "json"), 0)
        self.assertEqual(self.there.posts["p1"]["state"], "draft")
        self.say("status", "-o", "json")
        self.say("queue", "list", "-o", "json")
        self.say("queue", "show", "acme-posts/p1", "-o", "json")

        self.renewed()
        self.there.rude = "not wanted"
        wait_until(lambda: "that is not wanted" in self.say("doctor", "-o", "json").out, 20, "doctor repeats the refusal")
        self.assertIn("[secret]", self.say("doctor", "-o", "json").out)
        self.say("queue", "release", "acme-posts/p1", "--at", "+40m")
        self.there.rude = False

        self.assertEqual(self.daemon.stop(), 0)
        self.daemon.start()
        self.renewed()
        self.daemon.kill()
        self.daemon.start()
        self.renewed()
        self.assertEqual(self.there.reused, 0)

        self.there.take_back()
        wait_until(lambda: not self.account_of("acme-posts")["reachable"], 20, "a credential that was taken back is seen")
        wait_until(lambda: "Authorize the application anew" in self.say("doctor").out, 20, "doctor says what to do")
        self.say("status")
        self.say("lower")
        self.check_code(self.say("audit", "export", "--format", "jsonl"), 0)
        self.look_at_process()
        self.assertEqual(self.daemon.stop(), 0)
        self.say("audit", "list", "--state-dir", self.daemon.state_dir)
        self.nothing_leaked()

    def test_without_a_key_nothing_starts(self):
        self.begin()
        with open(self.daemon.config) as file:
            text = file.read()
        bare = os.path.join(self.folder, "bare.toml")
        with open(bare, "w") as file:
            file.write("\n".join(line for line in text.splitlines() if not line.startswith("vault_key")))
        told = self.check_code(self.say("check-config", bare), 6)
        self.assertIn("acme-posts: its platform may give a new refresh token with each use, which has to be kept, so [daemon] needs a vault_key", told.out)
        self.assertNotIn("alice-social", told.out)

    def test_a_wrong_key_stops_one_account_and_no_other(self):
        self.begin()
        self.reachable("acme-posts")
        self.assertEqual(self.daemon.stop(), 0)
        before = self.there.renewals
        secret_file(self.folder, "vault.key", secrets.token_bytes(32).hex())
        self.daemon.start()
        self.reachable("alice-social")
        wait_until(lambda: not self.account_of("acme-posts")["reachable"], 20, "the account is not reachable")
        told = self.say("doctor").out
        self.assertIn("was written with another vault_key. Give [daemon] the former one again", told)
        raised = self.daemon.halfmast("raise", "outage", "--reason", "checkout is failing", "--wait", "20s", "-o", "json")
        self.assertIn(raised.code, (0, 8), raised)
        self.assertEqual(self.daemon.crisis()["holds"]["held"], 1)  # the other account's post
        self.assertEqual(self.daemon.stop(), 0)
        self.assertEqual(self.there.renewals, before)  # the seed was not shown: what is kept is newer

        secret_file(self.folder, "vault.key", self.key.hex())
        self.daemon.start()
        self.there.expire()
        self.reachable("acme-posts")
        wait_until(lambda: self.there.posts["p1"]["state"] == "draft", 30, "its post is held too")
        self.assertEqual(self.there.reused, 0)

    def test_an_end_in_the_middle_of_a_renewal_loses_no_token(self):
        self.there.lifetime = 4
        self.begin()
        self.reachable("acme-posts")
        self.there.answer.clear()
        self.there.asked.clear()
        self.assertTrue(self.there.asked.wait(20), "a renewal began")
        self.daemon.process.send_signal(signal.SIGTERM)
        wait_until(lambda: self.daemon.halfmast("status").code == 7, 20, "the daemon has closed its door")
        self.assertIsNone(self.daemon.process.poll())
        self.there.answer.set()
        self.assertEqual(self.daemon.process.wait(25), 0)
        self.daemon.log.close()
        self.daemon.process = None
        self.daemon.start()
        self.there.expire()
        self.reachable("acme-posts")
        self.read_again()
        self.assertEqual(self.there.reused, 0)

    def test_doctor_beside_a_daemon_touches_no_token(self):
        self.begin()
        self.reachable("acme-posts")
        before = self.there.renewals
        done = subprocess.run([os.path.join(BUILD, "halfmastd"), "--config", self.daemon.config, "--doctor"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 8, done)
        self.assertIn("its secrets are not touched beside the daemon that keeps them", done.stdout)
        self.assertEqual(self.daemon.stop(), 0)
        alone = subprocess.run([os.path.join(BUILD, "halfmastd"), "--config", self.daemon.config, "--doctor"], capture_output=True, text=True, timeout=60)
        self.assertIn("ok   acme-posts: credential", alone.stdout)
        self.assertEqual(self.there.renewals, before)  # the token that was kept is still good

    def test_a_missing_scope_is_named_and_an_end_that_a_person_wrote_down(self):
        self.there.scopes = "posts:read"
        self.begin()
        self.reachable("acme-posts")
        self.reachable("alice-social")
        told = self.say("doctor", "-o", "json")
        self.assertIn("the token lacks posts:write", told.out)
        ends = {one["id"]: [line["ends"] for line in one["checks"] if line.get("ends")] for one in told.json["accounts"]}
        self.assertEqual(ends, {"acme-posts": [], "alice-social": ["2099-01-31T00:00:00Z"]})


if __name__ == "__main__":
    main()
