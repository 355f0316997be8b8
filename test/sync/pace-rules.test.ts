/** Which letter stands, and what may go by whom: the decision alone, as tables. */
import { test } from 'tap'
import {
  decidePace,
  lettersFor,
  mayTake,
  type CarrierFacts,
  type Letter,
  type PaceFacts,
  type PaceState,
} from '#sync/pace-rules.ts'
import type { Lane } from '#model/precedence.ts'
import { aLetter, aRule } from '../support/pace.ts'

const MINUTE = 60_000
/** Now, in these tests. */
const NOW = 1_000 * MINUTE

test('a letter is left for the reason that its triggers give, and for no other', async (t) => {
  const rule = aRule([
    aLetter('P', { rateBpsMin: 2_400, queue: { lane: 'immediate', olderMs: 10 * MINUTE } }),
    aLetter('A'),
    aLetter('C'),
  ])
  const table: readonly (readonly [string, Cases, Letter, string])[] = [
    ['all is well', {}, 'P', 'first'],
    ['it is not there just now', { P: down(4) }, 'P', 'first'],
    ['it was not there for five minutes', { P: down(5) }, 'A', 'down'],
    ['nor is the next', { P: down(5), A: down(1) }, 'C', 'down'],
    [
      'the last is not there just now, which is better',
      { P: down(5), A: down(5), C: down(1) },
      'C',
      'down',
    ],
    ['nobody is there', { P: down(9), A: down(9), C: down(9) }, 'P', 'first'],
    ['its budget is spent', { P: up({ pause: 'no budget until' }) }, 'A', 'no budget'],
    ['its link is closed', { P: up({ pause: 'link closed until' }) }, 'A', 'closed'],
    ['it is slow', { P: up({ rate: { bps: 2_000, at: NOW - MINUTE } }) }, 'A', 'slow'],
    ['it is as quick as it has to be', { P: up({ rate: { bps: 2_400, at: NOW } }) }, 'P', 'first'],
    ['it was slow long ago', { P: up({ rate: { bps: 9, at: NOW - 11 * MINUTE } }) }, 'P', 'first'],
    ['something urgent waits', { oldest: { P: [undefined, NOW - 10 * MINUTE] } }, 'A', 'queue'],
    [
      'what waits is not urgent',
      { oldest: { P: [undefined, undefined, undefined, NOW - 99 * MINUTE] } },
      'P',
      'first',
    ],
    ['this node has no such carrier', { P: undefined }, 'A', 'not here'],
  ]
  for (const [name, cases, letter, why] of table) {
    const { state } = decidePace(rule, aState('P'), theFacts(cases))
    t.match(state, { letter, why }, name)
  }
})

test('a budget that is spent is no reason where the letter says so, nor is one letter chosen that is by hand alone', async (t) => {
  const facts = theFacts({ P: up({ pause: 'no budget until' }) })
  const stays = aRule([aLetter('P', { leavesWhenSpent: false }), aLetter('A')])
  t.match(decidePace(stays, aState('P'), facts).state, { letter: 'P' })

  const byHand = aRule([aLetter('P'), aLetter('A', { isByHand: true }), aLetter('C')])
  t.match(decidePace(byHand, aState('P'), facts).state, { letter: 'C' })
})

test('traffic returns when the better letter has held, and a link that flaps brings it to and fro once in that time', async (t) => {
  const rule = aRule([aLetter('P', { downMs: MINUTE }), aLetter('A')])
  let state = aState('P')
  const letters: string[] = []
  const at = (minute: number, isUp: boolean, sinceMinute: number): void => {
    const now = NOW + minute * MINUTE
    const since = NOW + sinceMinute * MINUTE
    const facts = theFacts({ P: { ...up(), isUp, since } })
    state = decidePace(rule, state, { ...facts, now }).state
    letters.push(`${minute} ${state.letter}`)
  }
  at(0, false, 0)
  at(1, false, 0)
  at(2, true, 2)
  at(11, true, 2)
  at(12, true, 2)
  at(13, false, 13)
  at(14, false, 13)
  for (let minute = 15; minute < 60; minute += 1) {
    const isUp = minute % 9 !== 0
    at(minute, isUp, isUp ? minute - (minute % 9) + 1 : minute)
  }

  t.strictSame(letters.slice(0, 7), ['0 P', '1 A', '2 A', '11 A', '12 P', '13 P', '14 A'])
  t.strictSame(
    new Set(letters.slice(7).map((one) => one.at(-1))),
    new Set(['A']),
    'nine minutes never hold',
  )
})

test('a timer that is running says when to look again', async (t) => {
  const rule = aRule([aLetter('P'), aLetter('A')])
  const gone = decidePace(rule, aState('P'), theFacts({ P: down(2), A: down(20) }))
  t.equal(gone.lookAgainAt, NOW + 3 * MINUTE, 'until it was not there for five minutes')

  const back = decidePace(rule, aState('A'), theFacts({}))
  t.equal(back.lookAgainAt, NOW + 10 * MINUTE, 'until it has held')

  const idle = decidePace(aRule([aLetter('P')]), aState('P'), {
    ...theFacts({ P: undefined }),
  })
  t.equal(idle.lookAgainAt, undefined, 'nothing runs')
})

