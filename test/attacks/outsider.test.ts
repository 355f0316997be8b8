/** Attacks by whoever owns the broker: every byte is theirs to change, drop, keep, mix and send again; none is theirs to read. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { bytesFromText } from '#base/bytes.ts'
import { ENVELOPE_BYTES_MAX, PARKED_ENVELOPES_MAX } from '#base/limits.ts'
import { newChannelId } from '#model/channel-id.ts'
import { DIRECTORY, KEYS, segmentDocument } from '#model/document-id.ts'
import { sealEnvelope } from '#codec/envelope.ts'
import { range } from '#sync/keys.ts'
import { keptFrom } from '#sync/parking.ts'
import { epochOf, openKeyring } from '#trust/epoch.ts'
import { organisationIdOf } from '#trust/identity.ts'
import { signingPair, SUITE_NACL } from '#trust/keys.ts'
import { anInsider, flipped, keyUnder, sizeOf, unnamed, withTail } from '../support/adversary.ts'
import { anIdentity, organisation, organisationSecret, seedOf } from '../support/nodes.ts'
import { seededRandom } from '../support/random.ts'
import {
  arrive,
  aSync,
  bodies,
  envelopeOf,
  found,
  routine,
  say,
  type SyncNode,
} from '../support/sync.ts'

const people = [anIdentity('alpha', 1, 'hub'), anIdentity('bravo', 2), anIdentity('charlie', 3)]
const alphaCertificate = must(people[0], 'alpha').certificate

test('an envelope with any byte changed, cut short or made longer brings nothing, and the true one still does', async (t) => {
  const { alpha, bravo } = await aPair()
  const secret = 'the depot at kilometre 41'
  await say(alpha, secret)
  const bytes = await envelopeOf(alpha, routine)
  t.equal(Buffer.from(bytes).includes(Buffer.from(secret.slice(0, 8))), false)

  for (let at = 0; at < bytes.length; at += 1) {
    // What no key opens may be sealed with one that is still to come: it is kept, and nothing else.
    for (const from of [alpha.id, 'post:test'] as const) {
      const { outcome } = await arrive(bravo, flipped(bytes, at), { from })
      t.notOk(brought(outcome), `byte ${at}, ${from}`)
    }
  }
  for (const length of [0, 1, 5, 12, bytes.length - 64, bytes.length - 1])
    t.notOk(brought((await arrive(bravo, bytes.subarray(0, length))).outcome), `${length} bytes`)
  t.notOk(brought((await arrive(bravo, withTail(bytes, Uint8Array.of(0)))).outcome))
  t.strictSame(await bodies(bravo), [])
  await arrive(bravo, bytes)

  t.strictSame(await bodies(bravo), [secret])
  t.strictSame(await unnamed(bravo, 'malformed', 'unvouched'), [])
})

test('flags, versions and compressions that were not sealed bring nothing', async (t) => {
  const { alpha, bravo } = await aPair()
  await say(alpha, 'flags')
  const bytes = await envelopeOf(alpha, routine)
  const [flags] = bytes

  for (let other = 0; other < 256; other += 1) {
    if (other === flags) continue
    const changed = Uint8Array.from(bytes)
    changed[0] = other
    // A generation, a key or a dictionary that nobody published yet may be published later; another version is nothing.
    const { outcome } = await arrive(bravo, changed, { from: alpha.id })
    t.ok(
      outcome.kind === 'refused' || (outcome.kind === 'parked' && (other & 3) === 2),
      `flags ${other}`,
    )
  }
  t.strictSame(await bodies(bravo), [])
  t.strictSame(await unnamed(bravo, 'malformed'), [])
})

test('a broker that repeats, reorders, keeps back and mixes costs time and nothing else', async (t) => {
  const { alpha, bravo } = await aPair()
  const random = seededRandom(11)
  const sent: Uint8Array[] = []
  const said: string[] = []
  for (let each = 0; each < 24; each += 1) {
    const before = (await alpha.context.replica.commit((tx) => tx.log(routine))).clock()
    said.push(`message ${each}`)
    await say(alpha, `message ${each}`)
    sent.push(await envelopeOf(alpha, routine, before))
  }
  const shuffled = [...sent, ...sent, ...sent]
    .map((bytes) => ({ bytes, at: Buffer.from(random.bytes(6)).readUIntBE(0, 6) }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ bytes }) => bytes)
  const kept = must(sent[3], 'the fourth')

  for (const bytes of shuffled.filter((one) => one !== kept)) await arrive(bravo, bytes)
  const early = await bodies(bravo)
  await arrive(bravo, kept)

  t.strictSame(early, said.slice(0, 3))
  t.strictSame(await bodies(bravo), said)
})

test('an envelope of another organisation, or another channel, fits nowhere', async (t) => {
  const { alpha, bravo } = await aPair()
  const foreign = organisationIdOf(SUITE_NACL, signingPair(SUITE_NACL, seedOf('other')).publicBytes)
  const keyring = openKeyring(SUITE_NACL, foreign, organisationSecret)
  const body = bytesFromText('whatever is in it')
  const strange = sealEnvelope({
    sender: alphaCertificate,
    life: Uint8Array.of(1, 2, 3, 4),
    generation: 0,
    key: keyring.keysKey,
    body,
    sign: undefined,
  })
  const insider = anInsider(anIdentity('mallory', 9), { knows: people })
  insider.write(routine, { content: { kind: 'post', body: 'moved', root: undefined } })
  const other = newChannelId(alpha.id, 'public', seedOf('elsewhere').subarray(0, 8))
  const moved = insider.envelope(
    segmentDocument(other, 'routine', 0),
    {},
    insider.list(routine).since({}),
  )

  t.notOk(brought((await arrive(bravo, strange)).outcome))
  t.notOk(brought((await arrive(bravo, moved)).outcome))
})

test('an envelope under an epoch that is not held waits and opens nothing', async (t) => {
  const { bravo } = await aPair()
  const epoch = epochOf(organisation.suite, {
    audience: organisation.id,
    number: 3,
    maker: alphaCertificate.node,
    secret: seedOf('made up'),
  })
  const made = sealEnvelope({
    sender: alphaCertificate,
    life: Uint8Array.of(9, 9, 9, 9),
    generation: 0,
    key: keyUnder('directory', epoch),
    body: bytesFromText('nothing'),
    sign: undefined,
  })

  const { outcome } = await arrive(bravo, made)

  t.match(outcome, { kind: /parked|refused/ })
})

test('envelopes of made-up senders do not keep out one that only waits for its key', async (t) => {
  const { alpha, bravo } = await aPair()
  await say(alpha, 'sealed under a new key')
  const template = await envelopeOf(alpha, routine)
  const madeUp = async (from: number, to: number): Promise<void> => {
    for (let each = from; each < to; each += 1) {
      const bytes = Uint8Array.from(template)
      bytes[3] = 60
      Buffer.from(bytes.buffer).writeUInt32BE(each, bytes.length - 4)
      await arrive(bravo, bytes)
    }
  }
  await madeUp(0, PARKED_ENVELOPES_MAX)
  const honest = Uint8Array.from(template)
  honest[1] = (honest[1] ?? 0) ^ 1 // the hint of a key that bravo does not hold yet

  t.match((await arrive(bravo, honest)).outcome, { kind: 'parked' })
  await madeUp(PARKED_ENVELOPES_MAX, PARKED_ENVELOPES_MAX + 100)

  const parked = await bravo.context.replica.read.list(range.parked)
  t.equal(parked.length, PARKED_ENVELOPES_MAX)
  t.equal((await bravo.context.replica.read.list(range.parkedFor('key'))).length, 1)
})

test('junk under a hint that is known here crowds out what the same peer brought, and nothing of others', async (t) => {
  const { alpha, bravo } = await aPair()
  const [, , charlie] = people
  const mallory = must(charlie, 'a member').certificate.node
  await say(alpha, 'sealed under a new key')
  const template = await envelopeOf(alpha, routine)
  const honest = Uint8Array.from(template)
  honest[1] = (honest[1] ?? 0) ^ 1 // the hint of a key that bravo does not hold yet
  const before = await sizeOf(bravo)
  t.match((await arrive(bravo, honest, { from: alpha.id })).outcome, { kind: 'parked' })

  for (let each = 0; each < PARKED_ENVELOPES_MAX + 100; each += 1) {
    const bytes = Uint8Array.from(template)
    Buffer.from(bytes.buffer).writeUInt32BE(each, bytes.length - 80)
    t.match((await arrive(bravo, bytes, { from: mallory })).outcome, { kind: 'parked' })
  }

  const parked = await bravo.context.replica.read.list(range.parked)
  t.equal(parked.length, PARKED_ENVELOPES_MAX)
  t.equal(parked.filter(([, bytes]) => keptFrom(bytes).from === alpha.id).length, 1)
  t.ok((await sizeOf(bravo)) - before < PARKED_ENVELOPES_MAX * (template.length + 300))
  await arrive(bravo, template, { from: alpha.id })
  t.strictSame(await bodies(bravo), ['sealed under a new key'])
})

test('junk that looks early fills a bounded place, and what is meant still comes through', async (t) => {
  const { alpha, bravo } = await aPair()
  const random = seededRandom(5)
  const junk = (length: number): Uint8Array => {
    const bytes = random.bytes(length)
    bytes[0] = 1
    return bytes
  }
  const before = await sizeOf(bravo)
  const large = await arrive(bravo, junk(ENVELOPE_BYTES_MAX + 1))
  for (let each = 0; each < PARKED_ENVELOPES_MAX + 50; each += 1) await arrive(bravo, junk(90))
  await say(alpha, 'still here')

  await arrive(bravo, await envelopeOf(alpha, routine))

  t.match(large.outcome, { kind: 'refused' }, 'larger than any carrier takes: it is not kept')
  t.strictSame(await unnamed(bravo, 'malformed'), [])
  t.strictSame(await bodies(bravo), ['still here'])
  t.ok((await sizeOf(bravo)) - before < (PARKED_ENVELOPES_MAX + 50) * 400)
})

test('a certificate of somebody else, or a changed one, brings nobody in', async (t) => {
  const { bravo } = await aPair()
  const good = must(people[2], 'charlie').certificateBytes
  for (let at = 0; at < good.length; at += 1)
    t.equal(bravo.context.roster.introduce(flipped(good, at)), undefined, `byte ${at}`)
  t.equal(bravo.context.roster.byNumber(3)?.node, must(people[2], 'charlie').certificate.node)
})

function brought(outcome: Awaited<ReturnType<typeof arrive>>['outcome']): boolean {
  return outcome.kind === 'applied' && outcome.changes > 0
}

async function aPair(): Promise<{
  readonly alpha: SyncNode
  readonly bravo: SyncNode
}> {
  const alpha = await aSync('alpha', { role: 'hub', knows: people })
  const bravo = await aSync('bravo', { knows: people })
  await found(alpha)
  await arrive(alpha, await envelopeOf(bravo, KEYS))
  await arrive(bravo, await envelopeOf(alpha, KEYS))
  await arrive(bravo, await envelopeOf(alpha, DIRECTORY))
  return { alpha, bravo }
}
