/** The directory is the same for the same entries, whatever order they come in. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { hexFromBytes } from '#base/bytes.ts'
import { idFromBytes, type ChannelId } from '#base/ids.ts'
import { openDirectory, type Directory } from '#model/directory.ts'
import { orderKey } from '#model/order.ts'
import { DIRECTORY } from '#model/document-id.ts'
import type { Content } from '#model/entry.ts'
import { openLog, type Log, type Logged } from '#model/log.ts'
import { anActor, aPersonId, append, take } from '../support/histories.ts'
import { seedOf } from '../support/organisation.ts'
import { holds } from '../support/property.ts'

const NOON = 1_793_534_400_000
const [ops, medical] = ['ops', 'medical'].map((name) =>
  idFromBytes<ChannelId>(seedOf(`channel ${name}`).subarray(0, 16)),
) as [ChannelId, ChannelId]
const [amira, bo] = [aPersonId('amira'), aPersonId('bo')]

const anyContent: fc.Arbitrary<Content> = fc.oneof(
  fc.record({
    kind: fc.constant('person' as const),
    person: fc.constantFrom(amira, bo),
    profile: fc.record({
      username: fc.constantFrom('amira', 'bo'),
      displayName: fc.constantFrom('A', 'B'),
      isAdministrator: fc.boolean(),
    }),
  }),
  fc.record({
    kind: fc.constant('channel' as const),
    channel: fc.constantFrom(ops, medical),
    channelKind: fc.constantFrom('public' as const, 'private'),
  }),
  fc.record({
    kind: fc.constant('member' as const),
    channel: fc.constantFrom(ops, medical),
    person: fc.constantFrom(amira, bo),
    role: fc.constantFrom('none' as const, 'member', 'administrator'),
  }),
  fc.record({
    kind: fc.constant('node' as const),
    certificate: fc.constantFrom(Uint8Array.of(1), Uint8Array.of(2)),
  }),
)

test('whatever order entries come in, the directory is the same', async (t) => {
  const anyEntry = fc.record({
    actor: fc.constantFrom('alpha', 'bravo', 'charlie'),
    seconds: fc.nat(2),
    content: anyContent,
  })
  holds(
    t,
    fc.property(
      fc.array(anyEntry, { maxLength: 20 }),
      fc.infiniteStream(fc.nat()),
      (all, order) => {
        const log = openLog(DIRECTORY)
        const logged = all.map((one) => enter(log, one.content, one))
        const keyed = logged.map((one) => ({ one, place: order.next().value }))
        const shuffled = keyed.toSorted((a, b) => a.place - b.place).map(({ one }) => one)

        assert.deepEqual(pictureOf(directoryOf(shuffled)), pictureOf(directoryOf(logged)))
      },
    ),
    300,
  )
})

test('the directory is the same when nodes with wrong clocks wrote apart', async (t) => {
  const log = openLog(DIRECTORY)
  const [apart, ahead] = [openLog(DIRECTORY), openLog(DIRECTORY)]
  const first = enter(log, aPerson('A'))
  for (const other of [apart, ahead]) take(other, first)
  const wrong = enter(ahead, aPerson('B'), { actor: 'bravo', seconds: 1_000_000_000 })
  const early = enter(apart, aPerson('C'), { actor: 'charlie', seconds: 60 })
  const last = enter(apart, aPerson('D'), { actor: 'charlie', seconds: 120 })

  for (const order of [
    [first, early, last, wrong],
    [first, wrong, early, last],
    [first, early, wrong, last],
  ]) {
    const directory = directoryOf(order)
    t.match(directory.person(bo), { profile: { displayName: 'D' }, updatedAt: last.entry.placeAt })
  }
})

test('the first entry about a person decides their home, the last their profile', async (t) => {
  const log = openLog(DIRECTORY)
  const person = (username: string): Content => ({
    kind: 'person',
    person: bo,
    profile: { username, displayName: '', isAdministrator: false },
  })
  const first = enter(log, person('bo'), { actor: 'alpha' })
  const middle = enter(log, person('bob'), { actor: 'bravo', seconds: 60 })
  const last = enter(log, person('robert'), { actor: 'charlie', seconds: 120 })

  const directory = openDirectory()
  t.match(directory.apply(DIRECTORY, middle), { kind: 'person', isNew: true })
  t.match(directory.apply(DIRECTORY, last), { kind: 'person', isNew: false })
  t.match(directory.apply(DIRECTORY, first), { kind: 'person', isNew: false })

  t.match(directory.person(bo), {
    home: anActor('alpha'),
    createdAt: first.entry.placeAt,
    updatedAt: last.entry.placeAt,
    profile: { username: 'robert' },
  })
  t.equal(directory.apply(DIRECTORY, middle).kind, 'nothing')
})

test('the first entry to name a channel decides what kind it is', async (t) => {
  const log = openLog(DIRECTORY)
  const first = enter(log, aChannel('private'), { author: amira })
  const later = enter(log, aChannel('public'), { actor: 'bravo', seconds: 60, author: bo })

  for (const order of [
    [first, later],
    [later, first],
  ]) {
    t.match(directoryOf(order).channel(ops), { kind: 'private', creator: amira })
  }
})

test('who left is no member and may come back; what they were before is told', async (t) => {
  const log = openLog(DIRECTORY)
  const directory = openDirectory()
  directory.apply(DIRECTORY, enter(log, aChannel('public')))
  const say = (role: 'none' | 'member') =>
    directory.apply(DIRECTORY, enter(log, { kind: 'member', channel: ops, person: bo, role }))

  t.match(say('member'), { kind: 'member', before: 'none' })
  t.strictSame(directory.channelsOf(bo), [ops])
  t.match(say('none'), { kind: 'member', before: 'member' })
  t.strictSame(directory.members(ops), [])
  t.strictSame(directory.channelsOf(bo), [])
  t.match(directory.member(ops, bo), { role: 'none' })
  t.match(say('member'), { kind: 'member', before: 'none' })
  t.match(directory.members(ops), [{ person: bo, role: 'member' }])
})

test('a membership that comes before its channel counts, and is told, with the channel', async (t) => {
  const log = openLog(DIRECTORY)
  const channel = enter(log, aChannel('public'))
  const member = enter(
    log,
    { kind: 'member', channel: ops, person: bo, role: 'member' },
    { actor: 'bravo' },
  )
  const directory = openDirectory()

  t.strictSame(directory.apply(DIRECTORY, member), { kind: 'nothing' })
  t.strictSame(directory.channelsOf(bo), [])
  t.match(directory.apply(DIRECTORY, channel), { kind: 'channel', isNew: true, members: [bo] })
  t.strictSame(directory.channelsOf(bo), [ops])
})

test('entries that belong elsewhere change nothing here', async (t) => {
  const log = openLog(DIRECTORY)
  const directory = openDirectory()
  for (const content of [
    { kind: 'post', body: 'hello', root: undefined },
    { kind: 'settings', settings: { name: 'ops' } },
    { kind: 'unknown' },
  ] as const) {
    t.equal(directory.apply(DIRECTORY, enter(log, content)).kind, 'nothing')
  }
  t.strictSame(directory.people(), [])
  t.strictSame(directory.members(ops), [])
})

test('the place of an entry sorts by time first, as text', async (t) => {
  const log = openLog(DIRECTORY)
  const content = { kind: 'post', body: 'hello', root: undefined } as const
  const ahead = enter(log, content, { seconds: 800_000_000_000 })
  const early = enter(log, content, { actor: 'bravo' })
  const zero = enter(openLog(DIRECTORY), content, { seconds: -NOON })

  const keys = [ahead, early, zero].map((logged) => orderKey(DIRECTORY, logged))

  t.strictSame(keys.toSorted(), keys.toReversed())
})

function enter(
  log: Log,
  content: Content,
  { actor = 'alpha', seconds = 0, author = amira } = {},
): Logged {
  return append(log, anActor(actor), { author, claimedAt: NOON + seconds * 1000, content })
}

function aPerson(displayName: string): Content {
  const profile = { username: 'bo', displayName, isAdministrator: false }
  return { kind: 'person', person: bo, profile }
}

function aChannel(channelKind: 'public' | 'private'): Content {
  return { kind: 'channel', channel: ops, channelKind }
}

function directoryOf(entries: readonly Logged[]): Directory {
  const directory = openDirectory()
  for (const logged of entries) directory.apply(DIRECTORY, logged)
  return directory
}

/** All that a directory answers, in an order of its own. */
function pictureOf(directory: Directory): unknown {
  return {
    people: directory.people().toSorted(byId),
    channels: directory.channels().toSorted(byId),
    members: [ops, medical].map((channel) =>
      [amira, bo].map((person) => directory.member(channel, person)),
    ),
    channelsOf: [amira, bo].map((person) => directory.channelsOf(person).toSorted()),
    certificates: directory.certificates().map(hexFromBytes).toSorted(),
  }
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1
}
