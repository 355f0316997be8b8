/**
 * What a node can do at a real server with the permissions we give out and certificates of our own authority, and
 * what a captured one cannot.
 */
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { test } from 'tap'
import { accountsBlock, certificateSubjectOf, permissionsOf } from '#carriers/nats-permissions.ts'
import { carrierContract, type CarrierRig } from '../contracts/carrier.ts'
import { shelfContract } from '../contracts/shelf.ts'
import { fetchAll, handOver, keepAccepting, parcel, textOf } from '../support/carrier-side.ts'
import { hub, whenFilesReady, type NatsNode } from '../support/nats-node.ts'
import { withoutNatsServer } from '../support/nats-server.ts'
import { member, openSite, type NatsSite } from '../support/nats-site.ts'
import { certified } from '../support/tls.ts'
import { startRelay } from '../support/relay.ts'

const real = { skip: withoutNatsServer, timeout: 30_000 }
const OWN = { OWN: [member(1), member(2), member(3)] }
const FILE = '00000000000000a1'

test('a node gets its own subjects, and the one who makes the streams three more of each', async (t) => {
  t.strictSame(permissionsOf({ workspace: 'a', nodeNumber: 37, provision: false }), {
    publish: [
      'a.*.11.*',
      '$JS.API.DIRECT.GET.a',
      '$JS.API.DIRECT.GET.a.a.*.11.*',
      'a-f.*.11.*',
      '$JS.API.DIRECT.GET.a-f',
      '$JS.API.DIRECT.GET.a-f.a-f.*.11.*',
    ],
    subscribe: ['a.*.*.*', 'r.11.*'],
  })
  const { publish } = permissionsOf({ workspace: 'a', nodeNumber: 1, provision: true })
  t.strictSame(
    publish.filter((subject) => subject.startsWith('$JS.API.STREAM.')),
    ['a', 'a-f'].flatMap((stream) =>
      ['INFO', 'CREATE', 'UPDATE'].map((verb) => `$JS.API.STREAM.${verb}.${stream}`),
    ),
  )
  t.equal(certificateSubjectOf({ nodeNumber: 37 }), 'CN=11')
  t.match(accountsBlock({ account: 'OWN', workspace: 'a', users: [member(2)] }), '{ user: "CN=2",')
})

if (withoutNatsServer === false) {
  carrierContract('nats with permissions', openPair)
  shelfContract('nats with permissions', openPair)
}

test('nodes do all that they do without one word of complaint from the server', real, async (t) => {
  await using site = await openSite(OWN)
  await using alpha = await site.open(1)
  await alpha.log.when('nats.caught-up')
  for (const number of [0, 1, 2, 3, 4, 5])
    // oxlint-disable-next-line no-await-in-loop -- one after another
    t.equal(await handOver(alpha, hub, parcel(`early ${number}`, { number })), 'departed')
  await using bravo = await site.open(2)
  for (const number of [0, 1, 2, 3, 4, 5])
    // oxlint-disable-next-line no-await-in-loop -- one after another
    t.equal(textOf(await bravo.nextArrival()), `early ${number}`)
  t.equal(await handOver(bravo, hub, parcel('live', { lane: 'flash' })), 'departed')
  t.equal(await handOver(bravo, hub, parcel('live', { lane: 'flash' })), 'departed', 'read back')
  t.equal(textOf(await alpha.nextArrival()), 'live')
  t.equal(await handOver(bravo, hub, parcel('piece', { file: FILE, number: 1 })), 'departed')
  void keepAccepting(alpha)
  await fetchAll(alpha, hub, FILE)
  t.equal(alpha.arrivals.map(textOf).at(-1), 'piece')

  for (const node of [alpha, bravo]) {
    t.strictSame(node.log.named('nats.server-error'), [])
    t.strictSame(node.log.named('nats.listening-refused'), [])
  }
})

test('a captured node publishes only as itself', real, async (t) => {
  await using site = await openSite({ OWN: [member(1), member(2)], PARTNER: [member(4, 'b')] })
  await using alpha = await site.open(1)
  await alpha.log.when('nats.caught-up')
  await whenFilesReady(alpha)
  await using captured = await login(site, 2)

  t.match(await captured.ask('a.3.2.own0', 'as itself'), { stream: 'a' })
  t.match(await captured.ask('a-f.AAAAAA.2.own0', 'as itself'), { stream: 'a-f' })
  const pieces = ['a-f.AAAAAA.1.forged', 'a-f.AAAAAA.9.nobody', 'b-f.AAAAAA.2.other', 'a-f.1.1.x.y']
  for (const subject of [
    'a.3.1.forged',
    'a.3.9.nobody',
    'b.3.2.other',
    'r.1.token',
    'x',
    ...pieces,
  ])
    // oxlint-disable-next-line no-await-in-loop -- one after another
    t.match(await captured.ask(subject, 'forged'), /permissions violation/i, subject)
  t.equal(textOf(await alpha.nextArrival()), 'as itself')
  t.equal(alpha.arrivals.length, 1)
})

