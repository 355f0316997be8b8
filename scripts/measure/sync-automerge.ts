/** Automerge's own sync protocol: what it says to make two replicas of some documents one. */
import * as Automerge from '@automerge/automerge'
import type { DocumentId } from '#base/ids.ts'

/** The changes of each segment, with what a document begins with, as Automerge takes them. */
export type Changes = ReadonlyMap<DocumentId, readonly Uint8Array[]>

/** What was said. */
interface Turns {
  readonly bytes: number
  /** Messages one after the other, of the document that takes most. */
  readonly turns: number
}

/** What both had, and what each has now. */
export interface Apart {
  readonly before: Changes
  readonly alpha: Changes
  readonly bravo: Changes
}

/** Both sides say what they have to say, in turns, until neither has anything more. */
export function automergeSync(documents: ReadonlySet<DocumentId>, apart: Apart): Turns {
  let [bytes, turns] = [0, 0]
  for (const document of documents) {
    const first = sideOf(apart.before.get(document))
    const second = sideOf(apart.before.get(document))
    talk(first, second)
    const [one, other] = [again(first), again(second)]
    change(one, apart.alpha.get(document))
    change(other, apart.bravo.get(document))
    const said = talk(one, other)
    const [heads, others] = [one, other].map((side) => Automerge.getHeads(side.doc).toSorted())
    if (String(heads) !== String(others)) throw new Error('Automerge did not converge')
    bytes += said.bytes
    turns = Math.max(turns, said.turns)
    for (const side of [one, other]) Automerge.free(side.doc)
  }
  return { bytes, turns }
}

/** What is in a document does not matter here. */
type Content = Record<string, unknown>

interface Side {
  doc: Automerge.Doc<Content>
  state: Automerge.SyncState
}

function sideOf(changes: readonly Uint8Array[] = []): Side {
  const side = { doc: Automerge.init<Content>({ actor: '00' }), state: Automerge.initSyncState() }
  change(side, changes)
  return side
}

function change(side: Side, changes: readonly Uint8Array[] = []): void {
  ;[side.doc] = Automerge.applyChanges(side.doc, [...changes])
}

/** The same side in its next contact: what its protocol lets it keep is kept. */
function again({ doc, state }: Side): Side {
  return { doc, state: Automerge.decodeSyncState(Automerge.encodeSyncState(state)) }
}

function talk(one: Side, other: Side): Turns {
  let [bytes, turns, silent] = [0, 0, 0]
  for (let [from, to] = [one, other]; silent < 2; [from, to] = [to, from]) {
    const [state, message] = Automerge.generateSyncMessage(from.doc, from.state)
    from.state = state
    silent = message === null ? silent + 1 : 0
    if (message === null) continue
    bytes += message.length
    turns += 1
    ;[to.doc, to.state] = Automerge.receiveSyncMessage(to.doc, to.state, message)
  }
  return { bytes, turns }
}
