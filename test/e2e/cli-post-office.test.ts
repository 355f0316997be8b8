/** Two nodes that meet only at a post office: real processes and a real NATS server. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { t as suite, test } from 'tap'
import { startNatsServer, withoutNatsServer } from '../support/nats-server.ts'
import { folderOf } from '../support/folder.ts'
import { eventually, found, freePort, holdfast, holdfastJson, startNode } from './processes.ts'

suite.setTimeout(120_000)

test(
  'a post office carries a message and brings the receipt home',
  { skip: withoutNatsServer },
  async (t) => {
    await using server = await startNatsServer()
    const folder = folderOf(t)
    const [alpha, bravo] = [join(folder, 'alpha'), join(folder, 'bravo')]
    const port = await freePort()
    const office = { kind: 'nats', name: 'shore', servers: [server.url], receiptDelayMs: 0 }
    await putConfig(alpha, {
      name: 'alpha',
      role: 'hub',
      listen: { host: '127.0.0.1', port },
      carriers: [{ ...office, provision: true, streamBytesMax: 50_000_000 }],
    })
    await putConfig(bravo, {
      name: 'bravo',
      listen: { host: '127.0.0.1', port: await freePort() },
      carriers: [office],
    })
    await holdfastJson('init', '--data', alpha)
    await startNode(t, '--data', alpha)
    const { at, code } = (await holdfastJson('invite', '--data', alpha)) as Record<string, string>
    const joined = await holdfast('join', `${at}`, `${code}`, '--data', bravo)
    t.match(
      joined.out,
      `Its config was there before and stays as it is; the node that let it in is at ${at}.`,
    )
    await startNode(t, '--data', bravo)

    await holdfastJson('post', 'town-square', 'By post', '--lane', 'priority', '--data', bravo)

    await eventually(() => found(alpha, 'By post'))
    const stored = await eventually(async () => {
      const message = await found(bravo, 'By post')
      return message?.deliveries.some(({ word }) => word === 'stored') === true
        ? message
        : undefined
    })
    t.match(stored.deliveries, [{ destinationName: 'alpha', word: 'stored' }])
    const status = await holdfastJson('status', '--data', bravo)
    t.match(status, { links: [{ carrier: 'shore', peer: 'shore', isUp: true }] })
    const { out } = await holdfast('doctor', '--data', bravo)
    t.match(out, new RegExp(`ok +nats +127.0.0.1:${server.port} answers`))
  },
)

async function putConfig(data: string, config: object): Promise<void> {
  await mkdir(data)
  await writeFile(join(data, 'config.json'), JSON.stringify(config))
}
