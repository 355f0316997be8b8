/** Parts of the policy on the wire: what is written is read, and what cannot be read forbids. */
import assert from 'node:assert/strict'
import { decode, encode } from '@msgpack/msgpack'
import fc from 'fast-check'
import { test } from 'tap'
import { bytesFromId, idFromBytes, type ChannelId, type UserId } from '#base/ids.ts'
import { POLICY_READERS, policyFields, type PolicyContent } from '#model/policy-content.ts'
import type { PolicyPart } from '#model/policy.ts'
import { holds } from '../support/property.ts'

const bo = idFromBytes<UserId>(new Uint8Array(16).fill(3))
const ops = idFromBytes<ChannelId>(new Uint8Array(16).fill(7))

test('each part is read as it was written', async (t) => {
  const require = { attribute: 'subject.clearance', atLeast: ['secret'] }
  const parts: readonly PolicyPart[] = [
    { about: 'levels', levels: ['open', 'secret'] },
    { about: 'levels', levels: [] },
    { about: 'role', role: 'channel guest', permissions: ['post'] },
    { about: 'role', role: 'channel guest', permissions: undefined },
    { about: 'rule', name: 'nights', rule: { actions: ['*'], require, note: 'why' } },
    { about: 'rule', name: 'nights', rule: undefined },
    { about: 'person', person: bo, attributes: { clearance: 'secret', mission: ['a', 'b'] } },
    { about: 'person', person: bo, attributes: {} },
    { about: 'label', channel: ops, label: { classification: 'secret' } },
    { about: 'moderation', channel: ops, moderation: { members: ['post'], guests: [] } },
    { about: 'moderation', channel: ops, moderation: undefined },
  ]
  for (const part of parts)
    t.strictSame(carried({ kind: 'policy', part }), { kind: 'policy', part })
})

test('what cannot be read forbids and never allows', async (t) => {
  const id = bytesFromId(bo)
  t.match(read([2, 'nights', { actions: ['*'], require: { later: 1 } }]), {
    part: { rule: 'unreadable' },
  })
  t.match(read([1, 'member', ['post', 1]]), { part: { permissions: [] } })
  t.match(read([3, id, { role: 1 }]), { part: { attributes: { role: 'guest' } } })
  t.match(read([4, id, { classification: [[]] }]), { part: { label: { classification: '\0' } } })
})

test('what is about nothing is no part', async (t) => {
  for (const fields of [
    [],
    [6, null, {}],
    [-1, null, {}],
    ['levels', null, ['open']],
    ['0', null, ['open']],
    [[[{ toString: false }]], null, ['open']],
    [0, null, ['open', 'open']],
    [2, '__proto__', null],
    [2, null, null],
    [3, 'bo', {}],
    [3, new Uint8Array(15), {}],
    [5, bytesFromId(ops), { members: 1 }],
  ])
    t.equal(read(fields), undefined, JSON.stringify(fields))
})

test('whatever an entry holds, reading it does not throw', async (t) => {
  holds(
    t,
    fc.property(fc.array(fc.anything(), { maxLength: 4 }), (fields) => {
      const found = read(fields)
      assert.ok(found === undefined || found.kind === 'policy')
    }),
  )
})

function read(fields: readonly unknown[]): PolicyContent | undefined {
  return POLICY_READERS[35]?.(fields)
}

function carried(content: PolicyContent): PolicyContent | undefined {
  return read(decode(encode(policyFields(content))) as unknown[])
}
