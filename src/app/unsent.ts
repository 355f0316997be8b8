/** Drafts, kept here so that nothing typed is lost with a phone, and messages that this node sends when it is time. */
import { codeOf, EdgeError } from '#base/errors.ts'
import { idFromBytes, type ChannelId, type PostId, type UserId } from '#base/ids.ts'
import {
  DRAFTS_MAX,
  MESSAGE_CHARACTERS_MAX,
  SCHEDULED_LOOK_MS,
  SCHEDULED_MAX,
} from '#base/limits.ts'
import type { Clock } from '#ports/clock.ts'
import { openBell, type Bell } from '#sync/bell.ts'
import { keptKey, keptRange } from '#sync/kept-keys.ts'
import { pack, unpack } from '#sync/records.ts'
import { insistInChannel, type AppContext } from './context.ts'
import type { Conversations } from './conversation-types.ts'
import { checkBody } from './draft-checks.ts'
import type { KeptEvent, Scheduled, Unsent, UnsentDraft, Unsents } from './kept-types.ts'
import { refuseInName } from './shut-out.ts'

interface ScheduledRecord extends Scheduled {
  readonly person: UserId
}

/** The part of the app about what is not sent yet. `tell` is called once what it tells of is on disk. */
export function openUnsent(
  context: AppContext,
  tell: (event: KeptEvent) => void,
): { readonly parts: Unsents; readonly bell: Bell } {
  const bell = openBell()
  const scheduled = openScheduled(context, (event) => {
    tell(event)
    bell.ring()
  })
  return { parts: { ...openDrafts(context, tell), ...scheduled }, bell }
}

/** Sends what is due, now and then, until `signal` aborts. What the node was off for goes as soon as it is on. */
export async function keepSending(
  context: AppContext,
  sending: Sending,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const rung = sending.bell.rung()
    const isAnyLeft = await sendDue(context, sending).catch((error: unknown) => {
      const code = codeOf(error)
      if (code === undefined) throw error
      if (code !== 'STOPPING') context.sync.log.warn('scheduled.waiting', { code })
      return true
    })
    // The wall clock may be set at any time, so what is far off is looked at now and then, too.
    await waitFor(isAnyLeft ? sending.clock : undefined, rung, signal)
  }
}

/** Until somebody rings, or a while has gone by where that matters. */
async function waitFor(
  clock: Clock | undefined,
  rung: Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const done = new AbortController()
  const either = AbortSignal.any([signal, done.signal])
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    either.addEventListener('abort', () => resolve(), { once: true })
  })
  await Promise.race([rung, aborted, ...(clock ? [clock.sleep(SCHEDULED_LOOK_MS, either)] : [])])
  done.abort()
}

interface Sending {
  readonly post: Conversations['post']
  readonly clock: Clock
  readonly tell: (event: KeptEvent) => void
  readonly bell: Bell
}

type Drafts = Pick<Unsents, 'drafts' | 'keepDraft' | 'dropDraft'>

function openDrafts(context: AppContext, tell: (event: KeptEvent) => void): Drafts {
  const { replica, now } = context.sync
  return {
    drafts: async (subject) => {
      const kept = await replica.read.list(keptRange.drafts(subject))
      return kept.flatMap(([, bytes]) => unpack<Unsent>(bytes) ?? [])
    },
    keepDraft: async (subject, draft) => {
      await insistOnDraft(context, subject, draft)
      const place = keptKey.draft(subject, draft.channel, draft.root)
      const kept = await replica.commit(async (tx) => {
        const before = unpack<Unsent>(await tx.get(place))
        const all = await tx.list({ ...keptRange.drafts(subject), limit: DRAFTS_MAX })
        if (before === undefined && all.length === DRAFTS_MAX) throw tooMany('drafts', DRAFTS_MAX)
        const next: Unsent = { ...draft, createdAt: before?.createdAt ?? now(), updatedAt: now() }
        tx.put(place, pack(next))
        return next
      })
      tell({ kind: 'draft-kept', person: subject, draft: kept })
      return kept
    },
    dropDraft: async (subject, channel, root) => {
      const place = keptKey.draft(subject, channel, root)
      const before = await replica.commit(async (tx) => {
        const known = unpack<Unsent>(await tx.get(place))
        tx.delete(place)
        return known
      })
      if (before !== undefined) tell({ kind: 'draft-dropped', person: subject, draft: before })
      return before
    },
  }
}

type Schedule = Pick<Unsents, 'scheduled' | 'schedule' | 'unschedule'>

