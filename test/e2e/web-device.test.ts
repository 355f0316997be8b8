/** What our client keeps on a device, in a real browser: locked, unprotected, out of room, renewed, and taken away. */
import type { Page } from 'playwright-core'
import { t as suite, test } from 'tap'
import { CHROMIUM, PLAIN_NAME } from '../../scripts/fleet/chromium.ts'
import { must } from '../../scripts/fleet/client.ts'
import type { Node } from '../../scripts/fleet/node.ts'
import {
  aHub,
  enrol,
  enter,
  faultsOf,
  keptIn,
  messageWith,
  picture,
  visit,
  write,
} from './browser.ts'
import { openFront } from './front.ts'
import { tabTo } from './web-keyboard.ts'

suite.setTimeout(300_000)

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }
const DESK = { viewport: { width: 1280, height: 800 } }
const PIN = '471902'
/** A message that was held back goes again after some seconds, and a busy machine may let the node wait for as many. */
const PATIENT = { timeout: 90_000 }
const BUILD = 'document.documentElement.dataset.build'
const WORKER_READY = `new Promise((resolve) => {
  const look = () => navigator.serviceWorker.controller === null ? setTimeout(look, 50) : resolve(true)
  look()
})`
/** Resolves once a newer worker is there whole, or has failed. */
const LOOK_FOR_UPDATE = `navigator.serviceWorker.getRegistration().then((known) => known.update()).then(({ installing }) =>
  new Promise((resolve) => {
    const look = () => ['installed', 'redundant'].includes(installing?.state ?? 'redundant') && resolve(true)
    installing?.addEventListener('statechange', look)
    look()
  }), () => true)`
/** From now on the browser keeps nothing more, and says so as browsers do whose disk is full. */
const NO_ROOM = `IDBObjectStore.prototype.put = () => {
  throw new DOMException('no room', 'QuotaExceededError')
}`
/** What moves, or would if something changed. */
const MOTIONS = `[...document.querySelectorAll('*')].filter((one) => {
  const { animationName, transitionDuration, scrollBehavior } = getComputedStyle(one)
  return animationName !== 'none' || scrollBehavior === 'smooth' || transitionDuration.split(',').some((each) => parseFloat(each) > 0)
}).map((one) => one.outerHTML.slice(0, 80)).concat(document.getAnimations().map(String))`
/** What lies in the stores of the worker and is no part of the page. */
const CACHED_BESIDE_PAGE = `caches.keys().then((names) => Promise.all(names.map(async (name) =>
  (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname)))).then((all) =>
  all.flat().filter((path) => !/^[/](assets[/]|icon|app[.]webmanifest|$)/.test(path)))`

