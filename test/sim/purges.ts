/**
 * People who purge: in some runs somebody at headquarters orders that messages be gone, and holds a channel or what a person
 * wrote for a while, mostly just after an order, so that some nodes hear of both at once. Every hold ends before the faults stop.
 */
import { codeOf } from '#base/errors.ts'
import type { Message } from '#app/types.ts'
import type { ChannelId, UserId } from '#base/ids.ts'
import type { Chance } from './chance.ts'
import { post } from './deeds.ts'
import { judged } from './people.ts'
import type { Said } from './said.ts'
import type { World } from './world.ts'

const MINUTE_MS = 60_000
/** How many runs have somebody who purges. */
const PURGING_PROBABILITY = 0.35
const ORDERS_MAX = 4
const MESSAGES_MAX = 5
const HOLD_PROBABILITY = 0.5
/** How often what is purged was written a moment ago, into the wrong channel: some of it is just leaving. */
const SPILL_PROBABILITY = 0.5

/** What is held: a channel, or what somebody wrote. */
interface Hold {
  readonly channel?: ChannelId
  readonly person?: UserId
}

/** Draws when somebody purges, if anybody does. */
export function planPurges(world: World, lengthMs: number): void {
  const chance = world.chance.fork('purges')
  const isDrawn = chance.happens(PURGING_PROBABILITY)
  if (world.options.without.includes('purges') || !isDrawn) return
  const count = chance.between(1, ORDERS_MAX)
  for (let at = 0; at < count; at += 1) {
    const own = chance.fork(`order ${at}`)
    const atMs = own.between(lengthMs / 6, lengthMs * 0.9)
    const isSpill = own.happens(SPILL_PROBABILITY)
    world.timeline.after(atMs, () => {
      if (isSpill) void spill(world, own)
    })
    const afterMs = atMs + (isSpill ? own.between(1, 500) : 0)
    world.timeline.after(afterMs, () => {
      void purgeSome(world, own, { lengthMs, isSpill })
    })
  }
}

/** Somebody at headquarters writes something that is to be gone again. */
async function spill(world: World, chance: Chance): Promise<void> {
  const [member] = world.members
  const { boot } = member ?? {}
  const [self] = member?.people ?? []
  if (member === undefined || boot?.node === undefined || self === undefined) return
  const { node } = boot
  await judged(
    world,
    { member, boot, what: 'spills' },
    post({ society: world, member, boot, node, self, chance }),
  )
}

async function purgeSome(
  world: World,
  chance: Chance,
  { lengthMs, isSpill }: { readonly lengthMs: number; readonly isSpill: boolean },
): Promise<void> {
  const [headquarters] = world.members
  const node = headquarters?.boot?.node
  const [person] = headquarters?.people ?? []
  if (headquarters === undefined || node === undefined || person === undefined) return
  try {
    const channel = await channelOf(world, { isSpill, person, chance })
    if (channel === undefined) return
    const { messages } = await node.page(person, channel, { limit: 30 })
    const some = isSpill ? messages.slice(0, 1) : someOf(messages, chance)
    if (some.length === 0) return
    world.trace.note(headquarters.name, 'somebody purges', { messages: some.length })
    await order(world, { channel, person, some })
    world.marks.count('purge.ordered')
    if (!chance.happens(HOLD_PROBABILITY)) return
    const author = chance.pick(some).author
    const hold: Hold = chance.happens(0.7) ? { channel } : { person: author }
    planEnd(world, { person, hold }, { chance, lengthMs })
    await node.hold(person, { ...hold, isHeld: true })
  } catch (error) {
    tell(world, error)
  }
}

/** Before it begins: nobody is told of a hold whose node loses its power just after writing it down. */
function planEnd(
  world: World,
  { person, hold }: { readonly person: UserId; readonly hold: Hold },
  { chance, lengthMs }: { readonly chance: Chance; readonly lengthMs: number },
): void {
  const leftMs = lengthMs * 0.95 - (world.timeline.now() - world.startedAt)
  const afterMs = chance.between(MINUTE_MS, Math.max(2 * MINUTE_MS, leftMs))
  world.timeline.after(afterMs, () => void lift(world, person, hold))
  // A hold that headquarters lost with its disk, and so had not to end, comes back from others: it is ended once more.
  const restMs = lengthMs - (world.timeline.now() - world.startedAt) + MINUTE_MS
  if (world.options.also.includes('put-back'))
    world.timeline.after(restMs, () => void lift(world, person, hold))
}

/** Where something was spilled just now, or any channel. */
async function channelOf(
  { members, book }: World,
  {
    isSpill,
    person,
    chance,
  }: { readonly isSpill: boolean; readonly person: UserId; readonly chance: Chance },
): Promise<ChannelId | undefined> {
  if (isSpill) return book.all().findLast(({ author }) => author === person)?.channel
  const channels = (await members[0]?.boot?.node?.channelsOf(person)) ?? []
  return channels.length === 0 ? undefined : chance.pick(channels).id
}

/** A few that stand together. */
function someOf(messages: readonly Message[], chance: Chance): readonly Message[] {
  if (messages.length === 0) return []
  const from = chance.below(messages.length)
  return messages.slice(from, from + chance.between(1, MESSAGES_MAX))
}

async function order(
  { members, book, evidence }: World,
  {
    channel,
    person,
    some,
  }: {
    readonly channel: ChannelId
    readonly person: UserId
    readonly some: readonly Message[]
  },
): Promise<void> {
  const node = members[0]?.boot?.node
  const meant = some.flatMap((message): Said[] => {
    const said = book.shownAs(message)
    return said === undefined ? [] : [said]
  })
  for (const said of meant) {
    if (said.purge === 'none') said.purge = 'asked'
    evidence.onPurged(said.number)
  }
  const ids = some.map(({ id }) => id)
  const answer = await node?.purge(person, { channel, messages: ids })
  if (answer?.held === 0) for (const said of meant) said.purge = 'ordered'
}

/** Until it is done: whoever holds something must be able to let it go. A node whose power goes while it does so answers no more. */
async function lift(world: World, person: UserId, hold: Hold): Promise<void> {
  let isDone = false
  world.timeline.after(MINUTE_MS, () => {
    if (!isDone) void lift(world, person, hold)
  })
  const node = world.members[0]?.boot?.node
  if (node === undefined) return
  try {
    await node.hold(person, { ...hold, isHeld: false })
    isDone = true
    world.marks.count('purge.hold-ended')
  } catch (error) {
    tell(world, error)
  }
}

const FAIR: ReadonlySet<string> = new Set([
  'STORE_FULL',
  'NOT_FOUND',
  'TOO_MANY_REQUESTS',
  'STOPPING',
])

function tell({ verdict, members }: World, error: unknown): void {
  const code = codeOf(error) ?? 'none'
  if (FAIR.has(code) || members[0]?.boot?.life.isAlive() !== true) return
  const found = error instanceof Error ? (error.stack ?? error.message) : String(error)
  verdict.fail({ broken: 'no such error', where: 'headquarters', wanted: 'a purge', found })
}
