/** The directory is the same for the same entries, whatever order they come in, and only those with a say count. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { newPersonId, type ChannelId, type UserId } from '#base/ids.ts'
import { COUNTER_MAX } from '#base/limits.ts'
import { directChannelId, newChannelId, type ChannelKind } from '#model/channel-id.ts'
import { openDirectory, type Directory } from '#model/directory.ts'
import type { Writer } from '#model/key-book.ts'
import { orderKey } from '#model/order.ts'
import { DIRECTORY } from '#model/document-id.ts'
import type { Content, MemberRole } from '#model/entry.ts'
import { openLog, type Log, type Logged } from '#model/log.ts'
import { anActor, append, aWriter, take } from '../support/histories.ts'
import { seedOf } from '../support/organisation.ts'
import { holds } from '../support/property.ts'

const NOON = 1_793_534_400_000

/** Alpha, bravo and charlie are kits with a person each; hub administers for everybody. */
type NodeName = 'alpha' | 'bravo' | 'charlie' | 'hub'

const NAMES: readonly NodeName[] = ['alpha', 'bravo', 'charlie', 'hub']
const amira = personOf('alpha')
const bo = personOf('bravo')
const chen = personOf('charlie')
const PEOPLE = [amira, bo, chen]
const ops = channelOf('alpha', 'public')
const medical = channelOf('alpha', 'private')
const pair = directChannelId(amira, bo)
const CHANNELS = [ops, medical, pair]

interface Said {
  readonly by: NodeName
  readonly logged: Logged
}

const anyContent: fc.Arbitrary<Content> = fc.oneof(
  fc.record({
    kind: fc.constant('policy' as const),
    part: fc.oneof(
      fc.record({
        about: fc.constant('person' as const),
        person: fc.constantFrom(...PEOPLE),
        attributes: fc.constantFrom({ role: 'guest' }, { clearance: 'secret' }, {}),
      }),
      fc.record({
        about: fc.constant('label' as const),
        channel: fc.constantFrom(...CHANNELS),
        label: fc.constantFrom({ classification: 'secret' }, {}),
      }),
    ),
  }),
  fc.record({
    kind: fc.constant('person' as const),
    person: fc.constantFrom(...PEOPLE),
    profile: fc.record({
      username: fc.constantFrom('amira', 'bo'),
      displayName: fc.constantFrom('A', 'B'),
      isAdministrator: fc.boolean(),
    }),
  }),
  fc.record({
    kind: fc.constant('standing' as const),
    person: fc.constantFrom(...PEOPLE),
    isActive: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('bot' as const),
    person: fc.constantFrom(...PEOPLE),
    owner: fc.constantFrom(...PEOPLE),
    description: fc.constantFrom('x', 'y'),
  }),
  fc.record({
    kind: fc.constant('channel' as const),
    channel: fc.constantFrom(...CHANNELS),
    channelKind: fc.constantFrom('public' as const, 'private', 'direct'),
  }),
  fc.record({
    kind: fc.constant('member' as const),
    channel: fc.constantFrom(...CHANNELS),
    person: fc.constantFrom(...PEOPLE),
    role: fc.constantFrom('none' as const, 'member', 'administrator'),
  }),
)

test('whatever order entries come in, the directory is the same', async (t) => {
  const anyEntry = fc.record({
    by: fc.constantFrom(...NAMES),
    seconds: fc.nat(2),
    content: anyContent,
  })
  holds(
    t,
    fc.property(
      fc.array(anyEntry, { maxLength: 24 }),
      fc.infiniteStream(fc.nat()),
      (all, order) => {
        const log = openLog(DIRECTORY)
        const said = all.map((one) => say(log, one.by, one.content, one.seconds))
        const keyed = said.map((one) => ({ one, place: order.next().value }))
        const shuffled = keyed.toSorted((a, b) => a.place - b.place).map(({ one }) => one)

        assert.deepEqual(pictureOf(directoryOf(shuffled)), pictureOf(directoryOf(said)))
      },
    ),
    400,
  )
})

