/**
 * An image of a disk and putting it back, with all that the world knows of the node: what lies on its disk, what it has heard of,
 * what people were promised. What was on that disk alone is nobody's to bring back; whatever another honest disk has must
 * come back.
 */
import type { ActorId, DocumentId } from '#base/ids.ts'
import type { Content } from '#model/entry.ts'
import { loadDocument } from '#model/document.ts'
import type { Clock } from '#model/log.ts'
import { key, range } from '#sync/keys.ts'
import { purgeRange } from '#sync/purge-keys.ts'
import { unpack, type AsideRecord, type DocumentRecord } from '#sync/records.ts'
import type { DeliveryChecker } from './delivery-checker.ts'
import type { Evidence } from './evidence.ts'
import type { Member } from './fleet.ts'
import { numbersIn, type Book } from './said.ts'
import type { Secrecy } from './secrecy.ts'
import type { Silence } from './silence.ts'
import type { Watch } from './watch.ts'

/** Who has to hear that a disk was put back. */
export interface ImageGround {
  readonly members: readonly Member[]
  readonly book: Book
  readonly evidence: Evidence
  readonly secrecy: Secrecy
  readonly silence: Silence
  readonly deliveries: DeliveryChecker
  readonly watch: Watch
}

/**
 * Puts the image back; the node must be off. With `newLife` (4 bytes) the program notices at its start, as it does of files that
 * were copied back; without, as with a whole disk, only others can tell it.
 */
export type PutBack = (newLife: Uint8Array | undefined) => void

function backUpBlobs({ heldBlobs }: Member): () => void {
  const held = [...heldBlobs]
  return () => {
    heldBlobs.clear()
    for (const [hash, bytes] of held) heldBlobs.set(hash, bytes)
  }
}

/** Takes an image of a member's disk as it is now. */
export function takeImage(ground: ImageGround, member: Member): PutBack {
  const { evidence, secrecy, silence, deliveries, watch } = ground
  const restores = [
    member.disk.backUp(),
    backUpBlobs(member),
    evidence.image(member.index),
    secrecy.image(member.id),
  ]
  const { life } = member
  const people = [...member.people]
  return (newLife) => {
    const before = heldBy(member)
    const orders = ordersOn(member)
    for (const restore of restores) restore()
    member.life = newLife ?? life
    member.isDamaged = true
    member.isDoubtful = newLife === undefined
    member.mayHaveForked ||= member.isDoubtful
    member.people.splice(0, member.people.length, ...people)
    silence.onPutBack(member)
    deliveries.forget(member)
    watch.onPutBack(member)
    forget(ground, member, before)
    forgetOrders(ground, orders)
    if (newLife === undefined) doubtUnsent(ground, member)
  }
}

/** Orders to purge that a node has read, by their places. */
function ordersOn({ disk }: Member): readonly string[] {
  return disk.durable(purgeRange.orders).map(([place]) => place)
}

/** An order that nobody has read, or has any more, takes nothing away. */
function forgetOrders({ members, book }: ImageGround, before: readonly string[]): void {
  const honest = members.filter(({ capturedAt }) => capturedAt === undefined)
  const known = new Set(honest.flatMap(ordersOn))
  const lost = before.filter((place) => !known.has(place)).map((place) => place.split('/')[1])
  for (const said of book.all())
    if (said.purge === 'ordered' && lost.includes(said.channel)) said.purge = 'asked'
}

/** What had never left when the image was taken is written again, under another id, once others tell that it was put back. */
function doubtUnsent({ book }: ImageGround, member: Member): void {
  for (const { document, actor, seq, content } of heldBy(member)) {
    if (content.kind !== 'post') continue
    const [number = -1] = numbersIn(Buffer.from(content.body))
    const said = book.all()[number]
    const place = key.sent(document, actor)
    const [entry] = member.disk.durable({ from: place, to: `${place} ` })
    const sent = entry?.[0] === place ? (unpack<number>(entry[1]) ?? 0) : 0
    if (said?.home === member.index && seq > sent) said.isUnsure = true
  }
}

