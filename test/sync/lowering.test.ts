/** Who puts at a post office again what somebody lacks there, and when. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { RELAY_DELAY_MS } from '#base/limits.ts'
import type { NodeId } from '#base/ids.ts'
import type { PeerId } from '#ports/carrier.ts'
import { key } from '#sync/keys.ts'
import { hasOf, noteHas, setHas } from '#sync/ledger.ts'
import { lower } from '#sync/lowering.ts'
import { unpack, type OutboxRecord } from '#sync/records.ts'
import { anIdentity } from '../support/nodes.ts'
import { aSync, arrive, envelopeOf, found, routine, say, type SyncNode } from '../support/sync.ts'

const office: PeerId = 'post:office'
const bravo = anIdentity('bravo', 2)
const charlie = anIdentity('charlie', 3)
const headquarters = anIdentity('dave', 4, 'hub')

test('what is for a hub to give, a kit leaves to it', async (t) => {
  const { alpha, actors } = await aHolder()

  await ask(alpha, charlie.certificate.node)

  t.strictSame(await hasOf(alpha.context.replica.read, office, routine), {
    [actors.bravo]: 1,
  })
  t.equal((await offer(alpha))?.notBefore, 0, 'its own, at once')
})

test('what a hub lost, all others give it, one after the other', async (t) => {
  const { alpha } = await aHolder({ isOwnThere: true })

  await ask(alpha, headquarters.certificate.node)

  const { notBefore } = must(await offer(alpha), 'it is offered')
  const waitMs = notBefore - alpha.context.now()
  t.ok(waitMs >= RELAY_DELAY_MS / 2 && waitMs <= RELAY_DELAY_MS, `after ${waitMs} ms`)
  // Somebody before it has put it there.
  const clock = await hasOf(alpha.context.replica.read, office, routine)
  const all = { ...clock, ...must(await allOf(alpha), 'it holds something') }
  await alpha.context.replica.commit((tx) => noteHas(tx, office, { document: routine, clock: all }))
  t.equal(await offer(alpha), undefined)
})

test('without a hub everybody helps everybody', async (t) => {
  const { alpha } = await aHolder({ isOwnThere: true, isHubless: true })

  await ask(alpha, charlie.certificate.node)

  t.ok(((await offer(alpha))?.notBefore ?? 0) > alpha.context.now())
})

test('nobody is answered more often than honest nodes ask', async (t) => {
  const { alpha } = await aHolder()
  const again = async (): Promise<boolean> => {
    const clock = must(await allOf(alpha), 'it holds something')
    await alpha.context.replica.commit((tx) =>
      setHas(tx, alpha.context, { peer: office, document: routine, clock }),
    )
    await ask(alpha, charlie.certificate.node)
    return (await offer(alpha)) !== undefined
  }

  t.equal(await again(), true)
  t.equal(await again(), false)
})

/** Alpha holds a message of its own and one of bravo's; the post office has both, as far as alpha knows. */
async function aHolder({ isOwnThere = false, isHubless = false } = {}) {
  const knows = isHubless ? [bravo, charlie] : [bravo, charlie, headquarters]
  const alpha = await aSync('alpha', { knows })
  const writer = await aSync('bravo', { knows: [anIdentity('alpha', 1), ...knows] })
  await found(alpha)
  await say(writer, 'from bravo')
  await arrive(alpha, await envelopeOf(writer, routine))
  if (!isOwnThere) await say(alpha, 'from alpha')
  alpha.context.peers.add(office)
  const clock = must(await allOf(alpha), 'it holds something')
  await alpha.context.replica.commit((tx) =>
    setHas(tx, alpha.context, { peer: office, document: routine, clock }),
  )
  return { alpha, actors: { bravo: writer.actor } }
}

function ask({ context }: SyncNode, sender: NodeId): Promise<void> {
  const item = { from: office, document: routine, clock: {}, sender }
  return context.replica.commit((tx) => lower(tx, context, item))
}

async function offer({ context }: SyncNode): Promise<OutboxRecord | undefined> {
  return unpack(await context.replica.read.get(key.outbox(office, 'routine', routine)))
}

async function allOf({ context }: SyncNode) {
  const bytes = await context.replica.read.get(key.document(routine))
  return unpack<{ readonly clock: Readonly<Record<string, number>> }>(bytes)?.clock
}
