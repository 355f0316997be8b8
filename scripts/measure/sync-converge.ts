/**
 * Two replicas that have much in common and have been apart: what it costs to make them one, beside Automerge's own sync protocol
 * and automerge-repo for the very same documents and changes. Ours is sealed and signed, and counts everything said in the contact,
 * receipts too; theirs is neither, and both are given their sync states and only the documents that differ.
 */
import { must } from '#base/assert.ts'
import type { ChannelId, DocumentId } from '#base/ids.ts'
import { openMemoryNetwork } from '#carriers/memory.ts'
import type { Carrier } from '#ports/carrier.ts'
import { allDocuments, clockOf } from '#sync/ledger.ts'
import { virtualClock, type VirtualClock } from '../../test/support/clock.ts'
import { automergeSync, type Changes } from './sync-automerge.ts'
import { channelOf, enter, post, textsOf } from './sync-posts.ts'
import { repoSync } from './sync-repo.ts'
import { identities, logOf, openTrustNode, type TrustNode } from './trust-node.ts'

/** How much. */
export interface ConvergeOptions {
  readonly common: number
  readonly apart: number
}

/** One way. */
const DELAY_MS = 100
const STEP_MS = 10
const LATE_POSTS = 500
/** Longest that the nodes are given, in their own time. */
const PATIENCE_MS = 3_600_000

/** Measures both. */
export async function measureConverge(
  options: ConvergeOptions,
): Promise<Readonly<Record<string, number>>> {
  await using stack = new AsyncDisposableStack()
  const pair = await openPair(stack)
  const { alpha, bravo, channel, network, clock } = pair
  // The newest segment is begun and has room: what is written apart joins what is common there.
  const late = Math.min(LATE_POSTS, options.common)
  for (const count of [options.common - late, late]) {
    for (const node of [alpha, bravo])
      await post(node, { channel }, textsOf(count / 2, count + (node === alpha ? 1 : 2)))
    await converge(pair)
  }
  await clock.advance(PATIENCE_MS / 60)
  const [a, b] = [alpha, bravo].map(({ context }) => context.identity.certificate.node)
  network.cut(must(a, 'alpha'), must(b, 'bravo'))
  await clock.advance(1_000)
  const before = await changesOf(alpha)
  const documents = new Set<DocumentId>()
  for (const node of [alpha, bravo]) {
    const texts = textsOf(options.apart, node === alpha ? 3 : 4)
    for (const document of await post(node, { channel }, texts)) documents.add(document)
  }
  const apart = { before, alpha: await changesOf(alpha), bravo: await changesOf(bravo) }

  Object.assign(pair.counted, { bytes: 0, deltas: 0 })
  network.heal(must(a, 'alpha'), must(b, 'bravo'))
  const tookMs = await converge(pair)
  await clock.advance(PATIENCE_MS / 60)
  const theirs = automergeSync(documents, apart)
  const repos = await repoSync(documents, apart)
  return {
    common_posts: options.common,
    apart_posts: options.apart,
    ours_b: pair.counted.bytes,
    ours_deltas_b: pair.counted.deltas,
    ours_round_trips: Math.ceil(tookMs / (2 * DELAY_MS)),
    automerge_sync_b: theirs.bytes,
    automerge_sync_round_trips: Math.ceil(theirs.turns / 2),
    automerge_repo_b: repos.bytes,
    automerge_repo_messages: repos.messages,
  }
}

interface Pair {
  readonly alpha: TrustNode
  readonly bravo: TrustNode
  readonly channel: ChannelId
  readonly network: ReturnType<typeof openMemoryNetwork>
  readonly clock: VirtualClock
  /** Bytes of everything handed to the network, and of what carries posts. */
  readonly counted: { bytes: number; deltas: number }
}

async function openPair(stack: AsyncDisposableStack): Promise<Pair> {
  const clock = virtualClock()
  const network = openMemoryNetwork({ clock, delayMs: DELAY_MS })
  const members = identities(2, clock.now())
  const counted = { bytes: 0, deltas: 0 }
  const open = async (at: number): Promise<TrustNode> => {
    const identity = must(members[at], 'there is one')
    const carrier = network.open(identity.certificate.node)
    const counting: Carrier = {
      ...carrier,
      send: (peer, parcel, signal) => {
        counted.bytes += parcel.bytes.length
        if (parcel.lane === 'routine') counted.deltas += parcel.bytes.length
        return carrier.send(peer, parcel, signal)
      },
    }
    return stack.use(await openTrustNode(identity, members, { clock, carriers: [counting] }))
  }
  const [alpha, bravo] = [await open(0), await open(1)]
  const channel = channelOf(alpha)
  for (const node of [alpha, bravo]) await enter(node, channel)
  return { alpha, bravo, channel, network, clock, counted }
}

/** Lets time pass until both have the same of everything. Gives how long that took in their time. */
async function converge({ alpha, bravo, clock }: Pair): Promise<number> {
  for (let ms = 0; ms < PATIENCE_MS; ms += STEP_MS) {
    if (await areSame(alpha, bravo)) return ms
    await clock.advance(STEP_MS)
  }
  throw new Error('the replicas did not become one')
}

async function areSame(alpha: TrustNode, bravo: TrustNode): Promise<boolean> {
  const [one, other] = [await sizesOf(alpha), await sizesOf(bravo)]
  return JSON.stringify(one) === JSON.stringify(other)
}

async function sizesOf({ context }: TrustNode): Promise<readonly unknown[]> {
  const { read } = context.replica
  const sizes: unknown[] = []
  for (const document of (await allDocuments(read)).filter(isSegment)) {
    const clock = await clockOf(read, document)
    sizes.push([document, Object.entries(clock).toSorted(([a], [b]) => (a < b ? -1 : 1))])
  }
  return sizes
}

function isSegment(document: DocumentId): boolean {
  return document.startsWith('s.')
}

async function changesOf(node: TrustNode): Promise<Changes> {
  const changes = new Map<DocumentId, readonly Uint8Array[]>()
  for (const document of (await allDocuments(node.context.replica.read)).filter(isSegment)) {
    const log = await logOf(node, document)
    changes.set(document, [log.genesis.bytes, ...log.since({}).map(({ bytes }) => bytes)])
  }
  return changes
}
