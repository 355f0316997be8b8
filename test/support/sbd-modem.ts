/**
 * An emulated modem for short burst data, behind TCP as at a serial server, written from the public command set. It can be out of
 * sight, fail with any status, be slow, answer in halves, talk nonsense or not at all, ring, and lose its power.
 */
import { createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Where its messages go and come from. */
export interface Sky {
  /** A message has reached the gateway. */
  readonly up: (
    imei: string,
    message: { readonly momsn: number; readonly bytes: Uint8Array },
  ) => void
  /** The next message for it. */
  readonly down: (imei: string) => Uint8Array | undefined
  readonly waiting: (imei: string) => number
}

/** One session as it went. */
export interface Flown {
  readonly status: number
  readonly sent: Uint8Array | undefined
  readonly received: Uint8Array | undefined
}

/** How it talks. */
export type Manner = 'plain' | 'halves' | 'nonsense' | 'mute'

/** The modem in the hands of a test. */
export interface EmulatedModem extends AsyncDisposable {
  readonly port: number
  readonly imei: string
  /** All sessions so far, failed ones included. */
  readonly flown: readonly Flown[]
  /** All commands so far. */
  readonly commands: readonly string[]
  readonly setSight: (inSight: boolean) => void
  /** The next sessions end with these. */
  readonly failWith: (...statuses: readonly number[]) => void
  /** The next sessions are told to have failed, though the gateway has what they sent. */
  readonly loseAnswers: (count: number) => void
  readonly setManner: (manner: Manner) => void
  /** How long a session takes, in real milliseconds. */
  readonly setSessionMs: (ms: number) => void
  /** Something waits for it. */
  readonly ring: () => void
  /** Everybody who is connected is cut off, and both buffers are empty. */
  readonly cutPower: () => void
  /** Everybody who is connected is cut off; the buffers stay. */
  readonly unplug: () => void
  /** Resolves before the next session begins, which then waits until `go` is called. */
  readonly holdSession: () => { readonly reached: Promise<void>; readonly go: () => void }
}

interface State {
  mo: Uint8Array | undefined
  mt: Uint8Array | undefined
  momsn: number
  mtmsn: number
  isEchoing: boolean
  tellsRings: boolean
  reportsService: boolean
  inSight: boolean
  hasAlert: boolean
  sessionMs: number
  manner: Manner
  lost: number
}

const READY = /^AT\+SBDWB=(\d+)$/

/** A modem in sight of `sky`. */
export async function anEmulatedModem(imei: string, sky: Sky): Promise<EmulatedModem> {
  const state: State = {
    mo: undefined,
    mt: undefined,
    momsn: 0,
    mtmsn: 0,
    isEchoing: true,
    tellsRings: false,
    reportsService: false,
    inSight: true,
    hasAlert: false,
    sessionMs: 0,
    manner: 'plain',
    lost: 0,
  }
  const flown: Flown[] = []
  const commands: string[] = []
  const failures: number[] = []
  const sockets = new Set<Socket>()
  let held: { readonly reached: PromiseWithResolvers<void>; readonly go: Promise<void> } | undefined

  const say = async (socket: Socket, bytes: Uint8Array | string): Promise<void> => {
    const all = Buffer.from(bytes)
    if (state.manner === 'mute') return
    if (state.manner === 'nonsense') return void socket.write(Buffer.from(all).fill(0x55))
    if (state.manner === 'plain') return void socket.write(all)
    socket.write(all.subarray(0, all.length >> 1))
    await sleep(2)
    socket.write(all.subarray(all.length >> 1))
  }
  const tellAll = (line: string): void => {
    for (const socket of sockets) void say(socket, `\r\n${line}\r\n`)
  }
  const fly = (): Flown => {
    const status = state.inSight ? (failures.shift() ?? 0) : 32
    if (status > 4) return { status, sent: undefined, received: undefined }
    const sent = state.mo
    if (sent !== undefined) sky.up(imei, { momsn: state.momsn, bytes: sent })
    state.momsn += 1
    if (state.lost > 0) {
      state.lost -= 1
      return { status: 18, sent, received: undefined }
    }
    const received = sky.down(imei)
    state.hasAlert = false
    if (received !== undefined) {
      state.mt = received
      state.mtmsn += 1
    }
    return { status, sent, received }
  }
  const session = async (): Promise<string> => {
    const hold = held
    held = undefined
    hold?.reached.resolve()
    await hold?.go
    await sleep(state.sessionMs)
    const one = fly()
    flown.push(one)
    const mt = one.status > 4 ? 2 : one.received === undefined ? 0 : 1
    const queued = one.status > 4 ? 0 : sky.waiting(imei)
    const numbers = [one.status, state.momsn, mt, state.mtmsn, one.received?.length ?? 0, queued]
    return `+SBDIX: ${numbers.join(', ')}`
  }
  const answers: Readonly<Record<string, () => string | Promise<string>>> = {
    AT: () => '',
    ATE0: () => {
      state.isEchoing = false
      return ''
    },
    'AT&K0': () => '',
    'AT+SBDMTA=1': () => {
      state.tellsRings = true
      return ''
    },
    'AT+CIER=1,0,1': () => {
      state.reportsService = true
      return ''
    },
    'AT+CSQ': () => `+CSQ:${state.inSight ? 4 : 0}`,
    'AT+CRIS': () => `+CRIS:000,${state.hasAlert ? '001' : '000'}`,
    'AT+SBDSX': () => {
      const flags = [state.mo ? 1 : 0, state.momsn, state.mt ? 1 : 0, state.mtmsn]
      return `+SBDSX: ${[...flags, state.hasAlert ? 1 : 0, 0].join(', ')}`
    },
    'AT+SBDD0': () => {
      state.mo = undefined
      return '0'
    },
    'AT+SBDIX': session,
    'AT+SBDIXA': session,
  }
  const take = async (socket: Socket, line: string): Promise<number> => {
    commands.push(line)
    if (state.isEchoing) await say(socket, `${line}\r`)
    const length = Number(READY.exec(line)?.[1] ?? 0)
    if (length > 340) await say(socket, '\r\n3\r\n\r\nOK\r\n')
    else if (length > 0) {
      await say(socket, '\r\nREADY\r\n')
      return length + 2
    } else if (line === 'AT+SBDRB') {
      const bytes = state.mt ?? new Uint8Array(0)
      const head = Buffer.from([bytes.length >> 8, bytes.length & 255])
      await say(socket, Buffer.concat([head, bytes, sumOf(bytes), Buffer.from('\r\nOK\r\n')]))
    } else {
      const said = await answers[line]?.()
      await say(socket, said === undefined ? '\r\nERROR\r\n' : lines(said))
    }
    return 0
  }
  const store = (message: Buffer): string => {
    const bytes = message.subarray(0, -2)
    if (!sumOf(bytes).equals(message.subarray(-2))) return lines('2')
    state.mo = Uint8Array.from(bytes)
    return lines('0')
  }
  const serve = async (socket: Socket): Promise<void> => {
    let came = Buffer.alloc(0)
    let wanted = 0
    for await (const bytes of socket as AsyncIterable<Buffer>) {
      came = Buffer.concat([came, bytes])
      for (;;) {
        if (wanted > 0) {
          if (came.length < wanted) break
          await say(socket, store(came.subarray(0, wanted)))
          came = came.subarray(wanted)
          wanted = 0
        }
        const end = came.indexOf(13)
        if (end < 0) break
        const line = came.subarray(0, end).toString('latin1')
        came = came.subarray(end + 1)
        wanted = await take(socket, line)
      }
    }
  }
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    serve(socket).catch(() => socket.destroy())
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const unplug = (): void => {
    for (const socket of sockets) socket.destroy()
    state.isEchoing = true
    state.tellsRings = false
    state.reportsService = false
  }
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    imei,
    flown,
    commands,
    setSight: (inSight) => {
      state.inSight = inSight
      if (state.reportsService) tellAll(`+CIEV:1,${inSight ? 1 : 0}`)
      if (inSight && state.hasAlert && state.tellsRings) tellAll('SBDRING')
    },
    failWith: (...statuses) => void failures.push(...statuses),
    loseAnswers: (count) => {
      state.lost = count
    },
    setManner: (manner) => {
      state.manner = manner
    },
    setSessionMs: (ms) => {
      state.sessionMs = ms
    },
    ring: () => {
      state.hasAlert = true
      if (state.inSight && state.tellsRings) tellAll('SBDRING')
    },
    cutPower: () => {
      state.mo = undefined
      state.mt = undefined
      unplug()
    },
    unplug,
    holdSession: () => {
      const reached = Promise.withResolvers<void>()
      const go = Promise.withResolvers<void>()
      held = { reached, go: go.promise }
      return { reached: reached.promise, go: () => go.resolve() }
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}

function lines(said: string): string {
  return `${said === '' ? '' : `\r\n${said}\r\n`}\r\nOK\r\n`
}

function sumOf(bytes: Uint8Array): Buffer {
  const sum = bytes.reduce((all, byte) => all + byte, 0) & 0xffff
  return Buffer.from([sum >> 8, sum & 255])
}
