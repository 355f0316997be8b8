import { test } from 'tap'
import { actorOf } from '#base/ids.ts'
import type { SignedNote } from '#codec/load.ts'
import { key } from '#sync/keys.ts'
import { noteName, queueNote } from '#sync/note-queue.ts'
import { keepSaid } from '#sync/said.ts'
import { anIdentity } from '../support/nodes.ts'
import { aSync } from '../support/sync.ts'

const actor = actorOf(anIdentity('bravo', 2).certificate.node, Uint8Array.of(1, 2, 3, 4))
const receipt = (name: string): SignedNote => ({
  actor,
  body: new TextEncoder().encode(name),
  signature: new Uint8Array(64),
})

test('a receipt is kept once for all documents of which it is the newest, and is then passed on no more', async (t) => {
  const { context } = await aSync('alpha')
  const { commit, read } = context.replica
  const [old, next] = [receipt('old'), receipt('next')]
  const keep = (before: string | undefined, one: SignedNote | undefined) =>
    commit((tx) => keepSaid(tx, context, { before, receipt: one }))
  const isKept = async (one: SignedNote) => (await read.get(key.said(noteName(one)))) !== undefined
  context.peers.add('post:office')
  const name = noteName(old)

  t.equal(await keep(undefined, old), name)
  t.equal(await keep(undefined, old), name, 'for another document')
  t.equal(await keep(name, undefined), name)
  await commit(async (tx) => queueNote(tx, 'post:office', { name, since: 0, note: old }))
  t.equal(await keep(name, next), noteName(next))
  t.equal(await isKept(old), true, 'for one of the two')
  await keep(name, next)

  t.equal(await isKept(old), false)
  t.equal(await isKept(next), true)
  t.equal(await read.get(key.note('post:office', name)), undefined)
})
