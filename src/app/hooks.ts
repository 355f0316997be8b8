/** Addresses to which programs post. They post in the name of whoever made the hook, and may do what that person may. */
import { EdgeError } from '#base/errors.ts'
import type { ChannelId, FileId, UserId } from '#base/ids.ts'
import { HOOKS_MAX } from '#base/limits.ts'
import { keptKey, keptRange } from '#sync/kept-keys.ts'
import { subjectFacts } from '#sync/readers.ts'
import { pack, unpack } from '#sync/records.ts'
import { insist, insistInChannel, isAdministrator, mayRead, type AppContext } from './context.ts'
import { newFileId } from './files.ts'
import type { Hook, HookDraft, HookPost, Hooks } from './kept-types.ts'
import type { EdgeNode } from './node.ts'
import { refuseInName } from './shut-out.ts'
import { maySee } from './sight.ts'

/** What hooks post with. */
type Means = Pick<EdgeNode, 'post' | 'channelByName' | 'directChannel' | 'personByName'>

/** The part of the app about them. */
export function openHooks(context: AppContext, means: Means): Hooks {
  const { replica, now } = context.sync
  const hookCalled = async (id: FileId): Promise<Hook | undefined> =>
    unpack<Hook>(await replica.read.get(keptKey.hook(id)))
  const hookOf = async (subject: UserId, id: FileId): Promise<Hook> => {
    const hook = await hookCalled(id)
    // Whose hook it is not is told what strangers are: its id is a secret.
    if (hook === undefined || !mayManage(context, subject, hook))
      throw new EdgeError('NOT_FOUND', { what: 'webhook' })
    return hook
  }
  return {
    hookCalled,
    hook: hookOf,
    hooks: async (subject) => {
      const kept = await replica.read.list(keptRange.hooks)
      const all = kept.flatMap(([, bytes]) => unpack<Hook>(bytes) ?? [])
      const own = all.filter((hook) => mayManage(context, subject, hook))
      return own.toSorted((a, b) => a.createdAt - b.createdAt)
    },
    makeHook: (subject, draft) => makeHook(context, subject, draft),
    changeHook: async (subject, id, draft) => {
      const before = await hookOf(subject, id)
      await insistHook(context, before.creator, draft.channel)
      const hook: Hook = { ...before, ...draft, updatedAt: now() }
      await replica.commit(async (tx) => tx.put(keptKey.hook(id), pack(hook)))
      return hook
    },
    removeHook: async (subject, id) => {
      await hookOf(subject, id)
      await replica.commit(async (tx) => tx.delete(keptKey.hook(id)))
    },
    postByHook: async (hook, post) => {
      refuseInName(context, hook.creator, 'a webhook')
      insistRole(context, hook.creator)
      const { channel: _channel, root, ...draft } = post
      const channel = await channelFor(context, means, { hook, post })
      return await means.post(hook.creator, {
        ...draft,
        channel,
        ...(root !== undefined && { root }),
      })
    },
  }
}

async function makeHook(context: AppContext, subject: UserId, draft: HookDraft): Promise<Hook> {
  const { replica, now } = context.sync
  await insistHook(context, subject, draft.channel)
  const at = now()
  const hook: Hook = {
    ...draft,
    id: newFileId(context),
    creator: subject,
    createdAt: at,
    updatedAt: at,
  }
  await replica.commit(async (tx) => {
    const all = await tx.list({ ...keptRange.hooks, limit: HOOKS_MAX })
    if (all.length === HOOKS_MAX)
      throw new EdgeError('INPUT_INVALID', {
        field: 'webhooks',
        found: HOOKS_MAX,
        wanted: 'fewer',
      })
    tx.put(keptKey.hook(hook.id), pack(hook))
  })
  return hook
}

/** Whoever has the address of a webhook writes in the name of somebody: that is not for everybody to give away. */
async function insistHook(context: AppContext, person: UserId, channel: ChannelId): Promise<void> {
  await insistInChannel(context, person, { channel, action: 'post' })
  insistRole(context, person)
}

function insistRole(context: AppContext, person: UserId): void {
  insist(context, person, {
    ...subjectFacts(context.sync.directory(), person),
    action: 'make webhook',
  })
}

async function channelFor(
  context: AppContext,
  means: Means,
  { hook, post }: { readonly hook: Hook; readonly post: HookPost },
): Promise<ChannelId> {
  const { channel } = post
  if (channel === undefined || channel === '') return hook.channel
  const meant = channel.startsWith('@')
    ? await directWith(context, means, { hook, username: channel.slice(1) })
    : (await means.channelByName(hook.creator, channel.replace(/^#/, '').toLowerCase())).id
  if (hook.isLocked && meant !== hook.channel)
    throw new EdgeError('NOT_ALLOWED', { found: 'a webhook that is locked to its channel' })
  return meant
}

async function directWith(
  context: AppContext,
  means: Means,
  { hook: { creator }, username }: { readonly hook: Hook; readonly username: string },
): Promise<ChannelId> {
  const person = await means.personByName(username.toLowerCase())
  if (person === undefined || !maySee(context, creator, person.id))
    throw new EdgeError('NOT_FOUND', { what: 'person' })
  return (await means.directChannel(creator, person.id)).id
}

/** Whoever has its address may write there: who administers has those of channels that they may read. */
function mayManage(context: AppContext, subject: UserId, hook: Hook): boolean {
  const { creator, channel } = hook
  return (
    creator === subject ||
    (isAdministrator(context, subject) && mayRead(context, subject, { channel }))
  )
}
