/** What channels and people are called on the screen, and in which order channels stand. */
import { isSeen, type Channel, type Person } from './wire.ts'

/** What naming has to know. */
export interface Known {
  readonly me: string
  readonly people: ReadonlyMap<string, Person>
}

/** The title of a channel. Direct ones are called by the other person, groups by all others. */
export function titleOf(channel: Channel, { me, people }: Known): string {
  if (channel.type === 'D') {
    const other = otherOf(channel, me)
    return people.get(other)?.name ?? '…'
  }
  if (channel.type === 'G') return groupTitle(channel, { me, people })
  return isSeen(channel.displayName) ? channel.displayName : channel.name
}

/** The other person of a direct channel; oneself, in a channel with oneself. */
export function otherOf({ name }: Channel, me: string): string {
  const [first = '', second = ''] = name.split('__')
  return first === me ? second : first
}

/** Initials for a picture without a picture. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/)
  const first = firstLetter(words[0])
  const last = words.length > 1 ? firstLetter(words.at(-1)) : ''
  return (first + last).toLocaleUpperCase()
}

/** A text, or as much of it as is wanted, which shows that there is more. */
export function shortened(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text
  const begun = text.slice(0, lengthMax - 1).replace(/[\ud800-\udbff]$/, '')
  return `${begun.trimEnd()}…`
}

function firstLetter(word = ''): string {
  return String.fromCodePoint(...[word.codePointAt(0)].filter((one) => one !== undefined))
}

/** One of `count` hues, the same for a person everywhere. */
export function hueOf(id: string, count: number): number {
  let sum = 0
  for (const character of id) sum = (sum * 31 + character.charCodeAt(0)) % 65_521
  return sum % count
}

/** Open and private channels by title; conversations by what was said last. */
export function inSections(
  channels: Iterable<Channel>,
  known: Known,
): { readonly rooms: readonly Channel[]; readonly conversations: readonly Channel[] } {
  const all = [...channels].filter(({ archivedAt }) => archivedAt === 0)
  return {
    rooms: all
      .filter(isRoom)
      .toSorted((a, b) => titleOf(a, known).localeCompare(titleOf(b, known))),
    conversations: all
      .filter((channel) => !isRoom(channel))
      .toSorted((a, b) => b.lastPostAt - a.lastPostAt),
  }
}

function isRoom({ type }: Channel): boolean {
  return type === 'O' || type === 'P'
}

function groupTitle({ displayName }: Channel, { me, people }: Known): string {
  const own = people.get(me)?.username
  const byName = new Map([...people.values()].map((person) => [person.username, person.name]))
  const names = displayName
    .split(', ')
    .filter((name) => name !== own)
    .map((name) => byName.get(name) ?? name)
  return names.join(', ') || displayName
}
