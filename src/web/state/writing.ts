/** What people do: write, change, take back, react, acknowledge, read. */
import type { Answer, Ask } from '#web/core/client.ts'
import type { Box } from '#web/core/markup.ts'
import type { Attempt, Outbox, Waiting } from '#web/core/outbox.ts'
import { isWhole, type Upload } from '#web/core/uploading.ts'
import { withPosts, withReaction } from '#web/core/timeline.ts'
import { fields, postFrom, text, wholePostFrom, type Channel, type Post } from '#web/core/wire.ts'
import { withEntry, type Store } from './store.ts'

/** What somebody wrote. */
export type Draft = Omit<Waiting, 'pendingId' | 'userId' | 'writtenAt' | 'refusal'>

/** Undefined when it was done; otherwise why not: '' when the node is out of reach. */
export type Outcome = Promise<string | undefined>

/** What can be done. All but writing needs the node. */
export interface Writing {
  /** Resolves once it is kept on the device, or where that has no room, once the node has it. */
  readonly write: (draft: Draft) => Promise<void>
  readonly edit: (post: Post, message: string) => Outcome
  readonly remove: (post: Post) => Outcome
  readonly react: (post: Post, emoji: string, isOn: boolean) => Outcome
  readonly pin: (post: Post, isOn: boolean) => Outcome
  /** Turns a box of a checklist to its other side. */
  readonly tick: (post: Post, box: Box) => Outcome
  readonly acknowledge: (post: Post) => Outcome
  /** What a message says that is shown once: the node is told before, and tells its author. Undefined when it is out of reach. */
  readonly reveal: (post: Post) => Promise<Post | 'over' | undefined>
  /** The channel is on a screen that somebody looks at. */
  readonly view: (channelId: string) => Promise<void>
  /** The channel with these people; undefined when the node did not make it. */
  readonly converse: (userIds: readonly string[]) => Promise<string | undefined>
  readonly makeChannel: (name: string, isPrivate: boolean) => Promise<string | undefined>
  readonly join: (channel: Channel) => Promise<boolean>
}

/** What it needs. */
export interface WritingPorts {
  readonly ask: Ask
  readonly store: Store
  readonly outbox: () => Outbox
  readonly now: () => number
  /** 26 letters and digits that nobody else takes. */
  readonly newId: () => string
  readonly reloadChannels: () => Promise<void>
  /** Something waits; the outbox is to be emptied. */
  readonly onWaiting: () => void
}

/** One message to the node, its files before it, a part at a time. What the node answers is shown at once. */
export function sender(
  ask: Ask,
  store: Store,
  upload: Upload,
): (waiting: Waiting) => Promise<Attempt> {
  return async (waiting) => {
    // Of somebody else who used this device: it waits until they sign in again.
    if (store.me.value === undefined || store.me.value.id !== waiting.userId)
      return { kind: 'later' }
    const next = waiting.files.find((file) => !isWhole(file))
    if (next !== undefined) {
      const step = await upload(waiting.channelId, next)
      if (step.kind !== 'going') return step
      const files = waiting.files.map((file) => (file === next ? step.file : file))
      return { kind: 'going', files }
    }
    const answer = await ask('POST', '/api/v4/posts', bodyOf(waiting))
    if (answer.kind === 'away') return { kind: 'later' }
    if (answer.kind === 'refused') {
      return answer.status === 401 || answer.status >= 500
        ? { kind: 'later' }
        : { kind: 'refused', reason: answer.reason }
    }
    showPost(store, postFrom(answer.value))
    return { kind: 'taken' }
  }
}

/** The actions. */
export function createWriting(ports: WritingPorts): Writing {
  const { ask, store, outbox, now, newId } = ports
  const me = (): string => store.me.value?.id ?? ''
  return {
    write: async (draft) => {
      const pendingId = `${me()}:${newId()}`
      const box = outbox()
      const isKept = await box.add({ ...draft, pendingId, userId: me(), writtenAt: now() })
      ports.onWaiting()
      if (!isKept) await box.gone(pendingId)
    },
    edit: (post, message) =>
      act(ask('PUT', `/api/v4/posts/${post.id}/patch`, { message }), (value) =>
        showPost(store, postFrom(value)),
      ),
    remove: (post) =>
      act(ask('DELETE', `/api/v4/posts/${post.id}`), () =>
        showPost(store, { ...post, deletedAt: now() }),
      ),
    react: (post, emoji, isOn) => act(reaction(ports, post, { emoji, isOn }), () => undefined),
    pin: (post, isOn) =>
      act(ask('POST', `/api/v4/posts/${post.id}/${isOn ? 'pin' : 'unpin'}`), () =>
        showPost(store, { ...post, isPinned: isOn }),
      ),
    tick: (post, { item, before, isTicked }) =>
      act(
        ask('PUT', `/api/holdfast/v1/posts/${post.id}/checklist`, {
          item,
          before,
          isTicked: !isTicked,
        }),
        (value) => showPost(store, postFrom(value)),
      ),
    acknowledge: (post) =>
      act(ask('POST', `/api/v4/users/${me()}/posts/${post.id}/ack`), () =>
        showPost(store, { ...post, acks: [...post.acks, me()] }),
      ),
    reveal: (post) => reveal(ports, post),
    view: (channelId) => view(ports, channelId),
    ...channelActions(ports),
  }
}

