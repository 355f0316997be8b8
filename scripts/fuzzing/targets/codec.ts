/** Readers of what travels between nodes, one by one: without keys, or with all keys and a broken conscience. */
import { must } from '#base/assert.ts'
import {
  byteReader,
  byteWriter,
  concatBytes,
  equalBytes,
  hexFromBytes,
  MalformedBytes,
} from '#base/bytes.ts'
import { BODY_BYTES_MAX, ENTRY_BYTES_MAX, MIXED_BYTES_MAX } from '#base/limits.ts'
import { compress, decompress, type Compression } from '#codec/compression.ts'
import { decodeDelta } from '#codec/delta.ts'
import { openEnvelope } from '#codec/envelope.ts'
import { decodeLoad, encodeLoad } from '#codec/load.ts'
import { decodeNote, encodeNote, restoreNote, shortenNote } from '#codec/note.ts'
import { rebuildDelta } from '#codec/rebuild.ts'
import { readEntry, writeEntry, type ShortIds } from '#codec/short-entry.ts'
import { readChange } from '#model/change.ts'
import { DIRECTORY, KEYS, parseDocumentId } from '#model/document-id.ts'
import { foldDocument, loadDocument } from '#model/document.ts'
import { decodeEntry, encodeEntry } from '#model/entry.ts'
import { EMPTY_LIST } from '#model/list.ts'
import { openLog } from '#model/log.ts'
import { breachIn } from '#model/rules.ts'
import { COMPANION_BYTES } from '#trust/attestation.ts'
import { readCertificate } from '#trust/identity.ts'
import { SUITES, type Suite } from '#trust/keys.ts'
import { brotliCompressSync, deflateRawSync } from 'node:zlib'
import { aHistory } from '../history.ts'
import type { Target } from '../target.ts'

const MIXING = 3

/** Readers of the codec and the model. */
export const CODEC_TARGETS: readonly Target[] = [
  ...SUITES.flatMap((suite) => [envelopes(suite), deltas(suite), certificates(suite)]),
  { name: 'note', open: openNotes },
  { name: 'load', open: openLoads },
  { name: 'change', open: openChanges },
  { name: 'entry', open: openEntries },
  { name: 'compression', open: openCompression },
  { name: 'mixing', open: openMixed },
  { name: 'short-entry', open: openShortEntries },
  { name: 'snapshot', open: openSnapshots },
]

/** Bent from outside: nothing that is not exactly what was sealed opens. */
function envelopes(suite: Suite): Target {
  return {
    name: `envelope-${suite.name}`,
    open: async () => {
      const { envelopes: samples, roster, keyring } = aHistory(suite)
      const honest = new Set(
        samples.map((bytes) => {
          const opened = openEnvelope(bytes, roster, keyring)
          return opened.ok ? hexFromBytes(opened.body) : ''
        }),
      )
      return {
        form: 'bytes',
        samples,
        check: (input) => {
          const opened = openEnvelope(input, roster, keyring)
          return opened.ok && !honest.has(hexFromBytes(opened.body)) ? 'it opens' : undefined
        },
      }
    },
  }
}

/** Read, written again, held against the rules: all that happens before a signature is looked at. */
function deltas(suite: Suite): Target {
  return {
    name: `delta-${suite.name}`,
    open: async () => {
      const { logs, bodies, actors, fresh, roster: whole } = aHistory(suite)
      const sender = must(actors[0], 'there are actors')
      const hashes = new Set(logs.flatMap((log) => log.since({}).map(({ hash }) => hash)))
      for (const { scopeName: scope, body } of bodies)
        if (!decodeDelta(body, { scope, sender, roster: aHistory(suite).roster }).ok)
          throw new Error('a good delta is refused')
      return {
        form: 'bytes',
        samples: bodies.map(({ scope, body }) => concatBytes(Uint8Array.of(scope), body)),
        check: (input) => {
          const at = (input[0] ?? 0) % logs.length
          const log = must(logs[at], 'there are logs')
          const scope = must(
            bodies.find((one) => one.scope === at),
            'each has a body',
          ).scopeName
          // A certificate may come with the keys document, and stays.
          const roster = log.document === KEYS ? fresh() : whole
          const known = roster.all().length
          const read = decodeDelta(input.subarray(1), { scope, sender, roster })
          if (roster.all().length > known + 1) return 'it brings nodes that nobody knows'
          if (!read.ok) return undefined
          for (const on of [openLog(read.delta.document), log]) {
            if (on.document !== read.delta.document) continue
            for (const run of rebuildDelta(read.delta, on)) {
              if (run.kind === 'missing') continue
              const changes = run.kind === 'forked' ? run.branch : run.changes
              if (run.kind === 'good') breachIn(on, run.actor, changes)
              if (!hashes.has(run.newest.hash)) continue
              if (changes.some(({ hash }) => !hashes.has(hash))) return 'a known hash covers others'
            }
          }
          return undefined
        },
      }
    },
  }
}

