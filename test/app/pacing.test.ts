/** Letters as operators see and set them. */
import { test } from 'tap'
import { virtualClock } from '../support/clock.ts'
import { aHandCarrier } from '../support/hand-carrier.ts'
import { aLetter, aRule } from '../support/pace.ts'
import { anIdentity, aWorkspace } from '../support/nodes.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

test('an operator sees letters, why, and what proves them; sets one by hand; and drills', async (t) => {
  const clock = virtualClock()
  const p = aHandCarrier(() => 'departed', { name: 'p' })
  const a = aHandCarrier(() => 'departed', { name: 'a' })
  const rule = aRule([aLetter('P'), aLetter('A'), aLetter('E', { isByHand: true })])
  const options = { pace: { rules: [rule], drillEveryMs: undefined } }
  const knows = [anIdentity('hub', 9, 'hub')]
  const { node, amira, bo, square } = await aWorkspace('alpha', {
    clock,
    carriers: [p, a],
    options,
    knows,
  })
  t.teardown(() => node[Symbol.asyncDispose]())
  p.begin('post:p')
  a.begin('post:a')
  await clock.advance(MINUTE_MS)
  await t.rejects(node.pace(bo.id), { code: 'NOT_ALLOWED' })
  await t.rejects(node.setLetter(bo.id, 'all', { letter: 'A', reason: 'x' }), {
    code: 'NOT_ALLOWED',
  })
  await t.rejects(node.drill(bo.id, {}), { code: 'NOT_ALLOWED' })
  t.match(await node.pace(amira.id), [
    {
      name: 'all',
      letter: 'P',
      why: 'first',
      letters: [
        { letter: 'P', isCurrent: true, carriers: [{ state: 'up', isStale: false }] },
        { letter: 'A', isCurrent: false },
        { letter: 'E', fault: 'not here', carriers: [{ state: 'absent', isStale: true }] },
      ],
    },
  ])

  t.strictSame(await node.drill(amira.id, { rule: 'all', letter: 'A' }), ['a'])
  await clock.advance(1_000)
  const [drilled] = await node.pace(amira.id)
  t.match(drilled?.letters[1]?.carriers[0], {
    proof: { by: 'drill' },
    lastDrill: { outcome: 'worked' },
  })
  await clock.advance(8 * DAY_MS)
  const [later] = await node.pace(amira.id)
  t.equal(later?.letters[1]?.carriers[0]?.isStale, true, 'a week ago says little')

  p.end('post:p')
  await clock.advance(6 * MINUTE_MS)
  t.match(await node.pace(amira.id), [{ letter: 'A', why: 'down', changes: 1 }])
  p.begin('post:p')
  await clock.advance(MINUTE_MS)
  const [held] = await node.pace(amira.id)
  t.equal(held?.returnsAt, clock.now() + 9 * MINUTE_MS)
  await node.setLetter(amira.id, 'all', { letter: 'P', minutes: 30, reason: 'it holds' })
  t.match(await node.pace(amira.id), [{ letter: 'P', why: 'by hand', hand: { by: amira.id } }])
  await t.rejects(node.setLetter(amira.id, 'none', { letter: 'P', reason: 'x' }), {
    code: 'NOT_FOUND',
  })
  await t.rejects(node.setLetter(amira.id, 'all', { letter: 'C', reason: 'x' }), {
    code: 'NOT_FOUND',
  })
  const draft = { channel: square.id, body: 'where would it go', lane: 'routine' } as const
  const ways = await node.preview(amira.id, draft)
  t.strictSame(
    ways.map(({ carrier }) => carrier),
    ['p'],
    'only what the rule allows',
  )

  const metrics = await node.metrics(amira.id)
  const named = (name: string) => metrics.find((one) => one.name === `holdfast_${name}`)?.samples
  t.strictSame(named('pace_letter'), [{ labels: { rule: 'all' }, value: 0 }])
  t.match(named('pace_proof_age_seconds'), [
    { labels: { carrier: 'p' } },
    { labels: { carrier: 'a' } },
  ])
})
