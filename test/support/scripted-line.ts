/** A line to nowhere: keeps what is published, and says what the test lets it say. */
import type { Line, LineMessage } from '#carriers/nats-line.ts'

/** Something published. */
interface Published {
  readonly subject: string
  readonly bytes: Uint8Array
  readonly reply: string
}

/** A line in the hands of a test. */
export interface ScriptedLine extends Line {
  readonly published: readonly Published[]
  /** Lets a message come in, to whoever listens. */
  readonly say: (message: Partial<LineMessage> & { readonly subject: string }) => void
  /** Acknowledges a publish, as JetStream does. */
  readonly acknowledge: (published: Published | undefined, seq: number) => void
  /** Pings asked for so far. */
  readonly pings: () => number
  /** Answers all pings, past and to come. */
  readonly pong: () => void
  /** Lets so many bytes come in that belong to nothing yet. */
  readonly trickle: (bytes: number) => void
}

/** A fresh line that was dialled in `dialMs`. */
export function scriptedLine(dialMs = 3_800): ScriptedLine {
  const published: Published[] = []
  const listeners: {
    readonly prefix: string
    readonly onMessage: (message: LineMessage) => void
  }[] = []
  const end = new AbortController()
  const pong = Promise.withResolvers<boolean>()
  const state = { bytesRead: 0, pings: 0 }
  const say: ScriptedLine['say'] = (message) => {
    const whole = { status: 0, header: () => undefined, bytes: new Uint8Array(), ...message }
    state.bytesRead += whole.bytes.length + 30
    for (const { prefix, onMessage } of listeners)
      if (whole.subject.startsWith(prefix)) onMessage(whole)
  }
  return {
    serverId: 'SCRIPTED',
    version: [2, 9],
    payloadBytesMax: 65_536,
    dialMs,
    published,
    publish: (subject, bytes, reply) => void published.push({ subject, bytes, reply }),
    listen: (subject, onMessage) =>
      void listeners.push({ prefix: subject.replace(/\*.*$/, ''), onMessage }),
    ping: () => {
      state.pings += 1
      return pong.promise
    },
    bytesRead: () => state.bytesRead,
    turns: () => published.length,
    drop: () => {
      pong.resolve(false)
      end.abort()
    },
    over: end.signal,
    say,
    acknowledge: (to, seq) =>
      say({ subject: to?.reply ?? '', bytes: Buffer.from(`{"stream":"a","seq":${seq}}`) }),
    pings: () => state.pings,
    pong: () => {
      state.bytesRead += 6
      pong.resolve(true)
    },
    trickle: (bytes) => {
      state.bytesRead += bytes
    },
  }
}
