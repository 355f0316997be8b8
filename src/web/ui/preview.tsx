/** What the message that is being written would cost, before it is sent: shown where some link is billed. */
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Lane } from '#model/precedence.ts'
import { PREVIEW_AFTER_MS, PREVIEW_AGAIN_MS } from '#web/core/limits.ts'
import { isBilled, waysFrom, type PreviewedWay } from '#web/core/preview.ts'
import type { App } from '#web/state/app.ts'
import { valueOf } from '#web/state/loading.ts'
import { say, times } from '#web/words/words.ts'
import { useApp } from './context.ts'
import { carrierName } from './delivery-words.ts'
import { Icon } from './icons.tsx'

/** A draft. */
export interface Drafted {
  readonly channelId: string
  readonly rootId: string
  readonly message: string
  readonly lane: Lane
  /** Bytes of files that go with it, when others ask for them. */
  readonly fileBytes: number
}

/** No link was billed when this was last asked: nobody is asked again at every word. */
const unbilledAt = new WeakMap<App, number>()

/** The lines; nothing while there is nothing to choose by. */
export function Preview({ draft }: { readonly draft: Drafted }): VNode | null {
  const ways = usePreview(draft)
  if (draft.message === '' || !isBilled(ways)) return null
  return (
    <div class="preview" role="status" aria-label={say('preview.label')}>
      {ways.map((way) => (
        <p key={way.carrier} data-fits={String(way.fits)}>
          <Icon name={way.price === undefined ? 'check' : 'away'} />
          <span>{wordsOf(way)}</span>
        </p>
      ))}
      {draft.fileBytes > 0 && (
        <p>
          <Icon name="clip" />
          <span>{say('preview.files', { bytes: times().bytes(draft.fileBytes) })}</span>
        </p>
      )}
    </div>
  )
}

function usePreview({ channelId, rootId, message, lane }: Drafted): readonly PreviewedWay[] {
  const app = useApp()
  const [ways, setWays] = useState<readonly PreviewedWay[]>([])
  useEffect(() => {
    const isSpared = Date.now() - (unbilledAt.get(app) ?? -Infinity) < PREVIEW_AGAIN_MS
    if (message === '' || isSpared) return undefined
    let isOld = false
    const ask = async (): Promise<void> => {
      const root = rootId === '' ? {} : { root: rootId }
      const body = { channel: channelId, message, lane, ...root }
      const value = valueOf(await app.ask('POST', '/api/holdfast/v1/preview', body))
      if (isOld || value === undefined) return
      const found = waysFrom(value)
      if (!isBilled(found)) unbilledAt.set(app, Date.now())
      setWays(found)
    }
    const timer = setTimeout(() => void ask(), PREVIEW_AFTER_MS)
    return () => {
      isOld = true
      clearTimeout(timer)
    }
  }, [app, channelId, rootId, message, lane])
  return ways
}

function wordsOf({ carrier, isUp, price, fits, at }: PreviewedWay): string {
  const way = carrierName(carrier)
  const now = Date.now()
  const isDue = at !== undefined && at <= now + 1_000
  const when =
    at === undefined || (isDue && !isUp)
      ? say('preview.someday')
      : isDue
        ? say('preview.now')
        : say('preview.at', { time: times().moment(at, now) })
  if (price === undefined) return say('preview.free', { way, when })
  const cost = {
    way,
    when,
    bytes: times().bytes(price.bytes),
    span: times().span(price.ms),
    price: times().money(price.money, price.currency),
  }
  return say(fits ? 'preview.paid' : 'preview.beyond', cost)
}
