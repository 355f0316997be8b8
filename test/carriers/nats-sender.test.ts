import { test } from 'tap'
import { openExchange, openTokens } from '#carriers/nats-exchange.ts'
import { openSender, type Sender } from '#carriers/nats-sender.ts'
import type { Lane } from '#model/precedence.ts'
import { realClock } from '#ports/real.ts'
import { accept, handOver, parcel, textOf } from '../support/carrier-side.ts'
import { virtualClock, type VirtualClock } from '../support/clock.ts'
import { collectingLog } from '../support/log.ts'
import { hub, natsOptions, openNatsNode, rawNats } from '../support/nats-node.ts'
import { startNatsServer, withoutNatsServer } from '../support/nats-server.ts'
import { seededRandom } from '../support/random.ts'
import { scriptedLine, type ScriptedLine } from '../support/scripted-line.ts'

const never = new AbortController().signal
const real = { skip: withoutNatsServer, timeout: 20_000 }

test('while the window is shut, parcels wait here and not in a socket', async (t) => {
  const { line, sender } = open()
  post(sender, { bytes: new Uint8Array(1_500) })
  post(sender, { bytes: new Uint8Array(1_500), number: 1 })

  t.equal(line.published.length, 1)
  line.acknowledge(line.published[0], 1)
  await settled()

  t.equal(line.published.length, 2)
  line.drop()
})

test('the most urgent goes first, and flash does not wait for the window', async (t) => {
  const { line, sender } = open()
  const lanes: readonly Lane[] = ['routine', 'routine', 'priority', 'immediate', 'flash']
  lanes.forEach((lane, number) => post(sender, { lane, number, bytes: new Uint8Array(1_990) }))

  t.strictSame(lanesOf(line), [3, 0])
  for (let count = 0; count < lanes.length; count += 1) {
    line.acknowledge(line.published[count], count + 1)
    // oxlint-disable-next-line no-await-in-loop -- one answer after the other
    await settled()
  }

  t.strictSame(lanesOf(line), [3, 0, 1, 2, 3])
})

test('an answer that is lost is asked for again, on the same subject', async (t) => {
  const { line, sender, clock } = open()
  const handed = sender.send(parcel('once more'), never)
  line.pong()
  await clock.advance(6_000)

  t.equal(line.published.length, 2)
  t.equal(line.published[0]?.subject, line.published[1]?.subject)
  line.acknowledge(line.published[1], 1)
  t.equal(await handed, 'departed')
})

test('what the stream refuses is kept and offered again, with growing pauses', async (t) => {
  const { line, sender, clock } = open()
  const handed = sender.send(parcel('patience'), never)
  const refusal = Buffer.from('{"error":{"code":503,"err_code":10023,"description":"no room"}}')

  for (const count of [1, 2, 3]) {
    line.say({ subject: line.published.at(-1)?.reply ?? '', bytes: refusal })
    // oxlint-disable-next-line no-await-in-loop -- one refusal after the other
    await clock.advance(1_000 * 2 ** count)
    t.equal(line.published.length, count + 1)
  }
  line.acknowledge(line.published.at(-1), 1)

  t.equal(await handed, 'departed')
})

test('a caller that gives up leaves its place in the queue', async (t) => {
  const { line, sender } = open()
  const patience = new AbortController()
  post(sender, { bytes: new Uint8Array(1_900) })
  const given = sender.send(parcel('given up', { number: 1 }), patience.signal)
  const refused = t.rejects(given, { code: 'CARRIER_UNREACHABLE' })
  patience.abort()
  await refused
  line.acknowledge(line.published[0], 1)
  await settled()

  t.equal(line.published.length, 1)
})

test('the end of the line ends everything that waits or is under way', async (t) => {
  const { line, sender } = open()
  const all = [0, 1, 2].map((number) =>
    sender.send({ ...parcel('x'), number, bytes: new Uint8Array(1_900) }, never),
  )
  const refused = Promise.all(all.map((one) => t.rejects(one, { code: 'CARRIER_UNREACHABLE' })))
  line.drop()
  await refused

  await t.rejects(sender.send(parcel('late'), never), { code: 'CARRIER_UNREACHABLE' })
})

test(
  'the same parcel in a later life of the process departs without a second copy',
  real,
  async (t) => {
    await using server = await startNatsServer()
    const first = await openNatsNode(server.url)
    await handOver(first, hub, parcel('medevac at grid 4312'))
    await first.carrier[Symbol.asyncDispose]()

    await using second = await openNatsNode(server.url, {}, first.store)
    t.equal(await handOver(second, hub, parcel('medevac at grid 4312')), 'departed')

    await using raw = await rawNats(server.url)
    t.match(await raw.streamInfo(), { state: { messages: 1 } })
  },
)

