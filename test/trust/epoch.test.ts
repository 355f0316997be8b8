import { test } from 'tap'
import { hexFromBytes } from '#base/bytes.ts'
import { idFromBytes, type ChannelId } from '#base/ids.ts'
import { epochKey, openKeyring, type EpochKey } from '#trust/epoch.ts'
import { open, seal } from '#trust/keys.ts'
import { anOrganisation, seedOf } from '../support/organisation.ts'

const relief = anOrganisation('relief')
const { id } = relief.organisation
const secret = seedOf('relief secret')
const [ops, medical] = [aChannelId('ops'), aChannelId('medical')]
const alpha = relief.node('alpha').certificate.node
const bravo = relief.node('bravo').certificate.node
const nonce = new Uint8Array(12)
const plain = { bytes: Uint8Array.of(1, 2, 3), bound: new Uint8Array(0) }

test('whoever knows the secret makes the same key of a scope', async (t) => {
  const [one, two] = [epochKey(id, secret, ops), epochKey(id, secret, ops)]

  t.same(one.hint, two.hint)
  t.same(one.bound, two.bound)
  t.equal(one.hint.length, 2)
  const sealed = seal(one.keyOf(alpha), nonce, plain)
  t.same(open(two.keyOf(alpha), nonce, { ...plain, bytes: sealed }), plain.bytes)
})

test('every scope, secret and sender has a key of its own', async (t) => {
  const sealedBy: readonly Uint8Array[] = [
    seal(epochKey(id, secret, ops).keyOf(alpha), nonce, plain),
    seal(epochKey(id, secret, ops).keyOf(bravo), nonce, plain),
    seal(epochKey(id, secret, medical).keyOf(alpha), nonce, plain),
    seal(epochKey(id, secret, 'directory').keyOf(alpha), nonce, plain),
    seal(epochKey(id, seedOf('other'), ops).keyOf(alpha), nonce, plain),
  ]

  t.equal(new Set(sealedBy.map(hexFromBytes)).size, sealedBy.length)
})

test('organisation, scope and secret are bound, the secret only by a commitment', async (t) => {
  const stranger = anOrganisation('stranger').organisation.id
  const keys: readonly EpochKey[] = [
    epochKey(id, secret, ops),
    epochKey(stranger, secret, ops),
    epochKey(id, secret, medical),
    epochKey(id, seedOf('other'), ops),
  ]

  t.equal(new Set(keys.map(({ bound }) => hexFromBytes(bound))).size, keys.length)
  for (const { bound } of keys) t.notMatch(hexFromBytes(bound), hexFromBytes(secret))
})

test('a keyring holds the directory at once, and a channel from when it is added', async (t) => {
  const keyring = openKeyring(id, secret)
  const { hint } = epochKey(id, secret, ops)

  t.match(keyring.byHint(keyring.current('directory').hint), [{ scope: 'directory', epoch: 0 }])
  t.strictSame(keyring.byHint(hint), [])
  keyring.add(ops)
  keyring.add(ops)
  t.strictSame(keyring.byHint(hint), [keyring.current(ops)])
})

test('channels whose hints fall together are all found by it', async (t) => {
  const keyring = openKeyring(id, secret)
  const hints = new Map<string, number>()
  for (let index = 0; index < 1_500; index += 1) {
    const hint = hexFromBytes(keyring.current(aChannelId(`channel ${index}`)).hint)
    hints.set(hint, (hints.get(hint) ?? 0) + 1)
  }
  const shared = [...hints].filter(([, count]) => count > 1)

  t.ok(shared.length > 0, 'two bytes are few for so many')
  for (const [hint, count] of shared)
    t.equal(keyring.byHint(Buffer.from(hint, 'hex')).length, count)
})

function aChannelId(name: string): ChannelId {
  return idFromBytes<ChannelId>(seedOf(`channel ${name}`).subarray(0, 16))
}
