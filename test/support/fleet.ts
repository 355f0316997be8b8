/** Several nodes' sync over one network, with channels of their own: for tests of who reads what. */
import type { Test } from 'tap'
import { must } from '#base/assert.ts'
import type { ChannelId, DocumentId, Instant, NodeId } from '#base/ids.ts'
import { openMemoryNetwork, type MemoryNetwork } from '#carriers/memory.ts'
import { newChannelId, type ChannelKind } from '#model/channel-id.ts'
import { DIRECTORY, KEYS, segmentDocument } from '#model/document-id.ts'
import type { Content, MemberRole } from '#model/entry.ts'
import type { Order } from '#model/key-content.ts'
import { writeHere } from '#sync/author.ts'
import { clockOf } from '#sync/ledger.ts'
import { orderHere } from '#sync/orders.ts'
import type { NodeRole } from '#trust/identity.ts'
import { virtualClock, type VirtualClock } from './clock.ts'
import { anIdentity, seedOf, type NodeChoice } from './nodes.ts'
import { amiraOf, aSync, type SyncNode } from './sync.ts'

/** Nodes that can reach each other unless they are cut. */
export interface Fleet {
  readonly nodes: Readonly<Record<string, SyncNode>>
  readonly clock: VirtualClock
  readonly network: MemoryNetwork
  /** The node of this name. */
  readonly node: (name: string) => SyncNode
  /** Opens the node of this name, again where it was closed. */
  readonly open: (name: string, choice?: NodeChoice) => Promise<SyncNode>
  readonly close: (name: string) => Promise<void>
  /** Cuts a node from all others, or lets it back. */
  readonly isolate: (name: string) => void
  readonly rejoin: (name: string) => void
  /** Lets everything that is on its way arrive. */
  readonly settle: () => Promise<void>
}

/** Nodes of these names, which know each other; `hub` is a hub that administers. They end with the test. */
export async function aFleet(
  t: Test,
  names: readonly string[],
  choices: Readonly<Record<string, NodeChoice>> = {},
): Promise<Fleet> {
  const clock = virtualClock()
  const network = openMemoryNetwork({ clock })
  const numberOf = (name: string): number => 1 + names.indexOf(name)
  const identities = names.map((name) => anIdentity(name, numberOf(name), roleOf(name)))
  const idOf = (name: string): NodeId =>
    must(identities[numberOf(name) - 1], 'a name of the fleet').certificate.node
  const nodes: Record<string, SyncNode> = {}
  const ends = new Map<string, () => Promise<void>>()

  const open = async (name: string, choice: NodeChoice = {}): Promise<SyncNode> => {
    const carrier = network.open(idOf(name))
    const node = await aSync(name, {
      number: numberOf(name),
      role: roleOf(name),
      clock,
      knows: identities,
      carriers: [carrier],
      ...choices[name],
      ...choice,
    })
    ends.set(name, async () => {
      ends.delete(name)
      await node[Symbol.asyncDispose]()
      await carrier[Symbol.asyncDispose]()
    })
    nodes[name] = node
    return node
  }
  const others = (name: string): readonly NodeId[] =>
    names.filter((other) => other !== name).map(idOf)

  t.teardown(async () => {
    for (const name of names) await ends.get(name)?.()
  })
  for (const name of names) await open(name)
  return {
    nodes,
    clock,
    network,
    node: (name) => must(nodes[name], 'a node that is open'),
    open,
    close: async (name) => ends.get(name)?.(),
    isolate: (name) => {
      for (const other of others(name)) network.cut(idOf(name), other)
    },
    rejoin: (name) => {
      for (const other of others(name)) network.heal(idOf(name), other)
    },
    settle: () => clock.advance(5_000),
  }
}

function roleOf(name: string): NodeRole {
  return name === 'hub' ? 'hub' : 'kit'
}

/** A node writes an entry, in the name of its person. */
export async function enter(
  { context, id }: SyncNode,
  document: DocumentId,
  content: Content,
): Promise<void> {
  const author = document === KEYS ? undefined : amiraOf(id)
  const entry = { author, claimedAt: context.now(), content }
  await context.replica.commit((tx) => writeHere(tx, context, { document, entry }))
}

/** A node makes a channel of its own with the people of these nodes. */
export async function makeChannel(
  node: SyncNode,
  channelKind: ChannelKind,
  members: readonly SyncNode[],
): Promise<ChannelId> {
  const channel = newChannelId(node.id, channelKind, seedOf(channelKind).subarray(0, 8))
  await enter(node, DIRECTORY, { kind: 'channel', channel, channelKind })
  for (const member of members) await setMember(node, channel, { of: member, role: 'member' })
  return channel
}

/** A node says what the person of another is in a channel. */
export function setMember(
  node: SyncNode,
  channel: ChannelId,
  { of, role }: { readonly of: SyncNode; readonly role: MemberRole },
): Promise<void> {
  return enter(node, DIRECTORY, { kind: 'member', channel, person: amiraOf(of.id), role })
}

/** The person of a node posts in a channel. */
export function postIn(node: SyncNode, channel: ChannelId, body: string): Promise<void> {
  const document = segmentDocument(channel, 'routine', 0)
  return enter(node, document, { kind: 'post', body, root: undefined })
}

/** How many posts of a channel a node holds. */
export async function postsHeld({ context }: SyncNode, channel: ChannelId): Promise<number> {
  const clock = await clockOf(context.replica.read, segmentDocument(channel, 'routine', 0))
  return Object.values(clock).reduce((sum, count) => sum + count, 0)
}

/** A node that administers revokes another. */
export function revoke(by: SyncNode, { id }: SyncNode): Promise<void> {
  return revokeSince(by, id, by.context.now())
}

/** A node that administers revokes another one as of some time. */
export function revokeSince(by: SyncNode, node: NodeId, since: Instant): Promise<void> {
  return enter(by, KEYS, revocationBy(by, { node, since }))
}

/** A revocation as this node would sign it. */
export function revocationBy(
  { context }: SyncNode,
  { node, since, reason = 'lost' }: { node: NodeId; since: Instant; reason?: string },
): Order {
  return orderHere(context.identity, { kind: 'revocation', node, since, reason })
}
