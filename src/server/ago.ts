/** How long ago something was: a phone may show another time zone than the node has. */
import { durationText } from '#app/delivery-words.ts'
import type { Instant } from '#base/ids.ts'
import type { Clock } from '#ports/clock.ts'

/** Says it by `clock`. */
export function agoBy({ clock }: { readonly clock: Clock }): (at: Instant) => string {
  return (at) => `${durationText(clock.now() - at)} ago`
}
