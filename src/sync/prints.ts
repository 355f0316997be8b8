/**
 * What tells a list from another one under the same name: two bytes of the hash of a change, which follows from all before it. Whoever
 * says how far it has a list says its print there, too. So a node that was put back and has used numbers twice, and whoever
 * compares what it has, learns at the first word that others mean something else by them (`doubts.ts`).
 */
import type { ActorId, DocumentId } from '#base/ids.ts'
import { printOf, type Prints } from '#codec/note.ts'
import type { Clock } from '#model/log.ts'
import { key } from './keys.ts'
import { unpack, type DocumentRecord } from './records.ts'
import type { Reader } from './replica.ts'

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
