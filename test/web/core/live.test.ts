import { test } from 'tap'
import { createLive, waitMs, type SocketEvents } from '#web/core/live.ts'

/** A stream whose sockets and clock are in the test's hands. */
function aStream() {
  const sockets: { query: string; events: SocketEvents; sent: string[]; isClosed: boolean }[] = []
  const timers: [ms: number, job: () => void][] = []
  const heard: string[] = []
  const live = createLive({
    open: (query, events) => {
      const one = { query, events, sent: [] as string[], isClosed: false }
      sockets.push(one)
      return {
        send: (text) => one.sent.push(text),
        close: () => {
          one.isClosed = true
        },
      }
    },
    after: (ms, then) => {
      const timer: [number, () => void] = [ms, then]
      timers.push(timer)
      return () => void timers.splice(timers.indexOf(timer) >>> 0, 1)
    },
    chance: () => 1,
    onEvent: ({ name }) => heard.push(name),
    onHere: (isResumed) => heard.push(isResumed ? 'resumed' : 'new'),
    onAway: () => heard.push('away'),
    onSignedOut: () => heard.push('signed out'),
  })
  const last = () => {
    const socket = sockets.at(-1)
    if (socket === undefined) throw new Error('no socket')
    return socket
  }
  const receive = (frame: object) => last().events.received(JSON.stringify(frame))
  const hello = (id: string) => receive({ event: 'hello', data: { connection_id: id }, seq: 0 })
  const wait = () => timers.splice(0).forEach(([, job]) => job())
  return { live, sockets, timers, heard, last, receive, hello, wait }
}

test('who is signed out by the node hears so, and not from a stream that merely breaks', async (t) => {
  const stream = aStream()
  stream.live.start()
  stream.hello('c')
  stream.last().events.closed('going away')
  t.strictSame(stream.heard, ['new', 'away'])
  stream.wait()
  stream.last().events.closed('signed out')
  t.strictSame(stream.heard.slice(2), ['signed out', 'away'])
})

test('a stream begins with a greeting and is resumed where it broke', async (t) => {
  const stream = aStream()
  stream.live.start()
  stream.last().events.opened()
  stream.hello('c')
  stream.receive({ event: 'posted', data: {}, seq: 1 })
  stream.last().events.closed('')
  stream.wait()

  t.equal(stream.last().query, 'connection_id=c&sequence_number=2')
  stream.last().events.opened()
  stream.receive({ status: 'OK', seq_reply: 2 })
  t.strictSame(stream.heard, ['new', 'posted', 'away', 'resumed'])
})

test('what was missed comes before anything else and says that nothing is lost', async (t) => {
  const stream = aStream()
  stream.live.start()
  stream.hello('c')
  stream.last().events.closed('')
  stream.wait()
  stream.receive({ event: 'typing', data: {}, seq: 1 })

  t.strictSame(stream.heard, ['new', 'away', 'resumed', 'typing'])
})

test('a gap in the numbers begins a new stream', async (t) => {
  const stream = aStream()
  stream.live.start()
  stream.hello('c')
  stream.receive({ event: 'posted', data: {}, seq: 2 })

  t.ok(stream.last().isClosed)
  stream.wait()
  t.equal(stream.last().query, 'connection_id=&sequence_number=0')
  t.notOk(stream.heard.includes('posted'))
})

test('a ping without an answer ends the socket, one with an answer does not', async (t) => {
  const stream = aStream()
  stream.live.start()
  stream.last().events.opened()
  stream.hello('c')
  stream.receive({ status: 'OK', seq_reply: 1 })
  stream.wait()
  t.notOk(stream.last().isClosed)
  stream.wait()
  t.ok(stream.last().isClosed)
})

test('waits grow up to a bound, and a network that is back ends them', async (t) => {
  t.strictSame([waitMs(0, 1), waitMs(1, 1), waitMs(50, 1), waitMs(50, 0)], [1e3, 2e3, 3e4, 15e3])
  const stream = aStream()
  stream.live.start()
  stream.last().events.closed('')
  stream.live.hurry()
  t.equal(stream.sockets.length, 2)
  t.strictSame(stream.timers, [])
})

test('a stopped stream stays away', async (t) => {
  const stream = aStream()
  stream.live.start()
  stream.live.stop()
  stream.last().events.closed('')
  stream.live.hurry()

  t.equal(stream.sockets.length, 1)
})
