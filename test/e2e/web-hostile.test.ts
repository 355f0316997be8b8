/** Our client in a real browser among hostile names: of people, channels and files, and in what is being written. */
import { setTimeout } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { t as suite, test, type Test } from 'tap'
import { CHROMIUM } from '../../scripts/fleet/chromium.ts'
import { must } from '../../scripts/fleet/client.ts'
import type { Node } from '../../scripts/fleet/node.ts'
import { HOSTILE_TEXTS } from '../support/hostile-texts.ts'
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

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }
const DESK = { viewport: { width: 1280, height: 800 } }
/** As long as the node takes a name. */
const NAME_LETTERS_MAX = 64
/** Of each kind one: markup, a path, an open bracket of direction, marks on marks, a word without a gap, nothing to see. */
const NAMES = [
  '<script>alert(1)</script>',
  '"><svg/onload=alert(1)>',
  '{{constructor.constructor("alert(1)")()}}',
  '__proto__',
  '../../../etc/shadow',
  '\u202eback to front \u2066shut in',
  'Ṱ̺̺̕o͞ ̷i̲̬͇̪͙n̝̗͕v̟̜̘̦͟o̶̙̰̠kè͚̮̺̪̹̱̤',
  'W'.repeat(NAME_LETTERS_MAX),
  '🔥'.repeat(32),
  '\u200d\u200c\u2060\u00ad',
  'قائمة الأدوية المطلوبة لمستشفى الميدان الرابع',
  "Robert'); DROP TABLE people;--",
]
const ARABIC = 'قائمة الأدوية المطلوبة لمستشفى الميدان الرابع في حي الزيتون يوم الأحد.pdf'
/** As browsers give them: a name with a slash in it cannot be chosen. */
const FILES = [...NAMES.map((name) => `${name.replaceAll('/', '_')}.txt`), ARABIC]
/** What may be typed into a text area and stays as it is: it makes one kind of line end of all, and knows no half letters. */
const DRAFTS = HOSTILE_TEXTS.filter(
  (text) => text !== '' && !/[\r\0]/.test(text) && text.isWellFormed(),
)
/** What is wider than the screen, or is drawn outside of the line it belongs to; files that wait to be sent stand in a row that scrolls. */
const SPILLS = `[...document.querySelectorAll('.entry, .message header, .file-card, .lines > li')]
  .filter((one) => one.scrollWidth > one.clientWidth + 1 ||
    (one.closest('.attachments') === null && one.getBoundingClientRect().right > innerWidth + 1))
  .map((one) => one.textContent)
  .concat(document.documentElement.scrollWidth > innerWidth ? ['the page'] : [])`
/** The names of files whose first letter is not to be seen. */
const BEHEADED = `[...document.querySelectorAll('.file-name')].filter((one) => {
  const range = document.createRange()
  range.setStart(one.firstChild, 0)
  range.setEnd(one.firstChild, 1)
  const [letter, box] = [range.getBoundingClientRect(), one.getBoundingClientRect()]
  return letter.left < box.left - 1 || letter.right > box.right + 1
}).map((one) => one.textContent)`
/** A device that takes its time to find a draft. */
const SLOW_DRAFTS = `{
  const { get } = IDBObjectStore.prototype
  IDBObjectStore.prototype.get = function (key) {
    const request = get.call(this, key)
    const listen = request.addEventListener.bind(request)
    request.addEventListener = (kind, heard) =>
      listen(kind, (event) => (String(key).startsWith('draft:') ? setTimeout(heard, 1_000, event) : heard(event)))
    return request
  }
}`

