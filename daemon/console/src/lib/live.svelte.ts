// What the daemon says right now. One tab of a browser listens to its events and shares them, for HTTP/1.1 has six connections for
// a host; every tab asks for the status when something happened. When nothing was heard for five seconds, everything on the screen
// is old news.
import { get, Problem } from './api'
import { who } from './session.svelte'
import type { AuditRecord, Status } from './types'

const stale_after = 3_500 // a ping comes every two seconds; with the tick below this stays under five
const retry_after = 1_500

interface Heard {
  kind: 'record' | 'looked' | 'ping'
  data: Record<string, unknown>
}

class Live {
  status = $state.raw<Status | null>(null)
  now = $state(Date.now()) // by the daemon's clock
  heardAt = $state(0) // by ours; 0: not yet
  last = $state.raw<AuditRecord | null>(null)
  changes = $state(0) // grows with everything that may have changed what a screen shows
  #tick = $state(Date.now())
  #skew = 0
  #after = ''
  #source: EventSource | null = null
  #askedAt = 0 // when the events were asked for, by our clock
  #channel = 'BroadcastChannel' in window ? new BroadcastChannel('halfmast') : null
  #asking = false
  #again = false
  #running = false
  #settle: ReturnType<typeof setTimeout> | undefined

  stale = $derived(!who.mustSignIn && this.heardAt > 0 && this.#tick - this.heardAt > stale_after)

  start(): void {
    if (this.#running) return
    this.#running = true
    setInterval(() => {
      this.#tick = Date.now()
      this.now = this.#tick + this.#skew
      // A connection that a sleeping laptop left half open never errs.
      if (this.#source && this.#tick - Math.max(this.heardAt, this.#askedAt) > 10_000) this.#listen()
    }, 500)
    this.#channel?.addEventListener('message', (event: MessageEvent<Heard>) => this.#hear(event.data))
    if (navigator.locks && this.#channel)
      void navigator.locks.request('halfmast-events', () => new Promise<never>(() => this.#listen()))
    else this.#listen()
    void this.refresh()
  }

  // Asks at once; a call while one is under way is answered by one more behind it.
  async refresh(): Promise<void> {
    if (this.#asking) {
      this.#again = true
      return
    }
    this.#asking = true
    try {
      this.status = await get<Status>('/status')
      this.#alive()
      this.changes += 1
    } catch (error) {
      if (error instanceof Problem) this.#alive()
    }
    this.#asking = false
    if (this.#again) {
      this.#again = false
      void this.refresh()
    }
  }

  // Whoever signed out sees nothing of what was known.
  forget(): void {
    this.status = null
    this.last = null
  }

  // Nobody is let in without a sign-in, so until then nothing is asked for.
  #retry(): void {
    if (who.mustSignIn) setTimeout(() => this.#retry(), retry_after)
    else void this.refresh().then(() => this.#listen())
  }

  #alive(): void {
    this.heardAt = Date.now()
    this.#tick = this.heardAt
  }

  #hear(heard: Heard): void {
    this.#alive()
    if (heard.kind === 'ping') {
      const said = Date.parse(String(heard.data['now'] ?? ''))
      // A clock that is a second off is not worth a countdown that jumps.
      if (!Number.isNaN(said) && Math.abs(said - Date.now()) > 2_000) this.#skew = said - Date.now()
      if (this.status === null) void this.refresh()
      return
    }
    if (heard.kind === 'record') this.last = heard.data as unknown as AuditRecord
    // A raise writes hundreds of records; the screen is drawn a few times a second.
    this.#settle ??= setTimeout(() => {
      this.#settle = undefined
      void this.refresh()
    }, 250)
  }

  #listen(): void {
    this.#source?.close()
    const source = new EventSource('/api/v1/events' + (this.#after ? `?after=${this.#after}` : ''))
    this.#source = source
    this.#askedAt = Date.now()
    const take = (kind: Heard['kind']) => (event: MessageEvent<string>) => {
      if (event.lastEventId) this.#after = event.lastEventId
      let data: Record<string, unknown> = {}
      try {
        data = JSON.parse(event.data) as Record<string, unknown>
      } catch {
        return
      }
      this.#hear({ kind, data })
      this.#channel?.postMessage({ kind, data } satisfies Heard)
    }
    for (const kind of ['record', 'looked', 'ping'] as const) source.addEventListener(kind, take(kind))
    source.onopen = () => void this.refresh()
    source.onerror = () => {
      // The browser's own waiting time between tries is the server's to choose; after a crash ours is shorter.
      source.close()
      if (this.#source !== source) return
      setTimeout(() => this.#retry(), retry_after)
    }
  }
}

export const live = new Live()
