import { test } from 'tap'
import { openRefusals } from '#carriers/lan-refusals.ts'
import { virtualClock } from '../support/clock.ts'
import { anIdentity } from '../support/nodes.ts'

const OWN = 'wss://hub.example:8065/api/holdfast/v1/peer'
const SAID = 'ws://10.0.0.7:8065/api/holdfast/v1/peer'
const peer = anIdentity('alpha', 1).certificate.node

function someRefusals() {
  const clock = virtualClock(5_000)
  const refusals = openRefusals([OWN], clock)
  let told = 0
  refusals.onChange(() => (told += 1))
  return { refusals, clock, told: () => told }
}

test('what is said where we were told to call is told once, with when it began', async (t) => {
  const { refusals, clock, told } = someRefusals()

  refusals.ended('revoked-says-peer', undefined, OWN)
  clock.setWall(9_000)
  refusals.ended('revoked-says-peer', undefined, OWN.replace('wss:', 'ws:'))
  refusals.ended('unreachable', undefined, OWN)

  t.strictSame(refusals.all(), [
    { peer: undefined, place: 'hub.example:8065', why: 'revoked', since: 5_000 },
  ])
  t.equal(told(), 1)
  refusals.ended('expired-says-peer', undefined, OWN)
  t.match(refusals.all(), [{ why: 'expired', since: 9_000 }])
})

test('what a stranger says at an address that anybody may have named is not heard', async (t) => {
  const { refusals, told } = someRefusals()

  refusals.ended('revoked-says-peer', undefined, SAID)
  refusals.ended('revoked-says-peer', undefined)

  t.strictSame([refusals.all(), told()], [[], 0])
})

test('one of ours is known again by where it was met, and what was said there is over when it is met anew', async (t) => {
  const { refusals, told } = someRefusals()

  refusals.met(peer, SAID)
  refusals.ended('revoked-says-peer', undefined, SAID)
  refusals.ended('revoked-says-peer', peer)
  t.match(refusals.all(), [
    { peer, place: '10.0.0.7:8065' },
    { peer, place: '' },
  ])
  refusals.met(peer)

  t.strictSame([refusals.all(), told()], [[], 3])
})

test('places are forgotten, the oldest first', async (t) => {
  const { refusals } = someRefusals()

  for (let port = 1; port <= 65; port += 1) refusals.met(peer, `ws://10.0.0.7:${port}/`)
  refusals.ended('revoked-says-peer', undefined, 'ws://10.0.0.7:1/')
  refusals.ended('revoked-says-peer', undefined, 'ws://10.0.0.7:2/')

  t.match(refusals.all(), [{ place: '10.0.0.7:2' }])
  t.equal(refusals.all().length, 1)
})
