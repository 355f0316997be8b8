/** Files that are looked through, and what of their bytes is overwritten. */

/** Bytes of a file from one place to before another; fewer at its end. */
export type ReadAt = (from: number, to: number) => Promise<Uint8Array>

/** What stands at a place of a file from now on. */
export interface Patch {
  readonly at: number
  readonly bytes: Uint8Array
}

/** A file that is looked through. */
export interface Looked {
  readonly readAt: ReadAt
  readonly bytes: number
}

/** The same bytes with the patches in them. Patches are in order and do not overlap. */
export async function* patched(
  source: AsyncIterable<Uint8Array>,
  patches: readonly Patch[],
): AsyncIterable<Uint8Array> {
  let at = 0
  let next = 0
  for await (const part of source) {
    const end = at + part.length
    const copy = Uint8Array.from(part)
    for (let index = next; index < patches.length; index += 1) {
      const patch = patches[index]
      if (patch === undefined || patch.at >= end) break
      const from = Math.max(patch.at, at)
      const to = Math.min(patch.at + patch.bytes.length, end)
      if (to > from) copy.set(patch.bytes.subarray(from - patch.at, to - patch.at), from - at)
      if (to === patch.at + patch.bytes.length) next = index + 1
    }
    yield copy
    at = end
  }
}

/** Patches in the order of their places; where two meet, the later begins behind the earlier. */
export function inOrder(patches: readonly Patch[]): readonly Patch[] {
  const sorted = patches.toSorted((a, b) => a.at - b.at || b.bytes.length - a.bytes.length)
  let end = 0
  return sorted.flatMap(({ at, bytes }) => {
    const from = Math.max(at, end)
    const rest = bytes.subarray(from - at)
    end = Math.max(end, at + bytes.length)
    return from >= at + bytes.length ? [] : [{ at: from, bytes: rest }]
  })
}
