/**
 * What was written on this device and is not on the node's disk yet. It is kept before it is shown (in memory, and shown so, where there is no room), sent in the order
 * written (what has no files still to go first: words do not wait behind a film), and forgotten once the node has answered. The node takes an id that it has seen for the same message, so
 * whatever dies between is sent again without doubles.
 */
import type { Lane } from '#model/precedence.ts'
import type { Shelf } from './shelf.ts'
import { FILE_PLACE, isWhole, type WaitingFile } from './uploading.ts'

/** A message that waits on this device. */
export interface Waiting {
  /** The client's own id for it: the same for ever. */
  readonly pendingId: string
  readonly userId: string
  readonly channelId: string
  readonly rootId: string
  readonly message: string
  readonly lane: Lane
  readonly override: string
  readonly wantsAck: boolean
  /** Shown once, for so many seconds; absent or 0 for all others. */
  readonly burnSeconds?: number
  /** What goes with it; their bytes are kept beside it. */
  readonly files: readonly WaitingFile[]
  readonly writtenAt: number
  /** The device had no room for it: it is in memory only. */
  readonly isUnkept?: boolean
  /** Why the node does not take it; it is kept, and not sent again until somebody says so. */
  readonly refusal?: string
}

/** What became of one attempt. */
export type Attempt =
  | { readonly kind: 'taken' }
  /** A part of its files went; there is more. */
  | { readonly kind: 'going'; readonly files: readonly WaitingFile[] }
  /** The node is out of reach, or asks for patience. */
  | { readonly kind: 'later' }
  | { readonly kind: 'refused'; readonly reason: string }

/** How the outbox reaches the world. */
export interface OutboxPorts {
  readonly shelf: Shelf
  readonly send: (waiting: Waiting) => Promise<Attempt>
  /** Called with all that waits, oldest first, whenever it has changed. */
  readonly show: (waiting: readonly Waiting[]) => void
}

/** The outbox. */
export interface Outbox {
  /** Resolves once it is kept on the device; `false` where that has no room: then it is held in memory until it has gone. */
  readonly add: (waiting: Waiting) => Promise<boolean>
  /** Resolves once it waits no more. */
  readonly gone: (pendingId: string) => Promise<void>
  /** Sends what can be sent; a second call meanwhile joins the first. `false` when something is to be sent later. */
  readonly flush: () => Promise<boolean>
  /** Sends a refused one again, perhaps with other words. */
  readonly retry: (pendingId: string, change?: Partial<Waiting>) => Promise<void>
  /** Throws it away. */
  readonly discard: (pendingId: string) => Promise<void>
  /** Nothing is kept, sent or shown any more, whatever becomes of what is on its way; what was kept stays. */
  readonly close: () => void
}

const PREFIX = 'outbox:'

/** Opens the outbox with what was kept. */
export async function openOutbox(ports: OutboxPorts): Promise<Outbox> {
  const { shelf, send, show } = ports
  const waiting = await keptIn(shelf)
  let isClosed = false
  const tell = (): void => {
    if (!isClosed) show([...waiting.values()])
  }
  const { gone, isGone } = watchGone((pendingId) => waiting.has(pendingId))
  const keep = async (one: Waiting): Promise<boolean> => {
    const kept = withoutMark(one)
    const isKept = await isPut(shelf.put(PREFIX + one.pendingId, kept))
    waiting.set(one.pendingId, isKept ? kept : { ...kept, isUnkept: true })
    tell()
    return isKept
  }
  const forget = async (pendingId: string): Promise<void> => {
    const files = waiting.get(pendingId)?.files ?? []
    waiting.delete(pendingId)
    await shelf.remove(PREFIX + pendingId)
    for (const { key } of files) await shelf.remove(FILE_PLACE + key)
    isGone(pendingId)
    tell()
  }
  const sendOne = async (one: Waiting): Promise<boolean> => {
    const attempt = await send(one)
    if (attempt.kind === 'later') return false
    // Somebody may have thrown it away meanwhile, or all of it.
    if (isClosed || !waiting.has(one.pendingId)) return true
    if (attempt.kind === 'taken') await forget(one.pendingId)
    else if (attempt.kind === 'going') await keep({ ...one, files: attempt.files })
    else await keep({ ...one, refusal: attempt.reason })
    return true
  }
  const sendAll = async (): Promise<boolean> => {
    for (;;) {
      const all = [...waiting.values()].filter((one) => one.refusal === undefined)
      const next = all.find(({ files }) => files.every(isWhole)) ?? all[0]
      if (next === undefined || isClosed) return true
      if (!(await sendOne(next))) return false
    }
  }
  const flush = joined(sendAll)
  tell()
  return {
    add: keep,
    gone,
    flush,
    retry: async (pendingId, change = {}) => {
      const one = waiting.get(pendingId)
      if (one === undefined) return
      const { refusal: _, ...rest } = one
      await keep({ ...rest, ...change })
    },
    discard: forget,
    close: () => {
      isClosed = true
    },
  }
}

/** A job that runs once at a time; whoever asks meanwhile gets what becomes of it. */
function joined(job: () => Promise<boolean>): () => Promise<boolean> {
  let running: Promise<boolean> | undefined
  return () => {
    running ??= job().finally(() => {
      running = undefined
    })
    return running
  }
}

function isPut(putting: Promise<void>): Promise<boolean> {
  return putting.then(
    () => true,
    () => false,
  )
}

function withoutMark(one: Waiting): Waiting {
  const { isUnkept: _, ...rest } = one
  return rest
}

/** What waits, oldest first. */
async function keptIn(shelf: Shelf): Promise<Map<string, Waiting>> {
  const kept = await shelf.entries(PREFIX)
  return new Map(
    kept
      .map(([, value]) => value as Waiting)
      .toSorted((a, b) => a.writtenAt - b.writtenAt)
      .map((one) => [one.pendingId, one]),
  )
}

/** Who wants to know when one waits no more. */
function watchGone(isWaiting: (pendingId: string) => boolean): Pick<Outbox, 'gone'> & {
  readonly isGone: (pendingId: string) => void
} {
  const watchers = new Map<string, () => void>()
  return {
    gone: async (pendingId) => {
      if (isWaiting(pendingId))
        await new Promise<void>((resolve) => void watchers.set(pendingId, resolve))
    },
    isGone: (pendingId) => {
      watchers.get(pendingId)?.()
      watchers.delete(pendingId)
    },
  }
}
