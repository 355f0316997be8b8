/** What must not be left on a disk once everything has drained. */
import {
  nodePrefix,
  nodePrefixOfActor,
  nodePrefixOfPerson,
  type ActorId,
  type ChannelId,
  type DocumentId,
} from '#base/ids.ts'
import { RELAY_DELAY_MS } from '#base/limits.ts'
import { isFounder, kindOfChannel } from '#model/channel-id.ts'
import { channelOfDocument } from '#model/document-id.ts'
import type { Amendment } from '#model/view.ts'
import { within } from '#sync/keys.ts'
import { unpack, type KeptRecord, type OutboxRecord } from '#sync/records.ts'
import { isStick } from './couriers.ts'
import type { Sealing } from './evidence.ts'
import type { Member } from './fleet.ts'
import { clockOn } from './rot.ts'
import type { Said } from './said.ts'
import type { Verdict } from './verdict.ts'
import type { View } from './view.ts'

/** What is checked. */
interface Rest {
  readonly members: readonly Member[]
  readonly said: readonly Said[]
  readonly verdict: Verdict
  /** What headquarters shows. */
  readonly reference: View
  readonly sealingOf: (envelope: Uint8Array) => Sealing | undefined
}

/** Prefixes of keys under which something waits: for a peer, for an answer, for something it depends on; and what is overdue. */
const WAITING = [
  'out/',
  'fly/',
  'note/',
  'owe/',
  'wait/',
  'park/',
  'late/',
  'hole/',
  'more/',
  'view/orphan/',
] as const

/** Fails for whatever still wants to go somewhere from a node's disk, or waits for what will come. */
export function checkLeftovers(end: Rest, member: Member): void {
  const captured = end.members.filter(({ capturedAt }) => capturedAt !== undefined)
  for (const prefix of WAITING) {
    const kept = member.disk.durable(within(prefix))
    const left = kept.filter((record) => !mayStay({ ...end, captured }, prefix, record))
    if (left.length === 0) continue
    end.verdict.fail({
      broken: 'nothing left over',
      where: member.name,
      wanted: `nothing under ${prefix}`,
      found: `${left.length} keys, first ${left[0]?.[0] ?? ''}`,
    })
  }
}

type Waiting = Rest & { readonly captured: readonly Member[] }

/**
 * Whether a node keeps something back for a moment on purpose, as of an audit, which may tell at any time what it has counted: it is
 * on its way, and what it is on its way to is not the end.
 */
export function isHoldingBack({ boot, disk }: Member): boolean {
  const now = boot?.clock.now() ?? 0
  return disk.durable(within('out/')).some(([, value]) => {
    const waitMs = (unpack<OutboxRecord>(value)?.notBefore ?? 0) - now
    return waitMs > 0 && waitMs <= RELAY_DELAY_MS
  })
}

/** Whether what waits may wait for ever. */
function mayStay(
  rest: Waiting,
  prefix: (typeof WAITING)[number],
  [place, value]: readonly [string, Uint8Array],
): boolean {
  const { captured } = rest
  // Nobody carries a stick any more.
  if (isStick(place)) return true
  // Nobody goes to a captured node any more.
  if (captured.some(({ id }) => place.includes(`/${id}/`))) return true
  if (prefix === 'park/') return mayStayParked(rest, value)
  if (prefix === 'late/') return !isPublic(place)
  if (prefix === 'wait/') return mayWaitOn(rest, value)
  if (prefix === 'hole/' || prefix === 'more/')
    return mayStayLacking(rest, place) || isLost(rest, place, value)
  if (prefix !== 'view/orphan/') return false
  return mayStayUnseen(rest, place, value)
}

/**
 * What anybody says of a message of a captured node that counts no more, or a captured node of whatever it likes; or of a message
 * that was on a branch of a forked list: it is nowhere any more, or has got another id.
 */
