/** All of the disk is read now and then: what nobody asks for is found damaged while others still have it. */
import { test } from 'tap'
import { SCRUB_EVERY_MS } from '#base/limits.ts'
import { key, range } from '#sync/keys.ts'
import { aScene, aSealedStore, flip } from '../support/damaged.ts'
import { bodies, found, ops, routine, say } from '../support/sync.ts'

test('damage that nobody meets is found, and what it took comes back from another node', async (t) => {
  const scene = aScene(t)
  const [below, store] = aSealedStore()
  const bravo = await scene.open('bravo', { store, isLinked: true })
  const alpha = await scene.open('alpha', { isLinked: true })
  await found(alpha.node)
  await say(alpha.node, 'one')
  await scene.clock.advance(SCRUB_EVERY_MS)
  await bravo.close()
  await flip(below, key.loose(routine, 0))

  const again = await scene.open('bravo', { store, isLinked: true })
  await scene.clock.advance(SCRUB_EVERY_MS)

  t.match(again.log.named('document.damaged'), [{ facts: { document: routine, missing: 1 } }])
  t.strictSame(await store.list(range.holes), [])
  t.equal((await store.list(range.loose(routine))).length, 1, 'it is there again')
  await again.close()
  await alpha.close()
})

test('a message that its document has and the view has not is shown again', async (t) => {
  const scene = aScene(t)
  const [, store] = aSealedStore()
  const alpha = await scene.open('alpha', { store })
  await found(alpha.node)
  const { id } = await say(alpha.node, 'one')
  await say(alpha.node, 'two')
  await alpha.close()
  await store.write([key.message(id)].map((name) => ({ key: name, value: undefined })))

  const again = await scene.open('alpha', { store })
  await scene.clock.advance(SCRUB_EVERY_MS)

  t.match(again.log.named('view.damaged'), [{ facts: { channel: ops } }])
  t.strictSame(await bodies(again.node), ['one', 'two'])
  await again.close()
})
