/**
 * A block of the index: a thousand messages with the table of their words, as one value of the store. A search opens one
 * block after the other, keeps none and gives its memory back at once, so what it takes does not grow with the history. A block is never changed:
 * what is edited or deleted is taken out by writing the block anew (`#app/search-index.ts`).
 */
import { decode, encode } from '@msgpack/msgpack'
import { giveBack } from '#base/bytes.ts'
import {
  bytesFromId,
  idFromBytes,
  type ChannelId,
  type Instant,
  type PostId,
  type UserId,
} from '#base/ids.ts'
import { openTable, type Table } from './table.ts'

/** One message as the index knows it. */
export interface Row {
  readonly id: PostId
  readonly channel: ChannelId
  readonly author: UserId
  readonly at: Instant
  /** Of the text that was indexed: one message may stand in several blocks, and one of them is right. */
  readonly print: number
  readonly hasLink: boolean
}

/** An open block; whoever opened it closes it. */
export interface Block extends Pick<Table, 'matching' | 'close'> {
  readonly count: number
  /** Undefined for a row that counts no more. */
  readonly row: (number: number) => Row | undefined
}

const ID_BYTES = 16
const NUMBER_BYTES = 6
const INDEX_BYTES = 2

/** As it is stored: columns, so that it packs well. */
interface Stored {
  readonly ids: Uint8Array
  readonly ats: Uint8Array
  readonly prints: Uint8Array
  readonly links: Uint8Array
  readonly channels: Uint8Array
  readonly channelNames: readonly string[]
  readonly authors: Uint8Array
  readonly authorNames: readonly string[]
  /** SQLite's own bytes. Deflated they would be half as many, and every search would leave as much again to be collected. */
  readonly table: Uint8Array
}

/** The value of a block: at most 65,536 rows, in the order of the rows of the table. */
export function packBlock(rows: readonly Row[], table: Pick<Table, 'bytes'>): Uint8Array {
  const words = table.bytes()
  const channels = numbered(rows.map(({ channel }) => channel))
  const authors = numbered(rows.map(({ author }) => author))
  const value = encode({
    ids: Buffer.concat(rows.map(({ id }) => bytesFromId(id))),
    ats: column(
      rows.map(({ at }) => at),
      NUMBER_BYTES,
    ),
    prints: column(
      rows.map(({ print }) => print),
      NUMBER_BYTES,
    ),
    links: Uint8Array.from(rows, ({ hasLink }) => (hasLink ? 1 : 0)),
    channels: column(channels.indexes, INDEX_BYTES),
    channelNames: channels.names,
    authors: column(authors.indexes, INDEX_BYTES),
    authorNames: authors.names,
    table: words,
  } satisfies Stored)
  giveBack(words)
  return value
}

/** Only the rows of a block. */
export function rowsOf(bytes: Uint8Array): readonly Row[] {
  const stored = decode(bytes) as Stored
  const row = rowReader(stored)
  return Array.from(stored.links, (_, number) => row(number))
}

/** A block from its value, whose memory is given back when the block is closed. */
export function openBlock(bytes: Uint8Array): Block {
  const stored = decode(bytes) as Stored
  const table = openTable(stored.table)
  const close = (): void => {
    table.close()
    giveBack(bytes)
  }
  return { count: stored.links.length, row: rowReader(stored), matching: table.matching, close }
}

/** Reads rows out of the columns: most rows of a block are never asked for. */
function rowReader(stored: Stored): (number: number) => Row {
  const { ids, links, channelNames, authorNames } = stored
  const [ats, prints] = [numbersIn(stored.ats), numbersIn(stored.prints)]
  const [channels, authors] = [numbersIn(stored.channels), numbersIn(stored.authors)]
  return (number) => ({
    id: idFromBytes(ids.subarray(number * ID_BYTES, (number + 1) * ID_BYTES)),
    channel: channelNames[channels.readUIntBE(number * INDEX_BYTES, INDEX_BYTES)] as ChannelId,
    author: authorNames[authors.readUIntBE(number * INDEX_BYTES, INDEX_BYTES)] as UserId,
    at: ats.readUIntBE(number * NUMBER_BYTES, NUMBER_BYTES),
    print: prints.readUIntBE(number * NUMBER_BYTES, NUMBER_BYTES),
    hasLink: links[number] === 1,
  })
}

function numbersIn({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}

function column(values: readonly number[], width: number): Uint8Array {
  const bytes = Buffer.alloc(values.length * width)
  values.forEach((value, number) => bytes.writeUIntBE(value, number * width, width))
  return bytes
}

function numbered(values: readonly string[]): { indexes: readonly number[]; names: string[] } {
  const known = new Map<string, number>()
  const indexes = values.map((value) => {
    const index = known.get(value) ?? known.size
    known.set(value, index)
    return index
  })
  return { indexes, names: [...known.keys()] }
}
