/** Room for what came early: who fills it crowds out itself. */
import { test } from 'tap'
import type { NodeId } from '#base/ids.ts'
import { PARKED_ENVELOPES_MAX } from '#base/limits.ts'
import { channelDocument } from '#model/document-id.ts'
import type { PeerId } from '#ports/carrier.ts'
import { key, range } from '#sync/keys.ts'
import { keptFrom } from '#sync/parking.ts'
import { pack, type KeptRecord } from '#sync/records.ts'
import { keepWaiting } from '#sync/waiting.ts'
import { revokeSince } from '../support/fleet.ts'
import { collectingLog } from '../support/log.ts'
import { anIdentity } from '../support/nodes.ts'
import { aSync, found, ops, routine, say, type SyncNode } from '../support/sync.ts'

const [MALLORY, BRAVO, CHARLIE] = ['mallory', 'bravo', 'charlie'].map(
  (name, at) => anIdentity(name, at + 2).certificate.node,
) as [NodeId, NodeId, NodeId]
const OFFICE = 'post:office' as const
const ACTOR = '0123456789abcdef01234567'

test('beyond the limit those who have most make room, by what is furthest from use', async (t) => {
  const log = collectingLog()
  await using alpha = await aSync('alpha', { log })
  await fill(alpha, { holder: MALLORY, count: PARKED_ENVELOPES_MAX - 500 })
  await fill(alpha, { holder: BRAVO, count: 500 })

  t.equal(await keep(alpha, 1, { sender: CHARLIE, wanted: 100_000 }), true)
  t.equal(await keep(alpha, 2, { sender: BRAVO, wanted: 100_000 }), true)

  t.strictSame(await shares(alpha), { mallory: 1_498, bravo: 501, charlie: 1 })
  const left = (await records(alpha)).filter(({ holder }) => holder === MALLORY)
  const furthest = Math.max(...left.map(({ wanted }) => wanted[ACTOR] ?? 0))
  t.equal(furthest, 1_498, 'the two that lacked most are gone')
  t.match(log.named('envelope.waited-out'), [{ facts: { node: MALLORY } }, {}])
})

test('of one node what can be used first stays: one that lacks more than all others is refused', async (t) => {
  await using alpha = await aSync('alpha')
  await fill(alpha, { holder: MALLORY, count: PARKED_ENVELOPES_MAX })

  t.equal(await keep(alpha, 1, { sender: MALLORY, wanted: 100_000 }), false)
  t.equal(await keep(alpha, 2, { sender: MALLORY, wanted: 5 }), true)

  t.equal((await records(alpha)).length, PARKED_ENVELOPES_MAX)
})

test('of equals the oldest gives way: nobody keeps the room by being first', async (t) => {
  await using alpha = await aSync('alpha')
  await fill(alpha, { holder: MALLORY, count: PARKED_ENVELOPES_MAX, isNear: true })

  for (const first of [1, 2, 3])
    t.equal(await keep(alpha, first, { sender: MALLORY, wanted: 1 }), true)

  const oldest = (await records(alpha)).map(({ since }) => since).toSorted((a, b) => a - b)
  t.equal(oldest[0], 4)
})

test('how far something is from use is told by what is here of its document', async (t) => {
  await using alpha = await aSync('alpha')
  await found(alpha)
  for (const body of ['1', '2', '3']) await say(alpha, body)
  await fill(alpha, { holder: MALLORY, count: PARKED_ENVELOPES_MAX - 1, isNear: true })
  const own = { sender: MALLORY, wanted: 4, actor: alpha.actor }
  t.equal(await keep(alpha, 1, own), true, 'it lacks one change only')

  t.equal(await keep(alpha, 2, { sender: BRAVO, wanted: 1 }), true)

  t.ok((await records(alpha)).some(({ bytes }) => bytes[0] === 1))
})

test('what a node hands over itself is its own share, whoever it poses as', async (t) => {
  await using alpha = await aSync('alpha')
  await fill(alpha, { holder: MALLORY, count: PARKED_ENVELOPES_MAX - 2 })
  await fill(alpha, { holder: BRAVO, count: 2 })

  for (const first of [1, 2, 3])
    t.equal(await keep(alpha, first, { sender: BRAVO, from: MALLORY, wanted: 1 }), true)

  t.strictSame(await shares(alpha), { mallory: PARKED_ENVELOPES_MAX - 2, bravo: 2 })
})

test('what a node holds there goes once it is revoked', async (t) => {
  const identities = ['mallory', 'bravo'].map((name, at) => anIdentity(name, at + 2))
  await using hub = await aSync('alpha', { role: 'hub', knows: identities })
  await fill(hub, { holder: MALLORY, count: 3 })
  await fill(hub, { holder: BRAVO, count: 2 })

  await revokeSince(hub, MALLORY, 0)

  t.strictSame(await shares(hub), { bravo: 2 })
})

test('what is kept already, or was kept before, takes nobodys place', async (t) => {
  await using alpha = await aSync('alpha')
  await keep(alpha, 1, { sender: BRAVO, wanted: 100_000 })
  await fill(alpha, { holder: BRAVO, count: PARKED_ENVELOPES_MAX - 1 })

  t.equal(await keep(alpha, 1, { sender: BRAVO, wanted: 100_000 }), true)
  t.equal(await keep(alpha, 2, { sender: BRAVO, wanted: 100_000, since: 7 }), true)

  t.equal((await records(alpha)).length, PARKED_ENVELOPES_MAX + 1)
})

interface Fill {
  readonly holder: NodeId
  readonly count: number
  /** All lack one change only; otherwise each one more than the one before. */
  readonly isNear?: boolean
}

async function fill({ context }: SyncNode, { holder, count, isNear = false }: Fill): Promise<void> {
  await context.replica.commit(async (tx) => {
    for (let at = 1; at <= count; at += 1) {
      const wanted = { [ACTOR]: isNear ? 1 : at }
      const record = { bytes: Uint8Array.of(0), from: undefined, since: at, wanted, holder }
      tx.put(key.waiting(channelDocument(ops), `${holder}.${at}`), pack(record))
    }
  })
}

interface Newcomer {
  readonly sender: NodeId
  readonly wanted: number
  readonly actor?: string
  readonly from?: PeerId
  readonly since?: number
}

function keep({ context }: SyncNode, first: number, newcomer: Newcomer): Promise<boolean> {
  const { sender, from = OFFICE, wanted, actor = ACTOR, since } = newcomer
  const incoming = { bytes: Uint8Array.of(first), from, ...(since !== undefined && { since }) }
  const early = { document: routine, sender, incoming, wanted: { [actor]: wanted } }
  return context.replica.commit((tx) => keepWaiting(tx, context, early))
}

async function records({ context }: SyncNode): Promise<readonly KeptRecord[]> {
  return (await context.replica.read.list(range.allWaiting)).map(([, bytes]) => keptFrom(bytes))
}

async function shares(node: SyncNode): Promise<Readonly<Record<string, number>>> {
  const names = new Map<PeerId, string>([
    [MALLORY, 'mallory'],
    [BRAVO, 'bravo'],
    [CHARLIE, 'charlie'],
  ])
  const counts: Record<string, number> = {}
  for (const { holder } of await records(node)) {
    const name = names.get(holder ?? MALLORY) ?? 'nobody'
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}