test(
  'a captured node hears its workspace and its own answers, and nothing else',
  real,
  async (t) => {
    await using site = await openSite({ OWN: [member(1), member(2)], PARTNER: [member(4, 'b')] })
    await using captured = await login(site, 2)

    const pieces = ['a-f.>', 'a-f.*.*.*', 'a-f.AAAAAA.*.*', '*.*.*.*', 'b-f.*.*.*']
    const others = ['>', 'b.*.*.*', 'r.1.*', 'r.*.*', '$SYS.>', '$JS.>', '_INBOX.>', 'a.>']
    for (const subject of [...others, ...pieces])
      // oxlint-disable-next-line no-await-in-loop -- one after another
      t.match(await captured.listen(subject), /permissions violation/i, subject)
    t.equal(await captured.listen('a.*.*.*'), undefined)
  },
)

test(
  'a captured node can list, change, purge and delete nothing, not even read by a consumer',
  real,
  async (t) => {
    await using site = await openSite(OWN)
    await using alpha = await site.open(1)
    await handOver(alpha, hub, parcel('kept'))
    await using captured = await login(site, 2)

    const calls = ['STREAM.NAMES', 'STREAM.LIST', 'INFO']
    const onStream = [
      'INFO',
      'DELETE',
      'PURGE',
      'UPDATE',
      'CREATE',
      'MSG.DELETE',
      'MSG.GET',
      'SNAPSHOT',
    ]
    const onEach = ['a', 'a-f'].flatMap((stream) => [
      ...onStream.map((verb) => `STREAM.${verb}.${stream}`),
      `CONSUMER.CREATE.${stream}`,
      `CONSUMER.DURABLE.CREATE.${stream}.x`,
      `CONSUMER.LIST.${stream}`,
    ])
    const all = [...calls, ...onEach, 'STREAM.CREATE.a-g', 'DIRECT.GET.a-f.a-f.AAAAAA.1.ep0c10']
    for (const call of all)
      // oxlint-disable-next-line no-await-in-loop -- one after another
      t.match(await captured.ask(`$JS.API.${call}`, '{}'), /permissions violation/i, call)
    t.match(await captured.ask('$JS.API.DIRECT.GET.a.a.3.1.ep0c10', ''), /permissions violation/i)
    await using bravo = await site.open(3)
    t.equal(textOf(await bravo.nextArrival()), 'kept')
  },
)

test(
  'even the node that makes the streams cannot purge them, nor delete what stands in them',
  real,
  async (t) => {
    await using site = await openSite(OWN)
    await using alpha = await site.open(1)
    await alpha.log.when('nats.caught-up')
    await using captured = await login(site, 1)

    const verbs = ['PURGE', 'DELETE', 'MSG.DELETE']
    for (const call of ['a', 'a-f'].flatMap((stream) => verbs.map((verb) => `${verb}.${stream}`)))
      // oxlint-disable-next-line no-await-in-loop -- one after another
      t.match(await captured.ask(`$JS.API.STREAM.${call}`, '{}'), /permissions violation/i, call)
  },
)

test('a partner in an account of its own sees and reaches nothing of ours', real, async (t) => {
  await using site = await openSite({ OWN: [member(1), member(2)], PARTNER: [member(4)] })
  await using alpha = await site.open(1)
  await handOver(alpha, hub, parcel('ours'))
  await using partner = await login(site, 4)

  t.match(await partner.ask('a.3.4.theirs', 'x'), /no responders|503/i, 'no stream of theirs')
  t.equal(await partner.listen('a.*.*.*'), undefined)
  partner.put('a.3.4.trick', 'x', 'a.3.1.ep0c11')
  await partner.flush()
  t.equal(await handOver(alpha, hub, parcel('next', { number: 1 })), 'departed')
  await partner.flush()
  t.strictSame(partner.heard(), ['a.3.4.trick'], 'it hears itself alone')
  t.strictSame(alpha.log.named('nats.subject-foreign'), [])
})

test(
  'an unlisted node, another authority, and an authority of a captured kit get in nowhere',
  real,
  async (t) => {
    await using site = await openSite(OWN)
    const rogue = await certified()
    const { kit } = site.organisation

    for (const [who, issuer] of [
      [9, undefined],
      [1, rogue.ca],
      [1, kit],
    ] as const)
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await t.rejects(connect(await site.access(who, issuer)))
    await t.rejects(connect({ servers: site.url, reconnect: false, timeout: 2_000 }))
    const sound = await connect(await site.access(1))
    t.equal(sound.isClosed(), false)
    await sound.close()
  },
)

test(
  'who is taken out of the list is cut off at once and stays out; the others stay in',
  real,
  async (t) => {
    await using site = await openSite(OWN)
    await using alpha = await site.open(1)
    await using bravo = await site.open(2)
    await bravo.nextContact(true)
    await alpha.nextContact(true)
    const [lost, refused] = [bravo.nextContact(false), bravo.log.when('nats.dial-failed')]

    await site.relist({ OWN: [member(1), member(3)] })

    t.equal((await lost).isUp, false)
    t.match(await refused, { facts: { reason: /authorization/i } })
    t.equal(await handOver(alpha, hub, parcel('still here')), 'departed')
    t.equal(
      alpha.contacts.every(({ isUp }) => isUp),
      true,
    )
  },
)

