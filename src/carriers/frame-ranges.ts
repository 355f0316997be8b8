/** Parts of an envelope: what is still to be sent of it, or what has come. Always in order, never touching. */

/** From the first byte up to, not including, the last. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** `ranges`, and this one too. */
export function withRange(ranges: readonly Range[], { from, to }: Range): readonly Range[] {
  if (to <= from) return ranges
  const apart = ranges.filter((one) => one.to < from || one.from > to)
  const touching = ranges.filter((one) => one.to >= from && one.from <= to)
  const merged = {
    from: Math.min(from, ...touching.map((one) => one.from)),
    to: Math.max(to, ...touching.map((one) => one.to)),
  }
  return [...apart, merged].toSorted((a, b) => a.from - b.from)
}

/** `ranges` without this one. */
export function withoutRange(ranges: readonly Range[], { from, to }: Range): readonly Range[] {
  if (to <= from) return ranges
  return ranges.flatMap((one) =>
    [
      { from: one.from, to: Math.min(one.to, from) },
      { from: Math.max(one.from, to), to: one.to },
    ].filter((part) => part.from < part.to),
  )
}

/** What of 0 … `total` is not in `ranges`. */
export function gapsIn(ranges: readonly Range[], total: number): readonly Range[] {
  return ranges.reduce(withoutRange, withRange([], { from: 0, to: total }))
}