test(
  'one kit, and what a browser keeps',
  { skip: CHROMIUM === undefined && 'no Chromium' },
  async (t) => {
    const scene = await aHub(t, CHROMIUM ?? '')
    const { hub } = scene
    await enrol(hub, 'bo', 'Bo Lindqvist')
    const named = (name: string): string => hub.url().replace('127.0.0.1', name)

    await t.test(
      'with a lock the page opens with the PIN or a passkey, and keeps nothing plain',
      async (s) => {
        const { page, sins } = await visit(scene, named('localhost'), PHONE)
        const authenticator = await anAuthenticator(page, { isUnwilling: true })
        await enter(page, 'bo')
        await write(page, 'Before the lock')
        await messageWith(page, 'Before the lock').waitFor()
        await setLock(page)
        await page.click('button:has-text("Open it with a passkey, too")')
        await page.locator('.note', { hasText: 'Nothing has changed' }).waitFor()
        await authenticator.remove()
        const willing = await anAuthenticator(page, { isUnwilling: false })
        await page.click('button:has-text("Open it with a passkey, too")')
        await page.locator('.note', { hasText: 'The passkey opens the lock now' }).waitFor()
        s.strictSame(await faultsOf(page), [])
        await picture(page, 'phone-lock-card')
        await page.reload()
        await page.click('button:has-text("Unlock with the passkey")')
        await page.click('button:has-text("Lock now")')
        await willing.refuse()
        await page.click('button:has-text("Unlock with the passkey")')
        await page.locator('.failure', { hasText: 'did not open it' }).waitFor()
        await page.fill('input[name=pin]', '000000')
        await page.click('button[type=submit]')
        await page.locator('.failure', { hasText: '9 more' }).waitFor()
        s.strictSame(await faultsOf(page), [])
        await picture(page, 'phone-locked')
        s.notMatch(await keptIn(page), /Before the lock|Lindqvist/)
        await page.fill('input[name=pin]', PIN)
        await page.click('button[type=submit]')
        await page.click('button:has-text("Take the passkey away")')
        await page.click('button:has-text("Lock now")')
        await page.fill('input[name=pin]', PIN)
        s.equal(await page.locator('button:has-text("Unlock with the passkey")').count(), 0)
        await page.click('button[type=submit]')
        await openTownSquare(page)
        await messageWith(page, 'Before the lock').waitFor()
        s.strictSame(sins, [])
        await page.context().close()
      },
    )

    await t.test(
      'on plain HTTP it reads, writes, keeps what waits, locks, and says how to get the rest',
      async (s) => {
        const { page, sins } = await visit(scene, named(PLAIN_NAME), PHONE)
        s.strictSame(
          await page.evaluate('[isSecureContext, typeof crypto.subtle, typeof caches]'),
          [false, 'undefined', 'undefined'],
        )
        await enter(page, 'bo')
        await messageWith(page, 'Before the lock').waitFor()
        await write(page, 'Over plain HTTP')
        await messageWith(page, 'Over plain HTTP')
          .locator('.delivery:not([data-stage=waiting])')
          .waitFor(PATIENT)
        await setLock(page)
        s.equal(await page.locator('button:has-text("passkey")').count(), 0)
        await page.locator('.card', { hasText: 'This page came unprotected' }).waitFor()
        s.equal(await page.locator('a[href="/trust"]').count(), 1)
        await picture(page, 'phone-plain-http')
        await openTownSquare(page)
        await hub.kill()
        await write(page, 'Written with the node down')
        await messageWith(page, 'Written with the node down')
          .filter({ hasText: 'On this device' })
          .waitFor()
        s.notMatch(await keptIn(page), /Written with the node down|Over plain/)
        await hub.start()
        await page.reload()
        await page.fill('input[name=pin]', PIN)
        await page.click('button[type=submit]')
        await openTownSquare(page)
        await messageWith(page, 'Written with the node down')
          .locator('.delivery:not([data-stage=waiting])')
          .waitFor(PATIENT)
        s.equal(await messageWith(page, 'Written with the node down').count(), 1)
        s.strictSame(await faultsOf(page), [])
        s.strictSame(sins, [])
        await page.context().close()
      },
    )

    await t.test(
      'all of it goes by keyboard alone, seen at every step, without motion',
      async (s) => {
        await makeChannel(hub, 'bo', 'Night Watch')
        const { page, sins } = await visit(scene, named('localhost'), {
          ...DESK,
          reducedMotion: 'reduce',
        })
        const { keyboard } = page
        const type = async (selector: string, text: string, key: string): Promise<void> => {
          await tabTo(page, selector)
          await keyboard.type(text)
          await keyboard.press(key)
        }
        await page.locator('input[name=name]').waitFor()
        await type('input[name=name]', 'bo', 'Tab')
        await keyboard.type('bo-password')
        await keyboard.press('Enter')
        await page.locator('.side').waitFor()
        await page.evaluate('document.activeElement.blur()')
        await tabTo(page, '.skip')
        await picture(page, 'desk-skip')
        await keyboard.press('Enter')
        s.equal(await page.evaluate('document.activeElement.id'), 'place')
        await page.locator('.side .entry', { hasText: 'Night Watch' }).waitFor()
        for (const name of ['Night Watch', 'Town Square']) {
          await keyboard.press('Alt+ArrowDown')
          await page.locator('.place-head', { hasText: name }).waitFor()
        }
        await type('.composer textarea', 'By keyboard', 'Enter')
        const message = messageWith(page, 'By keyboard')
        await message.locator('.delivery:not([data-stage=waiting])').waitFor(PATIENT)
        await keyboard.press('ArrowUp')
        await tabTo(page, '.tools button:nth-child(2)')
        await picture(page, 'desk-keyboard-tools')
        await keyboard.press('Enter')
        await tabTo(page, '.emoji-choice button')
        s.strictSame(await page.evaluate(MOTIONS), [], 'nothing moves')
        await keyboard.press('Enter')
        await message.locator('.reactions button').waitFor()
        await page.locator('.sheet').waitFor({ state: 'detached' })
        s.ok(
          await page.evaluate('document.activeElement.matches(".tools button")'),
          'back where it was',
        )
        await tabTo(page, '.tools button:nth-child(1)', 'Shift+Tab')
        await keyboard.press('Enter')
        await page.locator('.thread').waitFor()
        await type('.thread .composer textarea', 'In the thread', 'Enter')
        await page.locator('.thread .message', { hasText: 'In the thread' }).waitFor()
        await keyboard.press('Escape')
        await page.locator('.thread').waitFor({ state: 'detached' })
        await keyboard.press('Control+/')
        await page.locator('.place input[type=search]').waitFor()
        await until(page, 'document.activeElement.matches(".place input[type=search]")')
        await keyboard.type('keyboard')
        await keyboard.press('Enter')
        await page.locator('.found', { hasText: 'By keyboard' }).waitFor()
        await tabTo(page, '.side a[href="#/link"]')
        await keyboard.press('Enter')
        await page.locator('h1', { hasText: 'Links' }).waitFor()
        await tabTo(page, '.side a[href="#/settings"]')
        await keyboard.press('Enter')
        await type('input[name=pin]', PIN, 'Tab')
        await keyboard.type(PIN)
        await keyboard.press('Enter')
        await page.locator('button', { hasText: 'Lock now' }).waitFor()
        await tabTo(page, '.card .actions .primary')
        await keyboard.press('Enter')
        await page.locator('h1', { hasText: 'Locked' }).waitFor()
        await until(page, 'document.activeElement.matches("input[name=pin]")')
        await keyboard.type(PIN)
        await keyboard.press('Enter')
        await page.locator('.side').waitFor()
        s.strictSame(sins, [])
        await page.context().close()
      },
    )

    await t.test(
      'a newer build is offered, taken when wanted, and costs nothing that was typed',
      async (s) => {
        await using front = await openFront(hub)
        const { page, sins } = await visit(scene, front.url, DESK)
        await enter(page, 'bo')
        await page.evaluate(WORKER_READY)
        await waitForKept(page, /"channels":/)
        await page.fill('.composer textarea', 'Not sent yet')
        await front.renew('2', { isTorn: true })
        await page.evaluate(LOOK_FOR_UPDATE)
        s.equal(await page.locator('.update').count(), 0, 'what came in part is not offered')
        front.shut()
        await page.reload()
        await page.locator('.foot-state[data-state=away]').waitFor({ state: 'attached' })
        s.equal(await page.inputValue('.composer textarea'), 'Not sent yet')
        s.equal(await page.evaluate(BUILD), undefined, 'the old one opens without the node')
        front.open()
        await front.renew('3')
        await page.evaluate(LOOK_FOR_UPDATE)
        await page.locator('.update').waitFor()
        s.equal(await page.evaluate(BUILD), undefined, 'nobody has taken it yet')
        s.strictSame(await faultsOf(page), [])
        await picture(page, 'desk-update')
        front.shut()
        await write(page, 'Written before the update')
        await messageWith(page, 'Written before the update')
          .filter({ hasText: 'On this device' })
          .waitFor()
        await page.fill('.composer textarea', 'Not sent yet')
        await page.click('.update button')
        await until(page, `${BUILD} === '3'`)
        await messageWith(page, 'Written before the update')
          .filter({ hasText: 'On this device' })
          .waitFor()
        s.equal(await page.inputValue('.composer textarea'), 'Not sent yet')
        s.equal(await page.evaluate('caches.keys().then(({ length }) => length)'), 1)
        front.open()
        const sent = messageWith(page, 'Written before the update')
        await sent.locator('.delivery:not([data-stage=waiting])').waitFor(PATIENT)
        s.strictSame([await sent.count(), sins], [1, []])
        await page.context().close()
      },
    )

    await t.test(
      'where the browser has no room, what was seen makes way, and what is written still goes',
      async (s) => {
        const { page, sins } = await visit(scene, named('localhost'), DESK)
        await enter(page, 'bo')
        await page.locator('.message').first().waitFor()
        await waitForKept(page, /"channelId":/)
        await page.evaluate(NO_ROOM)
        await write(page, 'No room for this')
        await messageWith(page, 'No room for this')
          .locator('.delivery:not([data-stage=waiting])')
          .waitFor(PATIENT)
        s.notMatch(await keptIn(page), /Before the lock/, 'what was seen has made way')
        await hub.kill()
        await page.locator('.foot-state[data-state=away]').waitFor({ state: 'attached' })
        await write(page, 'Held for the node')
        await messageWith(page, 'Held for the node')
          .filter({ hasText: 'Only in this tab' })
          .waitFor()
        await picture(page, 'desk-no-room')
        await hub.start()
        await messageWith(page, 'Held for the node')
          .locator('.delivery:not([data-stage=waiting])')
          .waitFor(PATIENT)
        s.equal(await messageWith(page, 'Held for the node').count(), 1)
        s.strictSame(sins, [])
        await page.context().close()
      },
    )

    await t.test('whoever is shut out loses at next contact what the browser kept', async (s) => {
      for (const how of ['session', 'person'] as const) {
        await enrol(hub, `${how}-one`, `The ${how}`)
        const { page, sins } = await visit(scene, named('localhost'), DESK)
        await enter(page, `${how}-one`)
        await messageWith(page, 'Before the lock').waitFor()
        await page.fill('.composer textarea', 'A draft')
        await waitForKept(page, /Before the lock/)
        s.match(await keptIn(page), /A draft/)
        await page.evaluate(WORKER_READY)
        await page.context().setOffline(true)
        await page.reload() // being offline does not cut what is open
        await page.locator('.foot-state[data-state=away]').waitFor({ state: 'attached' })
        await shutOut(hub, `${how}-one`, how)
        s.match(await keptIn(page), /Before the lock/, 'who has not heard keeps it')
        await page.context().setOffline(false)
        await page.locator('input[name=password]').waitFor()
        await waitForKept(page, /^(?!.*(?:Before the lock|Lindqvist|Town Square))/s)
        s.strictSame(await page.evaluate(CACHED_BESIDE_PAGE), [])
        s.strictSame(sins, [])
        await page.context().close()
      }
    })
  },
)

