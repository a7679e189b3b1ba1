#!/usr/bin/env node
// One JSON file as a scheduler, for connector "exec" (protocol 1: connectors/exec/README.md). Node alone, no packages.
//
//   [[account]]
//   id        = "acme-schedule"
//   connector = "exec"
//   program   = "connectors/schedule.mjs"
//   arguments = ["/srv/schedule.json"]
//   rungs     = ["native"]
//
// The file is [{"id": "7", "at": "2026-03-02T14:30:00Z", "text": "...", "tags": ["promo"], "status": "waiting"}, ...]; status is
// waiting, paused or sent. Whatever sends takes what is waiting and due. It only holds and lets go: no summary, no pins, no feed, so
// that escapes are seen by a person. Under systemd Node needs a line of its own: see that README.
import { readFileSync, writeFileSync, renameSync, openSync, fsyncSync, closeSync } from "node:fs";
import { createInterface } from "node:readline";

const path = process.argv[2];
const places = { waiting: "queued", paused: "parked", sent: "published" };

class Refused extends Error {
  constructor(kind, detail) {
    super(detail);
    this.kind = kind;
  }
}

const load = () => JSON.parse(readFileSync(path, "utf8"));

// Whole or not at all: written beside, made durable, renamed.
function save(posts) {
  const beside = `${path}.new`;
  writeFileSync(beside, JSON.stringify(posts, null, 1) + "\n");
  const file = openSync(beside, "r");
  fsyncSync(file);
  closeSync(file);
  renameSync(beside, path);
}

const utc = (text) => new Date(text).toISOString().replace(/\.\d+Z$/, "Z");

function change(id, edit) {
  const posts = load();
  const post = posts.find((one) => String(one.id) === id);
  if (!post) throw new Refused("not_found", "there is no such post");
  if (post.status === "sent") throw new Refused("not_found", "it is out already");
  if (edit(post)) save(posts);
  return { id };
}

const verbs = {
  hello: () => ({ protocol: 1, name: "one JSON file", rungs: ["native"], publishes: false, pins: false, feed: false }),
  list: () => ({
    posts: load()
      .filter((post) => post.status === "waiting")
      .map((post) => ({ id: String(post.id), due: utc(post.at), text: post.text, tags: post.tags ?? [] })),
    next: null,
  }),
  hold: ({ post: id }) =>
    change(id, (post) => {
      const changes = post.status !== "paused";
      post.status = "paused";
      return changes;
    }),
  read: ({ posts: wanted }) => {
    const known = new Map(load().map((post) => [String(post.id), post]));
    return {
      posts: wanted.map((id) => {
        const post = known.get(id);
        return post ? { id, where: places[post.status] ?? "parked", due: utc(post.at) } : { id, where: "absent" };
      }),
    };
  },
  release: ({ post: id, at, now }) => {
    if (Date.parse(at) <= Date.parse(now)) throw new Refused("rejected", "that time has passed");
    return change(id, (post) => {
      post.at = utc(at);
      post.status = "waiting";
      return true;
    });
  },
  check: () => ({ lines: [{ what: "the schedule can be read", ability: "list", ok: Array.isArray(load()), detail: "" }] }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  let answer;
  try {
    const verb = verbs[request.verb];
    if (!verb) throw new Refused("unsupported", `there is no verb ${request.verb}`);
    answer = { id: request.id, result: verb(request) };
  } catch (error) {
    if (!(error instanceof Refused)) console.error(`${request.verb}: ${error.message}`);
    answer = { id: request.id, problem: { kind: error instanceof Refused ? error.kind : "unknown_outcome", detail: error.message } };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
