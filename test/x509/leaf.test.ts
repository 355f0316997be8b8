import { X509Certificate } from 'node:crypto'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { EARLIEST_CREDIBLE_AT } from '#base/limits.ts'
import { dersFromPem, validityOf } from '#x509/certificate.ts'
import { foundAuthority, issueServer, makeKitCa } from '#x509/issue.ts'
import { hostsOf, leafIsDue, leafValidity, LEAF_MS, namesIn } from '#x509/leaf.ts'

const DAY_MS = 24 * 3_600_000
const FOUNDED_AT = EARLIEST_CREDIBLE_AT + 400 * DAY_MS
const now = FOUNDED_AT + 30 * DAY_MS
const hosts = ['alpha.local', '10.0.0.7', 'fd00::7']
const organisation = await foundAuthority({ organisation: 'Relief', names: [], now: FOUNDED_AT })
const kit = await makeKitCa(organisation, { name: 'alpha', names: [] })
const issuer = new X509Certificate(kit.certificates[0])

/** A certificate made at `at`, by a kit that had `before`. */
async function made(at: number, before?: X509Certificate): Promise<X509Certificate> {
  const validity = leafValidity({ leaf: before, issuer, now: at })
  const { certificatePem } = await issueServer(kit, { hosts, ...validity })
  return new X509Certificate(must(dersFromPem(certificatePem)[0], 'there is one'))
}

const leaf = await made(now)

test('a usual certificate is valid for 397 days, two of them past', async (t) => {
  const { notBefore, notAfter } = validityOf(leaf)

  t.equal(notAfter - notBefore, LEAF_MS)
  t.equal(notBefore, now - 2 * DAY_MS)
})

test('it is made anew at two thirds of its life, not before', async (t) => {
  t.equal(leafIsDue({ leaf, issuer, hosts, now }), undefined)
  t.equal(leafIsDue({ leaf, issuer, hosts, now: now + 263 * DAY_MS }), undefined)
  t.equal(leafIsDue({ leaf, issuer, hosts, now: now + 264 * DAY_MS }), 'age')
})

test('it is made anew for a new address or name, not for one that has gone', async (t) => {
  t.equal(moved([...hosts, '192.168.1.4']), 'addresses')
  t.equal(moved(['bravo.local']), 'addresses')
  t.equal(moved(['alpha.local', 'fd00::7']), undefined)
})

test('it is made when there is none, or another authority made it', async (t) => {
  const other = await makeKitCa(organisation, { name: 'alpha', names: [] })
  const stranger = new X509Certificate(other.certificates[0])

  t.equal(leafIsDue({ leaf: undefined, issuer, hosts, now }), 'none')
  t.equal(leafIsDue({ leaf, issuer: stranger, hosts, now }), 'issuer')
})

test('a clock that jumps back before it, or to where no clock can be right, has it made anew, once', async (t) => {
  const back = FOUNDED_AT + 10 * DAY_MS
  t.equal(leafIsDue({ leaf, issuer, hosts, now: back }), 'clock')
  t.equal(leafIsDue({ leaf: await made(back, leaf), issuer, hosts, now: back }), undefined)

  for (const wrong of [0, FOUNDED_AT + 40 * 365 * DAY_MS]) {
    t.equal(leafIsDue({ leaf, issuer, hosts, now: wrong }), 'clock')
    const undated = await made(wrong, leaf)
    t.equal(leafIsDue({ leaf: undated, issuer, hosts, now: wrong + 300 * DAY_MS }), undefined)
    t.equal(leafIsDue({ leaf: undated, issuer, hosts, now }), 'clock', 'the clock was set')
  }
})

test('a kit that wakes in 1970 is believed for two years after it last knew the time', async (t) => {
  const { notBefore, notAfter } = validityOf(await made(0, leaf))
  t.equal(notBefore, now - 2 * DAY_MS, 'the certificate before is a witness')
  t.equal(notAfter - notBefore, 825 * DAY_MS, 'as long as Apple accepts any')

  const fresh = validityOf(await made(0))
  t.ok(Math.abs(fresh.notBefore - (FOUNDED_AT - 2 * DAY_MS)) < DAY_MS, 'else the founding is')

  const again = validityOf(await made(0, await made(0, leaf)))
  t.equal(again.notBefore, notBefore, 'and it does not wander')
})

test('what is made near the end of the authority ends with it', async (t) => {
  const end = validityOf(issuer).notAfter

  t.equal(leafValidity({ leaf, issuer, now: end - DAY_MS }).notAfter, end)
})

test('a kit stands for its names, its private addresses and itself', async (t) => {
  const addresses = [
    '127.0.0.1',
    '192.168.1.20',
    '203.0.113.9',
    'fe80::1%eth0',
    'FD00::7',
    '2001:db8::1',
  ]

  const found = hostsOf({ name: 'alpha', names: ['Kit.Internal'], addresses })

  t.strictSame(found, [
    'alpha.local',
    'alpha.holdfast.local',
    'holdfast.local',
    'localhost',
    '127.0.0.1',
    '::1',
    'kit.internal',
    '192.168.1.20',
    'fd00::7',
  ])
  t.equal(hostsOf({ name: 'a', names: [], addresses: manyAddresses() }).length, 64)
})

test('names are read back as they were written', async (t) => {
  t.strictSame([...namesIn(leaf)], hosts)
})

/** Why a new one is wanted when the kit has moved. */
function moved(next: readonly string[]): string | undefined {
  return leafIsDue({ leaf, issuer, hosts: next, now })
}

function manyAddresses(): readonly string[] {
  return Array.from({ length: 200 }, (_, at) => `10.0.0.${at}`)
}
