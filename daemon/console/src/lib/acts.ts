// What a person can decide about held posts. Which of it is allowed now is the daemon's to say; here is only what makes sense to
// offer.
import type { Key } from './i18n.svelte'
import type { Post } from './types'

export type Act = 'release' | 'reschedule' | 'keep' | 'judge' | 'note' | 'hold' | 'second'

export const names: Record<Act, Key> = {
  release: 'act.release',
  reschedule: 'act.reschedule',
  keep: 'act.keep',
  judge: 'act.judge',
  note: 'act.note',
  hold: 'act.hold',
  second: 'act.second',
}

// The keys of the list; they work only while it has the focus.
export const keys: Record<string, Act> = { r: 'release', t: 'reschedule', d: 'keep', m: 'judge', n: 'note', h: 'hold' }

export const needs: Record<Act, string> = {
  release: 'release',
  reschedule: 'release',
  second: 'release',
  keep: 'review',
  judge: 'review',
  note: 'review',
  hold: 'hold',
}

export function waitsForSecond(post: Post): boolean {
  return Boolean(post.waits_for_second)
}

export function offered(post: Post): Act[] {
  const reviewable = post.state === 'held' || post.state === 'manual' || post.state === 'kept'
  if (post.state === 'queued' || post.state === 'released' || post.state === 'rescheduled') return ['hold', 'note']
  if (!reviewable) return ['note']
  const acts: Act[] = ['release', 'reschedule', 'keep', 'judge', 'note']
  return waitsForSecond(post) ? ['second', ...acts] : acts
}
