/** What we wrote and damage tore off: whole bytes that come back to their place with what went before them. */
import { test } from 'tap'
import { key, range } from '#sync/keys.ts'
import { pack } from '#sync/records.ts'
import { aScene, aSealedStore, flip } from '../support/damaged.ts'
import { bodies, found, routine, say, shown } from '../support/sync.ts'

const DAY_MS = 86_400_000

test('what was sent and came to nobody is used again once what it goes on from is back', async (t) => {
  const scene = aScene(t)
  const [below, store] = aSealedStore()
  const bravo = await scene.open('bravo', { isLinked: true })
  const first = await scene.open('alpha', { store, isLinked: true })
  await found(first.node)
  await say(first.node, 'bravo has it')
  await scene.clock.advance(DAY_MS)
  await first.close()
  const offline = await scene.open('alpha', { store })
  const { actor } = offline.node.context.replica
  for (const number of [1, 2]) await say(offline.node, `on a lost stick ${number}`)
  const ids = (await shown(offline.node)).map(({ id }) => id)
  await say(offline.node, 'never sent')
  await offline.close()
  await store.write([{ key: key.sent(routine, actor), value: pack(3) }])
  await flip(below, key.loose(routine, 0))

  const damaged = await scene.open('alpha', { store })
  await t.rejects(say(damaged.node, 'too early'), { code: 'STOPPING' })
  t.match(damaged.log.named('document.damaged'), [{ facts: { size: 0, missing: 4 } }])
  await damaged.close()
  const reborn = await scene.open('alpha', { store, isLinked: true, life: 'second' })
  await scene.clock.advance(DAY_MS)

  const all = ['bravo has it', 'on a lost stick 1', 'on a lost stick 2', 'never sent']
  for (const { node } of [reborn, bravo]) {
    t.strictSame((await bodies(node)).toSorted(), all.toSorted(), 'everything once')
    const here = (await shown(node)).map(({ id }) => id)
    t.strictSame(
      ids.filter((id) => !here.includes(id)),
      [],
      'under the ids by which their authors know them',
    )
  }
  t.match(reborn.log.named('document.regained'), [{ facts: { count: 2 } }])
  t.strictSame(await store.list(range.holes), [])
  t.strictSame(await store.list(range.broken(routine)), [])
  await reborn.close()
  await bravo.close()
})
