/** What somebody notes for themselves, and their node keeps for them: messages saved, unread again, threads followed. */
import type { Answer, Ask } from '#web/core/client.ts'
import { fields, list, pageFrom, text, type Post } from '#web/core/wire.ts'
import { valueOf } from './loading.ts'
import type { Store } from './store.ts'

/** Whether it was done. */
export type Done = Promise<boolean>

/** What can be noted. All of it needs the node. */
export interface Personal {
  /** Asks which messages are saved; once, events tell the rest. */
  readonly loadSaved: () => Promise<void>
  readonly save: (postId: string, isSaved: boolean) => Done
  /** Saved messages, newest first; undefined when the node is out of reach. */
  readonly saved: () => Promise<readonly Post[] | undefined>
  /** The channel is unread from this message on. */
  readonly setUnread: (postId: string) => Done
  /** Whether somebody follows a thread; undefined when the node does not say. */
  readonly isFollowing: (rootId: string) => Promise<boolean | undefined>
  readonly follow: (rootId: string, isFollowing: boolean) => Done
}

/** Under this category Mattermost keeps what somebody saved. */
const SAVED = 'flagged_post'
/** Saved messages that are asked for. */
const SAVED_MAX = 100

/** Notes of whoever is signed in. */
export function createPersonal(
  ask: Ask,
  store: Store,
  reloadChannels: () => Promise<void>,
): Personal {
  const preferences = '/api/v4/users/me/preferences'
  const thread = (rootId: string): string =>
    `/api/v4/users/me/teams/${store.workspace.value.id}/threads/${rootId}`
  let isLoaded = false
  return {
    loadSaved: async () => {
      if (isLoaded) return
      const answer = await ask('GET', `${preferences}/${SAVED}`)
      if (answer.kind !== 'ok') return
      isLoaded = true
      takePreferences(store, list(answer.value), true)
    },
    save: async (postId, isSaved) => {
      const userId = store.me.value?.id ?? ''
      const one = { user_id: userId, category: SAVED, name: postId, value: 'true' }
      const answer = isSaved
        ? await ask('PUT', preferences, [one])
        : await ask('POST', `${preferences}/delete`, [one])
      if (answer.kind === 'ok') takePreferences(store, [one], isSaved)
      return isDone(answer)
    },
    saved: async () => {
      const answer = await ask('GET', `/api/v4/users/me/posts/flagged?per_page=${SAVED_MAX}`)
      return answer.kind === 'ok' ? pageFrom(answer.value).posts : undefined
    },
    setUnread: async (postId) => {
      const answer = await ask('POST', `/api/v4/users/me/posts/${postId}/set_unread`, {})
      await reloadChannels()
      return isDone(answer)
    },
    isFollowing: async (rootId) => {
      const value = valueOf(await ask('GET', thread(rootId)))
      return value === undefined ? undefined : fields(value).is_following !== false
    },
    follow: async (rootId, isFollowing) =>
      isDone(await ask(isFollowing ? 'PUT' : 'DELETE', `${thread(rootId)}/following`)),
  }
}

/** Preferences came (`isThere`) or went: those that say what is saved. */
export function takePreferences(
  store: Store,
  preferences: readonly unknown[],
  isThere: boolean,
): void {
  const saved = new Set(store.saved.value)
  for (const one of preferences.map(fields)) {
    if (one.category !== SAVED) continue
    if (isThere && one.value === 'true') saved.add(text(one.name))
    else saved.delete(text(one.name))
  }
  store.saved.value = saved
}

function isDone({ kind }: Answer): boolean {
  return kind === 'ok'
}
