"""Other people, clocks and restarts while the flag goes up: a post that somebody edits, moves, cancels or sends in the moment it is to be
held, a token revoked in the middle, a platform whose clock is wrong, a flag raised twice, a daemon that dies. Each ends with the truth."""
import subprocess
import threading

from support import in_parallel, main, parse_time, wait_until
from truth import FaultStory

ONE = "/api/v1/scheduled_statuses/*"


class SomebodyElse(FaultStory):
    """`meanwhile` happens at the platform between what the daemon saw and its call."""

    def before_the_call(self, name, edit, method="*", **others):
        return {"method": method, "path": self.scheduled_path(name), "count": 1,
                "fault": {"meanwhile": [{"edit": {"account": "alice", "id": self.ids[name], **edit}}]}, **others}

    def test_sent_by_hand_before_the_hold(self):
        self.begin(posts={"near": "+5m", "far": "+2h", "quiet": "+3h"})
        self.faults(self.before_the_call("near", {"due": "+0s"}, "DELETE"), self.before_the_call("far", {"due": "+0s"}, "PUT"))
        self.check_code(self.raise_flag(), 8)
        self.assertEqual(self.states(), {"near": "escaped", "far": "escaped", "quiet": "held"})
        self.truth()

    def test_sent_by_hand_and_the_answer_is_an_error(self):
        self.begin(posts={"near": "+90s", "far": "+2h"})
        sent = self.before_the_call("near", {"due": "+0s"}, "DELETE")
        sent["fault"]["status"] = 500
        self.faults(sent)
        self.check_code(self.raise_flag(), 8)
        self.assertEqual(self.states(), {"near": "escaped", "far": "held"})
        self.truth()

    def test_cancelled_before_the_hold(self):
        self.begin(posts={"near": "+5m", "far": "+2h", "quiet": "+3h"})
        self.faults(self.before_the_call("near", {"delete": True}, "DELETE"), self.before_the_call("far", {"delete": True}, "PUT"))
        self.raise_flag()
        self.wait_states(20, near=("gone", "held"), far="gone", quiet="held")
        self.truth()

    def test_reworded_before_the_hold(self):
        self.begin(posts={"near": "+5m", "far": "+2h"})
        self.faults(self.before_the_call("near", {"text": "Offer near, now cheaper #promo"}, "GET"),
                    self.before_the_call("far", {"text": "Offer far, now cheaper #promo"}, "PUT"))
        self.check_code(self.raise_flag(), 0)
        self.assertEqual(self.truth()["held"], 2)

    def test_moved_before_the_hold(self):
        """Away, and to a moment ago: a hold goes by what is there, not by what was seen."""
        self.begin(posts={"later": "+5m", "sooner": "+2h"})
        self.faults(self.before_the_call("later", {"due": "+6h"}, "DELETE"), self.before_the_call("sooner", {"due": "+60s"}, "PUT"))
        self.check_code(self.raise_flag(), 0)
        wait_until(lambda: self.struck() == [1, 1], 20, "both were moved")
        self.assertEqual(self.truth()["held"], 2)

    def test_replaced_by_a_copy_before_the_hold(self):
        """As most clients edit: the old one is cancelled, a new one scheduled."""
        self.begin(posts={"old": "+5m"})
        fault = self.before_the_call("old", {"delete": True}, "DELETE")
        fault["fault"]["meanwhile"].append({"seed": {"account": "alice", "posts": [{"due": "+6m", "text": "Offer old, now cheaper #promo"}]}})
        self.faults(fault)
        self.raise_flag()
        copy = wait_until(lambda: next((id for id, post in self.daemon.posts().items() if "cheaper" in post["text"]), None), 20, "the copy is seen")
        self.ids["copy"] = copy.split("/")[1]
        self.wait_states(20, old=("gone", "held"), copy="held")
        self.truth()

    def test_put_back_after_the_hold(self):
        self.begin(posts={"far": "+2h"})
        self.check_code(self.raise_flag(), 0)
        self.sandbox.control("POST", "edit", {"account": "alice", "id": self.ids["far"], "due": "+40s"})
        wait_until(lambda: "hold_drifted" in self.records_of(f"social/{self.ids['far']}"), 20, "the sweep sees it")
        self.wait_states(20, far="held")
        self.assertEqual(self.truth()["held"], 1)

    def test_sent_by_hand_after_the_hold(self):
        self.begin(posts={"far": "+2h", "other": "+3h"})
        self.check_code(self.raise_flag(), 0)
        self.sandbox.control("POST", "edit", {"account": "alice", "id": self.ids["far"], "due": "+0s"})
        self.wait_states(20, far="escaped", other="held")
        self.truth()


class RevokedInTheMiddle(FaultStory):
    def test_nothing_is_claimed_and_nothing_is_forgotten(self):
        self.begin(posts={"first": "+60s", "second": "+30s", "third": "+2h", "fourth": "+3h"},
                   faults=[{"method": "PUT", "path": ONE, "count": 1, "fault": {"meanwhile": [{"revoke": {"account": "alice"}}]}}])
        self.raise_flag(wait="8s", codes=(8,))
        states = self.states()
        self.assertEqual({states["third"], states["fourth"]} & {"held"}, set(), states)
        self.assertTrue(any("401" in line for line in self.daemon.status()["degraded"]), self.daemon.status())
        self.sandbox.control("POST", "revoke", {"account": "alice", "restore": True})
        self.wait_states(60, third="held", fourth="held")
        self.truth(60)

    def test_what_went_out_meanwhile_is_reported_afterwards(self):
        self.begin(posts={"near": "+60s", "far": "+2h"},
                   faults=[{"method": "DELETE", "path": ONE, "count": 1, "fault": {"meanwhile": [{"revoke": {"account": "alice"}}]}}])
        self.raise_flag(wait="4s", codes=(8,))
        self.let_pass("70s")
        wait_until(lambda: any("near" in post["text"] for post in self.published()), 20, "it went out")
        self.assertNotEqual(self.state_of("near"), "held")
        self.sandbox.control("POST", "revoke", {"account": "alice", "restore": True})
        self.wait_states(60, near="escaped", far="held")
        self.truth(60)


