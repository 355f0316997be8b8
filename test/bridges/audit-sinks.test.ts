/** Receivers of audits, each against a real one on the loopback. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { test, type Test } from 'tap'
import { openFileSink, openSyslogSink } from '#bridges/audit-sinks.ts'
import { auditLine, syslogLine } from '#model/audit-line.ts'
import { someRecords } from '../support/audit-records.ts'
import { makeCertificate } from '../support/certificates.ts'
import { virtualClock } from '../support/clock.ts'

const never = new AbortController().signal

test('TCP: each message is counted and whole, and the batch is taken once the receiver has read to the end', async (t) => {
  const receiver = await aReceiver(t, createServer({ allowHalfOpen: true }))
  const records = someRecords(3)

  await sinkTo(receiver.port, 'tcp').send(records, never)

  t.strictSame(receiver.messages(), records.map(syslogLine))
  t.equal(receiver.connections(), 1)
})

test('TLS: a server that the authority vouches for gets all, any other nothing', async (t) => {
  const folder = t.testdir()
  const authority = makeCertificate({ name: 'authority' })
  const stranger = makeCertificate({ name: 'stranger' })
  const { certificatePem: cert, keyPem: key } = makeCertificate({
    name: 'siem',
    hosts: ['127.0.0.1'],
    issuer: authority,
  })
  const receiver = await aReceiver(
    t,
    createTlsServer({ cert, key, allowHalfOpen: true }),
    'secureConnection',
  )
  const files = { right: join(folder, 'right.pem'), wrong: join(folder, 'wrong.pem') }
  await writeFile(files.right, authority.certificatePem)
  await writeFile(files.wrong, stranger.certificatePem)
  const records = someRecords(2)

  await sinkTo(receiver.port, 'tls', files.right).send(records, never)
  t.strictSame(receiver.messages(), records.map(syslogLine))

  await t.rejects(sinkTo(receiver.port, 'tls', files.wrong).send(records, never), {
    code: 'CARRIER_UNREACHABLE',
  })
  t.equal(receiver.messages().length, 2)
})

test('UDP: one message a datagram', async (t) => {
  const socket = createSocket('udp4')
  t.teardown(() => socket.close())
  const got: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  socket.on('message', (message) => {
    got.push(message.toString())
    if (got.length === 2) resolve()
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const records = someRecords(2)

  await sinkTo(socket.address().port, 'udp').send(records, never)
  await promise

  t.strictSame(got, records.map(syslogLine))
})

test('a receiver that is not there, that breaks off, or that closes early has taken nothing', async (t) => {
  const closed = createServer()
  closed.listen(0, '127.0.0.1')
  await once(closed, 'listening')
  const { port } = closed.address() as AddressInfo
  await new Promise((resolve) => {
    closed.close(resolve)
  })
  const refusal = { code: 'CARRIER_UNREACHABLE', facts: { what: 'syslog' } }
  await t.rejects(sinkTo(port, 'tcp').send(someRecords(1), never), refusal)

  const breaking = await listening(
    t,
    createServer((socket) => socket.resetAndDestroy()),
  )
  await t.rejects(sinkTo(breaking, 'tcp').send(someRecords(1), never), refusal)
})

test('a receiver that never ends is given up after half a minute, and at once when the node stops', async (t) => {
  const port = await listening(
    t,
    createServer({ allowHalfOpen: true }, (socket) => void socket.resume()),
  )
  const clock = virtualClock()
  const sink = openSyslogSink({ host: '127.0.0.1', port, transport: 'tcp' }, { clock })
  const slow = t.rejects(sink.send(someRecords(1), never), { message: /too slow/ })
  await clock.whenAsleep(1)
  await clock.advance(30_000)
  await slow

  const stop = new AbortController()
  const stopped = t.rejects(sink.send(someRecords(1), stop.signal), { message: /stopped/ })
  await clock.whenAsleep(1)
  stop.abort()
  await stopped
})

test('a file gets a line for each, also after it was moved away', async (t) => {
  const file = join(t.testdir(), 'audit.jsonl')
  const [first, second] = someRecords(2)
  if (first === undefined || second === undefined) throw new Error('two were made')
  const sink = openFileSink(file)
  await sink.send([first], never)
  await rename(file, `${file}.1`)
  await sink.send([second], never)

  t.equal(await readFile(`${file}.1`, 'utf8'), `${auditLine(first)}\n`)
  t.equal(await readFile(file, 'utf8'), `${auditLine(second)}\n`)
  await t.rejects(openFileSink(join(file, 'no')).send([first], never), { code: 'STORE_FULL' })
})

test('another server is another receiver', async (t) => {
  t.not(sinkTo(1, 'tcp').name, sinkTo(2, 'tcp').name)
  t.not(sinkTo(1, 'tcp').name, sinkTo(1, 'udp').name)
})

function sinkTo(port: number, transport: 'udp' | 'tcp' | 'tls', caFile?: string) {
  return openSyslogSink({ host: '127.0.0.1', port, transport, caFile }, { clock: virtualClock() })
}

/** A receiver that reads counted messages to the end and then closes, as syslog servers do. */
async function aReceiver(t: Test, server: Server, event = 'connection') {
  let [text, connections] = ['', 0]
  server.on('tlsClientError', () => undefined)
  server.on(event, (socket: Socket) => {
    connections += 1
    socket.on('data', (data) => {
      text += data.toString()
    })
    socket.on('end', () => socket.end())
    socket.on('error', () => undefined)
  })
  return {
    port: await listening(t, server),
    connections: () => connections,
    messages: () => counted(text),
  }
}

async function listening(t: Test, server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** RFC 6587 §3.4.1. */
function counted(text: string): readonly string[] {
  const messages: string[] = []
  for (let rest = text; rest !== '';) {
    const [, length = '0'] = /^(\d+) /.exec(rest) ?? []
    const from = length.length + 1
    messages.push(rest.slice(from, from + Number(length)))
    rest = rest.slice(from + Number(length))
  }
  return messages
}