test(
  'hostile names run nothing, break no line, and lose nothing',
  { skip: CHROMIUM === undefined && 'no Chromium' },
  async (t) => {
    const scene = await aHub(t, CHROMIUM ?? '')
    const { hub } = scene
    await enrol(hub, 'amira', 'Amira Haddad')
    const ids = await nameAll(hub)
    const phone = await visit(scene, hub.url(), PHONE)
    await enter(phone.page, 'amira')
    const desk = await visit(scene, hub.url(), { ...DESK, token: hub.token() })

    await t.test('people and channels are called what they are called', async (s) => {
      for (const { page } of [phone, desk])
        for (const place of ['people', 'operator', '']) await holds(s, page, place)
      await picture(desk.page, 'desk-hostile-names')
      await desk.page.evaluate(`location.hash = '#/people'`)
      const shown = await desk.page.locator('.page .entry-name').allInnerTexts()
      const wanted = [
        '<script>alert(1)</script>',
        '__proto__',
        "Robert'); DROP TABLE people;--",
        'hostile-9',
      ]
      s.strictSame(
        wanted.filter((name) => !shown.includes(name)),
        [],
      )
    })

    await t.test('files are called what they are called, and begin where they begin', async (s) => {
      const { page } = phone
      await openAt(page, ids[0] ?? '')
      for (const files of [FILES.slice(0, 7), FILES.slice(7)]) {
        const given = files.map((name) => ({
          name,
          mimeType: 'text/plain',
          buffer: Buffer.from(name),
        }))
        await page.setInputFiles('.composer input[multiple]', given)
        await page
          .locator('.attachments .file-card')
          .nth(files.length - 1)
          .waitFor()
        s.strictSame(await page.evaluate(SPILLS), [])
        s.strictSame(await page.evaluate(BEHEADED), [])
        const text = `${files.length} files`
        await write(page, text)
        await messageWith(page, text)
          .locator('a.file-card')
          .nth(files.length - 1)
          .waitFor()
        const names = await messageWith(page, text).locator('.file-name').allTextContents()
        s.strictSame(names, files)
      }
      s.strictSame(await page.evaluate(SPILLS), [])
      s.strictSame(await page.evaluate(BEHEADED), [])
      s.strictSame(await faultsOf(page), [])
      await picture(page, 'phone-hostile-files')
    })

    await t.test(
      'what is typed before a draft has come from the device stands behind it',
      async (s) => {
        const { page } = phone
        await openAt(page, ids[0] ?? '')
        await page.fill('.composer textarea', 'Kept before')
        await until(async () => (await keptIn(page)).includes('Kept before'))
        await page.evaluate(SLOW_DRAFTS)
        await openAt(page, ids[0] ?? '')
        await page.fill('.composer textarea', 'Typed at once')
        const both = 'Kept before\nTyped at once'
        await until(async () => (await keptIn(page)).includes(JSON.stringify(both)))
        s.equal(await page.inputValue('.composer textarea'), both)
        s.ok((await keptIn(page)).includes(JSON.stringify(both)))
        await page.reload()
      },
    )

    await t.test('what is being written is there again as it was typed', async (s) => {
      const { page } = phone
      for (let from = 0; from < DRAFTS.length; from += ids.length) {
        const drafts = DRAFTS.slice(from, from + ids.length)
        for (const [index, text] of drafts.entries()) {
          await openAt(page, ids[index] ?? '')
          await page.fill('.composer textarea', text)
          await until(async () => (await keptIn(page)).includes(JSON.stringify(text)))
        }
        await page.reload()
        for (const [index, text] of drafts.entries()) {
          await openAt(page, ids[index] ?? '')
          await until(async () => (await page.inputValue('.composer textarea')) === text)
          s.equal(await page.inputValue('.composer textarea'), text)
        }
        s.strictSame(await page.evaluate(SPILLS), [])
      }
    })

    t.strictSame([phone.sins, desk.sins], [[], []])
  },
)

/** Enrols somebody and opens a channel under each name; gives the channels' ids. */
async function nameAll(hub: Node): Promise<readonly string[]> {
  const token = hub.token()
  const ask = (method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> =>
    must(hub.ask, { method, path, token, ...(body === undefined ? {} : { body }) })
  const [team] = (await ask('GET', '/api/v4/users/me/teams')) as { id: string }[]
  const amira = (await ask('GET', '/api/v4/users/username/amira')) as { id: string }
  const ids: string[] = []
  for (const [index, name] of NAMES.entries()) {
    const people = { username: `hostile-${index}`, first_name: name, password: 'hostile-password' }
    await ask('POST', '/api/v4/users', people)
    const called = { name: `hostile-${index}`, display_name: name, type: 'O', team_id: team?.id }
    const { id } = (await ask('POST', '/api/v4/channels', called)) as { id: string }
    await ask('POST', `/api/v4/channels/${id}/members`, { user_id: amira.id })
    ids.push(id)
  }
  return ids
}

async function holds(t: Test, page: Page, place: string): Promise<void> {
  await page.evaluate(`location.hash = '#/${place}'`)
  await page
    .locator(place === '' ? '.side .entry' : '.page .entry, .page .card')
    .first()
    .waitFor()
  t.strictSame(await page.evaluate(SPILLS), [], place)
  t.strictSame(await faultsOf(page), [], place)
}

/** By way of home: what stood in another channel's box is gone then. */
async function openAt(page: Page, channel: string): Promise<void> {
  const box = page.locator('.composer textarea')
  await page.evaluate("location.hash = '#/'")
  await box.waitFor({ state: 'detached' })
  await page.evaluate(`location.hash = '#/c/${channel}'`)
  await box.waitFor()
}

/** Until it is so, or for ten seconds: what is claimed is checked afterwards. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let round = 0; round < 100 && !(await isSo()); round += 1) await setTimeout(100)
}
