#!/usr/bin/python3
"""A folder of dated files as a scheduler, for connector "exec" (protocol 1: connectors/exec/README.md). Standard library alone.

    [[account]]
    id        = "acme-folder"
    connector = "exec"
    program   = "connectors/folder.py"
    arguments = ["/srv/posts", "--link", "https://news.acme.example/{id}"]
    rungs     = ["draft"]
    publishes = true
    edits     = true
    replies   = true
    pins      = true
    feed      = true
    mentions  = true
    release_text = true

The folder has queue/, held/ and published/. A post is one file, moved from one to the next; its name without the ending is its id.
Either Markdown with a head, or JSON with the same members and "text":

    Due: 2026-03-02T14:30:00Z
    Tags: promo, spring
    Language: en

    Big sale today: https://shop.acme.example/

Whatever publishes (a cron job, a site generator) takes the files of queue/ whose time has come, puts them into published/ and writes
"Published: TIME" into the head. To hold is to move a file to held/: one rename, nothing is rewritten. A pinned post has "Pinned: yes",
an edited one "Edited: TIME", and one that answers another "In-reply-to: ID".

What people write to the house may lie in mentions/, a file each, as a mail filter or a form puts it there: At, By, Language, Url,
In-Reply-To, and the text. "Own: yes" marks an answer of the house itself.
"""
import datetime
import json
import os
import re
import sys

PAGE = 100
REACH = datetime.timedelta(hours=1)  # a mention may come so late, and is found
KNOWN = 500
PLACES = {"queue": "queued", "held": "parked", "published": "published"}


class Refused(Exception):
    """What the protocol calls a problem: its kind, and a sentence for a person."""

    def __init__(self, kind, detail):
        super().__init__(detail)
        self.kind = kind


