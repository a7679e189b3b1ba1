"""What the connectors ask their platforms, as the contract suite sees it pass, for the checks against the vendors' own descriptions."""
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))
from support import BUILD

PROGRAM = os.path.join(BUILD, "test-contract")
ALIKE = 3  # so many of the requests that differ in their values alone


class Request:
    def __init__(self, line):
        self.connector, self.method, self.headers = line["connector"], line["method"], dict(line["headers"])
        self.body = bytes.fromhex(line["body"])
        self.url = urllib.parse.urlsplit(line["url"])
        self.query = urllib.parse.parse_qsl(self.url.query, keep_blank_values=True)

    @property
    def json(self):
        return json.loads(self.body) if self.body else None

    @property
    def shape(self):
        """The same for requests that differ in their values alone."""
        path = re.sub(r"\d+", "N", self.url.path)
        body = _shape(self.json) if self.headers.get("Content-Type") == "application/json" else self.headers.get("Content-Type", "").split(";")[0]
        return self.method, path, tuple(sorted(name for name, _ in self.query)), body

    def __repr__(self):
        return f"{self.method} {self.url.path}?{self.url.query} {self.body[:300]!r}"


def _shape(value):
    if isinstance(value, dict):
        return tuple(sorted((name, _shape(one)) for name, one in value.items()))
    if isinstance(value, list):
        return tuple(sorted({repr(_shape(one)) for one in value}))
    return type(value).__name__


def requests_of(connector):
    """A few of each kind of request that this connector makes when all goes well."""
    with tempfile.TemporaryDirectory(prefix="hm-vendors-") as folder:
        file = os.path.join(folder, "requests")
        told = {**os.environ, "HALFMAST_CONTRACT_REQUESTS": file, "HALFMAST_CONTRACT_ONLY": connector}
        done = subprocess.run([PROGRAM, "[contract]~[faults]"], env=told, capture_output=True, text=True, timeout=600)
        if not os.path.exists(file):  # whether it passes is its own affair
            raise AssertionError(f"test-contract asked nothing: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        with open(file, encoding="utf-8") as lines:
            every = [Request(line) for line in map(json.loads, lines) if line["connector"] == connector]
    kept = {}
    for one in every:
        alike = kept.setdefault(one.shape, [])
        if len(alike) < ALIKE:
            alike.append(one)
    return [one for alike in kept.values() for one in alike]
