import { expect, test } from 'vitest'
import { clock, countdown, fromLocalInput, lanes, oddHour, relative, toLocalInput } from '../src/lib/time'

const now = Date.parse('2026-11-27T20:00:00Z')

test('a countdown never runs below zero and shows hours only where there are some', () => {
  expect(countdown('2026-11-27T20:12:30Z', now)).toBe('12:30')
  expect(countdown('2026-11-27T21:04:09Z', now)).toBe('1:04:09')
  expect(countdown('2026-11-27T19:00:00Z', now)).toBe('00:00')
})

test('how far away, in the unit that says most', () => {
  expect(relative('2026-11-27T20:12:30Z', now, 'en')).toBe('in 12 minutes')
  expect(relative('2026-11-25T19:00:00Z', now, 'en')).toBe('2 days ago')
  expect(relative('2026-11-27T20:05:00Z', now, 'ru')).toBe('через 5 минут')
})

test('a time spells its offset out', () => {
  expect(clock('2026-07-01T12:00:00Z', 'en', 'Europe/Budapest')).toMatch(/14:00.*GMT\+2/)
  expect(clock('2026-12-01T12:00:00Z', 'en', 'Europe/Budapest')).toMatch(/13:00.*GMT\+1/)
  expect(clock('2026-12-01T12:00:00Z', 'en', 'UTC')).toMatch(/12:00.*GMT/)
})

test('what is typed in the own zone goes out as UTC and comes back as it was (Budapest here)', () => {
  expect(fromLocalInput('2026-12-01T13:00')).toBe('2026-12-01T12:00:00Z')
  expect(fromLocalInput('2026-07-01T14:00')).toBe('2026-07-01T12:00:00Z')
  expect(toLocalInput('2026-07-01T12:00:00Z')).toBe('2026-07-01T14:00')
})

test('the hour that the clocks skip or repeat is named', () => {
  expect(oddHour('2026-03-29T02:30')).toBe('skipped')
  expect(oddHour('2026-10-25T02:30')).toBe('twice')
  expect(oddHour('2026-10-25T03:30')).toBe(null)
  expect(oddHour('2026-06-01T12:00')).toBe(null)
  expect(oddHour('')).toBe(null)
})

test('slots that would cover one another stand side by side, as many ways as there is room for', () => {
  const placed = (most: number, ...at: number[]): string =>
    lanes(
      at.map((one) => ({ at: one })),
      3,
      most,
    )
      .map(({ lane, of }) => `${lane}/${of}`)
      .join(' ')
  expect(placed(2, 0, 3, 6)).toBe('0/1 0/1 0/1')
  expect(placed(2, 0, 1, 3.5, 10)).toBe('0/2 1/2 0/2 0/1')
  expect(placed(2, 0, 0, 0)).toBe('0/2 1/2 1/2')
  expect(placed(3, 0, 0, 0)).toBe('0/3 1/3 2/3')
  expect(placed(2)).toBe('')
})
