/** The positions in a block of Exif, which is a small TIFF file: directories of items of 12 bytes, in either byte order (TIFF 6.0 §2). */
import { DIRECTORIES_MAX, DIRECTORY_ITEMS_MAX } from './limits.ts'
import type { Looked, Patch } from './patches.ts'

const GPS_DIRECTORY = 0x8825
/** Directories below one: pictures of a raw file, and what Exif says of them. */
const BELOW = new Set([0x014a, 0x8769])
const ITEM_BYTES = 12
/** Bytes of one value, by its type. */
const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4]

interface Directory {
  /** From the start of the file. */
  readonly at: number
  /** The count, the items, and where the next directory is. */
  readonly view: DataView
  readonly items: number
}

/** What to overwrite of the block that begins at a place of a file; nothing where no Exif begins there. */
export async function patchesOfExif(file: Looked, base: number): Promise<readonly Patch[]> {
  const header = viewOf(await file.readAt(base, base + 8))
  if (header.byteLength < 8) return []
  const isLittle = header.getUint8(0) === 0x49
  const patches: Patch[] = []
  const waiting = [header.getUint32(4, isLittle)]
  const seen = new Set<number>()
  while (waiting.length > 0 && seen.size < DIRECTORIES_MAX) {
    const offset = waiting.shift() ?? 0
    if (offset < 8 || seen.has(offset)) continue
    seen.add(offset)
    const directory = await directoryAt(file, base + offset, isLittle)
    if (directory === undefined) continue
    const { view, items } = directory
    for (const item of itemsOf(directory)) {
      if (BELOW.has(view.getUint16(item, isLittle)))
        waiting.push(view.getUint32(item + 8, isLittle))
    }
    waiting.push(view.getUint32(2 + items * ITEM_BYTES, isLittle))
    patches.push(...(await withoutPosition(file, { base, isLittle, directory })))
  }
  return patches
}

interface Place {
  readonly base: number
  readonly isLittle: boolean
  readonly directory: Directory
}

/** The item that names the positions goes, the ones behind it move up; what it named is overwritten. */
async function withoutPosition(file: Looked, place: Place): Promise<readonly Patch[]> {
  const { base, isLittle, directory } = place
  const { at, view, items } = directory
  const patches: Patch[] = []
  const kept: Uint8Array[] = []
  for (const item of itemsOf(directory)) {
    const isGps = view.getUint16(item, isLittle) === GPS_DIRECTORY
    if (!isGps) kept.push(bytesOf(view, item, item + ITEM_BYTES))
    else patches.push(...(await blank(file, place, base + view.getUint32(item + 8, isLittle))))
  }
  if (kept.length === items) return []
  const whole = new Uint8Array(view.byteLength)
  new DataView(whole.buffer).setUint16(0, kept.length, isLittle)
  for (const [index, item] of kept.entries()) whole.set(item, 2 + index * ITEM_BYTES)
  const next = bytesOf(view, view.byteLength - 4, view.byteLength)
  whole.set(next, 2 + kept.length * ITEM_BYTES)
  return [...patches, { at, bytes: whole }]
}

/** A directory of positions and all its values. */
async function blank(
  file: Looked,
  { base, isLittle }: Place,
  at: number,
): Promise<readonly Patch[]> {
  const directory = await directoryAt(file, at, isLittle)
  if (directory === undefined) return []
  const { view } = directory
  const values = [...itemsOf(directory)].flatMap((item): readonly Patch[] => {
    const size = TYPE_BYTES[view.getUint16(item + 2, isLittle)] ?? 1
    const bytes = size * view.getUint32(item + 4, isLittle)
    const from = base + view.getUint32(item + 8, isLittle)
    if (bytes <= 4 || from + bytes > file.bytes) return []
    return [{ at: from, bytes: new Uint8Array(bytes) }]
  })
  return [{ at, bytes: new Uint8Array(view.byteLength) }, ...values]
}

async function directoryAt(
  file: Looked,
  at: number,
  isLittle: boolean,
): Promise<Directory | undefined> {
  const count = viewOf(await file.readAt(at, at + 2))
  const items = count.byteLength < 2 ? 0 : count.getUint16(0, isLittle)
  if (items === 0 || items > DIRECTORY_ITEMS_MAX) return undefined
  const bytes = 2 + items * ITEM_BYTES + 4
  const view = viewOf(await file.readAt(at, at + bytes))
  return view.byteLength < bytes ? undefined : { at, view, items }
}

function* itemsOf({ items }: Directory): Iterable<number> {
  for (let index = 0; index < items; index += 1) yield 2 + index * ITEM_BYTES
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}

function bytesOf(view: DataView, from: number, to: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + from, to - from)
}
