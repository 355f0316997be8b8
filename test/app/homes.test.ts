import { test } from 'tap'
import { KIT_SILENT_MS } from '#base/limits.ts'
import { twoNodes } from '../support/app.ts'
import { virtualClock } from '../support/clock.ts'
import { anAdministrator, until } from '../support/nodes.ts'

test('who lives on another node is shown with it, offline when nothing was heard of it for a while', async (t) => {
  const clock = virtualClock()
  const { alpha, bravo, meet, part } = await twoNodes(t, { alpha: clock })
  const amira = await anAdministrator(alpha, 'amira')
  meet()
  await until([alpha, bravo], async () => (await bravo.allPeople()).length > 0)
  const bo = await anAdministrator(bravo, 'bo')
  await until([alpha, bravo], async () => (await alpha.allPeople()).length > 1)
  const homes = async () => [...(await alpha.homesOf(amira.id, [amira.id, bo.id]))]

  t.match(await homes(), [[bo.id, { name: 'bravo', isOffline: false, heardAt: clock.now() }]])
  part()
  await until([alpha], async () => (await alpha.status()).links.every(({ isUp }) => !isUp))
  const heardAt = clock.now()
  await clock.advance(KIT_SILENT_MS + 1)
  t.match(await homes(), [[bo.id, { isOffline: true, heardAt }]])
  t.match([...(await bravo.homesOf(bo.id, [amira.id]))], [[amira.id, { name: 'alpha' }]])

  const attributes = { role: 'guest' }
  await alpha.changePolicy(amira.id, { about: 'person', person: bo.id, attributes })
  t.equal((await alpha.homesOf(bo.id, [amira.id, bo.id])).size, 0, 'guests hear of no nodes')
})
