import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'tap'
import { withoutNatsServer } from '../support/nats-server.ts'

const BENCH = join(import.meta.dirname, '..', '..', 'scripts', 'bench.ts')

test(
  'an envelope of 300 bytes and its acknowledgement are counted on the way to a real server',
  { skip: withoutNatsServer },
  async (t) => {
    const words = ['nats', '--small', '--json']
    const { status, stdout } = spawnSync(process.execPath, [BENCH, ...words], { encoding: 'utf8' })

    t.equal(status, 0)
    const last = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, number>
    t.match(last, { bench: 'nats', nats_ip: 0, nats_tcp_idle_b: 0 })
    const {
      nats_tcp_ack_b: ack = 0,
      nats_tcp_burst_b: burst = 0,
      nats_tcp_connect_b: all = 0,
    } = last
    t.ok(ack > 300 && ack < 440, `beside the envelope: ${ack - 300}`)
    t.ok(burst > 300 && burst < ack, `${burst}`)
    t.ok(all > 2_000 && all < 3_900, `a connect: ${all}`)
  },
)
