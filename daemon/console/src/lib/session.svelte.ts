// Who the person is and what the daemon lets them do. The screens hide what would be refused; the refusing is the daemon's.
import { get, post, Problem, remove, setCsrf, whenForged, whenSignedOut } from './api'
import type { Session } from './types'

class Who {
  session = $state.raw<Session | null>(null)
  known = $state(false) // asked and answered
  why = $state('') // a session was ended by somebody else: what the daemon said of it
  mustSignIn = $state(false) // not even reading is allowed
  ways = $state.raw<string[] | null>(null) // how one can sign in here; null: not said

  constructor() {
    whenSignedOut((body) => this.#lost(body.type?.endsWith(':sign-in-again') ? (body.detail ?? '') : ''))
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
    return this.session?.may.includes(what) ?? false
  }

  #take(session: Session): void {
    this.session = session
    this.mustSignIn = false
    this.why = ''
    setCsrf(session.csrf ?? '')
  }

  #lost(why = ''): void {
    if (why || this.session) this.why = why // the requests behind the first one know less
    this.session = null
    setCsrf('')
    this.mustSignIn = true
  }
}

export const who = new Who()
