"""What stands for the daemon itself: a ledger that somebody changes under a running daemon is found, said and paged; and the settings on disk
are compared with those it runs with."""
import json
import os
import signal
import sqlite3

from receivers import SECRET, Receiver
from support import Story, Unix, main, secret_file, wait_until


class Evidence(Story):
    def setUp(self):
        super().setUp()
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)
        secret = secret_file(self.folder, "pages-secret", SECRET)
        self.daemon = self.begin_daemon(f"""
[[receiver]]
name = "duty"
kind = "webhook"
url = "{self.receiver.url}"
secret = {{ file = "{secret}" }}
[[route]]
to = ["duty"]
gather = "0s"
repeat = "1h"
""")

    def ask(self, method, path, body=None):
        connection = Unix(self.daemon.socket)
        connection.request(method, "/api/v1" + path, None if body is None else json.dumps(body), {} if body is None else {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, json.loads(text)

    def state(self):
        status, body = self.ask("GET", "/audit/state")
        self.assertEqual(status, 200, body)
        return body

    def checked(self):
        """The state once nothing is being checked."""
        return wait_until(lambda: (body := self.state())["ok"] is not None and not body["checking"] and body, 30, "the ledger was checked")

    def figures(self):
        connection = Unix(self.daemon.socket)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        return {line.split(" ")[0]: float(line.split(" ")[1]) for line in text.splitlines() if line.startswith("halfmast_ledger")}


class TheLedgerIsWatched(Evidence):
    def test_one_changed_byte_under_a_running_daemon_is_found_and_paged(self):
        self.checked()  # at the start, perhaps before the first record
        for number in range(1, 61):  # more than the last page of the file holds, which is written anew all the time
            self.assertEqual(self.ask("POST", "/crises", {"playbook": "outage", "reason": "checkout fails"})[0], 201)
            self.assertEqual(self.ask("POST", f"/crises/c-{number}/lower", {"reason": "over"})[0], 200)
        self.assertEqual(self.ask("POST", "/audit/verify")[0], 202)
        sound = wait_until(lambda: (body := self.checked())["head"]["seq"] >= 1 and body, 30, "what was written since is checked")
        self.assertIs(sound["ok"], True)
        self.assertEqual(sound["faults"], [])
        self.assertEqual(sound["verified"]["through"], sound["head"]["seq"])
        self.assertEqual(self.figures()["halfmast_ledger_faults"], 0)
        # After a restart the records are in ledger.db itself and not in the log beside it.
        self.assertEqual(self.daemon.stop(), 0)
        database = sqlite3.connect(f"file:{os.path.join(self.daemon.state_dir, 'ledger.db')}?mode=ro", uri=True)
        digest, = database.execute("SELECT hash FROM ledger WHERE seq = ?", (sound["head"]["seq"],)).fetchone()
        payloads = database.execute("SELECT seq, payload FROM ledger WHERE payload LIKE '%crisis_raised%' ORDER BY seq").fetchall()
        database.close()
        self.assertEqual(digest.hex(), sound["head"]["hash"])
        self.daemon.start()
        self.assertIs(self.checked()["ok"], True)

        path = os.path.join(self.daemon.state_dir, "ledger.db")
        with open(path, "rb") as file:
            bytes_now = file.read()
        number, text = next((seq, text) for seq, text in payloads if seq > 60 and bytes_now.count(text.encode()) == 1)
        at = bytes_now.index(text.encode()) + text.index("checkout")
        self.write_byte(path, at, b"C")
        self.assertEqual(self.ask("POST", "/audit/verify")[0], 202)
        spoilt = wait_until(lambda: (body := self.state())["ok"] is False and body, 30, "the change was found")
        self.assertEqual(len(spoilt["faults"]), 1, spoilt)
        self.assertEqual(spoilt["faults"][0], {"seq": number, "what": f"record {number} was changed: its hash is not that of its content"})
        letter = wait_until(lambda: self.receiver.heard("ledger-proof"), 30, "somebody is paged")[0]
        self.assertIn("does not verify", json.dumps(letter["body"]))
        self.assertIn("the ledger does not verify", self.daemon.status()["degraded"][0])
        self.assertEqual(self.figures()["halfmast_ledger_faults"], 1)
        # Nothing is stopped for it: a flag goes up all the same.
        self.check_code(self.daemon.halfmast("raise", "outage", "--reason", "checkout fails"), 8)
        self.check_code(self.daemon.halfmast("audit", "verify", "--state-dir", self.daemon.state_dir), 1)

        self.write_byte(path, at, b"c")
        self.assertEqual(self.ask("POST", "/audit/verify")[0], 202)
        wait_until(lambda: self.state()["ok"] is True, 30, "it is sound again")
        wait_until(lambda: self.receiver.heard("ledger-proof", "page.resolve"), 30, "and that is said")
        self.assertEqual(self.daemon.status()["degraded"], [])

    @staticmethod
    def write_byte(path, at, byte):
        with open(path, "r+b") as file:
            file.seek(at)
            file.write(byte)

    def test_what_was_changed_while_no_daemon_ran_is_found_at_the_start(self):
        self.checked()
        self.assertEqual(self.daemon.stop(), 0)
        database = sqlite3.connect(os.path.join(self.daemon.state_dir, "ledger.db"))
        database.execute("UPDATE ledger SET payload = replace(payload, 'halfmast', 'halfmasT') WHERE seq = 1")
        self.assertEqual(database.total_changes, 1)
        database.commit()
        database.close()
        self.daemon.start()
        found = self.checked()
        self.assertIs(found["ok"], False)
        self.assertEqual(found["faults"][0]["seq"], 1)
        wait_until(lambda: self.receiver.heard("ledger-proof"), 30, "somebody is paged")


class TheSettingsAreCompared(Evidence):
    def test_with_what_the_daemon_runs_with(self):
        status, same = self.ask("GET", "/settings/check")
        self.assertEqual((status, same["differs"], same["faults"]), (200, False, []))
        self.assertEqual(same["file"], self.daemon.config)
        with open(self.daemon.config) as file:
            text = file.read()
        self.write("# a comment\n" + text)
        self.assertFalse(self.ask("GET", "/settings/check")[1]["differs"])
        self.write(text.replace('repeat = "1h"', 'repeat = "2h"'))
        self.assertTrue(self.ask("GET", "/settings/check")[1]["differs"])
        self.write(text + '\n[acess]\nurl = "x"\n')
        wrong = self.ask("GET", "/settings/check")[1]
        self.assertTrue(wrong["differs"])
        checked = self.daemon.halfmast("check-config", self.daemon.config, "-o", "json").json["faults"]
        self.assertEqual([(one["line"], one["column"], one["message"]) for one in wrong["faults"]],
                         [(one["line"], one["column"], one["text"]) for one in checked if one["weight"] == "error"])
        self.assertEqual(len(wrong["faults"]), 1)
        self.assertNotIn(SECRET, json.dumps(wrong))
        # [access] is read again on SIGHUP, and is in force then.
        self.write(text + '\n[access]\nsession_idle = "1h"\n')
        self.assertTrue(self.ask("GET", "/settings/check")[1]["differs"])
        self.daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: not self.ask("GET", "/settings/check")[1]["differs"], 20, "it was read again")
        os.remove(self.daemon.config)
        self.assertIn("cannot be read", self.ask("GET", "/settings/check")[1]["faults"][0]["message"])

    def write(self, text):
        with open(self.daemon.config, "w") as file:
            file.write(text)


if __name__ == "__main__":
    main()
