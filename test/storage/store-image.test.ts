import { join } from 'node:path'
import { test } from 'tap'
import { textFromBytes as text } from '#base/bytes.ts'
import type { Entry } from '#ports/store.ts'
import { openLevelStore } from '#storage/level-store.ts'
import { entriesOf, imageOf } from '#storage/store-image.ts'
import { codeOfFailure, put } from '../contracts/store.ts'
import { collectingLog } from '../support/log.ts'

async function* inParts(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length)
}

async function collected<T>(all: AsyncIterable<T>): Promise<T[]> {
  return Array.fromAsync(all)
}

async function* pages(...all: readonly (readonly Entry[])[]): AsyncGenerator<readonly Entry[]> {
  yield* all
}

function entry(key: string, value: string): Entry {
  return [key, Buffer.from(value)]
}

test('an image gives back what was in it, in whatever parts it comes', async (t) => {
  const all = [entry('a', '1'), entry('ü/2', ''), entry('z', 'x'.repeat(3_000))]

  const image = Buffer.concat(await collected(imageOf(pages(all.slice(0, 1), all.slice(1)))))

  for (const length of [1, 7, 100_000])
    t.strictSame(
      (await collected(entriesOf(inParts(image, length)))).map(([key, value]) => [
        key,
        text(value),
      ]),
      all.map(([key, value]) => [key, text(value)]),
    )
})

test('an image that was cut short, or goes on behind its end, is none', async (t) => {
  const image = Buffer.concat(await collected(imageOf(pages([entry('a', '1'), entry('b', '2')]))))
  const wrong = [
    image.subarray(0, 0),
    image.subarray(0, 4),
    image.subarray(0, -1),
    Buffer.concat([image, image]),
    Buffer.from([0xc0]),
  ]

  for (const bytes of wrong)
    t.equal(await codeOfFailure(collected(entriesOf(inParts(bytes, 64)))), 'STORE_BROKEN')
})

test('the pages of a store are all as they were when they were begun', async (t) => {
  const log = collectingLog()
  await using store = await openLevelStore({ folder: join(t.testdir(), 'store'), log })
  const keys = Array.from({ length: 150 }, (_, at) => String(at).padStart(3, '0'))
  await store.write(keys.map((key) => put(key, 'before')))

  const seen: Entry[] = []
  for await (const page of store.pages()) {
    if (seen.length === 0) await store.write([put('149', 'after'), put('500', 'after')])
    seen.push(...page)
  }

  t.strictSame(
    seen.map(([key]) => key),
    keys,
  )
  t.ok(seen.every(([, value]) => text(value) === 'before'))
})
