/** Pictures of links: a band of up and down, and bars by precedence. Each says in words what it shows. */
import type { VNode } from 'preact'
import { LANES, type Lane } from '#model/precedence.ts'
import type { Span } from '#web/core/links.ts'
import { total } from '#web/core/links.ts'
import { say, times } from '#web/words/words.ts'

/** What is short is seen all the same, in thousandths of the whole. */
const SPAN_LEAST = 5

/** Up and down over time, the newest at the end. */
export function Band(props: {
  readonly spans: readonly Span[]
  readonly from: number
  readonly to: number
  readonly label: string
}): VNode {
  const { spans, from, to, label } = props
  const width = Math.max(1, to - from)
  const at = (time: number): number => ((Math.max(time, from) - from) / width) * 1_000
  return (
    <figure class="band">
      <svg viewBox="0 0 1000 24" preserveAspectRatio="none" role="img" aria-label={label}>
        <rect class="band-unknown" width="1000" height="24" />
        {spans.map((span) => (
          <rect
            key={span.from}
            class={span.isUp ? 'band-up' : 'band-down'}
            x={Math.min(at(span.from), 1_000 - SPAN_LEAST)}
            y={span.isUp ? 0 : 16}
            width={Math.max(SPAN_LEAST, at(span.to) - at(span.from))}
            height={span.isUp ? 24 : 8}
          />
        ))}
      </svg>
      <figcaption>
        <span>{times().clock(from)}</span>
        <span>{say('link.now')}</span>
      </figcaption>
    </figure>
  )
}

/** How much of each precedence, most urgent first. */
export function LaneBars(props: {
  readonly lanes: Readonly<Record<Lane, number>>
  readonly max: number
}): VNode {
  const { lanes, max } = props
  return (
    <dl class="bars" data-empty={String(total(lanes) === 0)}>
      {LANES.map((lane) => (
        <div key={lane} data-lane={lane}>
          <dt>{say(`lane.${lane}`)}</dt>
          <dd>
            <svg
              viewBox="0 0 100 8"
              preserveAspectRatio="none"
              aria-hidden="true"
              focusable="false"
            >
              <rect class="bar-ground" width="100" height="8" />
              <rect
                class="bar"
                width={lanes[lane] === 0 ? 0 : Math.max(2, (lanes[lane] / Math.max(1, max)) * 100)}
                height="8"
              />
            </svg>
            <span>{times().number(lanes[lane])}</span>
          </dd>
        </div>
      ))}
    </dl>
  )
}
