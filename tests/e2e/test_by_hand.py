"""A scheduler where no call publishes: what is to be said becomes a task for a person, each edition one, until they say that it stands there;
or nothing is said there at all, because the settings say so. From outside: files, and the `halfmast` command."""
import os

from support import SOURCE, Story, account, in_parallel, main, parse_time, utc, wait_until

PLAYBOOK = """
[[playbook]]
name     = "outage"
severity = "major"
hold     = ["promotional", "unknown"]
next_update = "45m"
publish  = "at-once"
undo     = "0s"
summary.en = "We know that checkout is failing. Next update by {{next_update_by}}."
update.en = "Update: {{about}} Next update by {{next_update_by}}."
correction.en = "Correction: {{about}} Next update by {{next_update_by}}."
all_clear.en = "It is over. {{about}}"
"""
PAGE = "https://social.example/@acme"


class AQueueOnly(Story):
    def begin(self, **keys):
        posts = os.path.join(self.folder, "posts")
        for place in ("queue", "held", "published"):
            os.makedirs(os.path.join(posts, place))
        with open(os.path.join(posts, "queue", "sale.md"), "w", encoding="utf-8") as file:
            file.write(f"Due: {utc(3600)}\nTags: promo\n\nSale\n")
        program = os.path.join(SOURCE, "config", "connectors", "folder.py")
        self.daemon = self.begin_daemon(account("exec", None, "queue", program=program, arguments=[posts], rungs=["draft"], poll_every="1s",
                                                **{"sweep_every": "1s", **keys}), playbook=PLAYBOOK)
        wait_until(lambda: self.daemon.polled("queue"), 30, "it was read")

    def do(self, *words, code):
        return self.check_code(self.daemon.halfmast(*words), code)

    def tasks(self, code=8):
        return self.do("tasks", "list", "-o", "json", code=code).json["tasks"]

    def test_each_edition_is_a_task_until_a_person_says_that_it_stands_there(self):
        self.begin(profile=PAGE)
        plan = self.do("raise", "outage", "-n", "-o", "json", code=0).json
        self.assertEqual([(one["account"], one["by"]) for one in plan["statements"]], [("queue", "person")])

        raised = self.do("raise", "outage", "--owner", "dana", code=8)
        self.assertIn("1 held and confirmed", raised.last_line)
        self.assertIn("1 task is open ('halfmast tasks list')", raised.last_line)
        task, = self.tasks()
        self.assertEqual((task["kind"], task["state"], task["account"], task["owner"], task["link"]), ("publish", "open", "queue", "dana", PAGE))
        self.assertIn("We know that checkout is failing.", task["text"])
        self.assertGreater(parse_time(task["due"]), parse_time(utc()))
        shown = self.do("tasks", "list", code=8)
        self.assertIn(task["text"], shown.out)
        self.assertIn(PAGE, shown.out)

        self.do("tasks", "done", task["id"], code=0)
        self.tasks(code=0)
        self.do("raise", "outage", code=0)  # asked again, all is as it should be
        self.assertEqual(self.daemon.status()["accounts"][0]["shows"][0]["edition"], 1)

        self.do("say", "publish", "--about", "Cards work.", "--wait", "5s", code=8)
        self.do("say", "publish", "--about", "Everything works.", "--wait", "5s", code=8)
        newest, = self.tasks()
        self.assertIn("Update: Everything works.", newest["text"])
        every = self.daemon.halfmast("tasks", "list", "--all", "-o", "json").json["tasks"]
        self.assertEqual(sorted(one["state"] for one in every), ["done", "dropped", "open"])
        self.do("tasks", "done", newest["id"], code=0)

        self.do("lower", "--all-clear", "--about", "A cable.", "--wait", "5s", code=8)
        last = {one["kind"]: one for one in self.tasks()}
        self.assertEqual(set(last), {"publish", "unpin"})
        self.assertIn("It is over. A cable.", last["publish"]["text"])
        for one in last.values():
            self.do("tasks", "done", one["id"], code=0)
        self.tasks(code=0)

    def test_or_nothing_is_said_there(self):
        self.begin(speaks=False)
        self.assertEqual(self.do("raise", "outage", "-n", "-o", "json", code=0).json["statements"], [])
        raised = self.do("raise", "outage", code=0)
        self.assertIn("1 held and confirmed", raised.last_line)
        self.assertEqual(self.tasks(code=0), [])
        self.assertEqual(self.daemon.status()["accounts"][0]["shows"], [])
        refused = self.do("say", "publish", "--about", "Cards work.", code=3)
        self.assertIn("no words for any account", refused.err)
        self.do("lower", code=0)


if __name__ == "__main__":
    main(in_parallel(2))
