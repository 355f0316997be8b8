/**
 * What posts cost on the wire before any carrier: sealed and signed bytes a post, sent one by one, in tens and in
 * hundreds, and what cutting and rebuilding take. The codec only; every delta is opened, verified and rebuilt again.
 */
import { must } from '#base/assert.ts'
import { bytesFromText } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { actorOf, idFromBytes, type ActorId, type ChannelId, type UserId } from '#base/ids.ts'
import { SEGMENT_ENTRIES_MAX } from '#base/limits.ts'
import { decodeDelta, encodeDelta } from '#codec/delta.ts'
import { openEnvelope, sealEnvelope } from '#codec/envelope.ts'
import { rebuildDelta } from '#codec/rebuild.ts'
import { segmentDocument } from '#model/document-id.ts'
import { encodeEntry } from '#model/entry.ts'
import { openLog, postIdOf, type Log, type Logged } from '#model/log.ts'
import { attestationOf } from '#trust/attestation.ts'
import { openKeyring, type Keyring } from '#trust/epoch.ts'
import { issueCertificate, openIdentity, organisationIdOf, type Identity } from '#trust/identity.ts'
import { keyPairFromSeed } from '#trust/keys.ts'
import { openRoster, type Roster } from '#trust/roster.ts'
import { chanceFrom } from '../link/schedule.ts'
import { planMessages, readMessages, type Plan } from '../trial/messages.ts'
import { OWN_MESSAGES } from '../trial/own-messages.ts'
import { median, rounded } from './statistics.ts'

/** What the bench may be told. */
export interface WireOptions {
  readonly input: string | undefined
  /** Milliseconds that never go back. */
  readonly nowMs: () => number
}

/** Flat, ready for JSON. */
export type WireResult = Readonly<Record<string, number>>

const SIZES = [1, 10, 100] as const
/** Divisible by every size. */
const MESSAGES = 2_000
const ROUNDS = 3
const BEGAN_AT = 1_790_000_000_000
/** Between two messages of a busy channel. */
const MESSAGE_EVERY_MS = 20_000

/** Measures. Throws when what was rebuilt is not what was cut. */
export async function measureWire({ input, nowMs }: WireOptions): Promise<WireResult> {
  const found =
    input === undefined ? OWN_MESSAGES : await readMessages(input, Number.POSITIVE_INFINITY)
  const usable = found.filter(({ text }) => text !== '')
  const plan = planMessages(usable, MESSAGES, chanceFrom(1))
  const rows = SIZES.map((size) => {
    const runs = Array.from({ length: ROUNDS }, () => run(plan, size, nowMs))
    return {
      size,
      bytes: must(runs[0], 'there is a round').bytes,
      encodeMs: median(runs.map(({ encodeMs }) => encodeMs)),
      rebuildMs: median(runs.map(({ rebuildMs }) => rebuildMs)),
    }
  })
  const single = must(rows[0], 'there is a size')
  const texts = plan.messages.map(({ text }) => Buffer.byteLength(text))
  return {
    messages: plan.messages.length,
    text_b: rounded(sum(texts) / texts.length),
    ...Object.fromEntries(
      rows.flatMap(({ size, bytes, encodeMs, rebuildMs }) => [
        [`payload_${size}_b`, rounded(bytes / plan.messages.length)],
        [`encode_${size}_ratio`, rounded(encodeMs / single.encodeMs, 3)],
        [`rebuild_${size}_ratio`, rounded(rebuildMs / single.encodeMs, 3)],
      ]),
    ),
  }
}

interface Run {
  readonly bytes: number
  readonly encodeMs: number
  readonly rebuildMs: number
}

