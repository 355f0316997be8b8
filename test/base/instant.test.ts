/** Times as text: the same as the system's calendar says. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { isoFromInstant } from '#base/instant.ts'
import { holds } from '../support/property.ts'

test('every point in time reads as the system writes it', async (t) => {
  for (const at of [0, 951_782_400_000, 951_868_799_999, 4_107_542_400_000, 253_402_300_799_999])
    t.equal(isoFromInstant(at), new Date(at).toISOString())
  holds(
    t,
    fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (at) => {
      assert.equal(isoFromInstant(at), new Date(at).toISOString())
    }),
    1_000,
  )
})

test('what no calendar of four digits has is no time', async (t) => {
  for (const at of [-1, 253_402_300_800_000, 1.5, Number.NaN])
    t.equal(isoFromInstant(at), undefined)
})
