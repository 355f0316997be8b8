/**
 * What it costs that a message is acknowledged: bytes and envelopes of all kinds for each message that everybody has and its
 * author knows to be stored, between whole nodes. Virtual time, no carrier: what is counted is what a carrier is given.
 */
import { must } from '#base/assert.ts'
import { openMemoryNetwork } from '#carriers/memory.ts'
import type { Carrier } from '#ports/carrier.ts'
import { standings } from '#sync/delivery.ts'
import type { MessageRecord } from '#model/view.ts'
import { virtualClock, type VirtualClock } from '../../test/support/clock.ts'
import { anIdentity } from '../../test/support/nodes.ts'
import { aSync, found, say, type SyncNode } from '../../test/support/sync.ts'
import { rounded } from './statistics.ts'

/** Flat, ready for JSON. */
export type ReceiptsResult = Readonly<Record<string, number>>

/** As a post office on a thin link has it by default. */
const RECEIPT_DELAY_MS = 30_000
const MESSAGES = 60
const RECEIPTS = 20
const SETTLE_MS = 600_000
const TEXT =
  'Convoy of four trucks has passed the second bridge, road is clear, next report at noon.'

/** Who writes in turn, in a star around alpha, and how often. */
const CONVERSATIONS = {
  hub_and_kit_in_turn: { writers: ['alpha', 'bravo'], everyMs: 20_000 },
  hub_and_kit_busy: { writers: ['alpha', 'bravo'], everyMs: 2_000 },
  kit_to_hub: { writers: ['bravo'], everyMs: 60_000 },
  kit_to_kit_in_turn: { writers: ['bravo', 'charlie'], everyMs: 20_000 },
} as const

/** Measures. Throws when in the end some author does not know that everybody has what was written. */
export async function measureReceipts(): Promise<ReceiptsResult> {
  const rows: [string, number][] = []
  for (const [name, conversation] of Object.entries(CONVERSATIONS)) {
    const { bytes, envelopes } = await converse(conversation)
    rows.push([`${name}_b`, rounded(bytes / MESSAGES)])
    rows.push([`${name}_envelopes`, rounded(envelopes / MESSAGES, 2)])
  }
  return Object.fromEntries(rows)
}

/** Bytes of an envelope that brings nothing but a receipt: a hub's for a message of a kit, which writes seldom. */
export async function receiptBytes(): Promise<number> {
  const [said, heard] = [
    { bytes: 0, envelopes: 0 },
    { bytes: 0, envelopes: 0 },
  ]
  const { nodes, clock, close } = await aStar(['alpha', 'bravo'], [heard, said])
  await clock.advance(SETTLE_MS)
  Object.assign(heard, { bytes: 0, envelopes: 0 })
  const kit = must(nodes[1], 'there are two')
  for (let number = 0; number < RECEIPTS; number += 1) {
    await say(kit, `${number} ${TEXT}`)
    await clock.advance(SETTLE_MS / 10)
  }
  await clock.advance(SETTLE_MS)
  await close()
  if (heard.envelopes !== RECEIPTS)
    throw new Error(`${heard.envelopes} receipts, wanted ${RECEIPTS}`)
  return rounded(heard.bytes / heard.envelopes)
}

interface Traffic {
  bytes: number
  envelopes: number
}

async function converse({
  writers,
  everyMs,
}: {
  readonly writers: readonly string[]
  readonly everyMs: number
}): Promise<Traffic> {
  const names = ['alpha', 'bravo', 'charlie']
  const traffic = { bytes: 0, envelopes: 0 }
  const { nodes, clock, close } = await aStar(
    names,
    names.map(() => traffic),
  )
  await clock.advance(SETTLE_MS)
  traffic.bytes = 0
  traffic.envelopes = 0
  const said: { readonly by: SyncNode; readonly message: MessageRecord }[] = []
  for (let number = 0; number < MESSAGES; number += 1) {
    const by = nodes[names.indexOf(writers[number % writers.length] ?? '')]
    if (by === undefined) throw new Error('nobody of this name writes')
    said.push({ by, message: await say(by, `${number} ${TEXT}`) })
    await clock.advance(everyMs)
  }
  await clock.advance(SETTLE_MS)
  for (const { by, message } of said) {
    const words = (await standings(by.context, message, by.links())).map(({ word }) => word)
    if (words.length !== names.length - 1 || words.some((word) => word !== 'stored'))
      throw new Error(`a message is not stored everywhere: ${words.join(', ')}`)
  }
  await close()
  return traffic
}

async function aStar(names: readonly string[], traffic: readonly Traffic[]) {
  const clock = virtualClock()
  const network = openMemoryNetwork({ clock, delayMs: 700 })
  const identities = names.map((name, at) => anIdentity(name, at + 1, at === 0 ? 'hub' : 'kit'))
  const [, ...kits] = identities.map(({ certificate }) => certificate.node)
  for (const one of kits) for (const other of kits) if (one !== other) network.cut(one, other)
  const carriers: Carrier[] = []
  const nodes: SyncNode[] = []
  for (const [at, { certificate }] of identities.entries()) {
    const spent = must(traffic[at], 'each is counted')
    const carrier = counted(network.open(certificate.node), spent)
    const { name, role } = certificate
    nodes.push(await aSync(name, { role, clock, carriers: [carrier], knows: identities }))
    carriers.push(carrier)
    if (nodes.length === 1 && nodes[0] !== undefined) await found(nodes[0])
  }
  const close = async (): Promise<void> => {
    for (const node of nodes) await node[Symbol.asyncDispose]()
    for (const carrier of carriers) await carrier[Symbol.asyncDispose]()
  }
  return { nodes, clock: clock satisfies VirtualClock, close }
}

function counted(carrier: Carrier, traffic: Traffic): Carrier {
  return {
    ...carrier,
    receiptDelayMs: RECEIPT_DELAY_MS,
    send: (peer, parcel, signal) => {
      traffic.bytes += parcel.bytes.length
      traffic.envelopes += 1
      return carrier.send(peer, parcel, signal)
    },
  }
}
