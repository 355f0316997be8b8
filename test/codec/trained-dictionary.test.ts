/** A channel's own dictionary: made again byte for byte, used by both ways of packing, and of a size that is bounded. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { bytesFromText, concatBytes, hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { DICTIONARY_BYTES_MAX, DICTIONARY_CHANGE_BYTES_MAX } from '#base/limits.ts'
import { compress, decompress, usesDictionary } from '#codec/compression.ts'
import {
  bytesInText,
  dropCoder,
  forDeflate,
  mixerOf,
  trainedDictionary,
  type Said,
  type TrainedDictionary,
} from '#codec/trained-dictionary.ts'
import { segmentDocument } from '#model/document-id.ts'
import { openLog } from '#model/log.ts'
import { reports } from '../support/reports.ts'
import { actorAt, aDeltaBody, ops } from '../support/wire.ts'

const document = segmentDocument(ops, 'routine', 0)

test('a text is what would carry its changes one by one', async (t) => {
  const log = openLog(document)
  const changes = ['one', 'two'].map((text) =>
    log.add(log.next(actorAt(0), bytesFromText(`entry ${text}`))),
  )
  const bodies = changes.map((change) => aDeltaBody(log, [change], actorAt(0)))

  const made = must(trainedDictionary(changes.map((one) => ({ document, ...one }))), 'it is short')

  t.equal(hexFromBytes(made.text), hexFromBytes(concatBytes(...bodies)))
  t.strictSame(made.bodies.map(hexFromBytes), bodies.map(hexFromBytes))
  t.equal(bytesInText({ document, ...must(changes[0], 'one') }), bodies[0]?.length)
})

test('what is long is passed over', async (t) => {
  const [short, long] = [said(1, DICTIONARY_CHANGE_BYTES_MAX), said(2, 1_025)]

  t.equal(trainedDictionary([short, long, said(3, 5)])?.bodies.length, 2)
  t.equal(bytesInText(long), 0)
  t.equal(trainedDictionary([long]), undefined)
})

test('a dictionary has a hash and a largest size', async (t) => {
  const most = Array.from({ length: 127 }, (_, at) => said(at + 1, DICTIONARY_CHANGE_BYTES_MAX))
  const room = DICTIONARY_BYTES_MAX - most.reduce((sum, one) => sum + bytesInText(one), 0)
  const fits = (bytes: number): boolean => bytesInText(said(100, bytes)) <= room
  const last = said(100, Array.from({ length: 1_000 }, (_, at) => at + 2).findLast(fits) ?? 0)
  const largest = must(trainedDictionary([...most, last]), 'the largest there is')

  t.ok(largest.text.length > DICTIONARY_BYTES_MAX - 3, `${largest.text.length} B`)
  t.strictSame(largest.hash, sha256(largest.text))
  t.equal(trainedDictionary([...most, last, said(101, 2)]), undefined)
  t.equal(trainedDictionary([]), undefined)
  for (const isThin of [false, true]) {
    const whole = compress(bytesFromText('the largest one works'), { isThin, dictionary: largest })
    t.same(decompress(whole), bytesFromText('the largest one works'))
  }
})

test('both ways of packing get smaller by it, and need it again', async (t) => {
  const [past, next] = [reports(300), reports(20, 2)]
  const dictionary = madeOf(past)
  for (const isThin of [false, true]) {
    const [base, trained] = [undefined, dictionary].map((one) =>
      next.reduce((sum, text) => sum + packed(text, isThin, one).bytes.length, 0),
    )
    t.ok((trained ?? 0) * 10 < (base ?? 0) * 7, `${trained} of ${base} bytes, thin ${isThin}`)
    const one = packed(next[0] ?? '', isThin, dictionary)
    t.equal(one.dictionary, dictionary)
    t.same(decompress(one), bytesFromText(next[0] ?? ''))
    t.notSame(decompress({ ...one, dictionary: undefined }), bytesFromText(next[0] ?? ''))
  }
})

test('what is not made with a dictionary does not ask for one', async (t) => {
  const dictionary = madeOf(reports(20))
  const noise = sha256(bytesFromText('noise'))
  const lines = bytesFromText(
    Array.from({ length: 400 }, (_, row) => `${row * 7919};ok\n`).join(''),
  )

  t.match(compress(noise, { dictionary }), { compression: 0, dictionary: undefined })
  t.match(compress(lines, { dictionary }), { compression: 2, dictionary: undefined })
  t.strictSame(
    [0, 1, 2, 3].map((way) => usesDictionary(way as 0 | 1 | 2 | 3)),
    [false, true, false, true],
  )
})

test('the channel stands behind the base, where matches cost least', async (t) => {
  const base = new Uint8Array(32_506).fill(1)
  const given = forDeflate(base, { text: Uint8Array.of(2, 3) })

  t.equal(given.length, 32_506)
  t.strictSame(given.slice(-3), Uint8Array.of(1, 2, 3))
})

test('coders are kept while they are used, and a few at a time', async (t) => {
  const base = bytesFromText('base')
  const dictionaries = Array.from({ length: 9 }, (_, at) => madeOf([`dictionary ${at}`]))
  const [first, second] = [must(dictionaries[0], 'one'), must(dictionaries[1], 'two')]
  const [one, two] = [mixerOf(base, first), mixerOf(base, second)]
  for (const each of dictionaries.slice(2, 8)) mixerOf(base, each)
  t.equal(mixerOf(base, first), one)

  mixerOf(base, must(dictionaries[8], 'nine'))

  t.equal(mixerOf(base, first), one)
  t.not(mixerOf(base, second), two, 'the one that was longest unused went')
  dropCoder(first)
  t.not(mixerOf(base, first), one)
  for (const each of dictionaries) dropCoder(each)
})

function packed(text: string, isThin: boolean, dictionary: TrainedDictionary | undefined) {
  return compress(bytesFromText(text), { isThin, dictionary })
}

function madeOf(texts: readonly string[]): TrainedDictionary {
  const changes = texts.map((text, at) => ({ ...said(at + 1, 0), value: bytesFromText(text) }))
  return must(trainedDictionary(changes), 'it is not too long')
}

function said(seq: number, bytes: number): Said {
  return { document, actor: actorAt(0), seq, value: new Uint8Array(bytes).fill(65) }
}
