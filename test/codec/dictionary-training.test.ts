/** Training: what it finds is measured on what it has not read, and is the newest of what there is. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { bytesFromText, hexFromBytes } from '#base/bytes.ts'
import { DICTIONARY_STRETCHES_MAX } from '#base/limits.ts'
import type { ActorId } from '#base/ids.ts'
import { lastOf, trainDictionary } from '#codec/dictionary-training.ts'
import { trainedDictionary, type Said } from '#codec/trained-dictionary.ts'
import { segmentDocument } from '#model/document-id.ts'
import { reports } from '../support/reports.ts'
import { actorAt, ops } from '../support/wire.ts'

const document = segmentDocument(ops, 'routine', 0)

test('the newest part is held back, and what is found is made of the rest alone', async (t) => {
  const history = historyOf(reports(240))

  const best = must(lastOf(trainDictionary(history)), 'there is enough')

  t.equal(best.heldBack, 30)
  t.equal(best.made.at(-1), history[209], 'the newest that was not held back is the last')
  t.strictSame(best.made, history.slice(210 - best.made.length, 210))
  t.equal(
    hexFromBytes(best.dictionary.text),
    hexFromBytes(must(trainedDictionary(best.made), 'it is made again').text),
  )
  t.ok(best.bytes < best.presentBytes)
  t.ok(best.plainBytes < best.presentPlainBytes)
})

test('it is measured against what is in use', async (t) => {
  const history = historyOf(reports(240))
  const present = trainedDictionary(history.slice(0, 200))

  const best = must(lastOf(trainDictionary(history, present)), 'there is enough')

  t.ok(best.bytes > best.presentBytes * 0.97, `${best.bytes} is no news after ${best.presentBytes}`)
})

test('a larger one is taken only where it is worth the reading', async (t) => {
  const few = reports(12)
  const same = historyOf(Array.from({ length: 900 }, (_, at) => few[at % few.length] ?? ''))
  const sizes = [...trainDictionary(same)].map(({ dictionary }) => dictionary.text.length)

  t.ok(
    must(sizes.at(-1), 'one') <= 16_384,
    `of the same there is nothing more to learn: ${sizes.join()}`,
  )
})

test('changes of several lists stand list by list, the one longest silent first', async (t) => {
  const lists = [0, 1, 2].map((at) => historyOf(reports(100, at + 1), actorAt(at)))
  const mixed = Array.from({ length: 100 }, (_, at) =>
    lists.flatMap((list) => list[at] ?? []),
  ).flat()

  const { made } = must(lastOf(trainDictionary(mixed)), 'there is enough')
  const runs = made.filter(({ actor }, at) => actor !== made[at - 1]?.actor)

  t.equal(runs.length, 3)
  for (const [at, { actor, seq }] of made.entries()) {
    const before = made[at - 1]
    if (before?.actor === actor) t.equal(seq, before.seq + 1)
  }
})

test('of too many lists the longest are taken', async (t) => {
  const actors = Array.from(
    { length: DICTIONARY_STRETCHES_MAX + 10 },
    (_, at) => at.toString(16).padStart(24, '0') as ActorId,
  )
  const texts = reports(actors.length * 3)
  const history = texts.map((text, at) => {
    const actor = must(actors[Math.floor(at / 3)], 'one for three')
    return { document, actor, seq: 1 + (at % 3), value: bytesFromText(text) }
  })

  const { made } = must(lastOf(trainDictionary(history)), 'there is enough')

  t.ok(new Set(made.map(({ actor }) => actor)).size <= DICTIONARY_STRETCHES_MAX)
})

test('nothing comes of nothing', async (t) => {
  t.equal(lastOf(trainDictionary([])), undefined)
  t.equal(lastOf(trainDictionary(historyOf(reports(16)))), undefined)
})

function historyOf(texts: readonly string[], actor = actorAt(0)): readonly Said[] {
  return texts.map((text, at) => ({ document, actor, seq: at + 1, value: bytesFromText(text) }))
}
