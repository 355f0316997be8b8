/** Golden vectors of what is derived from ids, and of times of every shape. */
import { encode } from '@msgpack/msgpack'
import { hexFromBytes } from '#base/bytes.ts'
import { bytesFromId, type DocumentId } from '#base/ids.ts'
import { directChannelId, firstChannelId, newChannelId } from '#model/channel-id.ts'
import { openLog } from '#model/log.ts'
import { aPersonId } from '../support/histories.ts'
import { seededRandom } from '../support/random.ts'
import { actorAt, nodeAt, ops, relief } from '../support/wire.ts'
import type { Vectors } from './make.ts'

/** Channels whose ids follow from something. */
export function channelVectors(): Vectors {
  const [amira, bo] = [aPersonId('amira'), aPersonId('bo')]
  const random = seededRandom(9).bytes(8)
  const { node } = nodeAt(0).certificate
  return {
    direct: { people: [bo, amira], id: directChannelId(bo, amira) },
    first: { organisation: relief.organisation.id, id: firstChannelId(relief.organisation.id) },
    founded: (['public', 'private', 'group'] as const).map((kind) => {
      const id = newChannelId(node, kind, random)
      return { node, random: hexFromBytes(random), kind, id }
    }),
  }
}

/** One list of entries, one after another: authors, times and counters, usual and strange. */
export function timeVectors(document: DocumentId): readonly Vectors[] {
  const [amira, bo] = [aPersonId('amira'), aPersonId('bo')].map(bytesFromId)
  const node = bytesFromId(nodeAt(1).certificate.node).subarray(0, 8)
  const values: readonly unknown[] = [
    [0, amira, 1_793_534_400, 'first'],
    [0, bo, [-60, 5, node, 10, 20], 'a clock that is set back'],
    [3, amira, [1, -7, node, 0, 20, node, 90_000, 0], 4, bytesFromId(ops), '+1', 1],
    [0, 1, 'never', 'a time that is none'],
    'no list',
    [99, 0, [2, 1_500], 3, 'a kind of later'],
    [1, 2, 2, -9, bytesFromId(ops), 'by nobody'],
    [1, null, -1_800_000_000, 1.5, bytesFromId(ops), 'before 1970'],
  ]
  const log = openLog(document)
  return values.map((value) => {
    const { entry, ...change } = log.add(log.next(actorAt(0), encode(value)))
    const { author = null, claimedAt, placeAt, counter, objections = [] } = entry
    return { value: hexFromBytes(change.value), author, claimedAt, placeAt, counter, objections }
  })
}
