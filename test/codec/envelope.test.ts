/** Envelopes: opened by members, and by nobody when one bit is another. */
import assert from 'node:assert/strict'
import { brotliCompressSync, deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { byteWriter, bytesFromText, concatBytes, hexFromBytes } from '#base/bytes.ts'
import { BODY_BYTES_MAX } from '#base/limits.ts'
import { openEnvelope, scopesToRead, sealEnvelope, type Sealing } from '#codec/envelope.ts'
import { trainedDictionary, type TrainedDictionary } from '#codec/trained-dictionary.ts'
import { segmentDocument } from '#model/document-id.ts'
import { openKeyring, type Keyring } from '#trust/epoch.ts'
import { sealTwin } from '#trust/twin-seal.ts'
import { anOrganisation, seedOf } from '../support/organisation.ts'
import { flip, holds } from '../support/property.ts'
import {
  actorAt,
  aKeyring,
  aRoster,
  firstKey,
  lifeOf,
  nodeAt,
  ops,
  organisationSecret,
  relief,
} from '../support/wire.ts'

const { suite } = relief.organisation
const keyring = aKeyring()
const roster = aRoster()
const alpha = nodeAt(0)

test('a member opens what was sealed, and learns who sealed it in which life', async (t) => {
  const anyBody = fc.oneof(
    fc.uint8Array({ maxLength: 3_000 }),
    fc.string({ maxLength: 2_000 }).map(bytesFromText),
  )
  holds(
    t,
    fc.property(anyBody, fc.boolean(), (body, isSigned) => {
      const sign = isSigned ? alpha.sign : undefined

      const opened = openEnvelope(aSealed({ body, sign }), roster, keyring)

      assert.ok(opened.ok)
      assert.equal(hexFromBytes(opened.body), hexFromBytes(body))
      assert.equal(opened.actor, actorAt(0))
      assert.equal(opened.sender.node, alpha.certificate.node)
      assert.equal(opened.key.scope, ops)
      const { signature } = opened
      assert.equal(signature !== undefined, isSigned)
      if (signature !== undefined)
        assert.ok(roster.verify(alpha.certificate.node, opened.header, signature))
    }),
    200,
  )
})

test('a life is told by the generation of a sealing key that it published', async (t) => {
  const told = aRoster()
  const { node } = alpha.certificate
  const bytes = aSealed({ body: bytesFromText('on'), generation: 3 })

  t.match(openEnvelope(bytes, told, keyring), { ok: false, reason: 'unknown sender' })
  told.learnLife(node, 3, Uint8Array.of(9, 9, 9, 9))
  t.match(openEnvelope(bytes, told, keyring), { ok: false, reason: 'not authentic' })
  told.learnLife(node, 2, lifeOf('alpha'))
  t.match(openEnvelope(bytes, told, keyring), { ok: false, reason: 'not authentic' })
  told.learnLife(node, 3, lifeOf('alpha'))
  t.match(openEnvelope(bytes, told, keyring), { ok: true, actor: actorAt(0) })
  const lengths = [0, 1, 2, 3, 200].map(
    (generation) => aSealed({ body: bytesFromText('on'), generation }).length - bytes.length,
  )
  t.strictSame(lengths, [3, -1, -1, 0, 1])
})

test("what was made small with a channel's dictionary opens with that one alone", async (t) => {
  const body = bytesFromText('tarpaulins for the Osier school, and chlorine tablets')
  const text = 'tarpaulins for the Osier school '
  const dictionary = aDictionary(text)
  const other = aDictionary(`${text}!`)
  const bytes = aSealed({ body, dictionary })
  const opened = (...dictionaries: readonly TrainedDictionary[]) =>
    openEnvelope(bytes, roster, { byHint: keyring.byHint, dictionaries })

  t.ok(bytes.length < aSealed({ body }).length)
  t.match(opened(dictionary), { ok: true })
  t.match(opened(other, dictionary), { ok: true })
  t.match(opened(other), { ok: false, reason: 'unknown dictionary' })
  t.match(openEnvelope(bytes, roster, keyring), { ok: false, reason: 'unknown dictionary' })
  t.strictSame(scopesToRead(bytes, suite, keyring), [ops])
  t.strictSame(scopesToRead(aSealed({ body }), suite, keyring), [])
})

test('only what needs a dictionary says that it was made with one', async (t) => {
  const bytes = Uint8Array.from(aSealed({ body: seedOf('noise') }))
  t.match(openEnvelope(bytes, roster, keyring), { ok: true })
  bytes[0] = (bytes[0] ?? 0) | 32

  t.match(openEnvelope(bytes, roster, keyring), { ok: false, reason: 'malformed' })
})

test('two copies of one disk seal what differs under streams that differ', async (t) => {
  const bodies = ['by the owner', 'by the thief'].map(bytesFromText)
  const [one, other] = bodies.map((body) => aSealed({ body }).subarray(8, -16))
  const together = one?.map((byte, at) => byte ^ (other?.[at] ?? 0))
  const plain = bodies[0]?.map((byte, at) => byte ^ (bodies[1]?.[at] ?? 0))

  t.notSame(together, plain)
  t.same(aSealed({ body: seedOf('the same') }), aSealed({ body: seedOf('the same') }))
})

test('no byte of an envelope can be changed, added or left out', async (t) => {
  const body = bytesFromText('The bridge is open for lorries up to 20 t. '.repeat(3))
  const bytes = aSealed({ body, sign: alpha.sign })
  const isTaken = (altered: Uint8Array): boolean => {
    const opened = openEnvelope(altered, roster, keyring)
    const { node } = alpha.certificate
    return opened.ok && roster.verify(node, opened.header, opened.signature ?? new Uint8Array(0))
  }
  const taken: string[] = []
  for (let place = 0; place < bytes.length; place += 1) {
    for (const mask of [0x01, 0x04, 0x10, 0x80]) {
      if (isTaken(flip(bytes, place, mask))) taken.push(`${place} ^ ${mask}`)
    }
    if (isTaken(bytes.subarray(0, place))) taken.push(`cut at ${place}`)
  }

  t.strictSame(taken, [])
  t.ok(isTaken(bytes))
  t.notOk(isTaken(concatBytes(bytes, Uint8Array.of(0))))
})

test('an unsigned envelope opens only as it was sealed', async (t) => {
  const bytes = aSealed({ sign: undefined })

  for (let place = 0; place < bytes.length; place += 1) {
    t.notOk(openEnvelope(flip(bytes, place), roster, keyring).ok)
  }
})

test('who lacks the key, the sender’s certificate or the organisation opens nothing', async (t) => {
  const bytes = aSealed({})
  const other = anOrganisation('stranger')
  const stranger = openKeyring(suite, other.organisation.id, organisationSecret)
  stranger.addScope(ops, other.organisation.id)

  t.strictSame(openEnvelope(bytes, aRoster([]), keyring), { ok: false, reason: 'unknown sender' })
  const noChannel = openKeyring(suite, relief.organisation.id, organisationSecret)
  t.strictSame(openEnvelope(bytes, roster, noChannel), { ok: false, reason: 'unknown key' })
  t.strictSame(openEnvelope(bytes, roster, aKeyring(seedOf('guess'))), {
    ok: false,
    reason: 'unknown key',
  })
  t.strictSame(openEnvelope(bytes, roster, stranger), { ok: false, reason: 'unknown key' })
})

test('one node cannot pass for another, nor one life for another', async (t) => {
  const bytes = aSealed({})
  const asBravo = Uint8Array.from(bytes)
  asBravo[3] = 2

  t.strictSame(openEnvelope(asBravo, roster, keyring), { ok: false, reason: 'not authentic' })
  const inAnotherLife = Uint8Array.from(bytes)
  inAnotherLife.set(lifeOf('bravo'), 4)
  t.strictSame(openEnvelope(inAnotherLife, roster, keyring), { ok: false, reason: 'not authentic' })
})

test('two keys with one hint are both tried', async (t) => {
  const [right, wrong] = [firstKey(keyring, ops), firstKey(keyring, 'directory')]
  const both: Keyring = { ...keyring, byHint: () => [wrong, right] }

  const opened = openEnvelope(aSealed({}), roster, both)

  t.match(opened, { ok: true, key: { scope: ops } })
})

test('a body that would inflate beyond the limit is stopped, though a member sealed it', async (t) => {
  const bomb = new Uint8Array(BODY_BYTES_MAX + 1)
  const fits = new Uint8Array(BODY_BYTES_MAX)
  for (const [compression, squeeze] of [
    [1, deflateRawSync],
    [2, brotliCompressSync],
  ] as const) {
    t.ok(openEnvelope(aHandmade(compression, squeeze(fits)), roster, keyring).ok)
    t.strictSame(openEnvelope(aHandmade(compression, squeeze(bomb)), roster, keyring), {
      ok: false,
      reason: 'malformed',
    })
    const junk = bytesFromText('no such stream, whichever way')
    t.strictSame(openEnvelope(aHandmade(compression, junk), roster, keyring), {
      ok: false,
      reason: 'malformed',
    })
  }
})

test('an unknown version or flag is malformed, and so is what is too long or nothing', async (t) => {
  const bytes = aSealed({})
  const flags = must(bytes[0], 'there are flags')
  const wrongFlags = [flags & ~3, flags | 3, flags | 32]

  for (const wrong of wrongFlags) {
    const altered = Uint8Array.from([wrong, ...bytes.subarray(1)])
    t.strictSame(openEnvelope(altered, roster, keyring), { ok: false, reason: 'malformed' })
  }
  for (const wrong of [new Uint8Array(0), new Uint8Array(BODY_BYTES_MAX + 1).fill(flags)]) {
    t.strictSame(openEnvelope(wrong, roster, keyring), { ok: false, reason: 'malformed' })
  }
})

test('whatever bytes come, nothing is thrown and nothing opens', async (t) => {
  const header = aSealed({}).subarray(0, 8)
  holds(
    t,
    fc.property(fc.nat(header.length), fc.uint8Array({ maxLength: 200 }), (kept, rest) => {
      const bytes = concatBytes(header.subarray(0, kept), rest)

      assert.ok(!openEnvelope(bytes, roster, keyring).ok)
    }),
    500,
  )
})

function aSealed(part: Partial<Sealing>): Uint8Array {
  return sealEnvelope({
    sender: alpha.certificate,
    life: lifeOf('alpha'),
    generation: 0,
    key: firstKey(keyring, ops),
    body: bytesFromText('hello'),
    sign: undefined,
    ...part,
  })
}

function aDictionary(text: string): TrainedDictionary {
  const said = { document: segmentDocument(ops, 'routine', 0), actor: actorAt(0), seq: 1 }
  return must(trainedDictionary([{ ...said, value: bytesFromText(text) }]), 'it is short')
}

/** An unsigned envelope of alpha with these compressed bytes, whatever they are. */
function aHandmade(compression: number, bytes: Uint8Array): Uint8Array {
  const key = firstKey(keyring, ops)
  const writer = byteWriter()
  const life = lifeOf('alpha')
  writer.byte(2 | (compression << 2))
  writer.raw(key.hint)
  writer.uint(1)
  writer.raw(life)
  const header = writer.bytes()
  const bound = concatBytes(header, key.bound, alpha.certificate.signingKey, life)
  return concatBytes(header, sealTwin(key.keyOf(alpha.certificate.node), { bytes, bound }))
}
