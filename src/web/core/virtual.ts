/**
 * The geometry of a long list of rows of which only those in sight are drawn. Heights are guessed until a row has been
 * drawn once; whoever draws keeps one row where it is while others above it change.
 */

/** Heights of rows, by key; those not yet drawn are guessed. */
export interface Heights {
  readonly get: (key: string) => number
  /** Whether it is another height than before. */
  readonly set: (key: string, height: number) => boolean
}

/** No row has been drawn yet. */
export function createHeights(guess: number): Heights {
  const known = new Map<string, number>()
  return {
    get: (key) => known.get(key) ?? guess,
    set: (key, height) => {
      const isNew = Math.abs((known.get(key) ?? guess) - height) > 0.5
      known.set(key, height)
      return isNew
    },
  }
}

/** Where each row begins, and the height of all as the last number: one number more than rows. */
export function offsetsOf(keys: readonly string[], heights: Heights): Float64Array {
  const offsets = new Float64Array(keys.length + 1)
  let top = 0
  for (const [index, key] of keys.entries()) {
    offsets[index] = top
    top += heights.get(key)
  }
  offsets[keys.length] = top
  return offsets
}

/** The row at this height: the last that begins at or above it. */
export function rowAt(offsets: Float64Array, top: number): number {
  let low = 0
  let high = Math.max(0, offsets.length - 2)
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((offsets[middle] ?? 0) <= top) low = middle
    else high = middle - 1
  }
  return low
}

/**
 * The row that is kept where it is, and how far the top of the view is below its beginning. The first in sight that will still stand at
 * the same message when others come before it: a heading moves up to them, and whoever held it would be carried along.
 */
export function heldRow(
  offsets: Float64Array,
  top: number,
  isHeld: (index: number) => boolean,
): { readonly index: number; readonly below: number } {
  const first = rowAt(offsets, top)
  let index = first
  while (index < offsets.length - 1 && !isHeld(index)) index += 1
  if (index >= offsets.length - 1) index = first
  return { index, below: top - (offsets[index] ?? 0) }
}

/** What is in sight. */
export interface View {
  readonly top: number
  readonly height: number
  /** How much is drawn beyond each edge, so that nothing is bare while scrolling. */
  readonly spare: number
}

/** The rows to draw: from `first` up to, but not with, `end`. */
export function windowOf(
  offsets: Float64Array,
  view: View,
): { readonly first: number; readonly end: number } {
  const rows = offsets.length - 1
  if (rows <= 0) return { first: 0, end: 0 }
  const first = rowAt(offsets, view.top - view.spare)
  const end = rowAt(offsets, view.top + view.height + view.spare) + 1
  return { first, end: Math.min(rows, end) }
}
