/** A deletion counts by who wrote it, and whatever came first, all nodes show the same. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { DIRECTORY, segmentDocument } from '#model/document-id.ts'
import type { PostId } from '#base/ids.ts'
import { range } from '#sync/keys.ts'
import { virtualClock } from '../support/clock.ts'
import { enter } from '../support/fleet.ts'
import { anIdentity } from '../support/nodes.ts'
import {
  amiraOf,
  arrive,
  aSync,
  envelopeOf,
  found,
  ops,
  shown,
  type SyncNode,
} from '../support/sync.ts'

const routine = segmentDocument(ops, 'routine', 0)
const identities = [anIdentity('hub', 9, 'hub'), anIdentity('alpha', 1), anIdentity('bravo', 2)]

test('a deletion by somebody who is made an administrator counts, whichever is heard first', async (t) => {
  for (const isDirectoryFirst of [true, false]) {
    await using hub = await aSync('hub', { number: 9, role: 'hub', knows: identities })
    await using alpha = await aSync('alpha', { knows: identities })
    await using bravo = await aSync('bravo', { knows: identities })
    await found(alpha)
    const target = await post(alpha)
    await arrive(bravo, await envelopeOf(alpha, DIRECTORY))
    await arrive(bravo, await envelopeOf(alpha, routine))
    await enter(bravo, routine, { kind: 'deletion', target })
    await enter(hub, DIRECTORY, aPerson(bravo, true))
    const word = await envelopeOf(hub, DIRECTORY)
    const deletion = await envelopeOf(bravo, routine, { [alpha.actor]: 1 })

    for (const bytes of isDirectoryFirst ? [word, deletion] : [deletion, word]) {
      t.equal(await isDeleted(alpha, target), false)
      await arrive(alpha, bytes)
    }

    t.equal(await isDeleted(alpha, target), true)
    t.match(alpha.events.at(-1), isDirectoryFirst ? { kind: 'amended' } : {})
    t.ok(alpha.events.some(({ kind }) => kind === 'amended'))
    t.strictSame(await alpha.context.replica.read.list(range.allHeld), [])
  }
})

test('who administers by the word of their own node deletes what was written there, and nothing else', async (t) => {
  await using alpha = await aSync('alpha', { knows: identities })
  await using bravo = await aSync('bravo', { knows: identities })
  await found(alpha)
  const theirs = await post(alpha)
  await arrive(bravo, await envelopeOf(alpha, DIRECTORY))
  await arrive(bravo, await envelopeOf(alpha, routine))
  await enter(bravo, DIRECTORY, aPerson(bravo, true))
  await enter(bravo, routine, { kind: 'deletion', target: theirs })
  await arrive(alpha, await envelopeOf(bravo, DIRECTORY))
  await arrive(alpha, await envelopeOf(bravo, routine, { [alpha.actor]: 1 }))

  for (const node of [alpha, bravo]) t.equal(await isDeleted(node, theirs), false)
  t.equal((await alpha.context.replica.read.list(range.held(amiraOf(bravo.id)))).length, 1)
})

test('what was deleted while its author administered stays deleted', async (t) => {
  const clock = virtualClock()
  await using hub = await aSync('hub', { number: 9, role: 'hub', knows: identities, clock })
  await using alpha = await aSync('alpha', { knows: identities, clock })
  await using bravo = await aSync('bravo', { knows: identities, clock })
  await found(alpha)
  const target = await post(alpha)
  await arrive(bravo, await envelopeOf(alpha, DIRECTORY))
  await arrive(bravo, await envelopeOf(alpha, routine))
  await enter(bravo, routine, { kind: 'deletion', target })
  await enter(hub, DIRECTORY, aPerson(bravo, true))
  await clock.advance(1_000)
  await enter(hub, DIRECTORY, aPerson(bravo, false))
  await arrive(alpha, await envelopeOf(hub, DIRECTORY))
  t.match(alpha.context.directory().person(amiraOf(bravo.id)), { administers: 'nothing' })

  await arrive(alpha, await envelopeOf(bravo, routine, { [alpha.actor]: 1 }))

  t.equal(await isDeleted(alpha, target), true)
})

test('an edit by another than the author never counts and is not kept', async (t) => {
  await using alpha = await aSync('alpha', { knows: identities })
  await using bravo = await aSync('bravo', { knows: identities })
  await found(alpha)
  const target = await post(alpha)
  await arrive(bravo, await envelopeOf(alpha, DIRECTORY))
  await arrive(bravo, await envelopeOf(alpha, routine))
  await enter(bravo, routine, { kind: 'edit', target, body: 'not mine' })
  await arrive(alpha, await envelopeOf(bravo, routine, { [alpha.actor]: 1 }))

  for (const node of [alpha, bravo]) {
    t.match(await shown(node), [{ body: 'by alpha' }])
    t.strictSame(await node.context.replica.read.list(range.allHeld), [])
  }
})

async function post(node: SyncNode): Promise<PostId> {
  await enter(node, routine, { kind: 'post', body: 'by alpha', root: undefined })
  return must((await shown(node)).at(-1), 'it is shown').id
}

async function isDeleted(node: SyncNode, id: PostId): Promise<boolean> {
  return (await shown(node)).find((message) => message.id === id)?.deletedAt !== 0
}

function aPerson({ id }: SyncNode, isAdministrator: boolean) {
  const profile = { username: 'bo', displayName: 'Bo', isAdministrator }
  return { kind: 'person', person: amiraOf(id), profile } as const
}
