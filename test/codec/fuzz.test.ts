/**
 * Every decoder against bytes bent from good ones: nothing is thrown, nothing hangs, nothing grows, and nothing that
 * is not exactly what an honest node wrote passes. The runs follow from HOLDFAST_FUZZ_SEED; the seed is printed.
 * HOLDFAST_FUZZ_MS makes them longer.
 */
import { performance } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { t as root, test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import { concatBytes, hexFromBytes } from '#base/bytes.ts'
import type { ChangeHash } from '#base/ids.ts'
import { BODY_BYTES_MAX } from '#base/limits.ts'
import { compress, decompress } from '#codec/compression.ts'
import { decodeDelta } from '#codec/delta.ts'
import { openEnvelope, sealEnvelope } from '#codec/envelope.ts'
import { decodeNote, encodeNote } from '#codec/note.ts'
import { rebuildDelta } from '#codec/rebuild.ts'
import { readChange } from '#model/change.ts'
import { DIRECTORY, KEYS, parseDocumentId, segmentDocument } from '#model/document-id.ts'
import { decodeEntry } from '#model/entry.ts'
import { EMPTY_LIST } from '#model/list.ts'
import { openLog } from '#model/log.ts'
import { readCertificate } from '#trust/identity.ts'
import type { Random } from '#ports/random.ts'
import { play, type Step } from '../support/histories.ts'
import { seededRandom } from '../support/random.ts'
import {
  actorAt,
  actors,
  aDeltaBody,
  aKeyring,
  aRoster,
  firstKey,
  lifeOf,
  nodeAt,
  ops,
} from '../support/wire.ts'

const SEED = Number(process.env['HOLDFAST_FUZZ_SEED'] ?? 20_261_121)
/** For each decoder. */
const MS = Number(process.env['HOLDFAST_FUZZ_MS'] ?? 600)
root.setTimeout(30_000 + 20 * MS)

const talk: readonly Step[] = Array.from({ length: 12 }, (_, index) => ({
  writer: index % 4,
  hears: (index * 3) % 4,
  seconds: index * 30,
  body: `Team ${index % 4}: ${index} boxes counted at the depot`,
}))
const segment = segmentDocument(ops, 'routine', 0)
const { whole } = play(segment, actors, talk)
const keysLog = play(KEYS, actors, talk).whole
const changes = whole.since({})
const honest = new Set(changes.map(({ hash }) => hash))
const isHonest = ({ hash }: { readonly hash: string }): boolean => honest.has(hash as ChangeHash)
const roster = aRoster()
const keyring = aKeyring()

test('bent changes are refused', async (t) => {
  await fuzz(
    t,
    changes.map(({ bytes }) => bytes),
    (bytes) => {
      const change = readChange(bytes)
      return change === undefined || hexFromBytes(change.bytes) === hexFromBytes(bytes)
    },
  )
})

test('bent changes are never admitted to a log unless they fit their place', async (t) => {
  await fuzz(
    t,
    changes.map(({ bytes }) => bytes),
    (bytes) => {
      const admission = whole.admit(bytes)
      return !admission.ok || honest.has(admission.change.hash)
    },
  )
})

test('bent entries are read without a throw', async (t) => {
  await fuzz(
    t,
    changes.map(({ value }) => value),
    (bytes) => {
      const { entry, context } = decodeEntry(bytes, EMPTY_LIST)
      const numbers = [entry.claimedAt, entry.placeAt, entry.counter]
      return numbers.every(Number.isSafeInteger) && context.people.length <= 1
    },
  )
})

test('bent deltas come to changes of honest authors, or to such as no signature covers', async (t) => {
  const opened = { scope: ops, sender: actorAt(0), roster }
  const parts = [changes, changes.slice(4), changes.slice(9)]
  await fuzz(
    t,
    parts.map((part) => aDeltaBody(whole, part, actorAt(0))),
    (bytes) => {
      const read = decodeDelta(bytes, opened)
      if (!read.ok) return true
      return [openLog(segment), whole].every((log) =>
        rebuildDelta(read.delta, log).every((run) => {
          if (run.kind === 'missing') return true
          const written = run.kind === 'forked' ? run.branch : run.changes
          const isEnd = written.every(({ seq }) => seq <= run.newest.seq)
          return isEnd && (!honest.has(run.newest.hash) || written.every(isHonest))
        }),
      )
    },
  )
})

test('bent deltas of the keys document introduce only whom the root has signed', async (t) => {
  const bodies = [aDeltaBody(keysLog, keysLog.since({}), actorAt(0))]
  await fuzz(t, bodies, (bytes) => {
    const fresh = aRoster([nodeAt(0)])
    decodeDelta(bytes, { scope: 'keys', sender: actorAt(0), roster: fresh })
    return fresh.all().every(({ node, number }) => roster.byNode(node)?.number === number)
  })
})

test('bent notes are read whole or not at all', async (t) => {
  const clock = Object.fromEntries(actors.map((actor, index) => [actor, index * 50 + 1]))
  const items = [DIRECTORY, segment].map((document) => ({ document, clock, read: clock }))
  await fuzz(t, [encodeNote({ kind: 'receipt', isWhole: false, items }, roster)], (bytes) => {
    const note = decodeNote(bytes, roster)
    return note?.items.every(({ document }) => parseDocumentId(document) !== undefined) ?? true
  })
})

test('bent envelopes stay shut, unless only their signature was bent', async (t) => {
  const body = aDeltaBody(whole, changes, actorAt(0))
  const sealed = [alphaSign, undefined].map((sign) =>
    sealEnvelope({
      sender: nodeAt(0).certificate,
      life: lifeOf('alpha'),
      generation: 0,
      key: firstKey(keyring, ops),
      body,
      sign,
    }),
  )
  const honestBody = hexFromBytes(body)
  await fuzz(t, sealed, (bytes) => {
    const opened = openEnvelope(bytes, roster, keyring)
    return !opened.ok || hexFromBytes(opened.body) === honestBody
  })
})

test('bent streams inflate to something within the limit or to nothing', async (t) => {
  const bodies = [aDeltaBody(whole, changes, actorAt(0)), Buffer.alloc(4_000, 'field report ')]
  const streams = bodies.map((body) => {
    const { compression, bytes } = compress(body)
    return concatBytes(Uint8Array.of(compression), bytes)
  })
  await fuzz(t, streams, (bytes) => {
    const compression = ((bytes[0] ?? 0) % 3) as 0 | 1 | 2
    const body = decompress({ compression, bytes: bytes.subarray(1) })
    return body === undefined || body.length <= BODY_BYTES_MAX
  })
})

test('bent certificates are refused', async (t) => {
  const good = nodeAt(0).certificateBytes
  await fuzz(t, [good], (bytes) => {
    const read = readCertificate(roster.authority, bytes)
    return read === undefined || hexFromBytes(bytes) === hexFromBytes(good)
  })
})

/** Bends `seeds` for MS milliseconds; the longest single try and the growth of memory are bounded too. */
async function fuzz(
  t: Test,
  seeds: readonly Uint8Array[],
  isRight: (bytes: Uint8Array) => boolean,
): Promise<void> {
  const random = seededRandom(SEED)
  const before = process.memoryUsage().rss
  const end = performance.now() + MS
  let [tries, slowestMs] = [0, 0]
  for (; performance.now() < end; tries += 1) {
    // As a node does between two envelopes: zlib gives its memory back only then.
    if (tries % 50 === 0) await nextTurn()
    const seed = must(seeds[tries % seeds.length], 'there are seeds')
    const bytes = bend(seed, random)
    const started = process.cpuUsage()
    let fault = ''
    try {
      if (!isRight(bytes)) fault = 'it passed'
    } catch (error) {
      fault = error instanceof Error ? error.message : 'it threw'
    }
    if (fault !== '') {
      t.fail(`${fault}: ${hexFromBytes(bytes)}, seed ${SEED}, try ${tries}`)
      return
    }
    slowestMs = Math.max(slowestMs, process.cpuUsage(started).user / 1000)
  }
  t.ok(tries > 20, `${tries} tries with seed ${SEED}`)
  t.ok(slowestMs < 2_000, `the slowest took ${Math.round(slowestMs)} ms`)
  t.ok(process.memoryUsage().rss - before < 200_000_000, 'memory stays')
}

/** A copy with one to three of: a byte changed, bytes cut out, bytes put in, a part repeated, an end cut off. */
function bend(seed: Uint8Array, random: Random): Uint8Array {
  let bytes: Uint8Array = Uint8Array.from(seed)
  const dice = random.bytes(1)[0] ?? 0
  for (let count = 0; count <= dice % 3; count += 1) bytes = bendOnce(bytes, random)
  return bytes
}

function bendOnce(bytes: Uint8Array, random: Random): Uint8Array {
  const [how = 0, high = 0, low = 0, much = 0, what = 0] = random.bytes(5)
  const at = (high * 256 + low) % (bytes.length + 1)
  const [front, back] = [bytes.subarray(0, at), bytes.subarray(at)]
  const length = much % 9
  switch (how % 5) {
    case 0:
      return concatBytes(front, Uint8Array.of(what), back.subarray(1))
    case 1:
      return concatBytes(front, back.subarray(length))
    case 2:
      return concatBytes(front, random.bytes(length), back)
    case 3:
      return concatBytes(front, back.subarray(0, length), back)
    default:
      return how < 25 ? front : concatBytes(front, Uint8Array.of(255, 255, 255, 127), back)
  }
}

function alphaSign(header: Uint8Array): Uint8Array {
  return nodeAt(0).sign(header)
}
