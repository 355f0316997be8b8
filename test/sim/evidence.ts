/**
 * What is really so, seen from outside the nodes: which messages lie on which disk, which have left by a carrier that
 * answered for them, which channels somebody has had on a screen. Delivery words are held against this.
 */
import type { ChannelId, DocumentId, NodeId } from '#base/ids.ts'
import { openEnvelope } from '#codec/envelope.ts'
import { decodeLoad } from '#codec/load.ts'
import { decodeNote, type Note } from '#codec/note.ts'
import { loadDocument } from '#model/document.ts'
import type { Write } from '#ports/store.ts'
import { key } from '#sync/keys.ts'
import { unpack, type DocumentRecord, type KeptRecord } from '#sync/records.ts'
import { openKeyring, type Scope } from '#trust/epoch.ts'
import { addDocument, addEpoch, isForAll, keyEntryIn, learnLife } from './keyrings.ts'
import type { Organisation } from '#trust/identity.ts'
import { openRoster } from '#trust/roster.ts'
import { numbersIn } from './said.ts'

/** Facts about one world; nodes are named by their index. */
export interface Evidence {
  /** So that envelopes of this node can be opened. */
  readonly onMember: (certificateBytes: Uint8Array) => void
  readonly onSynced: (node: number, writes: readonly Write[]) => void
  /** Nobody keeps it any more: what a node says of it is true without it. */
  readonly onPurged: (message: number) => void
  readonly onAnswered: (node: number, bytes: Uint8Array) => void
  readonly onViewed: (node: number, channel: ChannelId) => void
  readonly isOnDisk: (node: number, message: number) => boolean
  /** It lies there in a document, and not only in an envelope that came too early. */
  readonly isApplied: (node: number, message: number) => boolean
  /** It was on the disk there, and the disk was put back to a time before. */
  readonly isUndone: (node: number, message: number) => boolean
  /** What lies on a disk now; to be called when it is put back to this. */
  readonly image: (node: number) => () => void
  readonly hasLeft: (node: number, message: number) => boolean
  /** What is in an envelope; undefined when it cannot be opened here. */
  readonly contentOf: (envelope: Uint8Array) => EnvelopeContent | undefined
  readonly isViewed: (node: number, channel: ChannelId) => boolean
  /** Who sealed an envelope and for whom; undefined when it is no envelope. */
  readonly sealingOf: (envelope: Uint8Array) => Sealing | undefined
}

/** What an envelope holds: the numbers of messages, and the kinds of its notes. */
export interface EnvelopeContent {
  readonly messages: readonly number[]
  readonly notes: readonly Note['kind'][]
}

/** What an envelope says of itself once it is open. */
export interface Sealing {
  readonly sender: NodeId
  readonly scope: Scope
  /** Every member node can open it. */
  readonly isForAll: boolean
}

/** Where envelopes lie that came too early to be applied: they are on the disk, though still sealed. */
const KEPT_SEALED = /^(?:wait|park)\//

const SNAPSHOT = 'snap/'

