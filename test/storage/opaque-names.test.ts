/** Hidden names: nothing of an id shows, everything comes back, and ranges hold what they held. */
import { test } from 'tap'
import fc from 'fast-check'
import {
  idFromBytes,
  type ChannelId,
  type DocumentId,
  type NodeId,
  type UserId,
} from '#base/ids.ts'
import { openOpaqueNames } from '#storage/opaque-names.ts'
import { seededRandom } from '../support/random.ts'

const random = seededRandom(5)
const channel = idFromBytes<ChannelId>(random.bytes(16))
const person = idFromBytes<UserId>(random.bytes(16))
const peer = idFromBytes<NodeId>(random.bytes(16))
const actor = Buffer.from(random.bytes(12)).toString('hex')
const hash = Buffer.from(random.bytes(16)).toString('hex')
const document = `s.${channel}.1.100` as DocumentId
const NAMES = [
  `doc/${document}`,
  `loose/${document}/000000000000001`,
  `att/${document}/${actor}/000000000000009`,
  `seg/${channel}/1`,
  `view/seen/${person}/${channel}`,
  `once/${person}/${hash}`,
  `has/${peer}/d`,
  `note/post:nats/${actor}`,
]

test('no id can be read in a hidden name, and all of them come back', async (t) => {
  const names = openOpaqueNames(new Uint8Array(32).fill(3))

  for (const name of NAMES) {
    const opaque = names.hide(name)
    for (const id of [channel, person, peer, actor, hash]) t.notMatch(opaque, id, name)
    t.equal(names.show(opaque), name)
    t.equal(names.show(openOpaqueNames(new Uint8Array(32).fill(3)).hide(name)), name)
  }
})

test('two disks with the same content show different names', async (t) => {
  const [a, b] = [1, 2].map((fill) => openOpaqueNames(new Uint8Array(32).fill(fill)))

  for (const name of NAMES) t.not(a?.hide(name), b?.hide(name), name)
})

test('a hidden name is golden: it changes only with a new vault version', async (t) => {
  const names = openOpaqueNames(new Uint8Array(32).fill(3))

  t.equal(
    names.hide('att/c.yyyyyyyyyyyyyyyyyyyyyyyyyy/000102030405060708090a0b/000000000000009'),
    'att/c.~18yeqaw8pzgxuqtyje3zpd7f9a/^o8otgo3ur8pabktega94ugwnty/000000000000009',
  )
})

test('whatever has an id in it comes back as it was, and what has none stays', async (t) => {
  const names = openOpaqueNames(new Uint8Array(32).fill(4))
  const part = fc.oneof(
    fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => idFromBytes<UserId>(bytes)),
    fc
      .uint8Array({ minLength: 12, maxLength: 16 })
      .map((bytes) => Buffer.from(bytes).toString('hex')),
    fc.integer({ min: 0 }).map((number) => String(number).padStart(15, '0')),
    fc.constantFrom('view', 'post', 'd', '1', '!have.0', 'post:nats'),
  )
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
      const name = parts.join('/')
      t.equal(names.show(names.hide(name)), name)
    }),
    { seed: 7, numRuns: 300 },
  )
})

test('the range of a prefix holds the names that begin with it, and no others', async (t) => {
  const names = openOpaqueNames(new Uint8Array(32).fill(5))
  const prefixes = [
    'doc/',
    `loose/${document}/`,
    `att/${document}/${actor}/`,
    `wait/c.${channel}/`,
    `has/${peer}/`,
    `view/order/${channel}/`,
  ]
  const all = [
    ...NAMES,
    `view/order/${channel}/000000000000005.${person}`,
    `wait/c.${channel}/${actor}`,
  ]

  for (const prefix of prefixes) {
    const from = names.hideBound(prefix)
    const to = names.hideBound(`${prefix.slice(0, -1)}0`)
    const inside = all.filter((name) => names.hide(name) >= from && names.hide(name) < to)
    t.strictSame(
      inside,
      all.filter((name) => name.startsWith(prefix)),
      prefix,
    )
  }
})

test('numbers and places keep their order, and the name after one stays after it', async (t) => {
  const names = openOpaqueNames(new Uint8Array(32).fill(6))
  const places = [5, 40, 300].map(
    (at) => `view/order/${channel}/${String(at).padStart(15, '0')}.${person}`,
  )

  t.strictSame(places.map(names.hide).toSorted(), places.map(names.hide))
  for (const place of places) t.ok(names.hideBound(`${place} `) > names.hide(place))
  for (const name of NAMES) t.ok(names.hideBound(`${name}\0`) > names.hide(name), name)
})
