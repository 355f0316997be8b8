/**
 * Promise 5, in the outbox as it lies on a disk: an offer goes only when the peer has what was offered, as far as its node
 * knows, or may not have it; and an envelope that came too early goes only when what is in it lies in documents. Looked at
 * whenever a batch has become durable.
 */
import { equalBytes } from '#base/bytes.ts'
import type { DocumentId } from '#base/ids.ts'
import { kindOfChannel } from '#model/channel-id.ts'
import { channelOfDocument, DIRECTORY, KEYS } from '#model/document-id.ts'
import { countBeyond, type Clock } from '#model/log.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { Write } from '#ports/store.ts'
import { key, within } from '#sync/keys.ts'
import { unpack, type DocumentRecord, type KeptRecord } from '#sync/records.ts'
import { isStick } from './couriers.ts'
import type { Evidence } from './evidence.ts'
import type { Member } from './fleet.ts'
import type { Marks } from './trace.ts'
import type { Verdict } from './verdict.ts'

/** Watches the outboxes of a world. */
export interface Silence {
  /** A batch has become durable on the disk of this node. */
  readonly onSynced: (member: Member, writes: readonly Write[]) => void
  /** The disk was put back: what is offered on it now is offered. */
  readonly onPutBack: (member: Member) => void
}

/** What the watch is told. */
export interface SilenceGround {
  readonly members: readonly Member[]
  readonly verdict: Verdict
  readonly evidence: Pick<Evidence, 'contentOf' | 'isApplied'>
  /** Whether a message may lie beyond a fork: of two lists under the same numbers neither is kept there, and the log says so. */
  readonly isForked: (number: number) => boolean
  readonly marks: Marks
}

const OUTBOX = 'out/'
/** Where envelopes lie that came too early. */
const KEPT = /^(?:wait|park)\//

/** Nothing is offered yet. */
export function openSilence(ground: SilenceGround): Silence {
  const { members, verdict, marks } = ground
  const offered = new Map<Member, Set<string>>()
  const keeping = openKeeping(ground)
  return {
    onPutBack: (member) => {
      const places = member.disk.durable(within(OUTBOX)).map(([place]) => place)
      offered.set(member, new Set(places))
    },
    onSynced: (member, writes) => {
      const known = offered.get(member) ?? new Set<string>()
      offered.set(member, known)
      const gone: string[] = []
      for (const { key: place, value } of writes) {
        if (!place.startsWith(OUTBOX)) continue
        if (value !== undefined) known.add(place)
        else if (known.delete(place)) gone.push(place)
      }
      // Whom nobody believes any more is offered nothing, and what a lost node wrote may go from documents.
      if (members.some(({ capturedAt }) => capturedAt !== undefined)) return
      keeping(member, writes)
      for (const place of gone) {
        const lacking = lackingAt(member, place)
        marks.count('outbox.offer-gone')
        if (lacking === 0) continue
        verdict.fail({
          broken: 'promise 5: nothing silent',
          where: member.name,
          wanted: `an offer until it is taken: ${place}`,
          found: `it is gone, and the peer lacks ${lacking} changes`,
        })
      }
    },
  }
}

/** How many changes a peer lacks of a document that is no longer offered to it, by what its node has on its disk. */
function lackingAt(member: Member, place: string): number {
  const [, peer, , document] = place.split('/') as [string, PeerId, string, DocumentId]
  // A stick that was not seen for longest is let go, with all that is known of it.
  if (isStick(peer) && !isKnown(member, peer)) return 0
  const channel = channelOfDocument(document)
  if (channel !== undefined && kindOfChannel(channel) !== 'public') return 0
  // Who lost the certificates or the directory knows of nobody who may have it: all is offered again as they come back.
  if ([KEYS, DIRECTORY].some((one) => valueAt(member, key.hole(one)) !== undefined)) return 0
  const mine = valueAt<DocumentRecord>(member, key.document(document))?.clock ?? {}
  const has = valueAt<Clock>(member, key.has(peer, document)) ?? {}
  const isOffered = member.disk
    .durable(within(`${OUTBOX}${peer}/`))
    .some(([other]) => other.endsWith(`/${document}`))
  return isOffered ? 0 : countBeyond(mine, has)
}

function isKnown(member: Member, peer: PeerId): boolean {
  const place = key.peer(peer)
  return member.disk.durable({ from: place, to: `${place} ` }).length > 0
}

function valueAt<T>(member: Member, place: string): T | undefined {
  const [found] = member.disk.durable({ from: place, to: `${place} ` })
  return found?.[0] === place ? unpack<T>(found[1]) : undefined
}

/** Envelopes that came too early, by where they lie. */
function openKeeping({ verdict, marks, evidence, isForked }: SilenceGround): Silence['onSynced'] {
  const kept = new Map<Member, Map<string, Uint8Array>>()
  return (member, writes) => {
    const known = kept.get(member) ?? new Map<string, Uint8Array>()
    kept.set(member, known)
    const gone: Uint8Array[] = []
    for (const { key: place, value } of writes) {
      if (!KEPT.test(place)) continue
      const bytes = value === undefined ? known.get(place) : unpack<KeptRecord>(value)?.bytes
      if (bytes === undefined) continue
      if (value !== undefined) known.set(place, bytes)
      else if (known.delete(place)) gone.push(bytes)
    }
    const left = [...known.values()]
    for (const bytes of gone) {
      if (left.some((other) => equalBytes(other, bytes))) continue
      marks.count('kept.gone')
      const { messages = [] } = evidence.contentOf(bytes) ?? {}
      const lost = messages.find(
        (number) => !evidence.isApplied(member.index, number) && !isForked(number),
      )
      if (lost === undefined) continue
      verdict.fail({
        broken: 'promise 5: nothing silent',
        where: member.name,
        wanted: 'what came too early until it is in its place',
        found: `an envelope with message ${lost} is gone`,
      })
    }
  }
}
