import { test } from 'tap'
import type { ChannelId, UserId } from '#base/ids.ts'
import { LIVE_KEEP_MS, LIVE_SESSIONS_PER_PERSON_MAX } from '#server/limits.ts'
import { createLiveHub } from '#server/live-hub.ts'
import { createLiveSession } from '#server/live-session.ts'
import { createMembersHere } from '#server/members-here.ts'

const [amira, bo] = ['amira', 'bo'] as UserId[] as [UserId, UserId]
const ops = 'ops' as ChannelId
const HEARS_ALL = { whoMayHear: () => () => true, maySee: () => true }

function aHub() {
  const members = createMembersHere({ membershipsOf: async () => [] })
  const hub = createLiveHub(members, HEARS_ALL)
  const enter = async (id: string, person: UserId) => {
    const session = createLiveSession(id, { person }, 0)
    const sent: string[] = []
    const closed: number[] = []
    await hub.enter(session)
    const outlet = {
      tell: (text: string, number: number) => void sent.push(`${text}${number}`),
      answer: () => undefined,
      close: (code: number) => void closed.push(code),
    }
    session.attach(outlet, 0)
    return { session, sent, closed, outlet }
  }
  return { members, hub, enter }
}

test('an event reaches exactly those it is for', async (t) => {
  const { members, hub, enter } = aHub()
  const one = await enter('one', amira)
  const two = await enter('two', bo)
  const three = await enter('three', bo)
  members.change(ops, bo, true)
  hub.announce({ to: { kind: 'channel', channel: ops }, text: 'c' })
  hub.announce({ to: { kind: 'channel', channel: ops, except: bo }, text: 'x' })
  hub.announce({ to: { kind: 'person', person: amira }, text: 'p' })
  hub.announce({ to: { kind: 'everybody' }, text: 'e' })

  t.strictSame(one.sent, ['p0', 'e1'])
  t.strictSame(two.sent, ['c0', 'e1'])
  t.strictSame(three.sent, ['c0', 'e1'])
})

test('a stream is found by its own person only', async (t) => {
  const { hub, enter } = aHub()
  const { session } = await enter('one', amira)

  t.equal(hub.find('one', amira), session)
  t.equal(hub.find('one', bo), undefined)
  t.equal(hub.find('two', amira), undefined)
})

test('a stream that nobody came back for is forgotten, with its person', async (t) => {
  const { members, hub, enter } = aHub()
  const { session, outlet } = await enter('one', amira)
  session.detach(outlet, 100)
  hub.forgetStale(100 + LIVE_KEEP_MS)
  t.equal(hub.find('one', amira), session)
  t.notOk(hub.isConnected(amira))
  hub.forgetStale(101 + LIVE_KEEP_MS)

  t.equal(hub.find('one', amira), undefined)
  t.strictSame([...members.all()], [])
})

test('too many streams of one person: first those without a client go, then the oldest', async (t) => {
  const { hub, enter } = aHub()
  const all = []
  for (let number = 0; number < LIVE_SESSIONS_PER_PERSON_MAX; number += 1) {
    all.push(await enter(`s${number}`, bo))
  }
  all[5]?.session.detach(all[5].outlet, 1)
  await enter('next', bo)
  t.equal(hub.find('s5', bo), undefined)
  await enter('another', bo)

  t.equal(hub.find('s0', bo), undefined)
  t.strictSame(all[0]?.closed, [1008])
  t.ok(hub.find('another', bo))
})

test('a stream whose memberships cannot be read is not counted in', async (t) => {
  const members = createMembersHere({
    membershipsOf: () => Promise.reject(new Error('the disk is gone')),
  })
  const hub = createLiveHub(members, HEARS_ALL)

  await t.rejects(hub.enter(createLiveSession('one', { person: bo }, 0)), {
    message: 'the disk is gone',
  })
  t.equal(hub.find('one', bo), undefined)
  t.strictSame([...members.all()], [])
})
