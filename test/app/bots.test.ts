import { test } from 'tap'
import { aTeam } from '../support/app.ts'

const alarms = { username: 'alarms', displayName: 'Alarms', description: 'from the pumps' }

test('a bot is somebody who belongs to its maker, posts, and has no password', async (t) => {
  const { node, amira, square } = await aTeam(t)
  const bot = await node.makeBot(amira.id, alarms)

  t.match(bot, { username: 'alarms', bot: { owner: amira.id, description: 'from the pumps' } })
  await node.post(bot.id, { channel: square.id, body: 'pump 3 stands still' })
  for (const password of ['', 'alarms', 'alarms-password'])
    await t.rejects(node.signIn('alarms', password), { code: 'NOT_SIGNED_IN' })
  await t.rejects(node.changePassword(amira.id, { person: bot.id, wanted: 'a new password' }), {
    code: 'NOT_FOUND',
  })
  await t.rejects(node.newSecondFactor(bot.id, bot.id), { code: 'NOT_ALLOWED' })
})

test('its owner and who administers change it, nobody else', async (t) => {
  const { node, amira, bo } = await aTeam(t)
  const { id } = await node.makeBot(amira.id, alarms)

  await t.rejects(node.makeBot(bo.id, { ...alarms, username: 'mine' }), { code: 'NOT_ALLOWED' })
  await t.rejects(node.changeBot(bo.id, id, { displayName: 'Bo' }), { code: 'NOT_ALLOWED' })
  await t.rejects(node.assignBot(bo.id, id, bo.id), { code: 'NOT_ALLOWED' })
  await t.rejects(node.setActive(bo.id, id, false), { code: 'NOT_ALLOWED' })
  t.match(await node.changeBot(amira.id, id, { displayName: 'Pumps' }), {
    username: 'alarms',
    displayName: 'Pumps',
    bot: { description: 'from the pumps' },
  })
  t.match(await node.assignBot(amira.id, id, bo.id), { bot: { owner: bo.id } })
  t.match(await node.changeBot(bo.id, id, { description: 'x' }), { bot: { description: 'x' } })
  t.not((await node.setActive(bo.id, id, false)).deactivatedAt, 0)
})

test('what cannot be a bot, or is none, is refused', async (t) => {
  const { node, amira, bo } = await aTeam(t)
  const { id } = await node.makeBot(amira.id, alarms)

  await t.rejects(node.makeBot(amira.id, { ...alarms, username: 'No' }), { code: 'INPUT_INVALID' })
  const long = { ...alarms, username: 'long', description: 'x'.repeat(1_025) }
  await t.rejects(node.makeBot(amira.id, long), { code: 'INPUT_INVALID' })
  await t.rejects(node.changeBot(amira.id, bo.id, {}), { code: 'NOT_FOUND' })
  await t.rejects(node.assignBot(amira.id, id, id), { code: 'NOT_FOUND' }, 'no bot owns a bot')
})