def parse_time(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def format_time(moment):
    return moment.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def listed(text):
    return [word.strip() for word in text.split(",") if word.strip()]


class Folder:
    def __init__(self, path, link="file://{path}"):
        self.path = path
        self.link = link
        for place in (*PLACES, "mentions"):
            os.makedirs(os.path.join(path, place), exist_ok=True)

    # Files ----------------------------------------------------------------------------------------------------------------

    def names(self, place):
        return sorted(name for name in os.listdir(os.path.join(self.path, place)) if name.endswith((".md", ".json")) and name[0] != ".")

    def find(self, post):
        """(place, name) of a post; the public place first, for a post that is out must never be taken for one that waits."""
        if not post or "/" in post or post[0] == ".":
            raise Refused("rejected", "that is no id of a post")
        for place in ("published", "held", "queue"):
            for ending in (".md", ".json"):
                if os.path.isfile(os.path.join(self.path, place, post + ending)):
                    return place, post + ending
        return None, None

    def load(self, place, name):
        with open(os.path.join(self.path, place, name), encoding="utf-8") as file:
            raw = file.read()
        if name.endswith(".json"):
            post = json.loads(raw)
            return {key.lower(): ", ".join(value) if isinstance(value, list) else value for key, value in post.items()}
        head, _, text = raw.partition("\n\n")
        post = {key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in head.splitlines())}
        post["text"] = text.strip("\n")
        return post

    def save(self, place, name, post):
        """Whole or not at all: written beside, made durable, renamed."""
        if name.endswith(".json"):
            raw = json.dumps(post, ensure_ascii=False, indent=1) + "\n"
        else:
            head = "".join(f"{key.capitalize()}: {value}\n" for key, value in post.items() if key != "text")
            raw = head + "\n" + post["text"] + "\n"
        beside = os.path.join(self.path, place, "." + name + ".new")
        with open(beside, "w", encoding="utf-8") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, os.path.join(self.path, place, name))

    def url(self, place, name):
        return self.link.format(id=name.rsplit(".", 1)[0], path=os.path.join(os.path.abspath(self.path), place, name))

    def receipt(self, place, name):
        return {"id": name.rsplit(".", 1)[0], "url": self.url(place, name)}

    # Verbs ----------------------------------------------------------------------------------------------------------------

    def hello(self, request):
        return {"protocol": 1, "name": "folder of dated files", "rungs": ["draft"], "publishes": True, "edits": True, "replies": True,
                "pins": True, "feed": True, "mentions": True, "release_text": True}

    def list(self, request):
        # The cursor is the last name of the page before: however many files leave meanwhile, none is passed over.
        names = [name for name in self.names("queue") if name > (request.get("cursor") or "")]
        posts = []
        for name in names[:PAGE]:
            try:
                post = self.load("queue", name)
            except FileNotFoundError:
                continue  # it went out meanwhile
            posts.append({"id": name.rsplit(".", 1)[0], "due": format_time(parse_time(post["due"])), "text": post["text"],
                          "tags": listed(post.get("tags", "")), "categories": listed(post.get("categories", "")),
                          "language": post.get("language", ""), "author": post.get("author", ""), "media": "media" in post,
                          "url": self.url("queue", name)})
        return {"posts": posts, "next": names[PAGE - 1] if len(names) > PAGE else None}

    def hold(self, request):
        place, name = self.find(request["post"])
        if place is None or place == "published":
            raise Refused("not_found", "it is public already" if place else "there is no such file")
        if place == "queue":
            try:
                os.rename(os.path.join(self.path, "queue", name), os.path.join(self.path, "held", name))
            except FileNotFoundError:
                raise Refused("not_found", "it left the queue in this moment") from None
        return self.receipt("held", name)

    def read(self, request):
        posts = []
        for wanted in request["posts"]:
            place, name = self.find(wanted)
            if place is None:
                posts.append({"id": wanted, "where": "absent"})
                continue
            post = self.load(place, name)
            posts.append({"id": wanted, "where": PLACES[place], "due": format_time(parse_time(post["due"])), "url": self.url(place, name),
                          "text": post["text"]})
        return {"posts": posts}

    def release(self, request):
        at = parse_time(request["at"])
        if at <= parse_time(request["now"]):
            raise Refused("rejected", "that time has passed")
        place, name = self.find(request["post"])
        if place is None or place == "published":
            raise Refused("not_found", "it is public already" if place else "there is no such file")
        post = self.load(place, name)
        wanted = {"due": post["due"] if parse_time(post["due"]) == at else format_time(at), "text": request.get("text", post["text"]).strip("\n")}
        if any(post[key] != value for key, value in wanted.items()):
            post.update(wanted)
            self.save(place, name, post)  # while it is still where it was: it must never be queued with the old time or the old words
        if place == "held":
            os.rename(os.path.join(self.path, "held", name), os.path.join(self.path, "queue", name))
        return self.receipt("queue", name)

    def publish(self, request):
        name = re.sub(r"[^a-z0-9-]+", "-", request["key"].lower()).strip("-") + ".md"
        place, found = self.find(name[:-3])
        if place == "published":
            return self.receipt(place, found)
        if place:
            raise Refused("rejected", f"it is in {place}/: somebody took it down")
        if request.get("look_only"):
            raise Refused("not_found", "it never went out")
        moment = format_time(now())
        post = {"due": moment, "published": moment, "language": request.get("language", ""), "text": request["text"]}
        if answered := request.get("in_reply_to"):
            if self.find(answered)[0] != "published" and not any(file.rsplit(".", 1)[0] == answered for file in self.names("mentions")):
                raise Refused("rejected", "what it answers is not there")
            post["in-reply-to"] = answered
        self.save("published", name, post)
        return self.receipt("published", name)

    def edit(self, request):
        place, name = self.find(request["post"])
        if place != "published":
            raise Refused("not_found" if place is None else "rejected", "only what is public can be edited")
        post = self.load(place, name)
        if post["text"] != request["text"]:
            post.update({"edited": format_time(now()), "language": request.get("language", ""), "text": request["text"]})
            self.save(place, name, post)
        return self.receipt(place, name)

    def newest(self):
        posts = [(self.load("published", name), name) for name in self.names("published")]
        return sorted(posts, key=lambda one: parse_time(one[0].get("published", one[0]["due"])), reverse=True)

    def pins(self, request):
        return {"posts": [name.rsplit(".", 1)[0] for post, name in self.newest() if post.get("pinned")]}

    def pin(self, request, pinned=True):
        place, name = self.find(request["post"])
        if place != "published":
            raise Refused("not_found" if place is None else "rejected", "only what is public can be pinned")
        post = self.load(place, name)
        if bool(post.get("pinned")) != pinned:
            post.pop("pinned", None)
            if pinned:
                post["pinned"] = "yes"
            self.save(place, name, post)
        return self.receipt(place, name)

    def unpin(self, request):
        return self.pin(request, pinned=False)

    def feed(self, request):
        since = parse_time(request["since"])
        posts = []
        for post, name in self.newest():
            at = parse_time(post.get("published", post["due"]))
            if at >= since:
                posts.append({"id": name.rsplit(".", 1)[0], "at": format_time(at), "text": post["text"], "url": self.url("published", name)})
        begin = int(request.get("cursor") or 0)
        return {"posts": posts[begin:begin + PAGE], "next": str(begin + PAGE) if begin + PAGE < len(posts) else None}

    def mentions(self, request):
        """The cursor says since when files are looked at, and which of them were given: several may have one second, and one may come late."""
        first = not request.get("cursor")
        mark = {"from": "1970-01-01T00:00:00Z", "seen": []} if first else json.loads(request["cursor"])
        begin, seen = parse_time(mark["from"]), set(mark["seen"])
        files = []
        for name in self.names("mentions"):
            try:
                post = self.load("mentions", name)
            except FileNotFoundError:
                continue
            at = min(parse_time(post["at"]), now())  # one that dates itself ahead must not hide the others
            if at > begin:
                files.append((at, name, post))
        files.sort(key=lambda one: one[:2])
        fresh = [one for one in files if one[1] not in seen]
        given = fresh if first else fresh[:PAGE]
        seen.update(name for _, name, _ in given)
        taken = [(at, name) for at, name, _ in files if name in seen]
        if taken:
            begin = max(begin, taken[-1][0] - REACH).replace(microsecond=0)
        if len(taken) > KNOWN:
            begin = max(begin, (taken[-KNOWN][0] - datetime.timedelta(seconds=1)).replace(microsecond=0))
        posts = [{"id": name.rsplit(".", 1)[0], "at": format_time(at), "text": post["text"], "by": post.get("by", ""),
                  "language": post.get("language", ""), "url": post.get("url") or self.url("mentions", name),
                  "in_reply_to": post.get("in-reply-to", "")} for at, name, post in given if not first and not post.get("own")]
        cursor = {"from": format_time(begin), "seen": [name for at, name in taken if at > begin]}
        return {"posts": posts, "cursor": json.dumps(cursor), "more": len(given) < len(fresh)}

    def check(self, request):
        lines = []
        for place in PLACES:
            path = os.path.join(self.path, place)
            ok = os.access(path, os.R_OK | os.W_OK | os.X_OK)
            ability = "publish" if place == "published" else "hold"
            lines.append({"what": f"{place}/ can be read and written", "ability": ability, "ok": ok, "detail": "" if ok else f"give {path} to the user that runs halfmastd"})
        return {"lines": lines}


