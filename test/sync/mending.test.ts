/** Values that do not open any more, of every kind there is: the node opens, goes on, and has all that others have. */
import { test } from 'tap'
import { DIRECTORY, KEYS } from '#model/document-id.ts'
import type { Store } from '#ports/store.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { sealStore } from '#storage/sealed-store.ts'
import { key, range } from '#sync/keys.ts'
import type { LostRecord } from '#sync/mending.ts'
import { pack, unpack } from '#sync/records.ts'
import {
  aScene,
  aSealedStore,
  flip,
  STORE_KEY,
  type Opened,
  type Scene,
} from '../support/damaged.ts'
import { seededRandom } from '../support/random.ts'
import { amend, bodies, found, routine, say } from '../support/sync.ts'

const ALL = { from: '', to: '\u{10ffff}' }
const DAY_MS = 86_400_000

test('whatever kind of value is damaged, the node opens, goes on, and shows what the others show', async (t) => {
  const [below, store] = aSealedStore()
  const others = await withHistory(aScene(t), store)
  const names = (await below.list(ALL)).map(([name]) => name)
  const kinds = new Map(names.map((name) => [kindOf(name), name]))
  t.ok(kinds.size > 20, [...kinds.keys()].join())

  for (const [kind, name] of kinds) {
    const scene = aScene(t)
    const copy = await copyOf(below)
    await flip(copy, name)
    const sealed = sealStore(copy, STORE_KEY, seededRandom(5))
    const alpha = await scene.open('alpha', { isLinked: true, store: await copyOf(others) })
    let bravo = await scene.open('bravo', { isLinked: true, store: sealed })
    await scene.clock.advance(DAY_MS)
    if (bravo.rebirths() > 0) {
      await bravo.close()
      bravo = await scene.open('bravo', { isLinked: true, store: sealed, life: 'second' })
    }
    await say(bravo.node, `since ${kind}`)
    await scene.clock.advance(DAY_MS)

    t.strictSame(await bodies(bravo.node), await bodies(alpha.node), kind)
    t.ok((await bodies(alpha.node)).includes(`since ${kind}`), kind)
    t.ok((await sealed.list(ALL)).length > 0, `every value opens again: ${kind}`)
    await bravo.close()
    await alpha.close()
  }
})

test('what nobody can know again is counted as lost', async (t) => {
  const scene = aScene(t)
  const [below, store] = aSealedStore()
  await withHistory(scene, store)
  await store.write([{ key: `sess/${'ab'.repeat(16)}`, value: pack('a session') }])
  await flip(below, `sess/${'ab'.repeat(16)}`)

  const bravo = await scene.open('bravo', { store })
  await scene.clock.advance(DAY_MS)

  t.match(bravo.log.named('value.lost'), [{ facts: { part: 'sess' } }])
  const record = unpack<LostRecord>(await store.get(key.lost('sess')))
  t.equal(record?.count, 1)
  await bravo.close()
})

test('who meets a damaged value of the view is given what it was', async (t) => {
  const scene = aScene(t)
  const [below, store] = aSealedStore()
  await withHistory(scene, store)
  const bravo = await scene.open('bravo', { store })
  await scene.clock.advance(0)
  const before = await bodies(bravo.node)
  const names = (await below.list(ALL)).map(([name]) => name)
  for (const name of names.filter((one) => one.startsWith('view/order/'))) await flip(below, name)

  t.ok(before.length > 0)
  t.strictSame(await bodies(bravo.node), before)
  t.ok(bravo.log.named('value.damaged').length > 0)
  await bravo.close()
})

test('what is damaged on the disk and whole in memory is written again', async (t) => {
  const scene = aScene(t)
  const [below, store] = aSealedStore()
  await withHistory(scene, store)
  const bravo = await scene.open('bravo', { store })
  await say(bravo.node, 'open now')
  for (const [name] of await below.list(range.loose(routine))) await flip(below, name)

  await scene.clock.advance(DAY_MS)

  t.match(bravo.log.named('document.damaged'), [{ facts: { missing: 0 } }])
  t.equal(bravo.rebirths(), 0)
  await bravo.close()
  const again = await scene.open('bravo', { store })
  t.ok((await bodies(again.node)).includes('open now'))
  t.equal(again.log.named('document.damaged').length, 0, 'it is whole on the disk')
})

test('one has lost its keys and the other its directory: each is given by the other what it lacks', async (t) => {
  const scene = aScene(t)
  const [belowBravo, ofBravo] = aSealedStore()
  const [belowAlpha, ofAlpha] = aSealedStore()
  await withHistory(scene, ofBravo, ofAlpha)
  for (const [name] of await belowBravo.list(range.loose(KEYS))) await flip(belowBravo, name)
  for (const [name] of await belowAlpha.list(range.loose(DIRECTORY))) await flip(belowAlpha, name)

  const open = async (name: 'alpha' | 'bravo', store: Store): Promise<Opened> => {
    const first = await scene.open(name, { store })
    await scene.clock.advance(DAY_MS)
    t.equal(first.rebirths(), 1, `${name} has lost some of its own lists`)
    await first.close()
    return scene.open(name, { isLinked: true, store, life: `${name} later` })
  }
  const [alpha, bravo] = [await open('alpha', ofAlpha), await open('bravo', ofBravo)]
  await scene.clock.advance(DAY_MS)
  await say(bravo.node, 'and on')
  await scene.clock.advance(DAY_MS)

  t.strictSame(await bodies(alpha.node), await bodies(bravo.node))
  t.match(await bodies(alpha.node), ['from bravo', 'corrected', 'not sent yet', 'and on'])
  for (const store of [ofAlpha, ofBravo]) t.strictSame(await store.list(range.holes), [])
})

/** Alpha and bravo have talked and are closed; what bravo has lies in `store`. Gives that of alpha. */
async function withHistory(
  scene: Scene,
  store: Store,
  others: Store = openMemoryStore(),
): Promise<Store> {
  const bravo = await scene.open('bravo', { store, isLinked: true })
  const alpha = await scene.open('alpha', { isLinked: true, store: others })
  await found(alpha.node)
  const { id: target } = await say(alpha.node, 'from alpha')
  await amend(alpha.node, { kind: 'edit', target, body: 'corrected' })
  await say(bravo.node, 'from bravo')
  await scene.clock.advance(DAY_MS)
  await alpha.close()
  await bravo.close()
  const offline = await scene.open('bravo', { store })
  await say(offline.node, 'not sent yet')
  await offline.close()
  return others
}

async function copyOf(store: Store): Promise<Store> {
  const copy = openMemoryStore()
  await copy.write((await store.list(ALL)).map(([name, value]) => ({ key: name, value })))
  return copy
}

/** The first words of a name. */
function kindOf(name: string): string {
  return name
    .split('/')
    .filter((part) => /^[a-z-]+$/.test(part) && part.length < 13)
    .join('/')
}
