/** An envelope that came too early stays on the disk until it is in its place. */
import { test } from 'tap'
import { pack, type KeptRecord } from '#sync/records.ts'
import type { Member } from './fleet.ts'
import { openSilence } from './silence.ts'
import { openTimeline } from './timeline.ts'
import { openMarks } from './trace.ts'
import { openVerdict } from './verdict.ts'

const member = { index: 0, name: 'kit-1' } as Member
const record: KeptRecord = { bytes: Uint8Array.of(1), from: undefined, since: 0, wanted: {} }
const value = pack(record)

test('it may go once what is in it lies in a document, or to another place where it is kept', async (t) => {
  const { watch, applied, found } = aWatch()

  watch.onSynced(member, [{ key: 'park/key/1', value }])
  watch.onSynced(member, [
    { key: 'park/key/1', value: undefined },
    { key: 'wait/d/1', value },
  ])
  t.equal(found(), undefined)
  applied.add(7)
  watch.onSynced(member, [{ key: 'wait/d/1', value: undefined }])
  t.equal(found(), undefined)
})

test('it may not go before', async (t) => {
  const { watch, found } = aWatch()

  watch.onSynced(member, [{ key: 'wait/d/1', value }])
  watch.onSynced(member, [{ key: 'wait/d/1', value: undefined }])

  t.match(found(), { broken: 'promise 5: nothing silent', found: /message 7/ })
})

test('it may go when its message lies beyond a fork, where nobody keeps anything', async (t) => {
  const { watch, forked, found } = aWatch()
  forked.add(7)

  watch.onSynced(member, [{ key: 'wait/d/1', value }])
  watch.onSynced(member, [{ key: 'wait/d/1', value: undefined }])

  t.equal(found(), undefined)
})

/** Every envelope holds message 7. */
function aWatch() {
  const applied = new Set<number>()
  const forked = new Set<number>()
  const verdict = openVerdict(openTimeline(0))
  const evidence = {
    contentOf: () => ({ messages: [7], notes: [] }),
    isApplied: (_: number, message: number) => applied.has(message),
  }
  const isForked = (message: number): boolean => forked.has(message)
  const watch = openSilence({ members: [member], verdict, marks: openMarks(), evidence, isForked })
  return { watch, applied, forked, found: verdict.failure }
}