function certificates(suite: Suite): Target {
  return {
    name: `certificate-${suite.name}`,
    open: async () => {
      const { certificates: samples, roster } = aHistory(suite)
      return {
        form: 'bytes',
        samples,
        check: (input) => {
          const read = readCertificate(roster.authority, input)
          // ECDSA signatures are not unique: what is signed must be, and ours is too short to bend into another.
          const isKnown = samples.some((sample) => sameBody(suite, sample, input))
          return read !== undefined && !isKnown ? 'it is believed' : undefined
        },
      }
    },
  }
}

function sameBody({ signatureBytes }: Suite, a: Uint8Array, b: Uint8Array): boolean {
  return equalBytes(a.subarray(0, -signatureBytes), b.subarray(0, -signatureBytes))
}

async function openNotes() {
  const { actors, roster, logs, bodies } = aHistory(must(SUITES[0], 'there is a suite'))
  const clock = Object.fromEntries(actors.map((actor, index) => [actor, index * 50 + 1]))
  const items = logs.map(({ document }) => ({ document, clock, read: clock }))
  return {
    form: 'bytes' as const,
    samples: (['receipt', 'have', 'want'] as const).map((kind) =>
      encodeNote({ kind, isWhole: kind === 'have', items }, roster),
    ),
    check: (input: Uint8Array) => {
      const note = decodeNote(input, roster)
      if (note === undefined) return undefined
      if (note.items.some(({ document }) => parseDocumentId(document) === undefined))
        return 'it names what is no document'
      for (const { scopeName } of bodies)
        if (!equalBytes(restoreNote(shortenNote(input, scopeName), scopeName), input))
          return 'what was signed does not come back'
      const again = decodeNote(encodeNote(note, roster), roster)
      const isSame = JSON.stringify(again?.items.length) === JSON.stringify(note.items.length)
      return isSame ? undefined : 'written again it is another'
    },
  }
}

/** Notes alone and with a delta, in the scope of each document; the first byte says which. */
async function openLoads() {
  const { actors, roster, logs, bodies } = aHistory(must(SUITES[0], 'there is a suite'))
  const clock = Object.fromEntries(actors.map((actor, index) => [actor, index * 50 + 1]))
  const items = logs.map(({ document }) => ({ document, clock, read: clock }))
  const body = encodeNote({ kind: 'receipt', isWhole: false, items }, roster)
  const signature = new Uint8Array(roster.suite.signatureBytes)
  const longer = new Uint8Array(roster.suite.signatureBytes + COMPANION_BYTES.change)
  const notes = actors.map((actor, at) => {
    return { actor, body, signature: at === 1 ? longer : signature }
  })
  const sender = must(actors[0], 'there are nodes')
  const scopes = bodies.map(({ scopeName: scope }) => ({ scope, sender, roster }))
  const samples = bodies.flatMap(({ body: delta }, at) => {
    const wrapping = must(scopes[at], 'each has a scope')
    const drafts = [{ notes }, { notes, delta }, { notes: [], delta, joint: body }]
    return drafts.map((draft) => concatBytes(Uint8Array.of(at), encodeLoad(draft, wrapping)))
  })
  return {
    form: 'bytes' as const,
    samples,
    check: (input: Uint8Array) => {
      const wrapping = must(scopes[(input[0] ?? 0) % scopes.length], 'there are scopes')
      const load = decodeLoad(input.subarray(1), wrapping)
      if (load === undefined) return undefined
      const known = load.notes.flatMap(({ actor, ...note }) =>
        actor === undefined ? [] : [{ ...note, actor }],
      )
      const { delta, joint } = load
      const again = encodeLoad({ notes: known, joint, ...(delta && { delta }) }, wrapping)
      const read = decodeLoad(again, wrapping)
      if (joint && !equalBytes(read?.joint ?? new Uint8Array(0), joint))
        return 'written again the note under the signature is another'
      const isSame =
        known.length === 0 ||
        read?.notes.every(({ body: one }, at) =>
          equalBytes(one, known[at]?.body ?? new Uint8Array(0)),
        )
      return isSame ? undefined : 'written again it is another'
    },
  }
}

async function openChanges() {
  const { logs } = aHistory(must(SUITES[0], 'there is a suite'))
  const changes = logs.flatMap((log) => log.since({}))
  const hashes = new Set(changes.map(({ hash }) => hash))
  return {
    form: 'bytes' as const,
    samples: changes.map(({ bytes }) => bytes),
    check: (input: Uint8Array) => {
      const change = readChange(input)
      if (change !== undefined && !equalBytes(change.bytes, input)) return 'it reads other bytes'
      for (const log of logs) {
        const admission = log.admit(input)
        if (admission.ok && !admission.isNew && !hashes.has(admission.change.hash))
          return 'it is taken for one that is there'
      }
      return undefined
    },
  }
}

