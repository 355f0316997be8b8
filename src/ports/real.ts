/** The real clock, chance and log: what a node gets outside tests and simulations. */
import { createPublicKey, encapsulate, randomBytes } from 'node:crypto'
import { statfs } from 'node:fs/promises'
import type { Facts } from '#base/errors.ts'
import type { Clock } from './clock.ts'
import type { Disk } from './disk.ts'
import type { Log } from './log.ts'
import type { Encapsulation, Random } from './random.ts'

/** Most urgent first; a level shows itself and those before it. */
const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const

/** How much is logged. */
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Where log lines come from and go to. */
export interface LogOptions {
  readonly clock: Clock
  readonly level: LogLevel
  /** Takes one line with its line end; standard error unless given. */
  readonly put?: (line: string) => void
}

/**
 * Names of facts that may be logged. A fact of another name is left out, and the line says which, so that a new
 * fact is a decision: nothing that people wrote, no file name, key, token or address of a person.
 */
export const FACT_NAMES: ReadonlySet<string> = new Set([
  'actor',
  'attempt',
  'bytes',
  'carrier',
  'channel',
  'code',
  'count',
  'damage',
  'document',
  'durationMs',
  'epoch',
  'error',
  'events',
  'found',
  'foundBytes',
  'hub',
  'isUp',
  'lane',
  'letter',
  'lost',
  'messages',
  'method',
  'missing',
  'node',
  'number',
  'part',
  'peer',
  'place',
  'person',
  'percent',
  'pid',
  'port',
  'queued',
  'rateBps',
  'reason',
  'remedy',
  'request',
  'role',
  'route',
  'rttMs',
  'rule',
  'seq',
  'signal',
  'silentMs',
  'size',
  'status',
  'stream',
  'subject',
  'syscall',
  'version',
  'waiting',
  'waitMs',
  'wanted',
  'wantedBytes',
])

/** Longest text of one fact, in characters: a fact is a word or an id. */
const FACT_CHARACTERS_MAX = 200
/** `setTimeout` takes longer waits for none at all. */
const TIMER_MS_MAX = 2 ** 31 - 1

/** The system's clock. */
export function realClock(): Clock {
  return { now: () => Date.now(), monotonicMs: () => performance.now(), sleep }
}

/** The system's chance, fit for keys. */
export function realRandom(): Random {
  return { bytes: (length) => new Uint8Array(randomBytes(length)), encapsulate: encapsulateTo }
}

/** The disk that holds `folder`. */
export function realDisk(folder: string): Disk {
  const freeBytes = async (): Promise<number | undefined> => {
    const found = await statfs(folder).catch(() => undefined)
    return found && found.bavail * found.bsize
  }
  return { freeBytes }
}

function encapsulateTo(publicKey: Uint8Array): Encapsulation | undefined {
  if (publicKey.length !== KEM_KEY_BYTES) return undefined
  try {
    const key = Buffer.concat([KEM_SPKI, publicKey])
    const { sharedKey, ciphertext } = encapsulate(
      createPublicKey({ key, format: 'der', type: 'spki' }),
    )
    return { secret: new Uint8Array(sharedKey), ciphertext: new Uint8Array(ciphertext) }
  } catch {
    return undefined // not a key: FIPS 203 checks the modulus
  }
}

/** DER in front of a raw ML-KEM-768 public key (object identifier 2.16.840.1.101.3.4.4.2). */
const KEM_SPKI = Buffer.from('308204b2300b0609608648016503040402038204a100', 'hex')
const KEM_KEY_BYTES = 1_184

/** A log that writes one line of JSON for each event: `at`, `level`, `event`, then the facts. */
export function realLog({ clock, level, put = putOnStandardError }: LogOptions): Log {
  const shown = LOG_LEVELS.slice(0, LOG_LEVELS.indexOf(level) + 1)
  const logger =
    (each: LogLevel): Log['info'] =>
    (event, facts = {}) => {
      if (!shown.includes(each)) return
      const at = new Date(clock.now()).toISOString()
      put(`${JSON.stringify({ at, level: each, event, ...allowed(facts) })}\n`)
    }
  return {
    error: logger('error'),
    warn: logger('warn'),
    info: logger('info'),
    debug: logger('debug'),
  }
}

/** The known facts, cut to size, and the names of the others. */
function allowed(facts: Facts): Readonly<Record<string, unknown>> {
  const entries = Object.entries(facts)
  const known = entries.filter(([name]) => FACT_NAMES.has(name))
  const dropped = entries.map(([name]) => name).filter((name) => !FACT_NAMES.has(name))
  const short = known.map(([name, value]) => [
    name,
    typeof value === 'string' ? value.slice(0, FACT_CHARACTERS_MAX) : value,
  ])
  return { ...Object.fromEntries(short), ...(dropped.length > 0 ? { dropped } : {}) }
}

function putOnStandardError(line: string): void {
  process.stderr.write(line)
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  let left = ms
  while (left > TIMER_MS_MAX && !signal.aborted) {
    await oneTimer(TIMER_MS_MAX, signal)
    left -= TIMER_MS_MAX
  }
  await oneTimer(left, signal)
}

/** One wait that a timer can hold. */
async function oneTimer(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const wake = (): void => resolve()
  const timer = setTimeout(wake, ms)
  signal.addEventListener('abort', wake, { once: true })
  await promise
  clearTimeout(timer)
  signal.removeEventListener('abort', wake)
}
