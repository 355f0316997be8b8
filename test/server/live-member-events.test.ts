/** Roles that change on another node: told here with the events that Mattermost's apps act on, and in force at once. */
import { test, type Test } from 'tap'
import type { EdgeNode } from '#app/node.ts'
import type { Channel, Person } from '#app/types.ts'
import { openMemoryNetwork } from '#carriers/memory.ts'
import { virtualClock } from '../support/clock.ts'
import { aLanDoor, type LanDoor, type Name } from '../support/lan-door.ts'
import { aSocket, inner, type Frame, type LiveClient } from '../support/live-client.ts'
import { aNode, anAdministrator, anIdentity, until } from '../support/nodes.ts'

/** The door of alpha, and headquarters elsewhere, where zoe administers; both are in contact. */
interface Scene {
  readonly door: LanDoor
  readonly far: EdgeNode
  readonly zoe: Person
  /** A private channel of bo, chen and zoe. */
  readonly ops: Channel
  /** A socket with the session that `ask` of the door has. */
  readonly socketOf: (name: Name, query?: string) => Promise<LiveClient>
}

/** That somebody administers a channel no more. */
function isPlain({ event, data }: Frame): boolean {
  const roles = '"roles":"channel_user"'
  return event === 'channel_member_updated' && String(data?.['channelMember']).includes(roles)
}

async function aScene(t: Test): Promise<Scene> {
  const network = openMemoryNetwork({ clock: virtualClock() })
  const [near, there] = [anIdentity('alpha', 1, 'hub'), anIdentity('bravo', 2, 'hub')]
  const far = await aNode('bravo', {
    role: 'hub',
    knows: [near],
    carriers: [network.open(there.certificate.node)],
  })
  t.teardown(() => far[Symbol.asyncDispose]())
  const carriers = [network.open(near.certificate.node)]
  const door = await aLanDoor(t, { knows: [there], carriers })
  const zoe = await anAdministrator(far, 'zoe')
  const { bo, chen } = door.people
  const knowsZoe = async () => (await door.node.personByName('zoe')) !== undefined
  await until([door.node, far], knowsZoe)
  const ops = await door.node.createChannel(bo.id, {
    kind: 'private',
    name: 'ops',
    displayName: 'Ops',
    members: [chen.id, zoe.id],
  })
  await door.node.setMemberRole(bo.id, { channel: ops.id, person: zoe.id, isAdministrator: true })
  const isAdministrator = async () =>
    (await far.membership(ops.id, zoe.id))?.isChannelAdministrator === true
  await until([door.node, far], isAdministrator)
  const socketOf: Scene['socketOf'] = async (name, query = '') => {
    const { token } = await door.node.openSession(name)
    return aSocket(door, { query, headers: { authorization: `Bearer ${token}` } })
  }
  return { door, far, zoe, ops, socketOf }
}

test('who is made or unmade a channel administrator elsewhere hears it here, and it counts at once', async (t) => {
  const { door, far, zoe, ops, socketOf } = await aScene(t)
  const { bo, chen } = door.people
  const [hers, his] = [await socketOf('chen'), await socketOf('bo')]
  await hers.event('hello')
  await his.event('hello')
  await door.node.setNotifyProps(chen.id, ops.id, { push: 'none' })
  const path = `/api/v4/channels/${ops.id}/members/${bo.id}/schemeRoles`
  const crown = () => door.ask('chen', 'PUT', path, { scheme_admin: true })
  t.equal((await crown()).status, 403)

  await far.setMemberRole(zoe.id, { channel: ops.id, person: chen.id, isAdministrator: true })
  const named = await hers.event('channel_member_updated')
  t.match(inner(named, 'channelMember'), {
    channel_id: ops.id,
    user_id: chen.id,
    roles: 'channel_user channel_admin',
    scheme_admin: true,
    notify_props: { push: 'none' },
  })
  t.match(named.broadcast, { user_id: chen.id, channel_id: ops.id })
  t.equal((await crown()).status, 200)

  await far.setMemberRole(zoe.id, { channel: ops.id, person: chen.id, isAdministrator: false })
  t.ok(await hers.when(isPlain))
  t.equal((await crown()).status, 403)
  await his.ask('ping')
  t.strictSame(his.events('channel_member_updated'), [], 'bo is what he was')
  t.strictSame(hers.events('user_added'), [], 'nobody came')
})

