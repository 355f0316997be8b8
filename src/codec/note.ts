/**
 * What nodes tell each other beside changes, signed by who says it:
 *
 * - `receipt` (2): "I have these on disk", and how much of it somebody there has had on a screen;
 * - `have` (3): all I have of these documents, so that you may send what I lack;
 * - `want` (4): I lack what follows this of these documents; please send it again;
 * - wishes for files (5), and what of them lies on a shelf (6): see `wish.ts` and `given.ts`.
 *
 * A note is signed in one form, and travels in another in which documents of the envelope's own scope are numbers
 * (`load.ts`). Each follows from the other, whoever is known.
 */
import { byteReader, byteWriter, MalformedBytes, type ByteReader } from '#base/bytes.ts'
import { actorOf, type ActorId, type DocumentId } from '#base/ids.ts'
import { LIST_CHANGES_MAX } from '#base/limits.ts'
import type { Clock } from '#model/log.ts'
import type { Scope } from '#trust/epoch.ts'
import type { Roster } from '#trust/roster.ts'
import { readDocument, writeDocument } from './document-code.ts'
import { checkGiven, isGiven } from './given.ts'
import { areWishes, checkWishes } from './wish.ts'

/** What a note says of one document. */
export interface NoteItem {
  readonly document: DocumentId
  readonly clock: Clock
  /** Receipts only: the part of `clock` that was on a screen there. */
  readonly read: Clock
  /** Receipts and `have`s only. A list that is not named here may be any. */
  readonly prints?: Prints
}

/**
 * For each of some lists, the first 2 bytes of the hash of the change that is named, as a number from 1 to 65,535: that hash follows
 * from all changes of the list before it. Another print under the same number: another list.
 */
export type Prints = Readonly<Record<ActorId, number>>

/** A note. Both flags are for `have` only. */
export interface Note {
  readonly kind: 'receipt' | 'have' | 'want'
  /** Documents it does not name, its sender does not have at all. */
  readonly isWhole: boolean
  /** Its sender wants to hear what others have of the documents it names. */
  readonly isQuestion?: true
  readonly items: readonly NoteItem[]
}

const KINDS = { receipt: 2, have: 3, want: 4 } as const
const WHOLE = 1
const QUESTION = 2
const ITEMS_MAX = 5_000
const PRINT_BYTES = 2
const NO_PRINT = 0
/** More lives than fit into a note that is cut to size: a node with thousands of them must not make notes unreadable. */
const ACTORS_MAX = 16_384
/** Largest note that is read: one that is cut to size is smaller, and each of its bytes may become dozens on a disk. */
const NOTE_BYTES_MAX = 128_000

/** A note as its sender signs it. Actors whose node is not in the roster are left out. */
export function encodeNote(note: Note, roster: Roster): Uint8Array {
  const actors = actorsOf(note).filter((actor) => roster.ofActor(actor) !== undefined)
  return write({
    kind: note.kind,
    isWhole: note.isWhole,
    isQuestion: note.isQuestion === true,
    actors: actors.map((actor) => ({
      number: roster.ofActor(actor)?.number ?? 0,
      life: Buffer.from(actor.slice(16), 'hex'),
    })),
    items: note.items.map(({ document, clock, read, prints }) => ({
      document,
      counts: actors.flatMap((actor, index) => {
        const seq = clock[actor]
        const rest = { seen: read[actor] ?? 0, print: prints?.[actor] ?? NO_PRINT }
        return seq === undefined ? [] : [{ index, seq, ...rest }]
      }),
    })),
  })
}

