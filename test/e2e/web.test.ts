/** Our client in a real browser: two people on two kits, a link that is cut, a node that is down, and hostile text. */
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Decrypter } from 'age-encryption'
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { t as suite, test } from 'tap'
import { CHROMIUM } from '../../scripts/fleet/chromium.ts'
import { must } from '../../scripts/fleet/client.ts'
import type { Node } from '../../scripts/fleet/node.ts'
import {
  aScene,
  aThinKit,
  enrol,
  enter,
  faultsInThemes,
  faultsOf,
  keptIn,
  messageWith,
  picture,
  visit,
  write,
  type Scene,
} from './browser.ts'

suite.setTimeout(400_000)
// After sockets were reset in the midst of being shut down, as an emulated link does, Node 24.21 may wait for ever while it
// tidies up (see scripts/demo.ts); what is to be said has been said by then.
process.once('beforeExit', () => setTimeout(() => process.exit(), 500))

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }
const SMALL = { ...PHONE, viewport: { width: 360, height: 740 } }
const DESK = { viewport: { width: 1280, height: 800 } }

/** Sixteen by nine, a slope of colours. */
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAABAAAAAJCAIAAAC0SDtlAAAANklEQVR42pXCoRHAIAAEwSsnEomMRCIjI1Gvr3xq+J3liVVGrDJjlTdWWbHKjlW+WOWPVU6sXoJdqeGlVZABAAAAAElFTkSuQmCC',
  'base64',
)

/** Text that broke others: markup, scripts, directions, and characters that are hard to draw. */
const NAUGHTY = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '"><svg/onload=alert(1)>',
  '[click](javascript:alert(1))',
  '![x](https://elsewhere.example/x.png)',
  '<style>*{display:none}</style>',
  '<iframe src="https://elsewhere.example"></iframe>',
  '‮‏test‮',
  'Ṱ̺̺̕o͞ ̷i̲̬͇̪͙n̝̗͕v̟̜̘̦͟o̶̙̰̠kè͚̮̺̪̹̱̤',
  '{{constructor.constructor("alert(1)")()}}',
  '\u0007\u0001 ﷽ 👩‍👩‍👧‍👦 \ufdfa',
  'x'.repeat(3_000),
  '> '.repeat(300),
]

