/**
 * Looks whether delivery words are true: for a sample of messages, every `stored` is checked at once against the node
 * that is said to have it, and again when that node was killed and has read its disk; and no word may go back from there.
 *
 * What a node said before it was put back to a backup was true, and is not for a while: such a word is checked in the end.
 * Others repeat it until they hear of that, and then take it back, once.
 */
import { z } from 'zod'
import type { Node } from '../fleet/node.ts'
import type { Pause } from './pause.ts'
import type { Posted } from './posting.ts'

/** What was found so far. */
export interface Ticks {
  /** `stored` or `read` for a node that does not have the message. */
  readonly falseCount: () => number
  /** Words that went back from `stored` or `read`. */
  readonly backCount: () => number
  /** Claims that a backup put back has made untrue for a while. */
  readonly undone: () => number
  /** Claims that were checked. */
  readonly checked: () => number
  /** Messages of the sample that are not yet known to be stored everywhere. */
  readonly unsettled: () => number
  readonly examples: () => readonly string[]
  /** This node was killed, and starts again from its disk: what it is said to have is checked again. */
  readonly killed: (name: string) => void
  /** This node starts again from its backup: what was said of it and by it until now holds no more. */
  readonly restored: (name: string) => void
  /** Looks until `end` aborts, then checks what is left to check. */
  readonly run: (end: AbortSignal) => Promise<void>
}

/** Who is asked, and about what. */
export interface TickOptions {
  /** Kits in the order of `Posted.kit`. */
  readonly kits: readonly Node[]
  readonly all: readonly Node[]
  readonly posted: ReadonlyMap<string, Posted>
  /** Messages that were lost with a disk, and of which nothing is promised. */
  readonly gone: ReadonlySet<string>
  /** Share of messages that are watched, 0 to 1. */
  readonly share: number
  readonly chance: () => number
  readonly pause: Pause
}

const Stories = z.array(
  z.object({
    message: z.string(),
    deliveries: z.array(z.object({ destinationName: z.string(), word: z.string() })),
  }),
)

/** Messages asked about at once. */
const ASKED_AT_ONCE = 40
const LOOK_MS = 400
const RETRY_MS = 200
/** A node that gives no good answer for this long (a minute) does not have what it signed for. */
const RETRIES_MAX = 300
const STRENGTH = ['on this kit', 'queued', 'left this kit', 'stored', 'read']
const STORED = STRENGTH.indexOf('stored')

interface Watched {
  readonly message: Posted
  /** Messages that were posted before it. */
  readonly place: number
  /** Strength of the last word, by destination. */
  readonly words: Map<string, number>
  /** Destinations of which a word was taken back since they were put back. */
  readonly withdrawn: Set<string>
}

interface State {
  readonly watched: Watched[]
  readonly falseOnes: string[]
  readonly backward: string[]
  readonly checks: Promise<void>[]
  /** How many messages were posted when a node was put back, by its name. */
  readonly restoredAt: Map<string, number>
  checked: number
  undone: number
  isEnding: boolean
  /** Messages that were looked at for being part of the sample. */
  seen: number
}

/** Nothing is asked until `run`. */
export function openTicks(options: TickOptions): Ticks {
  const state: State = {
    watched: [],
    falseOnes: [],
    backward: [],
    checks: [],
    restoredAt: new Map(),
    checked: 0,
    undone: 0,
    isEnding: false,
    seen: 0,
  }
  const others = options.all.length - 1
  return {
    falseCount: () => state.falseOnes.length,
    backCount: () => state.backward.length,
    undone: () => state.undone,
    checked: () => state.checked,
    unsettled: () => promisedOf(options, state).filter((one) => !isSettled(one, others)).length,
    examples: () => [...state.falseOnes, ...state.backward].slice(0, 12),
    killed: (name) => {
      for (const one of promisedOf(options, state))
        if ((one.words.get(name) ?? 0) >= STORED)
          check(options, state, { ...one, from: 'it', destinationName: name, word: 'stored' })
    },
    restored: (name) => {
      state.restoredAt.set(name, options.posted.size)
      for (const { message, words, withdrawn } of state.watched) {
        if (options.kits[message.kit]?.name === name) words.clear()
        else words.delete(name)
        withdrawn.delete(name)
      }
    },
    run: async (end) => {
      for (let round = 0; !end.aborted; round += 1) {
        sample(options, state)
        await Promise.all(options.kits.map((_, kit) => look(options, state, { kit, round })))
        await options.pause.for(LOOK_MS)
      }
      state.isEnding = true
      await Promise.all(state.checks)
    },
  }
}

