/**
 * What tells a list from another one under the same name: two bytes of the hash of a change, which follows from all before it. Whoever
 * says how far it has a list says its print there, too. So a node that was put back and has used numbers twice, and whoever
 * compares what it has, learns at the first word that others mean something else by them (`agreement.ts`, `doubts.ts`). The prints
 * of our own lists are kept beside them, so that any word about them is compared without reading the document.
 */
import type { ActorId, DocumentId } from '#base/ids.ts'
import { printOf, type Prints } from '#codec/note.ts'
import type { Clock, Logged } from '#model/log.ts'
import { key, within } from './keys.ts'
import type { ListName } from './list-end.ts'
import { unpack, type DocumentRecord } from './records.ts'
import type { Reader, Tx } from './replica.ts'

/** Prints in one record, of two bytes each; 0 where there is none. */
const PAGE = 64

/** The prints of those lists of which `clock` names the newest change. */
export async function newestPrints(
  reader: Pick<Reader, 'get'>,
  document: DocumentId,
  clock: Clock,
): Promise<Prints> {
  const record = unpack<DocumentRecord>(await reader.get(key.document(document)))
  const prints: Record<string, number> = {}
  for (const [name, seq] of Object.entries(clock)) {
    const actor = name as ActorId
    const head = record?.clock[actor] === seq ? record.heads[actor] : undefined
    if (head !== undefined) prints[actor] = printOf(head)
  }
  return prints
}

/** The prints of all lists in `clock` that go so far here. Reads the document when it names earlier changes. */
export async function printsOf(
  reader: Pick<Reader, 'get' | 'log'>,
  document: DocumentId,
  clock: Clock,
): Promise<Prints> {
  const prints: Record<string, number> = { ...(await newestPrints(reader, document, clock)) }
  const earlier = Object.entries(clock).filter(([actor]) => prints[actor] === undefined)
  if (earlier.length === 0) return prints
  const log = await reader.log(document)
  for (const [name, seq] of earlier) {
    const hash = seq === 0 ? undefined : log.before(name as ActorId, seq + 1)
    if (hash !== undefined) prints[name] = printOf(hash)
  }
  return prints
}

/** Keeps the print of a change of ours. */
export async function keepPrint(
  tx: Pick<Tx, 'get' | 'put'>,
  document: DocumentId,
  { actor, seq, hash }: Pick<Logged, 'actor' | 'seq' | 'hash'>,
): Promise<void> {
  const place = key.prints(document, actor, pageOf(seq))
  const known = await tx.get(place)
  // A page that was lost is made anew from the document, once it is looked at.
  if (known === undefined && seq > 1 && seq % PAGE > 0) return
  const page = Buffer.alloc(2 * PAGE)
  page.set(known ?? [])
  page.writeUInt16BE(printOf(hash), 2 * (seq % PAGE))
  tx.put(place, Uint8Array.from(page))
}

/** The print of a change of ours that is here. One that was lost by damage is read from the document, once. */
export async function ownPrint(
  tx: Pick<Tx, 'get' | 'put' | 'log'>,
  { document, actor }: ListName,
  seq: number,
): Promise<number | undefined> {
  const place = key.prints(document, actor, pageOf(seq))
  const known = await tx.get(place)
  if (known !== undefined) return Buffer.from(known).readUInt16BE(2 * (seq % PAGE)) || undefined
  const log = await tx.log(document)
  const page = Buffer.alloc(2 * PAGE)
  const from = pageOf(seq) * PAGE
  for (let at = Math.max(1, from); at < from + PAGE; at += 1) {
    const hash = log.before(actor, at + 1)
    if (hash !== undefined) page.writeUInt16BE(printOf(hash), 2 * (at % PAGE))
  }
  tx.put(place, Uint8Array.from(page))
  return page.readUInt16BE(2 * (seq % PAGE)) || undefined
}

/** Forgets the prints of what is cut off a list of ours after `last`. */
export async function dropPrints(
  tx: Pick<Tx, 'get' | 'put' | 'delete' | 'list'>,
  { document, actor }: ListName,
  last: number,
): Promise<void> {
  const newest = key.prints(document, actor, pageOf(last))
  for (const [place, bytes] of await tx.list(within(`print/${document}/${actor}/`))) {
    const page = Uint8Array.from(bytes)
    if (place > newest) tx.delete(place)
    else if (place === newest) tx.put(place, page.fill(0, 2 * ((last % PAGE) + 1)))
  }
}

function pageOf(seq: number): number {
  return Math.floor(seq / PAGE)
}