test('what was set by hand stands whatever links do, until it ends', async (t) => {
  const rule = aRule([aLetter('P'), aLetter('A')])
  const hand = { letter: 'A', until: NOW + MINUTE, by: 'amira', reason: 'jammed' } as const
  const before = { ...aState('P'), hand }
  const during = decidePace(rule, before, theFacts({ A: down(60) }))
  t.match(during, { state: { letter: 'A', why: 'by hand' }, lookAgainAt: NOW + MINUTE })

  const after = decidePace(
    rule,
    { ...during.state, fitSince: {} },
    {
      ...theFacts({ A: down(60) }),
      now: NOW + MINUTE,
    },
  )
  t.match(after.state, { letter: 'P', hand: undefined })
  const gone = { ...before, hand: { ...hand, letter: 'E' as const } }
  t.match(decidePace(rule, gone, theFacts({})).state, { letter: 'P', hand: undefined })
})

test('a clock that is set back starts the hold anew and never ends it', async (t) => {
  const rule = aRule([aLetter('P'), aLetter('A')])
  const before = { ...aState('A'), fitSince: { P: NOW + 99 * MINUTE } }
  const { state } = decidePace(rule, before, theFacts({}))
  t.match(state, { letter: 'A', fitSince: { P: NOW } })
})

test('a clock that is set back keeps nothing waiting for a time that lies far ahead', async (t) => {
  const rule = aRule([
    aLetter('P', { rateBpsMin: 2_400, queue: { lane: 'immediate', olderMs: 10 * MINUTE } }),
    aLetter('A'),
  ])
  const [near, far] = [NOW + MINUTE, NOW + 9_999 * MINUTE]
  const table: readonly (readonly [string, Cases, Letter])[] = [
    ['gone by a time that is far ahead', { P: { ...down(0), since: far } }, 'A'],
    ['gone a moment ahead', { P: { ...down(0), since: near } }, 'P'],
    ['slow at a time that is far ahead', { P: up({ rate: { bps: 9, at: far } }) }, 'P'],
    ['waiting since a time far ahead', { oldest: { P: [far] } }, 'A'],
    ['waiting since a moment ahead', { oldest: { P: [near] } }, 'P'],
  ]
  for (const [name, cases, letter] of table)
    t.match(decidePace(rule, aState('P'), theFacts(cases)).state, { letter }, name)
})

test('where the first letter is of no use from the start, nobody waits for a timer to see it', async (t) => {
  const rule = aRule([aLetter('P'), aLetter('A')])
  const facts = theFacts({ P: undefined })
  const { state, lookAgainAt } = decidePace(rule, undefined, facts)
  t.equal(lookAgainAt, NOW)
  t.match(decidePace(rule, state, facts).state, { letter: 'A', why: 'not here' })
})

test('each carrier takes what its letter lets it, while that letter stands', async (t) => {
  const rule = aRule([
    aLetter('P'),
    aLetter('A', { lanes: ['flash', 'immediate'] }),
    aLetter('E', { lanes: ['flash'], isByHand: true }),
  ])
  const upAll = theFacts({})
  const downP = theFacts({ P: down(1) })
  const hand = { letter: 'A', until: undefined, by: 'amira', reason: 'x' } as const
  const table: readonly (readonly [string, Lane, Letter, PaceFacts, boolean, boolean?])[] = [
    ['p', 'routine', 'P', upAll, true],
    ['a', 'routine', 'P', upAll, false],
    ['a', 'routine', 'A', upAll, false],
    ['a', 'immediate', 'A', upAll, true],
    ['p', 'immediate', 'A', upAll, false],
    ['stick', 'routine', 'P', upAll, true],
    ['stick', 'routine', 'A', upAll, true],
    ['other', 'flash', 'P', upAll, false],
    ['a', 'immediate', 'P', downP, false],
    ['a', 'flash', 'P', downP, true],
    ['p', 'flash', 'P', downP, false],
    ['a', 'flash', 'P', upAll, false],
    ['e', 'flash', 'P', theFacts({ P: down(1), A: down(1) }), false],
    ['p', 'flash', 'P', theFacts({ P: down(1), A: down(1) }), true],
    ['p', 'flash', 'A', downP, false, true],
    ['a', 'flash', 'A', theFacts({ A: down(1) }), true, true],
    ['p', 'flash', 'A', theFacts({ A: down(1) }), false, true],
  ]
  for (const [carrier, lane, letter, facts, may, isByHand = false] of table) {
    const state = { letter, hand: isByHand ? hand : undefined }
    const name = `${lane} by ${carrier} while ${letter} stands`
    t.equal(mayTake(rule, state, { carrier, lane, facts }), may, name)
  }
  t.strictSame(lettersFor(rule, 'routine'), ['P'])
  t.strictSame(lettersFor(rule, 'flash'), ['P', 'A', 'E'])
})

type Cases = Partial<Record<Letter, CarrierFacts | undefined>> & {
  readonly oldest?: Partial<Record<Letter, readonly (number | undefined)[]>>
}

function up(more: Partial<CarrierFacts> = {}): CarrierFacts {
  return {
    isUp: true,
    isDialled: false,
    since: NOW - 60 * MINUTE,
    rate: undefined,
    pause: undefined,
    ...more,
  }
}

function down(minutes: number): CarrierFacts {
  return { ...up(), isUp: false, since: NOW - minutes * MINUTE }
}

/** Carriers are called as their letters, in small. */
function theFacts(cases: Cases): PaceFacts {
  const carrier = (name: string): CarrierFacts | undefined => {
    const letter = name.toUpperCase() as Letter
    return Object.hasOwn(cases, letter) ? cases[letter] : up()
  }
  return { now: NOW, carrier, oldest: (letter) => cases.oldest?.[letter] ?? [] }
}

function aState(letter: Letter): PaceState {
  return { letter, since: 0, why: 'first', hand: undefined, fitSince: {} }
}