/** Nothing is known yet. Every secret is learned from the disk of who made it, so that every envelope opens here. */
export function openEvidence(organisation: Organisation, secret: Uint8Array): Evidence {
  const keyring = openKeyring(organisation.suite, organisation.id, secret)
  const roster = openRoster(organisation)
  const onDisk = new Set<string>()
  const applied = new Set<string>()
  const left = new Set<string>()
  const viewed = new Set<string>()
  const undone = new Set<string>()
  const purged = new Set<number>()
  /** Envelopes whose channel was not known here yet. */
  const unopened: Sealed[] = []

  /** An envelope is looked at wherever it goes, and opened once. */
  const contents = new Map<string, EnvelopeContent>()
  const contentOf = (envelope: Uint8Array): EnvelopeContent | undefined => {
    const name = Buffer.from(envelope).toString('latin1')
    const known = contents.get(name)
    if (known !== undefined) return known
    const opened = openEnvelope(envelope, roster, keyring)
    if (!opened.ok) return undefined
    const { body, key: sealed, actor: sender } = opened
    const load = decodeLoad(body, { scope: sealed.scope, sender, roster })
    const notes = load?.notes.flatMap((note) => decodeNote(note.body, roster)?.kind ?? []) ?? []
    const content = { messages: [...new Set(numbersIn(body))], notes }
    contents.set(name, content)
    return content
  }
  const noteSealed = (sealed: Sealed): void => {
    const content = contentOf(sealed.bytes)
    if (content === undefined) unopened.push(sealed)
    else for (const number of content.messages) sealed.into.add(`${sealed.node} ${number}`)
  }
  const isIn = (set: Set<string>, node: number, message: number): boolean => {
    if (set.has(`${node} ${message}`)) return true
    for (const sealed of unopened.splice(0)) noteSealed(sealed)
    return set.has(`${node} ${message}`)
  }

  return {
    onMember: (certificateBytes) => void roster.introduce(certificateBytes),
    onSynced: (node, writes) => {
      for (const { key: place, value } of writes) {
        if (value === undefined) continue
        if (place.startsWith('epoch/')) addEpoch(keyring, place, value)
        if (place.startsWith('doc/'))
          addDocument(keyring, organisation, place.slice(4) as DocumentId)
        const entry = place.startsWith('loose/k/') ? keyEntryIn(value) : undefined
        if (entry !== undefined) learnLife(roster, entry)
        if (KEPT_SEALED.test(place)) noteSealed({ into: onDisk, node, bytes: keptBytes(value) })
        else
          for (const text of place.startsWith(SNAPSHOT) ? valuesIn(place, value, writes) : [value])
            for (const number of numbersIn(text))
              for (const set of [onDisk, applied]) set.add(`${node} ${number}`)
      }
    },
    onPurged: (message) => void purged.add(message),
    onAnswered: (node, bytes) => noteSealed({ into: left, node, bytes }),
    onViewed: (node, channel) => void viewed.add(`${node} ${channel}`),
    isOnDisk: (node, message) => purged.has(message) || isIn(onDisk, node, message),
    isApplied: (node, message) => purged.has(message) || applied.has(`${node} ${message}`),
    isUndone: (node, message) => undone.has(`${node} ${message}`),
    image: (node) => {
      const isHere = (name: string): boolean => name.startsWith(`${node} `)
      const kept = new Set([...onDisk].filter(isHere))
      const shut = new Set(unopened)
      const isLeft = (one: Sealed): boolean =>
        shut.has(one) || one.into !== onDisk || one.node !== node
      return () => {
        for (const name of [...onDisk].filter((one) => isHere(one) && !kept.has(one))) {
          onDisk.delete(name)
          undone.add(name)
        }
        unopened.splice(0, unopened.length, ...unopened.filter(isLeft))
      }
    },
    hasLeft: (node, message) => isIn(left, node, message),
    isViewed: (node, channel) => viewed.has(`${node} ${channel}`),
    contentOf,
    sealingOf: (envelope) => {
      const opened = openEnvelope(envelope, roster, keyring)
      if (!opened.ok) return undefined
      const { scope } = opened.key
      return { sender: opened.sender.node, scope, isForAll: isForAll(scope) }
    },
  }
}

interface Sealed {
  readonly into: Set<string>
  readonly node: number
  readonly bytes: Uint8Array
}

function keptBytes(value: Uint8Array): Uint8Array {
  return unpack<KeptRecord>(value)?.bytes ?? value
}

/** What a snapshot holds, whose bytes are compressed: what came in one batch may never have lain anywhere else. */
function valuesIn(
  place: string,
  snapshot: Uint8Array,
  writes: readonly Write[],
): readonly Uint8Array[] {
  const document = place.slice(SNAPSHOT.length) as DocumentId
  const record = writes.find((one) => one.key === key.document(document))?.value
  const { stubs } = unpack<DocumentRecord>(record) ?? {}
  const { log } = loadDocument(document, snapshot, { loose: [], stubs })
  return log.since({}).map(({ value }) => value)
}
