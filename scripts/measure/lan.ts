/**
 * The LAN door with many clients, beside a bare `ws` server that only passes on what it gets. A broadcast is `typing`: it goes
 * the whole way through the door, and nothing of it touches the disk, as nothing does at the other. Both servers are processes of
 * their own, all clients are in this one; rounds alternate, so that a busy machine is busy for both.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { must } from '#base/assert.ts'
import type { Clock } from '#ports/clock.ts'
import { aNode, type Node } from '../fleet/node.ts'
import { build, PASSWORD, type Built } from './build.ts'
import { openCrowd, type Crowd } from './lan-crowd.ts'
import { measureStorm } from './lan-storm.ts'
import { load } from './load.ts'
import { residentMb } from './start.ts'
import { median, quantile, rounded } from './statistics.ts'

/** What the bench needs and may be told. */
export interface LanOptions {
  readonly clock: Clock
  readonly isSmall: boolean
  readonly tell: (line: string) => void
}

interface Sizes {
  readonly clients: number
  /** Sockets of each client while memory is measured: enough to stand out. */
  readonly socketsEach: number
  readonly rounds: number
  readonly broadcasts: number
  readonly paced: number
  readonly loadSeconds: number
  /** Before and after memory is looked at. */
  readonly settleMs: number
  /** Work before the storm. */
  readonly calmMs: number
}

const FULL: Sizes = {
  clients: 200,
  socketsEach: 5,
  rounds: 5,
  broadcasts: 2_000,
  paced: 300,
  loadSeconds: 10,
  settleMs: 2_000,
  calmMs: 3_000,
}
const SMALL: Sizes = {
  clients: 8,
  socketsEach: 2,
  rounds: 1,
  broadcasts: 40,
  paced: 10,
  loadSeconds: 0.5,
  settleMs: 100,
  calmMs: 200,
}
/** Broadcasts on their way at once. */
const IN_FLIGHT = 8
const PACED_EVERY_MS = 20
const POST_EVERY_MS = 50
const AT_ONCE = 64
/** Each of ours beside one of the bare server; the first of each is not counted. */
const POST_ROUNDS = 5
/** Clock ticks of Linux in its accounts of processes. */
const TICKS_PER_SECOND = 100
const SOCKET_PATH = '/api/v4/websocket'

/** One of the two servers. */
interface Side {
  readonly url: string
  readonly pid: number
  /** Words of one client for all others. */
  readonly words: (mark: string, seq: number) => string
}

/** Measures everything. Flat, ready for JSON. */
export async function measureLan(options: LanOptions): Promise<Readonly<Record<string, number>>> {
  const { clock, isSmall, tell } = options
  const sizes = isSmall ? SMALL : FULL
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-lan-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const stop = new AbortController().signal
  const carriers = [{ kind: 'lan' }]
  const node = stack.use(aNode({ name: 'lan', role: 'hub', folder, carriers, stop }))
  const built = await build(node, { messages: 100, people: sizes.clients, channels: 1 })
  tell(`${sizes.clients} people enrolled`)
  await node.start()
  const storm = await stormOf(node, built, { clock, sizes })
  tell('login storm measured')
  const posts = await durablePostsOf(node, built, { folder, sizes, clock })
  tell('posts measured')
  // Started anew: what the storm has left in memory is nobody's who listens.
  await node.stop()
  await node.start()
  const ours = oursOf(node, built)
  const bare = await bareOf(stack, folder)
  const memory = {
    client_kb: await memoryOf(ours, built.tokens, { sizes, clock }),
    bare_client_kb: await memoryOf(bare, none(sizes.clients), { sizes, clock }),
  }
  tell('memory measured')
  const crowds = {
    ours: stack.use(await openCrowd({ url: ours.url, tokens: built.tokens, clock })),
    bare: stack.use(await openCrowd({ url: bare.url, tokens: none(sizes.clients), clock })),
  }
  return {
    clients: sizes.clients,
    ...(await broadcastsOf({ ours, bare }, crowds, { ...options, sizes })),
    ...(await postsOf(node, built, { crowd: crowds.ours, sizes, clock })),
    ...posts,
    ...memory,
    ...storm,
  }
}

