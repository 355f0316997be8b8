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
/** Signatures: with one goes all of a list that it vouches for. */
const SIGNATURE = /^att\/([^/]+)/
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
        const isElsewhere = whatIsElsewhere(member, members)
        const mayHit = (document: string): boolean =>
          (hit.get(document) ?? member) === member && isElsewhere(document)
        if (own.happens(0.5)) {
          const document = flipValue(scene, own, { member, mayHit })
          if (document !== undefined) hit.set(document, member)
          return
        }
        const names = namesIn(member).filter((name) => mayHit(documentIn(name)))
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

function documentIn(name: string): string {
  return DOCUMENT.exec(name)?.[1] ?? ''
}

interface Flipping {
  readonly member: Member
  readonly mayHit: (document: string) => boolean
}

/** A bit flips in what the node notes for itself: bookkeeping, secrets, the view. Gives the document that is the less for it. */
function flipValue(
  { stage: { marks } }: Scene,
  chance: Chance,
  { member, mayHit }: Flipping,
): string | undefined {
  const names = namesIn(member).filter((name) => {
    const document = SIGNATURE.exec(name)?.[1]
    return NOTED.test(name) && (document === undefined || mayHit(document))
  })
  const kinds = [...new Set(names.map(kindOf))]
  if (kinds.length === 0) return undefined
  const kind = chance.pick(kinds)
  member.isDamaged = true
  marks.count('disk.value-flipped')
  const name = chance.pick(names.filter((one) => kindOf(one) === kind))
  member.disk.flip(name)
  return SIGNATURE.exec(name)?.[1]
}

/** The words that a name begins with. */
function kindOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('view/') ? 2 : 1)
    .join('/')
}

function namesIn({ disk }: Member): readonly string[] {
  return disk.durable(EVERYTHING).map(([name]) => name)
}

/** Whether another node has all of a document, too. */
function whatIsElsewhere(
  member: Member,
  members: readonly Member[],
): (document: string) => boolean {
  const others = members.filter((one) => one !== member && one.capturedAt === undefined)
  const known = new Map<string, boolean>()
  return (document) => {
    const isElsewhere =
      known.get(document) ??
      (document !== '' && others.some((other) => covers(other, member, document)))
    known.set(document, isElsewhere)
    return isElsewhere
  }
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