test('who is made a guest elsewhere hears it, is out at once, and hears no more of what guests may not', async (t) => {
  const { door, far, zoe, ops, socketOf } = await aScene(t)
  const { bo } = door.people
  const [hers, his] = [await socketOf('chen'), await socketOf('bo')]
  const hello = await his.event('hello')
  await hers.event('hello')
  const square = await door.node.channelByName(bo.id, 'town-square')
  const attributes = { role: 'guest', organisation: 'redcross' }
  await far.changePolicy(zoe.id, { about: 'person', person: bo.id, attributes })

  t.equal(await his.closed, 1008)
  t.match((await his.event('user_role_updated')).data, { user_id: bo.id, roles: 'system_guest' })
  const member = inner(await his.event('memberrole_updated'), 'member')
  t.match(member, { user_id: bo.id, roles: 'team_guest', scheme_guest: true })
  const told = await hers.event('user_updated')
  const props = { holdfast_partner: 'redcross' }
  t.match(told.data, { user: { id: bo.id, roles: 'system_guest', props } })
  t.strictSame(hers.events('user_role_updated'), [], 'others hear it of the person')

  const query = `?connection_id=${String(hello.data?.['connection_id'])}&sequence_number=1`
  const again = await socketOf('bo', query)
  t.equal((await again.event('hello')).seq, 0, 'a stream of its own: nothing is replayed')
  await hers.event('user_removed')
  await door.node.post(door.people.amira.id, { channel: square.id, body: 'for members' })
  await hers.event('posted')
  await door.node.post(door.people.chen.id, { channel: ops.id, body: 'for ops' })
  const first = await again.event('posted')
  t.match(inner(first, 'post'), { message: 'for ops' })
  t.equal((await door.ask('bo', 'GET', `/api/v4/channels/${square.id}`)).status, 404)

  await far.changePolicy(zoe.id, { about: 'person', person: bo.id, attributes: {} })
  t.equal(await again.closed, 1008)
  t.match((await again.event('user_role_updated')).data, { roles: 'system_user' })
})

test('a clearance that is taken away elsewhere ends what was heard by it', async (t) => {
  const { door, far, zoe, ops, socketOf } = await aScene(t)
  const { chen } = door.people
  const say = (part: Parameters<typeof far.changePolicy>[1]) => far.changePolicy(zoe.id, part)
  await say({ about: 'levels', levels: ['open', 'secret'] })
  for (const person of [zoe.id, chen.id])
    await say({ about: 'person', person, attributes: { clearance: 'secret' } })
  await say({ about: 'label', channel: ops.id, label: { classification: 'secret' } })
  const isMarked = async () => (await door.node.membership(ops.id, door.people.bo.id)) === undefined
  await until([door.node], isMarked)
  const hers = await socketOf('chen')
  await hers.event('hello')
  await say({ about: 'person', person: chen.id, attributes: {} })

  t.equal(await hers.closed, 1008)
  t.equal((await door.ask('chen', 'GET', `/api/v4/channels/${ops.id}`)).status, 404)
})

test('who may sign in no more by word of headquarters is out at once', async (t) => {
  const { door, far, zoe, socketOf } = await aScene(t)
  const { chen } = door.people
  const hers = await socketOf('chen')
  await hers.event('hello')
  t.equal((await door.ask('chen', 'GET', '/api/v4/users/me')).status, 200)
  await far.setActive(zoe.id, chen.id, false)

  t.equal(await hers.closed, 1008)
  t.equal((await door.ask('chen', 'GET', '/api/v4/users/me')).status, 401)
})

test('who administers no more hears it, and their streams begin anew', async (t) => {
  const door = await aLanDoor(t)
  const { bo } = door.people
  const { token } = await door.node.openSession('bo')
  const headers = { authorization: `Bearer ${token}` }
  const his = await aSocket(door, { headers })
  await his.event('hello')
  door.tell({ kind: 'person-updated', person: { ...bo, isAdministrator: true }, isNew: false })
  t.equal(await his.closed, 1008)
  t.match((await his.event('user_role_updated')).data, { roles: 'system_user system_admin' })
  t.match(inner(await his.event('memberrole_updated'), 'member'), { roles: 'team_user team_admin' })

  const again = await aSocket(door, { headers })
  await again.event('hello')
  door.tell({ kind: 'person-updated', person: bo, isNew: false })
  t.equal(await again.closed, 1008)
  t.match((await again.event('user_role_updated')).data, { roles: 'system_user' })
})
