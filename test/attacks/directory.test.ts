/** Attacks on who is who in the directory: memberships, administrators, names, settings; backdated and in new lives. */
import { test } from 'tap'
import { newPersonId, type ChannelId, type UserId } from '#base/ids.ts'
import { directChannelId, newChannelId } from '#model/channel-id.ts'
import {
  channelDocument,
  DIRECTORY,
  KEYS,
  SEGMENT_NUMBER_MAX,
  segmentDocument,
} from '#model/document-id.ts'
import type { Content } from '#model/entry.ts'
import { usernames } from '#model/names.ts'
import type { Settings } from '#model/settings.ts'
import type { ChannelRecord } from '#model/view.ts'
import { COUNTER_GAP_MAX, COUNTER_MAX } from '#base/limits.ts'
import type { Store } from '#ports/store.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { mayHold } from '#sync/audience.ts'
import { writeHere } from '#sync/author.ts'
import { key } from '#sync/keys.ts'
import { unpack } from '#sync/records.ts'
import { anInsider, unnamed, type ForgedEntry, type Insider } from '../support/adversary.ts'
import { anIdentity, seedOf } from '../support/nodes.ts'
import {
  amira,
  amiraOf,
  arrive,
  aSync,
  envelopeOf,
  found,
  ops,
  type SyncNode,
} from '../support/sync.ts'

const people = [anIdentity('alpha', 1, 'hub'), anIdentity('bravo', 2), anIdentity('charlie', 3)]
const mallory = anIdentity('mallory', 9)
const knows = [...people, mallory]
/** Times and counters that win or lose against everything. */
const ENDS: readonly Partial<ForgedEntry>[] = [
  { counter: 0, claimedAt: 0, placeAt: 0 },
  { counter: 1, claimedAt: 1_000 },
  { counter: COUNTER_MAX, placeAt: 900_000_000_000_000 },
]

const TAKEN_OVER: Settings = { displayName: 'Taken over', isArchived: true }
const RIGHT: Settings = { displayName: 'Ops', isArchived: false }

test('nobody becomes a member of a private channel by their own word, at no time and in no life', async (t) => {
  const { alpha, bravo, channel } = await aPrivateChannel()
  for (const [at, end] of ENDS.entries()) {
    const insider = insiderIn(`life ${at}`)
    const person = insider.person
    write(insider, { kind: 'member', channel, person, role: 'administrator' }, end)
    write(insider, { kind: 'member', channel, person: amira, role: 'none' }, end)
    write(insider, { kind: 'channel', channel, channelKind: 'public' }, end)
    for (const node of [alpha, bravo]) await arrive(node, insider.envelope(DIRECTORY))
  }

  for (const { context } of [alpha, bravo]) {
    const directory = context.directory()
    t.strictSame(persons(directory.members(channel)), persons([amira, amiraOf(bravo.id)]))
    t.equal(directory.channel(channel)?.kind, 'private')
    t.equal(mayHold(context, mallory.certificate.node, channelDocument(channel)), false)
  }
  for (const node of [alpha, bravo])
    t.strictSame(await unnamed(node, 'notAMember', 'notTheFounder'), [])
})

test('nobody takes the past of a direct channel from one of its two people', async (t) => {
  const { alpha, bravo } = await aPrivateChannel()
  const both = [amira, amiraOf(bravo.id)] as const
  const channel = directChannelId(...both)
  const insider = insiderIn('between two')
  for (const person of both)
    write(
      insider,
      { kind: 'member', channel, person, role: 'member', from: SEGMENT_NUMBER_MAX },
      {},
    )
  write(insider, { kind: 'channel', channel, channelKind: 'direct' }, {})

  for (const node of [alpha, bravo]) {
    const { context } = node
    await arrive(node, insider.envelope(DIRECTORY))
    for (const { id } of [alpha, bravo])
      t.ok(mayHold(context, id, segmentDocument(channel, 'routine', 0)))
    for (const { from } of context.directory().members(channel)) t.equal(from, 0)
  }
})

