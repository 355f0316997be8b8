import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'tap'
import { withoutNatsServer } from '../support/nats-server.ts'

const BENCH = join(import.meta.dirname, '..', '..', 'scripts', 'bench.ts')

test(
  'what is foretold of a link is what goes over it to a real server',
  { skip: withoutNatsServer },
  async (t) => {
    const words = ['plan', '--small', '--json']
    const { status, stdout } = spawnSync(process.execPath, [BENCH, ...words], { encoding: 'utf8' })

    t.equal(status, 0)
    const last = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, number>
    t.match(last, { bench: 'plan', geo_vsat_money_error_ratio: 0 })
    const { geo_vsat_bytes_error_ratio: error = 1 } = last
    t.ok(error <= 0.1, `${error}`)
  },
)
