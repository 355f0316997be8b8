import { test } from 'tap'
import { aTeam } from '../support/app.ts'

test('what was answered a moment ago holds no longer than what it rests on', async (t) => {
  const { node, amira, bo, ops, clock } = await aTeam(t, { role: 'hub' })
  const told = { device: 'certified' }
  const hears = (): boolean => node.whoMayHear(ops.id)(bo.id, told)
  const secret = await node.createChannel(amira.id, {
    kind: 'private',
    name: 'secret',
    displayName: 'Secret',
    members: [bo.id],
  })
  t.ok(hears())
  t.ok(node.whoMayHear(secret.id)(bo.id, told))

  await node.removeMember(amira.id, secret.id, bo.id)
  t.notOk(node.whoMayHear(secret.id)(bo.id, told), 'who was taken out')
  t.ok(node.whoMayHear(secret.id)(amira.id, told), 'and nobody else')

  const device = { attribute: 'environment.device', in: ['certified'] }
  const rule = { actions: ['read channel'], require: device }
  await node.changePolicy(amira.id, { about: 'rule', name: 'devices', rule })
  t.ok(hears())
  t.notOk(node.whoMayHear(ops.id)(bo.id, { device: 'unknown' }), 'under other circumstances')

  const night = { attribute: 'environment.time', between: ['00:00', '00:01'] } as const
  await node.changePolicy(amira.id, {
    about: 'rule',
    name: 'devices',
    rule: { actions: ['read channel'], require: { not: night } },
  })
  t.ok(hears())
  const midnight = Math.ceil(clock.now() / 86_400_000) * 86_400_000
  await clock.advance(midnight - clock.now())
  t.notOk(hears(), 'when the time has come')
})
