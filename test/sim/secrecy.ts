/**
 * Promise 7: what is sealed for some cannot be opened by others. Every envelope is kept as it lies on the disk of whoever
 * sealed it, with what that node had heard of by then. In the end each disk's keys are tried on all of them, worked out
 * anew from the bytes: whatever a captured disk ever held, and all that anybody ever wrapped for its keys. The keys document,
 * which every node ever let in can read, and of which nothing is ever purged, must hold no text of a message at all.
 */
import { equalBytes } from '#base/bytes.ts'
import type { ChannelId, DocumentId, Instant, NodeId } from '#base/ids.ts'
import { openEnvelope } from '#codec/envelope.ts'
import { channelOfDocument } from '#model/document-id.ts'
import type { Write } from '#ports/store.ts'
import { unpack, type DocumentRecord, type ParcelRecord } from '#sync/records.ts'
import { auditedNode, openKeyring, unwrapEpoch, type Keyring } from '#trust/epoch.ts'
import type { Organisation } from '#trust/identity.ts'
import { TAG_BYTES } from '#trust/keys.ts'
import { openRoster, type Roster } from '#trust/roster.ts'
import { openSecret, SEALING_SEED_BYTES, sealingPair } from '#trust/sealing-key.ts'
import type { Circles } from './circles.ts'
import { addDocument, addEpoch, keyEntryIn, learnLife, type KeyEntry } from './keyrings.ts'
import { numbersIn } from './said.ts'
import type { Verdict } from './verdict.ts'

/** Watches all disks of a world. */
export interface Secrecy {
  readonly onMember: (node: NodeId, certificateBytes: Uint8Array) => void
  /** A batch has become durable on the disk of this node. */
  readonly onSynced: (node: NodeId, writes: readonly Write[]) => void
  /** What a node has heard of by now; to be called when its disk is put back to this. */
  readonly image: (node: NodeId) => () => void
  /** When the last of these nodes had on its disk that a node is out; undefined as long as one has not. */
  readonly allHeardAt: (node: NodeId, nodes: readonly NodeId[]) => Instant | undefined
  /** Whether a node has sealed such a thing since it last heard that somebody is out; true when it heard of nobody. */
  readonly hasSealedSince: (node: NodeId, isSuch: (bytes: Uint8Array) => boolean) => boolean
  /** Tries all keys on everything. Gives how many envelopes were tried on keys that must not open them. */
  readonly check: () => number
}

/** What the watch is told. */
export interface SecrecyGround {
  readonly organisation: Organisation
  readonly secret: Uint8Array
  readonly circles: Circles
  readonly verdict: Verdict
  readonly now: () => Instant
}

/** One envelope as it was sealed. */
interface Sealed {
  readonly by: NodeId
  readonly bytes: Uint8Array
  /** Revoked nodes that the sealing node had on its disk as such in an earlier batch. */
  readonly outThen: ReadonlySet<NodeId>
  /** How many entries of the keys document it had on its disk. */
  readonly toldThen: number
}

/** An envelope, and what is in it. */
type Told = Sealed & { readonly truth: ReturnType<typeof openEnvelope> }

/** What lies on one disk, or lay there once. */
interface Hoard {
  readonly epochs: Map<string, Uint8Array>
  /** Seeds of sealing keys, by their names. */
  readonly seeds: Map<string, Uint8Array>
  /** Secrets shared with an author, by `actor/number`. */
  readonly pairs: Map<string, Uint8Array>
  /** Revoked nodes, and when this disk first said so. */
  readonly out: Map<NodeId, Instant>
  /** Entries of the keys document, by `actor/number`: how many came to this disk before. */
  readonly told: Map<string, number>
  readonly seen: Set<string>
}

