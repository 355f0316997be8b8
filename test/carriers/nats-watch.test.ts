import { test } from 'tap'
import { openExchange, openTokens, type Exchange } from '#carriers/nats-exchange.ts'
import { virtualClock, type VirtualClock } from '../support/clock.ts'
import { collectingLog, type CollectingLog } from '../support/log.ts'
import { scriptedLine, type ScriptedLine } from '../support/scripted-line.ts'

const question = { subject: 'a.3.1.k3x9q0', bytes: Buffer.from('sealed') }

test('an idle line is left alone: no timer, no byte', async (t) => {
  const { clock, line } = watched()

  await clock.advance(24 * 3_600_000)

  t.equal(clock.sleepers(), 0)
  t.equal(line.pings(), 0)
  t.equal(line.published.length, 0)
})

test('once all is answered, the timer ends', async (t) => {
  const { clock, line, exchange } = watched()
  const asked = exchange.ask(question)
  await clock.whenAsleep(1)
  line.acknowledge(line.published[0], 1)
  await asked
  await clock.advance(60_000)

  t.equal(clock.sleepers(), 0)
  t.equal(line.pings(), 0)
})

test('an overdue answer on a line that lives costs one ping and is asked for again', async (t) => {
  const { clock, line, exchange } = watched()
  const asked = exchange.ask(question)
  line.pong()

  await clock.advance(10_000)

  t.equal(await asked, undefined)
  t.equal(line.pings(), 1)
  t.equal(line.over.aborted, false)
})

test('without a pong the line is dropped, and whoever waits hears of it', async (t) => {
  const { clock, line, exchange, log } = watched()
  const asked = exchange.ask(question)
  const refused = t.rejects(asked, { code: 'CARRIER_UNREACHABLE' })

  await clock.advance(20_000)
  await refused

  t.equal(line.over.aborted, true)
  t.equal(log.named('nats.half-open').length, 1)
  t.equal(clock.sleepers(), 0)
})

test('questions asked one after another do not hide that the line is dead', async (t) => {
  const { clock, line, exchange } = watched(undefined, scriptedLine(500))

  for (let second = 0; second < 30 && !line.over.aborted; second += 1) {
    exchange.ask(question).catch(() => undefined)
    // oxlint-disable-next-line no-await-in-loop -- second by second
    await clock.advance(1_000)
  }

  t.equal(line.over.aborted, true)
})

test('bytes that trickle in keep a slow line alive', async (t) => {
  const { clock, line, exchange } = watched()
  exchange.ask(question).catch(() => undefined)

  for (let second = 0; second < 12; second += 1) {
    line.trickle(40)
    // oxlint-disable-next-line no-await-in-loop -- second by second
    await clock.advance(1_000)
  }

  t.equal(line.over.aborted, false)
  t.equal(line.pings(), 0)
})

test('a busy line does not keep an answer waiting for ever that was lost', async (t) => {
  const { clock, line, exchange } = watched()
  const asked = exchange.ask(question)

  for (let second = 0; second < 40; second += 1) {
    line.trickle(40)
    if (second === 30) line.pong()
    // oxlint-disable-next-line no-await-in-loop -- second by second
    await clock.advance(1_000)
  }

  t.equal(await asked, undefined)
  t.equal(line.over.aborted, false)
})

test('an answer that takes the line for minutes is waited for, and so is what was asked meanwhile', async (t) => {
  const { clock, line, exchange } = watched()
  const asked = exchange.ask(question)
  const state = { later: undefined as Promise<unknown> | undefined }

  for (let second = 0; second < 200; second += 1) {
    line.trickle(300)
    if (second === 190) state.later = exchange.ask(question)
    // oxlint-disable-next-line no-await-in-loop -- second by second
    await clock.advance(1_000)
  }
  line.acknowledge(line.published[0], 1)
  line.pong()
  await clock.advance(1_000)
  line.acknowledge(line.published[1], 2)

  t.match(await asked, { status: 0 })
  t.match(await state.later, { status: 0 })
  t.equal(line.pings(), 1)
})

test('much under way on a slow line gets the time it needs', async (t) => {
  const { clock, line, exchange } = watched()
  exchange.ask({ ...question, bytes: new Uint8Array(20_000) }).catch(() => undefined)

  await clock.advance(150_000)
  t.equal(line.pings(), 0)
  await clock.advance(300_000)

  t.equal(line.over.aborted, true)
})

test('where a probe of idle lines is wanted, a dead one is found', async (t) => {
  const { clock, line } = watched(900_000)

  await clock.advance(899_000)
  t.equal(line.pings(), 0)
  await clock.advance(60_000)

  t.equal(line.pings(), 1)
  t.equal(line.over.aborted, true)
})

test('a probe when the modem says so finds a dead line at once', async (t) => {
  const { clock, line, exchange } = watched()
  const probed = exchange.probe()
  await clock.advance(20_000)
  await probed

  t.equal(line.over.aborted, true)
})

interface Watched {
  readonly exchange: Exchange
  readonly line: ScriptedLine
  readonly clock: VirtualClock
  readonly log: CollectingLog
}

function watched(idleProbeMs?: number, line = scriptedLine()): Watched {
  const clock = virtualClock()
  const log = collectingLog()
  const options = { name: 'hub', nodeNumber: 1, idleProbeMs }
  const exchange = openExchange({
    line,
    tokens: openTokens(Uint8Array.of(0)),
    options,
    ports: { clock, log },
  })
  return { line, clock, log, exchange }
}
