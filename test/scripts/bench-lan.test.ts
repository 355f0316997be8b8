import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'tap'

const BENCH = join(import.meta.dirname, '..', '..', 'scripts', 'bench.ts')

test('broadcasts are measured beside a bare server, and everybody who signs in at once gets in', async (t) => {
  const words = ['lan', '--small', '--json']
  const { status, stdout, stderr } = spawnSync(process.execPath, [BENCH, ...words], {
    encoding: 'utf8',
  })

  t.equal(status, 0, stderr)
  const last = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, number>
  t.match(last, { bench: 'lan', clients: 8, storm_logins: 8, storm_in: 8 })
  for (const name of [
    'broadcasts_per_s',
    'bare_broadcasts_per_s',
    'broadcast_ratio',
    'broadcast_p50_ms',
    'broadcast_p99_ms',
    'post_p99_ms',
    'http_posts_per_s',
    'bare_http_posts_per_s',
    'http_posts_ratio',
    'storm_post_p99_ms',
  ])
    t.ok((last[name] ?? 0) > 0, `${name} ${last[name]}`)
  t.type(last.client_kb, 'number')
})
