import { test } from 'tap'
import { openExchange, openTokens, type Exchange } from '#carriers/nats-exchange.ts'
import { virtualClock, type VirtualClock } from '../support/clock.ts'
import { collectingLog } from '../support/log.ts'
import { scriptedLine, type ScriptedLine } from '../support/scripted-line.ts'

const options = { name: 'hub', nodeNumber: 43 }
const question = { subject: 'a.3.17.k3x9q0', bytes: Buffer.from('sealed') }

test('answers find their questions, in any order', async (t) => {
  const { exchange, line } = open()
  const first = exchange.ask(question)
  const second = exchange.ask(question)

  line.acknowledge(line.published[1], 2)
  line.acknowledge(line.published[0], 1)

  t.match(String((await first)?.bytes), '"seq":1')
  t.match(String((await second)?.bytes), '"seq":2')
})

test('reply subjects are short, and no two questions share one', async (t) => {
  const { exchange, line } = open()
  for (let count = 0; count < 3; count += 1) void exchange.ask(question).catch(() => undefined)

  t.match(line.published[0]?.reply, /^r\.17\.[\w-]{5}$/)
  t.equal(new Set(line.published.map(({ reply }) => reply)).size, 3)
  line.drop()
})

test('the next token cannot be told from those before, and another process has others', async (t) => {
  const [tokens, others] = [openTokens(Uint8Array.of(1)), openTokens(Uint8Array.of(2))]
  const [mine, theirs] = [tokens, others].map((next) => Array.from({ length: 1_000 }, next))

  t.equal(new Set([...(mine ?? []), ...(theirs ?? [])]).size, 2_000)
  const steps = (mine ?? []).map((token) => Buffer.from(`${token}AAA`, 'base64url').readUInt32BE())
  const distances = steps.slice(1).map((token, at) => token - (steps[at] ?? 0))
  t.equal(new Set(distances).size, distances.length)
  t.ok(steps.some((step) => step > 2 ** 31))
})

test('an answer to nobody is passed over, and so is a second one', async (t) => {
  const { exchange, line } = open()
  const asked = exchange.ask(question)

  line.say({ subject: 'r.17.none', bytes: Buffer.from('{"seq":9}') })
  line.acknowledge(line.published[0], 1)
  line.acknowledge(line.published[0], 2)

  t.match(String((await asked)?.bytes), '"seq":1')
})

test('an answer of several messages ends with its last', async (t) => {
  const { exchange, line } = open()
  const heard: string[] = []
  const asked = exchange.ask({
    ...question,
    isLast: ({ status, bytes }) => {
      heard.push(String(bytes))
      return status !== 0
    },
  })
  const subject = line.published[0]?.reply ?? ''

  for (const text of ['one', 'two']) line.say({ subject, bytes: Buffer.from(text) })
  line.say({ subject, status: 204 })

  t.equal((await asked)?.status, 204)
  t.strictSame(heard, ['one', 'two', ''])
})

test('the end of the line ends all questions', async (t) => {
  const { exchange, line } = open()
  const asked = exchange.ask(question)
  line.drop()

  await t.rejects(asked, { code: 'CARRIER_UNREACHABLE' })
  await t.rejects(exchange.ask(question), { code: 'CARRIER_UNREACHABLE' })
})

test('acknowledged parcels teach how fast the line is', async (t) => {
  const { exchange, line, clock } = open()
  const before = exchange.pace().bytesPerSecond
  const asked = exchange.ask({ ...question, bytes: new Uint8Array(2_640), isParcel: true })
  await clock.advance(1_000)
  line.acknowledge(line.published[0], 1)
  await asked

  t.equal(before, 300)
  t.equal(exchange.pace().bytesPerSecond, 2_750)
  t.equal(exchange.pace().rttMs, 1_000)
})

function open(): {
  readonly exchange: Exchange
  readonly line: ScriptedLine
  readonly clock: VirtualClock
} {
  const line = scriptedLine()
  const clock = virtualClock()
  const ports = { clock, log: collectingLog() }
  return {
    line,
    clock,
    exchange: openExchange({ line, tokens: openTokens(Uint8Array.of(5)), options, ports }),
  }
}
