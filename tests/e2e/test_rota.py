"""A rota that a calendar fills, from outside: the duty goes from one to the next, the calendar is changed, goes away over a restart, comes
back, has a gap, says nonsense. Somebody is told in any case."""
import datetime
import os

from calendars import Calendar, calendar, event
from receivers import SECRET, Receiver
from support import Story, account, free_port, http, in_parallel, main, secret_file, wait_until


def at(seconds):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).strftime("%Y%m%dT%H%M%SZ")


class RotaStory(Story):
    """Ann and Bela share the duty by a calendar; the boss is told when nobody has it."""

    def begin(self, text, url=None, links="private = true"):
        self.calendar = Calendar(text)
        self.addCleanup(self.calendar.close)
        self.sandbox = self.begin_sandbox("--account", "alice:token-alice")
        secret = secret_file(self.folder, "pages-secret", SECRET)
        address = secret_file(self.folder, "calendar-url", url or self.calendar.url + "/private-canary/rota.ics?key=canary")
        settings = account("mastodon", self.sandbox.url, "social", token={"file": secret_file(self.folder, "token", "token-alice")},
                           poll_every="1s", sweep_every="1s")
        self.people = {}
        for name in ("ann", "bela", "boss"):
            self.people[name] = Receiver()
            self.addCleanup(self.people[name].close)
            settings += f'[[receiver]]\nname = "{name}"\nkind = "webhook"\nurl = "{self.people[name].url}"\nsecret = {{ file = "{secret}" }}\n'
        settings += f"""
[[rota]]
name      = "on-call"
calendar  = {{ file = "{address}" }}
every     = "1s"
time_zone = "Europe/Budapest"
people    = {{ "Kovács Anna" = "ann", "bela@acme.example" = "bela" }}
otherwise = ["boss"]
[[route]]
to = ["on-call"]
gather = "0s"
repeat = "1h"
[links]
{links}
"""
        self.daemon = self.begin_daemon(settings, extra=f'listen = "127.0.0.1:{self.port()}"')
        wait_until(lambda: self.daemon.polled("social"), 30, "the queue was read")

    def port(self):
        self.free = free_port()
        return self.free

    def duty(self):
        one, = self.daemon.halfmast("pages", "list", "-o", "json").json["duty"]
        return one

    def wait_for_duty(self, *who, **others):
        def so():
            one = self.duty()
            return one["told"] == list(who) and all(one[name] == value for name, value in others.items())
        try:
            wait_until(so, 30, "the duty")
        except AssertionError:
            self.fail(f"{who}, {others}: {self.duty()}\n{self.daemon.said()}")

    def raise_flag(self):
        self.check_code(self.daemon.halfmast("raise", "outage", "--reason", "checkout is failing", "-o", "json"), 0)

    def heard(self, name, page="crisis", type="page.trigger"):
        return [one for one in self.people[name].letters if one["body"]["type"] == type and one["body"]["data"]["page"].startswith(page)]


