/**
 * All audits that come to this node, handed on to a receiver outside, such as a SIEM: in order, at least once, from a
 * cursor in the store. It reads what is on disk already, so no commit ever waits for a receiver.
 */
import type { AuditFeed } from '#app/audit-types.ts'
import { codeOf } from '#base/errors.ts'
import type { AuditRecord } from '#model/audit-record.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'

/** A receiver. */
export interface AuditSink {
  /** Names its cursor: a sink of another name is served from the beginning. */
  readonly name: string
  /**
   * Resolves once the receiver has all of them. After a failure all are sent again.
   * @throws EdgeError CARRIER_UNREACHABLE, STORE_FULL
   */
  readonly send: (records: readonly AuditRecord[], signal: AbortSignal) => Promise<void>
}

/** Entries handed over at once. */
const BATCH_MAX = 200
/** How long a batch waits for company, in milliseconds. */
const COALESCE_MS = 1_000
/** Waits after failures, in milliseconds: doubling from the first to the last. */
const BACK_OFF_MS = { first: 1_000, last: 300_000 } as const

/** Serves one receiver until it is disposed. Dispose it before the node. */
export function startAuditFeed(
  feed: AuditFeed,
  sink: AuditSink,
  ports: { readonly clock: Clock; readonly log: Log },
): AsyncDisposable {
  const stop = new AbortController()
  const running = run({ feed, sink, ...ports }, stop.signal)
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await running
    },
  }
}

interface Service {
  readonly feed: AuditFeed
  readonly sink: AuditSink
  readonly clock: Clock
  readonly log: Log
}

async function run(service: Service, stop: AbortSignal): Promise<void> {
  const { feed, sink, clock, log } = service
  let backOffMs: number = BACK_OFF_MS.first
  while (!stop.aborted) {
    try {
      const isMore = await step(service, stop)
      backOffMs = BACK_OFF_MS.first
      if (isMore) continue
    } catch (error) {
      if (stop.aborted) return
      const code = codeOf(error) ?? 'unknown'
      log.warn('audit.not-delivered', { carrier: sink.name, code, waitMs: backOffMs })
      await clock.sleep(backOffMs, stop)
      backOffMs = Math.min(BACK_OFF_MS.last, 2 * backOffMs)
      continue
    }
    await untilNew(feed, sink.name, stop)
    await clock.sleep(COALESCE_MS, stop)
  }
}

/** Hands over one batch. True when there may be more. */
async function step({ feed, sink }: Service, stop: AbortSignal): Promise<boolean> {
  const cursor = (await feed.cursor(sink.name)) ?? 0
  const records = await feed.after(cursor, BATCH_MAX)
  const last = records.at(-1)
  if (last === undefined) return false
  await sink.send(records, stop)
  await feed.keepCursor(sink.name, last.number)
  return records.length === BATCH_MAX
}

/** Looks once more after it has begun to listen: what came in between must not wait for what comes next. */
async function untilNew(feed: AuditFeed, name: string, stop: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const wake = (): void => resolve()
  const unsubscribe = feed.onNew(wake)
  stop.addEventListener('abort', wake, { once: true })
  const [next] = await feed.after((await feed.cursor(name)) ?? 0, 1).catch(() => [])
  if (next === undefined && !stop.aborted) await promise
  stop.removeEventListener('abort', wake)
  unsubscribe()
}