function openScheduled(context: AppContext, tell: (event: KeptEvent) => void): Schedule {
  const { replica, now } = context.sync
  return {
    scheduled: async (subject) => {
      const kept = await replica.read.list(keptRange.scheduled(subject))
      const all = kept.flatMap(([, bytes]) => unpack<ScheduledRecord>(bytes) ?? [])
      return all.toSorted((a, b) => a.at - b.at)
    },
    schedule: async (subject, { id: asked, at, ...draft }) => {
      await insistOnDraft(context, subject, draft)
      checkBody(draft.body, { isAlone: draft.files.length === 0 })
      await context.sync.room.insist()
      const id = asked ?? idFromBytes<PostId>(context.random.bytes(16))
      const place = keptKey.scheduled(subject, id)
      const record = await replica.commit(async (tx) => {
        const before = unpack<ScheduledRecord>(await tx.get(place))
        if (asked !== undefined && before === undefined) throw notScheduled(id)
        const all = await tx.list({ ...keptRange.scheduled(subject), limit: SCHEDULED_MAX })
        if (before === undefined && all.length === SCHEDULED_MAX)
          throw tooMany('scheduled messages', SCHEDULED_MAX)
        const times = { createdAt: before?.createdAt ?? now(), updatedAt: now() }
        const next = { ...draft, ...times, id, at, person: subject, refusedAt: 0, refusal: '' }
        tx.put(place, pack(next satisfies ScheduledRecord))
        return next
      })
      const kind = asked === undefined ? 'scheduled' : 'rescheduled'
      tell({ kind, person: subject, scheduled: record })
      return record
    },
    unschedule: async (subject, id) => {
      const place = keptKey.scheduled(subject, id)
      const record = await replica.commit(async (tx) => {
        const known = unpack<ScheduledRecord>(await tx.get(place))
        if (known === undefined) throw notScheduled(id)
        tx.delete(place)
        return known
      })
      tell({ kind: 'unscheduled', person: subject, scheduled: record })
      return record
    },
  }
}

/** True when some is left for later. */
async function sendDue(context: AppContext, sending: Sending): Promise<boolean> {
  const { replica, now } = context.sync
  const kept = await replica.read.list(keptRange.allScheduled)
  const all = kept.flatMap(([, bytes]) => unpack<ScheduledRecord>(bytes) ?? [])
  const waiting = all.filter(({ refusedAt }) => refusedAt === 0)
  const due = waiting.filter(({ at }) => at <= now())
  for (const record of due.toSorted((a, b) => a.at - b.at)) await send(context, record, sending)
  return waiting.length > due.length
}

/** Under an id of its own, so that a crash between sending and forgetting sends nothing twice. */
async function send(context: AppContext, record: ScheduledRecord, sending: Sending): Promise<void> {
  const { replica, now } = context.sync
  const { id, person, channel, root, body, lane, files, asksAcknowledgement } = record
  const place = keptKey.scheduled(person, id)
  try {
    refuseInName(context, person, 'a message for later')
    await sending.post(person, {
      channel,
      body,
      lane,
      files,
      asksAcknowledgement,
      pendingId: `scheduled:${id}`,
      ...(root !== undefined && { root }),
    })
  } catch (error) {
    const code = codeOf(error)
    const isForGood =
      code === 'NOT_ALLOWED' ||
      code === 'NOT_FOUND' ||
      code === 'INPUT_INVALID' ||
      code === 'ALLOWANCE_SPENT'
    if (code === undefined || !isForGood) throw error
    const refused: ScheduledRecord = { ...record, refusedAt: now(), refusal: code }
    await replica.commit(async (tx) => {
      if ((await tx.get(place)) !== undefined) tx.put(place, pack(refused))
    })
    sending.tell({ kind: 'rescheduled', person, scheduled: refused })
    return
  }
  await replica.commit(async (tx) => tx.delete(place))
  sending.tell({ kind: 'unscheduled', person, scheduled: record })
}

async function insistOnDraft(
  context: AppContext,
  subject: UserId,
  { channel, body }: Pick<UnsentDraft, 'channel' | 'body'>,
): Promise<void> {
  if (body.length > MESSAGE_CHARACTERS_MAX)
    throw new EdgeError('TOO_LARGE', { field: 'message', foundCharacters: body.length })
  await insistInChannel(context, subject, { channel, action: 'post' })
}

function tooMany(field: string, max: number): EdgeError {
  return new EdgeError('INPUT_INVALID', { field, found: `${max} already`, wanted: 'fewer' })
}

function notScheduled(id: PostId | ChannelId): EdgeError {
  return new EdgeError('NOT_FOUND', { what: 'scheduled message', id })
}
