import { test } from 'tap'
import type { PeerId } from '#ports/carrier.ts'
import { key } from '#sync/keys.ts'
import { aFaultyStore } from '../support/faulty-store.ts'
import { aSync, found, routine, say } from '../support/sync.ts'

const office: PeerId = 'post:office'

test('a message, the view of it and its offer to peers are one batch, and told only then', async (t) => {
  const store = aFaultyStore()
  await using alpha = await aSync('alpha', { store })
  await found(alpha)
  alpha.context.peers.add(office)
  const told = alpha.events.length
  store.hold()
  const before = store.batches.length

  const posting = say(alpha, 'one')
  await new Promise((resolve) => {
    setImmediate(resolve)
  })
  t.equal(alpha.events.length, told)
  store.release()
  const message = await posting

  t.equal(store.batches.length, before + 1)
  const keys = new Set(store.batches.at(-1)?.map((write) => write.key))
  t.ok(keys.has(key.document(routine)))
  t.ok(keys.has(key.loose(routine, 0)))
  t.ok(keys.has(key.message(message.id)))
  t.ok(keys.has(key.order(message.channel, message.order)))
  t.ok(keys.has(key.outbox(office, 'routine', routine)))
  t.match(alpha.events.slice(told), [{ kind: 'posted', isLate: false, message: { body: 'one' } }])
})
