/** Property tests as one assertion: a counterexample fails it, shrunk, with the seed that replays it. */
import fc from 'fast-check'
import type { Test } from 'tap'

/** Passes when `property` held in `runs` tries. It says no by node:assert or by returning false. */
export function holds<Values>(t: Test, property: fc.IProperty<Values>, runs = 100): void {
  const details = fc.check(property, { numRuns: runs })
  t.notOk(details.failed, fc.defaultReportMessage(details) ?? 'the property holds')
}

/** Any `length` bytes. */
export function anyBytes(length: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: length, maxLength: length })
}

/** A copy with one byte changed: the one at `place`, counted round and round. `mask` must not be 0. */
export function flip(bytes: Uint8Array, place: number, mask = 1): Uint8Array {
  const copy = new Uint8Array(bytes)
  const at = place % copy.length
  copy[at] = (copy[at] ?? 0) ^ mask
  return copy
}