/** The note in the bytes that were signed, or undefined when they are malformed. Actors of unknown nodes are passed over. */
export function decodeNote(body: Uint8Array, roster: Roster): Note | undefined {
  try {
    const { kind, isWhole, isQuestion, actors, items } = parse(short(body))
    const known = actors.map(({ number, life }) => {
      const certificate = roster.byNumber(number)
      return certificate && actorOf(certificate.node, life)
    })
    const named = items.map((item) => itemOf(item, known, kind))
    return { kind, isWhole, items: named, ...(isQuestion && { isQuestion }) }
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
}

/** A signed note's bytes as they travel in an envelope of a scope. */
export function shortenNote(body: Uint8Array, scope: Scope): Uint8Array {
  return areWishes(body) || isGiven(body) ? body : write(parse(body), scope)
}

/** The bytes that were signed, of those that `shortenNote` gave. @throws MalformedBytes */
export function restoreNote(bytes: Uint8Array, scope: Scope): Uint8Array {
  if (areWishes(bytes)) return checkWishes(short(bytes))
  return isGiven(bytes) ? checkGiven(short(bytes)) : write(parse(short(bytes), scope))
}

/** A note as it is written: nobody in it is looked up. */
interface Written {
  readonly kind: Note['kind']
  readonly isWhole: boolean
  readonly isQuestion: boolean
  readonly actors: readonly { readonly number: number; readonly life: Uint8Array }[]
  readonly items: readonly WrittenItem[]
}

interface WrittenItem {
  readonly document: DocumentId
  readonly counts: readonly {
    readonly index: number
    readonly seq: number
    readonly seen: number
    readonly print: number
  }[]
}

function write({ kind, actors, items, ...flags }: Written, scope?: Scope): Uint8Array {
  const writer = byteWriter()
  writer.byte(KINDS[kind])
  writer.byte((flags.isWhole ? WHOLE : 0) | (flags.isQuestion ? QUESTION : 0))
  writer.uint(actors.length)
  for (const { number, life } of actors) {
    writer.uint(number)
    writer.raw(life)
  }
  writer.uint(items.length)
  for (const { document, counts } of items) {
    writeDocument(writer, document, scope)
    writer.uint(counts.length)
    for (const { index, seq, seen, print } of counts) {
      writer.uint(index)
      writer.uint(seq)
      if (kind === 'receipt') writer.uint(scope === undefined ? seen : shortSeen(seq, seen))
      if (kind !== 'want') writer.raw(Uint8Array.of(print >> 8, print & 255))
    }
  }
  return writer.bytes()
}

/** Up to where somebody has read: odd by how far that is from all there is, even as it is, whichever is less. Mostly it is all, or 0. */
function shortSeen(seq: number, seen: number): number {
  return seen > 0 && seen <= seq && seq - seen < seen ? 1 + 2 * (seq - seen) : 2 * seen
}

function longSeen(seq: number, number: number): number {
  const seen = number % 2 === 1 ? seq - (number - 1) / 2 : number / 2
  if (seen < 0 || shortSeen(seq, seen) !== number)
    throw new MalformedBytes('nobody has read so far, or it is not said in its short form')
  return seen
}

function readCount(changes: number): number {
  if (changes > LIST_CHANGES_MAX) throw new MalformedBytes('no list has so many changes')
  return changes
}

function parse(body: Uint8Array, scope?: Scope): Written {
  const reader = byteReader(body)
  const number = reader.byte()
  const kind = (['receipt', 'have', 'want'] as const).find((name) => KINDS[name] === number)
  const flags = reader.byte()
  if (kind === undefined || flags > (kind === 'have' ? WHOLE | QUESTION : 0))
    throw new MalformedBytes('there is no such note')
  const actors = readList(reader.uint, ACTORS_MAX, () => ({
    number: reader.uint(),
    life: reader.raw(4),
  }))
  const about = { kind, actors: actors.length, scope }
  const items = readList(reader.uint, ITEMS_MAX, () => readItem(reader, about))
  if (reader.left() > 0) throw new MalformedBytes('something follows a note')
  const [isWhole, isQuestion] = [(flags & WHOLE) !== 0, (flags & QUESTION) !== 0]
  return { kind, isWhole, isQuestion, actors, items }
}

function short(bytes: Uint8Array): Uint8Array {
  if (bytes.length > NOTE_BYTES_MAX) throw new MalformedBytes('a note is too long')
  return bytes
}

function actorsOf(note: Note): readonly ActorId[] {
  const all = note.items.flatMap((item) => Object.keys(item.clock) as ActorId[])
  return [...new Set(all)].toSorted()
}

function readItem(
  reader: ByteReader,
  about: {
    readonly kind: Note['kind']
    readonly actors: number
    readonly scope: Scope | undefined
  },
): WrittenItem {
  const document = readDocument(reader, about.scope)
  const counts = readList(reader.uint, about.actors, () => {
    const index = reader.uint()
    if (index >= about.actors) throw new MalformedBytes('nobody stands at this place')
    const seq = readCount(reader.uint())
    const number = about.kind === 'receipt' ? reader.uint() : 0
    const seen = about.scope === undefined ? number : longSeen(seq, number)
    const print = about.kind === 'want' ? NO_PRINT : readPrint(reader)
    return { index, seq, seen: readCount(seen), print }
  })
  return { document, counts }
}

function readPrint(reader: ByteReader): number {
  const [high = 0, low = 0] = reader.raw(PRINT_BYTES)
  return 256 * high + low
}

function itemOf(
  { document, counts }: WrittenItem,
  actors: readonly (ActorId | undefined)[],
  kind: Note['kind'],
): NoteItem {
  const clock: Record<string, number> = {}
  const read: Record<string, number> = {}
  const prints: Record<string, number> = {}
  for (const { index, seq, seen, print } of counts) {
    const actor = actors[index]
    if (actor === undefined) continue
    clock[actor] = seq
    if (seen > 0) read[actor] = seen
    if (print !== NO_PRINT) prints[actor] = print
  }
  return { document, clock, read, ...(kind !== 'want' && { prints }) }
}

/** The print of a change, by at least the first 4 digits of its hash. */
export function printOf(hash: string): number {
  return Number.parseInt(hash.slice(0, 2 * PRINT_BYTES), 16) || 1
}

function readList<T>(count: () => number, most: number, one: () => T): T[] {
  const length = count()
  if (length > most) throw new MalformedBytes('a list is too long')
  const list: T[] = []
  for (let index = 0; index < length; index += 1) list.push(one())
  return list
}
