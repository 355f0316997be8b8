import { test, type Test } from 'tap'
import { ROOM_KNOWN_MS, ROOM_LOOK_MS } from '#base/limits.ts'
import { openMemoryNetwork } from '#carriers/memory.ts'
import { AMPLE_ROOM, openRoom } from '#sync/room.ts'
import { virtualClock } from '../support/clock.ts'
import { aDisk } from '../support/disk.ts'
import { collectingLog } from '../support/log.ts'
import { anIdentity } from '../support/nodes.ts'
import { aSync, bodies, found, say } from '../support/sync.ts'

const rules = { freeBytesMin: 64e6, freeBytesLow: 1e9 }

test('room is ample, low or full, and from the reserve on nothing is taken', async (t) => {
  for (const [bytes, state] of [
    [undefined, 'ample'],
    [1e9, 'ample'],
    [1e9 - 1, 'low'],
    [64e6, 'low'],
    [64e6 - 1, 'full'],
    [0, 'full'],
  ] as const) {
    const { room } = aRoom(bytes)

    t.strictSame(await room.now(), { state, freeBytes: bytes })
    if (state !== 'full') await t.resolves(room.insist())
    else
      await t.rejects(room.insist(), {
        code: 'STORE_FULL',
        facts: {
          field: 'disk',
          found: `${(bytes / 1e6).toFixed(1)} MB free`,
          wanted: 'at least 64.0 MB',
        },
      })
  }
  await t.resolves(AMPLE_ROOM.insist())
})

test('the system is asked at most once a second, however many write', async (t) => {
  const { room, disk, clock } = aRoom(1e12)

  for (let count = 0; count < 100; count += 1) await room.insist()
  await Promise.all(Array.from({ length: 100 }, () => room.insist()))

  t.equal(disk.asked(), 1)
  await clock.advance(ROOM_KNOWN_MS)
  await room.insist()
  t.equal(disk.asked(), 2)
})

test('every change is told once, also when nobody writes', async (t) => {
  const { room, disk, clock, log, changes } = aRoom(1e12)
  const stop = new AbortController()
  const keeping = room.keep(stop.signal)
  await clock.advance(10 * ROOM_LOOK_MS)
  t.equal(changes(), 0)

  for (const bytes of [5e8, 1e6, 1e12]) {
    disk.setFree(bytes)
    await clock.advance(10 * ROOM_LOOK_MS)
  }

  t.strictSame(
    log.events.map(({ level, event, facts }) => [level, event, facts['bytes']]),
    [
      ['warn', 'disk.low', 5e8],
      ['error', 'disk.full', 1e6],
      ['info', 'disk.ample', 1e12],
    ],
  )
  t.equal(changes(), 3)
  stop.abort()
  await keeping
  t.equal(clock.sleepers(), 0)
})

test('what others send waits with them while there is no room, and comes once there is', async (t) => {
  const { alpha, bravo, disk, clock } = await aPair(t)
  disk.setFree(1e6)
  await clock.advance(ROOM_KNOWN_MS)

  await say(alpha, 'one')
  await say(alpha, 'two', 'flash')
  await clock.advance(60_000)
  t.strictSame(await bodies(bravo), [])
  t.ok(alpha.log.named('parcel.refused').length === 0)

  disk.setFree(1e12)
  await clock.advance(10_000)
  t.strictSame((await bodies(bravo)).toSorted(), ['one', 'two'])
})

test('a node without room goes on sending what it has', async (t) => {
  const { alpha, bravo, disk, clock, network } = await aPair(t)
  network.cut(alpha.id, bravo.id)
  await say(bravo, 'from bravo')
  disk.setFree(1e6)
  await clock.advance(ROOM_KNOWN_MS)

  network.heal(alpha.id, bravo.id)
  await clock.advance(10_000)

  t.strictSame(await bodies(alpha), ['from bravo'])
})

function aRoom(bytes: number | undefined) {
  const disk = aDisk()
  disk.setFree(bytes)
  const clock = virtualClock()
  const log = collectingLog()
  let count = 0
  const onChange = (): void => {
    count += 1
  }
  const room = openRoom(rules, { disk, clock, log, onChange })
  return { room, disk, clock, log, changes: () => count }
}

/** Alpha, and bravo whose disk the test fills. */
async function aPair(t: Test) {
  const clock = virtualClock()
  const network = openMemoryNetwork({ clock })
  const [a, b] = [anIdentity('alpha', 1), anIdentity('bravo', 2)]
  const disk = aDisk()
  const carrierOf = ({ certificate }: typeof a) => network.open(certificate.node)
  const alpha = await aSync('alpha', { clock, knows: [b], carriers: [carrierOf(a)] })
  t.teardown(alpha[Symbol.asyncDispose])
  await found(alpha)
  const bravo = await aSync('bravo', {
    clock,
    knows: [a],
    carriers: [carrierOf(b)],
    disk,
    options: { room: rules },
  })
  t.teardown(bravo[Symbol.asyncDispose])
  await clock.advance(10_000)
  return { alpha, bravo, disk, clock, network }
}
