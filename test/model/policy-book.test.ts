/** The policy is the same for the same entries in any order, and only those with a say have one. */
import { test } from 'tap'
import { newPersonId, type ChannelId, type NodeId } from '#base/ids.ts'
import { openPolicyBook, type PolicyBook } from '#model/policy-book.ts'
import type { PolicyPart, Rule } from '#model/policy.ts'
import { anIdentity, seedOf } from '../support/nodes.ts'

const [alpha, hub] = [anIdentity('alpha', 1).certificate.node, 'hub' as NodeId]
const bo = newPersonId(alpha, seedOf('bo').subarray(0, 8))
const other = anIdentity('bravo', 2).certificate.node
const ops = 'ops' as ChannelId
const rule: Rule = { actions: ['*'], require: { attribute: 'subject.role', in: ['member'] } }
const guest: PolicyPart = { about: 'person', person: bo, attributes: { role: 'guest' } }
const cleared: PolicyPart = { about: 'person', person: bo, attributes: { clearance: 'secret' } }

test('the last word on a part counts, whatever came first', async (t) => {
  const said: readonly [string, PolicyPart][] = [
    ['1', { about: 'levels', levels: ['a'] }],
    ['2', { about: 'levels', levels: ['a', 'b'] }],
    ['3', { about: 'rule', name: 'x', rule }],
    ['4', { about: 'rule', name: 'x', rule: undefined }],
    ['5', { about: 'rule', name: 'w', rule }],
    ['6', { about: 'label', channel: ops, label: { classification: 'b' } }],
    ['7', { about: 'moderation', channel: ops, moderation: { members: ['post'], guests: [] } }],
    ['8', { about: 'role', role: 'member', permissions: ['post'] }],
    ['9', cleared],
  ]
  const forth = bookOf(said)
  const back = bookOf(said.toReversed())

  t.strictSame(back.parts(), forth.parts())
  t.strictSame(forth.levels(), ['a', 'b'])
  t.strictSame(back.rules(), [{ name: 'w', rule }])
  t.strictSame(forth.labelOf(ops), { classification: 'b' })
  t.strictSame(forth.moderationOf(ops)?.members, ['post'])
  t.strictSame(forth.role('member'), ['post'])
  t.strictSame(forth.attributesOf(bo), { clearance: 'secret' })
})

test('a word said again, or by who has no say, changes nothing', async (t) => {
  const book = openPolicyBook()
  const part: PolicyPart = { about: 'levels', levels: ['a'] }
  const administering = { order: '1', writer: { node: hub, administers: true } }

  t.equal(book.apply(part, administering), true)
  t.equal(book.apply(part, administering), false)
  t.equal(book.apply(part, { order: '2', writer: { node: alpha, administers: false } }), undefined)
})

test('their own node makes somebody a guest and nothing else, until an administering one speaks', async (t) => {
  const book = openPolicyBook()
  const home = { node: alpha, administers: false }
  t.equal(book.apply(cleared, { order: '1', writer: home }), true)
  t.strictSame(book.attributesOf(bo), {}, 'no clearance by their own word')
  book.apply(guest, { order: '2', writer: home })
  t.strictSame(book.attributesOf(bo), { role: 'guest' })
  t.equal(book.apply(guest, { order: '3', writer: { node: other, administers: false } }), undefined)
  book.apply(cleared, { order: '1', writer: { node: hub, administers: true } })
  t.strictSame(book.attributesOf(bo), { clearance: 'secret' })
  book.apply({ ...guest, attributes: {} }, { order: '9', writer: home })
  t.strictSame(book.attributesOf(bo), { clearance: 'secret' })
})

function bookOf(said: readonly (readonly [string, PolicyPart])[]): PolicyBook {
  const book = openPolicyBook()
  const writer = { node: hub, administers: true }
  for (const [order, part] of said) book.apply(part, { order, writer })
  return book
}
