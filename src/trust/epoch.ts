/**
 * Keys by which envelopes are sealed. An audience (all nodes of the organisation, those of one channel, those that keep one
 * node's audit) has epochs: a random secret each, wrapped for every node of the audience. From a secret follow the
 * keys of each scope and each sender.
 *
 * The keys document is sealed under what every node ever let in was given at the door. It holds nothing but certificates,
 * revocations and wrapped secrets, so that whoever was away for long finds the way back in.
 */
import { assert } from '#base/assert.ts'
import { bytesFromHex, bytesFromText, concatBytes, hexFromBytes } from '#base/bytes.ts'
import { bytesFromId, type ChannelId, type NodeId, type OrganisationId } from '#base/ids.ts'
import { derive, open, seal, sealKey, TAG_BYTES, type SealKey, type Suite } from './keys.ts'
import { twinKey, type TwinKey } from './twin-seal.ts'

/** Who shares an epoch's secret: the organisation's nodes, a channel's, or those that keep one node's audit. */
export type AudienceId = OrganisationId | ChannelId | NodeId

/** What a set of documents is sealed for. */
export type Scope = ChannelId | 'directory' | 'keys' | `audit ${NodeId}`

/** 32 hexadecimal digits: commits to audience, number, maker and secret, and tells nothing of the secret. */
export type EpochId = string

/** One epoch of an audience, held by this node. */
export interface Epoch {
  readonly id: EpochId
  readonly audience: AudienceId
  readonly number: number
  /** The node that made it; undefined for the organisation's first. */
  readonly maker: NodeId | undefined
  /** 32 bytes. */
  readonly secret: Uint8Array
  /** It was handed over when this node was let in: believed before the keys document tells of it. */
  readonly isFromDoor?: boolean
}

/** The keys of one scope in one epoch. */
export interface EpochKey {
  readonly scope: Scope
  readonly epoch: EpochId
  /** 2 bytes in the clear that let a member pick the key; to others they say nothing. */
  readonly hint: Uint8Array
  /** Bound into every seal, never sent: suite, organisation, scope, and a commitment to the secret. */
  readonly bound: Uint8Array
  readonly keyOf: (sender: NodeId) => TwinKey
}

/** The secrets a node holds, as keys. Audiences are named when they are met; secrets come and are burned. */
export interface Keyring {
  /** Scopes that are sealed with this audience's secrets from now on. */
  readonly addScope: (scope: Scope, audience: AudienceId) => void
  readonly hold: (epoch: Epoch) => void
  readonly drop: (id: EpochId) => void
  /** Lets go of everything but the organisation's first epoch: what is on disk is held again by the caller. */
  readonly reset: () => void
  readonly epoch: (id: EpochId) => Epoch | undefined
  /** All epochs of an audience that this node holds. */
  readonly held: (audience: AudienceId) => readonly Epoch[]
  /** The key of a scope in an epoch this node holds. */
  readonly keyOf: (scope: Scope, id: EpochId) => EpochKey | undefined
  /** All keys with this hint: usually one. */
  readonly byHint: (hint: Uint8Array) => readonly EpochKey[]
  /** The organisation's first epoch, which everybody ever let in can work out. */
  readonly firstEpoch: Epoch
  /** The key of the keys document. */
  readonly keysKey: EpochKey
  /** What it is made of: 32 bytes that everybody ever let in can work out. */
  readonly keysSecret: Uint8Array
}

/** Length of an epoch's secret. */
export const EPOCH_SECRET_BYTES = 32
/** Length of a wrapped secret. */
export const WRAP_BYTES = EPOCH_SECRET_BYTES + TAG_BYTES
/** Largest number of an epoch: a hostile one at the end leaves a tie, not a dead end. */
export const EPOCH_NUMBER_MAX = 2 ** 31

const ID_BYTES = 16
/** Every wrapping key wraps one secret only. */
const ONLY_NONCE = new Uint8Array(12)

/** The node whose audit a scope is, or undefined for another scope. */
export function auditedNode(scope: Scope): NodeId | undefined {
  return scope.startsWith('audit ') ? (scope.slice('audit '.length) as NodeId) : undefined
}

/** The scope of a node's audit. */
export function auditScope(node: NodeId): Scope {
  return `audit ${node}`
}

/** An epoch from its secret. */
export function epochOf(suite: Suite, facts: Omit<Epoch, 'id'>): Epoch {
  assert(facts.secret.length === EPOCH_SECRET_BYTES, 'an epoch secret is 32 bytes')
  const label = `holdfast epoch ${facts.audience} ${facts.number} ${facts.maker ?? 'door'}`
  const id = derive(suite, facts.secret, { label, length: ID_BYTES })
  return { ...facts, id: hexFromBytes(id) }
}

/**
 * Epoch 0 of the organisation: it follows from the secret given at the door, so nodes that were just let in can talk at
 * once. It ends with the first revocation or rotation.
 */
export function firstEpoch(suite: Suite, audience: OrganisationId, atTheDoor: Uint8Array): Epoch {
  const secret = derive(suite, atTheDoor, { label: 'holdfast first epoch', length: 32 })
  return epochOf(suite, { audience, number: 0, maker: undefined, secret })
}

