/** A channel's id says what it is and, where that matters, who made it. */
import fc from 'fast-check'
import { test } from 'tap'
import { bytesFromId, idFromBytes, newPersonId, nodePrefix, type NodeId } from '#base/ids.ts'
import {
  CHANNEL_KINDS,
  CHANNEL_RANDOM_BYTES,
  directChannelId,
  firstChannelId,
  isFounder,
  kindOfChannel,
  newChannelId,
} from '#model/channel-id.ts'
import { anOrganisation } from '../support/organisation.ts'
import { anyBytes, holds } from '../support/property.ts'

const anyNode = anyBytes(16).map((bytes) => idFromBytes<NodeId>(bytes))
const anyPerson = fc.tuple(anyNode, anyBytes(8)).map(([node, random]) => newPersonId(node, random))

test('an id has the kind and the founder it was made with', async (t) => {
  holds(
    t,
    fc.property(
      anyNode,
      anyNode,
      fc.constantFrom(...CHANNEL_KINDS),
      anyBytes(CHANNEL_RANDOM_BYTES),
      (node, other, kind, random) => {
        const id = newChannelId(node, kind, random)
        const isOther = nodePrefix(other) === nodePrefix(node)
        return (
          kindOfChannel(id) === kind &&
          isFounder(id, nodePrefix(node)) &&
          isFounder(id, nodePrefix(other)) === isOther &&
          idFromBytes(bytesFromId(id)) === id
        )
      },
    ),
  )
})

test('two people have one direct channel, whoever asks, and no other two have the same', async (t) => {
  holds(
    t,
    fc.property(fc.uniqueArray(anyPerson, { minLength: 3, maxLength: 3 }), (people) => {
      const [one, two, three] = people as [never, never, never]
      const id = directChannelId(one, two)
      return (
        id === directChannelId(two, one) &&
        kindOfChannel(id) === 'direct' &&
        id !== directChannelId(one, three) &&
        id !== directChannelId(one, one)
      )
    }),
  )
})

test('the first channel is public, the same on every node, and another in another organisation', async (t) => {
  const [relief, other] = [anOrganisation('relief'), anOrganisation('other')]
  const id = firstChannelId(relief.organisation.id)

  t.equal(kindOfChannel(id), 'public')
  t.equal(firstChannelId(anOrganisation('relief').organisation.id), id)
  t.not(firstChannelId(other.organisation.id), id)
})
