/** What carriers noted and does not open is as if it had not been noted. */
import { test } from 'tap'
import { bytesFromText } from '#base/bytes.ts'
import { lenientStore } from '#storage/lenient-store.ts'
import { collectingLog } from '../support/log.ts'
import { aSealedStore, flip } from '../support/damaged.ts'

test('what is damaged is absent, and said; the rest is there', async (t) => {
  const log = collectingLog()
  const [below, store] = aSealedStore()
  await store.write(
    ['a/1', 'a/2', 'b/1'].map((key) => ({ key, value: bytesFromText(`${key} is here`) })),
  )
  await flip(below, 'a/1')

  const lenient = lenientStore(store, log)

  t.equal(await lenient.get('a/1'), undefined)
  t.ok(await lenient.get('a/2'))
  t.strictSame(
    (await lenient.getMany(['a/1', 'b/1'])).map((value) => value !== undefined),
    [false, true],
  )
  t.strictSame(await lenient.list({ from: 'a/', to: 'a0' }), [])
  t.equal((await lenient.list({ from: 'b/', to: 'b0' })).length, 1)
  t.equal(log.named('value.damaged').length, 3)
})
