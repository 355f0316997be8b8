/** Two kits across a link that can be cut, a person on each, and a browser for both. Real processes. */
import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import axe from 'axe-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { Test } from 'tap'
import { realClock } from '#ports/real.ts'
import { csrfTokenOf } from '#server/session.ts'
import { openChromium } from '../../scripts/fleet/chromium.ts'
import { must } from '../../scripts/fleet/client.ts'
import { aNode, type Node } from '../../scripts/fleet/node.ts'
import { openLink, type Link } from '../../scripts/link/proxy.ts'
import { constantTrace } from '../../scripts/link/trace.ts'
import { folderOf } from '../support/folder.ts'

const ROOT = join(import.meta.dirname, '..', '..')
/** Where pictures are left to be looked at. */
const PICTURES = join(ROOT, '.tap', 'screenshots')
const CABLE = constantTrace({ rateBps: 100_000_000, rttMs: 0, loss: 0 })

/** Everything by the network, and by a stick when that fails. */
const LETTERS = [
  { letter: 'P', carriers: ['lan'] },
  { letter: 'E', carriers: ['courier'] },
]
const PACE = { rules: [{ name: 'everything', letters: LETTERS }] }

/** The scene. */
export interface Scene {
  readonly hub: Node
  readonly kit: Node
  /** Between the two. */
  readonly link: Link
  readonly browser: Browser
  /** A folder that the hub takes for a stick. */
  readonly stick: string
  /** Opens backups of the hub. */
  readonly identity: string
}

/** Builds the client if it is older than its sources; several test files may want that at once. */
async function buildClient(): Promise<void> {
  const door = '. "$(dirname "$0")/lib/door.sh"; need_node; need_web'
  await promisify(execFile)('sh', ['-c', door, join(ROOT, 'scripts', 'test')])
  await mkdir(PICTURES, { recursive: true })
}

/** One node with everybody on it, and a browser; the end of the test closes both. */
export async function aHub(t: Test, program: string): Promise<Pick<Scene, 'hub' | 'browser'>> {
  await buildClient()
  const folder = folderOf(t)
  const stack = new AsyncDisposableStack()
  t.teardown(() => stack.disposeAsync())
  const stop = new AbortController()
  stack.defer(() => stop.abort())
  const about = { folder, stop: stop.signal, carriers: [] }
  const hub = stack.use(aNode({ ...about, name: 'alpha', role: 'hub' }))
  await hub.found('Relief')
  await hub.start()
  const browser = await openChromium(program)
  stack.defer(() => browser.close())
  return { hub, browser }
}

/** Builds the client, founds the organisation and opens the browser; the end of the test closes all. */
export async function aScene(t: Test, program: string): Promise<Scene> {
  await buildClient()
  const folder = folderOf(t)
  const stack = new AsyncDisposableStack()
  t.teardown(() => stack.disposeAsync())
  const stop = new AbortController()
  stack.defer(() => stop.abort())
  const about = { folder, stop: stop.signal }
  const stick = join(folder, 'stick')
  await mkdir(stick)
  const identity = await generateIdentity()
  const config = {
    courier: { folders: [stick] },
    backup: { recipient: await identityToRecipient(identity) },
    pace: PACE,
  }
  const hub = stack.use(
    aNode({ ...about, name: 'alpha', role: 'hub', carriers: [{ kind: 'lan' }], config }),
  )
  await hub.found('Relief')
  await hub.start()
  const link = stack.use(await linkTo(hub))
  const carriers = [{ kind: 'lan', dial: [`127.0.0.1:${link.port}`], backOffMsMax: 1_000 }]
  const kit = stack.use(aNode({ ...about, name: 'bravo', role: 'kit', carriers }))
  await kit.join(hub)
  await kit.start()
  const browser = await openChromium(program)
  stack.defer(() => browser.close())
  return { hub, kit, link, browser, stick, identity }
}

/** A kit whose way to the hub is billed as a satellite is. */
export async function aThinKit(t: Test, hub: Node): Promise<Pick<Scene, 'kit' | 'link'>> {
  const folder = folderOf(t)
  const stack = new AsyncDisposableStack()
  t.teardown(() => stack.disposeAsync())
  const stop = new AbortController()
  stack.defer(() => stop.abort())
  const link = stack.use(await linkTo(hub))
  const budget = { window: 'day', bytesMax: 200_000, moneyMax: 30 }
  const dial = [`127.0.0.1:${link.port}`]
  const carriers = [{ kind: 'lan', dial, backOffMsMax: 1_000, link: 'certus-100', budget }]
  const about = { name: 'charlie', role: 'kit', folder, stop: stop.signal } as const
  const kit = stack.use(aNode({ ...about, carriers }))
  await kit.join(hub)
  await kit.start()
  return { kit, link }
}

