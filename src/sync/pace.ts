/**
 * PACE at work: where each rule stands, and the one answer to whether a carrier may take a document now. Keys are under no rule, and
 * what a message needs to be read goes with it. What headquarters has signed for goes by no other letter once more.
 */
import type { ChannelId, DocumentId } from '#base/ids.ts'
import { channelOfDocument, KEYS, laneOfDocument } from '#model/document-id.ts'
import { countBeyond, joinClocks, type Clock, type Logged } from '#model/log.ts'
import type { Lane } from '#model/precedence.ts'
import { valuesOf, type Attributes } from '#model/policy.ts'
import type { Handover, PeerId } from '#ports/carrier.ts'
import { audit } from './audit.ts'
import { isNode, type SyncContext } from './context.ts'
import { withoutLong } from './cut-changes.ts'
import { heldBy } from './gap-marks.ts'
import { hasOf, noteHas } from './ledger.ts'
import {
  paceKey,
  type Drill,
  type DrillRecord,
  type PaceDesk,
  type ProofRecord,
} from './pace-desk.ts'
import { lettersFor, mayTake, type Letter, type PaceLetter, type PaceRule } from './pace-rules.ts'
import { pack } from './records.ts'
import type { Reader, Tx } from './replica.ts'

/** A proof is written again only after so long: real traffic is one proof after the other. */
const PROOF_EVERY_MS = 600_000

/** The rule that a document is under. */
export function ruleOf(
  { pace, directory }: Pick<SyncContext, 'pace' | 'directory'>,
  document: DocumentId,
): PaceRule | undefined {
  if (pace.rules.length === 0 || document === KEYS) return undefined
  return ruleOfChannel({ pace, directory }, channelOfDocument(document))
}

/** The rule that what belongs to a channel is under, or what belongs to none. */
function ruleOfChannel(
  { pace, directory }: Pick<SyncContext, 'pace' | 'directory'>,
  channel: ChannelId | undefined,
): PaceRule | undefined {
  return pace.rules.find((rule) => isFor(rule, directory, channel))
}

function isFor(
  { channels, label }: PaceRule,
  directory: SyncContext['directory'],
  channel: ChannelId | undefined,
): boolean {
  if (channels === undefined && label === undefined) return true
  if (channel === undefined) return false
  const isNamed = channels === undefined || channels.includes(channel)
  return isNamed && (label === undefined || hasLabel(directory().policy.labelOf(channel), label))
}

function hasLabel(own: Attributes, wanted: Attributes): boolean {
  return Object.keys(wanted).every((name) => {
    const values = valuesOf(own, name)
    return valuesOf(wanted, name).some((one) => values.includes(one))
  })
}

/** Whether a carrier may take what is offered of a document now. */
export function mayLeaveBy(context: SyncContext, carrier: string, document: DocumentId): boolean {
  const rule = ruleOf(context, document)
  return rule === undefined || mayGo(context, rule, { carrier, lane: laneOfDocument(document) })
}

/** Whether a carrier may take pieces of a file now; of whose channel nothing is known here those that are for all. */
export function mayCarryFile(
  context: SyncContext,
  carrier: string,
  channel: ChannelId | undefined,
): boolean {
  if (context.pace.rules.length === 0) return true
  const rule = ruleOfChannel(context, channel)
  if (rule === undefined) return true
  const letter = letterWith(rule, carrier)
  if (letter?.takesFiles === false) return false
  return mayGo(context, rule, { carrier, lane: 'routine' })
}

function mayGo(
  { pace }: SyncContext,
  rule: PaceRule,
  { carrier, lane }: { readonly carrier: string; readonly lane: Lane },
): boolean {
  const [first] = rule.letters
  const standing = pace.states.get(rule.name) ?? { letter: first?.letter ?? 'P', hand: undefined }
  return mayTake(rule, standing, { carrier, lane, facts: { carrier: pace.look } })
}

/** The letter of a rule by which a carrier goes; undefined for one that takes everything, or nothing. */
export function letterWith({ letters }: PaceRule, carrier: string): PaceLetter | undefined {
  return letters.find(({ carriers }) => carriers.includes(carrier))
}

/** How long a message of a document may be on a carrier; any unless given. */
export function messageBytesMaxOf(
  context: SyncContext,
  carrier: string,
  document: DocumentId,
): number | undefined {
  const rule = ruleOf(context, document)
  return rule && letterWith(rule, carrier)?.messageBytesMax
}

/** What a peer lacks of a document that is not too long for a carrier, nor waits for what is; undefined where any length goes. */
export async function shortFor(
  tx: Pick<Reader, 'get' | 'log'>,
  context: SyncContext,
  at: { readonly peer: PeerId; readonly document: DocumentId; readonly carrier: string },
): Promise<readonly Logged[] | undefined> {
  const bytesMax = messageBytesMaxOf(context, at.carrier, at.document)
  if (bytesMax === undefined) return undefined
  const has = joinClocks(await hasOf(tx, at.peer, at.document), await sparedBy(tx, context, at))
  return withoutLong((await tx.log(at.document)).since(has), bytesMax)
}

