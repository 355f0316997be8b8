import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { bytesFromHex, concatBytes, hexFromBytes } from '#base/bytes.ts'
import { idFromBytes, type ChannelId } from '#base/ids.ts'
import {
  auditedNode,
  auditScope,
  EPOCH_NUMBER_MAX,
  epochOf,
  firstEpoch,
  openKeyring,
  scopeKey,
  unwrapEpoch,
  WRAP_BYTES,
  wrapEpoch,
  type Epoch,
  type EpochKey,
  type Scope,
} from '#trust/epoch.ts'
import { SUITE_FIPS, SUITE_NACL, SUITES } from '#trust/keys.ts'
import { openTwin, sealTwin, twinKey } from '#trust/twin-seal.ts'
import { anOrganisation, seedOf } from '../support/organisation.ts'
import { flip, holds } from '../support/property.ts'

const relief = anOrganisation('relief')
const { id, suite } = relief.organisation
const door = seedOf('relief secret')
const [ops, medical] = [aChannelId('ops'), aChannelId('medical')]
const alpha = relief.node('alpha').certificate.node
const bravo = relief.node('bravo').certificate.node
const pair = seedOf('a pair of alpha and bravo')
const plain = { bytes: Uint8Array.of(1, 2, 3), bound: new Uint8Array(0) }

test('whoever knows the secret makes the same key of a scope', async (t) => {
  const [one, two] = [keyOf({}), keyOf({})]

  t.same(one.hint, two.hint)
  t.same(one.bound, two.bound)
  t.equal(one.hint.length, 2)
  const sealed = sealTwin(one.keyOf(alpha), plain)
  t.same(openTwin(two.keyOf(alpha), { ...plain, bytes: sealed }), plain.bytes)
})

test('every scope, epoch, secret and sender has a key of its own', async (t) => {
  const keys: readonly EpochKey[] = [
    keyOf({}),
    keyOf({}, medical),
    keyOf({}, 'directory'),
    keyOf({}, 'keys'),
    keyOf({}, auditScope(alpha)),
    keyOf({ secret: seedOf('other') }),
    // A secret that was announced again, as something else.
    keyOf({ number: 4 }),
    keyOf({ maker: bravo }),
    keyOf({ maker: undefined }),
    keyOf({ audience: medical }),
  ]
  const sealedBy = keys.flatMap((key) =>
    [alpha, bravo].map((node) => sealTwin(key.keyOf(node), plain)),
  )

  t.equal(new Set(sealedBy.map(hexFromBytes)).size, 2 * keys.length)
  t.equal(new Set(keys.map(({ bound }) => hexFromBytes(bound))).size, keys.length)
})

test('organisation, suite and scope are bound, the secret only by a commitment', async (t) => {
  const stranger = anOrganisation('stranger').organisation.id
  const epoch = anEpoch({})
  const keys: readonly EpochKey[] = [
    scopeKey(SUITE_NACL, id, { scope: ops, epoch }),
    scopeKey(SUITE_FIPS, id, { scope: ops, epoch }),
    scopeKey(SUITE_NACL, stranger, { scope: ops, epoch }),
    scopeKey(SUITE_NACL, id, { scope: medical, epoch }),
  ]

  t.equal(new Set(keys.map(({ bound }) => hexFromBytes(bound))).size, keys.length)
  for (const { bound } of keys) t.notMatch(hexFromBytes(bound), hexFromBytes(epoch.secret))
})

test('an epoch’s id commits to audience, number, maker and secret', async (t) => {
  const epochs = [
    anEpoch({}),
    anEpoch({ audience: medical }),
    anEpoch({ number: 4 }),
    anEpoch({ maker: bravo }),
    anEpoch({ maker: undefined }),
    anEpoch({ secret: seedOf('other') }),
  ]

  t.equal(new Set(epochs.map((epoch) => epoch.id)).size, epochs.length)
  t.equal(anEpoch({}).id, anEpoch({}).id)
  t.match(anEpoch({}).id, /^[0-9a-f]{32}$/)
})

