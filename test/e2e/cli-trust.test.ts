/** Trust from end to end: a node's door by https, and a post office whose every file the node has made. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import { t as suite, test } from 'tap'
import { handOver, parcel } from '../support/carrier-side.ts'
import { hub, openNatsNode } from '../support/nats-node.ts'
import { startNatsServer, withoutNatsServer } from '../support/nats-server.ts'
import { folderOf } from '../support/folder.ts'
import { freePort, holdfast, holdfastJson, initNode, startNode } from './processes.ts'

suite.setTimeout(120_000)

test('whoever has the certificate of the organisation reaches a node by https', async (t) => {
  const folder = folderOf(t)
  const [data, pem] = [join(folder, 'alpha'), join(folder, 'ca.pem')]
  const port = await freePort()
  await initNode(data, { name: 'alpha', role: 'hub', port })
  await startNode(t, '--data', data)

  await holdfastJson('trust', 'export', pem, '--data', data)

  const asked = request({
    host: '127.0.0.1',
    port,
    path: '/api/v4/system/ping',
    ca: await readFile(pem),
  })
  asked.end()
  const [response] = await once(asked, 'response')
  t.equal(response.statusCode, 200)
  response.resume()
  const { out } = await holdfast('doctor', '--data', data)
  t.match(out, /ok +tls +people's devices compare: [a-z-]{47}/)
  t.match(out, /ok +tls +this kit's certificate is good until/)
})

test(
  'a post office is made by one command, and nodes log in with what it wrote',
  { skip: withoutNatsServer },
  async (t) => {
    const folder = folderOf(t)
    const [data, office] = [join(folder, 'alpha'), join(folder, 'office')]
    await initNode(data, { name: 'alpha', role: 'hub', port: await freePort() })
    await startNode(t, '--data', data)
    const made = ['trust', 'office', office, '--host', 'hub.internal', '127.0.0.1', '--data', data]
    t.match(await holdfastJson(...made), { folder: office, nodes: 1 })
    const before = await readFile(join(office, 'tls', 'node-1.pem'), 'utf8')
    await holdfastJson(...made)
    t.equal(await readFile(join(office, 'tls', 'node-1.pem'), 'utf8'), before, 'kept')
    const { code } = JSON.parse(await readFile(join(data, 'organisation.json'), 'utf8')) as {
      readonly code: string
    }

    await using server = await startNatsServer({ configFile: join(office, 'hub.conf') })
    const tls = {
      caFile: join(office, 'tls', 'ca.pem'),
      certFile: join(office, 'tls', 'node-1.pem'),
      keyFile: join(office, 'tls', 'node-1.key'),
      serverName: 'hub.internal',
    }
    await using node = await openNatsNode(server.url, { workspace: code, tls })

    t.equal(await handOver(node, hub, parcel('by our own post')), 'departed')
    t.strictSame(node.log.named('nats.server-error'), [])
  },
)
