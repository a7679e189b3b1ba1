"""What `cmake --install` leaves is enough to run: programs, settings that pass their own check, the unit and its helpers."""
import os
import re
import subprocess

from support import BUILD, SOURCE, Story, main


class AnInstalledHalfmast(Story):
    def setUp(self):
        super().setUp()
        self.install()

    def install(self):
        done = subprocess.run(["cmake", "--install", BUILD, "--prefix", "/usr"], env={**os.environ, "DESTDIR": self.folder},
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)

    def run_installed(self, *words):
        return subprocess.run([os.path.join(self.folder, "usr", "bin", words[0]), *words[1:]], capture_output=True, text=True, timeout=60)

    def test_everything_is_there(self):
        for program in ("halfmast", "halfmastd", "halfmast-sandbox"):
            said = self.run_installed(program, "--version")
            self.assertEqual(said.returncode, 0, said.stderr)
            self.assertRegex(said.stdout, r"\d+\.\d+\.\d+")
        for file in ("usr/lib/systemd/system/halfmastd.service", "usr/lib/systemd/system/halfmast-sandbox.service", "usr/lib/sysusers.d/halfmast.conf", "usr/lib/tmpfiles.d/halfmast.conf",
                     "etc/halfmast/halfmast.toml", "etc/halfmast/playbooks/outage.toml", "etc/halfmast/words/en.toml"):
            self.assertTrue(os.path.isfile(os.path.join(self.folder, file)), file)
        for name in ("halfmastd", "halfmast-sandbox"):
            unit = open(os.path.join(self.folder, "usr/lib/systemd/system", name + ".service")).read()
            for program in re.findall(r"^Exec\w+=/usr/bin/(\S+)", unit, re.M):
                self.assertTrue(os.access(os.path.join(self.folder, "usr", "bin", program), os.X_OK), program)

    def test_the_practice_platform_starts_as_its_unit_says_and_is_heard_here_alone(self):
        unit = open(os.path.join(self.folder, "usr/lib/systemd/system/halfmast-sandbox.service")).read()
        words = re.search(r"^ExecStart=/usr/bin/(.+)$", unit, re.M).group(1).split()
        self.assertTrue(words[words.index("--listen") + 1].startswith("127.0.0.1:"))
        words[words.index("--listen") + 1] = "127.0.0.1:0"  # the port may be taken here
        words[0] = os.path.join(self.folder, "usr", "bin", words[0])
        running = subprocess.Popen(words, stdout=subprocess.PIPE)
        ready = running.stdout.readline()
        running.terminate()
        self.assertEqual(running.wait(20), 0)
        running.stdout.close()
        self.assertIn(b'"name":"practice"', ready)

    def test_the_installed_settings_pass_their_check(self):
        said = self.run_installed("halfmast", "check-config", os.path.join(self.folder, "etc", "halfmast", "halfmast.toml"))
        self.assertEqual(said.returncode, 0, said.stdout + said.stderr)
        self.assertIn("3 playbook(s)", said.stdout)

    def test_edited_settings_stay(self):
        file = os.path.join(self.folder, "etc", "halfmast", "halfmast.toml")
        with open(file, "a") as settings:
            settings.write("# ours\n")
        self.install()
        self.assertTrue(open(file).read().endswith("# ours\n"))

    def test_the_readme_names_what_there_is(self):
        """Each `halfmast COMMAND` of the README is one that the program knows."""
        text = open(os.path.join(SOURCE, "README.md")).read()
        commands = set(re.findall(r"^    halfmast (\w[\w-]*)(?: (\w[\w-]*))?", text, re.M))
        self.assertGreater(len(commands), 5)
        for command, second in sorted(commands):
            words = [command] + ([second] if command in ("queue", "audit", "say") else [])
            with self.subTest(" ".join(words)):
                said = self.run_installed("halfmast", *words, "--help")
                self.assertEqual(said.returncode, 0, said.stderr)


if __name__ == "__main__":
    main()
