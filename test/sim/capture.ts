/**
 * A kit falls into other hands: from then on whoever has it has its disk and all its keys, and goes on writing with the
 * real program, which obeys no revocation of itself, and with entries no honest program writes. Later headquarters hears
 * of it and shuts the kit out. It is the last of the fleet, so that nobody is cut off by its loss.
 */
import { codeOf } from '#base/errors.ts'
import type { Instant, NodeId, UserId } from '#base/ids.ts'
import type { EdgeNode } from '#app/node.ts'
import { DIRECTORY, KEYS, parseDocumentId, segmentDocument } from '#model/document-id.ts'
import type { Content } from '#model/entry.ts'
import { kindOfChannel } from '#model/channel-id.ts'
import { postIdOf } from '#model/log.ts'
import { writeHere } from '#sync/author.ts'
import type { SyncContext } from '#sync/context.ts'
import { allDocuments, setHas } from '#sync/ledger.ts'
import { orderHere } from '#sync/orders.ts'
import type { Tx } from '#sync/replica.ts'
import type { Chance } from './chance.ts'
import { sayIn, type Deed } from './deeds.ts'
import type { Member } from './fleet.ts'
import { actOnce } from './people.ts'
import { beginLife } from './timeline.ts'
import type { World } from './world.ts'

/** Stands in whatever is forged, and must stand in nobody's view. */
export const FORGED = 'forged'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** How often headquarters tries again to shut a kit out. */
const TRY_AGAIN_MS = MINUTE_MS
const BAIT_PROBABILITY = 0.6
/** How often somebody comes into the channel of a captured kit, and writes. */
const GUESTS = 6
const BAIT_NAME = 'bait'
const BAIT: Deed = {
  weight: 1,
  words: 'opens a channel for everybody',
  act: async ({ node, self }) => {
    const draft = { kind: 'public', name: BAIT_NAME, displayName: '# bait', members: [] } as const
    await node.createChannel(self, draft)
  },
}
const TAKE_BAIT: Deed = {
  weight: 1,
  words: 'comes into the new channel and writes',
  act: async (actor) => {
    const { node, self } = actor
    const open = await node.publicChannels(self)
    const found = [...open, ...(await node.channelsOf(self))].find(({ name }) => name === BAIT_NAME)
    if (found === undefined) return
    await node.addMember(self, found.id, self)
    await sayIn(actor, found.id)
  },
}
const CAPTURE_PROBABILITY = 0.4
const KITS_MIN = 2

/** Draws whether and when a kit is taken, and when headquarters hears of it. */
export function planCapture(world: World): void {
  const { timeline, options, members } = world
  const chance = world.chance.fork('capture')
  const kit = members.at(-1)
  const isDrawn = chance.happens(CAPTURE_PROBABILITY)
  if (options.without.includes('capture') || !isDrawn) return
  if (kit === undefined || members.length <= KITS_MIN) return
  const lengthMs = options.hours * HOUR_MS
  const takenMs = chance.between(lengthMs / 6, lengthMs / 2)
  const knownMs = takenMs + chance.between(MINUTE_MS, lengthMs / 3)
  timeline.after(takenMs, () => take(world, kit, chance))
  timeline.after(knownMs, () => shutOut(world, kit))
}

/** A kit is taken now; whoever calls what this gives tells headquarters. */
export function captureNow(world: World, kit: Member): () => void {
  take(world, kit, world.chance.fork('capture'))
  return () => shutOut(world, kit)
}

function take(world: World, kit: Member, chance: Chance): void {
  const { timeline, trace, marks, fleet } = world
  kit.capturedAt = timeline.now()
  trace.note(kit.name, 'is captured')
  marks.count('capture.taken')
  // Whoever took it opens it at home first.
  fleet.cutPower(kit)
  timeline.after(chance.between(1_000, 20 * MINUTE_MS), () => {
    setBait(world, kit)
    const forged = chance.happens(0.5)
    void fleet.workOn(kit, (sync) => (forged ? forge(sync, world) : Promise.resolve()))
  })
}

/** Somebody on the captured kit opens a public channel, and people elsewhere come and write in it. */
function setBait(world: World, kit: Member): void {
  const { timeline, members, trace } = world
  const chance = world.chance.fork('bait')
  if (!chance.happens(BAIT_PROBABILITY)) return
  trace.note(kit.name, 'sets a bait')
  const deeds = [{ member: () => kit, deed: BAIT }]
  for (let count = 0; count < GUESTS; count += 1)
    deeds.push({ member: () => chance.pick(members), deed: TAKE_BAIT })
  let atMs = 0
  for (const [index, { member, deed }] of deeds.entries()) {
    atMs += chance.between(1_000, 2 * MINUTE_MS)
    timeline.after(atMs, () => actOnce(world, member(), chance.fork(`guest ${index}`), deed))
  }
}