/** The watched messages, but those that were lost with a disk. */
function promisedOf({ gone }: TickOptions, { watched }: State): readonly Watched[] {
  return watched.filter(({ message }) => !gone.has(message.id))
}

/** Picks from the messages that came since the last time. */
function sample({ posted, share, chance }: TickOptions, state: State): void {
  const fresh = [...posted.values()].slice(state.seen)
  for (const [index, message] of fresh.entries())
    if (chance() < share)
      state.watched.push({
        message,
        place: state.seen + index,
        words: new Map(),
        withdrawn: new Set(),
      })
  state.seen += fresh.length
}

function isSettled({ words }: Watched, others: number): boolean {
  return [...words.values()].filter((strength) => strength >= STORED).length >= others
}

/** Asks one kit about its unsettled messages, and about some settled ones, which may not go back. */
async function look(
  options: TickOptions,
  state: State,
  { kit, round }: { readonly kit: number; readonly round: number },
): Promise<void> {
  const node = options.kits[kit]
  if (node === undefined || !node.isUp()) return
  const own = promisedOf(options, state).filter(({ message }) => message.kit === kit)
  const unsettled = own.filter((one) => !isSettled(one, options.all.length - 1))
  const settled = own.filter((one) => isSettled(one, options.all.length - 1))
  const asked = [
    ...turn(unsettled, round, ASKED_AT_ONCE),
    ...turn(settled, round, ASKED_AT_ONCE / 4),
  ]
  if (asked.length === 0) return
  const answer = await node.ask({
    method: 'POST',
    path: '/api/holdfast/v1/posts/delivery',
    token: node.token(),
    body: { post_ids: asked.map(({ message }) => message.id) },
  })
  if (answer.status !== 200) return
  const byId = new Map(asked.map((one) => [one.message.id, one]))
  for (const story of Stories.parse(answer.value)) {
    const one = byId.get(story.message)
    if (one === undefined) continue
    for (const way of story.deliveries) judge(options, state, { ...way, ...one, from: node.name })
  }
}

/** A different piece of the list each round. */
function turn<T>(list: readonly T[], round: number, count: number): readonly T[] {
  const from = list.length <= count ? 0 : (round * count) % list.length
  return list.slice(from, from + count)
}

interface Way extends Watched {
  readonly from: string
  readonly destinationName: string
  readonly word: string
}

function judge(options: TickOptions, state: State, way: Way): void {
  const { words, destinationName: destination, word } = way
  const before = words.get(destination) ?? 0
  const strength = STRENGTH.indexOf(word)
  words.set(destination, strength)
  if (before >= STORED && strength < before) noteBack(state, way, before)
  if (before >= STORED || strength < STORED) return
  check(options, state, way)
}

/**
 * A word went back. It may, once, when the destination was put back: until it notices, it signs in the life that is over,
 * and nobody can tell what it signed then from what the backup does not have.
 */
function noteBack(state: State, way: Way, before: number): void {
  const { destinationName: destination, word, message, from, withdrawn } = way
  if (state.restoredAt.has(destination) && !withdrawn.has(destination)) {
    withdrawn.add(destination)
    state.undone += 1
    return
  }
  const words = `${message.id} went back from ${STRENGTH[before]} to ${word} at ${destination}`
  state.backward.push(`${from}: ${words}`)
}

function check(options: TickOptions, state: State, way: Way): void {
  const checking = verify(options, state, way)
  // `run` hears of a failure when it waits for all of them.
  checking.catch(() => undefined)
  state.checks.push(checking)
}

/** Asks the destination itself; a node that is down has to have it when it is up again. */
async function verify(
  { all, pause, gone }: TickOptions,
  state: State,
  { destinationName, message, word, from, place }: Way,
): Promise<void> {
  const node = all.find(({ name }) => name === destinationName)
  if (node === undefined) return void state.falseOnes.push(`${from}: no node ${destinationName}`)
  const path = `/api/v4/posts/${message.id}`
  const isUndone = (): boolean =>
    place < (state.restoredAt.get(destinationName) ?? 0) || gone.has(message.id)
  let wasUndone = false
  for (let retries = 0; retries < RETRIES_MAX; retries += 1) {
    const { status } = await node.ask({ method: 'GET', path, token: node.token() })
    if (status === 404 && isUndone() && !state.isEnding) {
      if (!wasUndone) state.undone += 1
      wasUndone = true
      retries = 0
    } else if (status === 200 || status === 404) {
      state.checked += 1
      if (status === 404 && !gone.has(message.id))
        state.falseOnes.push(`${from}: ${word} at ${destinationName}, which lacks ${message.id}`)
      return
    }
    await pause.for(RETRY_MS)
  }
  state.falseOnes.push(`${from}: ${word} at ${destinationName}, which gives no answer`)
}
