/**
 * What others say of our own lists. Whoever names more of one than we ever sent has it from a time that our disk has lost
 * (`rebirth.ts`), or lies. Only our own signature proves the first, so on a mere word we send nothing of our own that was
 * never sent, for a while, and ask; the answer proves it, or nothing comes.
 *
 * Why for five minutes, and then not again before ten, twenty, forty (each for itself who says such things): an answer takes
 * seconds on most links and a minute or two on a thin one, and who tells the truth says it again in every contact, while a
 * liar must not keep us silent. When somebody told the truth and could not answer in time, we use numbers twice: our
 * list ends before them for everybody, what stands after them there is withdrawn, and we go on in a new life (`freeze.ts`).
 * The keys of a revoked node hold up nobody.
 */
import type { DocumentId, Instant, NodeId } from '#base/ids.ts'
import { joinClocks, type Clock } from '#model/log.ts'
import { laneNumber, type Lane } from '#model/precedence.ts'
import type { PeerId } from '#ports/carrier.ts'
import { disbelieved } from './alarms.ts'
import { isNode, type SyncContext } from './context.ts'
import { clockOf } from './ledger.ts'
import { noteName, queueNote, signNote } from './note-queue.ts'
import { noteLoss } from './rebirth.ts'
import type { Tx } from './replica.ts'
import { sentOf } from './sent.ts'

/** How long our own changes wait for somebody's first word after a start: 5 s. */
const FIRST_WORD_MS = 5_000
/** How long they wait for the proof of what somebody said of us: 5 min. */
const DOUBT_MS = 300_000
/** How often the time doubles before the same node's word holds us up again: up to about a day. */
const DOUBT_DOUBLINGS_MAX = 8
/** Most documents that are asked for at once: one answer is proof enough. */
const ASKED_DOCUMENTS_MAX = 16
/** Most numbers of actors in that question: about 20 KB. */
const ASKED_NUMBERS_MAX = 4_000

/** What somebody says to hold of a document. */
export interface Claim {
  readonly document: DocumentId
  readonly clock: Clock
}

/** A node's signed word, and who handed it over. */
export interface Hearsay {
  readonly claims: readonly Claim[]
  readonly by: NodeId
  readonly from: PeerId | undefined
}

/** Somebody of others has spoken: what waited for a first word waits no longer. */
export function hearFirstWord(tx: Tx, context: SyncContext): void {
  if (!context.run.isUnsure) return
  tx.afterwards(() => {
    context.run.isUnsure = false
    context.ring()
  })
}

/**
 * Somebody says what they hold: whether they know more of us than we have ever sent. What we said ourselves, and get back
 * from a post office, is proof; it may also name what we have and never sent.
 */
export async function hearOfOurselves(
  tx: Tx,
  context: SyncContext,
  hearsay: Hearsay,
): Promise<void> {
  const { actor } = context.replica
  const isOurs = hearsay.by === context.identity.certificate.node
  if (!isOurs) hearFirstWord(tx, context)
  const beyond: Claim[] = []
  for (const claim of hearsay.claims) {
    const claimed = claim.clock[actor] ?? 0
    if (claimed === 0) continue
    const have = (await clockOf(tx, claim.document))[actor] ?? 0
    const sent = await sentOf(tx, claim.document, actor)
    if (claimed <= (isOurs ? Math.max(sent, have) : sent)) continue
    beyond.push(claim)
    if (have > sent) remember(context, claim.document, claimed)
  }
  if (beyond.length === 0) return
  if (isOurs || context.run.isOver) {
    const proved = beyond.map(({ document, clock }) => [document, clock[actor] ?? 0] as const)
    return noteLoss(tx, context, isOurs ? Object.fromEntries(proved) : {})
  }
  if (beginsDoubt(context, hearsay.by)) await ask(tx, context, { ...hearsay, claims: beyond })
}

/** Whether somebody's unproved word keeps what was never sent from being sent now. */
export function isInDoubt(context: SyncContext): boolean {
  return doubtsEndAt(context) !== undefined
}

/**
 * Whether what a peer is given of a document has to go without those of our own changes that were never sent: their numbers
 * may be taken. After a start a node is first to say what it knows; a post office answers by what it holds.
 */
export async function mustHoldBack(
  tx: Tx,
  context: SyncContext,
  { peer, document }: { readonly peer: PeerId; readonly document: DocumentId },
): Promise<boolean> {
  const { run } = context
  const isHeld = run.isOver || isInDoubt(context) || (isNode(peer) && awaitsFirstWord(context))
  return isHeld && holdsUnsent(tx, context, document)
}

