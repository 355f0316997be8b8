import { test } from 'tap'
import { openExchange, openTokens } from '#carriers/nats-exchange.ts'
import { envelopesIn } from '#carriers/nats-pack.ts'
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

test('what is sent in one turn goes in one message, but for the first and for flash', async (t) => {
  const { line, sender } = open()
  const handed = Promise.all([0, 1, 2, 3].map((number) => sender.send(small(number), never)))
  const urgent = sender.send({ ...small(0), lane: 'flash' }, never)
  t.strictSame(heldBy(line), ['0', '0'])
  for (const [at, message] of line.published.entries()) line.acknowledge(message, at + 1)
  await settled()
  t.strictSame(heldBy(line), ['0', '0', '123'])
  line.acknowledge(line.published[2], 3)

  t.strictSame(await Promise.all([handed, urgent]), [Array(4).fill('departed'), 'departed'])
  t.equal(line.published.length, 3)
})

test('a message of several is repeated as it was, and found where it stands already', async (t) => {
  const { line, sender, clock } = open()
  const handed = Promise.all([0, 1, 2].map((number) => sender.send(small(number), never)))
  await settled()
  line.acknowledge(line.published[0], 1)
  await settled()
  line.pong()
  await clock.advance(10_000)
  t.strictSame(heldBy(line), ['0', '12', '12'])
  line.say({ subject: line.published[2]?.reply ?? '', bytes: Buffer.from(TAKEN) })
  await settled()
  const question = line.published[3]
  t.match(question?.subject, /DIRECT\.GET/)
  line.say({
    subject: question?.reply ?? '',
    header: standsAs(line.published[1]?.subject),
    bytes: line.published[1]?.bytes ?? new Uint8Array(0),
  })

  t.strictSame(await handed, Array(3).fill('departed'))
})

test('where something else stands under a message of several, only its first is foreign', async (t) => {
  const { line, sender } = open()
  const first = sender.send(small(0), never)
  const refused = t.rejects(sender.send(small(1), never), { code: 'ALREADY_EXISTS' })
  const last = sender.send(small(2), never)
  await settled()
  line.acknowledge(line.published[0], 1)
  await settled()
  line.say({ subject: line.published[1]?.reply ?? '', bytes: Buffer.from(TAKEN) })
  await settled()
  line.say({
    subject: line.published[2]?.reply ?? '',
    header: standsAs(line.published[1]?.subject),
    bytes: Buffer.from('squatter'),
  })
  await refused
  await settled()
  t.strictSame(heldBy(line).at(-1), '2', 'alone, under its own number')
  line.acknowledge(line.published.at(-1), 3)

  t.strictSame(await Promise.all([first, last]), ['departed', 'departed'])
})

test('a piece of a file goes alone, to its own stream, and its acknowledgement says nothing of the other', async (t) => {
  const { line, sender, said } = open()
  const handed = Promise.all(
    [small(0), small(1), piece(2), piece(3), small(4), small(5)].map((one) =>
      sender.send(one, never),
    ),
  )
  await settled()
  for (let at = 0; at < line.published.length; at += 1) {
    line.acknowledge(line.published[at], 100 + at)
    // oxlint-disable-next-line no-await-in-loop -- one answer after the other
    await settled()
  }

  t.strictSame(await handed, Array(6).fill('departed'))
  t.strictSame(heldBy(line), ['0', '1', '2', '3', '45'])
  t.strictSame(
    line.published.map(({ subject }) => subject),
    [
      'a.3.1.k3x9q0',
      'a.3.1.k3x9q1',
      'a-f.AAAAAA.1.k3x9q32',
      'a-f.AAAAAA.1.k3x9q33',
      'a.3.1.k3x9q4',
    ],
  )
  t.strictSame(said, ['stored 100', 'stored 101', 'stored 104'])
})

test('where no answer comes to a piece, what stands in its own stream is looked at', async (t) => {
  const { line, sender, clock, said } = open()
  const handed = sender.send(piece(7), never)
  line.pong()
  await clock.advance(6_000)
  await clock.advance(6_000)
  const question = line.published[2]
  t.equal(question?.subject, '$JS.API.DIRECT.GET.a-f.a-f.AAAAAA.1.k3x9q37')
  line.say({ subject: question?.reply ?? '', status: 503 })
  await settled()
  t.strictSame(said, ['nobody took a piece'])
  await clock.advance(6_000)

  t.equal(line.published[3]?.subject, 'a.3.1.k3x9q7', 'so it lies among all else')
  line.acknowledge(line.published[3], 9)
  t.equal(await handed, 'departed')
  t.strictSame(said, ['nobody took a piece', 'stored 9'])
})

test('where the stream for pieces is away, they keep nobody waiting, and are tried there again later', async (t) => {
  const { line, sender, clock, said } = open()
  const handed = sender.send(piece(0), never)
  for (const at of [0, 1]) {
    line.say({ subject: line.published[at]?.reply ?? '', status: 503 })
    // oxlint-disable-next-line no-await-in-loop -- one try after the other
    await clock.advance(4_000)
  }
  line.acknowledge(line.published[2], 1)
  t.equal(await handed, 'departed')
  const next = sender.send(piece(1), never)
  line.acknowledge(line.published[3], 2)
  await next
  await clock.advance(600_000)
  const last = sender.send(piece(2), never)
  line.acknowledge(line.published[4], 1)
  await last

  t.strictSame(
    line.published.map(({ subject }) => subject.split('.')[0]),
    ['a-f', 'a-f', 'a', 'a', 'a-f'],
  )
  t.strictSame(said, ['nobody took a piece', 'nobody took a piece', 'stored 1', 'stored 2'])
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
  /** What it told of streams. */
  readonly said: readonly string[]
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
  const said: string[] = []
  const sender = openSender({
    exchange,
    options: slow,
    ports,
    onSending: nothing,
    onStored: ({ seq }) => said.push(`stored ${seq}`),
    onNobody: (isPiece) => said.push(`nobody took ${isPiece ? 'a piece' : 'a message'}`),
    onIdle: nothing,
  })
  return { line, clock, sender, said }
}

/** Sends what may never depart. */
function post(sender: Sender, changes: Parameters<typeof parcel>[1]): void {
  sender.send(parcel('', changes), never).catch(() => undefined)
}

const TAKEN =
  '{"error":{"code":400,"err_code":10077,"description":"maximum messages per subject exceeded"}}'

/** Where a direct get found it. */
function standsAs(subject = ''): (name: string) => string | undefined {
  return (name) => ({ 'Nats-Sequence': '2', 'Nats-Subject': subject })[name]
}

/** A few bytes that say their number. */
function small(number: number): Parameters<Sender['send']>[0] {
  return { bytes: Buffer.from(`\u0002${number}`), lane: 'routine', number }
}

/** The same, of a file. */
function piece(number: number): Parameters<Sender['send']>[0] {
  return { ...small(number), file: '00000000000000a1' }
}

/** The numbers in each message that was published. */
function heldBy(line: ScriptedLine): string[] {
  return line.published.map(({ bytes }) =>
    envelopesIn(bytes)
      .map((envelope) => String.fromCharCode(envelope[1] ?? 0))
      .join(''),
  )
}

function lanesOf(line: ScriptedLine): number[] {
  return line.published.map(({ subject }) => Number(subject.split('.')[1]))
}

async function settled(): Promise<void> {
  await realClock().sleep(0, never)
}
