/**
 * What posts cost on the wire before any carrier: sealed and signed bytes a post, sent one by one, in tens and in
 * hundreds, and what cutting and rebuilding take. The codec only; every delta is opened, verified and rebuilt again.
 */
import { must } from '#base/assert.ts'
import { bytesFromText } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { actorOf, idFromBytes, type ActorId, type ChannelId, type UserId } from '#base/ids.ts'
import { CERTIFICATE_MS, SEGMENT_ENTRIES_MAX } from '#base/limits.ts'
import { decodeDelta, encodeDelta } from '#codec/delta.ts'
import { openEnvelope, sealEnvelope } from '#codec/envelope.ts'
import { rebuildDelta } from '#codec/rebuild.ts'
import { segmentDocument } from '#model/document-id.ts'
import { encodeEntry } from '#model/entry.ts'
import { openLog, postIdOf, type Log, type Logged } from '#model/log.ts'
import { placeEntry } from '#model/order.ts'
import { attestationOf } from '#trust/attestation.ts'
import { openKeyring, type Keyring } from '#trust/epoch.ts'
import {
  issueCertificate,
  NO_RIGHTS,
  openIdentity,
  organisationIdOf,
  rootIssuer,
  type Identity,
} from '#trust/identity.ts'
import { signingPair, SUITE_NACL } from '#trust/keys.ts'
import { openRoster, type Roster } from '#trust/roster.ts'
import { chanceFrom } from '../link/schedule.ts'
import { planMessages, readMessages, type PlannedMessage } from '../trial/messages.ts'
import { OWN_MESSAGES } from '../trial/own-messages.ts'
import { mean, median, rounded } from './statistics.ts'

/** What the bench may be told. */
export interface WireOptions {
  readonly input: string | undefined
  /** Milliseconds that never go back. */
  readonly nowMs: () => number
}

/** Flat, ready for JSON. */
export type WireResult = Readonly<Record<string, number>>

const SIZES = [1, 10, 100] as const
const MESSAGES_MAX = 2_000
const ROUNDS = 3
const BEGAN_AT = 1_790_000_000_000
/** Between two messages of a busy channel. */
const MESSAGE_EVERY_MS = 20_000
/** Texts about as long as those that other systems were measured with (research/peers.md). */
const USUAL_TEXT_BYTES = { least: 80, most: 100 }

/** Measures, in one channel. Throws when what was rebuilt is not what was cut. */
export async function measureWire({ input, nowMs }: WireOptions): Promise<WireResult> {
  const found = input === undefined ? OWN_MESSAGES : await readMessages(input, MESSAGES_MAX)
  const usable = found.filter(({ text }) => text !== '')
  const { messages } = planMessages(usable, usable.length, chanceFrom(1))
  const rows = SIZES.map((size) => {
    const runs = Array.from({ length: ROUNDS }, () => run(messages, { size, nowMs, isThin: false }))
    const thin = run(messages, { size, nowMs, isThin: true })
    return {
      size,
      sizes: must(runs[0], 'there is a round').sizes,
      thinSizes: thin.sizes,
      thinMs: thin.encodeMs,
      encodeMs: median(runs.map(({ encodeMs }) => encodeMs)),
      rebuildMs: median(runs.map(({ rebuildMs }) => rebuildMs)),
    }
  })
  const single = must(rows[0], 'there is a size')
  const textBytes = messages.map(({ text }) => Buffer.byteLength(text))
  const { least, most } = USUAL_TEXT_BYTES
  const usual = single.sizes.filter((_, at) => within(textBytes[at] ?? 0, least, most))
  return {
    messages: messages.length,
    text_b: rounded(mean(textBytes)),
    ...Object.fromEntries(
      rows.flatMap(({ size, sizes, thinSizes, thinMs, encodeMs, rebuildMs }) => [
        [`payload_${size}_b`, rounded((mean(sizes) * sizes.length) / messages.length)],
        [`payload_${size}_thin_b`, rounded((mean(thinSizes) * sizes.length) / messages.length)],
        [`encode_${size}_thin_ratio`, rounded(thinMs / single.encodeMs, 3)],
        [`encode_${size}_ratio`, rounded(encodeMs / single.encodeMs, 3)],
        [`rebuild_${size}_ratio`, rounded(rebuildMs / single.encodeMs, 3)],
      ]),
    ),
    payload_1_usual_b: rounded(mean(usual)),
  }
}

interface Run {
  /** Bytes of each envelope. */
  readonly sizes: readonly number[]
  readonly encodeMs: number
  readonly rebuildMs: number
}

/** One node writes everything, `size` posts at a time; another takes it. */
function run(
  messages: readonly PlannedMessage[],
  {
    size,
    nowMs,
    isThin,
  }: { readonly size: number; readonly nowMs: () => number; readonly isThin: boolean },
): Run {
  const world = { ...aWorld(), isThin }
  const place = openPlace(world)
  const sizes: number[] = []
  let encodeMs = 0
  let rebuildMs = 0
  for (let from = 0; from < messages.length; from += size) {
    if (place.here.size() >= SEGMENT_ENTRIES_MAX) place.next()
    const changes = messages.slice(from, from + size).map(place.write)
    const cutMs = nowMs()
    const envelope = cut(world, place.here, changes)
    const takeMs = nowMs()
    take(world, place.there, envelope)
    sizes.push(envelope.length)
    encodeMs += takeMs - cutMs
    rebuildMs += nowMs() - takeMs
  }
  return { sizes, encodeMs, rebuildMs }
}

