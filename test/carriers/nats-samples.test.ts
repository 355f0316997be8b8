/** The sample server files in edge-config/nats: a real server takes them, and the hub's does what it says. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import type { NatsOptions } from '#carriers/nats-options.ts'
import { permissionsOf, type NatsPermissions } from '#carriers/nats-permissions.ts'
import { makeCertificate, writeCertificate, type Certificate } from '../support/certificates.ts'
import { fetchAll, handOver, keepAccepting, parcel, textOf } from '../support/carrier-side.ts'
import { hub, openNatsNode, rawNats, type NatsNode } from '../support/nats-node.ts'
import {
  natsConfigFault,
  startNatsServer,
  withoutNatsServer,
  type NatsServer,
} from '../support/nats-server.ts'

const SAMPLES = path.resolve(import.meta.dirname, '../../edge-config/nats')
const real = { skip: withoutNatsServer, timeout: 20_000 }
const ca = makeCertificate({ name: 'Holdfast test authority' })

test('a real server takes every sample file', real, async (t) => {
  const folder = await aSite()
  t.teardown(() => rm(folder, { recursive: true }))
  const names = await readdir(SAMPLES)

  t.strictSame(names.toSorted(), ['cluster.conf', 'hub.conf', 'leaf.conf'])
  for (const name of names)
    t.equal(natsConfigFault(path.join(SAMPLES, name), folder, { NATS_NAME: 'hub1' }), undefined)
})

test(
  "the hub's file: nodes log in by certificate, provision, send, hear and catch up over TLS",
  real,
  async (t) => {
    await using server = await startHub()
    await using alpha = await openNode(server, '1', { provision: true })
    await alpha.log.when('nats.caught-up')
    t.equal(await handOver(alpha, hub, parcel('before bravo came')), 'departed')
    await using bravo = await openNode(server, '2', { nodeNumber: 2, provision: false })

    t.equal(textOf(await bravo.nextArrival()), 'before bravo came')
    await bravo.log.when('nats.caught-up')
    t.equal(await handOver(bravo, hub, parcel('over TLS')), 'departed')
    t.equal(textOf(await alpha.nextArrival()), 'over TLS')
    t.equal(await handOver(bravo, hub, parcel('over TLS')), 'departed', 'and reads its own back')
    t.strictSame(bravo.log.named('nats.server-error'), [])
  },
)

test('the samples give each node exactly what the carrier needs', async (t) => {
  const nodes = [
    permissionsOf({ workspace: 'a', nodeNumber: 1, provision: true }),
    permissionsOf({ workspace: 'a', nodeNumber: 2, provision: false }),
  ]
  for (const name of ['hub.conf', 'cluster.conf'])
    // oxlint-disable-next-line no-await-in-loop -- one after another
    t.strictSame(allowed(await readFile(path.join(SAMPLES, name), 'utf8')), nodes, name)
  const leaf = await readFile(path.join(SAMPLES, 'leaf.conf'), 'utf8')
  t.strictSame(allowed(leaf.replaceAll('$JS.hub.API', '$JS.API')), nodes.slice(1))
})

test("the hub's file: a kit cannot write as another node", real, async (t) => {
  await using server = await startHub()
  await using alpha = await openNode(server, '1', { provision: true })
  await alpha.nextContact(true)
  await using liar = await openNode(server, '2', { nodeNumber: 3, provision: false })

  const refused = await liar.log.when('nats.server-error')
  t.match(refused.facts.reason, /permissions violation/i)
})

test("the hub's file: strangers stay outside", real, async (t) => {
  await using server = await startHub()
  const rogue = makeCertificate({ name: 'Holdfast test authority' })
  await using unlisted = await openNode(server, '9', { nodeNumber: 9 })
  await using forged = await openNode(server, '1', {}, rogue)

  await unlisted.log.when('nats.dial-failed')
  await forged.log.when('nats.dial-failed')
  await t.rejects(rawNats(server.url, { timeout: 2_000 }))

  t.equal(unlisted.contacts.length + forged.contacts.length, 0)
})

test('a server without TLS, or of another authority, gets nothing of us', real, async (t) => {
  await using plain = await startNatsServer()
  await using real1 = await startHub()
  const stranger = makeCertificate({ name: 'Another authority' })
  const strangerCa = await writeCertificate(stranger, real1.folder, 'stranger')
  await using toPlain = await openNode(real1, '1', { servers: [plain.url] })
  await using toOther = await openNode(real1, '1', {
    tls: { caFile: strangerCa.certFile, serverName: 'hub.example' },
  })

  t.match(await toPlain.log.when('nats.dial-failed'), { facts: { reason: /tls/ } })
  t.match(await toOther.log.when('nats.dial-failed'), { facts: { carrier: 'hub' } })
  t.equal(toPlain.contacts.length + toOther.contacts.length, 0)
})

test(
  "the leaf's file: nodes of another site work through it as if it were the hub",
  real,
  async (t) => {
    await using server = await startHub((text) =>
      [
        text
          .replace('{ user: "CN=1"', '{ user: "CN=site2" }\n{ user: "CN=1"')
          .replace('jetstream {', 'jetstream {\ndomain: "hub"'),
        'leafnodes {',
        '  listen: "127.0.0.1:-1"',
        '  tls {',
        '    cert_file: "tls/hub.pem", key_file: "tls/hub.key", ca_file: "tls/ca.pem"',
        '    verify_and_map: true, timeout: 60',
        '  }',
        '}',
      ].join('\n'),
    )
    await using leaf = await startSample('leaf.conf', (text) =>
      text.replace('hub.example:7422', `127.0.0.1:${server.leafPort}`),
    )
    await using alpha = await openNode(server, '1', { provision: true })
    await alpha.log.when('nats.caught-up')
    t.equal(await handOver(alpha, hub, parcel('to the second site')), 'departed')
    await using bravo = await openNode(leaf, '2', { nodeNumber: 2, provision: false })

    t.equal(textOf(await bravo.nextArrival()), 'to the second site')
    t.equal(await handOver(bravo, hub, parcel('to the hub')), 'departed')
    t.equal(textOf(await alpha.nextArrival()), 'to the hub')
    t.equal(await handOver(alpha, hub, parcel('and live', { number: 1 })), 'departed')
    t.equal(textOf(await bravo.nextArrival()), 'and live')

    const file = '00000000000000a1'
    t.equal(await handOver(alpha, hub, parcel('a piece', { file, number: 2 })), 'departed')
    void keepAccepting(bravo)
    await fetchAll(bravo, hub, file)
    t.equal(textOf(must(bravo.arrivals.at(-1), 'it came')), 'a piece')
    t.equal(await handOver(bravo, hub, parcel('another', { file, number: 1 })), 'departed')
    void keepAccepting(alpha)
    await fetchAll(alpha, hub, file)
    t.equal(textOf(must(alpha.arrivals.at(-1), 'it came')), 'another')
  },
)

/** What a server file allows to whom, in its order. */
function allowed(text: string): readonly NatsPermissions[] {
  const subjects = (kind: string): readonly (readonly string[])[] =>
    [...text.matchAll(new RegExp(`${kind}: \\{ allow: \\[ (.*) \\] \\}`, 'g'))].map(
      ([, list = '']) => list.split(', ').map((subject) => subject.slice(1, -1)),
    )
  const [publish, subscribe] = [subjects('publish'), subjects('subscribe')]
  return publish.map((each, at) => ({ publish: each, subscribe: subscribe[at] ?? [] }))
}

