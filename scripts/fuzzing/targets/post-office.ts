/** Readers of what a post office answers: it belongs to nobody we trust. */
import { bytesFromText, textFromBytes } from '#base/bytes.ts'
import { apiErrorOf, findingOf, jsonOf, verdictOf } from '#carriers/nats-answer.ts'
import type { LineMessage } from '#carriers/nats-line.ts'
import { bytesFromPlace, NOWHERE, placeFromBytes, withMark } from '#carriers/nats-place.ts'
import { bytesFromReadings, readingsFromBytes } from '#carriers/nats-shelf-books.ts'
import { isOwnSubject, subjectOf } from '#carriers/nats-subject.ts'
import type { Target } from '../target.ts'

/** Readers of answers, subjects and the noted places. */
export const POST_OFFICE_TARGETS: readonly Target[] = [
  { name: 'nats-answer', open: openAnswers },
  { name: 'nats-header', open: openHeaders },
  { name: 'nats-place', open: openPlaces },
  { name: 'nats-readings', open: openReadings },
  { name: 'nats-subject', open: openSubjects },
]

const ADDRESS = { workspace: 'rf', nodeNumber: 7, epoch: 'k3x9' }

function json(value: unknown): Uint8Array {
  return bytesFromText(JSON.stringify(value))
}

async function openAnswers() {
  return {
    form: 'json' as const,
    samples: [
      json({ stream: 'rf', seq: 7 }),
      json({
        error: {
          code: 503,
          err_code: 10_077,
          description: 'maximum messages per subject exceeded',
        },
      }),
      json({ type: 'io.nats.jetstream.api.v1.stream_info_response', config: { name: 'rf' } }),
    ],
    check: (input: Uint8Array) => {
      const answer: LineMessage = {
        subject: 'r.7.1',
        status: 0,
        header: () => undefined,
        bytes: input,
      }
      const verdict = verdictOf(answer)
      apiErrorOf(jsonOf(answer))
      return verdict.kind === 'stored' && !Number.isSafeInteger(verdict.seq)
        ? 'no number'
        : undefined
    },
  }
}

/** A JSON object of headers. */
async function openHeaders() {
  const headers = {
    'Nats-Sequence': '12',
    'Nats-Subject': 'rf.1.7.k3x91',
    'Nats-Time-Stamp': '2026',
  }
  return {
    form: 'json' as const,
    samples: [json(headers), json({ status: 404 })],
    check: (input: Uint8Array) => {
      const read = jsonOf({ subject: '', status: 0, header: () => undefined, bytes: input })
      const header = (name: string): string | undefined =>
        Object.hasOwn(read, name)
          ? (JSON.stringify(read[name]) ?? '').replaceAll('"', '')
          : undefined
      const finding = findingOf({ subject: '', status: 0, header, bytes: input })
      if (finding.kind !== 'found') return undefined
      isOwnSubject(ADDRESS, finding.mark.subject)
      return Number.isSafeInteger(finding.mark.seq) ? undefined : `a mark at ${finding.mark.seq}`
    },
  }
}

async function openPlaces() {
  const mark = { seq: 7, subject: 'rf.1.7.k3x91', storedAt: '2026' }
  const place = { ...NOWHERE, cursor: 7, marks: [mark], servers: ['a'], accepted: ['b'] }
  return {
    form: 'json' as const,
    samples: [bytesFromPlace(NOWHERE), bytesFromPlace({ ...place, streamMadeAt: '2026' })],
    check: (input: Uint8Array) => {
      const read = placeFromBytes(input)
      if (read === undefined) return undefined
      withMark(read.marks, mark)
      const again = placeFromBytes(bytesFromPlace(read))
      return JSON.stringify(again) === JSON.stringify(read)
        ? undefined
        : 'written again it is another'
    },
  }
}

async function openReadings() {
  return {
    form: 'json' as const,
    samples: [bytesFromReadings([]), bytesFromReadings([['AAAAAA', 7, 'k3x9q2A-b_c']])],
    check: (input: Uint8Array) => {
      const read = readingsFromBytes(input)
      if (read === undefined) return undefined
      const again = readingsFromBytes(bytesFromReadings(read))
      return JSON.stringify(again) === JSON.stringify(read)
        ? undefined
        : 'written again it is another'
    },
  }
}

async function openSubjects() {
  return {
    form: 'text' as const,
    samples: [0, 35, 2 ** 40].map((number) => bytesFromText(subjectOf(ADDRESS, 'flash', number))),
    check: (input: Uint8Array) => {
      const subject = textFromBytes(input)
      const [, , node = '', parcel = ''] = subject.split('.')
      const isOwn = isOwnSubject(ADDRESS, subject)
      return isOwn && (node !== '7' || !parcel.startsWith('k3x9')) ? 'it is another’s' : undefined
    },
  }
}
