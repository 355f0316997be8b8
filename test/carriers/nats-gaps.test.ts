/**
 * A real stream that is purged, or deleted and made anew, and disks that are put back, with whole nodes: what was lost there is found
 * to be lacking and comes again. The nodes' time is the test's; the server's is real.
 */
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import { GAP_DOCUMENTS_MAX } from '#base/limits.ts'
import type { NatsCarrier } from '#carriers/nats.ts'
import { openNatsCarrier } from '#carriers/nats.ts'
import { realClock, realRandom } from '#ports/real.ts'
import type { Store } from '#ports/store.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { lookForGaps } from '#sync/gaps.ts'
import { stolenDisk } from '../support/adversary.ts'
import { virtualClock } from '../support/clock.ts'
import { collectingLog } from '../support/log.ts'
import { natsOptions, rawNats } from '../support/nats-node.ts'
import { startNatsServer, withoutNatsServer } from '../support/nats-server.ts'
import { anIdentity, seedOf } from '../support/nodes.ts'
import { seededRandom } from '../support/random.ts'
import { aSync, bodies, found, say, type SyncNode } from '../support/sync.ts'

const NAMES = ['alpha', 'bravo', 'charlie'] as const
type Name = (typeof NAMES)[number]

/** Alpha is headquarters, and makes the stream. */
const IDENTITIES = NAMES.map((name, index) =>
  anIdentity(name, index + 1, name === 'alpha' ? 'hub' : 'kit'),
)
const real = { skip: withoutNatsServer, timeout: 120_000 }

test('a stream is purged before a kit has read there', real, async (t) => {
  const scene = await aScene(t)
  await scene.stop('bravo')
  await say(scene.node('charlie'), 'lost at the office')
  await scene.until(async () => (await bodies(scene.node('alpha'))).length === 2)
  await scene.api('PURGE')

  await scene.start('bravo')
  t.ok(await scene.knowsOfGap('charlie'))
  await say(scene.node('charlie'), 'what followed')

  await scene.endsWell(t, ['before', 'lost at the office', 'what followed'])
})

test('a stream is deleted and made anew', real, async (t) => {
  const scene = await aScene(t)
  await scene.stop('bravo')
  await say(scene.node('charlie'), 'lost at the office')
  await scene.until(async () => (await bodies(scene.node('alpha'))).length === 2)
  await scene.api('DELETE')
  await scene.start('bravo')

  // Whoever puts something there next finds out.
  await say(scene.node('alpha'), 'what followed')
  await scene.endsWell(t, ['before', 'lost at the office', 'what followed'])
})

for (const name of ['charlie', 'alpha'] as const)
  test(
    `the disk of ${name === 'alpha' ? 'the hub' : 'a kit'} is put back, and the stream was purged since`,
    real,
    async (t) => {
      const scene = await aScene(t)
      const image = await scene.image(name)
      await say(scene.node(name), 'its own')
      await say(scene.node('bravo'), "another's")
      await scene.until(async () => {
        const counts = NAMES.map(async (one) => (await bodies(scene.node(one))).length)
        return (await Promise.all(counts)).every((count) => count === 3)
      })
      await scene.api('PURGE')

      await scene.putBack(name, image)

      await scene.endsWell(t, ["another's", 'before', 'its own'])
    },
  )

/** Three nodes at one stream, who have all read 'before'. */
async function aScene(t: Test) {
  const server = await startNatsServer()
  const clock = virtualClock()
  const open = new Map<Name, { readonly node: SyncNode; readonly carrier: NatsCarrier }>()
  const stores = new Map<Name, Store>()
  let lives = 0

  const start = async (name: Name, isNewLife = false): Promise<void> => {
    const store = stores.get(name) ?? openMemoryStore()
    stores.set(name, store)
    if (isNewLife) lives += 1
    const number = NAMES.indexOf(name) + 1
    const changes = { nodeNumber: number, provision: name === 'alpha', epoch: `life${lives}` }
    const ports = { clock: realClock(), random: realRandom(), log: collectingLog(), store }
    const carrier = await openNatsCarrier(natsOptions(server.url, changes), ports)
    const life = isNewLife ? { life: seedOf(`life ${lives}`).subarray(0, 4) } : {}
    const node = await aSync(name, {
      role: name === 'alpha' ? 'hub' : 'kit',
      number,
      knows: IDENTITIES,
      store,
      clock,
      carriers: [carrier],
      random: seededRandom(100 * lives + number),
      onRebirth: () => void restart(name),
      ...life,
    })
    open.set(name, { node, carrier })
  }
  const stop = async (name: Name): Promise<void> => {
    const one = open.get(name)
    open.delete(name)
    await one?.node[Symbol.asyncDispose]()
    await one?.carrier[Symbol.asyncDispose]()
  }
  const restart = async (name: Name): Promise<void> => {
    if (!open.has(name)) return
    await stop(name)
    await start(name, true)
  }
  const node = (name: Name): SyncNode => must(open.get(name), 'it is open').node
  const gaps = async (name: Name) => {
    const page = { skip: 0, limit: GAP_DOCUMENTS_MAX }
    return (await lookForGaps(node(name).context, page)).documents
  }
  /** Lets ten minutes of the nodes' time pass between looks, and some of the server's. */
  const until = async (check: () => Promise<boolean>): Promise<void> => {
    const { sleep } = realClock()
    const never = new AbortController().signal
    while (open.size === 0 || !(await check())) {
      for (let steps = 0; steps < 60; steps += 1) {
        await clock.advance(10_000)
        await sleep(1, never)
      }
    }
  }
  t.teardown(async () => {
    for (const name of NAMES) await stop(name)
    await server[Symbol.asyncDispose]()
  })
  for (const name of NAMES) await start(name)
  await found(node('alpha'))
  await say(node('alpha'), 'before')
  const isEven = async (): Promise<boolean> => {
    for (const name of NAMES) if (!open.has(name) || (await gaps(name)).length > 0) return false
    return true
  }
  await until(isEven)
  return {
    node,
    start,
    stop,
    until,
    image: (name: Name) => stolenDisk(must(stores.get(name), 'it has a disk')),
    putBack: async (name: Name, image: Store) => {
      await stop(name)
      stores.set(name, image)
      await start(name, true)
    },
    /** What an operator does to the stream. */
    api: async (deed: 'PURGE' | 'DELETE') => {
      await using raw = await rawNats(server.url)
      await raw.request(`$JS.API.STREAM.${deed}.a`)
    },
    knowsOfGap: async (name: Name) => (await gaps(name)).length > 0,
    endsWell: async (ending: Test, texts: readonly string[]) => {
      await until(async () => {
        for (const name of NAMES) {
          if (!open.has(name)) return false
          if ((await bodies(node(name))).length !== texts.length) return false
        }
        return isEven()
      })
      for (const name of NAMES)
        ending.strictSame((await bodies(node(name))).toSorted(), texts, `${name} has all, once`)
    },
  }
}
