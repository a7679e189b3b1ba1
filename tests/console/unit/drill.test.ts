import { describe, expect, test } from 'vitest'
import { allPractice, inOrder, isPractice, markOf } from '../src/lib/drill'
import type { Account, Crisis } from '../src/lib/types'

const crisis = (id: string, drill?: boolean, phase = 'raised'): Crisis => ({
  id,
  playbook: 'outage',
  severity: 'major',
  reason: '',
  owner: '',
  raised_at: '2026-11-27T20:00:00Z',
  next_update_by: '2026-11-27T20:45:00Z',
  phase,
  scope: {},
  holds: {},
  summary: {},
  ...(drill === undefined ? {} : { drill }),
})
const account = (id: string, practice?: boolean): Account => ({
  id,
  connector: 'mastodon',
  reachable: true,
  last_poll: null,
  queued: 0,
  ...(practice === undefined ? {} : { practice }),
})

describe('what is up', () => {
  test('a crisis comes before every drill, whichever was raised first', () =>
    expect(inOrder([crisis('c-1', true), crisis('c-2'), crisis('c-3', true), crisis('c-4', false)]).map((one) => one.id)).toEqual([
      'c-2',
      'c-4',
      'c-1',
      'c-3',
    ]))
  test('what was lowered is not up', () => expect(inOrder([crisis('c-1', false, 'lowered')])).toEqual([]))
})

describe('the mark of the page', () => {
  test('a drill alone has its word', () => expect(markOf([crisis('c-1', true)])).toBe('drill.word'))
  test('beside a crisis it never takes that word away', () =>
    expect(markOf([crisis('c-1', true), crisis('c-2')])).toBe('banner.crisis'))
  test('a flag without the member is real', () => expect(markOf([crisis('c-1')])).toBe('banner.crisis'))
  test('a calm page has none', () => expect(markOf([crisis('c-1', true, 'lowered')])).toBe(null))
})

describe('what a dialog is about', () => {
  const known = [account('acme'), account('range', true), account('range-hu', true), account('shop', false)]
  test('an account is real unless it says that it is for practice', () =>
    expect(['acme', 'range', 'shop', 'unheard-of'].map((id) => isPractice(id, known))).toEqual([false, true, false, false]))
  test('one real post among them, and it is no drill', () => {
    expect(allPractice([{ account: 'range' }, { account: 'range-hu' }], known)).toBe(true)
    expect(allPractice([{ account: 'range' }, { account: 'acme' }], known)).toBe(false)
    expect(allPractice([], known)).toBe(false)
  })
})
