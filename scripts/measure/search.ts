/**
 * What looking for words costs one node: memory after a start, after one search, after many, and while the whole index is
 * made anew; and how long a search takes. The node is a real process, and nobody else asks it anything.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import type { Clock } from '#ports/clock.ts'
import { layoutOf } from '#config/layout.ts'
import { openLevelStore } from '#storage/level-store.ts'
import { searchRange } from '#sync/search-marks.ts'
import { must } from '../fleet/client.ts'
import { aNode, type Node } from '../fleet/node.ts'
import { OWN_MESSAGES } from '../trial/own-messages.ts'
import { build, type Built } from './build.ts'
import { ownMb, residentMb } from './start.ts'
import { quantile, rounded } from './statistics.ts'

/** What the bench needs and may be told. */
export interface SearchOptions {
  readonly clock: Clock
  readonly messages: number
  readonly tell: (line: string) => void
}

const PEOPLE = 20
const CHANNELS = 8
const SEARCHES = 30
const MANY_SEARCHES = 300
/** How long a node is left alone before its memory counts as that of an idle one. */
const IDLE_MS = 5_000
const LOOK_MS = 2_000

/** Measures one node from its start to a new index. */
export async function measureSearch(
  options: SearchOptions,
): Promise<Readonly<Record<string, number>>> {
  const { clock, tell, messages } = options
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const stop = new AbortController().signal
  const carriers = [{ kind: 'lan' }]
  const node = stack.use(aNode({ name: 'searched', role: 'hub', folder, carriers, stop }))
  const built = await build(node, { messages, people: PEOPLE, channels: CHANNELS })
  tell(`${messages} messages built`)
  const searched = await searchesOf(node, built, options)
  await damageIndex(node)
  const remade = await remakingOf(node, built, clock)
  return { ...searched, ...remade }
}

/** A node that is started, searched once, searched often. */
async function searchesOf(
  node: Node,
  { tokens }: Pick<Built, 'tokens'>,
  { clock, messages, tell }: SearchOptions,
): Promise<Readonly<Record<string, number>>> {
  await node.start()
  const token = tokens[0] ?? ''
  const idle = async (): Promise<number> => {
    await clock.sleep(IDLE_MS, new AbortController().signal)
    return residentMb(node.pid())
  }
  const started = await idle()
  const ownStarted = await ownMb(node.pid())
  const waits: number[] = []
  const look = async (count: number): Promise<number> => {
    for (let number = 0; number < count; number += 1) {
      const beganMs = clock.monotonicMs()
      await search(node, token, termsOf(waits.length, messages))
      waits.push(clock.monotonicMs() - beganMs)
    }
    return idle()
  }
  const [once, some, many] = [await look(1), await look(SEARCHES), await look(MANY_SEARCHES)]
  const ownMany = await ownMb(node.pid())
  const peak = await peakMb(node.pid())
  tell(`${waits.length} searches made`)
  await node.stop()
  return {
    search_rss_start_mb: rounded(started),
    search_rss_1_mb: rounded(once),
    search_rss_30_mb: rounded(some),
    search_rss_300_mb: rounded(many),
    search_rss_peak_mb: rounded(peak),
    search_own_start_mb: rounded(ownStarted),
    search_own_300_mb: rounded(ownMany),
    search_p50_ms: rounded(quantile(waits, 0.5)),
    search_p99_ms: rounded(quantile(waits, 0.99)),
  }
}

/** A node that finds its index damaged by the first search, and makes it anew. */
async function remakingOf(
  node: Node,
  { tokens }: Pick<Built, 'tokens'>,
  clock: Clock,
): Promise<Readonly<Record<string, number>>> {
  await node.start()
  const beganMs = clock.monotonicMs()
  const token = tokens[0] ?? ''
  let isBegun = false
  for (;;) {
    const { isWhole } = await search(node, token, 'nowhere').catch(() => ({ isWhole: false }))
    isBegun ||= !isWhole
    if (isBegun && isWhole) break
    await clock.sleep(LOOK_MS, new AbortController().signal)
  }
  const seconds = (clock.monotonicMs() - beganMs) / 1_000
  const peak = await peakMb(node.pid())
  await clock.sleep(IDLE_MS, new AbortController().signal)
  const after = await residentMb(node.pid())
  await node.stop()
  return {
    index_made_s: rounded(seconds),
    index_rss_peak_mb: rounded(peak),
    index_rss_after_mb: rounded(after),
  }
}

/** Makes one block of the index unreadable while the node is down. */
async function damageIndex({ dataFolder }: Pick<Node, 'dataFolder'>): Promise<void> {
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  await using store = await openLevelStore({ folder: layoutOf(dataFolder).store, log })
  const [block] = await store.list({ ...searchRange.blocks, limit: 1 })
  if (block === undefined) throw new Error('there is no index to damage')
  await store.write([{ key: block[0], value: Uint8Array.of(0) }])
}

/** By turns what stands often, what stands once, the beginning of a word, a phrase, and what is nowhere. */
function termsOf(number: number, messages: number): string {
  const { text } = OWN_MESSAGES[(number * 7) % OWN_MESSAGES.length] ?? { text: '' }
  const words = text.split(/\s+/)
  switch (number % 5) {
    case 0:
      return words[number % words.length] ?? ''
    case 1:
      return String((number * 7_919) % messages)
    case 2:
      return `${(words[0] ?? '').slice(0, 3)}*`
    case 3:
      return `"${words.slice(0, 2).join(' ')}"`
    default:
      return `nowhere${number}`
  }
}

const Answered = z.object({ holdfast_search: z.object({ is_index_whole: z.boolean() }) })

async function search(
  { ask }: Node,
  token: string,
  terms: string,
): Promise<{ readonly isWhole: boolean }> {
  const path = '/api/v4/posts/search'
  const body = { terms, is_or_search: false }
  const answer = Answered.parse(await must(ask, { method: 'POST', path, token, body }))
  return { isWhole: answer.holdfast_search.is_index_whole }
}

/** The most that was ever resident, where /proc has it. */
async function peakMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined)
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(status ?? '')?.[1]
  return found === undefined ? residentMb(pid) : Number(found) / 1_024
}
