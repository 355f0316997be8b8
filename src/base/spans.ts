/** Stretches of a row of bytes: which of a file are here, wanted, or on their way. Ascending, apart from each other, never empty. */

/** From `from` up to, not including, `to`. */
export type Span = readonly [from: number, to: number]

/** Stretches in their order. */
export type Spans = readonly Span[]

/** Both together. */
export function joinSpans(a: Spans, b: Spans): Spans {
  const joined: [number, number][] = []
  for (const [from, to] of [...a, ...b].toSorted((x, y) => x[0] - y[0])) {
    const last = joined.at(-1)
    if (to <= from) continue
    if (last === undefined || last[1] < from) joined.push([from, to])
    else last[1] = Math.max(last[1], to)
  }
  return joined
}

/** What of `a` is not in `b`. */
export function withoutSpans(a: Spans, b: Spans): Spans {
  let left: Spans = a
  for (const [from, to] of b)
    left = left.flatMap((span): Spans => {
      const before: Span = [span[0], Math.min(span[1], from)]
      const after: Span = [Math.max(span[0], to), span[1]]
      return [before, after].filter(([start, end]) => start < end)
    })
  return left
}

/** What is in both. */
export function commonSpans(a: Spans, b: Spans): Spans {
  return withoutSpans(a, withoutSpans(a, b))
}

/** How many bytes these are. */
export function bytesIn(spans: Spans): number {
  return spans.reduce((sum, [from, to]) => sum + to - from, 0)
}
