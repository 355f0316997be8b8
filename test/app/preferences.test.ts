import { test } from 'tap'
import type { NodeEvent } from '#app/node.ts'
import { PREFERENCES_MAX } from '#base/limits.ts'
import { aWorkspace, until } from '../support/nodes.ts'

const theme = { category: 'theme', name: 'team', value: 'dark' }

test('preferences are kept for each person, the last word on each name', async (t) => {
  const { node, amira, bo } = await aWorkspace('alpha')
  t.teardown(node[Symbol.asyncDispose])
  const other = { category: 'theme', name: 'other', value: 'x' }

  await node.setPreferences(amira.id, [theme, other])
  await node.setPreferences(amira.id, [{ ...theme, value: 'light' }])
  await node.deletePreferences(amira.id, [other])

  t.strictSame(await node.preferences(amira.id), [{ ...theme, value: 'light' }])
  t.strictSame(await node.preferences(bo.id), [])
})

test('changed preferences are told once they are on disk', async (t) => {
  const { node, amira } = await aWorkspace('alpha')
  t.teardown(node[Symbol.asyncDispose])
  const told: NodeEvent[] = []
  node.subscribe((event) => told.push(event))

  await node.setPreferences(amira.id, [theme])
  await until([node], async () => told.some(({ kind }) => kind === 'preferences-changed'))

  t.match(told.at(-1), { kind: 'preferences-changed', person: amira.id, preferences: [theme] })
})

test('a preference that is too long is refused, and those beside it are not kept either', async (t) => {
  const { node, amira } = await aWorkspace('alpha')
  t.teardown(node[Symbol.asyncDispose])

  const long = { category: 'a', name: 'b', value: 'x'.repeat(20_000) }
  await t.rejects(node.setPreferences(amira.id, [theme, long]), { code: 'TOO_LARGE' })

  t.strictSame(await node.preferences(amira.id), [])
})

test('a person has only so many settings; one more is refused, and those that are there can be changed', async (t) => {
  const { node, amira, bo } = await aWorkspace('alpha')
  t.teardown(node[Symbol.asyncDispose])
  const many = Array.from({ length: PREFERENCES_MAX }, (_, at) => ({ ...theme, name: `${at}` }))
  await node.setPreferences(amira.id, many)

  await t.rejects(node.setPreferences(amira.id, [theme]), {
    code: 'INPUT_INVALID',
    facts: { field: 'preferences' },
  })

  t.equal((await node.preferences(amira.id)).length, PREFERENCES_MAX)
  await node.setPreferences(amira.id, [{ ...theme, name: '7', value: 'light' }])
  await node.setPreferences(bo.id, [theme])
  await node.deletePreferences(amira.id, [{ ...theme, name: '8' }])
  await node.setPreferences(amira.id, [theme])
})
