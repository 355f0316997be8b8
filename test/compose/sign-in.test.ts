import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import { openOutside } from '#compose/sign-in.ts'
import { Config } from '#config/schema.ts'
import { virtualClock } from '../support/clock.ts'
import { aFolder } from '../support/folders.ts'
import { collectingLog } from '../support/log.ts'
import { CLIENT, startOpenIdSite } from '../support/openid-provider.ts'
import { seededRandom } from '../support/random.ts'

const SITE = 'http://127.0.0.1:8065'
const world = { clock: virtualClock(), random: seededRandom(1), log: collectingLog() }

test('without a word about them there is no source, and a week for who knew one', async (t) => {
  t.strictSame(await openOutside(Config.parse({}).signIn, world), {
    peopleSource: undefined,
    openId: undefined,
    offlineSignInMs: 7 * 86_400_000,
  })
})

test('a provider is asked with the secret in the file, and sends people back to this node', async (t) => {
  const callback = `${SITE}/oauth/openid/complete`
  await using site = await startOpenIdSite(callback)
  const file = join(await aFolder(t), 'secret')
  await writeFile(file, `${CLIENT.secret}\n`)
  const openid = { issuer: site.issuer, clientId: CLIENT.id, clientSecretFile: file, siteUrl: SITE }
  const { openId } = await openOutside(Config.parse({ signIn: { openid } }).signIn, world)
  const question = { state: 's', nonce: 'n', verifier: 'v'.repeat(43) }

  const back = await site.visit((await openId?.ask(question)) ?? '', 'dana')

  t.match(back.href, /^http:\/\/127\.0\.0\.1:8065\/oauth\/openid\/complete\?/)
  t.match(await openId?.read(back.search, question), { username: 'dana' })
})

test('a secret that is not there is said when the node starts', async (t) => {
  const folder = await aFolder(t)
  const empty = join(folder, 'empty')
  await writeFile(empty, '\n')
  const ldap = { url: 'ldaps://ldap.example', base: 'dc=example', bindDn: 'cn=x,dc=example' }
  for (const bindPasswordFile of [join(folder, 'absent'), empty]) {
    const { signIn } = Config.parse({ signIn: { ldap: { ...ldap, bindPasswordFile } } })
    await t.rejects(openOutside(signIn, world), {
      code: 'CONFIG_INVALID',
      facts: { key: 'signIn.ldap.bindPasswordFile' },
    })
  }
  const { signIn } = Config.parse({ signIn: { ldap: { url: ldap.url, base: ldap.base } } })
  t.ok((await openOutside(signIn, world)).peopleSource)
})
