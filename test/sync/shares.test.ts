/** Shares on their way to hubs: who keeps them, who gets them later, and what nobody may do with them. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { KEYS } from '#model/document-id.ts'
import type { KeyContent } from '#model/key-content.ts'
import type { SyncContext } from '#sync/context.ts'
import { publishSealingKey } from '#sync/epochs.ts'
import { writeHere } from '#sync/author.ts'
import {
  dropOwnShare,
  handOutShare,
  keepersOf,
  keptShares,
  setOwnShare,
  sharesCalled,
} from '#sync/shares.ts'
import { anIdentity } from '../support/nodes.ts'
import { seededRandom } from '../support/random.ts'
import { arrive, aSync, envelopeOf, type SyncNode } from '../support/sync.ts'

const random = seededRandom(9)
const own = {
  id: '00112233445566778899aabbccddeeff',
  share: random.bytes(32),
  authentication: random.bytes(32),
}

test('a hub keeps what was sealed for it; another kit keeps nothing', async (t) => {
  const { hub, kit, other } = await three(t)
  await commit(kit, (tx) => setOwnShare(tx, kit.context, own))

  for (const node of [hub, other]) await arrive(node, await envelopeOf(kit, KEYS))

  const [kept] = await keptShares(readerOf(hub))
  t.match(kept, { node: kit.id, id: own.id, takenAs: hub.actor })
  t.strictSame(must(kept, 'it is kept').share, own.share)
  t.strictSame(await keptShares(readerOf(other)), [])
})

test('what is handed over once is not handed over again, until the hub has a new sealing key', async (t) => {
  const { hub, kit } = await three(t)
  await commit(kit, (tx) => setOwnShare(tx, kit.context, own))
  const size = await sizeOf(kit)
  await commit(kit, (tx) => handOutShare(tx, kit.context))
  t.equal(await sizeOf(kit), size)

  await commit(hub, (tx) => publishSealingKey(tx, hub.context))
  await arrive(kit, await envelopeOf(hub, KEYS))

  t.equal(await sizeOf(kit), size + 1, 'in the commit that heard of it')
  t.match(await keepersOf(readerOf(kit), kit.context, own.id), [
    { node: hub.id, hasConfirmed: false },
  ])
})

test('a share that was called back stays so, though it is heard of later', async (t) => {
  const { hub, kit } = await three(t)
  await commit(kit, (tx) => setOwnShare(tx, kit.context, own))
  const handed = await envelopeOf(kit, KEYS)
  await arrive(hub, handed)
  await commit(kit, (tx) => dropOwnShare(tx, kit.context))
  await arrive(hub, await envelopeOf(kit, KEYS))
  t.strictSame(await keptShares(readerOf(hub)), [])

  await arrive(hub, handed)
  t.strictSame(await keptShares(readerOf(hub)), [])
  await commit(kit, (tx) => setOwnShare(tx, kit.context, own)) // the same name again
  await arrive(hub, await envelopeOf(kit, KEYS))
  t.strictSame(await keptShares(readerOf(hub)), [])
})

test('a share handed on by another node opens nothing, and takes nothing from its owner', async (t) => {
  const { hub, kit, other } = await three(t)
  await commit(kit, (tx) => setOwnShare(tx, kit.context, own))
  const log = await kit.context.replica.commit((tx) => tx.log(KEYS))
  const content = log
    .since({})
    .map(({ entry }) => entry.content)
    .find((one) => one.kind === 'share')
  await append(other, must(content, 'it was handed over') as KeyContent)
  await append(other, { kind: 'share', id: own.id, parcel: undefined })

  await arrive(hub, await envelopeOf(kit, KEYS))
  await arrive(hub, await envelopeOf(other, KEYS))

  t.match(await sharesCalled(readerOf(hub), own.id), [{ node: kit.id }])
})

test('damaged shares are refused and named, and the hub goes on', async (t) => {
  const { hub, kit } = await three(t)
  const keyName = must(kit.context.keyBook().sealingKey(hub.id), 'it was heard').name
  const parcels = [
    { keyName, ciphertext: random.bytes(1_120), sealed: random.bytes(80) },
    { keyName, ciphertext: new Uint8Array(), sealed: new Uint8Array() },
  ]
  for (const parcel of parcels) await append(kit, { kind: 'share', id: own.id, parcel })

  const { outcome } = await arrive(hub, await envelopeOf(kit, KEYS))

  t.match(outcome, { kind: 'applied' })
  t.strictSame(await keptShares(readerOf(hub)), [])
})

async function three(t: { readonly teardown: (end: () => Promise<void>) => void }) {
  const knows = [anIdentity('alpha', 1, 'hub'), anIdentity('bravo', 2), anIdentity('charlie', 3)]
  const open = async (name: string, role: 'hub' | 'kit'): Promise<SyncNode> => {
    const node = await aSync(name, { role, knows })
    t.teardown(async () => node[Symbol.asyncDispose]())
    return node
  }
  const [hub, kit, other] = [
    await open('alpha', 'hub'),
    await open('bravo', 'kit'),
    await open('charlie', 'kit'),
  ]
  for (const node of [kit, other]) await arrive(node, await envelopeOf(hub, KEYS))
  return { hub, kit, other }
}

function commit<T>(
  { context }: SyncNode,
  work: Parameters<SyncContext['replica']['commit']>[0],
): Promise<T> {
  return context.replica.commit(work) as Promise<T>
}

async function append({ context }: SyncNode, content: KeyContent): Promise<void> {
  const entry = { author: undefined, claimedAt: context.now(), content }
  await context.replica.commit((tx) => writeHere(tx, context, { document: KEYS, entry }))
}

async function sizeOf({ context }: SyncNode): Promise<number> {
  const log = await context.replica.commit((tx) => tx.log(KEYS))
  return log.since({}).filter(({ entry }) => entry.content.kind === 'share').length
}

function readerOf({ context }: SyncNode): SyncContext['replica']['read'] {
  return context.replica.read
}
