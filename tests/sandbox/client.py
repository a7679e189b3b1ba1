#!/usr/bin/env python3
"""A client that knows Mastodon's API and nothing of the sandbox: Python's standard library, the way a script would use a real server.

client.py URL TOKEN - ends with 0 when every answer was as documented. Uses no control endpoint.
"""
import datetime
import json
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

base, token = sys.argv[1], sys.argv[2]
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def call(method, path, fields=None, body=None, content_type=None, expect=200):
    request = urllib.request.Request(path if path.startswith("http") else base + path, method=method)
    request.add_header("Authorization", "Bearer " + token)
    if fields is not None:
        body = urllib.parse.urlencode(fields).encode()
    if content_type:
        request.add_header("Content-Type", content_type)
    try:
        with direct.open(request, body, timeout=10) as answer:
            status, headers, text = answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as refused:
        status, headers, text = refused.code, refused.headers, refused.read()
    assert status == expect, f"{method} {path}: {status} instead of {expect}: {text[:200]}"
    return json.loads(text), headers


def ahead(**span):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**span)).isoformat()


def upload(name, bytes_, description):
    edge = "----edge-of-the-form"
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="description"\r\n\r\n{description}\r\n'.encode(),
        f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: image/png\r\n\r\n'.encode() + bytes_ + b"\r\n",
        f"--{edge}--\r\n".encode(),
    ]
    return call("POST", "/api/v2/media", body=b"".join(parts), content_type=f"multipart/form-data; boundary={edge}")[0]


instance, headers = call("GET", "/api/v2/instance")
assert instance["configuration"]["statuses"]["max_characters"] == 500
assert int(headers["X-RateLimit-Remaining"]) < int(headers["X-RateLimit-Limit"])
me = call("GET", "/api/v1/accounts/verify_credentials")[0]

picture = upload("kettle.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\2\0\0\0\1\x08\2\0\0\0", "A red kettle \u2014 \u8336\u58f6")
assert picture["description"] == "A red kettle \u2014 \u8336\u58f6", picture
made = call("POST", "/api/v1/statuses", [("status", "\u0421\u043a\u0438\u0434\u043a\u0430! #promo"), ("media_ids[]", picture["id"]), ("scheduled_at", ahead(hours=1))])[0]
assert made["media_attachments"][0]["id"] == picture["id"], made
assert made["params"]["text"] == "\u0421\u043a\u0438\u0434\u043a\u0430! #promo", made
with direct.open(made["media_attachments"][0]["url"], timeout=10) as file:
    assert file.read().startswith(b"\x89PNG")

for number in range(24):
    body = json.dumps({"status": f"post {number}", "scheduled_at": ahead(hours=2, days=number)}).encode()
    call("POST", "/api/v1/statuses", body=body, content_type="application/json")
seen, where = [], "/api/v1/scheduled_statuses?limit=10"
while where:
    page, headers = call("GET", where)
    seen += [each["id"] for each in page]
    following = re.search(r'<([^>]+)>; rel="next"', headers.get("Link", ""))
    where = following.group(1) if following and page else None
assert len(seen) == len(set(seen)) == 25, seen

path = "/api/v1/scheduled_statuses/" + made["id"]
moved = call("PUT", path, {"scheduled_at": ahead(days=200)})[0]
assert call("GET", path)[0]["scheduled_at"] == moved["scheduled_at"] > made["scheduled_at"]
assert "future" in call("PUT", path, {"scheduled_at": ahead(minutes=2)}, expect=422)[0]["error"]
assert call("DELETE", path)[0] == {}
assert call("DELETE", path, expect=404)[0]["error"] == "Record not found"

summary = call("POST", "/api/v1/statuses", {"status": "We are looking into it."})[0]
assert call("POST", f"/api/v1/statuses/{summary['id']}/pin", {})[0]["pinned"] is True
pinned = call("GET", f"/api/v1/accounts/{me['id']}/statuses?pinned=true")[0]
assert [each["id"] for each in pinned] == [summary["id"]], pinned
assert call("GET", "/api/v1/notifications?types[]=mention")[0] == []
token = "guessed"
call("GET", "/api/v1/scheduled_statuses", expect=401)
print("ok")
