/** The app of one node for tests: amira administers, bo does not, and both are in the public channel `ops`. */
import type { Test } from 'tap'
import type { ChannelDraft, EdgeNode, NodeEvent } from '#app/node.ts'
import type { Channel } from '#app/types.ts'
import { must } from '#base/assert.ts'
import type { ChannelId } from '#base/ids.ts'
import type { ChannelRecord } from '#model/view.ts'
import type { Store } from '#ports/store.ts'
import { key } from '#sync/keys.ts'
import { pack, unpack } from '#sync/records.ts'
import { openMemoryNetwork } from '#carriers/memory.ts'
import { virtualClock, type VirtualClock } from './clock.ts'
import { aFaultyStore, type FaultyStore } from './faulty-store.ts'
import { aNode, anIdentity, aWorkspace, type NodeChoice, type Workspace } from './nodes.ts'

/** One node in use, and what it works on. */
export interface Team extends Workspace {
  readonly store: FaultyStore
  readonly clock: VirtualClock
  readonly ops: Channel
}

/** The team on the node alpha, which ends with the test. */
export async function aTeam(t: Test, choice: NodeChoice = {}): Promise<Team> {
  const clock = virtualClock()
  const store = aFaultyStore()
  const workspace = await aWorkspace('alpha', { clock, store, ...choice })
  const { node, amira, bo } = workspace
  t.teardown(() => node[Symbol.asyncDispose]())
  const ops = await node.createChannel(amira.id, aChannelDraft('ops', { members: [bo.id] }))
  await clock.advance(0) // what was told of all this has been heard
  return { ...workspace, store, clock, ops }
}

/** Two nodes that know each other and meet when told to; nobody is enrolled on either. */
export async function twoNodes(
  t: Test,
  clocks: { readonly alpha?: VirtualClock; readonly bravo?: VirtualClock } = {},
): Promise<{
  readonly alpha: EdgeNode
  readonly bravo: EdgeNode
  readonly meet: () => void
  readonly part: () => void
}> {
  const network = openMemoryNetwork({ clock: virtualClock() })
  const [a, b] = [anIdentity('alpha', 1, 'hub'), anIdentity('bravo', 2)]
  const [alphaId, bravoId] = [a.certificate.node, b.certificate.node]
  network.cut(alphaId, bravoId)
  const alpha = await aNode('alpha', {
    role: 'hub',
    knows: [b],
    carriers: [network.open(alphaId)],
    clock: clocks.alpha ?? virtualClock(),
  })
  const bravo = await aNode('bravo', {
    knows: [a],
    carriers: [network.open(bravoId)],
    clock: clocks.bravo ?? virtualClock(),
  })
  t.teardown(async () => {
    await alpha[Symbol.asyncDispose]()
    await bravo[Symbol.asyncDispose]()
  })
  return {
    alpha,
    bravo,
    meet: () => network.heal(alphaId, bravoId),
    part: () => network.cut(alphaId, bravoId),
  }
}

/** A public channel to make. */
export function aChannelDraft(name: string, part: Partial<ChannelDraft> = {}): ChannelDraft {
  return { kind: 'public', name, displayName: name, ...part }
}

/** All that `node` tells from now on, oldest first. */
export function eventsOf(node: EdgeNode): readonly NodeEvent[] {
  const told: NodeEvent[] = []
  node.subscribe((event) => told.push(event))
  return told
}

/** Marks a channel as archived, as an entry of another node would. */
export async function archive(store: Store, channel: ChannelId): Promise<void> {
  const record = must(
    unpack<ChannelRecord>(await store.get(key.channel(channel))),
    'the channel is there',
  )
  const archived = { ...record, settings: { ...record.settings, isArchived: true } }
  await store.write([{ key: key.channel(channel), value: pack(archived) }])
}