/** One node writes everything, `size` posts at a time; another takes it. */
function run(plan: Plan, size: number, nowMs: () => number): Run {
  const world = aWorld()
  const total = { bytes: 0, encodeMs: 0, rebuildMs: 0 }
  const places = plan.channels.map((name) => openPlace(world, name))
  const pending = new Map<Place, Logged[]>()
  const send = (place: Place, changes: readonly Logged[]): void => {
    const cutMs = nowMs()
    const envelope = cut(world, place.here, changes)
    const takeMs = nowMs()
    take(world, place.there, envelope)
    total.bytes += envelope.length
    total.encodeMs += takeMs - cutMs
    total.rebuildMs += nowMs() - takeMs
  }
  for (const message of plan.messages) {
    const place = must(places[message.channel], 'the plan names its channels')
    const waiting = pending.get(place) ?? []
    if (place.here.size() >= SEGMENT_ENTRIES_MAX && waiting.length === 0) place.next()
    pending.set(place, waiting)
    const author = must(world.people[message.author], 'the plan names its authors')
    waiting.push(place.write(message.text, author, message.number, message.replyTo !== undefined))
    if (waiting.length < size) continue
    send(place, waiting)
    waiting.length = 0
  }
  for (const [place, changes] of pending) if (changes.length > 0) send(place, changes)
  return total
}

interface World {
  readonly sender: Identity
  readonly actor: ActorId
  readonly life: Uint8Array
  readonly people: readonly UserId[]
  readonly roster: Roster
  readonly keyring: Keyring
  counter: number
}

/** One channel's newest segment at the sender and at the receiver. */
interface Place {
  here: Log
  there: Log
  readonly next: () => void
  readonly write: (text: string, author: UserId, number: number, isReply: boolean) => Logged
}

function seedOf(name: string): Uint8Array {
  return sha256(bytesFromText(`bench ${name}`))
}

function aWorld(): World {
  const root = keyPairFromSeed('ed25519', seedOf('root'))
  const organisation = {
    id: organisationIdOf(root.publicBytes),
    name: 'Relief',
    rootKey: root.publicBytes,
    code: 'rf',
  }
  const seeds = { signing: seedOf('signing'), sealing: seedOf('sealing') }
  const certificate = issueCertificate(root, {
    number: 2,
    name: 'bravo',
    role: 'kit',
    issuedAt: BEGAN_AT,
    signingKey: keyPairFromSeed('ed25519', seeds.signing).publicBytes,
    sealingKey: keyPairFromSeed('x25519', seeds.sealing).publicBytes,
  })
  const sender = must(openIdentity(organisation, seeds, certificate), 'the keys fit')
  const roster = openRoster(root.publicBytes)
  roster.introduce(certificate)
  const life = seedOf('life').subarray(0, 4)
  return {
    sender,
    roster,
    life,
    actor: actorOf(sender.certificate.node, life),
    keyring: openKeyring(organisation.id, seedOf('organisation')),
    people: Array.from({ length: 20 }, (_, index) =>
      idFromBytes<UserId>(seedOf(`person ${index}`).subarray(0, 16)),
    ),
    counter: 1_000,
  }
}

function openPlace(world: World, name: string): Place {
  const channel = idFromBytes<ChannelId>(seedOf(`channel ${name}`).subarray(0, 16))
  world.keyring.add(channel)
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
    write: (text, author, number, isReply) => {
      const { here } = place
      const isPossible = isReply && last !== undefined && here.has(last.hash)
      const root = isPossible && last ? postIdOf(here.document, last.actor, last.seq) : undefined
      const claimedAt = BEGAN_AT + number * MESSAGE_EVERY_MS
      const content = { kind: 'post' as const, body: text, root }
      const value = encodeEntry({ author, claimedAt, content }, here.context(world.actor))
      const logged = here.add(here.next(world.actor, value))
      if (!isReply) last = logged
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
  const body = encodeDelta({ log, changes, sender: actor, roster, attestations: new Map() })
  world.counter += 1
  return sealEnvelope({
    sender: sender.certificate,
    life,
    counter: world.counter,
    key: keyring.current(scope),
    body,
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
  const rebuilt = rebuildDelta(decoded.delta, log)
  if (!rebuilt.ok) throw new Error(`a delta of this bench is not rebuilt: ${rebuilt.reason}`)
  const newest = must(rebuilt.newest.get(opened.actor), 'it holds what its sender wrote')
  const statement = attestationOf(sender.organisation.id, log.document, newest.hash)
  const signature = must(opened.signature, 'it is signed')
  if (!roster.verify(opened.sender.node, statement, signature))
    throw new Error('an envelope of this bench is not vouched for')
  for (const change of rebuilt.changes) log.add(change)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}
