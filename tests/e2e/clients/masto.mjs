// The practice platform as the client library "masto" sees it: every call that connector mastodon makes. Ends with one line of JSON.
// node masto.mjs URL TOKEN PICTURE
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRestAPIClient } from "masto";

const [url, accessToken, picture] = process.argv.slice(2);
const client = createRestAPIClient({ url, accessToken });
const ahead = (minutes) => new Date(Math.floor(Date.now() / 1000) * 1000 + minutes * 60_000).toISOString();
const queue = client.v1.scheduledStatuses;

const me = await client.v1.accounts.verifyCredentials();
assert.equal(me.username, "alice");
const instance = await client.v2.instance.fetch();
assert.ok(instance.configuration.statuses.maxCharacters > 0, "the instance says how long a post may be");
assert.ok((await client.v1.instance.fetch()).uri, "and older clients are told too");

// A queue of several pages, each post once.
const seen = new Set();
let pages = 0;
for await (const page of queue.list({ limit: 20 })) {
  pages += 1;
  for (const one of page) seen.add(one.id);
}
assert.equal(seen.size, 45);
assert.ok(pages >= 3, `${pages} pages`);

// A post with everything, scheduled, looked at, moved, taken out.
const file = new Blob([await readFile(picture)], { type: "image/png" });
const media = await client.v2.media.create({ file, description: "A red lamp", focus: "0.5,-0.5" });
assert.equal(media.description, "A red lamp");
assert.equal((await client.v1.media.$select(media.id).fetch()).id, media.id);
const due = ahead(60);
const scheduled = await client.v1.statuses.create({
  status: "Our new lamp is here", mediaIds: [media.id], scheduledAt: due, visibility: "unlisted", language: "hu", spoilerText: "Ad", sensitive: true,
});
assert.equal(new Date(scheduled.scheduledAt).toISOString(), due);
assert.deepEqual([scheduled.params.text, scheduled.params.visibility, scheduled.params.language, scheduled.params.spoilerText, scheduled.params.sensitive],
                 ["Our new lamp is here", "unlisted", "hu", "Ad", true]);
assert.deepEqual(scheduled.mediaAttachments.map((one) => [one.id, one.type, one.description]), [[media.id, "image", "A red lamp"]]);
const bytes = Buffer.from(await (await fetch(scheduled.mediaAttachments[0].url)).arrayBuffer());
assert.deepEqual(bytes, await readFile(picture));
assert.equal((await queue.$select(scheduled.id).fetch()).params.text, "Our new lamp is here");
const moved = await queue.$select(scheduled.id).update({ scheduledAt: ahead(90) });
assert.equal(moved.id, scheduled.id);
assert.ok(Date.parse(moved.scheduledAt) > Date.parse(scheduled.scheduledAt));
const poll = await client.v1.statuses.create({
  status: "Which colour?", poll: { options: ["Red", "Blue"], expiresIn: 7200, multiple: true }, scheduledAt: ahead(120),
});
assert.deepEqual(poll.params.poll.options, ["Red", "Blue"]);
await queue.$select(scheduled.id).remove();
await assert.rejects(queue.$select(scheduled.id).fetch(), (error) => error.statusCode === 404 && error.message.length > 0);

// One statement, published once, pinned and unpinned.
const once = { requestInit: { headers: { "Idempotency-Key": "halfmast-c-1" } } };
const words = { status: "We know that checkout is failing. https://status.example/1 #status", visibility: "public", language: "en" };
const out = await client.v1.statuses.create(words, once);
assert.equal((await client.v1.statuses.create(words, once)).id, out.id, "the same key is the same post");
assert.deepEqual([out.visibility, out.language, out.account.id, out.pinned], ["public", "en", me.id, false]);
assert.equal((await client.v1.statuses.$select(out.id).pin()).pinned, true);
const statuses = client.v1.accounts.$select(me.id).statuses;
assert.deepEqual((await statuses.list({ pinned: true })).map((one) => one.id), [out.id]);
assert.equal((await client.v1.statuses.$select(out.id).unpin()).pinned, false);
assert.deepEqual(await statuses.list({ pinned: true }), []);
assert.equal((await statuses.list({ limit: 5 }))[0].id, out.id);
assert.equal((await client.v1.statuses.$select(out.id).fetch()).content.includes("checkout"), true);

// Refusals a client can read.
await assert.rejects(queue.$select(poll.id).update({ scheduledAt: ahead(1) }), (error) => error.statusCode === 422 && error.message.length > 0);
const stranger = createRestAPIClient({ url, accessToken: "nobody" });
await assert.rejects(stranger.v1.accounts.verifyCredentials(), (error) => error.statusCode === 401);

console.log(JSON.stringify({ published: out.id, poll: poll.id, pages }));
