// Times for people: in their own zone and in the account's, with the offset spelled out, for "14:30" alone has misled before.
export const myZone = Intl.DateTimeFormat().resolvedOptions().timeZone

export function clock(at: string | Date, language: string, zone: string = myZone): string {
  return new Intl.DateTimeFormat(language, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone: zone,
    timeZoneName: 'shortOffset',
  }).format(new Date(at))
}

export function hourOf(at: string | Date, language: string, zone: string = myZone): string {
  return new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: zone }).format(
    new Date(at),
  )
}

export function dayOf(at: string | Date, language: string, zone: string = myZone): string {
  return new Intl.DateTimeFormat(language, { weekday: 'short', month: 'short', day: 'numeric', timeZone: zone }).format(
    new Date(at),
  )
}

// "in 12 minutes", "5 hours ago".
export function relative(at: string | Date, now: number, language: string): string {
  const seconds = Math.round((new Date(at).getTime() - now) / 1000)
  const units: [Intl.RelativeTimeFormatUnit, number][] = [
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60],
    ['second', 1],
  ]
  const [unit, length] = units.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1]
  return new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(Math.trunc(seconds / length), unit)
}

// "1:04:09", "12:30"; never below zero.
export function countdown(until: string | Date, now: number): string {
  const left = Math.max(0, Math.ceil((new Date(until).getTime() - now) / 1000))
  const two = (value: number): string => String(value).padStart(2, '0')
  const hours = Math.floor(left / 3600)
  const rest = `${two(Math.floor(left / 60) % 60)}:${two(left % 60)}`
  return hours ? `${hours}:${rest}` : rest
}

// What <input type="datetime-local"> shows for a moment, in the person's own zone.
export function toLocalInput(at: string | Date): string {
  const time = new Date(at)
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  return `${day}T${two(time.getHours())}:${two(time.getMinutes())}`
}

export function fromLocalInput(text: string): string {
  return new Date(text).toISOString().replace(/\.\d+Z$/, 'Z')
}

// A time of the clock that the switch to or from summer time skips or repeats: its other reading, else null.
export function oddHour(text: string): 'skipped' | 'twice' | null {
  const made = new Date(text)
  if (Number.isNaN(made.getTime())) return null
  if (toLocalInput(made) !== text.slice(0, 16)) return 'skipped'
  for (const shift of [-3_600_000, 3_600_000])
    if (toLocalInput(new Date(made.getTime() + shift)) === text.slice(0, 16)) return 'twice'
  return null
}

// Slots of one height on a line, each in the first lane that is free there; what overlaps shares the width, at most `most` ways.
// Sorted by `at`.
export function lanes<T extends { at: number }>(slots: T[], height: number, most: number): (T & { lane: number; of: number })[] {
  const placed: (T & { lane: number; of: number })[] = []
  let group: typeof placed = []
  let ends: number[] = []
  for (const slot of slots) {
    if (ends.every((end) => end <= slot.at)) {
      group = []
      ends = []
    }
    const free = ends.findIndex((end) => end <= slot.at)
    const lane = free >= 0 ? free : Math.min(ends.length, most - 1)
    ends[lane] = slot.at + height
    const one = { ...slot, lane, of: 1 }
    group.push(one)
    placed.push(one)
    for (const other of group) other.of = ends.length
  }
  return placed
}
