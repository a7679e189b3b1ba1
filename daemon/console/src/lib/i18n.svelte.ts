// The console's words: ICU MessageFormat, one catalogue for each language, loaded when it is chosen and parsed already where it was
// built (vite.config.ts). What the daemon says (reasons, details) is shown as it came.
import { IntlMessageFormat } from 'intl-messageformat'
import type en from '../locales/en.json'

export type Key = keyof typeof en
type Text = ConstructorParameters<typeof IntlMessageFormat>[0]
type Catalogue = Record<Key, Text>
type Values = Record<string, string | number>

export const languages = { en: 'English', hu: 'Magyar', ru: 'Русский', zh: '中文' } as const
export type Language = keyof typeof languages

const loaders: Record<Language, () => Promise<{ default: Catalogue }>> = {
  en: () => import('../locales/en.json'),
  hu: () => import('../locales/hu.json'),
  ru: () => import('../locales/ru.json'),
  zh: () => import('../locales/zh.json'),
}

function isLanguage(text: string): text is Language {
  return text in languages
}

// The choice of before, else the first of the browser's languages that there is.
export function preferredLanguage(): Language {
  const kept = localStorage.getItem('language') ?? ''
  if (isLanguage(kept)) return kept
  for (const tag of navigator.languages) {
    const primary = tag.split('-')[0] ?? ''
    if (isLanguage(primary)) return primary
  }
  return 'en'
}

class Words {
  language = $state<Language>('en')
  ready = $state(false)
  #catalogue = $state.raw<Catalogue | null>(null)
  #made = new Map<string, IntlMessageFormat>()

  async use(language: Language): Promise<void> {
    const loaded = (await loaders[language]()).default
    this.#made.clear()
    this.#catalogue = loaded
    this.language = language
    this.ready = true
    document.documentElement.lang = language
  }

  has(key: string): key is Key {
    return this.#catalogue !== null && key in this.#catalogue
  }

  say(key: Key, values?: Values): string {
    const text = this.#catalogue?.[key] ?? key
    if (typeof text === 'string' && !text.includes('{')) return text
    const name = this.language + key
    let made = this.#made.get(name)
    if (!made) {
      made = new IntlMessageFormat(text, this.language, undefined, { ignoreTag: true })
      this.#made.set(name, made)
    }
    return String(made.format(values))
  }
}

export const words = new Words()
export const t = (key: Key, values?: Values): string => words.say(key, values)

// A word of the API in the person's language; one that is not known yet is shown as it is.
export function term(
  kind: 'state' | 'class' | 'rung' | 'severity' | 'summary' | 'edition' | 'task' | 'way',
  word: string | null | undefined,
): string {
  if (!word) return ''
  const key = `${kind}.${word}`
  return words.has(key) ? t(key) : word
}
