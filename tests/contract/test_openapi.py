"""What connector mastodon asks, against a description of Mastodon's API: every kind of request that the contract suite sees goes to
Prism, which answers by the description and names what breaks it. PEER_PRISM is that Prism as one JSON line: {"url", "spec"}."""
import copy
import json
import os
import unittest
import urllib.error
import urllib.request

import vendors
from support import main

# What the connector cannot do without; whatever else it asks is checked where the description has it, and named where not.
NEEDED = [("GET", "/api/v1/scheduled_statuses"), ("PUT", "/api/v1/scheduled_statuses/{id}"), ("DELETE", "/api/v1/scheduled_statuses/{id}"),
          ("POST", "/api/v1/statuses"), ("POST", "/api/v1/statuses/{id}/pin"), ("POST", "/api/v1/statuses/{id}/unpin"),
          ("GET", "/api/v1/accounts/verify_credentials")]


# The suite asks that on purpose: what is too long is refused by the platform, and never cut here.
TOO_LONG = "status must NOT have more than 500 characters"


@unittest.skipUnless(os.environ.get("PEER_PRISM"), "PEER_PRISM does not name a Prism; tests/run --peers starts one")
class OpenApi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.prism = json.loads(os.environ["PEER_PRISM"])["url"]
        cls.requests = vendors.requests_of("mastodon")

    def answer(self, one):
        """(status, headers, body) of Prism."""
        query = "?" + one.url.query if one.url.query else ""
        request = urllib.request.Request(self.prism + one.url.path + query, method=one.method, data=one.body or None, headers=one.headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as given:
                return given.status, given.headers, given.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode(errors="replace")

    def violations(self, one):
        """What Prism finds wrong with the request; None: the description has no such call. Where the description's own example of an
        answer breaks its schema, that is no matter of ours."""
        status, headers, body = self.answer(one)
        if status in (404, 405) and ("NO_PATH_MATCHED" in body or "NO_METHOD_MATCHED" in body):
            return None
        try:
            faults = json.loads(body)["validation"]
        except (ValueError, KeyError, TypeError):
            faults = json.loads(headers.get("sl-violations") or "[]")
        found = [f"{'.'.join(map(str, fault['location']))}: {fault['message']}" for fault in faults if fault["location"][0] == "request"]
        if status >= 400 and not faults:
            found = [f"{status}: {body[:300]}"]
        return found

    def test_every_request_is_as_described(self):
        wrong, unknown, right = {}, set(), []
        for one in self.requests:
            found = self.violations(one)
            if found is None:
                unknown.add(f"{one.shape[0]} {one.shape[1]}")
            elif found and not all(TOO_LONG in fault for fault in found):
                wrong[repr(one)] = found
            else:
                right.append((one.method, one.url.path))
        for call in sorted(unknown):
            print(f"not in the description, so not checked: {call}")
        print(f"{len(right)} requests are as described")
        self.assertEqual(wrong, {})
        for method, path in NEEDED:
            begin, _, end = path.partition("{id}")
            is_it = [one for one in right if one[0] == method and one[1].startswith(begin) and one[1].endswith(end) and (not end or one[1] != begin)]
            self.assertTrue(is_it, f"{method} {path} was not checked")

    def test_a_wrong_request_is_found(self):
        """Planted: a date that is a number, a visibility that does not exist, a text that is a list."""
        move = next(one for one in self.requests if one.method == "PUT")
        post = next(one for one in self.requests if one.method == "POST" and one.url.path == "/api/v1/statuses")
        for what, one, change in (("a date that is none", move, {"scheduled_at": 17}), ("no such visibility", post, {"visibility": "everybody"}),
                                  ("a text that is none", post, {"status": ["x"]})):
            with self.subTest(what):
                planted = copy.copy(one)
                planted.body = json.dumps({**one.json, **change}).encode()
                self.assertTrue(self.violations(planted), planted)
                self.assertFalse(self.violations(one), one)


if __name__ == "__main__":
    main()
