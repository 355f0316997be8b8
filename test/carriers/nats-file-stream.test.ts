import { test } from 'tap'
import { fileStreamConfig } from '#carriers/nats-provision.ts'
import { handOver, parcel, textOf } from '../support/carrier-side.ts'
import {
  hub,
  natsOptions,
  openNatsNode,
  rawNats,
  whenFilesReady,
  type NatsNode,
} from '../support/nats-node.ts'
import { startNatsServer, withoutNatsServer } from '../support/nats-server.ts'

const FILE = '00000000000000a1'
const never = new AbortController().signal
const real = { skip: withoutNatsServer, timeout: 20_000 }

test(
  'the stream for pieces of files is made and mended, and the node hears no word of it',
  real,
  async (t) => {
    await using server = await startNatsServer()
    const first = await openNatsNode(server.url, { fileStreamBytesMax: 1_000_000 })
    await first.nextContact(true)
    await whenFilesReady(first)
    await first.carrier[Symbol.asyncDispose]()

    await using second = await openNatsNode(server.url, {}, first.store)
    await second.log.when('nats.stream-mended', ({ stream }) => stream === 'a-f')
    t.equal((await second.nextContact(true)).mayHaveForgotten, false)
    await using raw = await rawNats(server.url)
    t.match(await raw.streamInfo('a-f'), { config: fileStreamConfig(natsOptions('')) })

    await raw.request('$JS.API.STREAM.DELETE.a-f')
    t.equal(await handOver(second, hub, parcel('piece', { file: FILE })), 'departed')
    t.equal(await handOver(second, hub, parcel('a message', { number: 1 })), 'departed')
    t.equal(timesMade(second, 'a-f'), 1)
    t.equal(timesMade(second, 'a'), 0)
    t.equal(second.contacts.length, 1)
  },
)

test(
  'nothing waits for the stream of pieces: where it cannot be made, that is an alarm',
  real,
  async (t) => {
    await using server = await startNatsServer({
      config: 'jetstream { store_dir: "jetstream", max_file_store: 60000000 }',
    })
    await using alpha = await openNatsNode(server.url)
    await using bravo = await openNatsNode(server.url, { nodeNumber: 2, provision: false })
    await Promise.all([alpha.nextContact(true), bravo.nextContact(true)])

    const piece = alpha.carrier.send(hub, parcel('piece', { file: FILE }), never)
    t.equal(await alpha.carrier.send(hub, parcel('a message', { number: 1 }), never), 'departed')
    const { level, facts } = await alpha.log.when('nats.stream-unfit')
    t.match({ level, ...facts }, { level: 'error', stream: 'a-f', code: 10_047 })
    t.equal(await piece, 'departed')

    t.equal(textOf(await bravo.nextArrival()), 'a message')
    t.equal(textOf(await bravo.nextArrival()), 'piece', 'it lies among all else')
  },
)

test('a node that makes no streams asks for none', real, async (t) => {
  await using server = await startNatsServer()
  await using kit = await openNatsNode(server.url, { provision: false })
  await kit.nextContact(true)
  const stop = new AbortController()
  const piece = t.rejects(kit.carrier.send(hub, parcel('piece', { file: FILE }), stop.signal))
  t.match(await kit.log.when('nats.refused'), { facts: { code: 503 } })
  stop.abort()
  await piece

  await using raw = await rawNats(server.url)
  t.match(await raw.streamInfo('a-f'), { error: { err_code: 10_059 } })
})

/** How often this node has made a stream. */
function timesMade({ log }: NatsNode, stream: string): number {
  return log.named('nats.stream-made').filter(({ facts }) => facts.stream === stream).length
}
