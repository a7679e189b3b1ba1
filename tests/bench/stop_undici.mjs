// What people write today, in Node: list, move each post far ahead, list again. undici comes from the folder in UNDICI.
// Input: JSON lines {url, token}; output: one JSON object.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const { Agent, request } = createRequire(process.env.UNDICI + "/")("undici");
const far = process.env.FAR;
const atOnce = Number(process.env.AT_ONCE ?? 256);
const workers = 4;
const agent = new Agent({ connections: Math.ceil(atOnce / Number(process.env.HOSTS ?? 1)), pipelining: 1 });

let free = atOnce;
const waiting = [];
const enter = () => (free > 0 ? (free--, undefined) : new Promise((go) => waiting.push(go)));
const leave = () => (waiting.length ? waiting.shift()() : free++);

// One call of an account; waits where the platform's headers say so, and tries again.
async function call(account, method, path, body) {
  for (let attempt = 0; attempt < 20; attempt++) {
    while (account.readyAt > Date.now()) await sleep(account.readyAt - Date.now());
    await enter();
    let answer, text;
    try {
      answer = await request(path.startsWith("http") ? path : account.url + path, {
        method, body, dispatcher: agent, headersTimeout: 10000, bodyTimeout: 10000,
        headers: { authorization: `Bearer ${account.token}`, ...(body ? { "content-type": "application/json" } : {}) },
      });
      text = await answer.body.text();
    } catch {
      answer = undefined;
    } finally {
      leave();
    }
    const reset = answer && Date.parse(answer.headers["x-ratelimit-reset"]);
    if (answer && Number(answer.headers["x-ratelimit-remaining"] ?? 1) === 0 && reset) account.readyAt = Math.max(account.readyAt, reset);
    if (answer && answer.statusCode !== 429 && answer.statusCode < 500) return { status: answer.statusCode, headers: answer.headers, text };
    const told = Number(answer?.headers["retry-after"]) * 1000;
    account.readyAt = Math.max(account.readyAt, Date.now() + (told || (reset ? reset - Date.now() : 500 * 2 ** Math.min(attempt, 4))));
  }
  throw new Error("gave up");
}

async function list(account) {
  const posts = [];
  for (let next = "/api/v1/scheduled_statuses?limit=40"; next;) {
    const page = await call(account, "GET", next);
    if (page.status !== 200) throw new Error(`list: ${page.status}`);
    posts.push(...JSON.parse(page.text));
    next = /<([^>]+)>; rel="next"/.exec(page.headers.link ?? "")?.[1];
  }
  return posts;
}

async function stop(account) {
  const posts = (await list(account)).sort((a, b) => (a.scheduled_at < b.scheduled_at ? -1 : 1));
  const queue = posts.slice();
  const work = async () => {
    for (let post; (post = queue.shift());) {
      const answer = await call(account, "PUT", `/api/v1/scheduled_statuses/${post.id}`, JSON.stringify({ scheduled_at: far }));
      if (answer.status === 200) firsts[account.number] ??= performance.now() - began;
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  const there = new Map((await list(account)).map((post) => [post.id, post.scheduled_at]));
  held += posts.filter((post) => there.get(post.id) >= far.slice(0, 10)).length;
}

const accounts = readFileSync(0, "utf8").trim().split("\n").map((line, number) => ({ ...JSON.parse(line), number, readyAt: 0 }));
const firsts = [];
let held = 0, failed = 0;
const began = performance.now();
await Promise.all(accounts.map((account) => stop(account).catch(() => failed++)));
const seconds = (performance.now() - began) / 1000;
const sorted = firsts.filter((one) => one !== undefined).sort((a, b) => a - b);
console.log(JSON.stringify({ seconds, held, failed, first_p99_ms: sorted[Math.floor(sorted.length * 0.99)] ?? null }));
await agent.close();
