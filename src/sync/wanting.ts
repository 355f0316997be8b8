/**
 * Asking a peer for what is lacking here. What is lacking of the keys document is asked for apart: with it damage may take all by
 * which something could be sealed for others, or by whom an epoch is held. Who knows only a part of that makes an epoch of its own,
 * which those who could answer may not have. Then that question is sealed by the key of the keys document itself, which
 * whoever was ever let in has. It tells them how much of it is here, and nothing of any other document.
 */
import type { DocumentId } from '#base/ids.ts'
import { KEYS } from '#model/document-id.ts'
import type { ContactState } from './contact-state.ts'
import type { SyncContext } from './context.ts'
import { noteQuestion } from './gap-marks.ts'
import { key } from './keys.ts'
import { queueNote, signNote } from './note-queue.ts'
import { describe } from './notes.ts'
import type { Reader, Tx } from './replica.ts'

/** The name of the note that asks for what is lacking of the keys document. */
export const WANT_KEYS = '!keys'

/** Whether damage has taken some of the keys document, which is then asked for by its own key alone. */
export async function lacksKeys(reader: Pick<Reader, 'get'>): Promise<boolean> {
  return (await reader.get(key.hole(KEYS))) !== undefined
}

/** Puts the question for these documents into the queue, and notes that they were asked for. */
export async function askFor(
  tx: Tx,
  context: SyncContext,
  { state, wanted }: { readonly state: ContactState; readonly wanted: readonly DocumentId[] },
): Promise<void> {
  const apart = Map.groupBy(wanted, (document) => (document === KEYS ? WANT_KEYS : '!want'))
  const now = context.now()
  for (const [name, documents] of apart) {
    const said = await describe(tx, 'want', documents)
    queueNote(tx, state.peer, { name, since: 0, note: signNote(context, said) })
    for (const { document } of said.items) {
      const asked = (state.wanted.get(document)?.times ?? -1) + 1
      state.wanted.set(document, { at: now, times: asked })
      noteQuestion(tx, document, { at: now, of: state.peer })
    }
  }
}