/**
 * Posts that are on the disk when they are answered, from many clients at once. The bare server makes nothing of them but a longer
 * file: what an HTTP server and this disk can do at best. Both in turn, after a while to get warm.
 */
async function durablePostsOf(
  node: Node,
  built: Built,
  { folder, sizes, clock }: Measuring & { readonly folder: string },
): Promise<Readonly<Record<string, number>>> {
  await using stack = new AsyncDisposableStack()
  const { url } = await bareOf(stack, folder)
  const sides = { ours: node, bare: { url: () => url } }
  const rates = { ours: [] as number[], bare: [] as number[] }
  const seconds = sizes.loadSeconds / POST_ROUNDS
  for (let round = 0; round <= POST_ROUNDS; round += 1)
    for (const side of ['ours', 'bare'] as const) {
      const { postsPerSecond } = await load(sides[side], built, { seconds, atOnce: AT_ONCE, clock })
      if (round > 0) rates[side].push(postsPerSecond)
    }
  const [ours, bare] = [median(rates.ours), median(rates.bare)]
  return {
    http_posts_per_s: Math.round(ours),
    bare_http_posts_per_s: Math.round(bare),
    http_posts_ratio: rounded(ours / bare, 2),
  }
}

function none(count: number): readonly string[] {
  return Array.from({ length: count }, () => '')
}

function stormOf(
  node: Node,
  { tokens, channels }: Built,
  { clock, sizes }: Measuring,
): ReturnType<typeof measureStorm> {
  return measureStorm({
    url: node.url(),
    names: tokens.map((_, index) => `person-${index + 1}`),
    password: PASSWORD,
    token: must(tokens[0], 'there are people'),
    calmMs: sizes.calmMs,
    channel: must(channels[0], 'there is a channel'),
    clock,
  })
}

function oursOf(node: Node, { channels }: Built): Side {
  return {
    url: node.url() + SOCKET_PATH,
    pid: node.pid(),
    words: (mark, seq) =>
      JSON.stringify({
        action: 'user_typing',
        seq,
        data: { channel_id: channels[0], parent_id: mark },
      }),
  }
}

