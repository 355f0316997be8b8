/** What a node says of its own clock and of others'. */
import { test } from 'tap'
import { nodePrefix } from '#base/ids.ts'
import { clockOf, clockState } from '#app/clock-state.ts'
import type { ClockEvidence } from '#sync/clock-evidence.ts'
import { anIdentity } from '../support/nodes.ts'

const NOON = 1_800_000_000_000
const MINUTE = 60_000
const DAY = 86_400_000
const YEARS = 34 * 365 * DAY
const certificate = { validFrom: NOON - DAY, validUntil: NOON + 700 * DAY }

test('a clock that contradicts its certificate or what it has seen is uncertain', async (t) => {
  t.equal(why(NOON), undefined)
  t.equal(why(7_000), 'before this program was written')
  t.equal(why(NOON - 100 * DAY), 'before this node was made')
  t.equal(why(NOON + YEARS), 'after the end of its certificate')
  t.equal(why(NOON, NOON + 2 * 60 * MINUTE), 'before what it has seen')
  t.equal(why(NOON, NOON + 30 * MINUTE), undefined)
})

test('two that differ outvote one that agrees, one never does, and who is beyond all certificates has no say', async (t) => {
  t.match(state(least(9 * DAY)), { state: 'good', differing: 1 })
  t.match(state(least(9 * DAY), most(-2 * DAY)), {
    state: 'uncertain',
    why: 'other nodes differ',
    othersAheadMs: 9 * DAY,
  })
  t.match(state(least(9 * DAY), least(8 * DAY), least(0), least(-MINUTE)), {
    state: 'good',
    agreeing: 2,
  })
  t.match(state(least(YEARS), least(YEARS)), { state: 'good', differing: 0 })
})

test('another clock is good, differs, or is unknown', async (t) => {
  const { node } = anIdentity('bravo', 2).certificate
  const clock = (one: ClockEvidence) => clockOf({ heard: new Map([[nodePrefix(node), one]]) }, node)

  t.strictSame(clock(least(2 * MINUTE)), { state: 'good' })
  t.strictSame(clock(least(6 * MINUTE)), { state: 'differs', aheadMs: 6 * MINUTE })
  t.strictSame(clock({ ...least(-DAY), ...most(-6 * MINUTE) }), {
    state: 'differs',
    aheadMs: -6 * MINUTE,
  })
  t.strictSame(clock(least(-DAY)), { state: 'unknown' }, 'it may have been long under way')
  t.strictSame(clockOf({ heard: new Map() }, node), { state: 'unknown' })
})

function least(aheadMs: number): ClockEvidence {
  return { least: { aheadMs, at: NOON } }
}

function most(aheadMs: number): ClockEvidence {
  return { most: { aheadMs, at: NOON } }
}

function why(now: number, seenAt = 0) {
  return clockState({ now, certificate, seenAt, heard: new Map() }).why
}

function state(...all: readonly ClockEvidence[]) {
  const heard = new Map(all.map((one, index) => [`${index}`, one]))
  return clockState({ now: NOON, certificate, seenAt: 0, heard })
}
