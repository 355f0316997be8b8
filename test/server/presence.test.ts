import { test } from 'tap'
import type { UserId } from '#base/ids.ts'
import { createPresence, type PersonStatus } from '#server/presence.ts'

const bo = 'bo' as UserId

function watched() {
  const changes: string[] = []
  const presence = createPresence((status: PersonStatus) => void changes.push(status.status))
  return { presence, changes }
}

test('nobody is here who has not come', async (t) => {
  const { presence } = watched()

  t.strictSame(presence.of(bo), { person: bo, status: 'offline', isManual: false, lastActiveAt: 0 })
})

test('coming, looking away and going are told once each', async (t) => {
  const { presence, changes } = watched()
  presence.setHere(bo, true, 10)
  presence.setHere(bo, true, 11)
  presence.setActive(bo, false, 12)
  presence.setActive(bo, true, 13)
  presence.setHere(bo, false, 14)

  t.strictSame(changes, ['online', 'away', 'online', 'offline'])
  t.equal(presence.of(bo).lastActiveAt, 14)
})

test('what somebody chose stays until they take it back, also over a reconnect', async (t) => {
  const { presence, changes } = watched()
  presence.setHere(bo, true, 1)
  presence.choose(bo, 'dnd', 2)
  presence.setActive(bo, false, 3)
  presence.setHere(bo, false, 4)
  presence.setHere(bo, true, 5)

  t.match(presence.of(bo), { status: 'dnd', isManual: true })
  presence.choose(bo, 'online', 6)
  t.strictSame(changes, ['online', 'dnd', 'offline', 'dnd', 'online'])
})

test('nobody is shown online who is not here, whatever they chose', async (t) => {
  const { presence } = watched()
  presence.choose(bo, 'away', 1)

  t.equal(presence.of(bo).status, 'offline')
})