test('the directory is the same when nodes with wrong clocks wrote apart', async (t) => {
  const log = openLog(DIRECTORY)
  const [apart, ahead] = [openLog(DIRECTORY), openLog(DIRECTORY)]
  const first = say(log, 'hub', aPerson('A'))
  for (const other of [apart, ahead]) take(other, first.logged)
  const wrong = say(ahead, 'bravo', aPerson('B'), 1_000_000_000)
  const early = say(apart, 'hub', aPerson('C'), 60)
  const last = say(apart, 'hub', aPerson('D'), 120)

  for (const order of [
    [first, early, last, wrong],
    [first, wrong, early, last],
    [first, early, wrong, last],
  ]) {
    t.match(directoryOf(order).person(bo), {
      profile: { displayName: 'D' },
      updatedAt: last.logged.entry.placeAt,
    })
  }
})

test('the last entry about a person decides their profile, the first since when they are known', async (t) => {
  const log = openLog(DIRECTORY)
  const first = say(log, 'bravo', aPerson('first'))
  const middle = say(log, 'hub', aPerson('middle'), 60)
  const last = say(log, 'bravo', aPerson('last'), 120)

  const directory = openDirectory()
  t.match(hear(directory, middle), { kind: 'person', isNew: true })
  t.match(hear(directory, last), { kind: 'person', isNew: false })
  t.match(hear(directory, first), { kind: 'person', isNew: false })

  t.match(directory.person(bo), {
    createdAt: first.logged.entry.placeAt,
    updatedAt: last.logged.entry.placeAt,
    profile: { displayName: 'last' },
  })
})

test('the organisation shuts people out for good, their home only whom it may let in again', async (t) => {
  t.equal(after(), 0)
  t.ok(after(['bravo', false]))
  t.equal(after(['bravo', false], ['bravo', true]), 0)
  t.ok(after(['hub', false]))
  t.ok(after(['hub', false], ['bravo', true]), 'the home does not undo it')
  t.equal(after(['hub', false], ['bravo', true], ['hub', true]), 0)
  t.equal(after(['bravo', false], ['hub', true]), 0)
  t.ok(after(['hub', true], ['bravo', false]))
  t.equal(after(['alpha', false], ['charlie', false]), 0, 'nobody else has a say')
})

test('a bot is one by the word of its home or of who administers, and belongs to whom they said last', async (t) => {
  const log = openLog(DIRECTORY)
  const bot = (owner: UserId): Content => ({ kind: 'bot', person: bo, owner, description: 'x' })
  const foreign = say(log, 'alpha', bot(amira))
  const first = say(log, 'bravo', bot(chen), 60)
  const person = say(log, 'bravo', aPerson('Pumps'), 120)
  const last = say(log, 'hub', bot(amira), 180)

  t.equal(directoryOf([foreign, person]).person(bo)?.bot, undefined)
  t.match(directoryOf([last, person, first]).person(bo)?.bot, { owner: amira })
  t.equal(directoryOf([first]).person(bo), undefined, 'nobody has said what it is called')
})

test('a person is named by their own node or by one that administers, and by no other', async (t) => {
  for (const [by, isNamed] of [
    ['bravo', true],
    ['hub', true],
    ['alpha', false],
    ['charlie', false],
  ] as const) {
    const directory = directoryOf([say(openLog(DIRECTORY), by, aPerson('Bo'))])
    t.equal(directory.person(bo) !== undefined, isNamed, by)
  }
})

test('whose word makes an administrator says how far that reaches, and neither undoes the other', async (t) => {
  const cases: readonly (readonly [readonly (readonly [NodeName, boolean])[], object])[] = [
    [[['bravo', true]], { administers: 'home', hasAdministered: false }],
    [[['hub', true]], { administers: 'organisation', hasAdministered: true }],
    [
      [
        ['charlie', true],
        ['bravo', false],
      ],
      { administers: 'nothing', hasAdministered: false },
    ],
    [
      [
        ['hub', true],
        ['bravo', false],
      ],
      { administers: 'organisation' },
    ],
    [
      [
        ['bravo', true],
        ['hub', false],
      ],
      { administers: 'home', hasAdministered: false },
    ],
    [
      [
        ['hub', true],
        ['hub', false],
      ],
      { administers: 'nothing', hasAdministered: true, hasAdministeredHome: false },
    ],
    [
      [
        ['bravo', true],
        ['bravo', false],
      ],
      { administers: 'nothing', hasAdministered: false, hasAdministeredHome: true },
    ],
  ]
  for (const [words, wanted] of cases) {
    const log = openLog(DIRECTORY)
    const said = words.map(([by, isAdministrator], at) =>
      say(log, by, aPerson('Bo', isAdministrator), at),
    )
    for (const order of [said, said.toReversed()]) {
      const { administers, hasAdministered, hasAdministeredHome, profile } =
        directoryOf(order).person(bo) ?? {}
      t.match({ administers, hasAdministered, hasAdministeredHome }, wanted)
      t.equal(profile?.isAdministrator, administers !== 'nothing')
    }
  }
})

