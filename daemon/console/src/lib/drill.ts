// Practice and the real thing, told apart: which of what is up comes first, and what on a screen belongs to a drill alone. Pure.
import type { Account, Crisis, Post } from './types'

// What is up, the real ones first: a drill never takes the first place from a crisis.
export function inOrder(crises: Crisis[]): Crisis[] {
  const up = crises.filter((one) => one.phase === 'raised')
  return [...up.filter((one) => !one.drill), ...up.filter((one) => one.drill)]
}

// The word in front of the page's title: of the gravest thing that is up.
export function markOf(crises: Crisis[]): 'banner.crisis' | 'drill.word' | null {
  const first = inOrder(crises)[0]
  return first ? (first.drill ? 'drill.word' : 'banner.crisis') : null
}

export function isPractice(account: string, accounts: Account[]): boolean {
  return accounts.some((one) => one.id === account && one.practice === true)
}

// A dialog about posts carries the mark only when none of them is real.
export function allPractice(posts: Pick<Post, 'account'>[], accounts: Account[]): boolean {
  return posts.length > 0 && posts.every((post) => isPractice(post.account, accounts))
}
