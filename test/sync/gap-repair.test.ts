/**
 * What is lost at a post office, or by a disk that was put back, ends as a repair: the report shows the gap meanwhile, and is empty
 * at the end.
 */
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import { GAP_DOCUMENTS_MAX } from '#base/limits.ts'
import type { Store } from '#ports/store.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { lookForGaps } from '#sync/gaps.ts'
import { stolenDisk } from '../support/adversary.ts'
import { virtualClock } from '../support/clock.ts'
import { anIdentity, seedOf } from '../support/nodes.ts'
import { aPostOffice, type PostCarrier } from '../support/post-office.ts'
import { seededRandom } from '../support/random.ts'
import { aSync, bodies, found, say, type SyncNode } from '../support/sync.ts'

const NAMES = ['alpha', 'bravo', 'charlie'] as const
type Name = (typeof NAMES)[number]

/** Alpha is headquarters. */
const IDENTITIES = NAMES.map((name, index) =>
  anIdentity(name, index + 1, name === 'alpha' ? 'hub' : 'kit'),
)
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

test('the post office is purged before a kit has read there', async (t) => {
  const scene = await aScene(t)
  scene.cut('bravo')
  await say(scene.node('charlie'), 'lost at the office')
  await scene.pass(MINUTE_MS)
  scene.office.purge()

  scene.heal('bravo')
  await scene.pass(MINUTE_MS)
  t.match(await missedBy(scene.node('charlie'), 'bravo'), [{ lane: 'routine', changes: 1 }])

  await scene.pass(2 * DAY_MS)
  t.match(await missedBy(scene.node('charlie'), 'bravo'), [{ changes: 1 }], 'it may be away')
  await say(scene.node('bravo'), 'I am back')
  await scene.pass(DAY_MS)
  await endsWell(t, scene, ['I am back', 'before', 'lost at the office'])
})

test('only the receipt was lost at the post office', async (t) => {
  const scene = await aScene(t)
  scene.cut('charlie')
  await say(scene.node('bravo'), 'one')
  await scene.pass(MINUTE_MS)
  scene.cut('bravo')
  scene.heal('charlie')
  await scene.pass(MINUTE_MS)
  scene.office.purge()
  scene.heal('bravo')
  await scene.pass(MINUTE_MS)
  t.match(await missedBy(scene.node('bravo'), 'charlie'), [{ lane: 'routine', changes: 1 }])

  await say(scene.node('alpha'), 'two')
  await scene.pass(DAY_MS)
  await endsWell(t, scene, ['before', 'one', 'two'])
})

test('the post office is purged, and somebody writes on', async (t) => {
  const scene = await aScene(t)
  scene.cut('bravo')
  await say(scene.node('charlie'), 'lost at the office')
  await scene.pass(MINUTE_MS)
  scene.office.purge()
  await say(scene.node('charlie'), 'what followed')

  scene.heal('bravo')
  await scene.pass(5_000)
  t.match(await lackingAt(scene.node('bravo')), [{ lane: 'routine', changes: 2 }])

  await scene.pass(DAY_MS)
  await endsWell(t, scene, ['before', 'lost at the office', 'what followed'])
})

test('the post office is deleted and made anew', async (t) => {
  const scene = await aScene(t)
  scene.cut('bravo')
  await say(scene.node('charlie'), 'lost at the office')
  await scene.pass(MINUTE_MS)
  scene.office.remake()
  t.match(await missedBy(scene.node('charlie'), 'bravo'), [{ lane: 'routine', changes: 1 }])

  scene.heal('bravo')
  await scene.pass(DAY_MS)

  await endsWell(t, scene, ['before', 'lost at the office'])
})

