/** What others say of our own lists: it is waited for and asked for, and believed with our own signature only. */
import { test, type Test } from 'tap'
import { goesAnywayAt, isInDoubt } from '#sync/hearsay.ts'
import { key } from '#sync/keys.ts'
import { clockOf } from '#sync/ledger.ts'
import { pack } from '#sync/records.ts'
import { anInsider } from '../support/adversary.ts'
import { aFleet, revoke, type Fleet } from '../support/fleet.ts'
import { anIdentity } from '../support/nodes.ts'
import {
  arrive,
  bodies,
  envelopeOf,
  found,
  noteOf,
  routine,
  say,
  type SyncNode,
} from '../support/sync.ts'

const MINUTE_MS = 60_000
const NAMES = ['alpha', 'bravo', 'charlie', 'hub']

test('on a mere word what was never sent waits five minutes, for everybody, and then goes', async (t) => {
  const { fleet, alpha, bravo } = await aScene(t)
  await lie(fleet, 'charlie', alpha)
  await say(alpha, 'held back')

  await fleet.clock.advance(4 * MINUTE_MS)
  t.strictSame(await bodies(bravo), ['before'])
  await fleet.clock.advance(2 * MINUTE_MS)

  t.strictSame(await bodies(bravo), ['before', 'held back'])
  t.equal(alpha.context.run.isOver, false)
})

test('a first word that did not come in time is not looked for again and again', async (t) => {
  const { alpha } = await aScene(t)
  const { run, now } = alpha.context
  const waitingSince = (unsureSince: number): number | undefined =>
    goesAnywayAt({ ...alpha.context, run: { ...run, isUnsure: true, unsureSince } })

  t.equal(waitingSince(now() - 1_000), now() + 4_000)
  t.equal(waitingSince(now() - 5_000), undefined)
  t.equal(waitingSince(now() - MINUTE_MS), undefined)
})

test('what others wrote goes on meanwhile, and what was sent before stays sent', async (t) => {
  const { fleet, alpha, bravo } = await aScene(t)
  fleet.network.cut(bravo.id, fleet.node('charlie').id)
  fleet.network.cut(bravo.id, fleet.node('hub').id)
  await lie(fleet, 'charlie', alpha)
  await say(alpha, 'held back')

  await say(fleet.node('charlie'), 'by way of alpha')
  await fleet.clock.advance(MINUTE_MS)

  t.strictSame(await bodies(bravo), ['before', 'by way of alpha'])
})

test('the same word again is waited for again only after twice the time', async (t) => {
  const { fleet, alpha } = await aScene(t)
  const isHeld: boolean[] = []
  for (let minute = 0; minute < 40; minute += 1) {
    await lie(fleet, 'charlie', alpha)
    isHeld.push(isInDoubt(alpha.context))
    await fleet.clock.advance(MINUTE_MS)
  }

  const from = isHeld.flatMap((held, at) => (held && isHeld[at - 1] !== true ? [at] : []))
  const to = isHeld.flatMap((held, at) => (!held && isHeld[at - 1] === true ? [at] : []))
  t.strictSame({ from, to }, { from: [0, 10, 30], to: [5, 15, 35] })
})

test('a clock that is set back holds nothing up', async (t) => {
  const { fleet, alpha } = await aScene(t)
  await lie(fleet, 'charlie', alpha)
  t.equal(isInDoubt(alpha.context), true)

  fleet.clock.setWall(fleet.clock.now() - 365 * 24 * 60 * MINUTE_MS)

  t.equal(isInDoubt(alpha.context), false)
})

test('who is revoked holds nobody up any more', async (t) => {
  const { fleet, alpha } = await aScene(t)
  await lie(fleet, 'charlie', alpha)
  await revoke(fleet.node('hub'), fleet.node('charlie'))

  await fleet.settle()

  t.equal(isInDoubt(alpha.context), false)
})

test('our own signature over what we never sent proves it, also where we hold the very same', async (t) => {
  const { fleet, alpha, bravo } = await aScene(t)
  fleet.isolate('alpha')
  await say(alpha, 'sent, and forgotten')
  const proof = await envelopeOf(alpha, routine)
  const place = key.sent(routine, alpha.actor)
  await alpha.context.replica.commit(async (tx) => tx.put(place, pack(1)))

  await arrive(alpha, proof, { from: bravo.id })

  t.equal(alpha.context.run.isOver, true)
})

test('who guesses what we never sent has not our signature', async (t) => {
  const { fleet, alpha, bravo } = await aScene(t)
  fleet.isolate('alpha')
  await say(alpha, 'easy to guess')
  const guessed = await alpha.context.replica.commit(async (tx) =>
    (await tx.log(routine)).since({}),
  )
  const mine = guessed.filter(({ actor }) => actor === alpha.actor)
  const others = NAMES.map((name, at) => anIdentity(name, at + 1, name === 'hub' ? 'hub' : 'kit'))
  const insider = anInsider(anIdentity('charlie', 3), { knows: others })
  const attestations = new Map([[alpha.actor, insider.sign(new Uint8Array(3))]])

  const { outcome } = await arrive(alpha, insider.envelope(routine, { attestations }, mine), {
    from: bravo.id,
  })

  t.match(outcome, { kind: 'applied', changes: 0 }, 'it is what is here')
  t.equal(alpha.context.run.isOver, false)
})

interface Scene {
  readonly fleet: Fleet
  readonly alpha: SyncNode
  readonly bravo: SyncNode
}

/** All have heard of each other, and of one message of alpha. */
async function aScene(t: Test): Promise<Scene> {
  const fleet = await aFleet(t, NAMES)
  const [alpha, bravo] = [fleet.node('alpha'), fleet.node('bravo')]
  await found(fleet.node('hub'))
  await fleet.settle()
  await say(alpha, 'before')
  await fleet.settle()
  t.strictSame(await bodies(bravo), ['before'])
  return { fleet, alpha, bravo }
}

/** A node says to hold more of alpha than there is. */
async function lie(fleet: Fleet, name: string, { actor, context }: SyncNode): Promise<void> {
  const liar = fleet.node(name)
  const clock = { ...(await clockOf(context.replica.read, routine)), [actor]: 1_000 }
  const items = [{ document: routine, clock, read: {} }]
  const note = await noteOf(liar, { kind: 'have', isWhole: false, items })
  await arrive(fleet.node('alpha'), note, { from: liar.id })
}
