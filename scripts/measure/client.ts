/**
 * The web client in Chromium: bytes of a first visit, time until one can write on a slow processor, and a channel of ten
 * thousand messages scrolled from end to beginning.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core'
import { readWeb } from '#compose/web.ts'
import { CHROMIUM, openChromium } from '../fleet/chromium.ts'
import { must } from '../fleet/client.ts'
import { aNode, type Node } from '../fleet/node.ts'
import { median, quantile, rounded } from './statistics.ts'

const BUILD = join(import.meta.dirname, '..', 'build-web.ts')
const PASSWORD = 'bench-password'
/** Posts on their way at once: the node shares its writes among them. */
const AT_ONCE = 64
/** How much slower than this machine an old phone computes. */
const SLOW_DOWN = 4
const VISITS = 5
const WORDS = 'water truck bridge clinic depot north road fuel patient radio camp night'.split(' ')

/** What is measured, and how much of it. */
export interface ClientChoice {
  readonly isSmall: boolean
  readonly tell: (line: string) => void
}

/** Measures. Needs HOLDFAST_CHROMIUM. */
export async function measureClient(
  choice: ClientChoice,
): Promise<Readonly<Record<string, number>>> {
  if (CHROMIUM === undefined) throw new Error('found no Chromium; let HOLDFAST_CHROMIUM name one')
  const messages = choice.isSmall ? 300 : 10_000
  await using stack = new AsyncDisposableStack()
  await promisify(execFile)(process.execPath, [BUILD])
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-client-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const stop = new AbortController().signal
  const node = stack.use(aNode({ name: 'alpha', role: 'hub', folder, carriers: [], stop }))
  await node.found('Relief')
  await node.start()
  choice.tell(`writing ${messages} messages …`)
  const channel = await fill(node, messages)
  const browser = await openChromium(CHROMIUM)
  stack.defer(() => browser.close())
  choice.tell('visiting …')
  const visits = await visitAll(browser, node, choice.isSmall ? 1 : VISITS)
  choice.tell('scrolling …')
  return {
    ...(await bytesOfAll()),
    ...visits,
    ...(await scroll(browser, node, { channel, messages })),
  }
}

/** Everything that was built, as it travels: an upper bound of any visit, all languages and the worker with it. */
async function bytesOfAll(): Promise<Readonly<Record<string, number>>> {
  const files = (await readWeb()) ?? []
  const sum = files.reduce((all, { brotli }) => all + brotli.length, 0)
  return { first_load_kb: rounded(sum / 1_000) }
}

async function fill(node: Node, count: number): Promise<string> {
  const ask = (token: string, path: string, body?: object): Promise<unknown> =>
    must(
      node.ask,
      body === undefined ? { method: 'GET', path, token } : { method: 'POST', path, token, body },
    )
  await ask(node.token(), '/api/v4/users', { username: 'bo', first_name: 'Bo', password: PASSWORD })
  const [channel] = (await ask(node.token(), '/api/v4/users/me/channels')) as { id: string }[]
  if (channel === undefined) throw new Error('found no channel, wanted town square')
  const post = (index: number): Promise<unknown> =>
    ask(node.token(), '/api/v4/posts', { channel_id: channel.id, message: textOf(index) })
  for (let from = 0; from < count; from += AT_ONCE)
    await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, index) => post(from + index)),
    )
  return channel.id
}

/** Texts of many lengths, some with Markdown. */
function textOf(index: number): string {
  const length = 3 + ((index * 7) % 40)
  const words = Array.from({ length }, (_, at) => WORDS[(index * 31 + at * 17) % WORDS.length])
  const text = `${index}: ${words.join(' ')}`
  return index % 11 === 0 ? `**${text}**\n\n- one\n- two` : text
}

