/** A file by a real post office: it comes to whoever asked for it, and the others hardly notice; who asks later finds it there. */
import { test, type Test } from 'tap'
import type { EdgeNode } from '#app/node.ts'
import type { Person } from '#app/types.ts'
import { must } from '#base/assert.ts'
import type { FileId } from '#base/ids.ts'
import type { NatsCarrier } from '#carriers/nats.ts'
import { openNatsCarrier } from '#carriers/nats.ts'
import { realClock, realRandom } from '#ports/real.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { collectingLog } from '../support/log.ts'
import { natsOptions } from '../support/nats-node.ts'
import { startNatsServer, withoutNatsServer, type NatsServer } from '../support/nats-server.ts'
import { aNode, anAdministrator, anIdentity, until } from '../support/nodes.ts'
import { noise, postFile } from '../support/file-nodes.ts'

const NAMES = ['alpha', 'bravo', 'charlie', 'delta'] as const
const FILE_BYTES = 600_000
/** What a file costs who does not want it: a note, and whatever else is said meanwhile. */
const HARDLY_BYTES = 6_000
/** Nobody is taken for gone because this machine has something else to do. */
const PATIENCE_MS = 20_000

test(
  'a file goes once to a post office, to whoever asks for it and nobody else',
  { skip: withoutNatsServer, timeout: 120_000 },
  async (t) => {
    await using server = await startNatsServer()
    const fleet = await aFleet(t, server)
    const [hub, kit, late, other] = fleet.sites
    const bytes = noise('map', FILE_BYTES)
    const id = await postFile(must(hub, 'hub'), bytes)
    for (const site of fleet.sites) await fleet.knows(site, id)
    await fleet.calm()
    const before = fleet.sites.map(usedBytes)

    await fleet.fetch(must(kit, 'kit'), id)
    await fleet.calm()
    const after = fleet.sites.map(usedBytes)
    const used = after.map((sum, index) => sum - must(before[index], 'a sum'))
    t.ok(must(used[0], 'hub') < 1.3 * FILE_BYTES, `${used[0]} bytes at the hub`)
    t.ok(must(used[1], 'kit') < 1.3 * FILE_BYTES, `${used[1]} bytes at who asked`)
    t.ok(must(used[2], 'late') < HARDLY_BYTES, `${used[2]} bytes at who did not`)
    t.ok(must(used[3], 'other') < HARDLY_BYTES, `${used[3]} bytes at who did not`)

    await fleet.fetch(must(late, 'late'), id)
    await fleet.calm()
    const end = fleet.sites.map(usedBytes)
    t.ok(must(end[0], 'hub') - must(after[0], 'hub') < HARDLY_BYTES, 'nobody gave it again')
    t.ok(must(end[3], 'other') - must(after[3], 'other') < HARDLY_BYTES)
    t.notOk(await fleet.isHere(must(other, 'other'), id))
  },
)

interface Site {
  readonly node: () => EdgeNode
  readonly person: Person
  readonly carrier: NatsCarrier
}

function usedBytes({ carrier }: Site): number {
  return carrier.usedBytes?.() ?? 0
}

/** A hub and kits that meet at this server and nowhere else, each byte of which is paid for. */
async function aFleet(t: Test, server: NatsServer) {
  const identities = NAMES.map((name, index) =>
    anIdentity(name, index + 1, index === 0 ? 'hub' : 'kit'),
  )
  const sites: Site[] = []
  for (const [index, name] of NAMES.entries()) {
    const store = openMemoryStore()
    const log = collectingLog()
    const address = { nodeNumber: index + 1, epoch: `life${index}`, provision: index === 0 }
    const ports = { clock: realClock(), random: realRandom(), log, store }
    const carrier = await openNatsCarrier(
      natsOptions(server.url, { ...address, patienceMs: PATIENCE_MS }),
      ports,
    )
    const node = await aNode(name, {
      number: index + 1,
      role: index === 0 ? 'hub' : 'kit',
      store,
      log,
      clock: realClock(),
      random: realRandom(),
      knows: identities.filter((_, other) => other !== index),
      carriers: [{ ...carrier, isMetered: true }],
    })
    t.teardown(async () => {
      await node[Symbol.asyncDispose]()
      await carrier[Symbol.asyncDispose]()
    })
    // One after the other, so that the first asks for nothing that is not made yet, and the last catches up before anything is counted.
    await log.when('nats.caught-up')
    sites.push({ node: () => node, person: await anAdministrator(node, `on-${name}`), carrier })
  }
  const nodes = sites.map(({ node }) => node())
  const isHere = async ({ node, person }: Site, id: FileId): Promise<boolean | undefined> =>
    (
      await node()
        .file(person.id, id)
        .catch(() => undefined)
    )?.isHere
  return {
    sites,
    isHere,
    knows: (site: Site, id: FileId) =>
      until(nodes, async () => (await isHere(site, id)) !== undefined),
    fetch: async (site: Site, id: FileId) => {
      await site.node().fetchFile(site.person.id, id)
      await until(nodes, async () => (await isHere(site, id)) === true)
    },
    /** Until no line has carried anything for a second. */
    calm: async () => {
      for (let last = -1, sum = 0; last !== sum;) {
        last = sum
        await realClock().sleep(1_000, new AbortController().signal)
        sum = sites.reduce((all, site) => all + usedBytes(site), 0)
      }
    },
  }
}
