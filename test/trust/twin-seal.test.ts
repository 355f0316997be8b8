/** A seal without a nonce: it opens as it was sealed, and two texts never have one stream. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { bytesFromText, hexFromBytes } from '#base/bytes.ts'
import { SUITE_FIPS, SUITE_NACL, SUITES } from '#trust/keys.ts'
import { openTwin, sealTwin, twinKey } from '#trust/twin-seal.ts'
import { seedOf } from '../support/organisation.ts'
import { flip, holds } from '../support/property.ts'

const bound = bytesFromText('what is bound')

test('what was sealed opens with the same key and bound bytes, and is 16 bytes longer', async (t) => {
  holds(
    t,
    fc.property(
      fc.constantFrom(...SUITES),
      fc.uint8Array({ maxLength: 500 }),
      fc.uint8Array({ maxLength: 200 }),
      (suite, bytes, with_) => {
        const key = twinKey(suite, seedOf('key'))
        const sealed = sealTwin(key, { bytes, bound: with_ })

        assert.equal(sealed.length, bytes.length + 16)
        const text = openTwin(key, { bytes: sealed, bound: with_ })
        assert.equal(text && hexFromBytes(text), hexFromBytes(bytes))
      },
    ),
    200,
  )
})

for (const suite of SUITES) {
  test(`suite ${suite.name}: nothing can be changed, moved between bound bytes and text, or cut`, async (t) => {
    const [key, other] = [seedOf('key'), seedOf('other')].map((bytes) => twinKey(suite, bytes))
    if (key === undefined || other === undefined) throw new Error('there are two')
    const sealed = sealTwin(key, { bytes: bytesFromText('a text'), bound })

    for (let place = 0; place < sealed.length; place += 1) {
      t.equal(openTwin(key, { bytes: flip(sealed, place), bound }), undefined)
      t.equal(openTwin(key, { bytes: sealed.subarray(0, place), bound }), undefined)
    }
    t.equal(openTwin(other, { bytes: sealed, bound }), undefined)
    t.equal(openTwin(key, { bytes: sealed, bound: bound.subarray(1) }), undefined)
    const moved = sealTwin(key, {
      bytes: bytesFromText('bound a text'),
      bound: bytesFromText('what is '),
    })
    t.notSame(moved.subarray(-16), sealed.subarray(-16))
  })

  test(`suite ${suite.name}: texts that differ in one bit have streams that have nothing to do with each other`, async (t) => {
    const key = twinKey(suite, seedOf('key'))
    const text = new Uint8Array(64)
    const [one, two] = [text, flip(text, 0, 1)].map((bytes) => sealTwin(key, { bytes, bound }))

    const same = one?.subarray(0, 64).filter((byte, at) => byte === two?.[at]).length ?? 64
    t.ok(same < 8, `${same} bytes of 64 are the same`)
    t.same(sealTwin(key, { bytes: text, bound }), one, 'equal texts are equal bytes')
  })
}

test('the two suites make different things of one key', async (t) => {
  const [one, two] = [SUITE_NACL, SUITE_FIPS].map((suite) =>
    sealTwin(twinKey(suite, seedOf('key')), { bytes: new Uint8Array(8), bound }),
  )
  t.notSame(one, two)
})
