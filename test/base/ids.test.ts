import fc from 'fast-check'
import { test } from 'tap'
import { equalBytes } from '#base/bytes.ts'
import {
  actorOf,
  bytesFromId,
  idFromBytes,
  isId,
  newPersonId,
  nodePrefix,
  nodePrefixOfActor,
  nodePrefixOfPerson,
  parseActor,
  parseId,
  personIdBytes,
  type NodeId,
} from '#base/ids.ts'
import { anyBytes, holds } from '../support/property.ts'

test('an id is 26 characters that hold 16 bytes', async (t) => {
  holds(
    t,
    fc.property(anyBytes(16), (bytes) => {
      const id = idFromBytes<NodeId>(bytes)

      return isId(id) && parseId(id) === id && equalBytes(bytesFromId(id), bytes)
    }),
  )
  t.equal(idFromBytes<NodeId>(new Uint8Array(16)), 'y'.repeat(26))
  t.equal(idFromBytes<NodeId>(new Uint8Array(16).fill(255)), `${'9'.repeat(25)}h`)
})

test('anything else is no id', async (t) => {
  for (const wrong of [
    '',
    'y'.repeat(25),
    'y'.repeat(27),
    `${'y'.repeat(25)}l`,
    'Y'.repeat(26),
    5,
    null,
  ]) {
    t.equal(parseId(wrong), undefined)
  }
})

test('only 16 bytes make an id', async (t) => {
  t.throws(() => idFromBytes(new Uint8Array(15)), { name: 'AssertionFailure' })
})

test('an actor carries the first half of its node’s id and the life', async (t) => {
  holds(
    t,
    fc.property(anyBytes(16), anyBytes(4), (bytes, life) => {
      const node = idFromBytes<NodeId>(bytes)
      const actor = actorOf(node, life)

      return (
        parseActor(actor) === actor &&
        nodePrefixOfActor(actor) === nodePrefix(node) &&
        actor.endsWith(Buffer.from(life).toString('hex'))
      )
    }),
  )
  const node = idFromBytes<NodeId>(new Uint8Array(16))
  t.throws(() => actorOf(node, new Uint8Array(5)), { name: 'AssertionFailure' })
})

test('an actor is 24 lower-case hexadecimal digits', async (t) => {
  for (const wrong of ['', '0'.repeat(23), '0'.repeat(25), 'A'.repeat(24), 'g'.repeat(24)]) {
    t.equal(parseActor(wrong), undefined)
  }
})

test('a person is named by their node and three bytes', async (t) => {
  const node = idFromBytes<NodeId>(new Uint8Array(16).fill(7))
  const [one, other] = [Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 4)]
  const id = newPersonId(node, one)

  t.same(bytesFromId(id), personIdBytes(bytesFromId(node).subarray(0, 8), one))
  t.equal(nodePrefixOfPerson(id), nodePrefix(node))
  t.equal(newPersonId(node, Uint8Array.of(...one, 9, 9)), id)
  t.not(newPersonId(node, other), id)
  t.notSame(bytesFromId(newPersonId(node, other)).subarray(11), bytesFromId(id).subarray(11))
  t.throws(() => newPersonId(node, one.subarray(1)), { name: 'AssertionFailure' })
})
