/** Sources outside that know the people of the organisation. */
import { flag, file, object, text, wanted, whole } from './schema-words.ts'
import { z } from 'zod'

const ATTRIBUTE = /^[A-Za-z][A-Za-z0-9-]{0,63}$/
const DN = /^(?:[A-Za-z0-9.-]+=[^\0]+)$/

const Ldap = object({
  url: text(
    /^ldaps?:\/\/[A-Za-z0-9.\-[\]:]+$/,
    'ldaps://host or ldap://host, with :port if needed',
  ).describe('LDAP directory that checks names and passwords.'),
  startTls: flag
    .default(true)
    .describe('Whether ldap:// goes over to TLS first; off only on this machine itself.'),
  caFile: file
    .optional()
    .describe("Certificate authority of the directory, PEM. Without it the system's are trusted."),
  bindDn: text(DN, 'a distinguished name')
    .optional()
    .describe('Who looks people up there, together with bindPasswordFile; a visitor unless set.'),
  bindPasswordFile: file
    .optional()
    .describe('Path of a file with nothing but the password of bindDn.'),
  base: text(DN, 'a distinguished name').describe('Below it all people stand.'),
  filter: text(/^\(.{1,998}\)$/, 'an LDAP filter in parentheses')
    .default('(objectClass=person)')
    .describe('Who may sign in at all.'),
  loginAttribute: text(ATTRIBUTE, 'the name of an attribute')
    .default('uid')
    .describe('What people type as their name: uid, or sAMAccountName in Active Directory.'),
  subjectAttribute: text(ATTRIBUTE, 'the name of an attribute')
    .default('entryUUID')
    .describe('What never changes of a person: entryUUID, or objectGUID in Active Directory.'),
  nameAttribute: text(ATTRIBUTE, 'the name of an attribute')
    .default('cn')
    .describe('What people are shown as.'),
})

const OpenId = object({
  issuer: text(/^https?:\/\/[^\s?#@]+$/, 'https://… as the provider calls itself').describe(
    'OpenID Connect provider where people sign in with their browser.',
  ),
  clientId: text(/^[\x21-\x7e]{1,256}$/, '1 to 256 printable characters').describe(
    'What the provider knows this node by.',
  ),
  clientSecretFile: file
    .optional()
    .describe('Path of a file with nothing but the secret for clientId; none for a public client.'),
  siteUrl: text(/^https?:\/\/[^\s/?#@]+$/, 'https://host, with :port if needed').describe(
    'Where people reach this node; the provider sends them back to siteUrl/oauth/openid/complete.',
  ),
  scopes: z
    .array(text(/^[\x21\x23-\x5b\x5d-\x7e]{1,64}$/, 'a scope'), wanted('a list of scopes'))
    .max(16, wanted('at most 16 scopes'))
    .default(['openid', 'profile'])
    .describe('What is asked for; openid must be among them.'),
  usernameClaim: text(/^[A-Za-z0-9_.:/-]{1,128}$/, 'the name of a claim')
    .default('preferred_username')
    .describe('What people are called here.'),
})

/** Sources outside that know the people of the organisation. */
export const SignIn = object({
  offlineDays: whole(0, 90)
    .default(7)
    .describe(
      'How long people of ldap and openid may sign in, and stay, without a word from there; 0: nobody signs in without, and sessions last a day.',
    ),
  ldap: Ldap.optional(),
  openid: OpenId.optional(),
})

/** Settings of an LDAP directory. */
export type LdapConfig = z.output<typeof Ldap>

/** Settings of an OpenID provider. */
export type OpenIdConfig = z.output<typeof OpenId>
