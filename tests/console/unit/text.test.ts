import { describe, expect, test } from 'vitest'
import { difference, languageOf, lengthOf, marked } from '../src/lib/text'

const marks = (text: string, ...matches: string[]): string[] =>
  marked(
    text,
    matches.map((match) => ({ rule: 'words', match })),
  )
    .filter((piece) => piece.how === 'mark')
    .map((piece) => piece.text)

describe('what spoke for the verdict is marked in the text as it stands', () => {
  test('whatever its case, everywhere', () => expect(marks('Sale! SALE, sale', 'sale')).toEqual(['Sale', 'SALE', 'sale']))
  test('in any writing', () => {
    expect(marks('Весенняя Распродажа ламп', 'распродажа')).toEqual(['Распродажа'])
    expect(marks('春季大促：全场台灯八折', '大促')).toEqual(['大促'])
  })
  test('overlapping ones are one mark', () => expect(marks('20% off until', '20% off', 'off until')).toEqual(['20% off until']))
  test('a match that is no part of the text, and an empty one, mark nothing', () =>
    expect(marks('hello', 'campaign:spring', '', ' ')).toEqual([]))
  test('no character is lost or doubled', () => {
    const text = 'İstanbul SALE\n👩‍👩‍👧 sale'
    expect(
      marked(text, [{ rule: 'words', match: 'sale' }])
        .map((piece) => piece.text)
        .join(''),
    ).toBe(text)
  })
})

describe('in which language a text is', () => {
  test('what the platform says is taken', () => expect(languageOf('Tavaszi akció', 'hu', 'en')).toBe('hu'))
  test('Chinese and Russian are seen', () => {
    expect(languageOf('春季大促 20% #promo', undefined, 'en')).toBe('zh')
    expect(languageOf('Скидка https://shop.example/a-long-address-in-latin', undefined, 'en')).toBe('ru')
  })
  test('Latin letters tell nothing', () => {
    expect(languageOf('Tavaszi akció', undefined, 'hu')).toBe('hu')
    expect(languageOf('Sale', undefined, undefined)).toBe('und')
  })
})

describe('the difference between two texts', () => {
  const sides = (before: string, after: string, language = 'en'): void => {
    const pieces = difference(before, after, language)
    expect(
      pieces
        .filter((piece) => piece.how !== 'ins')
        .map((piece) => piece.text)
        .join(''),
    ).toBe(before)
    expect(
      pieces
        .filter((piece) => piece.how !== 'del')
        .map((piece) => piece.text)
        .join(''),
    ).toBe(after)
  }
  test('is by words', () =>
    expect(
      difference('20% off until Sunday', '30% off until Sunday', 'en')
        .filter((piece) => piece.how !== 'same')
        .map((piece) => piece.text.replace('%', '')),
    ).toEqual(['20', '30']))
  test('is by words in Chinese too', () => {
    const changed = difference('全场台灯八折', '全场台灯七折', 'zh')
      .filter((piece) => piece.how === 'same')
      .map((piece) => piece.text)
      .join('')
    expect(changed).toContain('全场')
    expect(changed).toContain('台灯')
  })
  test('gives both texts back, whatever they are', () => {
    sides('', 'new')
    sides('old', '')
    sides('same', 'same')
    sides('a b c d', 'd c b a')
    sides('Весенняя распродажа', 'Осенняя распродажа!', 'ru')
    sides('x '.repeat(3000), 'y '.repeat(3000))
  })
})

test('a length is what a reader counts', () => {
  expect(lengthOf('abc')).toBe(3)
  expect(lengthOf('👩‍👩‍👧é')).toBe(2)
})
