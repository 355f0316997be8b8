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
import { sha256 } from '#base/hash.ts'
import {
  COURIER_FRAME_BYTES,
  COURIER_HEADER_BYTES,
  openCourierFile,
} from '#codec/courier-file.ts'
import { decodeDelta } from '#codec/delta.ts'
import { decodeLoad } from '#codec/load.ts'
import { decodeNote } from '#codec/note.ts'
import { rebuildDelta } from '#codec/rebuild.ts'
import { readChange } from '#model/change.ts'
import { openLog } from '#model/log.ts'
import { noteStatement } from '#trust/attestation.ts'
import { unwrapEpoch, type Epoch } from '#trust/epoch.ts'
import type { Certificate } from '#trust/identity.ts'
import { SUITE_FIPS, SUITES } from '#trust/keys.ts'
import { openRoster } from '#trust/roster.ts'
import { openSecret, sealingPair } from '#trust/sealing-key.ts'
import { actorAt, aRoster, ops, relief } from '../support/wire.ts'
import { aConversation,
  aReaction, makeVectors, openedEnvelope, type Vectors } from './make.ts'
import { openedInSuite, vectorNodes, vectorReaders } from './make-trust.ts'

interface Envelope {
  readonly name: string
  readonly bytes: string
  readonly compression: number
}

interface SuiteVectors {
  readonly suite: number
  readonly certificates: readonly (Pick<Certificate, 'node' | 'number' | 'name'> & {
    readonly issuer: string | null
    readonly bytes: string
  })[]
  readonly sealing: Readonly<Record<'seed' | 'ciphertext' | 'secret', string>>
  readonly epoch: Omit<Epoch, 'secret'> & Readonly<Record<'secret' | 'pairSecret' | 'wrap', string>>
  readonly courier: {
    readonly secret: string
    readonly envelopes: readonly { readonly length: number; readonly hash: string }[]
    readonly bytes: string
  }
  readonly attestation: Readonly<Record<'statement' | 'signature', string>>
  readonly envelopes: readonly { readonly bytes: string; readonly opened: Vectors }[]
}

const MADE = makeVectors()

if (process.env['HOLDFAST_WRITE_VECTORS'] === '1') {
  for (const [name, vectors] of Object.entries(MADE))
    writeFileSync(placeOf(name), `${JSON.stringify(vectors, undefined, 2)}\n`)
}

