/** A kit that is shut out, and then told to wipe itself, while its people have our client open. */
import { t as suite, test } from 'tap'
import { CHROMIUM } from '../../scripts/fleet/chromium.ts'
import { must } from '../../scripts/fleet/client.ts'
import type { Node } from '../../scripts/fleet/node.ts'
import {
  aScene,
  enrol,
  enter,
  faultsInThemes,
  keptIn,
  messageWith,
  picture,
  visit,
  write,
} from './browser.ts'

suite.setTimeout(600_000)

const PHONE = { viewport: { width: 360, height: 780 }, hasTouch: true, isMobile: true }
/** A busy machine may take as long. */
const PATIENT = { timeout: 90_000 }

test(
  'a node that is shut out and wiped takes from the browsers of its people what was read there',
  { skip: CHROMIUM === undefined && 'no Chromium' },
  async (t) => {
    const scene = await aScene(t, CHROMIUM ?? '')
    const { hub, kit } = scene
    await enrol(kit, 'bo', 'Bo Lindqvist')
    const { page, sins } = await visit(scene, kit.url().replace('127.0.0.1', 'localhost'), PHONE)
    await enter(page, 'bo')
    await write(page, 'Before the loss')
    await messageWith(page, 'Before the loss')
      .locator('.delivery', { hasText: 'headquarters' })
      .waitFor(PATIENT)

    await t.test(
      'refused by headquarters, it says so, and of no message that it has gone',
      async (s) => {
        await order(hub, kit, 'revoke')
        await page.locator('.standing', { hasText: 'alpha refuses this node' }).waitFor(PATIENT)
        await write(page, 'After the loss')
        const line = messageWith(page, 'After the loss').locator('.delivery')
        await line.filter({ hasText: 'others refuse it' }).waitFor(PATIENT)
        s.strictSame(await faultsInThemes(page, 'phone-refused'), [])
        await line.click()
        await page.locator('.sheet .warning', { hasText: 'not proven' }).waitFor()
        await picture(page, 'phone-refused-story')
        await page.keyboard.press('Escape')
        await page.click('.standing')
        await page.locator('.card.warning', { hasText: 'not proven' }).waitFor()
        s.strictSame(await faultsInThemes(page, 'phone-refused-links'), [])
        await page.goBack()
        await page.fill('.composer textarea', 'Half a thought')
        await picture(page, 'phone-revoked')
        s.strictSame(sins, [])
      },
    )

    await t.test(
      'an order to wipe reaches the browsers of its people before it is gone',
      async (s) => {
        await order(hub, kit, 'wipe')
        await page.locator('input[name=password]').waitFor(PATIENT)
        await page.locator('[role=alert]', { hasText: 'was ended' }).waitFor()
        await page.locator('[role=alert]', { hasText: 'is kept for you' }).waitFor()
        await gone(page, s)
        s.match(await keptIn(page), /Half a thought/, 'what was typed may be kept here')
        s.strictSame(await faultsInThemes(page, 'phone-ended'), [])
        await page.fill('input[name=name]', 'bo')
        await page.fill('input[name=password]', 'bo-password')
        await page.click('button[type=submit]')
        await page.locator('.failure', { hasText: 'out of reach' }).waitFor(PATIENT)
        s.strictSame(sins, [])
      },
    )
  },
)

/** Headquarters has a node shut out, or ordered to destroy its keys. */
async function order(hub: Node, kit: Node, deed: 'revoke' | 'wipe'): Promise<void> {
  const asked = { method: 'GET', path: '/api/holdfast/v1/status', token: hub.token() } as const
  const { nodes } = (await must(hub.ask, asked)) as { nodes: { id: string; name: string }[] }
  const id = nodes.find(({ name }) => name === kit.name)?.id
  const path = `/api/holdfast/v1/nodes/${id}/${deed}`
  await must(hub.ask, { method: 'POST', path, token: hub.token(), body: {} })
}

/** What was read is not kept any more, a moment later. */
async function gone(
  page: Parameters<typeof keptIn>[0],
  t: { readonly notMatch: (found: string, pattern: RegExp) => void },
): Promise<void> {
  const pattern = /Before the loss|Town Square/
  const end = Date.now() + 15_000
  while (Date.now() < end && pattern.test(await keptIn(page))) await page.waitForTimeout(100)
  t.notMatch(await keptIn(page), pattern)
}