/** Nothing was sealed yet. */
export function openSecrecy(ground: SecrecyGround): Secrecy {
  const { organisation, secret, circles, verdict, now } = ground
  const { suite } = organisation
  const roster = openRoster(organisation)
  const hoards = new Map<NodeId, Hoard>()
  const sealed: Sealed[] = []
  const entries = new Map<string, KeyEntry>()
  const documents = new Set<DocumentId>()

  const hoardOf = (node: NodeId): Hoard => {
    const known = hoards.get(node) ?? emptyHoard()
    hoards.set(node, known)
    return known
  }
  const noteDocument = (node: NodeId, document: DocumentId, value: Uint8Array): void => {
    documents.add(document)
    const channel = channelOfDocument(document)
    // That a list of it was cut is told to everybody, and noted also where nothing of it is.
    if (unpack<DocumentRecord>(value)?.size === 0) return
    if (channel === undefined || circles.mayHold(node, channel)) return
    fail(node, 'nothing of a channel that nobody here was ever in', `document ${document}`)
  }
  const noteTexts = (node: NodeId, key: string, value: Uint8Array): void => {
    for (const number of numbersIn(value))
      fail(node, 'no text of a message in the keys document', `message ${number} in ${key}`)
  }
  const fail = (node: NodeId, wanted: string, found: string): void =>
    verdict.fail({
      broken: 'promise 7: secrecy',
      where: roster.byNode(node)?.name ?? node,
      wanted,
      found,
    })
  const heard = (hoard: Hoard, bytes: Uint8Array): void => {
    const entry = keyEntryIn(bytes)
    if (entry === undefined) return
    const name = pairName(entry.actor, entry.seq)
    entries.set(name, entry)
    if (!hoard.told.has(name)) hoard.told.set(name, hoard.told.size)
    learnLife(roster, entry)
    if (entry.content.kind !== 'revocation') return
    const { node, by } = entry.content
    if (roster.byNode(by)?.rights.administers !== true) return
    if (!hoard.out.has(node)) hoard.out.set(node, now())
  }

  /** A note is sealed when it is written down; it may fly much later. */
  const noteSealed = (
    node: NodeId,
    kind: 'fly' | 'note',
    value: Uint8Array,
    then: Pick<Sealed, 'outThen' | 'toldThen'>,
  ): void => {
    const bytes = kind === 'note' ? value : unpack<ParcelRecord>(value)?.bytes
    if (bytes === undefined) return
    const name = Buffer.from(bytes).toString('latin1')
    const { seen } = hoardOf(node)
    if (seen.has(name)) return
    seen.add(name)
    sealed.push({ by: node, bytes, ...then })
  }

  return {
    onMember: (node, certificateBytes) => {
      roster.introduce(certificateBytes)
      hoardOf(node)
    },
    onSynced: (node, writes) => {
      const hoard = hoardOf(node)
      const then = { outThen: new Set(hoard.out.keys()), toldThen: hoard.told.size }
      for (const { key, value } of writes) {
        if (value === undefined) continue
        const [kind = '', ...rest] = key.split('/')
        if (kind === 'doc') noteDocument(node, rest.join('/') as DocumentId, value)
        else if (kind === 'epoch') hoard.epochs.set(key, value)
        else if (kind === 'seal') hoard.seeds.set(rest.join('/'), seedIn(value))
        else if (kind === 'pair') hoard.pairs.set(pairName(rest[0], Number(rest[1])), value)
        else if (key.startsWith('loose/k/')) {
          heard(hoard, value)
          noteTexts(node, key, value)
        } else if (kind === 'fly' || kind === 'note') noteSealed(node, kind, value, then)
      }
    },
    image: (node) => {
      const { out } = hoardOf(node)
      const kept = [...out]
      return () => {
        out.clear()
        for (const [one, at] of kept) out.set(one, at)
      }
    },
    allHeardAt: (node, nodes) => {
      const times = nodes.map((one) => hoardOf(one).out.get(node))
      return times.includes(undefined) ? undefined : Math.max(...times.map((at) => at ?? 0))
    },
    hasSealedSince: (node, isSuch) => {
      const { size } = hoardOf(node).out
      const isOne = ({ by, bytes, outThen }: Sealed): boolean =>
        by === node && outThen.size === size && isSuch(bytes)
      return size === 0 || sealed.some(isOne)
    },
    check: () => {
      const all = openKeyring(suite, organisation.id, secret)
      for (const document of documents) addDocument(all, organisation, document)
      for (const hoard of hoards.values()) fill(all, hoard)
      const truths = sealed.map((one) => ({ ...one, truth: openEnvelope(one.bytes, roster, all) }))
      checkStreams(truths)
      let tried = 0
      for (const [node, hoard] of hoards) {
        const ring = openKeyring(suite, organisation.id, secret)
        for (const document of documents) addDocument(ring, organisation, document)
        fill(ring, hoard)
        unwrapAll(ring, hoard)
        for (const one of truths) {
          const why = whyShut(node, one)
          if (why === undefined) continue
          tried += 1
          if (!openEnvelope(one.bytes, roster, ring).ok) continue
          const holder = { ...hoard, node }
          const told = { entries: [...entries.values()], roster, ...hoardOf(one.by) }
          if (one.outThen.has(node) && !couldKnow(told, one, holder)) continue
          const by = roster.byNode(one.by)?.name ?? one.by
          fail(node, `no key that opens what ${by} sealed: it ${why}`, 'one that does')
        }
      }
      return tried
    },
  }

  /** Two things under one stream open each other: a stream is named by key and tag. */
  function checkStreams(all: readonly Told[]): void {
    const known = new Map<string, Uint8Array>()
    for (const { by, bytes, truth } of all) {
      if (!truth.ok || truth.sender.node !== by) continue
      const end = bytes.length - (truth.signature?.length ?? 0)
      const tag = Buffer.from(bytes.subarray(end - TAG_BYTES, end)).toString('hex')
      const name = `${truth.key.epoch} ${truth.key.scope} ${by} ${tag}`
      const [before, text] = [known.get(name), bytes.subarray(0, end)]
      if (before !== undefined && !equalBytes(before, text))
        fail(by, 'no stream twice under one key', 'two envelopes with one tag')
      known.set(name, text)
    }
  }

  /** Why an envelope must stay shut for a node; undefined when it need not. */
  function whyShut(node: NodeId, { by, truth, outThen }: Told): string | undefined {
    if (by === node) return undefined
    // Others' envelopes are passed on as they are; what the keys document says is no secret.
    if (!truth.ok || truth.sender.node !== by || truth.key.scope === 'keys') return undefined
    if (outThen.has(node)) return 'was revoked when that was sealed'
    const { scope } = truth.key
    if (scope === 'directory' || auditedNode(scope) !== undefined) return undefined
    return circles.mayHold(node, scope as ChannelId) ? undefined : 'was never in that channel'
  }

  /** What anybody wrapped for this disk's keys, whether the node took it or not. */
  function unwrapAll(ring: Keyring, { seeds, pairs }: Hoard): void {
    const secrets = new Map(pairs)
    for (const { actor, seq, content } of entries.values()) {
      const seed = content.kind === 'pair' ? seeds.get(content.keyName) : undefined
      if (content.kind !== 'pair' || seed === undefined) continue
      const shared = openSecret(sealingPair(suite, seed), content.ciphertext)
      if (shared !== undefined) secrets.set(pairName(actor, seq), shared)
    }
    for (const { actor, content } of entries.values()) {
      const writer = roster.ofActor(actor)?.node
      if (content.kind !== 'epoch' || writer === undefined) continue
      const { audience, number, epoch: id, maker = writer } = content
      for (const { pair, bytes } of content.wraps) {
        const shared = secrets.get(pairName(actor, pair))
        const facts = { id, audience, number, maker }
        const epoch = shared && unwrapEpoch(suite, shared, { facts, bytes })
        if (epoch !== undefined) ring.hold(epoch)
      }
    }
  }
}

