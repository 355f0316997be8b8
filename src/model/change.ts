/**
 * The one form of change our documents hold, written and read byte for byte in Automerge's own chunk format.
 *
 * A change appends one `bytes` entry to the list of its actor, and creates that list when it is the actor's first.
 * It depends on that actor's change before it and on nothing else: a document is a set of independent chains, and
 * what a node signs twice under one number harms its own list only. Because nothing else is ever allowed, a receiver
 * can write a change again from its entry alone and compare the hash (design 5), and whatever has another form is refused before Automerge sees it (design 4: Automerge accepts
 * wrong checksums, and changes after which a document never loads again; research/automerge.md 8).
 *
 * Source: Automerge binary format specification, change chunk; column numbers as read from 3.5.0's output.
 */
import {
  byteReader,
  byteWriter,
  bytesFromHex,
  bytesFromText,
  concatBytes,
  equalBytes,
  hexFromBytes,
  MalformedBytes,
  type ByteReader,
} from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { parseActor, type ActorId, type ChangeHash, type DocumentId } from '#base/ids.ts'
import { ENTRY_BYTES_MAX, LIST_CHANGES_MAX } from '#base/limits.ts'

/** What decides a change's bytes; nothing else does. */
export interface ChangeFacts {
  readonly actor: ActorId
  /** Number of the actor's change in this document, from 1 to LIST_CHANGES_MAX. */
  readonly seq: number
  /** The actor's change before this one, or the genesis: all that a change depends on. */
  readonly previous: ChangeHash
  /** At least one byte: Automerge writes an empty value in another form. */
  readonly value: Uint8Array
}

/** A change with its bytes and name. Its `value` is a view of `bytes`: neither is kept twice. */
export interface Change extends ChangeFacts, Framed {}

/** A chunk and its name. */
interface Framed {
  readonly hash: ChangeHash
  readonly bytes: Uint8Array
}

const MAGIC = Uint8Array.of(0x85, 0x6f, 0x4a, 0x83)
const CHUNK_CHANGE = 1
/** Column numbers of a change chunk. */
const COLUMN = {
  objectActor: 0x01,
  objectCounter: 0x02,
  keyActor: 0x11,
  keyCounter: 0x13,
  keyText: 0x15,
  insert: 0x34,
  action: 0x42,
  valueMeta: 0x56,
  valueRaw: 0x57,
  predecessors: 0x70,
} as const
const VALUE_IS_BYTES = 7
const ACTION_SET = 1
const ACTION_MAKE_LIST = 2
/** A run-length column: this byte begins one literal value, and this pair one null. */
const ONE_LITERAL = 0x7f
const TWO_LITERALS = 0x7e
const GENESIS_ACTOR = Uint8Array.of(0)
/** The operation that makes an actor's list: the genesis has the one before it. */
const LIST_OP = 2

/** Writes a change. */
export function writeChange(facts: ChangeFacts): Change {
  const { actor, seq, previous, value } = facts
  const columns = seq === 1 ? firstColumns(facts) : laterColumns(facts)
  const numbers = { seq, startOp: startOpOf(seq), deps: [previous] }
  const { bytes, hash } = frame(bytesFromHex(actor), numbers, columns)
  return { actor, seq, previous, value: viewOf(value, bytes), bytes, hash }
}

/** The fixed first change of a document, the same wherever it is made: the document's name under the key `id`. */
export function genesisOf(document: DocumentId): Pick<Change, 'hash' | 'bytes' | 'value'> {
  const name = bytesFromText(document)
  const columns: Column[] = [
    [COLUMN.keyText, literalText('id')],
    [COLUMN.insert, Uint8Array.of(1)],
    [COLUMN.action, Uint8Array.of(ONE_LITERAL, ACTION_SET)],
    [COLUMN.valueMeta, literal(name.length * 16 + VALUE_IS_BYTES)],
    [COLUMN.valueRaw, name],
    [COLUMN.predecessors, Uint8Array.of(ONE_LITERAL, 0)],
  ]
  const { bytes, hash } = frame(GENESIS_ACTOR, { seq: 1, startOp: 1, deps: [] }, columns)
  return { value: viewOf(name, bytes), bytes, hash }
}

