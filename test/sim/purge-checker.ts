/**
 * Promise 8: once a node has carried out an order, no key of its disk holds the text, and it never comes back; nor is a parcel cut
 * that holds it. Looked at whenever a batch is synced: all of the disk when more was purged there than before, otherwise what
 * was written. Texts are known by their markers, as people wrote them.
 */
import type { DocumentId } from '#base/ids.ts'
import { loadDocument } from '#model/document.ts'
import { isIn, type Stub } from '#model/stub.ts'
import type { MessageRecord } from '#model/view.ts'
import type { Entry, Write } from '#ports/store.ts'
import { unpack, type DocumentRecord, type ParcelRecord } from '#sync/records.ts'
import { EVERYTHING } from './disk.ts'
import type { Member } from './fleet.ts'
import type { SimOptions } from './options.ts'
import type { Marks } from './trace.ts'
import type { Verdict } from './verdict.ts'

/** Watches all disks of a world. */
export interface PurgeChecker {
  readonly onSynced: (member: Member, writes: readonly Write[]) => void
  /** Looks through a whole disk. */
  readonly check: (member: Member) => void
}

/** What is checked with. */
export interface PurgeGround {
  readonly verdict: Verdict
  readonly marks: Marks
  readonly options: SimOptions
}

interface Place {
  readonly document: DocumentId
  readonly actor: MessageRecord['actor']
  readonly seq: number
}

const DOCUMENT = 'doc/'
const SNAPSHOT = 'snap/'
const PARCEL = 'fly/'
const MESSAGE = 'view/post/'
/** What is sealed for somebody else, or waits for a key: nobody can tell what is in it. Blocks of the index follow soon. */
const SHUT = /^(?:wait|park|search)\//

/** Nothing is purged yet. */
export function openPurgeChecker({ verdict, marks, options }: PurgeGround): PurgeChecker {
  /** Where the message with a number stands; one that was written again in a new life stands twice, and is not looked for. */
  const places = new Map<number, Place | 'several'>()
  const stubs = new Map<Member, Map<DocumentId, readonly Stub[]>>()
  const mayComeBack = options.also.length > 0

  const learn = (value: Uint8Array): void => {
    const message = unpack<MessageRecord>(value)
    const [number] = message === undefined ? [] : numbersOf(Buffer.from(message.body))
    if (message === undefined || number === undefined) return
    const { document, actor, seq } = message
    const known = places.get(number)
    if (known === undefined) places.set(number, { document, actor, seq })
    else if (known !== 'several' && (known.actor !== actor || known.seq !== seq))
      places.set(number, 'several')
  }
  const isGone = (member: Member, number: number): boolean => {
    const place = places.get(number)
    if (place === undefined || place === 'several') return false
    const known = stubs.get(member)?.get(place.document) ?? []
    return known.some((stub) => isIn(stub, place))
  }
  const fail = (member: Member, key: string, what: string): void =>
    verdict.fail({
      broken: 'promise 8: purged is gone',
      where: member.name,
      wanted: 'nothing of what was purged there',
      found: `${what} in ${key}`,
    })
  const look = (member: Member, [key, value]: Entry): void => {
    if (SHUT.test(key)) return
    const own = stubs.get(member)
    if (key.startsWith(PARCEL)) {
      const record = unpack<ParcelRecord>(value)
      if (record !== undefined && record.bytes.length > 0 && holds(record, own))
        fail(member, key, 'a parcel with it')
      return
    }
    for (const text of textsIn(key, value, own))
      for (const number of numbersOf(text))
        if (isGone(member, number)) fail(member, key, `message ${number}`)
  }
  const check = (member: Member): void => {
    for (const entry of member.disk.durable(EVERYTHING)) look(member, entry)
  }

  return {
    onSynced: (member, writes) => {
      if (mayComeBack || member.capturedAt !== undefined) return
      let isMore = false
      for (const { key, value } of writes) {
        if (value === undefined) continue
        if (key.startsWith(MESSAGE)) learn(value)
        if (!key.startsWith(DOCUMENT)) continue
        const next = unpack<DocumentRecord>(value)?.stubs
        if (next === undefined) continue
        const known = stubs.get(member) ?? new Map<DocumentId, readonly Stub[]>()
        stubs.set(member, known)
        const document = key.slice(DOCUMENT.length) as DocumentId
        isMore ||= JSON.stringify(known.get(document)) !== JSON.stringify(next)
        known.set(document, next)
      }
      if (isMore) {
        marks.count('purge.carried-out')
        check(member)
      } else if (stubs.has(member))
        for (const { key, value } of writes) if (value !== undefined) look(member, [key, value])
    },
    check: (member) => {
      if (!mayComeBack && member.capturedAt === undefined) check(member)
    },
  }
}

function holds(
  { document, first, clock }: ParcelRecord,
  known: ReadonlyMap<DocumentId, readonly Stub[]> | undefined,
): boolean {
  const stubs = (document === undefined ? undefined : known?.get(document)) ?? []
  return stubs.some(({ actor, from, to }) => {
    const start = first[actor] ?? Infinity
    return start <= to && from <= (clock[actor] ?? 0)
  })
}

/** A value as it lies there, and what a snapshot holds. */
function textsIn(
  key: string,
  value: Uint8Array,
  known: ReadonlyMap<DocumentId, readonly Stub[]> | undefined,
): readonly Uint8Array[] {
  if (!key.startsWith(SNAPSHOT)) return [value]
  const document = key.slice(SNAPSHOT.length) as DocumentId
  const stubs = known?.get(document)
  if (stubs === undefined) return []
  const { log } = loadDocument(document, value, { loose: [], stubs })
  return log.since({}).map((change) => change.value)
}

/** Numbers of messages whose texts lie there as they were first written: later ones are entries of their own. */
function numbersOf(bytes: Uint8Array): readonly number[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  return [...text.matchAll(/<<(\d+)>>(?! again)/g)].map(([, number]) => Number(number))
}
