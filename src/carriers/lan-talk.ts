/** What two authenticated nodes say to each other: messages in sealed, counted frames, and pings where it is too quiet. */
import type { Clock } from '#ports/clock.ts'
import { openFrame, sealFrame, type Session } from '#trust/session.ts'
import { FRAME_BYTES_MAX, parseMessage, writeMessage, type LanMessage } from './lan-message.ts'
import { ACKNOWLEDGED_BYTES_MIN, openPace, type Allowance } from './lan-pace.ts'
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
  /** What may be said of parcels now. */
  readonly allowance: () => Allowance
  /** Pings the peer: it may be gone. */
  readonly probe: () => void
}

/** Where frames go, and what the watch needs. */
export interface TalkTask extends Omit<WatchTask, 'ping'> {
  readonly put: (frame: Uint8Array) => void
}

/** Talks under the keys of `session` until `ports.signal` aborts. */
export function openTalk(
  session: Session,
  task: TalkTask,
  ports: { readonly clock: Clock; readonly signal: AbortSignal },
): Talk {
  let saidCount = 0
  let heardCount = 0
  const say = (message: LanMessage): void => {
    const frame = sealFrame(session, saidCount, writeMessage(message))
    saidCount += 1
    watch.sent(frame.length)
    if ('bytes' in message) pace.sent(message.bytes.length)
    task.put(frame)
  }
  const ping = (): void => say({ kind: 'ping' })
  const pace = openPace(ports.clock)
  const watch = openWatch({ ...task, ping }, ports.clock, ports.signal)
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
      if (message.kind === 'ping') say({ kind: 'pong' })
      if (message.kind === 'got') pace.got()
      if ('bytes' in message && message.bytes.length >= ACKNOWLEDGED_BYTES_MIN) say({ kind: 'got' })
      return isForUser(message) ? message : undefined
    },
    allowance: pace.allowance,
    probe: watch.probe,
  }
}

function isForUser(message: LanMessage): message is PeerMessage {
  return message.kind !== 'ping' && message.kind !== 'pong' && message.kind !== 'got'
}