test('a channel is what its id says, whoever says otherwise and however early', async (t) => {
  for (const channel of [ops, medical, pair]) {
    for (const kind of ['public', 'private', 'direct', 'group'] as const) {
      const log = openLog(DIRECTORY)
      const directory = directoryOf([
        say(log, 'alpha', { kind: 'channel', channel, channelKind: kind }, -9_000),
      ])
      const own = channel === ops ? 'public' : channel === medical ? 'private' : 'direct'
      t.equal(directory.channel(channel)?.kind, kind === own ? own : undefined)
    }
  }
})

test('nobody but the node in its id founds a private channel, not even one that administers', async (t) => {
  const group = channelOf('alpha', 'group')

  t.strictSame(
    NAMES.map((by) => founds(by, medical, 'private')),
    [true, false, false, false],
  )
  t.strictSame(
    NAMES.map((by) => founds(by, group, 'group')),
    [true, false, false, false],
  )
  t.ok(NAMES.every((by) => founds(by, ops, 'public') && founds(by, pair, 'direct')))
})

test('the first entry to name a channel decides who made it', async (t) => {
  const log = openLog(DIRECTORY)
  const first = say(log, 'alpha', aChannel('public'))
  const later = say(log, 'bravo', aChannel('public'), 60)

  for (const order of [
    [first, later],
    [later, first],
  ]) {
    t.match(directoryOf(order).channel(ops), { kind: 'public', creator: amira })
  }
})

test('who left is no member and may come back; what they were before is told', async (t) => {
  const log = openLog(DIRECTORY)
  const directory = directoryOf([say(log, 'alpha', aChannel('public'))])
  const turn = (role: MemberRole) => hear(directory, say(log, 'bravo', aMember(ops, bo, role)))

  t.match(turn('member'), { kind: 'members', changes: [{ before: 'none' }] })
  t.strictSame(directory.channelsOf(bo), [ops])
  t.match(turn('none'), { kind: 'members', changes: [{ before: 'member' }] })
  t.strictSame(directory.members(ops), [])
  t.strictSame(directory.channelsOf(bo), [])
  t.match(directory.member(ops, bo), { role: 'none' })
  t.match(turn('member'), { kind: 'members', changes: [{ before: 'none' }] })
  t.match(directory.members(ops), [{ person: bo, role: 'member' }])
})

test('a membership that comes before its channel counts, and is told, with the channel', async (t) => {
  const log = openLog(DIRECTORY)
  const channel = say(log, 'alpha', aChannel('public'))
  const member = say(log, 'bravo', aMember(ops, bo, 'member'))
  const directory = openDirectory()

  t.strictSame(hear(directory, member), { kind: 'nothing' })
  t.strictSame(directory.channelsOf(bo), [])
  t.match(hear(directory, channel), { kind: 'channel', isNew: true, members: [bo] })
  t.strictSame(directory.channelsOf(bo), [ops])
})

test('into a private channel the founder and members’ nodes let others; nobody lets themselves in', async (t) => {
  const letsIn = (by: NodeName, before: readonly Content[] = []): boolean => {
    const log = openLog(DIRECTORY)
    const first = before.map((content) => say(log, 'alpha', content))
    const added = say(log, by, aMember(medical, chen, 'member'), 1)
    return directoryOf([...first, added]).member(medical, chen)?.role === 'member'
  }

  t.equal(letsIn('alpha'), true, 'its founder')
  t.equal(letsIn('hub'), true, 'who administers')
  t.equal(letsIn('bravo'), false, 'a node without a member there')
  t.equal(letsIn('charlie'), false, 'the person’s own node')
  t.equal(letsIn('bravo', [aMember(medical, bo, 'member')]), true, 'a member’s node')
  const removed = [aMember(medical, bo, 'member'), aMember(medical, bo, 'none')]
  t.equal(letsIn('bravo', removed), false, 'a node whose member was removed')
  const backAgain = [aMember(medical, chen, 'member'), aMember(medical, chen, 'none')]
  t.equal(letsIn('charlie', backAgain), false, 'who was removed')
})

