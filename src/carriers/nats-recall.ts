/**
 * Does the post office still have what it had? Asked of a server we have not seen with this stream before: one that
 * restarted (it takes a new id then), or another of its cluster.
 *
 * An acknowledgement is not a synced write, so a power loss may take the newest part of a stream, and its numbers are
 * given out again (research/nats.md 4f). A message that we know to stand at a number tells: it is there, or it is not.
 */
import { backOffMs } from './nats-back-off.ts'
import { firstFrom } from './nats-catch-up.ts'
import type { Exchange } from './nats-exchange.ts'
import type { Ledger } from './nats-ledger.ts'
import type { NatsOptions, NatsPorts } from './nats-options.ts'
import type { Mark } from './nats-place.ts'

/** What recalling works with. */
export interface RecallParts {
  readonly exchange: Exchange
  readonly ledger: Ledger
  readonly options: NatsOptions
  readonly ports: Pick<NatsPorts, 'clock' | 'random' | 'log'>
}

type Memory = 'kept' | 'lost' | 'aged'

/**
 * Compares our marks with the stream, goes back to the newest that is still true, and notes whether the node must
 * be told. Waits for as long as no stream answers. Says whether something is gone that only a loss can take.
 * @throws EdgeError CARRIER_UNREACHABLE when the line ends first
 */
export async function recall(parts: RecallParts): Promise<boolean> {
  const { ledger } = parts
  const marks = ledger.marks().toReversed()
  for (const [lost, mark] of marks.entries()) {
    // oxlint-disable-next-line no-await-in-loop -- from the newest back, almost always one
    const memory = await memoryOf(parts, mark)
    if (memory === 'lost') continue
    if (memory === 'kept') ledger.rewind(mark.seq)
    return learned(parts, { isForgotten: memory === 'aged' || lost > 0, lost, seq: mark.seq })
  }
  ledger.rewind(0)
  return learned(parts, { isForgotten: marks.length > 0, lost: marks.length, seq: 0 })
}

interface Learned {
  readonly isForgotten: boolean
  /** Marks that are no longer true. */
  readonly lost: number
  /** What is left of the stream that we knew. */
  readonly seq: number
}

function learned(
  { exchange, ledger, options, ports }: RecallParts,
  { isForgotten, lost, seq }: Learned,
): boolean {
  if (lost > 0) ledger.trustNoServer()
  ledger.trustServer(exchange.line.serverId)
  if (isForgotten) {
    ledger.setForgotten(true)
    ports.log.warn('nats.forgotten', { carrier: options.name, lost, seq })
  }
  return lost > 0
}

async function memoryOf(parts: RecallParts, mark: Mark): Promise<Memory> {
  const { exchange, options, ports } = parts
  const { workspace } = options
  for (let failures = 1; ; failures += 1) {
    // oxlint-disable-next-line no-await-in-loop -- until there is an answer
    const finding = await firstFrom(exchange, { stream: workspace, seq: mark.seq })
    if (finding.kind === 'nothing') return 'lost'
    if (finding.kind === 'found') return compare(mark, finding.mark)
    const waitMs = backOffMs(failures, options.backOffMaxMs, ports.random)
    ports.log.warn('nats.no-stream', { carrier: options.name, waitMs })
    // oxlint-disable-next-line no-await-in-loop -- until there is an answer
    await ports.clock.sleep(waitMs, exchange.line.over)
  }
}

/** Only age removes messages from the stream: when the next one there is younger, nothing was missed. */
function compare(mark: Mark, found: Mark): Memory {
  if (found.seq > mark.seq) return 'aged'
  const isSame =
    found.subject === mark.subject &&
    (mark.storedAt === undefined || mark.storedAt === found.storedAt)
  return isSame ? 'kept' : 'lost'
}