test(
  'a captured node writes under the next number of another by a reply subject: alarm, and the next number works',
  real,
  async (t) => {
    await using site = await openSite(OWN)
    await using alpha = await site.open(1)
    await using bravo = await site.open(3)
    await alpha.log.when('nats.caught-up')
    await bravo.log.when('nats.caught-up')
    t.equal(await handOver(alpha, hub, parcel('first', { number: 0 })), 'departed')
    t.equal(textOf(await bravo.nextArrival()), 'first')
    await using captured = await login(site, 2)

    captured.put('a.3.2.bait', 'bait', 'a.3.1.ep0c11')
    await captured.flush()
    const heard = [textOf(await bravo.nextArrival()), textOf(await bravo.nextArrival())].toSorted()
    t.equal(heard[0], 'bait')
    t.match(heard[1], /"seq":/, 'the answer stands under the name of alpha')

    await t.rejects(handOver(alpha, hub, parcel('the real one', { number: 1 })), {
      code: 'ALREADY_EXISTS',
    })
    t.match(alpha.log.named('nats.subject-foreign'), [
      { level: 'error', facts: { subject: 'a.3.1.ep0c11' } },
    ])
    t.equal(await handOver(alpha, hub, parcel('the real one', { number: 2 })), 'departed')
    t.equal(textOf(await bravo.nextArrival()), 'the real one')
  },
)

/** Somebody who has a node's certificate and uses it without our carrier. */
interface Captured extends AsyncDisposable {
  /** The answer as JSON, or what the server said against it. */
  readonly ask: (subject: string, text: string) => Promise<unknown>
  /** What the server said against it, or undefined. */
  readonly listen: (subject: string) => Promise<string | undefined>
  /** Subjects of all messages that came to `listen`. */
  readonly heard: () => readonly string[]
  readonly put: (subject: string, text: string, reply: string) => void
  readonly flush: () => Promise<void>
}

async function login(site: NatsSite, nodeNumber: number): Promise<Captured> {
  const connection = await connect(await site.access(nodeNumber))
  const said = complaints(connection)
  const heard: string[] = []
  let count = 0
  return {
    heard: () => heard,
    ask: async (subject, text) => {
      const reply = `r.${nodeNumber}.t${(count += 1)}`
      const { promise, resolve } = Promise.withResolvers<unknown>()
      connection.subscribe(reply, {
        max: 1,
        callback: (error, message) =>
          resolve(
            error ??
              (message.headers?.code === 503 ? '503 no responders' : message.json<unknown>()),
          ),
      })
      connection.publish(subject, text, { reply })
      return Promise.race([promise, said(subject)])
    },
    listen: async (subject) => {
      connection.subscribe(subject, {
        callback: (error, message) => void (error === null && heard.push(message.subject)),
      })
      const outcome = Promise.race([
        said(subject),
        connection.flush().then(() => connection.flush()),
      ])
      const complaint = await outcome
      return complaint ?? undefined
    },
    put: (subject, text, reply) => connection.publish(subject, text, { reply }),
    flush: () => connection.flush(),
    [Symbol.asyncDispose]: () => connection.close(),
  }
}

/** Resolves with the server's words about a subject. */
function complaints(connection: NatsConnection): (subject: string) => Promise<string> {
  const heard: string[] = []
  let change = Promise.withResolvers<void>()
  const follow = async (): Promise<void> => {
    for await (const status of connection.status()) {
      if (status.type !== 'error') continue
      heard.push(status.error.message)
      change.resolve()
      change = Promise.withResolvers()
    }
  }
  void follow()
  return async (subject) => {
    for (;;) {
      const found = heard.find((words) => words.includes(`"${subject}"`))
      if (found !== undefined) return found
      // oxlint-disable-next-line no-await-in-loop -- until it has come
      await change.promise
    }
  }
}

/** The pair of the contract, with a cable between them and the server that can be cut. */
async function openPair(): Promise<CarrierRig> {
  const site = await openSite(OWN)
  const relay = await startRelay(site.server.port)
  const servers = [`tls://127.0.0.1:${relay.port}`]
  const alpha = await site.open(1, { servers })
  await alpha.log.when('nats.stream-made')
  const openBravo = (store?: NatsNode['store']): Promise<NatsNode> =>
    site.open(2, { servers }, store)
  let bravo = await openBravo()
  return {
    alpha,
    bravo,
    toBravo: hub,
    cut: async () => relay.cut(),
    heal: async () => relay.heal(),
    reopenBravo: async () => {
      await bravo.carrier[Symbol.asyncDispose]()
      bravo = await openBravo(bravo.store)
      return bravo
    },
    [Symbol.asyncDispose]: async () => {
      await alpha.carrier[Symbol.asyncDispose]()
      await bravo.carrier[Symbol.asyncDispose]()
      await relay[Symbol.asyncDispose]()
      await site[Symbol.asyncDispose]()
    },
  }
}
