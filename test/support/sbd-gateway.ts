/**
 * A little Iridium: emulated modems above, and below a gateway that speaks DirectIP with headquarters: it calls with what modems
 * sent, until that is confirmed, and takes what is for them. It can be down, deliver twice, refuse, and be slow.
 */
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { must } from '#base/assert.ts'
import { decodeDirectIp, directIpLength, ELEMENT, encodeDirectIp } from '#carriers/direct-ip.ts'
import { anEmulatedModem, type EmulatedModem } from './sbd-modem.ts'

/** All of it. */
export interface LittleIridium extends AsyncDisposable {
  /** Where headquarters calls. */
  readonly port: number
  /** Where headquarters is called; nothing is delivered before this is said. */
  readonly setHeadquarters: (port: number) => void
  readonly addModem: (imei: string) => Promise<EmulatedModem>
  readonly setDown: (isDown: boolean) => void
  /** What it says to messages for modems, instead of their place in the queue. */
  readonly refuseWith: (status: number | undefined) => void
  /** Everything modems send is delivered so often. */
  readonly deliver: (times: number) => void
  /** What waits for a modem. */
  readonly waiting: (imei: string) => number
  /** Messages that headquarters has confirmed. */
  readonly confirmed: () => number
}

const QUEUE_MAX = 50
const RETRY_MS = 10

/** An Iridium without modems. */
export async function aLittleIridium(): Promise<LittleIridium> {
  const queues = new Map<string, Uint8Array[]>()
  const modems = new Map<string, EmulatedModem>()
  const stop = new AbortController()
  const sockets = new Set<Socket>()
  const state = {
    headquarters: 0,
    isDown: false,
    refusal: undefined as number | undefined,
    times: 1,
    confirmed: 0,
    reference: 0,
  }
  const pending: { readonly imei: string; readonly momsn: number; readonly bytes: Uint8Array }[] =
    []

  const deliverAll = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const [next] = pending
      if (next === undefined || state.isDown || state.headquarters === 0)
        await sleep(RETRY_MS, undefined, { signal: stop.signal }).catch(() => undefined)
      else if (await call(state.headquarters, moMessage(next, (state.reference += 1)))) {
        pending.shift()
        state.confirmed += 1
      } else await sleep(RETRY_MS, undefined, { signal: stop.signal }).catch(() => undefined)
    }
  }
  const delivering = deliverAll()

  const answerMt = (message: Uint8Array): Uint8Array | undefined => {
    const elements = decodeDirectIp(message) ?? []
    const header = elements.find(({ kind }) => kind === ELEMENT.mtHeader)?.bytes
    const payload = elements.find(({ kind }) => kind === ELEMENT.mtPayload)?.bytes
    if (header === undefined) return undefined
    const [id, imei] = [header.subarray(0, 4), Buffer.from(header.subarray(4, 19)).toString()]
    const isFirst = ((header[20] ?? 0) & 0x10) !== 0
    const queue = queues.get(imei)
    const status = state.refusal ?? statusOf(queue, payload)
    if (status >= 0 && queue !== undefined && payload !== undefined) {
      if (isFirst) queue.unshift(Uint8Array.from(payload))
      else queue.push(Uint8Array.from(payload))
      modems.get(imei)?.ring()
    }
    const bytes = Buffer.concat([
      id,
      Buffer.from(imei),
      Buffer.from([0, 0, 0, 1, (status >> 8) & 255, status & 255]),
    ])
    return encodeDirectIp([{ kind: ELEMENT.mtConfirmation, bytes }])
  }
  const serve = async (socket: Socket): Promise<void> => {
    const message = await readMessage(socket)
    const answer = message && answerMt(message)
    if (answer === undefined) socket.destroy()
    else socket.end(answer)
  }
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    if (state.isDown) return void socket.destroy()
    void serve(socket)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    setHeadquarters: (port) => {
      state.headquarters = port
    },
    addModem: async (imei) => {
      queues.set(imei, [])
      const modem = await anEmulatedModem(imei, {
        up: (of, message) => {
          for (let time = 0; time < state.times; time += 1) pending.push({ imei: of, ...message })
        },
        down: (of) => queues.get(of)?.shift(),
        waiting: (of) => queues.get(of)?.length ?? 0,
      })
      modems.set(imei, modem)
      return modem
    },
    setDown: (isDown) => {
      state.isDown = isDown
    },
    refuseWith: (status) => {
      state.refusal = status
    },
    deliver: (times) => {
      state.times = times
    },
    waiting: (imei) => must(queues.get(imei), 'a modem that is there').length,
    confirmed: () => state.confirmed,
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await delivering
      for (const modem of modems.values()) await modem[Symbol.asyncDispose]()
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}

/** What the gateway says to a message of these bytes for this queue. */
function statusOf(
  queue: readonly Uint8Array[] | undefined,
  payload: Uint8Array | undefined,
): number {
  if (queue === undefined) return -2
  if (payload === undefined) return -4
  if (payload.length > 270) return -3
  return queue.length >= QUEUE_MAX ? -5 : queue.length
}

function moMessage(
  { imei, momsn, bytes }: { imei: string; momsn: number; bytes: Uint8Array },
  reference: number,
): Uint8Array {
  const header = Buffer.alloc(28)
  header.writeUInt32BE(reference, 0)
  header.write(imei, 4, 'latin1')
  header.writeUInt16BE(momsn & 0xffff, 20)
  return encodeDirectIp([
    { kind: ELEMENT.moHeader, bytes: header },
    { kind: ELEMENT.moPayload, bytes },
  ])
}

/** Whether it was confirmed. */
async function call(port: number, message: Uint8Array): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.write(message)
  const answer = await readMessage(socket)
  socket.destroy()
  const [confirmation] = (answer && decodeDirectIp(answer)) ?? []
  return confirmation?.kind === ELEMENT.moConfirmation && confirmation.bytes[0] === 1
}

function readMessage(socket: Socket): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    let came = Buffer.alloc(0)
    socket.on('error', () => resolve(undefined))
    socket.on('close', () => resolve(undefined))
    socket.on('data', (bytes: Buffer) => {
      came = Buffer.concat([came, bytes])
      const length = came.length < 3 ? undefined : directIpLength(came)
      if (length !== undefined && came.length >= length) resolve(came.subarray(0, length))
    })
  })
}