/**
 * Whether the node that sealed something could know that another holds the epoch. Of a kit's epoch it cannot where somebody
 * who had not heard of the revocation had wrapped it for that node, and this word had not come.
 */
function couldKnow(
  sealer: Pick<Hoard, 'told'> & { readonly entries: readonly KeyEntry[]; readonly roster: Roster },
  { truth, toldThen }: Told,
  holder: Pick<Hoard, 'seeds'> & { readonly node: NodeId },
): boolean {
  const { entries, told, roster } = sealer
  const keyNames = new Map<string, string>()
  for (const { actor, seq, content } of entries)
    if (content.kind === 'pair') keyNames.set(pairName(actor, seq), content.keyName)
  const ofEpoch = entries.flatMap(({ actor, seq, content }) =>
    content.kind === 'epoch' && truth.ok && content.epoch === truth.key.epoch
      ? [{ ...content, actor, seq }]
      : [],
  )
  const gives = (one: (typeof ofEpoch)[number]): boolean =>
    (one.maker ?? roster.ofActor(one.actor)?.node) === holder.node ||
    one.wraps.some(({ pair }) =>
      holder.seeds.has(keyNames.get(pairName(one.actor, pair)) ?? 'nobody'),
    )
  const isTold = ({ actor, seq }: Pick<KeyEntry, 'actor' | 'seq'>): boolean =>
    (told.get(pairName(actor, seq)) ?? Infinity) < toldThen
  return ofEpoch.length === 0 || ofEpoch.some((one) => isTold(one) && gives(one))
}

function emptyHoard(): Hoard {
  return {
    epochs: new Map(),
    seeds: new Map(),
    pairs: new Map(),
    out: new Map(),
    told: new Map(),
    seen: new Set(),
  }
}

/** The seed in the value of a sealing key: by itself, or in a record. */
function seedIn(value: Uint8Array): Uint8Array {
  if (value.length === SEALING_SEED_BYTES) return value
  return unpack<{ readonly seed: Uint8Array }>(value)?.seed ?? value
}

function fill(ring: Keyring, { epochs }: Hoard): void {
  for (const [place, value] of epochs) addEpoch(ring, place, value)
}

function pairName(actor: string | undefined, seq: number): string {
  return `${actor ?? ''} ${seq}`
}
