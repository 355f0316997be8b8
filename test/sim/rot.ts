/**
 * Bits that flip on a disk, and blocks of it that are lost: a change or a snapshot that does not open any more, or is not there.
 * It hits what some other honest node has as well: what was only there is gone, and nobody could bring it back.
 */
import type { DocumentId } from '#base/ids.ts'
import { countBeyond, type Clock } from '#model/log.ts'
import { key } from '#sync/keys.ts'
import { unpack, type DocumentRecord } from '#sync/records.ts'
import type { Chance } from './chance.ts'
import { EVERYTHING } from './disk.ts'
import type { Member } from './fleet.ts'
import { often, type Scene } from './scene.ts'

const MINUTE_MS = 60_000
/** Where changes and snapshots lie. */
const DOCUMENT = /^(?:loose|snap)\/([^/]+)/
const LOST_MAX = 3
/** Values that are no documents, and that nothing is lost with which somebody was promised. */
const NOTED =
  /^(?:has|out|owe|asked|note|fly|next|counter|peer|seg|att|sent|epoch|seal|pair|uneven|more|less|ask|wait|park|parked|due|late|spare|hole|got|said|audit|view\/(?:post|order|thread|changed|orphan|held|channel|clocks|objection|objecting|sunk|audit))(?:\/|$)/

/** Lets disks rot now and then. */
export function rotDisks(scene: Scene, chance: Chance): void {
  const { members, marks } = scene.stage
  /** On which node a document was hit: elsewhere it stays whole, or nobody could bring it back. */
  const hit = new Map<string, Member>()
  for (const member of members.slice(0, -1)) {
    const own = chance.fork(member.name)
    often(
      scene,
      () => own.between(20 * MINUTE_MS, 200 * MINUTE_MS),
      () => {
        if (own.happens(0.5)) return flipValue(scene, own, member)
        const names = heldElsewhere(member, members).filter((name) => isFreeFor(hit, member, name))
        if (names.length === 0) return
        const from = own.below(names.length)
        member.isDamaged = true
        for (const name of names.slice(from, from + LOST_MAX)) hit.set(documentIn(name), member)
        // What is lost is seen from a disk that is opened; what flips, whenever it is read next.
        if (member.boot !== undefined || own.happens(0.5)) {
          marks.count('disk.flipped')
          member.disk.flip(names[from] ?? '')
          return
        }
        marks.count('disk.block-lost')
        member.disk.lose(names.slice(from, from + own.between(1, LOST_MAX)))
      },
    )
  }
}

function isFreeFor(hit: ReadonlyMap<string, Member>, member: Member, name: string): boolean {
  return (hit.get(documentIn(name)) ?? member) === member
}

function documentIn(name: string): string {
  return DOCUMENT.exec(name)?.[1] ?? ''
}

/** A bit flips in what the node notes for itself: bookkeeping, secrets, the view. */
function flipValue({ stage: { marks } }: Scene, chance: Chance, member: Member): void {
  const names = member.disk.durable(EVERYTHING).flatMap(([name]) => (NOTED.test(name) ? name : []))
  const kinds = [...new Set(names.map(kindOf))]
  if (kinds.length === 0) return
  const kind = chance.pick(kinds)
  member.isDamaged = true
  marks.count('disk.value-flipped')
  member.disk.flip(chance.pick(names.filter((name) => kindOf(name) === kind)))
}

/** The words that a name begins with. */
function kindOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('view/') ? 2 : 1)
    .join('/')
}

/** Names of values of documents all of which another node has, too. */
function heldElsewhere(member: Member, members: readonly Member[]): readonly string[] {
  const others = members.filter((one) => one !== member && one.capturedAt === undefined)
  const isElsewhere = new Map<string, boolean>()
  return member.disk.durable(EVERYTHING).flatMap(([name]) => {
    const document = documentIn(name)
    if (document === '') return []
    const isSafe =
      isElsewhere.get(document) ?? others.some((other) => covers(other, member, document))
    isElsewhere.set(document, isSafe)
    return isSafe ? [name] : []
  })
}

function covers(other: Member, member: Member, document: string): boolean {
  return countBeyond(clockOn(member, document), clockOn(other, document)) === 0
}

/** How much of a document is on a disk. */
export function clockOn({ disk }: Member, document: string): Clock {
  const place = key.document(document as DocumentId)
  const [entry] = disk.durable({ from: place, to: `${place} ` })
  return unpack<DocumentRecord>(entry?.[1])?.clock ?? {}
}
