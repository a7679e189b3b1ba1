// Four complete catalogues: the same keys, the same placeholders, every plural form the language has, and no key that nothing uses.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, TYPE, type MessageFormatElement } from '@formatjs/icu-messageformat-parser'
import { IntlMessageFormat } from 'intl-messageformat'
import { describe, expect, test } from 'vitest'
import { parsed as asBuilt } from '../vite.config'

const source = join(import.meta.dirname, '../src')
const read = (tag: string): Record<string, string> =>
  JSON.parse(readFileSync(join(source, `locales/${tag}.json`), 'utf8')) as Record<string, string>
const tags = ['en', 'hu', 'ru', 'zh']
const catalogues = Object.fromEntries(tags.map((tag) => [tag, read(tag)]))
const en = catalogues['en'] ?? {}

function placeholders(elements: MessageFormatElement[], into = new Set<string>()): Set<string> {
  for (const one of elements) {
    if (one.type === TYPE.literal || one.type === TYPE.pound) continue
    if ('value' in one) into.add(one.value)
    if (one.type === TYPE.plural || one.type === TYPE.select)
      for (const option of Object.values(one.options)) placeholders(option.value, into)
  }
  return into
}

function plurals(elements: MessageFormatElement[]): string[][] {
  return elements.flatMap((one) => (one.type === TYPE.plural ? [Object.keys(one.options)] : []))
}

const parsed = (text: string): MessageFormatElement[] => parse(text, { ignoreTag: true })

describe.each(tags)('%s', (tag) => {
  const words = catalogues[tag] ?? {}

  test('has every key and no other', () => expect(Object.keys(words).sort()).toEqual(Object.keys(en).sort()))

  test('says something under each', () => expect(Object.entries(words).filter(([, text]) => !text.trim())).toEqual([]))

  test('names the same placeholders', () => {
    for (const [key, text] of Object.entries(words))
      expect([key, ...[...placeholders(parsed(text))].sort()]).toEqual([key, ...[...placeholders(parsed(en[key] ?? ''))].sort()])
  })

  test('has each form that a number can take', () => {
    const wanted = [...new Intl.PluralRules(tag).resolvedOptions().pluralCategories].sort()
    for (const [key, text] of Object.entries(words))
      for (const forms of plurals(parsed(text))) expect([key, ...forms.sort()]).toEqual([key, ...wanted])
  })

  test('can be said with any number', () => {
    for (const text of Object.values(words)) {
      const names = [...placeholders(parsed(text))]
      for (const number of [0, 1, 2, 5, 21, 1.5]) {
        const said = String(
          new IntlMessageFormat(text, tag, undefined, { ignoreTag: true }).format(
            Object.fromEntries(names.map((name) => [name, number])),
          ),
        )
        expect(said).not.toContain('{')
      }
    }
  })

  test('says the same as it is built, parsed', () => {
    const built = JSON.parse(asBuilt(JSON.stringify(words))) as Record<string, ConstructorParameters<typeof IntlMessageFormat>[0]>
    expect(Object.keys(built)).toEqual(Object.keys(words))
    for (const [key, text] of Object.entries(words)) {
      if (!text.includes('{')) {
        expect(built[key]).toBe(text)
        continue
      }
      expect(Array.isArray(built[key])).toBe(true)
      const names = [...placeholders(parsed(text))]
      for (const number of [0, 1, 3, 7, 1_234_567.5]) {
        const values = Object.fromEntries(names.map((name) => [name, number]))
        const said = (one: typeof text | (typeof built)[string]) =>
          new IntlMessageFormat(one, tag, undefined, { ignoreTag: true }).format(values)
        expect([key, said(built[key] ?? '')]).toEqual([key, said(text)])
      }
    }
  })

  test('leaves room: no text is so much longer than the English one that it cannot be meant', () => {
    for (const [key, text] of Object.entries(words))
      expect([key, text.length <= (en[key] ?? '').length * 2.2 + 60]).toEqual([key, true])
  })
})

test('a text that cannot be parsed is no build, and its key is named', () => {
  expect(() => asBuilt('{"some.key":"{count, plural, other {#}"}')).toThrow('some.key')
})

describe('what the code says', () => {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(svelte|ts)$/.test(name))
  const code = files.map((name) => readFileSync(join(source, name), 'utf8')).join('\n')
  // Words of the API: the key is put together from one of them.
  const families = ['state', 'class', 'rung', 'severity', 'summary', 'edition', 'task', 'way', 'ready']

  test('every key in it is in the catalogues', () => {
    const used = [...code.matchAll(/\bt\('([a-z_.]+)'/g)].map((found) => found[1] ?? '')
    expect(used.length).toBeGreaterThan(150)
    expect(used.filter((key) => !(key in en))).toEqual([])
  })

  test('every key of the catalogues is in it', () =>
    expect(Object.keys(en).filter((key) => !families.includes(key.split('.')[0] ?? '') && !code.includes(`'${key}'`))).toEqual([]))
})
