import { test } from 'tap'
import { EARLIEST_CREDIBLE_AT } from '#base/limits.ts'
import type { Credentials } from '#x509/certificate.ts'
import { foundAuthority, makeKitCa } from '#x509/issue.ts'
import {
  LOOK_EVERY_MS,
  openKitCertificate,
  type KitCertificate,
  type KitCertificateOptions,
} from '#x509/kit-certificate.ts'
import { virtualClock, type VirtualClock } from '../support/clock.ts'
import { collectingLog, type CollectingLog } from '../support/log.ts'

const DAY_MS = 24 * 3_600_000
const ca = await foundAuthority({
  organisation: 'Relief',
  names: [],
  now: EARLIEST_CREDIBLE_AT,
})
const authority = await makeKitCa(ca, { name: 'alpha', names: [] })

interface Rig extends AsyncDisposable {
  readonly clock: VirtualClock
  readonly log: CollectingLog
  readonly kit: KitCertificate
  readonly kept: Credentials[]
  readonly heard: Credentials[]
  readonly addresses: string[]
  /** Resolves once so many have been announced. */
  readonly whenHeard: (count: number) => Promise<void>
}

async function aKit(
  clock: VirtualClock,
  changes: Partial<KitCertificateOptions> = {},
): Promise<Rig> {
  const log = collectingLog()
  const kept: Credentials[] = []
  const heard: Credentials[] = []
  const addresses = ['10.0.0.7']
  const options = {
    authority,
    name: 'alpha',
    names: [],
    addresses: () => addresses,
    kept: undefined,
    keep: async (credentials: Credentials) => void kept.push(credentials),
    ...changes,
  }
  const kit = await openKitCertificate(options, { clock, log })
  let change = Promise.withResolvers<void>()
  kit.onChange((credentials) => {
    heard.push(credentials)
    change.resolve()
    change = Promise.withResolvers()
  })
  const whenHeard = async (count: number): Promise<void> => {
    // oxlint-disable-next-line no-await-in-loop -- until they have come
    while (heard.length < count) await change.promise
  }
  return {
    clock,
    log,
    kit,
    kept,
    heard,
    addresses,
    whenHeard,
    [Symbol.asyncDispose]: () => kit[Symbol.asyncDispose](),
  }
}

test('a good one that was kept is used again; a damaged one is not', async (t) => {
  const clock = virtualClock()
  await using first = await aKit(clock)
  const made = first.kit.current()
  t.strictSame(first.kept, [made])

  await using second = await aKit(clock, { kept: made })
  t.equal(second.kit.current(), made)
  t.strictSame(second.kept, [])
  for (const kept of [
    { ...made, keyPem: 'nonsense' },
    { ...made, keyPem: authority.keyPem },
    { ...made, certificatePem: '' },
  ]) {
    await using third = await aKit(clock, { kept })
    t.equal(third.kept.length, 1)
  }
})

test('when the kit moves, a new one is there within a minute, on disk before it is used', async (t) => {
  const clock = virtualClock()
  await using rig = await aKit(clock)
  await clock.advance(10 * LOOK_EVERY_MS)
  t.equal(rig.kept.length, 1, 'nothing has happened')

  rig.addresses.push('192.168.1.4')
  await clock.advance(LOOK_EVERY_MS)
  await rig.whenHeard(1)

  t.match(rig.log.named('tls.certificate-made')[1], { facts: { reason: 'addresses' } })
  t.strictSame(rig.heard, [rig.kit.current()])
  t.equal(rig.kept[1], rig.kit.current())
})

test('a disk that refuses leaves the present one in use, and it is tried again', async (t) => {
  const clock = virtualClock()
  let isFull = false
  const keep = async (): Promise<void> => {
    if (isFull) throw new Error('ENOSPC')
  }
  await using rig = await aKit(clock, { keep })
  const before = rig.kit.current()
  isFull = true
  rig.addresses.push('192.168.1.4')
  await clock.advance(LOOK_EVERY_MS)
  await rig.log.when('tls.not-renewed')
  t.equal(rig.kit.current(), before)

  isFull = false
  await clock.advance(LOOK_EVERY_MS)
  await rig.whenHeard(1)
  t.not(rig.kit.current(), before)
})

test('it is made anew as it ages', async (t) => {
  const clock = virtualClock()
  await using rig = await aKit(clock)
  clock.setWall(clock.now() + 300 * DAY_MS)
  await clock.advance(LOOK_EVERY_MS)
  await rig.whenHeard(1)

  t.match(rig.log.named('tls.certificate-made')[1], { facts: { reason: 'age' } })
})
