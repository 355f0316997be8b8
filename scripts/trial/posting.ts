/**
 * Writing as good clients do: every message goes to its author's kit with a pending id of its own, and again with the
 * same id until the kit has answered 201. Some clients are impatient and send twice at once, some ask again much later.
 */
import { z } from 'zod'
import { must as known } from '#base/assert.ts'
import type { Clock } from '#ports/clock.ts'
import type { Question } from '../fleet/client.ts'
import type { Kit } from './fleet.ts'
import type { Losses } from './losses.ts'
import type { Plan, PlannedMessage } from './messages.ts'
import type { Pause } from './pause.ts'
import type { People, Writer } from './people.ts'

/** A message that a kit has promised to keep. */
export interface Posted {
  readonly id: string
  /** Place of the kit that took it. */
  readonly kit: number
  readonly channel: string
  readonly author: string
  readonly text: string
  /** The message that began its thread; '' unless it is a reply. */
  readonly root: string
  /** How often the disk of its kit had been lost before it was taken. */
  readonly life: number
}

/** How far the writing has come. */
export interface Posting {
  readonly total: number
  /** By id, in the order of the answers. */
  readonly posted: ReadonlyMap<string, Posted>
  /** Answered 201, or refused for what they are. */
  readonly done: () => number
  /** Requests beyond the first for a message. */
  readonly resent: () => number
  /** Answers that the disk of a kit is full; the client asked again. */
  readonly fullAnswers: () => number
  /** Statuses of messages that a kit refused for good. */
  readonly refused: () => readonly number[]
  /** Resolves when every message has had its answer, and the forgetful have asked again. */
  readonly run: () => Promise<void>
  readonly losses: Losses
}

/** What is written, by whom, and how fast. */
export interface PostingOptions {
  readonly kits: readonly Kit[]
  readonly plan: Plan
  readonly people: People
  /** Whose disk was lost. */
  readonly losses: (posted: Posting['posted']) => Losses
  /** Without any answer for so long, an author no longer waits for what the answer should be to. */
  readonly patienceMs: number
  /** Milliseconds from the first message to the last. */
  readonly durationMs: number
  readonly chance: () => number
  readonly clock: Clock
  readonly pause: Pause
}

const PostAnswer = z.object({ id: z.string() })

/** Clients of one kit that write at once. */
const WRITERS_AT_ONCE = 4
const RETRY_MS = 300
/** A message without an answer for so long means that the kit does not recover. */
const PATIENCE_MS = 120_000
/** Of a hundred clients, how many send twice at once, and how many send again after everything. */
const IMPATIENT_SHARE = 3
const FORGETFUL_SHARE = 3
/** Statuses that say that the message itself is wrong, or that what it answers is not there. */
const REFUSALS = [400, 404, 413]
const FULL = 507

interface Waiting {
  readonly message: PlannedMessage
  readonly writer: Writer
  notBeforeMs: number
}

interface State {
  readonly posted: Map<string, Posted>
  readonly ids: Map<number, string>
  readonly refused: number[]
  /** Sent again when everything has been written. */
  readonly later: { readonly kit: number; readonly life: number; readonly question: Question }[]
  readonly losses: Losses
  resent: number
  fullAnswers: number
  /** When a kit answered last. */
  answeredMs: number
}

/** Nothing is written until `run`. */
export function openPosting(options: PostingOptions): Posting {
  const { plan, kits, people } = options
  const posted = new Map<string, Posted>()
  const losses = options.losses(posted)
  const state: State = {
    posted,
    ids: new Map(),
    refused: [],
    later: [],
    losses,
    resent: 0,
    fullAnswers: 0,
    answeredMs: 0,
  }
  const run = async (): Promise<void> => {
    const beganMs = options.clock.monotonicMs()
    state.answeredMs = beganMs
    const everyMs = options.durationMs / Math.max(1, plan.messages.length)
    const all = plan.messages.map((message) => ({
      message,
      writer: known(people.writers[message.author], 'the plan names its authors'),
      notBeforeMs: beganMs + message.number * everyMs,
    }))
    await Promise.all(
      kits.flatMap((_, kit) => {
        const own = all.filter(({ writer }) => writer.kit === kit)
        return Array.from({ length: WRITERS_AT_ONCE }, () => write(options, state, own))
      }),
    )
    await sendAgain(options, state)
  }
  return {
    total: plan.messages.length,
    posted: state.posted,
    done: () => state.posted.size + state.refused.length,
    resent: () => state.resent,
    fullAnswers: () => state.fullAnswers,
    refused: () => state.refused,
    losses,
    run,
  }
}

