/** PNG: a chunk of which some was overwritten gets its check sum anew, and text that is packed, where nothing can be found, goes whole. */
import { crc32 } from 'node:zlib'
import { inOrder, patched, type Looked, type Patch } from './patches.ts'

const SIGNATURE_BYTES = 8
const AROUND_BYTES = 12
/** Chunks of text with what cameras and editors say; others are captions. */
const TELLING = /^(?:XML:com\.adobe\.xmp|Raw profile type (?:exif|xmp|APP1))\0/i
const TEXT_CHUNKS = /^(?:iTXt|zTXt|tEXt)$/
const KEYWORD_BYTES = 80
const CHUNKS_MAX = 65_536

/** The patches of a PNG file with what they make necessary. */
export async function patchesOfPng(
  file: Looked,
  patches: readonly Patch[],
): Promise<readonly Patch[]> {
  const all: Patch[] = [...patches]
  let at = SIGNATURE_BYTES
  for (let count = 0; at + AROUND_BYTES <= file.bytes && count < CHUNKS_MAX; count += 1) {
    const head = Buffer.from(await file.readAt(at, at + 8))
    const length = head.readUInt32BE(0)
    const end = at + AROUND_BYTES + length
    if (end > file.bytes) break
    const name = head.toString('latin1', 4)
    const chunk = { from: at + 4, to: end - 4 }
    const own = (await isTelling(file, { name, from: at + 8 }))
      ? [blankText(chunk)]
      : patches.filter((one) => one.at < chunk.to && one.at + one.bytes.length > chunk.from)
    if (own.length > 0) {
      // What is blanked as a whole stands before what was found in it.
      all.unshift(...own, await checkSum(file, chunk, inOrder(own)))
    }
    at = end
  }
  return all
}

async function isTelling(
  file: Looked,
  { name, from }: { readonly name: string; readonly from: number },
): Promise<boolean> {
  if (!TEXT_CHUNKS.test(name)) return false
  const keyword = Buffer.from(await file.readAt(from, from + KEYWORD_BYTES))
  return TELLING.test(keyword.toString('latin1'))
}

interface Stretch {
  readonly from: number
  readonly to: number
}

/** It becomes a comment of spaces. */
function blankText({ from, to }: Stretch): Patch {
  const bytes = Buffer.alloc(to - from, ' ')
  bytes.write('tEXtComment\0', 'latin1')
  return { at: from, bytes: new Uint8Array(bytes) }
}

async function checkSum(
  file: Looked,
  { from, to }: Stretch,
  patches: readonly Patch[],
): Promise<Patch> {
  const moved = patches.map(({ at, bytes }) => ({ at: at - from, bytes }))
  let sum = 0
  const inside = inOrder(moved.flatMap((patch) => cutFront(patch)))
  for await (const part of patched(oneByOne(file, { from, to }), inside)) sum = crc32(part, sum)
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(sum)
  return { at: to, bytes: new Uint8Array(bytes) }
}

function cutFront({ at, bytes }: Patch): readonly Patch[] {
  return at >= 0 ? [{ at, bytes }] : [{ at: 0, bytes: bytes.subarray(-at) }]
}

async function* oneByOne(file: Looked, { from, to }: Stretch): AsyncIterable<Uint8Array> {
  const step = 65_536
  for (let at = from; at < to; at += step) yield file.readAt(at, Math.min(to, at + step))
}
