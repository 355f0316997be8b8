/**
 * The first sync of a large workspace, with real processes: one new kit gets it by stick, one over a thin link. Both are cut short on
 * the way, one by a stick that is pulled out, both by a power cut, and go on from there; after that they get what is new and nothing else.
 */
import { randomBytes } from 'node:crypto'
import { cp, mkdir, readdir, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { t as suite, test, type Test } from 'tap'
import { z } from 'zod'
import { must as known } from '#base/assert.ts'
import { realClock } from '#ports/real.ts'
import { must } from '../../scripts/fleet/client.ts'
import { aNode, type Node } from '../../scripts/fleet/node.ts'
import { openLink, type Link } from '../../scripts/link/proxy.ts'
import { constantTrace } from '../../scripts/link/trace.ts'
import { build } from '../../scripts/measure/build.ts'
import { aFolder } from '../support/folders.ts'
import { eventually as asked, holdfast } from './processes.ts'

suite.setTimeout(500_000)

const MESSAGES = 3_000
const FILES = 3
const FILE_BYTES = 60_000
/** What one more message may cost at most: frames, receipts and what nodes say of themselves are in it. */
const DELTA_BYTES_MAX = 20_000
const LINK = constantTrace({ rateBps: 300_000, rttMs: 100, loss: 0 })

const Status = z.object({
  messages: z.number(),
  links: z.array(z.object({ isUp: z.boolean(), queued: z.object({ routine: z.number() }) })),
})
const Progress = z.object({
  progress: z.object({ bytes: z.number(), of: z.number().optional() }).nullable(),
})
const Report = z.object({
  files: z.number(),
  bytes: z.number(),
  refused: z.array(z.object({ reason: z.string() })),
})
const Posts = z.object({ order: z.array(z.string()), posts: z.record(z.string(), z.object({ message: z.string(), file_ids: z.array(z.string()).optional() })) }) // prettier-ignore
const Kept = z.object({ file_infos: z.array(z.object({ id: z.string() })) })

test('new kits get a large workspace by stick and by link, cut short and once', async (t) => {
  await using stack = new AsyncDisposableStack()
  const folder = await aFolder(t)
  const stop = new AbortController()
  stack.defer(() => stop.abort())
  const nodeOf = (name: string, role: Node['role'], carriers: readonly object[]): Node =>
    stack.use(aNode({ name, role, folder, carriers, stop: stop.signal }))
  const hub = nodeOf('alpha', 'hub', [{ kind: 'lan' }])
  const { channels } = await build(hub, { messages: MESSAGES, people: 1, channels: 3 })
  await hub.start()
  const files = [0, 1, 2].slice(0, FILES).map(() => new Uint8Array(randomBytes(FILE_BYTES)))
  for (const content of files) await say(hub, `file of ${content.length}`, content)
  const all = (await statusOf(hub)).messages
  const targetPort = Number(new URL(hub.url()).port)
  const way = { speed: 1, listenPort: 0, targetHost: '127.0.0.1', targetPort, trace: LINK }
  const link = stack.use(await openLink({ ...way, seed: 1, clock: realClock() }))
  const dial = [`127.0.0.1:${link.port}`]
  const byStick = nodeOf('bravo', 'kit', [])
  const byLink = nodeOf('charlie', 'kit', [{ kind: 'lan', dial, backOffMsMax: 1_000 }])
  for (const kit of [byStick, byLink]) await kit.join(hub)

  const scene = { hub, all, channels, folder }
  await getsByStick(t, scene, byStick)
  await getsByLink(t, scene, { byLink, link })
})

/** Headquarters with the workspace, and a new kit. */
interface Scene {
  readonly hub: Node
  /** Messages that headquarters has at first. */
  readonly all: number
  readonly channels: readonly string[]
  readonly folder: string
}

async function getsByStick(
  t: Test,
  { hub, all, channels, folder }: Scene,
  byStick: Node,
): Promise<void> {
  const [stick, torn] = [join(folder, 'stick'), join(folder, 'torn')]
  await mkdir(stick)
  const wrote = await carry(hub, 'export', stick)
  await cp(stick, torn, { recursive: true })
  await tear(torn)
  await byStick.start()
  t.match((await carry(byStick, 'import', torn)).refused, [{ reason: 'truncated' }])
  const some = (await statusOf(byStick)).messages
  t.ok(some > 0 && some < all, `${some} of ${all} were on the torn stick`)
  const seen = await killDuringImport(byStick, stick)
  t.ok(seen.bytes > 0 && seen.of !== undefined && seen.of >= seen.bytes, JSON.stringify(seen))

  const { out, error } = await holdfast('courier', 'import', stick, '--data', byStick.dataFolder)
  t.match(out, /^Took \d+ envelopes out of/)
  t.match(
    error,
    /^(?: {2}import: [\d.]+ [kM]?B(?:, \d+ % of [\d.]+ [kM]?B)?\n)*$/,
    'how far it has come',
  )
  t.equal((await statusOf(byStick)).messages, all)
  await isTheSame(t, hub, byStick, channels)
  t.match(await carry(byStick, 'import', stick), { files: 0 }, 'it is taken once')

  await say(hub, 'after the snapshot')
  const delta = await carry(hub, 'export', stick)
  t.ok(delta.bytes < DELTA_BYTES_MAX, `${delta.bytes} bytes after ${wrote.bytes}`)
  await carry(byStick, 'import', stick)
  t.ok(await has(byStick, 'after the snapshot'))

  const ids = await askForFiles(byStick)
  for (const [node, deed] of [
    [byStick, 'export'],
    [hub, 'import'],
    [hub, 'export'],
    [byStick, 'import'],
  ] as const)
    // prettier-ignore
    await carry(node, deed, stick)
  t.equal(ids.length, FILES)
  await eventually(() => areHere(byStick, ids))
  t.strictSame(byStick.accidents(), [])
}

async function getsByLink(
  t: Test,
  { hub, all, channels }: Scene,
  { byLink, link }: { readonly byLink: Node; readonly link: Link },
): Promise<void> {
  await byLink.start()
  const early = await eventually(async () => {
    const { messages } = await statusOf(byLink)
    return messages > 50 ? messages : undefined
  })
  await byLink.kill()
  t.ok(early < all, `${early} of ${all} before the power was cut`)
  await byLink.start()
  let waiting = 0
  await eventually(async () => {
    for (const { isUp, queued } of (await statusOf(hub)).links)
      if (isUp) waiting = Math.max(waiting, queued.routine)
    return (await statusOf(byLink)).messages > all ? true : undefined
  })
  t.ok(waiting > 0, `${waiting} wait, as headquarters shows`)
  await isTheSame(t, hub, byLink, channels)
  const ids = await askForFiles(byLink)
  t.equal(ids.length, FILES)
  await eventually(() => areHere(byLink, ids))

  const before = link.stats()
  await say(hub, 'one more')
  await eventually(async () => ((await has(byLink, 'one more')) ? true : undefined))
  const bytes = bytesOf(link.stats()) - bytesOf(before)
  t.ok(bytes < DELTA_BYTES_MAX, `${bytes} bytes for one message after ${bytesOf(before)}`)
  t.strictSame(byLink.accidents(), [])
}

/** Not more often than ten times a second: whoever asks takes time from those who are at work. */
function eventually<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  return asked(async () => (await attempt()) ?? (await setTimeout(100, undefined)))
}

