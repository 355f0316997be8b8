import { test } from 'tap'
import type { UserId } from '#base/ids.ts'
import { LIVE_REPLAY_MAX } from '#server/limits.ts'
import { createLiveSession, type LiveOutlet } from '#server/live-session.ts'

function anOutlet() {
  const sent: string[] = []
  const closed: string[] = []
  const outlet: LiveOutlet = {
    tell: (text, number) => void sent.push(`${text}${number}}`),
    answer: (text) => void sent.push(text),
    close: (code, reason) => void closed.push(`${code} ${reason}`),
  }
  return { outlet, sent, closed }
}

function aSession() {
  return createLiveSession('stream', { person: 'bo' as UserId }, 0)
}

test('events carry the next number, from 0', async (t) => {
  const session = aSession()
  const { outlet, sent } = anOutlet()
  session.attach(outlet, 0)
  for (const name of ['a', 'b']) session.push(`{"event":"${name}","seq":`)

  t.strictSame(sent, ['{"event":"a","seq":0}', '{"event":"b","seq":1}'])
})

test('a client that returns gets what it missed, and nothing twice', async (t) => {
  const session = aSession()
  const first = anOutlet()
  const second = anOutlet()
  session.attach(first.outlet, 0)
  session.push('{"seq":')
  session.detach(first.outlet, 5)
  session.push('{"seq":')
  session.push('{"seq":')

  t.equal(session.detachedAt(), 5)
  t.ok(session.attach(second.outlet, 1))
  t.strictSame(second.sent, ['{"seq":1}', '{"seq":2}'])
  t.strictSame(first.sent, ['{"seq":0}'])
  t.equal(session.detachedAt(), undefined)
})

test('as many events as are kept can be replayed; one more is lost', async (t) => {
  const session = aSession()
  for (let number = 0; number <= LIVE_REPLAY_MAX; number += 1) session.push('{"seq":')
  const { outlet, sent } = anOutlet()

  t.notOk(session.attach(outlet, 0))
  t.strictSame(sent, [])
  t.ok(session.attach(outlet, 1))
  t.equal(sent.length, LIVE_REPLAY_MAX)
  t.equal(sent[0], '{"seq":1}')
  t.equal(sent.at(-1), `{"seq":${LIVE_REPLAY_MAX}}`)
})

test('a number from nowhere is refused', async (t) => {
  const session = aSession()
  session.push('{"seq":')
  const { outlet } = anOutlet()

  t.notOk(session.attach(outlet, 2))
  t.notOk(session.attach(outlet, -1))
  t.ok(session.attach(outlet, 1))
})

test('a client that comes twice keeps its newest connection', async (t) => {
  const session = aSession()
  const [old, young] = [anOutlet(), anOutlet()]
  session.attach(old.outlet, 0)
  session.attach(young.outlet, 0)
  session.detach(old.outlet, 9)
  session.push('{"seq":')

  t.strictSame(old.closed, ['1000 resumed elsewhere'])
  t.strictSame(young.sent, ['{"seq":0}'])
  t.equal(session.detachedAt(), undefined)
})

test('what is forgotten is replayed to nobody, and a stream that misses nothing goes on', async (t) => {
  const session = aSession()
  const [first, second] = [anOutlet(), anOutlet()]
  session.push('{"event":"hello","seq":')
  session.forget()
  t.ok(session.attach(first.outlet, 0), 'nobody was there yet')
  session.detach(first.outlet, 1)
  session.push('{"event":"missed","seq":')

  session.forget()

  t.notOk(session.attach(second.outlet, 1))
  t.notOk(session.attach(second.outlet, -1))
  t.ok(session.attach(second.outlet, 2))
  session.push('{"event":"news","seq":')
  t.strictSame(second.sent, ['{"event":"news","seq":2}'])
})
