/**
 * Three kits, two sticks, one radio, one hub: real processes, real folders, an emulated radio. One stick is lost on its way, the
 * other is copied, and both copies are read at every stop, twice. A message and a file of each node come to all, once.
 */
import { createHash } from 'node:crypto'
import { cp, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { t as suite, test } from 'tap'
import { z } from 'zod'
import { realClock } from '#ports/real.ts'
import { must } from '../../scripts/fleet/client.ts'
import { aNode, type Node } from '../../scripts/fleet/node.ts'
import { openLink } from '../../scripts/link/proxy.ts'
import { flappingTrace } from '../../scripts/link/trace.ts'
import { aFolder } from '../support/folders.ts'
import { eventually } from './processes.ts'

suite.setTimeout(240_000)

/** How much faster than life nodes and radio are. */
const SPEED = 5
/** A data radio between hills. */
const RADIO = flappingTrace(
  { rateBps: 128_000, rttMs: 300, loss: 0.01 },
  { upMs: 30_000, downMs: 10_000 },
)
const FILE_BYTES = 20_000
/** Each takes all sticks to everybody once: what is asked for, the files, the receipts. */
const ROUNDS_MAX = 8

test('a stick is lost, one is copied, the radio comes and goes: all have everything, once', async (t) => {
  await using stack = new AsyncDisposableStack()
  const folder = await aFolder(t)
  const stop = new AbortController()
  stack.defer(() => stop.abort())
  const nodeOf = (name: string, role: Node['role'], carriers: readonly object[]): Node =>
    stack.use(aNode({ name, role, folder, carriers, speed: SPEED, stop: stop.signal }))
  const hub = nodeOf('hub', 'hub', [{ kind: 'lan' }])
  await hub.found('Relief')
  await hub.start()
  const targetPort = Number(new URL(hub.url()).port)
  const way = { listenPort: 0, targetHost: '127.0.0.1', targetPort, trace: RADIO }
  const radio = stack.use(await openLink({ ...way, speed: SPEED, seed: 1, clock: realClock() }))
  const dial = [`127.0.0.1:${radio.port}`]
  const alpha = nodeOf('alpha', 'kit', [{ kind: 'lan', dial, backOffMsMax: 5_000 }])
  const bravo = nodeOf('bravo', 'kit', [])
  const charlie = nodeOf('charlie', 'kit', [])
  const nodes = [hub, alpha, bravo, charlie]
  await Promise.all([alpha, bravo, charlie].map((kit) => kit.join(hub).then(kit.start)))

  for (const node of nodes) await say(node, `first of ${node.name}`)
  const lost = join(folder, 'lost')
  await mkdir(lost)
  await courier(bravo, 'export', lost)
  t.ok((await readdir(lost)).length > 0, 'what bravo wrote is on the stick')
  await rm(lost, { recursive: true })
  const [told] = await postsOn(bravo)
  t.match(await wordsOf(bravo, told?.id), ['left this kit'], 'nobody is told more than that')
  for (const node of nodes) await say(node, `file of ${node.name}`, contentOf(node))

  const [stick, copy] = [join(folder, 'stick'), join(folder, 'copy')]
  await mkdir(stick)
  for (const kit of [bravo, charlie]) await courier(kit, 'export', stick)
  await cp(stick, copy, { recursive: true })
  let rounds = 0
  while (rounds < ROUNDS_MAX && !(await areAllDone(nodes))) {
    for (const pocket of [stick, copy])
      for (const node of [hub, bravo, charlie]) await stopAt(node, pocket)
    await askForFiles(alpha)
    rounds += 1
  }
  await eventually(async () => ((await areAllDone(nodes)) ? true : undefined))

  const expected = nodes.flatMap(({ name }) => [`file of ${name}`, `first of ${name}`])
  const hashes = nodes.map((node) => hashOf(contentOf(node)))
  for (const node of nodes) {
    const posts = await postsOn(node)
    const own = posts.filter(({ message }) => / of /.test(message))
    t.strictSame(
      own.map(({ message }) => message).toSorted(),
      expected.toSorted(),
      `${node.name} has each once`,
    )
    const files = own.flatMap(({ file_ids: ids = [] }) => ids)
    const found = await Promise.all(files.map(async (id) => hashOf(await contentAt(node, id))))
    t.strictSame(found.toSorted(), hashes.toSorted(), `${node.name} has each file whole`)
    t.strictSame(node.accidents(), [])
  }
  t.comment(`${rounds} rounds, radio ${JSON.stringify(radio.stats())}`)
  t.ok(radio.stats().cuts > 0, 'the radio was away')
})

const WithId = z.object({ id: z.string() })
const Post = z.object({
  id: z.string(),
  message: z.string(),
  file_ids: z.array(z.string()).optional(),
})
const Posts = z.object({ posts: z.record(z.string(), Post) })
const Kept = z.object({ file_infos: z.array(WithId) })
const Known = z.object({
  isHere: z.boolean(),
  fetch: z.object({ isAsked: z.boolean() }).nullable(),
})
const Story = z.object({
  deliveries: z.array(z.object({ destinationName: z.string(), word: z.string() })),
})

/** One stop of a stick: read twice, and written to. */
async function stopAt(node: Node, folder: string): Promise<void> {
  await courier(node, 'import', folder)
  await courier(node, 'import', folder)
  await askForFiles(node)
  await courier(node, 'export', folder)
}

async function courier(node: Node, deed: 'export' | 'import', folder: string): Promise<void> {
  await post(node, `/api/holdfast/v1/courier/${deed}`, { folder })
}

async function say(node: Node, message: string, content?: Uint8Array): Promise<void> {
  const channel = await channelOf(node)
  const files = content === undefined ? [] : [await handIn(node, channel, content)]
  await post(node, '/api/v4/posts', { channel_id: channel, message, file_ids: files })
}

async function handIn(node: Node, channel: string, body: Uint8Array): Promise<string> {
  const headers = {
    authorization: `Bearer ${node.token()}`,
    'content-type': 'application/octet-stream',
  }
  const at = `${node.url()}/api/v4/files?channel_id=${channel}&filename=${node.name}.bin`
  const answer = await fetch(at, { method: 'POST', headers, body: Uint8Array.from(body) })
  const [file] = Kept.parse(await answer.json()).file_infos
  return file?.id ?? ''
}

async function contentAt(node: Node, file: string): Promise<Uint8Array> {
  const headers = { authorization: `Bearer ${node.token()}` }
  const answer = await fetch(`${node.url()}/api/v4/files/${file}`, { headers })
  return new Uint8Array(await answer.arrayBuffer())
}

/** Everybody has every message and file, and headquarters' word for all that is its own. */
async function areAllDone(nodes: readonly Node[]): Promise<boolean> {
  for (const node of nodes) {
    const posts = await postsOn(node)
    if (posts.filter(({ message }) => / of /.test(message)).length < 2 * nodes.length) return false
    for (const id of posts.flatMap(({ file_ids: ids = [] }) => ids))
      if (!(await fileAt(node, id)).isHere) return false
    for (const { id } of posts.filter((one) => one.message.endsWith(node.name))) {
      const words = await wordsOf(node, id)
      if (words.length === 0 || !words.every((word) => word === 'stored')) return false
    }
  }
  return true
}

/** One for each destination. */
async function wordsOf(node: Node, message: string | undefined): Promise<readonly string[]> {
  const story = await get(node, `/api/holdfast/v1/posts/${message}/delivery`)
  return Story.parse(story).deliveries.map(({ word }) => word)
}

async function askForFiles(node: Node): Promise<void> {
  for (const id of (await postsOn(node)).flatMap(({ file_ids: ids = [] }) => ids)) {
    const { isHere, fetch: fetching } = await fileAt(node, id)
    if (!isHere && fetching?.isAsked !== true)
      await post(node, `/api/holdfast/v1/files/${id}/fetch`, {})
  }
}

async function fileAt(node: Node, id: string): Promise<z.output<typeof Known>> {
  return Known.parse(await get(node, `/api/holdfast/v1/files/${id}`))
}

async function postsOn(node: Node): Promise<readonly z.output<typeof Post>[]> {
  const channel = await channelOf(node)
  return Object.values(
    Posts.parse(await get(node, `/api/v4/channels/${channel}/posts?per_page=200`)).posts,
  )
}

async function channelOf(node: Node): Promise<string> {
  const [team] = z.array(WithId).parse(await get(node, '/api/v4/users/me/teams'))
  return WithId.parse(await get(node, `/api/v4/teams/${team?.id}/channels/name/town-square`)).id
}

function get(node: Node, path: string): Promise<unknown> {
  return must(node.ask, { method: 'GET', path, token: node.token() })
}

function post(node: Node, path: string, body: object): Promise<unknown> {
  return must(node.ask, { method: 'POST', path, token: node.token(), body })
}

/** What nobody can press: each node's own. */
function contentOf({ name }: Node): Uint8Array {
  const blocks = Array.from({ length: FILE_BYTES / 32 }, (_, at) => hash(`${name} ${at}`))
  return Buffer.concat(blocks)
}

function hashOf(bytes: Uint8Array): string {
  return hash(bytes).toString('hex')
}

function hash(bytes: Uint8Array | string): Buffer {
  return createHash('sha256').update(bytes).digest()
}