test('anybody’s own node lets them into a public channel, and takes them out of any but a direct one', async (t) => {
  const log = openLog(DIRECTORY)
  const directory = directoryOf([
    say(log, 'bravo', aMember(ops, bo, 'member')),
    say(log, 'charlie', aMember(ops, amira, 'none')),
    say(log, 'alpha', aMember(medical, bo, 'member')),
    say(log, 'bravo', aMember(medical, bo, 'none')),
  ])
  t.match(directory.member(ops, bo), { role: 'member' })
  t.equal(directory.member(ops, amira), undefined)
  t.match(directory.member(medical, bo), { role: 'none' })
})

test('what a removed node wrote without having heard of it counts; what it wrote knowing, does not', async (t) => {
  const here = openLog(DIRECTORY)
  const there = openLog(DIRECTORY)
  const joined = say(here, 'alpha', aMember(medical, bo, 'member'))
  take(there, joined.logged)
  const unaware = say(there, 'bravo', aMember(medical, chen, 'member'))
  const removal = say(here, 'alpha', aMember(medical, bo, 'none'), 5)
  take(there, removal.logged)
  const aware = say(there, 'bravo', aMember(medical, bo, 'member'), -3_600)

  for (const order of [
    [joined, unaware, removal, aware],
    [aware, removal, unaware, joined],
  ]) {
    const directory = directoryOf(order)
    t.match(directory.member(medical, bo), { role: 'none' }, 'a backdated clock wins nothing')
    t.match(directory.member(medical, chen), { role: 'member' })
  }
})

test('a counter driven to its end and a new life let nobody in', async (t) => {
  const log = openLog(DIRECTORY)
  const base = [
    say(log, 'alpha', aMember(medical, bo, 'member')),
    say(log, 'alpha', aMember(medical, bo, 'none')),
  ]
  for (const counter of [0, 1, 2, COUNTER_MAX]) {
    for (const person of [bo, chen]) {
      const sly = forged(
        say(openLog(DIRECTORY), 'charlie', aMember(medical, person, 'member')),
        counter,
      )
      for (const order of [
        [...base, sly],
        [sly, ...base],
      ])
        t.not(directoryOf(order).member(medical, person)?.role, 'member')
    }
  }
})

test('the two of a direct channel are in it for good, whoever says it first, and nobody else ever', async (t) => {
  for (const by of NAMES) {
    const log = openLog(DIRECTORY)
    const said = [
      say(log, by, { kind: 'channel', channel: pair, channelKind: 'direct' }),
      say(log, by, aMember(pair, amira, 'member')),
      say(log, by, aMember(pair, bo, 'member')),
      say(log, by, aMember(pair, chen, 'administrator')),
      say(log, by, aMember(pair, bo, 'none')),
    ]
    for (const order of [said, said.toReversed()]) {
      const directory = directoryOf(order)
      const inside = directory.members(pair).map(({ person }) => person)
      t.strictSame(inside.toSorted(), [amira, bo].toSorted())
      t.strictSame(directory.channelsOf(bo), [pair])
      t.strictSame(directory.channelsOf(chen), [])
    }
  }
  const alone = say(openLog(DIRECTORY), 'alpha', aMember(pair, amira, 'member'))
  t.strictSame(directoryOf([alone]).members(pair), [], 'one of them alone proves nothing')
})

test('a summary stands for the entries it was made of, and what is newer counts', async (t) => {
  const log = openLog(DIRECTORY)
  const first = say(log, 'bravo', aPerson('Bo', true))
  const shut = say(log, 'hub', { kind: 'standing', person: bo, isActive: true }, 60)
  const later = say(log, 'hub', { kind: 'standing', person: bo, isActive: false }, 120)
  const whole = directoryOf([first, shut])
  const summary = must(whole.summary(bo), 'bo is known')

  const lost = openDirectory()
  const { version } = lost
  const before = version()
  lost.presume(bo, summary)
  t.not(version(), before)
  t.match(lost.person(bo), { profile: { displayName: 'Bo', isAdministrator: true } })
  t.equal(lost.person(bo)?.administers, 'home')
  t.equal(lost.person(bo)?.updatedAt, whole.person(bo)?.updatedAt)

  hear(lost, first)
  hear(lost, shut)
  t.strictSame(lost.person(bo), whole.person(bo), 'what is back changes nothing')
  hear(lost, later)
  t.ok((lost.person(bo)?.deactivatedAt ?? 0) > 0)
  t.equal(openDirectory().summary(bo), undefined)
})

