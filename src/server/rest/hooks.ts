/** Incoming webhooks: making them, and what comes by them. Their address is a secret: whoever has it may post. */
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import { parseId, type ChannelId, type FileId } from '#base/ids.ts'
import { MESSAGE_CHARACTERS_MAX } from '#base/limits.ts'
import type { Hook, HookDraft } from '#app/kept-types.ts'
import { addressKey } from '#server/address.ts'
import { createBuckets, type Buckets } from '#server/bucket.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, idParam, idSchema, queryOf, textParam } from '#server/input.ts'
import { HOOK_GUESSES, HOOK_PARTS_MAX, HOOK_POSTS, LOGIN_KEYS_MAX } from '#server/limits.ts'
import { openRoute, route, type Call, type OpenCall, type Route } from '#server/route.ts'
import { readPayload, type HookPayload } from './hook-payload.ts'
import { PageQuery, pageOf } from './lists.ts'
import { hookFrom } from './shapes-kept.ts'
import { laneFrom } from './shapes-post.ts'
import { OK } from './shapes.ts'

const NewHook = z.object({
  channel_id: idSchema<ChannelId>(),
  display_name: z.string().max(64).default(''),
  description: z.string().max(500).default(''),
  username: z.string().max(64).default(''),
  icon_url: z.string().max(1_024).default(''),
  channel_locked: z.boolean().default(false),
})

/** The routes about incoming webhooks. */
export function hookRoutes(door: Door): readonly Route[] {
  const { node, workspace } = door
  const team = workspace.id
  const base = '/api/v4/hooks/incoming'
  const limits: Limits = {
    posts: createBuckets(HOOK_POSTS, LOGIN_KEYS_MAX),
    guesses: createBuckets(HOOK_GUESSES, LOGIN_KEYS_MAX),
  }
  return [
    route('GET', base, async (call) => {
      const all = await node.hooks(call.subject)
      return pageOf(all, queryOf(call, PageQuery)).map((hook) => hookFrom(hook, team))
    }),
    route('POST', base, async (call) => {
      const hook = await node.makeHook(call.subject, draftOf(call))
      call.reply.status(201)
      return hookFrom(hook, team)
    }),
    route('GET', `${base}/:hook`, async (call) =>
      hookFrom(await node.hook(call.subject, idOf(call)), team),
    ),
    route('PUT', `${base}/:hook`, async (call) =>
      hookFrom(await node.changeHook(call.subject, idOf(call), draftOf(call)), team),
    ),
    route('DELETE', `${base}/:hook`, async (call) => {
      await node.removeHook(call.subject, idOf(call))
      return OK
    }),
    route('GET', '/api/v4/hooks/outgoing', () => []),
    openRoute('POST', '/hooks/:hook', (call) => take(door, call, limits)),
  ]
}

function idOf(call: Call): FileId {
  return idParam<FileId>(call, 'hook')
}

interface Limits {
  readonly posts: Buckets
  readonly guesses: Buckets
}

function draftOf(call: Call): HookDraft {
  const body = bodyOf(call, NewHook)
  return {
    channel: body.channel_id,
    displayName: body.display_name,
    description: body.description,
    username: body.username,
    iconUrl: body.icon_url,
    isLocked: body.channel_locked,
  }
}

/** Answered only once all of it is on disk: whoever hears nothing sends it again. */
async function take(door: Door, call: OpenCall, limits: Limits): Promise<string> {
  const hook = await hookOf(door, call, limits)
  spend(limits.posts, hook.id, door)
  const { request, reply } = call
  const payload = readPayload(request.body, request.headers['content-type'])
  const channel = payload.channel === '' ? {} : { channel: payload.channel }
  const props = propsOf(hook, payload)
  for (const [at, body] of partsOf(payload.text).entries())
    await door.node.postByHook(hook, {
      body,
      lane: laneFrom(undefined, payload.priority),
      asksAcknowledgement: payload.asksAcknowledgement,
      props: JSON.stringify(at === 0 ? props : { ...props, attachments: undefined }),
      ...channel,
    })
  reply.header('content-type', 'text/plain')
  return 'ok'
}

async function hookOf(door: Door, call: OpenCall, { guesses }: Limits): Promise<Hook> {
  const address = addressKey(call.request.ip)
  const now = door.clock.monotonicMs()
  const waitMs = guesses.waitMs(address, now)
  if (waitMs > 0) throw new EdgeError('TOO_MANY_REQUESTS', { retryAfterMs: waitMs })
  const id = parseId<FileId>(textParam(call, 'hook'))
  const hook = id && (await door.node.hookCalled(id))
  if (hook !== undefined) return hook
  guesses.take(address, now)
  throw new EdgeError('NOT_FOUND', { what: 'webhook' })
}

function spend(buckets: Buckets, key: string, { clock }: Door): void {
  const now = clock.monotonicMs()
  const waitMs = buckets.waitMs(key, now)
  if (waitMs > 0) throw new EdgeError('TOO_MANY_REQUESTS', { retryAfterMs: waitMs })
  buckets.take(key, now)
}

/** What clients show in the place of the name and picture of whoever made the hook. */
function propsOf(hook: Hook, payload: HookPayload): Readonly<Record<string, unknown>> {
  const username = hook.username || payload.username
  const icon = hook.iconUrl || payload.iconUrl
  return {
    ...payload.props,
    from_webhook: 'true',
    ...(hook.displayName !== '' && { webhook_display_name: hook.displayName }),
    ...(username !== '' && { override_username: username }),
    ...(icon !== '' && { override_icon_url: icon }),
    ...(payload.iconEmoji !== '' && { override_icon_emoji: payload.iconEmoji.replaceAll(':', '') }),
    ...(payload.attachments.length > 0 && { attachments: payload.attachments }),
  }
}

/** Long texts in several messages, cut at a line's end where there is one. @throws EdgeError TOO_LARGE */
function partsOf(text: string): readonly string[] {
  const parts: string[] = []
  let rest = text
  while (rest.length > MESSAGE_CHARACTERS_MAX) {
    if (parts.length === HOOK_PARTS_MAX - 1)
      throw new EdgeError('TOO_LARGE', { field: 'text', foundCharacters: text.length })
    const line = rest.lastIndexOf('\n', MESSAGE_CHARACTERS_MAX)
    const isHalf = /[\ud800-\udbff]/.test(rest.charAt(MESSAGE_CHARACTERS_MAX - 1))
    const end = line > MESSAGE_CHARACTERS_MAX / 2 ? line : MESSAGE_CHARACTERS_MAX - (isHalf ? 1 : 0)
    parts.push(rest.slice(0, end))
    rest = rest.slice(end).replace(/^\n/, '')
  }
  return [...parts, rest]
}
