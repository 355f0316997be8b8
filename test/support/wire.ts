/** What a test of the wire needs: four nodes of one organisation, their actors, rosters and signatures. */
import { must } from '#base/assert.ts'
import { actorOf, idFromBytes, type ActorId, type ChannelId } from '#base/ids.ts'
import { encodeDelta } from '#codec/delta.ts'
import type { Log, Logged } from '#model/log.ts'
import { upTo } from '#model/trail.ts'
import { attestationOf } from '#trust/attestation.ts'
import { openKeyring, type EpochKey, type Keyring, type Scope } from '#trust/epoch.ts'
import type { Identity } from '#trust/identity.ts'
import { openRoster, type Roster } from '#trust/roster.ts'
import { anOrganisation, seedOf } from './organisation.ts'

/** The organisation of these nodes. */
export const relief = anOrganisation('relief')
/** What its members share. */
export const organisationSecret = seedOf('relief secret')
/** A channel of it. */
export const ops = idFromBytes<ChannelId>(seedOf('channel ops').subarray(0, 16))
/** Alpha, bravo, charlie and delta, numbered from 1. */
export const nodes: readonly Identity[] = ['alpha', 'bravo', 'charlie', 'delta'].map(
  (name, index) => relief.node(name, { number: index + 1 }),
)
/** Their actors, in the same order. */
export const actors: readonly ActorId[] = nodes.map(({ certificate }) =>
  actorOf(certificate.node, lifeOf(certificate.name)),
)

/** The life of the node of this name. */
export function lifeOf(name: string): Uint8Array {
  return seedOf(`${name} life`).subarray(0, 4)
}

/** The node at `place`, counted round and round. */
export function nodeAt(place: number): Identity {
  return must(nodes[place % nodes.length], 'there are nodes')
}

/** The actor at `place`, counted round and round. */
export function actorAt(place: number): ActorId {
  return must(actors[place % actors.length], 'there are actors')
}

/** A roster that knows `known`. */
export function aRoster(known: readonly Identity[] = nodes): Roster {
  const roster = openRoster(relief.organisation)
  for (const { certificateBytes } of known) roster.introduce(certificateBytes)
  return roster
}

/** A keyring with the directory and the channel `ops`, both sealed for the whole organisation. */
export function aKeyring(secret = organisationSecret): Keyring {
  const { suite, id } = relief.organisation
  const keyring = openKeyring(suite, id, secret)
  keyring.addScope(ops, id)
  return keyring
}

/** The key of a scope in the organisation's first epoch. */
export function firstKey(keyring: Keyring, scope: Scope): EpochKey {
  return must(keyring.keyOf(scope, keyring.firstEpoch.id), 'the scope is known')
}

/** The signature of an actor's own node over one of its changes. */
export function attestationBy(log: Log, change: Logged): Uint8Array {
  const node = must(nodes[actors.indexOf(change.actor)], 'the actor is one of ours')
  return node.sign(attestationOf(relief.organisation.id, upTo(log, change)))
}

/** For each actor but the sender, the signature over its newest change in `changes`. */
export function attestationsOf(
  log: Log,
  changes: readonly Logged[],
  sender: ActorId,
): ReadonlyMap<ActorId, Uint8Array> {
  const newest = new Map(changes.map((change) => [change.actor, change]))
  newest.delete(sender)
  return new Map([...newest].map(([actor, change]) => [actor, attestationBy(log, change)]))
}

/** The body of a delta with these changes of `log`. */
export function aDeltaBody(log: Log, changes: readonly Logged[], sender: ActorId): Uint8Array {
  const attestations = attestationsOf(log, changes, sender)
  const { document } = log
  return encodeDelta({ document, changes, sender, roster: aRoster(), attestations })
}
