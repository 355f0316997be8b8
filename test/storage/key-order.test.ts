import { test } from 'tap'
import { compareKeys } from '#storage/key-order.ts'

test('keys compare as their UTF-8 bytes do', async (t) => {
  const keys = ['', 'a', 'ab', 'b', '~', '\u007f', '\u0080', 'é', '\ud7ff', '\ue000', '\uffff']
  const more = [
    '\u{10000}',
    '\u{10000}a',
    '\u{10001}',
    '\u{1f4ac}',
    '\u{10ffff}',
    'a\u{1f4ac}',
    'a\uff5e',
  ]
  const all = [...keys, ...more]

  for (const a of all)
    for (const b of all)
      t.equal(
        Math.sign(compareKeys(a, b)),
        Buffer.compare(Buffer.from(a), Buffer.from(b)),
        `${a} and ${b}`,
      )
})
