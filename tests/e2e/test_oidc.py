"""Signing in through a real OpenID Connect provider (oidc-provider, from npm) on loopback: the way there and back as a browser goes it,
and everything that a token may lie about on the way. The provider is installed once, into the cache folder of this user."""
import http.cookiejar
import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from npm import installed
from support import Story, free_port, http as ask, main, secret_file, wait_until

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "oidc")


class Browser:
    """Cookies, redirects, and nothing else."""

    def __init__(self):
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        self.went = []

    def get(self, url):
        """(status, text, headers) of where it ended."""
        try:
            with self.opener.open(url, timeout=30) as answer:
                self.went.append(answer.url)
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            self.went.append(error.url)
            return error.code, error.read().decode(), error.headers


class SigningInWithTheProvider(Story):
    def setUp(self):
        super().setUp()
        libraries, why = installed(HERE, "oidc")
        if not libraries:
            self.skipTest(why)
        self.port, provider_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        for name in ("provider.mjs", "package.json"):
            shutil.copy(os.path.join(HERE, name), self.folder)
        os.symlink(os.path.join(libraries, "node_modules"), os.path.join(self.folder, "node_modules"))
        self.log = open(os.path.join(self.folder, "provider.log"), "wb")
        self.addCleanup(self.log.close)
        self.provider = subprocess.Popen(["node", "provider.mjs", str(provider_port), f"{self.url}/auth/oidc/callback"], cwd=self.folder,
                                         stdout=subprocess.PIPE, stderr=self.log)
        self.addCleanup(self.end_provider)
        line = self.provider.stdout.readline()
        self.assertTrue(line, "the provider did not start: " + open(self.log.name).read())
        said = json.loads(line)
        self.issuer, self.secret = said["issuer"], said["secret"]
        secret = secret_file(self.folder, "oidc.secret", self.secret)
        self.daemon = self.begin_daemon("", extra=f'listen = "127.0.0.1:{self.port}"', judgement=f"""
[access]
url = "{self.url}"
[access.oidc]
issuer = "{self.issuer}"
client_id = "halfmast"
client_secret = {{ file = "{secret}" }}
recheck = "1s"
[access.oidc.groups]
"social-managers" = ["manager"]
"operations" = ["ops", "on_call"]
""")

    def end_provider(self):
        self.provider.terminate()
        self.provider.wait(20)
        self.provider.stdout.close()

    def control(self, **wanted):
        """What the provider was asked so far."""
        status, asked, _ = ask("POST", self.issuer + "/control", wanted)
        self.assertEqual(status, 200)
        return asked

    def sign_in(self, browser=None):
        browser = browser or Browser()
        status, text, headers = browser.get(self.url + "/auth/oidc/start")
        return browser, status, text, headers

    def session(self, browser):
        status, text, _ = browser.get(self.url + "/api/v1/session")
        return json.loads(text) if status == 200 else None

    def sign_in_for_long(self):
        """oidc-provider gives something to ask again with only with the person's consent: halfmast asks for that from the second sign-in on."""
        first, status, text, _ = self.sign_in()
        self.assertEqual(status, 200, text)
        self.assertLessEqual(self.lasts(first), 3600)
        browser, status, text, _ = self.sign_in()
        self.assertEqual(status, 200, text)
        self.assertGreater(self.lasts(browser), 3600)
        return browser

    def cookie(self, browser):
        return next((one for one in browser.cookies if one.name == f"halfmast-{self.port}"), None)

    def lasts(self, browser):
        return self.cookie(browser).expires - time.time()

    def does(self, browser, method, path, body=None):
        """(status, the problem's type or "")"""
        headers = {"Content-Type": "application/json"}
        if (session := self.session(browser)) is not None:
            headers["X-CSRF-Token"] = session["csrf"]
        request = urllib.request.Request(self.url + "/api/v1" + path, None if body is None else json.dumps(body).encode(), headers, method=method)
        try:
            with browser.opener.open(request, timeout=30) as answer:
                return answer.status, ""
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())["type"].rsplit(":", 1)[1]

    def records(self, kind):
        found = self.daemon.halfmast("audit", "list", "-o", "json").json["records"]
        return [one for one in found if one["kind"] == kind]

    def test_the_way_there_and_back(self):
        browser, status, text, headers = self.sign_in()
        self.assertEqual(status, 200, text)
        self.assertTrue(browser.went[-1].startswith(self.url + "/auth/oidc/callback?code="), browser.went)
        self.assertEqual(headers["Refresh"], "0; url=/")
        session = self.session(browser)
        self.assertEqual((session["user"], session["roles"], session["language"]), ("maria", ["manager"], "hu"))
        cookie = self.cookie(browser)
        self.assertTrue(cookie.has_nonstandard_attr("HttpOnly"))
        self.assertEqual(cookie.get_nonstandard_attr("SameSite"), "Strict")
        self.assertEqual([one.name for one in browser.cookies if one.name.startswith("halfmast-sign-in")], [])  # it did its work
        self.assertEqual([one["actor"] for one in self.records("access_signed_in")], ["maria"])
        # The same address once more: its state is spent.
        status, text, _ = browser.get(browser.went[0])
        self.assertEqual(status, 401, text)
        # Whoever has that address in another browser has nothing.
        _, status, text, _ = self.sign_in()
        self.assertEqual(status, 200, text)

    def test_whatever_a_token_lies_about_signs_nobody_in(self):
        browser, status, _, _ = self.sign_in()  # an honest one, to be sent again by 'replayed'
        self.assertEqual(status, 200)
        for lie, says in (("nonce", "nonce"), ("expired", "ended at"), ("audience", "another client"), ("issuer", "another issuer"),
                          ("signature", "signature that does not fit"), ("none", "not taken here"), ("shared", "not taken here"),
                          ("replayed", "nonce")):
            with self.subTest(lie):
                self.control(lie=lie)
                browser, status, text, _ = self.sign_in()
                self.assertEqual(status, 401, text)
                self.assertIn(says, text)
                self.assertIsNone(self.session(browser))
                self.assertEqual([one.name for one in browser.cookies if one.name.startswith("halfmast")], [])
        self.control()
        self.assertEqual(self.sign_in()[1], 200)
        refused = self.records("access_refused")
        self.assertEqual(len(refused), 8)
        for one in refused:
            self.assertNotIn("eyJ", json.dumps(one))  # no token, nor a part of one

    def test_groups_are_looked_at_anew_with_each_sign_in(self):
        self.control(groups=["operations"])
        browser, status, _, _ = self.sign_in()
        self.assertEqual(status, 200)
        self.assertEqual(self.session(browser)["roles"], ["ops", "on_call"])
        self.control(groups=["staff"])
        other, status, text, _ = self.sign_in()
        self.assertEqual(status, 403, text)
        self.assertIn("none of the provider", text)
        self.assertIsNone(self.session(other))
        self.control(groups=["social-managers"], name="halfmast")  # the daemon's own name in the ledger
        self.assertEqual(self.sign_in()[1], 401)

    def test_a_group_that_is_taken_away_ends_a_live_session(self):
        browser = self.sign_in_for_long()
        stream = browser.opener.open(self.url + "/api/v1/events", timeout=30)
        self.control(groups=["operations"])
        wait_until(lambda: self.session(browser)["roles"] == ["ops", "on_call"], 30, "other groups are other roles")
        self.control(groups=["staff"])
        wait_until(lambda: self.session(browser) is None, 30, "the session is over")
        self.assertEqual(self.does(browser, "GET", "/status"), (401, "sign-in-again"))
        self.assertEqual(self.does(browser, "POST", "/crises", {"playbook": "outage"}), (401, "sign-in-again"))
        self.assertIn(b"event: ping", stream.read())  # what was being read ends too, and not by a time-out
        self.assertGreater(self.control()["refreshed"], 0)
        wait_until(lambda: any("in none of the provider's groups" in one["why"] for one in self.records("access_session_ended")), 20, "it is in the ledger")
        # Back in a group: they come in again, by the front door.
        self.control(groups=["social-managers"])
        self.assertEqual(self.sign_in(browser)[1], 200)
        self.assertEqual(self.session(browser)["roles"], ["manager"])

    def test_an_account_that_is_gone_ends_a_live_session(self):
        browser = self.sign_in_for_long()
        self.control(gone=True)
        wait_until(lambda: self.session(browser) is None, 30, "the session is over")
        self.assertEqual(self.does(browser, "GET", "/status"), (401, "sign-in-again"))

    def test_while_the_provider_is_away_reading_and_stopping_go_on(self):
        browser = self.sign_in_for_long()
        release = ("POST", "/posts/alice/1/release", {"reason": "over"})
        self.assertEqual(self.does(browser, *release)[0], 404)  # there is no such post, and she might let it go
        self.control(away=True)
        wait_until(lambda: self.does(browser, *release) == (401, "sign-in-again"), 30, "nothing is let go by a session that nobody vouches for")
        self.assertEqual(self.does(browser, "GET", "/status")[0], 200)
        self.assertEqual(self.does(browser, "POST", "/crises", {"playbook": "outage", "reason": "checkout fails"})[0], 201)
        self.assertEqual(self.does(browser, "POST", "/crises/c-1/statements", {"kind": "update", "about": "x"}), (401, "sign-in-again"))
        self.control()
        wait_until(lambda: self.does(browser, *release)[0] == 404, 30, "it vouches again")

    def test_what_the_provider_is_asked_with_is_in_memory_alone_and_given_back(self):
        browser = self.sign_in_for_long()
        self.assertEqual(self.does(browser, "DELETE", "/session")[0], 204)
        wait_until(lambda: self.control()["revoked"] == 1, 30, "it was given back")
        other = self.sign_in()[0]
        self.assertEqual(self.session(other)["user"], "maria")
        with open(os.path.join(self.daemon.state_dir, "access.json")) as file:
            self.assertEqual(json.load(file)["sessions"], [])
        self.assertEqual(self.daemon.stop(), 0)
        self.daemon.start()
        self.assertIsNone(self.session(other))

    def test_a_sign_in_of_somebody_else_is_not_taken_over(self):
        """Login CSRF: the attacker's address, opened in the victim's browser."""
        attacker = Browser()

        class Stop(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, request, fp, code, message, headers, url):
                return None if "/auth/oidc/callback" in url else super().redirect_request(request, fp, code, message, headers, url)

        attacker.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(attacker.cookies), Stop())
        status, _, headers = attacker.get(self.url + "/auth/oidc/start")
        self.assertEqual(status, 303)
        victim = Browser()
        status, text, _ = victim.get(headers["Location"])
        self.assertEqual(status, 401, text)
        self.assertIsNone(self.session(victim))

    def test_a_provider_that_is_away_is_said_and_the_daemon_goes_on(self):
        self.provider.terminate()
        self.provider.wait(20)
        _, status, text, _ = self.sign_in()
        self.assertEqual(status, 502, text)
        self.assertNotIn(self.secret, text)
        self.assertEqual(self.daemon.halfmast("status").code, 0)


if __name__ == "__main__":
    main()