interface World {
  readonly sender: Identity
  readonly actor: ActorId
  readonly life: Uint8Array
  readonly people: readonly UserId[]
  readonly roster: Roster
  readonly keyring: Keyring
  /** Whether envelopes are made for a thin link. */
  readonly isThin: boolean
  counter: number
}

/** The channel's newest segment at the sender and at the receiver. */
interface Place {
  here: Log
  there: Log
  readonly next: () => void
  readonly write: (message: PlannedMessage) => Logged
}

function seedOf(name: string): Uint8Array {
  return sha256(bytesFromText(`bench ${name}`))
}

function aWorld(): Omit<World, 'isThin'> {
  const suite = SUITE_NACL
  const root = signingPair(suite, seedOf('root'))
  const organisation = {
    id: organisationIdOf(suite, root.publicBytes),
    name: 'Relief',
    suite,
    rootKey: root.publicBytes,
    code: 'rf',
  }
  const seed = seedOf('signing')
  const certificate = issueCertificate(rootIssuer(suite, root), {
    number: 2,
    name: 'bravo',
    role: 'kit',
    rights: NO_RIGHTS,
    validFrom: BEGAN_AT,
    validUntil: BEGAN_AT + CERTIFICATE_MS,
    signingKey: signingPair(suite, seed).publicBytes,
  })
  const roster = openRoster(organisation)
  roster.introduce(certificate)
  const authority = { organisation, certificateOf: roster.byNode }
  const sender = must(openIdentity(authority, seed, certificate), 'the keys fit')
  const life = seedOf('life').subarray(0, 4)
  return {
    sender,
    roster,
    life,
    actor: actorOf(sender.certificate.node, life),
    keyring: openKeyring(suite, organisation.id, seedOf('organisation')),
    people: Array.from({ length: 20 }, (_, index) =>
      idFromBytes<UserId>(seedOf(`person ${index}`).subarray(0, 16)),
    ),
    counter: 1_000,
  }
}

function openPlace(world: World): Place {
  const channel = idFromBytes<ChannelId>(seedOf('channel').subarray(0, 16))
  world.keyring.addScope(channel, world.sender.organisation.id)
  let segment = 0
  let last: Logged | undefined
  const fresh = (): Log => openLog(segmentDocument(channel, 'routine', segment))
  const place: Place = {
    here: fresh(),
    there: fresh(),
    next: () => {
      segment += 1
      place.here = fresh()
      place.there = fresh()
    },
    write: ({ text, author: at, number, replyTo }) => {
      const { here } = place
      const author = must(world.people[at % world.people.length], 'there are people')
      const root =
        replyTo === undefined || last === undefined
          ? undefined
          : postIdOf(here.document, last.actor, last.seq)
      const claimedAt = BEGAN_AT + number * MESSAGE_EVERY_MS
      const content = { kind: 'post' as const, body: text, root }
      const { actor } = world
      const entry = placeEntry(
        here,
        { author, claimedAt, content },
        { actor, seen: { placeAt: 0 } },
      )
      const logged = here.add(here.next(actor, encodeEntry(entry, here.context(actor))))
      if (root === undefined) last = logged
      return logged
    },
  }
  return place
}

/** From changes to a sealed and signed envelope. */
function cut(world: World, log: Log, changes: readonly Logged[]): Uint8Array {
  const { sender, actor, roster, life, keyring } = world
  const newest = must(changes.at(-1), 'something is sent')
  const { document } = log
  const scope = document.split('.')[1] as ChannelId
  const body = encodeDelta({ document, changes, sender: actor, roster, attestations: new Map() })
  world.counter += 1
  return sealEnvelope({
    sender: sender.certificate,
    life,
    generation: 0,
    salt: Uint8Array.of(1, 2, 3, 4),
    counter: world.counter,
    key: must(keyring.keyOf(scope, keyring.firstEpoch.id), 'the channel is known'),
    body,
    isThin: world.isThin,
    sign: () => sender.sign(attestationOf(sender.organisation.id, document, newest.hash)),
  })
}

/** From an envelope to changes in the receiver's log. */
function take({ roster, keyring, sender }: World, log: Log, envelope: Uint8Array): void {
  const opened = openEnvelope(envelope, roster, keyring)
  if (!opened.ok) throw new Error(`an envelope of this bench does not open: ${opened.reason}`)
  const { scope } = opened.key
  const decoded = decodeDelta(opened.body, { scope, sender: opened.actor, roster })
  if (!decoded.ok) throw new Error(`a delta of this bench is not read: ${decoded.reason}`)
  const written = must(rebuildDelta(decoded.delta, log)[0], 'it holds what its sender wrote')
  if (written.kind !== 'good')
    throw new Error(`a delta of this bench is not rebuilt: ${written.kind}`)
  const statement = attestationOf(sender.organisation.id, log.document, written.newest.hash)
  const signature = must(opened.signature, 'it is signed')
  if (!roster.verify(opened.sender.node, statement, signature))
    throw new Error('an envelope of this bench is not vouched for')
  for (const change of written.changes) log.add(change)
}

function within(value: number, least: number, most: number): boolean {
  return value >= least && value <= most
}
