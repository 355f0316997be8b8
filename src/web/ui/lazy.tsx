/**
 * What is not needed to read and write comes a moment later, in a bundle of its own: it is fetched when the page has time, so that it is
 * here when the node is not.
 */
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Place } from '#web/core/address.ts'
import { say } from '#web/words/words.ts'
import type * as Places from './places.tsx'

const AGAIN_MS = 5_000

let places: typeof Places | undefined

/** Fetches the places; does nothing when they are here. */
export async function fetchPlaces(): Promise<void> {
  places ??= await import('./places.tsx')
}

/** A place, once it is here. */
export function Lazy({ at }: { readonly at: Place }): VNode {
  const [isHere, setHere] = useState(places !== undefined)
  const [hasFailed, setFailed] = useState(false)
  useEffect(() => {
    if (isHere) return undefined
    const load = (): void =>
      void fetchPlaces().then(
        () => setHere(true),
        () => setFailed(true),
      )
    load()
    const timer = setInterval(load, AGAIN_MS)
    return () => clearInterval(timer)
  }, [isHere])
  if (places !== undefined) return <places.PlaceOf at={at} />
  return <p class="empty">{hasFailed && say('connection.away')}</p>
}