for (const each of SUITES) {
  test(`${each.name}: a wrapped epoch opens for the pair it was wrapped for, and says what was wrapped`, async (t) => {
    const numbers = fc.integer({ min: 0, max: EPOCH_NUMBER_MAX })
    const audiences = fc.constantFrom(ops, medical, id, alpha)
    holds(
      t,
      fc.property(
        numbers,
        audiences,
        fc.constantFrom(alpha, bravo, undefined),
        (number, audience, maker) => {
          const epoch = epochOf(each, { audience, number, maker, secret: seedOf('secret') })

          const bytes = wrapEpoch(each, pair, epoch)

          assert.equal(bytes.length, WRAP_BYTES)
          const read = must(unwrapEpoch(each, pair, { facts: factsOf(epoch), bytes }), 'it opens')
          assert.deepEqual(factsOf(read), factsOf(epoch))
          assert.equal(hexFromBytes(read.secret), hexFromBytes(epoch.secret))
        },
      ),
      30,
    )
  })

  test(`${each.name}: under a wrong pair, audience, number, maker or id nothing opens`, async (t) => {
    const epoch = epochOf(each, {
      audience: ops,
      number: 3,
      maker: alpha,
      secret: seedOf('secret'),
    })
    const other = epochOf(each, { audience: ops, number: 3, maker: alpha, secret: seedOf('other') })
    const bytes = wrapEpoch(each, pair, epoch)
    const facts = factsOf(epoch)

    t.same(unwrapEpoch(each, pair, { facts, bytes }), epoch)
    t.equal(unwrapEpoch(each, seedOf('another pair'), { facts, bytes }), undefined)
    for (const wrong of [
      { ...facts, audience: medical },
      { ...facts, number: 4 },
      { ...facts, maker: bravo },
      { ...facts, maker: undefined },
      { ...facts, id: other.id },
      { ...factsOf(other) },
    ])
      t.equal(unwrapEpoch(each, pair, { facts: wrong, bytes }), undefined)
  })

  test(`${each.name}: a wrap with any byte changed, cut or longer opens nothing`, async (t) => {
    const epoch = epochOf(each, {
      audience: ops,
      number: 3,
      maker: alpha,
      secret: seedOf('secret'),
    })
    const bytes = wrapEpoch(each, pair, epoch)
    const opens = (altered: Uint8Array): boolean =>
      unwrapEpoch(each, pair, { facts: factsOf(epoch), bytes: altered }) !== undefined
    const places = Array.from(bytes, (_, place) => place)

    t.ok(opens(bytes))
    t.strictSame(
      places.filter((place) => opens(flip(bytes, place)) || opens(bytes.subarray(0, place))),
      [],
    )
    t.notOk(opens(concatBytes(bytes, Uint8Array.of(0))))
  })
}

test('a maker who wraps one secret and announces another is found out', async (t) => {
  const announced = anEpoch({ secret: seedOf('announced') })
  const other = { ...announced, secret: seedOf('other') }

  const bytes = wrapEpoch(suite, pair, other)

  t.equal(unwrapEpoch(suite, pair, { facts: factsOf(announced), bytes }), undefined)
})

test('two epochs wrapped for one pair share no bytes', async (t) => {
  const [one, two] = [anEpoch({}), anEpoch({ number: 4 })]

  t.same(one.secret, two.secret)
  t.notSame(wrapEpoch(suite, pair, one), wrapEpoch(suite, pair, two))
})

test('at the door everybody gets the organisation’s first epoch and the keys document, and no more', async (t) => {
  const [one, two] = [aKeyring(), aKeyring()]

  t.same(one.firstEpoch, firstEpoch(suite, id, door))
  t.same(one.firstEpoch, two.firstEpoch)
  t.same(one.keysKey.hint, two.keysKey.hint)
  t.match(one.keyOf('directory', one.firstEpoch.id), { scope: 'directory' })
  t.equal(one.keyOf(ops, one.firstEpoch.id), undefined)
  t.notSame(one.keysKey.bound, must(one.keyOf('directory', one.firstEpoch.id), 'there').bound)
})

test('another organisation, suite or secret at the door makes other keys', async (t) => {
  const stranger = anOrganisation('stranger').organisation.id
  const rings = [
    aKeyring(),
    openKeyring(suite, stranger, door),
    openKeyring(SUITE_FIPS, id, door),
    openKeyring(suite, id, seedOf('other')),
  ]

  t.equal(new Set(rings.map((ring) => ring.firstEpoch.id)).size, rings.length)
  t.equal(new Set(rings.map((ring) => hexFromBytes(ring.keysKey.bound))).size, rings.length)
})

test('a scope’s keys are found by hint whether the scope or the epoch was met first', async (t) => {
  const epoch = anEpoch({})
  const scopeFirst = aKeyring()
  scopeFirst.addScope(ops, ops)
  scopeFirst.hold(epoch)
  const epochFirst = aKeyring()
  epochFirst.hold(epoch)
  epochFirst.addScope(ops, ops)
  const { hint } = keyOf({})

  for (const ring of [scopeFirst, epochFirst]) {
    t.equal(ring.epoch(epoch.id), epoch)
    t.match(ring.byHint(hint), [{ scope: ops, epoch: epoch.id }])
    t.equal(ring.byHint(hint)[0], ring.keyOf(ops, epoch.id))
  }
})

test('an epoch gives keys to the scopes of its own audience only', async (t) => {
  const ring = aKeyring()
  ring.addScope(ops, ops)
  ring.addScope(medical, medical)
  ring.addScope(auditScope(alpha), alpha)
  ring.hold(anEpoch({}))

  const held = ([ops, medical, auditScope(alpha), 'directory', 'keys'] as const).filter(
    (scope) => ring.keyOf(scope, anEpoch({}).id) !== undefined,
  )

  t.strictSame(held, [ops])
})

