/** PROTOCOL.md, “Change”: Automerge's change chunks, written and read without Automerge. */
import { block, byte, concat, hash, hex, int, must, readWhole, text, uint } from './bytes.ts'
import type { Reader } from './bytes.ts'

const MAGIC = hex('856f4a83')
const SEQ_MAX = 2 ** 31
const ENTRY_BYTES_MAX = 70_000

/** What a change says: everything else follows. */
export interface Change {
  readonly actor: string
  readonly seq: number
  readonly previous: string
  readonly entry: Buffer
}

export interface Chunk {
  readonly bytes: Buffer
  readonly hash: Buffer
}

type Column = readonly [number, Buffer]

/** The first change of a document, which nobody sends. */
export function genesis(name: string): Chunk {
  const value = text(name)
  return chunk(concat(byte(0), block(byte(0)), uint(1), uint(1), hex('000000')), [
    [0x15, concat(byte(0x7f), block(text('id')))],
    [0x34, hex('01')],
    [0x42, hex('7f01')],
    [0x56, concat(byte(0x7f), uint(value.length * 16 + 7))],
    [0x57, value],
    [0x70, hex('7f00')],
  ])
}

export function writeChange({ actor, seq, previous, entry }: Change): Chunk {
  must(seq >= 1 && seq <= SEQ_MAX, `a change with number ${seq}`)
  must(entry.length >= 1 && entry.length <= ENTRY_BYTES_MAX, 'the length of an entry')
  const startOp = seq === 1 ? 2 : seq + 2
  const meta = uint(entry.length * 16 + 7)
  const head = concat(
    byte(1),
    hex(previous),
    block(hex(actor)),
    uint(seq),
    uint(startOp),
    hex('000000'),
  )
  return chunk(
    head,
    seq === 1
      ? [
          [0x01, hex('00017f00')],
          [0x02, hex('00017f02')],
          [0x13, hex('00017f00')],
          [0x15, concat(byte(0x7f), block(text(actor)), hex('0001'))],
          [0x34, hex('0101')],
          [0x42, hex('7e0201')],
          [0x56, concat(hex('7e00'), meta)],
          [0x57, entry],
          [0x70, hex('0200')],
        ]
      : [
          [0x01, hex('7f00')],
          [0x02, hex('7f02')],
          [0x11, hex('7f00')],
          [0x13, concat(byte(0x7f), int(startOp - 1))],
          [0x34, hex('0001')],
          [0x42, hex('7f01')],
          [0x56, concat(byte(0x7f), meta)],
          [0x57, entry],
          [0x70, hex('7f00')],
        ],
  )
}

/** Takes the facts out of a change, writes it again and refuses whatever comes out otherwise. */
export function readChange(bytes: Uint8Array): Change {
  const change = readWhole(bytes, (reader) => {
    must(reader.take(8).subarray(0, 4).equals(MAGIC) && reader.byte() === 1, 'no change chunk')
    return readWhole(reader.block(), factsOf)
  })
  must(writeChange(change).bytes.equals(bytes), 'a change in another encoding')
  return change
}

function factsOf(reader: Reader): Change {
  must(reader.uint() === 1, 'a change that follows none or several')
  const previous = reader.take(32).toString('hex')
  const actor = reader.block().toString('hex')
  const seq = reader.uint()
  reader.uint()
  reader.take(3)
  const columns = Array.from(
    { length: reader.uint(64) },
    () => [reader.uint(), reader.uint()] as const,
  )
  const contents = new Map(columns.map(([at, length]) => [at, reader.take(length)]))
  return { actor, seq, previous, entry: contents.get(0x57) ?? Buffer.alloc(0) }
}

function chunk(head: Buffer, columns: readonly Column[]): Chunk {
  const contents = concat(
    head,
    uint(columns.length),
    ...columns.map(([at, bytes]) => concat(uint(at), uint(bytes.length))),
    ...columns.map(([, bytes]) => bytes),
  )
  const hashed = hash(byte(1), block(contents))
  return { bytes: concat(MAGIC, hashed.subarray(0, 4), byte(1), block(contents)), hash: hashed }
}

/** “Trail”: what a change with this hash adds to it. */
export function stepOf(changeHash: Uint8Array): Buffer {
  return hash(text('holdfast step 1'), changeHash)
}

/** “Trail”: where steps lead from a trail, that of an empty list being the hash of the genesis. */
export function trailAfter(before: Uint8Array, steps: readonly Uint8Array[]): string {
  let trail: Uint8Array = before
  for (const step of steps) trail = hash(text('holdfast trail 1'), trail, step)
  return Buffer.from(trail).toString('hex')
}

/** The trail of a list from its first entry on. */
export function trailOf(document: string, actor: string, entries: readonly Buffer[]): string {
  const { hash: first } = genesis(document)
  const chunks = writeChain(actor, { first: 1, previous: first.toString('hex') }, entries)
  return trailAfter(
    first,
    chunks.map((one) => stepOf(one.hash)),
  )
}

/** How a list goes on: the hash and the bytes of each change after `previous`, from number `first` on. */
export function writeChain(
  actor: string,
  { first, previous }: { readonly first: number; readonly previous: string },
  entries: readonly Buffer[],
): readonly Chunk[] {
  const chunks: Chunk[] = []
  for (const [index, entry] of entries.entries()) {
    const before = chunks.at(-1)?.hash.toString('hex') ?? previous
    chunks.push(writeChange({ actor, seq: first + index, previous: before, entry }))
  }
  return chunks
}
