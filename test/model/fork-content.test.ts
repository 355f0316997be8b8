/** Proofs of forks and anchors survive their way through an entry; whatever else stands there is none, and throws nothing. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import type { ActorId, Step, Trail } from '#base/ids.ts'
import { DELTA_CHANGES_MAX, LIST_CHANGES_MAX } from '#base/limits.ts'
import { DIRECTORY, KEYS } from '#model/document-id.ts'
import { decodeEntry, encodeEntry } from '#model/entry.ts'
import {
  FORK_KIND_NUMBER,
  FORK_READERS,
  forkFields,
  type Anchor,
  type ForkProof,
} from '#model/fork-content.ts'
import { EMPTY_LIST } from '#model/list.ts'
import { anyBytes, holds } from '../support/property.ts'

const PLAIN = { noNullPrototype: true } as const

const anyDigest = anyBytes(32).map((bytes) => Buffer.from(bytes).toString('hex'))
const anyTrail = anyDigest.map((digits) => digits as Trail)
const anyStep = anyDigest.map((digits) => digits as Step)
const anyList = {
  document: fc.constantFrom(KEYS, DIRECTORY),
  actor: anyBytes(12).map((bytes) => Buffer.from(bytes).toString('hex') as ActorId),
}
const anyBranch = fc.record(
  {
    steps: fc.array(anyStep, { minLength: 1, maxLength: 5 }),
    signature: anyBytes(64),
  },
  PLAIN,
)
const anyProof: fc.Arbitrary<ForkProof> = fc.record(
  {
    kind: fc.constant('fork' as const),
    ...anyList,
    seq: fc.integer({ min: 1, max: 1_000_000 }),
    before: anyTrail,
    branches: fc.tuple(anyBranch, anyBranch),
  },
  PLAIN,
)
const anyAnchor: fc.Arbitrary<Anchor> = fc
  .record(
    {
      kind: fc.constant('anchor' as const),
      ...anyList,
      forkAt: fc.integer({ min: 1, max: 1_000_000 }),
      branch: anyTrail,
      seq: fc.nat({ max: 1_000_000 }),
      trail: anyTrail,
      signature: fc.constantFrom(64, 96).chain((length) => anyBytes(length)),
    },
    PLAIN,
  )
  .map((anchor) => ({ ...anchor, seq: anchor.forkAt + anchor.seq }))

test('what is written is read again as it was', async (t) => {
  holds(
    t,
    fc.property(fc.oneof(anyProof, anyAnchor), (content) => {
      const entry = { author: undefined, claimedAt: 0, placeAt: 0, counter: 0, content }
      const read = decodeEntry(encodeEntry(entry, EMPTY_LIST), EMPTY_LIST)
      assert.deepEqual(read.entry.content, content)
    }),
  )
})

test('whatever else stands there is none, and throws nothing', async (t) => {
  holds(
    t,
    fc.property(
      fc.constantFrom(...Object.values(FORK_KIND_NUMBER)),
      fc.array(fc.anything()),
      (number, items) => FORK_READERS[number](items) === undefined,
    ),
    1_000,
  )
})

test('an anchor that ends before its fork, or beyond all numbers, is none', async (t) => {
  const [anchor] = fc.sample(anyAnchor, 1)
  const read = (changed: Partial<Anchor>) =>
    FORK_READERS[FORK_KIND_NUMBER.anchor](forkFields({ ...(anchor as Anchor), ...changed }))

  t.match(read({ forkAt: 3, seq: 3 }), { forkAt: 3, seq: 3 })
  t.match(read({ forkAt: 3, seq: LIST_CHANGES_MAX }), { seq: LIST_CHANGES_MAX })
  t.equal(read({ forkAt: 4, seq: 3 }), undefined)
  t.equal(read({ forkAt: 0, seq: 3 }), undefined)
  t.equal(read({ forkAt: 3, seq: LIST_CHANGES_MAX + 1 }), undefined)
})

test('a branch that is cut short proves nothing', async (t) => {
  const [proof] = fc.sample(anyProof, 1)
  const items = forkFields(proof as ForkProof)
  const last = items.at(-1) as Uint8Array
  const read = (end: unknown) => FORK_READERS[FORK_KIND_NUMBER.fork]([...items.slice(0, -1), end])

  t.match(read(last), { kind: 'fork' })
  t.equal(read(last.subarray(0, 65)), undefined, 'a signature and no step')
  t.match(read(longer(last, DELTA_CHANGES_MAX - 5)), { kind: 'fork' })
  t.equal(read(longer(last, DELTA_CHANGES_MAX)), undefined, 'more steps than a run has changes')
  t.equal(read(last.subarray(0, last.length - 1)), undefined)
  t.equal(read(undefined), undefined)
})

/** A branch with so many steps more. */
function longer(branch: Uint8Array, steps: number): Uint8Array {
  return Buffer.concat([branch, Buffer.alloc(32 * steps)])
}