test('what is added or held twice is there once', async (t) => {
  const ring = aKeyring()
  for (let time = 0; time < 2; time += 1) {
    ring.addScope(ops, ops)
    ring.hold(anEpoch({}))
  }

  t.equal(ring.byHint(keyOf({}).hint).length, 1)
})

test('a dropped epoch opens nothing more, and the others stay', async (t) => {
  const ring = aKeyring()
  const [old, now] = [anEpoch({}), anEpoch({ number: 4, secret: seedOf('next') })]
  ring.addScope(ops, ops)
  ring.hold(old)
  ring.hold(now)

  ring.drop(old.id)

  t.equal(ring.epoch(old.id), undefined)
  t.equal(ring.keyOf(ops, old.id), undefined)
  t.strictSame(ring.byHint(keyOf({}).hint), [])
  t.ok(ring.keyOf(ops, now.id))
  t.ok(ring.keyOf('directory', ring.firstEpoch.id))
})

test('a dropped epoch does not come back with a scope that is met later', async (t) => {
  const ring = aKeyring()
  ring.hold(anEpoch({}))
  ring.drop(anEpoch({}).id)

  ring.addScope(ops, ops)

  t.equal(ring.keyOf(ops, anEpoch({}).id), undefined)
})

test('after a reset only what was given at the door is held, until the rest is held again', async (t) => {
  const ring = aKeyring()
  ring.addScope(ops, ops)
  ring.hold(anEpoch({}))
  const { keysKey } = ring

  ring.reset()

  t.equal(ring.epoch(anEpoch({}).id), undefined)
  t.strictSame(ring.byHint(keyOf({}).hint), [])
  t.ok(ring.keyOf('directory', ring.firstEpoch.id))
  t.match(ring.byHint(keysKey.hint), [{ scope: 'keys' }])
  ring.hold(anEpoch({}))
  t.ok(ring.keyOf(ops, anEpoch({}).id), 'scopes are still known')
})

test('the key of the keys document cannot be dropped', async (t) => {
  const ring = aKeyring()

  ring.drop(ring.keysKey.epoch)
  ring.drop(ring.firstEpoch.id)

  t.match(ring.byHint(ring.keysKey.hint), [{ scope: 'keys' }])
  t.equal(ring.keyOf('directory', ring.firstEpoch.id), undefined)
})

test('scopes whose hints fall together are all found by it', async (t) => {
  const ring = aKeyring()
  const epoch = anEpoch({})
  ring.hold(epoch)
  const hints = new Map<string, number>()
  for (let index = 0; index < 1_500; index += 1) {
    const scope = aChannelId(`channel ${index}`)
    ring.addScope(scope, ops)
    const hint = hexFromBytes(must(ring.keyOf(scope, epoch.id), 'it is known').hint)
    hints.set(hint, (hints.get(hint) ?? 0) + 1)
  }
  const shared = [...hints].filter(([, count]) => count > 1)

  t.ok(shared.length > 0, 'two bytes are few for so many')
  for (const [hint, count] of shared) t.equal(ring.byHint(bytesFromHex(hint)).length, count)
})

test('the scope of a node’s audit names the node, and no other scope does', async (t) => {
  t.equal(auditedNode(auditScope(alpha)), alpha)
  for (const scope of ['directory', 'keys', ops] as const) t.equal(auditedNode(scope), undefined)
})

test('who has the key of a node for one purpose has none for another', async (t) => {
  const key = keyOf({})
  const sealed = sealTwin(key.keyOf(alpha), plain)

  t.equal(openTwin(key.keyOf(bravo), { ...plain, bytes: sealed }), undefined)
  t.equal(openTwin(twinKey(suite, anEpoch({}).secret), { ...plain, bytes: sealed }), undefined)
})

function anEpoch(part: Partial<Omit<Epoch, 'id'>>): Epoch {
  return epochOf(suite, {
    audience: ops,
    number: 3,
    maker: alpha,
    secret: seedOf('secret'),
    ...part,
  })
}

function keyOf(part: Partial<Omit<Epoch, 'id'>>, scope: Scope = ops): EpochKey {
  return scopeKey(suite, id, { scope, epoch: anEpoch(part) })
}

function factsOf({ id: name, audience, number, maker }: Epoch): Omit<Epoch, 'secret'> {
  return { id: name, audience, number, maker }
}

function aKeyring(): ReturnType<typeof openKeyring> {
  return openKeyring(suite, id, door)
}

function aChannelId(name: string): ChannelId {
  return idFromBytes<ChannelId>(seedOf(`channel ${name}`).subarray(0, 16))
}