for (const [name, made] of Object.entries(MADE)) {
  test(`${name} is what this version writes`, async (t) => {
    t.strictSame(comparable(stored(name)), comparable(made))
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

for (const suite of SUITES) {
  const kept = must(
    (stored('trust.json')['suites'] as readonly SuiteVectors[])[suite.number - 1],
    'every suite has vectors',
  )

  test(`${suite.name}: stored certificates are read, by the root and by a node`, async (t) => {
    const { organisation } = vectorNodes(suite).relief
    const roster = openRoster(organisation)

    for (const { bytes, node, number, name, issuer } of kept.certificates)
      t.match(roster.introduce(bytesFromHex(bytes)), {
        node,
        number,
        name,
        issuer: issuer ?? undefined,
      })
    t.strictSame(
      kept.certificates.map(({ issuer }) => issuer),
      [null, null, kept.certificates[0]?.node],
    )
  })

  test(`${suite.name}: stored ciphertexts and wraps open`, async (t) => {
    const { sealing, epoch } = kept
    const pair = sealingPair(suite, bytesFromHex(sealing.seed))
    const { id, audience, number, maker } = epoch

    const secret = must(openSecret(pair, bytesFromHex(sealing.ciphertext)), 'it opens')
    const bytes = bytesFromHex(epoch.wrap)
    const facts = { id, audience, number, maker }
    const read = unwrapEpoch(suite, bytesFromHex(epoch.pairSecret), { facts, bytes })

    t.equal(hexFromBytes(secret), sealing.secret)
    t.equal(hexFromBytes(must(read, 'it opens').secret), epoch.secret)
  })

  test(`${suite.name}: stored courier files open`, async (t) => {
    const { secret, envelopes, bytes } = kept.courier
    const file = bytesFromHex(bytes)
    const frameAt = (number: number): Uint8Array => {
      const from = COURIER_HEADER_BYTES + number * COURIER_FRAME_BYTES
      return file.subarray(from, from + COURIER_FRAME_BYTES)
    }
    const start = { header: file, frame: frameAt(0) }

    const reader = must(openCourierFile(suite, [bytesFromHex(secret)], start), 'it opens')
    const frames = [reader.next(frameAt(0)), reader.next(frameAt(1))]

    t.match(frames, [
      { ok: true, isEnd: false },
      { ok: true, isEnd: true },
    ])
    t.strictSame(
      frames
        .flatMap((frame) => (frame.ok ? frame.envelopes : []))
        .map((one) => ({ length: one.length, hash: hexFromBytes(sha256(one)) })),
      envelopes,
    )
  })

  test(`${suite.name}: stored attestations and envelopes are genuine`, async (t) => {
    const { roster } = vectorReaders(suite)
    const { statement, signature } = kept.attestation
    const alpha = must(kept.certificates[1], 'alpha is there')

    t.ok(roster.verify(alpha.node, bytesFromHex(statement), bytesFromHex(signature)))
    for (const { bytes, opened } of kept.envelopes)
      t.strictSame(openedInSuite(suite, bytesFromHex(bytes)), opened)
    t.strictSame(
      kept.envelopes.map(({ opened }) => opened['isSigned']),
      [false, true],
    )
  })
}

test('stored deltas are rebuilt to the very changes', async (t) => {
  const { deltas } = stored('wire.json') as { deltas: Record<string, string> }
  for (const [name, hex] of Object.entries(deltas)) {
    const whole = name.includes('without changes') ? aReaction() : aConversation()
    const all = whole.since({})
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

  for (const [name, hex] of Object.entries(notes)) {
    const isQuestion = name === 'question' || undefined
    const kind = isQuestion ? 'have' : name
    const isWhole = kind === 'have'
    t.match(decodeNote(bytesFromHex(hex), aRoster()), { kind, isWhole, isQuestion })
  }
})

test('stored loads are read, and what was signed is in them', async (t) => {
  const { loads, notes } = stored('wire.json') as Record<string, Record<string, string>>
  const wrapping = { scope: ops, sender: actorAt(0), roster: aRoster() }

  for (const [name, hex] of Object.entries(loads ?? {})) {
    const load = must(decodeLoad(bytesFromHex(hex), wrapping), name)
    t.equal(load.delta === undefined, !name.includes('delta'))
    t.equal(load.joint && hexFromBytes(load.joint), name.includes('under') ? notes?.receipt : undefined)
    for (const { actor = actorAt(1), body, signature } of load.notes) {
      t.equal(hexFromBytes(body), notes?.receipt)
      const statement = noteStatement(relief.organisation.id, { actor, body })
      const node = must(wrapping.roster.ofActor(actor), 'its node is known').node
      t.ok(wrapping.roster.proves(node, { part: 'note', statement }, signature), name)
    }
  }
})

test('stored envelopes open, however they were made small', async (t) => {
  const { envelopes } = stored('wire.json') as { envelopes: readonly Envelope[] }

  t.strictSame(
    envelopes.map(({ compression }) => compression),
    [0, 1, 3, 2, 1, 3, 1, 1],
  )
  for (const { name, bytes, ...facts } of envelopes)
    t.strictSame(openedEnvelope(bytesFromHex(bytes)), facts, name)
})

test('an envelope that is not compressed is sealed to the very bytes', async (t) => {
  const [made] = (MADE['wire.json']?.['envelopes'] ?? []) as readonly Envelope[]
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

/**
 * Without what is not the same in every run: streams, as another version of zlib or brotli may make others of one body;
 * and signatures by ECDSA, which draws a number for each. What they cover is compared all the same.
 */
function comparable(vectors: Vectors): unknown {
  const { envelopes, suites, ...rest } = JSON.parse(JSON.stringify(vectors)) as Vectors & {
    envelopes?: readonly Envelope[]
    suites?: readonly SuiteVectors[]
  }
  return {
    ...rest,
    envelopes: envelopes?.map((envelope) => ({ ...envelope, bytes: '' })),
    suites: suites?.map((one) => (one.suite === SUITE_FIPS.number ? withoutSignatures(one) : one)),
  }
}

function withoutSignatures(vectors: SuiteVectors): unknown {
  // The messages of joining are signed, and what answers them is bound to them.
  if (!('certificates' in vectors)) return 'not the same in every run'
  return {
    ...vectors,
    certificates: vectors.certificates.map((one) => ({ ...one, bytes: '' })),
    attestation: { ...vectors.attestation, signature: '' },
    envelopes: vectors.envelopes.map((one) => ({ ...one, bytes: '' })),
  }
}
