/** What every store owes, whatever it is made of. Run against each adapter. */
import type { Test } from 'tap'
import { bytesFromText, hexFromBytes, textFromBytes } from '#base/bytes.ts'
import { codeOf } from '#base/errors.ts'
import type { Range, Store, Write } from '#ports/store.ts'

/** Opens a new, empty store, which the contract closes. */
export type OpenStore = (t: Test) => Promise<Store>

/** Everything, for ranges. */
const ALL: Range = { from: '', to: '\u{10ffff}' }

/** Runs the contract as subtests of `t`. */
export async function storeContract(t: Test, open: OpenStore): Promise<void> {
  const part = (name: string, check: (t: Test, store: Store) => Promise<void>): Promise<unknown> =>
    t.test(name, async (sub) => {
      await using store = await open(sub)
      await check(sub, store)
    })

  await part('what was written is read', wroteAndRead)
  await part('a batch is there as a whole, and its last word on a key counts', batches)
  await part('a deleted key is gone, and deleting what is not there is no error', deletes)
  await part('many values come in the order they were asked for, with holes', holes)
  await part('a range has its start and not its end, in key order', ranges)
  await part('a range can be limited and walked from its end', limits)
  await part('keys are in the order of their UTF-8 bytes', unicode)
  await part('bytes that change after a call do not change what is stored', aliases)
  await part('a value of several megabytes comes back whole', bigValues)
  await part('writes at the same time keep their order', concurrent)
  await part('a batch without writes is no error and keeps its turn', emptyBatch)
  await part('compacting changes nothing that can be read', compacted)
  await t.test('a closed store refuses everything, and may be closed twice', (sub) =>
    closed(sub, open),
  )
}

async function wroteAndRead(t: Test, store: Store): Promise<void> {
  t.equal(await store.get('doc/a'), undefined, 'nothing there yet')

  await store.write([put('doc/a', 'one'), { key: 'doc/empty', value: new Uint8Array() }])

  t.equal(await text(store, 'doc/a'), 'one')
  t.equal((await store.get('doc/empty'))?.length, 0, 'an empty value is a value')
}

async function batches(t: Test, store: Store): Promise<void> {
  await store.write([
    put('a', '1'),
    put('b', '1'),
    remove('a'),
    put('b', '2'),
    remove('c'),
    put('c', '3'),
  ])

  t.strictSame(await listed(store, ALL), ['b=2', 'c=3'])
}

async function deletes(t: Test, store: Store): Promise<void> {
  await store.write([put('a', '1'), put('b', '2')])

  await store.write([remove('a'), remove('never')])

  t.equal(await store.get('a'), undefined)
  t.strictSame(await listed(store, ALL), ['b=2'])
}

async function holes(t: Test, store: Store): Promise<void> {
  await store.write([put('a', '1'), put('c', '3')])

  const values = await store.getMany(['c', 'b', 'a', 'c'])

  t.strictSame(
    values.map((value) => value && textFromBytes(value)),
    ['3', undefined, '1', '3'],
  )
  t.strictSame(await store.getMany([]), [])
}

async function ranges(t: Test, store: Store): Promise<void> {
  await store.write(['m/3', 'm/1', 'l/9', 'm/2', 'm0', 'n/1'].map((key) => put(key, '.')))

  t.strictSame(await keysOf(store, { from: 'm/', to: 'm0' }), ['m/1', 'm/2', 'm/3'])
  t.strictSame(await keysOf(store, { from: 'm/2', to: 'm/3' }), ['m/2'])
  t.strictSame(await keysOf(store, { from: 'm/3', to: 'm/1' }), [], 'an inside-out range is empty')
  t.strictSame(await keysOf(store, { from: 'm/2', to: 'm/2' }), [])
}

async function limits(t: Test, store: Store): Promise<void> {
  await store.write(['1', '2', '3', '4'].map((key) => put(`m/${key}`, '.')))
  const range = { from: 'm/1', to: 'm/4' }

  t.strictSame(await keysOf(store, { ...range, limit: 2 }), ['m/1', 'm/2'])
  t.strictSame(await keysOf(store, { ...range, limit: 0 }), [])
  t.strictSame(await keysOf(store, { ...range, limit: 9 }), ['m/1', 'm/2', 'm/3'])
  t.strictSame(await keysOf(store, { ...range, reverse: true }), ['m/3', 'm/2', 'm/1'])
  t.strictSame(await keysOf(store, { ...range, reverse: true, limit: 1 }), ['m/3'])
}