/** The change in `bytes` when it has exactly our form, checksum included; otherwise undefined. */
export function readChange(bytes: Uint8Array): Change | undefined {
  try {
    const facts = readFacts(bytes)
    const change = facts === undefined ? undefined : writeChange(facts)
    return change !== undefined && equalBytes(change.bytes, bytes) ? change : undefined
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
}

type Column = readonly [number: number, data: Uint8Array]

/** `value` where it stands in a change's bytes: before the last column, which always has 2 bytes. */
function viewOf(value: Uint8Array, bytes: Uint8Array): Uint8Array {
  const end = bytes.length - 2
  return bytes.subarray(end - value.length, end)
}

/**
 * Counter of a change's first operation. The first makes the list and its entry, every later one an entry, so that
 * counters follow from the number alone: a hostile one would make Automerge ask for all memory there is.
 */
function startOpOf(seq: number): number {
  return seq === 1 ? LIST_OP : seq + LIST_OP
}

function firstColumns({ actor, value }: ChangeFacts): Column[] {
  return [
    [COLUMN.objectActor, Uint8Array.of(0, 1, ONE_LITERAL, 0)],
    [COLUMN.objectCounter, nullThenLiteral(LIST_OP)],
    [COLUMN.keyCounter, Uint8Array.of(0, 1, ONE_LITERAL, 0)],
    [COLUMN.keyText, concatBytes(literalText(actor), Uint8Array.of(0, 1))],
    [COLUMN.insert, Uint8Array.of(1, 1)],
    [COLUMN.action, Uint8Array.of(TWO_LITERALS, ACTION_MAKE_LIST, ACTION_SET)],
    [COLUMN.valueMeta, twoLiterals(0, value.length * 16 + VALUE_IS_BYTES)],
    [COLUMN.valueRaw, value],
    [COLUMN.predecessors, Uint8Array.of(2, 0)],
  ]
}

function laterColumns({ seq, value }: ChangeFacts): Column[] {
  return [
    [COLUMN.objectActor, Uint8Array.of(ONE_LITERAL, 0)],
    [COLUMN.objectCounter, literal(LIST_OP)],
    [COLUMN.keyActor, Uint8Array.of(ONE_LITERAL, 0)],
    [COLUMN.keyCounter, signedLiteral(startOpOf(seq) - 1)],
    [COLUMN.insert, Uint8Array.of(0, 1)],
    [COLUMN.action, Uint8Array.of(ONE_LITERAL, ACTION_SET)],
    [COLUMN.valueMeta, literal(value.length * 16 + VALUE_IS_BYTES)],
    [COLUMN.valueRaw, value],
    [COLUMN.predecessors, Uint8Array.of(ONE_LITERAL, 0)],
  ]
}

interface Numbers {
  readonly seq: number
  readonly startOp: number
  readonly deps: readonly ChangeHash[]
}

function frame(actor: Uint8Array, numbers: Numbers, columns: readonly Column[]): Framed {
  const body = byteWriter()
  body.uint(numbers.deps.length)
  for (const hash of numbers.deps) body.raw(bytesFromHex(hash))
  body.block(actor)
  body.uint(numbers.seq)
  body.uint(numbers.startOp)
  body.int(0) // no time: entries carry their own
  body.uint(0) // no message
  body.uint(0) // no other actors: a change speaks of its own list only
  body.uint(columns.length)
  for (const [number, data] of columns) {
    body.uint(number)
    body.uint(data.length)
  }
  for (const [, data] of columns) body.raw(data)
  const contents = body.bytes()
  const chunk = byteWriter()
  chunk.byte(CHUNK_CHANGE)
  chunk.block(contents)
  const tail = chunk.bytes()
  const hash = sha256(tail)
  return {
    bytes: concatBytes(MAGIC, hash.subarray(0, 4), tail),
    hash: hexFromBytes(hash) as ChangeHash,
  }
}

/** The facts that bytes of our form have; in other bytes they may be anything. */
function readFacts(bytes: Uint8Array): ChangeFacts | undefined {
  const reader = byteReader(bytes)
  reader.raw(MAGIC.length + 4)
  if (reader.byte() !== CHUNK_CHANGE || reader.uint() !== reader.left()) return undefined
  const head = readHead(reader)
  const value = head && readColumns(reader)?.get(COLUMN.valueRaw)
  if (head === undefined || value === undefined) return undefined
  if (value.length === 0 || value.length > ENTRY_BYTES_MAX) return undefined
  return { ...head, value }
}

/** What stands before the columns. */
function readHead(reader: ByteReader): Omit<ChangeFacts, 'value'> | undefined {
  if (reader.uint() !== 1) return undefined
  const previous = hexFromBytes(reader.raw(32)) as ChangeHash
  const actor = parseActor(hexFromBytes(reader.block()))
  const seq = reader.uint()
  reader.uint() // its counter follows from its number
  const isPlain = reader.int() === 0 && reader.uint() === 0 && reader.uint() === 0
  if (actor === undefined || seq === 0 || seq > LIST_CHANGES_MAX || !isPlain) return undefined
  return { actor, seq, previous }
}

function readColumns(reader: ByteReader): Map<number, Uint8Array> | undefined {
  const count = reader.uint()
  if (count > 10) return undefined
  const sizes = Array.from({ length: count }, () => [reader.uint(), reader.uint()] as const)
  return new Map(sizes.map(([number, size]) => [number, reader.raw(size)]))
}

function literal(value: number): Uint8Array {
  const writer = byteWriter()
  writer.byte(ONE_LITERAL)
  writer.uint(value)
  return writer.bytes()
}

function signedLiteral(value: number): Uint8Array {
  const writer = byteWriter()
  writer.byte(ONE_LITERAL)
  writer.int(value)
  return writer.bytes()
}

function twoLiterals(a: number, b: number): Uint8Array {
  const writer = byteWriter()
  writer.byte(TWO_LITERALS)
  writer.uint(a)
  writer.uint(b)
  return writer.bytes()
}

function nullThenLiteral(value: number): Uint8Array {
  const writer = byteWriter()
  writer.byte(0)
  writer.byte(1)
  writer.byte(ONE_LITERAL)
  writer.uint(value)
  return writer.bytes()
}

function literalText(text: string): Uint8Array {
  const writer = byteWriter()
  writer.byte(ONE_LITERAL)
  writer.block(bytesFromText(text))
  return writer.bytes()
}