function linkTo(hub: Node): Promise<Link> {
  return openLink({
    listenPort: 0,
    targetHost: '127.0.0.1',
    targetPort: Number(new URL(hub.url()).port),
    trace: CABLE,
    speed: 1,
    seed: 1,
    clock: realClock(),
  })
}

/** Enrols somebody; the password is the name and `-password`. */
export async function enrol(node: Node, username: string, name: string): Promise<void> {
  const body = { username, first_name: name, password: `${username}-password` }
  const path = '/api/v4/users'
  await must(node.ask, { method: 'POST', path, token: node.token(), body })
}

/** A page of somebody, and what it did that it must not. */
export interface Visit {
  readonly page: Page
  /** Errors, violations of the policy, and requests to other hosts. */
  readonly sins: readonly string[]
}

/** Opens the client of a node; with a token, as somebody who has signed in before. */
export async function visit(
  { browser }: Pick<Scene, 'browser'>,
  url: string,
  options: BrowserContextOptions & { readonly settings?: object; readonly token?: string } = {},
): Promise<Visit> {
  const { settings = {}, token, ...rest } = options
  const context = await browser.newContext(rest)
  await context.addInitScript(
    `localStorage.getItem('holdfast.settings') ?? localStorage.setItem('holdfast.settings', ${JSON.stringify(JSON.stringify(settings))})`,
  )
  if (token !== undefined)
    await context.addCookies([
      { name: 'MMAUTHTOKEN', value: token, url },
      { name: 'MMCSRF', value: csrfTokenOf(token), url },
    ])
  const page = await context.newPage()
  const sins: string[] = []
  page.on('pageerror', (error) => sins.push(error.message))
  page.on('dialog', (dialog) => sins.push(`dialog ${dialog.message()}`))
  page.on('console', (message) => {
    if (/Content Security Policy|Trusted/i.test(message.text())) sins.push(message.text())
  })
  page.on('request', (request) => {
    const { host } = new URL(request.url().replace(/^blob:/, ''))
    if (host !== new URL(url).host) sins.push(request.url())
  })
  await page.goto(`${url}/`)
  return { page, sins }
}

/** Signs in and opens town square. */
export async function enter(page: Page, username: string): Promise<void> {
  await page.fill('input[name=name]', username)
  await page.fill('input[name=password]', `${username}-password`)
  await page.click('button[type=submit]')
  await page.click('.side .entry:has-text("Town Square")')
  await page.waitForSelector('.foot-state[data-state=here]', { state: 'attached' })
}

/** Writes a message and sends it. */
export async function write(page: Page, text: string): Promise<void> {
  await page.fill('.composer textarea', text)
  await page.click('.composer .send')
}

/** The message with this text. */
export function messageWith(page: Page, text: string) {
  return page.locator('.message', { hasText: text })
}

/** What WCAG 2.2 AA says against this page as it stands. */
export async function faultsOf(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source)
  // What is still fading in has little contrast.
  await page.evaluate(`Promise.all(document.getAnimations().filter(({ effect }) =>
    effect.getComputedTiming().endTime < Infinity).map(({ finished }) => finished.catch(() => {})))`)
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
  const found: unknown = await page.evaluate(
    `axe.run({ runOnly: ${JSON.stringify(tags)} }).then(({ violations }) => violations.map(
      ({ id, nodes }) => id + ': ' + nodes.map(({ target, any }) => target.join(' ') + ' ' + (any[0]?.message ?? '')).join('; ')))`,
  )
  return found as readonly string[]
}

/** As `faultsOf`, in every theme; leaves it in the one it had. A picture of each is left, too. */
export async function faultsInThemes(page: Page, name: string): Promise<readonly string[]> {
  const faults: string[] = []
  const before = await page.evaluate('document.documentElement.dataset.theme')
  for (const theme of ['light', 'dark', 'red']) {
    await page.evaluate(`document.documentElement.dataset.theme = '${theme}'`)
    faults.push(...(await faultsOf(page)).map((fault) => `${theme}: ${fault}`))
    await picture(page, `${name}-${theme}`)
  }
  await page.evaluate(`document.documentElement.dataset.theme = '${String(before)}'`)
  return faults
}

/** All that the browser keeps of its own accord, as one text. */
export async function keptIn(page: Page): Promise<string> {
  const kept = await page.evaluate(`new Promise((resolve) => {
    const opening = indexedDB.open('holdfast')
    opening.onsuccess = () => {
      const all = opening.result.transaction('values').objectStore('values').getAll()
      all.onsuccess = () => resolve(JSON.stringify(all.result))
    }
  })`)
  return String(kept)
}

/** Leaves a picture to be looked at. */
export async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(PICTURES, `${name}.png`) })
}
