"""Tests of the repository itself: the arrows between rooms, what the core may not name, documents in step with the code."""
import os
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))
import platforms
from support import SOURCE, main

# room -> (rooms it may include, why not the others)
ARROWS = {
    "core": (set(), "the core decides from values alone, so it can be tested and replayed"),
    "ports": ({"core"}, "ports are what the core's actions need from outside, nothing more"),
    "text": ({"core", "ports"}, "languages know no posts, crises or platforms"),
    "log": ({"core"}, "the log says what it is told"),
    "net": ({"core", "ports"}, "HTTP knows no routes and no platforms"),
    "audit": ({"core", "ports"}, "the verifier must share no code with what it checks"),
    "store": ({"core", "ports", "audit"}, "the store keeps records, whoever made them"),
    "engine": ({"core", "ports"}, "the loop must run against any connector and any ledger"),
    "settings": ({"core", "ports", "text"}, "settings are read before anything else exists"),
    "alert": ({"core", "ports", "net"}, "whom to tell and when is the core's; this room only puts a letter on the wire"),
    "signals": ({"core", "ports", "net"}, "a signal becomes an event; what becomes of that is the core's"),
    "api": ({"core", "ports", "net", "text"}, "the API asks through an interface it owns"),
    "access": ({"core", "ports", "net", "api", "audit"}, "who may come in knows no crisis and no platform"),
    "console": ({"core", "ports", "net"}, "the console is files; what they show, they ask the API for"),
    "ctl": ({"core", "ports", "net", "audit", "text"}, "the command decides nothing: it asks the daemon"),
    "sandbox": ({"core", "ports", "net"}, "the practice platform must not share code with what is tested against it"),
    "connector": ({"core", "ports", "net", "text"}, "a connector knows neither the engine nor its siblings"),
}
# Of the core the command may use times and problems, never what decides.
CTL_MAY = {"daemon/core/time.hpp", "daemon/core/problem.hpp"}
FORBIDDEN_IN_CORE = ["asio", "curl", "nlohmann", "<fstream>", "<thread>", "<mutex>", "<iostream>", "system_clock::now", "steady_clock::now", "getenv", "sqlite"]


def files(*parts, endings=(".cpp", ".hpp")):
    for folder, _, names in os.walk(os.path.join(SOURCE, *parts)):
        for name in sorted(names):
            if name.endswith(endings):
                yield os.path.join(folder, name)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def local(path):
    return os.path.relpath(path, SOURCE)


class Rooms(unittest.TestCase):
    def faults_of(self, path, room, may, why):
        for include in re.findall(r'#include "([^"]+)"', read(path)):
            parts = include.split("/")
            if parts[0] == "connectors":
                own = room == "connector" and parts[1] == local(path).split("/")[1]
                if not own:
                    yield f"{local(path)} includes {include}: {why}"
            elif parts[0] == "daemon" and parts[1] != room and parts[1] not in may:
                yield f"{local(path)} includes {include}: {why}"
            if room == "ctl" and include.startswith("daemon/core/") and include not in CTL_MAY:
                yield f"{local(path)} includes {include}: {why}"

    def test_arrows(self):
        faults = []
        for room, (may, why) in ARROWS.items():
            if room == "connector":
                for name in os.listdir(os.path.join(SOURCE, "connectors")):
                    for path in files("connectors", name):
                        faults += self.faults_of(path, "connector", may, why)
            else:
                found = list(files("daemon", room))
                self.assertTrue(found, f"daemon/{room} has no files")
                for path in found:
                    faults += self.faults_of(path, room, may, why)
        self.assertEqual(faults, [])

    def test_every_room_is_known(self):
        rooms = {name for name in os.listdir(os.path.join(SOURCE, "daemon"))
                 if os.path.isdir(os.path.join(SOURCE, "daemon", name)) and any(files("daemon", name))}
        self.assertEqual(rooms - set(ARROWS), {"app"})

    def test_the_core_is_pure(self):
        faults = [f"{local(path)} names {word}" for path in files("daemon", "core") for word in FORBIDDEN_IN_CORE
                  if word in re.sub(r"//.*", "", read(path))]
        self.assertEqual(faults, [])

    def test_headers_begin_with_what_they_are_for(self):
        faults = [local(path) for path in [*files("daemon"), *files("connectors")]
                  if path.endswith(".hpp") and not read(path).startswith("//")]
        self.assertEqual(faults, [])

    def test_connectors_look_alike(self):
        for name in sorted(os.listdir(os.path.join(SOURCE, "connectors"))):
            folder = os.path.join(SOURCE, "connectors", name)
            if not os.path.isdir(folder):
                continue
            with self.subTest(name):
                for file in ("README.md", "capabilities.hpp", "settings.hpp", "settings.cpp", "wire.hpp", "wire.cpp", "connector.hpp", "connector.cpp"):
                    self.assertTrue(os.path.exists(os.path.join(folder, file)), f"{name}/{file} is missing")

    def test_nothing_deletes_what_is_public(self):
        """The only DELETE that leaves is the one of a scheduled post, which is stored whole before."""
        found = []
        for path in files("connectors"):
            for number, line in enumerate(read(path).splitlines(), 1):
                if '"DELETE"' in line and "scheduled_path" not in line:
                    found.append(f"{local(path)}:{number}: {line.strip()}")
                if "force=true" in line or '"trash"' in line and '"status"' in line:
                    found.append(f"{local(path)}:{number}: {line.strip()}")
        self.assertEqual(found, [])


