#!/usr/bin/python3
"""The tables of platforms in README.md and connectors/README.md, made from what the connectors declare.

    tests/repo/platforms.py [--write]      asks `halfmastd --connectors`; without --write it only says what differs

HALFMAST_BUILD names the folder with halfmastd. Each table stands between the two comments of MARKS."""
import json
import os
import re
import subprocess
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("HALFMAST_BUILD", os.path.join(SOURCE, "build", "release"))
PROGRAM = os.path.join(BUILD, "halfmastd")
MARKS = ("<!-- platforms: made from what the connectors declare, by tests/repo/platforms.py --write -->", "<!-- /platforms -->")
# README file -> where its links to a connector's page begin
FILES = {"README.md": "connectors/", "connectors/README.md": ""}

RUNGS = {
    "native": "the platform's own pause",
    "draft": "back to draft",
    "postpone": "a far date",
    "takeout": "stored whole here, cancelled there, recreated at release",
    "channel_off": "the channel disconnected",
}


def length(seconds):
    """90 -> 90 s, 600 -> 10 min, 86400 -> 24 h"""
    for unit, name in ((3600, "h"), (60, "min")):
        if seconds and seconds % unit == 0:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"


def rung_text(one):
    limits = []
    lead = one["needs_lead_seconds"]
    if lead > 0:
        limits.append(f"due in more than {length(lead)}")
    elif lead < 0:
        limits.append("past its time too")
    if "most_a_day" in one:
        limits.append(f"{one['most_a_day']} on one day")
    if "most_in_all" in one:
        limits.append(f"none while {one['most_in_all']} are scheduled")
    return f"`{one['rung']}`, {RUNGS[one['rung']]}" + (f" ({'; '.join(limits)})" if limits else "")


def holds(one):
    if one["as_described"]:
        return "as described: " + ", ".join(f"`{rung}`" for rung in one["describable_rungs"])
    if not one["queue"]:
        return "nothing to hold: " + one["not_possible"]["queue"]
    return "; else ".join(rung_text(rung) for rung in one["rungs"])


def pins(one):
    if one["as_described"]:
        return "if described"
    if not one["pins"]:
        return one["not_possible"].get("pin", "a person")
    return "any number" if one["most_pins"] is None else "one" if one["most_pins"] == 1 else f"up to {one['most_pins']}"


def yes(one, what):
    return "if described" if one["as_described"] else "yes" if one[what] else "no"


def summary(one):
    limit = "" if one["as_described"] or one["text_limit"] is None else f", up to {one['text_limit']} characters"
    return yes(one, "publishes") + limit


def kept_current(one):
    """How the second edition of a summary goes out."""
    if one["as_described"]:
        return "an edit, if described; else another post"
    if one["edits"]:
        return "yes"
    return "no; a follow-up in the thread" if one["replies"] else "no; another post"


def release(one):
    if one["as_described"]:
        return "as described"
    return f"{length(one['release_margin_seconds'])} ahead" if one["queue"] else "nothing to release"


def table(connectors, links):
    columns = {"holds by": holds, "releases at least": release, "publishes the summary": summary, "edits it": kept_current, "pins": pins,
               "reads the public posts": lambda one: yes(one, "feed"), "reads what people write": lambda one: yes(one, "mentions"),
               "replies": lambda one: yes(one, "replies")}
    rows = ["| platform | " + " | ".join(columns) + " |", "| --- " * (len(columns) + 1) + "|"]
    for one in sorted(connectors, key=lambda one: (one["as_described"], one["title"].lower())):
        rows.append(f"| [{one['title']}]({links}{one['name']}/README.md) | " + " | ".join(cell(one) for cell in columns.values()) + " |")
    return "\n".join(rows)


def declared():
    """The document of `halfmastd --connectors`."""
    done = subprocess.run([PROGRAM, "--connectors"], capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)["connectors"]


def with_table(text, made):
    """The text with the table between its marks; None where there are none."""
    begin, end = MARKS
    found = re.search(re.escape(begin) + r"\n.*?" + re.escape(end), text, re.S)
    return text[:found.start()] + begin + "\n" + made + "\n" + end + text[found.end():] if found else None


def differing(connectors):
    """{file: its text as it should be} of those that are not."""
    wrong = {}
    for name, links in FILES.items():
        with open(os.path.join(SOURCE, name), encoding="utf-8") as file:
            text = file.read()
        should = with_table(text, table(connectors, links))
        if should is None:
            raise ValueError(f"{name} lacks the marks {MARKS[0]} and {MARKS[1]}")
        if should != text:
            wrong[name] = should
    return wrong


def main():
    wrong = differing(declared())
    for name, text in wrong.items():
        if "--write" in sys.argv[1:]:
            with open(os.path.join(SOURCE, name), "w", encoding="utf-8") as file:
                file.write(text)
        print(f"{name}: {'written anew' if '--write' in sys.argv[1:] else 'its table of platforms is not what the connectors declare'}")
    return 1 if wrong and "--write" not in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