/** What a node's program never writes, though its keys sign it. */
async function forge(sync: SyncContext, world: World): Promise<void> {
  const [hub] = world.members
  const [administrator] = hub?.people ?? []
  if (hub === undefined || administrator === undefined) return
  const [own] = sync
    .directory()
    .people()
    .filter(({ id }) => isOf(sync, id))
  const closed = sync
    .directory()
    .channels()
    .filter(({ id }) => kindOfChannel(id) !== 'public')
  const [open] = sync
    .directory()
    .channels()
    .filter(({ id }) => kindOfChannel(id) === 'public')
  const profile = { username: FORGED, displayName: FORGED, isAdministrator: false }
  const since = world.timeline.now() - HOUR_MS
  await sync.replica.commit(async (tx) => {
    const write = (document: typeof KEYS, author: UserId | undefined, content: Content) =>
      writeHere(tx, sync, { document, entry: { author, claimedAt: sync.now(), content } })
    const order = { kind: 'revocation', node: hub.id, since, reason: FORGED } as const
    await write(KEYS, undefined, orderHere(sync.identity, order))
    await write(DIRECTORY, own?.id, { kind: 'person', person: administrator, profile })
    for (const { id: channel } of closed) {
      const person = own?.id ?? administrator
      const member = { kind: 'member' as const, channel, person, role: 'member' as const, from: 0 }
      await write(DIRECTORY, own?.id, member)
    }
    if (open === undefined) return
    const post = { kind: 'post' as const, body: FORGED, root: undefined }
    await write(segmentDocument(open.id, 'flash', 7), administrator, post)
  })
  await sync.replica.commit((tx) => sayTwice(tx, sync))
  world.trace.note('somebody', 'forges')
  world.marks.count('capture.forged')
}

/** Says something else under every number of its lists of messages, and tells everybody. */
async function sayTwice(tx: Tx, sync: SyncContext): Promise<void> {
  const { actor } = sync.replica
  for (const document of await allDocuments(tx)) {
    if (parseDocumentId(document)?.kind !== 'segment') continue
    for (const { seq, entry } of await tx.cutBack(document, { actor, seq: 0 })) {
      const content = { kind: 'acknowledgement' as const, target: postIdOf(document, actor, seq) }
      const again = { author: entry.author, claimedAt: sync.now(), content }
      await writeHere(tx, sync, { document, entry: again })
    }
    for (const peer of sync.peers) await setHas(tx, sync, { peer, document, clock: {} })
  }
}

function isOf({ roster, identity }: SyncContext, person: UserId): boolean {
  return roster.homeOf(person)?.node === identity.certificate.node
}

/** What an administrator asks of a node where the organisation is administered. */
interface Administration {
  readonly revokeNode: (
    subject: UserId,
    request: { readonly node: NodeId; readonly since: Instant; readonly reason: string },
  ) => Promise<unknown>
}

/** Tries until it is done: headquarters may be off, or its disk full. */
function shutOut(world: World, kit: Member): void {
  const { timeline, trace, marks, members } = world
  const [hub] = members
  const node: (EdgeNode & Partial<Administration>) | undefined = hub?.boot?.node
  const [administrator] = hub?.people ?? []
  const again = (): void => void timeline.after(TRY_AGAIN_MS, () => shutOut(world, kit))
  const since = kit.capturedAt
  const life = hub?.boot?.life ?? beginLife()
  if (node === undefined || administrator === undefined || since === undefined) return again()
  if (node.revokeNode === undefined) return marks.count('capture.cannot-be-revoked')
  let isAnswered = false
  const answer = (isDone: boolean): void => {
    isAnswered = true
    if (!isDone) return again()
    kit.isShutOut = true
    trace.note('hub', 'has shut out', { kit: kit.name })
    marks.count('capture.revoked')
  }
  node.revokeNode(administrator, { node: kit.id, since, reason: 'taken' }).then(
    () => answer(true),
    (error: unknown) => {
      trace.note('hub', 'could not shut it out', { code: codeOf(error) ?? String(error) })
      answer(false)
    },
  )
  timeline.after(TRY_AGAIN_MS, () => void (isAnswered || life.isAlive() || again()))
}
