/**
 * What was written yesterday is read today, and written the same. A format changes only with a new version byte and
 * new vectors, on purpose:
 *
 *     HOLDFAST_WRITE_VECTORS=1 node test/vectors/vectors.test.ts
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { bytesFromHex, equalBytes, hexFromBytes } from '#base/bytes.ts'
import { decodeDelta } from '#codec/delta.ts'
import { decodeNote } from '#codec/note.ts'
import { rebuildDelta } from '#codec/rebuild.ts'
import { readChange } from '#model/change.ts'
import { openLog } from '#model/log.ts'
import { readCertificate } from '#trust/identity.ts'
import { actorAt, aRoster, ops, relief } from '../support/wire.ts'
import { aConversation, makeVectors, openedEnvelope, type Vectors } from './make.ts'

interface Envelope {
  readonly name: string
  readonly bytes: string
  readonly compression: number
}

if (process.env['HOLDFAST_WRITE_VECTORS'] === '1') {
  for (const [name, vectors] of Object.entries(makeVectors()))
    writeFileSync(placeOf(name), `${JSON.stringify(vectors, undefined, 2)}\n`)
}

for (const [name, made] of Object.entries(makeVectors())) {
  test(`${name} is what this version writes`, async (t) => {
    t.strictSame(withoutStreams(stored(name)), withoutStreams(made))
  })
}

test('stored changes are read, admitted one after another and come to the stored heads', async (t) => {
  const { changes, heads } = stored('model.json') as {
    changes: { bytes: string; hash: string }[]
    heads: string[]
  }
  const log = openLog(aConversation().document)
  for (const { bytes, hash } of changes) {
    const admission = log.admit(bytesFromHex(bytes))
    t.match(admission, { ok: true, isNew: true, change: { hash } })
    log.add(must(readChange(bytesFromHex(bytes)), 'it was admitted'))
  }

  t.strictSame(log.heads(), heads)
})

test('stored certificates are read', async (t) => {
  const { certificates } = stored('trust.json') as {
    certificates: { node: string; number: number; name: string; bytes: string }[]
  }
  t.ok(certificates.length > 0)
  for (const { bytes, ...facts } of certificates) {
    t.match(readCertificate(relief.organisation.rootKey, bytesFromHex(bytes)), facts)
  }
})

test('stored deltas are rebuilt to the very changes', async (t) => {
  const { deltas } = stored('wire.json') as { deltas: Record<string, string> }
  const whole = aConversation()
  const all = whole.since({})
  for (const [name, hex] of Object.entries(deltas)) {
    const opened = { scope: ops, sender: actorAt(0), roster: aRoster() }
    const read = decodeDelta(bytesFromHex(hex), opened)
    if (!read.ok) {
      t.fail(`${name}: ${read.reason}`)
      continue
    }
    const had = openLog(whole.document)
    const count = read.delta.runs.flatMap(({ values }) => values).length
    for (const change of all.slice(0, all.length - count)) had.add(change)
    const rebuilt = rebuildDelta(read.delta, had)
    const fresh = rebuilt.flatMap((run) => (run.kind === 'good' ? run.changes : []))
    t.strictSame(hexOf(fresh), hexOf(all.slice(-count)), name)
  }
})

test('stored notes are read', async (t) => {
  const { notes } = stored('wire.json') as { notes: Record<string, string> }

  for (const [kind, hex] of Object.entries(notes))
    t.match(decodeNote(bytesFromHex(hex), aRoster()), { kind, isWhole: kind === 'have' })
})

test('stored envelopes open, however they were made small', async (t) => {
  const { envelopes } = stored('wire.json') as { envelopes: readonly Envelope[] }

  t.strictSame(
    envelopes.map(({ compression }) => compression),
    [0, 1, 2],
  )
  for (const { name, bytes, ...facts } of envelopes)
    t.strictSame(openedEnvelope(bytesFromHex(bytes)), facts, name)
})

test('an envelope that is not compressed is sealed to the very bytes', async (t) => {
  const [made] = (makeVectors()['wire.json']?.['envelopes'] ?? []) as readonly Envelope[]
  const [kept] = stored('wire.json')['envelopes'] as readonly Envelope[]

  t.ok(equalBytes(bytesFromHex(made?.bytes ?? ''), bytesFromHex(kept?.bytes ?? '00')))
})

/** The bytes of changes, whatever their order. */
function hexOf(changes: readonly { readonly bytes: Uint8Array }[]): readonly string[] {
  return changes.map(({ bytes }) => hexFromBytes(bytes)).toSorted()
}

function placeOf(name: string): URL {
  return new URL(name, import.meta.url)
}

function stored(name: string): Vectors {
  return JSON.parse(readFileSync(placeOf(name), 'utf8')) as Vectors
}

/** Without the sealed bytes of envelopes: another version of zlib or brotli may make other streams of one body. */
function withoutStreams(vectors: Vectors): unknown {
  const { envelopes, ...rest } = JSON.parse(JSON.stringify(vectors)) as Vectors & {
    envelopes?: readonly Envelope[]
  }
  return { ...rest, envelopes: envelopes?.map((envelope) => ({ ...envelope, bytes: '' })) }
}