/** Passes on as many bytes as ours makes of what it gets. */
async function bareOf(stack: AsyncDisposableStack, folder: string): Promise<Side> {
  const words = [join(import.meta.dirname, 'lan-bare.ts'), join(folder, 'bare')]
  const child = spawn(process.execPath, words, {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  stack.defer(async () => {
    const exited = once(child, 'exit')
    child.stdin.end()
    await exited
  })
  const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const event = JSON.stringify({
    event: 'typing',
    data: { parent_id: '', user_id: 'x'.repeat(26) },
    broadcast: {
      omit_users: { ['x'.repeat(26)]: true },
      user_id: '',
      channel_id: 'x'.repeat(26),
      team_id: '',
      connection_id: '',
      omit_connection_id: '',
    },
    seq: 1_000,
  })
  return {
    url,
    pid: must(child.pid, 'the bare server runs'),
    words: (mark) => event.replace('"parent_id":""', `"parent_id":"${mark}"`),
  }
}

interface Measuring {
  readonly sizes: Sizes
  readonly clock: Clock
}

/** Kilobytes of memory that each socket takes, with a few open before. */
async function memoryOf(
  { url, pid }: Side,
  tokens: readonly string[],
  { sizes, clock }: Measuring,
): Promise<number> {
  const settled = async (): Promise<number> => {
    await clock.sleep(sizes.settleMs, new AbortController().signal)
    return residentMb(pid)
  }
  using crowds = new DisposableStack()
  crowds.use(await openCrowd({ url, tokens, clock }))
  const beforeMb = await settled()
  const more = Array.from({ length: sizes.socketsEach - 1 }, () => tokens).flat()
  const { sockets } = crowds.use(await openCrowd({ url, tokens: more, clock }))
  const afterMb = await settled()
  return rounded(((afterMb - beforeMb) * 1024) / Math.max(1, sockets.length), 1)
}

interface Both<T> {
  readonly ours: T
  readonly bare: T
}

interface Round {
  readonly perSecond: number
  readonly cpuMs: number
}

async function broadcastsOf(
  sides: Both<Side>,
  crowds: Both<Crowd>,
  { sizes, clock, tell }: Measuring & LanOptions,
): Promise<Readonly<Record<string, number>>> {
  const rounds = { ours: [] as Round[], bare: [] as Round[] }
  const waits = { ours: [] as number[], bare: [] as number[] }
  for (let round = 0; round <= sizes.rounds; round += 1) {
    for (const name of ['ours', 'bare'] as const) {
      const done = await roundOf(sides[name], crowds[name], { sizes, clock })
      // The first warms up.
      if (round > 0) rounds[name].push(done)
    }
    tell(`broadcasts, round ${round} of ${sizes.rounds}`)
  }
  for (let count = 0; count < sizes.paced; count += 1) {
    for (const name of ['ours', 'bare'] as const) {
      waits[name].push(await say(sides[name], crowds[name], count))
      await clock.sleep(PACED_EVERY_MS, new AbortController().signal)
    }
  }
  const middle = (name: keyof typeof rounds, key: keyof Round): number =>
    median(rounds[name].map((one) => one[key]))
  return {
    broadcasts_per_s: Math.round(middle('ours', 'perSecond')),
    bare_broadcasts_per_s: Math.round(middle('bare', 'perSecond')),
    broadcast_ratio: rounded(middle('ours', 'perSecond') / middle('bare', 'perSecond'), 2),
    broadcast_cpu_ms: rounded(middle('ours', 'cpuMs'), 3),
    bare_cpu_ms: rounded(middle('bare', 'cpuMs'), 3),
    broadcast_p50_ms: rounded(median(waits.ours), 2),
    broadcast_p99_ms: rounded(quantile(waits.ours, 0.99), 2),
    bare_p50_ms: rounded(median(waits.bare), 2),
    bare_p99_ms: rounded(quantile(waits.bare, 0.99), 2),
  }
}

/** As many as are wanted, some of them on their way at once; and what the server has computed for each. */
async function roundOf(side: Side, crowd: Crowd, { sizes, clock }: Measuring): Promise<Round> {
  let next = 0
  const client = async (): Promise<void> => {
    for (let count = next++; count < sizes.broadcasts; count = next++) await say(side, crowd, count)
  }
  const cpuBefore = await computedMs(side.pid)
  const beganMs = clock.monotonicMs()
  await Promise.all(Array.from({ length: IN_FLIGHT }, client))
  const elapsedMs = clock.monotonicMs() - beganMs
  const cpuMs = ((await computedMs(side.pid)) - cpuBefore) / sizes.broadcasts
  return { perSecond: (sizes.broadcasts * 1_000) / elapsedMs, cpuMs }
}

function say({ words }: Side, crowd: Crowd, count: number): Promise<number> {
  const socket = must(crowd.sockets[count % crowd.sockets.length], 'there are clients')
  return crowd.until(crowd.sockets.length - 1, (mark) => socket.send(words(mark, count + 1)))
}

/** Posts of somebody, one after the other, until the last client has each. */
async function postsOf(
  node: Node,
  { tokens, channels }: Built,
  { crowd, sizes, clock }: Measuring & { readonly crowd: Crowd },
): Promise<Readonly<Record<string, number>>> {
  const waits: number[] = []
  for (let count = 0; count < sizes.paced; count += 1) {
    const token = must(tokens[count % tokens.length], 'there are people')
    const post = async (message: string): Promise<void> => {
      const body = { channel_id: channels[0], message }
      const { status } = await node.ask({ method: 'POST', path: '/api/v4/posts', token, body })
      if (status !== 201) throw new Error(`a post was answered with ${status}`)
    }
    waits.push(await crowd.until(crowd.sockets.length, post))
    await clock.sleep(POST_EVERY_MS, new AbortController().signal)
  }
  return {
    post_p50_ms: rounded(median(waits), 1),
    post_p99_ms: rounded(quantile(waits, 0.99), 1),
  }
}

/** Time that a process has computed. Linux says it; elsewhere 0. */
async function computedMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 1_000) / TICKS_PER_SECOND
}
