/** Against a real directory: `allow bind_anon_dn` there takes an empty password for a visitor, as many do. */
import { Client } from 'ldapts'
import { test, type Test } from 'tap'
import { openLdap, type LdapOptions } from '#bridges/ldap.ts'
import type { PeopleSource } from '#ports/people-source.ts'
import { makeCertificate, writeCertificate } from '../support/certificates.ts'
import { virtualClock } from '../support/clock.ts'
import { aFolder } from '../support/folders.ts'
import { collectingLog } from '../support/log.ts'
import {
  MANAGER,
  startSlapd,
  SUFFIX,
  withoutSlapd,
  type Slapd,
  type SlapdTls,
} from '../support/slapd.ts'

const skip = withoutSlapd
const PEOPLE = `ou=people,${SUFFIX}`

async function aDirectory(t: Test, tls?: SlapdTls): Promise<Slapd> {
  const slapd = await startSlapd(tls)
  t.teardown(() => slapd[Symbol.asyncDispose]())
  const client = new Client({ url: slapd.url })
  await client.bind(MANAGER.dn, MANAGER.password)
  const top = { objectClass: ['dcObject', 'organization'], o: 'Relief', dc: 'relief' }
  await client.add(SUFFIX, top)
  await client.add(PEOPLE, { objectClass: 'organizationalUnit', ou: 'people' })
  for (const [uid, cn] of [
    ['dana', 'Dana Diaz'],
    ['erin', 'Erin (night*) \\ shift'],
    ['zoë', 'Zoë'],
  ] as const) {
    await client.add(`uid=${uid},${PEOPLE}`, {
      objectClass: 'inetOrgPerson',
      uid,
      cn,
      sn: uid,
      userPassword: `${uid}-password`,
      employeeType: uid === 'erin' ? 'guest' : 'staff',
    })
  }
  await client.unbind()
  return slapd
}

function sourceAt(slapd: Slapd, part: Partial<LdapOptions> = {}) {
  const clock = virtualClock()
  const log = collectingLog()
  const options: LdapOptions = {
    url: slapd.url,
    startTls: false,
    bind: MANAGER,
    base: PEOPLE,
    filter: '(objectClass=inetOrgPerson)',
    loginAttribute: 'uid',
    subjectAttribute: 'entryUUID',
    nameAttribute: 'cn',
    ...part,
  }
  return { clock, log, source: openLdap(options, { clock, log }) }
}

const kinds = async (source: PeopleSource, tried: readonly (readonly [string, string])[]) =>
  Promise.all(tried.map(async ([login, password]) => (await source.check(login, password)).kind))

test(
  'who knows the password of an entry is that person, by what never changes of it',
  { skip },
  async (t) => {
    const slapd = await aDirectory(t)
    const { source } = sourceAt(slapd)

    const dana = await source.check('dana', 'dana-password')

    t.match(dana, {
      kind: 'right',
      person: {
        source: 'ldap',
        username: 'dana',
        displayName: 'Dana Diaz',
        subject: /^[0-9a-f-]{36}$/,
      },
    })
    t.match(await source.check('DANA', 'dana-password'), dana, 'in any case')
    t.match(await source.check('zoë', 'zoë-password'), { person: { displayName: 'Zoë' } })
    t.match(await source.check('erin', 'erin-password'), {
      person: { displayName: 'Erin (night*) \\ shift' },
    })
    t.strictSame(
      await kinds(source, [
        ['dana', 'erin-password'],
        ['nobody', 'dana-password'],
      ]),
      ['wrong', 'unknown'],
    )
  },
)

test(
  'an empty password is nobody, also where the directory says it is welcome',
  { skip },
  async (t) => {
    const slapd = await aDirectory(t)
    const client = new Client({ url: slapd.url })
    await t.resolves(client.bind(`uid=dana,${PEOPLE}`, ''), 'this one does')
    await client.unbind()

    t.strictSame(await kinds(sourceAt(slapd).source, [['dana', '']]), ['wrong'])
  },
)

test(
  'a name is a value: nothing in it widens the search or chooses another entry',
  { skip },
  async (t) => {
    const slapd = await aDirectory(t)
    const { source } = sourceAt(slapd)
    const hostile = [
      '*',
      'd*',
      'dana)(uid=*',
      'dana)(|(uid=*',
      '*)(userPassword=dana*',
      'erin)(uid=dana',
      '\\64ana',
      'dana\u0000',
      'dana))(&(uid=erin',
      `uid=dana,${PEOPLE}`,
      ')',
      '\\',
      'dana,ou=x',
    ]

    t.strictSame(
      await kinds(
        source,
        hostile.map((login) => [login, 'dana-password'] as const),
      ),
      hostile.map(() => 'unknown'),
    )
    t.match(await source.check('dana', 'dana-password'), { kind: 'right' })
  },
)

test(
  'whom the filter leaves out is not known, and of two entries neither counts',
  { skip },
  async (t) => {
    const slapd = await aDirectory(t)
    const staff = sourceAt(slapd, { filter: '(employeeType=staff)' }).source
    const byType = sourceAt(slapd, { loginAttribute: 'employeeType' }).source

    t.strictSame(
      await kinds(staff, [
        ['dana', 'dana-password'],
        ['erin', 'erin-password'],
      ]),
      ['right', 'unknown'],
    )
    t.strictSame(await kinds(byType, [['staff', 'dana-password']]), ['unknown'])
  },
)

test(
  'a directory out of reach, or that does not know us, is unreachable, and is left alone for a while',
  { skip },
  async (t) => {
    const slapd = await aDirectory(t)
    const stranger = sourceAt(slapd, { bind: { dn: MANAGER.dn, password: 'changed' } })
    const noSubject = sourceAt(slapd, { subjectAttribute: 'employeeNumber' })
    const plain = sourceAt(slapd, { startTls: true })
    for (const one of [stranger, noSubject, plain])
      t.equal((await one.source.check('dana', 'dana-password')).kind, 'unreachable')
    const { source, clock, log } = sourceAt(slapd)
    await slapd.stop()

    t.equal((await source.check('dana', 'dana-password')).kind, 'unreachable')
    t.equal((await source.check('dana', 'dana-password')).kind, 'unreachable')
    t.equal(log.named('ldap.unreachable').length, 1, 'the second time nobody asked')
    await clock.advance(30_000)
    await source.check('dana', 'dana-password')
    t.equal(log.named('ldap.unreachable').length, 2)
  },
)

test(
  'a name and a password go over TLS, to nobody whose certificate is not trusted',
  { skip },
  async (t) => {
    const authority = makeCertificate({ name: 'authority' })
    const server = makeCertificate({ name: 'ldap', hosts: ['127.0.0.1'], issuer: authority })
    const files = await writeCertificate(server, await aFolder(t), 'ldap')
    const slapd = await aDirectory(t, files)
    const stranger = makeCertificate({ name: 'stranger' })
    const kindWith = async (ca: string | undefined) =>
      (await sourceAt(slapd, { startTls: true, ca }).source.check('dana', 'dana-password')).kind

    t.equal(await kindWith(authority.certificatePem), 'right')
    t.equal(await kindWith(stranger.certificatePem), 'unreachable')
    t.equal(await kindWith(undefined), 'unreachable')
  },
)
