/** Dictionaries as those who administer see them, and training them by hand. */
import { test } from 'tap'
import { aTeam } from '../support/app.ts'
import { reports } from '../support/reports.ts'

test('who administers a hub trains, and sees what came of it', async (t) => {
  const { node, amira, ops } = await aTeam(t, { role: 'hub' })
  t.strictSame(await node.dictionaries(amira.id), [])
  for (const body of reports(90))
    await node.post(amira.id, { channel: ops.id, body, lane: 'routine' })

  const trained = await node.trainDictionaries(amira.id)

  t.match(
    trained.find(({ name }) => name === 'ops'),
    { result: 'published', figures: { heldBack: 16 } },
  )
  t.match(
    trained.find(({ name }) => name === 'town-square'),
    { result: 'too little' },
  )
  const [one, ...more] = await node.dictionaries(amira.id)
  t.strictSame(more, [])
  t.match(one, { channel: ops.id, name: 'ops', dictionaries: [{ by: 'alpha', lackedBy: [] }] })
  t.ok((one?.dictionaries[0]?.bytes ?? 0) > 4_000)
  t.ok((one?.dictionaries[0]?.changes ?? 0) > 60)
})

test('nobody else trains or looks, and nobody trains on a kit', async (t) => {
  const hub = await aTeam(t, { role: 'hub' })
  const kit = await aTeam(t)

  await t.rejects(hub.node.trainDictionaries(hub.bo.id), refused('not an administrator'))
  await t.rejects(hub.node.dictionaries(hub.bo.id), refused('not an administrator'))
  await t.rejects(kit.node.trainDictionaries(kit.amira.id), refused('kit'))
})

test('one training at a time', async (t) => {
  const { node, amira, ops } = await aTeam(t, { role: 'hub' })
  for (const body of reports(90))
    await node.post(amira.id, { channel: ops.id, body, lane: 'routine' })
  const first = node.trainDictionaries(amira.id)

  await t.rejects(node.trainDictionaries(amira.id), { code: 'ALREADY_EXISTS' })

  t.ok((await first).length > 0)
  t.match(await node.trainDictionaries(amira.id), [{}, {}])
})

function refused(found: string) {
  return { code: 'NOT_ALLOWED', facts: { found } }
}
