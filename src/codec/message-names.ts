/**
 * What the entries of a delta name, in few bytes: a message is whose list it stands in, in which document, under what number. Its id
 * follows from that, whatever the reader has. Actors that have no run in the delta stand in a table of it.
 */
import { MalformedBytes, type ByteReader, type ByteWriter } from '#base/bytes.ts'
import {
  actorOf,
  bytesFromId,
  idFromBytes,
  lifeOfActor,
  nodePrefixOfActor,
  type ActorId,
  type DocumentId,
  type PostId,
} from '#base/ids.ts'
import { NAMED_MESSAGES_MAX } from '#base/limits.ts'
import { channelOfDocument } from '#model/document-id.ts'
import { postIdOf } from '#model/log.ts'
import type { Scope } from '#trust/epoch.ts'
import type { Roster } from '#trust/roster.ts'
import { documentFromNumber, documentNumber } from './document-code.ts'
import type { LongIds, ShortIds } from './short-entry.ts'

/** Where a message stands. */
export interface MessagePlace {
  readonly document: DocumentId
  readonly actor: ActorId
  readonly seq: number
}

/** The names in a delta that is being written. */
export interface WrittenNames {
  /** For the entries of an actor's list. */
  readonly idsOf: (actor: ActorId) => ShortIds
  /** Actors that were named and have no run, in the order of their numbers. */
  readonly strangers: () => readonly ActorId[]
}

/** The list's own actor, then those with runs, then those of the table. Smaller numbers are ids of other kinds (`short-entry.ts`). */
const OWN_LIST = 2
/** In place of a document's number: that of the delta. */
const THIS_DOCUMENT = 0
const ACTORS_MAX = 4_096
const LIFE_BYTES = 4

/** Names for the entries of a delta, whose runs are of these actors. */
export function openNames(about: {
  readonly document: DocumentId
  readonly actors: readonly ActorId[]
  readonly roster: Roster
  /** Where messages stand that its entries may name; others travel by their ids. */
  readonly places: ReadonlyMap<PostId, MessagePlace>
}): WrittenNames {
  const { document, actors, roster, places } = about
  const channel = channelOfDocument(document)
  const numbers = new Map(actors.map((actor, at) => [actor, OWN_LIST + 1 + at]))
  let named = 0
  const numberOf = (actor: ActorId, list: ActorId): number | undefined => {
    if (actor === list) return OWN_LIST
    const known = numbers.get(actor)
    if (known !== undefined) return known
    const certificate = roster.ofActor(actor)
    const isHeard = certificate && roster.byNumber(certificate.number)?.node === certificate.node
    if (isHeard !== true || numbers.size - actors.length >= ACTORS_MAX) return undefined
    numbers.set(actor, OWN_LIST + 1 + numbers.size)
    return OWN_LIST + numbers.size
  }
  const refer = (id: Uint8Array, list: ActorId): ((writer: ByteWriter) => void) | undefined => {
    const place = places.size === 0 ? undefined : places.get(idFromBytes<PostId>(id))
    if (place === undefined || named >= NAMED_MESSAGES_MAX) return undefined
    const isHere = place.document === document
    if (!isHere && (channel === undefined || channelOfDocument(place.document) !== channel))
      return undefined
    const number = numberOf(place.actor, list)
    if (number === undefined) return undefined
    named += 1
    return (writer) => {
      writer.uint(number)
      writer.uint(isHere ? THIS_DOCUMENT : 1 + documentNumber(place.document))
      writer.uint(place.seq)
    }
  }
  return {
    idsOf: (actor) => ({ home: homeOf(actor), refer: (id) => refer(id, actor) }),
    strangers: () => [...numbers.keys()].slice(actors.length),
  }
}

/** Writes the table of actors without runs. */
export function writeStrangers(
  writer: ByteWriter,
  strangers: readonly ActorId[],
  { sender, roster }: { readonly sender: ActorId; readonly roster: Roster },
): void {
  writer.uint(strangers.length)
  for (const actor of strangers) {
    const certificate = roster.ofActor(actor)
    writer.uint(actor === sender || certificate === undefined ? 0 : certificate.number)
    if (actor !== sender && certificate !== undefined) writer.raw(lifeOfActor(actor))
  }
}

/** The table again; undefined when a node in it is not known. @throws MalformedBytes */
export function readStrangers(
  reader: ByteReader,
  { sender, roster }: { readonly sender: ActorId; readonly roster: Roster },
): readonly ActorId[] | undefined {
  const count = reader.uint()
  if (count === 0 || count > ACTORS_MAX) throw new MalformedBytes('not so many actors')
  const strangers: (ActorId | undefined)[] = []
  for (let index = 0; index < count; index += 1) {
    const number = reader.uint()
    const life = number === 0 ? undefined : reader.raw(LIFE_BYTES)
    const node = roster.byNumber(number)?.node
    strangers.push(life === undefined ? sender : node && actorOf(node, life))
  }
  return strangers.includes(undefined) ? undefined : (strangers as readonly ActorId[])
}

/** The ids in the entries of an actor's list, for a reader. */
export function openIds(about: {
  readonly document: DocumentId
  readonly scope: Scope
  /** Those with runs, then those of the table. */
  readonly actors: readonly ActorId[]
}): (list: ActorId) => LongIds {
  const { document, scope, actors } = about
  let named = 0
  return (list) => ({
    home: homeOf(list),
    referred: (number, reader) => {
      const actor = number === OWN_LIST ? list : actors[number - OWN_LIST - 1]
      const where = reader.uint()
      const there = where === THIS_DOCUMENT ? document : documentFromNumber(scope, where - 1)
      const seq = reader.uint()
      named += 1
      if (actor === undefined || there === undefined || named > NAMED_MESSAGES_MAX)
        throw new MalformedBytes('there is no such message')
      return bytesFromId(postIdOf(there, actor, seq))
    },
  })
}

/** First 8 bytes of ids that the list's own node gave. */
export function homeOf(actor: ActorId): Uint8Array {
  return Buffer.from(nodePrefixOfActor(actor), 'hex')
}
