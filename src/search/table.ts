/**
 * A full-text table in memory: SQLite's FTS5, which comes with Node. Nothing of it touches the disk but as bytes that
 * the store seals. It holds where words stand and not the texts themselves.
 */
import { DatabaseSync } from 'node:sqlite'
import { hashtagsOf, wordsOf } from './words.ts'
import type { Query, Term } from './query.ts'

/** Texts by the number of their row. */
export interface Table {
  readonly add: (row: number, text: string) => void
  /** Of the rows from 0 up to `count` those that a query's words mean: all when it has none. */
  readonly matching: (query: Query, count: number) => Iterable<number>
  /** All of it, for `openTable`. */
  readonly bytes: () => Uint8Array
  readonly close: () => void
}

/** Words come folded and parted by spaces, so any sign beyond ASCII belongs to one. */
const CREATE = `CREATE VIRTUAL TABLE words USING fts5
  (text, tags, content='', columnsize=0, tokenize="ascii tokenchars '_'")`

/** An empty table, or the one that these bytes are. */
export function openTable(bytes?: Uint8Array): Table {
  const database = new DatabaseSync(':memory:')
  database.exec('PRAGMA temp_store = MEMORY') // what is sorted must not lie in a file in clear either
  if (bytes === undefined) database.exec(CREATE)
  else database.deserialize(bytes)
  const insert =
    bytes === undefined
      ? database.prepare('INSERT INTO words(rowid, text, tags) VALUES (?, ?, ?)')
      : undefined
  const match = database.prepare('SELECT rowid FROM words WHERE words MATCH ?')
  const found = (expression: string): Iterable<number> => numbers(match.iterate(expression))
  return {
    add: (row, text) => {
      insert?.run(row, wordsOf(text).join(' '), hashtagsOf(text).join(' '))
    },
    matching: ({ wanted, unwanted, isAny }, count) => {
      const without = unwanted.map(quoted).join(' OR ')
      if (wanted.length === 0) return allBut(new Set(without === '' ? [] : found(without)), count)
      const all = wanted.map(quoted).join(isAny ? ' OR ' : ' AND ')
      return found(without === '' ? all : `(${all}) NOT (${without})`)
    },
    bytes: () => {
      database.exec("INSERT INTO words(words) VALUES ('optimize'); VACUUM")
      return database.serialize()
    },
    close: () => database.close(),
  }
}

function* numbers(rows: Iterable<Readonly<Record<string, unknown>>>): Generator<number> {
  for (const { rowid } of rows) yield Number(rowid)
}

function* allBut(without: ReadonlySet<number>, count: number): Generator<number> {
  for (let row = 0; row < count; row += 1) if (!without.has(row)) yield row
}

/** Words are letters, digits and marks only: nothing in them ends the quotation. */
function quoted({ words, isPrefix, isHashtag }: Term): string {
  return `${isHashtag ? 'tags : ' : ''}"${words.join(' ')}"${isPrefix ? '*' : ''}`
}
