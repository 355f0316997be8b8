/** What people do every day, put together: messages, channels, and all that this node keeps for its people alone. */
import { codeOf } from '#base/errors.ts'
import { FILES_LOOK_MS } from '#base/limits.ts'
import type { Clock } from '#ports/clock.ts'
import type { Passwords } from '#ports/passwords.ts'
import { doubtDamaged, keepFilesSound } from '#sync/damaged-files.ts'
import { lookForLost } from '#sync/lost-files.ts'
import { openArrangements } from './arrangements.ts'
import { openBookmarks, type Bookmarks } from './bookmarks.ts'
import { openChannels } from './channels.ts'
import type { AppContext } from './context.ts'
import type { Events } from './events.ts'
import type { Files } from './file-types.ts'
import {
  dropFilesOf,
  dropFilesOfDeleted,
  dropForgottenFiles,
  dropOldFetched,
} from './file-keeping.ts'
import { openFiles } from './files.ts'
import { openHooks } from './hooks.ts'
import type { Kept, KeptEvent } from './kept-types.ts'
import { openMessages } from './messages.ts'
import { openMoods } from './moods.ts'
import { keepBurning, openOnce } from './once.ts'
import { openPeople } from './people.ts'
import { keepPurging } from './purging.ts'
import { openPictures } from './pictures.ts'
import { openThreads } from './threads.ts'
import type { Person } from './types.ts'
import { keepSending, openUnsent } from './unsent.ts'
import { openUploadQuota } from './upload-quota.ts'
import { dropForgottenUploads, openUploads } from './uploads.ts'

/** What it works with. */
export interface DailyMeans {
  readonly passwords: Passwords
  readonly clock: Clock
  readonly events: Pick<Events, 'publish' | 'subscribe'>
}

type Talking = ReturnType<typeof openPeople> &
  ReturnType<typeof openChannels> &
  ReturnType<typeof openMessages> &
  ReturnType<typeof openOnce>

/** The parts, and `run`, which looks after what is kept until its signal aborts. */
export interface Daily {
  readonly parts: Kept & Files & Bookmarks & Talking
  readonly run: (signal: AbortSignal) => Promise<void>
}

/** People, channels and messages, and all that is kept beside them. */
export function openDaily(context: AppContext, { passwords, clock, events }: DailyMeans): Daily {
  const talking = {
    ...openPeople(context, passwords),
    ...openChannels(context),
    ...openMessages(context),
  }
  const once = openOnce(context, talking)
  const tell = (event: KeptEvent): void => events.publish(event)
  const unsent = openUnsent(context, tell)
  const tellOf = (person: Person): void =>
    events.publish({ kind: 'person-updated', person, isNew: false })
  const quota = openUploadQuota(context)
  const parts = {
    ...openFiles(context, quota),
    ...openUploads(context, quota),
    ...openPictures(context, tellOf),
    ...openMoods(context, tellOf),
    ...openThreads(context, tell),
    ...unsent.parts,
    ...openArrangements(context),
    ...openHooks(context, talking),
    ...openBookmarks(context),
    ...talking,
    ...once,
  }
  const noteFailure = (error: unknown): void => {
    const code = codeOf(error) ?? 'unknown'
    if (code !== 'STOPPING') context.sync.log.warn('kept.failed', { code })
  }
  events.subscribe((event) => {
    if (event.kind === 'deleted') dropFilesOf(context, event.message).catch(noteFailure)
  })
  const tidy = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      doubtDamaged(context.sync.files)
      await Promise.all([
        lookForLost(context.sync),
        dropForgottenFiles(context),
        dropForgottenUploads(context),
        dropOldFetched(context),
        dropFilesOfDeleted(context),
      ]).catch(noteFailure)
      await clock.sleep(FILES_LOOK_MS, signal)
    }
  }
  return {
    parts,
    run: async (signal) => {
      await Promise.all([
        tidy(signal),
        keepFilesSound(context.sync, clock, signal),
        keepPurging(context, clock, signal),
        keepBurning(context, clock, signal),
        keepSending(context, { post: talking.post, clock, tell, bell: unsent.bell }, signal),
      ])
    },
  }
}