test(
  'two people, two kits, a cut link and a node that is down',
  { skip: CHROMIUM === undefined && 'no Chromium' },
  async (t) => {
    const scene = await aScene(t, CHROMIUM ?? '')
    await enrol(scene.hub, 'amira', 'Amira Haddad')
    await enrol(scene.kit, 'bo', 'Bo Lindqvist')
    const bo = await visit(scene, scene.kit.url(), PHONE)
    const amira = await visit(scene, scene.hub.url(), { ...DESK, settings: { theme: 'dark' } })

    await t.test(
      'what is written beyond a cut link waits, and says so until it is stored',
      async (s) => {
        s.strictSame(await faultsOf(bo.page), [])
        await Promise.all([enter(bo.page, 'bo'), enter(amira.page, 'amira')])
        await write(bo.page, 'Before the cut')
        await messageWith(amira.page, 'Before the cut').waitFor()
        await write(bo.page, '- [ ] fuel\n- [ ] water\n- [ ] maps')
        await messageWith(amira.page, 'fuel').waitFor()
        scene.link.cut()
        await bo.page.locator('.task', { hasText: 'fuel' }).getByRole('checkbox').click()
        await amira.page.locator('.task', { hasText: 'water' }).getByRole('checkbox').click()
        await amira.page.locator('.task input:checked').waitFor()
        await write(bo.page, 'Behind the cut')
        const line = messageWith(bo.page, 'Behind the cut').locator('.delivery')
        await line.filter({ hasText: 'Queued' }).waitFor()
        s.equal(await messageWith(amira.page, 'Behind the cut').count(), 0)
        await picture(bo.page, 'phone-cut')
        scene.link.heal()
        await messageWith(amira.page, 'Behind the cut').waitFor()
        await line.filter({ hasText: 'at headquarters' }).waitFor()
        for (const { page } of [bo, amira])
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          await page.locator('.task input:checked').nth(1).waitFor()
        await line.click()
        await bo.page.locator('.story li', { hasText: 'alpha' }).waitFor()
        await picture(bo.page, 'phone-story')
        await bo.page.keyboard.press('Escape')
        s.match(await messageWith(amira.page, 'Behind the cut').innerText(), 'from bravo')
        s.strictSame([await faultsOf(bo.page), await faultsOf(amira.page)], [[], []])
        await picture(amira.page, 'desk-dark')
      },
    )

    await t.test(
      'written with the node down, the tab killed: opened again it is there, and arrives once',
      async (s) => {
        await bo.page.evaluate('navigator.serviceWorker.ready.then(() => true)')
        await scene.kit.kill()
        await bo.page.locator('.foot-state[data-state=away]').waitFor({ state: 'attached' })
        await write(bo.page, 'While it was down')
        await messageWith(bo.page, 'While it was down')
          .filter({ hasText: 'On this device' })
          .waitFor()
        const { context } = { context: bo.page.context() }
        await bo.page.close({ runBeforeUnload: false })
        const again = await context.newPage()
        await again.goto(`${scene.kit.url()}/`)
        await again.click('.side .entry:has-text("Town Square")')
        // How far it had come is told from what was kept.
        await messageWith(again, 'Before the cut').filter({ hasText: 'at headquarters' }).waitFor()
        await messageWith(again, 'While it was down')
          .filter({ hasText: 'On this device' })
          .waitFor()
        await picture(again, 'phone-node-down')
        await scene.kit.start()
        await messageWith(amira.page, 'While it was down').waitFor()
        await messageWith(again, 'While it was down')
          .filter({ hasText: 'at headquarters' })
          .waitFor()
        s.equal(await messageWith(again, 'While it was down').count(), 1)
        s.equal(await messageWith(amira.page, 'While it was down').count(), 1)
      },
    )

    await t.test(
      'a picture goes with the words, is seen here, and comes to the other node when asked for',
      async (s) => {
        const [page = bo.page] = bo.page.context().pages()
        await page.setInputFiles('.composer input[multiple]', [
          { name: 'bridge.png', mimeType: 'image/png', buffer: PICTURE },
          { name: 'route.gpx', mimeType: 'application/gpx+xml', buffer: Buffer.from('<gpx/>') },
        ])
        await page.locator('.attachments .file-thumb').waitFor()
        s.strictSame(await faultsOf(page), [])
        await picture(page, 'phone-attached')
        await write(page, 'The bridge')
        await messageWith(page, 'The bridge').locator('.file-picture img').waitFor()
        await picture(page, 'phone-picture')
        const far = messageWith(amira.page, 'The bridge')
        // Small ones may have come by themselves, as the link is fat; otherwise somebody asks for them.
        // A question that is lost is asked again after a minute.
        const come = far.locator('.file-picture[data-whole=true] img').waitFor({ timeout: 150_000 })
        const asked = far.locator('.fetching button').first().click()
        await Promise.race([asked.catch(() => undefined), come])
        await come
        await far.locator('.file-card').first().waitFor()
        s.strictSame([await faultsOf(page), await faultsOf(amira.page)], [[], []])
        await picture(amira.page, 'desk-files')
      },
    )

    await t.test(
      'a voice note is recorded, seen before it goes, and heard on the other side',
      async (s) => {
        const [page = bo.page] = bo.page.context().pages()
        await page.context().grantPermissions(['microphone'])
        await page.click('.composer button[aria-label="Record a voice note"]')
        await page.locator('.recorder-time', { hasText: '0:01' }).waitFor()
        await page.click('.recorder .send')
        await page.locator('.attachments .sound').filter({ hasText: '0:0' }).waitFor()
        s.strictSame(await faultsOf(page), [])
        await picture(page, 'phone-voice')
        await page.click('.composer .send')
        await page.locator('.message .sound').filter({ hasText: '0:0' }).last().waitFor()
        s.strictSame(await faultsOf(page), [])
      },
    )

    await t.test(
      'what was purged leaves a word, and what is shown once is told to who opens it alone',
      async (s) => {
        const [page = bo.page] = bo.page.context().pages()
        await write(page, 'To be purged')
        await messageWith(amira.page, 'To be purged').waitFor()
        await purge(scene, 'To be purged')
        await amira.page.locator('.purged', { hasText: 'by order' }).waitFor()
        await page.locator('.purged', { hasText: '1 message was removed by order' }).waitFor()
        s.equal(await messageWith(page, 'To be purged').count(), 0)
        await page.selectOption('.lane-picker select', 'once')
        await write(page, 'The zebra is at the well')
        await amira.page.bringToFront() // out of focus it stays covered
        const once = amira.page.locator('.once').last()
        await once.locator('button').click()
        await amira.page.locator('.guarded', { hasText: 'zebra' }).waitFor()
        s.strictSame(await faultsInThemes(amira.page, 'desk-once'), [])
        s.notMatch(await keptIn(amira.page), /zebra/)
        await page.locator('.once', { hasText: '1 has opened it' }).waitFor()
        s.strictSame([await faultsOf(page), await faultsOf(amira.page)], [[], []])
        await picture(page, 'phone-purged')
      },
    )

    await t.test(
      'what a message costs is told before it is sent, and the rehearsal is a picture',
      async (s) => {
        const { kit, link } = await aThinKit(s, scene.hub)
        const token = kit.token()
        const { page } = await visit(scene, kit.url(), { ...SMALL, token })
        await page.click('.side .entry:has-text("Town Square")')
        await messageWith(page, 'Before the cut').waitFor({ timeout: 60_000 })
        const photo = { name: 'ford.jpg', mimeType: 'image/jpeg', buffer: await aPhoto() }
        await amira.page.setInputFiles('.composer input[multiple]', photo)
        await write(amira.page, 'The ford')
        const far = messageWith(page, 'The ford')
        await far.locator('.file-picture img').waitFor()
        await far.locator('.fetching .button', { hasText: 'The whole file' }).waitFor()
        s.match(await far.locator('.fetching').innerText(), /Small picture\s+[^]*USD[^]*USD/)
        s.strictSame(await faultsOf(page), [])
        await picture(page, 'phone-far-picture')
        await far.locator('.fetching .button', { hasText: 'Small picture' }).click()
        await far
          .locator('.fetching', { hasText: 'Small picture' })
          .waitFor({ state: 'detached', timeout: 120_000 })
        await picture(page, 'phone-small-picture')
        link.cut()
        for (const text of ['One waits', 'Two wait']) await write(page, text)
        await page.selectOption('.lane-picker select', 'immediate')
        await write(page, 'Urgent and waiting')
        await page.fill('.composer textarea', 'What would this cost by satellite?')
        await page.locator('.preview', { hasText: 'USD' }).waitFor()
        s.match(await page.locator('.preview').innerText(), /stick: free/)
        s.strictSame(await faultsOf(page), [])
        await picture(page, 'phone-preview')
        await page.fill('.composer textarea', '')
        await page.evaluate("location.hash = '#/link'")
        await page.locator('.budget-bar .bar[data-lane=immediate]').waitFor()
        await page.locator('.cost').scrollIntoViewIfNeeded()
        s.strictSame(await faultsOf(page), [])
        await picture(page, 'phone-rehearsal')
        await page.context().close()
      },
    )

    await t.test(
      'sticks and backups in the browser: taken, written, carried along, and put down',
      async (s) => {
        const { page, sins } = await visit(scene, scene.hub.url(), {
          ...DESK,
          token: scene.hub.token(),
          acceptDownloads: true,
        })
        await page.evaluate("location.hash = '#/operator/carry'")
        await page.click('button:has-text("Look at it")')
        await page.click('button:has-text("Write what it lacks")')
        await page.locator('[role=status]', { hasText: 'written' }).waitFor()
        s.equal((await readdir(scene.stick)).filter((one) => one.endsWith('.courier')).length, 2)
        await page.click('button:has-text("Pack everything")')
        const saved = await download(page, '.lines a >> nth=0')
        await page.setInputFiles('input[type=file]', {
          name: 'a.courier',
          mimeType: 'application/octet-stream',
          buffer: saved,
        })
        await page.locator('[role=status]', { hasText: 'Taken out of 1 file' }).waitFor()
        s.strictSame(await faultsInThemes(page, 'desk-carry'), [])
        await page.click('button:has-text("Throw these copies away")')
        const sealed = await download(page, 'a:has-text("Download a backup")')
        const decrypter = new Decrypter()
        decrypter.addIdentity(scene.identity)
        const plain = Buffer.from(await decrypter.decrypt(sealed))
        s.ok(plain.includes('backup.json'))
        await page.locator('.card', { hasText: 'The last one was begun' }).waitFor()
        await withoutBlobs(scene.hub, async () => {
          await page.reload()
          const card = page.locator('.card', { hasText: 'Lost files' })
          await card.locator('li').first().waitFor()
          s.strictSame(await faultsInThemes(page, 'desk-lost'), [])
        })
        s.strictSame(sins, [])
        await page.context().close()
      },
    )

    await t.test('the policy in the browser: levels, who needs and has one, a rule', async (s) => {
      const admin = { ...DESK, token: scene.hub.token() }
      const { page, sins } = await visit(scene, scene.hub.url(), admin)
      await page.evaluate("location.hash = '#/operator/policy'")
      await page.fill('textarea[name=levels]', 'open\n\nsecret\nopen')
      await page.click('form:has(textarea[name=levels]) button')
      const square = page.locator('.leveled label', { hasText: 'Town Square' }).locator('select')
      await square.selectOption('open')
      await page.locator('.note', { hasText: 'Saved' }).waitFor()
      await page.click('summary:has-text("New rule")')
      await page.fill('input[name=name]', 'north-only')
      await page.click('details[open] button:has-text("Save")')
      await page.click('summary:has-text("north-only")')
      await page.click('button:has-text("Look")')
      await page.locator('output', { hasText: 'Yes.' }).waitFor()
      s.strictSame(await faultsInThemes(page, 'desk-policy'), [])
      await page.setViewportSize({ width: 360, height: 780 })
      s.strictSame(await faultsOf(page), [])
      await picture(page, 'phone-policy')
      await page.reload()
      await page.click('summary:has-text("north-only")')
      s.equal(await square.inputValue(), 'open')
      await page.click('button:has-text("Take away")')
      await page.locator('summary:has-text("north-only")').waitFor({ state: 'detached' })
      await square.selectOption('')
      await page.fill('textarea[name=levels]', '')
      await page.click('form:has(textarea[name=levels]) button')
      await square.waitFor({ state: 'detached' })
      s.strictSame(sins, [])
      await page.context().close()
    })

    await t.test('hostile text does nothing, and every place and language holds', async (s) => {
      await postAll(scene)
      await messageWith(amira.page, 'hostile ends').waitFor()
      await picture(amira.page, 'desk-hostile')
      for (const place of ['link', 'people', 'search', 'operator', 'settings']) {
        await amira.page.evaluate(`location.hash = '#/${place}'`)
        await amira.page.waitForSelector('.page .card, .page form')
        s.strictSame(await faultsOf(amira.page), [], place)
        await picture(amira.page, `desk-${place}`)
      }
      const arabic = await visit(scene, scene.hub.url(), {
        ...PHONE,
        settings: { language: 'ar', theme: 'red', isField: true },
      })
      await arabic.page.waitForSelector('[dir=rtl]', { state: 'attached' })
      await enter(arabic.page, 'amira')
      await messageWith(arabic.page, 'hostile ends').waitFor()
      s.strictSame(await faultsOf(arabic.page), [])
      await picture(arabic.page, 'phone-arabic-red-field')
      const admin = await visit(scene, scene.hub.url(), { ...DESK, token: scene.hub.token() })
      await admin.page.evaluate(`location.hash = '#/link'`)
      await admin.page.click('.letters button:has-text("Prove")')
      await admin.page.locator('.letters li', { hasText: 'proved by a drill' }).waitFor()
      await admin.page.click('.letters summary')
      s.strictSame(await faultsInThemes(admin.page, 'desk-letters-admin'), [])
      await admin.page.click('.way:has-text("Operator")')
      await admin.page.locator('.audit li').first().waitFor()
      s.strictSame(await faultsInThemes(admin.page, 'desk-operator-admin'), [])
      await admin.page.click('.lines li:has-text("bravo") .text-button')
      await admin.page.waitForSelector('.sheet h3')
      s.strictSame(await faultsOf(admin.page), [], 'the drill')
      await picture(admin.page, 'desk-drill')
      await admin.page.keyboard.press('Escape')
      await admin.page.click('button:has-text("Make a code")')
      await admin.page.waitForSelector('.shown code')
      s.strictSame([bo.sins, amira.sins, arabic.sins, admin.sins], [[], [], [], []])
    })
  },
)

