/**
 * What people type into a search, as Mattermost reads it: words, `"phrases"`, `-without`, `begin*`, `#tags`, and
 * `from:` `in:` `before:` `after:` `on:` `has:`, which may have a minus, too. Whatever is typed means something or
 * nothing; only a date or a `has:` that cannot be right is refused, so that nobody takes "nothing found" for an answer.
 */
import { EdgeError } from '#base/errors.ts'
import type { Instant } from '#base/ids.ts'
import { QUERY_TERMS_MAX } from './limits.ts'
import { hashtagWord, wordsOf } from './words.ts'

/** Words that stand one after another. */
export interface Term {
  /** As it was typed, without signs. */
  readonly typed: string
  /** As the index has them; at least one. */
  readonly words: readonly string[]
  /** The last of them is only the beginning of a word. */
  readonly isPrefix: boolean
  readonly isHashtag: boolean
}

/** Names that are meant and names that are not. */
export interface Names {
  readonly wanted: readonly string[]
  readonly unwanted: readonly string[]
}

/** A time in which a message was written, or was not: from the first to before the second. */
export interface Span {
  readonly from: Instant
  readonly until: Instant
  readonly isUnwanted: boolean
}

/** What a message may have. */
export type Having = 'file' | 'link' | 'reaction'

/** A search. */
export interface Query {
  readonly wanted: readonly Term[]
  readonly unwanted: readonly Term[]
  /** One of the wanted terms is enough. */
  readonly isAny: boolean
  readonly authors: Names
  readonly channels: Names
  readonly spans: readonly Span[]
  readonly having: readonly { readonly what: Having; readonly isUnwanted: boolean }[]
}

const DAY_MS = 86_400_000
const TOKEN =
  /(-*)(?:(from|in|channel|before|after|on|has):\s*("[^"]*"|[^\s"]\S*)|"([^"]*)"?(\*?)|(\S+))/giu
const DATE = /^(\d{4})-(\d{1,2})-(\d{1,2})$/

interface Draft {
  readonly wanted: Term[]
  readonly unwanted: Term[]
  readonly authors: { readonly wanted: string[]; readonly unwanted: string[] }
  readonly channels: { readonly wanted: string[]; readonly unwanted: string[] }
  readonly spans: Span[]
  readonly having: { what: Having; isUnwanted: boolean }[]
}

/** Reads a query; days begin `offsetMs` before they do in UTC. @throws EdgeError INPUT_INVALID */
export function parseQuery(
  text: string,
  { isAny, offsetMs }: { readonly isAny: boolean; readonly offsetMs: number },
): Query {
  const draft: Draft = {
    wanted: [],
    unwanted: [],
    authors: { wanted: [], unwanted: [] },
    channels: { wanted: [], unwanted: [] },
    spans: [],
    having: [],
  }
  let left = QUERY_TERMS_MAX
  for (const [, minus, filter, value = '', phrase, star, word = ''] of text.matchAll(TOKEN)) {
    if (left === 0) break
    left -= 1
    const isUnwanted = minus !== ''
    if (filter !== undefined)
      addFilter(draft, filter.toLowerCase(), { value: bare(value), isUnwanted, offsetMs })
    else addTerm(draft, phrase === undefined ? word : `${phrase}${star ?? ''}`, isUnwanted)
  }
  return { ...draft, isAny }
}

/** Whether anything is asked for at all. */
export function isEmpty({ wanted, authors, channels, spans, having, unwanted }: Query): boolean {
  const names = [authors.wanted, authors.unwanted, channels.wanted, channels.unwanted]
  return [wanted, unwanted, spans, having, ...names].every((part) => part.length === 0)
}

function addTerm(draft: Draft, typed: string, isUnwanted: boolean): void {
  const isPrefix = typed.endsWith('*')
  const isHashtag = /^#\p{L}/u.test(typed) && !/\s/.test(typed)
  const words = isHashtag
    ? [hashtagWord(typed.slice(1).replace(/\*+$/, ''))].filter((word) => word !== '')
    : wordsOf(typed)
  if (words.length === 0) return
  const term = { typed: typed.replace(/\*+$/, ''), words, isPrefix, isHashtag }
  ;(isUnwanted ? draft.unwanted : draft.wanted).push(term)
}

interface Filter {
  readonly value: string
  readonly isUnwanted: boolean
  readonly offsetMs: number
}

function addFilter(draft: Draft, name: string, { value, isUnwanted, offsetMs }: Filter): void {
  const side = isUnwanted ? 'unwanted' : 'wanted'
  switch (name) {
    case 'from':
      draft.authors[side].push(value.replace(/^@/, '').toLowerCase())
      break
    case 'in':
    case 'channel':
      draft.channels[side].push(value.replace(/^~/, '').toLowerCase())
      break
    case 'has':
      draft.having.push({ what: havingFrom(value), isUnwanted })
      break
    default:
      draft.spans.push({ ...spanFrom(name, dayFrom(name, value) - offsetMs), isUnwanted })
  }
}

function spanFrom(name: string, day: Instant): { from: Instant; until: Instant } {
  if (name === 'before') return { from: -Infinity, until: day }
  return {
    from: name === 'after' ? day + DAY_MS : day,
    until: name === 'on' ? day + DAY_MS : Infinity,
  }
}

function havingFrom(value: string): Having {
  const what = value.toLowerCase().replace(/s$/, '')
  if (what === 'file' || what === 'link' || what === 'reaction') return what
  throw new EdgeError('INPUT_INVALID', { field: 'has', wanted: 'file, link or reaction' })
}

/** Midnight in UTC at the beginning of a day of the Gregorian calendar. */
function dayFrom(field: string, value: string): Instant {
  const [, year = 0, month = 0, day = 0] = (DATE.exec(value) ?? []).map(Number)
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month))
    throw new EdgeError('INPUT_INVALID', { field, wanted: 'a day such as 2026-03-31' })
  // Years begin in March, so that the day which some have more comes last.
  const years = month > 2 ? year : year - 1
  const leaps = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400)
  const before = Math.floor((153 * ((month + 9) % 12) + 2) / 5)
  return (years * 365 + leaps + before + day - 1 - 719_468) * DAY_MS
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
}

function bare(value: string): string {
  return value.replace(/^"|"$/g, '')
}
