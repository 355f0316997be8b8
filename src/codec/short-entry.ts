/**
 * An entry as it travels in a delta: the same items, in a form whose end needs no telling and that says nothing twice. A text ends
 * with a zero instead of beginning with its length; the id of a message is where that message stands; that of a person or a
 * channel of the list's own node lacks the half that is the node's, and a person's what follows from the rest. Whatever is written otherwise travels as it is.
 * Each form gives back the very bytes of the entry: a change's hash is over them.
 */
import {
  byteReader,
  byteWriter,
  equalBytes,
  MalformedBytes,
  type ByteReader,
  type ByteWriter,
} from '#base/bytes.ts'
import { PERSON_NUMBER_BYTES, personIdBytes } from '#base/ids.ts'
import { ENTRY_BYTES_MAX } from '#base/limits.ts'

/** Ids that an entry may name in fewer bytes. */
export interface ShortIds {
  /** First 8 bytes of ids that the list's own node gave. */
  readonly home: Uint8Array
  /** Writes which message an id of 16 bytes is, if that is known. */
  readonly refer: (id: Uint8Array) => ((writer: ByteWriter) => void) | undefined
}

/** The ids again. */
export interface LongIds {
  readonly home: Uint8Array
  /** The id of the message that comes next in `reader`, written by `refer` after its number, which is 2 or more. @throws MalformedBytes */
  readonly referred: (actor: number, reader: ByteReader) => Uint8Array
}

