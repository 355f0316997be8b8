/** The body of a delta: read as it was written, small, and refused when it is not exactly that. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { byteWriter, hexFromBytes } from '#base/bytes.ts'
import { actorOf } from '#base/ids.ts'
import {
  DELTA_CHANGES_MAX,
  ENTRY_BYTES_MAX,
  LIST_CHANGES_MAX,
  NAMED_MESSAGES_MAX,
} from '#base/limits.ts'
import { decodeDelta, DELTA_KIND, encodeDelta, type Delta, type Run } from '#codec/delta.ts'
import { channelDocument, DIRECTORY, KEYS, segmentDocument } from '#model/document-id.ts'
import { encodeEntry } from '#model/entry.ts'
import { postIdOf } from '#model/log.ts'
import { SUITE_FIPS } from '#trust/keys.ts'
import { anyHistory, play, type Step } from '../support/histories.ts'
import { anOrganisation, seedOf } from '../support/organisation.ts'
import { flip, holds } from '../support/property.ts'
import {
  actorAt,
  actors,
  aDeltaBody,
  aRoster,
  attestationBy,
  attestationsOf,
  lifeOf,
  nodeAt,
  nodes,
  ops,
} from '../support/wire.ts'

const segment = segmentDocument(ops, 'flash', 7)
const [alpha, bravo] = [actorAt(0), actorAt(1)]
const opened = { scope: ops, sender: alpha, roster: aRoster() } as const

test('a delta says which document, which authors and entries, and who vouches for them', async (t) => {
  holds(
    t,
    fc.property(anyHistory(), fc.nat(3), (steps, who) => {
      const { whole } = play(segment, actors, steps)
      const sender = actorAt(who)
      const changes = whole.since({})

      const read = decodeDelta(aDeltaBody(whole, changes, sender), { ...opened, sender })

      assert.ok(read.ok)
      assert.equal(read.delta.document, segment)
      const order = [...new Set(changes.map(({ actor }) => actor))].toSorted()
      const first = order.filter((actor) => actor === sender)
      const attestations = attestationsOf(whole, changes, sender)
      assert.deepEqual(
        read.delta.runs.map(plain),
        [...first, ...order.filter((actor) => actor !== sender)]
          .map((actor) => ({
            actor,
            firstSeq: 1,
            values: changes.filter((change) => change.actor === actor).map(({ value }) => value),
            attestation: attestations.get(actor),
          }))
          .map(plain),
      )
    }),
  )
})

test('documents are named within their scope: settings, lanes and numbers', async (t) => {
  for (const document of [
    channelDocument(ops),
    segment,
    segmentDocument(ops, 'routine', 1_000_000),
  ]) {
    const { whole } = play(document, actors, talk)
    t.equal(must(readBody(aDeltaBody(whole, whole.since({}), alpha)), 'read').document, document)
  }
  const { whole } = play(DIRECTORY, actors, talk)
  const body = aDeltaBody(whole, whole.since({}), alpha)
  const read = decodeDelta(body, { ...opened, scope: 'directory' })
  t.match(read, { ok: true, delta: { document: DIRECTORY } })
})

test('a document that the scope does not have is refused', async (t) => {
  const { whole } = play(segment, actors, talk)
  const body = aDeltaBody(whole, whole.since({}), alpha)

  t.match(decodeDelta(body, { ...opened, scope: 'directory' }), { ok: false, reason: 'malformed' })
  const beyond = byteWriter()
  beyond.byte(DELTA_KIND)
  beyond.uint(1 + 4 * 1_000_001)
  for (const value of [0, 1, 7]) beyond.uint(value)
  t.match(decodeDelta(beyond.bytes(), opened), { ok: false, reason: 'malformed' })
})

test('the changes of a node nobody has introduced wait until somebody does', async (t) => {
  const { whole } = play(segment, actors, talk)
  const body = aDeltaBody(whole, whole.since({}), alpha)
  const roster = aRoster([nodeAt(0)])

  t.strictSame(decodeDelta(body, { ...opened, roster }), { ok: false, reason: 'unknown actor' })
  for (const { certificateBytes } of nodes) roster.introduce(certificateBytes)
  t.ok(decodeDelta(body, { ...opened, roster }).ok)
})

test('a node’s first entries in the keys document bring its certificate, later ones and other documents do not', async (t) => {
  const keysLog = play(KEYS, actors, talk).whole
  const directory = play(DIRECTORY, actors, talk).whole
  const roster = aRoster([nodeAt(0)])
  const inScope = { scope: 'keys' as const, sender: alpha, roster }

  const later = keysLog.since(Object.fromEntries(actors.map((actor) => [actor, 1])))
  t.match(decodeDelta(aDeltaBody(keysLog, later, alpha), inScope), { reason: 'unknown actor' })
  const elsewhere = aDeltaBody(directory, directory.since({}), alpha)
  t.match(decodeDelta(elsewhere, { ...inScope, scope: 'directory' }), { reason: 'unknown actor' })
  t.ok(decodeDelta(aDeltaBody(keysLog, keysLog.since({}), alpha), inScope).ok)
  t.strictSame(roster.byNode(nodeAt(1).certificate.node), nodeAt(1).certificate)
})

test('a certificate the root did not sign introduces nobody', async (t) => {
  const keysLog = play(KEYS, actors, talk).whole
  const body = aDeltaBody(keysLog, keysLog.since({}), alpha)
  const at = Buffer.from(body).indexOf(nodeAt(1).certificateBytes)
  const roster = aRoster([nodeAt(0), nodeAt(2)])

  const read = decodeDelta(flip(body, at + 20), { scope: 'keys', sender: alpha, roster })

  t.strictSame(read, { ok: false, reason: 'unknown actor' })
  t.equal(roster.byNode(nodeAt(1).certificate.node), undefined)
})

test('in a suite with longer signatures a delta of several authors is read as it was written', async (t) => {
  const fips = anOrganisation('relief', SUITE_FIPS)
  const members = ['alpha', 'bravo'].map((name, at) => fips.node(name, { number: at + 1 }))
  const [first, second] = members.map(({ certificate }) =>
    actorOf(certificate.node, lifeOf(certificate.name)),
  )
  assert.ok(first !== undefined && second !== undefined)
  const { whole } = play(segment, [first, second], talk.slice(0, 2))
  const changes = whole.since({})
  const roster = fips.roster(...members)
  const signature = seedOf('a signature of 96 bytes')
  const attestations = new Map([[second, Buffer.concat([signature, signature, signature])]])

  const body = encodeDelta({ document: segment, changes, sender: first, roster, attestations })
  const read = decodeDelta(body, { scope: ops, sender: first, roster })

  assert.ok(read.ok)
  t.strictSame(
    read.delta.runs.flatMap(({ values }) => values).map(hexFromBytes),
    whole
      .since({})
      .toSorted((a) => (a.actor === first ? -1 : 1))
      .map(({ value }) => hexFromBytes(value)),
  )
  t.same(read.delta.runs[1]?.attestation, attestations.get(second))
})

test('a delta cut short is malformed, and so is one with more behind it', async (t) => {
  const { whole } = play(segment, actors, talk)
  const body = aDeltaBody(whole, whole.since({}), alpha)
  const single = Uint8Array.of(DELTA_KIND, 1 + 4 * 7, 0, 5, 0x93, 1, 2, 3)

  t.match(readBody(single)?.runs, [{ actor: alpha, firstSeq: 5, values: [{ length: 4 }] }])
  for (const good of [body, single]) {
    for (let length = 0; length < good.length; length += 1)
      t.match(decodeDelta(good.subarray(0, length), opened), { reason: 'malformed' })
    const more = Uint8Array.from([...good, 0])
    t.match(decodeDelta(more, opened), { reason: 'malformed' })
  }
})

test('messages of others, of the sender and of the list itself are named by where they stand', async (t) => {
  const history = play(segment, [alpha, bravo], [first, { ...first, writer: 1, hears: 0 }]).whole
  const other = segmentDocument(ops, 'routine', 3)
  const named = [
    { document: segment, actor: alpha, seq: 1 },
    { document: segment, actor: bravo, seq: 1 },
    { document: other, actor: actorAt(2), seq: 70 },
    { document: channelDocument(ops), actor: actorAt(2), seq: 7 },
  ]
  const places = new Map(
    named.map((place) => [postIdOf(place.document, place.actor, place.seq), place]),
  )
  const strange = postIdOf(segment, actorAt(3), 9)
  for (const actor of [alpha, bravo])
    for (const target of [...places.keys(), strange]) {
      const content = { kind: 'reaction', target, emoji: '+1', isSet: true } as const
      const entry = { ...entryAt, author: undefined, content }
      history.add(history.next(actor, encodeEntry(entry, history.context(actor))))
    }
  for (const sender of [alpha, bravo, actorAt(2), actorAt(3)])
    for (const clock of [{}, { [alpha]: 1, [bravo]: 1 }, { [alpha]: 1, [bravo]: 6 }]) {
      const changes = history.since(clock)
      const attestations = attestationsOf(history, changes, sender)
      const draft = { document: segment, changes, sender, roster: aRoster(), attestations }
      const body = encodeDelta({ ...draft, places })
      const read = must(readBody(body, sender), 'it is read')

      t.strictSame(
        read.runs
          .flatMap(({ values }) => values)
          .map(hexFromBytes)
          .toSorted(),
        changes.map(({ value }) => hexFromBytes(value)).toSorted(),
      )
      t.ok(body.length < encodeDelta(draft).length - (8 * changes.length) / 2)
    }
})

test('who names a message of a node that is not known waits, and what is no place is malformed', async (t) => {
  const entry = [0x95, 4, 0xc0, 0, 0xc1]
  const life = [...lifeOf('charlie')]

  t.ok(decodeDelta(withTable(1, 3, ...life, ...entry, 4, 0, 9, 7), opened).ok)
  for (const [why, bytes] of Object.entries({
    'no actor of the table': withTable(1, 3, ...life, ...entry, 5, 0, 9, 7),
    'no document of the scope': withTable(1, 3, ...life, ...entry, 4, 0xff, 0xff, 0xff, 0x7f, 9, 7),
    'an empty table': withTable(0, ...entry, 2, 0, 9, 7),
  }))
    t.match(decodeDelta(bytes, opened), { reason: 'malformed' }, why)
  const roster = aRoster([nodeAt(0), nodeAt(1)])
  const bytes = withTable(1, 3, ...life, ...entry, 4, 0, 9, 7)
  t.match(decodeDelta(bytes, { ...opened, roster }), { reason: 'unknown actor' })
})

test('more messages than the limit are not named', async (t) => {
  t.ok(decodeDelta(naming(NAMED_MESSAGES_MAX), opened).ok)
  t.match(decodeDelta(naming(NAMED_MESSAGES_MAX + 1), opened), { reason: 'malformed' })
})

test('every author here but the sender is vouched for, and nobody else', async (t) => {
  const { whole } = play(segment, [alpha, bravo], [first, { ...first, writer: 1, hears: 0 }])
  const changes = whole.since({ [alpha]: 1 })
  const draft = { document: segment, changes, sender: actorAt(2), roster: aRoster() }
  const all = attestationsOf(whole, whole.since({}), actorAt(2))

  const delta = must(readBody(encodeDelta({ ...draft, attestations: all }), actorAt(2)), 'read')

  t.match(delta.runs, [{ actor: bravo, attestation: all.get(bravo) }])
  t.equal(delta.runs.length, 1)
  t.throws(() => encodeDelta({ ...draft, attestations: new Map() }), { name: 'AssertionFailure' })
})

test('an actor that is named twice, no node and no changes are malformed', async (t) => {
  const { whole } = play(segment, [bravo], [{ ...first, writer: 0 }])
  const [change] = whole.since({})
  const signature = attestationBy(whole, must(change, 'there'))
  const body = (
    sender: readonly number[],
    ...others: readonly (readonly [number: number, firstSeq: number, count: number])[]
  ): Uint8Array => {
    const writer = byteWriter()
    for (const value of [DELTA_KIND, 1 + 4 * 7, 4 * others.length + (sender.length > 0 ? 1 : 0)])
      writer.uint(value)
    for (const value of sender) writer.uint(value)
    for (const [number, firstSeq, count] of others) {
      writer.uint(number)
      writer.raw(lifeOf(nodeAt(number + 3).certificate.name))
      writer.uint(firstSeq)
      writer.uint(3 * count)
    }
    const counts = [...sender.slice(1), ...others.map(([, , count]) => count)]
    const total = counts.reduce((sum, count) => sum + count, 0)
    writer.raw(new Uint8Array(total).fill(7))
    for (const _ of others) writer.raw(signature)
    return writer.bytes()
  }

  t.ok(readBody(body([1, 1], [2, 1, 1])), 'two actors are well-formed')
  for (const [why, wrong] of Object.entries({
    twice: body([], [2, 1, 1], [2, 2, 1]),
    'the sender twice': body([1, 1], [1, 1, 1]),
    'the sender in its long form': body([], [1, 1, 1], [2, 1, 1]),
    'no node': body([], [0, 1, 1]),
    'number nought': body([0, 1]),
    'no changes': body([1, 0], [2, 1, 1]),
    'a number beyond all': body([LIST_CHANGES_MAX, 1]),
  }))
    t.match(decodeDelta(wrong, opened), { ok: false, reason: 'malformed' }, why)
})

test('more changes than the limit, longer entries and empty ones are malformed', async (t) => {
  t.ok(decodeDelta(aHandmade(DELTA_CHANGES_MAX, 1), opened).ok)
  t.match(decodeDelta(aHandmade(DELTA_CHANGES_MAX + 1, 1), opened), { reason: 'malformed' })
  t.ok(decodeDelta(aHandmade(1, ENTRY_BYTES_MAX), opened).ok)
  t.match(decodeDelta(aHandmade(1, ENTRY_BYTES_MAX + 1), opened), { reason: 'malformed' })
  t.match(decodeDelta(aHandmade(1, 0), opened), { reason: 'malformed' })
})

test('a short message costs 5 bytes beside its entry, and another node’s 75 with its signature', async (t) => {
  const { whole } = play(segment, actors, talk)
  const last = must(whole.since({}).at(-1), 'there')

  const body = encodeDelta({
    document: segment,
    changes: [last],
    sender: last.actor,
    roster: aRoster(),
    attestations: new Map(),
  })

  t.equal(body.length - last.value.length, 5)
  t.equal(aDeltaBody(whole, [last], actorAt(2)).length - last.value.length, 75)
})

const entryAt = { claimedAt: 0, placeAt: 0, counter: 5, objections: [] }
const first: Step = { writer: 0, hears: 0, seconds: 0, body: 'hello' }
const talk: readonly Step[] = Array.from({ length: 8 }, (_, index) => ({
  writer: index % 2,
  hears: (index + 1) % 2,
  seconds: index,
  body: `message ${index}`,
}))

function readBody(body: Uint8Array, sender = alpha): Delta | undefined {
  const read = decodeDelta(body, { ...opened, sender })
  return read.ok ? read.delta : undefined
}

function plain({ values, attestation, ...run }: Run): unknown {
  return {
    ...run,
    values: values.map(hexFromBytes),
    attestation: attestation && hexFromBytes(attestation),
  }
}

/** The sender's: so many changes of so many bytes. */
function aHandmade(count: number, length: number): Uint8Array {
  const writer = byteWriter()
  for (const value of [DELTA_KIND, 1 + 4 * 7, 1, 1, count]) writer.uint(value)
  for (let index = 0; index < count; index += 1) {
    writer.byte(0xc1)
    writer.block(new Uint8Array(length))
  }
  return writer.bytes()
}

/** The sender's one change, as these bytes say it from the table of actors on. */
function withTable(...bytes: readonly number[]): Uint8Array {
  return Uint8Array.from([DELTA_KIND, 1 + 4 * 7, 2, 5, ...bytes])
}

/** Four entries that name so many messages together. */
function naming(count: number): Uint8Array {
  const writer = byteWriter()
  for (const value of [DELTA_KIND, 1 + 4 * 7, 1, 1, 4]) writer.uint(value)
  for (let list = 0; list < 4; list += 1) {
    const length = Math.floor((count + list) / 4)
    writer.raw(Uint8Array.of(0xdc, length >> 8, length & 255))
    for (let index = 0; index < length; index += 1) writer.raw(Uint8Array.of(0xc1, 2, 0, 5))
  }
  return writer.bytes()
}
