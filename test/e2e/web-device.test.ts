/** What our client keeps on a device, in a real browser: locked, unprotected, out of room, renewed, and taken away. */
import type { Page } from 'playwright-core'
import { t as suite, test } from 'tap'
import { CHROMIUM, PLAIN_NAME } from '../../scripts/fleet/chromium.ts'
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

suite.setTimeout(300_000)

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }
const PIN = '471902'

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
          .waitFor()
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
          .waitFor()
        s.equal(await messageWith(page, 'Written with the node down').count(), 1)
        s.strictSame(await faultsOf(page), [])
        s.strictSame(sins, [])
        await page.context().close()
      },
    )
  },
)

async function openTownSquare(page: Page): Promise<void> {
  await page.evaluate("location.hash = '#/'")
  await page.click('.side .entry:has-text("Town Square")')
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
