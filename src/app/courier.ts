/** The courier for those who carry sticks: writing one, taking what lies on it, and what became of that in the audit. */
import { EdgeError } from '#base/errors.ts'
import type { UserId } from '#base/ids.ts'
import { COURIER_SECRETS_MAX } from '#base/limits.ts'
import type { Deed } from '#model/audit-words.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { Courier, CourierKeys, CourierReport, CourierVisit } from '#ports/courier.ts'
import { audit } from '#sync/audit.ts'
import { introduce } from '#sync/contact-notes.ts'
import { ensureEpochAlone } from '#sync/epochs.ts'
import { countFor, forgetPeer, hasSomethingFor } from '#sync/peers.ts'
import { insist, isAdministrator, type AppContext } from './context.ts'
import type { CourierProgress } from './carrying-types.ts'
import type { EdgeNode } from './node.ts'

type Carrying = Pick<
  EdgeNode,
  'exportCourier' | 'importCourier' | 'courierStatus' | 'courierProgress'
>

/** The courier part of the app. Sticks have their turn one after the other. */
export function openCarrying(
  context: AppContext,
  courier: Courier | undefined,
  stop: AbortSignal,
): Carrying {
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work, work)
    last = done
    return done
  }
  const progress = openProgress()
  const whenAllowed = async <T>(
    subject: UserId,
    work: (courier: Courier) => Promise<T>,
  ): Promise<T> => {
    insistOn(context, subject)
    if (courier === undefined) throw new EdgeError('NOT_FOUND', { what: 'courier' })
    return inTurn(() => work(courier))
  }
  const forget = (peer: PeerId): Promise<void> =>
    context.sync.replica.commit((tx) => forgetPeer(tx, context.sync, peer))

  // Whoever put it there hears with the next export what is here and what is not, and puts it there again.
  const missed = (peer: PeerId): Promise<void> =>
    context.sync.replica.commit((tx) => introduce(tx, context.sync, { peer }))

  return {
    exportCourier: (subject, folder) =>
      whenAllowed(subject, (sticks) => {
        const begin = (peer: PeerId): Promise<boolean> => beginExport(context, subject, peer)
        const keys = (): Promise<CourierKeys> => keysToSeal(context)
        const work = () =>
          progress.during({ deed: 'export', folder }, (onProgress) =>
            sticks.exportTo({ folder, forget, begin, keys, onProgress }, stop),
          )
        return noted(context, { deed: 'courier exported', subject }, work)
      }),
    importCourier: (subject, folder) =>
      whenAllowed(subject, async (sticks) => {
        await context.sync.room.insist()
        const keys = async (): Promise<CourierKeys> => keysOf(context, undefined)
        const work = () =>
          progress.during({ deed: 'import', folder }, (onProgress) =>
            sticks.importFrom({ folder, forget, keys, missed, onProgress }, stop),
          )
        const report = await noted(context, { deed: 'courier imported', subject }, work)
        const { bytes } = report
        if (report.files === 0) return report
        await noteImport(context, subject, bytes)
        return report
      }),
    courierProgress: (subject) => {
      insistOn(context, subject)
      return progress.now()
    },
    courierStatus: (subject, folder) =>
      whenAllowed(subject, async (sticks) => {
        const { peer, ...found } = await sticks.statusOf(folder)
        return { ...found, isKnown: peer !== undefined, waiting: await waitingFor(context, peer) }
      }),
  }
}

async function noteImport({ sync }: AppContext, by: UserId, bytes: number): Promise<void> {
  const note = { deed: 'courier imported', by, facts: { bytes } } as const
  await sync.replica.commit((tx) => audit(tx, sync, note))
}

function insistOn(context: AppContext, subject: UserId): void {
  const situation = { isAdministrator: isAdministrator(context, subject) }
  insist(context, subject, { action: 'use courier', ...situation })
}

interface Progress {
  readonly now: () => CourierProgress | undefined
  readonly during: <T>(
    visit: Pick<CourierProgress, 'deed' | 'folder'>,
    work: (told: NonNullable<CourierVisit['onProgress']>) => Promise<T>,
  ) => Promise<T>
}

/** How far the stick at hand has come. */
function openProgress(): Progress {
  let progress: CourierProgress | undefined
  return {
    now: () => progress,
    during: async (visit, work) => {
      progress = { ...visit, bytes: 0, of: undefined, waitsFor: 'stick' }
      try {
        return await work((bytes, of, waitsFor) => {
          progress = { ...visit, bytes, of, waitsFor }
        })
      } finally {
        progress = undefined
      }
    },
  }
}

/** Notes the export before it begins: so the note itself goes along, and nothing new is left behind. */
async function beginExport({ sync }: AppContext, subject: UserId, peer: PeerId): Promise<boolean> {
  return sync.replica.commit(async (tx) => {
    if (!(await hasSomethingFor(tx, sync, peer))) return false
    await audit(tx, sync, { deed: 'courier exported', by: subject })
    return true
  })
}

/** Does it, and notes what was refused: files that nobody can use, and a stick that was of no use. */
async function noted(
  { sync }: AppContext,
  { deed, subject }: { readonly deed: Deed; readonly subject: UserId },
  work: () => Promise<CourierReport>,
): Promise<CourierReport> {
  const refuse = (reason: string, count: number): void =>
    sync.audit.count({ deed, result: 'refused', by: subject, reason, count })
  try {
    const report = await work()
    for (const { what, reason, count } of report.refused) {
      sync.log.warn('courier.refused', { part: what, reason, count })
      if (what === 'file') refuse(reason, count) // envelopes are noted where they are refused
    }
    return report
  } catch (error) {
    const reason = error instanceof EdgeError ? error.code : String(error)
    sync.log.warn('courier.failed', { reason })
    refuse('other', 1)
    throw error
  }
}

/** With the one that is sealed under now; there is none while this node knows nobody who could open it. */
async function keysToSeal(context: AppContext): Promise<CourierKeys> {
  const { replica, identity } = context.sync
  const { id } = identity.organisation
  const epoch = await replica.commit((tx) => ensureEpochAlone(tx, context.sync, id))
  return keysOf(context, epoch?.secret)
}

function keysOf(
  { sync: { identity, keyring } }: AppContext,
  now: Uint8Array | undefined,
): CourierKeys {
  const { id, suite } = identity.organisation
  const epochs = keyring.held(id).toSorted((a, b) => b.number - a.number)
  const secrets = epochs.slice(0, COURIER_SECRETS_MAX - 1).map(({ secret }) => secret)
  const forAll = keyring.keysSecret
  return { suite: suite.number, now, forAll, held: [...secrets, forAll] }
}

/** Changes that are here and not on the stick; undefined for a new one, which gets everything. */
async function waitingFor(
  { sync }: AppContext,
  peer: PeerId | undefined,
): Promise<number | undefined> {
  if (peer === undefined || !sync.peers.has(peer)) return undefined
  return countFor(sync.replica.read, sync, peer)
}
