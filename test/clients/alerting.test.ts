/** Programs that raise alarms, as Debian has them: Alertmanager by its Slack receiver, Apprise by its Mattermost plugin. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import type { Message } from '#app/types.ts'
import { aFolder } from '../support/folders.ts'
import { aLanDoor, fetched, type LanDoor } from '../support/lan-door.ts'

const { HOLDFAST_ALERTMANAGER: alertmanager = '', HOLDFAST_APPRISE: apprise = '' } = process.env
const SKIP = { skip: alertmanager === '' && 'no Alertmanager here: run it by scripts/test' }

test('an alert of Alertmanager comes as an attachment', SKIP, async (t) => {
  const { door, url, heard } = await aHook(t)
  const folder = await aFolder(t)
  const config = join(folder, 'config.json')
  const slack = { api_url: url, channel: '#town-square', send_resolved: true, title: 'Node away' }
  await writeFile(
    config,
    JSON.stringify({
      route: { receiver: 'kit', group_wait: '0s', group_by: ['alertname'] },
      receivers: [
        { name: 'kit', slack_configs: [{ ...slack, text: '{{ .CommonLabels.instance }} & more' }] },
      ],
    }),
  )
  const port = await freePort()
  run(t, alertmanager, [
    `--config.file=${config}`,
    `--storage.path=${folder}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
  ])
  await answers(`http://127.0.0.1:${port}/-/ready`)
  const alerts = [{ labels: { alertname: 'away', instance: 'bravo' } }]
  const raised = await fetched(`http://127.0.0.1:${port}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(alerts),
  })

  t.equal(raised.status, 200)
  const message = await heard
  t.equal(message.author, door.people.amira.id)
  t.match(JSON.parse(message.props ?? ''), {
    from_webhook: 'true',
    attachments: [{ title: 'Node away', text: 'bravo & more' }],
  })
})

test('a message of Apprise comes with its title', SKIP, async (t) => {
  const { door, url, heard } = await aHook(t)
  const library = join(apprise, '../../lib/python3/dist-packages')
  const target = url.replace('http://', 'mmost://').replace('/hooks/', '/')
  const child = spawn(
    'python3',
    [apprise, '-t', 'Ford', '-b', 'water is *rising* <here>', target],
    {
      env: { ...process.env, PYTHONPATH: library },
      stdio: 'ignore',
    },
  )
  const [code] = (await once(child, 'exit')) as [number]

  t.equal(code, 0)
  const message = await heard
  t.equal(message.author, door.people.amira.id)
  t.match(message.body, /Ford[\s\S]*water is \*rising\*/)
})

interface Hook {
  readonly door: LanDoor
  readonly url: string
  /** The first message that comes. */
  readonly heard: Promise<Message>
}

async function aHook(t: Test): Promise<Hook> {
  const door = await aLanDoor(t)
  const { id: channel } = await door.node.channelByName(door.people.amira.id, 'town-square')
  const { json } = await door.ask('amira', 'POST', '/api/v4/hooks/incoming', {
    channel_id: channel,
  })
  const heard = new Promise<Message>((resolve) => {
    t.teardown(
      door.node.subscribe((event) => {
        if (event.kind === 'posted') resolve(event.message)
      }),
    )
  })
  return { door, url: `${door.url}/hooks/${(json as { id: string }).id}`, heard }
}

function run(t: Test, program: string, options: readonly string[]): ChildProcess {
  const child = spawn(program, options, { stdio: 'ignore' })
  t.teardown(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  return child
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Resolves once somebody answers there. */
async function answers(url: string): Promise<void> {
  for (;;) {
    const answer = await fetched(url).catch(() => undefined)
    if (answer?.status === 200) return
    await new Promise((resolve) => {
      setTimeout(resolve, 50)
    })
  }
}