async function act(question: Promise<Answer>, done: (value: unknown) => void): Outcome {
  const answer = await question
  if (answer.kind === 'away') return ''
  if (answer.kind === 'refused') return answer.reason || '?'
  done(answer.value)
  return undefined
}

function channelActions(ports: WritingPorts): Pick<Writing, 'converse' | 'makeChannel' | 'join'> {
  const { ask, store } = ports
  const me = (): string => store.me.value?.id ?? ''
  const opened = async (answer: Answer): Promise<string | undefined> => {
    if (answer.kind !== 'ok') return undefined
    await ports.reloadChannels()
    return text(fields(answer.value).id)
  }
  return {
    converse: async (userIds) => {
      const [only] = userIds
      return userIds.length === 1 && only !== undefined
        ? opened(await ask('POST', '/api/v4/channels/direct', [me(), only]))
        : opened(await ask('POST', '/api/v4/channels/group', [...userIds]))
    },
    makeChannel: async (displayName, isPrivate) => {
      const name = nameFor(displayName, ports.newId())
      const draft = { type: isPrivate ? 'P' : 'O', name, display_name: displayName }
      const team = { team_id: store.workspace.value.id }
      return opened(await ask('POST', '/api/v4/channels', { ...draft, ...team }))
    },
    join: async (channel) => {
      const path = `/api/v4/channels/${channel.id}/members`
      const answer = await ask('POST', path, { user_id: me() })
      await ports.reloadChannels()
      return answer.kind === 'ok'
    },
  }
}

/** A name for addresses: what is Latin in the one that people see, and some chance. */
function nameFor(displayName: string, id: string): string {
  const plain = displayName
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
  return plain.length >= 3 ? plain : `${plain}${plain === '' ? '' : '-'}${id.slice(0, 8)}`
}

async function reveal({ ask }: WritingPorts, post: Post): Promise<Post | 'over' | undefined> {
  const answer = await ask('POST', `/api/holdfast/v1/posts/${post.id}/open`)
  if (answer.kind === 'away') return undefined
  return answer.kind === 'ok' ? wholePostFrom(answer.value) : 'over'
}

async function reaction(
  { ask, store, now }: WritingPorts,
  post: Post,
  { emoji, isOn }: { readonly emoji: string; readonly isOn: boolean },
): Promise<Answer> {
  const userId = store.me.value?.id ?? ''
  const timeline = store.timeline(post.channelId)
  const show = (isThere: boolean): void => {
    timeline.value = withReaction(timeline.value, post.id, {
      reaction: { userId, emoji },
      isThere,
    })
  }
  show(isOn)
  const answer = isOn
    ? await ask('POST', '/api/v4/reactions', {
        user_id: userId,
        post_id: post.id,
        emoji_name: emoji,
        create_at: now(),
      })
    : await ask('DELETE', `/api/v4/users/${userId}/posts/${post.id}/reactions/${emoji}`)
  if (answer.kind !== 'ok') show(!isOn)
  return answer
}

async function view({ ask, store, now }: WritingPorts, channelId: string): Promise<void> {
  const membership = store.memberships.value.get(channelId)
  const channel = store.channels.value.get(channelId)
  if (membership === undefined || channel === undefined) return
  if (membership.seenCount >= channel.messageCount && membership.mentionCount === 0) return
  const seen = { seenCount: channel.messageCount, mentionCount: 0, viewedAt: now() }
  store.memberships.value = withEntry(store.memberships.value, channelId, {
    ...membership,
    ...seen,
  })
  await ask('POST', '/api/v4/channels/members/me/view', { channel_id: channelId })
}

function showPost(store: Store, post: Post): void {
  if (post.id === '') return
  const timeline = store.timeline(post.channelId)
  timeline.value = withPosts(timeline.value, [post])
}

function bodyOf(waiting: Waiting): object {
  const priority =
    waiting.lane === 'routine' ? '' : waiting.lane === 'priority' ? 'important' : 'urgent'
  return {
    channel_id: waiting.channelId,
    message: waiting.message,
    root_id: waiting.rootId,
    pending_post_id: waiting.pendingId,
    props: {
      ...(waiting.lane === 'flash' ? { holdfast_precedence: 'flash' } : {}),
      ...(waiting.override === '' ? {} : { holdfast_override: waiting.override }),
      ...(waiting.burnSeconds ? { holdfast_burn_seconds: waiting.burnSeconds } : {}),
    },
    metadata: { priority: { priority, requested_ack: waiting.wantsAck } },
    ...(waiting.files.length === 0
      ? {}
      : { file_ids: waiting.files.map(({ uploadId }) => uploadId) }),
  }
}
