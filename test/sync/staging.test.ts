import { test } from 'tap'
import fc from 'fast-check'
import type { Write } from '#ports/store.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { openStaging, type Staging } from '#sync/staging.ts'
import { aFaultyStore } from '../support/faulty-store.ts'

const KEYS = ['a/1', 'a/2', 'a/3', 'a/4', 'b/1']
const one = Uint8Array.of(1)
const two = Uint8Array.of(2)
const A = { from: 'a/', to: 'a0' }

test('a range shows the commit over the batch over the disk', async (t) => {
  const staging = await aStaging(['a/1', 'a/2', 'a/4'])
  staging.begin()
  staging.put('a/3', one)
  staging.delete('a/1')
  staging.keep()
  staging.begin()
  staging.delete('a/3')
  staging.put('a/5', one)

  t.strictSame(await keysOf(staging, A), ['a/2', 'a/4', 'a/5'])
  t.strictSame(await keysOf(staging, { ...A, reverse: true }), ['a/5', 'a/4', 'a/2'])
  t.strictSame(await keysOf(staging, { ...A, limit: 2 }), ['a/2', 'a/4'])
  t.strictSame(await keysOf(staging, { ...A, limit: 1, reverse: true }), ['a/5'])
})

test('a limited range looks past what is deleted but still on the disk', async (t) => {
  const staging = await aStaging(['a/1', 'a/2', 'a/3', 'a/4'])
  staging.begin()
  staging.delete('a/1')
  staging.delete('a/2')

  t.strictSame(await keysOf(staging, { ...A, limit: 1 }), ['a/3'])
  t.strictSame(await keysOf(staging, { ...A, limit: 3 }), ['a/3', 'a/4'])
})

test('a dropped commit leaves the one before it', async (t) => {
  const staging = await aStaging([])
  staging.begin()
  staging.put('a/1', one)
  staging.keep()
  staging.begin()
  staging.put('a/1', two)
  staging.put('a/2', two)
  staging.drop()

  t.strictSame(await staging.get('a/1'), one)
  t.equal(await staging.get('a/2'), undefined)
})

test('after a failed flush nothing is remembered that is not on the disk', async (t) => {
  const store = aFaultyStore()
  await store.write([{ key: 'a/1', value: one }])
  const staging = openStaging(store)
  await staging.get('a/1')
  staging.begin()
  staging.put('a/1', two)
  staging.keep()
  store.setFault('full')

  await t.rejects(staging.flush(), { code: 'STORE_FULL' })
  staging.forget()

  t.strictSame(await staging.get('a/1'), one)
})

test('a value that is changed by its owner after it was written is not changed in the cache', async (t) => {
  const staging = await aStaging([])
  const value = Uint8Array.of(1)
  staging.begin()
  staging.put('a/1', value)
  staging.keep()
  await staging.flush()
  value[0] = 9

  t.strictSame(await staging.get('a/1'), Uint8Array.of(1))
})

test('whatever is put, deleted, kept, dropped and flushed, reads are those of a plain map', async (t) => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('put'), key: fc.constantFrom(...KEYS) }),
    fc.record({ kind: fc.constant('delete'), key: fc.constantFrom(...KEYS) }),
    fc.record({
      kind: fc.constantFrom('keep', 'drop', 'flush', 'get'),
      key: fc.constantFrom(...KEYS),
    }),
  )
  const property = fc.asyncProperty(
    fc.array(step, { maxLength: 40 }),
    fc.nat(5),
    async (steps, limit) => {
      const staging = openStaging(openMemoryStore())
      let kept = new Map<string, Uint8Array>()
      let now = new Map<string, Uint8Array>()
      staging.begin()
      for (const [index, { kind, key }] of steps.entries()) {
        if (kind === 'put') {
          staging.put(key, Uint8Array.of(index))
          now.set(key, Uint8Array.of(index))
        } else if (kind === 'delete') {
          staging.delete(key)
          now.delete(key)
        } else if (kind === 'get') await staging.get(key)
        else if (kind === 'drop') {
          staging.drop()
          now = new Map(kept)
        } else {
          staging.keep()
          kept = new Map(now)
          if (kind === 'flush') await staging.flush()
        }
      }
      for (const reverse of [false, true]) {
        const wanted = [...now]
          .filter(([key]) => key < 'b')
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
        if (reverse) wanted.reverse()
        const found = await staging.list({ ...A, limit, reverse })
        if (JSON.stringify(found) !== JSON.stringify(wanted.slice(0, limit))) return false
      }
      for (const key of KEYS) if ((await staging.get(key))?.[0] !== now.get(key)?.[0]) return false
      return true
    },
  )

  const details = await fc.check(property, { numRuns: 300 })
  t.notOk(details.failed, fc.defaultReportMessage(details) ?? 'the property holds')
})

async function aStaging(keys: readonly string[]): Promise<Staging> {
  const store = openMemoryStore()
  await store.write(keys.map((key): Write => ({ key, value: one })))
  return openStaging(store)
}

async function keysOf(staging: Staging, range: Parameters<Staging['list']>[0]): Promise<string[]> {
  return (await staging.list(range)).map(([key]) => key)
}
