/** Sources outside that know people, by their config. Secrets come out of files, and stay in memory. */
import { openLdap } from '#bridges/ldap.ts'
import { openOpenId } from '#bridges/openid.ts'
import { EdgeError } from '#base/errors.ts'
import { readText } from '#config/files.ts'
import type { Config } from '#config/schema.ts'
import type { LdapConfig, OpenIdConfig } from '#config/sign-in-schema.ts'
import type { OpenIdProvider, PeopleSource } from '#ports/people-source.ts'
import type { World } from './world.ts'

const DAY_MS = 24 * 3_600_000

/** Where this node may ask about people. */
export interface Outside {
  readonly peopleSource: PeopleSource | undefined
  readonly openId: OpenIdProvider | undefined
  readonly offlineSignInMs: number
}

/** Opens what the config names. @throws EdgeError CONFIG_INVALID when a file is not there */
export async function openOutside(
  { ldap, openid, offlineDays }: Config['signIn'],
  world: World,
): Promise<Outside> {
  return {
    peopleSource: ldap && (await ldapOf(ldap, world)),
    openId: openid && (await openIdOf(openid, world)),
    offlineSignInMs: offlineDays * DAY_MS,
  }
}

async function ldapOf(config: LdapConfig, world: World): Promise<PeopleSource> {
  const { caFile, bindDn, bindPasswordFile, ...same } = config
  const bind =
    bindDn === undefined || bindPasswordFile === undefined
      ? undefined
      : { dn: bindDn, password: await secretIn(bindPasswordFile, 'signIn.ldap.bindPasswordFile') }
  const ca = caFile === undefined ? undefined : await whole(caFile, 'signIn.ldap.caFile')
  return openLdap({ ...same, ca, bind }, world)
}

async function openIdOf(config: OpenIdConfig, world: World): Promise<OpenIdProvider> {
  const { siteUrl, clientSecretFile, ...same } = config
  const clientSecret =
    clientSecretFile === undefined
      ? undefined
      : await secretIn(clientSecretFile, 'signIn.openid.clientSecretFile')
  const callback = `${siteUrl}/oauth/openid/complete`
  return openOpenId({ ...same, clientSecret, callback }, world)
}

/** The first line: editors end a file with a line break. */
async function secretIn(file: string, key: string): Promise<string> {
  const [line = ''] = (await whole(file, key)).split(/\r?\n/)
  if (line !== '') return line
  throw new EdgeError('CONFIG_INVALID', { key, found: 'an empty file', wanted: 'the secret in it' })
}

async function whole(file: string, key: string): Promise<string> {
  const text = await readText(file)
  if (text !== undefined) return text
  throw new EdgeError('CONFIG_INVALID', { key, found: 'no file', wanted: `a file at ${file}` })
}