async function openEntries() {
  const { values } = aHistory(must(SUITES[0], 'there is a suite'))
  return {
    form: 'msgpack' as const,
    samples: values,
    check: (input: Uint8Array) => {
      const { entry, context } = decodeEntry(input, EMPTY_LIST)
      const numbers = [entry.claimedAt, entry.placeAt, entry.counter]
      if (!numbers.every(Number.isSafeInteger) || context.people.length > 1) return 'it is no entry'
      if (entry.content.kind === 'unknown') return undefined
      const again = decodeEntry(encodeEntry(entry, EMPTY_LIST), EMPTY_LIST).entry
      return plain(again) === plain(entry) ? undefined : 'written again it is another'
    },
  }
}

function plain(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    item instanceof Uint8Array ? hexFromBytes(item) : item,
  )
}

async function openCompression() {
  const { bodies } = aHistory(must(SUITES[0], 'there is a suite'))
  const bomb = Buffer.alloc(30_000_000)
  const streams = bodies.map(({ body }) => compress(body))
  const samples = [
    ...streams.map(({ compression, bytes }) => concatBytes(Uint8Array.of(compression), bytes)),
    concatBytes(Uint8Array.of(1), deflateRawSync(bomb)),
    concatBytes(Uint8Array.of(2), brotliCompressSync(bomb.subarray(0, 5_000_000))),
  ]
  return {
    form: 'bytes' as const,
    samples,
    check: (input: Uint8Array) => {
      const compression = ((input[0] ?? 0) % 3) as Compression
      const body = decompress({ compression, bytes: input.subarray(1) })
      return body !== undefined && body.length > BODY_BYTES_MAX ? 'it grows too long' : undefined
    },
  }
}

/** The mixing coder, which is slow: what it reads is bounded, and comes back the same when it is written again. */
async function openMixed() {
  const { bodies } = aHistory(must(SUITES[0], 'there is a suite'))
  const streams = bodies.map(({ body }) => compress(body, { isThin: true }))
  const samples = streams.filter(({ compression }) => compression === MIXING)
  return {
    form: 'bytes' as const,
    samples: samples.map(({ bytes }) => bytes),
    check: (input: Uint8Array) => {
      const body = decompress({ compression: MIXING, bytes: input })
      if (body === undefined) return undefined
      if (body.length > MIXED_BYTES_MAX) return 'it grows too long'
      const again = decompress(compress(body, { isThin: true }))
      return again && equalBytes(again, body) ? undefined : 'written again it is another'
    },
  }
}

/** Entries as they travel: whatever is read is an entry, and comes back from its own short form. */
async function openShortEntries() {
  const { values } = aHistory(must(SUITES[0], 'there is a suite'))
  const [home, id] = [new Uint8Array(8), new Uint8Array(16).fill(7)]
  const written = (value: Uint8Array): Uint8Array => {
    const writer = byteWriter()
    writeEntry(writer, value, { home, refer: referTo(id) })
    return writer.bytes()
  }
  const read = (bytes: Uint8Array): Uint8Array | undefined => {
    try {
      return readEntry(byteReader(bytes), { home, referred: () => id })
    } catch (error) {
      if (error instanceof MalformedBytes) return undefined
      throw error
    }
  }
  return {
    form: 'bytes' as const,
    samples: values.map(written),
    check: (input: Uint8Array) => {
      const value = read(input)
      if (value === undefined) return undefined
      if (value.length === 0 || value.length > ENTRY_BYTES_MAX) return 'it has no such length'
      const again = read(written(value))
      return again && equalBytes(again, value) ? undefined : 'written again it is another'
    },
  }
}

/** Names one message, and no other. */
function referTo(id: Uint8Array): ShortIds['refer'] {
  return (named) => (equalBytes(named, id) ? (writer) => writer.uint(5) : undefined)
}

/** A snapshot lies on our own disk, sealed: whoever writes it could do worse. It must not stop a node all the same. */
async function openSnapshots() {
  const { logs } = aHistory(must(SUITES[0], 'there is a suite'))
  const own = logs.filter(({ document }) => document !== KEYS && document !== DIRECTORY)
  const log = must(own[0], 'there is a segment')
  const loose = log.since({}).map(({ bytes }) => bytes)
  return {
    form: 'bytes' as const,
    samples: [must(foldDocument(log), 'a log is folded')],
    check: (input: Uint8Array) => {
      const { log: loaded, damage } = loadDocument(log.document, input, { loose })
      if (damage !== 'none' && damage !== 'snapshot' && damage !== 'loose changes') return damage
      const honest = new Set(log.since({}).map(({ hash }) => hash))
      return damage === 'none' && loaded.since({}).some(({ hash }) => !honest.has(hash))
        ? 'it holds what nobody wrote'
        : undefined
    },
  }
}