/** What a click gives to be kept. */
async function download(page: Page, selector: string): Promise<Buffer> {
  const [given] = await Promise.all([page.waitForEvent('download'), page.click(selector)])
  return readFile(await given.path())
}

/** As a camera makes them: too large for a thin link. */
function aPhoto(): Promise<Buffer> {
  const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const
  return sharp({ create: { width: 800, height: 600, channels: 3, background: 'teal', noise } })
    .jpeg()
    .toBuffer()
}

/** Orders at headquarters that a message be gone. */
async function purge({ hub }: Scene, text: string): Promise<void> {
  const token = hub.token()
  const ask = (method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> =>
    must(hub.ask, { method, path, token, ...(body === undefined ? {} : { body }) })
  const channels = (await ask('GET', '/api/v4/users/me/channels')) as { id: string }[]
  const id = channels[0]?.id
  const page = await ask('GET', `/api/v4/channels/${id}/posts`)
  const { posts } = page as { posts: Record<string, { id: string; message: string }> }
  const found = Object.values(posts).find(({ message }) => message === text)
  await ask('POST', `/api/holdfast/v1/channels/${id}/purge`, { post_ids: [found?.id] })
}

async function postAll({ hub }: Scene): Promise<void> {
  const token = hub.token()
  const ask = (method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> =>
    must(hub.ask, { method, path, token, ...(body === undefined ? {} : { body }) })
  const channels = (await ask('GET', '/api/v4/users/me/channels')) as { id: string }[]
  for (const message of [...NAUGHTY, 'hostile ends'])
    await ask('POST', '/api/v4/posts', { channel_id: channels[0]?.id, message })
}

/** Work while a node has none of the bytes beside its store. */
async function withoutBlobs(node: Node, work: () => Promise<void>): Promise<void> {
  const blobs = join(node.dataFolder, 'blobs')
  const away = join(node.dataFolder, 'away')
  await rename(blobs, away)
  await mkdir(blobs)
  await work()
  await rm(blobs, { recursive: true })
  await rename(away, blobs)
}