VERBS = ("hello", "list", "hold", "read", "release", "publish", "edit", "pins", "pin", "unpin", "feed", "mentions", "check")


def answer(folder, line):
    """One line of a request to the object of its answer."""
    request = json.loads(line)
    try:
        if request["verb"] not in VERBS:
            raise Refused("unsupported", f"there is no verb {request['verb']}")
        return {"id": request["id"], "result": getattr(folder, request["verb"])(request)}
    except Refused as refused:
        return {"id": request["id"], "problem": {"kind": refused.kind, "detail": str(refused)}}
    except Exception as error:  # one file that cannot be read must not end the guard of all the others
        print(f"{request.get('verb')}: {error!r}", file=sys.stderr, flush=True)
        return {"id": request["id"], "problem": {"kind": "unknown_outcome", "detail": f"{type(error).__name__}: {error}"}}


def main():
    import argparse

    parser = argparse.ArgumentParser(description="a folder of dated files as a scheduler, for halfmast")
    parser.add_argument("folder")
    parser.add_argument("--link", default="file://{path}", help="address of a post; {id} and {path} are filled in")
    options = parser.parse_args()
    folder = Folder(options.folder, options.link)
    for line in sys.stdin:
        print(json.dumps(answer(folder, line)), flush=True)


if __name__ == "__main__":
    main()
