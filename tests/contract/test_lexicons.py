"""What connector bluesky asks, against the lexicons of the AT protocol. HALFMAST_SPECS names the folder that has atproto/lexicons."""
import os
import unittest

import vendors
from lexicon import Lexicons
from support import main

FOLDER = os.path.join(os.environ.get("HALFMAST_SPECS", ""), "atproto", "lexicons")


@unittest.skipUnless(os.path.isdir(FOLDER), f"no lexicons in {FOLDER} (HALFMAST_SPECS names the folder of the vendors' descriptions)")
class Lexicon(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lexicons = Lexicons(FOLDER)
        cls.requests = vendors.requests_of("bluesky")

    def faults(self, one):
        nsid = one.url.path.removeprefix("/xrpc/")
        return self.lexicons.faults_of_call(one.method, nsid, one.query, one.json)

    def asked(self, nsid, collection=""):
        return [one for one in self.requests if one.url.path == "/xrpc/" + nsid and collection in f"{one.url.query}{one.body}"]

    def test_every_request_is_what_its_lexicon_promises(self):
        for nsid, collection in (("com.atproto.server.createSession", ""), ("com.atproto.repo.putRecord", "app.bsky.feed.post"),
                                 ("com.atproto.repo.putRecord", "app.bsky.actor.profile"), ("com.atproto.repo.getRecord", "app.bsky.actor.profile"),
                                 ("com.atproto.repo.getRecord", "app.bsky.feed.post"), ("app.bsky.feed.getAuthorFeed", ""), ("app.bsky.feed.getPosts", ""),
                                 ("com.atproto.repo.listRecords", "")):
            self.assertTrue(self.asked(nsid, collection), f"the suite never asks {nsid} for {collection}")
        wrong = {repr(one): found for one in self.requests if (found := self.faults(one))}
        self.assertEqual(wrong, {})
        print(f"{len(self.requests)} requests of {len({one.url.path for one in self.requests})} lexicons")

    def test_a_wrong_request_is_found(self):
        post = self.asked("com.atproto.repo.putRecord", "app.bsky.feed.post")[0].json
        record = post["record"]
        facet = {"index": {"byteStart": 0, "byteEnd": 1}, "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://a.example/"}]}
        for what, body in {
            "no text": {**post, "record": {name: value for name, value in record.items() if name != "text"}},
            "text too long": {**post, "record": {**record, "text": "x" * 3001}},
            "four languages": {**post, "record": {**record, "langs": ["en", "de", "hu", "fr"]}},
            "no date": {**post, "record": {**record, "createdAt": "yesterday"}},
            "a facet of bytes that cannot be": {**post, "record": {**record, "facets": [{**facet, "index": {"byteStart": -1, "byteEnd": 1}}]}},
            "a repository that is none": {**post, "repo": "no identifier"},
            "no collection": {name: value for name, value in post.items() if name != "collection"},
            "a member nobody knows": {**post, "swap": "x"},
        }.items():
            with self.subTest(what):
                self.assertTrue(self.lexicons.faults_of_call("POST", "com.atproto.repo.putRecord", [], body))
        self.assertEqual(self.lexicons.faults_of_call("POST", "com.atproto.repo.putRecord", [], {**post, "record": {**record, "facets": [facet]}}), [])
        page = [("repo", post["repo"]), ("collection", "app.bsky.feed.post")]
        self.assertEqual(self.lexicons.faults_of_call("GET", "com.atproto.repo.listRecords", [*page, ("limit", "100")], None), [])
        self.assertTrue(self.lexicons.faults_of_call("GET", "com.atproto.repo.listRecords", [*page, ("limit", "1000")], None))
        self.assertTrue(self.lexicons.faults_of_call("GET", "com.atproto.repo.listRecords", [*page, ("most", "10")], None))
        self.assertTrue(self.lexicons.faults_of_call("GET", "com.atproto.repo.listRecord", page, None))


if __name__ == "__main__":
    main()
