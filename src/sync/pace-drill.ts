/**
 * Drills: the proof that a way works, before it is needed. A probe is a note that says what is said anyway, alone in an envelope, by the very
 * carrier that is to be proved; its answer is the proof. It is booked like any other parcel.
 */
import type { Instant, UserId } from '#base/ids.ts'
import { KEYS } from '#model/document-id.ts'
import { signNote } from './note-queue.ts'
import { NOTE_LANE } from './contact-notes.ts'
import type { ContactState } from './contact-state.ts'
import type { Pause, SyncContext } from './context.ts'
import { cutNotes, type Cut } from './cut.ts'
import { describe } from './notes.ts'
import { endDrill, isDrillDue } from './pace.ts'
import { type Drill, type DrillRecord } from './pace-desk.ts'
import type { Tx } from './replica.ts'

/** A drill without an answer has failed after so long. */
const DRILL_MS_MAX = 600_000

/** The probe of a drill that waits for this contact. */
export async function nextProbe(
  tx: Tx,
  context: SyncContext,
  { peer, carrier }: Pick<ContactState, 'peer' | 'carrier'>,
): Promise<Cut | undefined> {
  if (!isDrillDue(context.pace, carrier)) return undefined
  const take = async () => {
    const note = signNote(context, await describe(tx, 'receipt', [KEYS]))
    return [{ ...note, name: '!drill', since: 0 }]
  }
  const cut = await cutNotes(tx, context, { peer, lane: NOTE_LANE, take })
  tx.afterwards(() => {
    const drill = context.pace.drills.get(carrier)
    if (drill !== undefined && cut !== undefined) drill.isSent = true
  })
  return cut
}

/** Orders drills of these carriers; of one that has one already no other. */
export function beginDrills(
  context: SyncContext,
  { carriers, by }: { readonly carriers: readonly string[]; readonly by: UserId | undefined },
): void {
  const { pace, now, log } = context
  const fresh = carriers.filter((carrier) => !pace.drills.has(carrier))
  for (const carrier of fresh) {
    pace.drills.set(carrier, { askedAt: now(), by, isSent: false, wasUp: false })
    log.info('pace.drill', { carrier, reason: by === undefined ? 'due' : 'asked' })
  }
  if (fresh.length > 0) context.ring()
}

/** Ends the drills that nobody will answer any more; when to look again. */
export async function endDrills(context: SyncContext): Promise<Instant | undefined> {
  const { pace, now, shut, replica } = context
  const times: Instant[] = []
  for (const [carrier, drill] of pace.drills) {
    drill.wasUp ||= pace.look(carrier, undefined)?.isUp === true
    const isLate = now() >= drill.askedAt + DRILL_MS_MAX || now() < drill.askedAt
    const pause = drill.isSent ? undefined : shut.get(carrier)
    const outcome = outcomeOf(drill, pause?.why)
    if (isLate || pause !== undefined)
      // oxlint-disable-next-line no-await-in-loop -- each in a commit of its own
      await replica.commit((tx) => endDrill(tx, context, { carrier, drill, outcome }))
    else times.push(drill.askedAt + DRILL_MS_MAX)
  }
  return times.length === 0 ? undefined : Math.min(...times)
}

function outcomeOf({ wasUp }: Drill, why: Pause['why'] | undefined): DrillRecord['outcome'] {
  if (why === 'no budget until') return 'no budget'
  if (why === 'link closed until') return 'link closed'
  return wasUp ? 'no answer' : 'not in contact'
}
