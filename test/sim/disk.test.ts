import { test } from 'tap'
import { bytesFromText, textFromBytes } from '#base/bytes.ts'
import type { Write } from '#ports/store.ts'
import { storeContract } from '../contracts/store.ts'
import { openChance } from './chance.ts'
import { EVERYTHING, NO_LIES, openDisk, type DiskFaults, type DiskWorld } from './disk.ts'
import { keepRunning } from './keep-running.ts'
import { beginLife, openTimeline } from './timeline.ts'
import { openMarks } from './trace.ts'

const HONEST: DiskFaults = {
  isFull: () => false,
  slowMs: () => 0,
  powerCut: () => undefined,
  lies: NO_LIES,
}
const NOBODY = (): void => {}

test('a simulated disk keeps the contract of stores', async (t) => {
  await storeContract(t, async (sub) => {
    const world = aWorld()
    const running = keepRunning(world.timeline)
    sub.teardown(() => running[Symbol.asyncDispose]())
    return openDisk(world).open(beginLife())
  })
})

test('a batch is durable once it is acknowledged, and not when it is asked for', async (t) => {
  const world = aWorld()
  const disk = openDisk(world)
  let isAcknowledged = false
  void disk
    .open(beginLife())
    .write([put('a', '1')])
    .then(() => (isAcknowledged = true))

  const before = disk.durable(EVERYTHING).length
  await world.timeline.run(60_000, () => isAcknowledged)

  t.equal(before, 0)
  t.strictSame(contents(disk.durable(EVERYTHING)), ['a=1'])
})

for (const [powerCut, left] of [
  ['before sync', []],
  ['after sync', ['a=1', 'b=1']],
] as const) {
  test(`power that goes ${powerCut} leaves all of a batch or nothing, and no answer`, async (t) => {
    const life = beginLife()
    const world = aWorld({ faults: { ...HONEST, powerCut: () => powerCut }, cutPower: life.end })
    const disk = openDisk(world)
    const store = disk.open(life)
    const answers: string[] = []
    const note = (word: string) => (): void => void answers.push(word)
    store.write([put('a', '1'), put('b', '1')]).then(note('written'), note('failed'))
    store.write([put('c', '1')]).then(note('written'), note('failed'))
    store.get('a').then(note('read'), note('failed'))

    await world.timeline.run(1, () => false)
    await world.timeline.run(60_000, () => false)

    t.strictSame(
      answers.filter((word) => word !== 'read'),
      [],
    )
    t.equal(life.isAlive(), false)
    t.strictSame(contents(disk.durable(EVERYTHING)), left)
  })
}

test('a slow disk answers later', async (t) => {
  const world = aWorld({ faults: { ...HONEST, slowMs: () => 10_000 } })
  const disk = openDisk(world)
  let isAcknowledged = false
  void disk
    .open(beginLife())
    .write([put('a', '1')])
    .then(() => (isAcknowledged = true))

  await world.timeline.run(9_999, () => false)
  const before = isAcknowledged
  await world.timeline.run(20_000, () => isAcknowledged)

  t.equal(before, false)
  t.equal(isAcknowledged, true)
})

test('the next life reads what was durable', async (t) => {
  const world = aWorld()
  const running = keepRunning(world.timeline)
  t.teardown(() => running[Symbol.asyncDispose]())
  const disk = openDisk(world)
  await disk.open(beginLife()).write([put('a', '1')])

  const value = await disk.open(beginLife()).get('a')

  t.equal(textFromBytes(value ?? new Uint8Array()), '1')
})

test('a full disk refuses, keeps nothing of the batch, and takes it later', async (t) => {
  let isFull = true
  const world = aWorld({ faults: { ...HONEST, isFull: () => isFull } })
  const running = keepRunning(world.timeline)
  t.teardown(() => running[Symbol.asyncDispose]())
  const disk = openDisk(world)
  const store = disk.open(beginLife())

  await t.rejects(store.write([put('a', '1')]), { code: 'STORE_FULL' })
  const whileFull = disk.durable(EVERYTHING).length
  isFull = false
  await store.write([put('a', '2')])

  t.equal(whileFull, 0)
  t.strictSame(contents(disk.durable(EVERYTHING)), ['a=2'])
})

test('a lying disk acknowledges and shows what a power cut takes away again', async (t) => {
  const lies = { ...NO_LIES, syncsLateMs: 1_000 }
  const world = aWorld({ faults: { ...HONEST, lies } })
  const running = keepRunning(world.timeline)
  t.teardown(() => running[Symbol.asyncDispose]())
  const disk = openDisk(world)
  const life = beginLife()
  const store = disk.open(life)
  await store.write([put('a', '1')])
  const seen = await store.get('a')
  life.end()

  t.ok(seen, 'it can be read')
  t.equal(await disk.open(beginLife()).get('a'), undefined)
})

test('a backup puts the disk back to what it was', async (t) => {
  const world = aWorld()
  const running = keepRunning(world.timeline)
  t.teardown(() => running[Symbol.asyncDispose]())
  const disk = openDisk(world)
  const store = disk.open(beginLife())
  await store.write([put('a', 'old')])
  const restore = disk.backUp()
  await store.write([put('a', 'new'), put('b', 'new')])

  restore()

  t.strictSame(contents(disk.durable(EVERYTHING)), ['a=old'])
})

test('a value whose bit has flipped does not open, until it is written anew', async (t) => {
  const world = aWorld()
  const running = keepRunning(world.timeline)
  t.teardown(() => running[Symbol.asyncDispose]())
  const disk = openDisk(world)
  const store = disk.open(beginLife())
  await store.write([put('a/1', 'one'), put('a/2', 'two'), put('b', 'three')])

  disk.flip('a/2')

  await t.rejects(store.get('a/2'), { code: 'STORE_BROKEN', facts: { part: 'a' } })
  await t.rejects(store.getMany(['b', 'a/2']), { code: 'STORE_BROKEN' })
  await t.rejects(store.list({ from: 'a/', to: 'a0' }), { code: 'STORE_BROKEN' })
  t.equal((await store.list({ from: 'a/', to: 'a/2' })).length, 1, 'others open')
  await store.write([put('a/2', 'again')])
  t.equal(textFromBytes((await store.get('a/2')) ?? new Uint8Array()), 'again')
})

test('a lost block is gone without a word', async (t) => {
  const world = aWorld()
  const running = keepRunning(world.timeline)
  t.teardown(() => running[Symbol.asyncDispose]())
  const disk = openDisk(world)
  await disk.open(beginLife()).write([put('a', '1'), put('b', '1'), put('c', '1')])

  disk.lose(['a', 'b'])

  t.strictSame(contents(disk.durable(EVERYTHING)), ['c=1'])
  t.equal(await disk.open(beginLife()).get('a'), undefined)
})

function aWorld(parts: Partial<DiskWorld> = {}): DiskWorld {
  return {
    timeline: openTimeline(0),
    chance: openChance('disk'),
    faults: HONEST,
    marks: openMarks(),
    cutPower: NOBODY,
    onSynced: NOBODY,
    ...parts,
  }
}

function put(key: string, text: string): Write {
  return { key, value: bytesFromText(text) }
}

function contents(entries: readonly (readonly [string, Uint8Array])[]): readonly string[] {
  return entries.map(([key, value]) => `${key}=${textFromBytes(value)}`)
}