test('who was put out of a private channel does not come back by an entry from before', async (t) => {
  const { alpha, bravo, channel } = await aPrivateChannel()
  const insider = insiderIn('honest life')
  await writeOn(alpha, { kind: 'member', channel, person: insider.person, role: 'member' })
  await writeOn(alpha, { kind: 'member', channel, person: insider.person, role: 'none' })
  const other = newPersonId(insider.node, seedOf('a second person').subarray(0, 8))
  const counters = (await alpha.context.replica.commit((tx) => tx.log(DIRECTORY))).counter()
  for (let counter = 0; counter <= counters; counter += 1) {
    const again = insiderIn(`life ${counter}`)
    write(again, { kind: 'member', channel, person: other, role: 'member' }, { counter })
    for (const node of [alpha, bravo]) await arrive(node, again.envelope(DIRECTORY))
  }
  await arrive(bravo, await envelopeOf(alpha, DIRECTORY))

  for (const { context } of [alpha, bravo])
    t.equal(mayHold(context, insider.node, channelDocument(channel)), false)
  for (const node of [alpha, bravo]) t.strictSame(await unnamed(node, 'notAMember'), [])
})

test('a kit makes nobody an administrator for all, and takes over no person of another node', async (t) => {
  const { alpha, bravo } = await aPair()
  for (const [at, end] of ENDS.entries()) {
    const insider = insiderIn(`life ${at}`)
    const profile = { username: 'amira', displayName: 'Not Amira', isAdministrator: true }
    write(insider, { kind: 'person', person: amira, profile }, end)
    write(insider, { kind: 'person', person: insider.person, profile }, end)
    for (const node of [alpha, bravo]) await arrive(node, insider.envelope(DIRECTORY))
  }

  for (const { context } of [alpha, bravo]) {
    const directory = context.directory()
    t.equal(directory.person(amira)?.profile.displayName, 'Amira')
    t.equal(directory.person(insiderIn('').person)?.administers, 'home')
    t.equal(directory.person(insiderIn('').person)?.hasAdministered, false)
  }
  for (const node of [alpha, bravo]) t.strictSame(await unnamed(node, 'noRight'), [])
})

test('a name that headquarters gave is not taken away by an earlier date', async (t) => {
  const { alpha, bravo } = await aPair()
  const insider = insiderIn('life')
  const profile = { username: 'amira', displayName: 'Amira', isAdministrator: false }
  write(insider, { kind: 'person', person: insider.person, profile }, ENDS[0] ?? {})

  for (const node of [alpha, bravo]) await arrive(node, insider.envelope(DIRECTORY))

  for (const { context } of [alpha, bravo]) {
    const names = usernames(context.directory())
    t.equal(names.get(amira), 'amira')
    t.not(names.get(insider.person), 'amira')
  }
})

test('names that look like another or turn the line around are not shown as they are', async (t) => {
  const { alpha } = await aPair()
  const insider = insiderIn('life')
  const strange = ['\u0430mira', 'amira\u202e', '\u200bamira', 'AMIRA', 'amira ', '<b>amira</b>']
  const given: UserId[] = []
  for (const [at, username] of strange.entries()) {
    const person = newPersonId(insider.node, seedOf(`${at}`).subarray(0, 8))
    given.push(person)
    const profile = { username, displayName: 'x\u202ey\u0000z', isAdministrator: false }
    write(insider, { kind: 'person', person, profile }, {})
  }

  await arrive(alpha, insider.envelope(DIRECTORY))

  const names = usernames(alpha.context.directory())
  for (const person of given) t.match(names.get(person), /^[a-z][a-z0-9._-]*$/)
  t.equal(new Set(names.values()).size, names.size, 'all differ')
})

test('settings that one member drove to the end of all counters can be put right', async (t) => {
  const { alpha } = await aPair()
  const insider = insiderIn('life')
  writeSettings(insider, TAKEN_OVER, ENDS[2] ?? {})
  await arrive(alpha, insider.envelope(channelDocument(ops)))
  await writeOn(alpha, { kind: 'settings', settings: RIGHT })

  t.match(await settingsOn(alpha), RIGHT)
})

test('so can those that it drove up step by step, whatever comes first, and by any member', async (t) => {
  const { alpha, bravo } = await aPair()
  const insider = insiderIn('life')
  for (let step = 1; step <= 40; step += 1)
    writeSettings(insider, TAKEN_OVER, { counter: step * COUNTER_GAP_MAX, placeAt: step * 2e13 })
  await arrive(bravo, insider.envelope(channelDocument(ops)))
  t.match(await settingsOn(bravo), TAKEN_OVER, 'it may set them, too')
  await writeOn(bravo, { kind: 'settings', settings: RIGHT })
  const answer = await envelopeOf(bravo, channelDocument(ops), { [insider.actor]: 40 })

  await arrive(alpha, answer)
  t.notMatch(await settingsOn(alpha), RIGHT, 'what explains it is missing')
  await arrive(alpha, insider.envelope(channelDocument(ops)))

  for (const node of [alpha, bravo]) t.match(await settingsOn(node), RIGHT)
})