/** Never used by MessagePack. At the beginning: the entry follows as it is. Later: an id in fewer bytes. */
const MARK = 0xc1
/** After the mark: the other half of an id by the list's own node; the number of a person of it. Larger numbers say whose message it is. */
const OWN = 0
const PERSON = 1
const TEXT = 0xd9
const ID = Uint8Array.of(0xc4, 16)
const HOME_BYTES = 8
/** Of MessagePack's heads from 0xc0 on: how many bytes follow, of which the first may be a length. */
const FIXED: Readonly<Record<number, number>> = {
  0xc0: 0,
  0xc2: 0,
  0xc3: 0,
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
/** Heads with a length of 1, 2 or 4 bytes, and what follows beside so many bytes: the type of an extension. */
const LONG: Readonly<Record<number, readonly [length: number, more: number]>> = {
  0xc4: [1, 0],
  0xc5: [2, 0],
  0xc6: [4, 0],
  0xc7: [1, 1],
  0xc8: [2, 1],
  0xc9: [4, 1],
  0xd9: [1, 0],
  0xda: [2, 0],
  0xdb: [4, 0],
}
/** Heads of lists and maps with a length of 2 or 4 bytes, and the items of each. */
const NESTS: Readonly<Record<number, readonly [length: number, items: number]>> = {
  0xdc: [2, 1],
  0xdd: [4, 1],
  0xde: [2, 2],
  0xdf: [4, 2],
}

/** Writes an entry in the shortest form that gives it back. */
export function writeEntry(writer: ByteWriter, value: Uint8Array, ids: ShortIds): void {
  const short = shortened(value, ids)
  if (short !== undefined) return writer.raw(short)
  writer.byte(MARK)
  writer.block(value)
}

/** The entry that comes next. @throws MalformedBytes */
export function readEntry(reader: ByteReader, ids: LongIds): Uint8Array {
  const first = reader.byte()
  if (first === MARK) return fitting(reader.block())
  const writer = byteWriter()
  let size = 0
  const put = (bytes: Uint8Array): void => {
    size += bytes.length
    if (size > ENTRY_BYTES_MAX) throw new MalformedBytes('an entry is too long')
    writer.raw(bytes)
  }
  let items = 1
  for (let head = first; ; head = reader.byte()) {
    if (head === MARK) put(readId(reader, ids))
    else if (head === TEXT) put(textOf(readText(reader)))
    else items += copyItem(reader, head, put)
    items -= 1
    if (items === 0) return writer.bytes()
  }
}

function fitting(value: Uint8Array): Uint8Array {
  if (value.length === 0 || value.length > ENTRY_BYTES_MAX)
    throw new MalformedBytes('an entry has no such length')
  return value
}

/** Undefined when what would be read back is not these very bytes. */
function shortened(value: Uint8Array, ids: ShortIds): Uint8Array | undefined {
  const writer = byteWriter()
  const reader = byteReader(value)
  try {
    let items = 1
    for (; items > 0; items -= 1) {
      const at = reader.at()
      const head = reader.byte()
      if (at === 0 && (head < 0x80 || head >= 0xa0) && NESTS[head] === undefined) return undefined
      const nested = copyItem(reader, head, () => undefined)
      items += nested
      const item = value.subarray(at, reader.at())
      if (isText(head)) {
        const text = item.subarray(headBytes(head))
        if (text.includes(0) || textHead(text.length).length !== headBytes(head)) return undefined
        writer.byte(TEXT)
        writer.raw(text)
        writer.byte(0)
      } else if (!shortenId(writer, item, ids)) writer.raw(item)
    }
    return reader.left() === 0 ? writer.bytes() : undefined
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
}

/** Hands on an item without what is nested in it; gives how many items those are. */
function copyItem(reader: ByteReader, head: number, put: (bytes: Uint8Array) => void): number {
  put(Uint8Array.of(head))
  if (head < 0x80 || head >= 0xe0) return 0
  if (head < 0x90) return 2 * (head & 15)
  if (head < 0xa0) return head & 15
  if (head < 0xc0) {
    put(reader.raw(head & 31))
    return 0
  }
  const nest = NESTS[head]
  const [lengthBytes, more] = nest ?? LONG[head] ?? [0, 0]
  const length = lengthBytes === 0 ? FIXED[head] : readLength(reader, lengthBytes, put)
  if (length === undefined) throw new MalformedBytes('there is no such item')
  if (nest !== undefined) return length * more
  put(reader.raw(length + more))
  return 0
}

function readLength(reader: ByteReader, count: number, put: (bytes: Uint8Array) => void): number {
  const bytes = reader.raw(count)
  put(bytes)
  return bytes.reduce((length, byte) => length * 256 + byte, 0)
}

function isText(head: number): boolean {
  return (head >= 0xa0 && head < 0xc0) || (head >= TEXT && head <= 0xdb)
}

/** Bytes before a text with this head. */
function headBytes(head: number): number {
  return head < 0xc0 ? 1 : 1 + (LONG[head]?.[0] ?? 0)
}

function textHead(length: number): Uint8Array {
  if (length < 32) return Uint8Array.of(0xa0 + length)
  if (length < 256) return Uint8Array.of(TEXT, length)
  if (length < 65_536) return Uint8Array.of(0xda, length >> 8, length & 255)
  return Uint8Array.of(0xdb, length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255)
}

function readText(reader: ByteReader): Uint8Array {
  const bytes: number[] = []
  for (let byte = reader.byte(); byte !== 0; byte = reader.byte()) {
    if (bytes.length === ENTRY_BYTES_MAX) throw new MalformedBytes('an entry is too long')
    bytes.push(byte)
  }
  return Uint8Array.from(bytes)
}

function textOf(text: Uint8Array): Uint8Array {
  return Buffer.concat([textHead(text.length), text])
}

/** Writes an id in fewer bytes; false when it is none, or an unknown one. */
function shortenId(writer: ByteWriter, item: Uint8Array, { home, refer }: ShortIds): boolean {
  if (item.length !== 18 || item[0] !== ID[0] || item[1] !== ID[1]) return false
  const id = item.subarray(ID.length)
  const write = refer(id)
  const isOwn = home.every((byte, at) => byte === id[at])
  if (write === undefined && !isOwn) return false
  writer.byte(MARK)
  const number = id.subarray(HOME_BYTES, HOME_BYTES + PERSON_NUMBER_BYTES)
  if (write !== undefined) write(writer)
  else if (equalBytes(personIdBytes(home, number), id)) {
    writer.uint(PERSON)
    writer.raw(number)
  } else {
    writer.uint(OWN)
    writer.raw(id.subarray(HOME_BYTES))
  }
  return true
}

function readId(reader: ByteReader, { home, referred }: LongIds): Uint8Array {
  const whose = reader.uint()
  if (whose === OWN) return Buffer.concat([ID, home, reader.raw(HOME_BYTES)])
  if (whose === PERSON)
    return Buffer.concat([ID, personIdBytes(home, reader.raw(PERSON_NUMBER_BYTES))])
  return Buffer.concat([ID, referred(whose, reader)])
}
