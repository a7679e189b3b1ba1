// What came of the last acts, said once, to eyes and to screen readers.
import { Problem, Unreachable } from './api'
import { t, words } from './i18n.svelte'
import { clock } from './time'

export interface Toast {
  id: number
  text: string
  bad: boolean
}

class Toasts {
  shown = $state<Toast[]>([])
  #next = 1

  say(text: string, bad = false): void {
    const id = this.#next++
    this.shown.push({ id, text, bad })
    if (this.shown.length > 4) this.shown.shift()
    // Trouble stays until it is closed: a person may be reading something else.
    if (!bad) setTimeout(() => this.close(id), 8_000)
  }

  close(id: number): void {
    this.shown = this.shown.filter((one) => one.id !== id)
  }
}

export const toasts = new Toasts()

// One sentence about what went wrong, with who and when where somebody else was first.
export function explain(error: unknown): string {
  if (error instanceof Unreachable) return t('error.unreachable')
  if (error instanceof Problem) {
    const current = error.body.current
    if ((error.status === 412 || error.status === 409) && current?.by)
      return t('error.conflict', {
        who: current.by,
        when: current.at ? clock(current.at, words.language) : '?',
        detail: error.message,
      })
    if (error.status === 403) return t('error.forbidden', { detail: error.message })
    return error.message
  }
  return error instanceof Error ? error.message : String(error)
}
