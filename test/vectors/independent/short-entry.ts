/** PROTOCOL.md, “Delta”, entries: an entry as it stands in a delta, and back. */
import { block, byte, concat, hex, must, readerOf, type Reader } from './bytes.ts'
import { personId } from './names.ts'

const ENTRY_BYTES_MAX = 70_000

/** One entry as it stands in a delta, written out again; `message` reads where one that is named stands. */
export function readShort(
  reader: Reader,
  actor: string,
  message: (whose: number) => Buffer,
): Buffer {
  if (reader.peek() === 0xc1) {
    reader.byte()
    const entry = Buffer.from(reader.block(ENTRY_BYTES_MAX))
    must(entry.length > 0, 'an empty entry')
    return entry
  }
  const parts: Buffer[] = []
  let [wanted, length] = [1, 0]
  while (wanted > 0) {
    const [bytes, nested] = readItem(reader, actor, message)
    parts.push(bytes)
    wanted += nested - 1
    length += bytes.length
    must(length <= ENTRY_BYTES_MAX, 'an entry that is too long')
  }
  return concat(...parts)
}

/** An item's bytes, for a list or a map only its head, and how many items are nested in it. */
function readItem(
  reader: Reader,
  actor: string,
  message: (whose: number) => Buffer,
): readonly [Buffer, number] {
  const head = reader.byte()
  if (head === 0xc1) return [readReference(reader, actor, message), 0]
  if (head === 0xd9) return [readText(reader), 0]
  if (head >= 0x80 && head <= 0x8f) return [byte(head), 2 * (head - 0x80)]
  if (head >= 0x90 && head <= 0x9f) return [byte(head), head - 0x90]
  if (head >= 0xdc && head <= 0xdf) {
    const length = reader.take(head % 2 === 0 ? 2 : 4)
    const count = length.readUIntBE(0, length.length)
    return [concat(byte(head), length), head < 0xde ? count : 2 * count]
  }
  return [concat(byte(head), ...contents(reader, head)), 0]
}

/** What follows the head of an item in which nothing is nested. */
function contents(reader: Reader, head: number): readonly Buffer[] {
  if (head >= 0xa0 && head <= 0xbf) return [reader.take(head - 0xa0)]
  const fixed = FIXED[head]
  if (fixed !== undefined) return [reader.take(fixed)]
  const sized = SIZED[head]
  if (sized === undefined) return []
  const length = reader.take(sized[0])
  return [length, reader.take(length.readUIntBE(0, sized[0]) + sized[1])]
}

/** Bytes behind a head: floats, integers, extensions of a fixed size. */
const FIXED: Readonly<Record<number, number>> = {
  0xca: 4,
  0xcb: 8,
  0xcc: 1,
  0xcd: 2,
  0xce: 4,
  0xcf: 8,
  0xd0: 1,
  0xd1: 2,
  0xd2: 4,
  0xd3: 8,
  0xd4: 2,
  0xd5: 3,
  0xd6: 5,
  0xd7: 9,
  0xd8: 17,
}
/** Bytes of the length behind a head, and how many more than that follow it. */
const SIZED: Readonly<Record<number, readonly [number, number]>> = {
  0xc4: [1, 0],
  0xc5: [2, 0],
  0xc6: [4, 0],
  0xc7: [1, 1],
  0xc8: [2, 1],
  0xc9: [4, 1],
  0xda: [2, 0],
  0xdb: [4, 0],
}

function readReference(reader: Reader, actor: string, message: (whose: number) => Buffer): Buffer {
  const said = reader.uint()
  const home = hex(actor).subarray(0, 8)
  if (said === 0) return concat(hex('c410'), home, reader.take(8))
  return concat(hex('c410'), said === 1 ? personId(home, reader.take(3)) : message(said - 2))
}

function readText(reader: Reader): Buffer {
  const bytes: number[] = []
  for (let one = reader.byte(); one !== 0; one = reader.byte()) bytes.push(one)
  return concat(textHead(bytes.length), Buffer.from(bytes))
}

function textHead(length: number): Buffer {
  if (length < 32) return byte(0xa0 + length)
  if (length < 256) return byte(0xd9, length)
  return length < 65_536 ? byte(0xda, length >> 8, length % 256) : concat(byte(0xdb), size(length))
}

function size(length: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(length)
  return bytes
}

/** An entry as writers put it into a delta when they name no message by its place. */
export function shortened(entry: Uint8Array, actor: string): Buffer {
  const short = asItems(entry, actor)
  const isSame =
    short !== undefined &&
    readShort(readerOf(short), actor, () => Buffer.alloc(0)).equals(Buffer.from(entry))
  return isSame ? short : concat(byte(0xc1), block(entry))
}

function asItems(entry: Uint8Array, actor: string): Buffer | undefined {
  const reader = readerOf(entry)
  const parts: Buffer[] = []
  let wanted = 1
  if (!isNest(entry[0] ?? 0)) return undefined
  while (wanted > 0 && reader.left() > 0) {
    const [item, nested] = readPlain(reader)
    const short = inShort(item, actor)
    if (short === undefined) return undefined
    parts.push(short)
    wanted += nested - 1
  }
  return wanted === 0 && reader.left() === 0 ? concat(...parts) : undefined
}

/** The head of a list or a map. */
function isNest(head: number): boolean {
  return (head >= 0x80 && head < 0xa0) || (head >= 0xdc && head <= 0xdf)
}

/** Nothing for a text that has no short form. */
function inShort(item: Buffer, actor: string): Buffer | undefined {
  const [head = 0] = item
  const own = concat(hex('c410'), hex(actor).subarray(0, 8))
  if (item.subarray(0, 10).equals(own)) {
    const [home, number] = [item.subarray(2, 10), item.subarray(10, 13)]
    const isPerson = personId(home, number).equals(item.subarray(2))
    return isPerson ? concat(hex('c101'), number) : concat(hex('c100'), item.subarray(10))
  }
  const lengths: Readonly<Record<number, number>> = { 0xd9: 2, 0xda: 3, 0xdb: 5 }
  const before = head >= 0xa0 && head <= 0xbf ? 1 : lengths[head]
  if (before === undefined) return item
  const said = item.subarray(before)
  const isShort = !said.includes(0) && textHead(said.length).equals(item.subarray(0, before))
  return isShort ? concat(byte(0xd9), said, byte(0)) : undefined
}

/** An item of MessagePack as it is, for a list or a map only its head, and how many are nested in it. */
function readPlain(reader: Reader): readonly [Buffer, number] {
  if (reader.peek() !== 0xd9) return readItem(reader, '', () => Buffer.alloc(0))
  const head = reader.take(2)
  return [concat(head, reader.take(head[1] ?? 0)), 0]
}
