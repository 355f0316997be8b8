/**
 * Keys by which envelopes are sealed. Each scope (a channel, or the directory) has an epoch secret; each sender
 * seals under a key of its own made from it, so that counters of two nodes never meet under one key.
 *
 * Today every secret derives from the organisation's, which each member node got when it joined.
 */
import { bytesFromText, concatBytes } from '#base/bytes.ts'
import { bytesFromId, type ChannelId, type NodeId, type OrganisationId } from '#base/ids.ts'
import { derive, sealKey, type SealKey } from './keys.ts'

/** What a set of documents is sealed for. */
export type Scope = ChannelId | 'directory'

/** One epoch of one scope. */
export interface EpochKey {
  readonly scope: Scope
  readonly epoch: number
  /** 2 bytes in the clear that let a member pick the key; to others they say nothing. */
  readonly hint: Uint8Array
  /** Bound into every seal, never sent: organisation, scope, epoch and a commitment to the secret. */
  readonly bound: Uint8Array
  readonly keyOf: (sender: NodeId) => SealKey
}

/** The epoch keys a node holds. */
export interface Keyring {
  readonly add: (scope: Scope) => void
  readonly current: (scope: Scope) => EpochKey
  /** All keys with this hint: usually one. */
  readonly byHint: (hint: Uint8Array) => readonly EpochKey[]
}

/** The first epoch's key of a scope. */
export function epochKey(organisation: OrganisationId, secret: Uint8Array, scope: Scope): EpochKey {
  const epoch = 0
  const name = `${scope} ${epoch}`
  const epochSecret = derive(secret, `holdfast epoch ${name}`, 32)
  const commitment = derive(epochSecret, 'holdfast commitment', 32)
  const keys = new Map<NodeId, SealKey>()
  return {
    scope,
    epoch,
    hint: derive(epochSecret, 'holdfast hint', 2),
    bound: concatBytes(bytesFromId(organisation), bytesFromText(name), commitment),
    keyOf: (sender) => {
      const known = keys.get(sender)
      if (known !== undefined) return known
      const key = sealKey(derive(epochSecret, `holdfast seal ${sender}`, 32))
      keys.set(sender, key)
      return key
    },
  }
}

/** A keyring that holds the directory's key; channels are added as they become known. */
export function openKeyring(organisation: OrganisationId, secret: Uint8Array): Keyring {
  const byScope = new Map<Scope, EpochKey>()
  const byHint = new Map<string, EpochKey[]>()
  const current = (scope: Scope): EpochKey => {
    const known = byScope.get(scope)
    if (known !== undefined) return known
    const key = epochKey(organisation, secret, scope)
    const hint = Buffer.from(key.hint).toString('hex')
    byScope.set(scope, key)
    byHint.set(hint, [...(byHint.get(hint) ?? []), key])
    return key
  }
  current('directory')
  return {
    add: (scope) => void current(scope),
    current,
    byHint: (hint) => byHint.get(Buffer.from(hint).toString('hex')) ?? [],
  }
}
