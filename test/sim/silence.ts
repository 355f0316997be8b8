/**
 * Promise 5, in the outbox as it lies on a disk: an offer goes only when the peer has what was offered, as far as its node
 * knows, or may not have it. Looked at whenever a batch has become durable.
 */
import type { DocumentId } from '#base/ids.ts'
import { kindOfChannel } from '#model/channel-id.ts'
import { channelOfDocument } from '#model/document-id.ts'
import { countBeyond, type Clock } from '#model/log.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { Write } from '#ports/store.ts'
import { key, within } from '#sync/keys.ts'
import { unpack, type DocumentRecord } from '#sync/records.ts'
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
  readonly marks: Marks
}

const OUTBOX = 'out/'

/** Nothing is offered yet. */
export function openSilence({ members, verdict, marks }: SilenceGround): Silence {
  const offered = new Map<Member, Set<string>>()
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
  const channel = channelOfDocument(document)
  if (channel !== undefined && kindOfChannel(channel) !== 'public') return 0
  const mine = valueAt<DocumentRecord>(member, key.document(document))?.clock ?? {}
  const has = valueAt<Clock>(member, key.has(peer, document)) ?? {}
  const isOffered = member.disk
    .durable(within(`${OUTBOX}${peer}/`))
    .some(([other]) => other.endsWith(`/${document}`))
  return isOffered ? 0 : countBeyond(mine, has)
}

function valueAt<T>(member: Member, place: string): T | undefined {
  const [found] = member.disk.durable({ from: place, to: `${place} ` })
  return found?.[0] === place ? unpack<T>(found[1]) : undefined
}
