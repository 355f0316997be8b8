import { test } from 'tap'
import { gapsFrom, statusFrom, total, withState } from '#web/core/links.ts'

const link = { carrier: 'lan', peer: 'alpha', isUp: true, since: 100 }

test('the past of a link is told without a gap, each state from when the link says', async (t) => {
  const { links } = statusFrom({ links: [link, { ...link, isUp: false, since: 200 }] })
  const [up, down] = links
  if (up === undefined || down === undefined) throw new Error('two links were given')
  const first = withState([], up, { now: 150, from: 0 })
  const second = withState(first, up, { now: 180, from: 0 })
  const third = withState(second, down, { now: 250, from: 0 })

  t.strictSame(second, [{ from: 100, to: 180, isUp: true }])
  t.strictSame(third, [
    { from: 100, to: 180, isUp: true },
    { from: 200, to: 250, isUp: false },
  ])
  t.strictSame(withState(third, down, { now: 900, from: 300 }), [
    { from: 300, to: 900, isUp: false },
  ])
})

test('a status that says little is still one', async (t) => {
  t.match(statusFrom(undefined), { links: [], disk: '', isClockSure: true })
  t.equal(total(statusFrom({ overdue: { flash: 1, routine: 2 } }).overdue), 3)
})

test('a signed order that shuts the node out is told from what somebody only says', async (t) => {
  const hub = { name: 'alpha', role: 'hub' }
  const said = [
    { why: 'expired', from: 'bravo' },
    { why: 'revoked', from: 'alpha' },
  ]
  const standing = (status: object) => statusFrom({ nodes: [hub], ...status }).standing

  t.strictSame(standing({}), { kind: 'in' })
  t.strictSame(standing({ refusals: said }), { kind: 'refused', from: 'alpha' })
  t.strictSame(standing({ refusals: said.slice(0, 1) }), { kind: 'expired', from: 'bravo' })
  t.strictSame(standing({ refusals: said, isRevoked: true }), { kind: 'out' })
  t.strictSame(standing({ refusals: said, links: [link] }), { kind: 'in' }, 'headquarters is there')
  const down = [
    { ...link, isUp: false },
    { ...link, peer: 'bravo' },
  ]
  t.strictSame(standing({ refusals: said, links: down }), { kind: 'refused', from: 'alpha' })
})

test('gaps are summed by precedence in both directions', async (t) => {
  const gaps = gapsFrom({
    lacking: [{ lane: 'flash', changes: 2 }],
    nodes: [
      { node: { name: 'bravo' }, lacks: [{ lane: 'routine', changes: 3, bytes: 90 }], canGive: 2 },
    ],
  })

  t.match(gaps, { lacking: { flash: 2 }, isEmpty: false })
  t.match(gaps.nodes, [{ name: 'bravo', lacks: { routine: 3 }, lacksBytes: 90, canGive: 2 }])
  t.ok(gapsFrom({}).isEmpty)
})
