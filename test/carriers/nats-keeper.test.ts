import { test } from 'tap'
import { EdgeError } from '#base/errors.ts'
import { bytesFromText, textFromBytes } from '#base/bytes.ts'
import { openKeeper } from '#carriers/nats-keeper.ts'
import type { Store } from '#ports/store.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { collectingLog } from '../support/log.ts'

test('what changed is written once, by however many it is wanted, and what stands there is not', async (t) => {
  const { keeper, state, writes } = open()
  await Promise.all([keeper.save(), keeper.save(), keeper.save()])
  await keeper.save()
  t.strictSame(writes, ['one'])

  state.value = 'two'
  const first = keeper.save()
  state.value = 'three'
  await Promise.all([first, keeper.save()])
  t.strictSame(writes, ['one', 'two', 'three'])

  state.value = 'four'
  keeper.isKept(bytesFromText('four'))
  await keeper.save()
  t.equal(writes.length, 3)
})

test('a store that fails is a warning, and it is tried again when it is wanted again', async (t) => {
  const { keeper, state, writes, log } = open()
  state.isBroken = true
  await keeper.save()
  t.match(log.named('nats.place-not-kept'), [{ level: 'warn', facts: { code: 'STORE_FULL' } }])

  state.isBroken = false
  await keeper.save()
  t.strictSame(writes, ['one'])
})

function open() {
  const state = { value: 'one', isBroken: false }
  const writes: string[] = []
  const log = collectingLog()
  const store: Store = {
    ...openMemoryStore(),
    write: async ([first]) => {
      if (state.isBroken) throw new EdgeError('STORE_FULL', {})
      writes.push(textFromBytes(first?.value ?? new Uint8Array()))
    },
  }
  const value = (): Uint8Array => bytesFromText(state.value)
  const keeper = openKeeper({ key: 'place', carrier: 'hub', ports: { store, log }, value })
  return { keeper, state, writes, log }
}
