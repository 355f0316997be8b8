/** A channel in which one node writes and another takes what it sends, without a network between them. */
import { must } from '#base/assert.ts'
import { bytesFromText } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import {
  actorOf,
  idFromBytes,
  newPersonId,
  PERSON_NUMBER_BYTES,
  type ActorId,
  type ChannelId,
  type UserId,
  type PostId,
} from '#base/ids.ts'
import { CERTIFICATE_MS } from '#base/limits.ts'
import { decodeDelta, encodeDelta } from '#codec/delta.ts'
import { openEnvelope, sealEnvelope } from '#codec/envelope.ts'
import { encodeLoad } from '#codec/load.ts'
import { encodeNote } from '#codec/note.ts'
import { rebuildDelta } from '#codec/rebuild.ts'
import type { TrainedDictionary } from '#codec/trained-dictionary.ts'
import { segmentDocument } from '#model/document-id.ts'
import { encodeEntry, type Content } from '#model/entry.ts'
import { openLog, postIdOf, type Log, type Logged } from '#model/log.ts'
import { upTo } from '#model/trail.ts'
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
import type { PlannedMessage } from '../trial/messages.ts'

/** When the first message was written. */
export const BEGAN_AT = 1_790_000_000_000
/** A node has published a sealing key by the time it writes: readers know its life by that. */
const GENERATION = 1
/** Between two messages of a busy channel. */
export const MESSAGE_EVERY_MS = 20_000

/** An organisation, one node that writes, and a channel's keys. */
export interface World {
  readonly sender: Identity
  readonly actor: ActorId
  readonly life: Uint8Array
  readonly people: readonly UserId[]
  readonly roster: Roster
  readonly keyring: Keyring
  /** Whether envelopes are made for a thin link. */
  readonly isThin: boolean
  /** The channel's own, when it has one. */
  readonly dictionary?: TrainedDictionary | undefined
}

/** The channel's newest segment at the sender and at the receiver. */
export interface Place {
  here: Log
  there: Log
  readonly next: () => void
  readonly write: (message: PlannedMessage) => Logged
  /** A reaction of somebody to the newest message that began a thread. */
  readonly react: (by: Pick<PlannedMessage, 'author' | 'number'>, emoji: string) => Logged
  /** A tick of an item of its checklist. */
  readonly tick: (by: Pick<PlannedMessage, 'author' | 'number'>, item: number) => Logged
}

function seedOf(name: string): Uint8Array {
  return sha256(bytesFromText(`bench ${name}`))
}

/** The same at every call. */
export function aWorld(): Omit<World, 'isThin'> {
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
  roster.learnLife(sender.certificate.node, GENERATION, life)
  return {
    sender,
    roster,
    life,
    actor: actorOf(sender.certificate.node, life),
    keyring: openKeyring(suite, organisation.id, seedOf('organisation')),
    people: Array.from({ length: 20 }, (_, index) =>
      newPersonId(
        sender.certificate.node,
        seedOf(`person ${index}`).subarray(0, PERSON_NUMBER_BYTES),
      ),
    ),
  }
}

/** A channel without a message. */
export function openPlace(world: World): Place {
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
    write: ({ text, author, number, replyTo }) => {
      const root =
        replyTo === undefined || last === undefined
          ? undefined
          : postIdOf(place.here.document, last.actor, last.seq)
      const logged = add({ author, number }, { kind: 'post', body: text, root })
      if (root === undefined) last = logged
      return logged
    },
    react: (by, emoji) => add(by, { kind: 'reaction', target: newest(), emoji, isSet: true }),
    tick: (by, item) => add(by, { kind: 'tick', target: newest(), item, isSet: true }),
  }
  const newest = (): PostId => {
    const { actor, seq } = must(last, 'there is a message')
    return postIdOf(place.here.document, actor, seq)
  }
  const add = (by: { author: number; number: number }, content: Content): Logged => {
    const { here } = place
    const { actor } = world
    const author = must(world.people[by.author % world.people.length], 'there are people')
    const claimedAt = BEGAN_AT + by.number * MESSAGE_EVERY_MS
    const draft = { author, claimedAt, content }
    const entry = placeEntry(here, draft, { actor, seen: { placeAt: 0 } })
    return here.add(here.next(actor, encodeEntry(entry, here.context(actor))))
  }
  return place
}

