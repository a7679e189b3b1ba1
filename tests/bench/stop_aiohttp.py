"""What people write today, in Python: list, move each post far ahead, list again. Input: JSON lines {url, token}; output: one JSON object."""
import asyncio
import datetime
import json
import os
import re
import sys
import time

import aiohttp

FAR = os.environ["FAR"]
AT_ONCE = int(os.environ.get("AT_ONCE", "256"))
WORKERS = 4


class Account:
    def __init__(self, session, slots, url, token):
        self.session, self.slots, self.url = session, slots, url
        self.headers = {"Authorization": "Bearer " + token}
        self.ready_at = 0.0
        self.first = None
        self.held = 0

    async def call(self, method, path, body=None):
        """One call; waits where the platform's headers say so, and tries again."""
        for attempt in range(20):
            while (wait := self.ready_at - time.time()) > 0:
                await asyncio.sleep(wait)
            async with self.slots:
                try:
                    url = path if path.startswith("http") else self.url + path
                    async with self.session.request(method, url, json=body, headers=self.headers) as answer:
                        status, headers, text = answer.status, answer.headers, await answer.text()
                except (aiohttp.ClientError, asyncio.TimeoutError):
                    status, headers, text = 0, {}, ""
            reset = headers.get("X-RateLimit-Reset")
            reset = datetime.datetime.fromisoformat(reset.replace("Z", "+00:00")).timestamp() if reset else None
            if reset and headers.get("X-RateLimit-Remaining") == "0":
                self.ready_at = max(self.ready_at, reset)
            if status and status != 429 and status < 500:
                return status, headers, text
            told = float(headers.get("Retry-After", 0) or 0)
            self.ready_at = max(self.ready_at, time.time() + told if told else reset or time.time() + 0.5 * 2 ** min(attempt, 4))
        raise RuntimeError("gave up")

    async def list(self):
        posts, path = [], "/api/v1/scheduled_statuses?limit=40"
        while path:
            status, headers, text = await self.call("GET", path)
            if status != 200:
                raise RuntimeError(f"list: {status}")
            posts += json.loads(text)
            link = re.search(r'<([^>]+)>; rel="next"', headers.get("Link", ""))
            path = link.group(1) if link else None
        return posts

    async def stop(self, began):
        posts = sorted(await self.list(), key=lambda post: post["scheduled_at"])
        queue = list(reversed(posts))

        async def work():
            while queue:
                post = queue.pop()
                status, _, _ = await self.call("PUT", f"/api/v1/scheduled_statuses/{post['id']}", {"scheduled_at": FAR})
                if status == 200 and self.first is None:
                    self.first = time.monotonic() - began
        await asyncio.gather(*(work() for _ in range(WORKERS)))
        there = {post["id"]: post["scheduled_at"] for post in await self.list()}
        self.held = sum(1 for post in posts if there.get(post["id"], "") >= FAR[:10])


async def main():
    began = time.monotonic()
    slots = asyncio.Semaphore(AT_ONCE)
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=15)) as session:
        accounts = [Account(session, slots, one["url"], one["token"]) for one in map(json.loads, sys.stdin)]
        ended = await asyncio.gather(*(one.stop(began) for one in accounts), return_exceptions=True)
    firsts = sorted(one.first for one in accounts if one.first is not None)
    print(json.dumps({"seconds": time.monotonic() - began, "held": sum(one.held for one in accounts),
                      "failed": sum(1 for one in ended if one is not None),
                      "first_p99_ms": firsts[int(len(firsts) * 0.99)] * 1000 if firsts else None}))


asyncio.run(main())