class Style(unittest.TestCase):
    def test_sources_are_formatted(self):
        """Versions of clang-format differ in details, so one of them counts: Debian 12's own."""
        program = shutil.which("clang-format-14") or shutil.which("clang-format")
        version = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60).stdout if program else ""
        if " version 14." not in version:
            self.skipTest(f"no clang-format 14 is installed ({version.strip() or 'none'}); config/install-dependencies --tests brings it")
        sources = [path for folder in ("daemon", "connectors", "tests") for path in files(folder)]
        done = subprocess.run([program, "--dry-run", "--style=file", *sources], capture_output=True, text=True, timeout=300)
        crooked = sorted({local(path) for path in re.findall(r"^([^\s:]+):\d+:\d+: warning", done.stderr, re.M)})
        self.assertEqual(crooked, [], "mend them with: clang-format-14 -i FILE")


class Documents(unittest.TestCase):
    def test_every_room_has_a_readme(self):
        rooms = [os.path.join("daemon", room) for room in ARROWS if room != "connector"] + ["config", "systemd", "connectors", "daemon", "."]
        missing = [room for room in rooms if not os.path.exists(os.path.join(SOURCE, room, "README.md"))]
        self.assertEqual(missing, [])

    def test_links_lead_somewhere(self):
        dead = []
        for path in files(endings=(".md",)):
            if os.sep + "build" in path or "node_modules" in path:
                continue
            prose = re.sub(r"^```.*?^```", "", read(path), flags=re.S | re.M)  # a lambda in code is no link
            for target in re.findall(r"\]\(([^)#\s]+)", prose):
                if not re.match(r"[a-z]+:", target) and not os.path.exists(os.path.join(os.path.dirname(path), target)):
                    dead.append(f"{local(path)}: {target}")
        self.assertEqual(dead, [])

    def test_every_setting_is_in_the_example(self):
        """Each key that room settings reads is named in config/, so that nobody has to read code to find it."""
        examples = "".join(read(path) for path in files("config", endings=(".toml", ".md")))
        keys = set()
        for path in files("daemon", "settings"):
            keys |= set(re.findall(r'\.(?:text|texts|required_text|number|flag|duration|table|tables)\("([a-z_]+)"', read(path)))
        self.assertGreater(len(keys), 15, keys)
        missing = sorted(key for key in keys if not re.search(rf"\b{key}\b", examples))
        self.assertEqual(missing, [])


class Platforms(unittest.TestCase):
    @unittest.skipUnless(os.path.exists(platforms.PROGRAM), f"{platforms.PROGRAM} is not built (HALFMAST_BUILD names the folder)")
    def test_the_tables_say_what_the_connectors_declare(self):
        self.assertEqual(sorted(platforms.differing(platforms.declared())), [], "mend them with: tests/repo/platforms.py --write")

    def test_a_table_that_differs_is_found(self):
        begin, end = platforms.MARKS
        self.assertEqual(platforms.with_table(f"a\n{begin}\nold\n{end}\nb", "new"), f"a\n{begin}\nnew\n{end}\nb")
        self.assertIsNone(platforms.with_table("a\nb", "new"))


class Unit(unittest.TestCase):
    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    def test_the_unit_is_sandboxed(self):
        for unit, most in (("halfmastd.service", 1.2), ("halfmast-sandbox.service", 0.9)):
            done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", os.path.join(SOURCE, "systemd", unit)],
                                  capture_output=True, text=True, timeout=60)
            level = re.search(rf"exposure level for {unit}: ([0-9.]+)", done.stdout)
            self.assertTrue(level, done.stdout + done.stderr)
            self.assertLessEqual(float(level.group(1)), most, unit)


if __name__ == "__main__":
    main()
