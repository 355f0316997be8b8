/** What two authenticated nodes say to each other: messages in sealed, counted frames, and pings where it is too quiet. */
import type { Clock } from '#ports/clock.ts'
import { openFrame, sealFrame, type Session } from '#trust/session.ts'
import { FRAME_BYTES_MAX, parseMessage, writeMessage, type LanMessage } from './lan-message.ts'
import { openGrouping, openPace, type Pace, type Ping } from './lan-pace.ts'
import { openWatch, type WatchTask } from './lan-watch.ts'

/** A message that is not about the session itself. */
export type PeerMessage = Exclude<LanMessage, { readonly kind: 'ping' | 'pong' | 'got' }>

/** An open session, without its socket. */
export interface Talk {
  readonly say: (message: LanMessage) => void
  /**
   * Takes the next frame. Gives what it says, undefined for what needs no more attention, or what is wrong with it:
   * after that the session is of no more use.
   */
  readonly hear: (frame: Uint8Array) => PeerMessage | undefined | 'wrong-seal' | 'malformed'
  /** What may be said of parcels now. When that is nothing, `onRoom` tells that time has made room. */
  readonly allowance: Pace['allowance']
  readonly bytesPerMs: Pace['bytesPerMs']
  /** Pings the peer: it may be gone. */
  readonly probe: () => void
}

/** Where frames go, and what the watch needs. */
export interface TalkTask extends Omit<WatchTask, 'ping' | 'patienceMs'> {
  /** What was said before, in bytes, that the peer need not have got yet. */
  readonly saidBytes: number
  readonly put: (frame: Uint8Array) => void
  readonly onRoom: () => void
}

/** Talks under the keys of `session` until `ports.signal` aborts. */
export function openTalk(
  session: Session,
  task: TalkTask,
  ports: { readonly clock: Clock; readonly signal: AbortSignal },
): Talk {
  let saidCount = 0
  let heardCount = 0
  const arrived = openGrouping()
  const say = (message: LanMessage): void => {
    if ('bytes' in message && pace.needsRoundTrip() && !pings.isOut()) ping()
    const frame = sealFrame(session, saidCount, writeMessage(message))
    saidCount += 1
    watch.sent()
    if ('bytes' in message) pace.sent(frame.length)
    task.put(frame)
  }
  const ping = (): void => {
    pings.sent()
    say({ kind: 'ping' })
  }
  const answer = (message: LanMessage, frameBytes: number): void => {
    if (message.kind === 'ping') say({ kind: 'pong' })
    if (message.kind === 'got') pace.got()
    if (message.kind === 'pong') pings.answered()
    if (!('bytes' in message)) return
    pings.heardPiece()
    if (arrived(frameBytes) > 0) say({ kind: 'got' })
  }
  const pace = openPace(ports.clock, task.saidBytes)
  const pings = openPings(pace)
  const watch = openWatch({ ...task, ping, patienceMs: pace.patienceMs }, ports.clock, ports.signal)
  const ringIn = openAlarm(ports, task.onRoom)
  return {
    say,
    hear: (frame) => {
      if (frame.length > FRAME_BYTES_MAX) return 'malformed'
      const opened = openFrame(session, heardCount, frame)
      if (opened === undefined) return 'wrong-seal'
      heardCount += 1
      watch.heard()
      const message = parseMessage(opened)
      if (message === undefined) return 'malformed'
      answer(message, frame.length)
      return isForUser(message) ? message : undefined
    },
    allowance: () => {
      const allowance = pace.allowance()
      ringIn(allowance.waitMs)
      return allowance
    },
    bytesPerMs: pace.bytesPerMs,
    probe: watch.probe,
  }
}

/** Rings after so many milliseconds, once for all that ask before that. */
function openAlarm(
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  ring: () => void,
): (ms?: number) => void {
  let isSet = false
  const wait = async (ms: number): Promise<void> => {
    isSet = true
    await clock.sleep(ms, signal)
    isSet = false
    if (!signal.aborted) ring()
  }
  return (ms = Infinity) => {
    if (!isSet && ms < Infinity) void wait(ms)
  }
}

/** The pings that are out, oldest first, and what came while they were. */
interface Pings {
  readonly isOut: () => boolean
  readonly sent: () => void
  readonly answered: () => void
  readonly heardPiece: () => void
}

/** Tells `pace` of each. */
function openPings(pace: Pick<Pace, 'pinged' | 'answered'>): Pings {
  const out: { readonly ping: Ping; readonly heardPieces: number }[] = []
  let heardPieces = 0
  return {
    isOut: () => out.length > 0,
    sent: () => void out.push({ ping: pace.pinged(), heardPieces }),
    answered: () => {
      const oldest = out.shift()
      if (oldest !== undefined) pace.answered(oldest.ping, oldest.heardPieces < heardPieces)
    },
    heardPiece: () => {
      heardPieces += 1
    },
  }
}

function isForUser(message: LanMessage): message is PeerMessage {
  return message.kind !== 'ping' && message.kind !== 'pong' && message.kind !== 'got'
}