async function statusOf(node: Node): Promise<z.output<typeof Status>> {
  return Status.parse(await get(node, '/api/holdfast/v1/status'))
}

async function carry(
  node: Node,
  deed: 'export' | 'import',
  folder: string,
): Promise<z.output<typeof Report>> {
  return Report.parse(await post(node, `/api/holdfast/v1/courier/${deed}`, { folder }))
}

/** Pulled out while it was written: of the largest file only the beginning is there. */
async function tear(folder: string): Promise<void> {
  const names = (await readdir(folder)).map((name) => join(folder, name))
  const sizes = await Promise.all(names.map(async (name) => (await stat(name)).size))
  const largest = Math.max(...sizes)
  await truncate(known(names[sizes.indexOf(largest)], 'there are files'), Math.floor(largest / 3))
}

/** How far the import had come, as the operator page is told, when the power was cut; the node runs again afterwards. */
async function killDuringImport(
  node: Node,
  folder: string,
): Promise<{ readonly bytes: number; readonly of?: number | undefined }> {
  let isOver = false
  const path = '/api/holdfast/v1/courier/import'
  const answer = node
    .ask({ method: 'POST', path, token: node.token(), body: { folder } })
    .finally(() => {
      isOver = true
    })
  for (;;) {
    const told = await get(node, '/api/holdfast/v1/courier/progress')
    const { progress } = Progress.parse(told)
    if (isOver) throw new Error('the import was over before it could be cut short')
    if (progress === null || progress.bytes === 0) continue
    await node.kill()
    await answer
    await node.start()
    return progress
  }
}

