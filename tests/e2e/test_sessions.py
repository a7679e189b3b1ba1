"""Signing in to the console, from outside: passwords, cookies and login links over TLS, what a cookie alone cannot do, and where one is
signed in, which is seen and ended over the API and by the command."""
import os
import pty
import re
import subprocess

from door import PASSWORD, Door
from support import CLIENT, main, wait_until


class WhoSignsIn(Door):
    def test_a_password_a_cookie_and_what_a_cookie_alone_cannot_do(self):
        status, mine = self.sign_in()
        self.assertEqual(status, 200)
        self.assertRegex(self.cookie, rf"^__Host-halfmast-{self.port}=[A-Za-z0-9_-]{{43}}; Path=/; HttpOnly; SameSite=Strict; Max-Age=\d+; Secure$")
        cookie_only = {"Cookie": mine["Cookie"]}
        self.assertEqual(self.ask("GET", "/api/v1/session", None, cookie_only)[1]["csrf"], mine["X-CSRF-Token"])
        before = len(self.changes())
        for headers in (cookie_only, {**cookie_only, "X-CSRF-Token": "guess"}, {**mine, "Origin": "https://evil.example"}, {**mine, "Origin": "null"}):
            with self.subTest(headers=sorted(headers)):
                status, body, _ = self.ask("POST", "/api/v1/crises", {"playbook": "outage"}, headers)
                self.assertEqual(status, 403, body)
        # A form of another site: no JSON, or no CSRF token.
        status, body, _ = self.ask("POST", "/api/v1/crises", b"playbook=outage", {**mine, "Content-Type": "text/plain"})
        self.assertEqual(status, 415, body)
        self.assertEqual(len(self.changes()), before)
        self.assertEqual(self.ask("POST", "/api/v1/crises", {"playbook": "outage"}, {**mine, "Origin": self.url})[0], 201)
        self.assertEqual(self.ask("DELETE", "/api/v1/session", None, cookie_only)[0], 403)
        self.assertEqual(self.ask("DELETE", "/api/v1/session", None, mine)[0], 204)
        self.assertEqual(self.ask("GET", "/api/v1/status", None, cookie_only)[0], 401)  # replayed

    def test_wrong_passwords_have_to_wait(self):
        said = {self.ask("POST", "/api/v1/session", {"user": user, "password": "wrong " + PASSWORD})[1]["detail"] for user in ("maria", "nobody")}
        self.assertEqual(said, {"the name or the password is wrong"})
        for _ in range(40):  # ten at once, and one more in ten seconds, which a slow machine may need for them
            status, body, headers = self.ask("POST", "/api/v1/session", {"user": "maria", "password": "wrong"})
            if status == 429:
                break
            self.assertEqual(status, 401, body)
        self.assertEqual(status, 429, body)
        self.assertGreaterEqual(int(headers["Retry-After"]), 1)
        wait_until(lambda: len(self.records("access_refused")) >= 10, 20, "they are in the ledger")

    def test_where_one_is_signed_in_is_seen_and_ended(self):
        _, old = self.sign_in()
        _, mine = self.sign_in()
        mine_too = {"Cookie": mine["Cookie"]}
        self.assertEqual([one["asking"] for one in self.ask("GET", "/api/v1/sessions", None, mine)[1]["sessions"]].count(True), 1)
        other = next(one for one in self.ask("GET", "/api/v1/sessions", None, mine)[1]["sessions"] if not one["asking"])
        self.assertEqual((other["user"], other["way"]), ("maria", "password"))
        self.assertEqual(self.ask("DELETE", f"/api/v1/sessions/{other['id']}", None, mine_too)[0], 403)  # without the CSRF token
        self.assertEqual(self.ask("DELETE", f"/api/v1/sessions/{other['id']}", None, mine)[0], 200)
        self.assertEqual(self.ask("GET", "/api/v1/status", None, old)[0], 401)
        self.assertEqual(self.ask("GET", "/api/v1/status", None, mine)[0], 200)
        # Of others it takes an administrator.
        ops, admin = self.bearer("ops", "--user", "desk"), self.bearer("admin", "--user", "ada")
        self.assertEqual(self.ask("GET", "/api/v1/sessions", None, ops)[1]["sessions"], [])
        self.assertEqual(self.ask("POST", "/api/v1/sessions/end", {"user": "maria"}, ops)[0], 403)
        mine_id = self.ask("GET", "/api/v1/sessions", None, mine)[1]["sessions"][0]["id"]
        self.assertEqual(self.ask("DELETE", f"/api/v1/sessions/{mine_id}", None, ops)[0], 404)
        self.assertEqual(len(self.ask("POST", "/api/v1/sessions/end", {"user": "maria"}, admin)[1]["sessions"]), 1)
        self.assertEqual(self.ask("GET", "/api/v1/status", None, mine)[0], 401)
        self.assertEqual(self.check_code(self.daemon.halfmast("session", "list"), 0).out, "Nobody is signed in to the console whose session you could end.\n")
        _, one = self.sign_in()
        _, two = self.sign_in()
        listed = self.check_code(self.daemon.halfmast("session", "list", "-o", "json"), 0).json["sessions"]
        self.assertEqual([each["user"] for each in listed], ["maria", "maria"])
        self.check_code(self.daemon.halfmast("session", "end"), 2)
        self.check_code(self.daemon.halfmast("session", "end", "s-0"), 1)
        ended = self.check_code(self.daemon.halfmast("session", "end", listed[0]["id"]), 0)
        self.assertEqual(ended.out, f"Ended: {listed[0]['id']} of maria\n")
        self.assertEqual(self.ask("GET", "/api/v1/status", None, two)[0], 401)
        self.assertEqual(self.ask("GET", "/api/v1/status", None, one)[0], 200)
        self.check_code(self.daemon.halfmast("session", "end", "--user", "maria"), 0)
        self.assertEqual(self.ask("GET", "/api/v1/status", None, one)[0], 401)
        wait_until(lambda: any(f"session {mine_id} of maria" in one["why"] and one["actor"] == "ada" for one in self.records("access_session_ended")),
                   20, "who ended it is on record")

    def test_another_sign_in_ends_the_one_before_in_that_browser(self):
        _, first = self.sign_in()
        status, body, headers = self.ask("POST", "/api/v1/session", {"user": "maria", "password": PASSWORD}, {**first, "Origin": self.url})
        self.assertEqual(status, 200, body)
        self.assertNotEqual(headers["Set-Cookie"].split(";")[0], first["Cookie"])
        self.assertEqual(self.ask("GET", "/api/v1/status", None, first)[0], 401)

    def test_a_login_link(self):
        made = self.check_code(self.daemon.halfmast("login-link", "maria"), 0)
        link = made.out.strip()
        self.assertTrue(link.startswith(self.url + "/login/"), made)
        path = link[len(self.url):]
        for _ in range(2):  # programs that look at links in messages
            status, page, headers = self.ask("GET", path)
            self.assertEqual(status, 200)
            self.assertIn("<button autofocus>Sign in as maria</button>", page)
            self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        status, _, headers = self.ask("POST", path, b"", {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.url})
        self.assertEqual((status, headers["Location"]), (303, "/"))
        mine = {"Cookie": headers["Set-Cookie"].split(";")[0]}
        self.assertEqual(self.ask("GET", "/api/v1/session", None, mine)[1]["user"], "maria")
        self.assertEqual(self.ask("POST", path, b"")[0], 401)
        self.assertEqual(self.ask("GET", path)[0], 410)
        self.assertEqual(self.daemon.halfmast("login-link", "nobody-of-ours").code, 1)

    def test_a_login_link_on_a_terminal_is_a_code_too(self):
        leader, follower = pty.openpty()
        process = subprocess.Popen([CLIENT, "--socket", self.daemon.socket, "login-link", "maria"], stdout=follower,
                                   stderr=subprocess.DEVNULL)
        os.close(follower)
        shown = b""
        try:
            while piece := os.read(leader, 65536):
                shown += piece
        except OSError:  # the terminal's other end is gone
            pass
        os.close(leader)
        self.assertEqual(process.wait(30), 0)
        rows = [row for row in shown.decode().splitlines() if row.startswith("\x1b[30;107m")]
        self.assertGreater(len(rows), 10)
        self.assertEqual(len({len(re.sub(r"\x1b\[[0-9;]*m", "", row)) for row in rows}), 1)
        self.assertIn("/login/", shown.decode().splitlines()[-1])


if __name__ == "__main__":
    main()