function mayStayUnseen(rest: Waiting, place: string, value: Uint8Array): boolean {
  const { captured, members, reference } = rest
  const author = unpack<Pick<Amendment, 'author'>>(value)?.author
  const target = rest.said.find(({ id, earlierIds }) =>
    [id, ...earlierIds].some((one) => one !== undefined && place.includes(`/${one}/`)),
  )
  if (target?.isUnsure === true && members[target.home]?.mayHaveForked === true) {
    const shown = reference.channels.get(target.channel)?.messages ?? []
    if (!shown.some(({ id }) => place.includes(`/${id}/`))) return true
  }
  return captured.some(
    ({ id, index }) =>
      target?.home === index || (author && nodePrefixOfPerson(author) === nodePrefix(id)),
  )
}

/** What is not for everybody comes to headquarters only where all on the way belong to it. */
function isPublic(place: string): boolean {
  const channel = channelOfDocument(place.split('/')[2] as DocumentId)
  return channel !== undefined && kindOfChannel(channel) === 'public'
}

/**
 * A captured node says to hold what it likes, and what it held may be gone with it. Of an audit, and of a channel that is not
 * public, who belongs to it hears also where nobody in between could give it.
 */
function mayStayLacking({ captured, members, reference }: Waiting, place: string): boolean {
  const document = place.split('/')[1] as DocumentId
  const channel = channelOfDocument(document)
  if (channel !== undefined && isUnfounded({ members, reference }, channel)) return true
  if (captured.length > 0 || document.startsWith('a.')) return true
  return channel !== undefined && kindOfChannel(channel) !== 'public'
}

/** What is lacking is on no disk any more: one was put back to before it, and others had heard of it. */
function isLost({ members, captured }: Waiting, place: string, value: Uint8Array): boolean {
  const document = place.split('/')[1] ?? ''
  const wanted = Object.entries(unpack<KeptRecord>(value)?.wanted ?? {})
  const lost = members.filter(({ isDamaged }) => isDamaged).map(({ id }) => nodePrefix(id))
  const honest = members.filter((member) => !captured.includes(member))
  const most = (actor: string): number =>
    Math.max(...honest.map((member) => clockOn(member, document)[actor as ActorId] ?? 0))
  const lacking = wanted.filter(([actor, number]) => number > most(actor))
  return (
    lacking.length > 0 &&
    lacking.every(([actor]) => lost.includes(nodePrefixOfActor(actor as ActorId)))
  )
}

/** Who founded a channel may have lost it with its disk before anybody else had heard of it. */
export function isUnfounded(
  { members, reference }: Pick<Rest, 'members' | 'reference'>,
  channel: ChannelId,
): boolean {
  return !reference.channels.has(channel) && members.some(({ isDamaged }) => isDamaged)
}

/** What goes on from a change that its author lost with its disk, and nobody else had: it may yet come on some stick. */
function mayWaitOn({ members }: Waiting, value: Uint8Array): boolean {
  const wanted = Object.keys(unpack<KeptRecord>(value)?.wanted ?? {})
  const lost = members.filter(({ isDamaged }) => isDamaged).map(({ id }) => nodePrefix(id))
  return wanted.some((actor) => lost.includes(nodePrefixOfActor(actor as ActorId)))
}

function mayStayParked({ members, captured, reference, sealingOf }: Waiting, value: Uint8Array) {
  const envelope = unpack<KeptRecord>(value)?.bytes
  const sealing = envelope && sealingOf(envelope)
  if (sealing === undefined) return false
  if (isUnfounded({ members, reference }, sealing.scope as ChannelId)) return true
  if (captured.some(({ id }) => id === sealing.sender)) return true
  // It waits for a channel that a captured node made, and that counts nowhere any more.
  const channel = sealing.scope as ChannelId
  if (!reference.channels.has(channel) && isCapturedsOwn({ members }, channel)) return true
  return !sealing.isForAll // a post office gives everybody what is sealed for a few
}

/** Whether a captured node made a channel. */
export function isCapturedsOwn({ members }: Pick<Rest, 'members'>, channel: ChannelId): boolean {
  return members.some(
    ({ id, capturedAt }) => capturedAt !== undefined && isFounder(channel, nodePrefix(id)),
  )
}
