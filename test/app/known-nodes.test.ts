import { test } from 'tap'
import { twoNodes, aTeam } from '../support/app.ts'
import { anAdministrator, until } from '../support/nodes.ts'

test('administrators see rights, validity and the last sign of life of every node', async (t) => {
  const { alpha, bravo, meet, part } = await twoNodes(t)
  const amira = await anAdministrator(alpha, 'amira')
  t.match(await alpha.nodes(amira.id), [
    { name: 'alpha', role: 'hub', isThisNode: true, administers: true, issues: true },
    { name: 'bravo', role: 'kit', administers: false, validity: 'valid', lastHeardAt: 0 },
  ])

  meet()
  await until([alpha, bravo], async () => (await bravo.allPeople()).length > 0)
  part()
  await until([alpha], async () => (await alpha.status()).links.every(({ isUp }) => !isUp))

  const [, other] = await alpha.nodes(amira.id)
  t.match(other, { lastHeardAt: 1_800_000_000_000, revokedSince: 0 })
})

test('nobody else sees that', async (t) => {
  const { node, bo } = await aTeam(t)

  await t.rejects(node.nodes(bo.id), { code: 'NOT_ALLOWED' })
})
