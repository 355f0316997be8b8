import { test, type Test } from 'tap'
import {
  channelOf,
  insist,
  insistInChannel,
  isAdministrator,
  isMember,
  peopleOf,
  personIdByName,
  personOf,
  recordOf,
  write,
  type AppContext,
} from '#app/context.ts'
import { idFromBytes, newPersonId, type ChannelId, type PostId, type UserId } from '#base/ids.ts'
import { DIRECTORY, segmentDocument } from '#model/document-id.ts'
import type { Profile } from '#model/entry.ts'
import { postIdOf } from '#model/log.ts'
import { virtualClock } from '../support/clock.ts'
import { anIdentity, seedOf } from '../support/nodes.ts'
import { seededRandom } from '../support/random.ts'
import { amira, aSync, found, ops, routine, say, type SyncNode } from '../support/sync.ts'

const bo = newPersonId(anIdentity('alpha', 1).certificate.node, seedOf('person bo').subarray(0, 8))
const nobody = idFromBytes<UserId>(seedOf('nobody').subarray(0, 16))
const nowhere = idFromBytes<ChannelId>(seedOf('nowhere').subarray(0, 16))

test('a refusal names the action and the reason', async (t) => {
  const { context } = await aContext(t)
  t.throws(() => insist(context, bo, { action: 'enrol person', isAdministrator: false }), {
    code: 'NOT_ALLOWED',
    facts: { action: 'enrol person', found: 'not an administrator' },
  })
  t.doesNotThrow(() => insist(context, bo, { action: 'enrol person', isAdministrator: true }))
})

test('only the directory decides who administers and who is a member', async (t) => {
  const { context } = await aContext(t)
  await enrol(context, bo, { username: 'bo' })

  t.strictSame(
    [amira, bo, nobody].map((person) => isAdministrator(context, person)),
    [true, false, false],
  )
  t.strictSame(
    [amira, bo, nobody].map((person) => isMember(context, ops, person)),
    [true, false, false],
  )
})

test('who was a member and is none any more is none', async (t) => {
  const { context } = await aContext(t)
  const content = { kind: 'member', channel: ops, person: amira, role: 'none' } as const

  await context.sync.replica.commit((tx) =>
    write(tx, context, { document: DIRECTORY, author: amira, content }),
  )

  t.equal(isMember(context, ops, amira), false)
})

test('a channel is found by its id, inside a commit with what the commit wrote', async (t) => {
  const { context } = await aContext(t)

  const inside = await context.sync.replica.commit(async (tx) => {
    const content = { kind: 'post', body: 'hi', root: undefined } as const
    await write(tx, context, { document: routine, author: amira, content })
    const [here, onDisk] = [await channelOf(context, ops, tx), await channelOf(context, ops)]
    return [here.messageCount, onDisk.messageCount]
  })

  t.strictSame(inside, [1, 0])
  t.match(await channelOf(context, ops), { id: ops, name: 'ops', messageCount: 1 })
  await t.rejects(channelOf(context, nowhere), { code: 'NOT_FOUND' })
})

test('what is allowed in a channel follows from the membership of whoever asks', async (t) => {
  const { context } = await aContext(t)
  await enrol(context, bo, { username: 'bo' })

  t.match(await insistInChannel(context, amira, { channel: ops, action: 'post' }), { id: ops })
  t.match(await insistInChannel(context, bo, { channel: ops, action: 'read channel' }), { id: ops })
  await t.rejects(insistInChannel(context, bo, { channel: ops, action: 'post' }), {
    code: 'NOT_ALLOWED',
    facts: { found: 'not a member' },
  })
  await t.rejects(insistInChannel(context, amira, { channel: nowhere, action: 'post' }), {
    code: 'NOT_FOUND',
  })
})

test('being the author, or asking for oneself, counts only when the caller says so', async (t) => {
  const { context } = await aContext(t)
  const edit = { channel: ops, action: 'edit message' } as const

  await t.rejects(insistInChannel(context, amira, edit), {
    code: 'NOT_ALLOWED',
    facts: { found: 'not the author' },
  })
  t.ok(await insistInChannel(context, amira, { ...edit, isAuthor: true }))
})

test('people come in the order they were asked for, without those nobody knows', async (t) => {
  const { context, node } = await aContext(t)
  await enrol(context, bo, { username: 'bo' })

  const people = peopleOf(context, [bo, nobody, amira])

  t.strictSame(
    people.map(({ username }) => username),
    ['bo', 'amira'],
  )
  t.equal(people[0]?.homeNode, node.id)
  t.equal(personOf(context, nobody), undefined)
})

test('a name that two have belongs to the earlier one; the later one has a longer name', async (t) => {
  const { context, clock } = await aContext(t)
  await clock.advance(1_000)
  await enrol(context, bo, { username: 'amira' })

  t.equal(personIdByName(context, ' AMIRA '), amira)
  t.equal(personIdByName(context, `amira-${bo.slice(-5, -1)}`), bo)
  t.equal(personIdByName(context, 'amir'), undefined)
})

test('a message that is not here is not found', async (t) => {
  const { context, node } = await aContext(t)
  const said = await say(node, 'hi')

  t.match(await recordOf(context.sync.replica.read, said.id), { id: said.id, body: 'hi' })
  await t.rejects(recordOf(context.sync.replica.read, 'nothing' as PostId), { code: 'NOT_FOUND' })
})

test('what is written claims the time of this node and keeps the client’s id', async (t) => {
  const { context, clock } = await aContext(t)
  const document = segmentDocument(ops, 'flash', 0)
  const content = { kind: 'post', body: 'hi', root: undefined } as const

  const { logged } = await context.sync.replica.commit((tx) =>
    write(tx, context, { document, author: amira, content, pendingId: 'p1' }),
  )

  const id = postIdOf(document, logged.actor, logged.seq)
  const record = await recordOf(context.sync.replica.read, id)
  t.match(record, { author: amira, lane: 'flash', pendingId: 'p1', claimedAt: clock.now() })
})

async function aContext(t: Test) {
  const clock = virtualClock()
  const node: SyncNode = await aSync('alpha', { clock })
  t.teardown(() => node[Symbol.asyncDispose]())
  await found(node)
  const context: AppContext = {
    sync: node.context,
    random: seededRandom(1),
    blobs: node.context.files.blobs,
    pictureTimes: new Map(),
    moods: new Map(),
  }
  return { context, node, clock }
}

async function enrol(context: AppContext, person: UserId, part: Partial<Profile>): Promise<void> {
  const profile = { username: 'bo', displayName: 'Bo', isAdministrator: false, ...part }
  const content = { kind: 'person', person, profile } as const
  await context.sync.replica.commit((tx) =>
    write(tx, context, { document: DIRECTORY, author: person, content }),
  )
}
