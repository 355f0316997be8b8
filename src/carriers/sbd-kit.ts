/**
 * The kit's end of short burst data: a modem, and when a session is worth its price. There is none while nothing is to be sent,
 * nobody has called and no look into the mailbox is due.
 */
import type { Socket } from 'node:net'
import type { PeerId } from '#ports/carrier.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Random } from '#ports/random.ts'
import type { FramePort } from './frame-carrier.ts'
import type { FrameLine } from './frame-line.ts'
import { backOffMs } from './nats-back-off.ts'
import { openAtTalk, type AtTalk } from './sbd-at.ts'
import type { SbdMeter } from './sbd-billing.ts'
import { openSbdModem, type SbdModem, type SbdSession } from './sbd-modem.ts'
import { pauseAfter } from './sbd-retry.ts'
import { openSerial, type SbdAddress } from './sbd-serial.ts'

/** How a modem is used. */
export interface SbdKitOptions {
  readonly peer: PeerId
  readonly address: SbdAddress
  /** Largest message to the gateway. */
  readonly bytesMax: number
  /** How long what is not urgent waits for company. */
  readonly gatherMs: number
  /** Looks for messages when there was no session for so long, and at the start; never unless given. */
  readonly mailboxCheckMs?: number | undefined
}

/** What it works with. */
export interface SbdKitPorts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly meter: SbdMeter
}

const REOPEN_MS_MAX = 60_000
/** Longest time in which no ring is followed. */
const DEAF_MS_MAX = 3_600_000
/** How often a modem that does not report the network is asked for its bars while there is none. */
const LOOK_MS = 30_000
/** Longest time between two looks at what is due. Looking sends nothing. */
const IDLE_MS_MAX = 3_600_000
/** Answers without sense in a row after which the port is closed and opened anew. */
const NONSENSE_MAX = 3

/** A modem as a port of frames. */
export function sbdModemPort(options: SbdKitOptions, ports: SbdKitPorts): FramePort {
  const { peer, bytesMax } = options
  const lastLookMs = options.mailboxCheckMs === undefined ? 0 : -options.mailboxCheckMs
  const run = async (line: FrameLine, signal: AbortSignal): Promise<void> => {
    const kit: Kit = {
      options,
      ports,
      line,
      signal,
      lastLookMs: ports.clock.monotonicMs() + lastLookMs,
      empties: 0,
      deafUntilMs: 0,
    }
    for (let failures = 1; !signal.aborted; failures += 1) {
      // oxlint-disable-next-line no-await-in-loop -- the port is opened again and again
      if (await useModem(kit)) failures = 1
      line.end()
      // oxlint-disable-next-line no-await-in-loop -- see above
      await ports.clock.sleep(backOffMs(failures, REOPEN_MS_MAX, ports.random), signal)
    }
  }
  return { peer, bytesMax, run }
}

interface Kit {
  readonly options: SbdKitOptions
  readonly ports: SbdKitPorts
  readonly line: FrameLine
  readonly signal: AbortSignal
  /** When a session last went well. */
  lastLookMs: number
  /** Sessions in a row in which nothing was sent and nothing came. */
  empties: number
  /** Until then no ring is followed: the last one was for nothing, and each session is billed. */
  deafUntilMs: number
}

/** One opening of the port. */
interface Desk extends Kit {
  readonly talk: AtTalk
  readonly modem: SbdModem
  isRung: boolean
  hasService: boolean
  reportsService: boolean
  pausedUntilMs: number
  failures: number
  nonsense: number
  /** Since when something waits that is not urgent. */
  gatherSinceMs: number | undefined
  /** Resolves with the next news. */
  news: PromiseWithResolvers<void>
}

/** Works with the modem until its port closes. Whether it could be worked with. */
async function useModem(kit: Kit): Promise<boolean> {
  const { log } = kit.ports
  let socket: Socket
  try {
    socket = await openSerial(kit.options.address)
  } catch (error) {
    log.warn('sbd.port', { carrier: 'sbd', reason: error instanceof Error ? error.message : '' })
    return false
  }
  const desk = openDesk(kit, socket)
  const close = (): void => desk.talk.close()
  kit.signal.addEventListener('abort', close)
  if (kit.signal.aborted) close()
  try {
    const state = await desk.modem.start()
    if (!state.ok) {
      if (!kit.signal.aborted) log.warn('sbd.modem', { carrier: 'sbd', reason: state.fault })
      return false
    }
    desk.isRung ||= state.isRung
    desk.reportsService = state.reportsService
    // It lay there when we lost power: the gateway takes it for delivered.
    if (state.hasMessage) await fetch(desk)
    await lookForService(desk)
    while (!kit.signal.aborted && !desk.talk.isClosed())
      // oxlint-disable-next-line no-await-in-loop -- one turn after another
      await turn(desk)
    return true
  } finally {
    kit.signal.removeEventListener('abort', close)
    close()
  }
}

function openDesk(kit: Kit, socket: Socket): Desk {
  const talk = openAtTalk(socket, kit.ports.clock, (news) => {
    if (news === 'SBDRING') desk.isRung = true
    if (news.startsWith('+CIEV:1,')) desk.hasService = news.trim() !== '+CIEV:1,0'
    desk.news.resolve()
    desk.news = Promise.withResolvers()
  })
  const fresh = {
    isRung: false,
    hasService: false,
    reportsService: false,
    pausedUntilMs: 0,
    failures: 0,
    nonsense: 0,
    gatherSinceMs: undefined,
  }
  const desk: Desk = Object.assign(kit, {
    ...fresh,
    talk,
    modem: openSbdModem(talk),
    news: Promise.withResolvers<void>(),
  })
  return desk
}

