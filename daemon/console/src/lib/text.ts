// Texts of posts: in which language they are, what in them spoke for the verdict, and what changed between two versions. Pure.
import type { Why } from './types'

export interface Piece {
  text: string
  how: 'same' | 'mark' | 'ins' | 'del'
}

// For `lang`: what the platform says, else what the writing tells. Latin letters tell nothing, so the account's language is taken.
export function languageOf(text: string, said: string | undefined, ofAccount: string | undefined): string {
  if (said) return said
  const han = (text.match(/\p{Script=Han}/gu) ?? []).length
  const cyrillic = (text.match(/\p{Script=Cyrillic}/gu) ?? []).length
  const latin = (text.replace(/https?:\S+/g, '').match(/\p{Script=Latin}/gu) ?? []).length
  if (han > 0 && han * 2 >= latin) return 'zh'
  if (cyrillic > latin) return 'ru'
  return ofAccount ?? 'und'
}

// The words that the rules matched, in the text as it stands. A match the text does not hold (a tag, a category) marks nothing.
export function marked(text: string, why: Why[]): Piece[] {
  const folded = text.toLocaleLowerCase()
  // Folding that changes the length would move every place behind it.
  const source = folded.length === text.length ? folded : text
  const taken = new Array<boolean>(text.length).fill(false)
  for (const { match } of why) {
    const wanted = match.toLocaleLowerCase().trim()
    if (!wanted) continue
    for (let at = source.indexOf(wanted); at >= 0; at = source.indexOf(wanted, at + wanted.length))
      taken.fill(true, at, at + wanted.length)
  }
  const pieces: Piece[] = []
  for (let at = 0; at < text.length;) {
    let end = at
    while (end < text.length && taken[end] === taken[at]) ++end
    pieces.push({ text: text.slice(at, end), how: taken[at] ? 'mark' : 'same' })
    at = end
  }
  return pieces
}

function wordsOf(text: string, language: string): string[] {
  const locale = language === 'und' ? 'en' : language
  return [...new Intl.Segmenter(locale, { granularity: 'word' }).segment(text)].map((part) => part.segment)
}

// Word by word, by the longest common sequence. Two texts of a post are small; beyond the limit they are shown whole, one after
// the other.
export function difference(before: string, after: string, language: string): Piece[] {
  const a = wordsOf(before, language)
  const b = wordsOf(after, language)
  if (a.length * b.length > 4_000_000)
    return [
      { text: before, how: 'del' },
      { text: after, how: 'ins' },
    ]
  const width = b.length + 1
  const longest = new Uint16Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; --i)
    for (let j = b.length - 1; j >= 0; --j)
      longest[i * width + j] =
        a[i] === b[j]
          ? (longest[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(longest[(i + 1) * width + j] ?? 0, longest[i * width + j + 1] ?? 0)
  const pieces: Piece[] = []
  const add = (how: Piece['how'], text: string): void => {
    const last = pieces.at(-1)
    if (last?.how === how) last.text += text
    else pieces.push({ how, text })
  }
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      add('same', a[i] ?? '')
      ++i
      ++j
    } else if (j >= b.length || (i < a.length && (longest[(i + 1) * width + j] ?? 0) >= (longest[i * width + j + 1] ?? 0))) {
      add('del', a[i++] ?? '')
    } else {
      add('ins', b[j++] ?? '')
    }
  }
  return pieces
}

// How a reader counts: one for each character that is seen, as platforms do.
export function lengthOf(text: string): number {
  return [...new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)].length
}
