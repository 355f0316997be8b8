/** A simulated stick is one as any other, and loses what was not synced. */
import { test, type Test } from 'tap'
import { bytesFromText } from '#base/bytes.ts'
import type { StickDisk } from '#ports/stick.ts'
import { stickContract } from '../contracts/stick.ts'
import { openChance } from './chance.ts'
import { keepRunning } from './keep-running.ts'
import { openStick, openStickDisk, type Stick } from './stick-disk.ts'
import { beginLife, openTimeline, type Timeline } from './timeline.ts'

const FOLDER = '/stick'

stickContract('a simulated stick', async (t) => {
  const { disk, timeline } = aStick(openChance('contract'))
  keep(t, timeline)
  return { disk, folder: FOLDER }
})

test('what was not synced is there, cut or gone when a stick is pulled out; what was synced stays', async (t) => {
  const found = new Set<string>()
  for (let run = 0; run < 60; run += 1) {
    const { disk, stick, timeline } = aStick(openChance(`run ${run}`))
    const sure = disk.create(FOLDER, 'sure', bytesFromText('synced')).then(() => disk.sync(FOLDER))
    await timeline.run(20_000, () => false)
    await sure
    const broken = disk.create(FOLDER, 'unsure', bytesFromText('0123456789')).catch(String)
    await timeline.run(timeline.now() + (run % 3) * 40, () => false)

    stick.pullOut()

    const files = stick.files()
    t.equal(files.get('sure')?.length, 6)
    found.add(lengthOf(files.get('unsure')))
    await timeline.run(timeline.now() + 10_000, () => false)
    await broken
  }
  t.ok(found.has('gone') && found.has('cut'), [...found].join())
})

test('a full stick says so, and one that is pulled out answers no more', async (t) => {
  const { disk, stick, timeline } = aStick(openChance('full'))
  keep(t, timeline)
  stick.setRoom(5)

  await t.rejects(disk.create(FOLDER, 'one', bytesFromText('0123456789')), { code: 'ENOSPC' })
  stick.pullOut()
  await t.rejects(disk.sync(FOLDER), { code: 'ENOENT' })
  t.equal(await disk.open(FOLDER, 'one'), 'unreadable')
})

function aStick(chance: ReturnType<typeof openChance>): {
  readonly disk: StickDisk
  readonly stick: Stick
  readonly timeline: Timeline
} {
  const timeline = openTimeline(0)
  const stick = openStick('stick', chance, 1_000_000)
  stick.putIn()
  const stickAt = (folder: string): Stick | undefined => (folder === FOLDER ? stick : undefined)
  return { disk: openStickDisk({ timeline, chance, life: beginLife(), stickAt }), stick, timeline }
}

function keep(t: Test, timeline: Timeline): void {
  const running = keepRunning(timeline)
  t.teardown(() => running[Symbol.asyncDispose]())
}

function lengthOf(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return 'gone'
  return bytes.length < 10 ? 'cut' : 'whole'
}
