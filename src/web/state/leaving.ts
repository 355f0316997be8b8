/**
 * How a session ends on this device: by its person, or elsewhere. The node says the latter as often as it is asked, so it is taken once;
 * and whoever signs in waits until all of the one before is gone.
 */
import type { Ask } from '#web/core/client.ts'
import type { Shelf } from '#web/core/shelf.ts'
import type { Person } from '#web/core/wire.ts'
import type { Attaching } from './attaching.ts'
import type { Keeping } from './keeping.ts'
import { leaveDrafts } from './left-drafts.ts'
import type { Store } from './store.ts'

/** What it needs. */
export interface LeavingPorts {
  readonly shelf: Shelf
  /** Whether a session that is ended elsewhere takes what was not sent yet, too. */
  readonly forgetsAll: () => boolean
}

/** What it works on. */
export interface LeavingParts {
  readonly store: Store
  readonly ask: Ask
  readonly keeping: Keeping
  readonly attaching: Attaching
  readonly live: { readonly stop: () => void }
  /** Drops everything in memory. */
  readonly letGo: () => void
  readonly openOutbox: () => Promise<void>
  readonly closeOutbox: () => void
}

/** What somebody has begun and not sent. */
export interface Begun {
  readonly texts: number
  readonly files: number
}

/** The end of sessions. */
export interface Leaving {
  /** It was ended elsewhere: what was read here goes, and what was typed is put aside for its author. */
  readonly ended: () => Promise<void>
  /** Its person ends it: everything here goes. */
  readonly signOut: () => Promise<void>
  /** Resolves when nothing of that is under way. */
  readonly over: () => Promise<void>
  /** What signing out would take with it, beside what waits in the outbox. */
  readonly begun: () => Promise<Begun>
}

/** The end of sessions of a client. */
export function createLeaving(ports: LeavingPorts, parts: LeavingParts): Leaving {
  let running: Promise<void> | undefined
  const alone = (job: () => Promise<void>): Promise<void> => {
    running ??= job().finally(() => {
      running = undefined
    })
    return running
  }
  const over = async (): Promise<void> => {
    if (running === undefined) return
    await running.catch(() => undefined)
    await over() // something may have begun anew
  }
  return {
    over,
    ended: () => alone(() => ended(ports, parts)),
    signOut: async () => {
      await over()
      await alone(() => signOut(ports, parts))
    },
    begun: () => begunOn(ports.shelf),
  }
}

async function ended({ shelf, forgetsAll }: LeavingPorts, parts: LeavingParts): Promise<void> {
  const kept = (await shelf.get('me').catch(() => undefined)) as Person | undefined
  const me = parts.store.me.value ?? kept
  parts.letGo()
  parts.store.isEnded.value = true
  // Another tab has let somebody else in meanwhile: what lies here is theirs.
  if (kept !== undefined && kept.id !== me?.id) return
  parts.store.filesGone.value = (await begunOn(shelf)).files
  if (me !== undefined && !forgetsAll()) await leaveDrafts(shelf, me.id)
  await parts.keeping.forget()
  if (!forgetsAll()) return parts.attaching.sweep(0)
  parts.closeOutbox()
  await shelf.clear()
  await parts.openOutbox()
}

async function signOut({ shelf }: LeavingPorts, parts: LeavingParts): Promise<void> {
  parts.live.stop() // it is not ended elsewhere
  await parts.ask('POST', '/api/v4/users/logout')
  parts.letGo()
  // What is on its way to the node must not be put back by its answer.
  parts.closeOutbox()
  await shelf.clear()
  await parts.openOutbox()
}

async function begunOn(shelf: Shelf): Promise<Begun> {
  const drafts = await shelf.entries('draft:')
  const files = drafts.flatMap(([, value]) => (Array.isArray(value) ? (value as unknown[]) : []))
  return {
    texts: drafts.filter(([, value]) => typeof value === 'string' && value.trim() !== '').length,
    files: files.length,
  }
}
