import { test } from 'tap'
import type { ChannelId, UserId } from '#base/ids.ts'
import type { Attributes } from '#model/policy.ts'
import { LIVE_KEEP_MS, LIVE_SESSIONS_PER_PERSON_MAX } from '#server/limits.ts'
import { createLiveHub } from '#server/live-hub.ts'
import { createLiveSession } from '#server/live-session.ts'
import { createMembersHere } from '#server/members-here.ts'

const [amira, bo] = ['amira', 'bo'] as UserId[] as [UserId, UserId]
const [ops, medic] = ['ops', 'medic'] as ChannelId[] as [ChannelId, ChannelId]
const HEARS_ALL = { whoMayHear: () => () => true, maySee: () => true }

function aHub() {
  const members = createMembersHere({ hearable: () => [] })
  const hub = createLiveHub(members, HEARS_ALL)
  const enter = (id: string, person: UserId) => {
    const session = createLiveSession(id, { person }, 0)
    const sent: string[] = []
    const closed: number[] = []
    hub.enter(session)
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
  const one = enter('one', amira)
  const two = enter('two', bo)
  const three = enter('three', bo)
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
  const { session } = enter('one', amira)

  t.equal(hub.find('one', amira), session)
  t.equal(hub.find('one', bo), undefined)
  t.equal(hub.find('two', amira), undefined)
})

test('a stream that nobody came back for is forgotten, with its person', async (t) => {
  const { members, hub, enter } = aHub()
  const { session, outlet } = enter('one', amira)
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
    all.push(enter(`s${number}`, bo))
  }
  all[5]?.session.detach(all[5].outlet, 1)
  enter('next', bo)
  t.equal(hub.find('s5', bo), undefined)
  enter('another', bo)

  t.equal(hub.find('s0', bo), undefined)
  t.strictSame(all[0]?.closed, [1008])
  t.ok(hub.find('another', bo))
})

test('a stream ends when it may hear of less than when it began, or of more, and only then', async (t) => {
  const members = createMembersHere({ hearable: () => [ops, medic] })
  const heard = new Map<Attributes, Set<ChannelId>>()
  const whoMayHear = (channel: ChannelId) => (_: UserId, told: Attributes) =>
    heard.get(told)?.has(channel) === true
  const hub = createLiveHub(members, { whoMayHear, maySee: () => true })
  const [phone, desk] = [{ link: 'remote' }, { link: 'lan' }]
  heard.set(phone, new Set([ops]))
  heard.set(desk, new Set([ops, medic]))
  for (const [id, told] of Object.entries({ phone, desk }))
    hub.enter(createLiveSession(id, { person: bo, told }, 0))
  const left = (): readonly string[] => ['phone', 'desk'].filter((id) => hub.find(id, bo))
  hub.endOutdated()
  t.strictSame(left(), ['phone', 'desk'])

  heard.set(phone, new Set([ops, medic]))
  hub.endOutdated()
  t.strictSame(left(), ['desk'])
  heard.set(desk, new Set([medic]))
  hub.endOutdated()
  t.strictSame(left(), [])
})