test(
  'foreign bytes under our number: an alarm, an error, and another number works',
  real,
  async (t) => {
    await using server = await startNatsServer()
    await using alpha = await openNatsNode(server.url)
    await alpha.nextContact(true)
    await using raw = await rawNats(server.url)
    await raw.put('a.3.1.k3x9q0', 'squatter')

    await t.rejects(alpha.carrier.send(hub, parcel('ours'), never), { code: 'ALREADY_EXISTS' })

    t.match(await alpha.log.when('nats.subject-foreign'), {
      level: 'error',
      facts: { subject: 'a.3.1.k3x9q0' },
    })
    t.equal(await alpha.carrier.send(hub, parcel('ours', { number: 1 }), never), 'departed')
  },
)

test(
  'a full stream refuses, nothing is dropped, and what waits departs once there is room',
  real,
  async (t) => {
    await using server = await startNatsServer()
    await using alpha = await openNatsNode(server.url, { streamBytesMax: 20_000 })
    await using bravo = await openNatsNode(server.url, { nodeNumber: 2, provision: false })
    await Promise.all([alpha.nextContact(true), bravo.nextContact(true)])
    const handed = [0, 1, 2].map((number) =>
      alpha.carrier.send(hub, { bytes: filled(number), lane: 'routine', number }, never),
    )
    t.match(await alpha.log.when('nats.refused'), { facts: { code: 10_077 } })

    await using raw = await rawNats(server.url)
    await raw.makeRoom(50_000)

    t.strictSame(await Promise.all(handed), ['departed', 'departed', 'departed'])
    const seen = new Set<string>()
    while (seen.size < 3) {
      // oxlint-disable-next-line no-await-in-loop -- until all are there
      const arrival = await bravo.nextArrival()
      // oxlint-disable-next-line no-await-in-loop -- until all are there
      await accept(bravo, arrival)
      seen.add(textOf(arrival).slice(0, 1))
    }
    t.strictSame([...seen].toSorted(), ['A', 'B', 'C'])
  },
)

test('where no stream is yet, a parcel waits for it', real, async (t) => {
  await using server = await startNatsServer()
  await using kit = await openNatsNode(server.url, { nodeNumber: 2, provision: false })
  await kit.nextContact(true)
  const handed = kit.carrier.send(hub, parcel('early'), never)
  await kit.log.when('nats.refused')

  await using alpha = await openNatsNode(server.url)

  t.equal(await handed, 'departed')
  t.equal(textOf(await alpha.nextArrival()), 'early')
})

test('a server that takes less than the largest envelope says so', real, async (t) => {
  await using server = await startNatsServer({ config: 'max_payload: 2048' })
  await using alpha = await openNatsNode(server.url)
  await alpha.nextContact(true)
  const bytes = new Uint8Array(2_049)

  await t.rejects(alpha.carrier.send(hub, { bytes, lane: 'flash', number: 0 }, never), {
    code: 'ENVELOPE_TOO_LARGE',
  })
  t.equal(await alpha.carrier.send(hub, parcel('fits'), never), 'departed')
})

/** 9,000 times the same letter, from A on. */
function filled(number: number): Uint8Array {
  return Buffer.alloc(9_000, number + 65)
}

function nothing(): void {}

interface Opened {
  readonly line: ScriptedLine
  readonly clock: VirtualClock
  readonly sender: Sender
}

function open(): Opened {
  const line = scriptedLine()
  const clock = virtualClock()
  const ports = { clock, log: collectingLog(), random: seededRandom(1) }
  const { patienceMs: _, ...options } = natsOptions('')
  const slow = { ...options, backOffMaxMs: 60_000 }
  const exchange = openExchange({
    line,
    tokens: openTokens(Uint8Array.of(0)),
    options: slow,
    ports,
  })
  const sender = openSender({
    exchange,
    options: slow,
    ports,
    onSending: nothing,
    onStored: nothing,
    onNobody: nothing,
    onIdle: nothing,
  })
  return { line, clock, sender }
}

/** Sends what may never depart. */
function post(sender: Sender, changes: Parameters<typeof parcel>[1]): void {
  sender.send(parcel('', changes), never).catch(() => undefined)
}

function lanesOf(line: ScriptedLine): number[] {
  return line.published.map(({ subject }) => Number(subject.split('.')[1]))
}

async function settled(): Promise<void> {
  await realClock().sleep(0, never)
}