/** What goes into an envelope with these changes. What they answer and react to is named by its place, as every reader has it. */
export function bodyOf(world: World, log: Log, changes: readonly Logged[]): Uint8Array {
  const { actor: sender, roster } = world
  const { document } = log
  const places = new Map(
    log
      .since({})
      .map(({ actor, seq }) => [postIdOf(document, actor, seq), { document, actor, seq }]),
  )
  return encodeDelta({ document, changes, sender, roster, attestations: new Map(), places })
}

/** From changes, and a receipt if there is one, to a sealed and signed envelope. */
export function cut(
  world: World,
  log: Log,
  changes: readonly Logged[],
  receipt?: Uint8Array,
): Uint8Array {
  const { sender, life, keyring, roster } = world
  const newest = must(changes.at(-1), 'something is sent')
  const { document } = log
  const scope = document.split('.')[1] as ChannelId
  return sealEnvelope({
    sender: sender.certificate,
    life,
    generation: GENERATION,
    key: must(keyring.keyOf(scope, keyring.firstEpoch.id), 'the channel is known'),
    body: encodeLoad(
      { notes: [], delta: bodyOf(world, log, changes), joint: receipt },
      { scope, sender: actorOf(sender.certificate.node, life), roster },
    ),
    isThin: world.isThin,
    dictionary: world.dictionary,
    sign: () => sender.sign(attestationOf(sender.organisation.id, upTo(log, newest))),
  })
}

/** A receipt for what somebody else wrote in a segment, up to `newest`. */
export function receiptOf({ sender, roster }: World, log: Log, newest: number): Uint8Array {
  const number = 3
  const other = { number, name: 'charlie', role: 'kit' as const, rights: NO_RIGHTS }
  const seed = seedOf('another')
  const { organisation } = sender
  const root = signingPair(SUITE_NACL, seedOf('root'))
  const certificate = issueCertificate(rootIssuer(SUITE_NACL, root), {
    ...other,
    validFrom: BEGAN_AT,
    validUntil: BEGAN_AT + CERTIFICATE_MS,
    signingKey: signingPair(organisation.suite, seed).publicBytes,
  })
  const { node } = must(roster.introduce(certificate), 'the root vouches for it')
  const actor = actorOf(node, seed.subarray(0, 4))
  const item = { document: log.document, clock: { [actor]: newest }, read: {} }
  return encodeNote({ kind: 'receipt', isWhole: false, items: [item] }, roster)
}

/** From an envelope to changes in the receiver's log. */
export function take(
  { roster, keyring, sender, dictionary }: World,
  log: Log,
  envelope: Uint8Array,
): void {
  const dictionaries = dictionary === undefined ? [] : [dictionary]
  const opened = openEnvelope(envelope, roster, { byHint: keyring.byHint, dictionaries })
  if (!opened.ok) throw new Error(`an envelope of this bench does not open: ${opened.reason}`)
  const { scope } = opened.key
  const decoded = decodeDelta(opened.body, { scope, sender: opened.actor, roster })
  if (!decoded.ok) throw new Error(`a delta of this bench is not read: ${decoded.reason}`)
  const written = must(rebuildDelta(decoded.delta, log)[0], 'it holds what its sender wrote')
  if (written.kind !== 'good')
    throw new Error(`a delta of this bench is not rebuilt: ${written.kind}`)
  const newest = must(written.changes.at(-1), 'it is new')
  const attested = { document: log.document, ...newest }
  const statement = attestationOf(sender.organisation.id, attested)
  const signature = must(opened.signature, 'it is signed')
  if (!roster.verify(opened.sender.node, statement, signature))
    throw new Error('an envelope of this bench is not vouched for')
  for (const change of written.changes) log.add(change)
}