/** Takes one message after another from the kit's list until none is left. */
async function write(options: PostingOptions, state: State, list: Waiting[]): Promise<void> {
  const { clock, pause } = options
  while (list.length > 0) {
    const now = clock.monotonicMs()
    const at = list.findIndex(({ notBeforeMs }) => notBeforeMs <= now)
    if (at < 0) {
      await pause.for(10)
      continue
    }
    const [next] = list.splice(at, 1)
    if (next === undefined) continue
    const root = await rootFor(options, state, next)
    const isDone = root !== undefined && (await post(options, state, { ...next, root }))
    if (!isDone) list.push({ ...next, notBeforeMs: now + RETRY_MS })
  }
}

/**
 * The message that began the thread of the one that is answered; undefined while either has not arrived: nobody answers
 * what they do not see, unless they have waited for too long.
 */
async function rootFor(
  { kits, clock, patienceMs }: PostingOptions,
  state: State,
  { message, writer }: Waiting,
): Promise<string | undefined> {
  if (message.replyTo === undefined) return ''
  const id = state.ids.get(message.replyTo)
  if (id === '') return ''
  const answered = id === undefined ? undefined : state.posted.get(id)
  const isTooLong = clock.monotonicMs() - state.answeredMs > patienceMs
  if (answered === undefined) return isTooLong ? '' : undefined
  const root = answered.root === '' ? answered.id : answered.root
  const { node } = known(kits[writer.kit], 'there are two kits')
  for (const needed of new Set([answered.id, root])) {
    const path = `/api/v4/posts/${needed}`
    const { status } = await node.ask({ method: 'GET', path, token: writer.token })
    if (status === 200) continue
    const isGone = status === 404 && state.losses.gone.has(needed)
    return isGone || isTooLong ? '' : undefined
  }
  return root
}

/** One message, until it has its answer. False when what it answers has been lost with a disk meanwhile. */
async function post(
  { kits, people, clock, pause, chance }: PostingOptions,
  state: State,
  { message, writer, root }: Waiting & { readonly root: string },
): Promise<boolean> {
  const { node } = known(kits[writer.kit], 'there are two kits')
  const channel = known(people.channels[message.channel], 'the plan names its channels')
  const question: Question = {
    method: 'POST',
    path: '/api/v4/posts',
    token: writer.token,
    body: {
      channel_id: channel,
      message: message.text,
      root_id: root,
      pending_post_id: `${writer.id}:${message.number}`,
      ...precedence(message),
    },
  }
  let upMs = clock.monotonicMs()
  const isImpatient = chance() * 100 < IMPATIENT_SHARE
  const isForgetful = chance() * 100 < FORGETFUL_SHARE
  const { kit } = writer
  for (let attempt = 1; ; attempt += 1) {
    const life = state.losses.lives(kit)
    if (attempt > 1) state.resent += 1
    const asked = [node.ask(question)]
    if (isImpatient && attempt === 1) asked.push(node.ask(question))
    if (isImpatient && attempt === 1) state.resent += 1
    const answers = await Promise.all(asked)
    const good = answers.find(({ status }) => status === 201)
    const statuses = answers.map(({ status }) => status)
    state.fullAnswers += statuses.filter((status) => status === FULL).length
    if (good !== undefined) {
      const { id } = PostAnswer.parse(good.value)
      const { text } = message
      state.ids.set(message.number, id)
      state.posted.set(id, { id, kit, channel, author: writer.id, text, root, life })
      state.answeredMs = clock.monotonicMs()
      if (isForgetful) state.later.push({ kit, life, question })
      return true
    }
    const refusal = statuses.find((status) => REFUSALS.includes(status))
    if (refusal !== undefined && root !== '' && state.losses.lives(kit) > 0) return false
    if (refusal !== undefined) {
      state.ids.set(message.number, '')
      state.refused.push(refusal)
      return true
    }
    if (!node.isUp()) upMs = clock.monotonicMs()
    if (clock.monotonicMs() - upMs > PATIENCE_MS)
      throw new Error(
        `${node.name} did not take message ${message.number}: status ${statuses.join()}`,
      )
    await pause.for(RETRY_MS)
  }
}

/**
 * What a forgetful client does: it asks for what it has had long ago. A second message would show. A kit whose disk was
 * lost knows no client's own ids any more, so nobody does it there.
 */
async function sendAgain({ kits, pause }: PostingOptions, state: State): Promise<void> {
  for (const { kit, life, question } of state.later) {
    if (state.losses.lives(kit) !== life) continue
    state.resent += 1
    const { node } = known(kits[kit], 'there are two kits')
    await pause.until(
      async () => (await node.ask(question)).status === 201,
      `${node.name} answers a message that it has`,
    )
  }
}

/** The lane in the words of the Mattermost API. */
function precedence({ lane }: PlannedMessage): object {
  switch (lane) {
    case 'flash':
      return { props: { holdfast_precedence: 'flash' } }
    case 'immediate':
      return { metadata: { priority: { priority: 'urgent' } } }
    case 'priority':
      return { metadata: { priority: { priority: 'important' } } }
    case 'routine':
      return {}
  }
}
