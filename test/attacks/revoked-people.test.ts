/**
 * What goes on without a session in the name of people whose node is lost, on all other nodes: webhooks, bots, what was
 * to be sent later. Nothing of it works any more once the loss is heard of, and nothing is carried to them.
 */
import { test, type Test } from 'tap'
import type { EdgeNode } from '#app/node.ts'
import type { Person } from '#app/types.ts'
import { must } from '#base/assert.ts'
import type { ChannelId } from '#base/ids.ts'
import { openMemoryNetwork } from '#carriers/memory.ts'
import { virtualClock, type VirtualClock } from '../support/clock.ts'
import { aLanDoor, fetched } from '../support/lan-door.ts'
import { aSocket } from '../support/live-client.ts'
import { aNode, anAdministrator, anIdentity, aPerson, until } from '../support/nodes.ts'

const HOUR_MS = 3_600_000

interface Place {
  readonly node: EdgeNode
  readonly clock: VirtualClock
  readonly square: ChannelId
  readonly bodies: () => Promise<readonly string[]>
}

/** Headquarters (alpha), a kit (charlie) and the kit bravo, where vera lives and bo administers; all have met. */
async function aScene(t: Test) {
  const network = openMemoryNetwork({ clock: virtualClock() })
  const [a, b, c] = [
    anIdentity('alpha', 1, 'hub'),
    anIdentity('bravo', 2),
    anIdentity('charlie', 3),
  ]
  const open = async (name: string, identity: typeof a, knows: (typeof a)[]) => {
    const clock = virtualClock()
    const carriers = [network.open(identity.certificate.node)]
    const role = name === 'alpha' ? ('hub' as const) : ('kit' as const)
    const node = await aNode(name, { role, knows, carriers, clock })
    t.teardown(() => node[Symbol.asyncDispose]())
    return { node, clock }
  }
  const [alpha, bravo, charlie] = [
    await open('alpha', a, [b, c]),
    await open('bravo', b, [a, c]),
    await open('charlie', c, [a, b]),
  ]
  const amira = await anAdministrator(alpha.node, 'amira')
  const bo = await anAdministrator(bravo.node, 'bo')
  const chen = await anAdministrator(charlie.node, 'chen')
  const vera = await bravo.node.enrolPerson(bo.id, aPerson('vera'))
  const everybody = [alpha.node, bravo.node, charlie.node]
  const isKnown = async (): Promise<boolean> =>
    (await Promise.all(everybody.map((one) => one.people([amira.id, chen.id, vera.id])))).every(
      (people) => people.length === 3,
    )
  await until(everybody, isKnown)
  const place = async ({ node, clock }: typeof alpha, reader: Person): Promise<Place> => {
    await until(everybody, async () => (await node.membershipsOf(vera.id)).length > 0)
    const square = (await node.channelByName(reader.id, 'town-square')).id
    const bodies = async (): Promise<readonly string[]> =>
      (await node.page(reader.id, square, { limit: 60 })).messages.map(({ body }) => body)
    return { node, clock, square, bodies }
  }
  const places = [await place(alpha, amira), await place(charlie, chen)]
  const lose = async (): Promise<void> => {
    for (const { clock } of [alpha, charlie]) await clock.advance(60_000)
    const told = charlie.node
    const heard = new Promise<void>((resolve) => {
      told.subscribe(({ kind }) => kind === 'node-revoked' && resolve())
    })
    await alpha.node.revokeNode(amira.id, { node: b.certificate.node })
    await heard
    for (const { clock } of [alpha, charlie]) await clock.advance(0)
  }
  return { alpha, amira, vera, places, lose }
}