class AnotherClock(FaultStory):
    def try_with(self, skew):
        """By the platform's clock: one held in time, one that nothing stops, one far away, and a small budget told in its time."""
        self.begin("--clock-skew", skew, posts={"near": "+2m", "lost": "+60s", "far": "+2h", "twelve": "+12m"}, limits="20/10s")
        self.faults({"path": self.scheduled_path("lost"), "fault": {"lie": True}})
        self.raise_flag(wait="30s")
        self.let_pass("70s")
        self.wait_states(40, near="held", lost="escaped", far="held", twelve="held")
        self.truth(40)

    def test_three_minutes_fast(self):
        self.try_with("+3m")

    def test_three_minutes_slow(self):
        self.try_with("-3m")

    def test_silence_is_proved_by_the_platform_s_clock(self):
        """Slow by three minutes: what is due there in half a minute is long past here, and nothing is proved yet."""
        self.begin("--clock-skew", "-3m", posts={"near": "+30s"})
        self.raise_flag()
        self.wait_states(20, near="held")
        read = parse_time(self.sandbox.control("GET", "state?account=alice&brief=1")["now"])
        wait_until(lambda: any(call["path"].startswith("/api/v1/accounts/") and "statuses" in call["path"] and parse_time(call["at"]) > read
                               for call in self.sandbox.calls("alice")), 20, "the public posts were read")
        self.assertNotIn("silence_proved", self.records_of(f"social/{self.ids['near']}"))
        self.truth()


class TwiceAndAgain(FaultStory):
    def test_a_repeated_raise_changes_nothing(self):
        self.begin("--latency", "60ms", posts={f"p{number}": f"+{20 + number}m" for number in range(20)})
        answers = []
        crowd = [threading.Thread(target=lambda: answers.append(self.daemon.halfmast("raise", "outage", "-o", "json"))) for _ in range(4)]
        for one in crowd:
            one.start()
        self.raise_flag()
        for one in crowd:
            one.join(60)
        self.assertEqual([answer.code for answer in answers], [0] * 4)
        self.assertEqual({answer.json["crisis"]["id"] for answer in answers}, {"c-1"})
        self.assertEqual(self.truth()["held"], 20)
        moves = [call["path"] for call in self.sandbox.calls("alice") if call["method"] == "PUT"]
        self.assertEqual(len(moves), len(set(moves)), "none is held twice")
        self.assertEqual(sum("checkout" in post["text"] for post in self.published()), 1, "the summary, once")

    def test_killed_in_a_burst_of_errors(self):
        """Half of the answers are lost although the act was done, when the daemon dies; after the restart everything is looked at first."""
        posts = {f"p{number:02}": f"+{20 + number}m" for number in range(20)} | {"near": "+70s"}
        self.begin("--latency", "30ms", posts=posts)
        self.faults({"method": "PUT", "path": ONE, "every": 2, "effect": True, "fault": {"no_answer": True}},
                    {"method": "DELETE", "path": ONE, "count": 1, "effect": True, "fault": {"status": 503}})
        raising = threading.Thread(target=lambda: self.raise_flag(wait="60s", codes=(0, 7, 8)))
        raising.start()
        wait_until(lambda: sum(self.struck()) >= 4, 30, "some answers were lost")
        self.daemon.kill()
        self.daemon.start()
        raising.join(90)
        self.wait_states(60, **{name: "held" for name in posts})
        self.assertEqual(self.truth()["held"], 21)

    def test_what_got_out_while_the_daemon_was_dead(self):
        """One could not be stopped in time, another one was held and somebody sent it: both are found after the restart."""
        self.begin(posts={"near": "+60s", "sent": "+2h", "held": "+3h"})
        self.faults({"method": "DELETE", "path": ONE, "fault": {"status": 503}})
        self.raise_flag(wait="3s", codes=(8,))
        self.wait_states(20, sent="held", held="held")
        self.daemon.kill()
        self.let_pass("70s")
        self.sandbox.control("POST", "edit", {"account": "alice", "id": self.ids["sent"], "due": "+0s"})
        wait_until(lambda: len(self.got_out()) == 2, 20, "both went out")
        self.faults()
        self.daemon.start()
        self.wait_states(30, near="escaped", sent="escaped", held="held")
        self.truth()

    def test_a_second_daemon_refuses_and_the_first_goes_on(self):
        self.begin("--latency", "40ms", posts={f"p{number}": f"+{20 + number}m" for number in range(12)})
        raising = threading.Thread(target=self.raise_flag)
        raising.start()
        second = subprocess.run([self.daemon.program, "--config", self.daemon.config], capture_output=True, text=True, timeout=60)
        self.assertEqual(second.returncode, 1, second.stderr)
        self.assertIn(str(self.daemon.process.pid), second.stderr)
        raising.join(60)
        self.assertEqual(self.truth()["held"], 12)


if __name__ == "__main__":
    main(in_parallel(6))
