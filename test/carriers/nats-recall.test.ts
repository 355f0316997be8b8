/** What the post office forgot: restarts, wiped stores and power losses of a real server. */
import { cp, rm } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'tap'
import { accept, handOver, parcel, textOf, type CarrierSide } from '../support/carrier-side.ts'
import { hub, openNatsNode, type NatsNode } from '../support/nats-node.ts'
import { startNatsServer, withoutNatsServer, type NatsServer } from '../support/nats-server.ts'

const real = { skip: withoutNatsServer, timeout: 30_000 }

test(
  'a killed server that comes back has forgotten nothing, and nothing comes twice',
  real,
  async (t) => {
    await using server = await startNatsServer()
    await using alpha = await openNatsNode(server.url)
    await using bravo = await openBravo(server)
    await pass(alpha, bravo, ['one', 'two'])

    await server.kill()
    await Promise.all([alpha.nextContact(false), bravo.nextContact(false)])
    await server.start()
    const again = await Promise.all([alpha.nextContact(true), bravo.nextContact(true)])
    await pass(alpha, bravo, ['three'], 2)

    t.strictSame(
      again.map(({ mayHaveForgotten }) => mayHaveForgotten),
      [false, false],
    )
    t.strictSame(bravo.arrivals.map(textOf), ['one', 'two', 'three'])
  },
)

test('a wiped server is told from the one before, and works on', real, async (t) => {
  await using server = await startNatsServer()
  await using alpha = await openNatsNode(server.url)
  await using bravo = await openBravo(server)
  await pass(alpha, bravo, ['one', 'two', 'three'])

  await server.kill()
  await Promise.all([alpha.nextContact(false), bravo.nextContact(false)])
  await server.wipe()
  await server.start()
  const [contact] = await Promise.all([alpha.nextContact(true), bravo.nextContact(true)])
  await pass(alpha, bravo, ['four'], 3)

  t.equal(contact.mayHaveForgotten, true)
  t.equal(bravo.arrivals.map(textOf).at(-1), 'four')
})

test(
  'a new stream that has grown beyond the old cursor is read from its beginning',
  real,
  async (t) => {
    await using server = await startNatsServer()
    const alpha = await openNatsNode(server.url)
    const bravo = await openBravo(server)
    await pass(alpha, bravo, ['one', 'two'])
    await bravo.carrier[Symbol.asyncDispose]()
    await alpha.carrier[Symbol.asyncDispose]()

    await server.stop()
    await server.wipe()
    await server.start()
    await using charlie = await openNatsNode(server.url, { nodeNumber: 3 })
    const texts = Array.from({ length: 6 }, (_, number) => `new ${number}`)
    for (const [number, text] of texts.entries())
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await handOver(charlie, hub, parcel(text, { number }))
    await using again = await openBravo(server, bravo)
    for (const text of texts) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const arrival = await again.nextArrival()
      t.equal(textOf(arrival), text)
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await accept(again, arrival)
    }
  },
)

test(
  'a power loss that took the newest part: told so, and what took its numbers is not missed',
  real,
  async (t) => {
    await using server = await startNatsServer()
    const alpha = await openNatsNode(server.url)
    const bravo = await openBravo(server)
    await pass(alpha, bravo, ['one', 'two'])
    await server.stop()
    const store = path.join(server.folder, 'jetstream')
    await cp(store, `${store}.before`, { recursive: true })
    await server.start()
    await Promise.all([alpha.nextContact(false), bravo.nextContact(false)])
    await pass(alpha, bravo, ['lost later'], 2)
    await alpha.carrier[Symbol.asyncDispose]()
    await bravo.carrier[Symbol.asyncDispose]()

    await server.kill()
    await rm(store, { recursive: true })
    await cp(`${store}.before`, store, { recursive: true })
    await server.start()
    await using charlie = await openNatsNode(server.url, { nodeNumber: 3 })
    await handOver(charlie, hub, parcel('in its place'))
    await using bravoAgain = await openBravo(server, bravo)
    await using alphaAgain = await openNatsNode(server.url, {}, alpha.store)
    const arrival = await bravoAgain.nextArrival()

    t.equal(textOf(arrival), 'in its place')
    t.equal((await alphaAgain.nextContact(true)).mayHaveForgotten, true)
    t.equal(await handOver(alphaAgain, hub, parcel('lost later', { number: 2 })), 'departed')
  },
)

test(
  'that the post office may have forgotten is told again after a crash of the node',
  real,
  async (t) => {
    await using server = await startNatsServer()
    const alpha = await openNatsNode(server.url)
    const bravo = await openBravo(server)
    await pass(alpha, bravo, ['one'])
    await alpha.carrier[Symbol.asyncDispose]()
    await bravo.carrier[Symbol.asyncDispose]()
    await server.kill()
    await server.wipe()
    await server.start()

    const crashed = await openNatsNode(server.url, {}, alpha.store)
    const first = await crashed.nextContact(true)
    const disk = await alpha.store.get('carrier/nats/place/a')
    await crashed.carrier[Symbol.asyncDispose]()
    await alpha.store.write([{ key: 'carrier/nats/place/a', value: disk }])
    await using again = await openNatsNode(server.url, {}, alpha.store)

    t.equal(first.mayHaveForgotten, true)
    t.equal((await again.nextContact(true)).mayHaveForgotten, true)
  },
)

function openBravo(server: NatsServer, before?: NatsNode): Promise<NatsNode> {
  return openNatsNode(server.url, { nodeNumber: 2, provision: false }, before?.store)
}

/** Gets texts from one node to the other, one after the other. */
async function pass(
  from: CarrierSide,
  to: CarrierSide,
  texts: readonly string[],
  firstNumber = 0,
): Promise<void> {
  for (const [at, text] of texts.entries()) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await handOver(from, hub, parcel(text, { number: firstNumber + at }))
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    for (let seen = ''; seen !== text;) seen = await take(to)
  }
}

async function take(side: CarrierSide): Promise<string> {
  const arrival = await side.nextArrival()
  await accept(side, arrival)
  return textOf(arrival)
}
