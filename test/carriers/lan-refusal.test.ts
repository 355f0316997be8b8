/** Nodes whose certificates no longer count: both ends are told, each in its own words. */
import { test } from 'tap'
import { virtualClock } from '../support/clock.ts'
import { aLanNode, openDoor } from '../support/lan.ts'
import { anIdentity, organisation } from '../support/nodes.ts'
import { openRoster } from '#trust/roster.ts'

const AT = 1_800_000_000_000
const DAY_MS = 24 * 3_600_000
const hub = anIdentity('alpha', 1, 'hub')
const lost = anIdentity('bravo', 2, 'kit', {
  validFrom: AT - 800 * DAY_MS,
  validUntil: AT - 31 * DAY_MS,
})
const late = anIdentity('charlie', 3, 'kit', {
  validFrom: AT - 800 * DAY_MS,
  validUntil: AT - 29 * DAY_MS,
})

test('a node whose certificate has run out is refused, and both ends say so', async (t) => {
  await using here = await aLanNode(hub, { clock: virtualClock(AT) })
  const clock = virtualClock(AT)
  await using there = await aLanNode(lost, { dial: [here.address], clock })

  t.match(await here.log.when('lan.session-end'), {
    level: 'warn',
    facts: { reason: 'expired', remedy: /renew it there/ },
  })
  t.match(await there.log.when('lan.session-end'), {
    level: 'warn',
    facts: { reason: 'expired-says-peer', remedy: /holdfast doctor/ },
  })
  t.strictSame(here.side.contacts, [])
})

test('in its month of grace it still gets through, and at a clock of 1970 as well', async (t) => {
  await using here = await aLanNode(hub, { clock: virtualClock(AT) })
  await using there = await aLanNode(late, { dial: [here.address], clock: virtualClock(AT) })
  await here.side.nextContact(true)
  await there.side.nextContact(true)

  await using old = await aLanNode(hub, { clock: virtualClock(DAY_MS) })
  await using kit = await aLanNode(lost, { dial: [old.address], clock: virtualClock(DAY_MS) })
  await old.side.nextContact(true)
  await kit.side.nextContact(true)
  t.equal(old.log.named('lan.session-end').length, 0)
})

test('a clock by which the own certificate has run out, too, refuses nobody', async (t) => {
  const clock = virtualClock(Date.UTC(2060, 0, 1))
  await using here = await aLanNode(hub, { clock: virtualClock(AT) })
  await using there = await aLanNode(anIdentity('delta', 4), { dial: [here.address], clock })

  await here.side.nextContact(true)
  await there.side.nextContact(true)

  t.equal(there.log.named('lan.session-end').length, 0)
})

test('a revoked node is told that it is', async (t) => {
  const roster = openRoster(organisation)
  const bravo = anIdentity('bravo', 2)
  roster.introduce(bravo.certificateBytes)
  roster.revoke(bravo.certificate.node, AT)
  await using here = await aLanNode(hub, { clock: virtualClock(AT), options: { roster } })
  await using there = await aLanNode(bravo, { dial: [here.address], clock: virtualClock(AT) })

  t.match(await here.log.when('lan.session-end'), { facts: { reason: 'revoked' } })
  t.match(await there.log.when('lan.session-end'), { facts: { reason: 'revoked-says-peer' } })
  t.match(there.side.carrier.refusals?.all(), [{ peer: undefined, why: 'revoked' }])
})

test('what a liar says who stands where the hub was is told, changes nothing, and is over when the hub is there', async (t) => {
  await using here = await aLanNode(hub)
  let isLiar = true
  await using door = await openDoor((socket, from) =>
    isLiar ? socket.close(4_002) : here.accept(socket, from),
  )
  await using there = await aLanNode(anIdentity('bravo', 2), { dial: [door.address] })

  await there.log.when('lan.session-end')
  t.match(there.side.carrier.refusals?.all(), [{ peer: undefined, why: 'revoked' }])
  isLiar = false
  await there.side.nextContact(true)

  t.strictSame(there.side.carrier.refusals?.all(), [])
})
