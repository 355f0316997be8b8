import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'tap'

const BENCH = join(import.meta.dirname, '..', '..', 'scripts', 'bench.ts')

test('sync is measured beside Automerge and automerge-repo, and on a thin link', async (t) => {
  const words = ['sync', '--small', '--json']
  const { status, stdout } = spawnSync(process.execPath, [BENCH, ...words], { encoding: 'utf8' })

  t.equal(status, 0)
  const last = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, number>
  t.match(last, {
    bench: 'sync',
    common_posts: 400,
    apart_posts: 40,
    ours_round_trips: 1,
    idle_b_per_day: 0,
  })
  const { ours_b: ours = 0, ours_deltas_b: deltas = 0 } = last
  const { automerge_sync_b: theirs = 0, automerge_repo_b: repos = 0 } = last
  t.ok(deltas > 0 && deltas < ours && ours < theirs, `${deltas} ${ours} ${theirs}`)
  t.ok(repos > theirs && repos < 2 * theirs, `automerge-repo says the same in envelopes: ${repos}`)
  for (const name of [
    'flash_first_byte_ms',
    'flash_in_flight_ms',
    'frame_airtime_ms',
    'window_fill_ratio',
    'window_wire_ratio',
  ])
    t.ok((last[name] ?? 0) > 0, `${name} ${last[name]}`)
})