/** An epoch's secret for whoever shares `pairSecret` with us. */
export function wrapEpoch(suite: Suite, pairSecret: Uint8Array, epoch: Epoch): Uint8Array {
  const bound = bytesFromHex(epoch.id)
  return seal(wrapKey(suite, pairSecret, epoch.id), ONLY_NONCE, { bytes: epoch.secret, bound })
}

/** The epoch in a wrap; undefined when it was wrapped for another, altered, or is not what its id commits to. */
export function unwrapEpoch(
  suite: Suite,
  pairSecret: Uint8Array,
  wrapped: { readonly facts: Omit<Epoch, 'secret'>; readonly bytes: Uint8Array },
): Epoch | undefined {
  const { facts, bytes } = wrapped
  const bound = bytesFromHex(facts.id)
  const secret = open(wrapKey(suite, pairSecret, facts.id), ONLY_NONCE, { bytes, bound })
  if (secret?.length !== EPOCH_SECRET_BYTES) return undefined
  const epoch = epochOf(suite, { ...facts, secret: new Uint8Array(secret) })
  return epoch.id === facts.id ? epoch : undefined
}

/** A keyring that holds what every node was given at the door. */
export function openKeyring(
  suite: Suite,
  organisation: OrganisationId,
  atTheDoor: Uint8Array,
): Keyring {
  const audiences = new Map<Scope, Set<AudienceId>>()
  const epochs = new Map<EpochId, Epoch>()
  const keys = new Map<string, EpochKey>()
  const byHint = new Map<string, EpochKey[]>()

  const addKey = (scope: Scope, epoch: Epoch): void => {
    const name = `${epoch.id} ${scope}`
    if (keys.has(name)) return
    const key = scopeKey(suite, organisation, { scope, epoch })
    const hint = hexFromBytes(key.hint)
    keys.set(name, key)
    byHint.set(hint, [...(byHint.get(hint) ?? []), key])
  }

  const drop = (id: EpochId): void => {
    epochs.delete(id)
    for (const [name, key] of keys) {
      if (key.epoch !== id || key.scope === 'keys') continue
      keys.delete(name)
      const hint = hexFromBytes(key.hint)
      byHint.set(
        hint,
        (byHint.get(hint) ?? []).filter((one) => one !== key),
      )
    }
  }

  const first = firstEpoch(suite, organisation, atTheDoor)
  const keysEpoch = epochOfKeys(suite, organisation, atTheDoor)
  addKey('keys', keysEpoch)
  const ring: Keyring = {
    addScope: (scope, audience) => {
      audiences.set(scope, (audiences.get(scope) ?? new Set()).add(audience))
      for (const epoch of epochs.values()) if (epoch.audience === audience) addKey(scope, epoch)
    },
    hold: (epoch) => {
      epochs.set(epoch.id, epoch)
      for (const [scope, named] of audiences) if (named.has(epoch.audience)) addKey(scope, epoch)
    },
    drop,
    reset: () => {
      for (const id of epochs.keys()) drop(id)
      ring.hold(first)
    },
    epoch: (id) => epochs.get(id),
    held: (audience) => [...epochs.values()].filter((one) => one.audience === audience),
    keyOf: (scope, id) => keys.get(`${id} ${scope}`),
    byHint: (hint) => byHint.get(hexFromBytes(hint)) ?? [],
    firstEpoch: first,
    keysKey: scopeKey(suite, organisation, { scope: 'keys', epoch: keysEpoch }),
    keysSecret: keysEpoch.secret,
  }
  ring.addScope('directory', organisation)
  ring.hold(first)
  return ring
}

/** The keys document never changes its key: whoever was away for long must find the way back in. */
function epochOfKeys(suite: Suite, audience: OrganisationId, atTheDoor: Uint8Array): Epoch {
  const secret = derive(suite, atTheDoor, { label: 'holdfast keys document', length: 32 })
  return epochOf(suite, { audience, number: 0, maker: undefined, secret })
}

/** The key of one scope in one epoch. */
export function scopeKey(
  suite: Suite,
  organisation: OrganisationId,
  { scope, epoch }: { readonly scope: Scope; readonly epoch: Epoch },
): EpochKey {
  const make = (label: string, length: number): Uint8Array =>
    derive(suite, secret, { label, length })
  // With the epoch's id: a secret that somebody announces again as another epoch gives other keys.
  const label = `holdfast scope ${scope} ${epoch.id}`
  const secret = derive(suite, epoch.secret, { label, length: 32 })
  const senders = new Map<NodeId, TwinKey>()
  const suiteNumber = Uint8Array.of(suite.number)
  let bound: Uint8Array | undefined
  return {
    scope,
    epoch: epoch.id,
    hint: make('holdfast hint', 2),
    // Of most epochs that are held only the hint is ever asked for.
    get bound() {
      bound ??= concatBytes(
        suiteNumber,
        bytesFromId(organisation),
        bytesFromText(scope),
        make('holdfast commitment', 32),
      )
      return bound
    },
    keyOf: (sender) => {
      const known = senders.get(sender)
      if (known !== undefined) return known
      const key = twinKey(suite, make(`holdfast seal ${sender}`, 32))
      senders.set(sender, key)
      return key
    },
  }
}

function wrapKey(suite: Suite, pairSecret: Uint8Array, id: EpochId): SealKey {
  const label = `holdfast wrap ${id}`
  return sealKey(suite, derive(suite, pairSecret, { label, length: 32 }))
}