async function unicode(t: Test, store: Store): Promise<void> {
  // U+1F4AC comes after U+FF5E as a code point and before it as UTF-16.
  const sorted = ['A', 'a', 'é', 'مرحبا', '医', '\uff5e', '\u{1f4ac}', '\u{1f4ac}a', '\u{1f4ad}']
  await store.write(sorted.toReversed().map((key) => put(key, key)))

  t.strictSame(await keysOf(store, ALL), sorted)
  t.strictSame(await keysOf(store, { from: '\uff5e', to: '\u{1f4ad}' }), sorted.slice(5, 8))
  t.equal(await text(store, '\u{1f4ac}'), '\u{1f4ac}')
}

async function aliases(t: Test, store: Store): Promise<void> {
  const [early, late] = [bytesFromText('early'), bytesFromText('late')]
  const before = store.write([{ key: 'early', value: early }])
  const after = store.write([{ key: 'late', value: late }])
  early.fill(0)
  late.fill(0)
  await Promise.all([before, after])
  const read = await Promise.all([
    store.get('early'),
    store.getMany(['early']).then(([value]) => value),
    store.list(ALL).then(([entry]) => entry?.[1]),
  ])
  for (const value of read) value?.fill(1)

  t.strictSame(await listed(store, ALL), ['early=early', 'late=late'])
}

async function bigValues(t: Test, store: Store): Promise<void> {
  const value = Uint8Array.from({ length: 3_000_001 }, (_, at) => (at * 7919) >> 5)

  await store.write([{ key: 'blob/1', value }, put('blob/2', 'small')])

  const back = await store.get('blob/1')
  t.ok(back !== undefined && Buffer.compare(back, value) === 0)
  t.equal(await text(store, 'blob/2'), 'small')
}

async function concurrent(t: Test, store: Store): Promise<void> {
  const finished: number[] = []
  const rounds = Array.from({ length: 200 }, (_, round) => round)

  await Promise.all(
    rounds.map(async (round) => {
      await store.write([put('last', String(round)), put(`each/${round}`, '.')])
      finished.push(round)
    }),
  )

  t.strictSame(finished, rounds, 'they finish in the order of the calls')
  t.equal(await text(store, 'last'), '199')
  t.equal((await store.list({ from: 'each/', to: 'each0' })).length, 200)
}

async function emptyBatch(t: Test, store: Store): Promise<void> {
  const finished: string[] = []

  await Promise.all([
    store.write([put('a', '1')]).then(() => finished.push('a')),
    store.write([]).then(() => finished.push('nothing')),
    store.write([put('b', '2')]).then(() => finished.push('b')),
  ])

  t.strictSame(finished, ['a', 'nothing', 'b'])
}

async function compacted(t: Test, store: Store): Promise<void> {
  await store.write(['k/1', 'l/1', 'l/2', 'm/1'].map((key) => put(key, key)))
  await store.write([remove('l/1')])

  await store.compact({ from: 'l/', to: 'l0' })
  await store.compact(ALL)
  await store.compact({ from: 'x/', to: 'x0' })

  t.strictSame(await listed(store, ALL), ['k/1=k/1', 'l/2=l/2', 'm/1=m/1'])
  t.strictSame(await keysOf(store, { ...ALL, reverse: true }), ['m/1', 'l/2', 'k/1'])
}

async function closed(t: Test, open: OpenStore): Promise<void> {
  const store = await open(t)
  const last = store.write([put('a', '1')])
  await store[Symbol.asyncDispose]()

  await t.resolves(last, 'what was asked for before is done')
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    get: () => store.get('a'),
    getMany: () => store.getMany(['a']),
    list: () => store.list(ALL),
    write: () => store.write([put('a', '2')]),
    compact: () => store.compact(ALL),
  }
  for (const [name, call] of Object.entries(calls))
    t.equal(await codeOfFailure(call()), 'STOPPING', name)
  await store[Symbol.asyncDispose]()
}

/** A write of UTF-8 text. */
export function put(key: string, value: string): Write {
  return { key, value: bytesFromText(value) }
}

/** A deletion. */
export function remove(key: string): Write {
  return { key, value: undefined }
}

/** The value of `key` as text. */
export async function text(store: Store, key: string): Promise<string | undefined> {
  const value = await store.get(key)
  return value && textFromBytes(value)
}

/** The EdgeError code that `work` fails with; what it is instead, if it is another error or none. */
export async function codeOfFailure(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    return codeOf(error) ?? String(error)
  }
  return 'no failure'
}

async function listed(store: Store, range: Range): Promise<readonly string[]> {
  const entries = await store.list(range)
  return entries.map(([key, value]) => `${key}=${readable(value)}`)
}

async function keysOf(store: Store, range: Range): Promise<readonly string[]> {
  return (await store.list(range)).map(([key]) => key)
}

function readable(value: Uint8Array): string {
  const asText = textFromBytes(value)
  return /^[ -~]*$/.test(asText) ? asText : hexFromBytes(value)
}
