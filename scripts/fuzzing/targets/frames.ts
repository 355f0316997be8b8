/** Readers of what comes by satellite and radio: one frame, a line that takes many, and what a gateway says. */
import { bytesFromHex } from '#base/bytes.ts'
import {
  decodeDirectIp,
  ELEMENT,
  encodeDirectIp,
  moConfirmation,
  moFrom,
  mtConfirmationFrom,
  mtMessage,
} from '#carriers/direct-ip.ts'
import { openFrameIncoming, UNFINISHED_MAX } from '#carriers/frame-incoming.ts'
import { decodeFrame, encodeFrame, FRAME_WINDOW } from '#codec/frame.ts'
import { frameVectors } from '../../../test/vectors/make-frames.ts'
import type { Target } from '../target.ts'

/** Readers of frames. */
export const FRAME_TARGETS: readonly Target[] = [
  { name: 'frame', open: openFrames },
  { name: 'frame-line', open: openLine },
  { name: 'direct-ip', open: openDirectIp },
]

function samples(): readonly Uint8Array[] {
  const { frames } = frameVectors() as { readonly frames: readonly { readonly bytes: string }[] }
  return frames.map(({ bytes }) => bytesFromHex(bytes))
}

/** What is read has one spelling. */
async function openFrames() {
  return {
    form: 'bytes' as const,
    samples: samples(),
    check: (input: Uint8Array) => {
      const frame = decodeFrame(input)
      const isSame = frame === undefined || Buffer.compare(encodeFrame(frame), input) === 0
      return isSame ? undefined : 'written again it is another'
    },
  }
}

/** One reader takes one frame after another; what it tells can be said, and is bounded. */
async function openLine() {
  let incoming = openFrameIncoming(undefined)
  return {
    form: 'bytes' as const,
    samples: samples(),
    reset: async () => {
      incoming = openFrameIncoming(undefined)
      return undefined
    },
    check: (input: Uint8Array) => {
      const frame = decodeFrame(input)
      if (frame === undefined) return undefined
      for (const received of incoming.take(frame)) {
        openFrameIncoming(received.bookmark())
        if ((received.bytes[0] ?? 0) % 3 > 0) received.settle()
      }
      if (incoming.unsettled().length > 2 * FRAME_WINDOW) return 'too much waits'
      const acks = incoming.acks(true, 340)
      if (acks === undefined) return undefined
      const told = encodeFrame({ ...frame, acks, items: [] })
      if (told.length > 172) return `${told.length} bytes to tell what came`
      if (acks.isKnown && acks.holes.length > UNFINISHED_MAX) return 'too many holes'
      return decodeFrame(told) === undefined ? 'what it tells cannot be read' : undefined
    },
  }
}

async function openDirectIp() {
  const payload = Buffer.from('payload')
  const imei = Buffer.from('300234010123450')
  return {
    form: 'bytes' as const,
    samples: [
      mtMessage({ id: 7, imei: '300234010123450', payload, flags: 0 }),
      moConfirmation(true),
      encodeDirectIp([
        { kind: ELEMENT.moHeader, bytes: Buffer.concat([Buffer.alloc(4), imei, Buffer.alloc(9)]) },
        { kind: ELEMENT.moPayload, bytes: payload },
      ]),
      encodeDirectIp([
        {
          kind: ELEMENT.mtConfirmation,
          bytes: Buffer.concat([Buffer.alloc(4), imei, Buffer.alloc(6)]),
        },
      ]),
    ],
    check: (input: Uint8Array) => {
      const elements = decodeDirectIp(input) ?? []
      const bytes = elements.reduce((sum, one) => sum + one.bytes.length, 0)
      const mo = moFrom(input)
      const said = mtConfirmationFrom(input)
      if (bytes > input.length) return 'more comes out than went in'
      if (mo !== undefined && !/^\d{15}$/.test(mo.imei)) return `a modem called ${mo.imei}`
      return said !== undefined && !/^\d{15}$/.test(said.imei) ? 'a modem' : undefined
    },
  }
}