test('a list that is cut off for a fork takes nothing with it that others wrote since', async (t) => {
  const store = openMemoryStore()
  const { alpha, bravo } = await aPair(store)
  const insider = insiderIn('life')
  for (let step = 1; step <= 3; step += 1)
    writeSettings(insider, TAKEN_OVER, { counter: step * COUNTER_GAP_MAX })
  await arrive(bravo, insider.envelope(channelDocument(ops)))
  await writeOn(bravo, { kind: 'settings', settings: RIGHT })
  const other = insiderIn('life')
  writeSettings(other, { displayName: 'Another branch' }, {})

  await arrive(bravo, other.envelope(channelDocument(ops)))
  await arrive(alpha, await envelopeOf(bravo, KEYS))
  await arrive(alpha, await envelopeOf(bravo, channelDocument(ops)))
  await bravo[Symbol.asyncDispose]()
  await using reopened = await aSync('bravo', { knows, store })
  await writeOn(reopened, { kind: 'settings', settings: { displayName: 'And on' } })

  t.match(await settingsOn(alpha), RIGHT)
  t.match(await settingsOn(reopened), { ...RIGHT, displayName: 'And on' })
})

test('memberships of its own channel that an insider put at the end of all counters can be changed', async (t) => {
  const { alpha, bravo, channel } = await aPrivateChannel()
  const insider = insiderIn('life')
  await writeOn(alpha, { kind: 'member', channel, person: insider.person, role: 'administrator' })
  await arrive(bravo, await envelopeOf(alpha, DIRECTORY))
  const person = amiraOf(bravo.id)
  write(insider, { kind: 'member', channel, person, role: 'none' }, ENDS[2] ?? {})
  write(insider, { kind: 'member', channel, person: insider.person, role: 'member' }, ENDS[2] ?? {})
  for (const node of [alpha, bravo]) await arrive(node, insider.envelope(DIRECTORY))
  t.match(bravo.context.directory().member(channel, person), { role: 'member' })

  await writeOn(bravo, { kind: 'member', channel, person: insider.person, role: 'none' })
  await arrive(alpha, await envelopeOf(bravo, DIRECTORY))

  for (const { context } of [alpha, bravo]) {
    t.match(context.directory().member(channel, person), { role: 'member' })
    t.match(context.directory().member(channel, insider.person), { role: 'none' })
  }
})

function insiderIn(life: string): Insider {
  return anInsider(mallory, { knows: people, life })
}

function write(insider: Insider, content: Content, end: Partial<ForgedEntry>): void {
  insider.write(DIRECTORY, { author: insider.person, content, ...end })
}

function writeSettings(insider: Insider, settings: Settings, end: Partial<ForgedEntry>): void {
  const content = { kind: 'settings', settings } as const
  insider.write(channelDocument(ops), { author: insider.person, content, ...end })
}

async function settingsOn({ context }: SyncNode): Promise<Settings | undefined> {
  return unpack<ChannelRecord>(await context.replica.read.get(key.channel(ops)))?.settings
}

function persons(list: readonly (UserId | { readonly person: UserId })[]): readonly UserId[] {
  return list.map((one) => (typeof one === 'string' ? one : one.person)).toSorted()
}

async function writeOn({ context }: SyncNode, content: Content): Promise<void> {
  const document = content.kind === 'settings' ? channelDocument(ops) : DIRECTORY
  const author = amiraOf(context.identity.certificate.node)
  const entry = { author, claimedAt: context.now(), content }
  await context.replica.commit((tx) => writeHere(tx, context, { document, entry }))
}

async function aPair(store: Store = openMemoryStore()) {
  const alpha = await aSync('alpha', { role: 'hub', knows })
  const bravo = await aSync('bravo', { knows, store })
  await found(alpha)
  await arrive(alpha, await envelopeOf(bravo, KEYS))
  await arrive(bravo, await envelopeOf(alpha, KEYS))
  await arrive(bravo, await envelopeOf(alpha, DIRECTORY))
  return { alpha, bravo }
}

async function aPrivateChannel() {
  const { alpha, bravo } = await aPair()
  const channel: ChannelId = newChannelId(alpha.id, 'private', seedOf('secret').subarray(0, 8))
  await writeOn(alpha, { kind: 'channel', channel, channelKind: 'private' })
  for (const person of [amira, amiraOf(bravo.id)])
    await writeOn(alpha, { kind: 'member', channel, person, role: 'member' })
  await arrive(bravo, await envelopeOf(alpha, DIRECTORY))
  return { alpha, bravo, channel }
}