class ACalendar(RotaStory):
    def test_hands_the_duty_over_goes_away_and_comes_back(self):
        week = calendar(event("On call: Kovács Anna", at(-3600), at(25)), event("Somebody", at(25), at(100 * 86400), more="ATTENDEE:mailto:Bela@acme.example\r\n"))
        self.begin(week)
        self.wait_for_duty("ann", stands_in=False, trouble=None)
        self.raise_flag()
        wait_until(lambda: self.heard("ann"), 20, "Ann is told")
        self.assertEqual(self.heard("bela"), [])
        wait_until(lambda: self.heard("bela"), 60, "the duty goes to Bela, and nobody has it in hand")
        self.wait_for_duty("bela", stands_in=False)
        self.assertIn("rota on-call: on duty now: bela", self.daemon.halfmast("pages", "list").out)
        self.assertIn("rota on-call: on duty now: bela", self.daemon.halfmast("doctor").out)
        self.assertIn(304, self.calendar.asked, "an unchanged calendar is not sent again")

        self.calendar.status = 503
        wait_until(lambda: self.duty()["trouble"], 20, "it is away")
        self.assertIn("what it said then still counts: its address answered 503", self.duty()["trouble"])
        self.assertEqual(http("GET", f"http://127.0.0.1:{self.free}/readyz")[0], 503)
        self.daemon.kill()
        self.daemon.start()
        self.wait_for_duty("bela", stands_in=False)  # the last good calendar outlives a restart
        check = self.check_code(self.daemon.halfmast("check-config", self.daemon.config), 0)
        self.assertIn("rota on-call: on duty now: bela; nobody is missing until ", check.out)
        checked, = self.check_code(self.daemon.halfmast("check-config", self.daemon.config, "-o", "json"), 0).json["duty"]
        self.assertEqual((checked["told"], checked["stands_in"]), (["bela"], False))
        self.assertEqual(self.heard("boss"), [])

        self.calendar.status = 200
        self.calendar.text = calendar(event("Kovács Anna", at(-60), at(100 * 86400)))
        self.wait_for_duty("ann", stands_in=False, trouble=None)
        wait_until(lambda: http("GET", f"http://127.0.0.1:{self.free}/readyz")[0] == 200, 20, "all is well")
        self.check_code(self.daemon.halfmast("lower", "c-1"), 0)
        wait_until(lambda: self.heard("bela", type="page.resolve") and self.heard("ann", type="page.resolve"), 20, "both hear of the end")
        for place in (self.daemon.log_name, self.daemon.config):
            with open(place, errors="replace") as file:
                self.assertNotIn("private-canary", file.read())
        self.the_ledger_proves_it("private-canary", SECRET)

    def test_has_a_gap_and_who_stands_in_is_told(self):
        self.begin(calendar(event("Kovács Anna", at(-7200), at(-3600)), event("Zoë", at(-3600), at(86400 * 100))))
        self.wait_for_duty("boss", stands_in=True)
        self.raise_flag()
        wait_until(lambda: self.heard("boss"), 20, "the boss is told of the flag")
        gap = wait_until(lambda: self.heard("boss", "rota"), 20, "and of the gap")[0]["body"]["data"]
        self.assertEqual(gap["severity"], "major")
        self.assertIn("nobody has the duty now", gap["what"])
        self.assertIn("its calendar names 'Zoë'", gap["what"])
        self.assertIn("nobody has the duty now; told instead: boss", self.daemon.halfmast("pages", "list").out)
        doctor = self.check_code(self.daemon.halfmast("doctor"), 8)
        self.assertIn("NOT  rota on-call: nobody has the duty now", doctor.out)
        self.assertEqual(self.heard("ann") + self.heard("bela"), [])
        self.calendar.text = calendar(event("Kovács Anna", at(-60), at(100 * 86400)))
        self.wait_for_duty("ann", trouble=None)
        wait_until(lambda: self.heard("boss", "rota", "page.resolve"), 20, "the gap is closed")
        wait_until(lambda: self.heard("ann"), 20, "and Ann hears of the flag")

    def test_says_nonsense_and_what_it_said_before_counts(self):
        self.begin(calendar(event("Kovács Anna", at(-60), at(100 * 86400))))
        self.wait_for_duty("ann", trouble=None)
        for nonsense in ("<html>sign in</html>", calendar("BEGIN:VEVENT\r\nSUMMARY:Kovács Anna\r\nDTSTART:soon\r\nEND:VEVENT\r\n"), "BEGIN:VCALENDAR" + "x" * (3 << 20)):
            before = len(self.calendar.asked)
            self.calendar.text = nonsense
            wait_until(lambda: len(self.calendar.asked) >= before + 2, 20, "it is asked")
            self.assertEqual(self.duty()["told"], ["ann"])
            self.assertIn("what it said then still counts", self.duty()["trouble"])

    def test_leads_into_our_own_network_and_is_not_asked(self):
        """By the rule for links: an address of this machine is asked only where the settings allow that."""
        self.begin(calendar(event("Kovács Anna", at(-60), at(100 * 86400))), links="private = false")
        self.wait_for_duty("boss", stands_in=True)
        wait_until(lambda: self.duty()["trouble"], 20, "why is said")
        self.assertIn("never read", self.duty()["trouble"])
        self.assertEqual(self.calendar.asked, [])

    def test_has_moved(self):
        self.begin("")
        self.calendar.text = calendar(event("Kovács Anna", at(-60), at(100 * 86400)))
        self.calendar.moved = "/elsewhere.ics"
        self.daemon.stop()
        with open(os.path.join(self.folder, "calendar-url"), "w") as file:
            file.write(self.calendar.url + "/moved\n")
        self.daemon.start()
        self.wait_for_duty("ann", trouble=None)
        self.assertIn(302, self.calendar.asked)


if __name__ == "__main__":
    main(in_parallel(3))