async function openTownSquare(page: Page): Promise<void> {
  await page.evaluate("location.hash = '#/'")
  await page.click('.side .entry:has-text("Town Square")')
}

/** A channel with somebody in it. */
async function makeChannel(hub: Node, username: string, name: string): Promise<void> {
  const token = hub.token()
  const ask = (path: string, body?: object): Promise<unknown> =>
    must(
      hub.ask,
      body === undefined ? { method: 'GET', path, token } : { method: 'POST', path, token, body },
    )
  const { id } = (await ask(`/api/v4/users/username/${username}`)) as { id: string }
  const [team] = (await ask('/api/v4/users/me/teams')) as { id: string }[]
  const draft = { team_id: team?.id, type: 'O', name: 'night-watch', display_name: name }
  const channel = (await ask('/api/v4/channels', draft)) as { id: string }
  await ask(`/api/v4/channels/${channel.id}/members`, { user_id: id })
}

/** Asked from outside: the page's own policy allows no polling from within. */
async function until(page: Page, expression: string): Promise<void> {
  const end = Date.now() + 30_000
  for (;;) {
    // In the midst of being loaded anew it cannot be asked.
    if ((await page.evaluate(expression).catch(() => false)) === true) return
    if (Date.now() > end) throw new Error(`found no ${expression} in time`)
    await page.waitForTimeout(50)
  }
}

