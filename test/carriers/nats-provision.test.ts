import { test } from 'tap'
import { fileStreamConfig, streamConfig } from '#carriers/nats-provision.ts'
import { handOver, parcel } from '../support/carrier-side.ts'
import { hub, natsOptions, openNatsNode, rawNats, type NatsNode } from '../support/nats-node.ts'
import { startNatsServer, withoutNatsServer } from '../support/nats-server.ts'

const never = new AbortController().signal
const real = { skip: withoutNatsServer, timeout: 20_000 }

test('the stream is made as it must be, and told to be new', real, async (t) => {
  await using server = await startNatsServer()
  await using alpha = await openNatsNode(server.url)

  t.equal((await alpha.nextContact(true)).mayHaveForgotten, true)
  await using raw = await rawNats(server.url)
  t.match(await raw.streamInfo(), { config: streamConfig(natsOptions('')) })
})

test('a stream with other settings is mended, and keeps what it has', real, async (t) => {
  await using server = await startNatsServer()
  const first = await openNatsNode(server.url, { streamBytesMax: 1_000_000 })
  await first.nextContact(true)
  await first.carrier.send(hub, parcel('kept'), never)
  await first.carrier[Symbol.asyncDispose]()

  await using second = await openNatsNode(server.url, { streamBytesMax: 2_000_000 }, first.store)
  await second.log.when('nats.stream-mended')

  t.equal((await second.nextContact(true)).mayHaveForgotten, false)
  await using raw = await rawNats(server.url)
  t.match(await raw.streamInfo(), { config: { max_bytes: 2_000_000 }, state: { messages: 1 } })
})

test('a stream that cannot be mended is an alarm and no contact', real, async (t) => {
  await using server = await startNatsServer()
  await using raw = await rawNats(server.url)
  await raw.request('$JS.API.STREAM.CREATE.a', {
    name: 'a',
    subjects: ['a.*.*.*'],
    storage: 'memory',
  })
  await using alpha = await openNatsNode(server.url)

  t.match(await alpha.log.when('nats.stream-unfit'), { level: 'error', facts: { stream: 'a' } })
  t.equal(alpha.contacts.length, 0)
})

test('a server without JetStream is an alarm and no contact', real, async (t) => {
  await using server = await startNatsServer({ config: 'jetstream: disabled' })
  await using alpha = await openNatsNode(server.url)

  t.match(await alpha.log.when('nats.stream-unfit'), { level: 'error' })
  t.equal(alpha.contacts.length, 0)
})

test(
  'a stream deleted under a live line is made again, and a new contact tells of it',
  real,
  async (t) => {
    await using server = await startNatsServer()
    await using alpha = await openNatsNode(server.url)
    await alpha.nextContact(true)
    for (let number = 0; number < 3; number += 1)
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await alpha.carrier.send(hub, parcel('before', { number }), never)
    await using raw = await rawNats(server.url)
    await raw.request('$JS.API.STREAM.DELETE.a')

    t.equal(await handOver(alpha, hub, parcel('after', { number: 3 })), 'departed')
    t.equal(timesMade(alpha, 'a'), 2)
    t.strictSame(
      alpha.contacts.map(({ isUp, mayHaveForgotten }) => [isUp, mayHaveForgotten]),
      [
        [true, true],
        [false, false],
        [true, true],
      ],
    )
  },
)

test('a stream that was deleted while others listen is made again', real, async (t) => {
  await using server = await startNatsServer()
  await using alpha = await openNatsNode(server.url)
  await using bravo = await openNatsNode(server.url, { nodeNumber: 2, provision: false })
  await Promise.all([alpha.nextContact(true), bravo.nextContact(true)])
  await using raw = await rawNats(server.url)
  await raw.request('$JS.API.STREAM.DELETE.a')

  // Whoever listens is somebody there: the server does not say that no stream took it.
  t.equal(await handOver(alpha, hub, parcel('after', { number: 0 })), 'departed')
  t.equal(timesMade(alpha, 'a'), 2)
})

test('a stream made anew by somebody else is found out by our own next parcel', real, async (t) => {
  await using server = await startNatsServer()
  await using alpha = await openNatsNode(server.url)
  await using bravo = await openNatsNode(server.url, { nodeNumber: 2, provision: false })
  await Promise.all([alpha.nextContact(true), bravo.nextContact(true)])
  for (let number = 0; number < 3; number += 1)
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await bravo.carrier.send(hub, parcel(`before ${number}`, { number }), never)
  await using raw = await rawNats(server.url)
  await raw.request('$JS.API.STREAM.DELETE.a')
  await raw.request('$JS.API.STREAM.CREATE.a', streamConfig(alpha.options))

  await bravo.carrier.send(hub, parcel('after', { number: 3 }), never)
  await bravo.nextContact(false)

  t.match(await bravo.nextContact(true), { mayHaveForgotten: true })
})

test('what the stream is asked for is what the design says', async (t) => {
  t.match(streamConfig(natsOptions('', { streamAgeMaxMs: 1_000, streamReplicas: 3 })), {
    name: 'a',
    subjects: ['a.*.*.*'],
    discard: 'new',
    max_msgs_per_subject: 1,
    discard_new_per_subject: true,
    deny_delete: true,
    deny_purge: true,
    allow_direct: true,
    max_age: 1_000_000_000,
    num_replicas: 3,
  })
})

test('the stream of pieces lets the oldest go, and takes what is repeated for new', async (t) => {
  const config = fileStreamConfig(natsOptions('', { fileStreamBytesMax: 5_000, streamReplicas: 3 }))
  t.match(config, {
    name: 'a-f',
    subjects: ['a-f.*.*.*'],
    discard: 'old',
    max_bytes: 5_000,
    max_msgs_per_subject: 1,
    deny_delete: true,
    deny_purge: true,
    allow_direct: true,
    num_replicas: 3,
  })
  t.equal('discard_new_per_subject' in config, false)
})

/** How often this node has made a stream. */
function timesMade({ log }: NatsNode, stream: string): number {
  return log.named('nats.stream-made').filter(({ facts }) => facts.stream === stream).length
}
