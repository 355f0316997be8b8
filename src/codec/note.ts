/**
 * What nodes tell each other beside changes, signed by who says it:
 *
 * - `receipt` (2): "I have these on disk", and how much of it somebody there has had on a screen;
 * - `have` (3): all I have of these documents, so that you may send what I lack;
 * - `want` (4): I lack what follows this of these documents; please send it again.
 */
import {
  byteReader,
  byteWriter,
  bytesFromText,
  MalformedBytes,
  textFromBytes,
} from '#base/bytes.ts'
import { actorOf, type ActorId, type DocumentId } from '#base/ids.ts'
import { parseDocumentId } from '#model/document-id.ts'
import type { Clock } from '#model/log.ts'
import type { Roster } from '#trust/roster.ts'

/** What a note says of one document. */
export interface NoteItem {
  readonly document: DocumentId
  readonly clock: Clock
  /** Receipts only: the part of `clock` that was on a screen there. */
  readonly read: Clock
  /** `have` only: 4 bytes that follow from the newest changes themselves. Equal clocks with another digest: a fork. */
  readonly digest?: Uint8Array
}

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
const [WHOLE, QUESTION] = [1, 2]
const ITEMS_MAX = 5_000
const DIGEST_BYTES = 4
const NO_DIGEST = new Uint8Array(DIGEST_BYTES)
/** More lives than fit into a note that is cut to size: a node with thousands of them must not make notes unreadable. */
const ACTORS_MAX = 16_384
/** Largest note that is read: one that is cut to size is smaller, and each of its bytes may become dozens on a disk. */
const NOTE_BYTES_MAX = 128_000

/** The body of an envelope with this note. Actors whose node is not in the roster are left out. */
export function encodeNote(note: Note, roster: Roster): Uint8Array {
  const writer = byteWriter()
  const actors = actorsOf(note).filter((actor) => roster.ofActor(actor) !== undefined)
  writer.byte(KINDS[note.kind])
  writer.byte((note.isWhole ? WHOLE : 0) | (note.isQuestion === true ? QUESTION : 0))
  writer.uint(actors.length)
  for (const actor of actors) {
    writer.uint(roster.ofActor(actor)?.number ?? 0)
    writer.raw(Buffer.from(actor.slice(16), 'hex'))
  }
  writer.uint(note.items.length)
  for (const item of note.items) {
    const named = actors.flatMap((actor, index) =>
      item.clock[actor] === undefined ? [] : [{ actor, index }],
    )
    writer.block(bytesFromText(item.document))
    writer.uint(named.length)
    for (const { actor, index } of named) {
      writer.uint(index)
      writer.uint(item.clock[actor] ?? 0)
      writer.uint(item.read[actor] ?? 0)
    }
    if (note.kind === 'have') writer.raw(item.digest ?? NO_DIGEST)
  }
  return writer.bytes()
}

/** The note in an opened body, or undefined when it is malformed. Actors of unknown nodes are passed over. */
export function decodeNote(body: Uint8Array, roster: Roster): Note | undefined {
  if (body.length > NOTE_BYTES_MAX) return undefined
  try {
    const reader = byteReader(body)
    const number = reader.byte()
    const kind = (['receipt', 'have', 'want'] as const).find((name) => KINDS[name] === number)
    if (kind === undefined) return undefined
    const flags = reader.byte()
    const isWhole = flags === WHOLE || flags === (WHOLE | QUESTION)
    const isQuestion = flags === QUESTION || flags === (WHOLE | QUESTION)
    const actors = readList(reader.uint, ACTORS_MAX, () => {
      const certificate = roster.byNumber(reader.uint())
      const life = reader.raw(4)
      return certificate && actorOf(certificate.node, life)
    })
    const items = readList(reader.uint, ITEMS_MAX, () => readItem(reader, actors, kind === 'have'))
    if (reader.left() > 0) return undefined
    return { kind, isWhole, items, ...(isQuestion && { isQuestion }) }
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
}

function actorsOf(note: Note): readonly ActorId[] {
  const all = note.items.flatMap((item) => Object.keys(item.clock) as ActorId[])
  return [...new Set(all)].toSorted()
}

function readItem(
  reader: ReturnType<typeof byteReader>,
  actors: readonly (ActorId | undefined)[],
  hasDigest: boolean,
): NoteItem {
  const document = textFromBytes(reader.block())
  if (parseDocumentId(document) === undefined) throw new MalformedBytes('no document has this name')
  const clock: Record<string, number> = {}
  const read: Record<string, number> = {}
  const count = reader.uint()
  for (let index = 0; index < count; index += 1) {
    const actor = actors[reader.uint()]
    const seq = reader.uint()
    const seen = reader.uint()
    if (actor === undefined) continue
    clock[actor] = seq
    if (seen > 0) read[actor] = seen
  }
  const digest = hasDigest ? { digest: new Uint8Array(reader.raw(DIGEST_BYTES)) } : {}
  return { document: document as DocumentId, clock, read, ...digest }
}

function readList<T>(count: () => number, most: number, one: () => T): T[] {
  const length = count()
  if (length > most) throw new MalformedBytes('a list is too long')
  const list: T[] = []
  for (let index = 0; index < length; index += 1) list.push(one())
  return list
}
