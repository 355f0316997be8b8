/** `scripts/sim.ts` as people call it. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'tap'

const SCRIPT = fileURLToPath(new URL('../../scripts/sim.ts', import.meta.url))
const SMALL = ['--hours', '0.5', '--actions', '10']

test(
  'the last line with --json is one flat object, and green seeds exit with 0',
  { timeout: 120_000 },
  async (t) => {
    const { code, lines } = await sim('--seeds', '1-3', ...SMALL, '--json')
    const end: unknown = JSON.parse(lines.at(-1) ?? '')

    t.equal(code, 0)
    t.match(end, { seeds: 3, failed: 0, virtual_hours: Number, wall_s: Number, cpu_s: Number })
  },
)

test(
  'a red seed exits with 1, says what broke, replays by its own line, and shrinks',
  { timeout: 120_000 },
  async (t) => {
    const plant = ['--planted', 'ack-before-fsync']
    const { code, lines } = await sim('--seeds', '2', ...SMALL, ...plant, '--shrink')
    const replay = lines.find((line) => line.includes('replay:'))?.split('scripts/sim ')[1]
    const again = await sim(...(replay?.split(' ') ?? []))

    t.equal(code, 1)
    t.match(lines.join('\n'), /seed 2 broke promise 1/)
    t.match(lines.join('\n'), /smaller \(\d+ runs\): scripts\/sim --seeds 2-2/)
    t.equal(again.code, 1)
    t.match(again.lines.join('\n'), /power on/, 'the trace is printed')
  },
)

test('a wrong argument is named', async (t) => {
  const { code, errors } = await sim('--without', 'rain')

  t.equal(code, 1)
  t.match(errors, /rain/)
})

async function sim(
  ...words: readonly string[]
): Promise<{ readonly code: number; readonly lines: readonly string[]; readonly errors: string }> {
  const run = promisify(execFile)(process.execPath, [SCRIPT, ...words], { maxBuffer: 64_000_000 })
  const { stdout, stderr, code } = await run.then(
    (output) => ({ ...output, code: 0 }),
    (error: { stdout: string; stderr: string; code: number }) => error,
  )
  return { code, lines: stdout.trim().split('\n'), errors: stderr }
}