/** What is kept is written a moment later. */
async function waitForKept(page: Page, pattern: RegExp): Promise<void> {
  const end = Date.now() + 15_000
  while (!pattern.test(await keptIn(page))) {
    if (Date.now() > end) throw new Error(`found ${await keptIn(page)}, wanted ${pattern}`)
    await page.waitForTimeout(100)
  }
}

/** Ends what somebody may do here, as an administrator does. */
async function shutOut(hub: Node, username: string, how: 'session' | 'person'): Promise<void> {
  const token = hub.token()
  const who = { method: 'GET', path: `/api/v4/users/username/${username}`, token } as const
  const { id } = (await must(hub.ask, who)) as { id: string }
  const path =
    how === 'session' ? `/api/v4/users/${id}/sessions/revoke/all` : `/api/v4/users/${id}/active`
  const method = how === 'session' ? 'POST' : 'PUT'
  await must(hub.ask, { method, path, token, body: { active: false } })
}

async function setLock(page: Page): Promise<void> {
  await page.evaluate("location.hash = '#/settings'")
  await page.fill('input[name=pin]', PIN)
  await page.fill('input[name=again]', PIN)
  await page.click('button:has-text("Set the lock")')
  await page.locator('button:has-text("Lock now")').waitFor()
}

interface Authenticator {
  /** From now on whoever holds it is somebody else, as it finds. */
  readonly refuse: () => Promise<void>
  readonly remove: () => Promise<void>
}

/** One that keeps secrets, in the device itself. */
async function anAuthenticator(
  page: Page,
  { isUnwilling }: { readonly isUnwilling: boolean },
): Promise<Authenticator> {
  const session = await page.context().newCDPSession(page)
  await session.send('WebAuthn.enable')
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      hasPrf: true,
      isUserVerified: !isUnwilling,
      automaticPresenceSimulation: true,
    },
  })
  return {
    refuse: async () => {
      await session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false })
    },
    remove: async () => {
      await session.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId })
    },
  }
}