async function holdsUnsent(
  tx: Tx,
  { replica: { actor } }: SyncContext,
  document: DocumentId,
): Promise<boolean> {
  const have = (await clockOf(tx, document))[actor] ?? 0
  return have > (await sentOf(tx, document, actor))
}

/** The most urgent of what is offered a peer that waits for its first word: nothing less urgent is to overtake it meanwhile. */
export async function laneOnHold(
  tx: Tx,
  context: SyncContext,
  {
    peer,
    offers,
  }: {
    readonly peer: PeerId
    readonly offers: readonly { readonly lane: Lane; readonly document: DocumentId }[]
  },
): Promise<Lane | undefined> {
  if (!isNode(peer) || !awaitsFirstWord(context)) return undefined
  for (const { lane, document } of offers.toSorted(
    (a, b) => laneNumber(a.lane) - laneNumber(b.lane),
  ))
    if (await holdsUnsent(tx, context, document)) return lane
  return undefined
}

/** When what is held back goes anyway, always ahead; undefined when nothing is, or when it is for good. */
export function goesAnywayAt(context: SyncContext): Instant | undefined {
  const { isUnsure, unsureSince } = context.run
  const doubtsEnd = doubtsEndAt(context)
  if (doubtsEnd !== undefined) return doubtsEnd
  const heardBy = isUnsure && unsureSince !== undefined ? unsureSince + FIRST_WORD_MS : 0
  // That time may be over without a word and without anything to send: then nothing is waited for.
  return heardBy > context.now() ? heardBy : undefined
}

function awaitsFirstWord({ run, now }: SyncContext): boolean {
  if (!run.isUnsure) return false
  run.unsureSince ??= now()
  const waitedMs = now() - run.unsureSince
  if (waitedMs < 0 || waitedMs >= FIRST_WORD_MS) run.isUnsure = false
  return run.isUnsure
}

function doubtsEndAt({ run, roster, now }: SyncContext): Instant | undefined {
  const open = [...run.doubts].filter(([node, { at }]) => {
    const waitedMs = now() - at
    return waitedMs >= 0 && waitedMs < DOUBT_MS && roster.revokedSince(node) === undefined
  })
  return open.length === 0 ? undefined : Math.max(...open.map(([, { at }]) => at)) + DOUBT_MS
}

/** False while a node's earlier word is still waited for, or was waited for in vain not long ago. */
function beginsDoubt({ run, now }: SyncContext, by: NodeId): boolean {
  const known = run.doubts.get(by)
  const sinceMs = known === undefined ? Infinity : now() - known.at
  if (known !== undefined && sinceMs >= 0 && sinceMs < DOUBT_MS * 2 ** known.times) return false
  run.doubts.set(by, { at: now(), times: Math.min(DOUBT_DOUBLINGS_MAX, (known?.times ?? 0) + 1) })
  return true
}

function remember({ run }: SyncContext, document: DocumentId, claimed: number): void {
  run.claimed.set(document, Math.max(claimed, run.claimed.get(document) ?? 0))
}

/** Asks whoever handed it over for our own lists from what we have sent: the rest carries our signature, if there is one. */
async function ask(tx: Tx, context: SyncContext, { claims, by, from }: Hearsay): Promise<void> {
  const { replica, run } = context
  disbelieved(tx, context, { deed: 'claim doubted', node: by })
  tx.afterwards(context.ring)
  if (from === undefined) return
  // What we hold and never sent is what others may hold otherwise; the rest they send us anyway.
  const first = claims.toSorted(
    (a, b) => Number(run.claimed.has(b.document)) - Number(run.claimed.has(a.document)),
  )
  const items = []
  let numbers = 0
  for (const { document, clock: said } of first.slice(0, ASKED_DOCUMENTS_MAX)) {
    const mine = await clockOf(tx, document)
    // At a post office nobody is to put there again what lies there already.
    const base = isNode(from) ? mine : joinClocks(mine, said)
    const clock = { ...base, [replica.actor]: await sentOf(tx, document, replica.actor) }
    numbers += Object.keys(clock).length
    if (items.length > 0 && numbers > ASKED_NUMBERS_MAX) break
    items.push({ document, clock, read: {} })
  }
  const note = signNote(context, { kind: 'want', isWhole: false, items })
  queueNote(tx, from, { name: `!want.${noteName(note)}`, since: 0, note })
}
