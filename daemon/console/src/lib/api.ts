// Asking the daemon. Every change carries an idempotency key and the mark of what the person saw, so that a second click or
// somebody else's decision in between is the daemon's to refuse, not ours to guess.
import type { ProblemBody } from './types'

const prefix = '/api/v1'

export class Problem extends Error {
  readonly status: number
  readonly body: ProblemBody
  constructor(status: number, body: ProblemBody) {
    super(body.detail ?? body.title ?? `HTTP ${status}`)
    this.status = status
    this.body = body
  }
  get kind(): string {
    return (this.body.type ?? '').replace(/^urn:halfmast:problem:/, '')
  }
}

// Nothing answered: the daemon is down, or the way to it is.
export class Unreachable extends Error {}

let csrf = ''
let signedOut: (body: ProblemBody) => void = () => {}
let renew: () => Promise<void> = async () => {}

export function setCsrf(token: string): void {
  csrf = token
}

// Another tab may have signed in anew: its token is another one.
export function whenForged(ask_again: () => Promise<void>): void {
  renew = ask_again
}

export function whenSignedOut(tell: (body: ProblemBody) => void): void {
  signedOut = tell
}

export interface Change {
  etag?: string | null | undefined
  key?: string
}

async function ask(method: string, path: string, body?: unknown, change: Change = {}, once_more = true): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  if (method !== 'GET') {
    if (csrf) headers['X-CSRF-Token'] = csrf
    if (change.etag) headers['If-Match'] = change.etag.startsWith('"') ? change.etag : `"${change.etag}"`
    if (change.key) headers['Idempotency-Key'] = change.key
  }
  let response: Response
  try {
    response = await fetch(prefix + path, {
      method,
      headers,
      cache: 'no-store',
      credentials: 'same-origin',
      signal: AbortSignal.timeout(30_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  } catch (error) {
    throw new Unreachable(error instanceof Error ? error.message : String(error))
  }
  if (response.ok) return response
  let problem: ProblemBody = {}
  try {
    problem = (await response.json()) as ProblemBody
  } catch {
    problem = { title: response.statusText }
  }
  if (response.status === 403 && problem.type?.endsWith(':csrf') && once_more) {
    await renew()
    return await ask(method, path, body, change, false)
  }
  // While a provider is away its people read on, and only what lets go or speaks asks for a new sign-in: that is a refusal of the one act.
  const of_the_act = method !== 'GET' && problem.type?.endsWith(':sign-in-again')
  if (response.status === 401 && path !== '/session' && !of_the_act) signedOut(problem)
  throw new Problem(response.status, problem)
}

export async function get<T>(path: string): Promise<T> {
  return (await (await ask('GET', path)).json()) as T
}

export async function post<T>(path: string, body: unknown, change: Change = {}): Promise<T> {
  const response = await ask('POST', path, body, { key: crypto.randomUUID(), ...change })
  const text = await response.text()
  return (text ? JSON.parse(text) : {}) as T
}

export async function remove(path: string): Promise<void> {
  await ask('DELETE', path)
}

// "acme-blog/123" -> "/posts/acme-blog/123"; a platform's id may hold a slash of its own.
export function postPath(id: string): string {
  const slash = id.indexOf('/')
  return `/posts/${encodeURIComponent(id.slice(0, slash))}/${encodeURIComponent(id.slice(slash + 1))}`
}

export function query(values: Record<string, string | number | undefined | null>): string {
  const pairs = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== '')
  return pairs.length ? '?' + new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString() : ''
}
