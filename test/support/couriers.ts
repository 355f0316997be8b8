/** Nodes that have nothing but sticks between them, and what people do with those. */
import { copyFile, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { EdgeNode } from '#app/node.ts'
import type { Channel, Person } from '#app/types.ts'
import { must } from '#base/assert.ts'
import { AUDIT_TALLY_MS_MAX } from '#base/limits.ts'
import type { AuditRecord } from '#model/audit-record.ts'
import type { Deed } from '#model/audit-words.ts'
import { SYSTEM_STICKS } from '#carriers/courier-disk.ts'
import { openCourierCarrier } from '#carriers/courier.ts'
import type { CourierReport } from '#ports/courier.ts'
import type { StickDisk } from '#ports/stick.ts'
import type { Store } from '#ports/store.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { virtualClock, type VirtualClock } from './clock.ts'
import { collectingLog, type CollectingLog } from './log.ts'
import { aNode, anAdministrator, type NodeChoice } from './nodes.ts'
import { seededRandom } from './random.ts'

/** A node and its operator. */
export interface Kit {
  readonly node: EdgeNode
  readonly operator: Person
  readonly store: Store
  readonly log: CollectingLog
  readonly clock: VirtualClock
  readonly exportTo: (folder: string) => Promise<CourierReport>
  readonly importFrom: (folder: string) => Promise<CourierReport>
  /** Writes into the first channel. */
  readonly say: (body: string) => Promise<void>
  /** What stands in the first channel, sorted. */
  readonly reads: () => Promise<readonly string[]>
  /** What its audit says of a deed, oldest first. */
  readonly records: (deed: Deed) => Promise<readonly AuditRecord[]>
  /** How often each of these deeds stands in its audit, with its result. */
  readonly audited: (deed: Deed) => Promise<readonly string[]>
}

/** A kit called `name`, which ends with the test. */
export async function aKit(
  t: Test,
  name: string,
  choice: NodeChoice & { readonly sticks?: StickDisk } = {},
): Promise<Kit> {
  const store = choice.store ?? openMemoryStore()
  const log = collectingLog()
  const clock = virtualClock()
  const random = seededRandom(1_000 + name.charCodeAt(0))
  const courier = openCourierCarrier({ store, random, disk: choice.sticks ?? SYSTEM_STICKS })
  const ports = { store, log, clock, carriers: [courier], courier }
  const node = await aNode(name, { ...choice, ...ports })
  t.teardown(async () => {
    await node[Symbol.asyncDispose]()
    await courier[Symbol.asyncDispose]()
  })
  const operator = await anAdministrator(node, `operator-${name}`)
  const square = async (): Promise<Channel> =>
    must((await node.channelsOf(operator.id))[0], 'the first channel')
  const records: Kit['records'] = async (deed) => {
    await clock.advance(2 * AUDIT_TALLY_MS_MAX)
    const own = (await node.status()).node.id
    const query = { deeds: [deed], node: own, limit: 1_000 }
    return (await node.audit(operator.id, query)).toReversed()
  }
  return {
    node,
    operator,
    store,
    log,
    clock,
    exportTo: (folder) => node.exportCourier(operator.id, folder),
    importFrom: (folder) => node.importCourier(operator.id, folder),
    say: async (body) => {
      await node.post(operator.id, { channel: (await square()).id, body })
    },
    reads: async () => {
      const { messages } = await node.page(operator.id, (await square()).id, { limit: 200 })
      return messages.map(({ body }) => body).toSorted()
    },
    records,
    audited: async (deed) => (await records(deed)).map(({ result, count }) => `${result} ${count}`),
  }
}

/** A copy of all files of a stick, as they are now. */
export async function copyStick(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  for (const name of await readdir(from)) await copyFile(join(from, name), join(to, name))
}