/** One change, by what it is about. */
interface Held {
  readonly document: DocumentId
  readonly actor: ActorId
  readonly seq: number
  readonly content: Content
  /** It lies where nobody is given it. */
  readonly isAside: boolean
}

/** Everything on a member's disk that is about messages. */
function heldBy({ disk }: Member): readonly Held[] {
  const held: Held[] = []
  for (const [place, record] of disk.durable(range.documents)) {
    const document = place.slice('doc/'.length) as DocumentId
    if (!document.startsWith('s.')) continue
    const stubs = unpack<DocumentRecord>(record)?.stubs
    const snapshot = key.snapshot(document)
    const [stored] = disk.durable({ from: snapshot, to: `${snapshot} ` })
    const loose = disk.durable(range.loose(document)).map(([, bytes]) => bytes)
    const { log } = loadDocument(document, stored?.[1], { loose, stubs })
    for (const { actor, seq, entry } of log.since({}))
      held.push({ document, actor, seq, content: entry.content, isAside: false })
  }
  for (const [place, bytes] of disk.durable(range.allAside)) {
    const record = unpack<AsideRecord>(bytes)
    if (record === undefined) continue
    const document = place.split('/')[1] as DocumentId
    const { actor, seq, entry } = record
    held.push({ document, actor, seq, content: entry.content, isAside: true })
  }
  return held
}

/** Nothing is promised any more of what nobody has, and a client's word for what is gone from this disk is not known again. */
function forget({ members, book, evidence }: ImageGround, member: Member, before: readonly Held[]) {
  const honest = members.filter(({ capturedAt }) => capturedAt === undefined)
  const clocks = new Map<string, Clock>()
  const clockAt = (one: Member, document: DocumentId): Clock => {
    const name = `${one.index} ${document}`
    const clock = clocks.get(name) ?? clockOn(one, document)
    clocks.set(name, clock)
    return clock
  }
  for (const { document, actor, seq, content, isAside } of before) {
    const isHeld = honest.some((one) => (clockAt(one, document)[actor] ?? 0) >= seq)
    if (isHeld && !isAside) continue
    if (content.kind === 'post') {
      const [number = -1] = numbersIn(Buffer.from(content.body))
      const said = book.all()[number]
      if (said === undefined || (isAside && evidence.isOnDisk(member.index, number))) continue
      said.isUnsure = true
      said.fate = 'asked'
      said.underWay += 1
    } else if ('target' in content && typeof content.target === 'string') {
      const said = book.byId(content.target)
      if (said !== undefined) said.isUnsure = true
    }
  }
  // What was purged since is gone from the image, too.
  const { isOnDisk, isUndone } = evidence
  for (const said of book.all().filter(({ home }) => home === member.index))
    said.isForgotten ||= !isOnDisk(said.home, said.number) || isUndone(said.home, said.number)
}

/**
 * A node whose whole disk was put back has signed two lists under the same numbers. Its list ends before them for everybody, as if
 * somebody had copied its key: of what it lost and others had nothing more is promised, and what it wrote since gets new ids.
 */
export function doubtForked({ members, book, evidence }: ImageGround, node: unknown): void {
  const forked = members.find(({ id }) => id === node)
  if (forked?.mayHaveForked !== true) return
  const people = new Set<string>(forked.people)
  for (const said of book.all()) {
    const isOwn = said.home === forked.index
    if (isOwn && said.fate === 'saved' && evidence.isUndone(forked.index, said.number)) {
      said.fate = 'asked'
      said.underWay += 1
    }
    const touched = [
      ...[...said.reactions.keys()].map((one) => one.split(' ')[0] ?? ''),
      ...[...said.ticks.values()].flatMap((one) => [...one.people]),
    ]
    const isTouched = touched.some((one) => people.has(one))
    said.isUnsure ||= isOwn || isTouched || said.deletion !== 'none'
  }
}

function clockOn({ disk }: Member, document: DocumentId): Clock {
  const place = key.document(document)
  const [entry] = disk.durable({ from: place, to: `${place} ` })
  return entry?.[0] === place ? (unpack<DocumentRecord>(entry[1])?.clock ?? {}) : {}
}
