/**
 * DirectIP: how the Iridium gateway hands over what modems sent, and takes what is for them. A message is a revision, a length
 * and elements, each a kind, a length and its bytes; numbers have their most significant byte first.
 *
 * From the gateway (MO): header 0x01, payload 0x02, location 0x03; back: confirmation 0x05. To it (MT): header 0x41, payload 0x42;
 * back: confirmation 0x44.
 */
import {
  bytesFromText,
  byteReader,
  byteWriter,
  MalformedBytes,
  textFromBytes,
} from '#base/bytes.ts'

/** One element of a message. */
export interface DirectIpElement {
  readonly kind: number
  readonly bytes: Uint8Array
}

/** What a modem sent. Without a payload its session sent nothing. */
export interface MoMessage {
  readonly imei: string
  /** 0 to 2: the session went well. */
  readonly status: number
  readonly momsn: number
  readonly payload: Uint8Array | undefined
}

/** What became of a message for a modem: its place in the queue from 0, or below 0 why not. */
export interface MtConfirmation {
  readonly id: number
  readonly imei: string
  readonly status: number
}

/** Bytes before the elements. */
export const DIRECT_IP_HEAD_BYTES = 3
/** Goes before what already waits for the modem. */
export const MT_HIGH_PRIORITY = 0x10

/** Kinds of elements. */
export const ELEMENT = {
  moHeader: 0x01,
  moPayload: 0x02,
  moConfirmation: 0x05,
  mtHeader: 0x41,
  mtPayload: 0x42,
  mtConfirmation: 0x44,
} as const

const REVISION = 1
const IMEI_BYTES = 15

/** A whole message. */
export function encodeDirectIp(elements: readonly DirectIpElement[]): Uint8Array {
  const length = elements.reduce((sum, { bytes }) => sum + 3 + bytes.length, 0)
  const out = byteWriter()
  out.byte(REVISION)
  put(out.byte, length, 2)
  for (const { kind, bytes } of elements) {
    out.byte(kind)
    put(out.byte, bytes.length, 2)
    out.raw(bytes)
  }
  return out.bytes()
}

/** How long the message is that begins so, its head included; undefined when it is none. */
export function directIpLength(head: Uint8Array): number | undefined {
  const [revision, high = 0, low = 0] = head
  return revision === REVISION ? DIRECT_IP_HEAD_BYTES + high * 256 + low : undefined
}

/** The elements of a message; undefined when it is none. */
export function decodeDirectIp(message: Uint8Array): readonly DirectIpElement[] | undefined {
  return reading(() => {
    if (directIpLength(message) !== message.length) return undefined
    const input = byteReader(message.subarray(DIRECT_IP_HEAD_BYTES))
    const elements: DirectIpElement[] = []
    while (input.left() > 0)
      elements.push({ kind: input.byte(), bytes: input.raw(get(input.byte, 2)) })
    return elements
  })
}

/** What a modem sent, by its message; undefined when it says nothing of the kind. */
export function moFrom(message: Uint8Array): MoMessage | undefined {
  const elements = decodeDirectIp(message)
  const header = elements?.find(({ kind }) => kind === ELEMENT.moHeader)
  if (header === undefined) return undefined
  return reading(() => {
    const input = byteReader(header.bytes)
    input.raw(4) // the gateway's reference
    const imei = imeiFrom(input.raw(IMEI_BYTES))
    const status = input.byte()
    const momsn = get(input.byte, 2)
    if (imei === undefined) return undefined
    const payload = elements?.find(({ kind }) => kind === ELEMENT.moPayload)?.bytes
    return { imei, status, momsn, payload }
  })
}

/** The answer to what a modem sent. */
export function moConfirmation(isTaken: boolean): Uint8Array {
  return encodeDirectIp([{ kind: ELEMENT.moConfirmation, bytes: Uint8Array.of(isTaken ? 1 : 0) }])
}

/** A message for a modem. `id` comes back with the confirmation. */
export function mtMessage(mt: {
  readonly id: number
  readonly imei: string
  readonly payload: Uint8Array
  readonly flags: number
}): Uint8Array {
  const header = byteWriter()
  put(header.byte, mt.id, 4)
  header.raw(bytesFromText(mt.imei))
  put(header.byte, mt.flags, 2)
  return encodeDirectIp([
    { kind: ELEMENT.mtHeader, bytes: header.bytes() },
    { kind: ELEMENT.mtPayload, bytes: mt.payload },
  ])
}

/** What the gateway says to a message for a modem; undefined when it says nothing of the kind. */
export function mtConfirmationFrom(message: Uint8Array): MtConfirmation | undefined {
  const found = decodeDirectIp(message)?.find(({ kind }) => kind === ELEMENT.mtConfirmation)
  if (found === undefined) return undefined
  return reading(() => {
    const input = byteReader(found.bytes)
    const id = get(input.byte, 4)
    const imei = imeiFrom(input.raw(IMEI_BYTES))
    input.raw(4) // the gateway's reference
    const status = get(input.byte, 2)
    if (imei === undefined) return undefined
    return { id, imei, status: status < 0x8000 ? status : status - 0x10000 }
  })
}

function imeiFrom(bytes: Uint8Array): string | undefined {
  const text = textFromBytes(bytes)
  return /^\d{15}$/.test(text) ? text : undefined
}

function put(byte: (value: number) => void, value: number, count: number): void {
  for (let at = count - 1; at >= 0; at -= 1) byte(Math.floor(value / 256 ** at) & 255)
}

function get(byte: () => number, count: number): number {
  let value = 0
  for (let at = 0; at < count; at += 1) value = value * 256 + byte()
  return value
}

function reading<T>(read: () => T | undefined): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
}
