/** Dictionaries of channels: which there are, and training new ones. */
import type { Door } from '#server/door.ts'
import { patiently } from '#server/patience.ts'
import { route, type Route } from '#server/route.ts'

/** The routes about dictionaries. */
export function dictionaryRoutes({ node, clock }: Door): readonly Route[] {
  return [
    route('GET', '/api/holdfast/v1/dictionaries', (call) => node.dictionaries(call.subject)),
    route('POST', '/api/holdfast/v1/dictionaries/train', (call) =>
      patiently(call, clock, () => node.trainDictionaries(call.subject)),
    ),
  ]
}
