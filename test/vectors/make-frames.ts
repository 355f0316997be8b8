/** The golden vectors of frames: each with what it says. */
import { hexFromBytes } from '#base/bytes.ts'
import { checkOf, encodeFrame, type Frame } from '#codec/frame.ts'

const envelope = Uint8Array.from({ length: 400 }, (_, at) => (at * 7) & 255)
const small = envelope.subarray(0, 5)
const plain = { tag: 0x123, isFresh: false, isAnswerWanted: false }

const FRAMES: Readonly<Record<string, Frame>> = {
  'one envelope': { ...plain, isFresh: true, items: [{ kind: 'whole', number: 0, bytes: small }] },
  'two envelopes': {
    ...plain,
    items: [
      { kind: 'whole', number: 126, bytes: small },
      { kind: 'whole', number: 127, bytes: envelope.subarray(5, 8) },
    ],
  },
  'the beginning of a large one': {
    ...plain,
    items: [
      {
        kind: 'first',
        number: 3,
        total: envelope.length,
        check: checkOf(envelope),
        bytes: envelope.subarray(0, 12),
      },
    ],
  },
  'what follows it, and another': {
    ...plain,
    items: [
      { kind: 'more', number: 3, offset: 390, bytes: envelope.subarray(390) },
      { kind: 'whole', number: 4, bytes: small },
    ],
  },
  'an answer': {
    ...plain,
    acks: { tag: 0x7ff, isKnown: true, base: 9, settled: [], holes: [] },
    items: [],
  },
  'an answer with holes': {
    ...plain,
    acks: {
      tag: 0x456,
      isKnown: true,
      base: 100,
      settled: [1, 3, 9],
      holes: [
        {
          number: 100,
          gaps: [
            { from: 0, length: 10 },
            { from: 300, length: 0 },
          ],
        },
        { number: 104, gaps: [] },
      ],
    },
    items: [{ kind: 'whole', number: 1, bytes: small }],
  },
  'a question': { ...plain, isAnswerWanted: true, items: [] },
  'an envelope given up': {
    ...plain,
    items: [{ kind: 'whole', number: 5, bytes: new Uint8Array(0) }],
  },
  'a stream that is unknown': { ...plain, acks: { tag: 1, isKnown: false }, items: [] },
}

/** Frames by what they are for. */
export function frameVectors(): Readonly<Record<string, unknown>> {
  return {
    envelope: hexFromBytes(envelope),
    frames: Object.entries(FRAMES).map(([name, frame]) => ({
      name,
      says: JSON.parse(
        JSON.stringify(frame, (_, value: unknown) =>
          value instanceof Uint8Array ? hexFromBytes(value) : value,
        ),
      ) as unknown,
      bytes: hexFromBytes(encodeFrame(frame)),
    })),
  }
}
