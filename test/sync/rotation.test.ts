/** Keys change and go by the calendar. */
import { test } from 'tap'
import { DIRECTORY, KEYS } from '#model/document-id.ts'
import { ensureEpoch } from '#sync/epochs.ts'
import { key, range } from '#sync/keys.ts'
import { turnOver } from '#sync/rotation.ts'
import { virtualClock } from '../support/clock.ts'
import { anIdentity, organisation } from '../support/nodes.ts'
import {
  arrive,
  aSync,
  envelopeOf,
  found,
  say,
  routine,
  bodies,
  type SyncNode,
} from '../support/sync.ts'

const DAY_MS = 86_400_000
const people = [anIdentity('alpha', 1, 'hub'), anIdentity('bravo', 2)]
const policy = { rotateAfterMs: 30 * DAY_MS, burnAfterMs: 14 * DAY_MS }

test('a hub makes new keys when the present ones are old enough, and kits open what is sealed under them', async (t) => {
  const { hub, kit, clock } = await aPair()
  const before = await epochOf(hub)
  await clock.advance(31 * DAY_MS)

  await look(hub)
  await exchange(hub, kit)
  await say(hub, 'under new keys')
  await arrive(kit, await envelopeOf(hub, routine))

  t.not(await epochOf(hub), before)
  t.equal(await epochOf(kit), await epochOf(hub))
  t.strictSame(await bodies(kit), ['under new keys'])
  await look(hub)
  t.equal(await epochOf(kit), await epochOf(hub), 'not again so soon')
})

test('a kit destroys old secrets, and what they were wrapped under, and then nothing brings them back', async (t) => {
  const { hub, kit, clock } = await aPair()
  for (let month = 0; month < 2; month += 1) {
    await clock.advance(31 * DAY_MS)
    await look(hub)
    await exchange(hub, kit)
  }
  const old = await held(kit)
  const firstKey = kit.context.keyBook().sealingKey(kit.id)?.name ?? ''
  await clock.advance(15 * DAY_MS)
  await look(kit)
  await exchange(kit, hub)
  await exchange(hub, kit)
  const left = await held(kit)
  await clock.advance(15 * DAY_MS)
  await look(kit)

  t.equal(old.length, 2)
  t.equal(left.length, 1)
  t.equal((await kit.context.replica.read.list(range.sealingSeeds)).length, 1)
  t.equal(await epochOf(kit), await epochOf(hub))
  const keysDocument = await kit.context.replica.commit((tx) => tx.log(KEYS))
  const [burned] = old.filter((id) => !left.includes(id))
  t.ok(burned !== undefined && keysDocument.size() > 0)
  t.equal(kit.context.keyring.epoch(burned ?? ''), undefined)
  const pairs = kit.context.keyBook().pairsFor(firstKey)
  t.ok(pairs.length > 0)
  for (const { actor, seq } of pairs)
    t.equal(await kit.context.replica.read.get(key.pairSecret(actor as never, seq)), undefined)
})

async function aPair() {
  const clock = virtualClock()
  const hub = await aSync('alpha', { role: 'hub', knows: people, clock })
  const kit = await aSync('bravo', { knows: people, clock })
  await found(hub)
  await exchange(kit, hub)
  await exchange(hub, kit)
  return { hub, kit, clock }
}

async function exchange(from: SyncNode, to: SyncNode): Promise<void> {
  await arrive(to, await envelopeOf(from, KEYS))
  const directory = await from.context.replica.commit((tx) => tx.log(DIRECTORY))
  if (directory.size() > 0) await arrive(to, await envelopeOf(from, DIRECTORY))
}

function look({ context }: SyncNode): Promise<void> {
  return context.replica.commit((tx) => turnOver(tx, context, policy))
}

async function epochOf({ context }: SyncNode): Promise<string | undefined> {
  const epoch = await context.replica.commit((tx) => ensureEpoch(tx, context, organisation.id))
  return epoch?.id
}

async function held({ context }: SyncNode): Promise<readonly string[]> {
  const entries = await context.replica.read.list(range.epochs)
  return entries.map(([place]) => place.slice('epoch/'.length))
}