/** A session when it is time for one; otherwise waits until something changes. */
async function turn(desk: Desk): Promise<void> {
  const { line } = desk
  // One time for all that is decided: what is due a moment later must not fall between two looks.
  const nowMs = desk.ports.clock.monotonicMs()
  const isPaused = desk.pausedUntilMs > nowMs
  if (!desk.hasService) line.end()
  else if (!isPaused) line.begin()
  if (isTime(desk, nowMs) && !isPaused) return session(desk)
  await somethingNew(desk, nowMs)
  if (!desk.hasService && !desk.reportsService) await lookForService(desk)
}

function isTime(desk: Desk, nowMs: number): boolean {
  const { line, options } = desk
  const urgency = line.urgency()
  if (urgency === undefined) desk.gatherSinceMs = undefined
  else desk.gatherSinceMs ??= nowMs
  if (desk.isRung && nowMs >= desk.deafUntilMs) return true
  if (!desk.hasService) return false
  if (urgency === 'flash' || urgency === 'immediate') return true
  return (
    gatherLeftMs(desk, nowMs) <= 0 ||
    nowMs >= desk.lastLookMs + (options.mailboxCheckMs ?? Infinity)
  )
}

function gatherLeftMs({ gatherSinceMs, options }: Desk, nowMs: number): number {
  return gatherSinceMs === undefined ? Infinity : gatherSinceMs + options.gatherMs - nowMs
}

async function somethingNew(desk: Desk, nowMs: number): Promise<void> {
  const { line, options, signal } = desk
  const times = [
    desk.pausedUntilMs - nowMs,
    desk.isRung ? desk.deafUntilMs - nowMs : Infinity,
    gatherLeftMs(desk, nowMs),
    desk.lastLookMs + (options.mailboxCheckMs ?? Infinity) - nowMs,
    desk.hasService || desk.reportsService ? Infinity : LOOK_MS,
  ]
  const ms = Math.min(IDLE_MS_MAX, ...times.filter((one) => one > 0))
  const over = new AbortController()
  await Promise.race([line.changed(ms, AbortSignal.any([signal, over.signal])), desk.news.promise])
  over.abort()
}

async function lookForService(desk: Desk): Promise<void> {
  const bars = await desk.modem.bars()
  if (bars !== undefined) desk.hasService = bars > 0
}

/** One session: what is most urgent goes, what waits for us comes. */
async function session(desk: Desk): Promise<void> {
  const { line, options, modem } = desk
  const frame = line.next(options.bytesMax)
  const isPut = await modem.put(frame?.bytes)
  const { isRung } = desk
  // It may be called again before the session is over.
  desk.isRung = false
  const result = isPut ? await modem.session(isRung) : undefined
  if (result === undefined) await findOut(desk)
  const received = result?.hasMessage === true ? await fetch(desk) : undefined
  if (result?.isSent !== true) {
    desk.isRung ||= isRung
    return failed(desk, result)
  }
  frame?.sent()
  succeeded(desk, result, { sent: frame?.bytes.length, received })
}

function succeeded(
  desk: Desk,
  { status, queued }: SbdSession,
  bytes: { readonly sent: number | undefined; readonly received: number | undefined },
): void {
  const { clock, meter, log, random } = desk.ports
  const { sent, received } = bytes
  const isEmpty = sent === undefined && received === undefined
  desk.empties = isEmpty ? desk.empties + 1 : 0
  const deafMs = isEmpty ? backOffMs(desk.empties, DEAF_MS_MAX, random) : 0
  desk.deafUntilMs = clock.monotonicMs() + deafMs
  Object.assign(desk, { failures: 0, nonsense: 0, pausedUntilMs: 0, gatherSinceMs: undefined })
  desk.lastLookMs = clock.monotonicMs()
  desk.isRung ||= queued > 0
  desk.hasService = true
  const count = meter.session(sent, received)
  const facts = { bytes: sent ?? 0, foundBytes: received ?? 0, queued, count }
  log.info('sbd.session', { carrier: 'sbd', status, ...facts })
}

/** Nobody knows what the session did. What it has fetched is read before the next one puts something else there. */
async function findOut(desk: Desk): Promise<void> {
  const state = await desk.modem.state()
  if (state?.hasMessage === true) await fetch(desk)
}

function failed(desk: Desk, result: SbdSession | undefined): void {
  const { ports, line, talk } = desk
  const status = result?.status ?? -1
  desk.failures += 1
  desk.nonsense = result === undefined ? desk.nonsense + 1 : 0
  ports.meter.failed()
  const pause = pauseAfter(result?.status, desk.failures, ports.random)
  desk.pausedUntilMs = ports.clock.monotonicMs() + pause.ms
  const facts = { carrier: 'sbd', status, attempt: desk.failures, waitMs: pause.ms }
  if (pause.isFault) ports.log.error('sbd.fault', facts)
  else ports.log.warn('sbd.failed', facts)
  if (pause.isOver) {
    line.end()
    desk.hasService &&= desk.reportsService
  }
  if (desk.nonsense >= NONSENSE_MAX) talk.close()
}

/** Takes the message that lies in the modem. Its length; undefined when it could not be read. */
async function fetch({ modem, line, ports }: Desk): Promise<number | undefined> {
  const message = await modem.fetch()
  if (message === undefined) ports.log.warn('sbd.unread', { carrier: 'sbd' })
  else if (message.length > 0) await line.take(message)
  return message?.length
}
