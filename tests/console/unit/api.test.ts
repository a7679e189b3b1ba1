import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { get, post, postPath, Problem, query, setCsrf, Unreachable, whenForged, whenSignedOut } from '../src/lib/api'
import type { ProblemBody } from '../src/lib/types'

const answers: Response[] = []
const asked: { path: string; headers: Record<string, string> }[] = []
let signed_out: ProblemBody[] = []
const problem = (status: number, kind: string, detail = ''): Response =>
  new Response(JSON.stringify({ type: `urn:halfmast:problem:${kind}`, detail }), { status })

beforeEach(() => {
  answers.length = asked.length = 0
  signed_out = []
  whenSignedOut((body) => signed_out.push(body))
  vi.stubGlobal('fetch', async (path: string, { headers }: { headers: Record<string, string> }) => {
    asked.push({ path, headers })
    const answer = answers.shift()
    if (!answer) throw new TypeError('nobody answers')
    return answer
  })
})
afterEach(() => {
  vi.unstubAllGlobals()
})

describe('who is signed out', () => {
  test('whoever may not even read', async () => {
    answers.push(problem(401, 'sign-in-again', 'the provider does not stand for this sign-in any more'))
    await expect(get('/status')).rejects.toThrow('does not stand')
    expect(signed_out.map((one) => one.detail)).toEqual(['the provider does not stand for this sign-in any more'])
  })
  test('not who reads on while the provider is away and may only not let go', async () => {
    answers.push(problem(401, 'sign-in-again', "'release' needs a new sign-in"))
    await expect(post('/posts/acme/1/release', {})).rejects.toThrow('needs a new sign-in')
    expect(signed_out).toEqual([])
  })
  test('not who is asked for a password that was wrong', async () => {
    answers.push(problem(401, 'sign-in'))
    await expect(post('/session', {})).rejects.toBeInstanceOf(Problem)
    expect(signed_out).toEqual([])
  })
})

describe('a change', () => {
  test('carries a key of its own, the mark of what was seen, and the token against forgery', async () => {
    setCsrf('token')
    answers.push(new Response('{}'), new Response(''))
    await post('/posts/acme/1/keep', {}, { etag: 'seen' })
    await post('/posts/acme/1/keep', {}, { etag: 'seen' })
    const [one, two] = asked.map((call) => call.headers)
    expect(one).toMatchObject({ 'If-Match': '"seen"', 'X-CSRF-Token': 'token' })
    expect(one?.['Idempotency-Key']).toMatch(/^[0-9a-f-]{36}$/)
    expect(one?.['Idempotency-Key']).not.toBe(two?.['Idempotency-Key'])
  })
  test('is sent once more with the new token when another tab signed in, and not a third time', async () => {
    whenForged(async () => setCsrf('new'))
    answers.push(problem(403, 'csrf'), problem(403, 'csrf'))
    await expect(post('/asks/a-1/drop', {}, { key: 'k' })).rejects.toBeInstanceOf(Problem)
    expect(asked.map((call) => [call.headers['X-CSRF-Token'], call.headers['Idempotency-Key']])).toEqual([['token', 'k'], ['new', 'k']])
  })
})

test('no answer is not a refusal', async () => {
  await expect(get('/status')).rejects.toBeInstanceOf(Unreachable)
})

test('a path and a query say what they were given', () => {
  expect(postPath('acme-blog/a/b c')).toBe('/posts/acme-blog/a%2Fb%20c')
  expect(query({ state: 'held', q: 'ó&=', cursor: '', limit: 50, before: undefined })).toBe('?state=held&q=%C3%B3%26%3D&limit=50')
})
