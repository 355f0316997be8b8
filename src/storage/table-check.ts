/**
 * Looks over LevelDB's tables before it reads them. It compares no checksum when it reads, and a block that is partly zero ends the
 * whole process (an assertion of LevelDB 1.20, 2026). Where a checksum is wrong and the block does not read as one, its type is
 * set to one that LevelDB knows it does not know: then it says so, and a repair saves all other blocks. A block that reads is left
 * as it is: the seal shows which of its values is wrong, and the others are good.
 *
 * Format: LevelDB, doc/table_format.md; CRC-32C, RFC 3720 appendix B.4; Snappy, format_description.txt.
 */
import { open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A block's place in its table, without its trailer. */
interface Handle {
  readonly offset: number
  readonly size: number
}

const FOOTER_BYTES = 48
const MAGIC = 0xdb4775248b80fb57n
/** Type 1, checksum 4. */
const TRAILER_BYTES = 5
const TYPE_PLAIN = 0
const TYPE_SNAPPY = 1
/** No block is larger; damage may say so. */
const BLOCK_BYTES_MAX = 64 << 20
/** A type that no version has. */
const TYPE_DAMAGED = 0xff
/** Number and kind of a write stand at the end of each key. */
const INTERNAL_KEY_BYTES_MIN = 8
const MASK_DELTA = 0xa282ead8

/** Marks the blocks that cannot be read in the tables of a folder; how many there were. The database must be closed. */
export async function markDamagedBlocks(folder: string): Promise<number> {
  let count = 0
  for (const name of (await readdir(folder)).filter((one) => /^\d+\.(?:ldb|sst)$/.test(one))) {
    const file = join(folder, name)
    const damaged = damagedBlocks(await readFile(file))
    count += damaged.length
    if (damaged.length > 0) await mark(file, damaged)
  }
  return count
}

async function mark(file: string, blocks: readonly Handle[]): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    for (const { offset, size } of blocks)
      await handle.write(Uint8Array.of(TYPE_DAMAGED), 0, 1, offset + size)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Blocks of a table that cannot be read. A table whose end cannot be read has none: LevelDB says so itself. */
export function damagedBlocks(table: Uint8Array): readonly Handle[] {
  const bytes = Buffer.from(table.buffer, table.byteOffset, table.byteLength)
  const footer = bytes.length - FOOTER_BYTES
  if (footer < 0 || bytes.readBigUInt64LE(bytes.length - 8) !== MAGIC) return []
  const [metaOffset, afterOffset] = varint(bytes, footer)
  const [metaSize, afterMeta] = varint(bytes, afterOffset)
  const index = handleAt(bytes, afterMeta)
  if (!isInside(bytes, index)) return []
  if (!isSound(bytes, index) || !isReadable(bytes, index)) return [index]
  const content = contentOf(bytes, index)
  const blocks = content === undefined ? [] : handlesIn(content)
  const all = [...blocks, { offset: metaOffset, size: metaSize }]
  return all.filter(
    (block) => isInside(bytes, block) && !isSound(bytes, block) && !isReadable(bytes, block),
  )
}

/** Whether LevelDB reads a block without harm, whatever it reads. */
function isReadable(bytes: Buffer, handle: Handle): boolean {
  const block = contentOf(bytes, handle)
  const size = block?.length ?? 0
  if (block === undefined || size < 8) return false
  const restarts = block.readUInt32LE(size - 4)
  const end = size - 4 * (restarts + 1)
  if (restarts === 0 || end < 0) return false
  for (let at = 0; at < restarts; at += 1)
    if (block.readUInt32LE(end + 4 * at) >= Math.max(1, end)) return false
  let last = 0
  let at = 0
  while (at < end) {
    const [shared, afterShared] = varint(block, at)
    const [rest, afterRest] = varint(block, afterShared)
    const [valueBytes, content] = varint(block, afterRest)
    if (shared > last || shared + rest < INTERNAL_KEY_BYTES_MIN) return false
    last = shared + rest
    at = content + rest + valueBytes
  }
  return at === end
}

function isInside(bytes: Buffer, { offset, size }: Handle): boolean {
  return offset + size + TRAILER_BYTES <= bytes.length - FOOTER_BYTES
}

function isSound(bytes: Buffer, { offset, size }: Handle): boolean {
  const crc = crc32c(bytes.subarray(offset, offset + size + 1))
  const masked = (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0
  return bytes.readUInt32LE(offset + size + 1) === masked
}

function contentOf(bytes: Buffer, { offset, size }: Handle): Buffer | undefined {
  const stored = bytes.subarray(offset, offset + size)
  const type = bytes[offset + size]
  if (type === TYPE_SNAPPY) return unsnapped(stored)
  return type === TYPE_PLAIN ? stored : undefined
}

/** The values of an index block: where the data blocks are. */
function handlesIn(block: Buffer): readonly Handle[] {
  const restarts = block.readUInt32LE(block.length - 4)
  const end = block.length - 4 * (restarts + 1)
  const handles: Handle[] = []
  for (let at = 0; at < end;) {
    const [, afterShared] = varint(block, at)
    const [keyBytes, afterKeyBytes] = varint(block, afterShared)
    const [valueBytes, content] = varint(block, afterKeyBytes)
    handles.push(handleAt(block, content + keyBytes))
    at = content + keyBytes + valueBytes
  }
  return handles
}

function handleAt(bytes: Buffer, at: number): Handle {
  const [offset, next] = varint(bytes, at)
  return { offset, size: varint(bytes, next)[0] }
}

function varint(bytes: Buffer, from: number): readonly [value: number, next: number] {
  let value = 0
  let scale = 1
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0
    value += (byte & 127) * scale
    if (byte < 128) return [value, at + 1]
    scale *= 128
  }
  return [value, bytes.length]
}

/** What Snappy compressed, or undefined when it is not whole. */
function unsnapped(bytes: Buffer): Buffer | undefined {
  const [length, begin] = varint(bytes, 0)
  if (length > BLOCK_BYTES_MAX) return undefined
  const out = Buffer.alloc(length)
  let written = 0
  for (let at = begin; at < bytes.length;) {
    const tag = bytes[at] ?? 0
    const kind = tag & 3
    if (kind === 0) {
      const more = Math.max(0, (tag >> 2) - 59)
      const size = 1 + (more === 0 ? tag >> 2 : numberAt(bytes, at + 1, more))
      at += 1 + more
      if (at > bytes.length) return undefined
      written += bytes.copy(out, written, at, at + size)
      at += size
      continue
    }
    const [size, back] = copyAt(bytes, at)
    if (back === 0 || back > written) return undefined
    for (let left = size; left > 0; left -= 1, written += 1) out[written] = out[written - back] ?? 0
    at += kind === 1 ? 2 : kind === 2 ? 3 : 5
  }
  return written === length ? out : undefined
}

function copyAt(bytes: Buffer, at: number): readonly [size: number, back: number] {
  const tag = bytes[at] ?? 0
  if ((tag & 3) === 1) return [4 + ((tag >> 2) & 7), ((tag >> 5) << 8) | (bytes[at + 1] ?? 0)]
  return [1 + (tag >> 2), numberAt(bytes, at + 1, (tag & 3) === 2 ? 2 : 4)]
}

/** So many bytes, the least first; what lies beyond the end is 0. */
function numberAt(bytes: Buffer, at: number, count: number): number {
  let value = 0
  for (let byte = count - 1; byte >= 0; byte -= 1) value = value * 256 + (bytes[at + byte] ?? 0)
  return value
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1
  return value
})

/** CRC-32C (Castagnoli). */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (TABLE[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}
