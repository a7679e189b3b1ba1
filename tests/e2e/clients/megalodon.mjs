// The practice platform as the client library "megalodon" sees it: every call that connector mastodon makes, but for the key of a
// publication, which this library does not send. Ends with one line of JSON.
// node megalodon.mjs URL TOKEN PICTURE
import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import library from "megalodon";

const [url, token, picture] = process.argv.slice(2);
const client = library.default("mastodon", url, token);
const ahead = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString();

const me = (await client.verifyAccountCredentials()).data;
assert.equal(me.username, "alice");
assert.ok((await client.getInstance()).data.uri);

// Every page of the queue, by the Link header that a library of this kind hands on.
const seen = new Set();
let pages = 0;
for (let next = {}; next; ) {
  const page = await client.getScheduledStatuses({ limit: 20, ...next });
  pages += 1;
  for (const one of page.data) seen.add(one.id);
  const link = /<[^>]*[?&]max_id=([^&>]+)[^>]*>; *rel="next"/.exec(page.headers.link ?? "");
  next = link ? { max_id: link[1] } : null;
}
assert.equal(seen.size, 45);
assert.ok(pages >= 3, `${pages} pages`);

const media = (await client.uploadMedia(createReadStream(picture), { description: "A red lamp", focus: "0.5,-0.5" })).data;
assert.equal(media.description, "A red lamp");
assert.equal((await client.getMedia(media.id)).data.id, media.id);
const scheduled = (await client.postStatus("Our new lamp is here", {
  media_ids: [media.id], scheduled_at: ahead(60), visibility: "unlisted", language: "hu", spoiler_text: "Ad", sensitive: true,
})).data;
assert.deepEqual([scheduled.params.text, scheduled.params.visibility, scheduled.params.spoiler_text, scheduled.params.sensitive],
                 ["Our new lamp is here", "unlisted", "Ad", true]);
assert.deepEqual(scheduled.media_attachments.map((one) => [one.id, one.type, one.description]), [[media.id, "image", "A red lamp"]]);
const bytes = Buffer.from(await (await fetch(scheduled.media_attachments[0].url)).arrayBuffer());
assert.deepEqual(bytes, await readFile(picture));
assert.equal((await client.getScheduledStatus(scheduled.id)).data.params.text, "Our new lamp is here");
const moved = (await client.scheduleStatus(scheduled.id, ahead(90))).data;
assert.equal(moved.id, scheduled.id);
assert.ok(Date.parse(moved.scheduled_at) > Date.parse(scheduled.scheduled_at));
const poll = (await client.postStatus("Which colour?", {
  poll: { options: ["Red", "Blue"], expires_in: 7200, multiple: true }, scheduled_at: ahead(120),
})).data;
assert.ok(poll.id);
await client.cancelScheduledStatus(scheduled.id);
await assert.rejects(client.getScheduledStatus(scheduled.id), (error) => error.response.status === 404 && error.response.data.error.length > 0);

const out = (await client.postStatus("We know that checkout is failing. https://status.example/1 #status", { visibility: "public", language: "en" })).data;
assert.deepEqual([out.visibility, out.language, out.account.id, out.pinned], ["public", "en", me.id, false]);
assert.equal((await client.pinStatus(out.id)).data.pinned, true);
assert.deepEqual((await client.getAccountStatuses(me.id, { pinned: true })).data.map((one) => one.id), [out.id]);
assert.equal((await client.unpinStatus(out.id)).data.pinned, false);
assert.deepEqual((await client.getAccountStatuses(me.id, { pinned: true })).data, []);
assert.equal((await client.getAccountStatuses(me.id, { limit: 5 })).data[0].id, out.id);
assert.ok((await client.getStatus(out.id)).data.content.includes("checkout"));

await assert.rejects(client.scheduleStatus(poll.id, ahead(1)), (error) => error.response.status === 422 && error.response.data.error.length > 0);
await assert.rejects(library.default("mastodon", url, "nobody").verifyAccountCredentials(), (error) => error.response.status === 401);

console.log(JSON.stringify({ published: out.id, poll: poll.id, pages }));
