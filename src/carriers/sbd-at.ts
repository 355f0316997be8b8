/**
 * The talk with a modem: a command, lines, a last word; in between what it says unasked, and bytes of a message without any
 * frame around them. Whatever a modem sends, nothing here grows or throws: what makes no sense is no answer in time.
 */
import type { Socket } from 'node:net'
import { concatBytes } from '#base/bytes.ts'
import type { Clock } from '#ports/clock.ts'

/** What became of a command. */
export type AtReply =
  | { readonly ok: true; readonly lines: readonly string[] }
  | { readonly ok: false; readonly reason: 'error' | 'silence' | 'closed' }

/** The talk. One command at a time. */
export interface AtTalk {
  readonly command: (text: string, waitMs: number) => Promise<AtReply>
  /** Waits for this line instead of a last word, as before bytes that are to follow. */
  readonly prompt: (text: string, wanted: string, waitMs: number) => Promise<AtReply>
  /** Sends bytes as they are; the answer is lines and a last word. */
  readonly bytes: (bytes: Uint8Array, waitMs: number) => Promise<AtReply>
  /** A command that is answered by bytes: two of length, the message, two of checksum. Undefined when they do not fit together. */
  readonly message: (text: string, waitMs: number) => Promise<Uint8Array | undefined>
  readonly isClosed: () => boolean
  readonly close: () => void
}

/** Checksum of a message: the sum of its bytes, modulo 65,536. */
export function sbdChecksum(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => (sum + byte) & 0xffff, 0)
}

/** Longest line and message that a modem sends; more is noise. */
const NOISE_BYTES = 4_096
const LINES_MAX = 64
const TAIL_MS = 500
const CR = 13
const LF = 10

/** What a command waits for, and what has come of it. */
interface Waiting {
  /** A line that ends it, instead of the last word. */
  readonly wanted: string | undefined
  readonly lines: string[]
  readonly isMessage: boolean
  readonly resolve: (reply: AtReply | Uint8Array | undefined) => void
}

interface Talk {
  readonly socket: Socket
  readonly clock: Clock
  readonly onNews: (line: string) => void
  came: Uint8Array
  waiting: Waiting | undefined
  isClosed: boolean
}

/** Begins to listen. `onNews` hears every line that nobody asked for, and `closed` at the end. */
export function openAtTalk(socket: Socket, clock: Clock, onNews: (line: string) => void): AtTalk {
  const came: Uint8Array = new Uint8Array(0)
  const talk: Talk = { socket, clock, onNews, came, waiting: undefined, isClosed: false }
  const onClose = (): void => {
    if (talk.isClosed) return
    talk.isClosed = true
    done(talk, talk.waiting?.isMessage === true ? undefined : { ok: false, reason: 'closed' })
    onNews('closed')
  }
  socket.on('data', (bytes: Uint8Array) => {
    talk.came = concatBytes(talk.came, bytes)
    while (readOne(talk));
  })
  socket.on('error', () => socket.destroy())
  socket.on('end', onClose)
  socket.on('close', onClose)
  return {
    command: async (text, waitMs) => replyOf(await ask(talk, lineOf(text), { waitMs })),
    prompt: async (text, wanted, waitMs) =>
      replyOf(await ask(talk, lineOf(text), { wanted, waitMs })),
    bytes: async (bytes, waitMs) => replyOf(await ask(talk, bytes, { waitMs })),
    message: async (text, waitMs) => {
      const reply = await ask(talk, lineOf(text), { isMessage: true, waitMs })
      if (!(reply instanceof Uint8Array)) return undefined
      // By the books nothing follows; some say OK all the same, which must not pass for the next command's.
      await ask(talk, new Uint8Array(0), { waitMs: TAIL_MS })
      return reply
    },
    isClosed: () => talk.isClosed,
    close: () => {
      socket.destroy()
      onClose()
    },
  }
}

/** Says something, and waits for what comes of it. */
async function ask(
  talk: Talk,
  bytes: Uint8Array,
  want: { readonly wanted?: string; readonly isMessage?: boolean; readonly waitMs: number },
): Promise<AtReply | Uint8Array | undefined> {
  const { wanted, isMessage = false, waitMs } = want
  const silence = { ok: false, reason: 'silence' } as const
  if (talk.isClosed) return isMessage ? undefined : { ok: false, reason: 'closed' }
  const answer = Promise.withResolvers<AtReply | Uint8Array | undefined>()
  talk.waiting = { wanted, lines: [], isMessage, resolve: answer.resolve }
  talk.socket.write(bytes)
  const over = new AbortController()
  const watch = async (): Promise<void> => {
    await talk.clock.sleep(waitMs, over.signal)
    if (over.signal.aborted) return
    talk.came = new Uint8Array(0)
    done(talk, isMessage ? undefined : silence)
  }
  const watching = watch()
  const reply = await answer.promise
  over.abort()
  await watching
  return reply
}

function done(talk: Talk, reply: AtReply | Uint8Array | undefined): void {
  const { resolve } = talk.waiting ?? {}
  talk.waiting = undefined
  resolve?.(reply)
}

/** Takes a line or a message out of what came. False while there is none. */
function readOne(talk: Talk): boolean {
  const { came } = talk
  const [first = CR] = came
  // The first byte of a length is 0 to 7, that of a line never is.
  if (talk.waiting?.isMessage === true && first < LF) {
    const message = messageIn(came)
    if (message === 'more') return false
    talk.came = came.subarray(message?.size ?? came.length)
    done(talk, message?.bytes)
    return true
  }
  const end = came.findIndex((byte) => byte === CR || byte === LF)
  if (end < 0) {
    if (came.length > NOISE_BYTES) talk.came = new Uint8Array(0)
    return false
  }
  talk.came = came.subarray(end + 1)
  hear(talk, Buffer.from(came.subarray(0, end)).toString('latin1').trim())
  return true
}

function hear(talk: Talk, line: string): void {
  const { waiting } = talk
  if (line === '' || line.startsWith('AT')) return // an echo
  if (isNews(line) || waiting === undefined) return talk.onNews(line)
  const { wanted = 'OK', lines, isMessage } = waiting
  if (line === wanted) return done(talk, { ok: true, lines })
  if (line === 'ERROR') return done(talk, isMessage ? undefined : { ok: false, reason: 'error' })
  if (lines.length < LINES_MAX) lines.push(line)
}

function replyOf(reply: AtReply | Uint8Array | undefined): AtReply {
  return reply === undefined || reply instanceof Uint8Array
    ? { ok: false, reason: 'silence' }
    : reply
}

function lineOf(text: string): Uint8Array {
  return Buffer.from(`${text}\r`, 'latin1')
}

/** What a modem says without being asked. */
function isNews(line: string): boolean {
  return line === 'SBDRING' || line.startsWith('+CIEV:')
}

/** A message at the beginning of what came, and how much it takes; undefined when its checksum is another. */
function messageIn(
  came: Uint8Array,
): { readonly bytes: Uint8Array; readonly size: number } | undefined | 'more' {
  const [high = 0, low = 0] = came
  const length = high * 256 + low
  if (came.length < length + 4) return 'more'
  const bytes = came.slice(2, length + 2)
  const [sumHigh = 0, sumLow = 0] = came.subarray(length + 2)
  return sumHigh * 256 + sumLow === sbdChecksum(bytes) ? { bytes, size: length + 4 } : undefined
}
