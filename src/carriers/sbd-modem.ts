/**
 * An Iridium modem for short burst data (9602, 9603 and their kin) by its AT commands: what to say to it, and what it means.
 *
 * The modem holds one message each way. A session sends the one, if there is any, and fetches the next that waits for it.
 * Where each fact comes from stands in the README of this folder.
 */
import { concatBytes } from '#base/bytes.ts'
import { sbdChecksum, type AtReply, type AtTalk } from './sbd-at.ts'

/** What a session came to. */
export interface SbdSession {
  readonly status: number
  /** What was to be sent has reached the gateway. */
  readonly isSent: boolean
  /** A message has come, and lies in the modem. */
  readonly hasMessage: boolean
  /** Messages that wait at the gateway. */
  readonly queued: number
}

/** What lies in the modem, and whether it was called. */
export interface SbdState {
  readonly hasMessage: boolean
  readonly isRung: boolean
}

/** Why a modem cannot be worked with. */
export type ModemFault = 'silence' | 'refused'

/** A modem that answers. */
export interface SbdModem {
  /** Sets it up; what is wrong with it, or what it holds. `reportsService`: it will say when the network comes and goes. */
  readonly start: () => Promise<
    | (SbdState & { readonly ok: true; readonly reportsService: boolean })
    | { readonly ok: false; readonly fault: ModemFault }
  >
  /** What it holds; undefined when it does not say. */
  readonly state: () => Promise<SbdState | undefined>
  /** Bars, 0 to 5; undefined when it does not say. */
  readonly bars: () => Promise<number | undefined>
  /** Puts the message that the next session sends; without one nothing is left from before. False when it did not take it. */
  readonly put: (message: Uint8Array | undefined) => Promise<boolean>
  /** Undefined when its answer makes no sense: nobody knows then what was sent. */
  readonly session: (isCalled: boolean) => Promise<SbdSession | undefined>
  /** The message that came; undefined when it cannot be read. */
  readonly fetch: () => Promise<Uint8Array | undefined>
}

const QUICK_MS = 5_000
/** A modem takes up to a minute for bytes that do not come, or for its bars. */
const SLOW_MS = 65_000
/** A session takes 10 to 60 s; one that gets nothing gives up by itself well before. */
const SESSION_MS = 300_000
/** Somebody may have typed half a command before. */
const GREETINGS = 3
const SENT_MAX = 4
const READS = 2

/** The modem at the other end of a talk. */
export function openSbdModem(talk: AtTalk): SbdModem {
  const isOk = async (text: string): Promise<boolean> => (await talk.command(text, QUICK_MS)).ok
  const numbers = async (
    text: string,
    wanted: { readonly name: string; readonly count: number },
    waitMs = QUICK_MS,
  ): Promise<readonly number[] | undefined> => {
    const reply = await talk.command(text, waitMs)
    return reply.ok ? numbersIn(reply.lines, wanted) : undefined
  }
  /** Until a greeting is answered: then nothing is outstanding of what was said before. */
  const greet = async (): Promise<boolean> => {
    let isThere = false
    for (let tries = 0; tries < GREETINGS && !isThere && !talk.isClosed(); tries += 1)
      // oxlint-disable-next-line no-await-in-loop -- one greeting after another
      isThere = await isOk('AT')
    return isThere
  }
  const state = async (): Promise<SbdState | undefined> => {
    const status = await numbers('AT+SBDSX', { name: '+SBDSX', count: 6 })
    if (status === undefined) return undefined
    const [, , message = 0, , alert = 0, queued = 0] = status
    return { hasMessage: message === 1, isRung: alert === 1 || queued > 0 }
  }
  return {
    state: async () => ((await greet()) ? state() : undefined),
    start: async () => {
      if (!(await greet())) return { ok: false, fault: 'silence' }
      // No echo, no flow control, rings are told.
      for (const text of ['ATE0', 'AT&K0', 'AT+SBDMTA=1'])
        // oxlint-disable-next-line no-await-in-loop -- one command after another
        if (!(await isOk(text))) return { ok: false, fault: 'refused' }
      const reportsService = await isOk('AT+CIER=1,0,1')
      const held = await state()
      const ring = await numbers('AT+CRIS', { name: '+CRIS', count: 2 })
      const isRung = held?.isRung === true || ring?.[1] === 1
      return { ok: true, reportsService, hasMessage: held?.hasMessage === true, isRung }
    },
    bars: async () => (await numbers('AT+CSQ', { name: '+CSQ', count: 1 }, SLOW_MS))?.[0],
    put: (message) => put(talk, message),
    session: async (isCalled) => {
      const text = isCalled ? 'AT+SBDIXA' : 'AT+SBDIX'
      const found = await numbers(text, { name: '+SBDIX', count: 6 }, SESSION_MS)
      if (found === undefined) return undefined
      const [status = -1, , message = 0, , , queued = 0] = found
      return { status, isSent: status <= SENT_MAX, hasMessage: message === 1, queued }
    },
    fetch: async () => {
      for (let tries = 0; tries < READS && !talk.isClosed(); tries += 1) {
        // oxlint-disable-next-line no-await-in-loop -- once more when it was not read well
        const message = await talk.message('AT+SBDRB', SLOW_MS)
        if (message !== undefined) return message
      }
      return undefined
    },
  }
}

async function put(talk: AtTalk, message: Uint8Array | undefined): Promise<boolean> {
  if (message === undefined) return isDone(await talk.command('AT+SBDD0', QUICK_MS))
  const ready = await talk.prompt(`AT+SBDWB=${message.length}`, 'READY', QUICK_MS)
  if (!ready.ok) return false
  const sum = sbdChecksum(message)
  return isDone(await talk.bytes(concatBytes(message, Uint8Array.of(sum >> 8, sum & 255)), SLOW_MS))
}

/** Whether a command that answers by a number has gone well. */
function isDone(reply: AtReply): boolean {
  return reply.ok && reply.lines.includes('0')
}

/** The numbers behind a name in the first line that has as many as are wanted. */
function numbersIn(
  lines: readonly string[],
  { name, count }: { readonly name: string; readonly count: number },
): readonly number[] | undefined {
  for (const line of lines) {
    if (!line.startsWith(`${name}:`)) continue
    const parts = line.slice(name.length + 1).split(',')
    const found = parts.map((part) => (/^ *\d{1,10} *$/.test(part) ? Number(part) : Number.NaN))
    if (found.length === count && !found.some(Number.isNaN)) return found
  }
  return undefined
}
