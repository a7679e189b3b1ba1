"""Client libraries of other people against the practice platform: what they cannot read or do there, nobody should take for Mastodon.
Each makes every call that connector mastodon makes (clients/*.mjs). They are installed once, into the cache folder of this user."""
import json
import os
import shutil
import subprocess

from npm import installed
from support import PICTURE, Story, main

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clients")


class ClientLibraries(Story):
    def setUp(self):
        super().setUp()
        libraries, why = installed(HERE, "clients")
        if not libraries:
            self.skipTest(why)
        os.symlink(os.path.join(libraries, "node_modules"), os.path.join(self.folder, "node_modules"))
        self.picture = os.path.join(self.folder, "lamp.png")
        with open(self.picture, "wb") as file:
            file.write(PICTURE)
        self.sandbox = self.begin_sandbox("--account", "alice:token-alice")
        self.sandbox.seed("alice", *({"due": f"+{60 * (number + 24)}m", "text": f"Offer {number}"} for number in range(45)))

    def drive(self, script):
        shutil.copy(os.path.join(HERE, script), self.folder)
        done = subprocess.run(["node", script, self.sandbox.url, "token-alice", self.picture], cwd=self.folder, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout.splitlines()[-1])

    def check_state(self, said):
        """What the library was told is what the platform holds."""
        state = self.sandbox.state("alice")
        self.assertEqual([post["id"] for post in state["published"]], [said["published"]])
        self.assertFalse(state["published"][0]["pinned"])
        queued = {post["id"] for post in state["scheduled"]}
        self.assertEqual(len(queued), 46)
        self.assertIn(said["poll"], queued)

    def test_masto(self):
        self.check_state(self.drive("masto.mjs"))

    def test_megalodon(self):
        self.check_state(self.drive("megalodon.mjs"))


if __name__ == "__main__":
    main()
