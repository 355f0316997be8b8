import { test } from 'tap'
import { must } from '#base/assert.ts'
import type { Store } from '#ports/store.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { sealingKey, type Algorithm } from '#storage/seal.ts'
import { SEAL_BYTES, sealStore } from '#storage/sealed-store.ts'
import { codeOfFailure, put, storeContract, text } from '../contracts/store.ts'
import { seededRandom } from '../support/random.ts'

const KEY = new Uint8Array(32).fill(7)

function sealed(inner: Store, key = KEY, algorithm: Algorithm = 1): Store {
  return sealStore(inner, sealingKey(algorithm, key), seededRandom(1))
}

test('a sealed store keeps the contract of stores', (t) =>
  storeContract(t, async () => sealed(openMemoryStore())))

test('nothing of a value can be read in the store below', async (t) => {
  const inner = openMemoryStore()
  await sealed(inner).write([
    put('doc/a', 'the bridge is down'),
    put('doc/b', 'the bridge is down'),
  ])

  const [a, b] = await inner.getMany(['doc/a', 'doc/b'])

  t.notMatch(Buffer.from(must(a, 'a')).toString('latin1'), 'bridge')
  t.equal(a?.length, 'the bridge is down'.length + SEAL_BYTES)
  t.not(Buffer.from(must(a, 'a')).toString('hex'), Buffer.from(must(b, 'b')).toString('hex'))
})

test('a sealed value has format 1 and opens by the layout its file names', async (t) => {
  const inner = openMemoryStore()
  // Opened by an implementation of RFC 8439 of its own as well.
  const golden = '0191dc089097e0daf4454fe60355f7ee972c104014de231c27eecfca17c51803b609'

  await sealed(inner).write([put('doc/a', 'ready')])

  const value = Buffer.from(must(await inner.get('doc/a'), 'written')).toString('hex')
  t.equal(value, golden, 'golden bytes: they change only with a new format byte')
})

test('every single flipped bit is an error and never a wrong value', async (t) => {
  const inner = openMemoryStore()
  const store = sealed(inner)
  await store.write([put('doc/a', 'ready')])
  const good = must(await inner.get('doc/a'), 'written')

  const outcomes = new Set<string>()
  for (let bit = 0; bit < good.length * 8; bit += 1) {
    const bad = new Uint8Array(good)
    bad[bit >> 3] = must(bad[bit >> 3], 'inside') ^ (1 << (bit & 7))
    await inner.write([{ key: 'doc/a', value: bad }])
    outcomes.add(await codeOfFailure(store.get('doc/a')))
  }

  t.strictSame([...outcomes], ['STORE_BROKEN'])
})

test('a value does not open under another name, with another key, or cut short', async (t) => {
  const inner = openMemoryStore()
  const store = sealed(inner)
  await store.write([put('doc/a', 'ready')])
  const value = must(await inner.get('doc/a'), 'written')
  await inner.write([
    { key: 'doc/b', value },
    { key: 'doc/c', value: value.subarray(0, -1) },
    { key: 'doc/d', value: value.subarray(0, 5) },
    { key: 'doc/e', value: new Uint8Array() },
  ])

  for (const key of ['doc/b', 'doc/c', 'doc/d', 'doc/e'])
    t.equal(await codeOfFailure(store.get(key)), 'STORE_BROKEN', key)
  const stranger = sealed(inner, new Uint8Array(32).fill(8))
  t.equal(await codeOfFailure(stranger.get('doc/a')), 'STORE_BROKEN')
  t.equal(await codeOfFailure(store.getMany(['doc/a', 'doc/b'])), 'STORE_BROKEN')
  t.equal(await codeOfFailure(store.list({ from: 'doc/', to: 'doc0' })), 'STORE_BROKEN')
  t.equal(await text(store, 'doc/a'), 'ready')
})

test('the error names the kind of the key and never the key', async (t) => {
  const inner = openMemoryStore()
  await inner.write([
    put('acct/amira', 'not sealed by anybody, but long enough'),
    put('counter', ''),
  ])

  const person = await sealed(inner).get('acct/amira').catch(String)
  const fixed = await sealed(inner).get('counter').catch(String)

  t.match(person, /"part":"acct"/)
  t.notMatch(person, /amira/)
  t.match(fixed, /"part":""/)
})

test('a store key of another length is a fault of the program', async (t) => {
  t.throws(() => sealed(openMemoryStore(), new Uint8Array(31)), { name: 'AssertionFailure' })
})
