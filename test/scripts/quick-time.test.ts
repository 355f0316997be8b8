/** A process that lives faster than life: its clocks, and what it waits for. */
import { spawnSync } from 'node:child_process'
import { test } from 'tap'

const QUICK_TIME = new URL('../../scripts/fleet/quick-time.ts', import.meta.url)

/** What a program writes that lives `speed` times as fast, as JSON. */
function run(speed: number, program: string): unknown {
  const args = [
    '--import',
    `${QUICK_TIME.href}?speed=${speed}`,
    '--input-type=module',
    '-e',
    program,
  ]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  return JSON.parse(stdout || JSON.stringify({ stderr }))
}

test('an hour of waiting passes in a moment, and every clock agrees that it was an hour', async (t) => {
  const speed = 100_000
  const found = run(
    speed,
    `const began = [Date.now(), performance.now()]
     await new Promise((resolve) => setTimeout(resolve, 3_600_000))
     console.log(JSON.stringify([Date.now() - began[0], performance.now() - began[1]]))`,
  ) as readonly [number, number]

  // Node's timers may be due a millisecond early.
  const leastMs = 3_600_000 - speed
  t.ok(found[0] >= leastMs, `${found[0]} ms by the wall clock`)
  t.ok(found[1] >= leastMs, `${found[1]} ms by the other`)
})

test('what comes again and again comes as much more often, until it is stopped', async (t) => {
  const found = run(
    1_000_000,
    `let ticks = 0
     const timer = setInterval(() => { if (++ticks === 3) { clearInterval(timer); console.log(ticks) } }, 3_600_000)`,
  )

  t.equal(found, 3)
})
