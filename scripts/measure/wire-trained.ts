/** What a channel's own dictionary spares: trained on the first half of the messages, measured on the second, which it has not read. */
import { SEGMENT_ENTRIES_MAX } from '#base/limits.ts'
import { lastOf, trainDictionary } from '#codec/dictionary-training.ts'
import type { Said, TrainedDictionary } from '#codec/trained-dictionary.ts'
import type { PlannedMessage } from '../trial/messages.ts'
import { mean, rounded } from './statistics.ts'
import { runOurs } from './wire-ours.ts'
import { aWorld, openPlace } from './wire-world.ts'

type Result = Readonly<Record<string, number>>

/**
 * `single_trained_b` and `ten_trained_b`: bytes a post on a thin link with the dictionary; `…_untrained_b`: of the same posts without.
 * Nothing where there is too little to train on.
 */
export function trainedBytes(messages: readonly PlannedMessage[], nowMs: () => number): Result {
  const half = messages.length >> 1
  const training = lastOf(trainDictionary(saidOf(messages.slice(0, half))))
  if (training === undefined) return {}
  const later = messages.slice(half)
  const bytes = (size: number, dictionary: TrainedDictionary | undefined): number => {
    const { sizes } = runOurs(later, { size, nowMs, isThin: true, dictionary })
    return rounded((mean(sizes) * sizes.length) / later.length)
  }
  const { dictionary } = training
  return {
    single_trained_b: bytes(1, dictionary),
    ten_trained_b: bytes(10, dictionary),
    single_untrained_b: bytes(1, undefined),
    ten_untrained_b: bytes(10, undefined),
    trained_text_b: rounded(mean(later.map(({ text }) => Buffer.byteLength(text)))),
    dictionary_b: dictionary.text.length,
  }
}

/** The messages as changes of one channel. */
function saidOf(messages: readonly PlannedMessage[]): readonly Said[] {
  const place = openPlace({ ...aWorld(), isThin: true })
  return messages.map((message) => {
    if (place.here.size() >= SEGMENT_ENTRIES_MAX) place.next()
    const { actor, seq, value } = place.write(message)
    return { document: place.here.document, actor, seq, value }
  })
}
