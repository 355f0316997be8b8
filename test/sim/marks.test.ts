import { test } from 'tap'
import { markWrites, neverHit, RARE } from './marks.ts'
import { openMarks } from './trace.ts'

test('a branch is named until some run has taken it', async (t) => {
  const all = Object.fromEntries(RARE.map((mark) => [mark, 1]))
  const without = { ...all, 'note.want': 0 }

  t.strictSame(neverHit([{ marks: without }]), ['note.want'])
  t.strictSame(neverHit([{ marks: without }, { marks: { 'note.want': 1 } }]), [])
})

test('what is written shows which branch was taken, and what is taken away shows nothing', async (t) => {
  const marks = openMarks()

  markWrites(marks, [
    { key: 'park/key/000000000000001.ab', value: new Uint8Array(1) },
    { key: 'wait/d/ab', value: undefined },
    { key: 'doc/d', value: new Uint8Array(1) },
  ])

  t.strictSame(marks.counts(), { 'disk.parked-for-key': 1 })
})