async function signedIn(context: BrowserContext, node: Node): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${node.url()}/`)
  await page.fill('input[name=name]', 'bo')
  await page.fill('input[name=password]', PASSWORD)
  await page.click('button[type=submit]')
  await page.click('.side section .entry')
  await page.waitForSelector('.message')
  return page
}

/** First visits of somebody who has a session: nothing is kept of the page, and the processor is slow. */
async function visitAll(
  browser: Browser,
  node: Node,
  count: number,
): Promise<Readonly<Record<string, number>>> {
  const times: number[] = []
  const computed: number[] = []
  const bytes: number[] = []
  for (let visit = 0; visit < count; visit += 1) {
    const context = await browser.newContext({ serviceWorkers: 'block' })
    const first = await signedIn(context, node)
    const url = first.url()
    await first.close()
    const page = await context.newPage()
    const session = await context.newCDPSession(page)
    await session.send('Network.enable')
    await session.send('Network.setCacheDisabled', { cacheDisabled: true })
    await session.send('Emulation.setCPUThrottlingRate', { rate: SLOW_DOWN })
    // Time that its own thread has computed: what else the machine does meanwhile does not count.
    await session.send('Performance.enable', { timeDomain: 'threadTicks' })
    const received = countBytes(session)
    await page.addInitScript(DRAWN)
    await page.goto(url)
    times.push(Number(await page.evaluate('globalThis.drawn')))
    computed.push(await computedMs(session))
    await page.waitForLoadState('networkidle')
    bytes.push(received())
    await context.close()
  }
  return {
    interactive_ms_at_4x: rounded(median(times)),
    computed_ms_at_4x: rounded(median(computed)),
    first_visit_kb: rounded(median(bytes) / 1_000),
  }
}

async function computedMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics')
  return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1_000
}

function countBytes(session: CDPSession): () => number {
  let sum = 0
  session.on('Network.loadingFinished', ({ encodedDataLength }) => {
    sum += encodedDataLength
  })
  return () => sum
}

interface Channel {
  readonly channel: string
  readonly messages: number
}

async function scroll(
  browser: Browser,
  node: Node,
  { messages }: Channel,
): Promise<Readonly<Record<string, number>>> {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } })
  const page = await signedIn(context, node)
  // To the beginning, page by page, as somebody does who looks for something old.
  await page.evaluate(`(async () => {
    const scroller = document.querySelector('.scroller')
    while (scroller.dataset.whole !== 'true' || scroller.scrollTop > 0) {
      scroller.scrollTop = 0
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  })()`)
  const session = await context.newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const before = await computedMs(session)
  const frames = await page.evaluate<number[]>(FRAMES)
  const computed = (await computedMs(session)) - before
  const rows = Number(await page.evaluate(`document.querySelectorAll('.row').length`))
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = (await session.send('Runtime.getHeapUsage')) as { usedSize: number }
  await context.close()
  return {
    messages,
    frame_ms_median: rounded(median(frames)),
    frame_ms_p95: rounded(quantile(frames, 0.95)),
    frame_computed_ms: rounded(computed / frames.length),
    rows_drawn: rows,
    heap_mb: rounded(usedSize / 1_000_000),
  }
}

/** When messages and the box to write in were drawn, by the page's own clock: whoever asks from outside needs the slow processor, too. */
const DRAWN = `globalThis.drawn = new Promise((resolve) => {
  const look = () => {
    if (document.querySelector('.message') === null || document.querySelector('.composer textarea') === null) return
    observer.disconnect()
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now())))
  }
  const observer = new MutationObserver(look)
  observer.observe(document, { childList: true, subtree: true })
})`

/** Scrolls quickly for some seconds; the time that each frame took. */
const FRAMES = `(async () => {
  const scroller = document.querySelector('.scroller')
  const frames = []
  let before = performance.now()
  for (let step = 0; step < 300; step += 1) {
    scroller.scrollTop += 250
    const now = await new Promise(requestAnimationFrame)
    frames.push(now - before)
    before = now
  }
  return frames.slice(1)
})()`