test('at headquarters and on another kit, nothing goes out any more in the name of who lived on a lost node', async (t) => {
  const { vera, places, lose } = await aScene(t)
  const before = []
  for (const { node, clock, square: channel } of places) {
    const words = { displayName: '', description: '', username: '', iconUrl: '', isLocked: false }
    const hook = await node.makeHook(vera.id, { ...words, channel })
    const post = (): Promise<unknown> =>
      node.postByHook(hook, {
        body: 'by hook',
        lane: 'routine',
        asksAcknowledgement: false,
        props: '',
      })
    await post()
    const draft = { channel, root: undefined, body: 'later', lane: 'routine', files: [] } as const
    const scheduled = { ...draft, asksAcknowledgement: false, at: clock.now() + HOUR_MS }
    await node.schedule(vera.id, scheduled)
    const own = { code: 'NOT_ALLOWED', facts: { found: 'somebody of another node' } }
    await t.rejects(node.makeAccessToken(vera.id, vera.id, 'a script'), own)
    const { token } = await node.openSession('vera')
    t.ok(await node.sessionOf(token), 'it was good')
    before.push({ post, token })
  }

  await lose()

  for (const [at, { node, clock, bodies }] of places.entries()) {
    const { post, token } = must(before[at], 'made above')
    await t.rejects(post(), {
      code: 'NOT_ALLOWED',
      facts: { found: 'a webhook of somebody whose node is revoked' },
    })
    t.equal(await node.sessionOf(token), undefined)
    await clock.advance(2 * HOUR_MS)
    t.notOk((await bodies()).includes('later'), 'what was to go later stays')
    t.match(await node.scheduled(vera.id), [{ body: 'later', refusal: 'NOT_ALLOWED' }])
    t.equal((await bodies()).filter((body) => body === 'by hook').length > 0, true)
    await t.rejects(node.openSession('vera'), { code: 'NOT_SIGNED_IN' })
  }
})

test('a bot falls with who answers for it, and stands again when somebody else does', async (t) => {
  const { alpha, amira, vera, lose } = await aScene(t)
  const { node } = alpha
  await node.setAdministrator(amira.id, vera.id, true)
  const bot = await node.makeBot(vera.id, { username: 'pump', displayName: '', description: '' })
  const { token } = await node.makeAccessToken(vera.id, bot.id, 'for the pump')
  const id = must(await node.sessionOf(token), 'it is good').id
  const ended: string[] = []
  node.subscribe((event) => {
    if (event.kind === 'sessions-ended') ended.push(...event.sessions)
  })

  await lose()

  t.equal(await node.sessionOf(token), undefined)
  t.ok(ended.includes(id), 'doors hear so')
  await node.assignBot(amira.id, bot.id, amira.id)
  t.match(await node.sessionOf(token), { person: bot.id })
})

test('through the door: a webhook, a token, a command and a bot of who is deactivated say nothing more', async (t) => {
  const door = await aLanDoor(t)
  const { node, people, clock } = door
  const { amira, bo } = people
  const [square] = (await door.ask('bo', 'GET', '/api/v4/users/me/channels')).json as {
    id: string
  }[]
  const channel_id = must(square, 'bo is in the first channel').id
  const hook = (await door.ask('bo', 'POST', '/api/v4/hooks/incoming', { channel_id })).json as {
    readonly id: string
  }
  const post = () =>
    fetched(`${door.url}/hooks/${hook.id}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'by hook' }),
    })
  t.equal((await post()).status, 200)
  const bot = await node.makeBot(amira.id, { username: 'pump', displayName: '', description: '' })
  await node.assignBot(amira.id, bot.id, bo.id)
  const { token } = await node.makeAccessToken(bo.id, bot.id, 'for the pump')
  const headers = { authorization: `Bearer ${token}` }
  const socket = await aSocket(door, { headers })
  await socket.event('hello')
  const later = { channel_id, message: 'later', scheduled_at: clock.now() + HOUR_MS }
  t.equal((await door.ask('bo', 'POST', '/api/v4/posts/schedule', later)).status, 201)

  t.equal(
    (await door.ask('amira', 'PUT', `/api/v4/users/${bo.id}/active`, { active: false })).status,
    200,
  )

  t.equal(await socket.closed, 1008)
  t.equal((await post()).status, 403)
  const command = { command: '/flash now', channel_id }
  t.equal((await door.ask('bo', 'POST', '/api/v4/commands/execute', command)).status, 401)
  const run = { method: 'POST', headers, body: JSON.stringify(command) }
  t.equal((await fetched(`${door.url}/api/v4/commands/execute`, run)).status, 401)
  await clock.advance(2 * HOUR_MS)
  const page = await node.page(amira.id, channel_id as ChannelId, { limit: 10 })
  t.strictSame(
    page.messages.map(({ body }) => body),
    ['by hook'],
  )
  t.strictSame((await door.ask('amira', 'GET', '/api/v4/hooks/outgoing')).json, [], 'none exist')
})