for (const isPurged of [false, true]) {
  const also = isPurged ? ', and the post office was purged since' : ''

  test(`a kit is put back to an old backup${also}`, async (t) => {
    const scene = await aScene(t)
    const image = await scene.image('charlie')
    await say(scene.node('charlie'), 'its own')
    await say(scene.node('bravo'), "another's")
    await scene.pass(MINUTE_MS)
    if (isPurged) scene.office.purge()

    await scene.putBack('charlie', image)
    await scene.pass(2 * DAY_MS)

    await endsWell(t, scene, ["another's", 'before', 'its own'])
  })

  test(`the hub is put back to yesterday${also}`, async (t) => {
    const scene = await aScene(t)
    const image = await scene.image('alpha')
    await say(scene.node('alpha'), "the hub's own")
    await say(scene.node('bravo'), 'told the hub')
    await scene.pass(DAY_MS)
    if (isPurged) scene.office.purge()

    await scene.putBack('alpha', image)
    await scene.pass(2 * DAY_MS)

    await endsWell(t, scene, ['before', "the hub's own", 'told the hub'])
  })
}

/** What a node lacks, by its own report. */
async function lackingAt({ context }: SyncNode) {
  const { documents } = await lookForGaps(context, { skip: 0, limit: GAP_DOCUMENTS_MAX })
  return documents.flatMap(({ lane, lacking }) => (lacking ? [{ lane, ...lacking }] : []))
}

/** What another node lacks, by this one's report. */
async function missedBy({ context }: SyncNode, name: Name) {
  const { documents } = await lookForGaps(context, { skip: 0, limit: GAP_DOCUMENTS_MAX })
  const { node } = identityOf(name).certificate
  return documents.flatMap(({ lane, lackedBy }) =>
    lackedBy.filter((one) => one.node === node).map((one) => ({ lane, ...one })),
  )
}

async function endsWell(t: Test, scene: Scene, texts: readonly string[]): Promise<void> {
  for (const name of NAMES) {
    const node = scene.node(name)
    t.strictSame((await bodies(node)).toSorted(), texts, `${name} has all messages, each once`)
    const { documents } = await lookForGaps(node.context, { skip: 0, limit: GAP_DOCUMENTS_MAX })
    t.strictSame(documents, [], `${name} knows of no gap`)
  }
}

type Scene = Awaited<ReturnType<typeof aScene>>

/** Three nodes that meet at a post office only, and have all read 'before' there. */
async function aScene(t: Test) {
  const clock = virtualClock()
  const office = aPostOffice()
  const open = new Map<Name, Opened>()
  const stores = new Map<Name, Store>()
  let lives = 0

  const start = async (name: Name, isNewLife = false): Promise<void> => {
    const store = stores.get(name) ?? openMemoryStore()
    stores.set(name, store)
    if (isNewLife) lives += 1
    const carrier = await office.open(identityOf(name).certificate.node, `life ${lives}`, store)
    const life = isNewLife ? { life: seedOf(`life ${lives}`).subarray(0, 4) } : {}
    const node = await aSync(name, {
      role: name === 'alpha' ? 'hub' : 'kit',
      number: NAMES.indexOf(name) + 1,
      knows: IDENTITIES,
      store,
      clock,
      carriers: [carrier],
      random: seededRandom(100 * lives + NAMES.indexOf(name)),
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
  const opened = (name: Name): Opened => must(open.get(name), 'it is open')
  t.teardown(async () => {
    for (const name of NAMES) await stop(name)
  })
  for (const name of NAMES) await start(name)
  await found(opened('alpha').node)
  await clock.advance(MINUTE_MS)
  await say(opened('alpha').node, 'before')
  await clock.advance(DAY_MS)
  return {
    office,
    node: (name: Name) => opened(name).node,
    cut: (name: Name) => opened(name).carrier.cut(),
    heal: (name: Name) => opened(name).carrier.heal(),
    pass: (ms: number) => clock.advance(ms),
    image: (name: Name) => stolenDisk(must(stores.get(name), 'it has a disk')),
    /** As the program does when it notices that its folder is a copy: a new life begins. */
    putBack: async (name: Name, image: Store) => {
      await stop(name)
      stores.set(name, image)
      await start(name, true)
    },
  }
}

interface Opened {
  readonly node: SyncNode
  readonly carrier: PostCarrier
}

function identityOf(name: Name) {
  return must(IDENTITIES[NAMES.indexOf(name)], 'a name of the scene')
}
