"""Client libraries of other people against the practice platform: what they cannot read or do there, nobody should take for Mastodon.
Each makes every call that connector mastodon makes (clients/*.mjs). They are installed once, into the cache folder of this user."""
import hashlib
import json
import os
import shutil
import subprocess
import unittest

from support import PICTURE, Story, main

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clients")
CACHE = os.environ.get("HALFMAST_CLIENTS_CACHE") or os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "halfmast-clients")


def installed():
    """(the folder with node_modules, "") or (None, why not). A folder for each lock file."""
    if not shutil.which("node") or not shutil.which("npm"):
        return None, "node and npm are not both installed"
    files = ["package.json", "package-lock.json", ".npmrc"]
    sum = hashlib.sha256()
    for name in files:
        with open(os.path.join(HERE, name), "rb") as file:
            sum.update(file.read())
    folder = os.path.join(CACHE, sum.hexdigest()[:12])
    if os.path.exists(os.path.join(folder, ".ready")):
        return folder, ""
    os.makedirs(folder, exist_ok=True)
    for name in files:
        shutil.copy(os.path.join(HERE, name), folder)
    done = subprocess.run(["npm", "ci"], cwd=folder, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        return None, "npm cannot install the client libraries: " + done.stderr.strip()[-300:]
    open(os.path.join(folder, ".ready"), "w").close()
    return folder, ""


class ClientLibraries(Story):
    def setUp(self):
        super().setUp()
        libraries, why = installed()
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