/** The letters that take longer messages than a carrier does. */
export function lettersBeyond(
  context: SyncContext,
  carrier: string,
  document: DocumentId,
): { readonly rule: string; readonly letters: readonly Letter[] } | undefined {
  const rule = ruleOf(context, document)
  if (rule === undefined) return undefined
  const most = letterWith(rule, carrier)?.messageBytesMax ?? Infinity
  const longer = rule.letters.filter(({ messageBytesMax = Infinity }) => messageBytesMax > most)
  return { rule: rule.name, letters: lettersFor({ letters: longer }, laneOfDocument(document)) }
}

/** Why a document does not leave by a carrier: its rule, and the letters by which it may. */
export function heldByRule(
  context: SyncContext,
  carrier: string,
  document: DocumentId,
): { readonly rule: string; readonly letters: readonly Letter[] } | undefined {
  const rule = ruleOf(context, document)
  if (rule === undefined || mayLeaveBy(context, carrier, document)) return undefined
  return { rule: rule.name, letters: lettersFor(rule, laneOfDocument(document)) }
}

/**
 * What a post office behind a letter needs no copy of: what headquarters has signed for, by whatever letter it came there. Of all else
 * a letter that comes into its turn carries what those before it left, once more if nobody has signed for it.
 */
export async function sparedBy(
  reader: Pick<Reader, 'get'>,
  context: SyncContext,
  { peer, document }: { readonly peer: PeerId; readonly document: DocumentId },
): Promise<Clock> {
  const { roster, identity } = context
  if (isNode(peer) || ruleOf(context, document) === undefined) return {}
  if (context.pace.asked.has(`${peer} ${document}`)) return {}
  const self = identity.certificate.node
  let covered: Clock = {}
  for (const { node, role } of roster.all())
    if (role === 'hub' && node !== self)
      covered = joinClocks(covered, await heldBy(reader, node, document))
  return covered
}

/** Takes what needs no copy at a post office for had there; who lacks it all the same asks, and gets it. */
export async function spare(
  tx: Tx,
  context: SyncContext,
  at: { readonly peer: PeerId; readonly document: DocumentId },
): Promise<void> {
  const clock = await sparedBy(tx, context, at)
  const has = await hasOf(tx, at.peer, at.document)
  if (countBeyond(clock, has) > 0) await noteHas(tx, at.peer, { document: at.document, clock })
}

/** Whether a probe is to go by a carrier in contact now. */
export function isDrillDue({ drills }: PaceDesk, carrier: string): boolean {
  return drills.get(carrier)?.isSent === false
}

/** Notes that a carrier has done its work, and ends the drill that waited for it. */
export async function noteProof(
  tx: Tx,
  context: SyncContext,
  { carrier, answer }: { readonly carrier: string; readonly answer: Handover },
): Promise<void> {
  const { pace, now } = context
  if (!carriersUnderRules(pace).includes(carrier)) return
  const at = now()
  const drill = pace.drills.get(carrier)
  const last = pace.proofs.get(carrier)
  const isFresh = last !== undefined && at >= last.at && at - last.at < PROOF_EVERY_MS
  if (drill === undefined && isFresh) return
  const by = drill?.isSent === true ? 'drill' : 'traffic'
  const proof: ProofRecord = { at, answer, by }
  tx.put(paceKey.proof(carrier), pack(proof))
  tx.afterwards(() => pace.proofs.set(carrier, proof))
  if (drill !== undefined) await endDrill(tx, context, { carrier, drill, outcome: 'worked' })
}

/** Notes how a drill ended. */
export async function endDrill(
  tx: Tx,
  context: SyncContext,
  of: {
    readonly carrier: string
    readonly drill: Drill
    readonly outcome: DrillRecord['outcome']
  },
): Promise<void> {
  const { pace, now } = context
  const { carrier, drill, outcome } = of
  const ended: DrillRecord = { askedAt: drill.askedAt, endedAt: now(), outcome }
  tx.put(paceKey.drill(carrier), pack(ended))
  const result = outcome === 'worked' ? 'done' : 'refused'
  await audit(tx, context, { deed: 'link drilled', result, by: drill.by })
  tx.afterwards(() => {
    pace.drills.delete(carrier)
    pace.lastDrills.set(carrier, ended)
    if (outcome !== 'worked') context.log.warn('pace.drill-failed', { carrier, reason: outcome })
    context.emit({ kind: 'pace', rule: '' })
  })
}

/** The carriers that letters name, each once. */
export function carriersUnderRules({ rules }: Pick<PaceDesk, 'rules'>): readonly string[] {
  return [...new Set(rules.flatMap(({ letters }) => letters.flatMap((one) => one.carriers)))]
}