/** Every message of these channels, by its text, which is another for each: so none is there twice. */
async function isTheSame(
  t: Test,
  one: Node,
  other: Node,
  channels: readonly string[],
): Promise<void> {
  let count = 0
  for (const channel of channels) {
    const [here, there] = [await textsIn(one, channel), await textsIn(other, channel)]
    t.strictSame(there.toSorted(), here.toSorted())
    t.equal(new Set(there).size, there.length)
    count += there.length
  }
  t.ok(count >= MESSAGES, `${count} messages`)
}

async function textsIn(node: Node, channel: string): Promise<readonly string[]> {
  const texts: string[] = []
  for (let page = 0; ; page += 1) {
    const found = await postsIn(node, channel, page)
    texts.push(...found.map(({ message }) => message))
    if (found.length < PAGE) return texts
  }
}

const PAGE = 200

async function postsIn(
  node: Node,
  channel: string,
  page = 0,
): Promise<readonly { readonly message: string; readonly file_ids?: string[] | undefined }[]> {
  const path = `/api/v4/channels/${channel}/posts?page=${page}&per_page=${PAGE}`
  const { order, posts } = Posts.parse(await get(node, path))
  return order.map((id) => known(posts[id], 'it is in the order'))
}

async function has(node: Node, text: string): Promise<boolean> {
  return (await postsIn(node, await squareOf(node))).some(({ message }) => message === text)
}

async function say(node: Node, message: string, content?: Uint8Array): Promise<void> {
  const channel = await squareOf(node)
  const files = content === undefined ? [] : [await handIn(node, channel, content)]
  await post(node, '/api/v4/posts', { channel_id: channel, message, file_ids: files })
}

async function handIn(node: Node, channel: string, body: Uint8Array): Promise<string> {
  const type = 'application/octet-stream'
  const headers = { authorization: `Bearer ${node.token()}`, 'content-type': type }
  const at = `${node.url()}/api/v4/files?channel_id=${channel}&filename=map.bin`
  const answer = await fetch(at, { method: 'POST', headers, body: Uint8Array.from(body) })
  return known(Kept.parse(await answer.json()).file_infos[0], 'it was taken').id
}

async function askForFiles(node: Node): Promise<readonly string[]> {
  const posts = await postsIn(node, await squareOf(node))
  const ids = posts.flatMap(({ file_ids: files = [] }) => files)
  for (const id of ids) await post(node, `/api/holdfast/v1/files/${id}/fetch`, {})
  return ids
}

async function areHere(node: Node, ids: readonly string[]): Promise<true | undefined> {
  for (const id of ids) {
    const told = await get(node, `/api/holdfast/v1/files/${id}`)
    if (!z.object({ isHere: z.boolean() }).parse(told).isHere) return undefined
  }
  return true
}

async function squareOf(node: Node): Promise<string> {
  const Named = z.object({ id: z.string() })
  const [team] = z.array(Named).parse(await get(node, '/api/v4/users/me/teams'))
  return Named.parse(await get(node, `/api/v4/teams/${team?.id}/channels/name/town-square`)).id
}

function get(node: Node, path: string): Promise<unknown> {
  return must(node.ask, { method: 'GET', path, token: node.token() })
}

function post(node: Node, path: string, body: unknown): Promise<unknown> {
  return must(node.ask, { method: 'POST', path, token: node.token(), body })
}

function bytesOf({ upBytes, downBytes }: { upBytes: number; downBytes: number }): number {
  return upBytes + downBytes
}
