/**
 * Whether a node gets slower or larger with its history: one with a thousand messages against one with a hundred
 * thousand. Real processes; starts are interleaved, so that a busy machine is busy for both.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import type { Clock } from '#ports/clock.ts'
import { aNode, type Node } from '../fleet/node.ts'
import { build, type Built } from './build.ts'
import { load, type Load } from './load.ts'
import { measureStart, residentMb, type Start } from './start.ts'
import { median, rounded } from './statistics.ts'

/** What the bench needs and may be told. */
export interface StoreOptions {
  readonly clock: Clock
  /** Messages of the large node. */
  readonly messages: number
  readonly tell: (line: string) => void
}

/** Flat, ready for JSON. */
export type StoreResult = Readonly<Record<string, number>>

const SMALL = 1_000
const STARTS = 5
const PEOPLE = 20
const CHANNELS = 8
const LOAD_SECONDS = 10
const AT_ONCE = 64
const LISTENERS = 200
/** What a node of busy people gets: far below what it can take, so that waits are the node's and not the queue's. */
const PACED_PER_SECOND = 20
/** Warms up the node and the client before they are measured. */
const WARM_UP_SECONDS = 2

/** Measures everything about one node. */
export async function measureStore(options: StoreOptions): Promise<StoreResult> {
  const { clock, tell, messages } = options
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const stop = new AbortController().signal
  const carriers = [{ kind: 'lan' }]
  const made = async (name: string, count: number): Promise<Subject> => {
    const node = stack.use(aNode({ name, role: 'hub', folder, carriers, stop }))
    const beganMs = clock.monotonicMs()
    const built = await build(node, { messages: count, people: PEOPLE, channels: CHANNELS })
    tell(`${count} messages built in ${((clock.monotonicMs() - beganMs) / 1000).toFixed(1)} s`)
    // The first start picks the port; what is measured begins with the second.
    await node.start()
    await node.stop()
    return { node, built }
  }
  const small = await made('small', SMALL)
  const large = await made('large', messages)
  const starts = { small: [] as Start[], large: [] as Start[] }
  for (let round = 1; round <= STARTS; round += 1) {
    starts.small.push(await measureStart(small.node, small.built, clock))
    starts.large.push(await measureStart(large.node, large.built, clock))
    tell(`start ${round} of ${STARTS}`)
  }
  return { ...startsOf(starts), ...(await measureHttp(small, options)) }
}

interface Subject {
  readonly node: Node
  readonly built: Built
}

function startsOf({
  small,
  large,
}: {
  readonly small: readonly Start[]
  readonly large: readonly Start[]
}): StoreResult {
  return {
    start_1k_ms: rounded(middle(small, 'ms')),
    start_100k_ms: rounded(middle(large, 'ms')),
    start_ratio: rounded(middle(large, 'ms') / middle(small, 'ms'), 2),
    rss_1k_mb: rounded(middle(small, 'rssMb')),
    rss_100k_mb: rounded(middle(large, 'rssMb')),
    rss_ratio: rounded(middle(large, 'rssMb') / middle(small, 'rssMb'), 2),
  }
}

function middle(starts: readonly Start[], key: keyof Start): number {
  return median(starts.map((start) => start[key]))
}

async function measureHttp(
  { node, built }: Subject,
  { clock, tell }: StoreOptions,
): Promise<StoreResult> {
  await node.start()
  const post = (seconds: number): Promise<Load> =>
    load(node, built, { seconds, atOnce: AT_ONCE, clock })
  await post(WARM_UP_SECONDS)
  const alone = await post(LOAD_SECONDS)
  tell('posts without listeners measured')
  const listeners = await openListeners(node, built)
  const heard = await post(LOAD_SECONDS)
  const { p99Ms, events, closed } = await listeners.end()
  tell('posts with listeners measured')
  const others = await openListeners(node, built)
  const paced = await load(node, built, {
    seconds: LOAD_SECONDS,
    atOnce: AT_ONCE,
    clock,
    postsPerSecond: PACED_PER_SECOND,
  })
  const pacedHeard = await others.end()
  const rss = await residentMb(node.pid())
  await node.stop()
  return {
    http_posts_per_s: Math.round(alone.postsPerSecond),
    http_p99_ms: rounded(alone.p99Ms),
    http_listeners: LISTENERS,
    http_200_posts_per_s: Math.round(heard.postsPerSecond),
    http_200_p99_ms: rounded(heard.p99Ms),
    ws_p99_ms: rounded(p99Ms),
    ws_events: events,
    ws_closed: closed + pacedHeard.closed,
    paced_posts_per_s: Math.round(paced.postsPerSecond),
    paced_200_p99_ms: rounded(paced.p99Ms),
    paced_ws_p99_ms: rounded(pacedHeard.p99Ms),
    rss_loaded_mb: rounded(rss),
  }
}

const Heard = z.object({ events: z.int(), p99Ms: z.number(), closed: z.int() })

interface Listeners {
  readonly end: () => Promise<z.output<typeof Heard>>
}

async function openListeners(node: Node, { tokens }: Built): Promise<Listeners> {
  const file = join(import.meta.dirname, 'listeners.ts')
  const child = spawn(process.execPath, [file, node.url(), String(LISTENERS)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const leave = (): void => void child.kill('SIGKILL')
  process.once('exit', leave)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  child.stdin.write(`${JSON.stringify(tokens)}\n`)
  await lines.next()
  return {
    end: async () => {
      const exited = once(child, 'exit')
      child.stdin.end()
      const { value } = await lines.next()
      await exited
      process.off('exit', leave)
      return Heard.parse(JSON.parse(String(value)))
    },
  }
}
