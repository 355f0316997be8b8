/** Attacks by amount: what one member can make others keep, work on and send. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { actorOf } from '#base/ids.ts'
import { DELTA_CHANGES_MAX, PARKED_ENVELOPES_MAX } from '#base/limits.ts'
import { DIRECTORY, KEYS } from '#model/document-id.ts'
import { postIdOf } from '#model/log.ts'
import { range } from '#sync/keys.ts'
import { anInsider, sizeOf, unnamed } from '../support/adversary.ts'
import { anIdentity, lifeOf } from '../support/nodes.ts'
import { arrive, aSync, bodies, envelopeOf, found, routine, say } from '../support/sync.ts'

const people = [anIdentity('alpha', 1, 'hub'), anIdentity('bravo', 2)]
const mallory = anIdentity('mallory', 9)
const OFFICE = 'post:office' as const

test('amendments of messages that will never be cost what they weigh', async (t) => {
  const { alpha, bravo } = await aPair()
  const insider = anInsider(mallory, { knows: people })
  for (let seq = 2; seq < 1_002; seq += 1) {
    const target = postIdOf(routine, alpha.actor, seq)
    insider.write(routine, {
      author: insider.person,
      content: { kind: 'reaction', target, emoji: 'x', isSet: true },
    })
  }
  const before = await sizeOf(bravo)
  await arrive(bravo, insider.envelope(routine))
  await say(alpha, 'one')
  await say(alpha, 'two')
  await arrive(bravo, await envelopeOf(alpha, routine))

  t.strictSame(await bodies(bravo), ['one', 'two'])
  t.ok((await sizeOf(bravo)) - before < 1_000 * 1_000, 'under 1 KB each')
})

test('as many forged lives as one envelope holds make a node say nothing at all', async (t) => {
  const { alpha, bravo } = await aPair()
  bravo.context.peers.add(OFFICE)
  const insider = anInsider(mallory, { knows: people })
  const forged = insider.write(routine, { content: { kind: 'post', body: 'x', root: undefined } })
  const changes = Array.from({ length: DELTA_CHANGES_MAX }, (_, at) => {
    const life = Buffer.alloc(4)
    life.writeUInt32BE(at + 1)
    return { ...forged, actor: actorOf(alpha.id, life) }
  })
  const attestations = new Map(changes.map(({ actor }) => [actor, new Uint8Array(64)]))
  const told = (await bravo.context.replica.read.list(range.notes(OFFICE))).length

  const { outcome } = await arrive(bravo, insider.envelope(routine, { attestations }, changes), {
    from: OFFICE,
  })

  const notes = await bravo.context.replica.read.list(range.notes(OFFICE))
  t.equal(outcome.kind, 'refused')
  t.strictSame(await unnamed(bravo, 'unvouched', 'unsigned'), [])
  t.ok(notes.length - told <= 1, `${notes.length - told} notes for one envelope`)
})

test('envelopes that wait for what never comes are bounded in number', async (t) => {
  const { alpha, bravo } = await aPair()
  const insider = anInsider(mallory, { knows: people })
  const forged = insider.write(routine, { content: { kind: 'post', body: 'x', root: undefined } })
  for (let each = 0; each < PARKED_ENVELOPES_MAX + 20; each += 1) {
    const far = { ...forged, actor: alpha.actor, seq: 1_000 + each }
    const attestations = new Map([[alpha.actor, new Uint8Array(64)]])
    await arrive(bravo, insider.envelope(routine, { attestations }, [far]))
  }
  await say(alpha, 'in its order')

  await arrive(bravo, await envelopeOf(alpha, routine))

  t.ok((await bravo.context.replica.read.list(range.allWaiting)).length <= PARKED_ENVELOPES_MAX)
  t.strictSame(await unnamed(bravo, 'tooEarly'), [])
  t.strictSame(await bodies(bravo), ['in its order'], 'what is in its order still comes through')
})

for (const pose of ['itself', 'the honest node']) {
  test(`what waits for what never comes gives way to what came early, sent as ${pose}`, async (t) => {
    const { alpha, bravo } = await aPair()
    const insider = anInsider(mallory, { knows: people })
    const forged = insider.write(routine, { content: { kind: 'post', body: 'x', root: undefined } })
    const lie =
      pose === 'itself'
        ? {}
        : { sender: must(people[0], 'alpha').certificate, life: lifeOf('alpha') }
    const flood = async (from: number, to: number): Promise<void> => {
      for (let each = from; each < to; each += 1) {
        const far = { ...forged, actor: alpha.actor, seq: 1_000 + each }
        const attestations = new Map([[alpha.actor, new Uint8Array(64)]])
        const bytes = insider.envelope(
          routine,
          { ...lie, signature: new Uint8Array(64), attestations },
          [far],
        )
        await arrive(bravo, bytes)
      }
    }
    await flood(0, PARKED_ENVELOPES_MAX)
    await say(alpha, 'one')
    const first = await envelopeOf(alpha, routine)
    await say(alpha, 'two')

    const { outcome } = await arrive(bravo, await envelopeOf(alpha, routine, { [alpha.actor]: 1 }))
    t.equal(outcome.kind, 'waiting')
    await flood(PARKED_ENVELOPES_MAX, PARKED_ENVELOPES_MAX + 50)
    await arrive(bravo, first)

    t.strictSame(await bodies(bravo), ['one', 'two'])
    const waiting = await bravo.context.replica.read.list(range.allWaiting)
    t.ok(waiting.length <= PARKED_ENVELOPES_MAX)
  })
}

async function aPair() {
  const alpha = await aSync('alpha', { role: 'hub', knows: [...people, mallory] })
  const bravo = await aSync('bravo', { knows: [...people, mallory] })
  await found(alpha)
  await arrive(bravo, await envelopeOf(alpha, KEYS))
  await arrive(bravo, await envelopeOf(alpha, DIRECTORY))
  return { alpha, bravo }
}
