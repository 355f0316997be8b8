/** Readers of what a hub says of a channel's dictionary, and of what was made small with one. */
import { must } from '#base/assert.ts'
import { bytesFromHex, concatBytes, equalBytes } from '#base/bytes.ts'
import { BODY_BYTES_MAX, DICTIONARY_CHANGES_MAX, DICTIONARY_STRETCHES_MAX } from '#base/limits.ts'
import type { ActorId } from '#base/ids.ts'
import { compress, decompress, usesDictionary, type Compression } from '#codec/compression.ts'
import { trainedDictionary, type TrainedDictionary } from '#codec/trained-dictionary.ts'
import { DICTIONARY_READERS, dictionaryFields, documentOf } from '#model/dictionary-content.ts'
import { parseDocumentId } from '#model/document-id.ts'
import type { ChannelId } from '#base/ids.ts'
import { SUITES } from '#trust/keys.ts'
import { aHistory } from '../history.ts'
import type { Target } from '../target.ts'

/** Of what it is made, and what was made with it. */
export const DICTIONARY_TARGETS: readonly Target[] = [
  { name: 'dictionary-stretches', open: openStretches },
  { name: 'dictionary-compression', open: openTrained },
]

const CHANNEL = 'y'.repeat(26) as ChannelId

async function openStretches() {
  const hash = bytesFromHex('ab'.repeat(32))
  const actor = '00112233445566778899aabb' as ActorId
  const stretch = { lane: 'routine', segment: 3, actor, from: 5, count: 40 } as const
  const read = DICTIONARY_READERS[21]
  const lists = [1, 2, 5].map((count) => Array.from({ length: count }, () => stretch))
  return {
    form: 'bytes' as const,
    samples: lists.map(
      (stretches) =>
        dictionaryFields({ kind: 'dictionary', hash: 'ab'.repeat(32), stretches })[1] as Uint8Array,
    ),
    check: (input: Uint8Array) => {
      const content = read?.([hash, input])
      if (content === undefined) return undefined
      const { stretches } = content
      const changes = stretches.reduce((sum, { count }) => sum + count, 0)
      if (stretches.length > DICTIONARY_STRETCHES_MAX || changes > DICTIONARY_CHANGES_MAX)
        return 'it is made of too much'
      if (stretches.some((one) => parseDocumentId(documentOf(CHANNEL, one)) === undefined))
        return 'it names what is no document'
      const again = dictionaryFields(content)[1] as Uint8Array
      return equalBytes(again, input) ? undefined : 'written again it is another'
    },
  }
}

async function openTrained() {
  const { logs, bodies } = aHistory(must(SUITES[0], 'there is a suite'))
  const said = logs.flatMap((log) =>
    log.since({}).map((change) => ({ document: log.document, ...change })),
  )
  const dictionary: TrainedDictionary = must(
    trainedDictionary(said.slice(0, 40)),
    'there is something to read',
  )
  const streams = bodies.flatMap(({ body }) =>
    [false, true].map((isThin) => compress(body, { isThin, dictionary })),
  )
  return {
    form: 'bytes' as const,
    samples: streams.map(({ compression, bytes }) =>
      concatBytes(Uint8Array.of(compression), bytes),
    ),
    check: (input: Uint8Array) => {
      const compression = ((input[0] ?? 0) % 4) as Compression
      const read = usesDictionary(compression) ? dictionary : undefined
      const body = decompress({ compression, bytes: input.subarray(1), dictionary: read })
      return body !== undefined && body.length > BODY_BYTES_MAX ? 'it grows too long' : undefined
    },
  }
}
