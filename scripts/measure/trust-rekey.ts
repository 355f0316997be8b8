/** What a new key for a channel costs: the first one, when no pair of nodes shares a secret yet, and every later one. */
import { must } from '#base/assert.ts'
import { newPersonId, type ChannelId } from '#base/ids.ts'
import { newChannelId } from '#model/channel-id.ts'
import { DIRECTORY, KEYS } from '#model/document-id.ts'
import type { Content } from '#model/entry.ts'
import type { Clock } from '#ports/clock.ts'
import { writeHere } from '#sync/author.ts'
import { ensureEpoch, rotate } from '#sync/epochs.ts'
import { median, rounded } from './statistics.ts'
import { envelopesOf, identities, logOf, openTrustNode, seedOf, take } from './trust-node.ts'
import type { TrustNode } from './trust-node.ts'

interface Rekey {
  readonly bytes: number
  readonly ms: number
  readonly envelopes: readonly Uint8Array[]
}

/** Changes the key of a private channel with members on `nodes` nodes, once and then `times` times. */
export async function measureRekey({
  clock,
  nodes,
  times,
}: {
  readonly clock: Clock
  readonly nodes: number
  readonly times: number
}): Promise<Readonly<Record<string, number>>> {
  await using stack = new AsyncDisposableStack()
  const members = identities(nodes, clock.now())
  const [first, ...others] = members
  const maker = stack.use(await openTrustNode(must(first, 'there are nodes'), members, { clock }))
  let last: TrustNode | undefined
  for (const identity of others) {
    // Each says for itself which key to seal for it with.
    const node = await openTrustNode(identity, members, { clock })
    for (const envelope of await envelopesOf(node, KEYS)) await take(maker, envelope)
    if (identity === others.at(-1)) last = stack.use(node)
    else await node[Symbol.asyncDispose]()
  }
  const channel = await found(
    maker,
    members.map(({ certificate }) => certificate.node),
  )
  const witness = must(last, 'there are other nodes')
  const had = (await logOf(maker, KEYS)).clock()
  for (const document of [KEYS, DIRECTORY])
    for (const envelope of await envelopesOf(maker, document)) await take(witness, envelope)
  const one = await rekey(maker, channel, clock)
  const later: Rekey[] = []
  for (let time = 0; time < times; time += 1) later.push(await rekey(maker, channel, clock))
  for (const { envelopes } of [one, ...later])
    for (const envelope of envelopes) await take(witness, envelope)
  await check(maker, witness, channel)
  const wraps = await wrapsOf(maker, had)
  if (wraps !== (nodes - 1) * (times + 1)) throw new Error(`${wraps} wraps were made`)
  return {
    [`first_rekey_${nodes}_b`]: one.bytes,
    [`first_rekey_${nodes}_ms`]: rounded(one.ms),
    [`first_rekey_${nodes}_envelopes`]: one.envelopes.length,
    [`rekey_${nodes}_b`]: median(later.map(({ bytes }) => bytes)),
    [`rekey_${nodes}_ms`]: rounded(median(later.map(({ ms }) => ms)), 2),
  }
}

/** From the decision to the bytes on the wire. */
async function rekey(maker: TrustNode, channel: ChannelId, clock: Clock): Promise<Rekey> {
  const { context } = maker
  const has = (await logOf(maker, KEYS)).clock()
  const beganMs = clock.monotonicMs()
  await context.replica.commit((tx) => rotate(tx, context, channel))
  const envelopes = await envelopesOf(maker, KEYS, has)
  const ms = clock.monotonicMs() - beganMs
  return { bytes: envelopes.reduce((sum, { length }) => sum + length, 0), ms, envelopes }
}

/** A private channel with one person of each node. */
async function found(
  { context }: TrustNode,
  nodes: readonly Parameters<typeof newPersonId>[0][],
): Promise<ChannelId> {
  const people = nodes.map((node) => newPersonId(node, seedOf(`person ${node}`).subarray(0, 8)))
  const author = must(people[0], 'there are people')
  const self = must(nodes[0], 'there are nodes')
  const channel = newChannelId(self, 'private', seedOf('private').subarray(0, 8))
  const contents: readonly Content[] = [
    { kind: 'channel', channel, channelKind: 'private' },
    ...people.map((person): Content => ({ kind: 'member', channel, person, role: 'member' })),
  ]
  await context.replica.commit(async (tx) => {
    for (const content of contents) {
      const entry = { author, claimedAt: context.now(), content }
      await writeHere(tx, context, { document: DIRECTORY, entry })
    }
  })
  return channel
}

/** The last of the other nodes seals under the very key that was made last. */
async function check(maker: TrustNode, witness: TrustNode, channel: ChannelId): Promise<void> {
  const [made, had] = await Promise.all(
    [maker, witness].map(({ context }) =>
      context.replica.commit((tx) => ensureEpoch(tx, context, channel)),
    ),
  )
  if (made === undefined || made.id !== had?.id)
    throw new Error('a member does not hold the key of this bench')
}

async function wrapsOf(node: TrustNode, had: Readonly<Record<string, number>>): Promise<number> {
  const log = await logOf(node, KEYS)
  return log.since(had).reduce((sum, { entry: { content } }) => {
    return sum + (content.kind === 'epoch' ? content.wraps.length : 0)
  }, 0)
}
