/** Completing a name behind an `@` while somebody writes. */
import type { Person } from './wire.ts'

/** The name that is being written, and where it stands. */
export interface Beginning {
  readonly from: number
  readonly to: number
  readonly term: string
}

const SHOWN_MAX = 6

/** What stands behind the `@` before the caret, if one is being written. */
export function beginningAt(text: string, caret: number): Beginning | undefined {
  const found = /(?:^|[^a-z0-9._-])@([a-z0-9._-]{0,63})$/i.exec(text.slice(0, caret))
  if (found === null) return undefined
  const term = (found[1] ?? '').toLowerCase()
  return { from: caret - term.length - 1, to: caret, term }
}

/** Those whose name, or a part of it, begins so; by username. */
export function matching(people: Iterable<Person>, term: string): readonly Person[] {
  const isMatch = ({ username, name }: Person): boolean =>
    username.startsWith(term) ||
    name
      .toLowerCase()
      .split(/\s+/)
      .some((part) => part.startsWith(term))
  return [...people]
    .filter(isMatch)
    .toSorted((a, b) => (a.username < b.username ? -1 : 1))
    .slice(0, SHOWN_MAX)
}

/** The text with the name written out, and where the caret goes. */
export function completed(
  text: string,
  { from, to }: Beginning,
  username: string,
): { readonly text: string; readonly caret: number } {
  const name = `@${username} `
  return { text: text.slice(0, from) + name + text.slice(to), caret: from + name.length }
}
