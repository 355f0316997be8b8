import { test } from 'tap'
import { openLink, type Link } from '#carriers/nats-link.ts'
import type { Line } from '#carriers/nats-line.ts'
import { realClock } from '#ports/real.ts'
import { virtualClock, type VirtualClock } from '../support/clock.ts'
import { collectingLog, type CollectingLog } from '../support/log.ts'
import { openNatsNode } from '../support/nats-node.ts'
import { startNatsServer, withoutNatsServer } from '../support/nats-server.ts'
import { seededRandom } from '../support/random.ts'
import { startRelay } from '../support/relay.ts'

const real = { skip: withoutNatsServer, timeout: 20_000 }
/** Nobody listens there: port 1 is reserved. */
const NOWHERE = 'nats://127.0.0.1:1'

test('pauses between dials grow to their longest and no further', async (t) => {
  const { clock, log, pausing, stop, running } = dialling([NOWHERE])
  for (const attempt of [1, 2, 3, 4, 5, 6, 7, 8]) {
    // oxlint-disable-next-line no-await-in-loop -- one dial after the other
    await pausing('nats.dial-failed', attempt)
    t.equal(log.named('nats.dial-failed').length, attempt)
    // oxlint-disable-next-line no-await-in-loop -- one dial after the other
    await clock.advance(Math.min(60_000, 1_000 * 2 ** (attempt - 1)) * 1.5)
  }
  stop.abort()
  await running

  t.equal(clock.sleepers(), 0)
})

test('the link coming up cuts a pause short', async (t) => {
  const { log, link, pausing, stop, running } = dialling([NOWHERE])
  await pausing('nats.dial-failed', 1)
  link.linkUp()
  await pausing('nats.dial-failed', 2)

  t.ok(log.named('nats.dial-failed').length >= 2)
  stop.abort()
  await running
})

test('the link coming up ends a dial that went into the void, and dials anew', real, async (t) => {
  await using server = await startNatsServer()
  await using relay = await startRelay(server.port)
  relay.blackhole()
  await using alpha = await openNatsNode(`nats://127.0.0.1:${relay.port}`, {
    connectTimeoutMs: 60_000,
  })
  while (relay.connections() === 0)
    // oxlint-disable-next-line no-await-in-loop -- until the dial is under way
    await new Promise((resolve) => {
      setImmediate(resolve)
    })

  relay.heal()
  alpha.carrier.linkUp()

  t.equal((await alpha.nextContact(true)).isUp, true)
  t.equal(relay.connections(), 2)
})

test(
  'the link going down ends the contact at once, and up again begins another',
  real,
  async (t) => {
    await using server = await startNatsServer()
    await using alpha = await openNatsNode(server.url, { backOffMaxMs: 60_000 })
    await alpha.nextContact(true)

    alpha.carrier.linkDown()
    await alpha.nextContact(false)
    alpha.carrier.linkUp()

    t.equal((await alpha.nextContact(true)).isUp, true)
  },
)

test('the link coming up finds out that the line of before is dead', real, async (t) => {
  await using server = await startNatsServer()
  await using relay = await startRelay(server.port)
  await using alpha = await openNatsNode(`nats://127.0.0.1:${relay.port}`)
  await alpha.log.when('nats.caught-up')
  relay.blackhole()
  relay.heal()

  alpha.carrier.linkUp()
  await alpha.nextContact(false)

  t.equal((await alpha.nextContact(true)).isUp, true)
})

test('servers are tried in their order until one answers', real, async (t) => {
  await using server = await startNatsServer()
  await using alpha = await openNatsNode('', { servers: [NOWHERE, NOWHERE, server.url] })

  await alpha.nextContact(true)
  t.equal(alpha.log.named('nats.dial-failed').length, 2)
})

test(
  'a server that lets in and ends the line at once is not dialled without a pause',
  real,
  async (t) => {
    await using server = await startNatsServer()
    const { clock, pausing, stop, running, log } = dialling([server.url], dropAtOnce)
    await pausing('nats.disconnected', 1)
    await clock.advance(1_500)
    await pausing('nats.disconnected', 2)
    stop.abort()
    await running

    t.equal(log.named('nats.connected').length, 2)
  },
)

test('closing ends a dial under way, a pause and a line', real, async (t) => {
  await using server = await startNatsServer()
  await using relay = await startRelay(server.port)
  relay.blackhole()
  const urls = [`nats://127.0.0.1:${relay.port}`, NOWHERE, server.url]
  const beganMs = realClock().monotonicMs()
  const nodes = await Promise.all(
    urls.map((url) => openNatsNode(url, { backOffMaxMs: 60_000, connectTimeoutMs: 60_000 })),
  )
  await nodes[2]?.nextContact(true)
  await Promise.all(nodes.map((node) => node.carrier[Symbol.asyncDispose]()))
  await Promise.all(nodes.map((node) => node.ended))

  t.ok(realClock().monotonicMs() - beganMs < 10_000)
})

async function dropAtOnce(line: Line): Promise<void> {
  line.drop()
}

interface Dialling {
  readonly link: Link
  readonly clock: VirtualClock
  readonly log: CollectingLog
  /** Resolves in the pause after the event was logged so many times. */
  readonly pausing: (event: string, times: number) => Promise<void>
  readonly stop: AbortController
  readonly running: Promise<void>
}

function dialling(
  servers: readonly string[],
  serve: (line: Line) => Promise<void> = async () => undefined,
): Dialling {
  const clock = virtualClock()
  const log = collectingLog()
  const stop = new AbortController()
  const options = { name: 'hub', servers, backOffMaxMs: 60_000, connectTimeoutMs: 5_000 }
  const link = openLink({ options, ports: { clock, log, random: seededRandom(1) }, serve })
  const pausing = async (event: string, times: number): Promise<void> => {
    // oxlint-disable-next-line no-await-in-loop -- until it has happened
    while (log.named(event).length < times) await realClock().sleep(1, stop.signal)
    await clock.whenAsleep(1)
  }
  return { link, clock, log, pausing, stop, running: link.run(stop.signal) }
}