/** A folder with the certificates the samples name. */
async function aSite(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-site-'))
  const tls = path.join(folder, 'tls')
  await mkdir(tls)
  const hosts = ['hub.example', 'hub1.example', '127.0.0.1']
  await writeCertificate(ca, tls, 'ca')
  await writeCertificate(makeCertificate({ name: 'hub', hosts, issuer: ca }), tls, 'hub')
  await writeCertificate(makeCertificate({ name: 'site2', hosts, issuer: ca }), tls, 'site2')
  return folder
}

function startHub(change?: (text: string) => string): Promise<NatsServer> {
  return startSample('hub.conf', change)
}

/** A server with a copy of a sample file, as it stands there unless `change` says otherwise. */
async function startSample(name: string, change = (text: string) => text): Promise<NatsServer> {
  const folder = await aSite()
  const configFile = path.join(folder, name)
  await writeFile(configFile, change(await readFile(path.join(SAMPLES, name), 'utf8')))
  return startNatsServer({ configFile })
}

/** A node that shows a certificate of this name. */
async function openNode(
  { url, folder }: NatsServer,
  name: string,
  changes: Partial<NatsOptions>,
  issuer: Certificate = ca,
): Promise<NatsNode> {
  const tls = path.join(folder, 'tls')
  const certificate = makeCertificate({ name, issuer })
  const files = await writeCertificate(certificate, tls, `node-${name}-${issuer === ca}`)
  return openNatsNode(url, {
    tls: { caFile: path.join(tls, 'ca.pem'), ...files, serverName: 'hub.example' },
    ...changes,
  })
}
