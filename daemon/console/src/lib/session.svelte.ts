// Who the person is and what the daemon lets them do. The screens hide what would be refused; the refusing is the daemon's.
import { get, post, Problem, remove, setCsrf, whenForged, whenSignedOut } from './api'
import type { Session } from './types'

// As the daemon's table has it; only used to leave out buttons that would be refused.
const abilities: Record<string, string[]> = {
  ops: ['read', 'raise', 'lower', 'hold', 'acknowledge'],
  manager: ['read', 'raise', 'hold', 'review', 'release', 'say', 'acknowledge'],
  on_call: ['read', 'raise', 'acknowledge'],
  auditor: ['read', 'audit'],
  admin: ['read', 'raise', 'lower', 'hold', 'review', 'release', 'say', 'acknowledge', 'audit', 'administer'],
}

class Who {
  session = $state.raw<Session | null>(null)
  known = $state(false)        // asked and answered
  mustSignIn = $state(false)   // not even reading is allowed
  ways = $state.raw<string[] | null>(null)  // how one can sign in here; null: not said

  constructor() {
    whenSignedOut(() => this.#lost())
    whenForged(() => this.ask())
  }

  async ask(): Promise<void> {
    try {
      this.#take(await get<Session>('/session'))
    } catch (error) {
      if (error instanceof Problem) {
        this.session = null
        this.ways = error.body.ways ?? null
      } else {
        throw error
      }
    }
    this.known = true
  }

  async signIn(user: string, password: string): Promise<void> {
    this.#take(await post<Session>('/session', { user, password }, { key: '' }))
  }

  async signOut(): Promise<void> {
    await remove('/session')
    this.#lost()
  }

  may(what: string): boolean {
    if (!this.session) return false
    if (this.session.may) return this.session.may.includes(what)
    return this.session.roles.some((role) => abilities[role]?.includes(what))
  }

  #take(session: Session): void {
    this.session = session
    this.mustSignIn = false
    setCsrf(session.csrf ?? '')
  }

  #lost(): void {
    this.session = null
    setCsrf('')
    this.mustSignIn = true
  }
}

export const who = new Who()
