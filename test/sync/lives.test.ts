import { test } from 'tap'
import type { ActorId } from '#base/ids.ts'
import { actorOf } from '#base/ids.ts'
import { DIRECTORY } from '#model/document-id.ts'
import type { Clock } from '#model/log.ts'
import { noteWord } from '#sync/words.ts'
import { hearLife, owesLife } from '#sync/lives.ts'
import { anIdentity, seedOf } from '../support/nodes.ts'
import { aSync } from '../support/sync.ts'

const { node } = anIdentity('bravo', 2).certificate
const [first, second] = ['first', 'second'].map((name) =>
  actorOf(node, seedOf(name).subarray(0, 4)),
) as [ActorId, ActorId]

test('a life that is new here is the later one, and what comes from the earlier one counts for less', async (t) => {
  const { hear } = await aListener()

  t.strictSame(await hear(first), { actor: first, isCurrent: true, isLater: false })
  t.strictSame(await hear(second), { actor: second, isCurrent: true, isLater: true })
  t.strictSame(await hear(first), { actor: first, isCurrent: false, isLater: false })
  t.strictSame(await hear(second), { actor: second, isCurrent: true, isLater: true })
})

test('lives that came in the wrong order are set right by the later one, which holds what the earlier wrote', async (t) => {
  const { hear } = await aListener()
  await hear(second)
  await hear(first)

  t.match(await hear(second, { [second]: 3 }), { isCurrent: false })
  t.match(await hear(second, { [second]: 3, [first]: 7 }), { isCurrent: true, isLater: true })
  t.match(await hear(first), { isCurrent: false })
})

test('a life is not taken for the later one when the other has said that it holds what was written in it', async (t) => {
  const { hear, says } = await aListener()
  await says(second, { [second]: 1, [first]: 7 })

  t.match(await hear(first, { [first]: 7 }), { isCurrent: false })
  t.strictSame(await hear(second), { actor: second, isCurrent: true, isLater: true })
  t.match(await hear(first), { isCurrent: false })
  t.match(await hear(lifeAt(3)), { isCurrent: true }, 'a third one is new')
})

test('who begins a later life is told once what its disk may have lost', async (t) => {
  const { hear, owes } = await aListener()

  t.equal(await owes(), false, 'nothing was heard of it')
  await hear(first)
  t.equal(await owes(), false, 'it lost nothing')
  await hear(second)
  t.equal(await owes(), true)
  t.equal(await owes(), false)
})

test('who begins one life after another is told all of it now and then', async (t) => {
  const { hear, owes } = await aListener()
  await hear(first)
  let told = 0
  for (let minute = 0; minute < 60; minute += 1) {
    await hear(lifeAt(minute))
    if (await owes(minute * 60_000)) told += 1
  }
  t.equal(told, 6)
})

function lifeAt(at: number): ActorId {
  return actorOf(node, Uint8Array.of(7, 7, 7, at))
}

async function aListener() {
  const { context } = await aSync('alpha')
  return {
    hear: (actor: ActorId, clock = {}) =>
      context.replica.commit((tx) => hearLife(tx, { node, actor, named: [clock] })),
    says: (actor: ActorId, clock: Clock) =>
      context.replica.commit(async (tx) => {
        const life = await hearLife(tx, { node, actor, named: [clock] })
        const word = { node, document: DIRECTORY, clock, read: {}, receipt: undefined, life }
        await noteWord(tx, context, { ...word, isWhole: true })
      }),
    owes: (now = 0) => context.replica.commit((tx) => owesLife(tx, node, now)),
  }
}