test('entries that belong elsewhere change nothing here', async (t) => {
  const log = openLog(DIRECTORY)
  const directory = openDirectory()
  for (const content of [
    { kind: 'post', body: 'hello', root: undefined },
    { kind: 'settings', settings: { name: 'ops' } },
    { kind: 'unknown' },
  ] as const) {
    t.equal(hear(directory, say(log, 'hub', content)).kind, 'nothing')
  }
  t.strictSame(directory.people(), [])
  t.strictSame(directory.members(ops), [])
})

test('the place of an entry sorts by time first, as text', async (t) => {
  const log = openLog(DIRECTORY)
  const content = { kind: 'post', body: 'hello', root: undefined } as const
  const ahead = say(log, 'alpha', content, 800_000_000_000)
  const early = say(log, 'bravo', content)
  const zero = say(openLog(DIRECTORY), 'alpha', content, -NOON)

  const keys = [ahead, early, zero].map(({ logged }) => orderKey(DIRECTORY, logged))

  t.strictSame(keys.toSorted(), keys.toReversed())
})

function founds(by: NodeName, channel: ChannelId, kind: ChannelKind): boolean {
  const content: Content = { kind: 'channel', channel, channelKind: kind }
  return directoryOf([say(openLog(DIRECTORY), by, content)]).channel(channel) !== undefined
}

function say(log: Log, by: NodeName, content: Content, seconds = 0): Said {
  const author = by === 'hub' ? undefined : personOf(by)
  const draft = { author, claimedAt: NOON + seconds * 1000, content }
  return { by, logged: append(log, anActor(by), draft) }
}

/** The same entry in another life of its node, with the counter its node says. */
function forged({ by, logged }: Said, counter: number): Said {
  const actor = `${logged.actor.slice(0, 16)}ffffffff` as typeof logged.actor
  return { by, logged: { ...logged, actor, entry: { ...logged.entry, counter } } }
}

function aPerson(displayName: string, isAdministrator = false): Content {
  return { kind: 'person', person: bo, profile: { username: 'bo', displayName, isAdministrator } }
}

function aChannel(channelKind: 'public' | 'private'): Content {
  return { kind: 'channel', channel: ops, channelKind }
}

function aMember(channel: ChannelId, person: UserId, role: MemberRole): Content {
  return { kind: 'member', channel, person, role }
}

function writerOf(name: NodeName): Writer {
  return aWriter(name, name === 'hub')
}

function personOf(name: NodeName): UserId {
  return newPersonId(writerOf(name).node, seedOf(`person ${name}`).subarray(0, 8))
}

function channelOf(name: NodeName, kind: ChannelKind): ChannelId {
  return newChannelId(writerOf(name).node, kind, seedOf(`channel ${kind}`).subarray(0, 8))
}

function hear(directory: Directory, { by, logged }: Said) {
  return directory.apply(logged, writerOf(by))
}

function directoryOf(entries: readonly Said[]): Directory {
  const directory = openDirectory()
  for (const said of entries) hear(directory, said)
  return directory
}

/** All that a directory answers, in an order of its own. */
function pictureOf(directory: Directory): unknown {
  return {
    people: directory.people().toSorted(byId),
    channels: directory.channels().toSorted(byId),
    members: CHANNELS.map((channel) => PEOPLE.map((person) => directory.member(channel, person))),
    channelsOf: PEOPLE.map((person) => directory.channelsOf(person).toSorted()),
    attributes: PEOPLE.map(directory.policy.attributesOf),
    labels: CHANNELS.map(directory.policy.labelOf),
  }
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1
}

function standing(isActive: boolean): Content {
  return { kind: 'standing', person: bo, isActive }
}

/** Since when bo is out, after these have said whether he is active. */
function after(...said: readonly (readonly [NodeName, boolean])[]): number | undefined {
  const log = openLog(DIRECTORY)
  const all = said.map(([by, isActive], at) => say(log, by, standing(isActive), 60 * (at + 1)))
  const person = say(log, 'bravo', aPerson('Bo'), 600)
  return directoryOf([...all, person]).person(bo)?.deactivatedAt
}
